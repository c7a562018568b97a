"""Every claim of every derivation, for every loop, held against exact worlds."""

from __future__ import annotations

import pytest

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.loops import Accumulate, Augment, FixedMix, Loop, Schedule, SourceWeights, Subsample, WeightedMix
from stlbounds.proof.dag import Proof
from stlbounds.proof.worlds import World, categorical_worlds, hold_against_worlds, standard_worlds
from stlbounds.theorems.gap import THEOREMS
from stlbounds.theorems.steps import Lemmas

LOOPS = [
    pytest.param(FixedMix(s.alpha, "replay"), id="replay", marks=pytest.mark.slow),
    pytest.param(FixedMix(s.alpha, "fresh"), id="fresh", marks=pytest.mark.slow),
    pytest.param(Augment(s.lam), id="augment", marks=pytest.mark.slow),
    pytest.param(Accumulate(), id="accumulate", marks=pytest.mark.slow),
    pytest.param(Subsample(), id="subsample", marks=pytest.mark.slow),
    pytest.param(Schedule([0.5, 0, 1, 0.5]), id="schedule", marks=pytest.mark.slow),
    pytest.param(Schedule([0.5, 0, 1, 0.5], "replay"), id="schedule-replay", marks=pytest.mark.slow),
    pytest.param(Schedule(1 / s.j), id="schedule-harmonic", marks=pytest.mark.slow),
    pytest.param(WeightedMix(s.w), id="weighted", marks=pytest.mark.slow),
    pytest.param(SourceWeights(s.j + 1), id="source-weights", marks=pytest.mark.slow),
]


def generic(loop: Loop) -> stl.Setting:
    return stl.Setting(loop, stl.generators.Generator("any", stl.DISCRETE, s.kappa, s.e),
                       stl.learners.UniformlyStable(s.beta))


#: Loops whose training sets have more points, or kinds of points, in smaller worlds only.
LARGE = (WeightedMix, Schedule, SourceWeights)


def chosen(worlds: tuple[World, ...], loop: Loop) -> list[World]:
    if not isinstance(loop, LARGE):
        return list(worlds)
    return [world for world in worlds if world.generations >= 1 and world.outcomes <= 1100][:8]


def unchecked(proof: Proof, counts: tuple[int, ...]) -> list[str]:
    """The steps, definitions apart, of which no instance was compared."""
    return [str(claim.says) for claim, count in zip(proof.steps(), counts, strict=True)
            if count == 0 and claim.rule.kind != "definition"]


@pytest.mark.parametrize("loop", LOOPS)
def test_the_theorems_hold_in_every_world(loop: Loop) -> None:
    worlds = chosen(standard_worlds(loop), loop)
    assert len(worlds) >= (4 if isinstance(loop, LARGE) else 20)
    for theorem in THEOREMS:
        proof = stl.Bound(generic(loop), theorem).proof
        assert not unchecked(proof, hold_against_worlds(proof, worlds))


@pytest.mark.parametrize("loop", LOOPS)
def test_recursive_stability_holds_in_every_world(loop: Loop) -> None:
    proof = Proof(Lemmas(generic(loop)).recursive_stability)
    assert proof.verify().steps >= 8
    assert not unchecked(proof, hold_against_worlds(proof, chosen(standard_worlds(loop), loop)))


@pytest.mark.parametrize("drift", ["sharp", "lemma"])
@pytest.mark.parametrize("loop", LOOPS)
def test_the_categorical_model_holds_in_its_worlds(loop: Loop, drift: str) -> None:
    setting = stl.Setting(loop, stl.generators.Categorical(s.K), stl.learners.BrierFit(), drift=drift)
    proof = stl.high_probability(setting).proof
    assert not unchecked(proof, hold_against_worlds(proof, chosen(categorical_worlds(loop), loop)))
