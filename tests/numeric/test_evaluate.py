"""Evaluation of bounds: shapes and types, digits, overflow, and agreement of the two ways of evaluating."""

from __future__ import annotations

import random
import warnings

import mpmath
import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import InvalidArgumentError, UndecidedError
from stlbounds.numeric.arrays import evaluate
from stlbounds.numeric.digits import to_digits
from stlbounds.symbols import N, alpha, c, i, kappa, n, omega, r

POINT = {"kappa": 1.3, "c": 1, "r": 0.5, "n": 1000, "alpha": 0.3, "i": 7, "b": 2, "M": 1.5, "delta": 0.05}


@pytest.fixture
def bound(standard_bound):
    return standard_bound("high-probability", "replay", "generic")


def test_scalars_are_python_floats(bound):
    assert type(bound.evaluate(**POINT)) is float
    assert type(bound.evaluate(**POINT | {"n": np.int64(1000), "alpha": np.float64(0.3), "i": np.array(7)})) is float
    assert {type(value) for value in bound.evaluate_terms(**POINT).values()} == {float}
    assert {type(value) for value in bound.evaluate_parts(**POINT).values()} == {float}
    assert type(bound.is_vacuous(**POINT)) is bool


@pytest.mark.parametrize(("given", "shape"), [
    ({"n": [10, 20, 30]}, (3,)), ({"n": [10, 20, 30], "i": [[0], [1]]}, (2, 3)), ({"delta": [0.1]}, (1,)),
    ({"alpha": np.linspace(0, 1, 5)[:, None, None], "kappa": np.ones((1, 4, 1)), "c": np.ones(3)}, (5, 4, 3)),
    ({"n": []}, (0,)), ({"n": np.ones((0, 3))}, (0, 3))])
def test_arrays_broadcast(bound, given, shape):
    total = bound.evaluate(**POINT | given)
    terms = bound.evaluate_terms(**POINT | given)
    assert total.shape == shape and total.dtype == np.float64
    # Each term has the common shape, also where it does not depend on the array.
    assert all(term.shape == shape and term.dtype == np.float64 for term in terms.values())
    assert np.allclose(total, sum(terms.values()), rtol=1e-14)
    columns = {name: np.broadcast_to(value, shape) for name, value in (POINT | given).items()}
    for index in np.ndindex(shape):
        entry = {name: column[index].item() for name, column in columns.items()}
        assert bound.evaluate(**entry) == pytest.approx(total[index], rel=1e-14)


def test_results_are_writable_and_own_their_memory(bound):
    alphas = np.linspace(0, 1, 4)
    for term in bound.evaluate_terms(**POINT | {"alpha": alphas}).values():
        term[:] = -1.0
    assert alphas.tolist() == np.linspace(0, 1, 4).tolist()


def test_integer_arrays_do_not_wrap(bound):
    huge = bound.evaluate(**POINT | {"n": np.array([2**31 - 1], dtype=np.int32), "i": np.array([60], dtype=np.int8)})
    assert huge[0] == pytest.approx(bound.evaluate(**POINT | {"n": 2**31 - 1, "i": 60}), rel=1e-14)


def test_shapes_that_do_not_broadcast(bound):
    with pytest.raises(InvalidArgumentError, match="broadcast"):
        bound.evaluate(**POINT | {"n": [1, 2], "i": [1, 2, 3]})


# --- digits ----------------------------------------------------------------------------------------------------


def _direct(real: str, x: dict[str, mpmath.mpf]) -> mpmath.mpf:
    """The bound written out by hand, with sums instead of closed forms."""

    def geo(ratio, terms):
        return mpmath.fsum(ratio**m for m in range(terms))

    last, gain = int(x["i"]), x["kappa"] * (1 - x["alpha"])
    drift = x["M"] * (1 - x["alpha"]) * x["c"] * x["n"] ** -x["r"] * geo(1 - x["alpha"], last)
    squares, rest = geo(gain**2, last + 1), mpmath.mpf(0)
    if real == "replay":
        squares = x["alpha"] * geo(gain, last + 1) ** 2 + (1 - x["alpha"]) * squares
        rest = x["alpha"] * gain * geo(gain, last)
    spread = mpmath.sqrt(squares) * (2 * x["b"] + x["M"]) * mpmath.sqrt(mpmath.log(2 / x["delta"]) / (2 * x["n"]))
    return drift + x["b"] / x["n"] * (1 + rest) + spread


def _exact_points(count: int) -> list[dict[str, sp.Rational]]:
    rng = random.Random(5)

    def fraction(low: int, high: int) -> sp.Rational:
        return sp.Rational(rng.randrange(low, high), 97)

    special = [{"alpha": sp.S.Zero}, {"alpha": sp.S.One}, {"i": sp.S.Zero}, {"alpha": sp.Rational(1, 10**12)},
               {"alpha": sp.Rational(1, 10**40)}, {"alpha": sp.Rational(1, 4), "kappa": sp.Rational(4, 3)},
               {"kappa": sp.S.Zero}, {"c": sp.S.Zero, "b": sp.S.Zero, "M": sp.S.Zero}]
    points = [{"kappa": fraction(0, 300), "c": fraction(0, 200), "r": fraction(0, 150), "b": fraction(0, 400),
               "n": sp.Integer(rng.randrange(1, 9999)), "alpha": fraction(0, 98), "i": sp.Integer(rng.randrange(40)),
               "M": fraction(0, 200), "delta": fraction(1, 97)} for _ in range(count)]
    return [point | (special[k] if k < len(special) else {}) for k, point in enumerate(points)]


@pytest.mark.parametrize("real", ["replay", "fresh"])
def test_fifty_digits_against_an_independent_evaluation(standard_bound, real):
    bound = standard_bound("high-probability", real, "generic")
    for point in _exact_points(20):
        got = bound.evaluate(digits=50, **point)
        assert got.is_Float or got == 0
        with mpmath.workdps(80):
            x = {name: mpmath.mpf(int(value.p)) / int(value.q) for name, value in point.items()}
            expected = _direct(real, x)
            assert abs(mpmath.mpf(str(got)) - expected) <= abs(expected) * mpmath.mpf(10) ** -49


@pytest.mark.parametrize("real", ["replay", "fresh"])
def test_doubles_agree_with_digits(standard_bound, real):
    bound = standard_bound("high-probability", real, "generic")
    for point in _exact_points(30):
        got = bound.evaluate(**point)
        assert got == pytest.approx(float(bound.evaluate(digits=30, **point)), rel=1e-12)


def test_floats_count_as_decimals_with_digits(bound):
    exact = {name: sp.Rational(str(value)) for name, value in POINT.items()}
    assert bound.evaluate(digits=40, **POINT) == bound.evaluate(digits=40, **exact)


@pytest.mark.parametrize("digits", [1, 15, 200, 2000])
def test_any_number_of_digits(bound, digits):
    longer = bound.evaluate(digits=digits + 20, **POINT)
    assert abs(bound.evaluate(digits=digits, **POINT) / longer - 1) < sp.Rational(10) ** (1 - digits)


@pytest.mark.parametrize("digits", [0, -5, 2.5, "50", True, 10**9])
def test_digits_must_be_a_number_of_digits(bound, digits):
    with pytest.raises(InvalidArgumentError, match="digits"):
        bound.evaluate(digits=digits, **POINT)


def test_digits_are_for_scalars(bound):
    with pytest.raises(InvalidArgumentError, match="alpha"):
        bound.evaluate(digits=20, **POINT | {"alpha": [0.1, 0.2]})


@pytest.mark.parametrize("digits", [5, 50, 300])
@pytest.mark.parametrize("real", ["replay", "fresh"])
def test_both_ways_of_finding_digits_agree(standard_bound, real, digits):
    bound = standard_bound("high-probability", real, "generic")
    for point in _exact_points(12):
        values = {symbol: point[symbol.name] for symbol in bound.symbols}
        ours, theirs = to_digits(bound.expr, values, digits), to_digits(bound.expr, values, digits, balls=False)
        # The last bit may differ, where one of them rounds a longer value a second time.
        assert ours == theirs or abs(ours / theirs - 1) < sp.Rational(10) ** -digits


def test_without_python_flint_digits_come_from_mpmath(bound, monkeypatch):
    from stlbounds.numeric import digits

    with_flint = bound.evaluate(digits=40, **POINT)
    monkeypatch.setattr(digits, "_balls", lambda *_: None)
    assert bound.evaluate(digits=40, **POINT) == with_flint


def test_a_value_that_does_not_settle_is_said_so():
    tiny = sp.Rational(1, 10**7000)
    assert to_digits(1 - alpha, {alpha: 1 - sp.Rational(1, 10**200)}, 20) == sp.Float("1e-200", 20)
    assert to_digits(kappa * (1 - alpha), {alpha: sp.S.One, kappa: sp.S(3)}, 20) == 0
    assert to_digits(sp.exp(kappa) - 1, {kappa: sp.Rational(1, 10**30)}, 20) == sp.Float("1e-30", 20)
    with pytest.raises(UndecidedError, match="20 digits"):
        to_digits(sp.exp(kappa) - 1 - kappa, {kappa: tiny}, 20)


# --- overflow --------------------------------------------------------------------------------------------------

OVERFLOWS = [
    {"kappa": 1.5, "alpha": 0, "i": 2000},  # 0 * rho**i
    {"kappa": 1.5, "alpha": 0.0, "i": 1500},  # Phi**2 overflows, Phi does not
    {"kappa": 3, "alpha": 0.1, "i": 1000},
    {"kappa": 1e200, "i": 3},  # rho**2 overflows
    {"kappa": 1e200, "i": 1, "alpha": 1},
    {"kappa": 1e308, "i": 0},
    {"kappa": 1.5, "alpha": 0, "i": 10**6},
    {"M": 1e308, "b": 1e308},
    {"c": 1e308, "i": 10**6, "alpha": 0},
    {"i": 10**15, "alpha": 2.0**-40, "kappa": 1.0},
    {"i": 2**53, "alpha": 0, "kappa": 1},
]


@pytest.mark.parametrize("real", ["replay", "fresh"])
@pytest.mark.parametrize("change", OVERFLOWS, ids=str)
def test_infinity_only_where_it_is_the_truth_and_never_nan(standard_bound, real, change):
    bound = standard_bound("high-probability", real, "generic")
    point = POINT | change
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = bound.evaluate(**point)
        terms = bound.evaluate_terms(**point)
        grid = bound.evaluate(**{name: np.full(2, float(value)) for name, value in point.items()})
    truth = float(mpmath.mpf(bound.evaluate(digits=30, **point)._mpf_))
    assert got == pytest.approx(truth, rel=1e-9)
    assert not any(np.isnan(term) for term in terms.values())
    # One point uses the mathematics library of Python, a grid that of NumPy.
    assert grid[0] == grid[1] == pytest.approx(got, rel=1e-12)


@pytest.mark.parametrize("score", [1e17, 1e100, 1e300])
def test_exponentials_of_huge_numbers_are_not_zero(score):
    """The rest of such an exponent modulo log 2 is rounding error, and once made a bias finite that is not."""
    model = stl.generators.Transformer(3, omega, c * N**-r)
    bias = stl.in_expectation(stl.Setting(stl.loops.FixedMix(alpha), model)).evaluate_terms(
        omega=score, n=1000, alpha=0.9, i=3, b=1, M=1, c=1, r=0.5)["bias"]
    assert bias == np.inf


def test_only_what_overflowed_is_done_again(bound):
    values = bound.evaluate(**POINT | {"kappa": 1.5, "alpha": 0, "i": [1, 1500, 2000]})
    assert values[0] == pytest.approx(bound.evaluate(**POINT | {"kappa": 1.5, "alpha": 0, "i": 1}), rel=1e-15)
    assert np.isfinite(values[1]) and values[2] == np.inf


def test_constants_need_no_values():
    assert evaluate((sp.Rational(1, 3), sp.S.Zero), (), {}) == [1 / 3, 0.0]
    perfect = stl.generators.Generator("g", stl.DISCRETE, 0, 0)
    bound = stl.in_expectation(stl.Setting(stl.loops.Replace(), perfect, stl.learners.UniformlyStable(0, 0)))
    assert (bound.symbols, bound.evaluate(), bound.evaluate(digits=10)) == ((), 0.0, 0)
    assert bound.evaluate(n=[1, 2]).tolist() == [0.0, 0.0]


def test_symbols_that_dropped_out_may_still_be_given():
    generic = stl.generators.Generator("g", stl.DISCRETE, kappa, c * N**-r)
    bound = stl.in_expectation(stl.Setting(stl.loops.FixedMix(alpha, real="fresh"), generic))
    point = {name: value for name, value in POINT.items() if name not in ("kappa", "delta")}
    assert not {kappa} & set(bound.symbols)
    assert bound.evaluate(**point) == bound.evaluate(**point, kappa=1.3)
    assert bound.evaluate_parts(**point, kappa=1.3)["amplification"] == pytest.approx(2.1285922452, rel=1e-10)
    with pytest.raises(InvalidArgumentError, match="kappa = missing"):
        bound.evaluate_parts(**point)
    classical = stl.in_expectation(stl.Setting(stl.loops.FixedMix(1), generic))
    assert {n, alpha, i} & set(classical.symbols) == {n}
    assert classical.is_vacuous(n=10, b=2, M=0.1) and not classical.is_vacuous(n=100, b=2, M=0.1)
