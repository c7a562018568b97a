"""Ties inside a range: a function of one variable that touches 0 and is convex around the point where it does."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from stlbounds.compiled import mpmath_function
from stlbounds.errors import StlboundsError
from stlbounds.interval.arithmetic import Arithmetic
from stlbounds.interval.bounding import filled, lower_bound
from stlbounds.interval.domain import Box, nearest
from stlbounds.interval.search import Cuts, cover_holds, prove_nonnegative
from stlbounds.interval.tape import compiled

__all__ = ["Tie", "find_tie", "least_face", "tie_holds"]


@dataclass(frozen=True)
class Tie:
    """Why a function of one variable that is 0 at ``at`` is nonnegative.

    Parameters
    ----------
    at : Fraction
        Where value and derivative are exactly 0.
    low, high : Fraction
        The neighbourhood in which the second derivative is nonnegative.
    below, above : tuple or None
        Subdivisions of the rest of the range on either side; None where there is no rest.
    """

    at: Fraction
    low: Fraction
    high: Fraction
    below: Cuts | None
    above: Cuts | None


def least_face(expression: sp.Expr, box: Box, arithmetic: Arithmetic) -> Box:
    """The face of a box that monotonicity leaves for the least value."""
    with arithmetic.working():
        return lower_bound(compiled(expression, box.symbols), arithmetic, box).face


def _vanishes(expression: sp.Expr, symbol: sp.Symbol, at: Fraction) -> bool:
    value = expression.xreplace({symbol: sp.Rational(at.numerator, at.denominator)})
    if value.has(sp.nan, sp.zoo, sp.oo):
        return False
    # `expand` merges logarithms and powers of one another only in part; log(x) and exp(0) are evaluated at once.
    return bool(sp.expand(sp.expand_log(value, force=False)) == 0)


def _convex(expression: sp.Expr, box: Box, arithmetic: Arithmetic) -> bool:
    place = box.active[0]
    symbol = box.symbols[place]
    second = sp.diff(expression, symbol, 2)
    with arithmetic.working():
        return bool(lower_bound(compiled(second, box.symbols), arithmetic, box).low >= 0)


def tie_holds(expression: sp.Expr, box: Box, tie: Tie, arithmetic: Arithmetic) -> bool:
    """Check a tie on the face of least values: exact zeros, convexity around them, and subdivisions beside them."""
    box = least_face(expression, box, arithmetic)
    if len(box.active) != 1:
        return False
    place = box.active[0]
    symbol, low, high = box.symbols[place], box.low[place], box.high[place]
    fixed = {other: value for spot, (other, value) in enumerate(box.point(box.center()).items()) if spot != place}
    function = filled(expression, fixed)
    if not low <= tie.low <= tie.at <= tie.high <= high:
        return False
    if not (_vanishes(function, symbol, tie.at) and _vanishes(sp.diff(function, symbol), symbol, tie.at)):
        return False
    if not _convex(expression, box.narrowed(place, tie.low, tie.high), arithmetic):
        return False
    for a, b, cuts in ((low, tie.low, tie.below), (tie.high, high, tie.above)):
        if a < b and (cuts is None or not cover_holds(expression, box.narrowed(place, a, b), cuts, arithmetic)):
            return False
    return True


def find_tie(expression: sp.Expr, box: Box, arithmetic: Arithmetic, deadline: float = math.inf) -> Tie | None:
    """A tie that proves ``expression >= 0``, or None."""
    if len(box.active) != 1 or not box.bounded or box.integer[box.active[0]]:
        return None
    place = box.active[0]
    symbol, low, high = box.symbols[place], Fraction(box.low[place]), Fraction(box.high[place])
    fixed = {other: value for spot, (other, value) in enumerate(box.point(box.center()).items()) if spot != place}
    function = filled(expression, fixed)
    at = _touching(function, symbol, low, high)
    if at is None:
        return None
    try:
        width = high - low
        while width > (high - low) / 2**20 and time.perf_counter() < deadline:
            near = max(low, at - width), min(high, at + width)
            if _convex(expression, box.narrowed(place, *near), arithmetic):
                break
            width /= 2
        else:
            return None
        sides: list[Cuts | None] = []
        for a, b in ((low, near[0]), (near[1], high)):
            if a >= b:
                sides.append(None)
                continue
            cover = prove_nonnegative(expression, box.narrowed(place, a, b), arithmetic, deadline=deadline)
            if cover.cuts is None:
                return None
            sides.append(cover.cuts)
    except StlboundsError:
        return None
    return Tie(at, near[0], near[1], sides[0], sides[1])


def _touching(function: sp.Expr, symbol: sp.Symbol, low: Fraction, high: Fraction) -> Fraction | None:
    """A rational point of a range with short numerator and denominator at which value and derivative vanish exactly."""
    if function.has(sp.nan, sp.zoo, sp.oo):
        return None
    slope = sp.diff(function, symbol)
    if slope.has(sp.nan, sp.zoo, sp.oo):
        return None
    value = mpmath_function(function, (symbol,))
    best, where = math.inf, None
    start, length, count = nearest(low), nearest(high - low), 64
    if math.isinf(start) or math.isinf(length):
        return None
    for step in range(count + 1):
        x = start + length * step / count
        try:
            size = float(abs(value(x)))
        except (ValueError, ZeroDivisionError, OverflowError, TypeError, NameError):
            continue
        if size < best:
            best, where = size, x
    if where is None:
        return None
    steepness = mpmath_function(slope, (symbol,))
    left, right = max(start, where - length / count), min(start + length, where + length / count)
    try:
        for _ in range(60):
            middle = (left + right) / 2
            if steepness(middle) < 0:
                left = middle
            else:
                right = middle
    except (ValueError, ZeroDivisionError, OverflowError, TypeError, NameError):
        return None
    for limit in (1, 10, 100, 1000, 10**4):
        guess = Fraction((left + right) / 2).limit_denominator(limit)
        if low <= guess <= high and _vanishes(slope, symbol, guess) and _vanishes(function, symbol, guess):
            return guess
    return None
