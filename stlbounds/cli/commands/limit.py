"""Where a bound tends to."""

from __future__ import annotations

from typing import Annotated

import typer

from stlbounds.cli.asking import Seconds, Term, Variable, ask, say_answer
from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Set, Theorem

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("stlbounds limit categorical --loop accumulate --variable i --to oo",
            "stlbounds limit generic --variable alpha --to 0")


def run(
    model: Model,
    to: Annotated[str, typer.Option("--to", metavar="VALUE", help="A number, or oo for infinity.")],
    variable: Variable = "i", loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None, term: Term = None,
    seconds: Seconds = 10.0, as_json: Json = False,
) -> None:
    """Tell the limit of a bound as a variable tends to a value."""
    bound, values = ask(model, loop, real, learner, theorem, drift, assignments)
    from stlbounds.parsing import parse_number

    value = float("inf") if to.strip() in ("oo", "inf") else parse_number(to, argument="--to")
    say_answer(bound.limit(variable, value, term, seconds, **values), "limit", as_json)
