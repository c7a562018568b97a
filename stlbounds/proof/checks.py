"""Scalar facts tested by numbers: random admissible points, end points and limits, at 50 digits.

The algebra of a rule is held against arithmetic that knows nothing of it. A check that is undefined at an admissible
point (a division by ``alpha`` at ``alpha = 0``) counts as failed.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import mpmath
import sympy as sp

from stlbounds.compiled import mpmath_function
from stlbounds.growth import growth_sum
from stlbounds.precision import kept
from stlbounds.proof.claim import Check
from stlbounds.proof.quantities import Quantity
from stlbounds.symbols import Range, entry

__all__ = ["failing_point", "sample_points", "values_of"]

DIGITS = 50
_TOLERANCE = mpmath.mpf(10) ** -30
_CORNERS = 64
_RANDOM = 24


def values_of(symbol: sp.Symbol) -> Range:
    """The range of a declared symbol, or that of a dummy by its assumptions."""
    if symbol.is_Dummy:
        low = sp.S.Zero if symbol.is_nonnegative else -sp.oo
        return Range(low, sp.oo, integer=bool(symbol.is_integer))
    return entry(symbol).range


@lru_cache(maxsize=256)
def _integers(allowed: Range, count: int) -> tuple[int, ...]:
    """Up to ``count`` consecutive admissible integers, from the lower end of the range if it has one."""
    if allowed.low.is_finite:
        start = int(sp.ceiling(allowed.low))
    else:
        start = int(sp.floor(allowed.high)) - count if allowed.high.is_finite else -(count // 2)
    return tuple(value for value in range(start, start + count + 1) if allowed.contains(value))[:count]


def _special_values(allowed: Range, far: int) -> list[Any]:
    """End points, their neighbourhoods, and far away values."""
    if allowed.integer:
        near = _integers(allowed, 8)
        return [mpmath.mpf(near[step]) for step in (0, 1, 2, 7) if step < len(near)] + (
            [mpmath.mpf(far)] if allowed.contains(far) else [])
    lowest = allowed.low if allowed.low.is_finite else sp.Min(0, allowed.high) - 1000
    low = mpmath.mpf(str(lowest.n(DIGITS)))
    values = [low + mpmath.mpf(10) ** -12]
    if not allowed.low_open:
        values.append(low)
    if allowed.high.is_finite:
        high = mpmath.mpf(str(allowed.high.n(DIGITS)))
        values += [low + (high - low) / 3, high - mpmath.mpf(10) ** -12] + ([] if allowed.high_open else [high])
    else:
        # 1 is where loop gains change regime; large values stand for the limit.
        values += [low + mpmath.mpf(1) / 3, mpmath.mpf(1) if low < 1 else low + 1, max(low, mpmath.mpf(0)) + 1000]
    return values


def _random_value(allowed: Range, rng: random.Random, largest: int = 40) -> Any:
    if allowed.integer:
        near = _integers(allowed, largest)
        return mpmath.mpf(rng.choice((rng.choice(near[:4]), rng.choice(near))))
    if allowed.low.is_finite and allowed.high.is_finite:
        low, high = float(allowed.low), float(allowed.high)
        return mpmath.mpf(low + (high - low) * (0.001 + 0.998 * rng.random()))
    step = 10 ** rng.uniform(-3, 2)
    if allowed.low.is_finite:
        return mpmath.mpf(float(allowed.low) + step)
    return mpmath.mpf(float(allowed.high) - step if allowed.high.is_finite else rng.choice((step, -step)))


def sample_points(symbols: list[sp.Symbol], rng: random.Random, far: int = 7) -> Iterator[tuple[Any, ...]]:
    """Admissible values for ``symbols``: corners of the ranges (all, or a random choice), then random points.

    Parameters
    ----------
    symbols : list of sympy.Symbol
        What to choose values for.
    rng : random.Random
        Source of the random ones.
    far : int
        An integer that stands for the limit of integer symbols.
    """
    special = [_special_values(values_of(symbol), far) for symbol in symbols]
    count = 1
    for values in special:
        count *= len(values)
    if count <= _CORNERS:
        yield from itertools.product(*special)
    else:
        for _ in range(_CORNERS):
            yield tuple(rng.choice(values) for values in special)
    for _ in range(_RANDOM):
        yield tuple(_random_value(values_of(symbol), rng, min(far, 40)) for symbol in symbols)


def _depth(expression: sp.Basic) -> int:
    """How many sums and products over generations are nested in an expression."""
    inner = max((_depth(argument) for argument in expression.args), default=0)
    return inner + isinstance(expression, (sp.Sum, sp.Product, growth_sum))


def failing_point(check: Check, seed: int = 0) -> dict[str, Any] | None:
    """A point at which the check fails or is undefined, with the values of both sides; None if there is none.

    Parameters
    ----------
    check : Check
        The scalar fact; quantities in it stand for arbitrary nonnegative numbers.
    seed : int
        Seed of the random points.
    """
    pair = sp.Tuple(check.lhs, check.rhs)
    free = {quantity: sp.Dummy("q", nonnegative=True) for quantity in pair.atoms(Quantity)}
    lhs, rhs = pair.xreplace(free)
    if lhs == rhs:
        return None
    symbols = sorted(lhs.free_symbols | rhs.free_symbols, key=lambda s: (s.name, str(s)))
    left, right = (mpmath_function(side, tuple(symbols)) for side in (lhs, rhs))
    with kept(mpmath.workdps(DIGITS)):
        # Sums are added term by term, so that their limits must stay near.
        far = (10**6, 30, 30)[depth] if (depth := _depth(pair)) < 3 else 9
        for point in sample_points(symbols, random.Random(seed), far):
            try:
                below, above = mpmath.mpf(left(*point)), mpmath.mpf(right(*point))
                fine = not (mpmath.isnan(below) or mpmath.isnan(above))
            except (ZeroDivisionError, ValueError, TypeError, OverflowError):
                below = above = mpmath.nan
                fine = False
            slack = _TOLERANCE * max(abs(below), abs(above), _TOLERANCE) if fine else 0
            holds = fine and (below <= above + slack if check.relation == "<=" else abs(below - above) <= slack)
            if not holds:
                shown = {str(symbol): mpmath.nstr(value, 6) for symbol, value in zip(symbols, point, strict=True)}
                return {**shown, "left side": mpmath.nstr(below, 12), "right side": mpmath.nstr(above, 12)}
    return None
