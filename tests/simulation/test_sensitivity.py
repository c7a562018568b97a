"""Constants of black boxes whose true values are known: never exceeded, and nearly reached.

The searches have fixed seeds. A lower bound exceeds the truth with probability at most 1 % each; the test over many
seeds allows for as many misses as happen with probability 1e-6.
"""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest

import stlbounds as stl
from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.simulation.sensitivity import MeasuredConstantWarning
from stlbounds.simulation.statistics import binomial_cdf


def choose(points, size, rng):
    """The categorical generator."""
    return rng.choice(points, size)


def with_prior(share):
    def sample(points, size, rng):
        return np.where(rng.random(size) < share, 0, rng.choice(points, size))
    return sample


def around_the_mean(pull=1.0, noise=0.2):
    def sample(points, size, rng):
        centre = pull * points.mean(axis=0)
        return np.clip(centre + noise * rng.choice([-1.0, 1.0], (size, *points.shape[1:])), -1, 1)
    return sample


BOX = stl.Box(-1.0, 1.0)


@pytest.mark.parametrize(("space", "sample", "truth", "least"), [
    (stl.FiniteSpace(3), choose, 1.0, 0.99),
    pytest.param(stl.FiniteSpace(["a", "b", "c"]), choose, 1.0, 0.99, marks=pytest.mark.slow),
    (stl.FiniteSpace(3), with_prior(0.4), 0.6, 0.57),
    (BOX, around_the_mean(), 1.0, 0.97),
    pytest.param(stl.Box([-1, -1], [1, 1]), around_the_mean(pull=0.5), 0.5, 0.48, marks=pytest.mark.slow),
    pytest.param(stl.Box(-1.0, 1.0, stl.DISCRETE), choose, 1.0, 0.97, marks=pytest.mark.slow),
    (stl.FiniteSpace(3), lambda points, size, rng: rng.integers(0, 3, size), 0.0, 0.0),
])
def test_known_sensitivities_are_nearly_reached_and_never_exceeded(space, sample, truth, least):
    found = stl.estimate_sensitivity(stl.BlackBox(space, sample), (4, 7), seed=1)
    assert least <= found.kappa <= truth
    assert all(row.lower <= max(0, row.estimate) + 1e-12 for row in found.rows)
    assert [row.size for row in found.rows] == [4, 7]


def test_a_generator_that_amplifies_is_seen_at_one_changed_point():
    # The law depends on whether a 1 occurs at all: kappa = N, attained by a single point only.
    def sample(points, size, rng):
        return np.full(size, int(np.any(points == 1)))

    found = stl.estimate_sensitivity(stl.BlackBox(stl.FiniteSpace(2), sample), 6, seed=2)
    assert 5.9 < found.kappa <= 6


@pytest.mark.slow
def test_a_lower_bound_is_rarely_too_high():
    box = stl.BlackBox(stl.FiniteSpace(3), with_prior(0.5))
    trials, confidence = 30, 0.9
    found = [stl.estimate_sensitivity(box, 3, draws=300, trials=12, confidence=confidence, seed=seed).kappa
             for seed in range(trials)]
    limit = next(k for k in range(trials) if 1 - binomial_cdf(k, trials, 1 - confidence) < 1e-6)
    assert sum(value > 0.5 for value in found) <= limit


def test_the_learning_error_is_that_of_the_theory():
    size, cells = 4, 2
    # E TV of a fair coin's frequencies, by enumeration.
    truth = sum(math.comb(size, k) * abs(k / size - 0.5) for k in range(size + 1)) / 2**size
    box = stl.BlackBox(stl.FiniteSpace(cells), choose, real=lambda count, rng: rng.integers(0, cells, count))
    found = stl.estimate_sensitivity(box, size, seed=3, trials=150)
    assert 0.8 * truth < found.at_least("learning_error", size) <= truth


# --- stability -------------------------------------------------------------------------------------------------


def nearest(neighbours):
    def loss(points, z):
        order = np.lexsort((np.arange(len(points)), np.abs(points[:, 0] - z[0])))[:neighbours]
        return abs(points[order, 1].mean() - z[1])
    return loss


@pytest.mark.parametrize("neighbours", [1, 2, 3])
def test_nearest_neighbours_reach_their_stability_exactly(neighbours):
    points = np.array(list(itertools.product(range(4), (0.0, 1.0))))
    box = stl.BlackBox(stl.FiniteSpace(points), fit=lambda training: training, loss=nearest(neighbours))
    found = stl.estimate_sensitivity(box, 6, seed=4)
    assert found.at_least("beta_N") == pytest.approx(1 / neighbours, rel=1e-12)
    assert found.rows[0].confidence == 1
    first, second, z = found.rows[0].witness
    assert abs(nearest(neighbours)(first, z) - nearest(neighbours)(second, z)) == pytest.approx(
        box.space.displacement(first, second) / neighbours)


def test_the_brier_fit_reaches_its_stability():
    def loss(frequencies, z):
        return 0.5 * float(((frequencies - np.eye(3)[z]) ** 2).sum())

    box = stl.BlackBox(stl.FiniteSpace(3), fit=lambda points: np.bincount(points, minlength=3) / len(points), loss=loss)
    for size in (2, 5):
        value = stl.estimate_sensitivity(box, size, seed=5).at_least("beta_N")
        assert value == pytest.approx((2 - 1 / size) / size, rel=1e-12)


def test_the_mean_has_the_stability_of_its_metric():
    # |mean - z| moves by |mean - mean'| <= dist * diameter/N.
    box = stl.BlackBox(BOX, fit=lambda points: points.mean(), loss=lambda mean, z: abs(mean - z))
    value = stl.estimate_sensitivity(box, 5, seed=6).at_least("beta_N")
    assert value == pytest.approx(2 / 5, rel=1e-9)


# --- what comes out --------------------------------------------------------------------------------------------


def test_measured_constants_make_a_generator_with_a_warning():
    box = stl.BlackBox(stl.FiniteSpace(3), choose, real=lambda count, rng: rng.integers(0, 3, count), name="my model")
    found = stl.estimate_sensitivity(box, 4, draws=2000, trials=20)
    with pytest.warns(MeasuredConstantWarning, match="my model were measured.*not proved"):
        model = found.generator()
    assert float(model.sensitivity) == pytest.approx(found.kappa) and model.metric is stl.DISCRETE
    assert "lower bounds" in str(found) and "not proved" in str(found)
    proved = found.generator(sensitivity=1, learning_error=1)
    assert proved.sensitivity == 1
    json.dumps(found.to_dict(), allow_nan=False)


def test_the_same_seed_gives_the_same_answer():
    box = stl.BlackBox(BOX, around_the_mean())
    one, other = (stl.estimate_sensitivity(box, 3, draws=500, trials=10, seed=9) for _ in range(2))
    assert one.to_dict() == other.to_dict()


@pytest.mark.parametrize(("box", "error", "says"), [
    (lambda: stl.BlackBox(stl.FiniteSpace(3)), InvalidArgumentError, "nothing to measure"),
    (lambda: stl.BlackBox(stl.FiniteSpace(3), fit=len), InvalidArgumentError, "given together"),
    (lambda: stl.BlackBox("abc", choose), InvalidArgumentError, "space"),
    (lambda: stl.BlackBox(stl.FiniteSpace(3), lambda points, size, rng: np.full(size, 7)), InvalidArgumentError,
     "outside the alphabet"),
    (lambda: stl.BlackBox(stl.FiniteSpace(3), lambda points, size, rng: np.full(size, 0.5)), InvalidArgumentError,
     "outside the alphabet"),
    (lambda: stl.BlackBox(stl.FiniteSpace(3), lambda points, size, rng: points), InvalidArgumentError, "shape"),
    (lambda: stl.BlackBox(BOX, lambda points, size, rng: np.full(size, 2.0)), InvalidArgumentError, "outside the box"),
    (lambda: stl.BlackBox(BOX, fit=lambda points: np.random.default_rng().random(), loss=lambda h, z: h),
     AssumptionError, "two hypotheses"),
    (lambda: stl.BlackBox(BOX, fit=len, loss=lambda h, z: math.nan), InvalidArgumentError, "finite"),
    (lambda: stl.BlackBox(stl.FiniteSpace(1), choose), InvalidArgumentError, "at least 2"),
    (lambda: stl.BlackBox(stl.Box(1.0, 0.0), choose), InvalidArgumentError, "positive size"),
])
def test_functions_that_do_something_else_are_told(box, error, says):
    with pytest.raises(error, match=says):
        stl.estimate_sensitivity(box(), 3, draws=100, trials=10)


def test_arguments_are_checked():
    box = stl.BlackBox(stl.FiniteSpace(3), choose)
    for wrong in ({"sizes": 0}, {"sizes": []}, {"draws": 5}, {"trials": 1}, {"confidence": 1.0}, {"seed": -1}):
        with pytest.raises(InvalidArgumentError):
            stl.estimate_sensitivity(box, **{"sizes": 3, **wrong})
    found = stl.estimate_sensitivity(box, 3, draws=100, trials=10)
    with pytest.raises(InvalidArgumentError, match="measured: kappa"):
        found.at_least("beta_N")


def test_training_sets_may_be_changed_by_the_functions():
    def sample(points, size, rng):
        chosen = rng.choice(points, size)
        points[:] = 0
        return chosen

    one = stl.estimate_sensitivity(stl.BlackBox(stl.FiniteSpace(3), sample), 3, draws=500, trials=10, seed=1)
    other = stl.estimate_sensitivity(stl.BlackBox(stl.FiniteSpace(3), choose), 3, draws=500, trials=10, seed=1)
    assert one.kappa == other.kappa
