"""Enclosures contain every value, and a sign is never claimed wrongly."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import pytest
import sympy as sp
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from stlbounds.interval.signs import enclosure, is_nonnegative, is_nonpositive
from stlbounds.proof.quantities import Gap, Influence, Str
from stlbounds.special import geometric_sum, geometric_sum_mpmath
from stlbounds.symbols import G, K, N, alpha, b, c, declare, delta, i, kappa, n, r, rho

FREE = declare("test_free", "any real number", low=-sp.oo)
BAND = declare("test_band", "a number of either sign", low=sp.Rational(-1, 2), high=2)
SYMBOLS = (alpha, kappa, delta, n, i, BAND, FREE)
VALUES = {
    alpha: st.one_of(st.sampled_from((0.0, 1.0, 1e-12)), st.floats(0, 1)),
    kappa: st.one_of(st.sampled_from((0.0, 1.0)), st.floats(0, 50)),
    delta: st.floats(1e-6, 1 - 1e-6),
    n: st.integers(1, 40).map(float),
    i: st.integers(0, 12).map(float),
    BAND: st.one_of(st.sampled_from((-0.5, 0.0, 2.0)), st.floats(-0.5, 2)),
    FREE: st.floats(-30, 30),
}
points = st.fixed_dictionaries(VALUES)

leaves = st.one_of(
    st.sampled_from(SYMBOLS),
    st.sampled_from((1 - alpha, sp.log(2 / delta), 1 - delta, kappa * (1 - alpha), 1 / n, 2 - 1 / n)),
    st.builds(sp.Rational, st.integers(-3, 3), st.integers(1, 4)),
)


def _built(make: Callable[..., sp.Expr]) -> Callable[..., sp.Expr]:
    """``make``, giving up on what SymPy cannot build: divisions by zero, comparisons of what is not real."""

    def build(*parts: sp.Expr) -> sp.Expr:
        try:
            found = make(*parts)
        except (ValueError, TypeError, ZeroDivisionError):
            reject()
        if found.has(sp.zoo, sp.nan, sp.oo, sp.I):
            reject()
        return found

    return build


def _combined(children: st.SearchStrategy[sp.Expr]) -> st.SearchStrategy[sp.Expr]:
    exponents = st.sampled_from((-2, -1, 2, 3, sp.Rational(1, 2), sp.Rational(-1, 2), sp.Rational(3, 2)))
    return st.one_of(
        st.builds(_built(sp.Add), children, children),
        st.builds(_built(lambda x, y: x - y), children, children),
        st.builds(_built(sp.Mul), children, children),
        st.builds(_built(sp.Pow), children, exponents),
        st.builds(_built(sp.Max), leaves, leaves),
        st.builds(_built(sp.Min), leaves, leaves),
        st.builds(_built(sp.log), children),
        st.builds(_built(sp.exp), leaves),
        st.builds(_built(sp.Pow), children, st.sampled_from((i, n, i + 1, alpha, -kappa))),
        st.builds(_built(lambda x, y, power: x**power - y**power), leaves, leaves,
                  st.sampled_from((2, 3, i, 2 * i, n, i + 1, sp.Rational(1, 2)))),
        st.builds(_built(geometric_sum), children, st.sampled_from((i, i + 1, n))),
    )


expressions = st.recursive(leaves, _combined, max_leaves=6)


def _value(expression: sp.Expr, point: dict[sp.Symbol, float]) -> mpmath.mpf | None:
    """The value at a point, or None where there is no real one."""
    function = sp.lambdify(SYMBOLS, expression, modules=[{"geometric_sum": geometric_sum_mpmath}, "mpmath"])
    try:
        value = function(*(mpmath.mpf(point[symbol]) for symbol in SYMBOLS))
    except (ZeroDivisionError, ValueError, TypeError, OverflowError):
        return None
    value = mpmath.mpmathify(value)
    return value if isinstance(value, mpmath.mpf) and mpmath.isfinite(value) else None


@settings(max_examples=150)
@given(expressions, st.lists(points, min_size=4, max_size=4))
def test_the_enclosure_contains_every_value(expression, some):
    low, high = enclosure(expression)
    with mpmath.workdps(40):
        below, above = (mpmath.mpf(str(end.evalf(45))) if end.is_finite else None for end in (low, high))
        for point in some:
            value = _value(expression, point)
            if value is None:
                continue
            slack = mpmath.mpf(10) ** -25 * max(1, abs(value))
            assert low is not sp.oo and high is not -sp.oo
            assert below is None or below <= value + slack, (expression, point)
            assert above is None or value <= above + slack, (expression, point)
            assert not is_nonnegative(expression) or value >= -slack
            assert not is_nonpositive(expression) or value <= slack


@pytest.mark.parametrize("expression", [
    1 - alpha, alpha, alpha * (1 - alpha), sp.log(2 / delta), sp.log(1 / delta), sp.log(n), 1 - delta, n - 1,
    kappa * (1 - alpha), (1 - alpha) ** i, rho**i, geometric_sum(rho, i), geometric_sum(1 - alpha, i + 1),
    sp.sqrt(sp.log(2 / delta) / (2 * n)), n**-r, c * N**-r, (2 - 1 / N) / N, sp.sqrt((K - 1) / n) / 2, FREE**2,
    sp.exp(FREE), sp.Max(FREE, 0), sp.Sum(rho ** (i - G), (G, 1, i)), Gap(i), Gap(i) * (1 - alpha),
    Influence(Str("a"), G, i) ** 2, BAND + 1, sp.Integer(2) ** FREE, 3 - sp.sqrt(2), sp.Abs(FREE),
    sp.sqrt(2) + sp.sqrt(3) - sp.sqrt(5 + 2 * sp.sqrt(6)), i, i + 1,
])
def test_signs_that_the_proofs_need(expression):
    assert is_nonnegative(expression)
    assert is_nonpositive(-expression)


@pytest.mark.parametrize("expression", [
    FREE, BAND, 1 - kappa, kappa - 1, 1 - 2 * alpha, alpha - delta, i - 1, n - 2, sp.log(delta) + 1, sp.log(kappa),
    (1 - kappa) ** 3, (1 - kappa) ** i, FREE**3, FREE * alpha, 1 / (1 - kappa), geometric_sum(1 - kappa, i),
    BAND * FREE, sp.Min(FREE, 1), sp.Sum(G - alpha, (G, 0, i)), sp.sin(FREE), Gap(i) - 1, b - c, sp.exp(kappa) - 2,
    sp.log(FREE),
])
def test_what_has_both_signs_stays_undecided(expression):
    assert not is_nonnegative(expression)
    assert not is_nonpositive(expression)


@pytest.mark.parametrize("expression", [kappa - kappa**2 + kappa**2 - alpha * kappa, 1 - alpha * (2 - alpha)])
def test_dependence_may_leave_a_true_sign_undecided(expression):
    """Intervals forget that two occurrences are one symbol: undecided, and neither sign claimed."""
    assert not is_nonpositive(expression)


@pytest.mark.parametrize("expression", [sp.I, sp.sqrt(-1 - n), sp.nan, sp.zoo, sp.log(-n)])
def test_what_is_not_real_has_no_sign(expression):
    assert not is_nonnegative(expression)
    assert not is_nonpositive(expression)


@pytest.mark.parametrize(("expression", "expected"), [
    (alpha, (0, 1)), (1 - alpha, (0, 1)), (kappa, (0, sp.oo)), (delta, (0, 1)), (BAND**2, (0, 4)),
    (BAND**3, (sp.Rational(-1, 8), 8)), (sp.log(2 / delta), (sp.log(2), sp.oo)),
    (1 / (1 + alpha), (sp.Rational(1, 2), 1)),
    ((1 - alpha) ** i, (0, 1)), ((1 + alpha) ** i, (1, sp.oo)), (geometric_sum(alpha, i), (0, sp.oo)),
    (geometric_sum(rho, i + 1), (1, sp.oo)), (sp.Max(alpha, sp.Rational(1, 2)), (sp.Rational(1, 2), 1)),
    (sp.Rational(3, 7), (sp.Rational(3, 7), sp.Rational(3, 7))), (FREE, (-sp.oo, sp.oo)), (2 - 1 / n, (1, 2)),
    (sp.exp(alpha), (1, sp.E)),
])
def test_known_enclosures(expression, expected):
    assert enclosure(expression) == expected


def test_enclosures_of_parts_can_be_given():
    assert not is_nonnegative(1 - kappa)
    assert is_nonnegative(1 - kappa, {kappa: (sp.S.Zero, sp.S.One)})
    assert is_nonnegative(1 - Gap(i), {Gap(i): (sp.S.Zero, sp.S.One)})
    assert enclosure(kappa * alpha, {kappa * alpha: (sp.S(2), sp.S(3))}) == (2, 3)


def test_undeclared_symbols_are_an_error_and_not_a_guess():
    with pytest.raises(ValueError, match="unknown symbol"):
        enclosure(sp.Symbol("nobody", positive=True))


def test_dummies_know_only_their_assumptions():
    assert is_nonnegative(sp.Dummy(nonnegative=True))
    assert not is_nonnegative(sp.Dummy(real=True))
    assert not is_nonnegative(sp.Dummy(negative=True))
