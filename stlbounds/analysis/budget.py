"""The time that a question may take, so that nothing hangs."""

from __future__ import annotations

import time

from stlbounds.errors import InvalidArgumentError, UndecidedError

__all__ = ["Budget"]


class Budget:
    """A stopwatch that gives up.

    Parameters
    ----------
    seconds : float
        How long the question may take, positive.
    tried : str
        What is being tried, for the message.
    """

    def __init__(self, seconds: float, tried: str) -> None:
        if not seconds > 0:
            raise InvalidArgumentError("seconds", seconds, "positive", "it is the time that the question may take")
        self.seconds, self.tried = seconds, tried
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Give up if the time is over.

        Raises
        ------
        UndecidedError
            Saying what was tried.
        """
        if time.monotonic() > self._end:
            raise UndecidedError(f"no answer within {self.seconds:g} s; tried {self.tried}")
