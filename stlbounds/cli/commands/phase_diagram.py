"""The regimes of a bound over two parameters."""

from __future__ import annotations

from typing import Annotated

import typer

from stlbounds.cli.asking import Seconds, Towards, ask
from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Set, Theorem
from stlbounds.cli.output import print_json, say

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("stlbounds phase-diagram generic --x alpha --y kappa --json",
            "stlbounds phase-diagram generic --x alpha --y kappa --y-values 1,2,4")

_LETTERS = {"no guarantee": "-", "critical": "o", "guaranteed": "+"}
Grid = Annotated[str | None, typer.Option(metavar="NUMBERS", help="Values separated by commas (default: the range).")]


def _numbers(text: str | None, argument: str) -> list[float] | None:
    from stlbounds.parsing import parse_number

    return None if text is None else [float(parse_number(part, argument=argument)) for part in text.split(",")]


def run(
    model: Model,
    x: Annotated[str, typer.Option(metavar="NAME", help="The parameter along the rows.")] = "alpha",
    y: Annotated[str, typer.Option(metavar="NAME", help="The parameter along the columns.")] = "kappa",
    x_values: Grid = None, y_values: Grid = None, towards: Towards = "i", loop: Loop = None, real: Real = None,
    learner: Learner = None, theorem: Theorem = None, drift: Drift = None, assignments: Set = None,
    seconds: Seconds = 60.0, as_json: Json = False,
) -> None:
    """Tell the regimes of a bound over two parameters.

    In the table + is guaranteed, o critical, and - no guarantee.
    """
    bound, values = ask(model, loop, real, learner, theorem, drift, assignments)
    found = bound.phase_diagram(x, y, _numbers(x_values, "--x-values"), _numbers(y_values, "--y-values"), towards,
                                seconds, **values)
    if as_json:
        print_json({"schema": "stlbounds/phase-diagram/1", **found.to_dict()})
        return
    say(f"{found.x} from {found.x_values[0]:g} to {found.x_values[-1]:g}; a row for each {found.y}")
    for value, row in reversed(list(zip(found.y_values, found.regimes, strict=True))):
        say(f"{value:8.4g}  {''.join(_LETTERS[str(regime)] for regime in row)}")
    for boundary in found.boundaries:
        say(f"boundary: {boundary.quantity} = 0" + (f", {found.y} = {boundary.curve}" if boundary.curve else ""))
