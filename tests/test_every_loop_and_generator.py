"""Every loop with every generator: a proof that verifies and simulations that do not contradict it, or a refusal.

Learning errors that a bound takes for granted are those of the simulated population, by `learning_errors`. The few
thousand verdicts here have level 1 - 1e-10 each, so that a true bound fails with probability below 1e-6 in all, and
every run has a fixed seed.
"""

from __future__ import annotations

import dataclasses
import math
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.bound import Bound
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS
from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.generators.sampling import FiniteAlphabet
from stlbounds.loops import SourceWeights
from stlbounds.simulation.learning_errors import learning_errors
from stlbounds.symbols import N, c, entry, j, privacy, privacy_mu, r

pytestmark = pytest.mark.slow

CONFIDENCE = 1 - 1e-10
REPLICAS = 200
#: Real points and generations; 60 points divide evenly in all loops.
RUNS = [(60, 4), (120, 2), (60, 1)]
#: Schedules end after two generations: proofs of longer ones take seconds.
ALPHAS = [sp.Rational(1, 2), 0]
#: Every loop of the catalogue, with the choice of its real data, and three settings of its parameters.
CASES: dict[str, tuple[str, str | None, list[dict[str, float]]]] = {
    "replay": ("fixed-mix", "replay", [{"alpha": 0.2}, {"alpha": 0.5}, {"alpha": 0.9}]),
    "fresh": ("fixed-mix", "fresh", [{"alpha": 0}, {"alpha": 0.3}, {"alpha": 0.9}]),
    "replace": ("replace", None, [{}, {}, {}]),
    "augment": ("augment", None, [{"lam": 0.5}, {"lam": 1}, {"lam": 3}]),
    "accumulate": ("accumulate", None, [{}, {}, {}]),
    "subsample": ("subsample", None, [{}, {}, {}]),
    "schedule, replay": ("schedule", "replay", [{}, {}, {}]),
    "schedule, fresh": ("schedule", "fresh", [{}, {}, {}]),
    "weighted": ("weighted-mix", None, [{"w": 0.2}, {"w": 0.618}, {"w": 0.9}]),
    "source weights": ("source-weights", None, [{}, {}, {}]),
}
#: Three settings of every generator; stable, at the edge, and amplifying, where the model can be.
MODELS: dict[str, list[dict[str, float]]] = {
    "generic": [{"kappa": 0.9}, {"kappa": 0.5}, {"kappa": 1}],
    "categorical": [{"K": 2}, {"K": 5}, {"K": 20}],
    "categorical-with-prior": [{"K": 4, "eta": 0.25, "prior_distance": 0}, {"K": 3, "eta": 0.5, "prior_distance": 0},
                               {"K": 6, "eta": 0.1, "prior_distance": 0}],
    "kernel-density": [{"bandwidth": 0.1, "circumference": 1, "variation": 3},
                       {"bandwidth": 0.3, "circumference": 1, "variation": 0},
                       {"bandwidth": 1.5, "circumference": 2, "variation": 1}],
    "private": [{"privacy": 0.05}, {"privacy": 0.02}, {"privacy": 1}],
    "gaussian-private": [{"privacy_mu": 0.02}, {"privacy_mu": 0.05}, {"privacy_mu": 0.1}],
    "transformer": [{"L": 1, "omega": 0.25}, {"L": 2, "omega": 0.5}, {"L": 2, "omega": 1}],
    "transformer-depth-uniform": [{"L": 1, "omega": 0.25}, {"L": 2, "omega": 0.5}, {"L": 3, "omega": 1}],
    "transformer-residual": [{"L": 1, "omega": 0.25, "L_f": 0.1}, {"L": 2, "omega": 0.5, "L_f": 0},
                             {"L": 1, "omega": 1, "L_f": 1}],
    "location": [{"noise": 0.1}, {"noise": 0.25}, {"noise": 0.45}],
    "contractive": [{"pull": 0.3}, {"pull": 0.7}, {"pull": 1}],
    "gradient-trained": [{"L_z": 1, "L_g": 1, "mu": 2}, {"L_z": 1, "L_g": 0.5, "mu": 0.5},
                         {"L_z": 3, "L_g": 1, "mu": 2}],
    "gradient-trained-discrete": [{"G_l": 3, "L_TV": 0.25, "mu": 2}, {"G_l": 1, "L_TV": 1, "mu": 2},
                                  {"G_l": 3, "L_TV": 0.5, "mu": 1}],
    "sgd-trained": [{"L_z": 1, "L_g": 1, "step": 0.1, "steps": 5}, {"L_z": 1, "L_g": 0.5, "step": 0.2, "steps": 10},
                    {"L_z": 2, "L_g": 1, "step": 1, "steps": 3}],
    "sgd-trained-discrete": [{"G_l": 2, "L_TV": 0.5, "step": 0.1, "steps": 5},
                             {"G_l": 1, "L_TV": 0.5, "step": 0.05, "steps": 20},
                             {"G_l": 2, "L_TV": 1, "step": 0.2, "steps": 8}],
}
_BY_SIZE = (UndecidedError, "depends on the size N of the training set, which changes from generation to generation")
_WEIGHTED = (AssumptionError, "not known per unit of weighted displacement")
#: Why a model does not fit a loop; every other pair must.
REFUSED: dict[tuple[str, str], tuple[type[Exception], str]] = {
    **{(model, loop): _BY_SIZE for model in ("private", "gaussian-private") for loop in ("augment", "accumulate")},
    **{(model, "weighted"): _WEIGHTED for model in (
        "private", "gaussian-private", "transformer", "transformer-depth-uniform", "transformer-residual",
        "sgd-trained", "sgd-trained-discrete")},
}


def shrunk_coin(points: Any, count: int, rng: np.random.Generator, kappa: float) -> Any:
    """A coin that is fitted and pulled towards a fair one: a model of a user's own."""
    return (rng.random(count) < kappa * points.mean() + (1 - kappa) / 2).astype(int)


def parameter(name: str) -> Any:
    return ALPHAS if name == "alphas" else entry(name).symbol


@cache
def generator(name: str) -> Any:
    made = GENERATORS[name].make(parameter)
    return dataclasses.replace(made, simulator=shrunk_coin) if name == "generic" else made


@cache
def learner(metric: Any) -> Any:
    """A learner that can be simulated."""
    return LEARNERS["mean" if metric is stl.EUCLIDEAN else "brier"].make(parameter)


@cache
def loop(name: str) -> Any:
    kind, real, _ = CASES[name]
    # Its weights are an expression, so that it has no name on the command line.
    return SourceWeights(j + 1) if kind == SourceWeights.name else LOOPS[kind].make(parameter, real)


def bound_of(model: str, name: str) -> Bound:
    setting = stl.Setting(loop(name), generator(model), learner(generator(model).metric))
    return stl.in_expectation(setting) if generator(model).shared_seed else stl.high_probability(setting)


def stated_error(model: str, name: str, constants: dict[str, float], sizes: dict[str, float], i: int) -> float:
    """``c`` such that ``c/sqrt(N_j)`` is a learning error of the simulated population, up to generation ``i``."""
    sampler = generator(model).sampler(constants) if model != "generic" else (
        FiniteAlphabet([0.5, 0.5], smoothing=1 - constants["kappa"]))
    errors = learning_errors(loop(name), sampler, generations=i, **sizes)
    return max(error * math.sqrt(size) for error, size in errors) * (1 + 1e-9)


@pytest.mark.parametrize("model", GENERATORS)
def test_every_loop_that_fits_has_a_bound_that_no_simulation_contradicts(model: str) -> None:
    distribution = [0.5, 0.5] if model == "generic" else None
    for name, (_, _, parameters) in CASES.items():
        if (model, name) in REFUSED:
            kind, reason = REFUSED[model, name]
            with pytest.raises(kind, match=reason):
                bound_of(model, name)
            continue
        bound = bound_of(model, name)
        verification = bound.proof.verify()
        assert verification.steps > 20 and verification.checks > 0, (model, name)
        for (n, last), own, constants in zip(RUNS, parameters, MODELS[model], strict=True):
            i = min(last, len(ALPHAS)) if name.startswith("schedule") else last
            values = {**constants, **own}
            if "c" in GENERATORS[model].symbols:
                values |= {"c": stated_error(model, name, constants, {"n": n, **own}, i), "r": 0.5}
            if (model, name) == ("generic", "weighted"):
                with pytest.raises(AssumptionError, match="knows no weighted"):
                    stl.check(bound, n=n, i=i, delta=0.1, replicas=2, distribution=distribution, **values)
                continue
            if bound.failure_probability != 0:
                values["delta"] = 0.1
            found = stl.check(bound, n=n, i=i, replicas=REPLICAS, seed=11, confidence=CONFIDENCE,
                              distribution=distribution, **values)
            assert not found.contradicted and found.contradicted_parts == (), f"{model}, {name}: {found}"
            assert found["drift"].measured > 0 or own.get("alpha") == 1, (model, name)


GROWING: dict[str, Any] = {
    "privacy": stl.generators.PrivateGenerator(privacy / N, c * N**-r, uniform=True),
    "privacy_mu": stl.generators.GaussianPrivateGenerator(privacy_mu / N, c * N**-r, uniform=True),
}


@pytest.mark.parametrize("name", ["augment", "accumulate"])
@pytest.mark.parametrize("level", GROWING)
def test_privacy_with_a_sensitivity_for_all_sizes_fits_loops_that_grow(name: str, level: str) -> None:
    model = GROWING[level]
    bound = stl.high_probability(stl.Setting(loop(name), model, learner(stl.DISCRETE)))
    assert bound.proof.verify().checks > 20
    for strength, (n, i), own in zip((0.5, 2, 4), RUNS, CASES[name][2], strict=True):
        errors = learning_errors(loop(name), model.sampler({level: strength}), generations=i, n=n, **own)
        values = {"c": max(error * math.sqrt(size) for error, size in errors) * (1 + 1e-9), "r": 0.5, level: strength}
        found = stl.check(bound, n=n, i=i, delta=0.1, replicas=REPLICAS, seed=12, confidence=CONFIDENCE, **own,
                          **values)
        assert found.contradicted_parts == (), str(found)


def test_a_model_without_a_simulator_says_so() -> None:
    setting = stl.Setting(loop("replace"), GENERATORS["generic"].make(parameter), learner(stl.DISCRETE))
    bound = stl.high_probability(setting)
    with pytest.raises(AssumptionError, match=r"known by its constants only.*simulator="):
        stl.check(bound, n=60, i=1, delta=0.1, kappa=1, c=1, r=0.5)
