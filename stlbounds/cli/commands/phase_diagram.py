"""The regimes of a bound over two parameters."""

from __future__ import annotations

from typing import Annotated

import typer

from stlbounds.cli.asking import Seconds, Towards, ask
from stlbounds.cli.grid import Grid, parse_grid
from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Set, Theorem
from stlbounds.cli.output import print_json, say
from stlbounds.errors import InvalidArgumentError

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("stlbounds phase-diagram generic --x alpha --y kappa --json",
            "stlbounds phase-diagram generic --x alpha --y kappa --grid alpha=0.1:0.9:9 --grid kappa=1,2,4")


def run(
    model: Model,
    x: Annotated[str, typer.Option(metavar="NAME", help="The parameter along the rows.")] = "alpha",
    y: Annotated[str, typer.Option(metavar="NAME", help="The parameter along the columns.")] = "kappa",
    grid: Grid = None, towards: Towards = "i", loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None,
    seconds: Seconds = 60.0, as_json: Json = False,
) -> None:
    """Tell the regimes of a bound over two parameters.

    In the table + is guaranteed, o critical, and - no guarantee. A parameter without a grid takes its whole range.
    """
    points = parse_grid(grid or ())
    for name in points:
        if name not in (x, y):
            raise InvalidArgumentError("--grid", name, f"for {x} or {y}", "--x and --y name the parameters")
    bound, values = ask(model, loop, real, learner, theorem, drift, assignments)
    across, up = (list(map(float, points[name])) if name in points else None for name in (x, y))
    found = bound.phase_diagram(x, y, across, up, towards, seconds, **values)
    if as_json:
        print_json({"schema": "stlbounds/phase-diagram/1", **found.to_dict()})
        return
    say(str(found))
