"""The steps for functions that the bounds of this library contain: geometric sums, growth, lists, series.

Those of an integer (a number of terms, a generation) have divided differences over integers, see `nodes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from stlbounds.errors import UndecidedError
from stlbounds.interval.arithmetic import Arithmetic, Interval
from stlbounds.interval.nodes import Step

if TYPE_CHECKING:
    from stlbounds.interval.tape import Tape

__all__ = ["MOST_GENERATIONS", "Gamma", "GeometricSum", "Growth", "GrowthSum", "Listed", "Series", "Zeta", "whole"]

#: Sums over more generations than this are refused.
MOST_TERMS = 2_000_000
#: Sums of growth are taken by their recursion up to here.
_RECURSION = 512
#: Closed forms are used up to here.
MOST_GENERATIONS = 10**15
#: So many generations later the recursion still goes on.
_NEAR = 8
#: For so many ratios the recursion is remembered.
_REMEMBERED = 64


def whole(arithmetic: Arithmetic, number: Any, most: int = MOST_TERMS) -> int:
    """A finite end point that should be an integer, as one."""
    value = Fraction(arithmetic.exact(number)) if abs(number) < 2**62 else Fraction(2**62)
    if abs(value) > most:
        raise UndecidedError(f"a sum over {float(value):.3g} generations: at most {most} can be enclosed")
    return round(value)


class GeometricSum(Step):
    """``1 + r + ... + r**(k-1)`` for ``r >= 0`` and integers ``k >= 0``: increasing in both.

    The enclosure of a ratio that is 0 at an end of the box may reach below 0 by a rounding. For ``-1/2 <= r < 0`` the
    sum is alternating, so that it lies in ``[1 + r, 1]`` for ``k >= 1``, and its derivative in ``[1 + 2r, 1]`` for
    ``k >= 2``.
    """

    def _at(self, arithmetic: Arithmetic, name: str, r: Any, k: Any, side: int) -> Any:
        if k <= 0 or (k == 1 and name == "geometric_slope"):
            return arithmetic.zero
        if k == 1 or (r == 0 and name == "geometric"):
            return arithmetic.one
        if r == 0:
            return arithmetic.one
        if r == arithmetic.inf:
            return arithmetic.inf
        if k == arithmetic.inf:
            if r >= 1:
                return arithmetic.inf
            # 1/(1-r), and 1/(1-r)**2 for the derivative.
            limit = arithmetic.inverse(arithmetic.subtract((arithmetic.one, arithmetic.one), (r, r)))
            return limit[side] if name == "geometric" else arithmetic.multiply(limit, limit)[side]
        return arithmetic.point(name, r, k)[side]

    @staticmethod
    def _twice(arithmetic: Arithmetic, number: Any) -> Any:
        return arithmetic.add((number, number), (number, number))[0]

    def _alternating(self, arithmetic: Arithmetic, name: str, ratio: Interval, terms: Interval, least: int) -> Interval:
        """An enclosure for ratios that may be negative; ``least`` terms make the value at ratio 0 equal to 1."""
        if self._twice(arithmetic, ratio[0]) < -1:
            return arithmetic.everything
        low = arithmetic.zero
        if terms[0] >= least:
            shift = ratio[0] if name == "geometric" else self._twice(arithmetic, ratio[0])
            low = arithmetic.add((arithmetic.one, arithmetic.one), (shift, shift))[0]
        if ratio[1] >= 0:
            return low, self._at(arithmetic, name, ratio[1], terms[1], 1)
        return low, (arithmetic.one if terms[1] >= least else arithmetic.zero)

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        ratio, terms = operands
        if terms[0] < 0:
            return arithmetic.everything
        if ratio[0] < 0:
            return self._alternating(arithmetic, "geometric", ratio, terms, 1)
        return (self._at(arithmetic, "geometric", ratio[0], terms[0], 0),
                self._at(arithmetic, "geometric", ratio[1], terms[1], 1))

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        ratio, terms = operands
        if terms[0] < 0:
            return arithmetic.everything, arithmetic.everything
        if ratio[0] < 0:
            by_ratio = self._alternating(arithmetic, "geometric_slope", ratio, terms, 2)
            if self._twice(arithmetic, ratio[0]) < -1:
                return by_ratio, arithmetic.everything
            # A power of a negative ratio is at least that ratio, and at most the power of its modulus.
            modulus = max(ratio[1], arithmetic.negate((ratio[0], ratio[0]))[1])
            above = arithmetic.power((arithmetic.zero, modulus), (terms[0], max(terms[1], arithmetic.one)))[1]
            return by_ratio, (ratio[0], above)
        by_ratio = (self._at(arithmetic, "geometric_slope", ratio[0], terms[0], 0),
                    self._at(arithmetic, "geometric_slope", ratio[1], terms[1], 1))
        last = max(arithmetic.subtract((terms[1], terms[1]), (arithmetic.one, arithmetic.one))[1], terms[0])
        return by_ratio, arithmetic.power(ratio, (terms[0], last))


class Growth(Step):
    """``prod_{m=j+1..i} (1 + kappa/m)``: increasing in ``kappa`` and ``i``, decreasing in ``j``."""

    def _at(self, arithmetic: Arithmetic, kappa: Any, first: Any, last: Any, side: int) -> Any:
        if kappa == 0 or first >= last:
            return arithmetic.one
        if kappa == arithmetic.inf or last == arithmetic.inf:
            return arithmetic.inf
        return arithmetic.point("growth", kappa, first, last)[side]

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        kappa, first, last = operands
        if kappa[0] < 0 or first[0] < 0 or first[0] > last[1]:
            return arithmetic.everything
        return (max(self._at(arithmetic, kappa[0], first[1], last[0], 0), arithmetic.one),
                self._at(arithmetic, kappa[1], first[0], last[1], 1))

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        kappa, first, last = operands
        if kappa[0] < 0 or first[0] < 0:
            return (arithmetic.everything,) * 3
        one = (arithmetic.one, arithmetic.one)
        # sum_{m=j+1..i} 1/(m + kappa), between log((i+1+kappa)/(j+1+kappa)) and that plus 1/(j+1+kappa).
        below = arithmetic.add(arithmetic.add(first, one), kappa)
        above = arithmetic.add(arithmetic.add(last, one), kappa)
        logarithms = arithmetic.subtract(arithmetic.log(above), arithmetic.log(below))
        harmonic = (max(logarithms[0], arithmetic.zero),
                    max(arithmetic.add(logarithms, arithmetic.inverse(below))[1], arithmetic.zero))
        step = [arithmetic.multiply(arithmetic.multiply(value, kappa), arithmetic.inverse(arithmetic.add(part, one)))
                for part in (first, last)]
        return arithmetic.multiply(value, harmonic), arithmetic.negate(step[0]), step[1]


class GrowthSum(Step):
    """``sum_{j=start..i} growth(kappa, j, i)**p``: increasing in ``kappa``, convexly, and in ``i``."""

    def __init__(self, kappa: int, last: int, power: int, start: int) -> None:
        super().__init__(kappa, last)
        self.power, self.start = power, start

    def _run(self, arithmetic: Arithmetic, kappa: Interval, last: Any) -> tuple[Interval, Interval]:
        """The sum and its derivative in ``kappa`` at an integer ``last`` and one ``kappa``."""
        one = (arithmetic.one, arithmetic.one)
        # A sum over generations asks for every last generation in turn: the recursion goes on from where it was.
        key = GrowthSum, self.power, self.start, arithmetic.exact(kappa[0])
        if key not in arithmetic.memory and len(arithmetic.memory) >= _REMEMBERED:
            arithmetic.memory.clear()
        # Of the first generations all are known, of later ones the latest.
        known, latest = arithmetic.memory.setdefault(
            key, ([(arithmetic.number(1 - self.start), (arithmetic.zero, arithmetic.zero))], {}))
        if last > _RECURSION and self.power in (1, 2) and not any(m <= last <= m + _NEAR for m in latest):
            return self._far(arithmetic, kappa[0], last)
        end = whole(arithmetic, last)
        start, (total, slope) = next(((m, pair) for m, pair in latest.items() if m <= end), (
            min(end, len(known) - 1), known[min(end, len(known) - 1)]))
        for m in range(start + 1, end + 1):
            part = arithmetic.inverse(arithmetic.number(m))
            factor = arithmetic.add(one, arithmetic.multiply(kappa, part))
            raised = arithmetic.power_integer(factor, self.power)
            inner = arithmetic.multiply(arithmetic.multiply(arithmetic.number(self.power), part),
                                        arithmetic.power_integer(factor, self.power - 1))
            slope = arithmetic.add(arithmetic.multiply(raised, slope), arithmetic.multiply(inner, total))
            total = arithmetic.add(arithmetic.multiply(raised, total), one)
            if m <= _RECURSION:
                known.append((total, slope))
        if end >= _RECURSION:
            latest.clear()
            latest[end] = total, slope
        return total, slope

    def _far(self, arithmetic: Arithmetic, kappa: Any, last: Any) -> tuple[Interval, Interval]:
        """The same for many generations; a convex function rises at least as it did before, at most as it does next."""
        generations = whole(arithmetic, last, MOST_GENERATIONS)

        def value(rate: Any) -> Interval:
            return arithmetic.point("growth_sum", rate, generations, self.power, self.start)

        # Half of the digits go into the step, so half are left in the slope.
        step = arithmetic.number(Fraction(1, 2 ** (arithmetic.bits // 2)))
        here = value(kappa)
        above = arithmetic.add((kappa, kappa), step)[1]
        rise = arithmetic.subtract(value(above), here)
        high = arithmetic.multiply(rise, arithmetic.inverse(arithmetic.subtract((above, above), (kappa, kappa))))[1]
        below, low = arithmetic.subtract((kappa, kappa), step)[0], arithmetic.zero
        if below >= 0:
            rise = arithmetic.subtract(here, value(below))
            low = arithmetic.multiply(rise, arithmetic.inverse(arithmetic.subtract((kappa, kappa), (below, below))))[0]
        return here, (max(low, arithmetic.zero), high)

    def _ends(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> tuple[Interval, Interval]:
        kappa, last = operands
        if kappa[0] < 0 or last[0] < 0:
            return arithmetic.everything, arithmetic.everything
        low = self._run(arithmetic, (kappa[0], kappa[0]), last[0])
        if last[1] == arithmetic.inf or kappa[1] == arithmetic.inf:
            return (low[0][0], arithmetic.inf), (low[1][0], arithmetic.inf)
        high = self._run(arithmetic, (kappa[1], kappa[1]), last[1])
        return (low[0][0], high[0][1]), (low[1][0], high[1][1])

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        return self._ends(arithmetic, operands)[0]

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        kappa, last = operands
        if kappa[0] < 0 or last[0] < 0:
            return arithmetic.everything, arithmetic.everything
        one = (arithmetic.one, arithmetic.one)
        # S(i+1) - S(i) = ((1 + kappa/(i+1))**p - 1) S(i) + 1.
        factor = arithmetic.add(one, arithmetic.multiply(kappa, arithmetic.inverse(arithmetic.add(last, one))))
        rise = arithmetic.subtract(arithmetic.power_integer(factor, self.power), one)
        step = arithmetic.add(arithmetic.multiply(rise, value), one)
        return self._ends(arithmetic, operands)[1], step


class Listed(Step):
    """``values[index]``, from 1 on; the last value beyond the end."""

    def _possible(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> list[int]:
        low, high = operands[0]
        last = len(operands) - 1
        first = 1 if low <= 1 else last if low > last else whole(arithmetic, low)
        return list(range(first, (last if high >= last else max(first, whole(arithmetic, high))) + 1))

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        return arithmetic.hull(*(operands[place] for place in self._possible(arithmetic, operands)))

    def needed(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Sequence[int]:
        return [0, *self._possible(arithmetic, operands)]

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        possible = self._possible(arithmetic, operands)
        nothing: Interval = (arithmetic.zero, arithmetic.zero)
        found = [nothing] * len(operands)
        if len(possible) == 1:
            found[possible[0]] = (arithmetic.one, arithmetic.one)
            return found
        found[0] = arithmetic.everything
        for place in possible:
            found[place] = (arithmetic.zero, arithmetic.one)
        return found


class Gamma(Step):
    """``gamma(x)`` for ``x > 0``: smallest near 1.4616, where it is 0.8856."""

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        low, high = operands[0]
        if low < 0 or high == 0:
            return arithmetic.everything
        at_low = arithmetic.everything if low == 0 else arithmetic.point("gamma", low)
        at_high = (arithmetic.zero, arithmetic.inf) if high == arithmetic.inf else arithmetic.point("gamma", high)
        turn = arithmetic.number(14616321), arithmetic.number(14616322)
        scale = arithmetic.number(10**7)
        if arithmetic.mul_down(low, scale[0]) >= turn[1][0]:
            return at_low[0], at_high[1]
        if arithmetic.mul_up(high, scale[0]) <= turn[0][0]:
            return at_high[0], at_low[1]
        least = arithmetic.multiply(arithmetic.number(8856031), arithmetic.inverse(scale))[0]
        return least, max(at_low[1], at_high[1])

    def defined(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> bool:
        return bool(operands[0][0] > 0)

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        low, high = operands[0]
        if low <= 0 or high == arithmetic.inf:
            return (arithmetic.everything,)
        slope = arithmetic.point("digamma", low)[0], arithmetic.point("digamma", high)[1]
        return (arithmetic.multiply(value, slope),)


class Zeta(Step):
    """The Riemann zeta function for ``s > 1``: decreasing and convex."""

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        low, high = operands[0]
        if low < 1 or high == 1:
            return arithmetic.everything
        below = arithmetic.one if high == arithmetic.inf else arithmetic.point("zeta", high)[0]
        return max(below, arithmetic.one), (arithmetic.inf if low == 1 else arithmetic.point("zeta", low)[1])

    def defined(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> bool:
        return bool(operands[0][0] > 1)

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        low, _ = operands[0]
        return ((arithmetic.minus_inf, arithmetic.zero) if low >= 1 else arithmetic.everything,)


class Series(Step):
    """A sum or a product of a term over an index.

    Parameters
    ----------
    operands : sequence of int
        First index, last index, then the other variables of the term.
    term : Tape
        The term, as a function of the index and of these variables, in this order.
    product : bool
        Whether the terms are multiplied.
    """

    def __init__(self, *operands: int, term: Tape, product: bool) -> None:
        super().__init__(*operands)
        self.term, self.product = term, product

    def _fold(self, arithmetic: Arithmetic, operands: Sequence[Interval],
              slopes: bool) -> tuple[Interval, list[Interval]]:
        (first, first_high), (last, last_high), *others = operands
        neutral = arithmetic.number(1 if self.product else 0)
        nothing: Interval = (arithmetic.zero, arithmetic.zero)
        count = len(others)
        unbounded = arithmetic.everything, [arithmetic.everything] * (count + 2)
        if first != first_high or last_high == arithmetic.inf:
            return unbounded
        start, surely, perhaps = (whole(arithmetic, end) for end in (first, last, last_high))
        total, steps = neutral, [nothing] * count
        hulls: tuple[Interval, list[Interval]] | None = (total, list(steps)) if surely < start else None
        jump: Interval | None = None
        for index in range(start, perhaps + 1):
            value, parts = self.term.run(arithmetic, [arithmetic.number(index), *others],
                                         range(1, count + 1) if slopes else ())
            after = arithmetic.multiply(total, value) if self.product else arithmetic.add(total, value)
            if index > surely:
                change = arithmetic.subtract(after, total) if self.product else value
                jump = change if jump is None else arithmetic.hull(jump, change)
            for place, part in enumerate(parts):
                if self.product:
                    steps[place] = arithmetic.add(arithmetic.multiply(steps[place], value),
                                                  arithmetic.multiply(total, part))
                else:
                    steps[place] = arithmetic.add(steps[place], part)
            total = after
            if index >= surely:
                hulls = (total, list(steps)) if hulls is None else (
                    arithmetic.hull(hulls[0], total),
                    [arithmetic.hull(old, new) for old, new in zip(hulls[1], steps, strict=True)])
        found = hulls if hulls is not None else (total, steps)
        return found[0], [arithmetic.everything, jump if jump is not None else nothing, *found[1]]

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        return self._fold(arithmetic, operands, False)[0]

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        return self._fold(arithmetic, operands, True)[1]

    def defined(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> bool:
        (first, first_high), (_, last_high), *others = operands
        if first != first_high or last_high == arithmetic.inf:
            return False
        indices = range(whole(arithmetic, first), whole(arithmetic, last_high) + 1)
        return all(self.term.defined(arithmetic, [arithmetic.number(index), *others]) for index in indices)
