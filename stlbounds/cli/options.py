"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from stlbounds.entries import GENERATORS, LEARNERS, LOOPS, THEOREMS

__all__ = ["MANY_RUNS", "VALUES_EXAMPLE", "Drift", "Json", "Learner", "Loop", "Model", "Real", "Replicas", "Seed",
           "Set", "Theorem"]

#: More runs than anybody waits for are a slip of the pen.
MANY_RUNS = 10**9
#: Values for the examples of `--help`.
VALUES_EXAMPLE = "--set n=2000 --set alpha=1/2 --set i=10 --set delta=0.05"


def _names(entries: Mapping[str, Any]) -> str:
    return "|".join(entries)


def _models() -> list[str]:
    """What may stand for a model: the catalogue, and the model files of this folder."""
    return [*GENERATORS, *sorted(path.name for path in Path().glob("*.toml"))]


Model = Annotated[str, typer.Argument(metavar="MODEL", help=f"A model file (*.toml), or a generator of the "
                                      f"catalogue: {_names(GENERATORS)}.", autocompletion=_models)]
Loop = Annotated[str | None, typer.Option(metavar=_names(LOOPS), help="How real and synthetic data mix (default: the "
                                          "model file's, or fixed-mix).",
                                   autocompletion=lambda: list(LOOPS))]
Real = Annotated[str | None, typer.Option(metavar="replay|fresh", help="Whether every generation sees the same real "
                                          "points or new ones (default: replay).",
                                   autocompletion=lambda: ["replay", "fresh"])]
Learner = Annotated[str | None, typer.Option(metavar=_names(LEARNERS), help="The learner (default: the one that "
                                             "belongs to MODEL).", autocompletion=lambda: list(LEARNERS))]
Theorem = Annotated[str | None, typer.Option(metavar=_names(THEOREMS), help="What is bounded (default: the model "
                                             "file's, or high-probability).",
                                      autocompletion=lambda: list(THEOREMS))]
Drift = Annotated[str | None, typer.Option(metavar="sharp|lemma", help="The generator's own drift bound, where it has "
                                           "one, or the general lemma.", autocompletion=lambda: ["sharp", "lemma"])]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="An exact value such as n=2000, "
                                               "alpha=1/2, delta=0.05; repeatable.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Replicas = Annotated[int, typer.Option(metavar="COUNT", min=1, max=MANY_RUNS, help="Independent runs of the loop.")]
Seed = Annotated[int, typer.Option(metavar="NUMBER", min=0, help="The same seed gives the same result.")]
