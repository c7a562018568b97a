"""A formula of one's own, held against simulations and against the bound."""

from __future__ import annotations

from typing import Annotated

import typer

from stlbounds.cli.grid import Grid, parse_grid
from stlbounds.cli.options import VALUES_EXAMPLE, Drift, Json, Learner, Loop, Model, Real, Replicas, Seed, Set
from stlbounds.cli.output import CONTRADICTED, print_json, progress, say
from stlbounds.cli.request import Request

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    f"stlbounds check-claim categorical 'sqrt(log(2/delta)/(2*n))' --set K=20 {VALUES_EXAMPLE}",
    "stlbounds check-claim categorical '(1-alpha)/sqrt(n)' --quantity drift --set K=20 --set i=5 "
    "--grid n=100,1000 --grid alpha=0.1:0.9:3",
)

#: Kept apart from the library's table, so that the help costs no import of NumPy; a test holds the two together.
QUANTITIES = ("gap", "expected-gap", "bias", "drift", "distance", "fluctuation", "variance")


def run(
    model: Model,
    formula: Annotated[str, typer.Argument(metavar="FORMULA", help="The claimed upper bound, for example "
                                           "'sqrt(log(2/delta)/(2*n))'.")],
    quantity: Annotated[str, typer.Option(metavar="|".join(QUANTITIES), help="What FORMULA bounds.",
                                          autocompletion=lambda: list(QUANTITIES))] = "gap",
    loop: Loop = None, real: Real = None, learner: Learner = None, drift: Drift = None,
    assignments: Set = None, grid: Grid = None, replicas: Replicas = 2000, seed: Seed = 0, as_json: Json = False,
) -> None:
    """Test your own formula: contradicted where, or how loose.

    The exit code is 1 if the formula is contradicted.
    """
    request = Request(model, loop, real, learner, None, drift, tuple(assignments or ()))
    values, points = request.values(), parse_grid(grid or ())
    import stlbounds as stl

    setting = request.setting()
    with progress("simulating") as callback:
        result = stl.check_claim(formula, setting, points, quantity=quantity, replicas=replicas, seed=seed,
                                 progress=callback, **values)
    if as_json:
        print_json(result.to_dict())
    else:
        say(str(result))
    raise typer.Exit(CONTRADICTED if result.contradicted else 0)
