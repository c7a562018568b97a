"""The Euclidean learners of the catalogue: constants against brute force, proofs, mutants, refusals."""

from __future__ import annotations

import importlib
import inspect
import textwrap

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import AssumptionError, InvalidArgumentError, StlboundsError
from stlbounds.generators.location_sampling import Atoms
from stlbounds.learners import EuclideanRegularisedLearner, MeanFit, TransformerLearner
from stlbounds.proof.dag import Proof
from stlbounds.proof.quantities import LossConstant, Stability
from stlbounds.symbols import B, G_l, L, L_z, M, N, ell_L, lam_r, omega

pytestmark = pytest.mark.slow

LEARNERS = {
    "regularised": EuclideanRegularisedLearner(),
    "regularised with numbers": EuclideanRegularisedLearner(1, 2, 0.5, 3),
    "transformer": TransformerLearner(),
    "transformer with numbers": TransformerLearner(2, 1, output_lipschitz=1),
    "transformer, depth-uniform": TransformerLearner(depth_uniform=True),
    "transformer, residual": TransformerLearner(feed_forward=0.5),
    "mean": MeanFit(),
}


@pytest.mark.parametrize("name", LEARNERS)
class TestEuclideanLearner:
    """What must hold for every learner of this part of the catalogue."""

    def test_the_claims_state_the_constants(self, name):
        learner = LEARNERS[name]
        stability, loss = learner.stability_claim(), learner.loss_claim()
        assert (stability.lhs, stability.rhs) == (Stability(N), learner.beta_N)
        assert (loss.lhs, loss.rhs) == (LossConstant(), learner.loss_constant)
        assert stability.rule.kind != "assumption"
        assert Proof(stability).verify().steps >= 1
        assert learner.metric is stl.EUCLIDEAN

    def test_the_stability_is_that_of_a_fast_learner(self, name):
        assert not sp.simplify(N * LEARNERS[name].beta_N).has(N)


def test_constants_in_symbols():
    assert EuclideanRegularisedLearner().beta_N == G_l * L_z * B / (lam_r * N)
    kappa = stl.generators.Transformer(L, omega).sensitivity
    assert sp.simplify(TransformerLearner().beta_N - 2 * ell_L * kappa / N) == 0
    assert (MeanFit().beta_N, MeanFit().loss_constant) == (1 / N, 1)
    assert EuclideanRegularisedLearner().loss_constant == M


def _largest_ratio(change, displacement):
    return float((change / displacement).max())


@pytest.mark.parametrize("size", [1, 3, 10])
def test_the_mean_by_search(size):
    """Pairs of training sets in an interval of length 1, judged at random points and at the walls."""
    rng = np.random.default_rng(size)
    first = rng.uniform(-0.5, 0.5, size=(4000, size))
    first[::2] = rng.choice([-0.5, 0.5], size=(2000, 1)) * np.ones(size)
    moves = rng.uniform(0, 0.2, size=(4000, size))
    second = np.clip(first - np.sign(first) * moves * rng.choice([1.0, 0.01], size=(4000, 1)), -0.5, 0.5)
    points = rng.choice([-0.5, 0.5, 0.1, -0.3], size=4000)
    before, after = first.mean(axis=1), second.mean(axis=1)
    change = np.abs((before - points) ** 2 - (after - points) ** 2) / 2
    beta = _largest_ratio(change, np.abs(first - second).sum(axis=1))
    stated = float(MeanFit().beta_N.subs(N, size))
    assert 0.97 * stated < beta <= stated * (1 + 1e-9)
    other = np.clip(points + rng.choice([0.005, -0.005], size=4000), -0.5, 0.5)
    loss = np.abs((before - points) ** 2 - (before - other) ** 2) / 2
    moved = np.abs(points - other) > 1e-6
    constant = _largest_ratio(loss[moved], np.abs(points - other)[moved])
    assert 0.97 < constant <= 1 + 1e-9


def test_the_judge_of_the_mean():
    judge = MeanFit().judge({})
    sample = np.array([[0.6, 0.5], [-0.2, 0.4]])
    hypothesis = judge.fit(sample, 4)
    assert hypothesis[:, 0].tolist() == pytest.approx([0.15, -0.05])
    law = Atoms(np.array([[-0.1, 0.3], [0.2, 0.4]]), np.array([0.25, 0.75]))
    expected = [(0.25 * (h - x) ** 2 + 0.75 * (h - y) ** 2) / 2
                for h, (x, y) in zip(hypothesis[:, 0], law.points, strict=True)]
    assert judge.risk(hypothesis, law).tolist() == pytest.approx(expected)
    points = np.array([0.1, -0.3, 0.4, 0.25])
    moments = np.array([[points.sum(), (points**2).sum()]])
    fitted = judge.fit(moments, 4)
    assert judge.empirical_risk(fitted, moments, 4)[0] == pytest.approx(((points - points.mean()) ** 2).mean() / 2)


@pytest.mark.parametrize("size", [1, 4, 25])
def test_regularised_minimisation_by_search(size):
    """Losses ``-L_z w z``: ``w = L_z mean/lam_r``, ``G_l = L_z max |z|``; the constant is attained at the wall."""
    slope, strength, diameter = 2.0, 3.0, 0.8
    rng = np.random.default_rng(size)
    first = rng.uniform(-0.4, 0.4, size=(2000, size))
    second = np.clip(first + rng.uniform(-0.1, 0.1, size=(2000, 1)), -0.4, 0.4)
    shift = slope / strength * np.abs(first.mean(axis=1) - second.mean(axis=1))
    change = slope * 0.4 * shift
    beta = _largest_ratio(change, np.abs(first - second).sum(axis=1) / diameter)
    learner = EuclideanRegularisedLearner(slope * 0.4, slope, diameter, strength)
    assert beta == pytest.approx(float(learner.beta_N.subs(N, size)), rel=1e-9)


def test_the_transformer_by_search():
    from stlbounds.generators.attention_search import search

    for layers, score in ((1, 0.0), (1, 0.5), (2, 1.0)):
        found = search(layers=layers, omega=score, examples=3, dimension=2, seed=4)
        # The loss |output - y| is 1-Lipschitz, and moves along the output's direction as much as the output.
        stated = float(TransformerLearner(layers, score, output_lipschitz=1).beta_N.subs(N, 3))
        assert 2 * found.single / 3 <= stated * (1 + 1e-9)
        assert layers > 1 or 2 * found.single / 3 > stated / 1.6


MUTANTS = [
    ("stlbounds.learners.mean", "MeanStability", "1 / N", "1 / (2 * N)", MeanFit()),
    ("stlbounds.learners.regularised_euclidean", "EuclideanRegularisedStability", "* diameter /", "/",
     EuclideanRegularisedLearner()),
    ("stlbounds.learners.regularised_euclidean", "EuclideanRegularisedStability", "(strength * N)",
     "(2 * strength * N)", EuclideanRegularisedLearner()),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[1]}-{mutant[3]}")
def test_a_slip_in_a_rule_is_noticed(mutant, monkeypatch):
    module_name, rule, old, new, learner = mutant
    module = importlib.import_module(module_name)
    source = textwrap.dedent(inspect.getsource(getattr(module, rule)))
    assert old in source
    namespace = dict(vars(module))
    exec(compile("from __future__ import annotations\n" + source.replace(old, new), "<mutant>", "exec"), namespace)  # noqa: S102
    monkeypatch.setattr(module, rule, namespace[rule])
    try:
        outcome = learner.stability_claim().rhs
    except StlboundsError:
        return
    assert outcome != learner.beta_N


def test_the_loss_constant_of_the_mean_is_not_smaller(monkeypatch):
    from stlbounds.learners.mean import MeanLossConstant

    assert MeanLossConstant.apply().rhs == MeanFit().loss_constant


def test_refusals():
    with pytest.raises(InvalidArgumentError, match="strength"):
        EuclideanRegularisedLearner(strength=0)
    with pytest.raises(InvalidArgumentError, match="diameter"):
        EuclideanRegularisedLearner(diameter=1 / N)
    with pytest.raises(AssumptionError, match="no weighted version"):
        TransformerLearner().stability_claim(weighted=True)
    assert MeanFit().stability_claim(weighted=True).rhs == 1 / N
