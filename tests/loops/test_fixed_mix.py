"""Loops: their plan, their symbolic description and their closed forms must tell the same story, exactly.

`TestLoop` is shared by all loops; a new one joins by a line in `CASES`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
import sympy as sp
from brute_force import Run, exact, run
from hypothesis import given
from hypothesis import strategies as st

import stlbounds as stl
from stlbounds.errors import InvalidArgumentError, SymbolError
from stlbounds.loops import Loop
from stlbounds.proof.dag import Proof
from stlbounds.symbols import G, N, alpha, beta, e, i, kappa, lam, n, rho
from stlbounds.theorems.steps import Lemmas


@dataclass(frozen=True)
class Case:
    """A loop and the values of its parameters at which it is tried; sizes must come out as integers."""

    loop: Loop
    values: tuple[dict[sp.Symbol, sp.Expr], ...]
    #: Whether the amplification never falls from one generation to the next.
    rises: bool = True


FRACTIONS = tuple({alpha: sp.Rational(p, 6), n: sp.Integer(12)} for p in (0, 1, 3, 6))
SIZE_ONLY = ({n: sp.Integer(1)}, {n: sp.Integer(10)})
CASES = {
    "fixed mix, replay": Case(stl.loops.FixedMix(alpha), FRACTIONS),
    "fixed mix, fresh": Case(stl.loops.FixedMix(alpha, real="fresh"), FRACTIONS),
    "replace": Case(stl.loops.Replace(), SIZE_ONLY),
    "fixed mix of three tenths": Case(stl.loops.FixedMix(0.3), SIZE_ONLY[1:]),
    "fixed mix in another parameter": Case(
        stl.loops.FixedMix(1 / (1 + beta)), tuple({beta: sp.Integer(k), n: sp.Integer(12)} for k in (0, 1, 3))),
    "augment": Case(stl.loops.Augment(lam), tuple({lam: sp.Rational(k, 2), n: sp.Integer(4)} for k in (0, 1, 2, 5)),
                    rises=False),
    "augment by a number": Case(stl.loops.Augment(0.25), ({n: sp.Integer(8)},), rises=False),
    "accumulate": Case(stl.loops.Accumulate(), SIZE_ONLY),
    "subsample": Case(stl.loops.Subsample(), ({n: sp.Integer(60)},), rises=False),
}
KAPPAS = tuple(sp.Rational(p, 6) for p in (0, 3, 6, 8, 12, 18))
GENERATIONS = 5


def _fraction(value: sp.Expr) -> Fraction:
    assert value.is_Rational, value
    return Fraction(int(value.p), int(value.q))


def _runs(case: Case) -> Iterator[tuple[Run, dict[sp.Symbol, sp.Expr], sp.Expr]]:
    """Brute-force runs for all values of parameters, sensitivities (the one with rho = 1 included) and horizons."""
    for values in case.values:
        gain = case.loop.gain(sp.S.One).subs(values)
        for sensitivity in (*KAPPAS, *((1 / gain,) if gain.is_Rational and gain > 0 else ())):
            for last in range(GENERATIONS + 1):
                yield run(case.loop, last, _fraction(sensitivity), exact(values)), values, sensitivity


def _rho(loop: Loop, sensitivity: sp.Expr) -> sp.Expr:
    """What closed forms are written in: the loop gain, or the sensitivity where the gain changes."""
    return loop.gain(sensitivity) if loop.constant_gain else sensitivity


def _closed(form: sp.Expr, values: dict[sp.Symbol, sp.Expr], last: int) -> Fraction:
    return _fraction(form.subs(values).subs(i, last).doit())


@pytest.mark.parametrize("name", CASES)
class TestLoop:
    """What must hold for every loop."""

    def test_sizes_agree_with_the_plan(self, name):
        case = CASES[name]
        for values in case.values:
            walk = run(case.loop, GENERATIONS, Fraction(1), exact(values))
            for generation in range(GENERATIONS + 1):
                assert walk.size(generation) == exact(values)(case.loop.size(sp.Integer(generation)))

    def test_the_plan_uses_whole_points(self, name):
        case = CASES[name]
        for values in case.values:
            walk = run(case.loop, GENERATIONS, Fraction(1), exact(values))
            assert all(size.denominator == 1 and size >= 0 for size in walk.size_of.values())
            for generation, pools in enumerate(walk.plan.generations):
                assert all(pool.born <= generation and pool.source <= pool.born for pool in pools)
            assert all(pool.source == 0 for pool in walk.plan.generations[0]), "T_0 is all real"

    def test_the_mixture_agrees_with_the_plan(self, name):
        case = CASES[name]
        for values, generation in itertools.product(case.values, range(GENERATIONS + 1)):
            walk = run(case.loop, GENERATIONS, Fraction(1), exact(values))
            planned = dict.fromkeys(range(GENERATIONS + 1), Fraction(0))
            for pool in walk.plan.generations[generation]:
                planned[pool.source] += walk.size_of[pool] / walk.size(generation)
            stated = dict.fromkeys(range(GENERATIONS + 1), Fraction(0))
            for share in case.loop.mixture(sp.Integer(generation)):
                index, first, last = share.index or (None, 0, 0)
                for k in range(int(first), int(last) + 1):
                    where = {} if index is None else {index: k}
                    source = int(share.source.subs(where))
                    stated[source] += exact(values)(share.weight.subs(where))
            assert stated == planned

    def test_the_classes_agree_with_the_plan(self, name):
        case = CASES[name]
        for values in case.values:
            walk = run(case.loop, GENERATIONS, Fraction(1), exact(values))
            for point, generation in itertools.product(case.loop.classes, range(GENERATIONS + 1)):
                drawn = [pool for pool in walk.plan.drawn(generation) if pool.name == point.name]
                possible = generation >= point.first if point.recurring else generation == point.first
                assert bool(drawn) == possible
                if not drawn:
                    continue
                assert sum(walk.size_of[pool] for pool in drawn) == exact(values)(point.count.subs(G, generation))
                for pool, later in itertools.product(drawn, range(generation + 1, GENERATIONS + 1)):
                    assert (pool in walk.plan.generations[later]) == point.kept
                assert point.real or generation > 0 or all(walk.size_of[pool] == 0 for pool in drawn)

    def test_influence(self, name):
        case = CASES[name]
        for walk, values, sensitivity in _runs(case):
            gain = _rho(case.loop, sensitivity)
            for pool in walk.plan.pools():
                point = case.loop.point_class(pool.name)
                form = case.loop.influence(point, sp.Integer(walk.last - pool.born), gain)
                closed = _fraction(form.subs(G, pool.born - point.first).subs(values).doit())
                assert closed == walk.influence[pool][walk.last]

    def test_mean_influence_and_amplification(self, name):
        case = CASES[name]
        for walk, values, sensitivity in _runs(case):
            gain = _rho(case.loop, sensitivity)
            assert _closed(case.loop.mean_influence(gain), values, walk.last) == walk.mean_influence()
            squared = _closed(case.loop.amplification_squared(gain), values, walk.last)
            assert squared == walk.amplification_squared()

    def test_recursive_stability(self, name):
        case = CASES[name]
        for walk, values, sensitivity in _runs(case):
            if walk.last == 0:
                continue
            gain = _rho(case.loop, sensitivity)
            closed = _closed(case.loop.recursive_stability(gain), values, walk.last)
            gamma = walk.kappa / walk.size(walk.last - 1) * closed
            empty = any(walk.size_of[pool] == 0 for pool in walk.plan.generations[0])
            # A class without points makes the closed form an upper bound.
            assert gamma >= walk.recursive_stability() if empty else gamma == walk.recursive_stability()

    def test_drift_of_the_bound(self, name):
        case = CASES[name]
        generic = stl.generators.Generator("g", stl.DISCRETE, kappa, e / N)
        drift = stl.in_expectation(stl.Setting(case.loop, generic, stl.learners.UniformlyStable(0, 1))).terms["drift"]
        for values, last in itertools.product(case.values, range(GENERATIONS + 1)):
            walk = run(case.loop, last, Fraction(1), exact(values))
            expected = walk.drift_by_lemma(lambda size: Fraction(3, 7) / size)
            assert _closed(drift.subs(e, sp.Rational(3, 7)), values, last) == expected

    def test_the_bound_in_doubles(self, name):
        """`Bound.evaluate_terms` against the recursions, in a generic setting."""
        loop = CASES[name].loop
        generic = stl.generators.Generator("g", stl.DISCRETE, kappa, e / N)
        bound = stl.high_probability(stl.Setting(loop, generic))
        for values, last, sensitivity in itertools.product(CASES[name].values, (0, 1, 5), (0.0, 1.0, 1.7)):
            given = {"b": 0.7, "M": 1.5, "e": 0.3, "delta": 0.05, "kappa": sensitivity, "n": int(values[n])}
            used = {symbol.name: float(value) for symbol, value in values.items()} | given | {"i": last}
            got = bound.evaluate_terms(**{s.name: used[s.name] for s in bound.symbols})
            walk = run(loop, last, Fraction(sensitivity), exact(values))
            size, spread = float(walk.size(last)), float(walk.amplification_squared()) ** 0.5
            assert got == pytest.approx({
                "drift": 1.5 * 0.3 * float(walk.drift_by_lemma(lambda points: 1 / points)),
                "bias": 0.7 / size * (1 + float(walk.mean_influence())),
                "concentration": spread * (2 * 0.7 + 1.5) * math.sqrt(math.log(2 / 0.05) / (2 * size)),
            }, rel=1e-12)

    def test_the_proof_verifies(self, name):
        generic = stl.generators.Generator("g", stl.DISCRETE, kappa, e / N)
        bound = stl.high_probability(stl.Setting(CASES[name].loop, generic))
        assert bound.proof.verify().checks > 10
        assert Proof(Lemmas(bound.setting).recursive_stability).verify().steps > 3

    def test_nothing_spreads_without_a_loop(self, name):
        case = CASES[name]
        for walk, values, sensitivity in _runs(case):
            if walk.last == 0 or sensitivity == 0:
                gain = _rho(case.loop, sensitivity)
                assert _closed(case.loop.mean_influence(gain), values, walk.last) == 0
                assert _closed(case.loop.amplification_squared(gain), values, walk.last) == 1

    def test_more_sensitivity_never_helps(self, name):
        case = CASES[name]
        for values in case.values:
            grid = []
            for sensitivity in KAPPAS:
                gain = _rho(case.loop, sensitivity)
                grid.append([_closed(case.loop.amplification_squared(gain), values, k) for k in range(8)])
            assert not case.rises or all(row == sorted(row) for row in grid)
            assert all(list(column) == sorted(column) for column in zip(*grid, strict=True))

    def test_identity_is_by_value(self, name):
        loop = CASES[name].loop
        assert replace(loop) == loop
        assert hash(replace(loop)) == hash(loop)

    def test_the_description_is_latex_without_a_full_stop(self, name):
        text = CASES[name].loop.describe(sp.latex)
        assert text.count("$") % 2 == 0
        assert not text.endswith(".")


@given(st.fractions(0, 1, max_denominator=40), st.fractions(0, 3, max_denominator=12), st.integers(0, 7),
       st.sampled_from(("replay", "fresh")))
def test_closed_forms_of_the_fixed_mix_at_any_fractions(proportion, sensitivity, last, real):
    loop = stl.loops.FixedMix(proportion, real=real)
    walk = run(loop, last, sensitivity, exact({n: sp.Integer(7)}))
    gain = loop.gain(sp.Rational(sensitivity))
    assert _fraction(loop.amplification_squared(gain).subs(i, last)) == walk.amplification_squared()
    assert _fraction(loop.mean_influence(gain).subs(i, last)) == walk.mean_influence()


@pytest.mark.parametrize("real", ["replay", "fresh"])
def test_only_real_data_is_no_loop(real):
    loop = stl.loops.FixedMix(1, real=real)
    assert loop.gain(kappa) == 0
    assert loop.amplification_squared(sp.S.Zero) == 1
    assert loop.mean_influence(sp.S.Zero) == 0
    assert loop.drift(e, i) in (e * stl.geometric_sum(0, i), 0)


def test_rows_of_theory_3_and_5():
    replay, fresh = CASES["fixed mix, replay"].loop, CASES["fixed mix, fresh"].loop
    geo = stl.geometric_sum
    assert replay.influence(replay.point_class("replayed"), i, rho) == geo(rho, i + 1)
    assert replay.influence(replay.point_class("initial"), i, rho) == rho**i
    assert replay.influence(replay.point_class("synthetic"), i - G, rho) == rho ** (i - G)
    assert fresh.influence(fresh.point_class("any"), i - G, rho) == rho ** (i - G)
    assert replay.mean_influence(rho) == alpha * rho * geo(rho, i)
    assert fresh.mean_influence(rho) == 0
    assert replay.amplification_squared(rho) == alpha * geo(rho, i + 1) ** 2 + (1 - alpha) * geo(rho**2, i + 1)
    assert fresh.amplification_squared(rho) == geo(rho**2, i + 1)
    assert replay.gain(kappa) == fresh.gain(kappa) == kappa * (1 - alpha)


@pytest.mark.parametrize(("proportion", "last", "expected"), [("1/4", 2, "1.9375"), ("1/2", 5, "2.54296875")])
def test_variance_factors_of_theory_11(proportion, last, expected):
    loop = stl.loops.FixedMix(Fraction(proportion))
    assert loop.amplification_squared(loop.gain(sp.S.One)).subs(i, last - 1) == sp.Rational(expected)


def test_replace_is_the_fixed_mix_without_real_data():
    assert stl.loops.Replace() == stl.loops.FixedMix(0, real="fresh")
    assert stl.loops.Replace().drift(e, i) == e * i


@pytest.mark.parametrize("value", [1.2, -0.1, kappa, 1 / alpha, float("nan"), float("inf"), "0.5", None, True, sp.I])
def test_alpha_must_provably_be_a_proportion(value):
    with pytest.raises(InvalidArgumentError, match="alpha"):
        stl.loops.FixedMix(value)


def test_alpha_must_be_made_of_declared_symbols():
    with pytest.raises(SymbolError, match="unknown symbol"):
        stl.loops.FixedMix(sp.Symbol("a_proportion", nonnegative=True))
    with pytest.raises(SymbolError, match="other assumptions"):
        stl.loops.FixedMix(sp.Symbol("alpha"))


@pytest.mark.parametrize("real", ["replayed", "", None])
def test_real_must_be_one_of_two_words(real):
    with pytest.raises(InvalidArgumentError, match="real"):
        stl.loops.FixedMix(alpha, real=real)


def test_floats_count_as_decimals():
    assert stl.loops.FixedMix(0.3).alpha == sp.Rational(3, 10)
    assert stl.loops.FixedMix(1e-12).alpha == sp.Rational(1, 10**12)
    assert stl.loops.FixedMix(alpha * 0.1).alpha == alpha / 10


def test_an_unknown_class_of_points():
    with pytest.raises(KeyError):
        stl.loops.FixedMix(alpha).point_class("imaginary")
