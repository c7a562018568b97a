"""Samplers of trained, private and kernel generators: the stated constants hold in them, and planted errors show.

Statistical tests have fixed seeds and fail a correct sampler with probability below 1e-7.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad
from scipy.stats import norm

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators import GaussianPrivateGenerator, GradientTrained, KernelDensity, PrivateGenerator, SGDTrained
from stlbounds.generators.kernel_density import KERNELS, _triangular
from stlbounds.generators.kernel_sampling import CirclePoints
from stlbounds.generators.location_sampling import LocationSampler
from stlbounds.generators.sampling import FiniteAlphabet, Sampler
from stlbounds.generators.trained_sampling import AtomCounts, DescendedAlphabet, MinimisedAlphabet
from stlbounds.loops import Accumulate, FixedMix, Replace, WeightedMix
from stlbounds.simulation.learning_errors import learning_errors
from stlbounds.simulation.rounding import round_plan
from stlbounds.simulation.schedule import schedule

DISCRETE, EUCLIDEAN = stl.DISCRETE, stl.EUCLIDEAN
TRAINED = {
    "minimised": GradientTrained(EUCLIDEAN, 1, 0.75, 0.5),
    "minimised, discrete": GradientTrained(DISCRETE, 3, 0.5, 1),
    "descended": SGDTrained(EUCLIDEAN, 2, 0.5, 0.3, 4),
    "descended, discrete": SGDTrained(DISCRETE, 2, 0.5, 0.3, 6),
    "gaussian private": GaussianPrivateGenerator(0.1),
    "private": PrivateGenerator(0.05),
}


# --- constants --------------------------------------------------------------------------------------------------


def moved(sampler: Sampler, size: int, rng: np.random.Generator, rows: int) -> tuple[object, object, np.ndarray]:
    """Pairs of training sets and their displacement: counts that differ in some symbols, or points moved a little."""
    if isinstance(sampler, FiniteAlphabet):
        first, second = (rng.multinomial(size, rng.dirichlet(np.ones(sampler.cells)), size=rows) for _ in range(2))
        return first, second, np.abs(first - second).sum(axis=1) / 2
    points = rng.uniform(-0.3, 0.3, (rows, size))
    other = points + rng.choice([-0.1, 0.1], (rows, 1)) * rng.random((rows, size)) ** 2
    shift = np.abs(points - other).sum(axis=1)
    if sampler.shared_seed:
        counts = np.ones((rows, size), dtype=np.int64)
        return AtomCounts(points, counts), AtomCounts(other, counts), shift
    return *(np.stack([part.sum(axis=1), (part**2).sum(axis=1)], axis=1) for part in (points, other)), shift


@pytest.mark.parametrize("name", TRAINED)
def test_no_pair_of_training_sets_moves_a_law_by_more_than_the_sensitivity(name: str) -> None:
    sampler, size, rows = TRAINED[name].sampler({}), 12, 400
    kappa = float(TRAINED[name].sensitivity.subs(s.N, size))
    first, second, displacement = moved(sampler, size, np.random.default_rng(1), rows)
    far = []
    for seed in range(60 if sampler.shared_seed else 1):
        laws = [sampler.train(part, size, np.random.default_rng(seed)) for part in (first, second)]
        far.append(sampler.distance(*laws))
    apart, allowed = np.mean(far, axis=0), kappa / size * displacement
    # The mean over 60 seeds of numbers in [0, 1], of all pairs at once.
    slack = 0.0 if len(far) == 1 else 6 * np.std(far, axis=0).max() / math.sqrt(len(far))
    assert (apart <= allowed + slack + 1e-12).all() and apart.max() > 0.02
    if len(far) == 1:
        assert (apart / np.maximum(allowed, 1e-9)).max() > (0.999 if name == "minimised" else 0.1)


def test_two_nearly_equal_counts_attain_the_sensitivity_of_gaussian_privacy() -> None:
    for level, size in ((0.1, 5), (1.0, 3), (2.5, 21)):
        sampler = GaussianPrivateGenerator(level).sampler({})
        half = size // 2
        laws = sampler.fit(np.array([[half, size - half], [half + 1, size - half - 1]]), size)
        assert 0.5 * np.abs(laws[0] - laws[1]).sum() == pytest.approx(math.erf(level / (2 * math.sqrt(2))), rel=1e-12)


def test_the_largest_of_noisy_counts_is_drawn_with_its_probability() -> None:
    counts, level = np.array([[5, 3, 4], [0, 12, 0]]), 0.7
    law = GaussianPrivateGenerator(level).sampler({}, distribution=[0.2, 0.3, 0.5]).fit(counts, 12)
    for row, found in zip(counts, law, strict=True):
        for z in range(3):
            def density(x: float, row: np.ndarray = row, z: int = z) -> float:
                others = [norm.cdf(x + (row[z] - row[y]) * level / math.sqrt(2)) for y in range(3) if y != z]
                return float(norm.pdf(x) * np.prod(others))

            assert found[z] == pytest.approx(quad(density, -10, 10)[0], abs=1e-8)


@pytest.mark.parametrize("law", [[0.5, 0.5], [0.7, 0.2, 0.1], [0.25] * 4])
def test_a_tilted_family_has_the_constants_that_it_was_given(law: list[float]) -> None:
    gradient, rate, convexity, step = 2.0, 0.6, 0.5, 0.8
    fitted, walked = MinimisedAlphabet(law, gradient, rate, convexity), DescendedAlphabet(law, gradient, rate, step, 3)
    grid = np.linspace(-1.0, 1.0, 401) * fitted.force / convexity
    laws = fitted.tilted(grid)
    assert fitted.tilted(np.zeros(1))[0] == pytest.approx(law)
    # Total variation changes at a rate of at most L_TV.
    assert (0.5 * np.abs(np.diff(laws, axis=0)).sum(axis=1) <= rate * np.diff(grid) * (1 + 1e-9)).all()
    slopes = fitted.force * ((laws @ fitted.statistic)[:, None] - fitted.statistic) + convexity * grid[:, None]
    assert np.abs(slopes).max() <= gradient * (1 + 1e-9) and np.abs(slopes).max() > gradient / 3
    assert (np.diff(slopes, axis=0) >= convexity * np.diff(grid)[:, None] * (1 - 1e-9)).all()
    # The minimiser has no slope, and is inside of the interval.
    counts = np.random.default_rng(0).multinomial(9, law, size=50)
    target, fit = counts / 9 @ fitted.statistic, fitted.fit(counts, 9)
    parameter = fitted.force / convexity * (target - fit @ fitted.statistic)
    assert fitted.tilted(parameter) == pytest.approx(fit, abs=1e-9)
    # One step of descent moves by at most step G_l, and steps are at most 2/smoothness.
    steps = walked.push * ((laws @ walked.statistic)[:, None] - walked.statistic)
    assert np.abs(steps).max() <= step * gradient * (1 + 1e-9)
    assert (np.diff(grid[:, None] - steps, axis=0) >= -np.diff(grid)[:, None] * (1 + 1e-9)).all()


# --- the circle -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("width", "length"), [(0.1, 1.0), (0.8, 1.0), (1.7, 1.5)])
def test_cells_are_integrals_of_the_density(kernel: str, width: float, length: float) -> None:
    model = KernelDensity(kernel, width, length, 2)
    sampler, rng, fine = model.sampler({}, distribution=6), np.random.default_rng(2), 200
    points = rng.random((3, 5)) * length
    law = sampler.fit(CirclePoints(points, np.ones((3, 5))), 5)
    grid = (np.arange(6 * fine) + 0.5) * length / (6 * fine)
    for row, cells in zip(points, law.cells, strict=True):
        density = model.density(row, grid, width, length).reshape(6, fine)
        assert cells == pytest.approx(density.mean(axis=1) * length / 6, abs=2e-3)
    real = _triangular(grid, length, 2.0).reshape(6, fine)
    assert sampler.real(1).cells[0] == pytest.approx(real.mean(axis=1) * length / 6, abs=1e-4)
    assert law.cells.sum(axis=1) == pytest.approx(1) and sampler.real(1).cells.sum() == pytest.approx(1)


@pytest.mark.parametrize("kernel", KERNELS)
def test_points_of_the_circle_follow_their_law(kernel: str) -> None:
    """Frequencies of 40000 points are within 6.5 standard errors, beyond with probability below 1e-9 for each cell."""
    sampler, rng = KernelDensity(kernel, 0.3, 1, 3).sampler({}, distribution=10), np.random.default_rng(3)
    start = sampler.weighted(sampler.draw(sampler.real(2), 4, rng), 2.0)
    for law in (sampler.real(2), sampler.fit(start, 8)):
        shares = sampler.shown(sampler.draw(law, 40_000, rng)) / 40_000
        assert np.abs(shares - sampler.shown_law(law)).max() < 6.5 * 0.5 / math.sqrt(40_000)


def test_more_cells_bring_the_distance_closer_to_total_variation_from_below() -> None:
    model, rng = KernelDensity("box", 0.2, 1, 4), np.random.default_rng(4)
    points = CirclePoints(rng.random((20, 6)), np.ones((20, 6)))
    distances = []
    for cells in (2, 8, 32, 256):
        sampler = model.sampler({}, distribution=cells)
        distances.append(sampler.distance(sampler.real(20), sampler.fit(points, 6)))
    assert all((fine >= coarse - 1e-12).all() for coarse, fine in itertools.pairwise(distances))
    grid = (np.arange(20_000) + 0.5) / 20_000
    exact = [np.abs(model.density(row, grid, 0.2, 1.0) - _triangular(grid, 1.0, 4.0)).mean() / 2
             for row in points.points]
    assert (distances[-1] <= np.array(exact) + 1e-3).all() and distances[-1] == pytest.approx(exact, abs=0.02)


# --- learning errors --------------------------------------------------------------------------------------------


def measured_errors(loop: stl.loops.Loop, sampler: Sampler, n: int, generations: int, replicas: int,
                    **values: float) -> np.ndarray:
    """``W(Dmix_j, D_{j+1})`` of every replica and generation."""
    plan, rng = loop.plan(generations), np.random.default_rng(5)
    steps = schedule(plan, round_plan(plan, {"n": n, **values}), {"n": n, **values})
    laws, samples, found = {0: sampler.real(replicas)}, {}, []
    for j, step in enumerate(steps.steps[:-1]):
        for k in step.drawn:
            drawn = sampler.draw(laws[steps.sources[k]], steps.sizes[k], rng)
            samples[k] = drawn if steps.weights[k] == 1 else sampler.weighted(drawn, steps.weights[k])
        shares = steps.shares(step)
        laws[j + 1] = sampler.train(sampler.join([samples[k] for k in step.present]), step.size, rng)
        mixed = sampler.mix([laws[source] for source in shares], list(shares.values()))
        found.append(sampler.distance(mixed, laws[j + 1]))
    return np.stack(found, axis=1)


SIMULATED: dict[str, Sampler] = {
    **{name: model.sampler({}) for name, model in TRAINED.items()},
    "noisy maximum, three symbols": GaussianPrivateGenerator(0.04).sampler({}, distribution=[1 / 3] * 3),
    "skewed family": GradientTrained(DISCRETE, 1, 1, 1).sampler({}, distribution=[0.6, 0.3, 0.1]),
    "location": LocationSampler(0.45, half_width=0.5), "contractive": LocationSampler(0.1, 0.5, pull=0.5, prior=0.3),
    "prior": FiniteAlphabet([0.7, 0.2, 0.1], smoothing=0.3),
    "attention": stl.generators.Transformer(1, 0.5).sampler({}),
}


@pytest.mark.parametrize("name", SIMULATED)
def test_learning_errors_hold_in_what_is_simulated(name: str) -> None:
    """A mean of 150 replicas exceeds its expectation by 6 standard errors with probability below 1e-8."""
    sampler, tight = SIMULATED[name], []
    for loop, values in ((FixedMix(s.alpha), {"alpha": 0.5}), (Accumulate(), {}), (WeightedMix(s.w), {"w": 0.25})):
        if loop.weighted and (sampler.shared_seed or "attention" in name or "maximum" in name or "private" in name):
            continue
        stated = [error for error, _ in learning_errors(loop, sampler, generations=3, n=24, **values)]
        found = measured_errors(loop, sampler, 24, 3, 150, **values)
        error = found.std(axis=0, ddof=1) / math.sqrt(len(found))
        assert (found.mean(axis=0) <= np.array(stated) + 6 * error).all()
        tight.append(found.mean(axis=0)[0] / stated[0])
    assert max(tight) > 0.1


def test_learning_errors_are_not_made_up() -> None:
    with pytest.raises(AssumptionError, match="no learning error is known for KernelSampler"):
        learning_errors(Replace(), KernelDensity("box", 1, 1, 1).sampler({}), generations=1, n=10)

    class Own(FiniteAlphabet):
        def fit(self, sample, size):
            return super().fit(sample, size)

    with pytest.raises(AssumptionError, match="for Own"):
        learning_errors(Replace(), Own([0.5, 0.5]), generations=1, n=10)
    with pytest.raises(AssumptionError, match="no learning error"):
        learning_errors(Replace(), GaussianPrivateGenerator(1).sampler({}, [0.3, 0.7]), generations=1, n=10)


# --- planted errors ---------------------------------------------------------------------------------------------


def test_a_drift_that_forgets_the_inherited_error_is_contradicted_by_a_trained_model() -> None:
    """Without real data and at ``kappa = 1`` fitted means walk: ``W(D_j, D_{j+1}) <= noise/sqrt(n)``, noise 0.2."""
    model = GradientTrained(EUCLIDEAN, 1, 0.5, 0.5, learning_error=sp.Rational(1, 5) / sp.sqrt(s.N))
    bound = stl.high_probability(stl.Setting(Replace(), model, stl.learners.MeanFit()))
    values = {"n": 100, "i": 20, "delta": 0.05, "replicas": 400, "confidence": 1 - 1e-7}
    assert stl.check(bound, **values).contradicted_parts == ()
    wrong = stl.check(bound, expression={"drift": sp.Rational(1, 5) / sp.sqrt(s.n)}, **values)
    assert wrong.contradicted and "drift" in wrong.contradicted_parts
    # The factor i of the drift lemma is loose in this walk: its square root would do, the fourth root does not.
    claim = {"drift": bound.terms["drift"] * s.i ** sp.Rational(-3, 4)}
    assert stl.check(bound, expression=claim, **values).contradicted


def test_a_drift_that_forgets_the_inherited_error_is_contradicted_by_kernels() -> None:
    """Uniform data, so that there is no smoothing error: what is left is noise, which adds up."""
    model = KernelDensity("epanechnikov", 0.05, 1, 0)
    bound = stl.high_probability(stl.Setting(Replace(), model, stl.learners.BrierFit()))
    values = {"n": 100, "i": 12, "delta": 0.05, "replicas": 40, "confidence": 1 - 1e-7}
    assert stl.check(bound, **values).contradicted_parts == ()
    wrong = stl.check(bound, expression={"drift": bound.terms["drift"].subs(s.i, 1)}, **values)
    assert "drift" in wrong.contradicted_parts


def test_a_divided_constant_is_contradicted_by_descent() -> None:
    model = SGDTrained(DISCRETE, 2, 1, 0.3, 6, learning_error=sp.S.One)
    bound = stl.in_expectation(stl.Setting(Replace(), model, stl.learners.BrierFit()))
    values = {"n": 50, "i": 4, "replicas": 400, "confidence": 1 - 1e-7}
    true = stl.check(bound, **values)
    assert true.contradicted_parts == () and true["drift"].measured > 0.1
    assert stl.check(bound, expression={"drift": bound.terms["drift"] / 50}, **values).contradicted


# --- use --------------------------------------------------------------------------------------------------------


def test_descent_shares_its_seed_in_coupled_runs() -> None:
    model = SGDTrained(DISCRETE, 2, 0.5, 0.1, 5)
    setting = stl.Setting(FixedMix(s.alpha), model, stl.learners.BrierFit())
    found = stl.measure(setting, ["stability"], n=20, alpha=0.5, i=2, replicas=2000)["stability"]
    # gamma_1 <= kappa/n; without a shared seed the two laws would be a step of descent apart.
    assert 0 < found.mean[1] <= 0.5 / 20 * 1.05


@pytest.mark.parametrize(("model", "distribution", "text"), [
    (GradientTrained(EUCLIDEAN, 1, 1, 1), 0.6, "size of the noise"),
    (GradientTrained(EUCLIDEAN, 1, 1, 1), [0.5, 0.5], "size of the noise"),
    (GradientTrained(DISCRETE, 1, 1, 1), [0.5, 0.6], "sum to 1"), (KernelDensity("box", 1, 1, 1), 0, "cells"),
    (SGDTrained(EUCLIDEAN, 1, 1, 0.1, s.steps), None, "steps")])
def test_bad_real_distributions_are_refused(model: stl.generators.Generator, distribution: object, text: str) -> None:
    with pytest.raises(InvalidArgumentError, match=text):
        model.sampler({}, distribution)


def test_what_cannot_be_simulated_says_so() -> None:
    with pytest.raises(AssumptionError, match="normal laws"):
        GradientTrained(DISCRETE, 1, gaussian=1, convexity=1).sampler({})
    for model in (SGDTrained(EUCLIDEAN, 1, 1, 0.1, 2), SGDTrained(DISCRETE, 1, 1, 0.1, 2)):
        sampler = model.sampler({})
        sample = sampler.draw(sampler.real(2), 5, np.random.default_rng(0))
        with pytest.raises(AssumptionError, match="call train"):
            sampler.fit(sample, 5)
        with pytest.raises(AssumptionError, match="equally often"):
            sampler.weighted(sample, 0.5)
    circle = KernelDensity("box", 0.2, 1, 1).sampler({})
    mixture = circle.mix([circle.real(2), circle.fit(circle.draw(circle.real(2), 3, np.random.default_rng(0)), 3)],
                         [0.5, 0.5])
    with pytest.raises(InvalidArgumentError, match="not a mixture"):
        circle.draw(mixture, 3, np.random.default_rng(0))


def test_a_result_says_what_its_distances_are() -> None:
    bound = stl.high_probability(stl.Setting(Replace(), KernelDensity("box", 0.3, 1, 2), stl.learners.BrierFit()))
    result = stl.check(bound, n=20, i=2, delta=0.1, replicas=20)
    assert any("32 cells of the circle" in note for note in result.notes) and not result.contradicted
