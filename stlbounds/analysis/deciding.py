"""The certified questions about a bound: minimum and comparison, from the arguments that users give."""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.analysis.minimize import Minimum, minimize_expression
from stlbounds.errors import InvalidArgumentError, SymbolError
from stlbounds.symbols import entry, i
from stlbounds.theorems.statement import Statement

__all__ = ["minimize"]


def minimize(bound: Statement, variable: Any, *, over: tuple[Any, Any] | None, term: str | None, tolerance: float,
             budget: float, **values: Any) -> Minimum:
    """Where a bound, or one of its terms, is least; see `Questions.minimize`."""
    if not isinstance(variable, (str, sp.Symbol)):
        raise InvalidArgumentError("variable", repr(variable), "a symbol or its name", "for example 'lam'")
    symbol = entry(variable).symbol
    if term is not None and term not in bound.terms:
        raise InvalidArgumentError("term", repr(term), f"one of {', '.join(bound.terms)}")
    expression = bound.expr if term is None else bound.terms[term]
    known = bound.constants
    if symbol not in known:
        raise SymbolError(f"{symbol} does not occur here; the symbols are {', '.join(sorted(map(str, known)))}")
    for name in values:
        if entry(name).symbol not in known:
            raise SymbolError(f"{name} does not occur here; the symbols are {', '.join(sorted(map(str, known)))}")
    last = bound.setting.loop.horizon
    if symbol == i and last is not None:
        over = (0, last) if over is None else over
    bound._check_horizon(max(over) if symbol == i and over is not None else values.get("i", 0))
    return minimize_expression(expression, symbol, over=over, tolerance=tolerance, budget=budget, **values)
