"""Ties on a face of a box: values that are exactly 0, which enclosures with rounding cannot tell from negative ones."""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from stlbounds.interval.bounding import Lower, exact_sign, filled
from stlbounds.interval.domain import Point
from stlbounds.special import geometric_sum

__all__ = ["nonnegative_face"]

#: Only values this close to 0 are worth the algebra.
_NEAR = 2.0**-40


def nonnegative_face(expression: sp.Expr, lower: Lower) -> bool:
    """Whether the function is exactly nonnegative on a face, by algebra in what is fixed there.

    The face is that of `lower_bound`: where monotonicity has fixed every variable, the value there is a number; where
    it has fixed some, the function in the others may vanish identically.
    """
    face = lower.face
    free = set(face.active)
    fixed = {symbol: value for place, (symbol, value) in enumerate(face.point(face.center()).items())
             if place not in free}
    if not fixed or float(lower.low) < -_NEAR:
        return False
    return _sign(expression, tuple(fixed.items()), not free)


@lru_cache(maxsize=4096)
def _sign(expression: sp.Expr, fixed: tuple[tuple[sp.Symbol, sp.Rational], ...], point: bool) -> bool:
    values: Point = dict(fixed)
    if point:
        sign = exact_sign(expression, values)
        return sign is not None and sign >= 0
    left = filled(expression, values)
    if left.has(sp.nan, sp.zoo, sp.oo):
        return False
    if left.has(geometric_sum):
        left = left.rewrite(sp.Pow)
    return bool(left.is_zero is True or sp.expand(left) == 0) if left.count_ops() < 200 else False
