"""Expressions that differ in generation 0: their value in later generations, and whether they have such cases."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from stlbounds.special import case_by_case
from stlbounds.symbols import i

__all__ = ["at_start", "gathered", "has_cases", "later"]


def has_cases(expressions: Iterable[sp.Expr]) -> bool:
    """Whether one of the expressions distinguishes generation 0 from later ones."""
    return any(expression.has(sp.Piecewise) for expression in expressions)


def later(expression: sp.Expr) -> sp.Expr:
    """The expression in every generation but the first.

    Examples
    --------
    >>> from stlbounds.symbols import i, n
    >>> later(1 + sp.Piecewise((0, sp.Eq(i, 0)), (n, True)))
    n + 1
    """
    return expression.replace(sp.Piecewise, lambda *cases: cases[-1][0])


def at_start(expression: sp.Expr) -> sp.Expr:
    """The expression in generation 0, where sums and products over generations are empty or have few terms.

    Examples
    --------
    >>> from stlbounds.symbols import i, n
    >>> k = sp.Dummy("k", integer=True)
    >>> at_start(1 + sp.Sum(n**k, (k, 0, i - 1)) + sp.Piecewise((0, sp.Eq(i, 0)), (n, True)))
    1
    """
    return _added_up(expression.subs(i, 0))


def _added_up(expression: sp.Expr) -> sp.Expr:
    """Sums and products with whole limits, term by term; SymPy reads those that end before they start otherwise."""
    def whole(part: sp.Basic) -> bool:
        return isinstance(part, (sp.Sum, sp.Product)) and all(end.is_Integer for end in part.limits[-1][1:])

    return expression.replace(whole, _terms)


def _terms(part: sp.Expr) -> sp.Expr:
    *inner, (index, low, high) = part.limits
    body = part.func(part.function, *inner) if inner else part.function
    terms = [_added_up(body.subs(index, value)) for value in range(int(low), int(high) + 1)]
    return sp.Add(*terms) if isinstance(part, sp.Sum) else sp.Mul(*terms)


def gathered(expression: sp.Expr) -> sp.Expr:
    """The expression with the distinction of generation 0 that its parts make, if they make one, at its top.

    Examples
    --------
    >>> from stlbounds.symbols import i, n
    >>> gathered(1 + sp.Piecewise((0, sp.Eq(i, 0)), (n, True)))
    Piecewise((1, Eq(i, 0)), (n + 1, True))
    """
    parts = expression.atoms(sp.Piecewise)
    conditions = {part.args[0][1] for part in parts}
    if isinstance(expression, sp.Piecewise) or len(conditions) != 1 or any(len(part.args) != 2 for part in parts):
        return expression
    (condition,) = conditions
    index = condition.lhs if isinstance(condition, sp.Eq) and condition.rhs == 0 else None
    if index not in expression.free_symbols:
        return expression
    return case_by_case(lambda whole: whole, expression, index=index)
