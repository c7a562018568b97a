"""Interval arithmetic on end points that are mpmath numbers, rounded as `mpmath.iv` rounds; needs no extra.

Sums, products, quotients and roots are rounded in the direction that is asked for. Other functions are evaluated with
30 more bits than wanted and moved outwards by a million units in the last of these.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from fractions import Fraction
from typing import Any, ClassVar

import mpmath
from mpmath import libmp

from stlbounds.growth import growth_mpmath, growth_sum_mpmath
from stlbounds.interval.arithmetic import Arithmetic, Interval
from stlbounds.power_sums import power_sum_mpmath
from stlbounds.precision import kept
from stlbounds.special import geometric_sum_mpmath

__all__ = ["MpmathArithmetic"]

_GUARD, _MARGIN = 30, 20


def _geometric_slope(r: Any, k: Any) -> Any:
    """``sum_{m<k} m r**(m-1)``: two cancelling terms, so digits in proportion to what they lose."""
    if r == 1:
        return k * (k - 1) / 2
    lost = 2 * max(0, -mpmath.mag(r - 1)) + 2 * max(0, mpmath.mag(k))
    with mpmath.extraprec(lost + 20):
        value = (geometric_sum_mpmath(r, k) - k * r ** (k - 1)) / (1 - r)
    return +value


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": mpmath.exp,
    "log": mpmath.log,
    "tanh": mpmath.tanh,
    "erf": mpmath.erf,
    "gamma": mpmath.gamma,
    "digamma": mpmath.digamma,
    "zeta": mpmath.zeta,
    "hurwitz": mpmath.zeta,
    "geometric": geometric_sum_mpmath,
    "geometric_slope": _geometric_slope,
    "growth": growth_mpmath,
    "growth_sum": growth_sum_mpmath,
    "power_sum": power_sum_mpmath,
}


class MpmathArithmetic(Arithmetic):
    """End points are multiple-precision floats."""

    name: ClassVar[str] = "mpmath"

    def __init__(self, bits: int) -> None:
        super().__init__(bits)
        self.zero, self.one = mpmath.mpf(0), mpmath.mpf(1)
        self.inf, self.minus_inf = mpmath.mpf("inf"), mpmath.mpf("-inf")

    def working(self) -> AbstractContextManager[Any]:
        return kept(mpmath.workprec(self.bits + _GUARD))

    def number(self, value: Fraction | int) -> Interval:
        low, high = (mpmath.mp.make_mpf(libmp.from_rational(value.numerator, value.denominator, self.bits, rounding))
                     for rounding in "fc")
        return low, high

    def exact(self, value: Any) -> Fraction | float:
        if not mpmath.isfinite(value):
            return math.inf if value > 0 else -math.inf
        sign, mantissa, exponent, _ = value._mpf_
        size: Fraction = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
        return -size if sign else size

    def point(self, name: str, *values: Any) -> Interval:
        if name == "sqrt":
            low, high = (libmp.mpf_sqrt(values[0]._mpf_, self.bits, rounding) for rounding in "fc")
            return mpmath.mp.make_mpf(low), mpmath.mp.make_mpf(high)
        value = mpmath.mpf(_FUNCTIONS[name](*values))
        if not mpmath.isfinite(value):
            return self.everything
        if value == 0 or (name == "exp" and not values[0]):
            return value, value
        margin = libmp.mpf_shift(libmp.mpf_abs(value._mpf_), _MARGIN - self.bits - _GUARD)
        return (mpmath.mp.make_mpf(libmp.mpf_sub(value._mpf_, margin, self.bits, "f")),
                mpmath.mp.make_mpf(libmp.mpf_add(value._mpf_, margin, self.bits, "c")))

    def add_down(self, x: Any, y: Any) -> Any:
        return mpmath.mp.make_mpf(libmp.mpf_add(x._mpf_, y._mpf_, self.bits, "f"))

    def add_up(self, x: Any, y: Any) -> Any:
        return mpmath.mp.make_mpf(libmp.mpf_add(x._mpf_, y._mpf_, self.bits, "c"))

    def mul_down(self, x: Any, y: Any) -> Any:
        if not x or not y:
            return self.zero
        return mpmath.mp.make_mpf(libmp.mpf_mul(x._mpf_, y._mpf_, self.bits, "f"))

    def mul_up(self, x: Any, y: Any) -> Any:
        if not x or not y:
            return self.zero
        return mpmath.mp.make_mpf(libmp.mpf_mul(x._mpf_, y._mpf_, self.bits, "c"))

    def inverse_down(self, x: Any) -> Any:
        return mpmath.mp.make_mpf(libmp.mpf_div(libmp.fone, x._mpf_, self.bits, "f"))

    def inverse_up(self, x: Any) -> Any:
        return mpmath.mp.make_mpf(libmp.mpf_div(libmp.fone, x._mpf_, self.bits, "c"))
