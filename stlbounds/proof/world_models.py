"""Generators and learners on a few symbols, for exact worlds: everything they do is a fraction.

A training set is given by its counts, one number per symbol. Each model is chosen because some step of theory §3-§5
is (nearly) an equality for it, so that a wrong version of the step is false in its world.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from stlbounds.errors import InvalidArgumentError

__all__ = [
    "Adversarial",
    "Brier",
    "Constant",
    "Contraction",
    "Counts",
    "Empirical",
    "Expansion",
    "FiniteGenerator",
    "FiniteLearner",
    "Ignorant",
    "Law",
    "Memoriser",
    "Shift",
]

#: How often each symbol occurs in a set of points, an integer, or how much its points weigh, a fraction.
Counts = tuple[Any, ...]
#: The probability of each symbol.
Law = tuple[Fraction, ...]


class FiniteGenerator(ABC):
    """A generator ``G`` on finitely many symbols; its sensitivity is measured by the world, not stated here."""

    @abstractmethod
    def fit(self, counts: Counts) -> Law:
        """The law ``G(S)`` of a new point, for the training set with these counts (at least one point)."""


class FiniteLearner(ABC):
    """A learner ``A`` with its loss, on finitely many symbols."""

    @abstractmethod
    def fit(self, counts: Counts) -> Any:
        """The hypothesis ``A(S)``."""

    @abstractmethod
    def loss(self, hypothesis: Any, symbol: int) -> Fraction:
        """The loss of a hypothesis at a symbol."""


def _frequencies(counts: Counts) -> Law:
    size = sum(counts)
    return tuple(Fraction(count, size) for count in counts)


def _in_unit_interval(name: str, value: Fraction) -> None:
    if not 0 <= value <= 1:
        raise InvalidArgumentError(name, value, "in [0, 1]")


# --- generators ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Empirical(FiniteGenerator):
    """The empirical law, ``kappa = 1``: the coupling lemma holds with equality (theory §3)."""

    def fit(self, counts: Counts) -> Law:
        return _frequencies(counts)


@dataclass(frozen=True)
class Contraction(FiniteGenerator):
    """``(1 - eta)`` times the empirical law plus ``eta`` times a prior: ``kappa = 1 - eta``, with equality.

    Parameters
    ----------
    eta : Fraction
        In ``[0, 1]``.
    prior : tuple of Fraction
        A law.
    """

    eta: Fraction
    prior: Law

    def __post_init__(self) -> None:
        _in_unit_interval("eta", self.eta)

    def fit(self, counts: Counts) -> Law:
        pairs = zip(_frequencies(counts), self.prior, strict=True)
        return tuple((1 - self.eta) * fitted + self.eta * prior for fitted, prior in pairs)


@dataclass(frozen=True)
class Expansion(FiniteGenerator):
    """Two symbols, ``p = 1/2 + factor (frequency - 1/2)`` clipped to ``[0, 1]``: ``kappa = factor > 1``.

    An expanding generator must be clipped somewhere, so the coupling lemma is an equality only for one or two steps.
    """

    factor: Fraction

    def fit(self, counts: Counts) -> Law:
        if len(counts) != 2:
            raise InvalidArgumentError("number of symbols", len(counts), "2 for Expansion")
        first = Fraction(1, 2) + self.factor * (_frequencies(counts)[0] - Fraction(1, 2))
        first = min(max(first, Fraction(0)), Fraction(1))
        return first, 1 - first


@dataclass(frozen=True)
class Shift(FiniteGenerator):
    """The empirical law with mass `amount`, as far as there is any, moved from the first symbol to the last.

    From ``D_0`` concentrated on the first symbol every generation drifts the same way, so that triangle inequality,
    convexity and duality of theory §4-§5 are equalities for two steps.
    """

    amount: Fraction

    def __post_init__(self) -> None:
        _in_unit_interval("amount", self.amount)

    def fit(self, counts: Counts) -> Law:
        fitted = _frequencies(counts)
        moved = min(self.amount, fitted[0])
        return fitted[0] - moved, *fitted[1:-1], fitted[-1] + moved


@dataclass(frozen=True)
class Ignorant(FiniteGenerator):
    """One fixed law whatever the data: ``kappa = 0``."""

    law: Law

    def fit(self, counts: Counts) -> Law:
        return self.law


# --- learners ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Brier(FiniteLearner):
    """The fitted frequencies ``p`` under the halved Brier loss ``|p - e_z|**2 / 2``."""

    def fit(self, counts: Counts) -> Law:
        return _frequencies(counts)

    def loss(self, hypothesis: Law, symbol: int) -> Fraction:
        parts = ((p - (z == symbol)) ** 2 for z, p in enumerate(hypothesis))
        return sum(parts, Fraction(0)) / 2


@dataclass(frozen=True)
class Constant(FiniteLearner):
    """One hypothesis whatever the data: ``beta = 0``, so that duality and the range ``M/N`` are equalities."""

    losses: Law

    def fit(self, counts: Counts) -> None:
        return None

    def loss(self, hypothesis: None, symbol: int) -> Fraction:
        return self.losses[symbol]


@dataclass(frozen=True)
class Memoriser(FiniteLearner):
    """``loss(z) = scale (1 - frequency of z)``: seen points are judged mildly, ``beta = scale/N``.

    Its bias is ``beta (1 + hbar)`` times the probability that a point and its independent copy differ, as large as it
    can be.
    """

    scale: Fraction = Fraction(1)

    def fit(self, counts: Counts) -> Law:
        return _frequencies(counts)

    def loss(self, hypothesis: Law, symbol: int) -> Fraction:
        return self.scale * (1 - hypothesis[symbol])


@dataclass(frozen=True)
class Adversarial(FiniteLearner):
    """Every copy of the last symbol raises the loss of the first symbol by `slope/N` and lowers all others.

    At least three symbols. Let ``D_0`` sit almost wholly on the first symbol. When a point of a training set without
    it changes from the second symbol to the last, the risk rises by almost ``beta = slope/N``, the empirical risk falls
    by ``beta + M/N``. The loss constant is ``M = 1`` for ``slope <= 1/2``.
    """

    slope: Fraction = Fraction(1, 2)

    def fit(self, counts: Counts) -> Fraction:
        return self.slope * Fraction(counts[-1], sum(counts))

    def loss(self, hypothesis: Fraction, symbol: int) -> Fraction:
        if symbol == 0:
            return 1 + hypothesis
        return 2 - hypothesis if symbol == 1 else 1 - hypothesis
