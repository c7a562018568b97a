"""All theorems by name: those of theory §5, which hold for every setting, and the sharper ones of theory §6."""

from __future__ import annotations

from collections.abc import Callable

from stlbounds.theorems.bernstein import derive_bernstein
from stlbounds.theorems.best import derive_best
from stlbounds.theorems.excess import derive_excess_risk, derive_expected_excess
from stlbounds.theorems.gap import THEOREMS, Derivation
from stlbounds.theorems.weak import derive_weak_stability

__all__ = ["ALL_THEOREMS", "SHARPER"]

#: Theorems that need more of a setting than §5 does, and say what is missing.
SHARPER: dict[str, Callable[..., Derivation]] = {
    "bernstein": derive_bernstein,
    "weak-stability": derive_weak_stability,
    "best": derive_best,
    "excess-risk": derive_excess_risk,
    "expected-excess": derive_expected_excess,
}

ALL_THEOREMS: dict[str, Callable[..., Derivation]] = {**THEOREMS, **SHARPER}
