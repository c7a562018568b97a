"""The constants of a model, measured."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from stlbounds.cli.options import Json, Learner, Loop, Model, Real, Seed, Set
from stlbounds.cli.output import CONTRADICTED, print_json, progress, say
from stlbounds.cli.request import Request
from stlbounds.errors import AssumptionError, InvalidArgumentError

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("stlbounds self-check categorical --set K=5",
            "stlbounds self-check categorical --part learner --learner brier --json")

_PARTS = ("generator", "learner")


def run(
    model: Model, loop: Loop = None, real: Real = None, learner: Learner = None, assignments: Set = None,
    part: Annotated[str | None, typer.Option(metavar="|".join(_PARTS), help="Only this part of the model (default: "
                                             "both).", autocompletion=lambda: list(_PARTS))] = None,
    seed: Seed = 0, as_json: Json = False,
) -> None:
    """Measure the constants of generator and learner.

    A search over training sets, or a simulation: what it finds must not exceed the constant that is stated. The exit
    code is 1 if it does.
    """
    if part is not None and part not in _PARTS:
        raise InvalidArgumentError("--part", ascii(part), f"one of {', '.join(_PARTS)}")
    request = Request(model, loop, real, learner, None, None, tuple(assignments or ()))
    values = request.values()
    setting = request.setting()
    found: list[tuple[str, Any]] = []
    notes = []
    for name in _PARTS if part is None else (part,):
        try:
            with progress(f"measuring the {name}"):
                found += [(name, measured) for measured in getattr(setting, name).self_check(seed=seed, **values)]
        except AssumptionError as error:
            notes.append(f"{name}: {error}")
    if not found:
        raise AssumptionError("; ".join(notes))
    if as_json:
        print_json({"schema": "stlbounds/self-check/1", "model": model, "seed": seed, "notes": notes, "constants": [
            {"part": name, "constant": one.constant, "measured": one.measured, "stated": one.stated,
             "slack": one.slack, "holds": one.holds, "how": one.how} for name, one in found]})
    else:
        for name, one in found:
            say(f"{name}: {one}" + ("" if one.holds else ": EXCEEDED"))
        for note in notes:
            say(f"note: {note}")
    raise typer.Exit(0 if all(one.holds for _, one in found) else CONTRADICTED)
