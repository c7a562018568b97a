"""Identities: what is proved is true, what is false is not proved, and the identities of the theory are proved."""

from __future__ import annotations

import mpmath
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from stlbounds.proof.identities import equal, vanishes
from stlbounds.special import geometric_sum as geo
from stlbounds.special import geometric_sum_mpmath
from stlbounds.symbols import G, K, M, N, alpha, b, c, declare, delta, i, kappa, lam, n, r, rho

FREE = declare("test_free", "any real number", low=-sp.oo)
HALF = sp.Rational(1, 2)

TRUE = [
    rho * geo(rho, i) + 1 - geo(rho, i + 1),
    geo(rho, i) + rho**i - geo(rho, i + 1),
    geo(rho, 3) - 1 - rho - rho**2,
    (1 - rho) * geo(rho, i) - 1 + rho**i,
    geo(rho, 2 * i) - geo(rho, i) * (1 + rho**i),
    geo(rho**2, i) * (1 + rho) - geo(rho, i) * (1 + rho**i),
    (1 - alpha) * geo(1 - alpha, i) + 1 - geo(1 - alpha, i + 1),
    geo((1 - alpha) ** 2, i + 1) - 1 - (1 - alpha) ** 2 * geo((1 - alpha) ** 2, i),
    rho ** (i + 2) - rho**2 * rho**i,
    (rho**2) ** i - (rho**i) ** 2,
    (kappa * (1 - alpha)) ** i - kappa**i * (1 - alpha) ** i,
    (1 - alpha**2) ** i - (1 - alpha) ** i * (1 + alpha) ** i,
    # Bases that are numbers.
    HALF * geo(HALF, i) + 1 - geo(HALF, i + 1),
    sp.Rational(7, 10) * geo(sp.Rational(7, 10), i) + 1 - geo(sp.Rational(7, 10), i + 1),
    sp.Integer(4) ** i - sp.Integer(2) ** (2 * i),
    sp.Rational(9, 4) ** i - sp.Rational(3, 2) ** (2 * i),
    sp.Integer(6) ** i - sp.Integer(2) ** i * sp.Integer(3) ** i,
    # Roots, alone and in bases.
    sp.sqrt((K - 1) / n) * sp.sqrt(n) - sp.sqrt(K - 1),
    kappa * sp.sqrt(n) * geo(kappa * sp.sqrt(n), i) + 1 - geo(kappa * sp.sqrt(n), i + 1),
    sp.sqrt(2) * geo(sp.sqrt(2), i) + 1 - geo(sp.sqrt(2), i + 1),
    (1 - sp.sqrt(alpha)) * geo(1 - sp.sqrt(alpha), i) + 1 - geo(1 - sp.sqrt(alpha), i + 1),
    sp.sqrt(1 + sp.sqrt(kappa)) ** 2 - 1 - sp.sqrt(kappa),
    (1 / sp.sqrt(1 + lam)) ** 2 * (1 + lam) - 1,
    # Functions are opaque, but the same everywhere.
    sp.log(2 / delta) * (2 * b + M) / n - 2 * b * sp.log(2 / delta) / n - M * sp.log(2 / delta) / n,
    sp.exp(-kappa) * (1 + rho) - sp.exp(-kappa) - rho * sp.exp(-kappa),
    2 * sp.Sum(rho ** (i - G), (G, 1, i)) - sp.Sum(rho ** (i - G), (G, 1, i)) * (1 + n / n),
    c * n ** (-r) * n**r - c,
    n ** (1 - r) - n * n ** (-r),
    (2 - 1 / N) / N - 2 / N + N**-2,
    sp.S.Zero,
]

FALSE = [
    geo(rho, i) - geo(rho, i + 1),
    rho * geo(rho, i) - geo(rho, i + 1),
    geo(rho, i) - i,
    geo(rho, i) - (1 - rho**i),
    geo(rho, i) + rho ** (i + 1) - geo(rho, i + 1),
    geo(rho**2, i) - geo(rho, i) ** 2,
    rho**i - rho ** (i + 1),
    rho**i - kappa**i,
    (rho**2) ** i - rho**i,
    HALF * geo(HALF, i) - geo(HALF, i + 1),
    sp.Integer(2) ** i - sp.Integer(3) ** i,
    sp.sqrt(n) - n,
    sp.sqrt(2) * geo(2, i) + 1 - geo(sp.sqrt(2), i + 1),
    sp.log(2 / delta) - sp.log(1 / delta),
    sp.sqrt(FREE**2) - FREE,
    sp.sqrt((1 - kappa) ** 2) - (1 - kappa),
    sp.Sum(rho ** (i - G), (G, 1, i)) - sp.Sum(rho ** (i - G), (G, 0, i)),
    n**-r - n**-c,
    1 + kappa,
    sp.nan,
    sp.zoo,
    sp.oo,
]


@pytest.mark.parametrize("expression", TRUE, ids=str)
def test_true_identities_are_proved(expression):
    assert vanishes(expression)


@pytest.mark.parametrize("expression", FALSE, ids=str)
def test_false_identities_are_not_proved(expression):
    assert not vanishes(expression)


def test_equal_knows_squares_of_nonnegative_numbers():
    phi = sp.sqrt(alpha * geo(rho, i + 1) ** 2 + (1 - alpha) * geo(rho**2, i + 1))
    assert equal(sp.sqrt(n * phi**2 * sp.log(2 / delta)), phi * sp.sqrt(n) * sp.sqrt(sp.log(2 / delta)))
    assert equal(sp.sqrt(kappa**2 + 2 * kappa + 1), kappa + 1)
    # Equal squares, but one of them has the other sign somewhere.
    assert not equal(sp.sqrt((1 - kappa) ** 2), 1 - kappa)
    assert not equal(1 - kappa, kappa - 1)
    assert not equal(kappa, -kappa)
    assert not equal(phi, phi + 1)


SYMBOLS = (alpha, kappa, i, n)
atoms = st.one_of(
    st.sampled_from((alpha, kappa, 1 - alpha, kappa * (1 - alpha), n, sp.sqrt(n), sp.S.One, HALF, sp.Integer(2))),
    st.builds(lambda base, shift: base ** (i + shift),
              st.sampled_from((kappa, 1 - alpha, kappa * (1 - alpha), HALF, sp.Integer(4), sp.sqrt(n))),
              st.integers(0, 2)),
    st.builds(lambda base, shift: geo(base, i + shift),
              st.sampled_from((kappa, 1 - alpha, kappa**2, HALF, kappa * sp.sqrt(n))), st.integers(0, 2)),
)
expressions = st.recursive(atoms, lambda children: st.one_of(
    st.builds(sp.Add, children, children), st.builds(sp.Mul, children, children),
    st.builds(lambda x: -x, children), st.builds(lambda x: x**2, children)), max_leaves=5)


def _rearranged(expression: sp.Expr) -> sp.Expr:
    """The same number in another form: expanded, with one term of each geometric sum split off."""
    return sp.expand(expression.replace(
        geo, lambda ratio, terms: geo(ratio, terms + 1) - ratio**terms if terms.has(i) else geo(ratio, terms)))


@settings(max_examples=40)
@given(expressions, expressions)
def test_what_vanishes_is_numerically_zero_and_rearrangements_vanish(left, right):
    assert vanishes(left - _rearranged(left))
    difference = left - right
    if not vanishes(difference):
        return
    function = sp.lambdify(SYMBOLS, difference, modules=[{"geometric_sum": geometric_sum_mpmath}, "mpmath"])
    size = sp.lambdify(SYMBOLS, left, modules=[{"geometric_sum": geometric_sum_mpmath}, "mpmath"])
    with mpmath.workdps(50):
        for point in ((0.0, 1.5, 0, 1), (0.3, 1.0, 4, 7), (1.0, 2.0, 3, 9), (0.5, 0.0, 2, 2), (0.75, 4.0, 5, 30)):
            values = [mpmath.mpf(value) for value in point]
            assert abs(function(*values)) <= mpmath.mpf(10) ** -40 * (1 + abs(size(*values)))


@settings(max_examples=40)
@given(expressions, st.sampled_from((1, -1, HALF, alpha, kappa, rho, geo(rho, i + 1))))
def test_a_planted_difference_is_found(expression, extra):
    assert not vanishes(expression - _rearranged(expression) + extra)


@pytest.mark.parametrize("kappa_value", [
    3 ** sp.Rational(1, 10), 10 * 3 ** sp.Rational(1, 10) / 9, 6 ** sp.Rational(1, 3),
    sp.sqrt(2) * 3 ** sp.Rational(1, 3)])
def test_roots_of_one_number_are_powers_of_one_variable(kappa_value):
    """A sensitivity such as ``3**(1/10)`` enters with its square, the fifth root, in the same identity."""
    ratio = kappa_value * (1 - alpha)
    step = 1 + ratio * geo(ratio, i + 1) - geo(ratio, i + 2)
    assert vanishes(step)
    assert vanishes(1 + ratio**2 * geo(ratio**2, i + 1) - geo(ratio**2, i + 2))
    assert not vanishes(step + kappa_value - kappa_value**2)


@pytest.mark.parametrize("base", [1 + 3 * sp.exp(2), (1 + kappa) * sp.exp(kappa) + kappa / 2])
@pytest.mark.parametrize("layers", [12, 1000])
def test_high_powers_of_sums_are_not_multiplied_out(base, layers):
    """The sensitivity of a deep transformer; in a polynomial of degree 1000 the identity took for ever."""
    ratio = (base**layers - 1) * (1 - alpha)
    assert vanishes(1 + ratio * geo(ratio, i + 1) - geo(ratio, i + 2))


def test_high_powers_of_sums_are_multiplied_out_where_it_takes_that():
    assert vanishes((1 + alpha) ** 5 - (1 + 2 * alpha + alpha**2) ** 2 * (1 + alpha))
    assert not vanishes((1 + alpha) ** 5 - (1 + alpha) ** 4)
