"""A bound, and simulations if asked for, over a grid of parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stlbounds.cli.grid import Grid, parse_grid
from stlbounds.cli.options import MANY_RUNS, Drift, Json, Learner, Loop, Model, Real, Seed, Set, Theorem
from stlbounds.cli.output import CONTRADICTED, print_json, progress, say
from stlbounds.cli.request import Request

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "stlbounds sweep categorical --set K=20 --set i=10 --set delta=0.05 --grid n=100,1000,10000 --grid alpha=0.1:0.9:9",
    "stlbounds sweep categorical --set K=20 --set i=10 --set delta=0.05 --grid n=100,1000 --grid alpha=0.1:0.9:3 "
    "--replicas 100 --store sweep.jsonl --workers 2 --out table.csv",
)

#: The exit code of a program that was stopped by the keyboard.
INTERRUPTED = 130


def run(
    model: Model, loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None, grid: Grid = None,
    replicas: Annotated[int, typer.Option(metavar="COUNT", min=0, max=MANY_RUNS, help="Runs of the loop at each "
                                          "point; 0 evaluates the bound only.")] = 0,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the table as CSV.")] = None,
    store: Annotated[Path | None, typer.Option(metavar="FILE", help="Keep finished rows here, and continue from "
                                               "them.")] = None,
    workers: Annotated[int, typer.Option(metavar="COUNT", min=1, help="Processes on this machine.")] = 1,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Simulate on this Dask cluster "
                                                  "instead.")] = None,
    as_json: Json = False,
) -> None:
    """Evaluate, and simulate, over a grid of parameters.

    The exit code is 1 if the bound is contradicted at a point.
    """
    request = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ()))
    values, points = request.values(), parse_grid(grid or ())
    import stlbounds as stl

    bound = request.bound()
    with progress("sweeping") as callback:
        table = stl.sweep(bound, points, replicas=replicas, seed=seed, store=store, workers=workers,
                          scheduler=scheduler, progress=callback, **values)
    if out is not None:
        table.to_csv(out)
    if as_json:
        print_json(table.to_dict())
    else:
        say(str(table) if out is None else f"{len(table)} of {table.points} rows written to {out}")
    if table.interrupted:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(CONTRADICTED if any(row.get("verdict") == "contradicted" for row in table) else 0)
