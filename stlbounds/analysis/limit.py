"""Where a bound tends to as a variable approaches a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from stlbounds.analysis.budget import Budget
from stlbounds.analysis.cases import Answer, Case, explore
from stlbounds.analysis.facts import Facts
from stlbounds.analysis.prepared import as_symbol, prepare, substitutions_of
from stlbounds.analysis.rate import SECONDS, assumptions, check_path, leading_term
from stlbounds.errors import InvalidArgumentError
from stlbounds.symbols import entry, exact, i
from stlbounds.theorems.statement import Statement

__all__ = ["limit", "limit_of", "same_value"]


def limit_of(expression: sp.Expr, x: sp.Symbol, facts: Facts, budget: Budget) -> sp.Expr:
    """The limit of an expression as ``x -> oo``, perhaps ``oo`` or ``-oo``."""
    lead = leading_term(expression, x, facts, budget)
    if lead is None:
        return sp.S.Zero
    scale, constant = lead
    direction = scale.direction(facts)
    if direction > 0:
        return sp.oo * facts.sign(constant)
    return constant if direction == 0 else sp.S.Zero


def same_value(first: sp.Expr, second: sp.Expr, substitution: Mapping[sp.Symbol, sp.Expr]) -> bool:
    """Whether two values agree once a substitution is made in both."""
    a, b = (value.xreplace(dict(substitution)) for value in (first, second))
    return bool(a == b or (a.is_finite is not False and b.is_finite is not False and sp.expand(a - b) == 0))


def _approach(target: sp.Symbol, value: sp.Expr, side: int) -> tuple[sp.Symbol, sp.Expr]:
    """A variable that tends to infinity while ``target`` tends to ``value``, and ``target`` in terms of it."""
    if value == sp.oo:
        return target, target
    x = sp.Dummy("x", positive=True)
    return x, value + side / x


def limit(bound: Statement, variable: Any, value: Any, term: str | None = None, seconds: float = SECONDS,
          **values: Any) -> Answer[sp.Expr]:
    """The limit of ``bound`` as ``variable`` tends to ``value``; see `Questions.limit`."""
    target = as_symbol(bound, variable)
    allowed = entry(target).range
    goal = sp.oo if value in (sp.oo, float("inf"), "oo") else exact("value", value)
    if not goal.is_number or goal < allowed.low or goal > allowed.high:
        raise InvalidArgumentError("value", value, f"{allowed}, or an end point of it", f"{target} is {allowed}")
    if target == i and goal == sp.oo and bound.setting.loop.horizon is not None:
        raise InvalidArgumentError("variable", target, "another one", "the schedule of this loop ends")
    budget = Budget(seconds, f"the leading term of each part of the bound as {target} tends to {goal}, case by case")
    substitutions = substitutions_of(bound, values, target)
    if allowed.integer and goal != sp.oo:
        # An integer does not approach a value, it takes it.
        if not allowed.contains(goal):
            raise InvalidArgumentError("value", value, str(allowed), f"{target} is an integer")
        ready = prepare(bound, {target}, {**substitutions, target: goal}, term)
        cases: list[Case[sp.Expr]] = [Case((), ready.shown(ready.expr))]
        return Answer(f"value at {target} = {goal}", tuple(cases), assumptions(ready, ready.expr.free_symbols, target))
    # From above, except at the upper end of the range.
    x, path = _approach(target, goal, -1 if goal == allowed.high else 1)
    if x != target:
        substitutions = {name: part.xreplace({target: path}) for name, part in substitutions.items()} | {target: path}
    else:
        check_path(substitutions, x, budget)
    ready = prepare(bound, {x, target}, substitutions, term)

    def question(facts: Facts) -> sp.Expr:
        return limit_of(ready.expr.xreplace(facts.substitution), x, facts, budget)

    found, used = explore(question, budget, ready.atoms, same_value, ready.facts)
    shown = tuple(Case(case.conditions, ready.shown(case.value)) for case in found)
    left = used | (ready.expr.free_symbols - {x})
    return Answer(f"limit as {target} -> {goal}", shown, assumptions(ready, left, target))
