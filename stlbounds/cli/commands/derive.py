"""A theorem, derived and verified."""

from __future__ import annotations

from typing import Annotated

import typer

from stlbounds.cli.layout import Cleveref, Environment, Label, Nicefrac, Prose, Rough, Width, layout
from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Set, Theorem
from stlbounds.cli.output import print_json, say
from stlbounds.cli.request import Request
from stlbounds.errors import InvalidArgumentError

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("stlbounds derive categorical --real fresh",
            "stlbounds derive generic --set kappa=1/2 --latex document > bound.tex",
            "stlbounds derive categorical --latex theorem --width 3.25in --environment thm",
            "stlbounds derive categorical --format markdown > bound.md")
_KINDS = ("equation", "theorem", "proof", "document", "notation", "assumptions", "bibtex")
_STYLES = ("text", "markdown", "myst")


def run(
    model: Model, loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None,
    latex: Annotated[str | None, typer.Option(metavar="|".join(_KINDS), help="Print LaTeX instead of text.",
                                              autocompletion=lambda: list(_KINDS))] = None,
    width: Width = None, environment: Environment = None, label: Label = None, cleveref: Cleveref = False,
    nicefrac: Nicefrac = False, prose: Prose = False, rough: Rough = False,
    style: Annotated[str, typer.Option("--format", metavar="text|markdown|myst", help="Text for a terminal, or theorem "
                                       "and proof as Markdown, with the formulas of GitHub or of MyST.")] = "text",
    as_json: Json = False,
) -> None:
    """Derive a theorem and verify its proof.

    Here --set fixes parameters of the setting, such as alpha or K.
    """
    if style not in _STYLES:
        raise InvalidArgumentError("--format", ascii(style), f"one of {', '.join(_STYLES)}")
    if latex is not None and latex not in _KINDS:
        raise InvalidArgumentError("--latex", ascii(latex), f"one of {', '.join(_KINDS)}")
    if latex is not None and style != "text":
        raise InvalidArgumentError("--format", style, "left out with --latex")
    choices = layout(width, environment, label, cleveref, nicefrac, prose, rough)
    if choices and latex is None:
        raise InvalidArgumentError("--latex", "missing", "given with the options that lay it out",
                                   "for example --latex theorem")
    request = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ()))
    bound = request.specialised()
    if latex is not None and not as_json:
        say(bound.latex(latex, **choices).rstrip("\n"))
        return
    verification = bound.proof.verify()
    if style != "text" and not as_json:
        say(bound.markdown("document", "myst" if style == "myst" else "github").rstrip("\n"))
        return
    if as_json:
        from stlbounds.render.record import statement

        print_json({"schema": "stlbounds/derive/1", "model": model, **statement(bound, verification),
                    **({"latex": bound.latex(latex, **choices)} if latex is not None else {})})
        return
    say(str(bound))
    say()
    say(f"Proof: {verification}.")
