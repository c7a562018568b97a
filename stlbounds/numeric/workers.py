"""Work on large arrays, shared out over the processors: NumPy and machine code do not hold the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from stlbounds.errors import InvalidArgumentError

__all__ = ["PARALLEL", "shared_out", "threads", "using"]

#: Points from which on a second thread is worth its start.
PARALLEL = 1 << 17
#: Portions for each thread: a thread that other programs hold up leaves some of them to the others.
_PORTIONS = 8

_chosen: ContextVar[int | None] = ContextVar("threads", default=None)

Piece = TypeVar("Piece")
Result = TypeVar("Result")


@contextmanager
def using(count: int | None) -> Iterator[None]:
    """Inside of it, large evaluations of this context use so many threads; None: one on each processor.

    Raises
    ------
    InvalidArgumentError
        If it is no positive integer.
    """
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
        raise InvalidArgumentError("threads", count, "an integer of at least 1, or None for one on each processor")
    before = _chosen.set(count)
    try:
        yield
    finally:
        _chosen.reset(before)


def threads() -> int:
    """How many threads a large evaluation uses: what the user chose, or the processors that this process may use."""
    chosen = _chosen.get()
    if chosen is not None:
        return chosen
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def shared_out(run: Callable[[Sequence[Piece]], Result], pieces: Sequence[Piece], large: bool) -> list[Result]:
    """``run`` over all pieces, a portion of neighbours at a time, on several threads if there is much to do.

    Parameters
    ----------
    run : callable
        Takes a portion; what it does to a piece must not depend on the portion.
    pieces : sequence
        What there is to do.
    large : bool
        Whether that is worth threads.

    Returns
    -------
    list
        What ``run`` returned for each portion, in order.
    """
    workers = min(threads(), len(pieces)) if large else 1
    if workers <= 1:
        return [run(pieces)]
    size = -(-len(pieces) // (workers * _PORTIONS))
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, [pieces[start:start + size] for start in range(0, len(pieces), size)]))
