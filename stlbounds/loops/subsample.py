"""Subsample: training sets of fixed size, drawn anew in equal parts from all generations so far (theory §1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy as sp

from stlbounds.growth import growth, growth_sum
from stlbounds.loops.averaging import Redrawn
from stlbounds.loops.location_law import LocationLaw, Moment
from stlbounds.proof.claim import Claim, Printer
from stlbounds.proof.protocol import Plan, PointClass, Pool
from stlbounds.proof.rules import algebra, series
from stlbounds.symbols import G, J, i, n

__all__ = ["Subsample"]


@dataclass(frozen=True)
class Subsample(Redrawn):
    r"""The subsample loop: ``T_j`` has ``n/(j+1)`` new points from each of ``D_0, ..., D_j``.

    All generators so far are kept, and sampled anew in every generation.

    Setting
        As above; training sets keep their size ``n``, and each has fresh points of every source.
    Guarantee
        ``hbar = 0``; the influence of a point of generation ``j < i`` is ``1/(j+2)`` for ``kappa = 1``, and the drift
        is logarithmic in the number of generations.
    Assumed
        Nothing; ``n`` is divisible by ``j + 1``, or counts are rounded.
    Self-check
        Closed forms are proposed and never believed: the proof checks each of them against its recurrence by induction,
        and the tests against a recursion over the pools of `plan`, by enumeration in exact worlds, and by simulation.

    References
    ----------
    Theory §1 (protocol), §3 (influence), §4 (drift), §5 (amplification).

    Examples
    --------
    >>> from stlbounds.symbols import rho
    >>> Subsample().mean_influence(rho)
    0
    """

    name: ClassVar[str] = "subsample"
    references: ClassVar[tuple[str, ...]] = ("fu2025",)

    @property
    def classes(self) -> tuple[PointClass, ...]:
        return (PointClass("any", "a point of generation $g$, real or synthetic", 0, True, n, False, True),)

    def size(self, generation: sp.Expr) -> sp.Expr:
        return n

    def plan(self, generations: int) -> Plan:
        return Plan(tuple(tuple(Pool("any", g, source, n / (g + 1)) for source in range(g + 1))
                          for g in range(generations + 1)))

    def _later_influence(self, steps: sp.Expr, kappa: sp.Expr) -> sp.Expr:
        """The influence ``steps >= 1`` generations after the draw in generation ``G``."""
        return kappa / (G + steps + 1) * growth(kappa, G + 1, G + steps)

    def amplification_squared(self, rho: sp.Expr) -> sp.Expr:
        return 1 + (rho / (i + 1)) ** 2 * growth_sum(rho, i, 2, 1)

    def location_law(self) -> LocationLaw:
        # The average of the means of D_0, ..., D_J moves by the noise of T_J, which has the weight 1/(J+2) in it.
        past = sp.Symbol("a", nonnegative=True)
        closed = growth_sum(sp.S.One, J, 2, 1) / (J + 1) ** 2
        return LocationLaw((Moment(past, sp.S.Zero, past + 1 / (J + 2) ** 2, closed),), 1 + past)

    def describe(self, tex: Printer) -> str:
        return (r"$T_0$ consists of $n$ real points; for $j \ge 1$, $T_j$ consists of $n/(j+1)$ new points from "
                r"each of $D_0, \dots, D_j$")

    # --- lemmas --------------------------------------------------------------------------------------

    def squares_claim(self, influences: dict[str, Claim], rho: sp.Expr, given: tuple[Claim, ...]) -> Claim:
        claim = self._squares_from_later(influences)
        closed = n * (rho / (i + 1)) ** 2 * growth_sum(rho, i, 2, 1)
        claim = (algebra.GeometricSeries.apply(claim) if rho == 0
                 else series.SeriesByInduction.apply(claim, closed=closed))
        return algebra.Rewrite.apply(claim, rhs=n * self.amplification_squared(rho))
