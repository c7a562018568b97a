"""The exact law of the location model: closed forms, the pools of the loop, the amplification at kappa = 1."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.errors import AssumptionError, InvalidArgumentError, ProofError
from stlbounds.learners.mean import MeanJudge
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
from stlbounds.loops.location_law import LocationLaw, Moment, mean_covariances
from stlbounds.proof.identities import equal, vanishes
from stlbounds.simulation.engine import run

LOOPS: dict[str, Loop] = {
    "replay": FixedMix(s.alpha, "replay"),
    "fresh": FixedMix(s.alpha, "fresh"),
    "replace": Replace(),
    "all-real": FixedMix(1, "replay"),
    "augment": Augment(s.lam),
    "accumulate": Accumulate(),
    "subsample": Subsample(),
    "weighted": WeightedMix(s.w),
    "schedule": Schedule(1 / (s.j + 1)),
    "schedule-harmonic": Schedule(1 / s.j),
    "source-weights": SourceWeights(s.j + 1),
    "schedule-list": Schedule([0.5, 0.25, 0.75, 0.1]),
    "schedule-replay": Schedule([0.5, 0.25, 0.75, 0.1], "replay"),
    "schedule-replay-expression": Schedule(1 / (s.j + 1), "replay"),
}


def squares(loop: Loop) -> sp.Expr:
    """``(n/N_i) Phi**2`` at ``kappa = 1``."""
    gain = loop.gain(sp.S.One) if loop.constant_gain else sp.S.One
    return s.n * loop.amplification_squared(gain) / loop.size(s.i)


@pytest.mark.parametrize("loop", [
    pytest.param(loop, id=name, marks=pytest.mark.slow if name == "schedule-replay" else ())
    for name, loop in LOOPS.items()])
class TestEveryLoop:
    def test_its_closed_forms_are_proved_by_induction(self, loop: Loop) -> None:
        loop.location_law().prove()

    def test_the_variance_is_the_amplification_at_kappa_1(self, loop: Loop) -> None:
        assert equal(squares(loop), loop.location_law().closed(s.i))

    def test_the_variance_is_that_of_the_pools(self, loop: Loop) -> None:
        covariances = mean_covariances(loop, 4)
        assert covariances.is_symmetric()
        assert all(vanishes(loop.variance_factor(g) - covariances[g, g]) for g in range(5))
        assert loop.variance_factor(0) == 0 and loop.variance_factor(1) == 1

    def test_a_wrong_closed_form_is_refused(self, loop: Loop) -> None:
        law = loop.location_law()
        last = replace(law.moments[-1], closed=law.moments[-1].closed * 2 + 1)
        with pytest.raises(ProofError):
            LocationLaw((*law.moments[:-1], last), law.variance).prove()

    def test_the_variance_never_shrinks(self, loop: Loop) -> None:
        # Each generation adds independent noise and averages unbiased means of the same real data; replayed or not,
        # the mean of D_1 is the best of them.
        values = {s.alpha: sp.Rational(1, 3), s.lam: sp.Rational(3, 2), s.w: sp.Rational(2, 3)}
        found = [mean_covariances(loop, 4, values)[g, g] for g in range(5)]
        if "Weighted" not in type(loop).__name__:
            assert min(found[1:]) == 1
        assert all(value > 0 for value in found[1:])


@pytest.mark.parametrize("name", ["fresh", "accumulate", "weighted", "schedule"])
def test_a_closed_form_that_starts_right_and_goes_wrong_is_refused(name: str) -> None:
    law = LOOPS[name].location_law()
    last = replace(law.moments[-1], closed=law.moments[-1].closed * (1 + s.J))
    with pytest.raises(ProofError, match="recursion"):
        LocationLaw((*law.moments[:-1], last), law.variance).prove()


#: Theory §11, in units of sigma**2/n.
PUBLISHED = [
    (FixedMix(sp.Rational(1, 4)), 2, "1.9375"),
    (FixedMix(sp.Rational(1, 2)), 5, "2.54296875"),
    (Replace(), 7, "7"),
    (Accumulate(), 3, "49/36"),
    (Subsample(), 3, "49/36"),
]


@pytest.mark.parametrize(("loop", "generation", "value"), PUBLISHED)
def test_published_values(loop: Loop, generation: int, value: str) -> None:
    assert loop.variance_factor(generation) == sp.Rational(value)


def test_the_closed_forms_of_theory_11() -> None:
    a, i = s.alpha, s.i
    geo = stl.special.geometric_sum
    augment = 1 + a * (1 - a) * geo((1 - a) ** 2, i - 1)
    assert vanishes(Augment(1 / a - 1).location_law().closed(i - 1) - augment)
    for g in (1, 2, 5, 9):
        p = Fraction(3, 10)
        quotient = (1 - (1 - p) ** g) ** 2 / p + (1 - p) ** (2 * g - 1)
        quotient += sum((1 - p) ** (2 * k - 1) for k in range(1, g))
        assert FixedMix(sp.Rational(3, 10)).variance_factor(g) == sp.Rational(quotient.numerator, quotient.denominator)


def test_the_golden_ratio_minimises_the_limit_of_the_weighted_loop() -> None:
    limit = (s.w**2 + (1 - s.w) ** 2) / (1 - (1 - s.w) ** 2)
    far = WeightedMix(sp.Rational(3, 5)).variance_factor(200)
    assert float(far) == pytest.approx(float(limit.subs(s.w, sp.Rational(3, 5))), rel=1e-12)
    assert sp.simplify(sp.diff(limit, s.w).subs(s.w, (sp.sqrt(5) - 1) / 2)) == 0


def test_covariances_of_replaced_data_are_those_of_a_random_walk() -> None:
    assert mean_covariances(Replace(), 4) == sp.Matrix(5, 5, lambda row, column: min(row, column))


def test_a_loop_without_a_law_says_so() -> None:
    class Own(FixedMix):
        location_law = Loop.location_law

    with pytest.raises(AssumptionError, match="mean_covariances"):
        Own(s.alpha).variance_factor()
    with pytest.raises(InvalidArgumentError, match="generations"):
        mean_covariances(Replace(), -1)


def test_a_wrong_start_is_refused() -> None:
    moment = Moment(sp.Symbol("u"), sp.S.Zero, sp.Symbol("u") + 1, s.J + 1)
    with pytest.raises(ProofError, match="generation 0"):
        LocationLaw((moment,), moment.symbol).prove()


@pytest.mark.parametrize("name", ["replay", "augment", "subsample", "schedule-replay"])
def test_a_simulation_varies_as_much(name: str) -> None:
    """The mean of D_i over 20000 replicas; its variance is off by more than 6.5 standard errors with p < 1e-9."""
    loop, values = LOOPS[name], {"n": 24, "alpha": 0.25, "lam": 0.5}
    plan = loop.plan(3)
    needed = {str(symbol) for pool in plan.pools() for symbol in pool.size.free_symbols}
    sampler = stl.generators.UnboundedLocation(1).sampler({})

    class Mean(MeanJudge):
        def risk(self, hypothesis, law):  # type: ignore[no-untyped-def]
            return hypothesis[:, 0]

    if name in ("schedule-replay", "subsample"):
        values["n"] = 60
    found = run(loop, sampler, Mean(), {k: v for k, v in values.items() if k in needed}, 3, 20_000, seed=5)
    exact = {s.alpha: sp.Rational(1, 4), s.lam: sp.Rational(1, 2)}
    for generation in range(4):
        expected = float(loop.variance_factor(generation + 1).subs(exact)) / values["n"]
        means = found.risk[:, generation]
        error = np.sqrt(((means**2).var()) / len(means))
        assert abs((means**2).mean() - expected) < 6.5 * error
