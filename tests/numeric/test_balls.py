"""Balls: every function of the catalogue encloses its value, at points and on ranges."""

from __future__ import annotations

import random
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
import sympy as sp

from stlbounds.compiled import mpmath_function
from stlbounds.errors import UndecidedError
from stlbounds.generators.attention_depth import layer_mean, layer_query, layer_spread
from stlbounds.growth import growth, growth_sum
from stlbounds.numeric.arithmetic import function_over
from stlbounds.numeric.ball_functions import BALL_FUNCTIONS, integers_in
from stlbounds.numeric.balls import ball, ball_function
from stlbounds.sequences import listed
from stlbounds.special import binary_depth, geometric_sum, geometric_sum_from_one
from stlbounds.symbols import J, N, alpha, i, kappa, n

EXPRESSIONS = {
    "sum": geometric_sum(kappa, i), "sum near one": geometric_sum(1 - alpha, i),
    "from one": geometric_sum_from_one(alpha, i),
    "growth": growth(kappa, 2, i + 2), "growth sum": growth_sum(kappa, i, 2, 1), "listed": listed(i, 1, kappa, 3),
    "Sum": sp.Sum(kappa / (J + 1) ** sp.Rational(3, 2), (J, 0, i)), "Product": sp.Product(1 + alpha / J, (J, 1, i)),
    "nested": sp.Sum(sp.Product(1 - alpha / J, (J, 1, N)) * sp.sqrt(N), (N, 1, i)),
    "cases": sp.Piecewise((kappa, i < 3), (kappa**2, sp.And(i >= 3, kappa > 1)), (5, True)),
    "not": sp.Piecewise((kappa, sp.Or(sp.Ne(i, 2), kappa < 1)), (7, True)),
    "Max": sp.Max(kappa, 2 - kappa, alpha), "Min": sp.Min(kappa, 2 - kappa), "log": sp.log(2 / alpha),
    "exp": sp.exp(-kappa),
    "tanh": sp.tanh(kappa), "erf": sp.erf(kappa / sp.sqrt(2)), "gamma": sp.gamma(kappa + 1), "zeta": sp.zeta(kappa + 2),
    "harmonic": sp.harmonic(i), "harmonic 2": sp.harmonic(i, 2), "depth": binary_depth(n),
    "root": sp.sqrt(kappa + alpha),
    "power": (kappa * (1 - alpha)) ** i, "real power": n ** (-kappa), "constants": sp.pi * kappa + sp.E + sp.EulerGamma,
    "spread": layer_spread(kappa, i + 1), "mean": layer_mean(kappa, i + 1), "query": layer_query(kappa, i + 1),
    "abs": abs(kappa - alpha), "rational": sp.Rational(1, 3) * kappa / 7 - 2,
}
SYMBOLS = (kappa, alpha, i, n)


def _point(rng: random.Random) -> tuple[Fraction, Fraction, int, int]:
    kappa_ = rng.choice([Fraction(rng.randrange(1, 300), 97), Fraction(1), Fraction(10**15 + 1, 10**15)])
    alpha_ = rng.choice([Fraction(rng.randrange(1, 97), 97), Fraction(1, 10**12), Fraction(1)])
    return kappa_, alpha_, rng.randrange(0, 9), rng.randrange(1, 40)


def _exact(expression: sp.Expr, point: tuple[Fraction, ...]) -> mpmath.mpf:
    """The value by another way, mpmath."""
    expression = expression.replace(sp.harmonic, lambda last, order=1: sp.Sum(J**-order, (J, 1, last)))
    with mpmath.workdps(60):
        return mpmath.mpf(mpmath_function(expression, SYMBOLS)(*(mpmath.mpf(x.numerator) / x.denominator
                                                                for x in map(Fraction, point))))


def _contains(value: flint.arb, true: mpmath.mpf) -> bool:
    with flint.ctx.workprec(300), mpmath.workdps(60):
        slack = abs(true) * mpmath.mpf(10) ** -52
        low, high = (flint.arb(mpmath.nstr(end, 56)) for end in (true - slack, true + slack))
        return bool(value.overlaps(low.union(high)))


@pytest.mark.parametrize("name", EXPRESSIONS)
class TestEnclosures:
    """Points and ranges."""

    def test_points(self, name):
        rng, function = random.Random(1), ball_function(EXPRESSIONS[name], SYMBOLS)
        for _ in range(15):
            point = _point(rng)
            with flint.ctx.workprec(160):
                value = function(*point)
            assert _contains(value, _exact(EXPRESSIONS[name], point)), point
            assert value.rel_accuracy_bits() > 100 or abs(value).upper() < 1e-30

    def test_ranges(self, name):
        rng, function = random.Random(2), ball_function(EXPRESSIONS[name], SYMBOLS)
        for _ in range(15):
            low, high = sorted((_point(rng)[0], _point(rng)[0])), sorted((_point(rng)[1], _point(rng)[1]))
            generations = sorted((rng.randrange(0, 9), rng.randrange(0, 9)))
            box = [ball(a).union(ball(b)) for a, b in (low, high, generations)]
            if name in ("spread", "mean", "query"):
                box[2] = ball(generations[0])
                generations[1] = generations[0]
            value = function(*box, 30)
            for _ in range(5):
                place = Fraction(rng.randrange(0, 11), 10)
                point = (low[0] + place * (low[1] - low[0]), high[1] - place * (high[1] - high[0]),
                         rng.randint(*generations), 30)
                assert value.is_nan() or _contains(value, _exact(EXPRESSIONS[name], point)), (box, point)


def test_ranges_that_contain_the_removable_singularity():
    value = ball_function(geometric_sum(kappa, i), (kappa, i))(flint.arb(1, 0.01), 10)
    # Monotone, hence nothing is lost: the ends are the ends.
    for end, ratio in ((value.lower(), sp.Rational(99, 100)), (value.upper(), sp.Rational(101, 100))):
        assert float(end) == pytest.approx(float(geometric_sum(ratio, 10)), rel=1e-6)
    assert float(value.lower()) <= float(geometric_sum(sp.Rational(99, 100), 10))
    assert float(value.upper()) >= float(geometric_sum(sp.Rational(101, 100), 10))


@pytest.mark.parametrize(("value", "exact"), [
    (1, 1), (0.1, 0.1), (np.float64(0.1), 0.1), (flint.arb(2), 2), (flint.fmpz(3), 3),
    *((third, flint.fmpq(1, 3)) for third in (Fraction(1, 3), sp.Rational(1, 3), flint.fmpq(1, 3)))])
def test_numbers_of_all_kinds(value, exact):
    assert ball(value).contains(exact)
    assert ball(value).is_exact() == (exact != flint.fmpq(1, 3))


def test_integers_in_a_ball():
    assert integers_in(flint.arb(3, 1.5)) == (2, 4)
    assert integers_in(7) == (7, 7)
    for bad in (flint.arb(0.5), flint.arb(0.5, 0.25), flint.arb.nan(), flint.arb.pos_inf()):
        with pytest.raises(UndecidedError, match="index"):
            integers_in(bad)


def test_refusals():
    with pytest.raises(UndecidedError, match="loggamma"):
        ball_function(sp.loggamma(kappa), (kappa,))
    with pytest.raises(UndecidedError, match="GoldenRatio"):
        ball_function(sp.GoldenRatio * kappa, (kappa,))
    with pytest.raises(UndecidedError, match="alpha"):
        ball_function(kappa * alpha, (kappa,))
    with pytest.raises(UndecidedError, match="infinity"):
        function_over((sp.oo * kappa,), (kappa,), {}, BALL_FUNCTIONS)
    # Nothing is known beyond a pole.

    assert not ball_function(1 / kappa, (kappa,))(flint.arb(0, 1)).is_finite()
