"""Shortcuts and the sample-by-sample engine have one law: two-sample tests with stated false-alarm probabilities.

Kolmogorov-Smirnov with m values on either side: the largest difference of the two empirical distribution functions
exceeds ``sqrt(log(2/p)/m)`` with probability at most p, whatever the law (Massart's constant for two samples, Wei and
Dudley 2012, valid for m >= 458). Means and mean squares differ by more than 6.2 standard errors with probability below
6e-10 each (normal approximation). With p = 1e-9 and fewer than 200 comparisons the false alarms in this file add up to
less than 5e-7.
"""

import math
from statistics import NormalDist

import numpy as np
import pytest

import stlbounds as stl
from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.location_sampling import LocationSampler
from stlbounds.generators.sampling import FiniteAlphabet, uniform, zipf
from stlbounds.learners.judging import FiniteBrierJudge, FiniteMemoriser
from stlbounds.learners.mean import MeanJudge
from stlbounds.loops import Accumulate, Augment, FixedMix, Replace, WeightedMix
from stlbounds.simulation.engine import run
from stlbounds.simulation.exact import pointwise, shortcut_of
from stlbounds.simulation.exact.gaussian import GaussianSampler, LinearLossJudge
from stlbounds.simulation.exact.location import EmpiricalLocation
from stlbounds.simulation.exact.regression import RegressionJudge, RegressionSampler
from stlbounds.symbols import alpha, lam, w

COUNT = 12_000
FALSE_ALARM = 1e-9
WIDTH = 6.2


def distance(first, second):
    """The Kolmogorov-Smirnov distance of two samples."""
    grid = np.sort(np.concatenate([first, second]))
    levels = [np.searchsorted(np.sort(values), grid, side="right") / len(values) for values in (first, second)]
    return float(np.abs(levels[0] - levels[1]).max())


def moments_differ(first, second):
    error = math.sqrt((first.var() + second.var()) / len(first))
    return abs(first.mean() - second.mean()) > WIDTH * error + 1e-12


def differ(first, second):
    assert len(first) == len(second) >= 458
    # Exact zeros of one way of computing may come out as rounding errors of the other.
    apart = distance(first.round(9), second.round(9)) > math.sqrt(math.log(2 / FALSE_ALARM) / len(first))
    return apart or moments_differ(first, second) or moments_differ(first**2, second**2)


GAUSSIAN = LinearLossJudge()
MODELS = {
    "categorical": (FiniteAlphabet(zipf(4)), FiniteBrierJudge()),
    "prior": (FiniteAlphabet([0.5, 0.5, 0.0], 0.3), FiniteMemoriser()),
    "location": (LocationSampler(0.2, half_width=0.5), MeanJudge()),
    "noise of a sample": (EmpiricalLocation([-0.3, 0.0, 0.2], [0.2, 0.5, 0.3]), MeanJudge()),
    "normal": (GaussianSampler(), GAUSSIAN),
    "normal, unbiased": (GaussianSampler(1.0, 4.0, "unbiased"), GAUSSIAN),
    "normal, known variance": (GaussianSampler(fit="mean", pull=1.5), GAUSSIAN),
    "regression": (RegressionSampler([1.0, -1.0, 0.5], 0.7), RegressionJudge(0.7)),
    "regression, same design": (RegressionSampler([1.0, 0.0], 1.0, same_design=True), RegressionJudge(1.0)),
}
LOOPS = {
    "replace": (Replace(), {"n": 8}),
    "replay": (FixedMix(alpha), {"n": 10, "alpha": 0.4}),
    "accumulate": (Accumulate(), {"n": 5}),
}


def both(loop, values, model, generations=3, seed=11, **more):
    sampler, judge = model
    twins = pointwise(sampler, judge)
    assert twins[0] is not sampler
    observe = ("gap", "risk", "drift", "diversity")
    return (run(loop, sampler, judge, values, generations, COUNT, seed, observe=observe, **more),
            run(loop, *twins, values, generations, COUNT, seed + 1, observe=observe, **more))


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("loop", LOOPS)
def test_the_shortcut_has_the_law_of_the_points(loop, model):
    protocol, values = LOOPS[loop]
    if model == "regression, same design" and loop == "replay":
        protocol, values = Replace(), {"n": 12}  # pools of unequal sizes cannot share a design
    short, long = both(protocol, values, MODELS[model])
    for name in ("gap", "risk", "drift"):
        assert not differ(getattr(short, name)[:, -1], getattr(long, name)[:, -1]), name
    assert not differ(short.gap[:, 0] * short.gap[:, 2], long.gap[:, 0] * long.gap[:, 2]), "joint law"
    assert short.diversity.keys() == long.diversity.keys()
    for name, columns in short.diversity.items():
        assert not differ(columns[:, -1], long.diversity[name][:, -1]), name


def test_weights_reach_the_points():
    for model in ("categorical", "normal"):
        short, long = both(WeightedMix(w), {"n": 6, "w": 0.3}, MODELS[model])
        assert not differ(short.gap[:, -1], long.gap[:, -1])
        assert not differ(short.drift[:, -1], long.drift[:, -1])


class TooNarrow(GaussianSampler):
    """A wrong shortcut: the mean of one point more."""

    def draw(self, law, size, rng):
        return type(found := super().draw(law, size + 1, rng))(size, found.mean, super().draw(law, size, rng).squares)


class OneDegreeTooMany(GaussianSampler):
    """A wrong shortcut: chi-square with ``m`` degrees of freedom."""

    def draw(self, law, size, rng):
        found = super().draw(law, size, rng)
        squares = law.variances[:, 0] * rng.chisquare(size, found.mean.size)
        return type(found)(size, found.mean, squares)


class NoLabels(RegressionSampler):
    """A wrong shortcut: the design's Gram matrix is its mean."""

    def draw(self, law, size, rng):
        return super().draw(type(law)(law.coefficients, np.tile(size * np.eye(self.dimension),
                                                                (len(law.coefficients), 1, 1))), size, rng)


class Independent(FiniteAlphabet):
    """A wrong shortcut: counts that are drawn one by one, so that they do not sum to the number of points."""

    def draw(self, law, size, rng):
        return rng.binomial(size, law)


@pytest.mark.parametrize(("wrong", "right", "values", "name"), [
    (TooNarrow(), "normal", {"n": 6}, "gap"),
    (OneDegreeTooMany(), "normal", {"n": 8}, "variance"),
    (NoLabels([1.0, -1.0, 0.5], 0.7), "regression", {"n": 8}, "risk"),
    (Independent(zipf(4)), "categorical", {"n": 8}, "drift"),
])
def test_a_wrong_shortcut_is_seen(wrong, right, values, name):
    sampler, judge = MODELS[right]
    found = run(Replace(), wrong, judge, values, 3, COUNT, 1)
    points = run(Replace(), *pointwise(sampler, judge), values, 3, COUNT, 2)
    columns = [made.diversity[name] if name in made.diversity else getattr(made, name) for made in (found, points)]
    assert differ(columns[0][:, -1], columns[1][:, -1])


def test_the_pieces_of_a_normal_sample_add_up():
    """Joining two halves gives the moments of all points; weights count as repetitions."""
    sampler = GaussianSampler()
    points = np.random.default_rng(3).normal(2.0, 3.0, (4, 10))
    shortcut = shortcut_of(sampler)
    parts = [shortcut.summary(sampler, part) for part in (points[:, :3], points[:, 3:])]
    whole, joined = shortcut.summary(sampler, points), sampler.join(parts)
    assert joined.count == whole.count == 10
    assert joined.mean == pytest.approx(whole.mean) and joined.squares == pytest.approx(whole.squares)
    twice = sampler.join([sampler.weighted(parts[0], 2), parts[1]])
    repeated = shortcut.summary(sampler, np.concatenate([points[:, :3], points[:, :3], points[:, 3:]], axis=1))
    assert twice.mean == pytest.approx(repeated.mean) and twice.squares == pytest.approx(repeated.squares)


def test_distances_of_normal_laws_against_quantiles():
    """On a line the Wasserstein distance is the area between the quantile functions."""
    sampler = GaussianSampler()
    ranks = np.array([NormalDist().inv_cdf((k + 0.5) / 20_000) for k in range(20_000)])
    cases = [(0.0, 1.0, 0.0, 1.0), (0.0, 1.0, 0.7, 1.0), (0.0, 1.0, 0.0, 0.2), (0.3, 2.0, -0.4, 0.5), (0, 1, 5, 1e-4)]
    for mean, variance, other, spread in cases:
        laws = [sampler._one(np.array([float(m)]), np.array([float(v)]))
                for m, v in ((mean, variance), (other, spread))]
        gap = mean - other + (variance**0.5 - spread**0.5) * ranks
        assert sampler.distance(*laws)[0] == pytest.approx(np.abs(gap).mean(), abs=1e-3)
        # A mixture with the first law moves that share of the mass only.
        mixed = sampler.mix(laws, [0.25, 0.75])
        assert sampler.distance(laws[0], mixed)[0] == pytest.approx(0.75 * np.abs(gap).mean(), abs=4e-3)
    shifted = sampler._one(np.array([1.0]), np.array([1.0]))
    assert GaussianSampler(diameter=4.0).distance(sampler.real(1), shifted)[0] == pytest.approx(0.25)


def test_the_check_takes_shortcuts_and_says_so():
    bound = stl.high_probability(stl.Setting(FixedMix(alpha), stl.generators.Categorical(4), stl.learners.BrierFit()))
    values = {"n": 30, "alpha": 0.5, "i": 2, "delta": 0.1, "replicas": 600}
    short, long = stl.check(bound, **values), stl.check(bound, exact=False, **values)
    assert short.statistic == "multinomial counts of the symbols" and long.statistic == ""
    assert "drawn: multinomial counts" in str(short) and "drawn:" not in str(long)
    assert short.to_dict()["statistic"] == short.statistic
    assert not long.contradicted and long.value == short.value
    assert short.trajectory[2]["mean_gap"] != long.trajectory[2]["mean_gap"]


def test_a_sampler_that_draws_otherwise_takes_no_shortcut():
    class Own(FiniteAlphabet):
        def draw(self, law, size, rng):
            return super().draw(law, size, rng)

    class Fitted(FiniteAlphabet):
        def fit(self, sample, size):
            return super().fit(sample, size)

    judge = FiniteBrierJudge()
    assert shortcut_of(Own(uniform(2))) is None and pointwise(Own(uniform(2)), judge)[1] is judge
    assert shortcut_of(Fitted(uniform(2))) is not None


@pytest.mark.parametrize("make", [
    lambda: GaussianSampler(variance=0), lambda: GaussianSampler(mean=math.inf), lambda: GaussianSampler(fit="other"),
    lambda: GaussianSampler(pull=-1), lambda: GaussianSampler(diameter=0), lambda: RegressionSampler([]),
    lambda: RegressionSampler([math.nan]), lambda: RegressionSampler([1.0], noise=-1),
    lambda: EmpiricalLocation([0.6], [1.0]),
    lambda: RegressionSampler([1.0, 2.0]).draw(RegressionSampler([1.0, 2.0]).real(1), 1, np.random.default_rng(0)),
    lambda: run(Replace(), GaussianSampler(fit="unbiased"), GAUSSIAN, {"n": 1}, 1, 1, 1),
    lambda: run(Augment(lam), GaussianSampler(), GAUSSIAN, {"n": 1, "lam": 1}, 1, 1, 1, observe=("nothing",)),
])
def test_bad_arguments_are_refused(make):
    with pytest.raises(InvalidArgumentError):
        make()
