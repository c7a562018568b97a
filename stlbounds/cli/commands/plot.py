"""A picture of a bound or of its loop, as PDF, SVG, PNG or PGF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stlbounds.cli.grid import Grid, parse_grid, parse_spans
from stlbounds.cli.options import MANY_RUNS, VALUES_EXAMPLE, Drift, Json, Learner, Loop, Model, Real, Seed, Set, Theorem
from stlbounds.cli.output import print_json, say
from stlbounds.cli.request import Request
from stlbounds.errors import InvalidArgumentError

if TYPE_CHECKING:
    from stlbounds.bound import Bound

__all__ = ["EXAMPLES", "KINDS", "run"]

EXAMPLES = (
    f"stlbounds plot gap categorical --set K=20 {VALUES_EXAMPLE} --out gap.pdf",
    "stlbounds plot phase generic --grid alpha=0:1 --grid kappa=0:3 --out phase.pdf",
)

KINDS = {
    "terms": "the terms of the bound over the generations",
    "gap": "the bound over the simulated gap",
    "phase": "where the loop forgets and where it amplifies, over two parameters",
    "regimes": "where the bound guarantees something in the long run, over two parameters",
    "influence": "what one point does to the last training set",
    "tightness": "the bound and the simulated gap over n",
    "collapse": "the generated distributions, one generation after the other",
}
_REPLICAS = 1000
_CELLS = 41


def run(
    kind: Annotated[str, typer.Argument(metavar="KIND", autocompletion=lambda: list(KINDS), help="; ".join(
        f"{name}: {what}" for name, what in KINDS.items()) + ".")],
    model: Model,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The picture: .pdf, .svg, .png, or .pgf for LaTeX.")],
    loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None, grid: Grid = None,
    replicas: Annotated[int | None, typer.Option(
        metavar="COUNT", min=0, max=MANY_RUNS, help=f"Simulated runs (default: {_REPLICAS} for gap and tightness, none "
        "for terms).")] = None,
    seed: Seed = 0,
    width: Annotated[float, typer.Option(metavar="INCHES", help="3.25 is a column of a two-column paper.")] = 3.25,
    as_json: Json = False,
) -> None:
    """Draw a picture."""
    if kind not in KINDS:
        raise InvalidArgumentError("KIND", ascii(kind), f"one of {', '.join(KINDS)}")
    request = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ()))
    values = request.values()
    from stlbounds import plots

    picture = _picture(kind, request.bound(), values, grid or [], replicas, seed, width)
    plots.save(picture, out)
    if as_json:
        print_json({"schema": "stlbounds/plot/1", "kind": kind, "file": str(out)})
    else:
        say(f"{out}: {KINDS[kind]}")


def _picture(kind: str, bound: Bound, values: dict[str, Any], grid: list[str], replicas: int | None, seed: int,
             width: float) -> Any:
    from stlbounds import plots

    if grid and kind not in ("phase", "regimes", "tightness"):
        raise InvalidArgumentError("--grid", ascii(grid[0]), f"left out with the kind {kind}", "use --set")
    if kind in ("phase", "regimes"):
        spans = parse_spans(grid)
        if len(spans) != 2:
            raise InvalidArgumentError("--grid", f"{len(spans)} axes", "two axes, such as --grid alpha=0:1 "
                                       "--grid kappa=0:3")
        (x, x_range), (y, y_range) = spans.items()
        if kind == "phase":
            return plots.plot_phase(bound, x, x_range, y, y_range, width=width, **values)
        import numpy as np

        axes = (np.linspace(low, high, _CELLS).tolist() for low, high in (x_range, y_range))
        return plots.plot_regimes(bound.phase_diagram(x, y, *axes, **values), width=width)
    if kind == "influence":
        return plots.plot_influence(bound, width=width, **values)
    if kind == "collapse":
        return plots.plot_collapse(bound, seed=seed, width=width, **values)
    if kind == "terms":
        from stlbounds.simulation.check import check

        result = check(bound, replicas=replicas, seed=seed, **values) if replicas else None
        return plots.plot_terms(bound, result, width=width, **values)
    count = _REPLICAS if replicas is None else replicas
    if kind == "gap":
        return plots.plot_gap(bound, replicas=count, seed=seed, width=width, **values)
    found = parse_grid(grid or ["n=100,200,500,1000,2000,5000"])
    if len(found) != 1:
        raise InvalidArgumentError("--grid", f"{len(found)} axes", "one axis, such as --grid n=100,1000,10000")
    (over, points), = found.items()
    return plots.plot_tightness(bound, over, points, replicas=count, seed=seed, width=width, **values)
