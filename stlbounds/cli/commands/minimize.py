"""The value of a parameter at which a bound is least."""

from __future__ import annotations

from typing import Annotated

import typer

from stlbounds.cli.asking import Term
from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Set, Theorem
from stlbounds.cli.output import print_json, say
from stlbounds.cli.request import Request

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "stlbounds minimize categorical --loop weighted-mix --variable w --term concentration --forever",
    "stlbounds minimize categorical --loop augment --variable lam --over 0:20 --set K=20 --set n=2000 --set i=10 "
    "--set delta=0.05",
)


def run(
    model: Model,
    variable: Annotated[str, typer.Option(metavar="NAME", help="The parameter, for example lam.")],
    loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None,
    over: Annotated[str | None, typer.Option(metavar="LOW:HIGH", help="Its range (default: the declared one).")] = None,
    term: Term = None,
    forever: Annotated[bool, typer.Option("--forever", help="In the limit of many generations.")] = False,
    as_json: Json = False,
) -> None:
    """Find the best value of a parameter.

    In closed form with the argument, or as a certified global minimum.
    """
    request = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ()))
    from stlbounds.cli.ranges import ranges_of

    values = request.values()
    if forever:
        values["i"] = float("inf")
    limits = ranges_of([f"{variable}={over}"])[variable] if over is not None else None
    found = request.bound().minimize(variable, over=limits, term=term, **values)
    if as_json:
        print_json({
            "schema": "stlbounds/minimize/1", "variable": variable, "at": str(found.at), "closed_form": found.exact,
            "at_number": float(found.at) if not found.at.free_symbols else None,
            "least": None if found.least is None else str(found.least),
            "value": None if found.value is None else [float(end) for end in found.value],
            "where": [[float(a), float(b)] for a, b in found.where], "boxes": found.boxes, "replayed": found.replay()})
        return
    say(str(found))
