"""Judges and self-checks of the learners: fits against brute force, constants by enumeration and search, simulations.

A learner joins by a line in `CASES`.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.entries import LEARNERS
from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators.location_sampling import Atoms
from stlbounds.learners import (
    BrierFit,
    EuclideanRegularisedLearner,
    MeanFit,
    NearestNeighbours,
    PrivateLearner,
    RegularisedLearner,
    SGDLearner,
    StronglyConvexSGDLearner,
    TransformerLearner,
)
from stlbounds.learners import finite_judges as judges
from stlbounds.learners.judge_checks import enumerated
from stlbounds.learners.search import largest_ratio, logistic, logistic_minimisers
from stlbounds.symbols import N, alpha, symbol

#: Learners with numbers for all constants, and by how much their worst self-check may stay below the stated constants.
CASES: dict[str, tuple[Any, float]] = {
    "brier": (BrierFit(), 1.000001),
    "mean": (MeanFit(), 1.001),
    "regularised": (RegularisedLearner(0.5, 1, 1), 6),
    "sgd": (SGDLearner(3, 0.2, 1, loss_constant=0.7), 4),
    "sgd-strongly-convex": (StronglyConvexSGDLearner(1, 2, loss_constant=2), 3),
    "nearest-neighbours": (NearestNeighbours(3, 2, 0.5, 1), 1.000001),
    "private": (PrivateLearner(1, 2), 2.5),
    "regularised-euclidean": (EuclideanRegularisedLearner(1, 2, 1, 1, 1), 5),
    "transformer": (TransformerLearner(1, 0.5, output_lipschitz=1, loss_constant=1), 1.6),
}
FINITE = [name for name in CASES if CASES[name][0].metric is stl.DISCRETE]


def test_every_learner_of_the_registry_is_here():
    assert set(CASES) == set(LEARNERS) - {"uniformly-stable", "uniformly-stable-euclidean"}
    for name in ("uniformly-stable", "uniformly-stable-euclidean"):
        learner = LEARNERS[name].make(symbol)
        with pytest.raises(AssumptionError, match="known by its constants only"):
            learner.self_check()
        with pytest.raises(AssumptionError, match="known by its constants only"):
            learner.judge({})


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) if name == "transformer" else name
                                  for name in CASES])
def test_the_self_check_comes_near_the_constants_and_never_exceeds_them(name):
    learner, slack = CASES[name]
    found = learner.self_check()
    assert {item.constant[:4] for item in found} >= {"beta"}
    for item in found:
        assert item.holds and item.measured > 0, str(item)
    betas = [item for item in found if item.constant.startswith("beta")]
    assert min(item.slack for item in betas) <= slack, [str(item) for item in betas]
    assert learner.self_check() == found


@pytest.mark.parametrize("name", FINITE)
def test_what_is_simulated_has_the_stated_constants(name):
    learner, _ = CASES[name]
    for size in (3, 4):
        beta, constant = enumerated(learner.judge({}), size, 4)
        assert 0 < beta <= float(learner.beta_N.subs(N, size)) * (1 + 1e-9)
        assert 0 < constant <= float(learner.loss_constant) * (1 + 1e-9)


@pytest.mark.parametrize("name", FINITE)
def test_empirical_risk_is_the_risk_under_the_frequencies(name):
    judge = CASES[name][0].judge({})
    counts = np.array([[3, 1, 0, 2], [0, 0, 6, 0]])
    fitted = judge.fit(counts, 6)
    assert judge.empirical_risk(fitted, counts, 6) == pytest.approx(judge.risk(fitted, counts / 6))


# --- each judge against brute force ------------------------------------------------------------------------------


def test_logistic_fits_are_minimisers():
    judge = judges.LogisticJudge(0.5, 1.0)
    counts = np.array([[3, 1, 0, 2], [0, 0, 6, 0], [1, 2, 3, 0]])
    scores = judges.symbol_scores(4, judge.reach)
    for row, fitted in zip(counts, judge.fit(counts, 6), strict=True):
        def objective(w, row=row):
            return row @ np.log1p(np.exp(-scores * w)) / 6 + 0.25 * w**2
        assert all(objective(fitted) <= objective(fitted + step) + 1e-15 for step in (-1e-4, 1e-4, -0.1, 0.1))
    points = np.array([[0.3, -0.2, 1.0]])
    assert logistic_minimisers(points, 0.7)[0] == pytest.approx(
        logistic_minimisers(points, 0.7, np.full((1, 3), 1 / 3))[0], abs=1e-12)


def _walks(points: list[float], size: int, steps: int, advance: Any) -> list[float]:
    """The last parameter for every choice of `steps` training points."""
    ends = []
    for chosen in itertools.product(points, repeat=steps):
        parameter = 0.0
        for point in chosen:
            parameter = advance(parameter, point)
        ends.append(parameter)
    return ends


def test_descent_is_averaged_over_all_choices():
    counts, size = np.array([[2, 0, 1]]), 3
    linear = judges.DescentJudge(4, 0.3, 1.0)
    scores = judges.symbol_scores(3, linear.reach)
    points = [float(s) for s, count in zip(scores, counts[0], strict=True) for _ in range(count)]
    ends = _walks(points, size, 4, lambda w, s: w + 0.3 * s)
    law = np.array([[0.2, 0.3, 0.5]])
    expected = np.mean([-(law[0] @ scores) * w for w in ends])
    assert linear.risk(linear.fit(counts, size), law)[0] == pytest.approx(expected)
    strong = judges.StrongDescentJudge(2.0, 2.0, math.inf, step=0.3, steps=5)
    scores = judges.symbol_scores(3, strong.reach)
    points = [float(s) for s, count in zip(scores, counts[0], strict=True) for _ in range(count)]
    ends = _walks(points, size, 5, lambda w, s: w - 0.3 * 2.0 * (w - s))
    expected = np.mean([law[0] @ (w - scores) ** 2 for w in ends])
    assert strong.risk(strong.fit(counts, size), law)[0] == pytest.approx(expected)


def test_neighbours_by_sorting_points():
    judge = judges.NeighbourJudge(3, 1.5, 2.0)
    rng = np.random.default_rng(3)
    for counts in rng.multinomial(7, np.full(6, 1 / 6), size=20):
        points = [symbol for symbol, count in enumerate(counts) for _ in range(count)]
        predictions = judge.fit(counts[None, :], 7)[0]
        for query in range(3):
            near = sorted(points, key=lambda symbol: (abs(symbol // 2 - query), symbol))[:3]
            assert predictions[query] == pytest.approx(np.mean([2.0 * (symbol % 2) for symbol in near]))
        losses = [1.5 * abs(predictions[symbol // 2] - 2.0 * (symbol % 2)) for symbol in range(6)]
        assert judge.risk(predictions[None, :], np.full((1, 6), 1 / 6))[0] == pytest.approx(np.mean(losses))


def test_the_released_symbol_is_as_private_as_it_says():
    judge = judges.ReleasedSymbolJudge(lambda size: 0.8, 1.0)
    counts = np.array(list(itertools.product(range(5), repeat=3)))
    counts = counts[counts.sum(axis=1) == 4]
    laws = judge.fit(counts, 4)
    near = [(a, b) for a in range(len(counts)) for b in range(len(counts))
            if np.abs(counts[a] - counts[b]).sum() == 2]
    losses = [float(np.abs(np.log(laws[a] / laws[b])).max()) for a, b in near]
    assert 0.3 < max(losses) <= 0.8 + 1e-12


def test_ridge_on_a_line():
    learner = EuclideanRegularisedLearner(1, 2, 0.5, 0.3, 0.2)
    judge = learner.judge({})
    assert judge.curvature == pytest.approx(min(2, 1 / 0.5, 0.2 / 0.25))
    points = np.array([0.1, -0.4, 0.35])
    moments = np.array([[points.sum(), (points**2).sum()]])
    hypothesis = judge.fit(moments, 3)
    fitted = hypothesis[:, 0]

    def objective(w):
        return np.mean(judge.curvature / 2 * (w - 0.5 * points) ** 2) + 0.15 * w**2

    assert all(objective(fitted[0]) <= objective(fitted[0] + step) for step in (1e-3, -1e-3))
    unpenalised = objective(fitted[0]) - 0.15 * fitted[0] ** 2
    assert judge.empirical_risk(hypothesis, moments, 3)[0] == pytest.approx(unpenalised)
    law = Atoms(np.array([[-0.2, 0.3]]), np.array([0.25, 0.75]))
    expected = judge.curvature / 2 * (0.25 * (fitted[0] + 0.1) ** 2 + 0.75 * (fitted[0] - 0.15) ** 2)
    assert judge.risk(hypothesis, law)[0] == pytest.approx(expected)

    def change(first, second):
        fits = [judge.fit(np.stack([part.sum(axis=1), (part**2).sum(axis=1)], axis=1), 4)[:, 0]
                for part in (first, second)]
        walls = [judge.curvature / 2 * np.abs((fits[0] - w) ** 2 - (fits[1] - w) ** 2) for w in (-0.25, 0.25)]
        return np.maximum(*walls)

    measured = largest_ratio(change, 4, 0.5, np.random.default_rng(0))
    assert 0 < measured <= float(learner.beta_N.subs(N, 4))


# --- the search itself -------------------------------------------------------------------------------------------


def test_the_search_finds_moves_of_all_points():
    """Where one large move is harmless, and only small moves of all points together show the constant."""
    def folded(first, second):
        # A one-point change of more than 0.02 counts for nothing; common shifts count in full.
        means = [part.mean(axis=1) for part in (first, second)]
        alone = (np.abs(first - second) > 1e-9).sum(axis=1) <= 1
        return np.where(alone, 0.0, np.abs(means[0] - means[1]))

    assert largest_ratio(folded, 6, 0.5, np.random.default_rng(0)) == pytest.approx(1 / 6, rel=1e-9)


def test_the_steepest_gradient_of_the_logistic_loss():
    from stlbounds.learners.regularised_euclidean import _STEEPEST

    u = np.linspace(-30, 30, 600_001)
    s = 1 / (1 + np.exp(-u))
    assert 1.0997 < np.abs((1 - u * s) * (1 - s)).max() <= _STEEPEST
    value, slope = logistic(np.array([[0.7]]), np.array([0.3]))
    assert slope[0, 0] == pytest.approx((logistic(np.array([[0.7]]), np.array([0.3 + 1e-6]))[0][0, 0] - value[0, 0])
                                        / 1e-6, rel=1e-4)


# --- simulated loops ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_no_bound_is_contradicted_by_what_is_simulated(name):
    learner, _ = CASES[name]
    generators = [stl.generators.Categorical(8)]
    if learner.metric is stl.EUCLIDEAN:
        # No tokens are farther from the law of the next generation than the diameter.
        generators.append(stl.generators.Transformer(1, 0.5, 1) if name == "transformer"
                          else stl.generators.LocationModel(0.2))
    for generator in generators:
        for theorem in (stl.high_probability, stl.expected_gap):
            bound = theorem(stl.Setting(stl.loops.FixedMix(alpha), generator, learner))
            values = {"delta": 0.1} if theorem is stl.high_probability else {}
            result = stl.check(bound, n=60, alpha=0.5, i=3, replicas=300, seed=5, **values)
            assert not result.contradicted and not result.contradicted_parts, str(result)


def test_a_learner_that_claims_too_much_is_contradicted():
    """The judge is no formality: the bound of a learner that claims to be a thousand times stabler does not hold."""
    learner = RegularisedLearner(sp.Rational(1, 1000), 1, 4)
    boast = stl.learners.UniformlyStable(learner.beta_N / 10**6, learner.loss_constant)
    object.__setattr__(boast, "judge", learner.judge)
    law = [0.5, 0.5]
    bound = stl.in_expectation(stl.Setting(stl.loops.FixedMix(1), stl.generators.Categorical(2), boast))
    result = stl.check(bound, n=4, i=0, replicas=40_000, seed=1, distribution=law)
    assert result.contradicted, str(result)


def test_refusals():
    with pytest.raises(InvalidArgumentError, match="at most 1/mu"):
        StronglyConvexSGDLearner(2, 1, step=1).judge({"M": 1})
    with pytest.raises(InvalidArgumentError, match="points of the training set"):
        NearestNeighbours(5, 1, 1, 1).judge({}).fit(np.array([[1, 1]]), 2)
    with pytest.raises(InvalidArgumentError, match="M = missing"):
        RegularisedLearner(1, 1).judge({})
    with pytest.raises(InvalidArgumentError, match="training sets"):
        enumerated(judges.LogisticJudge(1.0, 1.0), 60, 12)
