"""Transformers run as loops: the forward pass against one token at a time, exact distances, exact risks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.spatial.distance import cdist

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators.attention_forward import forward
from stlbounds.generators.attention_sampling import AttentionSampler, TokenLaw
from stlbounds.learners.mean import MeanJudge
from stlbounds.loops import Accumulate, Augment, FixedMix, Schedule, WeightedMix
from stlbounds.simulation.engine import run


def one_by_one(examples: np.ndarray, query: np.ndarray, weights: np.ndarray, residual: bool) -> np.ndarray:
    """The definition in theory §8, for one replica and one query."""
    states = [*examples, query]

    def ball(z: np.ndarray) -> np.ndarray:
        return z / max(1.0, float(np.linalg.norm(z)))

    for score, value, block in weights:
        new = []
        for z in states:
            scores = [float(z @ score @ other) for other in states[:-1]]
            mass = [math.exp(one) for one in scores]
            out = sum(m * (value @ other) for m, other in zip(mass, states[:-1], strict=True)) / sum(mass)
            if residual:
                out = ball(z + out)
                out = ball(out + block @ out)
            new.append(out)
        states = new
    return np.asarray(states[-1])


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("layers", [0, 1, 3])
def test_the_forward_pass_is_that_of_one_token_at_a_time(layers: int, residual: bool) -> None:
    rng = np.random.default_rng(layers)
    examples, queries = rng.normal(size=(3, 5, 4)) / 4, rng.normal(size=(3, 2, 4)) / 4
    shared, own = rng.normal(size=(layers, 3, 4, 4)), rng.normal(size=(3, layers, 3, 4, 4))
    for weights in (shared, own):
        found = forward(examples, queries, weights, residual)
        for replica in range(3):
            matrices = weights if weights.ndim == 4 else weights[replica]
            for query in range(2):
                wanted = one_by_one(examples[replica], queries[replica, query], matrices, residual)
                assert found[replica, query] == pytest.approx(wanted, rel=1e-12)


def atoms(law: TokenLaw, replica: int) -> tuple[np.ndarray, np.ndarray]:
    inputs, count = law.outputs.shape[1:]
    points = np.repeat(law.inputs[:, None], count, axis=1)
    points[..., -1] = law.outputs[replica]
    return points.reshape(inputs * count, -1), np.tile(law.weights, inputs) / inputs


def transport(first: TokenLaw, second: TokenLaw, replica: int) -> float:
    """The Wasserstein distance in all dimensions, by linear programming, for a space of diameter 2."""
    (p, u), (q, v) = atoms(first, replica), atoms(second, replica)
    rows = np.kron(np.eye(len(p)), np.ones(len(q)))
    columns = np.kron(np.ones(len(p)), np.eye(len(q)))
    return float(linprog(cdist(p, q).ravel() / 2, A_eq=np.vstack([rows, columns]), b_eq=np.concatenate([u, v])).fun)


@pytest.mark.parametrize(("inputs", "noise", "amplitude"), [(3, 0.5, 1.0), (5, 0.2, 0.8), (8, 0.05, 1.0)])
def test_distances_are_optimal_transport_in_all_dimensions(inputs: int, noise: float, amplitude: float) -> None:
    sampler = AttentionSampler(2, 2.0, inputs=inputs, noise=noise, amplitude=amplitude)
    rng = np.random.default_rng(inputs)
    real = sampler.real(2)
    first = sampler.fit(sampler.draw(real, 2, rng), 2)
    second = sampler.fit(sampler.draw(first, 3, rng), 3)
    mixed = sampler.mix([real, first], [0.3, 0.7])
    # Outputs at opposite walls are the hardest case: neighbours could exchange their mass.
    wild = TokenLaw(sampler.inputs, sampler.half_width * rng.choice([-1.0, 1.0], size=(2, inputs, 2)), real.weights)
    for one, other in ((real, first), (real, mixed), (first, second), (second, mixed), (wild, real), (wild, first)):
        for replica in range(2):
            assert sampler.distance(one, other)[replica] == pytest.approx(transport(one, other, replica), abs=1e-9)


def test_draws_follow_their_law_and_stay_in_the_ball() -> None:
    """Moments of 4 * 40000 points; beyond 6.5 standard errors with probability below 1e-8."""
    sampler = AttentionSampler(1, 1.0, dimension=5)
    rng = np.random.default_rng(1)
    law = sampler.fit(sampler.draw(sampler.real(4), 6, rng), 6)
    tokens = sampler.draw(law, 40_000, rng)
    assert tokens.points.shape == (4, 40_000, 5) and np.linalg.norm(tokens.points, axis=2).max() <= 1
    gap = tokens.moments / 40_000 - law.moments
    assert np.abs(gap).max() < 6.5 * 0.5 / math.sqrt(40_000)
    assert law.moments.shape == (4, 6)


def test_risks_are_those_of_the_points() -> None:
    sampler, judge, rng = AttentionSampler(1, 1.0), MeanJudge(), np.random.default_rng(2)
    law = sampler.real(3)
    sample = sampler.draw(law, 7, rng)
    mean = judge.fit(sample, 7)
    assert mean == pytest.approx(sample.points.mean(axis=1) / 2)
    for replica in range(3):
        points, weights = atoms(law, replica)
        wanted = (weights * ((points / 2 - mean[replica]) ** 2).sum(axis=1)).sum() / 2
        assert judge.risk(mean, law)[replica] == pytest.approx(wanted)
        seen = ((sample.points[replica] / 2 - mean[replica]) ** 2).sum(axis=1).mean() / 2
        assert judge.empirical_risk(mean, sample, 7)[replica] == pytest.approx(seen)


@pytest.mark.parametrize("model", [
    stl.generators.Transformer(2, 0.5), stl.generators.DepthUniformTransformer(3, 1.0),
    stl.generators.ResidualTransformer(1, 0.5, 0.2)], ids=lambda model: model.name)
def test_no_pair_of_training_sets_moves_the_law_by_more_than_the_sensitivity(model: stl.generators.Generator) -> None:
    sampler, rng = model.sampler({}), np.random.default_rng(3)
    kappa, size = float(model.sensitivity), 6
    base = sampler.draw(sampler.real(200), size, rng)
    for spread in (0.01, 0.3, 2.0):
        moved = type(base)(base.points + spread * rng.normal(size=base.points.shape))
        moved.points[:] /= np.maximum(1, np.linalg.norm(moved.points, axis=2, keepdims=True))
        shift = np.linalg.norm(moved.points - base.points, axis=2).sum(axis=1) / 2
        distance = sampler.distance(sampler.fit(base, size), sampler.fit(moved, size))
        assert (distance <= kappa / size * shift).all() and distance.max() > 0


@pytest.mark.parametrize(("loop", "values"), [
    (FixedMix(s.alpha), {"alpha": 0.5}), (Accumulate(), {}), (Augment(s.lam), {"lam": 1}),
    (Schedule([0.5, 0.25, 0.75], "replay"), {})], ids=["replay", "accumulate", "augment", "schedule"])
def test_a_loop_of_transformers_does_not_contradict_its_bound(loop: stl.loops.Loop, values: dict[str, float]) -> None:
    """Only outputs differ between the laws, by at most ``2 h``: a learning error of 0.31 always holds."""
    for model in (stl.generators.Transformer(2, 0.25, 0.31), stl.generators.ResidualTransformer(1, 0.5, 0.1, 0.31)):
        assert model.sampler({}).half_width < 0.31
        bound = stl.high_probability(stl.Setting(loop, model, stl.learners.MeanFit()))
        found = stl.check(bound, n=40, i=3, delta=0.05, replicas=200, confidence=1 - 1e-6, **values)
        assert found.contradicted_parts == () and found["drift"].measured > 0.01


def test_a_run_depends_on_its_seed_only() -> None:
    results = [run(FixedMix(s.alpha), AttentionSampler(2, 1.0), MeanJudge(), {"n": 20, "alpha": 0.5}, 2, 9, seed=4,
                   chunk=3).gap for _ in range(2)]
    assert (results[0] == results[1]).all() and len(np.unique(results[0][:, 2])) == 9


@pytest.mark.parametrize(("arguments", "text"), [
    ({"layers": -1}, "layers"), ({"layers": 1.5}, "layers"), ({"omega": -1.0}, "omega"), ({"inputs": 2}, "inputs"),
    ({"dimension": 2}, "dimension"), ({"noise": math.nan}, "noise"), ({"amplitude": 2.0}, "amplitude"),
    ({"feed_forward": -0.5}, "feed_forward")])
def test_bad_arguments_are_refused(arguments: dict[str, float], text: str) -> None:
    with pytest.raises(InvalidArgumentError, match=text):
        AttentionSampler(**{"layers": 1, "omega": 1.0, **arguments})  # type: ignore[arg-type]


def test_what_cannot_be_simulated_says_so() -> None:
    sampler = AttentionSampler(1, 1.0)
    law = sampler.real(2)
    with pytest.raises(InvalidArgumentError, match="not a mixture"):
        sampler.draw(sampler.mix([law, law], [0.5, 0.5]), 3, np.random.default_rng(0))
    with pytest.raises(AssumptionError, match="weight"):
        run(WeightedMix(s.w), sampler, MeanJudge(), {"n": 10, "w": 0.5}, 1, 2, seed=0)
    with pytest.raises(InvalidArgumentError, match="omega"):
        stl.generators.Transformer(2).sampler({})
