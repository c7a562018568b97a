"""Interval arithmetic on end points that are exact Arb numbers (python-flint, extra ``fast``)."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from fractions import Fraction
from typing import Any, ClassVar

from flint import arb, ctx, fmpq, fmpz

from stlbounds.growth_tail import Kind, growth_sum_by_recursion, growth_sum_in_short
from stlbounds.interval.arithmetic import Arithmetic, Interval
from stlbounds.power_sums import ZetaKind, power_sum_of
from stlbounds.precision import kept

__all__ = ["ArbArithmetic", "growth_sum", "power_sum"]


def _magnitude(x: Any) -> int:
    """About ``log2|x|`` of a finite number (0 for 0)."""
    mantissa, exponent = x.mid().man_exp()
    return int(exponent) + int(mantissa).bit_length() if mantissa else 0


def _with_more(bits: int, function: Callable[[], Any]) -> Any:
    with ctx.workprec(ctx.prec + bits):
        return function()


def _geometric(r: Any, k: Any) -> Any:
    if r == 1:
        return k
    return (r.log() * k).expm1() / (r - 1)


def _geometric_slope(r: Any, k: Any) -> Any:
    """``sum_{m<k} m r**(m-1)``: two cancelling terms, so digits in proportion to what they lose."""
    if r == 1:
        return k * (k - 1) / 2
    lost = 2 * max(0, -_magnitude(r - 1)) + 2 * max(0, _magnitude(k))
    return _with_more(lost + 20, lambda: (_geometric(r, k) - k * r ** (k - 1)) / (1 - r))


def _growth(kappa: Any, j: Any, i: Any) -> Any:
    lost = 2 * max(0, _magnitude(i + kappa)) + 40
    return _with_more(lost, lambda: ((i + 1 + kappa).lgamma() - (j + 1 + kappa).lgamma()
                                     + (j + 1).lgamma() - (i + 1).lgamma()).exp())


_KIND = Kind(arb, _growth, _magnitude, ctx.workprec)


def growth_sum(kappa: Any, last: int, power: int, start: int) -> Any:
    """`stlbounds.growth.growth_sum` at an exact ``kappa >= 0``."""
    short = growth_sum_in_short(kappa, last, power, start, ctx.prec, _KIND)
    if short is None:
        return growth_sum_by_recursion(kappa, last, power, start, _KIND)
    return short[0] + arb(0, 1) * short[1]


_ZETA_KIND = ZetaKind(arb, lambda x, y: x**y, lambda s, a: s.zeta(a), lambda x: x.digamma(), _magnitude, ctx.workprec)


def power_sum(s: Any, first: int, last: int, t: int) -> Any:
    """`stlbounds.power_sums.power_sum` at an exact ``s >= 0``."""
    value, error = power_sum_of(s, first, last, t, ctx.prec, _ZETA_KIND)
    return value + arb(0, 1) * error


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": lambda x: x.exp(),
    "log": lambda x: x.log(),
    "sqrt": lambda x: x.sqrt(),
    "tanh": lambda x: x.tanh(),
    "erf": lambda x: x.erf(),
    "gamma": lambda x: x.gamma(),
    "digamma": lambda x: x.digamma(),
    "zeta": lambda x: x.zeta(),
    "hurwitz": lambda s, a: s.zeta(a),
    "geometric": _geometric,
    "geometric_slope": _geometric_slope,
    "growth": _growth,
    "growth_sum": growth_sum,
    "power_sum": power_sum,
}


class ArbArithmetic(Arithmetic):
    """End points are exact balls; each operation is Arb's, rounded outwards."""

    name: ClassVar[str] = "arb"

    def __init__(self, bits: int) -> None:
        super().__init__(bits)
        self.zero, self.one = arb(0), arb(1)
        self.inf, self.minus_inf = arb.pos_inf(), arb.neg_inf()

    def working(self) -> AbstractContextManager[Any]:
        return kept(ctx.workprec(self.bits))

    def number(self, value: Fraction | int) -> Interval:
        if value.denominator == 1:
            whole = arb(fmpz(int(value)))
            return whole, whole
        ball = arb(fmpq(value.numerator, value.denominator))
        return ball.lower(), ball.upper()

    def exact(self, value: Any) -> Fraction | float:
        if not value.is_finite():
            return math.inf if value > 0 else -math.inf
        mantissa, exponent = (int(part) for part in value.man_exp())
        return Fraction(mantissa) * Fraction(2) ** exponent

    def point(self, name: str, *values: Any) -> Interval:
        ball = _FUNCTIONS[name](*values)
        if not ball.is_finite():
            return self.everything
        return ball.lower(), ball.upper()

    def add_down(self, x: Any, y: Any) -> Any:
        return (x + y).lower()

    def add_up(self, x: Any, y: Any) -> Any:
        return (x + y).upper()

    def mul_down(self, x: Any, y: Any) -> Any:
        if x == 0 or y == 0:
            return self.zero
        return (x * y).lower()

    def mul_up(self, x: Any, y: Any) -> Any:
        if x == 0 or y == 0:
            return self.zero
        return (x * y).upper()

    def inverse_down(self, x: Any) -> Any:
        return (1 / x).lower()

    def inverse_up(self, x: Any) -> Any:
        return (1 / x).upper()
