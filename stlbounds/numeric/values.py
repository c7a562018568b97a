"""Values for the symbols of an expression: complete, known, within their ranges."""

from __future__ import annotations

import math
import numbers
import reprlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy as sp

from stlbounds.errors import InvalidArgumentError, SymbolError, near_misses
from stlbounds.symbols import entry, exact

__all__ = ["checked_names", "exact_values", "float_arrays", "plain", "point_values", "rounded_entries"]

#: Entries that are looked at together, while they are in the cache.
_PASS = 1 << 16
_NO_NUMBERS = (str, bytes, bool, np.bool_)
_PLAIN = frozenset({int, float, np.float64, np.float32, np.int64, np.int32})


def checked_names(values: Mapping[str, Any], needed: Iterable[sp.Symbol], allowed: Iterable[sp.Symbol] = ()) -> None:
    """Refuse values that are missing or for symbols that do not occur.

    Raises
    ------
    InvalidArgumentError
        Naming what is missing.
    SymbolError
        Naming what is unknown or does not occur, with the nearest known name.
    """
    wanted = [symbol.name for symbol in needed]
    accepted = {*wanted, *(symbol.name for symbol in allowed)}
    for name in values:
        if name not in accepted:
            hint = near_misses(name, accepted)
            raise SymbolError(f"{name} does not occur here; the symbols are {', '.join(sorted(accepted))}"
                              f"{'; ' if hint else ''}{hint}")
    missing = [name for name in wanted if name not in values]
    if missing:
        raise InvalidArgumentError(", ".join(missing), "missing", "given",
                                   "; ".join(f"{name} is {entry(name).meaning}" for name in missing))


def _doubles(value: Any) -> npt.NDArray[np.float64]:
    """The value as doubles; NumPy alone would read text, count truth values, and drop imaginary parts."""
    if np.ma.is_masked(value):
        raise TypeError("NumPy would count what is masked")
    given = np.asarray(value)
    if given.dtype.kind not in "iufO":
        raise TypeError(f"{given.dtype} is no type of real numbers")
    if given.dtype.kind == "O" and any(isinstance(entry, _NO_NUMBERS) for entry in given.flat):
        raise TypeError("text and truth values are no real numbers")
    return given.astype(float, copy=False)


def _surely_fine(array: npt.NDArray[np.float64], name: str) -> bool:
    """Whether all values are within a range, decided from the extremes, while a part of the array is in the cache."""
    low, high, low_open, high_open, integer = _limits(name)
    if not array.size:
        return True
    flat = array.reshape(-1)
    whole, same = np.empty(min(_PASS, flat.size)), np.empty(min(_PASS, flat.size), dtype=bool)
    for start in range(0, flat.size, _PASS):
        part = flat[start:start + _PASS]
        least, most = float(part.min()), float(part.max())
        # A comparison with NaN, which the extremes pass on, is false.
        inside = (least > low if low_open else least >= low) and (most < high if high_open else most <= high)
        if not inside or most == math.inf or least == -math.inf:
            return False
        if integer and not np.equal(np.floor(part, whole[:part.size]), part, same[:part.size]).all():
            return False
    return True


def float_arrays(values: Mapping[str, Any]) -> dict[str, npt.NDArray[np.float64]]:
    """The values as arrays of doubles that broadcast against each other, each within the range of its symbol.

    Raises
    ------
    InvalidArgumentError
        If a value is no number, NaN, outside its range, or the shapes do not broadcast.
    """
    arrays: dict[str, npt.NDArray[np.float64]] = {}
    for name, value in values.items():
        allowed = entry(name).range
        try:
            array = _doubles(value)
        except (TypeError, ValueError, OverflowError) as error:
            hint = ("doubles end at 1.8e308: evaluate one point with digits=, or enclose it"
                    if isinstance(error, OverflowError) else
                    "give a number or an array of numbers, no text and none masked")
            raise InvalidArgumentError(name, reprlib.repr(value), str(allowed), hint) from error
        if not _surely_fine(array, name):
            low, high = float(allowed.low), float(allowed.high)
            fine = np.isfinite(array)
            fine &= (array > low) if allowed.low_open else (array >= low)
            fine &= (array < high) if allowed.high_open else (array <= high)
            if allowed.integer:
                fine &= array == np.floor(array)
            if not fine.all():
                raise InvalidArgumentError(name, array[~fine].flat[0] if array.ndim else value, str(allowed),
                                           f"it is {entry(name).meaning}")
        arrays[name] = array
    try:
        np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError as error:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items() if array.ndim)
        raise InvalidArgumentError("shapes", shapes, "shapes that broadcast against each other",
                                   "add axes with numpy.newaxis, or use numpy.ix_") from error
    return arrays


def rounded_entries(values: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.float64]]) -> dict[str, Any]:
    """By name, the exact entries of arrays of which some are no doubles: `Fraction`, or None for one that is.

    Parameters
    ----------
    values : mapping
        Which `float_arrays` accepts.
    arrays : mapping
        What it makes of them.

    Raises
    ------
    InvalidArgumentError
        If an entry is no rational number.
    """
    found = {}
    for name, value in values.items():
        given = np.asarray(value)
        if given.dtype.kind == "f" and given.dtype.itemsize <= arrays[name].dtype.itemsize:
            continue
        if given.dtype.kind in "iu" and float(np.max(np.abs(arrays[name]), initial=0.0)) < 2.0**53:
            continue
        pairs = zip(given.flat, arrays[name].flat, strict=True)
        entries = np.array([None, *(_rounded(name, entry, double) for entry, double in pairs)], dtype=object)[1:]
        if any(entry is not None for entry in entries):
            found[name] = entries.reshape(given.shape)
    return found


def _rounded(name: str, entry: Any, double: np.float64) -> Fraction | None:
    """The entry, if it is not the double that it was rounded to."""
    if isinstance(entry, (np.floating, float)):
        exactly = Fraction(*entry.as_integer_ratio())
    elif isinstance(entry, (numbers.Rational, Decimal)):
        exactly = Fraction(entry)
    else:
        number = sp.S(entry)
        if not (number.is_Rational or number.is_Float):
            raise InvalidArgumentError(name, entry, "a rational number", "give it as a double: float(...)")
        ratio = sp.Rational(number)
        exactly = Fraction(int(ratio.p), int(ratio.q))
    return None if exactly == Fraction(float(double)) else exactly


@lru_cache(maxsize=512)
def _limits(name: str) -> tuple[float, float, bool, bool, bool]:
    """The range of a symbol in plain Python."""
    allowed = entry(name).range
    return float(allowed.low), float(allowed.high), allowed.low_open, allowed.high_open, allowed.integer


def point_values(values: Mapping[str, Any], symbols: tuple[sp.Symbol, ...]) -> list[float] | None:
    """The values of exactly these symbols as Python floats, if all are numbers within their ranges; else None.

    The short way for one point: whatever is unusual is left to `checked_names` and `float_arrays`.
    """
    if len(values) != len(symbols):
        return None
    found = []
    for symbol in symbols:
        value: Any = values.get(symbol.name)
        if type(value) not in _PLAIN:
            return None
        low, high, low_open, high_open, integer = _limits(symbol.name)
        try:
            number = float(value)
        except OverflowError:
            return None
        above = number > low if low_open else number >= low
        below = number < high if high_open else number <= high
        if not (above and below) or number == math.inf or (integer and number != math.floor(number)):
            return None
        found.append(number)
    return found


def exact_values(values: Mapping[str, Any]) -> dict[sp.Symbol, sp.Rational]:
    """The values as exact rationals by symbol; a float counts as the decimal number that it prints as.

    Raises
    ------
    InvalidArgumentError
        If a value is no finite number or outside its range.
    """
    found: dict[sp.Symbol, sp.Rational] = {}
    for name, value in values.items():
        plainly = type(value) is int or type(value) is float
        symbol, number = _exact_number(name, type(value) is float, value) if plainly else _exactly(name, value)
        found[symbol] = number
    return found


def _exactly(name: str, value: Any) -> tuple[sp.Symbol, sp.Rational]:
    known = entry(name)
    number = exact(name, value.item() if isinstance(value, np.generic) else value)
    if not number.is_Rational or not known.range.contains(number):
        raise InvalidArgumentError(name, value, str(known.range), f"it is {known.meaning}")
    return known.symbol, number


@lru_cache(maxsize=4096)
def _exact_number(name: str, is_float: bool, value: float) -> tuple[sp.Symbol, sp.Rational]:
    """`_exactly` of a number that was perhaps given before; 1 and 1.0 would be one key without their types."""
    return _exactly(name, value)


def plain(number: sp.Rational) -> int | Fraction:
    """A SymPy rational as a Python number."""
    return int(number) if number.is_Integer else Fraction(int(number.p), int(number.q))
