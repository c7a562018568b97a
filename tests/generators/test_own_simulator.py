"""A generator of a user's own that is simulated as a function from points to points."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.described import describe, restore
from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators.point_sampling import PointFunction, Points, SymbolFunction
from stlbounds.generators.sampling import FiniteAlphabet, uniform
from stlbounds.loops import FixedMix, Replace, WeightedMix
from stlbounds.simulation.data import from_array

GENERATOR = stl.generators.Generator


def copies(points, count, rng):
    """The empirical law."""
    return rng.choice(points, count)


def half_mean(points, count, rng, noise):
    """Contracts towards 0, in the plane or on a line."""
    signs = rng.choice([-1.0, 1.0], (count, *points.shape[1:]))
    return points.mean(axis=0) / 2 + noise * signs


def swollen(points, count, rng):
    return np.full(count, 0.7)


LEARNT = GENERATOR("copies", stl.DISCRETE, 1, 1 / (2 * s.N**0.5), simulator=copies)


def bound_of(generator, loop=Replace()):  # noqa: B008
    learner = stl.learners.MeanFit() if generator.metric is stl.EUCLIDEAN else stl.learners.BrierFit()
    return stl.high_probability(stl.Setting(loop, generator, learner))


def test_a_bound_of_an_own_model_is_checked_and_a_planted_error_is_found():
    bound = bound_of(LEARNT)
    values = {"n": 100, "i": 12, "delta": 0.1, "replicas": 120, "distribution": [0.5, 0.5], "confidence": 1 - 1e-7}
    found = stl.check(bound, **values)
    assert found.contradicted_parts == () and any("estimated from 400 points" in note for note in found.notes)
    # The error of the generation before is forgotten.
    wrong = stl.check(bound, expression={"drift": bound.terms["drift"].subs(s.i, 1)}, **values)
    assert "drift" in wrong.contradicted_parts


def test_a_check_says_what_it_does_not_test_and_the_function_is_measured_by_itself():
    def flip(points, count, rng):
        return rng.binomial(1, points.mean() / 2 + 0.25, count)

    halved = stl.generators.Generator("coin", stl.DISCRETE, 0.25, 1 / (2 * s.N**0.5) + 0.25, simulator=flip)
    bound = stl.high_probability(stl.Setting(FixedMix(s.alpha), halved, stl.learners.BrierFit()))
    found = stl.check(bound, n=40, alpha=0.5, i=3, delta=0.1, distribution=[0.9, 0.1], replicas=50)
    assert not found.contradicted and "no test of the sensitivity: see stlbounds.estimate_sensitivity" in str(found)
    # Half of the true sensitivity 1/2, which no gap shows; the error of a pair is stated with confidence.
    measured = stl.estimate_sensitivity(stl.BlackBox(stl.FiniteSpace(2), sample=flip), 4, confidence=1 - 1e-6)
    assert 0.25 < measured.rows[0].lower <= 0.5


def test_a_function_runs_the_same_loop_as_the_sampler_that_it_copies():
    """Drift and gap of 300 replicas; two means differ by 6.5 standard errors with probability below 1e-9."""
    found = [stl.measure(stl.Setting(FixedMix(s.alpha), model, stl.learners.BrierFit()), ["risk", "drift"], n=40,
                         alpha=0.5, i=3, replicas=300, distribution=distribution)
             for model, distribution in ((LEARNT, [0.2, 0.3, 0.5]),
                                         (stl.generators.Categorical(3), [0.2, 0.3, 0.5]))]
    for name, bias in (("risk", 0.0), ("drift", 0.5 * (2 / 400) ** 0.5)):
        one, other = found[0][name], found[1][name]
        error = np.hypot(one.standard_error, other.standard_error)
        assert (np.abs(one.mean - other.mean) <= bias + 6.5 * error + 1e-12).all()
    assert (found[0]["drift"].low < found[1]["drift"].mean + 1e-12).all()


def test_points_in_the_plane_with_a_symbol():
    model = GENERATOR("half", stl.EUCLIDEAN, 0.5, 0.6, simulator=half_mean)
    real = [[-0.1, 0.1], [0.1, -0.1]]
    assert model.arguments.keys() == {"name", "metric", "sensitivity", "learning_error"}
    for loop, values in ((Replace(), {}), (FixedMix(s.alpha), {"alpha": 0.5})):
        found = stl.check(bound_of(model, loop), n=20, i=2, delta=0.1, noise=0.1, replicas=60, distribution=real,
                          **values)
        assert found.contradicted_parts == ()
    with pytest.raises(InvalidArgumentError, match="noise"):
        stl.check(bound_of(model), n=20, i=2, delta=0.1, replicas=5, distribution=real)


def test_distances_of_points_are_exact_on_a_line_and_below_in_the_plane():
    line = PointFunction([-0.5, 0.5], copies)
    law = line.train(Points(np.full((1, 3, 1), 0.5)), 3, np.random.default_rng(0))
    assert line.distance(line.real(1), law) == pytest.approx([0.5])
    mixed = line.mix([line.real(1), law], [0.5, 0.5])
    assert line.distance(line.real(1), mixed) == pytest.approx([0.25])
    assert mixed.moments[0] == pytest.approx([0.25, 0.25])
    plane = PointFunction([[0.3, 0.4]], copies)
    assert plane.distance_error == 2 * line.distance_error == 2 / (2 * 20)
    moved = plane.train(Points(np.array([[[0.0, 0.0]]])), 1, np.random.default_rng(0))
    assert plane.distance(plane.real(1), moved) == pytest.approx([0.4])  # 0.5 in the plane


def test_an_own_sampler_is_taken_as_it_is():
    class Smoothed(FiniteAlphabet):
        def fit(self, sample, size):
            return 0.9 * super().fit(sample, size) + 0.1 / self.cells

    model = GENERATOR("smoothed", stl.DISCRETE, 0.9, 1 / (2 * s.N**0.5) + 0.1, simulator=Smoothed(uniform(4)))
    found = stl.check(bound_of(model), n=50, i=3, delta=0.1, replicas=50)
    assert found.statistic and not found.contradicted
    with pytest.raises(InvalidArgumentError, match="its own"):
        stl.check(bound_of(model), n=50, i=3, delta=0.1, replicas=5, distribution=[0.5, 0.5])


def test_the_simulator_is_no_part_of_the_theorem():
    bare = GENERATOR("copies", stl.DISCRETE, 1, 1 / (2 * s.N**0.5))
    assert bare == LEARNT and restore(describe(LEARNT), choices=type(stl.DISCRETE)) == bare
    assert pickle.loads(pickle.dumps(LEARNT)).simulator is copies
    with pytest.raises(AssumptionError, match=r"Generator\(\.\.\., simulator="):
        bare.sampler({})
    for metric, text in ((stl.DISCRETE, "probabilities of the symbols"), (stl.EUCLIDEAN, "points, equally likely")):
        with pytest.raises(AssumptionError, match=text):
            GENERATOR("mine", metric, 1, simulator=copies).sampler({})


@pytest.mark.parametrize(("metric", "simulator", "distribution", "text"), [
    (stl.DISCRETE, "copies", [0.5, 0.5], "a function"), (stl.EUCLIDEAN, copies, [0.2, 0.9], "ball of diameter 1"),
    (stl.EUCLIDEAN, copies, [[[0.1]]], "nonempty list"), (stl.DISCRETE, copies, [0.5, 0.6], "sum to 1")])
def test_bad_simulators_and_real_distributions_are_refused(metric, simulator, distribution, text):
    with pytest.raises(InvalidArgumentError, match=text):
        GENERATOR("mine", metric, 1, simulator=simulator).sampler({}, distribution)


@pytest.mark.parametrize(("metric", "simulator", "distribution", "text"), [
    (stl.EUCLIDEAN, swollen, [0.0], "ball of diameter 1"),
    (stl.DISCRETE, lambda points, count, rng: points + 1, [0.5, 0.5], "an array of shape"),
    (stl.DISCRETE, lambda points, count, rng: np.full(count, 2), [0.5, 0.5], "integers from 0 to 1"),
    (stl.DISCRETE, lambda points, count, rng: rng.random(count), [0.5, 0.5], "integers from 0 to 1")])
def test_what_a_simulator_returns_is_checked(metric, simulator, distribution, text):
    sampler, rng = GENERATOR("mine", metric, 1, simulator=simulator).sampler({}, distribution), np.random.default_rng(0)
    sample = sampler.draw(sampler.real(1), 3, rng)
    with pytest.raises(InvalidArgumentError, match=text):
        sampler.train(sample, 3, rng)
    with pytest.raises(AssumptionError, match="call train"):
        sampler.fit(sample, 3)


def test_real_data_of_symbols_fit_every_model_of_symbols():
    data = from_array(["a", "b", "a", "c"])
    for model in (LEARNT, stl.generators.PrivateGenerator(0.1, 1), stl.generators.GradientTrained(
            stl.DISCRETE, 1, 1, 1, learning_error=1)):
        found = stl.check(bound_of(model), n=10, i=1, delta=0.1, replicas=5, distribution=data)
        assert not found.contradicted
    for model in (stl.generators.LocationModel(0.1), stl.generators.KernelDensity("box", 1, 1, 1)):
        with pytest.raises(AssumptionError, match="finite alphabet"):
            stl.check(bound_of(model), n=10, i=1, delta=0.1, replicas=5, distribution=data)


def test_a_sweep_simulates_it_at_every_point():
    table = stl.sweep(bound_of(LEARNT), {"n": [10, 20]}, i=1, delta=0.1, replicas=20, distribution=[0.5, 0.5])
    assert len(table) == 2 and {row["verdict"] for row in table} == {"consistent"}


def test_functions_know_no_weights():
    with pytest.raises(AssumptionError, match="no weighted"):
        stl.check(bound_of(LEARNT, WeightedMix(s.w)), n=10, i=1, w=0.5, delta=0.1, replicas=2, distribution=[0.5, 0.5])
    with pytest.raises(AssumptionError, match="no learning error"):
        SymbolFunction([0.5, 0.5], copies).deviation(0.0, 0.0, 10)
