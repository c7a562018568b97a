"""The numeric checks find planted failures: at random points, end points, removable singularities and in the limit."""

from __future__ import annotations

import itertools
import random

import mpmath
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from stlbounds.errors import SymbolError
from stlbounds.proof.checks import failing_point, sample_points, values_of
from stlbounds.proof.claim import Check
from stlbounds.proof.quantities import D, Distance, Gap, Influence, Sensitivity, Str
from stlbounds.special import geometric_sum as geo
from stlbounds.symbols import G, J, K, M, N, alpha, b, c, declare, delta, entry, i, kappa, n, r, rho

SMALL = declare("test_small", "a narrow range", low=sp.Rational(1, 3), high=sp.Rational(1, 2))
FEW = declare("test_few", "three integers", low=-1, high=1, integer=True)
WHOLE = declare("test_whole", "any integer", low=-sp.oo, integer=True)
REAL = declare("test_any", "any real number", low=-sp.oo)
LARGE = declare("test_large", "a large number", low=5000)
IRRATIONAL = declare("test_irrational", "an irrational end", high=sp.sqrt(2))
BELOW = declare("test_below", "a negative number", low=-sp.oo, high=-2000)
DECLARED = (alpha, kappa, delta, n, i, SMALL, FEW, WHOLE, REAL, LARGE, IRRATIONAL, BELOW)

TRUE = [
    Check(1 - alpha, sp.S.One),
    Check(geo(rho, i), geo(rho, i + 1)),
    Check(geo(rho, i + 1), 1 + rho * geo(rho, i), "="),
    Check(geo(1 - alpha, i), i),
    Check(alpha * geo(1 - alpha, i), sp.S.One),
    Check(sp.S.Zero, sp.log(2 / delta)),
    Check(sp.log(1 / delta), sp.log(2 / delta)),
    Check((1 - alpha) ** i, sp.S.One),
    Check(sp.sqrt(geo(rho**2, i)), geo(rho, i)),
    Check(1 / n, sp.S.One),
    Check(sp.Sum(rho ** (i - G), (G, 1, i)), geo(rho, i), "="),
    Check(sp.Sum(1 / G, (G, 1, i)), i),
    Check(Gap(i), 2 * Gap(i)),
    Check(SMALL, sp.S.Half),
    Check(1 / SMALL, sp.Integer(3)),
    Check(sp.S.Zero, FEW**2),
    Check(WHOLE, WHOLE + 1),
    Check(REAL, REAL + 1),
    Check(sp.Integer(5000), LARGE),
    Check(IRRATIONAL**2, sp.Integer(2)),
    Check(BELOW, sp.Integer(-2000)),
    Check(kappa, kappa, "="),
]

#: What is false, and the value of one symbol that a counterexample must have (None: any).
FALSE = [
    (Check(alpha, sp.S.Half), None),
    (Check(rho**i, rho ** (i + 1)), None),
    (Check(geo(rho, i + 1), rho * geo(rho, i), "="), None),
    (Check(kappa**2, kappa), None),
    # Only at an end point, or next to it.
    (Check(alpha, 1 - sp.Rational(1, 10**9)), alpha),
    (Check(sp.Rational(1, 10**9), alpha), alpha),
    (Check(sp.S.One, n - 1), n),
    (Check(sp.S.One, i), i),
    # Undefined at an admissible point.
    (Check(sp.S.Zero, 1 / alpha), alpha),
    (Check((1 - (1 - alpha) ** i) / alpha, geo(1 - alpha, i), "="), alpha),
    (Check(1 / (1 - alpha), sp.oo), alpha),
    (Check((1 - rho**i) / (1 - rho), geo(rho, i), "="), rho),
    (Check(sp.S.Zero, geo(1 - alpha, i) / i), i),
    (Check(sp.S.Zero, sp.sqrt(alpha - delta)), None),
    (Check(sp.S.Zero, (kappa - 1) ** sp.S.Half), None),
    # Only in the limit.
    (Check(kappa, sp.Integer(900)), kappa),
    (Check(i, sp.Integer(10**5)), i),
    (Check(n, sp.Integer(10**5)), n),
    (Check(geo(1 - alpha, i), sp.Integer(1000)), i),
    (Check(n * sp.exp(-kappa), n * sp.Rational(1, 10**300)), None),
    (Check(sp.Sum(sp.S.One, (G, 1, i)), sp.Integer(25)), i),
    (Check(sp.Rational(1, 10**5), 1 / n), n),
    # Equalities that are almost true.
    (Check(geo(rho, i), geo(rho, i) * (1 + sp.Rational(1, 10**25)), "="), None),
    (Check(sp.sqrt(2) * n, sp.Rational(14142135623730950488, 10**19) * n, "="), None),
    # Quantities stand for any nonnegative numbers, two different ones for two different numbers.
    (Check(2 * Gap(i), Gap(i)), None),
    (Check(Sensitivity(n), Sensitivity(N)), None),
    (Check(Influence(Str("a"), G, J), Influence(Str("b"), G, J), "="), None),
    (Check(Distance(D(0), D(J)), sp.S.One), None),
    # Other ranges.
    (Check(REAL, sp.S.Zero), REAL),
    (Check(sp.S.Zero, REAL), REAL),
    (Check(sp.S.Zero, WHOLE), WHOLE),
    (Check(WHOLE, sp.S.Zero), WHOLE),
    (Check(SMALL, sp.Rational(4999999, 10**7)), SMALL),
    (Check(sp.Rational(33333334, 10**8), SMALL), SMALL),
    (Check(FEW, sp.S.Zero), FEW),
    (Check(sp.S.Zero, FEW), FEW),
]


@pytest.mark.parametrize("check", TRUE, ids=lambda check: f"{check.lhs}{check.relation}{check.rhs}")
def test_true_facts_pass(check):
    assert failing_point(check) is None


@pytest.mark.parametrize(("check", "culprit"), FALSE, ids=lambda part: f"{part.lhs}{part.relation}{part.rhs}"
                         if isinstance(part, Check) else "")
def test_planted_failures_are_found(check, culprit):
    found = failing_point(check)
    assert found is not None
    assert {"left side", "right side"} < set(found)
    assert culprit is None or culprit.name in found


@pytest.mark.parametrize("check", [check for check, _ in FALSE[:12]])
def test_the_same_failure_is_found_every_time(check):
    assert failing_point(check) == failing_point(check)


def test_other_seeds_find_it_too():
    for seed in range(5):
        assert failing_point(Check(geo(rho, i + 1), 1 + rho**2 * geo(rho, i), "="), seed) is not None
        assert failing_point(Check(geo(rho, i + 1), 1 + rho * geo(rho, i), "="), seed) is None


def test_the_reported_values_show_the_failure():
    found = failing_point(Check(2 * kappa, kappa))
    assert float(found["left side"]) == pytest.approx(2 * float(found["kappa"]))
    assert float(found["right side"]) == pytest.approx(float(found["kappa"]))


def test_many_symbols_still_meet_all_their_end_points():
    """With too many corners for all, a random choice of them must still refute what fails at most of them."""
    total = alpha + kappa + delta + r + c + b + M
    assert failing_point(Check(total, total * (1 - alpha) + 1)) is not None
    assert failing_point(Check(sp.S.Zero, total / (1 - alpha))) is not None


def test_an_undeclared_symbol_is_an_error():
    nobody = sp.Symbol("nobody", nonnegative=True)
    with pytest.raises(SymbolError, match="unknown symbol"):
        failing_point(Check(nobody, nobody + 1))


@pytest.mark.parametrize("symbol", DECLARED)
def test_sample_points_are_admissible_and_reach_the_ends(symbol):
    with mpmath.workdps(50):
        values = [value for (value,) in sample_points([symbol], random.Random(0), far=10**6)]
        allowed, tiny = entry(symbol).range, mpmath.mpf(10) ** -40
        for value in values:
            assert mpmath.isfinite(value)
            assert not allowed.integer or value == int(value)
        for end, is_open, within in ((allowed.low, allowed.low_open, lambda value, end: value >= end - tiny),
                                     (allowed.high, allowed.high_open, lambda value, end: value <= end + tiny)):
            if end.is_finite:
                number = mpmath.mpf(str(end.n(50)))
                assert all(within(value, number) for value in values)
                assert is_open or any(abs(value - number) < tiny for value in values)
    assert len(set(values)) >= (3 if symbol == FEW else 10)


def test_sample_points_of_two_symbols_are_all_corners_first():
    points = list(itertools.islice(sample_points([alpha, kappa], random.Random(0)), 25))
    assert {(0, 0), (1, 0), (0, 1), (1, 1)} <= {(float(x), float(y)) for x, y in points}


def test_values_of_dummies():
    assert (values_of(sp.Dummy(nonnegative=True)).low, values_of(sp.Dummy(integer=True)).integer) == (0, True)
    assert values_of(sp.Dummy(real=True)).low == -sp.oo


@settings(max_examples=30)
@given(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 2), st.sampled_from((alpha, kappa, K, i)))
def test_polynomial_inequalities_are_never_passed_wrongly(first, second, power, symbol):
    """Against the truth by calculus: ``first x**(power+1) + second x >= 0`` on the range of ``x``."""
    expression = first * symbol ** (power + 1) + second * symbol
    grid = [entry(symbol).range.low + sp.Rational(k, 4) * (1 if symbol != alpha else sp.Rational(1, 16))
            for k in range(65)]
    admissible = [value for value in grid if entry(symbol).range.contains(value)]
    truth = all(expression.subs(symbol, value) >= 0 for value in admissible) and (
        symbol == alpha or sp.limit(expression, symbol, sp.oo) >= 0)
    assert (failing_point(Check(sp.S.Zero, expression)) is None) == truth
