"""Every loop with every generator that can be simulated: the bound verifies, and its simulation does not contradict it.

Each verdict is at level 1 - 1e-6, and each run has a fixed seed, so that a failure is a finding.
"""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.generators import Categorical, CategoricalWithPrior, LocationModel, PrivateGenerator
from stlbounds.learners import BrierFit, MeanFit
from stlbounds.loops import Accumulate, Augment, FixedMix, Loop, Schedule, Subsample, WeightedMix

pytestmark = pytest.mark.slow

LOOPS: dict[str, tuple[Loop, list[dict[str, Any]]]] = {
    "replay": (FixedMix(s.alpha, "replay"), [{"alpha": 0.1}, {"alpha": 0.5}, {"alpha": 1}]),
    "fresh": (FixedMix(s.alpha, "fresh"), [{"alpha": 0}, {"alpha": 0.3}, {"alpha": 0.9}]),
    "augment": (Augment(s.lam), [{"lam": 0.5}, {"lam": 1}, {"lam": 4}]),
    "accumulate": (Accumulate(), [{}, {}, {}]),
    "subsample": (Subsample(), [{}, {}, {}]),
    "schedule": (Schedule([0.5, 0.4, 0.3, 0.2, 0.1, 0]), [{}, {}, {}]),
    "weighted": (WeightedMix(s.w), [{"w": 0.2}, {"w": 0.618}, {"w": 0.9}]),
}
#: Numbers of points that every loop divides evenly up to six generations, and generations.
RUNS = [(420, 2), (840, 5), (420, 0)]
MODELS: dict[str, Any] = {
    "categorical": lambda: (Categorical(8), BrierFit(), {}),
    "prior": lambda: (CategoricalWithPrior(8, s.eta, s.prior_distance), BrierFit(),
                      {"eta": 0.25, "prior_distance": 0}),
    "location": lambda: (LocationModel(0.2), MeanFit(), {}),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("loop", LOOPS)
def test_no_bound_of_the_catalogue_is_contradicted(loop: str, model: str) -> None:
    protocol, parameters = LOOPS[loop]
    generator, learner, constants = MODELS[model]()
    # A contraction that changes with the generation has no closed form; the general lemma serves all loops.
    drift = "lemma" if (loop, model) == ("schedule", "prior") else "sharp"
    bound = stl.high_probability(stl.Setting(protocol, generator, learner, drift=drift))
    assert bound.proof.verify().checks > 5
    for own, (n, generations) in zip(parameters, RUNS, strict=True):
        if (loop, model) == ("weighted", "location"):
            with pytest.raises(stl.errors.AssumptionError, match="knows no weighted points"):
                stl.check(bound, n=n, i=max(1, generations), delta=0.1, replicas=2, **own)
            continue
        result = stl.check(bound, n=n, i=generations, delta=0.1, replicas=300, seed=7, **own, **constants)
        assert not result.contradicted, str(result)
        assert not result.contradicted_parts, str(result)


@pytest.mark.parametrize("loop", ["replay", "fresh", "subsample", "schedule"])
def test_no_bound_of_a_private_generator_is_contradicted(loop: str) -> None:
    """Privacy loss 2/N on a fair coin: the uniform share is about 1/2, so ``E TV(Dmix_j, D_{j+1}) <= 0.6/sqrt(N)``.

    It is at most ``(1 - eta) (1/2)/sqrt(N) + eta E TV(Dmix_j, coin)``, and by induction ``E t_j <= (1/2)/sqrt(N)``.
    """
    protocol, parameters = LOOPS[loop]
    generator = PrivateGenerator(2 / s.N, 0.6 / sp.sqrt(s.N))
    bound = stl.high_probability(stl.Setting(protocol, generator, BrierFit(), drift="lemma"))
    for own, (n, generations) in zip(parameters, RUNS, strict=True):
        result = stl.check(bound, n=n, i=generations, delta=0.1, replicas=300, seed=7, **own)
        assert not result.contradicted, str(result)
        assert not result.contradicted_parts, str(result)
        assert result.statistic


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("theorem", ["in_expectation", "expected_gap"])
def test_no_bound_in_expectation_is_contradicted(loop: str, theorem: str) -> None:
    protocol, parameters = LOOPS[loop]
    bound = getattr(stl, theorem)(stl.Setting(protocol, Categorical(8), BrierFit()))
    for own, (n, generations) in zip(parameters, RUNS, strict=True):
        result = stl.check(bound, n=n, i=generations, replicas=300, seed=8, **own)
        assert not result.contradicted_parts, str(result)
