"""Whether a rate holds uniformly in a parameter: with constants that serve for its whole range."""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.analysis.budget import Budget
from stlbounds.analysis.cases import Answer, Case, explore
from stlbounds.analysis.expand import Expansion
from stlbounds.analysis.facts import Facts
from stlbounds.analysis.limit import limit_of
from stlbounds.analysis.prepared import as_symbol, prepare
from stlbounds.analysis.rate import assumptions, rate
from stlbounds.analysis.series import leading
from stlbounds.errors import InvalidArgumentError, UndecidedError
from stlbounds.symbols import entry
from stlbounds.theorems.statement import Statement

__all__ = ["uniform_in"]


def _ends(parameter: sp.Symbol) -> list[tuple[sp.Symbol, sp.Expr]]:
    """Variables that tend to infinity, and the parameter in terms of them as it tends to the ends of its range.

    Integers do not approach their least value: they take it, and are bounded there as anywhere.
    """
    allowed = entry(parameter).range
    ends = []
    y = sp.Dummy("y", positive=True)
    if not allowed.integer and allowed.low != -sp.oo:
        ends.append((y, allowed.low + 1 / y))
    ends.append((parameter, parameter) if allowed.high == sp.oo else (y, allowed.high - 1 / y))
    return ends


def uniform_in(bound: Statement, x: sp.Symbol, values: dict[sp.Symbol, sp.Expr], term: str | None, parameter: Any,
               seconds: float) -> Answer[bool]:
    """Whether positive constants ``a, A`` exist with ``a order <= bound <= A order`` for all values of the parameter.

    The other parameters are fixed inside their ranges, and so is the smallest value of ``x``. The bound is a finite sum
    of powers of ``x`` with continuous coefficients. It holds if, at both ends of the range of the parameter, the limits
    of all coefficients are finite and that of the leading one is not 0; where it does not, the constants, or the order
    itself, change with the parameter.

    Raises
    ------
    UndecidedError
        If the bound is no finite sum of powers.
    """
    p = as_symbol(bound, parameter, "parameter")
    if p == x or p in values:
        raise InvalidArgumentError("parameter", p, "a symbol that is left in the bound")
    orders = rate(bound, x, term, seconds, **{str(name): value for name, value in values.items()})
    if any(condition.quantity.has(p) for case in orders.cases for condition in case.conditions):
        note = f"the leading behaviour is another one for other values of {p}"
        return Answer(f"uniform in {p}", (Case((), False),), orders.assumptions, (note,))
    budget = Budget(seconds, f"the limits of all coefficients at the ends of the range of {p}")
    ready = prepare(bound, {x, p}, values, term)

    def question(facts: Facts) -> bool:
        expression = ready.expr.xreplace(facts.substitution)
        series = Expansion(x, facts, 1, budget).series(expression)
        if series.rest:
            raise UndecidedError(f"the bound is no finite sum of powers of {x}")
        lead = leading(series, facts)
        if lead is None:
            return True
        order, factor = lead
        if order.expression(x).has(p):
            return False
        for y, path in _ends(p):
            for part in series.terms.values():
                if limit_of(part.subs(p, path), y, facts, budget) in (sp.oo, -sp.oo):
                    return False
            if limit_of(factor.subs(p, path), y, facts, budget) == 0:
                return False
        return True

    cases, used = explore(question, budget, ready.atoms, facts=ready.facts)
    return Answer(f"uniform in {p}", tuple(cases), assumptions(ready, used | ready.expr.free_symbols, x))
