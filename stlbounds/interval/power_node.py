"""The step for sums of powers of their index, in a time that does not grow with the number of terms."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from stlbounds.interval.arithmetic import Arithmetic, Interval
from stlbounds.interval.nodes import Step
from stlbounds.interval.special_nodes import MOST_GENERATIONS, whole

__all__ = ["PowerSum"]


class PowerSum(Step):
    """``sum_{m=first..last} m**-s (m+1)**-t`` for ``s >= 0``: increasing in ``last``, falling in ``s``, convexly.

    Parameters
    ----------
    exponent, last : int
        Places of the operands.
    first, t : int
        As for `stlbounds.power_sums.power_sum`.
    """

    def __init__(self, exponent: int, last: int, first: int, t: int) -> None:
        super().__init__(exponent, last)
        self.first, self.t = first, t

    def _at(self, arithmetic: Arithmetic, s: Any, last: Any) -> Interval:
        """The value at two end points; `last` may be infinite."""
        if last == arithmetic.inf:
            total = arithmetic.add((s, s), arithmetic.number(self.t))
            # 1/(m+1) < 1/m.
            above = arithmetic.point("hurwitz", total[0], arithmetic.number(self.first)[0])[1] if (
                total[0] > 1) else arithmetic.inf
            return arithmetic.zero, above
        end = whole(arithmetic, last, MOST_GENERATIONS)
        if end < self.first:
            return arithmetic.zero, arithmetic.zero
        found = arithmetic.point("power_sum", s, self.first, end, self.t)
        return max(found[0], arithmetic.zero), found[1]

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        s, last = operands
        if s[0] < 0:
            return arithmetic.everything
        low = arithmetic.zero if s[1] == arithmetic.inf else self._at(arithmetic, s[1], last[0])[0]
        return low, self._at(arithmetic, s[0], last[1])[1]

    def _fall(self, arithmetic: Arithmetic, s: Any, last: Any, side: int) -> Interval:
        """How much the sum falls per unit of ``s``, just before ``s`` or just after; it is convex."""
        nothing_known = arithmetic.zero, arithmetic.inf
        if arithmetic.inf in (s, last):
            return nothing_known
        step = arithmetic.number(Fraction(side, 2 ** (arithmetic.bits // 2)))
        other = arithmetic.add((s, s), step)[0]
        if other < 0:
            return nothing_known
        low, high = (other, s) if side < 0 else (s, other)
        fall = arithmetic.subtract(self._at(arithmetic, low, last), self._at(arithmetic, high, last))
        return arithmetic.multiply(fall, arithmetic.inverse(arithmetic.subtract((high, high), (low, low))))

    def _term(self, arithmetic: Arithmetic, s: Interval, m: Interval) -> Interval:
        one = (arithmetic.one, arithmetic.one)
        if m[0] <= 0:
            return arithmetic.zero, arithmetic.one
        term = arithmetic.inverse(arithmetic.power(m, s))
        return arithmetic.multiply(term, arithmetic.inverse(arithmetic.add(m, one))) if self.t else term

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        s, last = operands
        if s[0] < 0:
            return arithmetic.everything, arithmetic.everything
        one = (arithmetic.one, arithmetic.one)
        most = max(self._fall(arithmetic, s[0], last[1], -1)[1], arithmetic.zero)
        least = max(self._fall(arithmetic, s[1], last[0], 1)[0], arithmetic.zero)
        # What is added next, from last + 1 = low + 1 to high (nothing is added below the first index).
        nexts = arithmetic.add((last[0], last[0]), one)
        ends = self._term(arithmetic, s, (nexts[0], max(nexts[0], last[1])))
        return (-most, -least), (ends if nexts[0] >= self.first else (arithmetic.zero, ends[1]))
