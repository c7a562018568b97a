"""The smallest of the bounds that hold for a setting."""

from __future__ import annotations

from collections.abc import Callable

from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.proof.rules.smallest import Smallest
from stlbounds.theorems.bernstein import derive_bernstein
from stlbounds.theorems.gap import Derivation, derive_high_probability
from stlbounds.theorems.setting import Setting
from stlbounds.theorems.steps import Lemmas
from stlbounds.theorems.weak import derive_weak_stability

__all__ = ["CANDIDATES", "candidates", "derive_best"]

#: The theorems that `derive_best` chooses from, the one that always holds first.
CANDIDATES: dict[str, Callable[..., Derivation]] = {
    "high-probability": derive_high_probability,
    "bernstein": derive_bernstein,
    "weak-stability": derive_weak_stability,
}


def candidates(setting: Setting) -> tuple[dict[str, Derivation], dict[str, str]]:
    """The theorems that hold for a setting, derived from the same lemmas; and why the others do not."""
    lemmas = Lemmas(setting)
    found: dict[str, Derivation] = {}
    reasons: dict[str, str] = {}
    for name, derive in CANDIDATES.items():
        try:
            found[name] = derive(setting, lemmas=lemmas)
        except (AssumptionError, UndecidedError) as error:
            if not found:
                raise
            reasons[name] = str(error)
    return found, reasons


def derive_best(setting: Setting) -> Derivation:
    """``|g| <= min of the bounds that hold``, with probability at least ``1 - delta``."""
    found, _ = candidates(setting)
    first, *others = found.values()
    if not others:
        return first
    claim = Smallest.apply(first.claim, *(other.claim for other in others), event="smallest")
    return Derivation(first.lemmas, claim, {"smallest": claim.rhs})
