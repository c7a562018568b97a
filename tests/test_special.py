"""Geometric sums: exact, in doubles next to the removable singularity, and to any number of digits."""

from __future__ import annotations

import warnings
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import example, given
from hypothesis import strategies as st

from stlbounds.special import (
    geometric_sum,
    geometric_sum_array,
    geometric_sum_from_one,
    geometric_sum_from_one_array,
    geometric_sum_from_one_math,
    geometric_sum_from_one_mpmath,
    geometric_sum_math,
    geometric_sum_mpmath,
)
from stlbounds.symbols import K, alpha, i, rho

LARGEST = Fraction(np.finfo(float).max)
HALF = sp.Rational(1, 2)


def _direct(ratio: Fraction, terms: int) -> Fraction:
    """``1 + r + ... + r**(k-1)``, added up."""
    total, power = Fraction(0), Fraction(1)
    for _ in range(terms):
        total += power
        power *= ratio
    return total


ratios = st.one_of(
    st.floats(0, 10),
    st.floats(0, 1),
    st.builds(lambda sign, size: 1 + sign * 10.0**size, st.sampled_from((-1, 1)), st.floats(-17, -1)),
)


@given(ratios, st.integers(0, 60))
@example(1 + 1e-14, 60)
@example(1 - 1e-14, 60)
@example(1 + 1e-12, 60)
@example(1 - 1e-12, 60)
@example(1.0, 60)
@example(0.0, 60)
@example(0.0, 0)
@example(0.0, 1)
@example(1.0, 0)
@example(5e-324, 7)
def test_doubles_agree_with_direct_summation(ratio, terms):
    expected = _direct(Fraction(ratio), terms)
    got = geometric_sum_array(ratio, terms)
    assert abs(Fraction(float(got)) - expected) <= expected * (Fraction(1, 10**13) + Fraction(4 * terms, 2**53))


@pytest.mark.parametrize("offset", [1e-15, 1e-14, 1e-13, 1e-12, 1e-10, 1e-8, 1e-6, 1e-3])
@pytest.mark.parametrize("terms", [1, 2, 1000, 10**6, 10**9])
@pytest.mark.parametrize("sign", [-1, 1])
def test_doubles_next_to_the_removable_singularity(offset, terms, sign):
    ratio = 1 + sign * offset
    with mpmath.workdps(60):
        exact = (1 - mpmath.mpf(ratio) ** terms) / (1 - mpmath.mpf(ratio))
        if exact < mpmath.mpf(float(LARGEST)):
            assert abs(geometric_sum_array(ratio, terms) - exact) <= exact * (1e-13 + 4 * terms * mpmath.mpf(2) ** -53)
        else:
            assert geometric_sum_array(ratio, terms) == np.inf


@given(st.floats(1.001, 1e4), st.floats(0.9, 1.2))
def test_there_is_no_early_overflow(ratio, fraction):
    """Around the largest double, ``r**k`` overflows before the sum does."""
    terms = int(fraction * np.log(np.finfo(float).max) / np.log(ratio)) + 1
    with mpmath.workdps(40):
        exact = (1 - mpmath.mpf(ratio) ** terms) / (1 - mpmath.mpf(ratio))
        got = float(geometric_sum_array(ratio, terms))
        tolerance = exact * (1e-12 + 4 * terms * mpmath.mpf(2) ** -53)
        if exact + tolerance < mpmath.mpf(float(LARGEST)):
            assert abs(got - exact) <= tolerance
        elif exact - tolerance > mpmath.mpf(float(LARGEST)):
            assert got == np.inf


@given(ratios, st.integers(0, 60))
@example(1 + 1e-14, 60)
@example(1 - 1e-14, 60)
@example(0.0, 0)
def test_python_floats_agree_with_direct_summation(ratio, terms):
    expected = _direct(Fraction(ratio), terms)
    got = geometric_sum_math(ratio, terms)
    assert type(got) is float
    assert abs(Fraction(got) - expected) <= expected * (Fraction(1, 10**13) + Fraction(4 * terms, 2**53))


@given(st.one_of(st.floats(0, 1), st.floats(-17, 0).map(lambda size: 10.0**size)), st.integers(0, 10**6))
@example(1e-12, 10)
@example(1e-300, 7)
@example(1.0, 0)
@example(1.0, 5)
@example(0.0, 5)
def test_a_distance_from_one_keeps_all_its_digits(distance, terms):
    with mpmath.workdps(40):
        exact = geometric_sum_from_one_mpmath(distance, terms)
        for got in (geometric_sum_from_one_array(distance, terms), geometric_sum_from_one_math(distance, terms)):
            # No term in the number of terms here: nothing was rounded before.
            assert abs(got - exact) <= exact * 1e-15


def test_few_terms_of_large_ratios_are_exact_to_rounding():
    for ratio, terms in [(1e150, 2), (1e154, 2), (3e100, 3), (1e308, 1), (1e77, 4), (2.5, 300)]:
        expected = _direct(Fraction(ratio), terms)
        for got in (geometric_sum_array(ratio, terms), geometric_sum_math(ratio, terms)):
            assert abs(Fraction(float(got)) - expected) <= expected * Fraction(1, 10**13)


def test_no_terms_are_exactly_nothing():
    ratios = np.random.default_rng(0).uniform(0, 3000, 10_000)
    assert not geometric_sum_array(ratios, np.zeros(ratios.size)).any()
    assert not geometric_sum_from_one_array(1 - ratios, np.zeros(ratios.size)).any()


def test_a_sum_below_the_largest_double_whose_last_power_is_above_it():
    assert geometric_sum_array(10.0, 309) == pytest.approx(float(Fraction(10**309 - 1, 9)), rel=1e-13)
    assert geometric_sum_array(10.0, 310) == np.inf
    # 2**1024 - 1 is above the largest double, if only just.
    assert geometric_sum_array(2.0, [1023, 1024]).tolist() == [2.0**1023, np.inf]


def test_an_infinite_ratio_has_exact_first_terms():
    assert list(geometric_sum_array([np.inf] * 4, [0, 1, 2, 3])) == [0.0, 1.0, np.inf, np.inf]


def test_integer_arrays_do_not_wrap():
    for kind in (np.int8, np.int32, np.int64, np.uint8, int):
        got = geometric_sum_array(np.array([3, 2, 1, 0]).astype(kind), np.array([100, 100, 100, 100]).astype(kind))
        assert got.dtype == float
        assert list(got) == pytest.approx([float(_direct(Fraction(r), 100)) for r in (3, 2, 1, 0)], rel=1e-13)


def test_broadcasting_and_scalars():
    got = geometric_sum_array(np.array([[0.0], [0.5], [1.0]]), np.array([0, 1, 2, 3]))
    assert got.tolist() == [[0, 1, 1, 1], [0, 1, 1.5, 1.75], [0, 1, 2, 3]]
    assert isinstance(geometric_sum_array(0.5, 3), float)
    assert geometric_sum_array([], 3).shape == (0,)
    with pytest.raises(ValueError, match="broadcast"):
        geometric_sum_array([0.1, 0.2], [1, 2, 3])


def test_no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        geometric_sum_array([0.0, 0.5, 1.0, 1.5, 1e300, np.inf, np.nan], [[0], [1], [10], [10**6]])


@given(st.fractions(0, 3, max_denominator=1000), st.integers(0, 80))
def test_exact_evaluation(ratio, terms):
    value = geometric_sum(sp.Rational(ratio), terms)
    assert value == sp.Rational(_direct(ratio, terms))


@given(st.fractions(0, 3, max_denominator=1000), st.integers(257, 400))
def test_fifty_digits_of_sums_that_stay_symbolic(ratio, terms):
    value = geometric_sum(sp.Rational(ratio), terms)
    exact = sp.Rational(_direct(ratio, terms))
    assert value.evalf(50) == exact.evalf(50) or abs(sp.Rational(value.evalf(60)) / exact - 1) < sp.Rational(1, 10**50)
    assert value.is_nonnegative


@pytest.mark.parametrize("ratio", [
    sp.sqrt(2), sp.pi, sp.Rational(1, 3) ** HALF, 1 - sp.Rational(1, 10**40), 1 + sp.Rational(1, 10**40), sp.S.One])
@pytest.mark.parametrize("terms", [2, 7, 300])
def test_fifty_digits_of_irrational_ratios_and_next_to_one(ratio, terms):
    with mpmath.workdps(120):
        direct = sum(mpmath.mpf(str(ratio.evalf(120))) ** m for m in range(terms))
        got = mpmath.mpf(str(geometric_sum(ratio, terms).evalf(50)))
        assert abs(got / direct - 1) < mpmath.mpf(10) ** -49


@pytest.mark.parametrize(("offset", "terms"), [(30, 10**40), (12, 10**12), (1, 10**30), (-1, 1000)])
def test_evaluated_digits_of_more_terms_than_the_offset_has_digits(offset, terms):
    """A rounded ratio had ``1 - 10**-30`` to the power ``10**40`` wrong in the ninth digit."""
    got = geometric_sum(1 - sp.Rational(1, 10) ** offset, sp.Integer(terms)).evalf(30)
    with mpmath.workdps(120):
        ratio = 1 - mpmath.mpf(10) ** -offset
        assert abs(mpmath.mpf(got._mpf_) / ((1 - ratio**terms) / (1 - ratio)) - 1) < mpmath.mpf(10) ** -30


def test_what_is_undefined_has_no_digits():
    """The branch of generation 0, which is not taken, raised a bare ZeroDivisionError in inversions at ratio 0."""
    assert geometric_sum(sp.S.Zero, sp.Integer(-1)).evalf(20).has(geometric_sum)
    assert abs(geometric_sum(sp.S.Half, sp.Integer(-1)).evalf(20) + 2) < 1e-18


@given(ratios, st.integers(0, 10**6))
def test_mpmath_keeps_its_working_precision(ratio, terms):
    with mpmath.workdps(30):
        got = geometric_sum_mpmath(ratio, terms)
    with mpmath.workdps(80):
        exact = mpmath.mpf(terms) if ratio == 1 else (1 - mpmath.mpf(ratio) ** terms) / (1 - mpmath.mpf(ratio))
        assert abs(got - exact) <= abs(exact) * mpmath.mpf(10) ** -28


class TestAlgebra:
    """The SymPy function."""

    def test_special_values(self):
        assert geometric_sum(rho, 0) == 0
        assert geometric_sum(rho, 1) == 1
        assert geometric_sum(1, i) == i
        assert geometric_sum(0, K) == 1
        assert geometric_sum(HALF, 3) == sp.Rational(7, 4)
        # 0 or 1, according to i: must stay undecided.
        assert isinstance(geometric_sum(0, i), geometric_sum)

    @pytest.mark.parametrize("terms", range(6))
    def test_it_is_its_recurrence(self, terms):
        following = 1 + rho * geometric_sum(rho, terms)
        assert sp.expand((following - geometric_sum(rho, terms + 1)).rewrite(sp.Sum).doit()) == 0

    def test_substitution_finds_the_removable_singularity(self):
        value = geometric_sum(1 - alpha, i)
        assert value.subs(alpha, 0) == i
        assert value.subs({alpha: HALF, i: 3}) == sp.Rational(7, 4)
        assert value.subs(i, 0) == 0
        assert value.xreplace({alpha: sp.S.Zero}) == i

    def test_rewriting(self):
        assert geometric_sum(rho, i).rewrite(sp.Pow) == (1 - rho**i) / (1 - rho)
        assert sp.expand(geometric_sum(rho, 4).rewrite(sp.Sum).doit()) == 1 + rho + rho**2 + rho**3

    def test_signs(self):
        assert geometric_sum(rho, i).is_nonnegative
        assert geometric_sum(rho, i).is_real
        assert geometric_sum(rho - 1, i).is_nonnegative is None
        assert geometric_sum(rho, i - 1).is_nonnegative is None

    def test_printing(self):
        assert str(geometric_sum(rho, i)) == "geometric_sum(rho, i)"
        assert sp.latex(geometric_sum(rho, i)) == r"\frac{1 - \rho^{i}}{1 - \rho}"
        assert sp.latex(geometric_sum(1 - alpha, i)) == r"\frac{1 - \left(1 - \alpha\right)^{i}}{\alpha}"
        assert sp.latex(geometric_sum(rho, i) ** 2) == r"\left(\frac{1 - \rho^{i}}{1 - \rho}\right)^{2}"

    def test_more_than_any_number_of_terms(self):
        assert geometric_sum(HALF, sp.oo) == 2
        assert geometric_sum(1, sp.oo) == sp.oo == geometric_sum(2, sp.oo)
        # It depends on the ratio.
        assert isinstance(geometric_sum(rho, sp.oo), geometric_sum)
        assert sp.limit(geometric_sum(1 - alpha, i), alpha, 0) == i

    @pytest.mark.parametrize("ratio", [0.3, 0.999, 1.0, 1.7])
    def test_derivatives(self, ratio):
        point, step = {rho: sp.Rational(str(ratio)), i: 12}, sp.Rational(1, 10**12)
        slope = geometric_sum(rho, i).diff(rho).subs(point)
        ends = [geometric_sum(point[rho] + sign * step, 12) for sign in (1, -1)]
        assert float(slope) == pytest.approx(float((ends[0] - ends[1]) / (2 * step)), rel=1e-9)
        if ratio != 1:
            # In the number of terms, as a real number.
            formula = ((rho**i - 1) / (rho - 1)).diff(i).subs(point)
            assert float(geometric_sum(rho, i).diff(i).subs(point)) == pytest.approx(float(formula), rel=1e-12)
        assert geometric_sum(rho, i).diff(i).subs(rho, 1) == 1

    def test_from_one(self):
        assert geometric_sum_from_one(alpha, i).rewrite(geometric_sum) == geometric_sum(1 - alpha, i)
        assert geometric_sum_from_one(HALF, 3) == sp.Rational(7, 4)
        assert (geometric_sum_from_one(alpha, 0), geometric_sum_from_one(alpha, 1)) == (0, 1)

    def test_two_arguments_exactly(self):
        with pytest.raises(TypeError):
            geometric_sum(rho)
