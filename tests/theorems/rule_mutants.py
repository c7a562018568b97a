"""Mutants of the rules of theory §6 and §10: a slip in the code of one rule, and what must refuse it."""

from __future__ import annotations

import importlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from stlbounds.errors import StlboundsError
from stlbounds.proof.checks import failing_point
from stlbounds.proof.dag import Proof


def mostly_slow(cases: Sequence[Any], quick: int = 1) -> list[Any]:
    """Parameters of a test of which only the first ones are run with the quick suite."""
    return [*cases[:quick], *(pytest.param(case, marks=pytest.mark.slow) for case in cases[quick:])]


@dataclass(frozen=True)
class Mutant:
    """One textual change in the source of one rule."""

    module: str
    rule: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.old} -> {self.new or 'nothing'}"


def planted(mutant: Mutant) -> tuple[type, type]:
    """The true rule and the one with the change."""
    module = importlib.import_module(mutant.module)
    true = getattr(module, mutant.rule)
    source = textwrap.dedent(inspect.getsource(true))
    assert source.count(mutant.old) >= 1, f"{mutant}: the text to change does not occur"
    namespace = dict(vars(module))
    exec(compile(source.replace(mutant.old, mutant.new), f"<{mutant}>", "exec"), namespace)  # noqa: S102
    return true, namespace[mutant.rule]


def refuses(mutant: Mutant, cases: Iterable[tuple[Callable[[], Proof], Iterable[object]]]) -> str:
    """What refuses the mutant in one of the cases, a derivation with its worlds; empty if nothing does."""
    true, false = planted(mutant)
    homes = [module for name, module in list(sys.modules.items())
             if name.startswith("stlbounds") and getattr(module, mutant.rule, None) is true]
    for home in homes:
        setattr(home, mutant.rule, false)
    try:
        for derive, worlds in cases:
            try:
                proof = derive()
            except StlboundsError as error:
                return f"derivation: {error}"
            steps, definitions = proof.steps(), proof.definitions()
            assert any(claim.rule is false for claim in steps), "the mutated rule was never applied"
            for claim in steps:
                if any(failing_point(check) for check in claim.says.checks):
                    return "scalar check"
            for world in worlds:
                for claim in steps:
                    if claim.rule is false and world.refute(claim.says, definitions):
                        return f"exact world: {world!r}"
    finally:
        for home in homes:
            setattr(home, mutant.rule, true)
    return ""
