"""The discrete generators of the catalogue: exact worlds, enumeration, integration, proofs, refusals, simulation."""

from __future__ import annotations

import importlib
import inspect
import math
import random
import textwrap
from collections.abc import Callable, Iterator

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import AssumptionError, InvalidArgumentError, ProofError, SymbolError, UndecidedError
from stlbounds.generators.kernel_density import (
    DensityVariation,
    KernelSensitivity,
    KernelStep,
    kernel_constants,
)
from stlbounds.generators.prior import (
    PriorDistance,
    SmoothedLearningError,
    SmoothedSensitivity,
    SmoothedStep,
)
from stlbounds.generators.private import (
    GaussianPrivacy,
    GaussianPrivateSensitivity,
    PrivacyLoss,
    PrivateSensitivity,
)
from stlbounds.generators.private_sampling import uniform_share
from stlbounds.proof.dag import Proof
from stlbounds.proof.quantities import Sensitivity
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import (
    K,
    N,
    alpha,
    bandwidth,
    c,
    circumference,
    e,
    eta,
    i,
    kappa,
    lam,
    n,
    prior_distance,
    privacy,
    privacy_mu,
    variation,
    w,
)

pytestmark = pytest.mark.slow

CategoricalWithPrior, KernelDensity = stl.generators.CategoricalWithPrior, stl.generators.KernelDensity
PrivateGenerator, GaussianPrivateGenerator = stl.generators.PrivateGenerator, stl.generators.GaussianPrivateGenerator

LOOPS = {
    "replay": stl.loops.FixedMix(alpha),
    "fresh": stl.loops.FixedMix(alpha, real="fresh"),
    "augment": stl.loops.Augment(lam),
    "accumulate": stl.loops.Accumulate(),
    "subsample": stl.loops.Subsample(),
    "weighted": stl.loops.WeightedMix(w),
}
SMOOTH, KERNEL = CategoricalWithPrior(K, eta), KernelDensity()

# --- the drift against its recursion ----------------------------------------------------------------------------


def _weights(loop: str, point: dict[str, float], generation: int) -> list[float]:
    """The weight of each source in ``Dmix_j``."""
    if generation == 0:
        return [1.0]
    if loop in ("accumulate", "subsample"):
        return [1 / (generation + 1)] * (generation + 1)
    new = {"augment": point["lam"] / (1 + point["lam"]), "weighted": 1 - point["w"]}.get(loop, 1 - point["alpha"])
    return [1 - new, *[0.0] * (generation - 1), new]


def _worth(loop: str, point: dict[str, float], generation: int) -> float:
    """How many points of equal weight vary as much as ``T_j``."""
    if generation and loop == "augment":
        return point["n"] * (1 + point["lam"])
    if generation and loop == "weighted":
        return point["n"] / (point["w"] ** 2 + (1 - point["w"]) ** 2)
    return point["n"] * (generation + 1 if loop == "accumulate" else 1)


def _drift(loop: str, point: dict[str, float], contraction: float, error: Callable[[float], float]) -> float:
    """``s_i`` by the recursion ``t_{j+1} = q s_j + e_j``, ``s_j = sum_k w_jk t_k``."""
    distances = [0.0]

    def mixed(j: int) -> float:
        return sum(a * b for a, b in zip(_weights(loop, point, j), distances, strict=True))

    for j in range(int(point["i"])):
        distances.append(contraction * mixed(j) + error(_worth(loop, point, j)))
    return mixed(int(point["i"]))


def _points(count: int) -> list[dict[str, float]]:
    rng = random.Random(5)
    special = [{"i": 0}, {"i": 1}, {"eta": 0.0}, {"eta": 1.0}, {"alpha": 0.0, "w": 0.0, "lam": 0.0},
               {"alpha": 1.0, "w": 1.0}]
    points = []
    for number in range(count):
        point = {"n": rng.randrange(1, 3000), "i": rng.randrange(12), "alpha": rng.random(), "lam": 3 * rng.random(),
                 "w": rng.random(), "K": rng.randrange(1, 50), "eta": rng.random(), "prior_distance": rng.random(),
                 "bandwidth": 0.01 + rng.random(), "circumference": 0.1 + 5 * rng.random(),
                 "variation": 9 * rng.random()}
        points.append(point | (special[number] if number < len(special) else {}))
    return points


def _checked(bound: stl.Bound, point: dict[str, float]) -> float:
    names = {symbol.name for symbol in bound.symbols} | {"n", "i"}
    return float(bound.evaluate_terms(**{name: value for name, value in point.items() if name in names})["drift"])


@pytest.mark.parametrize("loop", LOOPS)
def test_the_drift_with_a_prior_obeys_its_recursion(loop):
    bound = stl.in_expectation(stl.Setting(LOOPS[loop], SMOOTH, stl.learners.BrierFit()))
    assert bound.proof.verify().steps > 20
    assert PriorDistance() in {claim.lhs for claim in bound.assumptions}
    for point in _points(30):
        def error(size: float, point: dict[str, float] = point) -> float:
            # In growing averages the error of the first generation stands for all.
            size = point["n"] if loop == "accumulate" else size
            return (1 - point["eta"]) * math.sqrt((point["K"] - 1) / size) / 2 + point["eta"] * point["prior_distance"]

        expected = _drift(loop, point, 1 - point["eta"], error)
        assert _checked(bound, point) == pytest.approx(expected, rel=1e-11, abs=1e-14), point


@pytest.mark.parametrize("loop", LOOPS)
def test_the_drift_of_a_kernel_density_obeys_its_recursion(loop):
    bound = stl.in_expectation(stl.Setting(LOOPS[loop], KERNEL))
    assert bound.proof.verify().steps > 20
    assert DensityVariation() in {claim.lhs for claim in bound.assumptions}
    for point in _points(30):
        def error(size: float, point: dict[str, float] = point) -> float:
            return (math.sqrt(point["circumference"] * 0.6 / (size * point["bandwidth"]))
                    + point["bandwidth"] * 0.375 * point["variation"]) / 2

        expected = _drift(loop, point, 1.0, error)
        found = float(bound.terms["drift"].subs(
            {symbol: sp.Rational(str(point[symbol.name])) for symbol in bound.terms["drift"].free_symbols
             if symbol.name != "M"} | {stl.symbols.M: 1}).doit())
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12), point


def test_the_drift_of_theory_under_a_fixed_mix():
    bound = stl.in_expectation(stl.Setting(LOOPS["replay"], SMOOTH, stl.learners.BrierFit()))
    error = (1 - eta) * sp.sqrt((K - 1) / n) / 2 + eta * prior_distance
    expected = (1 - alpha) * error * stl.geometric_sum((1 - eta) * (1 - alpha), i)
    assert sp.simplify(bound.terms["drift"] - expected) == 0
    assert bound.loop_gain == (1 - alpha) * (1 - eta)


@pytest.mark.parametrize("loop", LOOPS)
def test_the_plain_lemma_with_a_prior_is_weaker(loop):
    settings = [stl.Setting(LOOPS[loop], SMOOTH, stl.learners.BrierFit(), drift=how) for how in ("sharp", "lemma")]
    sharp, lemma = (stl.in_expectation(setting) for setting in settings)
    assert lemma.proof.verify().steps > 20
    for point in _points(12):
        assert _checked(sharp, point) <= _checked(lemma, point) * (1 + 1e-12) + 1e-15


def test_a_kernel_density_has_no_learning_error_of_the_plain_kind():
    with pytest.raises(AssumptionError, match="use drift='sharp'"):
        stl.high_probability(stl.Setting(LOOPS["replay"], KERNEL, drift="lemma"))


# --- private generators -----------------------------------------------------------------------------------------


def test_the_sensitivity_of_private_generators():
    assert PrivateGenerator().sensitivity == N * sp.tanh(privacy / 2)
    assert sp.simplify(GaussianPrivateGenerator().sensitivity - N * sp.erf(privacy_mu / (2 * sp.sqrt(2)))) == 0
    assert float(GaussianPrivateGenerator(2).sensitivity.subs(N, 3)) == pytest.approx(3 * math.erf(1 / math.sqrt(2)))


@pytest.mark.parametrize("make", [PrivateGenerator, GaussianPrivateGenerator])
def test_private_generators_join_loops_of_one_size(make):
    model = make(c / N, e)
    for loop in ("replay", "fresh", "subsample"):
        bound = stl.high_probability(stl.Setting(LOOPS[loop], model))
        assert bound.proof.verify().steps > 30
        values = {"n": 400, "i": 3, "alpha": 0.5, "delta": 0.1, "c": 0.5, "e": 0.01, "b": 1, "M": 1}
        level = 0.5 / 400
        sensitivity = 400 * (math.tanh(level / 2) if make is PrivateGenerator else math.erf(level / (2 * math.sqrt(2))))
        generic = stl.generators.Generator("mine", stl.DISCRETE, kappa, e)
        same = stl.high_probability(stl.Setting(LOOPS[loop], generic))
        here = {symbol.name: values[symbol.name] for symbol in bound.symbols}
        there = {symbol.name: {**values, "kappa": sensitivity}[symbol.name] for symbol in same.symbols}
        assert bound.evaluate(**here) == pytest.approx(same.evaluate(**there), rel=1e-12)
    for loop in ("augment", "accumulate"):
        with pytest.raises(UndecidedError, match="depends on the size N"):
            stl.high_probability(stl.Setting(LOOPS[loop], model))
        # A privacy like c/N has a sensitivity for all sizes, which serves loops that grow as well.
        uniform = stl.high_probability(stl.Setting(LOOPS[loop], make(c / N, e, uniform=True)))
        assert uniform.proof.verify().steps > 30
        assert uniform.amplification.free_symbols >= {c} and not uniform.amplification.has(N)
    assert sensitivity < float(make(c / N, uniform=True).sensitivity.subs(c, 0.5)) < 1.0001 * sensitivity
    with pytest.raises(AssumptionError, match="light point"):
        stl.high_probability(stl.Setting(LOOPS["weighted"], model))
    with pytest.raises(InvalidArgumentError, match="uniform"):
        make(1, e, uniform=True)


def test_no_learning_error_no_bound():
    with pytest.raises(AssumptionError, match="states no learning error"):
        stl.in_expectation(stl.Setting(LOOPS["replay"], PrivateGenerator(1)))


def test_without_privacy_loss_nothing_is_remembered():
    bound = stl.high_probability(stl.Setting(LOOPS["replay"], PrivateGenerator(0, e)))
    assert bound.loop_gain == 0 and bound.amplification == 1


@pytest.mark.parametrize(("rule", "quantity"), [(PrivateSensitivity, PrivacyLoss),
                                                (GaussianPrivateSensitivity, GaussianPrivacy)])
def test_the_rules_of_privacy_check_their_premise(rule, quantity):
    right = Assumption.apply(quantity=quantity(N), bound=c / N, metric=stl.DISCRETE)
    wrong = Assumption.apply(quantity=Sensitivity(N), bound=c, metric=stl.DISCRETE)
    assert rule.apply(right).lhs == Sensitivity(N)
    with pytest.raises(AssumptionError, match="must bound"):
        rule.apply(wrong)


# --- self-checks ------------------------------------------------------------------------------------------------

#: Model, arguments, and how far below the stated constants the measured ones are, at least and at most.
CHECKS = {
    "prior": (CategoricalWithPrior(3, 0.25, 0.2), {}, [(1, 1.000001), (1.2, 1.7)]),
    "prior, symbols": (SMOOTH, {"K": 2, "eta": 0.5, "prior_distance": 0.5, "size": 3}, [(1, 1.000001), (1, 2)]),
    "kernel": (KernelDensity("box", 0.1, 1, 8), {"replicas": 40}, [(1, 1.000001), (1.5, 4)]),
    "kernel, symbols": (KERNEL, {"bandwidth": 0.3, "circumference": 2, "variation": 2, "replicas": 40},
                        [(1, 1.000001), (1.5, 4)]),
    "private, one bit": (PrivateGenerator(1), {"size": 1}, [(1, 1.000001), (1.5, 2)]),
    "private": (PrivateGenerator(2), {"size": 3, "cells": 4}, [(2, 3.5), (1.5, 2.5)]),
    "private, by size": (PrivateGenerator(c / N), {"size": 4, "c": 3}, [(1.5, 3), (1.5, 2.5)]),
    "gaussian": (GaussianPrivateGenerator(0.5), {}, [(1, 1.0001)]),
    "gaussian, strong": (GaussianPrivateGenerator(), {"privacy_mu": 0.01}, [(1, 1.0001)]),
    "gaussian, weak": (GaussianPrivateGenerator(3), {"size": 2}, [(1, 1.0001)]),
}


@pytest.mark.parametrize("name", CHECKS)
def test_self_check_stays_below_the_stated_constants(name):
    model, values, slacks = CHECKS[name]
    found = model.self_check(**values)
    assert len(found) == len(slacks)
    for item, (least, most) in zip(found, slacks, strict=True):
        assert item.holds, str(item)
        assert least - 1e-6 <= item.slack <= most, str(item)


@pytest.mark.parametrize(("rule", "model", "values"), [
    ("PrivateSensitivity", lambda: PrivateGenerator(1), {"size": 1}),
    ("GaussianPrivateSensitivity", lambda: GaussianPrivateGenerator(1), {"size": 2}),
])
@pytest.mark.parametrize("factor", ["sp.S.Half", "sp.Rational(99, 100)"])
def test_a_slip_in_the_rules_of_privacy_is_noticed(restored, rule, model, values, factor):
    module = importlib.import_module("stlbounds.generators.private")
    measured = max(item.measured for item in model().self_check(**values))
    stated = float(model().sensitivity_claim().rhs.subs(N, values["size"]))
    assert measured <= stated * (1 + 1e-9) and measured > 0.999 * stated
    source = textwrap.dedent(inspect.getsource(getattr(module, rule))).replace("Says(Sensitivity(N), N",
                                                                               f"Says(Sensitivity(N), {factor} * N")
    namespace = dict(vars(module))
    exec(compile(source, "<slip>", "exec"), namespace)  # noqa: S102
    owner = type(model())
    restored(owner, "rule", namespace[rule])
    assert float(model().sensitivity_claim().rhs.subs(N, values["size"])) < measured


@pytest.mark.parametrize(("rule", "model", "right", "wrong"), [
    ("PrivateSensitivity", PrivateGenerator, "N * loss / 2", "N * loss / 3"),
    ("GaussianPrivateSensitivity", GaussianPrivateGenerator, "N * level / sp.sqrt(2 * sp.pi)", "N * level / 3"),
])
def test_a_slip_in_the_sensitivity_for_all_sizes_is_refused(restored, rule, model, right, wrong):
    module = importlib.import_module("stlbounds.generators.private")
    source = textwrap.dedent(inspect.getsource(getattr(module, rule)))
    assert right in source
    namespace = dict(vars(module))
    exec(compile(source.replace(right, wrong), "<slip>", "exec"), namespace)  # noqa: S102
    Proof(model(c / N, uniform=True).sensitivity_claim()).verify()
    restored(model, "rule", namespace[rule])
    with pytest.raises(ProofError, match="fails at"):
        Proof(model(c / N, uniform=True).sensitivity_claim()).verify([namespace[rule], Assumption])


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Set an attribute until the end of the test."""
    yield monkeypatch.setattr


# --- simulation -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "loss"), [(0.5, 0.5), (0.25, 0.05), (0.0, 2.0)])
def test_a_simulation_does_not_contradict_the_bound_of_a_private_generator(share, loss):
    """Randomised response has the learning error ``eta/2 + (1 - eta)/(2 sqrt(N))`` on two symbols, by theory §7."""
    size = 40
    weight = uniform_share(loss, size, 2)
    model = PrivateGenerator(loss, weight / 2 + (1 - weight) / (2 * math.sqrt(size)))
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), model, stl.learners.BrierFit()))
    found = stl.check(bound, distribution=[0.3, 0.7], n=size, alpha=share, i=4, delta=0.05, replicas=400,
                      confidence=1 - 1e-6)
    assert found.contradicted_parts == ()
    assert found.factor is not None and found.factor > 1


# --- refusals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [-0.1, 1.1, kappa, 1 / N, "a", None])
def test_weights_and_distances_lie_in_the_unit_interval(value):
    with pytest.raises((InvalidArgumentError, SymbolError)):
        CategoricalWithPrior(3, value)
    with pytest.raises((InvalidArgumentError, SymbolError)):
        CategoricalWithPrior(3, 0.5, value)


@pytest.mark.parametrize("value", [0, -1, kappa, 1 / N, "a", None])
def test_lengths_are_positive(value):
    with pytest.raises((InvalidArgumentError, SymbolError)):
        KernelDensity("box", value)
    with pytest.raises((InvalidArgumentError, SymbolError)):
        KernelDensity("box", 1, value)


def test_other_refusals():
    with pytest.raises(InvalidArgumentError, match="cells"):
        CategoricalWithPrior(2.5)
    with pytest.raises(InvalidArgumentError, match="kernel"):
        KernelDensity("gaussian")
    with pytest.raises(AssumptionError, match="no kernel"):
        kernel_constants("gaussian")
    with pytest.raises(AssumptionError, match=r"provably in \[0, 1\]"):
        SmoothedSensitivity.apply(weight=kappa)
    with pytest.raises(AssumptionError, match="positive integer"):
        SmoothedLearningError.apply(protocol=LOOPS["replay"], cells=kappa, weight=eta)
    with pytest.raises(UndecidedError, match="worth"):
        SmoothedStep.apply(protocol=LOOPS["replay"], cells=K, weight=eta, size=2 * n)
    with pytest.raises(AssumptionError, match="must be positive"):
        KernelStep.apply(protocol=LOOPS["replay"], kernel="box", bandwidth=variation, circumference=circumference)
    with pytest.raises(AssumptionError, match="same in every generation"):
        KernelStep.apply(protocol=LOOPS["replay"], kernel="box", bandwidth=1 / N, circumference=circumference)
    with pytest.raises(InvalidArgumentError, match=r"K = missing"):
        SMOOTH.sampler({})
    with pytest.raises(InvalidArgumentError, match="training sets"):
        PrivateGenerator(1).self_check(size=12)
    with pytest.raises(InvalidArgumentError, match="privacy"):
        GaussianPrivateGenerator(0).self_check()


def test_limits():
    plain = stl.generators.Categorical(K)
    none = CategoricalWithPrior(K, 0)
    assert none.sensitivity == 1 and none.learning_error == 2 * plain.learning_error
    drift = stl.in_expectation(stl.Setting(LOOPS["replay"], none, stl.learners.BrierFit())).terms["drift"]
    lemma = stl.Setting(LOOPS["replay"], plain, stl.learners.BrierFit(), drift="lemma")
    assert sp.simplify(drift - stl.in_expectation(lemma).terms["drift"]) == 0
    only = CategoricalWithPrior(K, 1)
    assert only.sensitivity == 0 and only.learning_error == prior_distance
    assert KernelSensitivity.apply().rhs == KernelDensity().sensitivity == 1
    uniform = KernelDensity("box", bandwidth, circumference, 0)
    assert uniform.learning_error.free_symbols == {N, bandwidth, circumference}
