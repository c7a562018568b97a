"""The theorems against a brute-force recursion, the known values, the classical limits, and what they refuse."""

from __future__ import annotations

import random

import mpmath
import pytest
import sympy as sp
from brute_force import precise, run

import stlbounds as stl
from stlbounds.errors import AssumptionError, InvalidArgumentError, MetricError, ProofError, SymbolError
from stlbounds.proof.dag import Proof
from stlbounds.proof.quantities import Distance, LossConstant, Sensitivity, Stability
from stlbounds.symbols import K, L, M, N, alpha, b, c, delta, e, i, j, kappa, lam, n, omega, r, rho
from stlbounds.theorems.gap import THEOREMS, twice_stability
from stlbounds.theorems.steps import Lemmas

REAL = ("replay", "fresh")
MODELS = ("generic", "sharp", "lemma")

#: Points that a closed form might get wrong: no loop, only real data, no real data, rho = 1 and next to it.
SPECIAL = [
    {"alpha": 1.0, "i": 7, "kappa": 1.3},
    {"alpha": 1.0, "i": 1, "kappa": 0.0},
    {"alpha": 0.3, "i": 0, "kappa": 1.3},
    {"alpha": 0.0, "i": 0, "kappa": 2.0},
    {"alpha": 1e-12, "i": 12, "kappa": 1.0},
    {"alpha": 1e-12, "i": 30, "kappa": 1.0 + 1e-12},
    {"alpha": 1e-12, "i": 5, "kappa": 2.5},
    {"alpha": 0.0, "i": 9, "kappa": 1.0},
    {"alpha": 0.0, "i": 9, "kappa": 1.7},
    {"alpha": 0.5, "i": 11, "kappa": 2.0},
    {"alpha": 0.75, "i": 8, "kappa": 4.0},
    {"alpha": 0.75, "i": 8, "kappa": 4.0 * (1 + 1e-13)},
    {"alpha": 0.75, "i": 8, "kappa": 4.0 * (1 - 1e-10)},
    {"alpha": 0.25, "i": 20, "kappa": 1e-12},
    {"alpha": 1 - 1e-12, "i": 20, "kappa": 3.0},
]


def _points(count: int, seed: int) -> list[dict[str, float]]:
    """``count`` admissible points, the special ones first."""
    rng = random.Random(seed)
    points = []
    for number in range(count):
        point = {
            "alpha": rng.choice((rng.random(), 10 ** rng.uniform(-12, 0))),
            "i": rng.randrange(16),
            "kappa": rng.choice((rng.random(), rng.uniform(0, 4))),
            "n": rng.randrange(1, 5000),
            "b": rng.uniform(0, 4),
            "M": rng.uniform(0, 2),
            "c": rng.uniform(0, 2),
            "r": rng.uniform(0, 1.5),
            "K": rng.randrange(1, 60),
            "delta": rng.uniform(1e-6, 0.999),
        }
        points.append(point | (SPECIAL[number] if number < len(SPECIAL) else {}))
    return points


def _by_brute_force(real: str, model: str, point: dict[str, float]) -> dict[str, mpmath.mpf]:
    """The terms and the amplification of the high-probability theorem, from the recursions alone."""
    x = {name: mpmath.mpf(value) for name, value in point.items()}
    gain = x["kappa"] if model == "generic" else mpmath.mpf(1)
    sizes = precise({alpha: x["alpha"], n: x["n"]})
    walk = run(stl.loops.FixedMix(alpha, real=real), int(point["i"]), gain, sizes)
    size = walk.size(walk.last)
    if model == "generic":
        stability, loss = x["b"] / size, x["M"]
        drift = walk.drift_by_lemma(lambda points: x["c"] * points ** -x["r"])
    else:
        stability, loss = (2 - 1 / size) / size, mpmath.mpf(1)
        drift = (walk.drift_by_variance(x["K"], mpmath.sqrt) if model == "sharp"
                 else walk.drift_by_lemma(lambda points: mpmath.sqrt((x["K"] - 1) / points) / 2))
    phi = mpmath.sqrt(walk.amplification_squared())
    return {
        "drift": loss * drift,
        "bias": stability * (1 + walk.mean_influence()),
        "concentration": phi * (2 * stability * size + loss) * mpmath.sqrt(mpmath.log(2 / x["delta"]) / (2 * size)),
        "amplification": phi,
    }


def _values(bound: stl.Bound, point: dict[str, float]) -> dict[str, float]:
    return {symbol.name: point[symbol.name] for symbol in bound.symbols} | {
        name: point[name] for name in ("n", "i", "alpha")}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("real", REAL)
def test_all_terms_agree_with_brute_force_at_200_points(standard_bound, real, model):
    bound = standard_bound("high-probability", real, model)
    with mpmath.workdps(40):
        for point in _points(200, seed=10 * REAL.index(real) + MODELS.index(model)):
            given = _values(bound, point)
            got = bound.evaluate_terms(**given) | {"amplification": bound.evaluate_parts(**given)["amplification"]}
            expected = _by_brute_force(real, model, point)
            for name, value in expected.items():
                assert abs(got[name] - value) <= 1e-12 * value, (name, point)


@pytest.mark.parametrize("real", REAL)
def test_recursive_stability_agrees_with_brute_force(standard_bound, real):
    gamma = standard_bound("high-probability", real, "generic").recursive_stability
    with mpmath.workdps(40):
        for point in _points(60, seed=7):
            x = {name: mpmath.mpf(value) for name, value in point.items()}
            if point["i"] == 0 or (point["alpha"] == 0 and real == "replay"):
                continue  # gamma_0 does not exist; without replayed points the closed form counts one all the same
            sizes = precise({alpha: x["alpha"], n: x["n"]})
            walk = run(stl.loops.FixedMix(alpha, real=real), int(point["i"]), x["kappa"], sizes)
            expected = walk.recursive_stability()
            got = precise({symbol: x[symbol.name] for symbol in (alpha, i, kappa, n)})(gamma)
            assert abs(got - expected) <= 1e-25 * expected


GENERIC_POINT = {"kappa": 1.3, "c": 1, "r": 0.5, "n": 1000, "alpha": 0.3, "i": 7, "b": 2, "M": 1.5, "delta": 0.05}
KNOWN_GENERIC = {
    "replay": (0.101564767397, 0.00493164981590, 0.869984736969, 3.68312713341),
    "fresh": (0.101564767397, 0.002, 0.502790888686, 2.12859224520),
}


@pytest.mark.parametrize("real", REAL)
def test_known_values_of_the_generic_model(standard_bound, real):
    bound = standard_bound("high-probability", real, "generic")
    got = (*bound.evaluate_terms(**GENERIC_POINT).values(), bound.evaluate_parts(**GENERIC_POINT)["amplification"])
    assert got == pytest.approx(KNOWN_GENERIC[real], rel=2e-12)


@pytest.mark.parametrize(("model", "drift"), [("lemma", 0.0486863799547831), ("sharp", 0.0397619762133121)])
def test_known_values_of_the_categorical_model(standard_bound, model, drift):
    bound = standard_bound("high-probability", "replay", model)
    point = {"K": 20, "n": 2000, "alpha": 0.5, "i": 10, "delta": 0.05}
    assert bound.evaluate_terms(**point) == pytest.approx(
        {"drift": drift, "bias": 0.00149913684082031, "concentration": 0.247813900406205}, rel=1e-13)
    assert bound.evaluate_parts(**point)["amplification"] == pytest.approx(1.63239512972751, rel=1e-13)


CLASSICAL = b / n + (2 * b + M) * sp.sqrt(sp.log(2 / delta) / (2 * n))


@pytest.mark.parametrize("real", REAL)
@pytest.mark.parametrize("limit", [{alpha: 1}, {i: 0}])
def test_the_classical_bound_comes_out_symbolically(standard_bound, real, limit):
    bound = standard_bound("high-probability", real, "generic")
    assert bound.terms["drift"].subs(limit) == 0
    assert bound.amplification.subs(limit) == 1
    assert sp.expand(bound.expr.subs(limit) - CLASSICAL) == 0


@pytest.mark.parametrize("real", REAL)
def test_a_setting_with_alpha_1_is_the_classical_bound(real):
    mine = stl.generators.Generator("g", stl.DISCRETE, kappa, c * N**-r)
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(1, real=real), mine))
    assert sp.expand(bound.expr - CLASSICAL) == 0
    assert bound.proof.verify().steps > 0


def test_no_real_data_is_replace_with_finite_values(standard_bound):
    mine = stl.generators.Generator("g", stl.DISCRETE, kappa, c * N**-r)
    replace = stl.high_probability(stl.Setting(stl.loops.Replace(), mine))
    point = GENERIC_POINT | {"kappa": 1.0}
    expected = replace.evaluate_terms(**{k: v for k, v in point.items() if k != "alpha"})
    for real in REAL:
        bound = standard_bound("high-probability", real, "generic")
        assert bound.evaluate_terms(**point | {"alpha": 0}) == pytest.approx(expected, rel=1e-14)
    # i e for the drift, (i + 1) equally strong generations for the amplification.
    assert expected["drift"] == pytest.approx(1.5 * 7 / 1000**0.5, rel=1e-14)
    assert replace.evaluate_parts(**{k: v for k, v in point.items() if k != "alpha"})["amplification"] == pytest.approx(
        8**0.5, rel=1e-14)


def _model(sensitivity, error=e, metric=stl.EUCLIDEAN) -> stl.generators.Generator:
    return stl.generators.Generator("g", metric, sensitivity, error)


#: Generic settings of every loop are verified in tests/loops.
REPLAY, FRESH = stl.loops.FixedMix(alpha), stl.loops.FixedMix(alpha, real="fresh")
SETTINGS = {
    "replay, categorical": (REPLAY, stl.generators.Categorical(K)),
    "replay, kappa depends on N": (REPLAY, _model(kappa * sp.sqrt(N))),
    "fresh, twenty cells": (FRESH, stl.generators.Categorical(20)),
    "replace, kappa a number": (stl.loops.Replace(), _model(1.3)),
    "replace, categorical": (stl.loops.Replace(), stl.generators.Categorical(K)),
    "half replayed, kappa a number": (stl.loops.FixedMix(0.5), _model(1.3)),
    "half replayed, rho = 1": (stl.loops.FixedMix(0.5), _model(2)),
    "half replayed, irrational kappa": (stl.loops.FixedMix(0.5), _model(sp.sqrt(2))),
    "three tenths fresh, categorical": (stl.loops.FixedMix(0.3, real="fresh"), stl.generators.Categorical(K)),
    "only real data, kappa = 0": (stl.loops.FixedMix(1), _model(0, 0)),
    "no real data, replayed": (stl.loops.FixedMix(0), _model(1.3)),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_derived_and_its_proof_verifies(name):
    bound = stl.high_probability(stl.Setting(*SETTINGS[name]))
    assert bound.proof.verify().checks > 10
    assert bound.expr.free_symbols <= {alpha, b, c, delta, e, i, kappa, n, r, K, M}


@pytest.mark.parametrize("theorem", THEOREMS)
@pytest.mark.parametrize("real", REAL)
@pytest.mark.parametrize("model", MODELS)
def test_the_terms_add_up_to_what_is_proved(standard_bound, theorem, real, model):
    bound = standard_bound(theorem, real, model)
    assert sp.expand(sp.Add(*bound.named_terms.values()) - bound.proof.root.rhs) == 0
    assert bound.expr == sp.Add(*bound.terms.values())
    assert list(bound.terms) == ["drift", "bias", "concentration"][: 2 if theorem == "expectation" else 3]


@pytest.mark.parametrize("theorem", ["expectation", "expected-gap"])
def test_proofs_of_the_theorems_in_expectation_verify(standard_bound, theorem):
    assert standard_bound(theorem, "replay", "sharp").proof.verify().steps > 20


@pytest.mark.parametrize("real", REAL)
def test_recursive_stability_has_a_proof_too(standard_bound, real):
    lemmas = Lemmas(standard_bound("high-probability", real, "generic").setting)
    assert Proof(lemmas.recursive_stability).verify().steps > 5


@pytest.mark.parametrize("real", REAL)
@pytest.mark.parametrize("model", MODELS)
def test_the_expectation_theorems_share_their_terms(standard_bound, real, model):
    whole = standard_bound("high-probability", real, model)
    mean = standard_bound("expectation", real, model)
    spread = standard_bound("expected-gap", real, model)
    assert mean.terms == {name: whole.terms[name] for name in ("drift", "bias")}
    assert {name: spread.terms[name] for name in ("drift", "bias")} == mean.terms
    ratio = whole.terms["concentration"] / spread.terms["concentration"]
    assert sp.simplify(ratio - sp.sqrt(2 * sp.log(2 / delta))) == 0


def test_failure_probability(standard_bound):
    assert standard_bound("high-probability", "replay", "generic").failure_probability == delta
    assert standard_bound("expectation", "replay", "generic").failure_probability == 0
    assert standard_bound("expected-gap", "replay", "generic").failure_probability == 0
    assert delta not in standard_bound("expected-gap", "replay", "generic").symbols


def test_leaves_are_the_constants_of_the_setting(standard_bound):
    generic = standard_bound("high-probability", "replay", "generic")
    assert [type(claim.lhs) for claim in generic.assumptions] == [LossConstant, Distance, Stability, Sensitivity]
    # The categorical generator and the Brier fit derive all of theirs.
    assert standard_bound("high-probability", "replay", "sharp").assumptions == ()


def test_sharp_drift_is_at_most_the_lemma(standard_bound):
    for real in REAL:
        sharp = standard_bound("expectation", real, "sharp")
        lemma = standard_bound("expectation", real, "lemma")
        for point in _points(60, seed=3):
            given = _values(sharp, point)
            most = lemma.evaluate_terms(**given)["drift"]
            assert sharp.evaluate_terms(**given)["drift"] <= most * (1 + 1e-12)


class TestMetrics:
    """Theory §2: one-point changes prove the constants of the discrete metric only."""

    loop = stl.loops.FixedMix(alpha)

    def make(self, generator: stl.Metric, learner: stl.Metric) -> stl.Setting:
        return stl.Setting(self.loop, stl.generators.Generator("g", generator, kappa, e),
                           stl.learners.UniformlyStable(b / N, metric=learner))

    def test_a_discrete_learner_of_a_euclidean_generator_is_refused(self):
        with pytest.raises(MetricError, match=r"known .* in the discrete metric only"):
            self.make(stl.EUCLIDEAN, stl.DISCRETE)

    @pytest.mark.parametrize(("generator", "learner"), [
        (stl.DISCRETE, stl.DISCRETE), (stl.EUCLIDEAN, stl.EUCLIDEAN), (stl.DISCRETE, stl.EUCLIDEAN)])
    def test_what_is_covered_is_allowed(self, generator, learner):
        assert stl.in_expectation(self.make(generator, learner)).proof.verify().steps > 0

    @pytest.mark.parametrize("learner", [stl.learners.BrierFit(), stl.learners.UniformlyStable(b / N)])
    def test_a_forged_learner_is_refused_by_the_proof(self, learner):
        setting = stl.Setting(self.loop, stl.generators.Generator("g", stl.EUCLIDEAN, kappa, e))
        object.__setattr__(setting, "learner", learner)
        with pytest.raises(ProofError, match="known in the discrete metric only"):
            stl.in_expectation(setting).proof.verify()

    @pytest.mark.parametrize("loop", [stl.loops.Replace(), stl.loops.FixedMix(alpha, real="fresh")])
    def test_a_proof_that_needs_no_sensitivity_may_be_euclidean(self, loop):
        bound = stl.in_expectation(stl.Setting(loop, stl.generators.Generator("g", stl.EUCLIDEAN, kappa, e)))
        assert Sensitivity not in {type(claim.lhs) for claim in bound.assumptions}
        assert bound.proof.verify().steps > 0

    def test_the_default_learner_lives_in_the_metric_of_the_generator(self):
        for metric in stl.Metric:
            setting = stl.Setting(self.loop, stl.generators.Generator("g", metric, kappa, e))
            assert (setting.learner.metric, setting.learner.beta_N) == (metric, b / N)

    def test_a_forged_setting_is_refused_by_the_proof(self):
        setting = self.make(stl.DISCRETE, stl.DISCRETE)
        object.__setattr__(setting.generator, "metric", stl.EUCLIDEAN)
        bound = stl.in_expectation(setting)
        with pytest.raises(ProofError, match="known in the discrete metric only"):
            bound.proof.verify()


class TestSettings:
    """What a setting refuses."""

    loop = stl.loops.FixedMix(alpha)
    generator = stl.generators.Generator("g", stl.DISCRETE, kappa, e)

    @pytest.mark.parametrize("parts", [
        ("fixed mix", generator), (stl.loops.Replace(), "categorical"), (stl.loops.Replace(), generator, "brier"),
        (stl.loops.Replace(), generator, stl.learners.BrierFit(), "sharpest")])
    def test_wrong_kinds(self, parts):
        with pytest.raises(InvalidArgumentError):
            stl.Setting(*parts)

    @pytest.mark.parametrize("reserved", [1 / n, 1 / N, 1 / (1 + i), 1 / (1 + rho), 1 / (1 + j)])
    def test_a_loop_parameter_must_not_use_what_the_library_fills_in(self, reserved):
        with pytest.raises(SymbolError, match="fills in"):
            stl.Setting(stl.loops.FixedMix(reserved), self.generator)

    def test_other_symbols_may_be_used(self):
        bound = stl.in_expectation(stl.Setting(stl.loops.FixedMix(1 / (1 + c)), self.generator))
        assert c in bound.symbols

    def test_no_learning_error_no_bound(self):
        with pytest.raises(AssumptionError, match="no learning error"):
            stl.in_expectation(stl.Setting(stl.loops.Replace(), stl.generators.Generator("g", stl.DISCRETE, kappa)))

    def test_lemma_and_sharp_differ_only_where_the_generator_has_its_own(self):
        pair = [stl.in_expectation(stl.Setting(self.loop, self.generator, drift=d)).expr for d in ("sharp", "lemma")]
        assert pair[0] == pair[1]


@pytest.mark.parametrize("theorem", ["high-probability", "expected-gap", "excess-risk", "bernstein"])
def test_the_sensitivity_of_a_transformer_that_judges_stays_together(theorem):
    learner = stl.learners.TransformerLearner()
    kappa_L = learner.attention.displacement(L)
    for loop in (stl.loops.Augment(lam), stl.loops.FixedMix(alpha)):
        generator = stl.generators.LocationModel(noise=0.1)
        bound = stl.Bound(stl.Setting(loop, generator, learner), theorem)
        assert bound.proof.verify()
        # A difference of powers is one atom: nothing else in the bound may know its parts.
        whole = sp.Dummy()
        assert not bound.named_terms["concentration"].xreplace({kappa_L: whole}).has(omega)
    assert "4 ℓ_L ((½ ω + (1 + ω) exp(ω))^L - (½ ω)^L) +" in str(bound)
    printed = bound.latex("theorem") + bound.latex("proof")
    assert r"4\ell_L" in printed and r"- 4\ell_L" not in printed


def test_twice_the_stability_cancels_the_size():
    size = (1 + lam) * n
    assert twice_stability(size, (b / N + c / N**2).subs(N, size)) == 2 * b + 2 * c / size
    assert twice_stability(n, b * (c + kappa) / n) == 2 * b * (c + kappa)
