"""How much real data a bound needs to be at most epsilon."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp

from stlbounds.analysis.excess import Excess, as_fraction
from stlbounds.analysis.facts import Facts
from stlbounds.analysis.inversion import SECONDS, Inverse, Question, asked, witness
from stlbounds.errors import InvalidArgumentError
from stlbounds.theorems.statement import Statement

__all__ = ["min_real_fraction"]

_WIDTH = Fraction(1, 10**9)
_FRACTIONS = ("alpha", "w")


def _parameter(bound: Statement) -> sp.Symbol:
    for name in _FRACTIONS:
        found = bound.setting.loop.parameters.get(name)
        if isinstance(found, sp.Symbol):
            return found
    raise InvalidArgumentError("loop", bound.setting.loop.name, "one whose proportion of real data is a symbol",
                               "for example stlbounds.loops.FixedMix(alpha) or WeightedMix(w)")


def min_real_fraction(bound: Statement, epsilon: Any, seconds: float = SECONDS, **values: Any) -> Inverse:
    """The least proportion of real data from which on ``bound`` is at most ``epsilon``; see
    `Questions.min_real_fraction`."""
    parameter = _parameter(bound)
    question = asked(bound, parameter, epsilon, values, seconds)
    closed = _closed(question)
    if question.missing and closed is not None:
        return Inverse(parameter, None, f"the bound is at most {question.target} from {parameter} = {closed} on, where "
                                        f"that lies in [0, 1]", closed)
    excess = question.excess()
    if excess.at(1):
        return Inverse(parameter, None, f"no {parameter} works: the bound exceeds {question.target} without synthetic "
                                        f"data", evidence=witness(excess, 1))
    found = excess.last_real(Fraction(0), Fraction(1), _WIDTH)
    if found is None:
        return Inverse(parameter, sp.S.Zero, f"the bound is at most {question.target} for every {parameter}",
                       evidence=witness(excess, 0))
    low, high = found
    exact = _exact(excess, closed, low, high)
    if exact is not None:
        says = f"the bound is at most {question.target} from {parameter} = {exact} on"
        return Inverse(parameter, exact, says, closed, evidence=witness(excess, low, exact))
    answer = sp.Rational(high.numerator, high.denominator)
    below = sp.Rational(low.numerator, low.denominator)
    says = f"the bound is at most {question.target} from {parameter} = {float(answer):.12g} on"
    return Inverse(parameter, answer, says, closed, (below, answer), witness(excess, below, answer))


def _exact(excess: Excess, closed: sp.Expr | None, low: Fraction, high: Fraction) -> sp.Expr | None:
    """The closed form, where it is rational, lies in the bracket, and the bound equals the target there."""
    if closed is None or not closed.is_Rational or not low <= as_fraction(closed) <= high:
        return None
    return closed if not excess.at(as_fraction(closed)) else None


def _closed(question: Question) -> sp.Expr | None:
    """The proportion at which a bound that is linear, and falls, equals the target."""
    expression = question.substituted.replace(sp.Piecewise, lambda *cases: cases[-1][0])
    variable = question.variable
    if not expression.is_polynomial(variable) or sp.degree(expression, variable) != 1:
        return None
    expanded = sp.expand(expression)
    slope, constant = expanded.coeff(variable, 1), expanded.coeff(variable, 0)
    if Facts().decide(slope) != -1:
        return None
    value = (question.target - constant) / slope
    return sp.expand(value)
