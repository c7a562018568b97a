"""Closed forms of the inverse of sums of few powers of the sample size."""

from __future__ import annotations

import sympy as sp

from stlbounds.analysis.budget import Budget
from stlbounds.analysis.expand import Expansion
from stlbounds.analysis.facts import Facts, Split
from stlbounds.analysis.series import Scale
from stlbounds.errors import UndecidedError

__all__ = ["decomposed", "inverse_in_size"]


def decomposed(expression: sp.Expr, x: sp.Symbol, budget: Budget) -> dict[Scale, sp.Expr] | None:
    """The expression as a finite sum of powers of ``x`` (and logarithms), or None if it is none."""
    try:
        series = Expansion(x, Facts(), 1, budget).series(expression)
    except (Split, UndecidedError):
        return None
    return None if series.rest else {scale: sp.factor_terms(factor) for scale, factor in series.terms.items()}


def inverse_in_size(expression: sp.Expr, x: sp.Symbol, target: sp.Expr, budget: Budget) -> sp.Expr | None:
    """The real number from which on the expression is at most ``target``, in closed form, or None.

    Covers ``c0 + c x**(-a)``, ``c0 + c1 x**(-a) + c2 x**(-2a)`` and ``c0 + c x**(-a) log(x)``, on the branch of large
    ``x``; it is real and right where the target lies above ``c0`` (and below the maximum, for the logarithm).
    """
    parts = decomposed(expression, x, budget)
    if parts is None or any(scale.growth or scale.powers[2] != 0 for scale in parts):
        return None
    constant = parts.pop(Scale(), sp.S.Zero)
    gap = target - constant
    facts = Facts()
    powers = {scale.powers: factor for scale, factor in parts.items()}
    if any(facts.decide(-vector[0]) != 1 or facts.decide(factor) != 1 for vector, factor in powers.items()):
        return None
    if len(powers) == 1:
        ((vector, factor),) = powers.items()
        a, b, _ = vector
        if b == 0:
            return (factor / gap) ** (-1 / a)
        if b == 1:
            # a log(x) = -W, and W_{-1} is the branch on which x is large.
            branch = sp.LambertW(a * gap / factor, -1)
            return -branch * factor / gap if a == -1 else sp.exp(branch / a)
        return None
    if len(powers) == 2 and all(vector[1] == 0 for vector in powers):
        (first, c1), (second, c2) = sorted(powers.items(), key=lambda item: sp.default_sort_key(-item[0][0]))
        if facts.decide(second[0] - first[0]) == 1:
            (first, c1), (second, c2) = (second, c2), (first, c1)
        if sp.expand(second[0] - 2 * first[0]) == 0:
            # s = x**(-a) solves c2 s**2 + c1 s = gap; written so that nothing cancels.
            return ((c1 + sp.sqrt(c1**2 + 4 * c2 * gap)) / (2 * gap)) ** (-1 / first[0])
    return None
