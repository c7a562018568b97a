"""Lists of NumPy operations: every operation, extreme numbers, blocks and threads that change nothing."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.growth import growth_sum
from stlbounds.numeric import blocks
from stlbounds.numeric.blocks import cut, fill, pieces
from stlbounds.numeric.kernels import kernel
from stlbounds.numeric.workers import shared_out, threads, using
from stlbounds.special import geometric_sum, geometric_sum_from_one
from stlbounds.symbols import J, N, alpha, c, kappa, r

x, y, z = sp.symbols("x y z", real=True)
COLUMNS = {x: np.array([0.25, 1.0, 3.5, 1e-9, 40.0]), y: np.array([2.0, 0.0, 1.5, 3.0, 12.0]), z: 0.75}
EXPRESSIONS = [
    x + y, x - y, 3 - x, -x - y, -x - 2, x - 1, 2 * x * y / 3, 1 / x, y / (x * z), -x / 7, x**2, x**5, x**8, x**-3,
    sp.sqrt(x), x ** sp.Rational(-1, 2), x ** sp.Rational(5, 2), x**y, x**-y, x**z, z**y, sp.exp(-x), sp.log(x),
    sp.tanh(x), abs(x - 2), sp.Max(x, y, 2), sp.Min(x, y), sp.sqrt(x) * sp.sqrt(y + 1) * sp.sqrt(z) / sp.sqrt(x + 2),
    geometric_sum(x, y), geometric_sum_from_one(x / 50, y), geometric_sum(z, y), geometric_sum(x, 4 * z), sp.erf(x),
    growth_sum(x, y, 2), sp.Sum(x**J, (J, 0, 3)), sp.sqrt(2) * x, sp.Integer(3), z, x, z**2 + 1,
    sp.Piecewise((x, sp.Eq(y, 0)), (y / x, x < 1), (z, True)), sp.Piecewise((x, (x > 1) & (y > 1)), (y, True)),
    (x + y) ** 2 + sp.sqrt(x + y) + 1 / (x + y), sp.Piecewise((1 / (y - 2), y > 2), (sp.sqrt(x), True)) + y * (y - 2)]


def _filled(expression: sp.Expr, columns: dict[sp.Symbol, object] = COLUMNS) -> np.ndarray:
    symbols = tuple(sorted(expression.free_symbols, key=str))
    values = [columns[symbol] for symbol in symbols]
    out = np.empty(max((value.shape for value in values if np.ndim(value)), default=(5,)))
    fill(out, kernel(expression, symbols, tuple(np.ndim(value) > 0 for value in values)), values)
    return out


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_every_operation(expression):
    for place, value in enumerate(_filled(expression)):
        point = {symbol: sp.Rational(column if np.ndim(column) == 0 else column[place])
                 for symbol, column in COLUMNS.items()}
        expected = expression.xreplace(point).replace(geometric_sum_from_one, lambda a, k: geometric_sum(1 - a, k))
        assert value == pytest.approx(float(expected.doit().evalf(30)), rel=3e-15 if place < 4 else 2e-14)


def test_a_value_that_occurs_twice_is_computed_once():
    found = kernel(sp.sqrt(x + y) + 1 / (x + y) + sp.log(x + y), (x, y), (True, True))
    assert [step.function for step in found.steps].count(np.add) == 3
    assert found.buffers <= 3


def test_single_numbers_are_not_spread_over_the_block():
    found = kernel(x * (z**2 + sp.log(z)), (x, z), (True, False))
    assert len(found.steps) == 1 and len(found.first) == 3


@pytest.mark.parametrize(("expression", "first", "second", "expected"), [
    (x**y, [0.0, 0.0, 0.0, -2.0, -2.0, 1e200, 3.0], [0.0, 2.0, -1.0, 3.0, -2.0, 2.0, 2.0],
     [1.0, 0.0, np.inf, -8.0, 0.25, np.inf, 9.0]),
    (sp.sqrt(x) * sp.sqrt(y), [1e-200, 1e200, 0.0, 4.0, 5e-324], [1e-200, 1e250, 3.0, 9.0, 1e-300],
     [1e-200, 1e225, 0.0, 6.0, 2.2227587494850775e-312])])
def test_extreme_numbers_do_not_touch_their_neighbours(expression, first, second, expected):
    columns = {x: np.array(first), y: np.array(second)}
    got = _filled(expression, columns)
    assert got == pytest.approx(expected, rel=1e-14)
    for place in range(len(first)):
        alone = _filled(expression, {x: columns[x][place:place + 1], y: columns[y][place:place + 1]})
        assert alone[0].tobytes() == got[place].tobytes()


@pytest.mark.parametrize("shape", [(10,), (3, 4), (2, 3, 5), (7, 1, 2)])
@pytest.mark.parametrize("size", [1, 4, 7, 100])
def test_pieces_cover_a_grid_once(shape, size):
    count = np.zeros(shape)
    for piece in pieces(shape, size):
        count[piece] += 1
        assert cut(np.ones((shape[0], *(1 for _ in shape[1:]))), piece).shape[0] == count[piece].shape[0]
    assert (count == 1).all()


@cache
def _bound() -> stl.Bound:
    return stl.high_probability(stl.Setting(
        stl.loops.FixedMix(alpha), stl.generators.Generator("generic", stl.DISCRETE, kappa, c * N**-r)))


def _scattered(size: int) -> dict[str, object]:
    rng = np.random.default_rng(2)
    return {"n": np.floor(10 ** rng.uniform(0, 12, size)), "alpha": rng.uniform(0, 1, size) * (rng.random(size) < 0.9),
            "i": np.floor(10 ** rng.uniform(0, 5, size)), "kappa": rng.uniform(0, 3, size), "delta": 0.05, "M": 1.0,
            "b": 2.0, "c": 1.0, "r": 0.3}


class TestThreads:
    """How many there are changes no bit."""

    def test_the_values_do_not_depend_on_them(self, monkeypatch):
        monkeypatch.setattr(blocks, "_PARALLEL", 1 << 16)
        values = _scattered(131_101) | {"i": 4.0}
        assert len({_bound().evaluate(**values, threads=count).tobytes() for count in (1, 2, 3)}) == 1

    def test_nor_on_blocks(self, monkeypatch):
        values = _scattered(501)
        whole = _bound().evaluate(**values)
        monkeypatch.setattr(blocks, "BLOCK", 17)
        assert _bound().evaluate(**values).tobytes() == whole.tobytes()

    @pytest.mark.parametrize("count", [0, -1, 1.5, True, "2"])
    def test_a_number_of_threads_is_a_positive_integer(self, count):
        with pytest.raises(stl.errors.InvalidArgumentError, match="threads"):
            _bound().evaluate(**_scattered(3), threads=count)

    def test_the_choice_ends_with_the_evaluation(self):
        before = threads()
        with using(3):
            assert threads() == 3
            with using(1):
                assert threads() == 1
            assert threads() == 3
        assert threads() == before

    def test_portions_keep_their_order_and_errors_arrive(self):
        with using(2):
            assert [k for part in shared_out(list, range(100), True) for k in part] == list(range(100))
            with pytest.raises(ZeroDivisionError):
                shared_out(lambda portion: [1 // k for k in portion], range(-50, 50), True)


def test_exponents_that_are_halves_become_roots():
    values = _scattered(50)
    near = _bound().evaluate(**values | {"r": np.full(50, 0.5)})
    assert _bound().evaluate(**values | {"r": 0.5}) == pytest.approx(near, rel=1e-13)
