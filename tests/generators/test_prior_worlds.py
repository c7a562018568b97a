"""The generator with a prior: its claims in exact worlds, slips that those refute, and its simulation."""

from __future__ import annotations

import importlib
import inspect
import textwrap
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.prior import PriorDistance
from stlbounds.proof.claim import Claim, Says
from stlbounds.proof.quantities import D, Distance, Dmix, Sensitivity
from stlbounds.proof.world_models import Brier, Contraction
from stlbounds.proof.worlds import World
from stlbounds.symbols import J, alpha, i, lam, n

CategoricalWithPrior = stl.generators.CategoricalWithPrior
LOOPS = {
    "replay": stl.loops.FixedMix(alpha),
    "fresh": stl.loops.FixedMix(alpha, real="fresh"),
    "augment": stl.loops.Augment(lam),
    "accumulate": stl.loops.Accumulate(),
    "subsample": stl.loops.Subsample(),
}

# --- exact worlds for the generator with a prior ------------------------------------------------------------------

HALF, CERTAIN, LAST = (Fraction(1, 2),) * 2, (Fraction(1), Fraction(0)), (Fraction(0), Fraction(1))
THIRDS = (Fraction(1, 2), Fraction(1, 3), Fraction(1, 6))
SETTINGS = [(1, 0, HALF, LAST, 0, 2), (1, 0, HALF, LAST, Fraction(1, 4), 2),
            (2, Fraction(1, 2), HALF, HALF, Fraction(1, 2), 2),
            (4, 0, CERTAIN, LAST, Fraction(1, 2), 2), (4, Fraction(1, 2), CERTAIN, LAST, Fraction(1, 4), 2),
            (2, Fraction(1, 2), THIRDS, (Fraction(0), Fraction(0), Fraction(1)), Fraction(1, 3), 2)]


def _total_variation(p: tuple[Fraction, ...], q: tuple[Fraction, ...]) -> Fraction:
    return sum((abs(a - b) for a, b in zip(p, q, strict=True)), Fraction(0)) / 2


def _world_and_model(loop: str, setting: tuple) -> tuple[World, stl.generators.CategoricalWithPrior]:
    points, share, law, prior, weight, generations = setting
    symbols = {"replay": {alpha: share}, "fresh": {alpha: share}, "augment": {lam: Fraction(1)}}.get(loop, {})
    points = {"subsample": 6, "accumulate": min(points, 2)}.get(loop, points)
    generations = 1 if loop in ("subsample", "augment") and len(law) > 2 else generations
    world = World(LOOPS[loop], {n: points, **symbols}, law, Contraction(Fraction(weight), prior), Brier(), generations)
    distance = _total_variation(law, prior)
    return world, CategoricalWithPrior(len(law), sp.Rational(weight), sp.Rational(distance))


def _without_quantity(claim: Claim, model: stl.generators.CategoricalWithPrior) -> Says:
    return Says(claim.lhs, claim.rhs.xreplace({PriorDistance(): model.prior_distance}))


def _refuted(loop: str, setting: tuple,
             make: Callable[[stl.generators.CategoricalWithPrior], list[Claim]]) -> tuple[int, int]:
    """How many claims a world refutes, and how many instances it compares in the others."""
    world, model = _world_and_model(loop, setting)
    says = [_without_quantity(claim, model) for claim in make(model)]
    refuted = [item for item in says if world.refute(item) is not None]
    return len(refuted), sum(world.compared(item) for item in says if item not in refuted)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
@pytest.mark.parametrize("loop", ["replay", "fresh", "augment", "accumulate", "subsample"])
def test_no_exact_world_refutes_the_claims_with_a_prior(loop, setting):
    protocol = LOOPS[loop]

    def claims(model: stl.generators.CategoricalWithPrior) -> list[Claim]:
        sharp = stl.in_expectation(stl.Setting(protocol, model, stl.learners.BrierFit()))
        drift = [claim for claim in sharp.proof.steps() if claim.lhs in (Distance(D(0), D(J)), Distance(D(0), Dmix(i)))
                 and claim.rule.__name__ != "Convexity" and not claim.rhs.has(Distance)]
        assert drift
        models = [model.sensitivity_claim(), model.learning_error_claim(protocol), model.drift_step_claim(protocol)]
        return models + drift

    refuted, compared = _refuted(loop, setting, claims)
    assert refuted == 0 and compared >= 4


@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_sensitivity_with_a_prior_is_attained_in_a_world(size):
    for weight in (Fraction(0), Fraction(1, 3), Fraction(1)):
        world = World(LOOPS["replay"], {n: size, alpha: 0}, HALF, Contraction(weight, LAST), Brier(), 1)
        assert world.value(Sensitivity(sp.Integer(size))) == 1 - weight


SLIPS = [
    ("SmoothedSensitivity", "1 - _checked_weight(weight)", "(1 - _checked_weight(weight)) / 2"),
    ("SmoothedSensitivity", "1 - _checked_weight(weight)", "1 - _checked_weight(weight) - 1 / (2 * N)"),
    ("SmoothedSensitivity", "1 - _checked_weight(weight)", "(1 - _checked_weight(weight)) ** 2"),
    ("SmoothedStep", "kept * Distance(D(0), Dmix(J))", "sp.S.Zero"),
    ("SmoothedStep", "kept * Distance(D(0), Dmix(J))", "kept**2 * Distance(D(0), Dmix(J))"),
    ("SmoothedStep", "kept * _empirical_error(cells, size)", "kept * _empirical_error(cells, size) / 2"),
    ("SmoothedStep", "weight * PriorDistance()", "weight**2 * PriorDistance()"),
    ("SmoothedStep", "D(J + 1)), rhs", "D(J + 2)), rhs"),
    ("SmoothedLearningError", "weight * PriorDistance()", "sp.S.Zero"),
    ("SmoothedLearningError", "errors = kept", "errors = -kept"),
]


@pytest.mark.parametrize(("rule", "old", "new"), SLIPS)
def test_an_exact_world_refutes_a_slip(rule, old, new):
    module = importlib.import_module("stlbounds.generators.prior")
    source = textwrap.dedent(inspect.getsource(getattr(module, rule)))
    assert old in source
    namespace = dict(vars(module))
    exec(compile(source.replace(old, new), "<slip>", "exec"), namespace)  # noqa: S102
    flawed = namespace[rule]

    def claims(model: stl.generators.CategoricalWithPrior) -> list[Claim]:
        loop = {"protocol": LOOPS["replay"], "cells": model.cells}
        params = {"SmoothedSensitivity": {}, "SmoothedStep": {**loop, "size": n}, "SmoothedLearningError": loop}[rule]
        return [flawed.apply(weight=model.weight, **params)]

    # A slip in the weight of the past shows where drift adds up: many points, so that noise does not hide it.
    far = [(8, 0, CERTAIN, LAST, Fraction(1, 2), 2), (12, 0, CERTAIN, LAST, Fraction(1, 4), 2)]
    assert any(_refuted("replay", setting, claims)[0] for setting in [*SETTINGS, *far])


# --- simulation -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "weight", "distance"), [(0.5, 0.1, 0.2), (0.25, 0.5, 0.6), (0.0, 0.25, 0.75)])
def test_a_simulation_does_not_contradict_the_bound_with_a_prior(share, weight, distance):
    model = CategoricalWithPrior(4, weight, distance)
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), model, stl.learners.BrierFit()))
    found = stl.check(bound, n=40, alpha=share, i=4, delta=0.05, replicas=400, confidence=1 - 1e-6)
    assert found.contradicted_parts == ()
    assert found.factor is not None and found.factor > 1


def test_the_prior_of_the_sampler_is_as_far_away_as_stated():
    for law in ([0.25] * 4, [0.7, 0.1, 0.1, 0.1], [1.0, 0.0, 0.0, 0.0]):
        sampler = CategoricalWithPrior(4, 0.5, 0.6).sampler({}, distribution=law)
        assert 0.5 * np.abs(np.array(law) - sampler.prior).sum() == pytest.approx(0.6)
        assert sampler.smoothing == 0.5
    with pytest.raises(InvalidArgumentError, match=r"at most 0\.75"):
        CategoricalWithPrior(4, 0.5, 0.9).sampler({})
