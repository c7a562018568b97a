"""The step for the depth of a balanced binary tree: an integer that jumps by one at the powers of two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stlbounds.interval.arithmetic import Arithmetic, Interval
from stlbounds.interval.nodes import Step

__all__ = ["BinaryDepth"]


class BinaryDepth(Step):
    """The least ``L`` with ``2**L >= N``, for integers ``N >= 1``."""

    def _at(self, arithmetic: Arithmetic, end: Any, side: int) -> Any:
        size = arithmetic.exact(end)
        if isinstance(size, float):
            return arithmetic.inf
        whole = -(-size.numerator // size.denominator)
        return arithmetic.number(max(0, whole - 1).bit_length())[side]

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        low, high = operands[0]
        return self._at(arithmetic, low, 0), self._at(arithmetic, high, 1)

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        # One more leaf makes the tree at most one level deeper; between two powers of two nothing changes.
        return ((arithmetic.zero, arithmetic.zero if value[0] == value[1] else arithmetic.one),)
