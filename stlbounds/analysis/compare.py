"""Is one bound at most another on a domain, and where do they meet?"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.interval.arithmetic import arithmetic
from stlbounds.interval.by_values import decide_by_values
from stlbounds.interval.certificates import ByTerms, Proved, Verdict
from stlbounds.interval.decide import decide_nonnegative
from stlbounds.interval.domain import Box, box_of
from stlbounds.interval.roots import Bracket, sign_changes
from stlbounds.numeric.enclose import decimal_text
from stlbounds.shown import Shown
from stlbounds.symbols import exact
from stlbounds.theorems.statement import Statement

__all__ = ["Comparison", "compare", "compare_expressions"]


@dataclass(frozen=True)
class Comparison(Shown):
    """Whether ``first <= second`` on a domain.

    Parameters
    ----------
    verdict : Verdict
        Proved (with a certificate), refuted (with a point) or undecided, for ``first <= second``.
    reverse : Verdict or None
        The same for ``second <= first``; None if the first one is proved.
    crossovers : tuple of Bracket or None
        Where the two meet, if one variable is a bounded range; None if this was not looked for or not found in time.
    variable : sympy.Symbol or None
        The variable of the crossovers.
    """

    verdict: Verdict
    reverse: Verdict | None
    crossovers: tuple[Bracket, ...] | None
    variable: sp.Symbol | None

    @property
    def proved(self) -> bool:
        """Whether the first is at most the second everywhere on the domain."""
        return self.verdict.proved

    @property
    def refuted(self) -> bool:
        """Whether the first is larger at some point of the domain."""
        return self.verdict.refuted

    def __str__(self) -> str:
        lines = [str(self.verdict)]
        if self.reverse is not None:
            lines.append(f"the other way round, {self.reverse}")
        for bracket in self.crossovers or ():
            low, high = (decimal_text(end, 12, upwards=up) for end, up in ((bracket.low, False), (bracket.high, True)))
            lines.append(f"they meet at {self.variable} in [{low}, {high}]" + ("" if bracket.unique else ", perhaps"))
        return "\n".join(lines)


def _term_by_term(differences: Sequence[sp.Expr], box: Box, budget: float, statement: str) -> Verdict | None:
    """A proof of each difference by itself, or None."""
    parts = []
    for difference in differences:
        answer = decide_nonnegative(difference, box.onto(difference.free_symbols), budget=budget / len(differences))
        if not isinstance(answer, Proved):
            return None
        parts.append(answer.certificate)
    return Proved(statement, box, ByTerms(sp.Add(*differences), box, parts=tuple(parts)))


def _decided(difference: sp.Expr, box: Box, budget: float, statement: str,
             differences: Sequence[sp.Expr] = ()) -> Verdict:
    """Whether a difference is nonnegative: generation by generation where a schedule gives few, else at once."""
    end = time.perf_counter() + budget
    found = decide_by_values(difference, box, 1.5 * budget, statement)
    if found is not None and (found.proved or found.refuted):
        return found
    left = max(0.1 * budget, end - time.perf_counter())
    several = len(differences) > 1
    verdict = decide_nonnegative(difference, box, budget=left / 5 if several else left, statement=statement)
    if several and not (verdict.proved or verdict.refuted):
        verdict = (_term_by_term(differences, box, 2 * left / 3, statement)
                   or decide_nonnegative(difference, box, budget=2 * left / 3, statement=statement))
    return verdict


def compare_expressions(first: sp.Expr, second: sp.Expr, domain: Mapping[Any, Any] | None = None, *,
                        budget: float = 5.0, tolerance: float = 1e-10,
                        differences: Sequence[sp.Expr] = ()) -> Comparison:
    """Whether one expression is at most another; see `compare`.

    Parameters
    ----------
    first, second : sympy.Expr
        The expressions.
    domain : mapping, optional
        Numbers and ranges.
    budget : float
        Seconds after which to give up.
    tolerance : float
        Width of the crossovers, relative to the range of the variable.
    differences : sequence of sympy.Expr, optional
        Parts of ``second - first``, proved one by one where the whole is not.
    """
    box = box_of(first.free_symbols | second.free_symbols, domain)
    end = time.perf_counter() + budget
    verdict = _decided(second - first, box, budget / 2, "first <= second", differences)
    reverse = None
    if not verdict.proved:
        left = max(0.1 * budget, (end - time.perf_counter()) / 2)
        reverse = _decided(first - second, box, left, "second <= first", [-part for part in differences])
    crossovers, variable = None, None
    if len(box.active) == 1 and box.bounded:
        variable = box.symbols[box.active[0]]
        crossovers = sign_changes(second - first, box, arithmetic(), tolerance=tolerance,
                                  deadline=max(end, time.perf_counter() + 0.2 * budget))
    return Comparison(verdict, reverse, crossovers, variable)


def compare(bound: Statement, other: Any, domain: Mapping[Any, Any] | None = None, *, budget: float = 5.0,
            tolerance: float = 1e-10, **ranges: Any) -> Comparison:
    """Whether a bound is at most another one on a domain; see `Questions.compare`."""
    if isinstance(other, Statement):
        expression, symbols = other.expr, set(other.constants)
        names = dict.fromkeys((*bound.terms, *other.terms))
        differences = [other.terms.get(name, sp.S.Zero) - bound.terms.get(name, sp.S.Zero) for name in names]
    elif isinstance(other, (sp.Expr, int, float, Fraction)):
        expression = exact("other", other)
        symbols, differences = expression.free_symbols, []
    else:
        raise InvalidArgumentError("other", repr(other), "a bound, an expression or a number")
    given = {**{str(key): value for key, value in (domain or {}).items()}, **ranges}
    occurring = {symbol.name for symbol in bound.expr.free_symbols | expression.free_symbols}
    known = occurring | {symbol.name for symbol in bound.constants | symbols}
    for name in given:
        if name not in known:
            raise InvalidArgumentError(name, given[name], f"for one of the symbols {', '.join(sorted(known))}")
    sides = [side for side in (bound, other) if isinstance(side, Statement)]
    last = min((side.setting.loop.horizon for side in sides if side.setting.loop.horizon is not None), default=None)
    if "i" in given:
        for side in sides:
            side._check_horizon(max(given["i"]) if isinstance(given["i"], (tuple, list, range)) else given["i"])
    elif last is not None and "i" in occurring:
        given["i"] = (0, last)
    return compare_expressions(bound.expr, expression, {name: given[name] for name in given if name in occurring},
                               budget=budget, tolerance=tolerance, differences=differences)

