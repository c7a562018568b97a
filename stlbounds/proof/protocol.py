"""What the rules may know about a self-consuming training loop: which points each training set consists of.

A protocol says it twice, on purpose. `Protocol.mixture` and `Protocol.classes` are symbolic, for every
generation; the rules read them. `Protocol.plan` lists the pools of points of a run with a given number of
generations; exact worlds, brute-force tests and simulations read it. Neither is computed from the other, so a
slip in one of them shows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

__all__ = ["Plan", "PointClass", "Pool", "Protocol", "Share"]


@dataclass(frozen=True)
class Share:
    """A part of a mixed training distribution: weight ``weight`` on source ``source``.

    Source 0 is the real distribution, source ``k >= 1`` the ``k``-th generated one. With
    ``index = (k, first, last)`` the share stands for all sources ``k = first, ..., last``.
    """

    source: sp.Expr
    weight: sp.Expr
    index: tuple[sp.Symbol, sp.Expr, sp.Expr] | None = None


@dataclass(frozen=True)
class PointClass:
    """Random points that a loop treats alike (theory §3, the column "the replaced point").

    Parameters
    ----------
    name : str
        Identifier, for example ``"replayed"``.
    meaning : str
        In words, for the proof.
    first : int
        The first generation in which such points are drawn.
    recurring : bool
        Whether they are drawn anew in every generation from `first` on, or in `first` only.
    count : sympy.Expr
        How many are drawn in generation ``G`` (`stlbounds.symbols.G`).
    kept : bool
        Whether a point stays in all later training sets, or is used only in the generation of its draw.
    real : bool
        Whether points drawn in generation 0 belong to this class, so that recursive stability counts it.
    weight : sympy.Expr
        Weight of each point, in units of ``1/N``: 1 unless sums over points are weighted sums.
    levels : sympy.Lambda, optional
        For points that are drawn in generation 0 and ranked, in an order chosen before looking: which proportion of
        them, the first ones, generation ``j`` is trained on; 1 for ``j = 0``. Such points need not be `kept`.
    """

    name: str
    meaning: str
    first: int
    recurring: bool
    count: sp.Expr
    kept: bool
    real: bool
    weight: sp.Expr = sp.S.One
    levels: sp.Lambda | None = None


@dataclass(frozen=True)
class Pool:
    """Points drawn together: ``size`` of them, in generation ``born``, i.i.d. from source ``source``.

    Each has weight ``weight``, in units of ``1/N``; a training set's size is the sum of the weights of its points.
    Points of a ranked class come in several pools, numbered by ``block`` in the order of their ranks.
    """

    name: str
    born: int
    source: int
    size: sp.Expr
    weight: sp.Expr = sp.S.One
    block: int = 0


@dataclass(frozen=True)
class Plan:
    """A run of a loop: ``generations[j]`` lists the pools that make up the training set ``T_j``.

    A pool that occurs in several generations consists of the same points in each; a pool is drawn in the
    generation ``pool.born``, in the order in which the pools are listed there.
    """

    generations: tuple[tuple[Pool, ...], ...]

    def drawn(self, generation: int) -> tuple[Pool, ...]:
        """The pools that are drawn in ``generation``, in order."""
        return tuple(pool for pool in self.generations[generation] if pool.born == generation)

    def pools(self) -> tuple[Pool, ...]:
        """All pools in the order in which they are drawn."""
        return tuple(pool for k in range(len(self.generations)) for pool in self.drawn(k))


class Protocol(ABC):
    """How real and synthetic data mix (theory §1). Equality and hash are by kind and parameters."""

    @property
    @abstractmethod
    def classes(self) -> Sequence[PointClass]:
        """The classes that all random points of the loop fall into."""

    @abstractmethod
    def size(self, generation: sp.Expr) -> sp.Expr:
        """The size ``N_j`` of the training set of generation ``j >= 0``."""

    @abstractmethod
    def mixture(self, generation: sp.Expr) -> Sequence[Share]:
        """The shares of the mixed distribution ``Dmix_j``, for every ``j >= 0``; weights sum to 1."""

    @abstractmethod
    def plan(self, generations: int) -> Plan:
        """The pools of ``T_0, ..., T_generations``; sizes are expressions in the loop's symbols."""

    @property
    def weighted(self) -> bool:
        """Whether points have unequal weights, so that constants are per unit of weighted displacement."""
        return any(point.weight != 1 for point in self.classes)

    def weight_squares(self, generation: sp.Expr) -> sp.Expr:
        """The sum of the squared weights of the points of ``T_j``, in units of ``1/N**2``: ``N_j`` for equal
        weights."""
        return self.size(generation)

    @property
    def accumulates(self) -> bool:
        """Whether every training set contains the one before, with new points from the newest source only."""
        return False

    def point_class(self, name: str) -> PointClass:
        """The class of that name.

        Raises
        ------
        KeyError
            If there is none.
        """
        for found in self.classes:
            if found.name == name:
                return found
        raise KeyError(name)
