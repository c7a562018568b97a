"""Sums of powers by zeta functions: against their terms, and where they are recognised."""

from __future__ import annotations

import random
from fractions import Fraction

import flint
import mpmath
import pytest
import sympy as sp

from stlbounds.interval.arb_arithmetic import power_sum as by_arb
from stlbounds.interval.arithmetic import arithmetic
from stlbounds.interval.tape import compiled
from stlbounds.power_sums import in_power_sums, power_sum, power_sum_mpmath
from stlbounds.symbols import J, c, i, kappa, n, r

SPECIAL = (0.0, 0.5, 1.0, 2.0, 1 + 2.0**-52, 1e-17, 1e-300)


@pytest.mark.parametrize("t", [0, 1])
def test_it_is_the_sum_of_its_terms(t):
    rng = random.Random(t)
    exponents = [*SPECIAL, *(rng.uniform(0, 3) for _ in range(8)), *(rng.uniform(0, 60) for _ in range(4))]
    for number, s in enumerate(exponents):
        first, last = rng.choice((1, 2, 5, 700)), rng.choice((0, 3, 600, 2000))
        with flint.ctx.workprec(230):
            value = by_arb(flint.arb(s), first, last, t)
        with flint.ctx.workprec(300):
            exact = sum((flint.arb(m) ** (-flint.arb(s)) / (m + 1) ** t for m in range(first, last + 1)), flint.arb(0))
        assert value.overlaps(exact) and (exact.is_zero() or value.rel_accuracy_bits() > 200), (s, first, last)
        if number % 5 == 0:
            with mpmath.workdps(30):
                true = mpmath.mpf(exact.mid().str(50, radius=False))
                assert abs(power_sum_mpmath(s, first, last, t) - true) <= abs(true) * mpmath.mpf(10) ** -28


@pytest.mark.parametrize(("series", "short"), [
    (sp.Sum(c / ((n * (J + 1)) ** r * (J + 2)), (J, 0, i - 1)), c * n**-r * power_sum(r, 1, i, 1)),
    (sp.Sum(c * n**-r / (J + 2), (J, 0, i - 1)), c * n**-r * power_sum(1, 2, i + 1, 0)),
    (sp.Sum(0 * J, (J, 0, i)), sp.S.Zero)])
def test_drifts_are_recognised(series, short):
    assert sp.expand(in_power_sums(series) - short) == 0
    at = {c: 2, n: 3, r: sp.Rational(1, 2), i: 6}
    plain = short.replace(power_sum, lambda *parts: power_sum(*parts).doit())
    assert abs(sp.N((series - plain).subs(at).doit())) < 1e-12


@pytest.mark.parametrize("function", [kappa**J, 1 / (J + kappa), (J + 1) ** J, 1 / (J + 1) / (J + 3), 1 / J, J + 1])
def test_what_is_no_such_sum_is_left_alone(function):
    series = sp.Sum(function, (J, 0, i))
    assert in_power_sums(series) == series


@pytest.mark.parametrize("name", ["arb", "mpmath"])
def test_enclosures_and_slopes(name):
    s, last = sp.Symbol("s", nonnegative=True), sp.Symbol("last", integer=True, nonnegative=True)
    tape, numbers = compiled(power_sum(s, 1, last, 1), (last, s)), arithmetic(name)

    def value(exponent: float, end: int) -> float:
        return sum(m**-exponent / (m + 1) for m in range(1, end + 1))

    for low, high in ((0, 0), (3, 7), (590, 600)):
        with numbers.working():
            box = [numbers.interval(Fraction(low), Fraction(high)), numbers.interval(Fraction(1, 2), Fraction(3, 5))]
            (below, above), slopes = tape.run(numbers, box, (0, 1))
            ends = [tuple(float(numbers.exact(end)) for end in part) for part in ((below, above), *slopes)]
        assert ends[0] == pytest.approx((value(0.6, low), value(0.5, high)), rel=1e-12, abs=1e-300)
        for end in {low, max(low, high - 1)}:
            assert ends[1][0] * (1 - 1e-9) <= value(0.55, end + 1) - value(0.55, end) <= ends[1][1] * (1 + 1e-9)
        slope = (value(0.5501, low) - value(0.55, low)) / 1e-4
        assert ends[2][0] <= slope <= ends[2][1] <= 1e-12
