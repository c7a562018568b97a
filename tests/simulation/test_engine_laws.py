"""The engine draws the right laws: exact values of theory §11 for the categorical generator.

All comparisons are at 5.1 standard errors, so a true value is missed with probability below 4e-7 each (normal
approximation, thousands of replicas); seeds are fixed.

Exact recursions, with ``u_j = Var(D_j(z)) n / (p(1-p))`` for a symbol of real probability ``p``, ``a`` the
real share: given the past, ``(1-a)n`` points drawn from ``D_j`` have variance ``D_j(1-D_j)/((1-a)n)``, and
``E D_j(1-D_j) = p(1-p)(1 - u_j/n)``. Hence, ``u_1 = 1``,

    fresh    u_{j+1} = 1 + ((1-a)^2 - (1-a)/n) u_j
    replay   u_{j+1} = 1 + 2a(1-a) geo(1-a, j) + ((1-a)^2 - (1-a)/n) u_j

so that the variance factor of the theory is an upper bound, and its limit as ``n`` grows.
"""

import numpy as np
import pytest

from stlbounds.generators.sampling import FiniteAlphabet, uniform, zipf
from stlbounds.learners.judging import FiniteBrierJudge, FiniteLossTable
from stlbounds.loops import FixedMix, Replace
from stlbounds.simulation.engine import run
from stlbounds.symbols import alpha

WIDTH = 5.1


def close(values, expected):
    """Whether the mean is within WIDTH standard errors of what is expected."""
    error = values.std(ddof=1) / np.sqrt(len(values))
    assert abs(values.mean() - expected) <= WIDTH * error + 1e-15, (values.mean(), expected, error)


def geometric(r, k):
    return sum(r**m for m in range(k))


def exact_factors(real, share, size, generations, finite=True):
    """u_0, ..., u_generations; without the finite-size term the variance factors v_i of theory §11."""
    factors = [0.0, 1.0]
    for j in range(1, generations):
        kept = 2 * share * (1 - share) * geometric(1 - share, j) if real == "replay" else 0.0
        factors.append(1 + kept + ((1 - share) ** 2 - finite * (1 - share) / size) * factors[-1])
    return factors[: generations + 1]


def test_the_factors_without_the_finite_term_are_those_of_the_theory():
    for share in (0.1, 0.25, 0.5):
        for i in range(1, 8):
            a = 1 - share
            replay = share * geometric(a, i) ** 2 + a * geometric(a * a, i)
            assert exact_factors("replay", share, 1, i, finite=False)[i] == pytest.approx(replay)
            assert exact_factors("fresh", share, 1, i, finite=False)[i] == pytest.approx(geometric(a * a, i))
    assert exact_factors("replay", 0.25, 1, 2, finite=False)[2] == 1.9375
    assert exact_factors("replay", 0.5, 1, 5, finite=False)[5] == 2.54296875


@pytest.mark.parametrize("law", [uniform(4), zipf(6, 1.5)], ids=["uniform", "zipf"])
def test_wright_fisher_decay(law):
    """Replace: E sum p(1-p) shrinks by exactly 1 - 1/n in each generation."""
    size, generations = 20, 12
    found = run(Replace(), FiniteAlphabet(law), FiniteBrierJudge(), {"n": size}, generations, 4000, 21)
    start = float((law * (1 - law)).sum())
    for j in range(1, generations + 1):
        close(found.diversity["heterozygosity"][:, j], start * (1 - 1 / size) ** j)


def test_fixation_probability_is_the_initial_frequency():
    """600 generations of n = 6: not fixed with probability below (1 - 1/6)^600 < 1e-47; the gap tells who won."""
    law = np.array([0.6, 0.3, 0.1])
    found = run(Replace(), FiniteAlphabet(law), FiniteLossTable([0, 0, 1]), {"n": 6}, 600, 6000, 22)
    assert np.all(found.diversity["support"][:, -1] == 1)
    third_won = found.gap[:, -1] < 0
    close(third_won.astype(float), 0.1)
    distances = found.drift[:, -1]
    close(np.isclose(distances, 0.4).astype(float), 0.6)
    close(np.isclose(distances, 0.7).astype(float), 0.3)


@pytest.mark.parametrize("real", ["replay", "fresh"])
@pytest.mark.parametrize(("share", "size"), [(0.3, 10), (0.5, 40), (0.1, 200), (0.0, 25)])
def test_variance_of_the_next_law(real, share, size):
    """Var of the training frequency of a symbol, and, by a Brier identity, its sum over all symbols.

    A constant hypothesis with losses e_z has gap ``p(z) - D_{i+1}(z)``; the Brier gap ``sum T(z)(T(z) -
    p(z))`` has mean ``sum Var D_{i+1}(z)``, with ``D_{i+1}`` the frequencies of ``T_i``.
    """
    law, generations = np.array([0.5, 0.3, 0.15, 0.05]), 6
    values = {"n": size, "alpha": share}
    factors = exact_factors(real, share, size, generations + 1)
    bounds = exact_factors(real, share, size, generations + 1, finite=False)
    loop = FixedMix(alpha, real=real)
    table = run(loop, FiniteAlphabet(law), FiniteLossTable([0, 1, 0, 0]), values, generations, 6000, 23)
    brier = run(loop, FiniteAlphabet(law), FiniteBrierJudge(), values, generations, 6000, 24)
    for j in range(generations + 1):
        close(table.gap[:, j], 0.0)
        close(table.gap[:, j] ** 2, 0.3 * 0.7 * factors[j + 1] / size)
        close(brier.gap[:, j], (1 - (law**2).sum()) * factors[j + 1] / size)
        close(brier.diversity["heterozygosity"][:, j], (1 - (law**2).sum()) * (1 - factors[j] / size))
        assert factors[j] <= bounds[j] + 1e-12


def test_drift_of_a_fair_coin():
    """E TV(D_0, D_1) of a coin is the mean absolute deviation of a binomial, by enumeration."""
    from math import comb

    size = 15
    expected = sum(comb(size, k) * 0.5**size * abs(k / size - 0.5) for k in range(size + 1))
    found = run(FixedMix(alpha), FiniteAlphabet(uniform(2)), FiniteBrierJudge(), {"n": size, "alpha": 0.2},
                1, 8000, 25)
    close(found.drift[:, 1], expected)
    close(found.mixed_drift[:, 1], 0.8 * expected)


def test_replay_correlates_generations_and_fresh_does_not():
    """Cov of the gaps of T_0 and T_1 (a constant hypothesis), exactly.

    T_1 = a A + (1-a) B with B centred at T_0 given the past, so the covariance is a Cov(A, T_0) + (1-a)
    Var(T_0), where Var(T_0) = p(1-p)/n, and Cov(A, T_0) is the same for replayed points and 0 for fresh
    ones.
    """
    size, share, spread = 20, 0.4, 0.25
    for real, expected in (("replay", share + (1 - share)), ("fresh", 1 - share)):
        found = run(FixedMix(alpha, real=real), FiniteAlphabet(uniform(2)), FiniteLossTable([0, 1]),
                    {"n": size, "alpha": share}, 1, 8000, 26)
        close(found.gap[:, 0] * found.gap[:, 1], expected * spread / size)
