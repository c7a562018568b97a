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
    data = found.to_dict()
    if as_json:
        print_json({"schema": "stlbounds/threshold/1", **data, "laws": [law.to_dict() for law in laws]})
        return
    if data["undecided"]:
        say(f"critical value undecided: {data['undecided']}")
    elif data["critical"] is not None:
        say(f"critical {found.variable}: {data['critical']}")
    else:
        fine = any(case["fine"] for case in data["inside"])
        say(f"{'guaranteed' if fine else 'no guarantee'} for every {found.variable}")
    places = [("", found.inside), *((f"at {found.variable} = {end}: ", cases) for end, cases in found.ends.items())]
    for place, cases in places:
        for case in cases:
            conditions = " and ".join(map(str, case.conditions))
            say(f"  {place}{'guaranteed' if case.value.fine else 'diverges'}: Theta({case.value.leading.order})"
                + (f"   if {conditions}" if conditions else ""))
    for law in laws:
        say(f"exact: {law}")
