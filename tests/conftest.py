"""Settings that all tests share: deterministic hypothesis, and the bounds that several test files look at."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import settings

import stlbounds as stl
from stlbounds import parsing
from stlbounds.symbols import K, N, alpha, c, kappa, r

settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")

THEOREMS = {
    "high-probability": stl.high_probability,
    "expectation": stl.in_expectation,
    "expected-gap": stl.expected_gap,
}


@cache
def _bound(theorem: str, real: str, model: str) -> stl.Bound:
    loop = stl.loops.FixedMix(alpha, real=real)
    if model == "generic":
        generic = stl.generators.Generator("generic", stl.DISCRETE, kappa, c * N**-r)
        return THEOREMS[theorem](stl.Setting(loop, generic))
    setting = stl.Setting(loop, stl.generators.Categorical(K), stl.learners.BrierFit(), drift=model)
    return THEOREMS[theorem](setting)


@pytest.fixture(scope="session")
def standard_bound():
    """``standard_bound(theorem, real, model)``, each made once; the model is "generic", "sharp" or "lemma"."""
    return _bound


@pytest.fixture
def patient_parser(monkeypatch):
    """A parser that takes its time: what a slow machine reads is looked at, not how fast it reads."""
    monkeypatch.setattr(parsing, "MAX_SECONDS", 30.0)
