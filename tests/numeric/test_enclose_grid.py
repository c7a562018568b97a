"""Certified grids: every entry contains the value, narrowly, whatever the bound and the sizes of the numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.interval.arithmetic import arithmetic
from stlbounds.interval.tape import compiled
from stlbounds.numeric import enclose_grid as certified
from stlbounds.numeric import grid_rules
from stlbounds.numeric.enclose_grid import enclose_grid
from stlbounds.numeric.workers import using
from stlbounds.symbols import K, N, alpha, c, i, kappa, lam, n, r, w

GENERIC = stl.generators.Generator("generic", stl.DISCRETE, kappa, c * N**-r)
LOOPS = (stl.loops.FixedMix(alpha), stl.loops.FixedMix(alpha, real="fresh"), stl.loops.Augment(lam),
         stl.loops.WeightedMix(w), stl.loops.Subsample())


def _contained(expression: sp.Expr, arrays: dict[str, np.ndarray]) -> float:
    """The largest relative width, after every entry was held against interval arithmetic in both of its meanings."""
    low, high = enclose_grid(expression, arrays)
    symbols = tuple(sorted(expression.free_symbols, key=str))
    tape, numbers = compiled(expression, symbols), arithmetic(bits=120)
    columns = [np.broadcast_to(arrays[symbol.name], low.shape) for symbol in symbols]
    with numbers.working():
        for place in np.ndindex(low.shape):
            entries = [float(column[place]) for column in columns]
            for box in ([Fraction(entry) for entry in entries], [Fraction(str(entry)) for entry in entries]):
                below, above = tape.run(numbers, [numbers.number(entry) for entry in box])[0]
                assert low[place] <= numbers.exact(below), (expression, entries)
                assert numbers.exact(above) <= high[place], (expression, entries)
    finite = np.isfinite(high) & (high > 0)
    return float(np.max((high - low)[finite] / high[finite]))


def _grid(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"n": np.floor(10 ** rng.uniform(0, 12, 3))[:, None, None], "K": np.array(20.0),
            "alpha": np.append(rng.uniform(0, 1, 3), [1.0])[:, None],
            "w": np.append(rng.uniform(0, 1, 3), [1.0])[:, None],
            "lam": rng.uniform(0, 3, 3)[:, None], "i": np.array([0.0, 1.0, 2.0, 7.0, 40.0]), "kappa": np.array(1.2),
            "delta": np.array(0.05), "M": np.array(1.0), "b": np.array(0.7), "c": np.array(0.3), "r": np.array(0.5)}


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: f"{loop.name}-{getattr(loop, 'real', '')}")
@pytest.mark.parametrize("model", [GENERIC, stl.generators.Categorical(K)], ids=lambda model: model.name)
def test_every_entry_contains_the_value(loop, model):
    bound = stl.high_probability(stl.Setting(loop, model))
    names = {str(symbol) for symbol in bound.expr.free_symbols}
    assert _contained(bound.expr, {name: array for name, array in _grid(3).items() if name in names}) < 1e-11


@pytest.mark.parametrize(("expression", "arrays"), [
    (kappa**i, {"kappa": np.array([0.0, 1e-9, 0.3, 1.0, 7.5])[:, None], "i": np.array([0.0, 1.0, 90.0, 1000.0])}),
    (stl.geometric_sum(kappa, i), {
        "kappa": np.array([0.0, 1e-18, 0.499, 0.5, 1 - 1e-16, 1.0, 1 + 1e-15, 2.0, 2.5, 50.0])[:, None],
        "i": np.array([0.0, 1.0, 2.0, 300.0, 10.0**6])}),
    (sp.log(2 / alpha) * sp.exp(-kappa) - sp.log(alpha + 1),
     {"alpha": np.array([1e-300, 0.1, 1.0]), "kappa": np.array(0.3)}),
    ((1 - alpha) ** 2 - alpha, {"alpha": np.array([0.1, 0.3819660112501051, 0.38, 1.0])}),
    (alpha**40 / n**30, {"alpha": np.array([1e-12, 0.5]), "n": np.array(10.0**12)}),
    # A part that underflows to 0, or that is the reciprocal of an overflow, and comes back.
    (sp.sqrt(alpha**i + c**i) * n + 1, {"alpha": np.array([1e-3, 0.5]), "c": np.array(1e-4), "i": np.array(110.0),
                                        "n": np.array(1e180)}),
    (n / sp.sqrt(sp.exp(kappa) + 1) + 1, {"kappa": np.array([5.0, 800.0]), "n": np.array(1e250)}),
    (sp.sqrt(sp.exp(-kappa) + sp.exp(-2 * kappa)) * n + 1, {"kappa": np.array([5.0, 800.0]), "n": np.array(1e250)}),
    # A true zero is no underflow; the smallest doubles print with few digits; 1e23 is not the double of that name.
    (alpha**i * n + kappa * alpha + 1, {"alpha": np.array([0.0, 0.5]), "i": np.array([[0.0], [1.0], [2000.0]]),
                                        "n": np.array(5.0), "kappa": np.array(3.0)}),
    (alpha * n * c, {"alpha": np.array([5e-324, 1e-320, *[0.5] * 70]), "n": np.array(1e24), "c": np.array(1e300)}),
    ((n * c) ** 200, {"n": np.array([1e23, *[7.3e22] * 70]), "c": np.array(1e-23)}),
])
def test_awkward_numbers(expression, arrays):
    _contained(expression, arrays)


@pytest.mark.parametrize(("expression", "arrays"), [
    # Terms of both signs; the first entry is 0 * inf.
    (1 - kappa**i * alpha**i * c, {"kappa": np.array([50.0, 50.0]), "alpha": np.array([0.0, 0.1]),
                                   "i": np.array([1000.0, 1.0]), "c": np.array([0.5, 0.2])}),
    # A product that is no normal double, and comes back; the first entry is 0 * inf.
    ((kappa**i * alpha**i + c) * n, {"kappa": np.array([50.0, 0.017]), "alpha": np.array([0.0, 0.001]),
                                     "i": np.array([1000.0, 67.0]), "c": np.array(0.0), "n": np.array([3.0, 1e300])}),
])
def test_an_entry_that_is_not_a_number_on_the_way_hides_nothing_of_the_others(expression, arrays):
    _contained(expression, arrays)


def test_an_error_bound_that_is_not_a_number_is_the_worst():
    assert all(np.isnan(grid_rules._worst(*pair)) for pair in ((np.nan, 0.1), (0.1, np.nan)))
    assert grid_rules._worst(0.1, np.array([0.2, 0.3])) == 0.3


@pytest.mark.parametrize("error", [0.005, 0.05, 0.3, 0.6, 0.95])
def test_large_error_bounds_stay_bounds_under_logarithms_and_reciprocals(error):
    """The least value that an error bound allows, through a step: within the bound that the step tells."""
    below = np.array(1 - error)
    for true, (value, its) in [
            (np.log(1e-3 * below), grid_rules._function("log", (np.array(1e-3), np.array(error)))),
            (1 / (3 * below), grid_rules._whole_power((np.array(3.0), np.array(error)), -1)),
            ((3 * below) ** -1.5, grid_rules._general_power((np.array(3.0), np.array(error)), (np.array(-1.5), 0.0)))]:
        assert abs(true - value) <= its * abs(value)


def test_most_of_a_grid_is_done_in_doubles():
    """The fast path must not silently give way to interval arithmetic: its intervals are wider."""
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), GENERIC))
    names = {str(symbol) for symbol in bound.expr.free_symbols}
    low, high = enclose_grid(bound.expr, {name: array for name, array in _grid(4).items() if name in names})
    assert (((high - low) / high) > 1e-14).mean() > 0.7


def test_pieces_on_several_threads_are_what_one_pass_is(monkeypatch):
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), GENERIC))
    names = {str(symbol) for symbol in bound.expr.free_symbols}
    arrays = {name: array for name, array in _grid(4).items() if name in names}
    scattered = {name: np.broadcast_to(array, (3, 4, 5)).ravel() for name, array in arrays.items()}
    whole = [enclose_grid(bound.expr, columns) for columns in (arrays, scattered)]
    monkeypatch.setattr(certified, "_PARALLEL", 1)
    monkeypatch.setattr(certified, "_PIECE", 8)
    with using(2):
        for columns, (low, high) in zip((arrays, scattered), whole, strict=True):
            lower, upper = enclose_grid(bound.expr, columns)
            # Error bounds that are shared by fewer entries are smaller, never larger but for a rounding.
            assert (lower >= low * (1 - 1e-15)).all() and (upper <= high * (1 + 1e-15)).all()
            assert (lower <= upper).all()
        assert _contained(bound.expr, arrays) < 1e-11


def test_only_the_pieces_without_a_rule_are_done_by_intervals(monkeypatch):
    calls = []
    again = certified._one_by_one
    monkeypatch.setattr(certified, "_one_by_one", lambda *given: (calls.append(given[5].sum()), again(*given)))
    monkeypatch.setattr(certified, "_PIECE", 4)
    # The base of the last piece is negative, where powers have no rule.
    bases = np.array([0.5, 1.0, 2.0, 3.0, 0.1, 0.2, 0.3, 0.4, -1.0, 0.7, 0.8, 0.9])
    kind = sp.Symbol("kappa", real=True)
    power = kind ** sp.Symbol("i", integer=True, nonnegative=True)
    low, high = enclose_grid(power, {"kappa": bases, "i": np.full(12, 3.0)})
    assert calls == [4] and (low <= bases**3).all() and (bases**3 <= high).all()
    assert enclose_grid(alpha + 1, {"alpha": np.empty(0)})[0].shape == (0,)
    low, high = enclose_grid(alpha + 1, {"alpha": np.array(0.5)})
    assert low.shape == () and low <= 1.5 <= high


@pytest.mark.parametrize("place", [1 - Fraction(1, 2**54), np.array([1 - Fraction(1, 2**54), Fraction(1, 3), 0.1, 1])])
def test_entries_that_doubles_round_are_contained(place):
    """``1 - 2**-54`` is 1 as a double, at which the drift is 0."""
    bound = stl.in_expectation(stl.Setting(stl.loops.FixedMix(alpha), GENERIC))
    values = dict(alpha=place, n=np.array([2**53 + 1, 3], dtype=np.int64)[:, None], i=2, c=1, r=20, kappa=1, b=0, M=1)
    low, high = bound.enclose_grid(**{**values, "c": 10**300})
    shape = np.broadcast_shapes(np.shape(place), (2, 1))
    assert low.shape == shape
    for column, share in enumerate(np.ravel(np.array(place, dtype=object))):
        for row, size in enumerate((2**53 + 1, 3)):
            part = 1 - Fraction(share)
            exact = part * (1 + part) * 10**300 / Fraction(size) ** 20
            assert low[row, column] <= exact <= high[row, column]
            assert exact == 0 or high[row, column] <= 1.001 * low[row, column] or share == 1 - Fraction(1, 2**54)
