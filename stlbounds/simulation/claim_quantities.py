"""The quantities that a claim may be about: what is measured, and the bound of ours that it is set beside."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from stlbounds.simulation.confrontation import confront
from stlbounds.simulation.engine import Run
from stlbounds.simulation.result import Comparison
from stlbounds.simulation.statistics import Interval, mean_interval

__all__ = ["QUANTITIES", "Quantity"]

FloatArray = npt.NDArray[np.float64]


class Quantity(ABC):
    """Something about a loop that a formula may claim to bound from above.

    Attributes
    ----------
    statement : str
        What the claim says, with ``CLAIM`` for the formula.
    theorem : str
        The theorem of ours whose bound is set beside the claim; empty if there is none.
    """

    statement: ClassVar[str]
    theorem: ClassVar[str] = ""

    @property
    def random(self) -> bool:
        """Whether the claim may fail with probability ``delta``."""
        return self.statement.endswith("1 - delta")

    @abstractmethod
    def compare(self, claimed: float, run: Run, loss_constant: float, delta: float | None,
                confidence: float) -> Comparison:
        """The claim beside its measured counterpart, with a rigorous interval."""

    def ours(self, terms: dict[str, float]) -> float:
        """Our bound on the quantity, from the terms of `theorem`."""
        return math.fsum(terms.values())


class _Part(Quantity):
    """A quantity that the check of a bound has a row for."""

    #: The theorem that the row belongs to, the name under which the value is passed on, and the row.
    row: ClassVar[tuple[str, str, str]]

    def compare(self, claimed: float, run: Run, loss_constant: float, delta: float | None,
                confidence: float) -> Comparison:
        theorem, term, part = self.row
        result = confront({term: claimed}, theorem, delta if theorem == "high-probability" else None, run,
                          loss_constant, confidence=confidence)
        return result[part]


class Gap(_Part):
    """``|g|`` with probability ``1 - delta``."""

    statement = "|g| <= CLAIM with probability at least 1 - delta"
    theorem = "high-probability"
    row = ("high-probability", "claim", "bound")


class ExpectedGap(_Part):
    """``E |g|``."""

    statement = "E |g| <= CLAIM"
    theorem = "expected-gap"
    row = ("expected-gap", "claim", "bound")


class MeanGap(_Part):
    """``|E g|``: how far the empirical risk is off on average."""

    statement = "|E g| <= CLAIM"
    theorem = "expectation"
    row = ("expectation", "claim", "bound")


class Drift(_Part):
    """``M E s_i``, the drift term of a bound."""

    statement = "M E W(D_0, Dmix_i) <= CLAIM"
    theorem = "expectation"
    row = ("expectation", "drift", "drift")

    def ours(self, terms: dict[str, float]) -> float:
        return terms["drift"]


class Fluctuation(_Part):
    """``|g - E g|`` with probability ``1 - delta``, the concentration term of a bound."""

    statement = "|g - E g| <= CLAIM with probability at least 1 - delta"
    theorem = "high-probability"
    row = ("high-probability", "concentration", "concentration")

    def ours(self, terms: dict[str, float]) -> float:
        return terms["concentration"]


class _Mean(Quantity):
    """The mean of a nonnegative variable that every replica, or pair of replicas, has a value of."""

    name: ClassVar[str]

    @abstractmethod
    def values(self, run: Run, loss_constant: float) -> tuple[FloatArray, float]:
        """The values, and the largest possible one."""

    def compare(self, claimed: float, run: Run, loss_constant: float, delta: float | None,
                confidence: float) -> Comparison:
        values, most = self.values(run, loss_constant)
        interval = _nonnegative_mean(values, most, confidence)
        return Comparison("claim", self.name, claimed, float(values.mean()), interval.low, interval.high,
                          "contradicted" if interval.low > claimed else "consistent",
                          claimed / interval.low if interval.low > 0 else None)


class Distance(_Mean):
    """``E t_i``: how far the last generated distribution is from the real one."""

    statement = "E W(D_0, D_i) <= CLAIM"
    name = "E t_i"

    def values(self, run: Run, loss_constant: float) -> tuple[FloatArray, float]:
        return run.drift[:, run.generations], 1.0


class Variance(_Mean):
    """``Var g``; the theorem on ``E |g|`` bounds it by the square of its last term."""

    statement = "Var g <= CLAIM"
    theorem = "expected-gap"
    name = "Var g"

    def values(self, run: Run, loss_constant: float) -> tuple[FloatArray, float]:
        gap = run.gap[:, run.generations]
        pairs = gap[: gap.size - gap.size % 2].reshape(-1, 2)
        # Two independent copies have mean squared difference 2 Var, and nothing has to be known of the mean.
        return np.asarray((pairs[:, 0] - pairs[:, 1]) ** 2 / 2, dtype=float), 2 * loss_constant**2

    def ours(self, terms: dict[str, float]) -> float:
        return terms["concentration"] ** 2


def _nonnegative_mean(values: FloatArray, most: float, confidence: float) -> Interval:
    """An interval for the mean of values in ``[0, most]`` most of which may be far below `most`.

    ``E min(X, c) <= E X`` for every ``c``. One that is chosen on the first fifth of the values, and used on the others,
    gives a lower end that does not suffer from a range that is never reached.
    """
    whole = mean_interval(values, 0.0, most, (1 + confidence) / 2)
    first = values.size // 5
    if not first:
        return whole
    cut = min(most, 1.5 * float(values[:first].max()))
    if cut <= 0:
        return whole
    cut_off = mean_interval(np.minimum(values[first:], cut), 0.0, cut, (1 + confidence) / 2)
    return Interval(max(whole.low, cut_off.low), whole.high)


#: By the names that users write.
QUANTITIES: dict[str, Quantity] = {
    "gap": Gap(), "expected-gap": ExpectedGap(), "bias": MeanGap(), "drift": Drift(), "distance": Distance(),
    "fluctuation": Fluctuation(), "variance": Variance(),
}
