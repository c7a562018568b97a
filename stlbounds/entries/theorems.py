"""The theorems by name. A new theorem is one entry here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from stlbounds.entries.entry import Entry

if TYPE_CHECKING:
    from stlbounds.bound import Bound
    from stlbounds.theorems.setting import Setting

__all__ = ["THEOREMS"]


def _theorem(name: str) -> Callable[[Setting], Bound]:
    def make(setting: Setting) -> Bound:
        from stlbounds.bound import Bound

        return Bound(setting, name)

    return make


THEOREMS: dict[str, Entry[Bound]] = {
    "high-probability": Entry("bounds the gap with probability at least 1 - delta", _theorem("high-probability"),
                              ("delta",)),
    "expectation": Entry("bounds the mean of the gap", _theorem("expectation")),
    "expected-gap": Entry("bounds the mean of the absolute gap", _theorem("expected-gap")),
    "bernstein": Entry("bounds the gap with probability at least 1 - delta, by the variance of the points",
                       _theorem("bernstein"), ("delta",)),
    "weak-stability": Entry("bounds the gap with probability at least 1 - delta, for beta as large as 1/sqrt(n)",
                            _theorem("weak-stability"), ("delta",)),
    "best": Entry("bounds the gap with probability at least 1 - delta, by the smallest bound that holds",
                  _theorem("best"), ("delta",)),
    "excess-risk": Entry("bounds the risk above the smallest one with probability at least 1 - delta",
                         _theorem("excess-risk"), ("delta", "opt", "comparator")),
    "expected-excess": Entry("bounds the mean of the risk above the smallest one", _theorem("expected-excess"),
                             ("opt", "comparator")),
}
