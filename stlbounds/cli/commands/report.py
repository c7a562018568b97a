"""Everything about a bound in one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stlbounds.cli.options import VALUES_EXAMPLE, Drift, Json, Learner, Loop, Model, Real, Replicas, Seed, Set, Theorem
from stlbounds.cli.output import CONTRADICTED, columns, print_json, progress, say
from stlbounds.cli.request import Request

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (f"stlbounds report categorical --set K=20 {VALUES_EXAMPLE} --out report",)


def run(
    model: Model,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write; new, empty, or an earlier report.")],
    loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None,
    replicas: Replicas = 2000, seed: Seed = 0, as_json: Json = False,
) -> None:
    """Write theorem, PDF, numbers, check, figure, page.

    The page index.html shows everything and needs no network. The exit code is 1 if the bound is contradicted.
    """
    request = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ()))
    values = request.values()
    from stlbounds.render.report import write_report

    command = ["stlbounds", "report", *request.command(), "--replicas", str(replicas), "--seed", str(seed)]
    with progress("writing the report") as callback:
        written = write_report(request.bound(), values, out, model=model, replicas=replicas, seed=seed,
                               command=command, progress=callback)
    if as_json:
        print_json({"schema": "stlbounds/report/1", "folder": str(out), "files": list(written.files),
                    "notes": list(written.notes), "value": written.value, "contradicted": written.contradicted})
    else:
        say(columns([(str(out / name), what) for name, what in written.files.items()], indent=""))
        for note in written.notes:
            say(f"note: {note}")
        say(f"bound {written.value:.6g}" + (", contradicted by the simulation" if written.contradicted else ""))
    raise typer.Exit(CONTRADICTED if written.contradicted else 0)
