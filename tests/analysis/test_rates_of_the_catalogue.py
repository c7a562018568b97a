"""The rate of every bound of the catalogue, held against the bound itself at parameters drawn at random."""

from __future__ import annotations

import random

import mpmath
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.compiled import mpmath_function
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS
from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.symbols import K, entry, n, symbol
from stlbounds.theorems.setting import Setting

#: Loops with parameters of their own that are symbols.
NAMES = [name for name, loop in LOOPS.items() if not loop.lists]
FAR = sp.Integer(10) ** 300


def _bound(model, loop):
    generator = GENERATORS[model].make(symbol)
    setting = Setting(LOOPS[loop].make(symbol, None), generator, LEARNERS[GENERATORS[model].learner].make(symbol))
    return stl.in_expectation(setting) if generator.shared_seed else stl.high_probability(setting)


def _draw(rng, name):
    values = entry(name).range
    if values.integer:
        return sp.Integer(rng.randint(2, 9) if name == K else rng.randint(1, 5))
    high = values.high if values.high != sp.oo else values.low + 2
    return values.low + (high - values.low) * sp.Rational(rng.randint(1, 9), 10)


def _at(expression, point):
    free = tuple(sorted(expression.free_symbols, key=str))
    with mpmath.workdps(700):
        return mpmath_function(expression, free)(*(mpmath.mpf(int(point[s].p)) / int(point[s].q) for s in free))


@pytest.mark.slow
@pytest.mark.parametrize("model", GENERATORS)
def test_the_bound_over_its_leading_term_tends_to_one(model):
    rng = random.Random(model)
    checked = 0
    for loop in NAMES:
        try:
            bound = _bound(model, loop)
        except (AssumptionError, UndecidedError):
            continue  # the model has no theorem in this loop
        answer = bound.rate(n)
        conditions = [condition.quantity for case in answer.cases for condition in case.conditions]
        free = bound.expr.free_symbols.union(*(quantity.free_symbols for quantity in conditions)) - {n}
        point = {name: _draw(rng, name) for name in sorted(free, key=str)}
        leading = answer.at(**{name.name: value for name, value in point.items()}).expr
        ratio = _at(bound.expr, {**point, n: FAR}) / _at(leading, {**point, n: FAR})
        assert abs(ratio - 1) < 1e-6, (loop, point)
        checked += 1
    assert checked >= 2


def test_the_critical_proportion_of_a_fixed_mix_is_the_formula_for_every_model():
    for model in ("categorical", "contractive", "gradient-trained-discrete", "kernel-density"):
        critical = _bound(model, "fixed-mix").threshold("alpha").critical
        kappa = GENERATORS[model].make(symbol).sensitivity
        for value in (sp.Rational(1, 2), 1):
            point = {s: sp.Rational(value) for s in kappa.free_symbols}
            assert critical.subs(point) == max(0, 1 - 1 / kappa.subs(point))
