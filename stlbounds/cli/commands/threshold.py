"""For which values of a parameter a bound stays finite, or tends to 0."""

from __future__ import annotations

from stlbounds.cli.asking import Seconds, Term, Towards, Variable, ask
from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Set, Theorem
from stlbounds.cli.output import print_json, say

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("stlbounds threshold generic --loop fixed-mix --variable alpha --json",
            "stlbounds threshold transformer --variable alpha --set omega=1/2 --set L=2")


def run(
    model: Model, variable: Variable = "alpha", towards: Towards = "i", loop: Loop = None, real: Real = None,
    learner: Learner = None, theorem: Theorem = None, drift: Drift = None, assignments: Set = None,
    term: Term = None, seconds: Seconds = 10.0, as_json: Json = False,
) -> None:
    """Tell the regimes of a bound along a parameter, and the critical value.

    A bound that diverges proves no collapse; exact laws of the loop are listed where they are known.
    """
    bound, values = ask(model, loop, real, learner, theorem, drift, assignments)
    found = bound.threshold(variable, towards, term, seconds, **values)
    laws = bound.exact_laws()
    if as_json:
        print_json({"schema": "stlbounds/threshold/1", **found.to_dict(), "laws": [law.to_dict() for law in laws]})
        return
    say(str(found))
    for law in laws:
        say(f"exact: {law}")
