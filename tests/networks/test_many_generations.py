"""Networks after many generations: sums of squared entries of powers in the time of one power."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.matrices import power_entry, power_entry_array, power_sum_entry_array, squares_summed
from stlbounds.networks import Model, Network
from stlbounds.symbols import G, i

HALF = sp.Rational(1, 2)
PAIR = Model(stl.generators.Categorical(5), stl.learners.BrierFit())


@pytest.mark.parametrize("real", ["fresh", "replay"])
@pytest.mark.parametrize("many", [5_000, 20_000, 10**6, 2**63, 1e19, 1e30])
def test_a_network_that_forgets_stays_where_it_is(real, many):
    """From 4100 generations on the concentration fell, to 0 at 20,000."""
    bound = Network([PAIR, PAIR], [[0, 1], [HALF, 0]], real).high_probability(0)
    settled = bound.evaluate_terms(n=10, i=1000, delta=0.1)
    for name, value in bound.evaluate_terms(n=10, i=many, delta=0.1).items():
        assert value == pytest.approx(settled[name], rel=1e-12)


def test_digits_and_arrays_agree():
    bound = Network([PAIR, PAIR], [[0, 1], [HALF, 0]], "replay").high_probability(0)
    exact = bound.evaluate(n=10, i=10_000, delta=sp.Rational(1, 10), digits=20)
    assert np.allclose(bound.evaluate(n=10, i=[9_999, 10_000], delta=0.1)[1], float(exact), rtol=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_squares_are_summed_as_one_by_one(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 4))
    entries = [sp.Rational(int(part), 4) for part in rng.integers(0, 4, size**2)]
    a, c, first, last = (int(part) for part in (*rng.integers(0, size, 2), seed % 2, 7))
    series = sp.Sum(3 * power_entry(i - G, a, c, *entries) ** 2, (G, first, i))
    closed = squares_summed(series)
    assert not closed.has(sp.Sum)
    matrix = sp.Matrix(size, size, entries)
    assert closed.subs(i, last) == sum(3 * (matrix ** (last - g))[a, c] ** 2 for g in range(first, last + 1))
    other = sp.Sum(power_entry(i - G, a, c, *entries) ** 3, (G, first, i))
    assert squares_summed(other) == other


def test_powers_beyond_64_bits():
    for power in (2.0**63, 1e19, 1e30):
        assert power_entry_array(power, 0, 1, 0.0, 1.0, 1.0, 0.0) == 0.0
        assert power_entry_array(power, 0, 0, 0.5, 0.0, 0.0, 1.0) == 0.0
        assert power_sum_entry_array(power, 1, 1, 0.5, 0.0, 0.0, 1.0) == power
        assert power_sum_entry_array(power, 0, 0, 0.5, 0.0, 0.0, 1.0) == 2.0
