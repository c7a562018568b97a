"""A theorem, derived and verified."""

from __future__ import annotations

from typing import Annotated

import typer

from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Set, Theorem
from stlbounds.cli.output import print_json, say
from stlbounds.cli.request import Request

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("stlbounds derive categorical --real fresh",
            "stlbounds derive generic --set kappa=1/2 --latex document > bound.tex")


def run(
    model: Model, loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None,
    latex: Annotated[str | None, typer.Option(metavar="equation|theorem|proof|document",
                                              help="Print LaTeX instead of text.")] = None,
    as_json: Json = False,
) -> None:
    """Derive a theorem and verify its proof.

    Here --set fixes parameters of the setting, such as alpha or K.
    """
    request = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ()))
    bound = request.specialised()
    if latex is not None and not as_json:
        say(bound.latex(latex).rstrip("\n"))
        return
    verification = bound.proof.verify()
    if as_json:
        from stlbounds.render.record import statement

        print_json({"schema": "stlbounds/derive/1", "model": model, **statement(bound, verification),
                    **({"latex": bound.latex(latex)} if latex is not None else {})})
        return
    say(str(bound))
    say()
    say(f"Proof: {verification}.")
