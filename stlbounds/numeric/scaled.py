"""Arrays of numbers with an exponent of their own: ``m 2**e`` with ``m`` a double and ``e`` unlimited.

What overflows on the way to a value that a double may hold is evaluated again in this arithmetic (theory §12):
``Phi**2`` before its root, ``0 * rho**i``. Digits are those of doubles; only the range is larger.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy as sp

from stlbounds.compiled import NUMPY_FUNCTIONS, numpy_erf
from stlbounds.numeric.arithmetic import function_over
from stlbounds.numeric.growing import growth_sum_array, growth_sum_parts, log_growth
from stlbounds.numeric.series import HEAD, sum_over

__all__ = ["Scaled", "scaled_function"]

Array = npt.NDArray[np.float64]
_LOG2 = math.log(2.0)
_ZERO = -1e300
_FAR = 3000.0


class Scaled:
    """``mantissa * 2**exponent``, entry by entry."""

    __slots__ = ("exponent", "mantissa")
    __array_ufunc__ = None  # NumPy leaves operations with arrays to the methods below

    def __init__(self, mantissa: Any, exponent: Any = 0.0) -> None:
        fraction, shift = np.frexp(np.asarray(mantissa, dtype=float))
        self.mantissa: Array = fraction
        self.exponent: Array = np.where(fraction == 0.0, _ZERO, np.asarray(exponent, dtype=float) + shift)

    @classmethod
    def from_log(cls, logarithm: Any, factor: Any = 1.0) -> Scaled:
        """``exp(logarithm) * factor``."""
        whole = np.rint(np.asarray(logarithm) / _LOG2)
        # Beyond 2**53 the rest is rounding error, which is no factor of the result: exp(1e300) is not 0.
        return cls(np.exp(np.clip(logarithm - whole * _LOG2, -1.0, 1.0)) * factor, whole)

    def __float__(self) -> float:
        return float(self.doubles())

    def doubles(self) -> Array:
        """The values as doubles, ``inf`` where they are too large."""
        shift = np.clip(self.exponent, -_FAR, _FAR).astype(np.int64)
        return np.ldexp(self.mantissa, shift)

    def log2(self) -> Array:
        """The logarithm to base 2."""
        return np.log2(self.mantissa) + self.exponent

    def __add__(self, other: Any) -> Scaled:
        other = number(other)
        top = np.maximum(self.exponent, other.exponent)
        parts = (np.ldexp(part.mantissa, np.maximum(part.exponent - top, -_FAR).astype(np.int64))
                 for part in (self, other))
        return Scaled(sum(parts), top)

    def __neg__(self) -> Scaled:
        return Scaled(-self.mantissa, self.exponent)

    def __sub__(self, other: Any) -> Scaled:
        return self + (-number(other))

    def __rsub__(self, other: Any) -> Scaled:
        return number(other) - self

    def __mul__(self, other: Any) -> Scaled:
        other = number(other)
        return Scaled(self.mantissa * other.mantissa, self.exponent + other.exponent)

    def __truediv__(self, other: Any) -> Scaled:
        other = number(other)
        return Scaled(self.mantissa / other.mantissa, self.exponent - np.where(other.mantissa == 0, 0, other.exponent))

    def __rtruediv__(self, other: Any) -> Scaled:
        return number(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, power: Any) -> Scaled:
        if isinstance(power, int) and 0 <= power <= 4:
            result = number(1.0)
            for _ in range(power):
                result = result * self
            return result
        return _power(self, power)

    def select(self, where: Any, other: Scaled) -> Scaled:
        """This where the condition holds, ``other`` elsewhere."""
        return Scaled(np.where(where, self.mantissa, other.mantissa), np.where(where, self.exponent, other.exponent))


def number(value: Any) -> Scaled:
    """A number or an array of doubles as a `Scaled`."""
    if isinstance(value, Scaled):
        return value
    if isinstance(value, int) and abs(value) > 2**1000:
        shift = abs(value).bit_length() - 64
        return Scaled(float(value >> shift), float(shift))
    return Scaled(value)


def _plain(value: Any) -> Any:
    return value.doubles() if isinstance(value, Scaled) else value


def _power(base: Any, power: Any) -> Scaled:
    base, exponent = number(base), np.asarray(_plain(power), dtype=float)
    # The whole part of exponent * log2(base) in two pieces, so that the large one is not rounded.
    small, large = exponent * np.log2(np.abs(base.mantissa)), exponent * np.where(base.mantissa == 0, 0, base.exponent)
    first, second = np.rint(small), np.rint(large)
    odd = (base.mantissa < 0) & (np.abs(exponent) % 2 == 1)
    value = Scaled(np.exp2(small - first) * np.exp2(large - second) * np.where(odd, -1.0, 1.0), first + second)
    nothing = Scaled(np.where(exponent == 0, 1.0, np.where(exponent > 0, 0.0, np.inf)))
    chosen: Scaled = value.select((base.mantissa != 0) & (exponent != 0), nothing)
    return chosen.select((base.mantissa >= 0) | (exponent == np.rint(exponent)), Scaled(np.nan))


def _root(value: Any) -> Scaled:
    value = number(value)
    odd = np.where(value.mantissa == 0, 0.0, value.exponent % 2)
    return Scaled(np.sqrt(value.mantissa * (1 + odd)), (value.exponent - odd) / 2)


def _exp(value: Any) -> Scaled:
    return Scaled.from_log(_plain(value))


def _log(value: Any) -> Scaled:
    value = number(value)
    return Scaled(np.where(value.exponent == 0, np.log(value.mantissa), np.where(
        value.exponent == 1, np.log(2 * value.mantissa), value.log2() * _LOG2)))


def _geometric_sum_from(offset: Any, terms: Any) -> Scaled:
    """The geometric sum of ratio ``1 + offset``."""
    offset, count = number(offset), np.asarray(_plain(terms), dtype=float)
    double = offset.doubles()
    logarithm = np.where(np.isfinite(double), np.log1p(double), offset.log2() * _LOG2)
    exponent = count * logarithm
    near = np.expm1(np.minimum(exponent, 600.0)) / double
    small = Scaled(np.where(double == 0, count, near))
    # (1 + offset)**(terms - 1) times (1 + 1/offset): nothing is lost where the power is large.
    value: Scaled = (Scaled.from_log(exponent) / offset).select((exponent > 600.0) & (double != 0), small)
    return value.select(count > 1, Scaled(count + 0.0 * double))


def _geometric_sum(ratio: Any, terms: Any) -> Scaled:
    return _geometric_sum_from(number(ratio) - 1.0, terms)


def _growth(kappa: Any, j: Any, i: Any) -> Scaled:
    rate, first, last = np.broadcast_arrays(*(np.asarray(_plain(part), dtype=float) for part in (kappa, j, i)))
    total = Scaled(np.ones(rate.shape))
    for m in range(1, int(min(last.max(initial=0.0), HEAD)) + 1):
        total = (total * (number(rate) / m + 1.0)).select((first < m) & (m <= last), total)
    tail = log_growth(rate, np.maximum(first, HEAD), np.maximum(last, HEAD))
    return total * Scaled.from_log(np.where(last > HEAD, tail, 0.0))


def _growth_sum(kappa: Any, i: Any, p: Any, start: Any = 0) -> Scaled:
    rate, last, power, begin = (np.asarray(_plain(part), dtype=float) for part in (kappa, i, p, start))
    if rate.size == 1 and float(rate.reshape(-1)[0]) == 1.0:
        return Scaled(growth_sum_array(rate, last, power, begin))
    exponent, head, tail = growth_sum_parts(rate, last, power, begin)
    total = Scaled(head)
    if not np.isfinite(head).all():
        scaled, total = number(kappa), Scaled(1.0 - begin + np.zeros(head.shape))
        for m in range(1, int(min(last.max(initial=0.0), HEAD)) + 1):
            total = (_power(scaled / m + 1.0, power) * total + 1.0).select(m <= last, total)
    return Scaled.from_log(exponent) * (total + tail)


def _fold(start: float, combine: Callable[[Scaled, Scaled], Scaled]) -> Callable[..., Scaled]:
    def fold(term: Callable[[Any], Any], first: Any, last: Any) -> Scaled:
        low, high = np.broadcast_arrays(np.asarray(_plain(first), dtype=float), np.asarray(_plain(last), dtype=float))
        total = Scaled(np.full(low.shape, start))
        if start == 0.0 and low.size and (high - low).max() > HEAD:
            doubles = np.asarray(sum_over(lambda index: _plain(term(number(index))), low, high))
            if np.isfinite(doubles).all():
                return Scaled(doubles)
        for index in np.arange(low.min(initial=np.inf), high.max(initial=-np.inf) + 1):
            inside = (low <= index) & (index <= high)
            total = combine(total, number(term(number(float(index))))).select(inside, total)
        return total

    return fold


def _cases(*branches: tuple[Callable[[], Any], Callable[[], Any]]) -> Scaled:
    result = Scaled(np.nan)
    for condition, value in reversed(branches):
        result = number(value()).select(condition(), result)
    return result


def _compare(relation: str, left: Any, right: Any) -> Any:
    sign = (number(left) - right).mantissa
    return {"Equality": sign == 0, "Unequality": sign != 0, "LessThan": sign <= 0, "StrictLessThan": sign < 0,
            "GreaterThan": sign >= 0, "StrictGreaterThan": sign > 0}[relation]


def _extreme(largest: bool) -> Callable[..., Scaled]:
    def extreme(*values: Any) -> Scaled:
        result = number(values[0])
        for value in map(number, values[1:]):
            ahead = (result - value).mantissa
            result = result.select(ahead >= 0 if largest else ahead <= 0, value)
        return result

    return extreme


def _absolute(value: Any) -> Scaled:
    value = number(value)
    return Scaled(np.abs(value.mantissa), value.exponent)


def _in_doubles(name: str) -> Callable[..., Scaled]:
    return lambda *values: Scaled(NUMPY_FUNCTIONS[name](*map(_plain, values)))


_OPERATIONS: dict[str, Any] = {
    "number": number, "ratio": lambda p, q: number(p) / number(q), "root": _root, "power": _power, "cases": _cases,
    "roots": lambda values: math.prod(map(_root, values), start=number(1.0)),
    "compare": _compare, "every": lambda parts: np.logical_and.reduce(parts),
    "some": lambda parts: np.logical_or.reduce(parts), "negated": np.logical_not,
    "sum_over": _fold(0.0, lambda x, y: x + y), "product_over": _fold(1.0, lambda x, y: x * y),
    "pi": lambda: Scaled(math.pi), "euler": lambda: Scaled(float(np.euler_gamma))}
_FUNCTIONS: dict[str, Any] = {
    "geometric_sum": _geometric_sum, "geometric_sum_from_one": lambda a, k: _geometric_sum_from(-number(a), k),
    "growth": _growth, "growth_sum": _growth_sum, "exp": _exp, "log": _log, "Max": _extreme(True),
    "Min": _extreme(False), "Abs": _absolute, "tanh": lambda x: Scaled(np.tanh(_plain(x))),
    "erf": lambda x: Scaled(numpy_erf(_plain(x)))}


def scaled_function(expression: sp.Expr, symbols: tuple[sp.Symbol, ...]) -> Callable[..., Array]:
    """A function of arrays of doubles that returns doubles, evaluated with exponents of unlimited range.

    Raises
    ------
    UndecidedError
        If a function is unknown to this arithmetic.
    """
    functions = {**{name: _in_doubles(name) for name in NUMPY_FUNCTIONS}, **_FUNCTIONS}
    function = function_over((expression,), symbols, _OPERATIONS, functions)

    def evaluate(*arrays: Any) -> Array:
        with np.errstate(all="ignore"):
            return number(function(*map(number, arrays))[0]).doubles()

    return evaluate
