"""Enclosures of bounds over ranges: they contain every value, are narrow, and refuse what they cannot answer."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import InvalidArgumentError, SymbolError, UndecidedError
from stlbounds.interval.arithmetic import arithmetic
from stlbounds.numeric.enclose import Enclosure, decimal_text, enclose
from stlbounds.symbols import K, alpha, i, lam, w

VALUES = {"n": 1000, "K": 20, "i": 10, "delta": 0.05, "M": 1, "b": 1}


def _bound(loop):
    return stl.high_probability(stl.Setting(loop, stl.generators.Categorical(K)))


def _given(bound, **changed):
    return {name: value for name, value in {**VALUES, **changed}.items() if name in {str(s) for s in bound.symbols}}


@pytest.mark.parametrize("name", ["arb", "mpmath"])
class TestBothArithmetics:
    """What holds whichever intervals are used."""

    @pytest.mark.parametrize(("loop", "ranges"), [
        (stl.loops.FixedMix(alpha), {"alpha": (0.1, 0.2)}),
        (stl.loops.FixedMix(alpha, real="fresh"), {"alpha": (0.1, 0.2)}),
        (stl.loops.Augment(lam), {"lam": (0.5, 0.7)}), (stl.loops.Accumulate(), {"n": (500, 1000)}),
        (stl.loops.Subsample(), {"delta": (0.01, 0.1)}), (stl.loops.WeightedMix(w), {"w": (0.1, 0.2)}),
        (stl.loops.FixedMix(alpha), {"alpha": (0.1, 0.2), "n": (1000, 2000), "i": (5, 10)}),
    ])
    def test_it_is_narrow_within_sixteen_boxes_and_contains_values(self, name, loop, ranges):
        bound = _bound(loop)
        given = _given(bound, **ranges)
        found = bound.enclose(arithmetic=name, **given)
        assert found.boxes <= 16 and found.arithmetic == name
        reach = found.inner[1] - found.inner[0]
        assert reach > 0 and found.width <= Fraction(101, 100) * reach
        rng = random.Random(5)
        for _ in range(10):
            point = {key: (value if not isinstance(value, tuple) else
                           rng.randint(*value) if key in ("n", "i") else round(rng.uniform(*value), 6))
                     for key, value in given.items()}
            assert bound.evaluate(digits=40, **point) in found

    def test_numbers_give_digits(self, name):
        bound = _bound(stl.loops.FixedMix(alpha))
        given = _given(bound, alpha=0.1)
        found = bound.enclose(digits=50, arithmetic=name, **given)
        assert bound.evaluate(digits=60, **given) in found
        assert found.width < Fraction(found.upper) / 10**50

    def test_a_width_is_reached_or_refused(self, name):
        wiggle = alpha * (1 - alpha) ** i * (1 + i * alpha) - alpha**2 * (1 - alpha) / 3
        domain = {"alpha": (0, 1), "i": (0, 8)}
        rough = enclose(wiggle, domain, arithmetic_name=name)
        found = enclose(wiggle, domain, relative_width=0.001, arithmetic_name=name)
        assert found.excess <= 0.001 * (found.inner[1] - found.inner[0]) < rough.excess
        assert rough.lower <= found.lower <= found.upper <= rough.upper
        assert enclose(wiggle, domain, width=1e-4, arithmetic_name=name).excess <= 1e-4
        with pytest.raises(UndecidedError, match="wider than the range"):
            enclose(wiggle, domain, width=1e-25, budget=0.05, arithmetic_name=name)

    def test_rationals_are_not_rounded_on_the_way_in(self, name):
        third = enclose(3 * alpha - 1, {"alpha": sp.Rational(1, 3)}, arithmetic_name=name)
        assert third.contains(0) and third.width < Fraction(1, 10**25)
        tenth = enclose(alpha, {"alpha": 0.1}, arithmetic_name=name)
        assert Fraction(1, 10) in tenth and Fraction(0.1) not in tenth, "0.1 is a tenth, not the double next to it"

    def test_infinite_values(self, name):
        found = enclose(1 / alpha, {"alpha": (0, 1)}, arithmetic_name=name)
        assert found.upper == math.inf and found.lower <= 1 and sp.oo in found and -sp.oo not in found
        assert found.text(3) == "[1, inf]"


def test_integers_are_honoured():
    found = enclose((i - sp.Rational(5, 2)) ** 2, {"i": (0, 5)}, width=1e-9)
    assert found.lower == Fraction(1, 4), "2.5 is no number of generations"


@pytest.mark.parametrize(("value", "digits", "upwards", "text"), [
    (Fraction(1, 3), 4, False, "0.3333"), (Fraction(1, 3), 4, True, "0.3334"), (Fraction(-1, 3), 4, False, "-0.3334"),
    (Fraction(-1, 3), 4, True, "-0.3333"), (Fraction(5), 3, True, "5"), (math.inf, 3, True, "inf"),
    (Fraction(1, 10**400), 3, False, "1E-400"),
])
def test_decimals_are_rounded_outwards(value, digits, upwards, text):
    assert decimal_text(value, digits, upwards=upwards) == text


@pytest.mark.parametrize(("change", "error", "match"), [
    ({"alpha": (0.2, 0.1)}, InvalidArgumentError, "alpha"), ({"alpha": (0.5, 2)}, InvalidArgumentError, "alpha"),
    ({"n": None}, InvalidArgumentError, "n"), ({"wrong": 1}, SymbolError, "wrong does not occur"),
    ({"digits": 0}, InvalidArgumentError, "digits"), ({"boxes": 1}, InvalidArgumentError, "boxes"),
    ({"width": -1}, InvalidArgumentError, "width"), ({"arithmetic": "float"}, InvalidArgumentError, "arithmetic"),
    ({"alpha": (0.1, 0.2, 0.3)}, InvalidArgumentError, "pair"), ({"i": ()}, InvalidArgumentError, "pair"),
    ({"alpha": np.array([0.1, 0.2])}, InvalidArgumentError, "arrays are for enclose_grid"),
    ({"i": np.array([1, 2])}, InvalidArgumentError, "arrays are for enclose_grid"),
])
def test_bad_arguments(change, error, match):
    bound = _bound(stl.loops.FixedMix(alpha))
    given = {**_given(bound, alpha=0.5), **change}
    given = {name: value for name, value in given.items() if value is not None}
    with pytest.raises(error, match=match):
        bound.enclose(**given)


def test_a_schedule_ends():
    bound = _bound(stl.loops.Schedule([0.5, 0.4, 0.3]))
    assert isinstance(bound.enclose(**_given(bound, i=(0, 3))), Enclosure)
    with pytest.raises(InvalidArgumentError, match="schedule ends"):
        bound.enclose(**_given(bound, i=(0, 4)))


def test_arithmetics_by_name():
    assert arithmetic().name == "arb" and arithmetic("mpmath").name == "mpmath"
    with pytest.raises(InvalidArgumentError, match="bits"):
        arithmetic(bits=3)


@pytest.mark.parametrize("name", ["arb", "mpmath"])
def test_numbers_beyond_doubles(name):
    kappa = stl.symbols.kappa
    mine = stl.generators.Generator("mine", stl.DISCRETE, kappa, stl.symbols.c * stl.symbols.N**-stl.symbols.r)
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), mine))
    point = {"kappa": 2, "c": 1, "r": 0.5, "n": 100, "alpha": 0.25, "i": 3, "b": 1, "M": 1, "delta": 0.05}
    far = bound.enclose(arithmetic=name, **point | {"n": (1, 10**400)})
    assert bound.evaluate(digits=20, **point | {"n": 10**400}) in far
    assert bound.evaluate(digits=20, **point | {"n": 10**200}) in far
    large = bound.enclose(arithmetic=name, relative_width=0.01, **point | {"kappa": (40, 50), "i": 1000})
    assert bound.evaluate(digits=20, **point | {"kappa": 45, "i": 1000}) in large and "E+" in large.text()
