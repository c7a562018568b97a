"""The result of a self-check: a constant as it was measured, beside the one that the theory states."""

from __future__ import annotations

import math
from dataclasses import dataclass

from stlbounds.shown import Shown

__all__ = ["Measurement"]


@dataclass(frozen=True)
class Measurement(Shown):
    """One constant of a catalogue entry, measured.

    Parameters
    ----------
    constant : str
        Its name, for example ``"kappa"``.
    measured : float
        The largest value that the search found; a lower bound on the true constant.
    stated : float
        The value that the entry states and its proof derives.
    how : str
        What was searched or simulated, in a phrase.

    Examples
    --------
    >>> Measurement("kappa", 0.8, 1.0, "all pairs of training sets of size 4 on 3 symbols").slack
    1.25
    """

    constant: str
    measured: float
    stated: float
    how: str

    @property
    def slack(self) -> float:
        """``stated/measured``: by which factor the stated constant may be too large; at least 1 if it is right."""
        return self.stated / self.measured if self.measured > 0 else math.inf

    @property
    def holds(self) -> bool:
        """Whether the measured value does not exceed the stated one (up to rounding in doubles)."""
        return self.measured <= self.stated * (1 + 1e-9) + 1e-12

    def __str__(self) -> str:
        return (f"{self.constant}: measured {self.measured:.6g}, stated {self.stated:.6g}, slack {self.slack:.3g} "
                f"({self.how})")
