"""Expressions that differ in generation 0: their value in later generations, and whether they have such cases."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

__all__ = ["has_cases", "later"]


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
