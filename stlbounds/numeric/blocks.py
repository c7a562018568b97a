"""NumPy code generated from an expression, and run over blocks of a grid that stay in the processor's cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy as sp
from sympy.printing.numpy import NumPyPrinter

from stlbounds.compiled import NUMPY_FUNCTIONS, Series, numpy_erf, printed_function
from stlbounds.numeric.growing import growth_array, growth_sum_array
from stlbounds.numeric.series import product_over, sum_over

__all__ = ["BLOCK", "array_function", "fill", "multiply", "threads"]

#: Entries of a block: a dozen arrays of so many doubles fit into a second-level cache.
BLOCK = 8192
_PARALLEL = 1 << 17
_TILE = (256, 1024)


class _ArrayPrinter(Series, NumPyPrinter):  # type: ignore[misc]  # SymPy has no types
    def _print_Pow(self, expr: sp.Pow, rational: bool = False) -> str:
        if expr.exp.free_symbols:
            return f"power({self._print(expr.base)}, {self._print(expr.exp)})"
        return str(super()._print_Pow(expr, rational))


def _power(base: Any, exponent: Any) -> Any:
    """``base**exponent``; exponents like -1/2 that the user gave as numbers need no logarithm."""
    if np.ndim(exponent) == 0:
        if exponent == -0.5:
            return 1.0 / np.sqrt(base)
        if exponent == -1.0:
            return 1.0 / base
    return np.power(base, exponent)


_NAMES: dict[str, Any] = {"erf": numpy_erf, "sum_over": sum_over, "product_over": product_over, "power": _power}


@lru_cache(maxsize=512)
def array_function(expression: sp.Expr, symbols: tuple[sp.Symbol, ...]) -> Callable[..., Any]:
    """A function of the symbols' values, arrays of doubles or doubles that broadcast."""
    names = {**NUMPY_FUNCTIONS, "growth": growth_array, "growth_sum": growth_sum_array, **_NAMES}
    settings = {"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True,
                "user_functions": {name: name for name in names}}
    function = printed_function((expression,), symbols, _ArrayPrinter(settings), names, ["numpy"])
    return lambda *values: function(*values)[0]


def _pieces(shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Slices that cover a grid: whole trailing axes, and as much of one axis as makes a block."""
    axis = 0
    while axis < len(shape) - 1 and prod(shape[axis + 1:]) > BLOCK:
        axis += 1
    rows = max(1, BLOCK // max(1, prod(shape[axis + 1:])))
    for index in product(*(range(length) for length in shape[:axis])):
        for start in range(0, shape[axis], rows):
            yield (*(slice(place, place + 1) for place in index), slice(start, start + rows),
                   *(slice(None) for _ in shape[axis + 1:]))


def threads() -> int:
    """How many threads a large evaluation uses: the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fill(out: npt.NDArray[np.float64], function: Callable[..., Any], arrays: Sequence[Any]) -> None:
    """Write ``function(*arrays)`` into ``out``, block by block, on all processors if there are many blocks.

    Parameters
    ----------
    out : numpy.ndarray
        Any shape of at least one axis.
    function : callable
        Takes arrays, elementwise.
    arrays : sequence of numpy.ndarray or float
        Arrays have as many axes as `out`, of its length or of length 1.
    """
    def run(pieces: list[tuple[slice, ...]]) -> None:
        with np.errstate(all="ignore"):
            for piece in pieces:
                out[piece] = function(*(array if np.ndim(array) == 0 else array[tuple(
                    part if length > 1 else slice(None) for part, length in zip(piece, array.shape, strict=True))]
                    for array in arrays))

    _shared_out(run, list(_pieces(out.shape)), out.size >= _PARALLEL)


def multiply(tall: Any, wide: Any, out: npt.NDArray[np.float64]) -> None:
    """``out = tall @ wide`` for a tall matrix of few columns: in tiles, which is about as fast as writing ``out``.

    Parameters
    ----------
    tall, wide, out : numpy.ndarray
        Of shapes ``(..., m, r)``, ``(..., r, k)`` and ``(..., m, k)``.
    """
    rows, columns = (min(length, most) for length, most in zip(out.shape[-2:], _TILE, strict=True))
    tiles = [(*index, slice(row, row + rows), slice(column, column + columns))
             for index in product(*(range(length) for length in out.shape[:-2]))
             for row in range(0, out.shape[-2], rows) for column in range(0, out.shape[-1], columns)]

    def run(pieces: list[tuple[Any, ...]]) -> None:
        with np.errstate(all="ignore"):
            for *index, row, column in pieces:
                np.matmul(tall[(*index, row)], wide[(*index, slice(None), column)], out=out[(*index, row, column)])

    _shared_out(run, tiles, out.size >= 8 * _PARALLEL)


def _shared_out(run: Callable[[list[Any]], None], pieces: list[Any], large: bool) -> None:
    """Run over all pieces, on all processors if there is much to do; neighbours stay with one processor."""
    workers = min(threads(), len(pieces)) if large else 1
    if workers <= 1:
        run(pieces)
        return
    size = -(-len(pieces) // workers)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, [pieces[start:start + size] for start in range(0, len(pieces), size)]))
