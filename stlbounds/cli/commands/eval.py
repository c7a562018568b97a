"""The value of a bound, and of each of its terms."""

from __future__ import annotations

from stlbounds.cli.options import VALUES_EXAMPLE, Drift, Json, Learner, Loop, Model, Real, Set, Theorem
from stlbounds.cli.output import columns, print_json, say
from stlbounds.cli.request import Request

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (f"stlbounds eval categorical --set K=20 {VALUES_EXAMPLE}",)


def run(
    model: Model, loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None, as_json: Json = False,
) -> None:
    """Evaluate a bound."""
    request = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ()))
    values = request.values()
    from stlbounds.render.record import inputs, numbers

    bound = request.bound()
    found = numbers(bound, values)
    if as_json:
        print_json({"schema": "stlbounds/eval/1", **found, **inputs(values)})
        return
    rows = {"bound": found["value"], **{f"  {name}": value for name, value in found["terms"].items()},
            "amplification": found["amplification"], "loop gain": found["loop_gain"],
            "failure probability": found["failure_probability"]}
    say(columns([(name, f"{value:.12g}") for name, value in rows.items() if value is not None], indent=""))
    if found["vacuous"]:
        say(f"vacuous: the gap never exceeds M = {found['loss_constant']:.6g} anyway")
