"""The theorems in expectation in every loop; every generator with high probability: test_every_loop_and_generator.

Each verdict is at level 1 - 1e-6, and each run has a fixed seed, so that a failure is a finding.
"""

from __future__ import annotations

from typing import Any

import pytest

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.generators import Categorical
from stlbounds.learners import BrierFit
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


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("theorem", ["in_expectation", "expected_gap"])
def test_no_bound_in_expectation_is_contradicted(loop: str, theorem: str) -> None:
    protocol, parameters = LOOPS[loop]
    bound = getattr(stl, theorem)(stl.Setting(protocol, Categorical(8), BrierFit()))
    for own, (n, generations) in zip(parameters, RUNS, strict=True):
        result = stl.check(bound, n=n, i=generations, replicas=300, seed=8, **own)
        assert not result.contradicted_parts, str(result)
