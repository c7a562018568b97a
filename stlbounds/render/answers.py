"""Answers of the analysis as Markdown with formulas, for notebooks: a line for each case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy as sp

from stlbounds.analysis.cases import Answer, Case
from stlbounds.analysis.expansion import Expanded
from stlbounds.analysis.rate import Leading
from stlbounds.analysis.threshold import GUARANTEED, Behaviour, Threshold
from stlbounds.render.printer import inline

__all__ = ["answer_markdown", "threshold_markdown"]

_SIGNS = {sp.Eq: "=", sp.Ne: r"\ne", sp.Lt: "<", sp.Le: r"\le", sp.Gt: ">", sp.Ge: r"\ge"}


def _relation(relation: Any) -> str:
    left, right = relation.args
    return f"${inline(left)} {_SIGNS[type(relation)]} {inline(right)}$"


def _order(leading: Leading) -> str:
    return rf"$\Theta({inline(leading.order)})$"


def _value(value: Any) -> str:
    if isinstance(value, Leading):
        return "exactly $0$" if value.constant == 0 else f"{_order(value)}, constant ${inline(value.constant)}$"
    if isinstance(value, Behaviour):
        return f"**{GUARANTEED if value.fine else 'diverges'}**: {_order(value.leading)}"
    if isinstance(value, Expanded):
        last = value.terms[-1].order if value.terms else sp.S.One
        terms = " + ".join(inline(term.expr) for term in value.terms) or "0"
        return f"${terms}{'' if value.exact else f' + o({inline(last)})'}$"
    return f"${inline(value)}$" if isinstance(value, sp.Expr) else str(value)


def _lines(cases: Iterable[Case[Any]], place: str = "") -> list[str]:
    return [f"- {place}{_value(case.value)}" + (
        f" if {' and '.join(_relation(condition.relation) for condition in case.conditions)}" if case.conditions
        else "") for case in cases]


def _within(assumptions: Iterable[sp.Basic]) -> str:
    found = ", ".join(map(_relation, assumptions))
    return f"\n\nfor {found}" if found else ""


def answer_markdown(answer: Answer[Any]) -> str:
    r"""An answer, case by case, and what holds throughout.

    Examples
    --------
    >>> import stlbounds as stl
    >>> bound = stl.in_expectation(stl.Setting(stl.loops.Replace(), stl.generators.Categorical(20)))
    >>> print(answer_markdown(bound.rate("n", term="bias")))
    - $\Theta(1/n)$, constant $b$
    <BLANKLINE>
    for $b > 0$
    """
    return "\n".join(_lines(answer.cases)) + _within(answer.assumptions)


def threshold_markdown(found: Threshold) -> str:
    """The critical value, and what happens on both sides of it."""
    critical, why = found.settled()
    if why is not None:
        head = f"critical ${inline(found.variable)}$ undecided: {why}"
    else:
        head = found.answer() if critical is None else f"critical ${inline(found.variable)} = {inline(critical)}$"
    lines = _lines(found.inside)
    for end, cases in found.ends.items():
        lines += _lines(cases, f"at ${inline(found.variable)} = {inline(end)}$: ")
    return f"{head}\n\n" + "\n".join(lines) + _within(found.assumptions)
