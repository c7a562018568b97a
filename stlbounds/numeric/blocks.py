"""Large grids in blocks that stay in the processor's cache: lists of NumPy operations, and products of matrices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from stlbounds.numeric.kernels import Kernel
from stlbounds.numeric.workers import PARALLEL, shared_out

__all__ = ["BLOCK", "Piece", "cut", "fill", "multiply", "pieces"]

#: Entries of a block: its buffers fit into a third-level cache. In smaller ones, which a second-level cache would hold,
#: an operation is so short that two threads mostly wait for each other at the interpreter's lock.
BLOCK = 65536
_TILE = (256, 1024)
#: Entries from which on there are blocks enough for threads.
_PARALLEL = 4 * PARALLEL

Array = npt.NDArray[np.float64]
Piece = tuple[slice, ...]


def pieces(shape: tuple[int, ...], size: int | None = None) -> Iterator[Piece]:
    """Slices that cover a grid: whole trailing axes, and as much of one axis as makes a block."""
    most, axis = size or BLOCK, 0
    while axis < len(shape) - 1 and prod(shape[axis + 1:]) > most:
        axis += 1
    rows = max(1, most // max(1, prod(shape[axis + 1:])))
    for index in product(*(range(length) for length in shape[:axis])):
        for start in range(0, shape[axis], rows):
            yield (*(slice(place, place + 1) for place in index), slice(start, start + rows),
                   *(slice(None) for _ in shape[axis + 1:]))


def cut(value: Any, piece: Piece) -> Any:
    """The part of an array on a piece; an axis of length 1 stays. A number is its own part."""
    if np.ndim(value) == 0:
        return value
    return value[tuple(part if length > 1 else slice(None) for part, length in zip(piece, value.shape, strict=True))]


def fill(out: Array, kernel: Kernel, arrays: Sequence[Any]) -> bool:
    """Write the values of a kernel into ``out``, block by block, on all processors if there are many blocks.

    Parameters
    ----------
    out : numpy.ndarray
        Any shape of at least one axis.
    kernel : Kernel
        What to compute.
    arrays : sequence of numpy.ndarray or float
        Its arguments: arrays have as many axes as `out`, of its length or of length 1.

    Returns
    -------
    bool
        Whether all values are surely finite.
    """
    with np.errstate(all="ignore"):
        values = kernel.begin(arrays)
    whole = [(place, value) for place, value in enumerate(values[:len(arrays)]) if np.ndim(value)]

    def run(portion: Sequence[Piece]) -> bool:
        mine, finite = list(values), True
        room = np.empty((kernel.buffers, max(out[piece].size for piece in portion)))
        with np.errstate(all="ignore"):
            for piece in portion:
                target = out[piece]
                for place, value in whole:
                    mine[place] = cut(value, piece)
                kernel.run(mine, [row[:target.size].reshape(target.shape) for row in room], target)
                # A finite sum has finite terms, and is cheaper than asking each.
                finite = finite and bool(np.isfinite(target.sum()))
        return finite

    return all(shared_out(run, list(pieces(out.shape)), out.size >= _PARALLEL))


def multiply(tall: Any, wide: Any, out: Array) -> None:
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

    def run(portion: Sequence[tuple[Any, ...]]) -> None:
        with np.errstate(all="ignore"):
            for *index, row, column in portion:
                np.matmul(tall[(*index, row)], wide[(*index, slice(None), column)], out=out[(*index, row, column)])

    shared_out(run, tiles, out.size >= 8 * PARALLEL)
