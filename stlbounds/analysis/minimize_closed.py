"""Minimisers in closed form, where the sign of the derivative follows from algebra.

Positive factors and increasing outer functions are removed, roots of one linear expression become a new variable
``s``, and the derivative is brought to the form (positive) * numerator(s). If the numerator is ``A s**m + B`` with
``A > 0``, or has numerical coefficients and one change of sign, from minus to plus, the function falls and then rises.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import sympy as sp

from stlbounds.interval.polynomials import sign_regions
from stlbounds.interval.signs import is_nonnegative

__all__ = ["Closed", "closed_minimiser"]


@dataclass(frozen=True)
class Closed:
    """A minimiser in closed form, with what its proof rests on.

    Parameters
    ----------
    at : sympy.Expr
        The minimiser.
    core : sympy.Expr
        The function without positive factors and increasing outer functions, in the new variable.
    inner : sympy.Symbol
        The new variable ``s``.
    variable : sympy.Expr
        The old variable in terms of ``s``.
    numerator, denominator : sympy.Expr
        The derivative of the core in ``s`` is their quotient; without `regions`, the denominator is positive.
    convex : bool
        Whether the derivative also increases, as is seen from its form.
    reason : str
        The argument, in a sentence.
    regions : tuple, optional
        With numerical coefficients: the range, and between how many neighbouring roots the function falls; then it
        rises.
    """

    at: sp.Expr
    core: sp.Expr
    inner: sp.Symbol
    variable: sp.Expr
    numerator: sp.Expr
    denominator: sp.Expr
    convex: bool
    reason: str
    regions: tuple[Fraction | float, Fraction | float, int] | None = None

    def replay(self) -> bool:
        """Whether the derivative is what it is said to be, and its sign changes where it is said to."""
        slope = sp.diff(self.core, self.inner) - self.numerator / self.denominator
        if sp.simplify(slope) != 0:
            return False
        if self.regions is None:
            return _positive(self.denominator, self.inner)
        product = sp.Poly(sp.expand(self.numerator * self.denominator), self.inner, domain="QQ")
        low, high, falling = self.regions
        signs = [sign for _, sign in sign_regions(product, low, high)]
        return signs == [-1] * falling + [1] * (len(signs) - falling)


def _positive(expression: sp.Expr, inner: sp.Symbol) -> bool:
    """Whether an expression is positive for positive ``inner`` (where nothing in it vanishes)."""
    if expression.is_positive or expression.is_nonnegative:
        return True
    return all(
        factor.is_nonnegative or (factor.is_Pow and factor.exp.is_even)
        or (factor.is_Pow and factor.base.is_nonnegative) or (
            factor.is_Add and all(part.is_nonnegative for part in factor.args))
        for factor in sp.Mul.make_args(sp.factor(expression)))


def _nonnegative(expression: sp.Expr) -> bool:
    if expression.is_nonnegative:
        return True
    try:
        return is_nonnegative(expression)
    except ValueError:
        return False


def _stripped(function: sp.Expr, variable: sp.Symbol) -> sp.Expr:
    """The function without what does not change where it is least: nonnegative factors, summands, increasing powers."""
    while True:
        if function.is_Add:
            rest, moving = function.as_independent(variable, as_Add=True)
            if rest == 0:
                gathered = sp.factor_terms(function)
                if gathered.is_Add:
                    return function
                function = gathered
                continue
            function = moving
        elif function.is_Mul:
            rest, moving = function.as_independent(variable, as_Add=False)
            if rest == 1:
                parts = [part.as_base_exp() for part in function.args]
                if not all(power.is_Rational for _, power in parts):
                    return function
                order = math.lcm(*(int(power.q) for _, power in parts))
                # A nonnegative function is least where its power is; with symbols, roots are dealt with later.
                plain = order > 1 and function.free_symbols == {variable}
                if not plain or not all(_nonnegative(base) for base, _ in parts):
                    return function
                function = sp.Mul(*(base ** (power * order) for base, power in parts))
                continue
            if not _nonnegative(rest):
                return function
            function = moving
        elif function.is_Pow and function.exp.is_positive and not function.exp.has(variable) and _nonnegative(
                function.base):
            function = function.base
        else:
            return function


def _rational_in(function: sp.Expr, variable: sp.Symbol) -> tuple[sp.Expr, sp.Symbol, sp.Expr, int] | None:
    """The function as a rational one in ``s``; then ``s``, the variable in terms of ``s``, the order of the root."""
    function = sp.expand_power_base(function)
    bases = {part.base for part in function.atoms(sp.Pow)
             if part.base.has(variable) and not part.exp.is_Integer}
    inner = sp.Dummy("s", positive=True)
    if not bases:
        return (function, inner, inner, 1) if function.is_rational_function(variable) else None
    if len(bases) != 1:
        return None
    base = bases.pop()
    exponents = [part.exp for part in function.atoms(sp.Pow) if part.base == base]
    if (not all(power.is_Rational for power in exponents) or not base.is_polynomial(variable)
            or sp.degree(base, variable) != 1):
        return None
    order = math.lcm(*(int(power.q) for power in exponents))
    slope = sp.diff(base, variable)
    if not (slope.is_positive or slope == 1):
        return None
    marker = sp.Dummy("u", positive=True)
    marked = function.replace(lambda part: part.is_Pow and part.base == base, lambda part: marker**part.exp)
    back = sp.expand((inner**order - base.xreplace({variable: sp.S.Zero})) / slope)
    found = marked.xreplace({marker: inner**order, variable: back})
    found = sp.powdenest(found, force=True)
    return (found, inner, back, order) if found.is_rational_function(inner) else None


def closed_minimiser(function: sp.Expr, variable: sp.Symbol, low: sp.Expr, high: sp.Expr) -> Closed | None:
    """The point of ``[low, high]`` at which a function is least, or None if this method does not find it.

    Parameters
    ----------
    function : sympy.Expr
        Other symbols stand for arbitrary values in their ranges.
    variable : sympy.Symbol
        A real variable.
    low, high : sympy.Expr
        Rational end points, or infinities.
    """
    core = _stripped(function, variable)
    reduced = _rational_in(core, variable)
    if reduced is None:
        return None
    core, inner, back, order = reduced
    if order == 1:
        if core.free_symbols != {variable}:
            return None
        core = core.xreplace({variable: inner})
        numerator, denominator = sp.fraction(sp.cancel(sp.diff(core, inner)))
        return _numerical(core, inner, numerator, denominator, low, high)
    numerator, denominator = sp.fraction(sp.factor(sp.diff(core, inner)))
    if not _positive(denominator, inner):
        numerator, denominator = -numerator, -denominator
        if not _positive(denominator, inner):
            return None
    found = _binomial(core, inner, back, order, numerator, denominator, low, high)
    if found is not None and _nonnegative(sp.diff(_stripped(function, variable), variable, 2)):
        return replace(found, convex=True, reason=f"convex; {found.reason}")
    return found


def _binomial(core: sp.Expr, inner: sp.Symbol, back: sp.Expr, order: int, numerator: sp.Expr, denominator: sp.Expr,
              low: sp.Expr, high: sp.Expr) -> Closed | None:
    """A derivative ``(A s**m + B)/(positive)``."""
    polynomial = sp.Poly(sp.expand(numerator), inner)
    terms = sorted(polynomial.terms(), reverse=True)
    lowest = terms[-1][0][0]
    if len(terms) != 2:
        return None
    (power, leading), (_, constant) = (terms[0][0][0] - lowest, terms[0][1]), (0, terms[1][1])
    if not _nonnegative(leading):
        return None
    ratio = sp.expand(-constant / leading)
    exponent = sp.Rational(order, power)
    # Below 0 there is no root, and the function only rises.
    raised = ratio if exponent == 1 or _nonnegative(-constant) else sp.Max(ratio, 0)
    at = sp.expand(back.xreplace({inner**order: raised**exponent}))
    if low != -sp.oo:
        at = sp.Max(low, at)
    if high != sp.oo:
        at = sp.Min(high, at)
    return Closed(at, core, inner, back, numerator, denominator, False,
                  f"with s**{order} linear in the variable, the derivative is positive times ({leading}) s**{power} + "
                  f"({constant}), which increases: the function falls and then rises")


def _numerical(core: sp.Expr, inner: sp.Symbol, numerator: sp.Expr, denominator: sp.Expr, low: sp.Expr,
               high: sp.Expr) -> Closed | None:
    """A derivative with numerical coefficients whose sign changes at most once, from minus to plus."""
    product = sp.expand(numerator * denominator)
    if product.free_symbols - {inner} or not all(value.is_Rational for value in sp.Poly(product, inner).all_coeffs()):
        return None
    polynomial = sp.Poly(product, inner, domain="QQ")
    if polynomial.is_zero:
        return None
    ends = [-math.inf if low == -sp.oo else Fraction(int(low.p), int(low.q)),
            math.inf if high == sp.oo else Fraction(int(high.p), int(high.q))]
    # A pole inside of the range would separate two branches.
    if denominator.has(inner) and any(_inside(root, low, high) for root in sp.real_roots(sp.Poly(denominator, inner))):
        return None
    signs = [sign for _, sign in sign_regions(polynomial, *ends)]
    falling = [sign for sign in signs if sign < 0]
    if signs != falling + [1] * (len(signs) - len(falling)):
        return None
    at: sp.Expr
    if not falling:
        at = low
    elif len(falling) == len(signs):
        at = high
    else:
        at = _change(sp.Poly(numerator, inner, domain="QQ"), low, high, len(falling))
    if not at.is_finite:
        return None
    return Closed(at, core, inner, inner, numerator, denominator, False,
                  f"the derivative has the sign of {product}, whose real roots, isolated exactly, show one change of "
                  f"sign, from minus to plus", (ends[0], ends[1], len(falling)))


def _inside(root: sp.Expr, low: sp.Expr, high: sp.Expr) -> bool:
    return bool(root > low) and bool(root < high)


def _change(numerator: sp.Poly, low: sp.Expr, high: sp.Expr, number: int) -> sp.Expr:
    """The root behind the falling part of the range."""
    inside = [root for root in sp.real_roots(numerator, multiple=False) if _inside(root[0], low, high)]
    return sp.radsimp(inside[number - 1][0])
