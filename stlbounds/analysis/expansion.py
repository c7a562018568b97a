"""A bound as a sum of its largest terms, in order, as a variable tends to infinity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from stlbounds.analysis.budget import Budget
from stlbounds.analysis.cases import Answer, Case, explore
from stlbounds.analysis.expand import Expansion as Expander
from stlbounds.analysis.facts import Facts
from stlbounds.analysis.prepared import as_symbol, prepare, substitutions_of
from stlbounds.analysis.rate import SECONDS, Leading, assumptions, check_path
from stlbounds.analysis.series import NeedsOrder, Series, leading
from stlbounds.errors import InvalidArgumentError
from stlbounds.shown import Shown
from stlbounds.symbols import exact
from stlbounds.theorems.statement import Statement

__all__ = ["Expanded", "expansion"]

_ORDERS = (1, 3, 6, 10)


@dataclass(frozen=True)
class Expanded(Shown):
    """Terms in falling order.

    Attributes
    ----------
    terms : tuple of Leading
        Constants and orders.
    exact : bool
        Whether these terms are all of the bound; otherwise what is left is of smaller order than the last one.
    """

    terms: tuple[Leading, ...]
    exact: bool

    @property
    def expr(self) -> sp.Expr:
        """The sum of the terms."""
        return sp.Add(*(term.expr for term in self.terms))

    def coefficient(self, order: Any) -> sp.Expr:
        """The constant of an order, for example of ``n**(-1/2)``; 0 if it does not occur."""
        wanted = exact("order", order)
        return sp.Add(*(term.constant for term in self.terms if wanted == term.order))

    def __str__(self) -> str:
        last = self.terms[-1].order if self.terms else 1
        return f"{' + '.join(str(term.expr) for term in self.terms) or '0'}{'' if self.exact else f' + o({last})'}"

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"terms": [term.to_dict() for term in self.terms], "exact": self.exact}


def _same(first: Expanded, second: Expanded, substitution: Mapping[sp.Symbol, sp.Expr]) -> bool:
    if first.exact != second.exact or len(first.terms) != len(second.terms):
        return False
    return all(sp.expand((a.expr - b.expr).xreplace(dict(substitution))) == 0
               for a, b in zip(first.terms, second.terms, strict=True))


def expansion(bound: Statement, variable: Any, order: int = 4, term: str | None = None, seconds: float = SECONDS,
              **values: Any) -> Answer[Expanded]:
    """The ``order`` largest terms of ``bound`` as ``variable`` tends to infinity; see `Questions.expansion`."""
    if isinstance(order, bool) or not isinstance(order, int) or not 1 <= order <= 10:
        raise InvalidArgumentError("order", order, "an integer in [1, 10]", "it is the number of terms")
    x = as_symbol(bound, variable)
    budget = Budget(seconds, f"the {order} largest terms as {x} tends to infinity")
    substitutions = substitutions_of(bound, values, x)
    check_path(substitutions, x, budget)
    ready = prepare(bound, {x}, substitutions, term)

    def question(facts: Facts) -> Expanded:
        expression = ready.expr.xreplace(facts.substitution)
        for depth in _ORDERS:
            try:
                return _largest(Expander(x, facts, depth, budget).series(expression), x, order, facts)
            except NeedsOrder:
                if depth == _ORDERS[-1]:
                    raise
        raise InvalidArgumentError("order", order, "smaller")

    cases, used = explore(question, budget, ready.atoms, _same, ready.facts)
    shown = tuple(Case(case.conditions, Expanded(tuple(
        Leading(ready.shown(part.constant), ready.shown(part.order)) for part in case.value.terms),
        case.value.exact)) for case in cases)
    return Answer(f"expansion as {x} -> oo", shown, assumptions(ready, used | ready.expr.free_symbols, x))


def _largest(series: Series, x: sp.Symbol, count: int, facts: Facts) -> Expanded:
    found: list[Leading] = []
    while len(found) < count:
        lead = leading(series, facts)
        if lead is None:
            return Expanded(tuple(found), True)
        scale, factor = lead
        found.append(Leading(factor, scale.expression(x)))
        series = Series({other: value for other, value in series.terms.items()
                         if other != scale and other.over(scale).direction(facts) != 0}, series.rest)
    return Expanded(tuple(found), not series.terms and not series.rest)
