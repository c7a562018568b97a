"""How many real points a bound needs: to be at most epsilon, or to say anything at all."""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.analysis.inversion import SECONDS, Inverse, Question, asked, near, witness
from stlbounds.analysis.powers import inverse_in_size
from stlbounds.symbols import N, n
from stlbounds.theorems.statement import Statement

__all__ = ["sample_size", "vacuous_below"]


def sample_size(bound: Statement, epsilon: Any, seconds: float = SECONDS, **values: Any) -> Inverse:
    """The smallest ``n`` from which on ``bound`` is at most ``epsilon``; see `Questions.sample_size`."""
    return _solved(bound, asked(bound, n, epsilon, values, seconds), strict=False)


def vacuous_below(bound: Statement, seconds: float = SECONDS, **values: Any) -> Inverse:
    """The smallest ``n`` from which on ``bound`` is below ``M``; see `Questions.vacuous_below`."""
    most = bound.setting.learner.loss_constant
    question = asked(bound, n, 1, values, seconds)
    target = most.subs(question.values, simultaneous=True)
    return _solved(bound, Question(n, question.expression, question.values, target, question.budget), strict=True)


def _why(bound: Statement) -> str:
    """Why a bound does not vanish, where its learner is too unstable for the theorem."""
    stability = bound.setting.learner.beta_N
    powers = [term.as_powers_dict()[N] for term in sp.Add.make_args(stability)]
    if bound.theorem not in ("high-probability", "expected-gap", "bernstein") or any(
            power.is_Rational is not True for power in map(sp.S, powers)):
        return ""
    if max(powers) > -sp.S.Half:
        return f"; the stability {stability} of the learner should fall like 1/N"
    return (f"; for a stability of {stability} there is stl.weak_stability, in loops with fresh real data"
            if max(powers) == -sp.S.Half else "")


def _solved(bound: Statement, question: Question, strict: bool) -> Inverse:
    closed = inverse_in_size(question.substituted, n, question.target, question.budget)
    aim = f"{'below' if strict else 'at most'} {question.target}"
    if closed is not None and question.missing:
        return Inverse(n, None, f"the bound is {aim} from n = ceiling({closed}) on, where that is real", closed)
    excess = question.excess(strict)
    last = excess.last(1)
    if last is None:
        return Inverse(n, None, f"no n works: the bound is not {aim} for arbitrarily large n{_why(bound)}",
                       evidence=witness(excess, 1, 10**6, 10**12))
    size = last + 1
    points = (last, size) if last >= 1 else (size,)
    if closed is not None and not (size > 1 and near(closed, last, size)):
        closed = None
    return Inverse(n, sp.Integer(size), f"the bound is {aim} from n = {size} on", closed,
                   evidence=witness(excess, *points))
