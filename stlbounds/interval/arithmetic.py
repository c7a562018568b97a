"""Interval arithmetic on pairs of end points, over any kind of number that can be rounded down and up.

An interval ``(low, high)`` contains every value that it stands for; ``-oo`` and ``oo`` as end points mean "no bound".
Monotone functions are taken at the end points, so that one operation is never wider than its true range (up to
rounding). What is undefined at a point of the operand counts as arbitrary.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from fractions import Fraction
from typing import Any, ClassVar, Literal

from stlbounds.errors import InvalidArgumentError, MissingDependencyError

__all__ = ["Arithmetic", "Interval", "Name", "arithmetic"]

Interval = tuple[Any, Any]
Name = Literal["arb", "mpmath"]

#: Beyond this argument, exponentials count as unbounded (or as 0): far outside of what a double holds.
_LARGEST_EXPONENT = 2**30


class Arithmetic(ABC):
    """Numbers with directed rounding, and intervals of them.

    Parameters
    ----------
    bits : int
        Working precision.
    """

    name: ClassVar[str]
    zero: Any
    one: Any
    inf: Any
    minus_inf: Any

    def __init__(self, bits: int) -> None:
        self.bits = bits
        #: What steps remember from one call to the next.
        self.memory: dict[Any, Any] = {}

    # --- what a kind of number has to provide -------------------------------------------------------------

    @abstractmethod
    def working(self) -> AbstractContextManager[Any]:
        """The context in which the other methods may be called."""

    @abstractmethod
    def number(self, value: Fraction | int) -> Interval:
        """The narrowest interval around an exact rational."""

    @abstractmethod
    def exact(self, value: Any) -> Fraction | float:
        """A number as a rational, or an infinity."""

    @abstractmethod
    def point(self, name: str, *values: Any) -> Interval:
        """An enclosure of the named function at exact finite numbers inside its domain."""

    @abstractmethod
    def add_down(self, x: Any, y: Any) -> Any:
        """A number at most ``x + y``."""

    @abstractmethod
    def add_up(self, x: Any, y: Any) -> Any:
        """A number at least ``x + y``."""

    @abstractmethod
    def mul_down(self, x: Any, y: Any) -> Any:
        """A number at most ``x * y``, where ``0 * oo = 0``."""

    @abstractmethod
    def mul_up(self, x: Any, y: Any) -> Any:
        """A number at least ``x * y``, where ``0 * oo = 0``."""

    @abstractmethod
    def inverse_down(self, x: Any) -> Any:
        """A number at most ``1/x``, for ``x != 0``."""

    @abstractmethod
    def inverse_up(self, x: Any) -> Any:
        """A number at least ``1/x``, for ``x != 0``."""

    # --- intervals ----------------------------------------------------------------------------------------

    @property
    def everything(self) -> Interval:
        """The whole line."""
        return self.minus_inf, self.inf

    def interval(self, low: Fraction | float, high: Fraction | float) -> Interval:
        """The narrowest interval around an interval with rational or infinite end points."""
        below = self.minus_inf if low == -math.inf else self.number(Fraction(low))[0]
        above = self.inf if high == math.inf else self.number(Fraction(high))[1]
        return below, above

    def add(self, x: Interval, y: Interval) -> Interval:
        """``x + y``."""
        return self.add_down(x[0], y[0]), self.add_up(x[1], y[1])

    def negate(self, x: Interval) -> Interval:
        """``-x``."""
        return -x[1], -x[0]

    def subtract(self, x: Interval, y: Interval) -> Interval:
        """``x - y``."""
        return self.add_down(x[0], -y[1]), self.add_up(x[1], -y[0])

    def multiply(self, x: Interval, y: Interval) -> Interval:
        """``x * y``."""
        (a, b), (c, d) = x, y
        if a >= 0:
            if c >= 0:
                return self.mul_down(a, c), self.mul_up(b, d)
            if d <= 0:
                return self.mul_down(b, c), self.mul_up(a, d)
            return self.mul_down(b, c), self.mul_up(b, d)
        if b <= 0:
            if c >= 0:
                return self.mul_down(a, d), self.mul_up(b, c)
            if d <= 0:
                return self.mul_down(b, d), self.mul_up(a, c)
            return self.mul_down(a, d), self.mul_up(a, c)
        if c >= 0:
            return self.mul_down(a, d), self.mul_up(b, d)
        if d <= 0:
            return self.mul_down(b, c), self.mul_up(a, c)
        return (min(self.mul_down(a, d), self.mul_down(b, c)), max(self.mul_up(a, c), self.mul_up(b, d)))

    def inverse(self, x: Interval) -> Interval:
        """``1/x``."""
        low, high = x
        if low > 0 or high < 0:
            return self.inverse_down(high), self.inverse_up(low)
        if low == 0 and high > 0:
            return self.inverse_down(high), self.inf
        if high == 0 and low < 0:
            return self.minus_inf, self.inverse_up(low)
        return self.everything

    def hull(self, *parts: Interval) -> Interval:
        """The smallest interval around all parts."""
        return min(part[0] for part in parts), max(part[1] for part in parts)

    def meet(self, x: Interval, y: Interval) -> Interval:
        """The intersection of two enclosures of the same values."""
        return max(x[0], y[0]), min(x[1], y[1])

    def power_integer(self, x: Interval, exponent: int) -> Interval:
        """``x**exponent`` for an integer exponent."""
        if exponent == 0:
            return self.one, self.one
        if exponent < 0:
            return self.inverse(self.power_integer(x, -exponent))
        low, high = x
        if low >= 0:
            return self._power(low, exponent, self.mul_down), self._power(high, exponent, self.mul_up)
        if exponent % 2:
            bottom = -self._power(-low, exponent, self.mul_up)
            if high >= 0:
                return bottom, self._power(high, exponent, self.mul_up)
            return bottom, -self._power(-high, exponent, self.mul_down)
        if high <= 0:
            return self._power(-high, exponent, self.mul_down), self._power(-low, exponent, self.mul_up)
        return self.zero, self._power(max(-low, high), exponent, self.mul_up)

    def _power(self, x: Any, exponent: int, multiply: Any) -> Any:
        """A power of a nonnegative number by squaring, every product rounded the same way."""
        result, square = None, x
        while True:
            if exponent & 1:
                result = square if result is None else multiply(result, square)
            exponent >>= 1
            if not exponent:
                return result
            square = multiply(square, square)

    def sqrt(self, x: Interval) -> Interval:
        """The root of the nonnegative part of ``x``."""
        low, high = x
        if high < 0:
            return self.everything
        return (self.point("sqrt", low)[0] if low > 0 else self.zero,
                self.inf if high == self.inf else self.point("sqrt", high)[1] if high > 0 else self.zero)

    def log(self, x: Interval) -> Interval:
        """The logarithm of the positive part of ``x``."""
        low, high = x
        if high <= 0:
            return self.everything
        return (self.point("log", low)[0] if low > 0 else self.minus_inf,
                self.inf if high == self.inf else self.point("log", high)[1])

    def exp(self, x: Interval) -> Interval:
        """The exponential."""
        low, high = x
        if low < -_LARGEST_EXPONENT:
            below = self.zero
        else:
            below = self.point("exp", low if low < _LARGEST_EXPONENT else self.number(_LARGEST_EXPONENT)[0])[0]
        if high > _LARGEST_EXPONENT:
            return below, self.inf
        return below, self.point("exp", max(high, self.number(-_LARGEST_EXPONENT)[1]))[1]

    def sigmoid(self, name: str, x: Interval) -> Interval:
        """``tanh`` or ``erf``: increasing, odd, with values between -1 and 1."""
        low, high = (max(min(end, self.number(_LARGEST_EXPONENT)[0]), self.number(-_LARGEST_EXPONENT)[0]) for end in x)
        return max(self.point(name, low)[0], -self.one), min(self.point(name, high)[1], self.one)

    def power(self, x: Interval, y: Interval) -> Interval:
        """``x**y`` for the nonnegative part of ``x``, with ``0**0 = 1``."""
        low, high = x
        if high < 0:
            return self.everything
        if high == 0:
            # 0**0 = 1, 0**y = 0 for y > 0, and nothing below.
            if y[0] < 0:
                return self.everything
            return (self.zero if y[1] > 0 else self.one), (self.one if y[0] == 0 else self.zero)
        return self.exp(self.multiply(y, self.log((max(low, self.zero), high))))

    def is_point(self, x: Interval) -> bool:
        """Whether the interval is one number."""
        return bool(x[0] == x[1])

    def midpoint(self, x: Interval) -> Fraction:
        """A rational inside a bounded interval."""
        low, high = (Fraction(self.exact(end)) for end in x)
        return (low + high) / 2


def arithmetic(name: Name | None = None, bits: int = 96) -> Arithmetic:
    """The arithmetic of that name; by default Arb's where python-flint is installed, and mpmath's otherwise.

    Raises
    ------
    InvalidArgumentError
        If the name is unknown or `bits` is out of range.
    MissingDependencyError
        If Arb is asked for and not installed.
    """
    if not isinstance(bits, int) or not 24 <= bits <= 400_000:
        raise InvalidArgumentError("bits", bits, "an integer in [24, 400000]")
    if name not in (None, "arb", "mpmath"):
        raise InvalidArgumentError("arithmetic", repr(name), "'arb' or 'mpmath'")
    if name != "mpmath":
        try:
            from stlbounds.interval.arb_arithmetic import ArbArithmetic
        except ImportError as error:
            if name == "arb":
                raise MissingDependencyError("Arb needs python-flint: pip install 'stlbounds[fast]'") from error
        else:
            return ArbArithmetic(bits)
    from stlbounds.interval.mpmath_arithmetic import MpmathArithmetic

    return MpmathArithmetic(bits)
