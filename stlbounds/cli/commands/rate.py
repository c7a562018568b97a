"""How a bound grows or shrinks as a variable tends to infinity."""

from __future__ import annotations

from stlbounds.cli.asking import Seconds, Term, Variable, ask, say_answer
from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Set, Theorem

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("stlbounds rate generic --variable n",
            "stlbounds rate generic --variable n --set 'alpha=n**(-1/4)' --set i=n --set kappa=1 --set r=1/2")


def run(
    model: Model, variable: Variable = "n", loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None, term: Term = None,
    seconds: Seconds = 10.0, as_json: Json = False,
) -> None:
    """Tell the leading behaviour of a bound: its order, with the constant.

    Values may scale with the variable, such as alpha=n**(-1/2); boundary values such as alpha=0 are to be put in.
    """
    bound, values = ask(model, loop, real, learner, theorem, drift, assignments)
    say_answer(bound.rate(variable, term, seconds, **values), "rate", as_json)
