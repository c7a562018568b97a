"""A folder of LaTeX for a paper: theorem, proof, notation, bibliography, a figure, and a document around them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stlbounds.cli.layout import Cleveref, Environment, Label, Nicefrac, Prose, Rough, Width, layout
from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Set, Theorem
from stlbounds.cli.output import print_json, say
from stlbounds.cli.request import Request

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("stlbounds latex categorical --out paper",
            "stlbounds latex categorical --width 3.25in --cleveref --label thm:gap --out paper",
            "stlbounds latex categorical --set K=20 --at n=2000 --at alpha=1/2 --at i=10 --at delta=0.05 --out paper")


def run(
    model: Model,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write; new, empty, or an earlier package.")],
    loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None,
    width: Width = None, environment: Environment = None, label: Label = None, cleveref: Cleveref = False,
    nicefrac: Nicefrac = False, prose: Prose = False, rough: Rough = False,
    points: Annotated[list[str] | None, typer.Option("--at", metavar="NAME=VALUE", help="A value for a symbol of the "
                                                     "bound; with values for all of them and for i, the folder also "
                                                     "has a corollary and a figure. Repeatable.")] = None,
    as_json: Json = False,
) -> None:
    """Write the LaTeX parts of a paper about a bound.

    Run latexmk main.tex in the folder for a PDF. Here --set fixes parameters of the setting, such as alpha or K, and
    --at says for which numbers a corollary and a figure are made.
    """
    choices = layout(width, environment, label, cleveref, nicefrac, prose, rough)
    bound = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ())).specialised()
    bound.proof.verify()
    values = None
    if points:
        from stlbounds.parsing import parse_assignments

        values = parse_assignments(points, allowed=["i", *(symbol.name for symbol in bound.symbols)])
    files = bound.latex_package(out, values=values, **choices)
    if as_json:
        print_json({"schema": "stlbounds/latex/1", "folder": str(out), "files": [path.name for path in files]})
        return
    for path in files:
        say(str(path))
