"""Weighted mix: new real points of weight `w` and new synthetic ones of weight `1 - w` in every generation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.generation_zero import from_start
from stlbounds.interval.signs import enclosure
from stlbounds.loops.base import Loop, one_step_drift
from stlbounds.loops.location_law import LocationLaw, Moment
from stlbounds.proof.claim import Printer
from stlbounds.proof.protocol import Plan, PointClass, Pool, Share
from stlbounds.special import geometric_sum
from stlbounds.symbols import J, check_symbols, exact, i, n

__all__ = ["WeightedMix"]


@dataclass(frozen=True)
class WeightedMix(Loop):
    r"""The weighted loop: ``n`` new real points of weight ``w/n`` and ``n`` new points from ``D_j`` of weight
    ``(1-w)/n``.

    Sums over points become weighted sums, and the constants of generator and learner are per unit of weighted
    displacement: ``W(G(S), G(S')) <= kappa sum of weight * d(z, z')``, and the same with ``N beta_N`` for the learner.

    Setting
        As above; the sizes do not change, the weights do.
    Guarantee
        Loop gain ``kappa (1 - w)``; for ``kappa = 1`` and many generations the concentration is smallest at the
        reciprocal of the golden ratio, ``w = (sqrt(5) - 1)/2``.
    Assumed
        Constants of generator and learner that hold per unit of weighted displacement; models without them refuse.
    Self-check
        Closed forms are proposed and never believed: the proof checks each of them against its recurrence by induction,
        and the tests against a recursion over the pools of `plan`, by enumeration in exact worlds, and by simulation.

    Parameters
    ----------
    w : sympy.Expr or number
        The weight of real data, in ``[0, 1]``; a float counts as the decimal it prints as.

    Raises
    ------
    InvalidArgumentError
        If `w` is not provably within ``[0, 1]``.

    References
    ----------
    Theory §1 (protocol), §3 (influence), §5 (bias and concentration), §9 (the golden ratio).

    Examples
    --------
    >>> from stlbounds.symbols import w, rho
    >>> WeightedMix(w).amplification_squared(rho)
    rho**(2*i) + (w**2 + (1 - w)**2)*geometric_sum(rho**2, i)
    """

    w: sp.Expr

    name: ClassVar[str] = "weighted-mix"
    references: ClassVar[tuple[str, ...]] = ("he2025",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "w", exact("w", self.w))
        check_symbols(self.w)
        low, high = enclosure(self.w)
        if not (low >= 0 and high <= 1):
            raise InvalidArgumentError("w", self.w, "in [0, 1]", "it is the weight of real data")

    @property
    def parameters(self) -> dict[str, sp.Expr]:
        return {"w": self.w}

    @property
    def classes(self) -> tuple[PointClass, ...]:
        return (
            PointClass("initial", "a point of $T_0$", 0, False, n, False, True),
            PointClass("real", "a real point of generation $g$", 1, True, n, False, False, self.w),
            PointClass("synthetic", "a synthetic point of generation $g$", 1, True, n, False, False, 1 - self.w),
        )

    def size(self, generation: sp.Expr) -> sp.Expr:
        return n

    def _squares(self) -> sp.Expr:
        return self.w**2 + (1 - self.w) ** 2

    def weight_squares(self, generation: sp.Expr) -> sp.Expr:
        return from_start(generation, n, n * self._squares())

    def mixture(self, generation: sp.Expr) -> tuple[Share, ...]:
        return Share(sp.S.Zero, self.w), Share(generation, 1 - self.w)

    def plan(self, generations: int) -> Plan:
        later = ((Pool("real", g, 0, n, self.w), Pool("synthetic", g, g, n, 1 - self.w))
                 for g in range(1, generations + 1))
        return Plan(((Pool("initial", 0, 0, n),), *later))

    def gain(self, kappa: sp.Expr) -> sp.Expr:
        return kappa * (1 - self.w)

    def influence(self, point: PointClass, steps: sp.Expr, rho: sp.Expr) -> sp.Expr:
        return point.weight * rho**steps

    def mean_influence(self, rho: sp.Expr) -> sp.Expr:
        return from_start(i, sp.S.Zero, self._squares() - 1)

    def amplification_squared(self, rho: sp.Expr) -> sp.Expr:
        return self._squares() * geometric_sum(rho**2, i) + rho ** (2 * i)

    def variance(self, rho: sp.Expr, generation: sp.Expr) -> sp.Expr:
        return from_start(generation, sp.S.Zero, super().variance(rho, generation))

    def recursive_stability(self, rho: sp.Expr) -> sp.Expr:
        return rho ** (i - 1)

    def location_law(self) -> LocationLaw:
        mean, kept = sp.Symbol("u", nonnegative=True), (1 - self.w) ** 2
        closed = self._squares() * geometric_sum(kept, J) + kept**J
        return LocationLaw((Moment(mean, sp.S.One, self._squares() + kept * mean, closed),), mean)

    def drift(self, error: sp.Expr, generation: sp.Expr) -> sp.Expr:
        return one_step_drift(1 - self.w, error, generation)

    def describe(self, tex: Printer) -> str:
        return (rf"$T_0$ consists of $n$ real points; for $j \ge 1$, $T_j$ consists of $n$ new real points of weight "
                rf"${tex(self.w)}/n$ each and of $n$ new points from $D_j$ of weight $({tex(1 - self.w)})/n$ "
                rf"each; empirical "
                r"means are weighted means, and $\mathrm{dist}$ counts each displacement $n$ times the weight "
                r"of its point")
