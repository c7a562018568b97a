"""The settings that the table of questions names, each made when it is first used."""

from __future__ import annotations

from functools import cache

import sympy as sp

import stlbounds as stl
from stlbounds.symbols import N, alpha, beta, c, e, kappa, lam, omega, r, w

HALF = sp.Rational(1, 2)


def generic(sensitivity=kappa, error=c * N**-r, metric=stl.DISCRETE):
    return stl.generators.Generator("generic", metric=metric, sensitivity=sp.sympify(sensitivity), learning_error=error)


_LOOPS = {
    "replay": lambda: stl.loops.FixedMix(alpha),
    "fresh": lambda: stl.loops.FixedMix(alpha, real="fresh"),
    "replace": stl.loops.Replace,
    "half": lambda: stl.loops.FixedMix(HALF),
    "augment": lambda: stl.loops.Augment(lam),
    "accumulate": stl.loops.Accumulate,
    "subsample": stl.loops.Subsample,
    "weighted": lambda: stl.loops.WeightedMix(w),
    "real": lambda: stl.loops.FixedMix(1),
}
_GENERATORS = {
    "generic": generic,
    "k0": lambda: generic(0),
    "khalf": lambda: generic(HALF),
    "k1": lambda: generic(1),
    "k2": lambda: generic(2),
    "k4": lambda: generic(4),
    "e": lambda: generic(error=e),
    "e-k1": lambda: generic(1, e),
    "e-khalf": lambda: generic(HALF, e),
    "log": lambda: generic(error=sp.log(N) / N),
    "categorical": lambda: stl.generators.Categorical(20),
    "location": stl.generators.LocationModel,
    "transformer": lambda: stl.generators.Transformer(learning_error=e),
    "transformer1": lambda: stl.generators.Transformer(1, omega, e),
    "private": stl.generators.PrivateGenerator,
}
_THEOREMS = {"hp": stl.high_probability, "mean": stl.in_expectation, "gap": stl.expected_gap}


@cache
def bound(name):
    """The bound of a name ``loop/generator[/theorem[/learner]]``, for example ``replay/generic/mean``."""
    loop, generator, theorem, learner = [*name.split("/"), "hp", "default"][:4] if name.count("/") < 2 else [
        *name.split("/"), "default"][:4]
    parts = {} if learner == "default" else {"learner": _learner(learner)}
    setting = stl.Setting(_LOOPS[loop](), _GENERATORS[generator](), **parts)
    return _THEOREMS[theorem](setting)


def _learner(name: str) -> stl.learners.UniformlyStable:
    if name == "brier":
        return stl.learners.BrierFit()
    return stl.learners.UniformlyStable(beta)
