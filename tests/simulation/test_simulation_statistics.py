"""The intervals of the check: against exact references, and against their own definition."""

import math
from itertools import product

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stlbounds.errors import InvalidArgumentError
from stlbounds.simulation.statistics import (
    DEFAULT_LEVEL,
    binomial_cdf,
    clopper_pearson,
    critical_threshold,
    empirical_quantile,
    mean_interval,
    quantile_interval,
)

# successes, trials, low, high: scipy 1.x, beta.ppf(5e-7, k, m-k+1) and beta.isf(5e-7, k+1, m-k).
REFERENCE = [
    (0, 10, 0.0, 0.76563270884079),
    (3, 10, 0.0016137012503853907, 0.9348767115516877),
    (10, 10, 0.23436729115920993, 1.0),
    (1900, 2000, 0.922143813984236, 0.9704619521542148),
    (1, 2000, 2.500000624687708e-10, 0.008675437005511363),
    (1999, 2000, 0.9913245629944887, 0.99999999975),
    (99990, 100000, 0.9996461911306177, 0.9999881885815576),
]


@pytest.mark.parametrize(("successes", "trials", "low", "high"), REFERENCE)
def test_clopper_pearson_agrees_with_scipy(successes, trials, low, high):
    found = clopper_pearson(successes, trials, 1 - 1e-6)
    assert abs(found.low - low) <= 1e-9 * max(low, 1e-3)
    assert abs(found.high - high) <= 1e-9


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 400), st.data(), st.sampled_from([0.5, 0.95, 0.999, 1 - 1e-6]))
def test_clopper_pearson_ends_are_where_the_tails_have_the_right_mass(trials, data, level):
    k = data.draw(st.integers(0, trials))
    low, high = clopper_pearson(k, trials, level)
    tail, after, before = (1 - level) / 2, math.nextafter(low, 1), math.nextafter(high, 0)
    assert 0 <= low <= k / trials <= high <= 1
    # P(X >= k) is the regularised incomplete beta function I_p(k, m-k+1), here from mpmath. The ends are doubles, and
    # outward: the next double inward has at least the tail that is asked for.
    if k > 0:
        outer, inner = (mpmath.betainc(k, trials - k + 1, 0, p, regularized=True) for p in (low, after))
        assert outer / tail <= 1 + 1e-9 and inner / tail >= 1 - 1e-9
    else:
        assert low == 0
    if k < trials:
        outer, inner = (mpmath.betainc(k + 1, trials - k, p, 1, regularized=True) for p in (high, before))
        assert outer / tail <= 1 + 1e-9 and inner / tail >= 1 - 1e-9
    else:
        assert high == 1


@pytest.mark.parametrize("probability", [0.0, 1e-6, 0.3, 0.95, 1.0])
def test_binomial_cdf_is_the_sum_of_the_masses(probability):
    p = mpmath.mpf(probability)
    for k in (-1, 0, 3, 11, 12, 20):
        mass = sum(mpmath.binomial(12, m) * p**m * (1 - p) ** (12 - m) for m in range(min(k, 12) + 1))
        assert binomial_cdf(k, 12, probability) == pytest.approx(float(mass), rel=1e-12, abs=1e-300)


def test_exact_coverage_of_clopper_pearson():
    """Enumerated: at every p the interval covers p with probability at least its level."""
    trials, level = 25, 0.9
    intervals = [clopper_pearson(k, trials, level) for k in range(trials + 1)]
    for p in np.linspace(0.001, 0.999, 401):
        masses = np.diff([0.0, *(binomial_cdf(k, trials, p) for k in range(trials + 1))])
        covered = sum(mass for mass, (low, high) in zip(masses, intervals, strict=True) if low <= p <= high)
        assert covered >= level - 1e-12


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_exact_coverage_of_the_mean_interval(level):
    """Enumerated over all sequences of 9 coin tosses: every mean is covered with probability at least the level."""
    tosses = np.array(list(product([0.0, 1.0], repeat=9)))
    ends = np.array([mean_interval(row, 0, 1, level) for row in tosses])
    heads = tosses.sum(axis=1)
    for p in np.linspace(0.005, 0.995, 199):
        covered = (ends[:, 0] <= p) & (p <= ends[:, 1])
        assert (p**heads * (1 - p) ** (9 - heads))[covered].sum() >= level - 1e-12


def lowest_mean(values, level):
    """The lower end by its definition: the mean of three capitals, each gambler with a stake from the values before."""
    goal = math.log(2 / (1 - level))
    count = len(values)
    bets = []
    for weight in (1.0, 1e-2, 1e-4):
        total, squares, row = 0.5 * weight, 0.25 * weight, []
        variance = 0.25
        for k, value in enumerate(values, 1):
            row.append(math.sqrt(2 * goal / (count * variance)))
            total += value
            squares += (value - total / (k + weight)) ** 2
            variance = squares / (k + weight)
        bets.append(row)

    def refuted(mean):
        capitals, best = [1.0, 1.0, 1.0], 0.0
        for k, value in enumerate(values):
            capitals = [capital * (1 + min(row[k], 0.9 / mean) * (value - mean))
                        for capital, row in zip(capitals, bets, strict=True)]
            best = max(best, sum(capitals) / 3)
        return best >= math.exp(goal)

    low, high = 0.0, 1.0
    for _ in range(40):
        low, high = ((low + high) / 2, high) if refuted((low + high) / 2) else (low, (low + high) / 2)
    return low


@pytest.mark.parametrize(("values", "level"), [
    ([1.0] * 5, 0.5), ([1.0, 0.9, 0.2, 1.0, 0.7, 0.6], 0.9), ([0.01] * 60, 0.99), ([0.5, 0.6] * 20, 1 - 1e-6),
    ([0.003, 0.004, 0.002] * 40, 1 - 1e-6),
])
def test_mean_interval_is_its_definition(values, level):
    assert mean_interval(values, 0, 1, level).low == pytest.approx(lowest_mean(values, level), rel=3e-6, abs=3e-12)
    turned = mean_interval(1 - np.array(values), 0, 1, level)
    assert 1 - turned.high == pytest.approx(lowest_mean(values, level), rel=1e-5, abs=1e-11)


def test_mean_interval_covers_skewed_values():
    """Level 0.8, 400 repetitions: a correct interval misses at most 20 %; P(160 misses or more) < 1e-15."""
    rng = np.random.default_rng(1)
    misses = 0
    for _ in range(400):
        low, high = mean_interval(rng.beta(0.2, 1.8, 200), 0, 1, 0.8)
        misses += not low <= 0.1 <= high
    assert misses < 160


@pytest.mark.parametrize("shape", [(0.5, 0.5), (2, 2), (50, 50), (4, 96), (1, 999)])
def test_mean_interval_beats_hoeffding_and_empirical_bernstein(shape):
    """Not by theorem but in power: half-widths against Hoeffding and Maurer-Pontil at the same level."""
    level, m = DEFAULT_LEVEL, 2000
    values = np.random.default_rng(4).beta(*shape, m)
    low, high = mean_interval(values, 0, 1, level)
    failure = 1 - level
    hoeffding = math.sqrt(math.log(2 / failure) / (2 * m))
    bernstein = math.sqrt(2 * values.var(ddof=1) * math.log(4 / failure) / m)
    bernstein += 7 * math.log(4 / failure) / (3 * (m - 1))
    assert high - low <= 2.2 * hoeffding
    assert high - low <= 2 * bernstein
    assert low <= shape[0] / sum(shape) <= high


def test_mean_interval_scales_and_clips():
    values = np.random.default_rng(2).random(500)
    low, high = mean_interval(values, 0, 1)
    scaled = mean_interval(3 * values - 1, -1, 2)
    assert scaled == pytest.approx((3 * low - 1, 3 * high - 1))
    low, high = mean_interval([0.2], 0, 1)
    assert low == 0 and high == pytest.approx(1)
    assert mean_interval([2.0, 2.0], 2, 2) == (2, 2)
    with pytest.raises(InvalidArgumentError, match=r"1\.5: must be in \[0, 1\]"):
        mean_interval([0.1, 1.5], 0, 1)
    with pytest.raises(InvalidArgumentError):
        mean_interval([], 0, 1)
    with pytest.raises(InvalidArgumentError):
        mean_interval([math.nan], 0, 1)


def test_quantile_interval_matches_its_definition():
    data = np.arange(1, 201, dtype=float)
    level, p = 0.99, 0.9
    low, high = quantile_interval(data, p, level)
    r, s = int(low), int(high)
    assert binomial_cdf(r - 1, 200, p) < 0.005 <= binomial_cdf(r, 200, p)
    assert 1 - binomial_cdf(s - 1, 200, p) < 0.005 <= 1 - binomial_cdf(s - 2, 200, p)
    assert quantile_interval([1.0, 2.0], 0.9, level) == (-math.inf, math.inf)


def test_quantile_interval_with_ties_covers():
    """A law with atoms, level 0.9, 500 repetitions: P(more than 100 misses of at most 10 %) < 1e-10."""
    rng = np.random.default_rng(3)
    misses = 0
    for _ in range(500):
        low, high = quantile_interval(rng.integers(0, 3, 60), 0.5, 0.9)
        misses += not low <= 1 <= high
    assert misses <= 100


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(300, 900), st.sampled_from([0.5, 0.9, 0.95]), st.integers(0, 10**6))
def test_critical_threshold_is_where_the_clopper_pearson_verdict_turns(count, coverage, seed):
    values = np.random.default_rng(seed).exponential(size=count)
    threshold = critical_threshold(values, coverage)
    assert threshold is not None

    def refuted(u):
        return clopper_pearson(int(np.count_nonzero(values <= u)), count).high < coverage

    assert not refuted(threshold)
    assert refuted(np.nextafter(threshold, 0))


def test_too_few_values_refute_nothing():
    assert critical_threshold([5.0, 6.0], 0.95) is None


def test_empirical_quantile_is_an_order_statistic():
    data = np.arange(1, 2001)
    assert empirical_quantile(data, 0.95) == 1900
    assert empirical_quantile(data, 1 - 0.05) == 1900
    assert empirical_quantile([7.0], 0.1) == 7


@pytest.mark.parametrize("level", [0.0, 1.0, -1, math.nan])
def test_levels_out_of_range_are_refused(level):
    with pytest.raises(InvalidArgumentError, match="level"):
        clopper_pearson(1, 2, level)


@pytest.mark.parametrize(("successes", "trials"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_counts_are_refused(successes, trials):
    with pytest.raises(InvalidArgumentError):
        clopper_pearson(successes, trials)
