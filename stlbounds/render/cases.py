"""Expressions that differ in generation 0: their value in later generations, and whether they have such cases."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from stlbounds.generation_zero import case_by_case

__all__ = ["gathered", "has_cases", "later"]


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
