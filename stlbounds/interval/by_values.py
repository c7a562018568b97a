"""A certificate for an inequality that is proved apart for each value of an integer: of the generations of a schedule.

Sums and products over generations have no slopes that tell much, and at single generations (0, say) two bounds may be
one and the same expression; written out at a value, both are plain algebra.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from fractions import Fraction

import sympy as sp

from stlbounds.interval.arithmetic import Name
from stlbounds.interval.certificates import Certificate, Proved, Refuted, Undecided, Verdict
from stlbounds.interval.decide import decide_nonnegative
from stlbounds.interval.domain import Box
from stlbounds.sequences import listed

__all__ = ["ByValues", "at_value", "decide_by_values"]

#: So many values are looked at one by one.
MOST_VALUES = 40


def at_value(expression: sp.Expr, variable: sp.Symbol, value: int) -> sp.Expr:
    """The expression at a value of an integer variable, with its sums and products written out."""
    return expression.subs(variable, sp.Integer(value)).doit()


@dataclass(frozen=True)
class ByValues(Certificate):
    """The claim at every value of an integer variable.

    Parameters
    ----------
    variable : sympy.Symbol
        The variable; its range is bounded.
    parts : tuple of Certificate
        One for each value, in order, on the other variables.
    """

    variable: sp.Symbol = field(kw_only=True)
    parts: tuple[Certificate, ...] = field(kw_only=True)

    def replay(self, arithmetic_name: Name | None = None) -> bool:
        place = self.box.symbols.index(self.variable)
        values = _values(self.box, place)
        return (values is not None and len(values) == len(self.parts) and all(
            part.difference == at_value(self.difference, self.variable, value) and part.strict == self.strict
            and part.box == self.box.onto(part.difference.free_symbols) and part.replay(arithmetic_name)
            for value, part in zip(values, self.parts, strict=True)))

    def __str__(self) -> str:
        first = int(self.box.low[self.box.symbols.index(self.variable)])
        return f"for each {self.variable}: " + "; ".join(
            f"({self.variable} = {value}) {part}" for value, part in enumerate(self.parts, first))


def _values(box: Box, place: int) -> range | None:
    """The integers of a bounded range, if they are few."""
    low, high = box.low[place], box.high[place]
    if not box.integer[place] or not isinstance(low, (int, Fraction)) or not isinstance(high, (int, Fraction)):
        return None
    return range(int(low), int(high) + 1) if high - low < MOST_VALUES else None


def decide_by_values(difference: sp.Expr, box: Box, budget: float, statement: str) -> Verdict | None:
    """Whether ``difference >= 0``, value by value of the integer that sums, products or lists depend on.

    Parameters
    ----------
    difference : sympy.Expr
        What should be nonnegative.
    box : Box
        The domain.
    budget : float
        Seconds for all values together.
    statement : str
        What is claimed, for the verdict.

    Returns
    -------
    Verdict or None
        None where there is no such integer with a bounded range of few values.
    """
    inside = set().union(*(part.free_symbols for part in difference.atoms(sp.Sum, sp.Product, listed)))
    place = next((place for place, symbol in enumerate(box.symbols)
                  if symbol in inside and _values(box, place) is not None), None)
    values = None if place is None else _values(box, place)
    if place is None or values is None:
        return None
    variable, parts, end = box.symbols[place], [], time.perf_counter() + budget
    for value in values:
        part = at_value(difference, variable, value)
        left = max(0.05 * budget, (end - time.perf_counter()) / (values.stop - value))
        verdict = decide_nonnegative(part, box.onto(part.free_symbols), budget=left, statement=statement)
        if isinstance(verdict, Refuted):
            return Refuted(statement, box, {**verdict.point, variable: sp.Integer(value)}, verdict.gap, verdict.exactly)
        if not isinstance(verdict, Proved):
            tried = verdict.tried if isinstance(verdict, Undecided) else ()
            return Undecided(statement, box, (f"each {variable} apart, up to {variable} = {value}", *tried))
        parts.append(verdict.certificate)
    return Proved(statement, box, ByValues(difference, box, False, variable=variable, parts=tuple(parts)))
