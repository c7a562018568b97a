"""How much data, how many generations, how much real data: a bound solved for a parameter, on the safe side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from stlbounds.analysis.budget import Budget
from stlbounds.analysis.excess import Excess
from stlbounds.analysis.prepared import as_symbol, substitutions_of
from stlbounds.errors import InvalidArgumentError
from stlbounds.shown import Shown
from stlbounds.symbols import entry, exact
from stlbounds.theorems.statement import Statement

__all__ = ["SECONDS", "Inverse", "Question", "asked", "near", "witness"]

SECONDS = 20.0


@dataclass(frozen=True)
class Inverse(Shown):
    """A bound solved for a parameter.

    Attributes
    ----------
    variable : sympy.Symbol
        The parameter.
    value : sympy.Expr or None
        The answer on the safe side: an integer, ``oo``, or a rational number; None if no value works, or, where
        parameters are left, if there is only a closed form.
    closed_form : sympy.Expr or None
        The real number before rounding, in the parameters that are left, where there is such a form.
    bracket : tuple of two sympy.Expr or None
        Where the answer is a real number without a closed form: a value below the answer, and the answer.
    evidence : dict of sympy.Expr to float
        The bound at the answer and at its neighbour on the other side (the value next to the answer that fails).
    says : str
        The answer in a sentence.
    """

    variable: sp.Symbol
    value: sp.Expr | None
    says: str
    closed_form: sp.Expr | None = None
    bracket: tuple[sp.Expr, sp.Expr] | None = None
    evidence: tuple[tuple[sp.Expr, float], ...] = ()

    @property
    def exists(self) -> bool:
        """Whether some value works."""
        return self.value is not None or self.closed_form is not None

    def __str__(self) -> str:
        return self.says

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        def plain(value: sp.Expr | None) -> Any:
            return None if value is None else int(value) if value.is_Integer else str(value)

        return {"variable": str(self.variable), "value": plain(self.value), "says": self.says,
                "closed_form": None if self.closed_form is None else str(self.closed_form),
                "bracket": None if self.bracket is None else [str(end) for end in self.bracket],
                "evidence": [{str(self.variable): plain(at), "bound": value} for at, value in self.evidence]}


@dataclass(frozen=True)
class Question:
    """A bound, a target and values, ready to be solved for ``variable``."""

    variable: sp.Symbol
    expression: sp.Expr
    values: dict[sp.Symbol, sp.Expr]
    target: sp.Expr
    budget: Budget

    @property
    def substituted(self) -> sp.Expr:
        """The bound with the values put in."""
        return self.expression.xreplace(self.values)

    @property
    def missing(self) -> tuple[str, ...]:
        """The parameters without a number."""
        left = (self.expression.free_symbols - {self.variable} - set(self.values)) | self.target.free_symbols
        left |= set().union(*(value.free_symbols for value in self.values.values()))
        return tuple(sorted(map(str, left)))

    def excess(self, strict: bool = False) -> Excess:
        """The comparison in numbers.

        Raises
        ------
        InvalidArgumentError
            If a parameter has no value.
        """
        if self.missing:
            raise InvalidArgumentError(", ".join(self.missing), "missing", "given",
                                       f"there is no closed form in {self.variable} with these left open")
        return Excess(self.expression, self.variable, self.values, self.target, self.budget, strict)


def asked(bound: Statement, variable: Any, target: Any, values: Mapping[str, Any], seconds: float,
          term: str | None = None) -> Question:
    """The question for a user's arguments.

    Raises
    ------
    InvalidArgumentError
        If the target is no positive number or expression.
    """
    symbol = as_symbol(bound, variable)
    aim = exact("epsilon", target)
    if aim.is_number and not aim > 0:
        raise InvalidArgumentError("epsilon", target, "positive", "a bound is never below 0")
    given = substitutions_of(bound, values, symbol)
    if any(value.has(symbol) for value in given.values()):
        raise InvalidArgumentError("values", dict(values), f"free of {symbol}", "scaling parameters belong to rate")
    if term is not None and term not in bound.terms:
        raise InvalidArgumentError("term", term, f"one of {', '.join(bound.terms)}")
    expression = bound.expr if term is None else bound.terms[term]
    budget = Budget(seconds, f"closed forms and certified bisection in {symbol}")
    return Question(symbol, expression, given, aim, budget)


def near(closed: sp.Expr, low: int, high: int) -> bool:
    """Whether a closed form without symbols lies between two neighbouring integers, as the certified answer says."""
    value = closed.evalf(60)
    margin = sp.Float(10, 60) ** -40 * max(1, abs(high))
    return bool(value.is_real and low - margin <= value <= high + margin)


def _as_float(value: Any) -> float:
    """The nearest double, infinity where there is none."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def witness(excess: Excess, *points: Any) -> tuple[tuple[sp.Expr, float], ...]:
    """The bound at points within the range of the variable."""
    allowed = entry(excess.variable).range
    found = []
    for point in points:
        number = sp.Rational(point)
        if allowed.contains(number):
            low, high = excess.enclosure(Fraction(int(number.p), int(number.q)))
            found.append((number, _as_float((low + high) / 2)))
    return tuple(found)
