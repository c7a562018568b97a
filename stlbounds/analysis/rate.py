"""How a bound grows or shrinks: its exact leading behaviour as a variable tends to infinity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from stlbounds.analysis.budget import Budget
from stlbounds.analysis.cases import Answer, Case, assumed, explore
from stlbounds.analysis.expand import Expansion
from stlbounds.analysis.facts import Facts
from stlbounds.analysis.prepared import Prepared, as_symbol, prepare, substitutions_of
from stlbounds.analysis.series import NeedsOrder, Scale
from stlbounds.errors import InvalidArgumentError, UndecidedError
from stlbounds.shown import Shown
from stlbounds.symbols import entry, exact, i, n, symbol
from stlbounds.theorems.statement import Statement

__all__ = ["Leading", "Rate", "leading_term", "rate", "without_numbers"]

_ORDERS = (1, 3, 6)
SECONDS = 10.0


@dataclass(frozen=True)
class Leading(Shown):
    r"""``Theta(order)``, with the constant: the quotient of the bound and ``constant * order`` tends to 1.

    Attributes
    ----------
    constant : sympy.Expr
        Free of the variable; 0 where the bound is exactly 0.
    order : sympy.Expr
        Free of constants: powers, logarithms and exponentials of the variable.
    """

    constant: sp.Expr
    order: sp.Expr

    @property
    def expr(self) -> sp.Expr:
        """``constant * order``."""
        return self.constant * self.order

    @property
    def oscillates(self) -> bool:
        """Whether the constant holds a fractional part, of a ceiling, that keeps moving in ``[0, 1)``."""
        return any(part.is_Dummy for part in self.constant.free_symbols)

    @property
    def dropped(self) -> tuple[sp.Expr, ...]:
        """The absolute constants that `up_to_constants` drops, all of them numbers that multiply a positive part."""
        return without_numbers(self.constant)[1]

    @property
    def up_to_constants(self) -> sp.Expr:
        """``constant * order`` up to absolute constants, in the sense of the paper's ``<~``; see `dropped`."""
        return without_numbers(self.constant)[0] * self.order

    def __str__(self) -> str:
        return f"Theta({self.order}), constant {self.constant}"

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"order": str(self.order), "constant": str(self.constant), "oscillates": self.oscillates,
                "up_to_constants": str(self.up_to_constants), "dropped": [str(part) for part in self.dropped]}


def without_numbers(expression: sp.Expr) -> tuple[sp.Expr, tuple[sp.Expr, ...]]:
    """The expression without numbers that multiply it, or parts of sums of positive terms, and these numbers.

    The result lies within a constant factor of the expression, whatever the values of its symbols.
    """
    if expression.is_Mul:
        numbers = tuple(factor for factor in expression.args if factor.is_number)
        parts = [without_numbers(factor) for factor in expression.args if not factor.is_number]
        return sp.Mul(*(part for part, _ in parts)), numbers + tuple(number for _, found in parts for number in found)
    if expression.is_Add and not any(term.could_extract_minus_sign() for term in expression.args):
        parts = [(term, ()) if term.is_number else without_numbers(term) for term in expression.args]
        return sp.Add(*(part for part, _ in parts)), tuple(number for _, found in parts for number in found)
    if expression.is_Pow and expression.exp.is_Rational:
        base, found = without_numbers(expression.base)
        return base**expression.exp, tuple(number**expression.exp for number in found)
    return expression, ()


def leading_term(expression: sp.Expr, x: sp.Symbol, facts: Facts, budget: Budget) -> tuple[Scale, sp.Expr] | None:
    """The leading term as ``x -> oo``, with more terms of all expansions where few leave it open."""
    for order in _ORDERS:
        try:
            return Expansion(x, facts, order, budget).leading(expression)
        except NeedsOrder:
            if order == _ORDERS[-1]:
                raise
    raise UndecidedError("no order was enough")


def _same(first: Leading, second: Leading, substitution: Mapping[sp.Symbol, sp.Expr]) -> bool:
    return all(bool(sp.expand(a.xreplace(dict(substitution)) - b.xreplace(dict(substitution))) == 0)
               for a, b in ((first.order, second.order), (first.constant, second.constant)))


@dataclass(frozen=True)
class Rate(Answer[Leading]):
    """The leading behaviour of a bound, case by case; see `Answer` and `Leading`."""

    bound: Any = None
    variable: Any = None
    substitutions: Any = None
    term: str | None = None

    @property
    def order(self) -> sp.Expr:
        """The order, where there is one case only."""
        return self.value.order

    @property
    def constant(self) -> sp.Expr:
        """The constant, where there is one case only."""
        return self.value.constant

    def at(self, **values: Any) -> Leading:
        """The rate for given values of parameters; see `Answer.at`.

        Values at the end of a range, which the question leaves out, are put in, and the question is asked again.
        """
        point = {symbol(name): exact(name, value) for name, value in values.items()}
        if all(relation.subs(point) != sp.false for relation in self.assumptions):
            return super().at(**values)
        given = {str(key): value for key, value in self.substitutions}
        return rate(self.bound, self.variable, self.term, **{**given, **values}).value

    def uniform_in(self, parameter: Any, seconds: float = SECONDS) -> Answer[bool]:
        """Whether the rate holds uniformly in a parameter: with two constants for all its values, the others fixed.

        Parameters
        ----------
        parameter : sympy.Symbol or str
            A symbol of the bound; an integer is at least 1.
        seconds : float
            How long the question may take.

        Returns
        -------
        Answer
            True or False, case by case.
        """
        from stlbounds.analysis.uniform import uniform_in

        return uniform_in(self.bound, self.variable, dict(self.substitutions), self.term, parameter, seconds)


def check_path(values: Mapping[sp.Symbol, sp.Expr], x: sp.Symbol, budget: Budget) -> None:
    """Refuse a scaling parameter that leaves its range as ``x`` grows.

    Raises
    ------
    InvalidArgumentError
        Naming the parameter.
    """
    for key, value in values.items():
        if not value.has(x):
            continue
        low, high = entry(key).range.low, entry(key).range.high

        def outside(facts: Facts, value: sp.Expr = value, low: sp.Expr = low, high: sp.Expr = high) -> bool:
            below = leading_term(value - low, x, facts, budget) if low != -sp.oo else None
            above = leading_term(high - value, x, facts, budget) if high != sp.oo else None
            return any(lead is not None and facts.sign(lead[1]) < 0 for lead in (below, above))

        cases, _ = explore(outside, budget)
        if all(case.value for case in cases):
            raise InvalidArgumentError(str(key), value, f"{entry(key).range} for large {x}",
                                       f"it is {entry(key).meaning}")


def rate(bound: Statement, variable: Any, term: str | None = None, seconds: float = SECONDS, **values: Any) -> Rate:
    """The leading behaviour of ``bound`` as ``variable`` tends to infinity; see `Questions.rate`."""
    x = as_symbol(bound, variable)
    if entry(x).range.high != sp.oo:
        raise InvalidArgumentError("variable", x, "one that may tend to infinity",
                                   f"{x} lies in {entry(x).range}; ask for a limit instead")
    if x == i and bound.setting.loop.horizon is not None:
        raise InvalidArgumentError("variable", x, "another one", "the schedule of this loop ends")
    budget = Budget(seconds, f"the leading term of each part of the bound as {x} tends to infinity, case by case")
    substitutions = substitutions_of(bound, values, x)
    check_path(substitutions, x, budget)
    ready = prepare(bound, {x}, substitutions, term)

    def question(facts: Facts) -> Leading:
        expression = ready.expr.xreplace(facts.substitution)
        lead = leading_term(expression, x, facts, budget)
        if lead is None:
            return Leading(sp.S.Zero, sp.S.One)
        scale, constant = lead
        return Leading(constant, scale.expression(x))

    cases, used = explore(question, budget, ready.atoms, _same, ready.facts)
    shown = tuple(Case(case.conditions, Leading(ready.shown(case.value.constant), ready.shown(case.value.order)))
                  for case in cases)
    return Rate(f"rate as {x} -> oo", shown, assumptions(ready, used | ready.expr.free_symbols, x),
                notes_of(shown), bound, x, tuple(substitutions.items()), term)


def assumptions(ready: Prepared, symbols: set[sp.Symbol], x: sp.Symbol) -> tuple[sp.Basic, ...]:
    """The open ranges of all parameters of the question."""
    return assumed({s for s in symbols | set().union(*(d.free_symbols for d in ready.atoms.values()))
                    if s not in ready.atoms and s != x and s != n}) + ready.assumed


def notes_of(cases: tuple[Case[Leading], ...]) -> tuple[str, ...]:
    """What a reader of the constants should know."""
    if any(case.value.oscillates for case in cases):
        return ("theta is a fractional part in [0, 1): the constant keeps moving between its values at 0 and 1",)
    return ()
