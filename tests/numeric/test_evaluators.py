"""Every way of evaluating in doubles against 60 digits, from wide ranges: one test class for all of them."""

from __future__ import annotations

from functools import cache

import flint
import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.generators import Categorical, CategoricalWithPrior, GaussianPrivateGenerator, Generator, Transformer
from stlbounds.learners import BrierFit
from stlbounds.loops import Accumulate, Augment, FixedMix, Replace, Schedule, Subsample, WeightedMix
from stlbounds.numeric.arrays import evaluate, rescued
from stlbounds.numeric.balls import ball_function

LARGEST = float(np.finfo(float).max)


def _generic() -> Generator:
    return Generator("generic", stl.DISCRETE, s.kappa, s.c * s.N**-s.r)


def _private() -> Generator:
    return GaussianPrivateGenerator(s.privacy_mu, s.c * s.N**-s.r)


def _transformer() -> Transformer:
    return Transformer(s.L, s.omega, learning_error=s.c * s.N**-s.r)


#: Bounds by name: the setting, the most generations, and how many points are compared.
FAMILIES = {
    "replay": (lambda: (FixedMix(s.alpha), _generic()), 10**6, 2000),
    "fresh": (lambda: (FixedMix(s.alpha, "fresh"), _generic()), 10**6, 2000),
    "replace": (lambda: (Replace(), _generic()), 10**6, 500),
    "augment": (lambda: (Augment(s.lam), _generic()), 10**6, 500),
    "weighted": (lambda: (WeightedMix(s.w), _generic()), 10**6, 500),
    "categorical": (lambda: (FixedMix(s.alpha), Categorical(s.K), BrierFit()), 10**6, 500),
    "prior": (lambda: (FixedMix(s.alpha), CategoricalWithPrior(s.K, s.eta, s.prior_distance), BrierFit()), 10**6, 500),
    "private": (lambda: (FixedMix(s.alpha), _private()), 10**5, 300),
    "transformer": (lambda: (FixedMix(s.alpha), _transformer(), _euclidean()), 10**5, 300),
    "accumulate": (lambda: (Accumulate(), _generic()), 400, 200),
    "accumulate, categorical": (lambda: (Accumulate(), Categorical(s.K), BrierFit()), 200, 60),
    "subsample": (lambda: (Subsample(), _generic()), 400, 200),
    "schedule": (lambda: (Schedule([0.5, 0.4, 0.3]), _generic()), 3, 200),
}


def _euclidean() -> stl.learners.UniformlyStable:
    return stl.learners.UniformlyStable(s.b / s.N, s.M, stl.EUCLIDEAN)


@cache
def _bound(name: str) -> stl.Bound:
    return stl.high_probability(stl.Setting(*FAMILIES[name][0]()))


def _column(name: str, rng: np.random.Generator, size: int, most: float) -> np.ndarray:
    """Random values of a symbol, over all orders of magnitude that occur, with special ones mixed in."""
    special: tuple[float, ...] = ()
    if name in ("n", "K"):
        values = np.floor(10 ** rng.uniform(0, 12 if name == "n" else 6, size))
    elif name == "i":
        values, special = np.floor(10 ** rng.uniform(0, np.log10(most + 1), size)), (0, 1, 2, most)
    elif name in ("alpha", "w", "eta", "prior_distance"):
        values, special = 10 ** rng.uniform(-12, 0, size), (0.0, 1.0, 0.5, 1e-12)
    elif name == "delta":
        values, special = 10 ** rng.uniform(-300, -0.001, size), (1e-300, 0.5)
    elif name == "kappa":
        values = np.where(rng.random(size) < 0.5, rng.uniform(0, 1.1, size), rng.uniform(0, 50, size))
        special = (0.0, 1.0)
    elif name == "L":
        values = rng.integers(1, 12, size).astype(float)
    elif name == "r":
        values, special = rng.uniform(0.05, 3, size), (0.5, 1.0)
    else:
        values = 10 ** rng.uniform(-3, 1, size)
    for value in special:
        values[rng.random(size) < 0.04] = value
    return np.minimum(values, most) if name == "i" else values


@cache
def _case(name: str) -> tuple[dict[str, np.ndarray], tuple[flint.arb, ...]]:
    """Random points of a family, with the values there to 60 digits, proven."""
    bound, (_, most, size) = _bound(name), FAMILIES[name]
    rng = np.random.default_rng(17)
    columns = {symbol.name: _column(symbol.name, rng, size, most) for symbol in bound.symbols}
    return columns, _truth(bound.expr, bound.symbols, columns)


def _truth(expression: sp.Expr, symbols: tuple[sp.Symbol, ...],
           columns: dict[str, np.ndarray], precision: int = 600) -> tuple[flint.arb, ...]:
    function = ball_function(expression, symbols)
    with flint.ctx.workprec(precision):
        found = tuple(function(*map(float, point)) for point in zip(*columns.values(), strict=True))
    assert all(value.rel_accuracy_bits() > 200 or value.is_zero() for value in found)
    return found


def _compare(got: np.ndarray, truth: tuple[flint.arb, ...], generations: np.ndarray) -> None:
    """Within rounding; infinite exactly where the truth exceeds the largest double.

    ``kappa (1 - alpha)`` has rounded before it is raised to the power ``i``, in square for the amplification, which is
    ``O(i 2**-53)``; exponentials of logarithms of up to 700 cost ``O(700 2**-53)``, hence 1e-12.
    """
    assert got.dtype == np.float64 and not np.isnan(got).any()
    for value, true, i in zip(got.ravel(), truth, np.ravel(generations), strict=True):
        allowed = 1e-12 + 40 * (i + 1) * 2.0**-53
        if true * (1 - allowed) > LARGEST:
            assert value == np.inf
        elif true * (1 + allowed) < LARGEST:
            assert np.isfinite(value)
            assert abs(flint.arb(float(value)) - true) <= true * allowed + 5e-324


@pytest.mark.parametrize("name", FAMILIES)
class TestAgainstSixtyDigits:
    """All paths, all families."""

    def test_scattered_points(self, name):
        columns, truth = _case(name)
        _compare(_bound(name).evaluate(**columns), truth, columns["i"])

    def test_one_point(self, name):
        columns, truth = _case(name)
        points = [dict(zip(columns, map(float, point), strict=True))
                  for point in list(zip(*columns.values(), strict=True))[:100]]
        got = np.array([_bound(name).evaluate(**point) for point in points])
        assert all(type(_bound(name).evaluate(**point)) is float for point in points[:3])
        _compare(got, truth[:100], columns["i"][:100])

    def test_unlimited_exponents(self, name):
        columns, truth = _case(name)
        bound = _bound(name)
        values = [columns[symbol.name] for symbol in bound.symbols]
        _compare(rescued(bound.expr, bound.symbols, values), truth, columns["i"])

    def test_grids(self, name):
        bound, (_, most, _) = _bound(name), FAMILIES[name]
        rng = np.random.default_rng(5)
        values = {symbol.name: _column(symbol.name, rng, 1, most)[0] for symbol in bound.symbols}
        values["n"] = _column("n", rng, 5, most)[:, None, None]
        other = next((key for key in ("alpha", "lam", "w", "kappa", "K") if key in values), "delta")
        values[other] = _column(other, rng, 4, most)[:, None]
        values["i"] = _column("i", rng, 3, most)
        got = bound.evaluate(**values)
        columns = {key: np.broadcast_to(value, got.shape).ravel() for key, value in values.items()}
        assert got.shape == (5, 4, 3)
        _compare(got, _truth(bound.expr, bound.symbols, columns), columns["i"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["replay", "weighted", "private"])
def test_machine_code(name, tmp_path, monkeypatch):
    monkeypatch.setenv("STLBOUNDS_CACHE", str(tmp_path))
    columns, truth = _case(name)
    repeated = {key: np.tile(column, 4) for key, column in columns.items()}
    _compare(_bound(name).evaluate(**repeated, compiled=True), truth * 4, repeated["i"])
    assert len(list(tmp_path.glob("stlbounds_*.py"))) == 1 and list(tmp_path.rglob("*.nbi"))


def test_what_has_no_machine_code_is_evaluated_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("STLBOUNDS_CACHE", str(tmp_path))
    columns, truth = _case("accumulate")
    repeated = {key: np.tile(column, 6) for key, column in columns.items()}
    _compare(_bound("accumulate").evaluate(**repeated, compiled=True), truth * 6, repeated["i"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "generations"), [
    ("accumulate", (200_000, 30_000, 5000, 1153, 129)), ("subsample", (10**6, 30_000, 5000, 1153, 129)),
    # The reference adds up sums of sums here.
    ("accumulate, categorical", (2000, 1300))])
def test_many_generations_of_growing_loops(name, generations):
    bound, rng = _bound(name), np.random.default_rng(3)
    columns = {symbol.name: _column(symbol.name, rng, len(generations), 10**6) for symbol in bound.symbols}
    columns["i"] = np.array(generations, dtype=float)
    _compare(bound.evaluate(**columns), _truth(bound.expr, bound.symbols, columns, 260), columns["i"])


POINT = {"kappa": 1.3, "c": 1, "r": 0.5, "n": 1000, "alpha": 0.3, "i": 7, "b": 2, "M": 1.5, "delta": 0.05}


class TestShapes:
    """Arrays as NumPy users expect them."""

    @pytest.mark.parametrize("axes", ["n", "ni", "nai", "ain", "ian", "na", "nad", "dnai", "i", "d", "nn"])
    @pytest.mark.parametrize("name", ["replay", "private", "accumulate", "augment"])
    def test_every_order_of_axes_gives_the_same_values(self, name, axes):
        bound = _bound(name)
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
        bound = _bound("replay")
        got = bound.evaluate(**POINT | {"i": arrays, "n": arrays})
        assert got.dtype == np.float64
        assert got.tolist() == bound.evaluate(**POINT | {"i": np.array(given, float),
                                                             "n": np.array(given, float)}).tolist()

    @pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 2)])
    def test_empty(self, shape):
        assert _bound("replay").evaluate(**POINT | {"n": np.ones(shape)}).shape == shape

    def test_blocks_and_threads_see_every_point(self):
        bound, rng = _bound("replay"), np.random.default_rng(0)
        size = 300_001
        values = POINT | {"n": np.floor(rng.uniform(1, 1e6, size)), "alpha": rng.uniform(0, 1, size)}
        got = bound.evaluate(**values)
        for index in [0, 8191, 8192, 150_000, size - 1, *rng.integers(0, size, 50)]:
            one = values | {"n": values["n"][index], "alpha": values["alpha"][index]}
            assert got[index] == pytest.approx(bound.evaluate(**one), rel=1e-12)

    def test_large_products_see_every_point(self):
        bound, rng = _bound("replay"), np.random.default_rng(0)
        values = POINT | {"n": np.arange(1.0, 301)[:, None], "alpha": rng.uniform(0, 1, 1500)}
        got = bound.evaluate(**values)
        for row, column in [(0, 0), (299, 1499), (255, 1023), (256, 1024), *rng.integers(0, 300, (50, 2))]:
            one = values | {"n": row + 1, "alpha": values["alpha"][column]}
            assert got[row, column] == pytest.approx(bound.evaluate(**one), rel=1e-12)


class TestOut:
    """An array for the result."""

    def test_it_is_filled_and_returned(self):
        bound, out = _bound("replay"), np.empty((3, 2))
        values = POINT | {"n": [[10], [20], [30]], "alpha": [0.1, 0.2]}
        assert bound.evaluate(**values, out=out) is out
        assert out.tolist() == bound.evaluate(**values).tolist()

    def test_views_and_arguments_may_be_given(self):
        bound, values = _bound("replay"), np.array([10.0, 20.0, 30.0, 40.0])
        expected = bound.evaluate(**POINT | {"n": values}).tolist()
        strided = np.zeros(8)[::2]
        bound.evaluate(**POINT | {"n": values}, out=strided)
        assert strided.tolist() == expected
        bound.evaluate(**POINT | {"n": values}, out=values)
        assert values.tolist() == expected

    @pytest.mark.parametrize("out", [np.empty(4), np.empty((3, 1)), np.empty(3, np.float32), np.empty(3, int), [0.0]])
    def test_what_does_not_fit_is_refused(self, out):
        with pytest.raises(stl.errors.InvalidArgumentError, match="out"):
            _bound("replay").evaluate(**POINT | {"n": [1, 2, 3]}, out=out)

    def test_it_is_not_for_digits(self):
        with pytest.raises(stl.errors.InvalidArgumentError, match="out"):
            _bound("replay").evaluate(**POINT, out=np.empty(()), digits=20)


class TestPlan:
    """What an evaluation will do."""

    def test_grids_are_separated(self):
        plan = _bound("replay").plan(n=(100, 1, 1), alpha=(50, 1), i=(70,))
        assert (plan.shape, plan.path, plan.steps[-1].points) == ((100, 50, 70), "matrices", 350_000)
        # Everything else happens on the small axes.
        assert max(step.points for step in plan.steps[:-1]) == 3500
        assert plan.steps[-1].operations <= 6
        assert plan.operations < 3e6
        assert "350,000 points" in str(plan) and "matrix" in str(plan)

    def test_other_paths(self):
        bound = _bound("replay")
        assert bound.plan().path == "math"
        assert bound.plan(n=(10,), alpha=[0.1] * 10).path == "blocks"
        # The number of points is inside of the amplification here.
        assert _bound("private").plan(n=(100, 1), i=(100,)).path == "blocks"
        assert bound.plan(n=(1, 1)).path == "math"

    @pytest.mark.parametrize("name", FAMILIES)
    def test_grids_of_the_catalogue_are_separated(self, name):
        if name == "private":
            return
        assert _bound(name).plan(n=(100, 1), i=(100,)).path == "matrices"

    def test_refusals(self):
        with pytest.raises(stl.errors.InvalidArgumentError, match="broadcast"):
            _bound("replay").plan(n=(3,), i=(4,))
        with pytest.raises(stl.errors.SymbolError, match="alhpa"):
            _bound("replay").plan(alhpa=(3,))


def test_an_expression_that_cancels_is_not_separated():
    # 1/n - alpha/n would lose digits near alpha = 1; the difference itself does not.
    value = evaluate(((s.n - s.alpha) ** 2 / s.n,), (s.n, s.alpha),
                     {"n": np.arange(1.0, 50)[:, None], "alpha": np.linspace(0, 1, 40)})[0]
    n, a = np.arange(1.0, 50)[:, None], np.linspace(0, 1, 40)
    assert np.allclose(value, (n - a) ** 2 / n, rtol=1e-15, atol=0)
