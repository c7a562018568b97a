"""The transformer as a learner that is simulated: predictions and risks against single tokens, constants by search."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import AssumptionError
from stlbounds.generators.attention_forward import forward
from stlbounds.generators.attention_sampling import AttentionSampler, TokenLaw, Tokens
from stlbounds.generators.point_sampling import PointLaw, Points
from stlbounds.learners import BrierFit, EuclideanRegularisedLearner, MeanFit, TransformerLearner
from stlbounds.learners.attention_judge import AttentionJudge, Context, judged_constants
from stlbounds.learners.judge_checks import enumerated
from stlbounds.learners.symbols_as_tokens import CountedTokens, SymbolJudge, judge_for, symbol_tokens
from stlbounds.symbols import N, alpha

SHAPES = [(0, 1.0, None), (1, 0.5, None), (2, 2.0, None), (2, 0.5, 0.3)]


def expected_loss(judge: AttentionJudge, omega: float, block: float, context: np.ndarray, token: np.ndarray) -> float:
    """The loss at one token, with attention written out position by position."""
    states = [*context, np.array([*token[:-1], 0.0])]

    def ball(z: np.ndarray) -> np.ndarray:
        return z / max(1.0, float(np.linalg.norm(z)))

    for _ in range(judge.layers):
        new = []
        for z in states:
            mass = [math.exp(omega / 2 * float(z @ other)) for other in states[:-1]]
            out = sum(m * other for m, other in zip(mass, states[:-1], strict=True)) / sum(mass)
            if judge.residual:
                out = ball(z + out)
                out = ball((1 + block) * out)
            new.append(out)
        states = new
    return judge.slope * abs(float(states[-1][-1]) - float(token[-1]))


@pytest.mark.parametrize(("layers", "omega", "block"), SHAPES)
def test_risks_are_means_of_losses_of_single_tokens(layers, omega, block):
    judge = AttentionJudge(layers, omega, block, 0.7)
    sampler = AttentionSampler(1, 1.0, inputs=3)
    rng = np.random.default_rng(layers)
    law = sampler.real(2)
    sample = sampler.draw(law, 5, rng)
    fitted = judge.fit(sample, 5)
    for replica in range(2):
        def loss(token, context=sample.points[replica]):
            return expected_loss(judge, omega, block or 0.0, context, token)

        assert judge.empirical_risk(fitted, sample, 5)[replica] == pytest.approx(
            np.mean([loss(token) for token in sample.points[replica]]), rel=1e-12)
        atoms = [(np.array([*law.inputs[m][:-1], law.outputs[replica, m, a]]), law.weights[a] / 3)
                 for m, a in itertools.product(range(3), range(2))]
        assert judge.risk(fitted, law)[replica] == pytest.approx(sum(w * loss(z) for z, w in atoms), rel=1e-12)
    # Inputs that are all different take another way through the code.
    own = Tokens(rng.uniform(-0.5, 0.5, size=(2, 4, 3)))
    found = judge.empirical_risk(judge.fit(own, 4), own, 4)
    assert found[1] == pytest.approx(np.mean([expected_loss(judge, omega, block or 0.0, own.points[1], z)
                                              for z in own.points[1]]), rel=1e-12)


def test_counts_stand_for_copies():
    rng = np.random.default_rng(2)
    tokens, counts = rng.normal(size=(4, 3)) / 4, np.array([[3, 0, 1, 2], [1, 4, 1, 0]])
    queries, weights = rng.normal(size=(2, 5, 3)) / 4, rng.normal(size=(2, 3, 3, 3))
    for residual in (False, True):
        together = forward(np.broadcast_to(tokens, (2, 4, 3)), queries, weights, residual, counts.astype(float))
        copies = np.stack([np.repeat(tokens, row, axis=0) for row in counts])
        assert together == pytest.approx(forward(copies, queries, weights, residual), rel=1e-12)


@pytest.mark.parametrize(("layers", "omega", "block"), SHAPES)
def test_a_finite_alphabet_is_tokens_that_are_counted(layers, omega, block):
    judge = AttentionJudge(layers, omega, block, 1.0)
    adapted = SymbolJudge(judge, 5)
    counts = np.array([[2, 0, 1, 3, 1], [0, 7, 0, 0, 0]])
    tokens = symbol_tokens(5)
    copies = Tokens(np.stack([np.repeat(tokens, row, axis=0) for row in counts]))
    fitted = adapted.fit(counts, 7)
    assert adapted.empirical_risk(fitted, counts, 7) == pytest.approx(
        judge.empirical_risk(judge.fit(copies, 7), copies, 7), rel=1e-12)
    assert adapted.risk(fitted, counts / 7) == pytest.approx(adapted.empirical_risk(fitted, counts, 7), rel=1e-12)


@pytest.mark.parametrize("cells", [1, 2, 3, 8])
def test_symbols_are_different_tokens_of_the_ball(cells):
    tokens = symbol_tokens(cells)
    assert (np.linalg.norm(tokens, axis=1) <= 1 + 1e-12).all()
    assert len({tuple(row) for row in tokens.tolist()}) == cells


LEARNERS = {
    "transformer": TransformerLearner(2, 0.5, output_lipschitz=1, loss_constant=1),
    "residual transformer": TransformerLearner(1, 0.5, 0.3, output_lipschitz=2, loss_constant=1),
    "mean": MeanFit(),
    "regularised": EuclideanRegularisedLearner(1, 2, 1, 1, 1),
}


@pytest.mark.parametrize("name", LEARNERS)
def test_euclidean_constants_hold_on_a_finite_alphabet(name):
    learner = LEARNERS[name]
    judge = judge_for(learner, {}, stl.generators.Categorical(4).sampler({}))
    for size in (2, 4):
        beta, constant = enumerated(judge, size, 4)
        assert 0 < beta <= float(learner.beta_N.subs(N, size)) and 0 < constant <= float(learner.loss_constant)
    assert not isinstance(judge_for(BrierFit(), {}, stl.generators.Categorical(4).sampler({})), SymbolJudge)


def test_the_loss_is_as_steep_as_the_constants_allow():
    wide, narrow = AttentionJudge(1, 0.0, None, 1.0), AttentionJudge(1, 0.0, None, 1.0, 0.5)
    assert (wide.slope, narrow.slope) == (1.0, 0.25)
    learner = TransformerLearner(1, 0, output_lipschitz=1, loss_constant=2)
    beta, constant = judged_constants(learner.judge({}), 3, 2, 0)
    assert beta == pytest.approx(float(learner.beta_N.subs(N, 3)), rel=1e-6)
    assert constant == pytest.approx(2, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("layers", "omega", "block"), SHAPES[1:])
def test_the_search_never_exceeds_the_constants(layers, omega, block):
    learner = TransformerLearner(layers, omega, block, output_lipschitz=1, loss_constant=1)
    found = learner.self_check(seed=3)
    assert len(found) == 4 and all(item.holds and item.measured > 0 for item in found), [str(item) for item in found]
    assert found[3].slack < 2


@pytest.mark.slow
def test_a_smaller_stability_is_refuted():
    """Without scores the constant is exact: nine tenths of it is contradicted by the search."""
    learner = TransformerLearner(1, 0, output_lipschitz=1, loss_constant=2)
    beta, _ = judged_constants(learner.judge({}), 3, 2, 1)
    assert beta > 0.9 * float(learner.beta_N.subs(N, 3))


def test_moments_are_not_enough():
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), stl.generators.LocationModel(0.2),
                                             TransformerLearner(1, 0.5, output_lipschitz=1, loss_constant=1)))
    with pytest.raises(AssumptionError, match="reads every token"):
        stl.check(bound, n=20, alpha=0.5, i=1, delta=0.1, replicas=2)
    judge = AttentionJudge(1, 0.5, None, 1.0)
    with pytest.raises(AssumptionError, match="laws of tokens"):
        judge.risk(Context(np.zeros((1, 2, 3))), np.zeros((1, 2)))
    law = TokenLaw(np.zeros((3, 3)), np.zeros((1, 3, 2)), np.array([0.5, 0.5]))
    assert judge.risk(Context(np.zeros((1, 2, 3))), law).tolist() == [0.0]


def test_points_of_a_function_are_tokens():
    judge = AttentionJudge(1, 0.5, None, 0.7)
    rng = np.random.default_rng(5)
    for width in (1, 2):
        points = rng.uniform(-0.3, 0.3, size=(2, 4, width))
        tokens = Tokens(2 * points if width > 1 else np.concatenate([np.zeros_like(points), 2 * points], axis=2))
        sample, fitted = Points(points), judge.fit(tokens, 4)
        expected = judge.empirical_risk(fitted, tokens, 4)
        found = judge.fit(sample, 4)
        assert judge.empirical_risk(found, sample, 4) == pytest.approx(expected, rel=1e-12)
        assert judge.risk(found, PointLaw(points, np.full(4, 0.25))) == pytest.approx(expected, rel=1e-12)


def test_a_density_shows_its_cells():
    sampler = stl.generators.KernelDensity().sampler({"bandwidth": 0.1, "circumference": 1, "variation": 2})
    adapted = judge_for(MeanFit(), {}, sampler)
    sample = sampler.shown(sampler.draw(sampler.real(3), 10, np.random.default_rng(0)))
    risks = adapted.empirical_risk(adapted.fit(sample, 10), sample, 10)
    assert isinstance(adapted, SymbolJudge) and risks.shape == (3,) and (risks > 0).all()


def test_counted_tokens_have_the_moments_of_their_copies():
    tokens, counts = symbol_tokens(3), np.array([[2, 1, 1]])
    copies = np.repeat(tokens, counts[0], axis=0) / 2
    found = CountedTokens(tokens, counts).moments[0]
    assert found == pytest.approx([*copies.sum(axis=0), (copies**2).sum()])


@pytest.mark.slow
def test_without_a_loss_constant_its_loss_is_not_searched():
    assert len(TransformerLearner(1, sp.Rational(1, 2), output_lipschitz=1).self_check()) == 2
