"""The Euclidean generators of the catalogue: constants against brute force, bounds, refusals, simulation, mutants."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import AssumptionError, InvalidArgumentError, MetricError
from stlbounds.generators import (
    Contractive,
    DepthUniformTransformer,
    GradientTrained,
    LocationModel,
    ResidualTransformer,
    SGDTrained,
    Transformer,
    UnboundedLocation,
)
from stlbounds.generators.attention_depth import layer_mean, layer_query, layer_spread
from stlbounds.generators.attention_search import Architecture, _admissible, _Batch, _small, output
from stlbounds.generators.location_sampling import LocationSampler
from stlbounds.interval.signs import is_nonnegative
from stlbounds.learners import MeanFit, TransformerLearner, UniformlyStable
from stlbounds.numeric.arrays import evaluate
from stlbounds.proof.dag import Proof
from stlbounds.proof.quantities import Sensitivity
from stlbounds.special import geometric_sum
from stlbounds.symbols import L_TV, G_l, L, L_f, N, alpha, b, c, e, i, lam, mu, n, omega, pull, r, sigma, step, steps

pytestmark = pytest.mark.slow

DISCRETE, EUCLIDEAN = stl.DISCRETE, stl.EUCLIDEAN
HALF = sp.Rational(1, 2)
GENERATORS = {
    "transformer": Transformer(learning_error=e),
    "transformer with numbers": Transformer(3, 0.5, c * N**-r),
    "transformer without scores": Transformer(4, 0, e),
    "depth-uniform": DepthUniformTransformer(learning_error=e),
    "depth-uniform with numbers": DepthUniformTransformer(3, 1, e),
    "residual": ResidualTransformer(learning_error=e),
    "residual with numbers": ResidualTransformer(1, 0.5, 0.1, e),
    "location": LocationModel(),
    "location with numbers": LocationModel(0.2),
    "contractive": Contractive(learning_error=e),
    "contractive with numbers": Contractive(0.3, e),
    "minimiser": GradientTrained(learning_error=e),
    "minimiser, discrete": GradientTrained(DISCRETE, learning_error=e),
    "minimiser, normal": GradientTrained(DISCRETE, gaussian=sigma, learning_error=e),
    "descent": SGDTrained(learning_error=e),
    "descent, discrete": SGDTrained(DISCRETE, learning_error=e),
    "descent, normal": SGDTrained(DISCRETE, gaussian=2, number_of_steps=10, learning_error=e),
}
LOOPS = {
    "replay": stl.loops.FixedMix(alpha), "fresh": stl.loops.FixedMix(alpha, real="fresh"),
    "augment": stl.loops.Augment(lam), "accumulate": stl.loops.Accumulate(), "subsample": stl.loops.Subsample(),
}
VALUES = {"pull": 0.3, "noise": 0.1, "L_z": 2.0, "L_g": 0.5, "mu": 0.7, "G_l": 1.3, "L_TV": 0.2, "sigma": 3.0,
          "step": 0.01, "steps": 20, "omega": 0.5, "L": 2, "L_f": 0.2}


def setting(loop, generator):
    return stl.Setting(loop, generator, UniformlyStable(b / N, metric=generator.metric))


def theorem(generator):
    return stl.in_expectation if generator.shared_seed else stl.high_probability


@pytest.mark.parametrize("name", GENERATORS)
class TestEuclideanGenerator:
    """What must hold for every generator of this part of the catalogue."""

    def test_the_sensitivity_is_derived(self, name):
        claim = GENERATORS[name].sensitivity_claim()
        assert (claim.lhs, claim.rhs) == (Sensitivity(N), GENERATORS[name].sensitivity)
        assert claim.rule.kind != "assumption"
        assert Proof(claim).verify().steps >= 1
        assert is_nonnegative(claim.rhs)

    def test_a_bound_says_what_it_assumes_in_latex(self, name):
        bound = theorem(GENERATORS[name])(setting(LOOPS["replay"], GENERATORS[name]))
        assert "{bound}" not in bound.latex("document")
        assert len(bound.assumptions) >= 3

    def test_self_check(self, name):
        found = GENERATORS[name].self_check(seed=1, **VALUES)
        assert found
        assert all(item.holds and item.measured > 0 for item in found), list(map(str, found))

    def test_the_critical_proportion_makes_the_loop_gain_1(self, name):
        bound = theorem(GENERATORS[name])(setting(LOOPS["replay"], GENERATORS[name]))
        kappa = GENERATORS[name].sensitivity
        assert sp.simplify(bound.loop_gain.subs(alpha, 1 - 1 / kappa) - 1) == 0 or kappa.subs(L, 0) == 0


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("name", ["transformer", "depth-uniform", "residual", "location", "contractive", "minimiser",
                                  "minimiser, discrete", "descent"])
def test_every_loop_gives_a_bound_that_verifies(name, loop):
    bound = theorem(GENERATORS[name])(setting(LOOPS[loop], GENERATORS[name]))
    assert bound.proof.verify().steps > 20


# --- transformers: constants -----------------------------------------------------------------------------------


def layers_by_hand(omega, depth, uniform, feed_forward=None):
    """``q_L`` by the recursion of theory §8, in plain numbers, from the mean displacement 1 and an unmoved query."""
    spread, mean, query = mpmath.mpf(2), mpmath.mpf(1), mpmath.mpf(0)
    for _ in range(depth):
        context = mpmath.exp(omega * spread / 2) * (1 + omega * spread / 2)
        own = omega * spread**2 / 8
        moved = context * mean + own * query
        if feed_forward is None:
            mean, query = (context + own) * mean, moved
        else:
            mean, query = (1 + feed_forward) * (1 + context + own) * mean, (1 + feed_forward) * (query + moved)
        if uniform:
            spread = spread * mpmath.tanh(omega * spread**2 / 8)
    return query


@pytest.mark.parametrize("depth", [0, 1, 2, 5])
@pytest.mark.parametrize("score", [0, 0.25, 1, 2.5])
def test_the_closed_forms_are_the_recursion(score, depth):
    made = {
        (False, None): Transformer(depth, score), (True, None): DepthUniformTransformer(depth, score),
        (False, 0.3): ResidualTransformer(depth, score, 0.3), (False, 0): ResidualTransformer(depth, score, 0),
    }
    for (uniform, feed_forward), generator in made.items():
        expected = layers_by_hand(mpmath.mpf(score), depth, uniform, feed_forward)
        assert abs(generator.sensitivity.evalf(20) - expected) <= 1e-14 * (1 + expected)


@pytest.mark.parametrize(("score", "limit"), [(0.25, 1.84), (0.5, 3.51), (1, 15.9), (2, 1492)])
def test_the_depth_uniform_constant_is_bounded(score, limit):
    values = [float(DepthUniformTransformer(depth, score).sensitivity) for depth in (*range(12), 1000, 10**6)]
    assert values == sorted(values)
    assert values[-1] == pytest.approx(limit, rel=4e-3)
    assert all(value <= float(Transformer(depth, score).sensitivity) * (1 + 1e-12)
               for depth, value in enumerate(values[:12]))


def test_limits():
    assert Transformer(0).sensitivity == DepthUniformTransformer(0).sensitivity == 0
    assert sp.simplify(Transformer(1).sensitivity - (1 + omega) * sp.exp(omega)) == 0
    assert sp.simplify(ResidualTransformer(1).sensitivity - (1 + omega) * sp.exp(omega) * (1 + L_f)) == 0
    # Plain averages: without scores every example has weight 1/N.
    assert [Transformer(depth, 0).sensitivity for depth in (0, 1, 2, 9)] == [0, 1, 1, 1]
    assert [DepthUniformTransformer(depth, 0).sensitivity for depth in (0, 1, 2, 9)] == [0, 1, 1, 1]


@pytest.mark.parametrize("kind", [layer_spread, layer_mean, layer_query])
def test_the_layer_functions_agree_with_their_recursion(kind):
    assert kind(omega, 0) == kind.start
    score, depth = np.meshgrid([0.0, 0.3, 1.0, 2.0, 60.0, 300.0], [0.0, 1.0, 2.0, 7.0, 500.0])
    (values,) = evaluate((kind(omega, L),), (omega, L), {"omega": score, "L": depth})
    for at in np.ndindex(score.shape):
        exact = kind(sp.Rational(str(score[at])), int(depth[at])).evalf(30)
        following = kind.step(sp.Rational(str(score[at])), sp.Integer(int(depth[at])))
        after = kind(sp.Rational(str(score[at])), int(depth[at]) + 1).evalf(30)
        assert abs(following.evalf(30) - after) <= abs(after) * sp.Float("1e-20") + sp.Float("1e-40")
        if exact < sp.Float("1e300"):
            assert values[at] == pytest.approx(float(exact), rel=1e-9, abs=1e-40)
        else:
            assert values[at] == math.inf or values[at] > 1e300


def test_without_residual_branches_only():
    from stlbounds.generators.transformer import Attention

    with pytest.raises(InvalidArgumentError, match="feed_forward"):
        Attention(sp.Integer(2), omega, sp.S.One, depth_uniform=True)
    for depth in (-1, 1.5, alpha):
        with pytest.raises(InvalidArgumentError, match="layers"):
            Transformer(depth)
    for score in (-1, 1 / N):
        with pytest.raises(InvalidArgumentError, match="omega"):
            Transformer(2, score)


# --- transformers: adversarial search ----------------------------------------------------------------------------


@pytest.mark.parametrize(("generator", "shape"), [
    (Transformer(1, 0), (3, 2)), (Transformer(1, 0.5), (6, 1)), (Transformer(1, 2), (3, 2)),
    (Transformer(2, 0.5), (2, 3)),
    (Transformer(3, 1), (3, 2)), (DepthUniformTransformer(2, 0.5), (4, 2)), (DepthUniformTransformer(4, 2), (3, 2)),
    (ResidualTransformer(1, 0.5, 0), (4, 2)), (ResidualTransformer(2, 1, 0.2), (3, 2))])
def test_no_search_exceeds_the_stated_constant(generator, shape):
    found = generator.self_check(seed=2, examples=shape[0], dimension=shape[1])
    assert len(found) == 2
    assert all(item.holds and item.measured > 0.5 for item in found), list(map(str, found))


def test_the_search_attains_the_plain_mean_and_comes_near_one_layer():
    assert Transformer(1, 0).self_check()[0].slack == pytest.approx(1, abs=1e-6)
    assert Transformer(1, 0.5).self_check()[0].slack < 1.5


def test_the_jacobian_of_one_layer_is_the_formula():
    """Against ``a_k (V + V (z_k - mean) (Q' z)')``, the derivative of theory §8, written out."""
    rng = np.random.default_rng(5)
    made = Architecture(1, 4, 3, 1.7)
    batch = _admissible(_Batch(rng.normal(size=(1, 6, 3)), rng.normal(size=(1, 1, 3, 3, 3))), made)
    examples, query, (score, value) = batch.tokens[0, :4], batch.tokens[0, 4], batch.weights[0, 0, :2]
    mass = np.exp(examples @ score.T @ query)
    mass /= mass.sum()
    mean = mass @ examples
    norms = [np.linalg.norm(mass[k] * (value + np.outer(value @ (examples[k] - mean), score.T @ query)), 2)
             for k in range(4)]
    assert _small(batch, made)[0] == pytest.approx(4 * max(norms), rel=1e-7)
    assert np.linalg.norm(score, 2) <= 0.85 + 1e-12
    assert output(examples[None], query[None], batch.weights, False)[0] == pytest.approx(value @ mean)


# --- metrics and seeds -------------------------------------------------------------------------------------------


def test_a_learner_known_for_one_point_changes_only_is_refused():
    for name in ("transformer", "location", "contractive", "minimiser"):
        with pytest.raises(MetricError, match="discrete metric only"):
            stl.Setting(LOOPS["replay"], GENERATORS[name], stl.learners.BrierFit())


def test_a_euclidean_learner_is_fine_for_a_discrete_generator():
    for learner in (TransformerLearner(2, 1), MeanFit()):
        bound = stl.expected_gap(stl.Setting(LOOPS["replay"], GENERATORS["minimiser, discrete"], learner))
        assert bound.proof.verify().steps > 20


def test_a_generator_and_a_learner_may_be_two_transformers():
    bound = stl.high_probability(stl.Setting(LOOPS["replay"], Transformer(1, HALF, e), TransformerLearner(2, 1)))
    assert bound.proof.verify().steps > 20
    assert float(bound.loop_gain.subs(alpha, 0)) == pytest.approx(1.5 * math.exp(0.5))
    assert {str(claim.lhs.args[0]) for claim in bound.assumptions if "ScoreNorm" in str(claim.lhs)} == {
        "generator", "learner"}


def test_one_seed_for_a_generation_gives_theorems_in_expectation_only():
    with pytest.raises(AssumptionError, match="one random seed"):
        stl.high_probability(setting(LOOPS["replay"], GENERATORS["descent"]))
    assert stl.in_expectation(setting(LOOPS["replay"], GENERATORS["descent"])).proof.verify().steps > 20


def test_the_gradient_trained_constants():
    assert GradientTrained(DISCRETE, gaussian=sigma).sensitivity == 2 * G_l / (mu * sigma * sp.sqrt(2 * sp.pi))
    assert SGDTrained(DISCRETE).sensitivity == 2 * G_l * L_TV * step * steps
    with pytest.raises(InvalidArgumentError, match="gaussian"):
        GradientTrained(EUCLIDEAN, gaussian=1)
    with pytest.raises(InvalidArgumentError, match="convexity"):
        GradientTrained(convexity=0)
    with pytest.raises(InvalidArgumentError, match="number_of_steps"):
        SGDTrained(number_of_steps=2.5)


# --- location and contractive models -----------------------------------------------------------------------------


V = {
    "replay": lambda a, k: a * sum((1 - a) ** m for m in range(k)) ** 2
    + (1 - a) * sum((1 - a) ** (2 * m) for m in range(k)),
    "fresh": lambda a, k: sum((1 - a) ** (2 * m) for m in range(k)),
    "augment": lambda a, k: 1 + a * (1 - a) * sum((1 - a) ** (2 * m) for m in range(k - 1)),
    "accumulate": lambda a, k: sum(sp.Rational(1, m**2) for m in range(1, k + 1)),
}


@pytest.mark.parametrize("share", [sp.Rational(1, 4), HALF, sp.Rational(2, 3)])
@pytest.mark.parametrize("k", [1, 2, 3, 6])
@pytest.mark.parametrize("loop", V)
def test_the_variance_factor_is_that_of_theory_11(loop, k, share):
    factor = UnboundedLocation().variance_factor(LOOPS[loop])
    assert sp.nsimplify(factor.subs({alpha: share, lam: 1 / share - 1}).subs(i, k).doit() - V[loop](share, k)) == 0


def test_the_variance_factor_in_symbols():
    for loop in LOOPS.values():
        bound = stl.high_probability(setting(loop, LocationModel()))
        phi = bound.amplification.subs(i, i - 1)
        factor = UnboundedLocation().variance_factor(loop)
        for at in (1, 2, 4):
            exact = (n / loop.size(i - 1) * phi**2 - factor).subs(i, at)
            assert sp.simplify(exact.replace(geometric_sum, lambda r, k: sum(r**m for m in range(int(k))))) == 0


@pytest.mark.parametrize(("loop", "values"), [
    (stl.loops.FixedMix(0.5), {}), (stl.loops.FixedMix(0.25, real="fresh"), {}), (stl.loops.Accumulate(), {}),
    (stl.loops.Augment(1), {})])
def test_the_variance_of_the_unbounded_model_in_simulation(loop, values):
    """20000 replicas: a relative standard error of about 1 %; 6 % are exceeded with probability below 1e-6."""
    from stlbounds.learners import MeanFit
    from stlbounds.simulation.engine import run

    sampler = UnboundedLocation(1).sampler({})
    result = run(loop, sampler, MeanFit().judge({}), {"n": 40, **values}, generations=4, replicas=20_000, seed=3)
    # On the line the distance of two copies of one law is that of their means.
    measured = 40 * float((result.drift[:, 4] ** 2).mean())
    assert measured == pytest.approx(float(UnboundedLocation().variance_factor(loop).subs(i, 4)), rel=0.06)


@pytest.mark.parametrize("noise", [0.05, 0.2, 0.45])
@pytest.mark.parametrize("loop", [stl.loops.FixedMix(0.5), stl.loops.Replace(), stl.loops.Augment(1),
                                  stl.loops.Accumulate(), stl.loops.Subsample()])
def test_simulation_does_not_contradict_the_location_bound(loop, noise):
    bound = stl.high_probability(stl.Setting(loop, LocationModel(noise), MeanFit()))
    assert stl.check(bound, n=60, i=4, delta=0.1, replicas=300, seed=4).verdict == "consistent"


def test_distances_on_the_line():
    sampler = LocationSampler(0.2, half_width=0.5)
    real, other = sampler.real(1), sampler._law(np.array([0.1]))
    assert sampler.distance(real, other)[0] == pytest.approx(0.1)
    mixed = sampler.mix([real, other], [0.25, 0.75])
    assert sampler.distance(real, mixed)[0] == pytest.approx(0.075)
    assert sampler.distance(mixed, mixed)[0] == pytest.approx(0.0, abs=1e-15)
    # Cut off at the wall, the law moves less than its location.
    assert sampler.distance(real, sampler._law(np.array([0.5])))[0] < 0.5
    with pytest.raises(InvalidArgumentError, match="mixture"):
        sampler.draw(mixed, 3, np.random.default_rng(0))


def test_what_location_models_refuse():
    for value in (-0.1, 1 / N):
        with pytest.raises(InvalidArgumentError, match="noise"):
            LocationModel(value)
    for value in (1.5, -0.1, 1 + pull):
        with pytest.raises(InvalidArgumentError, match="weight"):
            Contractive(value)
    with pytest.raises(AssumptionError, match="learning error"):
        stl.high_probability(stl.Setting(LOOPS["replay"], LocationModel(), drift="lemma"))
    with pytest.raises(InvalidArgumentError, match="noise"):
        LocationModel().sampler({})
