r"""Fixed mix: every training set has `alpha n` real points and `(1 - alpha) n` new synthetic ones (theory §1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.interval.signs import enclosure
from stlbounds.loops.base import Loop, one_step_drift
from stlbounds.loops.location_law import LocationLaw, Moment
from stlbounds.proof.claim import Printer
from stlbounds.proof.protocol import Plan, PointClass, Pool, Share
from stlbounds.special import geometric_sum
from stlbounds.symbols import J, check_symbols, exact, i, n

__all__ = ["FixedMix", "Replace"]


@dataclass(frozen=True)
class FixedMix(Loop):
    r"""The fixed-mix loop, with real data replayed or drawn afresh.

    Generation 0 trains on ``n`` real points. Generation ``j >= 1`` trains on ``alpha n`` real points (the same ones
    every time with ``real="replay"``, new ones with ``real="fresh"``) and ``(1 - alpha) n`` new points from the last
    generator.

    Setting
        As above; `Replace` is the case ``alpha = 0``. Points are drawn independently given the past.
    Guarantee
        Loop gain ``rho = kappa (1 - alpha)``, influences ``geo(rho, i+1)`` (replayed) and ``rho**(i-j)`` (all others),
        drift ``e geo(1 - alpha, i)``: bounded for ever if ``alpha > max(0, 1 - 1/kappa)``, ``alpha > 0``.
    Assumed
        Nothing; replayed points are chosen before looking.
    Self-check
        Closed forms are proposed and never believed: the proof checks each of them against its recurrence by induction,
        and the tests against a recursion over the pools of `plan`, by enumeration in exact worlds, and by simulation.

    Parameters
    ----------
    alpha : sympy.Expr or number
        The proportion of real data, in ``[0, 1]``; a float counts as the decimal it prints as.
    real : {"replay", "fresh"}
        Whether the real points are the same in every generation.

    Raises
    ------
    InvalidArgumentError
        If `alpha` is not provably within ``[0, 1]``, or `real` is another word.

    References
    ----------
    Theory §1 (protocol), §3 (influence), §4 (drift), §5 (amplification).

    Examples
    --------
    >>> from stlbounds.symbols import alpha
    >>> loop = FixedMix(alpha, real="fresh")
    >>> [share.weight for share in loop.mixture(sp.Integer(3))]
    [alpha, 1 - alpha]
    """

    alpha: sp.Expr
    real: Literal["replay", "fresh"] = "replay"

    name: ClassVar[str] = "fixed-mix"
    references: ClassVar[tuple[str, ...]] = ("alemohammad2024", "bertrand2024", "shumailov2024")

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", exact("alpha", self.alpha))
        check_symbols(self.alpha)
        low, high = enclosure(self.alpha)
        if not (low >= 0 and high <= 1):
            raise InvalidArgumentError("alpha", self.alpha, "in [0, 1]", "it is the proportion of real data")
        if self.real not in ("replay", "fresh"):
            raise InvalidArgumentError("real", repr(self.real), "'replay' or 'fresh'")

    @property
    def parameters(self) -> dict[str, sp.Expr]:
        return {"alpha": self.alpha}

    @property
    def classes(self) -> tuple[PointClass, ...]:
        if self.real == "fresh":
            return (PointClass("any", "a point of generation $g$, real or synthetic", 0, True, n, False, True),)
        kept, new = self.alpha * n, (1 - self.alpha) * n
        return (
            PointClass("replayed", "a real point that is replayed", 0, False, kept, True, True),
            PointClass("initial", "a real point used in $T_0$ only", 0, False, new, False, True),
            PointClass("synthetic", "a synthetic point of generation $g$", 1, True, new, False, False),
        )

    def size(self, generation: sp.Expr) -> sp.Expr:
        return n

    def mixture(self, generation: sp.Expr) -> tuple[Share, ...]:
        return Share(sp.S.Zero, self.alpha), Share(generation, 1 - self.alpha)

    def plan(self, generations: int) -> Plan:
        kept, new = self.alpha * n, (1 - self.alpha) * n
        if self.real == "fresh":
            pairs = ((Pool("any", g, 0, kept), Pool("any", g, g, new)) for g in range(1, generations + 1))
            return Plan(((Pool("any", 0, 0, n),), *pairs))
        replayed = Pool("replayed", 0, 0, kept)
        later = ((replayed, Pool("synthetic", g, g, new)) for g in range(1, generations + 1))
        return Plan(((replayed, Pool("initial", 0, 0, new)), *later))

    def gain(self, kappa: sp.Expr) -> sp.Expr:
        return kappa * (1 - self.alpha)

    def influence(self, point: PointClass, steps: sp.Expr, rho: sp.Expr) -> sp.Expr:
        return geometric_sum(rho, steps + 1) if point.kept else rho**steps

    def mean_influence(self, rho: sp.Expr) -> sp.Expr:
        return sp.S.Zero if self.real == "fresh" else self.alpha * rho * geometric_sum(rho, i)

    def amplification_squared(self, rho: sp.Expr) -> sp.Expr:
        single = geometric_sum(rho**2, i + 1)
        if self.real == "fresh":
            return single
        return self.alpha * geometric_sum(rho, i + 1) ** 2 + (1 - self.alpha) * single

    def recursive_stability(self, rho: sp.Expr) -> sp.Expr:
        return rho ** (i - 1) if self.real == "fresh" else geometric_sum(rho, i)

    def location_law(self) -> LocationLaw:
        kept = 1 - self.alpha
        mean, shared = sp.Symbol("u", nonnegative=True), sp.Symbol("c", nonnegative=True)
        fresh = geometric_sum(kept**2, J + 1)
        if self.real == "fresh":
            return LocationLaw((Moment(mean, sp.S.One, 1 + kept**2 * mean, fresh),), mean)
        # c is the covariance of the mean with that of the replayed points.
        covariance = Moment(shared, sp.S.One, 1 + kept * shared, geometric_sum(kept, J + 1))
        step = 1 + 2 * self.alpha * kept * shared + kept**2 * mean
        closed = self.alpha * geometric_sum(kept, J + 1) ** 2 + kept * fresh
        return LocationLaw((covariance, Moment(mean, sp.S.One, step, closed)), mean)

    def drift(self, error: sp.Expr, generation: sp.Expr) -> sp.Expr:
        return one_step_drift(1 - self.alpha, error, generation)

    def describe(self, tex: Printer) -> str:
        if self.alpha == 0:
            return r"$T_0$ consists of $n$ real points; for $j \ge 1$, $T_j$ consists of $n$ new points from $D_j$"
        how = (rf"of ${tex(self.alpha * n)}$ points of $T_0$, chosen before looking and the same in every generation,"
               if self.real == "replay"
               else rf"of ${tex(self.alpha * n)}$ new real points")
        return (rf"$T_0$ consists of $n$ real points; for $j \ge 1$, $T_j$ consists {how} and of "
                rf"${tex((1 - self.alpha) * n)}$ new points from $D_j$")


def Replace() -> FixedMix:
    """The loop that trains only on the last generation's data: `FixedMix` with ``alpha = 0``.

    References
    ----------
    Theory §1.

    Examples
    --------
    >>> Replace() == FixedMix(0, real="fresh")
    True
    """
    return FixedMix(sp.S.Zero, real="fresh")
