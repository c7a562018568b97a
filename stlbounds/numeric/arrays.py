"""Evaluation in doubles, on scalars and broadcasting arrays.

One point goes through generated `math` source. A grid is separated into small grids and a product of matrices where the
expression allows it (`numeric.separation`), and otherwise filled block by block by a list of NumPy operations
(`numeric.blocks`, `numeric.kernels`). What is not finite afterwards is done again with unlimited exponents
(`numeric.scaled`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import sympy as sp

from stlbounds.compiled import mpmath_function
from stlbounds.errors import InvalidArgumentError, UndecidedError
from stlbounds.numeric.blocks import BLOCK, fill, multiply
from stlbounds.numeric.kernels import kernel
from stlbounds.numeric.preparing import exponents, from_distances, prepared, with_roots
from stlbounds.numeric.scalars import scalar_function
from stlbounds.numeric.scaled import scaled_function
from stlbounds.numeric.separation import Axes, Product, axes_of, hoisted, separate
from stlbounds.precision import kept

__all__ = ["Grid", "decision", "evaluate", "evaluate_point", "layout", "rescued"]

Array = npt.NDArray[np.float64]
_DIGITS = 30
_RESCUED_AT_ONCE = 1 << 15
_WORTH_COMPILING = 1 << 10


@lru_cache(maxsize=1024)
def _careful(expression: sp.Expr, symbols: tuple[sp.Symbol, ...]) -> Any:
    """The evaluation with unlimited exponents, or None where that arithmetic lacks a function."""
    try:
        return scaled_function(from_distances(expression), symbols)
    except UndecidedError:
        return None


def rescued(expression: sp.Expr, symbols: tuple[sp.Symbol, ...], columns: Sequence[Array]) -> Array:
    """The values at a list of points, whatever overflows on the way (theory §12).

    Parameters
    ----------
    expression : sympy.Expr
        As it was given, not prepared.
    symbols : tuple of sympy.Symbol
        The symbols.
    columns : sequence of numpy.ndarray
        Their values, each of the shape of the list.
    """
    function, shape = _careful(expression, symbols), np.shape(columns[0]) if columns else ()
    values = np.full(shape, np.nan)
    if function is not None:
        values[...] = function(*columns)
    lost = np.isnan(values)
    if lost.any():
        exact = mpmath_function(from_distances(expression), symbols)
        with kept(mpmath.workdps(_DIGITS)):
            values[lost] = [float(exact(*map(mpmath.mpf, point))) for point in
                            zip(*(np.asarray(column)[lost] for column in columns), strict=True)]
    return values


@lru_cache(maxsize=1024)
def _at_points(expression: sp.Expr, symbols: tuple[sp.Symbol, ...]) -> Any:
    return scalar_function(prepared(expression), symbols)


def evaluate_point(expression: sp.Expr, symbols: tuple[sp.Symbol, ...], values: Sequence[float]) -> float:
    """The value at one point, a Python float; ``inf`` where it exceeds the largest double."""
    try:
        value = float(_at_points(expression, symbols)(*values))
        if math.isfinite(value):
            return value
    except (ArithmeticError, ValueError, TypeError):
        pass
    return float(rescued(expression, symbols, [np.asarray(value, dtype=float) for value in values]))


# --- grids -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Grid:
    """Arrays on the axes of a grid that matter: neighbouring axes on which the same symbols vary are one axis.

    Parameters
    ----------
    shape : tuple of int
        The lengths of the axes, none 1.
    values : dict
        By symbol, an array with an axis of each length or of length 1; a float if it does not vary.
    axes : tuple of pairs
        On which axes each symbol varies.
    compiled : bool
        Whether blocks are filled by machine code (`numeric.jitted`).
    """

    shape: tuple[int, ...]
    values: dict[sp.Symbol, Any]
    axes: tuple[tuple[sp.Symbol, Axes], ...]
    compiled: bool = False

    def part(self, expression: sp.Expr) -> Grid:
        """The grid of the axes on which an expression varies."""
        kept = _kept(expression, self.axes)
        chosen = {symbol: self.values[symbol] for symbol in _symbols(expression)}
        values = {symbol: value if np.ndim(value) == 0 else value.reshape([value.shape[axis] for axis in kept])
                  for symbol, value in chosen.items()}
        return Grid(tuple(self.shape[axis] for axis in kept), values, _varying(values), self.compiled)


@lru_cache(maxsize=4096)
def _symbols(expression: sp.Expr) -> tuple[sp.Symbol, ...]:
    return tuple(sorted(expression.free_symbols, key=str))


@lru_cache(maxsize=4096)
def _kept(expression: sp.Expr, axes: tuple[tuple[sp.Symbol, Axes], ...]) -> tuple[int, ...]:
    """The axes on which an expression varies, in order."""
    return tuple(sorted(axes_of(expression, dict(axes))))


def _varying(values: Mapping[sp.Symbol, Any]) -> tuple[tuple[sp.Symbol, Axes], ...]:
    return tuple((symbol, frozenset(axis for axis, length in enumerate(np.shape(value)) if length > 1))
                 for symbol, value in values.items())


def layout(symbols: tuple[sp.Symbol, ...], arrays: Mapping[str, Array], shape: tuple[int, ...],
           compiled: bool = False) -> Grid:
    """The arrays of some symbols on the axes of a grid that matter."""
    full = {symbol: arrays[symbol.name].reshape((1,) * (len(shape) - arrays[symbol.name].ndim)
                                                + arrays[symbol.name].shape) for symbol in symbols}
    kinds = [tuple(array.shape[axis] > 1 for array in full.values()) for axis in range(len(shape))]
    runs: list[list[int]] = []
    for axis, length in enumerate(shape):
        if length == 1:
            continue
        if runs and kinds[runs[-1][-1]] == kinds[axis]:
            runs[-1].append(axis)
        else:
            runs.append([axis])
    sizes = tuple(math.prod(shape[axis] for axis in run) for run in runs)
    values = {}
    for symbol, array in full.items():
        lengths = [math.prod(array.shape[axis] for axis in run) for run in runs]
        values[symbol] = array.reshape(lengths) if array.size > 1 else float(array.reshape(()))
    return Grid(sizes, values, _varying(values), compiled)


def _small(expression: sp.Expr, grid: Grid) -> Any:
    """The values of a part, as an array with as many axes as the grid, or a float."""
    part = grid.part(expression)
    kept = _kept(expression, grid.axes)
    if not part.shape:
        return evaluate_point(expression, tuple(part.values), list(part.values.values()))
    out = np.empty(part.shape)
    _into(out, expression, part)
    return out.reshape([length if axis in kept else 1 for axis, length in enumerate(grid.shape)])


def decision(expression: sp.Expr, grid: Grid) -> tuple[str, list[sp.Expr], Any]:
    """How a prepared expression is evaluated on a grid: the path, what is evaluated before, and what is left then.

    The path is ``"math"``, ``"part"`` (nothing but its one part on fewer axes), ``"matrices"`` (what is left: the
    number of operations per point) or ``"blocks"``.
    """
    if not grid.shape:
        return "math", [], expression
    if len(_kept(expression, grid.axes)) < len(grid.shape):
        return "part", [expression], None
    product = separate(expression, grid.axes, grid.shape) if len(grid.shape) > 1 else None
    if product is not None:
        return "matrices", [*product.left, *product.right], 2 * len(product.left)
    names, rest = _hoisted(expression, grid.axes)
    return "blocks", list(names.values()), rest


def _into(out: Array, expression: sp.Expr, grid: Grid) -> bool:
    """Write the values of a prepared expression into an array of the grid's shape; whether all are surely finite."""
    path = decision(expression, grid)[0]
    if path == "part":
        out[...] = _small(expression, grid)
        return False
    if path == "matrices":
        product = separate(expression, grid.axes, grid.shape)
        return _multiply(out, product, grid) if product is not None else False
    chosen = ((symbol, grid.values[symbol]) for symbol in exponents(expression))
    expression = with_roots(expression, tuple((symbol, sp.Rational(value)) for symbol, value in chosen
                                              if np.ndim(value) == 0 and float(2 * value).is_integer()))
    names, rest = _hoisted(expression, grid.axes)
    values = {**grid.values, **{name: _small(part, grid) for name, part in names.items()}}
    symbols = _symbols(rest)
    arguments = [values[symbol] for symbol in symbols]
    finite = _by_machine_code(out, rest, symbols, arguments) if grid.compiled else None
    if finite is None:
        finite = fill(out, kernel(rest, symbols, tuple(np.ndim(value) > 0 for value in arguments)), arguments)
    return finite


def _by_machine_code(out: Array, expression: sp.Expr, symbols: tuple[sp.Symbol, ...], values: list[Any]) -> bool | None:
    """Whether all values are finite, after machine code has filled ``out``; None if it knows not all the functions."""
    if out.size < _WORTH_COMPILING:
        return None
    from stlbounds.numeric.jitted import jitted_fill

    try:
        return jitted_fill(out, expression, symbols, values)
    except UndecidedError:
        return None


@lru_cache(maxsize=512)
def _hoisted(expression: sp.Expr, axes: tuple[tuple[sp.Symbol, Axes], ...]) -> tuple[dict[sp.Symbol, sp.Expr], sp.Expr]:
    return hoisted(expression, dict(axes))


def _multiply(out: Array, product: Product, grid: Grid) -> bool:
    """The sum of products, as one product of matrices for each place on the common axes."""
    batch, split = grid.shape[:product.batch], product.split
    middle, last = math.prod(grid.shape[product.batch:split]), math.prod(grid.shape[split:])
    tall = np.empty((*batch, middle, len(product.left)))
    wide = np.empty((*batch, len(product.right), last))
    for number, (left, right) in enumerate(zip(product.left, product.right, strict=True)):
        shape = (*grid.shape[:split], *(1 for _ in grid.shape[split:]))
        tall[..., number] = np.broadcast_to(_small(left, grid), shape).reshape(*batch, middle)
        shape = (*batch, *(1 for _ in range(product.batch, split)), *grid.shape[split:])
        wide[..., number, :] = np.broadcast_to(_small(right, grid), shape).reshape(*batch, last)
    with np.errstate(all="ignore"):
        multiply(tall, wide, out.reshape(*batch, middle, last))
        most = float(np.abs(tall).max(initial=0.0)) * float(np.abs(wide).max(initial=0.0)) * len(product.left)
    return math.isfinite(most)


def _repair(out: Array, expression: sp.Expr, grid: Grid) -> None:
    """Do again, in place, what is not finite."""
    flat = out.reshape(-1)
    symbols = tuple(grid.values)
    for start in range(0, flat.size, BLOCK * 16):
        part = flat[start:start + BLOCK * 16]
        with np.errstate(all="ignore"):
            # A finite sum has finite terms, and is cheaper than asking each.
            if np.isfinite(part.sum()):
                continue
        bad = np.flatnonzero(~np.isfinite(part)) + start
        for first in range(0, bad.size, _RESCUED_AT_ONCE):
            lost = bad[first:first + _RESCUED_AT_ONCE]
            places = np.unravel_index(lost, out.shape)
            columns = [np.full(lost.shape, value) if np.ndim(value) == 0 else value[tuple(
                place if length > 1 else 0 for place, length in zip(places, value.shape, strict=True))]
                for value in grid.values.values()]
            flat[lost] = rescued(expression, symbols, columns)


def _over(expression: sp.Expr, arrays: Mapping[str, Array], shape: tuple[int, ...], out: Array | None,
          compiled: bool) -> Array:
    symbols = _symbols(expression)
    result = np.empty(shape) if out is None else out
    if not result.size:
        return result
    grid = layout(symbols, arrays, shape, compiled)
    contiguous = result if result.flags.c_contiguous else np.empty(shape)
    target = contiguous.reshape(grid.shape)
    if not grid.shape:
        target[...] = evaluate_point(expression, symbols, list(grid.values.values()))
    elif not _into(target, prepared(expression), grid):
        _repair(target, expression, grid)
    if contiguous is not result:
        result[...] = contiguous
    return result


def evaluate(expressions: tuple[sp.Expr, ...], symbols: tuple[sp.Symbol, ...], arrays: Mapping[str, Array],
             out: Array | None = None, *, compiled: bool = False) -> list[Any]:
    """The values of the expressions, each broadcast to the common shape of all arrays.

    Parameters
    ----------
    expressions : tuple of sympy.Expr
        What to evaluate.
    symbols : tuple of sympy.Symbol
        Every symbol that occurs; others may have values too.
    arrays : dict of str to numpy.ndarray
        Values by name, in doubles.
    out : numpy.ndarray, optional
        Where the values of the only expression go: doubles, of the common shape.
    compiled : bool
        Whether blocks of more than a thousand points are filled by machine code that numba makes.

    Returns
    -------
    list of float or numpy.ndarray
        Python floats where every value is a scalar; ``inf`` where the value exceeds the largest double.

    Raises
    ------
    InvalidArgumentError
        If `out` does not fit.
    MissingDependencyError
        If numba is needed and not installed.
    """
    shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    if out is not None and (not isinstance(out, np.ndarray) or out.shape != shape or out.dtype != np.float64
                            or not out.flags.writeable):
        given = f"{type(out).__name__} {getattr(out, 'dtype', '')} {getattr(out, 'shape', '')}"
        raise InvalidArgumentError("out", given, f"a writable array of doubles of shape {shape}")
    if shape == () and out is None:
        return [evaluate_point(expression, symbols, [float(arrays[symbol.name]) for symbol in symbols])
                for expression in expressions]
    if out is not None and any(np.may_share_memory(out, array) for array in arrays.values()):
        arrays = {name: array.copy() for name, array in arrays.items()}
    return [_over(expression, arrays, shape, out, compiled) for expression in expressions]
