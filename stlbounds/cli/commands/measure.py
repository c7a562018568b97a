"""A loop run for real, and what it does in every generation."""

from __future__ import annotations

from typing import Annotated

import typer

from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Replicas, Seed, Set, Theorem
from stlbounds.cli.output import print_json, progress, say
from stlbounds.cli.request import Request

__all__ = ["EXAMPLES", "QUANTITIES", "run"]

EXAMPLES = (
    "stlbounds measure categorical --set K=5 --set n=200 --set alpha=1/2 --set i=5 --replicas 500",
    "stlbounds measure categorical --quantity influence --set K=5 --set n=50 --set alpha=1/2 --set i=3 --replicas 200",
)

#: Kept apart from the library's table, so that the help costs no import of NumPy; a test holds the two together.
QUANTITIES = ("gap", "bias", "fluctuation", "drift", "mixed-drift", "risk", "diversity", "influence", "stability")


def run(
    model: Model, loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None,
    quantities: Annotated[list[str] | None, typer.Option(
        "--quantity", metavar="|".join(QUANTITIES), help="What to measure; repeatable (default: all but influence and "
        "stability, which need runs of their own).", autocompletion=lambda: list(QUANTITIES))] = None,
    replicas: Replicas = 2000, seed: Seed = 0, as_json: Json = False,
) -> None:
    """Run the loop, and measure it in every generation.

    Means, errors and quantiles stand beside what the theory states.
    """
    request = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ()))
    values = request.values()
    import stlbounds as stl

    wanted = None if not quantities else [name.replace("-", " ") for name in quantities]
    bound = request.bound()
    with progress("simulating") as callback:
        result = stl.measure(bound, wanted, replicas=replicas, seed=seed, progress=callback, **values)
    if as_json:
        print_json(result.to_dict())
    else:
        say(str(result))
