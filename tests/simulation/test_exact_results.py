"""The exact results of theory §11, reproduced by the engine.

Each expectation is met within 5 standard errors, at a relative standard error of 1 % or better, which the tests
check. A right engine misses one with probability below 6e-7 (normal approximation, tens of thousands of replicas; for
variances of normal values the standard error is exact), and seeds are fixed.
"""

import math

import numpy as np
import pytest
import sympy as sp

from stlbounds.generators.location import UnboundedLocation
from stlbounds.generators.sampling import FiniteAlphabet, zipf
from stlbounds.learners.judging import FiniteBrierJudge, FiniteLossTable
from stlbounds.loops import Accumulate, Augment, FixedMix, Replace, Schedule, Subsample, WeightedMix
from stlbounds.simulation.engine import run
from stlbounds.simulation.exact.gaussian import GaussianSampler, LinearLossJudge
from stlbounds.simulation.exact.regression import RegressionJudge, RegressionSampler
from stlbounds.symbols import alpha, i, lam, n, w

pytestmark = pytest.mark.slow

WIDTH = 5.0
GOLDEN = (math.sqrt(5) - 1) / 2


def close(values, expected):
    """The mean is what is expected, within 5 standard errors, which are at most 1 % of it."""
    error = values.std(ddof=1) / math.sqrt(len(values))
    assert error <= 0.01 * abs(expected), (error, expected)
    assert abs(values.mean() - expected) <= WIDTH * error, (values.mean(), expected, error)


def geo(r, k):
    return sum(r**m for m in range(k))


def replay(a, k):
    return a * geo(1 - a, k) ** 2 + (1 - a) * geo((1 - a) ** 2, k)


def weighted(share, k):
    """Influence of a point on T_{k-1}, times its weight, squared and summed, in units of 1/n (theory §3)."""
    past = (1 - share) ** (2 * (k - 1))
    return (share**2 + (1 - share) ** 2) * geo((1 - share) ** 2, k - 1) + past


def schedule(shares, k):
    """Fresh points: the influence of generation j on T_{k-1} is the product of the synthetic shares in between."""
    return sum(math.prod((1 - share) ** 2 for share in shares[j:k - 1]) for j in range(k))


SHARES = [0.5, 0.1, 0.9, 0.3, 0.0, 0.2]
#: Loop, values, and v_i of theory §11 written out by hand.
LOCATION = {
    "replay, 1/4": (FixedMix(alpha), {"n": 8, "alpha": 0.25}, lambda k: replay(0.25, k)),
    "replay, 1/2": (FixedMix(alpha), {"n": 8, "alpha": 0.5}, lambda k: replay(0.5, k)),
    "replace": (Replace(), {"n": 3}, lambda k: k),
    "fresh": (FixedMix(alpha, "fresh"), {"n": 10, "alpha": 0.3}, lambda k: geo(0.7**2, k)),
    "augment": (Augment(lam), {"n": 4, "lam": 1.5}, lambda k: 1 + 0.4 * 0.6 * geo(0.6**2, k - 1)),
    "accumulate": (Accumulate(), {"n": 2}, lambda k: sum(m**-2 for m in range(1, k + 1))),
    "subsample": (Subsample(), {"n": 60}, lambda k: 1 + sum((j + 2.0) ** -2 for j in range(k - 1))),
    "schedule": (Schedule(SHARES), {"n": 10}, lambda k: schedule(SHARES, k)),
    "weighted": (WeightedMix(w), {"n": 5, "w": 0.3}, lambda k: weighted(0.3, k)),
}


@pytest.mark.parametrize("name", LOCATION)
def test_variance_of_the_location_model(name):
    """Var(mu_i) = v_i/n in every generation; the gap of a mean on T_j is minus the error of mu_{j+1}."""
    loop, values, factor = LOCATION[name]
    replicas, generations = 25_000, 5
    found = run(loop, GaussianSampler(fit="mean"), LinearLossJudge(), values, generations, replicas, 31,
                observe=("gap",))
    closed = UnboundedLocation().variance_factor(loop)
    for j in range(generations + 1):
        expected = factor(j + 1)
        stated = float(closed.subs({symbol: sp.Rational(str(values[symbol.name])) for symbol in closed.free_symbols
                                    if symbol.name in values and symbol != i}).subs(i, j + 1).doit())
        assert stated == pytest.approx(expected, rel=1e-12)
        # Normal values of known mean: the mean square has relative standard error sqrt(2/R), exactly.
        error = math.sqrt(2 / replicas)
        assert error <= 0.01
        assert abs((found.gap[:, j] ** 2).mean() * values["n"] / expected - 1) <= WIDTH * error


def test_the_numbers_that_the_theory_prints():
    assert replay(0.25, 2) == 1.9375 and replay(0.5, 5) == 2.54296875
    assert replay(0.25, 200) == pytest.approx(1 / 0.25 + 0.75 / (0.25 * 1.75))


@pytest.mark.parametrize(("fit", "ratio"), [("maximum likelihood", 1 - 1 / 50), ("unbiased", 1.0)])
def test_the_mean_of_the_fitted_variance(fit, ratio):
    """Maximum likelihood: sigma^2 (1-1/n)^i; unbiased: a martingale."""
    found = run(Replace(), GaussianSampler(0.0, 2.0, fit), LinearLossJudge(), {"n": 50}, 20, 40_000, 32,
                observe=("diversity",))
    for j in (1, 2, 5, 10, 20):
        close(found.diversity["variance"][:, j], 2.0 * ratio**j)


def test_the_martingale_tends_to_zero():
    """Unbiased, n = 5: log variance is a random walk of 600 steps with mean psi(2) - log 2 = -0.27 and variance 0.645,
    so it is above -20 with probability about P(Z > 7.2) = 3e-13 for each of 5000 replicas, although its mean is 1."""
    found = run(Replace(), GaussianSampler(fit="unbiased"), LinearLossJudge(), {"n": 5}, 600, 5000, 33,
                observe=("diversity",))
    variance = found.diversity["variance"]
    assert np.all(variance[:, -1] < math.exp(-20))
    steps = np.diff(np.log(variance), axis=1).ravel()
    close(steps, 1 - np.euler_gamma - math.log(2))


@pytest.mark.parametrize("law", [zipf(6, 1.5), np.array([0.7, 0.3])], ids=["zipf", "two symbols"])
def test_wright_fisher_heterozygosity(law):
    found = run(Replace(), FiniteAlphabet(law), FiniteBrierJudge(), {"n": 20}, 12, 20_000, 34, observe=("diversity",))
    start = float((law * (1 - law)).sum())
    for j in (1, 4, 12):
        close(found.diversity["heterozygosity"][:, j], start * (1 - 1 / 20) ** j)


def test_fixation_probability_is_the_initial_frequency():
    """n = 3, 75 generations: heterozygosity shrinks by 2/3, so a replica is not fixed with probability below 2e-13."""
    law = np.array([0.5, 0.3, 0.2])
    replicas = 42_000
    found = run(Replace(), FiniteAlphabet(law), FiniteLossTable([0, 1, 2]), {"n": 3}, 75, replicas, 35,
                observe=("gap", "diversity"))
    assert np.all(found.diversity["support"][:, -1] == 1)
    # The gap is the real mean loss, 0.7, less the loss of the symbol that is left.
    winner = np.rint(0.7 - found.gap[:, -1]).astype(int)
    for symbol, frequency in enumerate(law):
        close((winner == symbol).astype(float), frequency)


#: T = 12, d = 4, sigma^2 = 1, six fits (theory §11).
REGRESSION = {
    "replace": (Replace(), False, lambda k: 4 * k / 7, 24 / 7),
    "accumulate, same design": (Accumulate(), True, lambda k: 4 / 7 * sum(m**-2 for m in range(1, k + 1)), 0.8522),
    "accumulate, fresh designs": (Accumulate(), False, lambda k: sum(4 / (m * (12 * m - 5)) for m in range(1, k + 1)),
                                  0.7675),
}


@pytest.mark.parametrize("name", REGRESSION)
def test_excess_risk_of_regression_loops(name):
    loop, same, expected, printed = REGRESSION[name]
    assert expected(6) == pytest.approx(printed, abs=5e-5)
    sampler = RegressionSampler([1.0, -2.0, 0.0, 0.5], 1.0, same_design=same)
    found = run(loop, sampler, RegressionJudge(1.0), {"n": 12}, 5, 30_000, 36, observe=("risk",))
    for j in (0, 1, 5):
        close(found.risk[:, j] - 1.0, expected(j + 1))


def test_the_golden_ratio_of_weighted_mixing():
    """Limit variance (w^2 + (1-w)^2)/(n(1 - (1-w)^2)): derived, minimised exactly, and simulated on either side."""
    share = sp.Symbol("share", positive=True)
    limit = (share**2 + (1 - share) ** 2) / (1 - (1 - share) ** 2)
    inside = [root for root in sp.solve(sp.numer(sp.together(sp.diff(limit, share))), share) if 0 < float(root) < 1]
    assert inside == [(sp.sqrt(5) - 1) / 2]
    size, replicas = 4, 30_000
    measured = {}
    for value in (0.45, GOLDEN, 0.8):
        assert float(limit.subs(share, value)) == pytest.approx(weighted(value, 60), rel=1e-12)
        found = run(WeightedMix(w), GaussianSampler(fit="mean"), LinearLossJudge(),
                    {"n": size, "w": sp.Rational(str(value))}, 20, replicas, 37, observe=("gap",))
        measured[value] = float((found.gap[:, -1] ** 2).mean()) * size
        assert abs(measured[value] / weighted(value, 21) - 1) <= WIDTH * math.sqrt(2 / replicas)
    # 17 % and 15 % above the minimum on either side, more than ten standard errors.
    assert measured[GOLDEN] < 0.95 * min(measured[0.45], measured[0.8])


def test_variance_factor_is_the_amplification():
    """v_{i+1} N_i/n = Phi_i^2 at kappa = 1, in closed form."""
    loop = FixedMix(alpha)
    factor = UnboundedLocation().variance_factor(loop).subs(i, i + 1)
    stated = loop.amplification_squared(loop.gain(sp.S.One)) * n / loop.size(i)
    for share in (sp.Rational(1, 7), sp.Rational(1, 2), sp.S.One):
        assert sp.simplify((factor - stated).subs({alpha: share, i: 4}).doit()) == 0
