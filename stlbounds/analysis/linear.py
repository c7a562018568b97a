"""Linear inequalities with rational coefficients: whether some of them contradict each other, by Fourier–Motzkin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

__all__ = ["Constraint", "contradictory"]

_MOST = 400


@dataclass(frozen=True)
class Constraint:
    """``constant + sum of coefficient * variable`` is positive (``strict``) or nonnegative."""

    terms: frozenset[tuple[sp.Expr, Fraction]]
    constant: Fraction
    strict: bool

    @staticmethod
    def make(terms: dict[sp.Expr, Fraction], constant: Fraction, strict: bool) -> Constraint:
        """The constraint with integers tightened: ``i > 0`` becomes ``i - 1 >= 0``."""
        kept = {variable: factor for variable, factor in terms.items() if factor != 0}
        whole = all(variable.is_integer and factor.denominator == 1 for variable, factor in kept.items())
        if strict and kept and whole and constant.denominator == 1:
            constant, strict = constant - 1, False
        return Constraint(frozenset(kept.items()), constant, strict)


def _without(variable: sp.Expr, constraints: set[Constraint]) -> set[Constraint]:
    """The constraints that follow for the other variables."""
    factors = {constraint: dict(constraint.terms).get(variable, Fraction(0)) for constraint in constraints}
    below = [constraint for constraint, factor in factors.items() if factor > 0]
    above = [constraint for constraint, factor in factors.items() if factor < 0]
    kept = {constraint for constraint, factor in factors.items() if factor == 0}
    for low in below:
        for high in above:
            first, second = dict(low.terms), dict(high.terms)
            left, right = first.pop(variable), -second.pop(variable)
            terms = {name: first.get(name, Fraction(0)) * right + second.get(name, Fraction(0)) * left
                     for name in {*first, *second}}
            kept.add(Constraint.make(terms, low.constant * right + high.constant * left, low.strict or high.strict))
    return kept


def contradictory(constraints: Iterable[Constraint]) -> bool:
    """Whether no real values satisfy all constraints; False also where the elimination grew too large to tell."""
    current = set(constraints)
    while True:
        for constraint in [found for found in current if not found.terms]:
            if constraint.constant < 0 or (constraint.strict and constraint.constant == 0):
                return True
            current.discard(constraint)
        counts: dict[sp.Expr, list[int]] = {}
        for constraint in current:
            for variable, factor in constraint.terms:
                counts.setdefault(variable, [0, 0])[factor > 0] += 1
        if not counts or len(current) > _MOST:
            return False
        # The variable whose elimination makes the fewest new constraints.
        best = min(counts, key=lambda variable: counts[variable][0] * counts[variable][1])
        current = _without(best, current)
