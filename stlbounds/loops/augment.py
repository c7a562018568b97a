"""Augment: all real points, and `lam n` new synthetic ones from the last generation (theory §1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.generation_zero import from_start
from stlbounds.interval.signs import is_nonnegative
from stlbounds.loops.base import Loop, one_step_drift
from stlbounds.loops.location_law import LocationLaw, Moment
from stlbounds.proof.claim import Printer
from stlbounds.proof.protocol import Plan, PointClass, Pool, Share
from stlbounds.special import geometric_sum
from stlbounds.symbols import J, check_symbols, exact, i, n

__all__ = ["Augment"]


@dataclass(frozen=True)
class Augment(Loop):
    r"""The augment loop: training sets of size ``(1 + lam) n``, of which ``n`` points are the real data.

    Setting
        Generation ``j >= 1`` trains on the ``n`` real points of ``T_0`` and ``lam n`` new ones from the last generator.
    Guarantee
        Loop gain ``kappa lam/(1 + lam)``; a real point's influence is ``geo(rho, i+1) + lam rho**i``.
    Assumed
        Nothing.
    Self-check
        Closed forms are proposed and never believed: the proof checks each of them against its recurrence by induction,
        and the tests against a recursion over the pools of `plan`, by enumeration in exact worlds, and by simulation.

    Parameters
    ----------
    lam : sympy.Expr or number
        The number of synthetic points per real point, ``lam >= 0``; a float counts as the decimal it prints as.

    Raises
    ------
    InvalidArgumentError
        If `lam` is not provably nonnegative.

    References
    ----------
    Theory §1 (protocol), §3 (influence), §4 (drift), §5 (amplification).

    Examples
    --------
    >>> from stlbounds.symbols import lam, kappa
    >>> Augment(lam).gain(kappa)
    kappa*lam/(lam + 1)
    """

    lam: sp.Expr

    name: ClassVar[str] = "augment"
    references: ClassVar[tuple[str, ...]] = ("fu2025", "gerstgrasser2024")

    def __post_init__(self) -> None:
        object.__setattr__(self, "lam", exact("lam", self.lam))
        check_symbols(self.lam)
        if not is_nonnegative(self.lam):
            raise InvalidArgumentError("lam", self.lam, ">= 0", "it is the amount of synthetic data per real point")

    @property
    def parameters(self) -> dict[str, sp.Expr]:
        return {"lam": self.lam}

    @property
    def classes(self) -> tuple[PointClass, ...]:
        return (
            PointClass("real", "a real point", 0, False, n, True, True),
            PointClass("synthetic", "a synthetic point of generation $g$", 1, True, self.lam * n, False, False),
        )

    def size(self, generation: sp.Expr) -> sp.Expr:
        return from_start(generation, n, (1 + self.lam) * n)

    def mixture(self, generation: sp.Expr) -> tuple[Share, ...]:
        return Share(sp.S.Zero, 1 / (1 + self.lam)), Share(generation, self.lam / (1 + self.lam))

    def plan(self, generations: int) -> Plan:
        real = Pool("real", 0, 0, n)
        return Plan(((real,), *((real, Pool("synthetic", g, g, self.lam * n)) for g in range(1, generations + 1))))

    def gain(self, kappa: sp.Expr) -> sp.Expr:
        return kappa * self.lam / (1 + self.lam)

    def _real(self, generation: sp.Expr, rho: sp.Expr) -> sp.Expr:
        """The influence of a real point; it is 1 in generation 0, where all ``n`` points are real."""
        return from_start(generation, sp.S.One, self._real_later(generation, rho))

    def _real_later(self, generation: sp.Expr, rho: sp.Expr) -> sp.Expr:
        """The influence of a real point on ``T_j`` for ``generation >= 1``."""
        return geometric_sum(rho, generation + 1) + self.lam * rho**generation

    def influence(self, point: PointClass, steps: sp.Expr, rho: sp.Expr) -> sp.Expr:
        return self._real(steps, rho) if point.kept else rho**steps

    def mean_influence(self, rho: sp.Expr) -> sp.Expr:
        later = (rho * geometric_sum(rho, i) + self.lam * rho**i) / (1 + self.lam)
        return from_start(i, sp.S.Zero, later)

    def _squares(self, generation: sp.Expr, rho: sp.Expr) -> sp.Expr:
        """``Phi**2`` for ``generation >= 1``."""
        real = self._real_later(generation, rho)
        return (real**2 + self.lam * geometric_sum(rho**2, generation)) / (1 + self.lam)

    def amplification_squared(self, rho: sp.Expr) -> sp.Expr:
        return from_start(i, sp.S.One, self._squares(i, rho))

    def variance(self, rho: sp.Expr, generation: sp.Expr) -> sp.Expr:
        return from_start(generation, sp.S.Zero, self._squares(generation - 1, rho) / ((1 + self.lam) * n))

    def recursive_stability(self, rho: sp.Expr) -> sp.Expr:
        return self._real(i - 1, rho)

    def location_law(self) -> LocationLaw:
        real = 1 / (1 + self.lam)
        mean, shared = sp.Symbol("u", nonnegative=True), sp.Symbol("c", nonnegative=True)
        # c is the covariance of the mean with that of the real points.
        covariance = Moment(shared, sp.S.One, real + (1 - real) * shared, sp.S.One)
        step = real**2 + 2 * real * (1 - real) * shared + (1 - real) ** 2 * mean + real * (1 - real)
        closed = 1 + real * (1 - real) * geometric_sum((1 - real) ** 2, J)
        return LocationLaw((covariance, Moment(mean, sp.S.One, step, closed)), mean)

    def drift(self, error: sp.Expr, generation: sp.Expr) -> sp.Expr:
        return one_step_drift(self.lam / (1 + self.lam), error, generation)

    def describe(self, tex: Printer) -> str:
        return (rf"$T_0$ consists of $n$ real points; for $j \ge 1$, $T_j$ consists of these $n$ points and of "
                rf"${tex(self.lam * n)}$ new points from $D_j$")
