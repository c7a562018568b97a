"""Rational functions of one variable: their sign on a range, decided exactly by isolating real roots."""

from __future__ import annotations

import itertools
from fractions import Fraction

import sympy as sp
from sympy.polys.polyerrors import BasePolynomialError

from stlbounds.interval.domain import Box, infinite

__all__ = ["nonnegative_by_roots", "sign_regions"]

_MAX_DEGREE = 60


def _rational(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)


def sign_regions(polynomial: sp.Poly, low: Fraction | float, high: Fraction | float) -> list[tuple[sp.Rational, int]]:
    """Rational points, one between any two neighbouring roots in the range, with the signs of the polynomial there.

    Parameters
    ----------
    polynomial : sympy.Poly
        With rational coefficients, in one variable, not 0.
    low, high : Fraction or float
        Ends of the range, infinities allowed.
    """
    # Intervals with exact isolation; a root at an end of the range is no matter.
    intervals = [pair for pair, _ in polynomial.intervals()]
    isolated: list[tuple[sp.Rational, sp.Rational]] = []
    squarefree = sp.Poly(sp.prod(factor for factor, _ in polynomial.sqf_list()[1]), polynomial.gen)
    for a, b in intervals:
        while a != b and any(not infinite(end) and a < _rational(Fraction(end)) < b for end in (low, high)):
            a, b = squarefree.refine_root(a, b, steps=8)
            end = next((e for e in (low, high) if not infinite(e) and a < _rational(Fraction(e)) < b), None)
            if end is not None and squarefree.eval(_rational(Fraction(end))) == 0:
                a = b = _rational(Fraction(end))
        isolated.append((a, b))
    for number in range(len(isolated) - 1):
        # Neighbours may share an end, or one may be the end of the other.
        while isolated[number][1] >= isolated[number + 1][0]:
            for place in (number, number + 1):
                a, b = isolated[place]
                if a != b:
                    isolated[place] = squarefree.refine_root(a, b, steps=4)
    first = min([_rational(Fraction(low))] if not infinite(low) else [a for a, _ in isolated] or [sp.S.Zero])
    last = max([_rational(Fraction(high))] if not infinite(high) else [b for _, b in isolated] or [sp.S.Zero])
    stops = [first - 1 if infinite(low) else first]
    inside = [(a, b) for a, b in isolated if b >= stops[0] and a <= (last + 1 if infinite(high) else last)]
    ends = [(stops[0], stops[0]), *inside, *([(last + 1, last + 1)] if infinite(high) else [(last, last)])]
    found = []
    for (_, left), (right, _) in itertools.pairwise(ends):
        if left > right:
            continue
        middle = (left + right) / 2
        value = polynomial.eval(middle)
        # Nothing lies between an end of the range and a root that is this end.
        if value != 0:
            found.append((middle, int(sp.sign(value))))
    return found


def nonnegative_by_roots(expression: sp.Expr, box: Box, *, strict: bool = False) -> bool | sp.Rational | None:
    """Whether a rational function of the one free variable is nonnegative where it is defined.

    Returns
    -------
    bool, sympy.Rational or None
        True; a rational point at which it is negative; or None if it is not of this kind, or the answer is beyond this
        method (a zero, under `strict`).
    """
    if len(box.active) != 1:
        return None
    place = box.active[0]
    symbol = box.symbols[place]
    fixed = {other: value for spot, (other, value) in enumerate(box.point(box.center()).items()) if spot != place}
    function = expression.xreplace(fixed)
    if not function.is_rational_function(symbol) or function.free_symbols - {symbol}:
        return None
    numerator, denominator = sp.fraction(sp.cancel(function))
    try:
        product = sp.Poly(numerator * denominator, symbol, domain="QQ")
    except BasePolynomialError:
        return None
    if product.degree() > _MAX_DEGREE:
        return None
    if product.is_zero:
        return None if strict else True
    low, high = box.low[place], box.high[place]
    for point, sign in sign_regions(product, low, high):
        if sign < 0 and not box.integer[place]:
            return point
        if sign < 0:
            return None
    if strict and _has_root(product, low, high):
        return None
    return True


def _has_root(polynomial: sp.Poly, low: Fraction | float, high: Fraction | float) -> bool:
    below = None if infinite(low) else _rational(Fraction(low))
    above = None if infinite(high) else _rational(Fraction(high))
    return bool(polynomial.count_roots(below, above))
