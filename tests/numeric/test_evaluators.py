"""Every way of evaluating against 60 digits, from wide ranges: one test class for all of them."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from fractions import Fraction

import flint
import numpy as np
import pytest
import sympy as sp
from families import FAMILIES, LARGEST, MILLION, POINTS, bound_of, case, column, compare, truth_of

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.numeric.arrays import evaluate, rescued
from stlbounds.numeric.digits import to_digits
from stlbounds.numeric.enclose import enclose
from stlbounds.numeric.enclose_grid import enclose_grid
from stlbounds.numeric.javascript import RUNTIME, javascript_function

NODE = shutil.which("node") or "nodejs"
#: Sums over generations, and sums of such sums.
AVERAGING = ("accumulate", "subsample")
NESTED = ("accumulate, categorical", "subsample, categorical")
#: What takes milliseconds a point in loops that average: fewer points, the same ranges.
FEWER = {("one point", "accumulate"): 200, ("one point", "subsample"): 200, ("JavaScript", "accumulate"): 300,
         ("JavaScript", "subsample"): 300, ("digits by mpmath", "accumulate"): 3, ("digits by mpmath", "subsample"): 10,
         ("digits by balls", "accumulate"): 300, ("certified grid", "accumulate"): 300,
         ("certified grid", "subsample"): 300, ("certified points", "accumulate"): 20,
         ("certified points", "subsample"): 20, ("certified grid", "transformer"): 300,
         ("certified grid", "private"): 400, ("certified grid", "schedule, replayed"): 500,
         ("certified grid", "schedule, endless"): 150, ("certified points", "schedule, endless"): 20,
         ("certified grid", "weights"): 150, ("certified points", "weights"): 20,
         **{("one point", name): 200 for name in NESTED}, **{("JavaScript", name): 500 for name in NESTED}}
#: Digits of nested sums take one generation after the other: so many points, up to so many generations.
FEW_GENERATIONS = {"digits by balls": (100, 60), "digits by mpmath": (10, 60), "certified grid": (40, 60),
                   "certified points": (6, 60)}
#: Compiling takes seconds: bounds of as many forms as there are, and one with functions that are not compiled.
COMPILED = ("replay", "weighted", "private", "transformer", "accumulate", "excess risk", "Bernstein, augment")
#: Few points where one takes milliseconds, and fewer in the quick tests.
FEW, FIRST = 60, 40


def run_javascript(functions, calls):
    """The values of calls; numbers travel as text, so that none is rounded."""
    code = "\n".join([RUNTIME, *functions, f"console.log(JSON.stringify([{', '.join(calls)}].map(String)));"])
    done = subprocess.run([NODE, "-"], input=code, capture_output=True, text=True, check=True, timeout=120)
    return [float(text.replace("Infinity", "inf")) for text in json.loads(done.stdout)]


# --- the evaluators -----------------------------------------------------------------------------------------------


def _arrays(bound, columns):
    return bound.evaluate(**columns)


def _one_point(bound, columns):
    points = zip(*(values.tolist() for values in columns.values()), strict=True)
    found = [bound.evaluate(**dict(zip(columns, point, strict=True))) for point in points]
    assert all(type(value) is float for value in found)
    return np.array(found)


def _unlimited(bound, columns):
    return rescued(bound.expr, bound.symbols, list(columns.values()))


def _machine_code(bound, columns):
    # Fewer than a thousand points are not worth compiling.
    repeat = -(-1100 // columns["n"].size)
    found = bound.evaluate(**{key: np.tile(values, repeat) for key, values in columns.items()}, compiled=True)
    return found[:columns["n"].size]


def _javascript(bound, columns):
    code = javascript_function("f", bound.expr, bound.symbols)
    points = [list(map(float, point)) for point in zip(*columns.values(), strict=True)]
    return np.array(run_javascript([code], [f"f({', '.join(map(repr, point))})" for point in points]))


def _to_digits(bound, columns, balls):
    found = []
    for point in zip(*columns.values(), strict=True):
        values = {symbol: sp.Rational(float(value)) for symbol, value in zip(bound.symbols, point, strict=True)}
        found.append(to_digits(bound.expr, values, 40, balls=balls))
    return found


def _by_balls(bound, columns):
    return _to_digits(bound, columns, True)


def _by_mpmath(bound, columns):
    return _to_digits(bound, columns, False)


def _certified_grid(bound, columns):
    return list(zip(*enclose_grid(bound.expr, columns), strict=True))


def _certified_points(bound, columns):
    found = [enclose(bound.expr, dict(zip(bound.symbols, (Fraction(float(value)) for value in point), strict=True)))
             for point in zip(*columns.values(), strict=True)]
    return [(one.lower, one.upper) for one in found]


# --- how their results are judged -----------------------------------------------------------------------------------


def _all_digits_agree(got, truth, generations):
    with flint.ctx.workprec(400):
        for value, true in zip(got, truth, strict=True):
            if value == 0:
                assert true.is_zero()
                continue
            sign, mantissa, exponent, _ = value._mpf_
            exact = flint.arb(int(mantissa)) * flint.arb(2) ** int(exponent) * (-1) ** sign
            assert abs(exact - true) <= abs(true) * flint.arb(10) ** -39


def _end(value):
    if not isinstance(value, Fraction) and math.isinf(value):
        return flint.arb.pos_inf() if value > 0 else flint.arb.neg_inf()
    exact = Fraction(value)
    return flint.arb(flint.fmpq(exact.numerator, exact.denominator))


def _all_contained(got, truth, generations):
    with flint.ctx.workprec(1500):
        for (low, high), true in zip(got, truth, strict=True):
            assert _end(low) <= true.upper() and true.lower() <= _end(high)
            # Not by being infinite, where the truth is a double.
            if abs(true) < LARGEST / 2:
                assert _end(high).is_finite() and _end(high) <= 1.0001 * true + 1e-270


#: By name: the evaluator, the judge, at how many points, and whether it is quick.
EVALUATORS = {
    "arrays": (_arrays, compare, POINTS, True),
    "one point": (_one_point, compare, POINTS, True),
    "unlimited exponents": (_unlimited, compare, POINTS, True),
    "machine code": (_machine_code, compare, POINTS, False),
    "JavaScript": (_javascript, compare, POINTS, True),
    "digits by balls": (_by_balls, _all_digits_agree, POINTS, True),
    "digits by mpmath": (_by_mpmath, _all_digits_agree, FEW, False),
    "certified grid": (_certified_grid, _all_contained, POINTS, True),
    "certified points": (_certified_points, _all_contained, FEW, False),
}


def _judge(evaluator, name, size, most=MILLION, among=None):
    """At the first points of those whose values are known together."""
    evaluated, judge, points, _ = EVALUATORS[evaluator]
    columns, truth = case(name, among or size, most)
    size = min(size, points)
    columns = {key: values[:size] for key, values in columns.items()}
    judge(evaluated(bound_of(name), columns), truth[:size], columns["i"])


class TestAgainstSixtyDigits:
    """Every evaluator, every loop, every theorem."""

    @pytest.mark.parametrize("name", FAMILIES)
    @pytest.mark.parametrize("evaluator", [key for key, (*_, quick) in EVALUATORS.items() if quick])
    def test_some_points(self, evaluator, name):
        if name in NESTED:
            _judge(evaluator, name, *((20, 30) if evaluator in FEW_GENERATIONS else (20, 2000)))
        else:
            _judge(evaluator, name, 20 if name in (*AVERAGING, "schedule, endless", "weights", "best") else FIRST)

    @pytest.mark.slow
    @pytest.mark.parametrize(("evaluator", "name"), [
        (evaluator, name) for evaluator in EVALUATORS for name in FAMILIES
        if evaluator != "machine code" or name in COMPILED])
    def test_two_thousand_points(self, evaluator, name):
        if name in NESTED and evaluator in FEW_GENERATIONS:
            _judge(evaluator, name, *FEW_GENERATIONS[evaluator])
        else:
            _judge(evaluator, name, FEWER.get((evaluator, name), POINTS), among=POINTS)

    @pytest.mark.parametrize("name", FAMILIES)
    def test_grids(self, name):
        bound, most = bound_of(name), 100 if name in NESTED else FAMILIES[name][1]
        rng = np.random.default_rng(5)
        values = {symbol.name: column(symbol.name, rng, 1, most)[0] for symbol in bound.symbols}
        values["n"] = column("n", rng, 3, most)[:, None, None]
        other = next((key for key in ("alpha", "lam", "w", "kappa", "K") if key in values), "delta")
        values[other] = column(other, rng, 4, most)[:, None]
        values["i"] = column("i", rng, 2, most)
        got = bound.evaluate(**values)
        columns = {key: np.broadcast_to(value, got.shape).ravel() for key, value in values.items()}
        assert got.shape == (3, 4, 2)
        compare(got, truth_of(bound.expr, bound.symbols, columns, 230 if name == "accumulate" else 600), columns["i"])


@pytest.mark.slow
def test_machine_code_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("STLBOUNDS_CACHE", str(tmp_path))
    evaluated = _machine_code(bound_of("replace"), case("replace", FIRST)[0])
    compare(evaluated, case("replace", FIRST)[1], case("replace", FIRST)[0]["i"])
    assert len(list(tmp_path.glob("stlbounds_*.py"))) == 1 and list(tmp_path.rglob("*.nbi"))


def test_what_has_no_machine_code_is_evaluated_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("STLBOUNDS_CACHE", str(tmp_path))
    _judge("machine code", "accumulate", 20)
    assert list(tmp_path.iterdir()) == []


POINT = {"kappa": 1.3, "c": 1, "r": 0.5, "n": 1000, "alpha": 0.3, "i": 7, "b": 2, "M": 1.5, "delta": 0.05}


class TestShapes:
    """Arrays as NumPy users expect them."""

    @pytest.mark.parametrize("axes", ["n", "ni", "nai", "ain", "ian", "na", "nad", "dnai", "i", "d", "nn"])
    @pytest.mark.parametrize("name", ["replay", "private", "accumulate", "augment"])
    def test_every_order_of_axes_gives_the_same_values(self, name, axes):
        bound = bound_of(name)
        ranges = {"n": [10, 1e3, 1e5], "a": [0.2, 0.9], "i": [0, 1, 5, 40], "d": [0.01, 0.2]}
        mixture = {"augment": "lam", "accumulate": "kappa"}.get(name, "alpha")
        letters = {"n": "n", "a": mixture, "i": "i", "d": "delta"}
        point = {symbol.name: POINT.get(symbol.name, 0.7) for symbol in bound.symbols}
        given = {}
        for place, letter in enumerate(dict.fromkeys(axes)):
            after = len(dict.fromkeys(axes)) - place - 1
            given[letters[letter]] = np.array(ranges[letter]).reshape(-1, *(1 for _ in range(after)))
        got = bound.evaluate(**point | given)
        columns = {key: np.broadcast_to(value, got.shape) for key, value in given.items()}
        for index in np.ndindex(got.shape):
            one = point | {key: float(column[index]) for key, column in columns.items()}
            assert got[index] == pytest.approx(bound.evaluate(**one), rel=1e-12)

    @pytest.mark.parametrize("kind", [np.int8, np.int32, np.int64, np.uint16, np.float32, np.float64, list, tuple])
    def test_types(self, kind):
        given = [2, 7, 100]
        arrays = kind(given) if kind in (list, tuple) else np.array(given, dtype=kind)
        bound = bound_of("replay")
        got = bound.evaluate(**POINT | {"i": arrays, "n": arrays})
        assert got.dtype == np.float64
        assert got.tolist() == bound.evaluate(**POINT | {"i": np.array(given, float),
                                                             "n": np.array(given, float)}).tolist()

    @pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 2)])
    def test_empty(self, shape):
        assert bound_of("replay").evaluate(**POINT | {"n": np.ones(shape)}).shape == shape

    def test_blocks_and_threads_see_every_point(self):
        bound, rng = bound_of("replay"), np.random.default_rng(0)
        size = 300_001
        values = POINT | {"n": np.floor(rng.uniform(1, 1e6, size)), "alpha": rng.uniform(0, 1, size)}
        got = bound.evaluate(**values)
        for index in [0, 8191, 8192, 150_000, size - 1, *rng.integers(0, size, 50)]:
            one = values | {"n": values["n"][index], "alpha": values["alpha"][index]}
            assert got[index] == pytest.approx(bound.evaluate(**one), rel=1e-12)

    def test_large_products_see_every_point(self):
        bound, rng = bound_of("replay"), np.random.default_rng(0)
        values = POINT | {"n": np.arange(1.0, 301)[:, None], "alpha": rng.uniform(0, 1, 1500)}
        got = bound.evaluate(**values)
        for row, place in [(0, 0), (299, 1499), (255, 1023), (256, 1024), *rng.integers(0, 300, (50, 2))]:
            one = values | {"n": row + 1, "alpha": values["alpha"][place]}
            assert got[row, place] == pytest.approx(bound.evaluate(**one), rel=1e-12)


class TestOut:
    """An array for the result."""

    def test_it_is_filled_and_returned(self):
        bound, out = bound_of("replay"), np.empty((3, 2))
        values = POINT | {"n": [[10], [20], [30]], "alpha": [0.1, 0.2]}
        assert bound.evaluate(**values, out=out) is out
        assert out.tolist() == bound.evaluate(**values).tolist()

    def test_views_and_arguments_may_be_given(self):
        bound, values = bound_of("replay"), np.array([10.0, 20.0, 30.0, 40.0])
        expected = bound.evaluate(**POINT | {"n": values}).tolist()
        strided = np.zeros(8)[::2]
        bound.evaluate(**POINT | {"n": values}, out=strided)
        assert strided.tolist() == expected
        bound.evaluate(**POINT | {"n": values}, out=values)
        assert values.tolist() == expected

    @pytest.mark.parametrize("out", [np.empty(4), np.empty((3, 1)), np.empty(3, np.float32), np.empty(3, int), [0.0]])
    def test_what_does_not_fit_is_refused(self, out):
        with pytest.raises(stl.errors.InvalidArgumentError, match="out"):
            bound_of("replay").evaluate(**POINT | {"n": [1, 2, 3]}, out=out)

    def test_it_is_not_for_digits(self):
        with pytest.raises(stl.errors.InvalidArgumentError, match="out"):
            bound_of("replay").evaluate(**POINT, out=np.empty(()), digits=20)


class TestPlan:
    """What an evaluation will do."""

    def test_grids_are_separated(self):
        plan = bound_of("replay").plan(n=(100, 1, 1), alpha=(50, 1), i=(70,))
        assert (plan.shape, plan.path, plan.steps[-1].points) == ((100, 50, 70), "matrices", 350_000)
        # Everything else happens on the small axes.
        assert max(step.points for step in plan.steps[:-1]) == 3500
        assert plan.steps[-1].operations <= 6
        assert plan.operations < 3e6
        assert "350,000 points" in str(plan) and "matrix" in str(plan)

    def test_other_paths(self):
        bound = bound_of("replay")
        assert bound.plan().path == "math"
        assert bound.plan(n=(10,), alpha=[0.1] * 10).path == "blocks"
        # The number of points is inside of the amplification here.
        assert bound_of("private").plan(n=(100, 1), i=(100,)).path == "blocks"
        assert bound.plan(n=(1, 1)).path == "math"

    @pytest.mark.parametrize("name", FAMILIES)
    def test_grids_of_the_catalogue_are_separated(self, name):
        if name in ("private", "best"):  # the number of points is inside of a root, or of a minimum
            return
        assert bound_of(name).plan(n=(100, 1), i=(100,)).path == "matrices"

    def test_refusals(self):
        with pytest.raises(stl.errors.InvalidArgumentError, match="broadcast"):
            bound_of("replay").plan(n=(3,), i=(4,))
        with pytest.raises(stl.errors.SymbolError, match="alhpa"):
            bound_of("replay").plan(alhpa=(3,))


def test_an_expression_that_cancels_is_not_separated():
    # 1/n - alpha/n would lose digits near alpha = 1; the difference itself does not.
    value = evaluate(((s.n - s.alpha) ** 2 / s.n,), (s.n, s.alpha),
                     {"n": np.arange(1.0, 50)[:, None], "alpha": np.linspace(0, 1, 40)})[0]
    n, a = np.arange(1.0, 50)[:, None], np.linspace(0, 1, 40)
    assert np.allclose(value, (n - a) ** 2 / n, rtol=1e-15, atol=0)
