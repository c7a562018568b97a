"""How many real points a bound needs."""

from __future__ import annotations

from stlbounds.cli.asking import Epsilon, Seconds, ask, inverse
from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Set, Theorem

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("stlbounds sample-size categorical --epsilon 0.1 --set K=20 --set alpha=1/2 --set i=10 --set delta=0.05",
            "stlbounds sample-size generic --theorem expectation --epsilon epsilon --set alpha=1")


def run(
    model: Model, epsilon: Epsilon, loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None,
    seconds: Seconds = 20.0, as_json: Json = False,
) -> None:
    """Tell the smallest n from which on a bound is at most a target.

    The exit code is 1 if no value works.
    """
    bound, values = ask(model, loop, real, learner, theorem, drift, assignments)
    from stlbounds.parsing import parse_expression

    target = parse_expression(epsilon, argument="--epsilon")
    inverse(bound.sample_size(target, seconds, **values), "sample-size", as_json)
