"""Learners: their constants by complete enumeration, their claims, and what they refuse.

`TestLearner` is shared by all learners; a new one joins by a line in `LEARNERS`.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import AssumptionError, InvalidArgumentError, SymbolError
from stlbounds.proof.dag import Proof
from stlbounds.proof.quantities import LossConstant, Stability
from stlbounds.symbols import J, M, N, b, beta, h_bar, i, n

LEARNERS = {
    "generic": stl.learners.UniformlyStable(b / N),
    "Euclidean numbers": stl.learners.UniformlyStable(0.5 / N, 2, stl.EUCLIDEAN),
    "perfectly stable": stl.learners.UniformlyStable(0, 0),
    "Brier": stl.learners.BrierFit(),
    "regularised": stl.learners.RegularisedLearner(),
    "gradient descent": stl.learners.SGDLearner(),
    "gradient descent, strongly convex": stl.learners.StronglyConvexSGDLearner(),
    "nearest neighbours": stl.learners.NearestNeighbours(),
    "private": stl.learners.PrivateLearner(),
}


@pytest.mark.parametrize("name", LEARNERS)
class TestLearner:
    """What must hold for every learner."""

    def test_the_claims_state_the_constants(self, name):
        learner = LEARNERS[name]
        stability, loss = learner.stability_claim(), learner.loss_claim()
        assert (stability.lhs, stability.rhs) == (Stability(N), learner.beta_N)
        assert (loss.lhs, loss.rhs) == (LossConstant(), learner.loss_constant)
        assert min(Proof(stability).verify().steps, Proof(loss).verify().steps) >= 1

    def test_beta_is_beta_N(self, name):
        assert LEARNERS[name].beta == LEARNERS[name].beta_N

    def test_the_loss_constant_does_not_depend_on_the_size(self, name):
        assert not LEARNERS[name].loss_constant.has(N)


# --- the Brier fit by enumeration -----------------------------------------------------------------------------


def _losses(points: tuple[int, ...], cells: int) -> list[Fraction]:
    """``|p - e_z|**2/2`` for every symbol ``z``, ``p`` the empirical law."""
    law = [Fraction(points.count(z), len(points)) for z in range(cells)]
    return [sum((law[y] - (y == z)) ** 2 for y in range(cells)) / 2 for z in range(cells)]


def _stability(cells: int, size: int) -> Fraction:
    """The largest change of a loss per unit of Hamming distance, over all pairs of training sets."""
    sets = list(itertools.product(range(cells), repeat=size))
    losses = {points: _losses(points, cells) for points in sets}
    return max(
        abs(losses[first][z] - losses[second][z]) / sum(a != b for a, b in zip(first, second, strict=True))
        for first, second in itertools.combinations(sets, 2) for z in range(cells))


@pytest.mark.parametrize(("cells", "size"), [(2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (3, 1), (3, 2), (3, 3), (4, 2)])
def test_the_stability_of_the_brier_fit(cells, size):
    claimed = LEARNERS["Brier"].beta_N.subs(N, size)
    found = _stability(cells, size)
    assert found <= claimed
    # Attained by a point that leaves a symbol to itself: p_a = 1/N, p_b = (N-1)/N.
    assert found == claimed


@pytest.mark.parametrize(("cells", "size"), [(2, 3), (3, 2), (3, 4)])
def test_the_loss_constant_of_the_brier_fit(cells, size):
    spreads = [max(losses) - min(losses)
               for losses in (_losses(points, cells) for points in itertools.product(range(cells), repeat=size))]
    assert max(spreads) == LEARNERS["Brier"].loss_constant == 1


# --- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [-1, -b / N, b - 1, 1 / N - b])
def test_a_constant_that_may_be_negative_is_refused(value):
    with pytest.raises(InvalidArgumentError, match="beta_N"):
        stl.learners.UniformlyStable(value)
    with pytest.raises(InvalidArgumentError, match="loss_constant"):
        stl.learners.UniformlyStable(b / N, value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "b/N", None, False])
def test_a_constant_that_is_no_finite_expression_is_refused(value):
    with pytest.raises(InvalidArgumentError, match="beta_N"):
        stl.learners.UniformlyStable(value)
    with pytest.raises(InvalidArgumentError, match="loss_constant"):
        stl.learners.UniformlyStable(b / N, value)


@pytest.mark.parametrize("value", [b / n, b / (1 + i), b / (1 + J), h_bar])
def test_symbols_that_the_library_fills_in_are_refused(value):
    with pytest.raises(SymbolError, match="fills in"):
        stl.learners.UniformlyStable(value)
    with pytest.raises(SymbolError, match="fills in"):
        stl.learners.UniformlyStable(b / N, value)


def test_a_loss_constant_must_not_depend_on_the_size():
    with pytest.raises(SymbolError, match="must not depend on the size"):
        stl.learners.UniformlyStable(b / N, M / N)


def test_undeclared_symbols_are_refused():
    with pytest.raises(SymbolError, match="unknown symbol"):
        stl.learners.UniformlyStable(sp.Symbol("my_beta", positive=True))


@pytest.mark.parametrize("metric", ["discrete", None])
def test_the_metric_must_be_one(metric):
    with pytest.raises(InvalidArgumentError, match="metric"):
        stl.learners.UniformlyStable(b / N, M, metric)


def test_floats_are_exact_decimals():
    learner = stl.learners.UniformlyStable(0.1 / N, 1.5)
    assert (learner.beta_N, learner.loss_constant) == (1 / (10 * N), sp.Rational(3, 2))


def test_a_stability_need_not_depend_on_the_size():
    assert stl.learners.UniformlyStable(beta).beta_N == beta


def test_constants_alone_cannot_be_simulated():
    with pytest.raises(AssumptionError, match="cannot be simulated"):
        LEARNERS["generic"].judge({})
