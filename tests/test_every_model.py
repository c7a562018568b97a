"""What holds for every generator and learner of the registries: claims, ranges, limits, pages, self-checks.

A new entry joins by itself; what it takes for granted about its symbols is in `VALUES` and `FALLING`.
"""

from __future__ import annotations

import inspect
import itertools
from typing import Any

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS
from stlbounds.generators.base import Generator
from stlbounds.learners.base import UniformlyStable
from stlbounds.overview import _parameter, critical_proportion
from stlbounds.proof.dag import Proof
from stlbounds.proof.quantities import LossConstant, Sensitivity, Stability
from stlbounds.symbols import M, N, alpha, delta, entry

#: Numbers for every symbol that an entry brings.
VALUES = dict(
    kappa=1.25, K=3, eta=0.25, prior_distance=0.2, bandwidth=0.1, circumference=1, variation=2, privacy=1, privacy_mu=1,
    L=1, omega=0.5, L_f=0.5, noise=0.1, pull=0.5, L_z=1, L_g=1, L_TV=1, mu=1, G_l=1, steps=5, step=0.1, k=2, B_y=1, B=1,
    lam_r=1, ell_L=1, b=1, M=1, c=1, r=0.5)
#: Symbols with which sensitivity and stability fall: more convex, more regularised, more neighbours, more of the prior.
FALLING = {"mu", "lam_r", "k", "eta"}
#: Where a model does not look at its data.
BLIND: dict[str, dict[str, float]] = {
    "generic": {"kappa": 0}, "categorical-with-prior": {"eta": 1}, "private": {"privacy": 0},
    "gaussian-private": {"privacy_mu": 0}, "transformer": {"L": 0}, "transformer-depth-uniform": {"L": 0},
    "transformer-residual": {"L": 0}, "contractive": {"pull": 0}, "gradient-trained": {"L_z": 0},
    "gradient-trained-discrete": {"G_l": 0}, "sgd-trained": {"steps": 0}, "sgd-trained-discrete": {"steps": 0},
    "uniformly-stable": {"b": 0}, "uniformly-stable-euclidean": {"b": 0}, "regularised-euclidean": {"L_z": 0},
    "regularised": {"G_l": 0}, "sgd": {"steps": 0}, "sgd-strongly-convex": {"G_l": 0}, "nearest-neighbours": {"B_y": 0},
}
#: Learners whose name a generator has too.
BLIND_LEARNERS = {"transformer": {"ell_L": 0}, "private": {"privacy": 0}}
SECTIONS = ("Setting", "Guarantee", "Assumed", "Reference", "Self-check", "Examples", ">>>")

SYMBOLIC: dict[str, Any] = {
    **{f"generator {name}": item.make(_parameter) for name, item in GENERATORS.items()},
    **{f"learner {name}": item.make(_parameter) for name, item in LEARNERS.items()}}
LOOP_CLASSES = {f"loop {name}": item.make(_parameter, None) for name, item in LOOPS.items()}


def constant(model: Any) -> sp.Expr:
    """What `model` is stated to be: its sensitivity or its stability."""
    return model.sensitivity if isinstance(model, Generator) else model.beta_N


def number(expression: sp.Expr, **changes: float) -> float:
    values = {**VALUES, **changes}
    at = {symbol: sp.nsimplify(values[symbol.name]) for symbol in expression.free_symbols if symbol != N}
    return float(expression.subs(at).subs(N, 10))


@pytest.mark.parametrize("name", SYMBOLIC)
class TestEveryModel:
    def test_the_claims_state_the_constants_and_verify(self, name: str) -> None:
        model = SYMBOLIC[name]
        claims = ([(model.sensitivity_claim(), Sensitivity(N), model.sensitivity)] if isinstance(model, Generator) else
                  [(model.stability_claim(), Stability(N), model.beta_N),
                   (model.loss_claim(), LossConstant(), model.loss_constant)])
        for claim, quantity, stated in claims:
            assert (claim.lhs, claim.rhs) == (quantity, stated)
            assert Proof(claim).verify().steps >= 1

    def test_the_constant_is_monotone_in_each_of_its_symbols(self, name: str) -> None:
        stated = constant(SYMBOLIC[name])
        for symbol in stated.free_symbols - {N}:
            allowed = [value for value in (0, 0.25, 0.5, 0.75, 1, 2, 3) if entry(symbol.name).symbol == symbol]
            grid = [v for v in allowed if (not symbol.is_positive or v > 0) and (not symbol.is_integer or v == int(v))
                    and v <= (1 if symbol.name in ("eta", "pull") else 3)]
            found = [number(stated, **{symbol.name: value}) for value in grid]
            assert len(found) >= 3 and min(found) >= 0
            pairs = list(itertools.pairwise(found))
            if symbol.name in FALLING:
                pairs = [(later, earlier) for earlier, later in pairs]
            assert all(low <= high * (1 + 1e-12) for low, high in pairs), (symbol, found)

    def test_what_does_not_look_at_its_data_is_stable(self, name: str) -> None:
        kind, plain = name.split()
        blind = BLIND_LEARNERS.get(plain, BLIND.get(plain)) if kind == "learner" else BLIND.get(plain)
        stated = constant(SYMBOLIC[name])
        if blind is None:
            # The empirical law, a density, means and fits of frequencies: nothing to switch off.
            assert plain in ("categorical", "kernel-density", "location", "mean", "brier")
            assert number(stated) > 0
        else:
            assert number(stated, **blind) == pytest.approx(0, abs=1e-15)

    def test_what_can_be_measured_is_measured_and_simulated(self, name: str) -> None:
        model = type(SYMBOLIC[name])
        base, twin = (Generator, "sampler") if issubclass(model, Generator) else (UniformlyStable, "judge")
        for method in ("self_check", twin):
            assert (getattr(model, method) is getattr(base, method)) == (model is base), method


@pytest.mark.parametrize("name", [*SYMBOLIC, *LOOP_CLASSES])
def test_every_entry_has_a_page(name: str) -> None:
    page = inspect.getdoc(type({**SYMBOLIC, **LOOP_CLASSES}[name])) or ""
    assert [section for section in SECTIONS if section not in page] == []


@pytest.mark.parametrize("name", [f"generator {name}" for name in GENERATORS])
def test_the_critical_proportion_is_a_proportion(name: str) -> None:
    stated = SYMBOLIC[name].sensitivity
    needed, kappa = number(critical_proportion(stated)), number(stated)
    assert needed == pytest.approx(max(0.0, 1 - 1 / kappa) if kappa else 0.0) and 0 <= needed < 1


@pytest.mark.parametrize("name", [f"learner {name}" for name in LEARNERS])
def test_real_data_only_give_the_classical_bound(name: str) -> None:
    learner = SYMBOLIC[name]
    ignored = stl.generators.Generator("any", stl.DISCRETE, 0, 0)
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(1), ignored, learner))
    size, failure = 50, sp.Rational(1, 20)
    beta, most = (sp.nsimplify(sp.S(number(part.subs(N, size)))) for part in (learner.beta_N, learner.loss_constant))
    classical = beta + (2 * size * beta + most) * sp.sqrt(sp.log(2 / failure) / (2 * size))
    values = {symbol.name: VALUES[symbol.name] for symbol in bound.symbols
              if symbol.name in VALUES and symbol not in (alpha, delta)}
    sizes = {"n": size, "i": 7, "delta": failure}
    values.update({key: value for key, value in sizes.items() if key in {str(part) for part in bound.symbols}})
    assert float(bound.evaluate(**values)) == pytest.approx(float(classical), rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SYMBOLIC
                                  if type(SYMBOLIC[name]) not in (Generator, UniformlyStable)])
def test_no_self_check_exceeds_what_is_stated(name: str) -> None:
    kind, plain = name.split()
    item = (GENERATORS if kind == "generator" else LEARNERS)[plain]
    found = SYMBOLIC[name].self_check(seed=1, **{key: VALUES[key] for key in item.symbols})
    assert found and all(one.holds and one.measured > 0 for one in found), [str(one) for one in found]
    names = {one.constant.split()[0] for one in found}
    assert ("kappa" if kind == "generator" else "beta") in names
    if kind == "learner" and SYMBOLIC[name].loss_constant in (M, 1):
        assert "M" in names
