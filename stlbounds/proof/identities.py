"""Exact identities between scalar expressions with geometric sums and symbolic powers.

`vanishes` answers yes only after an algebraic proof: every ``r**k`` with symbolic ``k`` becomes a new variable, a
geometric sum its quotient, and what is left must be the zero rational function. Geometric sums are polynomials in
their ratio, so an identity that holds off the removable singularity ``r = 1`` holds there by continuity; denominators
other than ``1 - r`` are caught by the numeric checks, which sample the end points.
"""

from __future__ import annotations

import sympy as sp

from stlbounds.interval.signs import is_nonnegative
from stlbounds.special import geometric_sum

__all__ = ["equal", "vanishes"]


def _split_powers(expression: sp.Expr) -> sp.Expr:
    """Powers with symbolic exponents as products of powers with one base and one monomial exponent."""

    def split(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        if exponent.is_Rational:
            return base**exponent
        base = sp.factor(base) if base.is_Add else base
        factors = []
        for factor in sp.Mul.make_args(base):
            root, power = factor.as_base_exp()
            for part in sp.Add.make_args(sp.expand(exponent * power)):
                whole, rest = part.as_coeff_Mul()
                if rest == 1:
                    factors.append(root**whole)
                else:
                    factors.append(sp.Pow(root, rest, evaluate=False) ** whole)
        return sp.Mul(*factors)

    return expression.replace(lambda part: part.is_Pow and not part.exp.is_Rational,
                              lambda part: split(part.base, part.exp))


def _rational_form(expression: sp.Expr) -> sp.Expr:
    """The expression with geometric sums, symbolic powers, roots and functions as independent variables."""
    expression = expression.replace(geometric_sum, lambda r, k: (1 - r**k) / (1 - r))
    expression = _split_powers(expression)
    atoms: dict[sp.Expr, sp.Dummy] = {}

    def freeze(part: sp.Expr) -> sp.Expr:
        return atoms.setdefault(part, sp.Dummy())

    return expression.replace(
        lambda part: (part.is_Pow and not part.exp.is_Integer) or (part.is_Function and not part.is_Pow),
        freeze,
    )


def vanishes(expression: sp.Expr) -> bool:
    """Whether ``expression`` is proved to be identically zero (False: not proved).

    Examples
    --------
    >>> from stlbounds.symbols import rho, i
    >>> vanishes(1 + rho * geometric_sum(rho, i + 1) - geometric_sum(rho, i + 2))
    True
    >>> vanishes(geometric_sum(rho, i) - geometric_sum(rho, i + 1))
    False
    """
    if expression.is_zero:
        return True
    numerator, _ = sp.fraction(sp.together(_rational_form(expression)))
    return bool(sp.expand(numerator) == 0)


def equal(left: sp.Expr, right: sp.Expr) -> bool:
    """Whether two expressions are proved to be equal, directly or as nonnegative numbers of equal squares."""
    if left == right or vanishes(left - right):
        return True
    return is_nonnegative(left) and is_nonnegative(right) and vanishes(sp.expand(left**2 - right**2))
