"""Accumulate: the real points and `n` points from every generation so far, kept for ever (theory §1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy as sp

from stlbounds.growth import growth, growth_sum
from stlbounds.loops.averaging import Averaging
from stlbounds.loops.base import substitute
from stlbounds.proof.claim import Claim, Printer
from stlbounds.proof.protocol import Plan, PointClass, Pool
from stlbounds.proof.rules import algebra, influence, series
from stlbounds.symbols import G, J, i, n

__all__ = ["Accumulate"]

@dataclass(frozen=True)
class Accumulate(Averaging):
    r"""The accumulate loop: ``T_j`` is ``T_{j-1}`` and ``n`` new points from ``D_j``, so ``N_j = (j+1) n``.

    The influence of a point of generation ``g`` grows like ``prod_{m=g+1..i} (1 + kappa/m)``: a polynomial, where
    replacing data grows exponentially.

    References
    ----------
    Theory §1 (protocol), §3 (influence), §4 (drift), §5 (amplification; ``Phi**2/N <= pi**2/(6 n)`` for ``kappa = 1``).

    Examples
    --------
    >>> Accumulate().size(sp.Integer(3))
    4*n
    """

    name: ClassVar[str] = "accumulate"

    @property
    def classes(self) -> tuple[PointClass, ...]:
        return (PointClass("any", "a point of generation $g$, real or synthetic", 0, True, n, True, True),)

    @property
    def accumulates(self) -> bool:
        return True

    def size(self, generation: sp.Expr) -> sp.Expr:
        return (generation + 1) * n

    def plan(self, generations: int) -> Plan:
        pools = tuple(Pool("any", g, g, n) for g in range(generations + 1))
        return Plan(tuple(pools[: g + 1] for g in range(generations + 1)))

    def influence(self, point: PointClass, steps: sp.Expr, rho: sp.Expr) -> sp.Expr:
        return growth(rho, G, G + steps)

    def mean_influence(self, rho: sp.Expr) -> sp.Expr:
        return growth_sum(rho, i, 1) / (i + 1) - 1

    def amplification_squared(self, rho: sp.Expr) -> sp.Expr:
        return growth_sum(rho, i, 2) / (i + 1)

    def recursive_stability(self, rho: sp.Expr) -> sp.Expr:
        return growth(rho, 0, i - 1)

    def describe(self, tex: Printer) -> str:
        return (r"$T_0$ consists of $n$ real points; for $j \ge 1$, $T_j$ consists of $T_{j-1}$ and of $n$ new points "
                r"from $D_j$")

    # --- lemmas --------------------------------------------------------------------------------------
    def influence_claim(self, point: PointClass, shift: Claim, rho: sp.Expr, given: tuple[Claim, ...]) -> Claim:
        step = substitute(influence.CouplingKept.apply(protocol=self, point=point.name), shift)
        start = influence.InfluenceAtBirth.apply(protocol=self, point=point.name)
        return algebra.Recurrence.apply(step, start, *given, index=J, closed=self.influence(point, J, rho))

    def squares_claim(self, influences: dict[str, Claim], rho: sp.Expr, given: tuple[Claim, ...]) -> Claim:
        claim = influence.InfluenceSquaresSum.apply(protocol=self)
        claim = self.at_horizon(claim, self.classes[0], influences["any"])
        return series.SeriesByInduction.apply(claim, closed=n * growth_sum(rho, i, 2))

    def final_claim(self, influences: dict[str, Claim], rho: sp.Expr) -> Claim:
        return series.SeriesByInduction.apply(super().final_claim(influences, rho), closed=n * growth_sum(rho, i, 1))
