"""A bound held against a simulation of its loop."""

from __future__ import annotations

import typer

from stlbounds.cli.options import VALUES_EXAMPLE, Drift, Json, Learner, Loop, Model, Real, Replicas, Seed, Set, Theorem
from stlbounds.cli.output import CONTRADICTED, print_json, progress, say
from stlbounds.cli.request import Request

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (f"stlbounds check categorical --set K=20 {VALUES_EXAMPLE} --replicas 5000",)


def run(
    model: Model, loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None,
    replicas: Replicas = 2000, seed: Seed = 0, as_json: Json = False,
) -> None:
    """Hold the bound against a simulation of its loop.

    The exit code is 1 if the bound is contradicted.
    """
    request = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ()))
    values = request.values()
    import stlbounds as stl

    bound = request.bound()
    with progress("simulating") as callback:
        result = stl.check(bound, replicas=replicas, seed=seed, progress=callback, **values)
    if as_json:
        print_json(result.to_dict())
    else:
        say(str(result))
    raise typer.Exit(CONTRADICTED if result.contradicted else 0)
