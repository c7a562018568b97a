"""For how many generations a bound stays at most epsilon, and when it exceeds it."""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.analysis.facts import Facts
from stlbounds.analysis.inversion import SECONDS, Inverse, Question, asked, near, witness
from stlbounds.errors import UndecidedError
from stlbounds.special import geometric_sum
from stlbounds.symbols import i
from stlbounds.theorems.statement import Statement

__all__ = ["horizon", "max_generations"]


def horizon(bound: Statement, epsilon: Any, seconds: float = SECONDS, **values: Any) -> Inverse:
    """The first generation at which ``bound`` exceeds ``epsilon``; see `Questions.horizon`."""
    question = asked(bound, i, epsilon, values, seconds)
    first, evidence = _first(bound, question)
    if first is None:
        until = "" if bound.setting.loop.horizon is None else " before the schedule ends"
        return Inverse(i, sp.oo, f"the bound never exceeds {question.target}{until}", evidence=evidence)
    return Inverse(i, sp.Integer(first), f"the bound exceeds {question.target} at i = {first} for the first time",
                   evidence=evidence)


def max_generations(bound: Statement, epsilon: Any, seconds: float = SECONDS, **values: Any) -> Inverse:
    """The last ``i`` up to which ``bound`` is at most ``epsilon``; see `Questions.max_generations`."""
    question = asked(bound, i, epsilon, values, seconds)
    closed = inverse_in_generations(question)
    if question.missing and closed is not None:
        return Inverse(i, None, f"the bound is at most {question.target} up to i = floor({closed}), where that is real "
                                f"and not negative", closed)
    first, evidence = _first(bound, question)
    last = bound.setting.loop.horizon
    if first is None and last is not None:
        return Inverse(i, sp.Integer(last), f"the bound is at most {question.target} up to i = {last}, where the "
                                            f"schedule ends", evidence=evidence)
    if first is None:
        return Inverse(i, sp.oo, f"the bound is at most {question.target} for every i", evidence=evidence)
    if first == 0:
        return Inverse(i, None, f"no i works: the bound exceeds {question.target} at i = 0", evidence=evidence)
    fits = closed is not None and near(closed, first - 1, first)
    return Inverse(i, sp.Integer(first - 1), f"the bound is at most {question.target} up to i = {first - 1}",
                   closed if fits else None, evidence=evidence)


def _first(bound: Statement, question: Question) -> tuple[int | None, tuple[tuple[sp.Expr, float], ...]]:
    """The first generation above the target, None if there is none, and values on both sides of it."""
    excess = question.excess()
    last = bound.setting.loop.horizon
    if last is not None:
        # The schedule ends: every generation that it describes is looked at.
        found = next((generation for generation in range(last + 1) if excess.at(generation)), None)
    else:
        found = 0 if excess.at(0) else excess.first(1)
    if found is None:
        return None, witness(excess, *((0, last) if last is not None else (0, 1, 100)))
    return found, witness(excess, found - 1, found)


def inverse_in_generations(question: Question) -> sp.Expr | None:
    """The real ``i >= 1`` at which the bound equals the target, where it is a constant and one growing term.

    Covers ``a + c i`` and ``a + c geo(q, i)`` with ``q < 1``.
    """
    expression = question.substituted.replace(sp.Piecewise, lambda *cases: cases[-1][0])
    facts = Facts()
    constant, varying = sp.expand(expression, deep=False).as_independent(i, as_Add=True)
    gap = question.target - constant
    sums = [part for part in varying.atoms(geometric_sum) if part.has(i)]
    if not sums and varying.is_polynomial(i) and sp.degree(varying, i) == 1:
        slope = sp.factor_terms(varying.coeff(i, 1))
        return gap / slope if facts.decide(slope) == 1 and varying.coeff(i, 0) == 0 else None
    if len(sums) != 1 or sums[0].args[1] != i:
        return None
    ratio = sums[0].args[0]
    factor = varying / sums[0]
    try:
        falling = facts.sign(1 - ratio) == 1
    except UndecidedError:
        return None
    if factor.has(i) or ratio.has(i) or facts.decide(factor) != 1 or not falling:
        return None
    return sp.log(1 - gap * (1 - ratio) / factor) / sp.log(ratio)
