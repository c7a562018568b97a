"""A schedule that replays real points: the first ones of a fixed order, more or fewer in every generation."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
import sympy as sp
from brute_force import exact, run
from hypothesis import given, settings
from hypothesis import strategies as st

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.compiled import mpmath_function
from stlbounds.errors import UndecidedError
from stlbounds.loops import FixedMix, Schedule
from stlbounds.loops.ranking import ranked_blocks
from stlbounds.proof.dag import Proof
from stlbounds.theorems.steps import Lemmas

PROPORTIONS = st.lists(st.fractions(0, 1, max_denominator=6), min_size=1, max_size=5)
KAPPAS = st.fractions(0, 2, max_denominator=5)


def number(expression: sp.Expr, i: int) -> mpmath.mpf:
    """The value at ``n = 60``, at 15 digits."""
    return mpmath_function(sp.S(expression), (s.i, s.n))(mpmath.mpf(i), mpmath.mpf(60))


def close(found: mpmath.mpf, wanted: Fraction) -> bool:
    return bool(mpmath.almosteq(found, mpmath.mpf(wanted.numerator) / wanted.denominator, rel_eps=1e-13, abs_eps=1e-30))


def rational(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)


@settings(max_examples=12, deadline=None)
@given(PROPORTIONS, KAPPAS)
def test_every_closed_form_is_that_of_the_pools(alphas: list[Fraction], kappa: Fraction) -> None:
    loop, i, rho = Schedule([rational(a) for a in alphas], "replay"), len(alphas), rational(kappa)
    found = run(loop, i, kappa, exact({s.n: 60}))
    assert close(number(loop.amplification_squared(rho), i), found.amplification_squared())
    assert close(number(loop.mean_influence(rho), i), found.mean_influence())
    assert close(number(rho * loop.recursive_stability(rho) / s.n, i), found.recursive_stability())
    for last in range(i):
        earlier = run(loop, last, kappa, exact({s.n: 60}))
        assert close(number(loop.amplification_squared(rho), last), earlier.amplification_squared())


@settings(max_examples=12, deadline=None)
@given(PROPORTIONS, KAPPAS, KAPPAS)
def test_replaying_amplifies_more_than_new_points_and_more_so_for_more_sensitive_generators(
        alphas: list[Fraction], one: Fraction, other: Fraction) -> None:
    i, numbers = len(alphas), [rational(a) for a in alphas]
    replay, fresh = Schedule(numbers, "replay"), Schedule(numbers, "fresh")
    low, high = map(rational, sorted((one, other)))
    assert number(replay.amplification_squared(low), i) >= number(fresh.amplification_squared(low), i) * (1 - 1e-13)
    for part in (replay.amplification_squared, replay.mean_influence, replay.recursive_stability):
        assert number(part(high), i) >= number(part(low), i) * (1 - 1e-13)


@settings(max_examples=60, deadline=None)
@given(PROPORTIONS)
def test_two_training_sets_share_as_many_real_points_as_they_can(alphas: list[Fraction]) -> None:
    plan = Schedule([rational(a) for a in alphas], "replay").plan(len(alphas))
    sizes = {pool: exact({s.n: 60})(pool.size) for pool in plan.pools()}
    proportions = [Fraction(1), *alphas]
    for one, first in enumerate(plan.generations):
        assert sum(sizes[pool] for pool in first) == 60
        for other, second in enumerate(plan.generations):
            shared = sum(sizes[pool] for pool in first if pool in second and pool.source == 0)
            assert shared == 60 * min(proportions[one], proportions[other])


def bound(loop: stl.loops.Loop, kappa: sp.Expr = s.kappa) -> stl.Bound:
    generator = stl.generators.Generator("any", stl.DISCRETE, kappa, s.c * s.N**-s.r)
    return stl.high_probability(stl.Setting(loop, generator))


def test_one_proportion_for_ever_is_a_fixed_mix_that_replays() -> None:
    values = dict(n=500, c=1, r=0.5, b=2, M=1, delta=0.05, alpha=0.3, kappa=1.2)
    one, other = bound(Schedule(s.alpha, "replay")), bound(FixedMix(s.alpha, "replay"))
    for i in (0, 1, 4, 12):
        assert one.evaluate_terms(i=i, **values) == pytest.approx(other.evaluate_terms(i=i, **values), rel=1e-12)
        if i:
            found, wanted = (b.recursive_stability.subs({s.i: i, s.alpha: sp.Rational(3, 10), s.kappa: 1}).doit()
                             for b in (one, other))
            assert sp.simplify(found - wanted) == 0


def test_all_real_data_and_no_generation_give_the_classical_bound() -> None:
    values = dict(n=500, c=1, r=0.5, b=2, M=1, delta=0.05, kappa=1.2)
    classical = 2 / 500 + (2 * 2 + 1) * float(mpmath.sqrt(mpmath.log(40) / 1000))
    assert bound(Schedule([0.5, 0.25], "replay")).evaluate(i=0, **values) == pytest.approx(classical, rel=1e-12)
    insensitive = bound(Schedule([0.5, 0.25], "replay"), sp.S.Zero).evaluate_terms(
        i=2, **{name: value for name, value in values.items() if name != "kappa"})
    assert insensitive["bias"] + insensitive["concentration"] == pytest.approx(classical, rel=1e-12)


def test_digits_and_doubles_agree() -> None:
    found = bound(Schedule(1 / (s.j + 1), "replay"))
    values = dict(n=1000, i=6, c=1, r=1, b=2, M=1, delta=sp.Rational(1, 20), kappa=sp.Rational(6, 5))
    digits = found.evaluate(digits=30, **values)
    assert float(digits) == pytest.approx(found.evaluate(**{k: float(v) if k not in ("n", "i") else v
                                                            for k, v in values.items()}), rel=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("alphas", [[0.5, 0, 1, 0.25], 1 / (s.j + 1),
                                    [s.alpha, s.alpha / 2]], ids=str)
def test_the_proofs_verify(alphas: object) -> None:
    loop = Schedule(alphas, "replay")
    assert bound(loop).proof.verify().checks > 20
    setting = stl.Setting(loop, stl.generators.Generator("any", stl.DISCRETE, s.kappa, s.e))
    assert Proof(Lemmas(setting).recursive_stability).verify().checks >= 5


@pytest.mark.slow
def test_a_simulation_does_not_contradict_it() -> None:
    """Contradicted with probability below 1e-6 if the bound is true."""
    for loop in (Schedule([0.5, 0.25, 0.75, 0], "replay"), Schedule(1 / (s.j + 1), "replay")):
        model = stl.Setting(loop, stl.generators.Categorical(5), stl.learners.BrierFit())
        found = stl.check(stl.high_probability(model), n=60, i=4 if loop.horizon else 2, delta=0.05, replicas=300,
                          confidence=1 - 1e-6)
        assert found.contradicted_parts == ()
        assert 1 < found["drift"].ratio < 10


@pytest.mark.slow
def test_proportions_that_cannot_be_compared_have_a_bound_but_no_plan() -> None:
    loop = Schedule([s.alpha, 0.5], "replay")
    values = dict(n=500, i=2, c=1, r=0.5, b=2, M=1, delta=0.05, kappa=1.2)
    numbers = bound(Schedule([0.3, 0.5], "replay")).evaluate(**values)
    assert bound(loop).evaluate(alpha=0.3, **values) == pytest.approx(numbers, rel=1e-12)
    with pytest.raises(UndecidedError, match="give numbers"):
        loop.plan(2)
    assert len(ranked_blocks([s.alpha, s.alpha / 2, sp.S.Zero])) == 3


@pytest.mark.parametrize("real", ["replay", "fresh"])
def test_all_points_may_be_real_in_generation_1_alone(real: str) -> None:
    found = [bound(Schedule(alphas, real)) for alphas in (1 / s.j, [sp.Rational(1, 1 + k) for k in range(5)])]
    assert found[0].proof.verify()
    values = {"n": 60, "i": 4, "kappa": 1.3, "c": 1, "r": 0.5, "b": 2, "M": 1, "delta": 0.05}
    assert found[0].evaluate(digits=25, **values) == found[1].evaluate(digits=25, **values)


@pytest.mark.parametrize("real", ["replay", "fresh"])
def test_a_list_of_300_generations_is_the_fixed_mix(real: str) -> None:
    found = bound(Schedule([0.5] * 300, real))
    values = {"n": 100, "i": 300, "kappa": 0.9, "c": 0.1, "r": 1, "b": 1, "M": 1, "delta": 0.05}
    assert found.proof.verify()
    assert found.evaluate(**values) == pytest.approx(bound(FixedMix(0.5, real)).evaluate(**values), rel=1e-12)
    assert len(found.latex("theorem")) < 10_000
