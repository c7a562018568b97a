"""When a bound exceeds a target."""

from __future__ import annotations

from stlbounds.cli.asking import Epsilon, Seconds, ask, inverse
from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Set, Theorem

__all__ = ["EXAMPLES", "run"]

_VALUES = "--set n=2000 --set delta=0.05"
EXAMPLES = (f"stlbounds horizon categorical --loop replace --epsilon 1/2 --set K=20 {_VALUES}",)


def run(
    model: Model, epsilon: Epsilon, loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None,
    seconds: Seconds = 20.0, as_json: Json = False,
) -> None:
    """Tell the first generation at which a bound exceeds a target."""
    bound, values = ask(model, loop, real, learner, theorem, drift, assignments)
    from stlbounds.parsing import parse_number

    inverse(bound.horizon(parse_number(epsilon, argument="--epsilon"), seconds, **values), "horizon", as_json)
