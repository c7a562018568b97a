"""How much real data a bound needs."""

from __future__ import annotations

from stlbounds.cli.asking import Epsilon, Seconds, ask, inverse
from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Set, Theorem

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "stlbounds min-real-fraction categorical --epsilon 0.4 --set K=20 --set n=2000 --set i=10 --set delta=0.05",)


def run(
    model: Model, epsilon: Epsilon, loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None,
    seconds: Seconds = 20.0, as_json: Json = False,
) -> None:
    """Tell the least proportion of real data from which on a bound is at most a target.

    The exit code is 1 if no value works.
    """
    bound, values = ask(model, loop, real, learner, theorem, drift, assignments)
    from stlbounds.parsing import parse_expression

    target = parse_expression(epsilon, argument="--epsilon")
    inverse(bound.min_real_fraction(target, seconds, **values), "min-real-fraction", as_json)
