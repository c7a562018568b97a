"""Long sums: quadrature where the summand is smooth, terms where it is not, and the growth of averaging loops."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.growth import growth_mpmath, growth_sum_mpmath
from stlbounds.numeric.growing import growth_array, growth_sum_array
from stlbounds.numeric.series import product_over, sum_over
from stlbounds.symbols import j

LENGTHS = [0, 1, 100, 128, 129, 1200, 1300, 5000, 20_000]


@pytest.mark.parametrize("power", [0.0, 0.3, 1.0, 1.5, 3.0, 6.0])
def test_powers(power):
    lengths = np.array(LENGTHS, dtype=float)
    got = sum_over(lambda k: 1 / ((k + 1) ** power * (k + 2)), 0, lengths - 1)
    for value, length in zip(got, LENGTHS, strict=True):
        terms = (np.arange(length) + 1.0) ** -power / (np.arange(length) + 2.0)
        assert value == pytest.approx(float(mpmath.fsum(terms)), rel=1e-13)


def test_a_million_and_a_billion_terms():
    # The harmonic numbers, by their expansion.
    for last in (10**6, 10**9):
        expected = np.log(last) + np.euler_gamma + 1 / (2 * last) - 1 / (12 * last**2)
        assert float(sum_over(lambda k: 1 / k, 1, last)) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("power", [-0.5, 0.0, 1.5, 4.0])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_a_billion_smooth_terms_are_not_added_one_by_one(power, shape):
    """The last terms are looked at, too; far from 0 their own number was rounded away."""
    asked = 0

    def term(k):
        nonlocal asked
        asked += np.size(k)
        return np.asarray(k, dtype=float) ** -power

    found = sum_over(term, np.ones(shape), np.full(shape, 1e9))
    # Euler-Maclaurin; what follows is below 1e-30 of it.
    last = 1e9
    expected = (float(mpmath.zeta(power)) + last ** (1 - power) / (1 - power) + last**-power / 2
                - power * last ** (-power - 1) / 12)
    assert np.allclose(found, expected, rtol=1e-12)
    assert asked < 100_000


@pytest.mark.parametrize("term", [
    lambda k: np.where(k % 2 == 0, 1.0, 2.0), lambda k: np.where(k < 300, 1.0, 0.0), lambda k: 0.999**k,
    lambda k: np.sin(k) + 2])
def test_what_is_not_smooth_is_summed_term_by_term(term):
    got = float(sum_over(term, 1, 4000))
    assert got == pytest.approx(float(mpmath.fsum(float(term(np.float64(k))) for k in range(1, 4001))), rel=1e-12)


def test_parameters_broadcast():
    power, last = np.array([0.5, 2.0])[:, None], np.array([10.0, 3000.0, 0.0])
    got = sum_over(lambda k: k**-power, 1, np.broadcast_to(last, (2, 3)))
    for index, value in np.ndenumerate(got):
        terms = np.arange(1, last[index[1]] + 1) ** -power[index[0], 0]
        assert value == pytest.approx(float(mpmath.fsum(terms)), rel=1e-13)


def test_products():
    got = product_over(lambda m: 1 + 1 / m, np.array([1.0, 3.0, 5.0]), np.array([4.0, 2.0, 5.0]))
    assert got.tolist() == pytest.approx([5.0, 1.0, 1.2], rel=1e-15)


@pytest.mark.parametrize("kappa", [0.0, 1e-9, 0.3, 0.5, 1.0, 2.7, 50.0])
def test_growth(kappa):
    points = [(0, 0), (0, 5), (3, 90), (100, 128), (50, 4000), (500, 10**6), (0, 10**6)]
    with mpmath.workdps(40):
        expected = [growth_mpmath(kappa, j, i) for j, i in points]
    got = growth_array(kappa, *np.array(points, dtype=float).T)
    for value, true, (_, i) in zip(got, expected, points, strict=True):
        # The exponent kappa log(i) has rounded.
        assert value == pytest.approx(float(true), rel=1e-13 + 20 * kappa * np.log(i + 2) * 2.0**-53)


@pytest.mark.parametrize("kappa", [0.0, 1e-9, 0.3, 0.5, 1.0, 2.7, 20.0])
@pytest.mark.parametrize(("power", "start"), [(1, 0), (2, 0), (2, 1), (1, 1)])
def test_growth_sums(kappa, power, start):
    lasts = np.array([0, 1, 40, 127, 128, 129, 700.0])
    got = growth_sum_array(kappa, lasts, power, start)
    columns = growth_sum_array(np.full(lasts.shape, kappa), lasts, power, start)
    with mpmath.workdps(40):
        expected = [float(growth_sum_mpmath(kappa, last, power, start)) for last in lasts]
    assert got.tolist() == pytest.approx(expected, rel=1e-13 + 200 * kappa * 2.0**-53)
    assert columns.tolist() == pytest.approx(expected, rel=1e-13 + 200 * kappa * 2.0**-53)


@pytest.mark.parametrize("last", [200, 1_200, 1_500, 5_000, 20_000, 100_000, 1_000_000])
def test_a_sum_that_is_all_at_its_last_terms(last):
    """Influences that are forgotten: quadrature saw nothing but zeros, and gave 0 in the place of 2."""
    for shape in ((), (2,)):
        found = sum_over(lambda k: np.exp2(k - last), np.zeros(shape), np.full(shape, float(last)))
        assert np.allclose(found, 2.0, rtol=1e-12)


def test_a_schedule_of_many_generations():
    """At 6000 generations the concentration was a twentieth of what it is."""
    loop = stl.loops.Schedule(sp.Rational(1, 2) + 1 / (4 * (j + 1)))
    generator = stl.generators.Generator("own", stl.DISCRETE, sensitivity=sp.Rational(1, 2), learning_error=0)
    bound = stl.high_probability(stl.Setting(loop, generator, stl.learners.BrierFit()))
    values = [bound.evaluate(n=1000, i=many, delta=0.1) for many in (500, 6_000)]
    assert values[0] < values[1] < values[0] * 1.001
