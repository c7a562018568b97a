"""The lock on working precisions, which mpmath and python-flint keep once for all threads of a process.

Whoever sets one holds the lock until it is set back. Without it a thread computes with the precision of another one:
wrong digits, and "enclosures" that miss the value.
"""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager
from typing import Any

__all__ = ["PRECISION", "kept"]

#: Held while a working precision is set.
PRECISION = threading.RLock()
if hasattr(os, "register_at_fork"):
    # A child has the thread that forked alone: nobody would let go there of a lock that another one holds.
    os.register_at_fork(before=PRECISION.acquire, after_in_parent=PRECISION.release, after_in_child=PRECISION.release)


class kept:
    """A context that sets a precision, alone.

    Parameters
    ----------
    setting : context manager
        For example ``mpmath.workdps(30)``.

    Examples
    --------
    >>> import mpmath
    >>> with kept(mpmath.workdps(30)):
    ...     print(mpmath.mpf(1) / 3)
    0.333333333333333333333333333333
    """

    __slots__ = ("_setting",)

    def __init__(self, setting: AbstractContextManager[Any]) -> None:
        self._setting = setting

    def __enter__(self) -> None:
        PRECISION.acquire()
        try:
            self._setting.__enter__()
        except BaseException:
            PRECISION.release()
            raise

    def __exit__(self, *error: Any) -> None:
        try:
            self._setting.__exit__(*error)
        finally:
            PRECISION.release()
