"""The contractive update: its own drift, from a misfit to real data instead of a learning error (theory §4)."""

from __future__ import annotations

import importlib
import inspect
import textwrap
from fractions import Fraction

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.errors import AssumptionError, InvalidArgumentError, UndecidedError
from stlbounds.generators import Contractive
from stlbounds.generators.contractive import ContractiveStep, Misfit
from stlbounds.loops import (
    Accumulate,
    Augment,
    FixedMix,
    Loop,
    Replace,
    Schedule,
    SourceWeights,
    Subsample,
    WeightedMix,
)
from stlbounds.proof.claim import Says
from stlbounds.proof.world_models import Brier, Contraction
from stlbounds.proof.worlds import World
from stlbounds.symbols import alpha, lam, n

LOOPS: dict[str, tuple[Loop, dict[str, float]]] = {
    "replay": (FixedMix(alpha), {"alpha": 0.5}),
    "fresh": (FixedMix(alpha, "fresh"), {"alpha": 0.25}),
    "replace": (Replace(), {}),
    "augment": (Augment(lam), {"lam": 1}),
    "accumulate": (Accumulate(), {}),
    "subsample": (Subsample(), {}),
    "weighted": (WeightedMix(s.w), {"w": 0.5}),
    "schedule": (Schedule([0.5, 0.25, 0, 0.25]), {}),
    "schedule-replay": (Schedule(1 / (s.j + 1), "replay"), {}),
    "schedule-harmonic": (Schedule(1 / s.j), {}),
    "source-weights": (SourceWeights(s.j + 1), {}),
}
MODEL = Contractive(s.pull, misfit=s.misfit)


def bound(loop: Loop, model: Contractive = MODEL) -> stl.Bound:
    return stl.high_probability(stl.Setting(loop, model, stl.learners.MeanFit()))


def drift_by_steps(loop: Loop, values: dict[str, float], points: int, last: int, pull: float, misfit: float) -> float:
    """``s_i`` by ``t_{j+1} = misfit + pull (s_j + 1/sqrt(2 m_j))``, pool by pool."""
    numbers = {s.n: points} | {s.symbol(name): sp.Rational(str(value)) for name, value in values.items()}
    distances, mixed = {0: 0.0}, 0.0
    for generation, pools in enumerate(loop.plan(last).generations):
        mass = [float((pool.size * pool.weight).subs(numbers)) for pool in pools]
        squares = sum(float((pool.size * pool.weight**2).subs(numbers)) for pool in pools)
        mixed = sum(m * distances[pool.source] for m, pool in zip(mass, pools, strict=True)) / sum(mass)
        # Growing averages use the smallest size for all generations.
        worth = points if isinstance(loop, Accumulate) else sum(mass) ** 2 / squares
        distances[generation + 1] = misfit + pull * (mixed + (2 * worth) ** -0.5)
    return mixed


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) if name.startswith("schedule") else name
                                  for name in LOOPS])
class TestEveryLoop:
    def test_it_is_the_recursion_over_the_pools(self, name: str) -> None:
        loop, values = LOOPS[name]
        found = bound(loop)
        for pull, misfit in ((0.5, 0.1), (1.0, 0.02), (0.0, 0.3)):
            for last in (0, 1, 3):
                drift = found.evaluate_terms(n=60, i=last, delta=0.05, pull=pull, misfit=misfit, **values)["drift"]
                assert drift == pytest.approx(drift_by_steps(loop, values, 60, last, pull, misfit), rel=1e-12)

    def test_a_simulation_does_not_contradict_it(self, name: str) -> None:
        """Contradicted with probability below 1e-6 if the bound is true."""
        loop, values = LOOPS[name]
        found = stl.check(bound(loop), n=60, i=4 if name != "schedule-replay" else 3, delta=0.05, replicas=300,
                          pull=0.5, misfit=0.1, confidence=1 - 1e-6, **values)
        assert found.contradicted_parts == ()
        # The prior is as far away as stated, so that most of the drift is real.
        assert 1 < found["drift"].ratio < 2


@pytest.mark.parametrize("loop", [Replace(), Accumulate(), Schedule([0.5, 0.25, 0])], ids=lambda loop: loop.name)
def test_the_proofs_verify(loop: Loop) -> None:
    assert bound(loop).proof.verify().leaves == 3


def test_without_real_data_it_stays_bounded_for_ever() -> None:
    values = dict(n=100, delta=0.05, pull=0.5, misfit=0.1)
    drift = [bound(Replace()).evaluate_terms(i=i, **values)["drift"] for i in (1, 5, 500)]
    assert drift == sorted(drift)
    assert drift[-1] == pytest.approx((0.1 + 0.5 / 200**0.5) / 0.5)


# --- exact worlds: on two points at distance 1, total variation is the Euclidean distance ------------------------

HALF, CERTAIN = (Fraction(1, 2),) * 2, (Fraction(1), Fraction(0))
LAST = (Fraction(0), Fraction(1))
SETTINGS = [(law, prior, weight, points, share) for law in (HALF, CERTAIN) for prior in (LAST, HALF)
            for weight in (Fraction(1, 4), Fraction(3, 4), Fraction(1))
            for points, share in ((1, Fraction(0)), (4, Fraction(1, 2)), (8, Fraction(0)))]


def refutations(rule: type[ContractiveStep]) -> tuple[int, int]:
    """How many worlds refute the claim of a rule, and how many instances the others compare."""
    refuted = compared = 0
    for law, prior, weight, points, share in SETTINGS:
        for loop, values in ((FixedMix(alpha), {alpha: share}), (Accumulate(), {})):
            if loop == Accumulate() and points > 1:
                continue
            world = World(loop, {n: points, **values}, law, Contraction(1 - weight, prior), Brier(), 2)
            misfit = (1 - weight) * abs(law[0] - prior[0])
            claim = rule.apply(protocol=loop, weight=sp.Rational(weight), size=n)
            says = Says(claim.lhs, claim.rhs.xreplace({Misfit(): sp.Rational(misfit)}))
            refuted += world.refute(says) is not None
            compared += world.compared(says)
    return refuted, compared


def test_no_exact_world_refutes_the_step() -> None:
    refuted, compared = refutations(ContractiveStep)
    assert refuted == 0 and compared > 100


@pytest.mark.parametrize(("old", "new"), [
    ("Misfit() + weight", "weight"),
    ("Misfit() + weight", "Misfit() / 2 + weight"),
    ("weight * Distance(D(0), Dmix(J)) +", "weight**2 * Distance(D(0), Dmix(J)) +"),
    ("weight * Distance(D(0), Dmix(J)) +", ""),
    ("+ weight * noise", ""),
    ("1 / (2 * size)", "1 / (8 * size)"),
    ("D(J + 1)), Misfit", "D(J + 2)), Misfit"),
])
def test_an_exact_world_refutes_a_slip(old: str, new: str) -> None:
    module = importlib.import_module("stlbounds.generators.contractive")
    source = textwrap.dedent(inspect.getsource(ContractiveStep))
    assert old in source
    namespace = dict(vars(module))
    exec(compile(source.replace(old, new), "<slip>", "exec"), namespace)  # noqa: S102
    assert refutations(namespace["ContractiveStep"])[0] > 0


@pytest.mark.parametrize(("make", "error", "text"), [
    (lambda: Contractive(0.5, misfit=1.5), InvalidArgumentError, "in \\[0, 1\\]"),
    (lambda: Contractive(0.5, misfit=1 / s.N), InvalidArgumentError, "independent of N"),
    (lambda: ContractiveStep.apply(protocol=Replace(), weight=sp.S(2), size=n), AssumptionError, "in \\[0, 1\\]"),
    (lambda: ContractiveStep.apply(protocol=Replace(), weight=s.pull, size=2 * n), UndecidedError, "worth at least"),
    (lambda: Contractive(0.5, misfit=0.3).sampler({}), InvalidArgumentError, "at most 0.2"),
    (lambda: Contractive(0.5, misfit=0.1).sampler({}, distribution=0.3), InvalidArgumentError, "misfit of at most 0.1"),
])
def test_bad_arguments_are_refused(make: object, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make()  # type: ignore[operator]


def test_without_a_misfit_the_learning_error_counts() -> None:
    assert Contractive(0.5, s.e).drift_step_claim(Replace()) is None
    both = Contractive(0.5, s.e, 0.1)
    lemma = stl.high_probability(stl.Setting(Replace(), both, stl.learners.MeanFit(), drift="lemma"))
    assert lemma.terms["drift"].has(s.e) and not bound(Replace(), both).terms["drift"].has(s.e)
