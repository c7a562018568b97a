"""Certified grids: lower and upper arrays from one pass in doubles, with an error bound proved operation by operation.

The rules are those of `numeric.grid_rules`. Steps that vary on fewer axes than the grid are followed once; the others
block by block, in the processor's cache and on all processors. Entries that overflow, come near to the smallest
doubles, or lose too many digits are done again with interval arithmetic, one by one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy as sp

from stlbounds.interval import nodes
from stlbounds.interval.arithmetic import Arithmetic, arithmetic
from stlbounds.interval.tape import Tape, compiled
from stlbounds.numeric.blocks import Piece, cut, pieces
from stlbounds.numeric.grid_rules import LOOSE, SMALL, TINY, UNIT, Array, Known, UnsupportedStepError, follow
from stlbounds.numeric.workers import PARALLEL, shared_out

__all__ = ["enclose_grid"]

#: Entries of a piece: enough that the bookkeeping of the errors costs little, few enough for a third-level cache.
_PIECE = 1 << 17
#: Entries from which on there are pieces enough for threads.
_PARALLEL = 16 * PARALLEL

Mask = npt.NDArray[np.bool_]


def _beforehand(tape: Tape, columns: Sequence[Array], numbers: Arithmetic,
                shape: tuple[int, ...]) -> tuple[list[Known | None], list[float]]:
    """The steps that vary on fewer axes than the grid, and None for the others."""
    found: list[Known | None] = []
    least: list[float] = []
    shapes: list[tuple[int, ...]] = []
    for step in tape.steps:
        position = getattr(step, "position", None)
        shapes.append(np.shape(columns[position]) if position is not None else
                      np.broadcast_shapes(*(shapes[place] for place in step.operands)))
        if shapes[-1] == shape:
            found.append(None)
            least.append(math.nan)
            continue
        operands = [found[place] for place in step.operands]
        known, lowest = follow(step, operands, [least[place] for place in step.operands],  # type: ignore[arg-type]
                               columns, numbers)
        found.append(known)
        least.append(lowest)
    return found, least


def _on_piece(tape: Tape, columns: Sequence[Array], numbers: Arithmetic, before: Sequence[Known | None],
              least: Sequence[float], piece: Piece, room: Mapping[int, Array]) -> Known:
    """The value of the tape on a piece of the grid; ``room`` holds arrays for the values of some steps."""
    mine = [cut(column, piece) for column in columns]
    found: list[Known | None] = list(before)
    lowest, ready = list(least), [known is not None for known in before]

    def operand(place: int) -> Known:
        known = found[place]
        if known is None:
            raise UnsupportedStepError
        if ready[place]:
            known = found[place] = cut(known[0], piece), cut(known[1], piece)
            ready[place] = False
        return known

    for number, step in enumerate(tape.steps):
        if found[number] is None:
            found[number], lowest[number] = follow(
                step, [operand(place) for place in step.operands], [lowest[place] for place in step.operands], mine,
                numbers, room.get(number))
    return operand(len(tape.steps) - 1)


def _ends(known: Known, low: Array, high: Array) -> Mask | None:
    """Write lower and upper ends; which of them cannot be relied upon, or None if all can."""
    value, error = known
    margin = error + 4 * UNIT
    down, up = 1.0 - margin, 1.0 + margin
    # Of a negative value the larger multiple is the lower end.
    np.multiply(value, down, low)
    np.multiply(value, up, high)
    least = float(np.min(low))
    tight = np.size(error) <= SMALL and float(np.max(error)) <= LOOSE
    if least > TINY and tight and math.isfinite(float(np.sum(high))):
        return None
    if not least >= 0:
        low[...], high[...] = np.minimum(low, high), np.maximum(low, high)
    redo: Mask = ~(np.isfinite(low) & np.isfinite(high) & np.broadcast_to(error <= LOOSE, low.shape))
    size = np.abs(low)
    redo |= (size < TINY) & ~((low == 0) & (high == 0) & np.broadcast_to(np.equal(error, 0), low.shape))
    return redo


def enclose_grid(expression: sp.Expr, arrays: Mapping[str, Array], *, bits: int = 96,
                 exact: Mapping[str, Any] | None = None) -> tuple[Array, Array]:
    """Lower and upper bounds of an expression at every point of a grid.

    Parameters
    ----------
    expression : sympy.Expr
        What to enclose.
    arrays : mapping of str to numpy.ndarray
        Doubles by name that broadcast against each other, for every symbol.
    bits : int
        Working precision of the entries that are done again one by one.
    exact : mapping of str to numpy.ndarray, optional
        As `values.rounded_entries` tells: what doubles rounded. The bounds hold for these entries, too; all entries
        are then done one by one.

    Returns
    -------
    tuple of numpy.ndarray
        Of the common shape; the true value lies between them, whether an entry such as ``0.1`` is meant as the double
        or as the decimal.

    Examples
    --------
    >>> from stlbounds.symbols import alpha
    >>> low, high = enclose_grid(1 / (1 + alpha), {"alpha": np.array([0.1, 0.5])})
    >>> bool((high - low < 1e-14).all() and low[1] <= 2 / 3 <= high[1])
    True
    """
    symbols = tuple(sorted(expression.free_symbols, key=str))
    shape = np.broadcast_shapes(*(np.shape(array) for array in arrays.values())) if arrays else ()
    low, high = np.empty(shape), np.empty(shape)
    if not low.size:
        return low, high
    # A grid of at least one axis, every column with as many axes.
    grid = shape or (1,)
    columns = [column.reshape((1,) * (len(grid) - column.ndim) + column.shape) for column in
               (np.asarray(arrays[symbol.name], dtype=float) for symbol in symbols)]
    lower, upper = low.reshape(grid), high.reshape(grid)
    tape, numbers = compiled(expression, symbols), arithmetic(bits=bits)
    rounded = {place: np.broadcast_to(exact[symbol.name], shape).reshape(grid) for place, symbol in enumerate(symbols)
               if exact and symbol.name in exact}
    with np.errstate(all="ignore"), numbers.working():
        try:
            ahead = None if rounded else _beforehand(tape, columns, numbers, grid)
        except UnsupportedStepError:
            ahead = None
        if ahead is None:
            redo = [(piece, np.ones(lower[piece].shape, dtype=bool)) for piece in pieces(grid, _PIECE)]
        else:
            before, least = ahead

            def run(portion: Sequence[Piece]) -> list[tuple[Piece, Mask]]:
                lost, most = [], max(lower[piece].size for piece in portion)
                room = {number: np.empty(most) for number, step in enumerate(tape.steps)
                        if before[number] is None and isinstance(step, (nodes.Product, nodes.Total))}
                with np.errstate(all="ignore"):
                    for piece in portion:
                        ends = lower[piece], upper[piece]
                        mine = {number: array[:ends[0].size].reshape(ends[0].shape) for number, array in room.items()}
                        try:
                            mask = _ends(_on_piece(tape, columns, numbers, before, least, piece, mine), *ends)
                        except UnsupportedStepError:
                            mask = np.ones(ends[0].shape, dtype=bool)
                        if mask is not None:
                            lost.append((piece, mask))
                return lost

            parts = shared_out(run, list(pieces(grid, _PIECE)), low.size >= _PARALLEL)
            redo = [pair for part in parts for pair in part]
        for piece, mask in redo:
            _one_by_one(tape, [np.broadcast_to(cut(column, piece), mask.shape) for column in columns], numbers,
                        lower[piece], upper[piece], mask, {place: entries[piece] for place, entries in rounded.items()})
    return low, high


def _one_by_one(tape: Tape, columns: Sequence[Array], numbers: Arithmetic, low: Array, high: Array,
                redo: Mask, rounded: Mapping[int, Any]) -> None:
    """The entries of the mask again, by interval arithmetic; all meanings of an entry are covered."""
    for place in zip(*np.nonzero(redo), strict=True):
        box = []
        for position, column in enumerate(columns):
            entry = float(column[place])
            ends = {Fraction(entry), Fraction(str(entry))}
            if position in rounded and rounded[position][place] is not None:
                ends.add(rounded[position][place])
            box.append(numbers.interval(min(ends), max(ends)))
        below, above = (numbers.exact(end) for end in tape.run(numbers, box)[0])
        low[place], high[place] = _double(below, -math.inf), _double(above, math.inf)


def _double(value: Fraction | float, towards: float) -> float:
    """A double on the far side of a number."""
    try:
        return math.nextafter(float(value), towards)
    except OverflowError:
        largest = math.nextafter(math.inf, 0.0)
        if value > 0:
            return math.inf if towards > 0 else largest
        return -math.inf if towards < 0 else -largest
