"""Enclosures contain every value: random expressions and bounds, random ranges and points, both arithmetics."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.compiled import mpmath_function
from stlbounds.errors import UndecidedError
from stlbounds.growth import growth, growth_sum
from stlbounds.interval.arithmetic import arithmetic
from stlbounds.interval.bounding import lower_bound
from stlbounds.interval.domain import Box
from stlbounds.interval.tape import compiled
from stlbounds.sequences import listed
from stlbounds.special import geometric_sum
from stlbounds.symbols import K, N, alpha, c, j, kappa, lam, r, w

BACKENDS = ("arb", "mpmath")
GENERIC = stl.generators.Generator("generic", stl.DISCRETE, kappa, c * N**-r)
LOOPS = (stl.loops.FixedMix(alpha), stl.loops.FixedMix(alpha, real="fresh"), stl.loops.Augment(lam),
         stl.loops.Accumulate(), stl.loops.Subsample(), stl.loops.WeightedMix(w), stl.loops.Schedule(1 / (j + 1)),
         stl.loops.Schedule([0.5, 0.4, 0.3]))
MODELS = (GENERIC, stl.generators.Categorical(K))

#: By name: how a value is drawn (a number with few digits), spread over the orders of magnitude that matter.
DRAWS: dict[str, Any] = {
    "n": lambda rng: Fraction(int(10 ** rng.uniform(0, 12))), "i": lambda rng: Fraction(rng.randint(0, 12)),
    "K": lambda rng: Fraction(rng.randint(1, 50)), "alpha": lambda rng: _unit(rng), "w": lambda rng: _unit(rng),
    "delta": lambda rng: max(_unit(rng), Fraction(1, 10**300)) * Fraction(999, 1000),
}


def _unit(rng: random.Random) -> Fraction:
    return rng.choice((Fraction(0), Fraction(1), Fraction(str(10 ** rng.uniform(-12, 0))), Fraction(str(rng.random()))))


def _positive(rng: random.Random) -> Fraction:
    return rng.choice((Fraction(0), Fraction(1), Fraction(str(10 ** rng.uniform(-4, 1.7)))))


@cache
def bounds() -> tuple[sp.Expr, ...]:
    found = []
    for loop in LOOPS:
        for model in MODELS:
            bound = stl.high_probability(stl.Setting(loop, model))
            found += [bound.expr, *bound.terms.values()]
    return tuple(dict.fromkeys(found))


X, Y = sp.symbols("x y", real=True)
LAST, J = sp.symbols("test_i test_j", integer=True, nonnegative=True)
#: Every function that has an enclosure, with ranges of its arguments.
SPECIAL: tuple[tuple[sp.Expr, dict[sp.Symbol, tuple[float, float]]], ...] = (
    (geometric_sum(X, LAST), {X: (0, 1.5), LAST: (0, 30)}),
    (geometric_sum(1 - X, LAST), {X: (0, 1e-9), LAST: (0, 10**6)}),
    (geometric_sum(X, LAST) - LAST * X, {X: (0.9, 1.1), LAST: (0, 12)}),
    (growth(X, J, J + LAST), {X: (0, 5), J: (0, 9), LAST: (0, 30)}),
    (growth_sum(X, LAST, 2), {X: (0, 4), LAST: (0, 9)}), (growth_sum(X, LAST, 1, 1), {X: (0, 4), LAST: (0, 9)}),
    (listed(LAST, X, X**2, Y), {X: (-1, 2), Y: (0, 1), LAST: (1, 5)}), (X**LAST, {X: (-2, 2), LAST: (0, 9)}),
    (X**Y, {X: (0, 3), Y: (0, 4)}), (X**-3, {X: (-2, 2)}), (X**sp.Rational(-3, 2), {X: (0, 4)}),
    (sp.exp(X * Y) - X, {X: (-3, 3), Y: (-3, 3)}), (sp.log(X) * X, {X: (0, 3)}), (sp.tanh(X) - sp.erf(X), {X: (-5, 5)}),
    (sp.gamma(X), {X: (0.1, 6)}), (sp.zeta(1 + X), {X: (0.01, 9)}), (sp.harmonic(LAST), {LAST: (0, 20)}),
    (sp.Max(X, Y**2, 1) - sp.Min(X, Y), {X: (-2, 3), Y: (-2, 3)}),
    (sp.Abs(X - Y), {X: (-2, 3), Y: (-2, 3)}), (sp.Sum(X**J / (J + 1), (J, 0, LAST)), {X: (-1, 2), LAST: (0, 9)}),
    (sp.Product(1 - X / (J + 2), (J, 1, LAST)), {X: (-1, 4), LAST: (1, 9)}),
    (sp.Piecewise((X, sp.Eq(LAST, 0)), (X**2 * LAST, True)), {X: (-1, 4), LAST: (0, 5)}),
    (sp.Piecewise((X, X < 1), (2 - X, X <= 2), (0, True)), {X: (-1, 4)}),
    (sp.pi * X + sp.E * sp.sqrt(2) - sp.EulerGamma, {X: (-1, 1)}), (X**7 - 3 * X**4 + X / 7, {X: (-2, 2)}),
)


def _box(rng: random.Random, expression: sp.Expr, declared: dict[sp.Symbol, tuple[float, float]] | None) -> Box:
    symbols = tuple(sorted(expression.free_symbols, key=str))
    low, high = [], []
    for symbol in symbols:
        if declared is not None:
            a, b = (Fraction(str(round(rng.uniform(*declared[symbol]), 12))) for _ in range(2))
            if symbol.is_integer:
                a, b = Fraction(round(a)), Fraction(round(b))
        else:
            draw = DRAWS.get(symbol.name, _positive)
            a, b = draw(rng), draw(rng)
        if rng.random() < 0.35:
            b = a
        elif rng.random() < 0.3 and not symbol.is_integer:
            b = a + abs(b - a) / 10**6
        low.append(min(a, b))
        high.append(max(a, b))
    return Box(symbols, tuple(low), tuple(high), tuple(bool(symbol.is_integer) for symbol in symbols))


def _inside(rng: random.Random, box: Box) -> tuple[Fraction, ...]:
    found = []
    for a, b, whole in zip(box.low, box.high, box.integer, strict=True):
        if whole:
            found.append(Fraction(rng.randint(int(a), int(b))))
        else:
            found.append(rng.choice((Fraction(a), Fraction(b), Fraction(a) + (Fraction(b) - Fraction(a))
                                     * Fraction(rng.randint(0, 1000), 1000))))
    return tuple(found)


def _value(expression: sp.Expr, box: Box, point: tuple[Fraction, ...]) -> Any:
    """The value to 60 digits, or None where there is no real one."""
    function = mpmath_function(expression, box.symbols)
    try:
        value = function(*(mpmath.mpf(part.numerator) / part.denominator for part in point))
    except (ZeroDivisionError, ValueError, OverflowError):
        return None
    value = mpmath.mpmathify(value)
    return value if isinstance(value, mpmath.mpf) and mpmath.isfinite(value) else None


def _ends(value: Any) -> tuple[mpmath.mpf, mpmath.mpf]:
    low, high = ((mpmath.mpf(end.numerator) / end.denominator) if isinstance(end, Fraction) else mpmath.mpf(end)
                 for end in value)
    return low, high


def contained(seed: int, boxes: int, points: int, cases: tuple[Any, ...]) -> tuple[int, list[float]]:
    """How many values were compared, and the widths of the enclosures relative to the values."""
    rng = random.Random(seed)
    compared, widths = 0, []
    for _ in range(boxes):
        expression, declared = rng.choice(cases)
        box = _box(rng, expression, declared)
        numbers = arithmetic(rng.choice(BACKENDS))  # type: ignore[arg-type]
        tape = compiled(expression, box.symbols)
        try:
            with numbers.working():
                natural = tape.run(numbers, box.intervals(numbers))[0]
                low = lower_bound(tape, numbers, box).low
                high = -lower_bound(compiled(-expression, box.symbols), numbers, box).low
                found = [tuple(map(numbers.exact, natural)), (numbers.exact(low), numbers.exact(high))]
        except UndecidedError:
            continue
        with mpmath.workdps(62):
            for _ in range(points):
                point = _inside(rng, box)
                value = _value(expression, box, point)
                if value is None:
                    continue
                compared += 1
                slack = abs(value) * mpmath.mpf(10) ** -55 + mpmath.mpf(10) ** -400
                for below, above in map(_ends, found):
                    assert below - slack <= value <= above + slack, (expression, box, point, numbers.name)
            if all(map(math.isfinite, found[1])) and value is not None and value != 0:
                widths.append(float((found[1][1] - found[1][0]) / abs(float(value))) if abs(value) > 1e-300 else 0.0)
    return compared, widths


def test_every_function_is_enclosed():
    compared, _ = contained(1, 200, 4, SPECIAL)
    assert compared > 600


@pytest.mark.slow
def test_every_bound_is_enclosed():
    compared, _ = contained(2, 70, 4, tuple((bound, None) for bound in bounds()))
    assert compared > 200


@pytest.mark.slow
def test_a_hundred_thousand_values_are_enclosed():
    # Values of whole bounds to 60 digits take long; most of the points go to the functions that they are made of.
    cases = (*SPECIAL * 6, *((bound, None) for bound in bounds()))
    compared, widths = contained(3, 2300, 50, cases)
    assert compared >= 100_000
    # Half of the boxes have a point or a millionth for a range: the median enclosure is narrow.
    assert sorted(widths)[len(widths) // 10] < 1e-5


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(("generations", "ratios"), [(40, 70), (700, 3)])
def test_a_sum_over_generations_goes_on_with_the_recursion_of_the_last_one(name, generations, ratios, monkeypatch):
    """Each sum of growth began again at generation 0, which took half a minute for a range of subsample's bounds."""
    index, count = sp.Symbol("_k", integer=True, nonnegative=True), sp.Symbol("i", integer=True, nonnegative=True)
    tape = compiled(sp.Sum(growth_sum(kappa, index, 2), (index, 0, count)), (count, kappa))
    numbers, calls = arithmetic(name, 96), []
    power, point = numbers.power_integer, numbers.point
    monkeypatch.setattr(numbers, "power_integer", lambda *given: (calls.append(given), power(*given))[1])
    monkeypatch.setattr(numbers, "point", lambda *given: (calls.extend([given] * 1000), point(*given))[1])
    with numbers.working():
        for number in range(ratios):
            ratio = Fraction(number, 10)
            with mpmath.workdps(60):
                total = exact = mpmath.mpf(1)
                for m in range(1, generations + 1):
                    total = (1 + mpmath.mpf(ratio.numerator) / (ratio.denominator * m)) ** 2 * total + 1
                    exact += total
                exact = Fraction(str(exact))
            # The second time it begins again, from the first generations.
            for _ in range(2):
                value = tape.run(numbers, [numbers.number(generations), numbers.number(ratio)])[0]
                low, high = (Fraction(numbers.exact(end)) for end in value)
                assert low <= exact * (1 + Fraction(1, 10**50)) and exact * (1 - Fraction(1, 10**50)) <= high
                assert high - low <= exact / 10**20
    assert len(calls) <= 6 * ratios * generations
    assert len(numbers.memory) <= 64
