"""Optimal parameters: closed forms against the theory, and certified global minima against dense grids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.analysis.minimize import after_many_generations, minimize_expression
from stlbounds.analysis.minimize_closed import Closed
from stlbounds.errors import InvalidArgumentError, SymbolError, UndecidedError
from stlbounds.special import geometric_sum
from stlbounds.symbols import K, M, alpha, c, delta, e, i, kappa, lam, n, w

C = sp.Symbol("C", positive=True)
GOLDEN = (sp.sqrt(5) - 1) / 2


def _noise(ratio):
    """``phi**2`` of theory §9."""
    return 1 / (1 + lam * (1 - ratio)) ** 2 + lam / ((1 + lam) ** 2 - ratio**2 * lam**2)


# --- closed forms -----------------------------------------------------------------------------------------------


def test_the_rule_for_a_shrinking_learning_error():
    """Theory §9: with ``e = c((1+lam) n)**(-1/2)``, ``lam* = max(0, C/(M c) - 2)``."""
    found = minimize_expression((M * c * lam + C) / sp.sqrt(n * (1 + lam)), lam)
    assert found.exact and sp.expand(found.at - sp.Max(0, C / (M * c) - 2)) == 0
    assert found.replay()


def test_the_two_thirds_power_rule():
    """Theory §9: ``1 + lam* = (C/(2 M e sqrt(n)))**(2/3)`` if that exceeds 1."""
    found = minimize_expression(M * e * lam + C / sp.sqrt(n * (1 + lam)), lam)
    assert isinstance(found.certificate, Closed) and found.certificate.convex and found.replay()
    for values in ({C: 5, M: 1, e: sp.Rational(1, 100), n: 100}, {C: 1, M: 2, e: 1, n: 50}):
        expected = max(0, (values[C] / (2 * values[M] * values[e] * sp.sqrt(values[n]))) ** sp.Rational(2, 3) - 1)
        assert abs(sp.N(found.at.subs(values) - expected, 30)) < 1e-25


@pytest.mark.parametrize("form", [
    (w**2 + (1 - w) ** 2) / (n * (1 - (1 - w) ** 2)),
    sp.sqrt(w**2 + (1 - w) ** 2) / sp.sqrt(1 - (1 - w) ** 2) * sp.sqrt(sp.log(2 / delta)) * (M + 1),
])
def test_the_golden_ratio(form):
    found = minimize_expression(form, w)
    assert found.exact and sp.simplify(found.at - GOLDEN) == 0
    assert found.replay()


def test_the_golden_ratio_comes_out_of_the_weighted_loop():
    bound = stl.high_probability(stl.Setting(stl.loops.WeightedMix(w), stl.generators.Categorical(K)))
    found = bound.minimize(w, term="concentration", i=sp.oo)
    assert sp.simplify(found.at - GOLDEN) == 0
    assert found.least.has(n)


def test_a_closed_form_at_an_end_and_a_changed_derivation():
    rising = minimize_expression(2 * alpha + 3, alpha)
    assert rising.at == 0 and minimize_expression(-2 * alpha, alpha).at == 1
    found = minimize_expression((M * c * lam + C) / sp.sqrt(n * (1 + lam)), lam).certificate
    assert isinstance(found, Closed)
    assert not replace(found, numerator=found.numerator + 1).replay()
    assert not replace(found, denominator=-found.denominator, numerator=-found.numerator).replay()
    golden = minimize_expression((w**2 + (1 - w) ** 2) / (1 - (1 - w) ** 2), w).certificate
    assert isinstance(golden, Closed) and golden.regions is not None
    assert not replace(golden, regions=(*golden.regions[:2], 0)).replay()


# --- certified global minima --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ratio", "price"), [
    (sp.Rational(3, 4), 20), (sp.Rational(1, 4), 10), (sp.Rational(9, 10), 100)])
def test_noise_plus_drift_of_augmenting(ratio, price):
    """``phi`` of theory §9 is not convex: the global minimum is certified and agrees with a dense grid."""
    form = sp.sqrt(_noise(ratio)) + lam / price
    found = minimize_expression(form, lam, over=(0, 50), tolerance=1e-7)
    assert not found.exact and found.replay()
    grid = np.linspace(0, 50, 200_001)
    values = sp.lambdify(lam, form)(grid)
    assert found.value[0] <= values.min() + 1e-12
    assert found.value[1] >= values.min() - 1e-6
    assert any(low - 1e-3 <= grid[values.argmin()] <= high + 1e-3 for low, high in found.where)


def test_a_local_minimum_is_not_taken():
    """Two valleys: a root of the derivative near 0 is the higher one."""
    form = (lam - 1) ** 2 * (lam - 8) ** 2 / 100 - lam / 50 + sp.exp(-lam)
    found = minimize_expression(form, lam, over=(0, 10))
    assert len(found.where) == 1 and 7.9 < found.where[0][0] < found.where[0][1] < 8.2
    assert found.replay()
    twin = minimize_expression(sp.exp((lam - 1) ** 2 * (lam - 3) ** 2), lam, over=(0, 4), tolerance=1e-6)
    assert len(twin.where) == 2, "both minimisers are listed"


def test_integers():
    found = minimize_expression(K / 10 + 7 / sp.sqrt(K), K, over=(1, 1000))
    values = {k: k / 10 + 7 / k**0.5 for k in range(1, 1001)}
    best = min(values, key=values.__getitem__)
    assert found.at == best and found.where == ((best, best),)
    assert found.replay()


def test_a_bound_is_minimised_over_the_weight_and_over_generations():
    bound = stl.high_probability(stl.Setting(stl.loops.WeightedMix(w), stl.generators.Categorical(20)))
    values = {"i": 10, "n": 1000, "M": 1, "b": 1, "delta": 0.05}
    found = bound.minimize("w", over=(0.01, 1), **values)
    grid = bound.evaluate(w=np.linspace(0.01, 1, 20_001), **values)
    assert found.value[0] <= grid.min() and grid.min() - found.value[1] < 1e-6
    assert found.replay()
    few = {**values, "w": 0.5}
    del few["i"]
    assert bound.minimize("i", over=(0, 30), **few).at == 0


def test_a_broken_certificate_is_refused():
    found = minimize_expression(sp.sqrt(_noise(sp.Rational(3, 4))) + lam / 20, lam, over=(0, 50), tolerance=1e-5)
    below, *outside = found.certificate
    assert outside and all(part.replay() for part in found.certificate)
    assert not replace(below, difference=below.difference - sp.Rational(1, 100)).replay()
    assert not replace(outside[0], difference=outside[0].difference - sp.Rational(1, 100)).replay()


def test_many_generations():
    assert after_many_generations(geometric_sum(1 - alpha, i + 1) + (1 - alpha) ** (2 * i)) == 1 / alpha
    with pytest.raises(UndecidedError, match="ratios"):
        after_many_generations(geometric_sum(kappa, i))


@pytest.mark.parametrize(("call", "error", "match"), [
    (lambda bound: bound.minimize("alpha", alpha=1), InvalidArgumentError, "left out"),
    (lambda bound: bound.minimize("lam"), SymbolError, "lam does not occur"),
    (lambda bound: bound.minimize("alpha", term="nothing"), InvalidArgumentError, "one of drift"),
    (lambda bound: bound.minimize("alpha"), UndecidedError, "give values to"),
    (lambda bound: bound.minimize("alpha", kappa=1), SymbolError, "kappa does not occur"),
    (lambda bound: bound.minimize("alpha", n=float("inf")), InvalidArgumentError, "only i may be oo"),
    (lambda bound: bound.minimize("alpha", over=(0.5, 3)), InvalidArgumentError, "alpha"),
    (lambda bound: bound.minimize(3), InvalidArgumentError, "a symbol or its name"),
    (lambda bound: bound.minimize("alpha", tolerance=0), InvalidArgumentError, "tolerance"),
])
def test_bad_questions(call, error, match):
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(K)))
    with pytest.raises(error, match=match):
        call(bound)


def test_an_unbounded_range_without_an_end_to_the_search():
    with pytest.raises(UndecidedError, match="bounded range"):
        minimize_expression(sp.exp(-lam) + sp.exp(-lam / 2), lam, budget=0.5)


def test_the_text_of_a_minimum_tells_where_it_is():
    mine = stl.generators.Generator("mine", stl.DISCRETE, sp.Rational(1, 2), 0.1)
    found = stl.high_probability(stl.Setting(stl.loops.Augment(lam), mine)).minimize(
        lam, over=(0, 5), n=100, i=3, b=1, M=1, delta=0.05)
    assert found.at == 0 and ", near lam = 0, certainly in [0, " in str(found)
