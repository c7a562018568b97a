"""Where an inequality is meant to hold: ranges with rational or infinite end points, some of integers only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import mpmath
import sympy as sp

from stlbounds.errors import InvalidArgumentError, SymbolError
from stlbounds.interval.arithmetic import Arithmetic, Interval
from stlbounds.symbols import Range, entry, exact, known

__all__ = ["Box", "Point", "box_of", "infinite", "nearest", "shown"]

End = Fraction | float
Point = dict[sp.Symbol, sp.Rational]


def infinite(end: End) -> bool:
    """Whether an end point is infinite; a rational may be beyond doubles, where `math.isinf` raises."""
    return isinstance(end, float) and math.isinf(end)


def nearest(value: End) -> float:
    """The nearest double, infinite beyond the largest one."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def shown(value: End) -> str:
    """Six digits of a number, for messages."""
    if infinite(value) or abs(nearest(value)) < math.inf:
        return f"{float(value):.6g}"
    number = Fraction(value)
    return str(mpmath.nstr(mpmath.mpf(number.numerator) / number.denominator, 6))


def _magnitude(value: Fraction) -> int:
    """``k`` with ``2**(k-1) < value < 2**(k+1)``."""
    return value.numerator.bit_length() - value.denominator.bit_length()


@dataclass(frozen=True)
class Box:
    """Ranges of some symbols.

    Parameters
    ----------
    symbols : tuple of sympy.Symbol
        The variables.
    low, high : tuple
        Closed end points, rational or infinite.
    integer : tuple of bool
        Which variables are integers.
    excluded : tuple of tuple, optional
        For each variable the end points that do not belong to its range.
    """

    symbols: tuple[sp.Symbol, ...]
    low: tuple[End, ...]
    high: tuple[End, ...]
    integer: tuple[bool, ...]
    excluded: tuple[tuple[End, ...], ...] = ()

    def admits(self, point: Iterable[End]) -> bool:
        """Whether a point of the closed box is no excluded end of a range."""
        return not any(value in ends for value, ends in zip(point, self.excluded, strict=False))

    @property
    def active(self) -> tuple[int, ...]:
        """Positions of the variables that are not fixed."""
        return tuple(place for place, (a, b) in enumerate(zip(self.low, self.high, strict=True)) if a != b)

    @property
    def bounded(self) -> bool:
        """Whether every range is finite."""
        return not any(map(infinite, (*self.low, *self.high)))

    def onto(self, symbols: Iterable[sp.Symbol]) -> Box:
        """The same ranges for some of the variables."""
        kept = set(symbols)
        places = [place for place, symbol in enumerate(self.symbols) if symbol in kept]
        return Box(tuple(self.symbols[place] for place in places), tuple(self.low[place] for place in places),
                   tuple(self.high[place] for place in places), tuple(self.integer[place] for place in places),
                   tuple(self.excluded[place] for place in places) if self.excluded else ())

    def intervals(self, arithmetic: Arithmetic) -> list[Interval]:
        """The ranges as intervals, rounded outwards."""
        found = []
        for a, b in zip(self.low, self.high, strict=True):
            if a == b:
                found.append(arithmetic.number(a))  # type: ignore[arg-type]  # equal ends are finite
            else:
                found.append(arithmetic.interval(a, b))
        return found

    def fixed(self, place: int, value: End) -> Box:
        """The face on which one variable has a value."""
        return self.narrowed(place, value, value)

    def narrowed(self, place: int, low: End, high: End) -> Box:
        """The part in which one variable has another range."""
        return replace(self, low=(*self.low[:place], low, *self.low[place + 1:]),
                       high=(*self.high[:place], high, *self.high[place + 1:]))

    def split(self, place: int, at: Fraction) -> tuple[Box, Box]:
        """The parts below and above a value; integers at the value itself belong to the lower part."""
        if self.integer[place]:
            whole = math.floor(at)
            return (self.narrowed(place, self.low[place], Fraction(whole)),
                    self.narrowed(place, Fraction(whole + 1), self.high[place]))
        return self.narrowed(place, self.low[place], at), self.narrowed(place, at, self.high[place])

    def middle(self, place: int) -> Fraction:
        """Where to split a range: in the middle, on a scale that suits its end points; an integer for integers."""
        low, high = self.low[place], self.high[place]
        if infinite(low) or infinite(high):
            if infinite(low) and infinite(high):
                return Fraction(0)
            finite, direction = (low, 1) if infinite(high) else (high, -1)
            whole = Fraction(finite)
            return whole + direction * (abs(whole) * 3 + 1)
        low, high = Fraction(low), Fraction(high)
        if low > 0 and high > 16 * low:
            root = math.sqrt(nearest(low)) * math.sqrt(nearest(high))
            # Beyond doubles a power of two will do.
            middle = Fraction(root) if low < root < high else Fraction(2) ** ((_magnitude(low) + _magnitude(high)) // 2)
        else:
            middle = (low + high) / 2
            # Short fractions: the middle of the box need not be exact.
            short = nearest(middle)
            middle = Fraction(short) if low < short < high else middle
        return Fraction(math.floor(middle)) if self.integer[place] else middle

    def center(self) -> tuple[Fraction, ...]:
        """A point inside, of the right kinds of numbers."""
        return tuple(Fraction(a) if a == b else self.middle(place)
                     for place, (a, b) in enumerate(zip(self.low, self.high, strict=True)))

    def point(self, values: Iterable[Fraction]) -> Point:
        """Values of the variables as SymPy rationals."""
        return {symbol: sp.Rational(value.numerator, value.denominator)
                for symbol, value in zip(self.symbols, values, strict=True)}

    def __str__(self) -> str:
        parts = []
        for symbol, a, b, whole in zip(self.symbols, self.low, self.high, self.integer, strict=True):
            parts.append(f"{symbol} = {a}" if a == b else f"{symbol} in [{a}, {b}]" + (" (integers)" if whole else ""))
        return ", ".join(parts) or "no variables"


def _end(name: str, value: Any) -> End:
    if isinstance(value, str):
        raise InvalidArgumentError(name, repr(value), "a number, or a pair of numbers")
    if getattr(value, "size", 1) != 1:
        raise InvalidArgumentError(name, value, "a number, or a pair of numbers", "arrays are for enclose_grid")
    # A signalling NaN among decimals is compared with nothing.
    if not isinstance(value, Decimal) and value in (math.inf, -math.inf, sp.oo, -sp.oo):
        return math.inf if value > 0 else -math.inf
    found = exact(name, value.item() if hasattr(value, "item") else value)
    if not found.is_Rational:
        raise InvalidArgumentError(name, value, "a rational number, or an infinity", "end points must be exact")
    return Fraction(int(found.p), int(found.q))


def _declared(symbol: sp.Symbol) -> Range:
    """The declared range of a symbol, or what SymPy's assumptions say of one that is not declared."""
    try:
        return entry(symbol).range
    except SymbolError:
        low = 1 if symbol.is_integer and symbol.is_positive else 0 if symbol.is_nonnegative else -sp.oo
        return Range(sp.S(low), sp.oo, integer=bool(symbol.is_integer))


def box_of(symbols: Iterable[sp.Symbol], domain: Mapping[Any, Any] | None = None) -> Box:
    """The box that a user describes.

    Parameters
    ----------
    symbols : iterable of sympy.Symbol
        The variables.
    domain : mapping, optional
        By symbol or name: a number, a pair of end points, or a `stlbounds.symbols.Range`. Other variables keep their
        declared ranges.

    Raises
    ------
    InvalidArgumentError
        If a range is empty, outside the declared one, or no range.
    SymbolError
        If the domain names a symbol that does not occur.
    """
    ordered = tuple(sorted(set(symbols), key=lambda symbol: (str(symbol), symbol.sort_key())))
    given: dict[str, Any] = {}
    for key, value in (domain or {}).items():
        name = str(key)
        if not any(symbol.name == name for symbol in ordered) and name not in known():
            names = ", ".join(symbol.name for symbol in ordered)
            raise SymbolError(f"{name} does not occur here; the symbols are {names}")
        given[name] = value
    low, high, integer, excluded = [], [], [], []
    for symbol in ordered:
        allowed = _declared(symbol)
        bounds = _end(symbol.name, allowed.low), _end(symbol.name, allowed.high)
        ends = _ends(symbol, given[symbol.name]) if symbol.name in given else bounds
        whole = allowed.integer or bool(symbol.is_integer)
        if whole:
            ends = (ends[0] if infinite(ends[0]) else Fraction(math.ceil(ends[0])),
                    ends[1] if infinite(ends[1]) else Fraction(math.floor(ends[1])))
        outside = ends[0] < bounds[0] or ends[1] > bounds[1]
        at_open = (ends[0] == ends[1]) and ((allowed.low_open and ends[0] == bounds[0])
                                            or (allowed.high_open and ends[0] == bounds[1]))
        if outside or at_open or ends[0] > ends[1] or (infinite(ends[0]) and ends[0] > 0):
            raise InvalidArgumentError(symbol.name, given.get(symbol.name),
                                       f"a nonempty range {str(allowed).removeprefix('an integer ')}")
        low.append(ends[0])
        high.append(ends[1])
        integer.append(whole)
        asked = given.get(symbol.name)
        left, right = (asked.low_open, asked.high_open) if isinstance(asked, Range) else (False, False)
        excluded.append(tuple(end for end, outside in (
            (ends[0], left or (allowed.low_open and ends[0] == bounds[0])),
            (ends[1], right or (allowed.high_open and ends[1] == bounds[1]))) if outside))
    return Box(ordered, tuple(low), tuple(high), tuple(integer), tuple(excluded))


def _ends(symbol: sp.Symbol, value: Any) -> tuple[End, End]:
    if isinstance(value, Range):
        return _end(symbol.name, value.low), _end(symbol.name, value.high)
    if isinstance(value, range):
        if value.step != 1 or not len(value):
            raise InvalidArgumentError(symbol.name, value, "a nonempty range of consecutive integers")
        return Fraction(value.start), Fraction(value.stop - 1)
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise InvalidArgumentError(symbol.name, value, "a number, or a pair of end points")
        return _end(symbol.name, value[0]), _end(symbol.name, value[1])
    end = _end(symbol.name, value)
    return end, end
