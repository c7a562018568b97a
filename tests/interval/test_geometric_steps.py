"""Geometric sums over ranges whose lower end a rounding has put below 0, and what rests on them."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.analysis.minimize import minimize_expression
from stlbounds.interval.arithmetic import arithmetic
from stlbounds.interval.special_nodes import GeometricSum
from stlbounds.symbols import N, c, kappa, lam, r


def _sum(ratio: Fraction, terms: int) -> Fraction:
    return sum((ratio**m for m in range(terms)), Fraction(0))


def _slope(ratio: Fraction, terms: int) -> Fraction:
    return sum((m * ratio ** (m - 1) for m in range(1, terms)), Fraction(0))


@pytest.mark.parametrize("backend", ["arb", "mpmath"])
def test_ratios_below_0_are_enclosed(backend):
    numbers = arithmetic(backend)
    step = GeometricSum(0, 1)
    chance = random.Random(4)
    with numbers.working():
        for _ in range(300):
            low = -Fraction(chance.randrange(1, 500), 1000)
            high = low + Fraction(chance.randrange(0, 1500), 1000)
            first = chance.randrange(0, 4)
            last = first + chance.randrange(0, 4)
            operands = numbers.interval(low, high), numbers.interval(Fraction(first), Fraction(last))
            value = step.value(numbers, operands)
            by_ratio, by_terms = step.partials(numbers, operands, value)
            for _ in range(10):
                ratio = low + (high - low) * Fraction(chance.randrange(0, 1001), 1000)
                terms = chance.randrange(first, last + 1)
                for found, truth in ((value, _sum(ratio, terms)), (by_ratio, _slope(ratio, terms)),
                                     (by_terms, ratio**terms if terms < last else None)):
                    if truth is not None:
                        assert numbers.exact(found[0]) <= truth <= numbers.exact(found[1])


def test_far_below_0_nothing_is_claimed():
    numbers = arithmetic()
    with numbers.working():
        operands = numbers.interval(Fraction(-2), Fraction(0)), numbers.interval(Fraction(3), Fraction(3))
        low, high = GeometricSum(0, 1).value(numbers, operands)
    assert low == numbers.minus_inf and high == numbers.inf


def test_the_best_amount_of_synthetic_data_from_none_on():
    """At ``lam = 0`` the ratio is 0; its enclosure is not, by a rounding, and the minimum must not depend on that."""
    generator = stl.generators.Generator("any", stl.DISCRETE, kappa, c * N**-r)
    bound = stl.high_probability(stl.Setting(stl.loops.Augment(lam), generator))
    values = dict(n=1000, i=7, kappa=0.8, r=0.5, b=1, M=1, delta=0.05)
    much = bound.minimize(lam, over=(0, 10), c=0.1, **values)
    assert much.replay() and much.where[-1][1] == 10
    none = bound.minimize(lam, over=(0, 10), c=5, **values)
    assert none.replay() and none.where[0][0] == 0 and none.where[-1][1] < Fraction(1, 20)
    grid = bound.evaluate(lam=[k / 20 for k in range(201)], c=0.1, **values)
    assert much.value[0] <= grid.min() <= much.value[1] + 1e-6


def test_a_closed_form_is_not_disturbed():
    form = 1 / (1 + lam) + lam / 4
    assert minimize_expression(form, lam).at == 1 and sp.simplify(form.subs(lam, 1)) == sp.Rational(3, 4)
