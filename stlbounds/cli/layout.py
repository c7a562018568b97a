"""The options that lay LaTeX out, shared by the commands that write it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

__all__ = ["Cleveref", "Environment", "Label", "Nicefrac", "Prose", "Rough", "Width", "layout"]

Width = Annotated[str | None, typer.Option(metavar="LENGTH", help="The line, such as 3.25in or 8.2cm, at 10 pt type.")]
Environment = Annotated[str | None, typer.Option(metavar="NAME", help="The environment of a theorem, such as thm.")]
Label = Annotated[str | None, typer.Option(metavar="LABEL", help="The label of the theorem, such as thm:gap.")]
Cleveref = Annotated[bool, typer.Option("--cleveref", help="Refer to the theorem with cref; needs --label.")]
Nicefrac = Annotated[bool, typer.Option("--nicefrac", help="Write quotients in sentences with nicefrac.")]
Prose = Annotated[bool, typer.Option("--prose", help="A proof in paragraphs in place of titled steps.")]
Rough = Annotated[bool, typer.Option("--rough", help="Also state the bound up to absolute constants.")]


def layout(width: str | None, environment: str | None, label: str | None, cleveref: bool, nicefrac: bool,
           prose: bool, rough: bool) -> dict[str, Any]:
    """The choices that differ from the defaults, as fields of `stlbounds.render.options.LatexOptions`."""
    given = {"width": width, "environment": environment, "label": label}
    flags = {"cleveref": cleveref, "nicefrac": nicefrac, "rough": rough}
    return {**{name: value for name, value in given.items() if value is not None},
            **{name: True for name, value in flags.items() if value}, **({"numbered": False} if prose else {})}
