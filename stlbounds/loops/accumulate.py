"""Accumulate: the real points and `n` points from every generation so far, kept for ever (theory §1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy as sp

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.growth import growth, growth_sum
from stlbounds.loops.averaging import Averaging
from stlbounds.loops.base import substitute
from stlbounds.loops.location_law import LocationLaw, Moment
from stlbounds.proof.claim import Claim, Printer
from stlbounds.proof.protocol import Plan, PointClass, Pool
from stlbounds.proof.quantities import Sensitivity
from stlbounds.proof.rules import algebra, influence, series
from stlbounds.symbols import G, J, N, i, n

__all__ = ["Accumulate"]

@dataclass(frozen=True)
class Accumulate(Averaging):
    r"""The accumulate loop: ``T_j`` is ``T_{j-1}`` and ``n`` new points from ``D_j``, so ``N_j = (j+1) n``.

    The influence of a point of generation ``g`` grows like ``prod_{m=g+1..i} (1 + kappa/m)``: a polynomial, where
    replacing data grows exponentially.

    Setting
        Real data and all synthetic points are kept for ever; each generation adds ``n`` points.
    Guarantee
        Influence ``growth(kappa, j, i)``, ``(i+1)/(j+1)`` for ``kappa = 1``; the concentration is then at most
        ``sqrt(pi**2/6)`` times that of the first generation, for every number of generations.
    Assumed
        Nothing.
    Self-check
        Closed forms are proposed and never believed: the proof checks each of them against its recurrence by induction,
        and the tests against a recursion over the pools of `plan`, by enumeration in exact worlds, and by simulation.

    Parameters
    ----------
    uniform : bool
        Whether to bound ``Phi**2/N_i`` by its limit ``pi**2/(6 n)``, the same for every number of generations, where
        the sensitivity is 1. By default the amplification is exact.

    Raises
    ------
    InvalidArgumentError
        If `uniform` is not True or False.

    References
    ----------
    Theory §1 (protocol), §3 (influence), §4 (drift), §5 (amplification; ``Phi**2/N <= pi**2/(6 n)`` for ``kappa = 1``).

    Examples
    --------
    >>> Accumulate().size(sp.Integer(3))
    4*n
    """

    uniform: bool = False

    name: ClassVar[str] = "accumulate"
    references: ClassVar[tuple[str, ...]] = ("dey2024", "gerstgrasser2024")

    def __post_init__(self) -> None:
        if not isinstance(self.uniform, bool):
            raise InvalidArgumentError("uniform", repr(self.uniform), "True or False")

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
        if self.uniform:
            return (i + 1) * sp.pi**2 / 6
        return growth_sum(rho, i, 2) / (i + 1)

    def location_law(self) -> LocationLaw:
        # The mean of T_{J+1} is that of T_J plus a part 1/(J+2) of the noise of n new points.
        mean = sp.Symbol("u", nonnegative=True)
        closed = growth_sum(sp.S.One, J, 2) / (J + 1) ** 2
        return LocationLaw((Moment(mean, sp.S.One, mean + 1 / (J + 2) ** 2, closed),), mean)

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
        claim = series.SeriesByInduction.apply(claim, closed=n * growth_sum(rho, i, 2))
        return self._limit(claim, rho) if self.uniform else claim

    @staticmethod
    def _limit(squares: Claim, kappa: sp.Expr) -> Claim:
        if kappa != 1:
            raise AssumptionError(f"the uniform bound on the amplification needs the sensitivity 1, not {kappa}; leave "
                                  f"uniform out for the exact amplification")
        return series.InverseSquares.apply(squares)

    def uniform_amplification_claim(self, sensitivity: Claim) -> Claim:
        r"""``Phi**2/N_i <= pi**2/(6 n)`` for every ``i``, in the form ``sum of x_X**2 <= N_i**2 pi**2/(6 n)``.

        The concentration of accumulated data is at most ``sqrt(pi**2/6)`` times that of the first generation for ever,
        if ``beta_N = b/N``. The amplification of a bound stays exact; ``Accumulate(uniform=True)`` puts this in its
        place.

        Parameters
        ----------
        sensitivity : Claim
            ``Sensitivity(N) <= 1``, for example from ``Categorical(20).sensitivity_claim()``.

        Raises
        ------
        AssumptionError
            If `sensitivity` states another bound.

        References
        ----------
        Theory §5; Dey & Donoho 2024.

        Examples
        --------
        >>> from stlbounds.generators import Categorical
        >>> from stlbounds.proof.dag import Proof
        >>> claim = Accumulate().uniform_amplification_claim(Categorical(20).sensitivity_claim())
        >>> claim.rhs
        pi**2*n*(i + 1)**2/6
        >>> Proof(claim).verify().leaves
        0
        """
        if sensitivity.lhs != Sensitivity(N) or sensitivity.says.relation != "<=":
            raise AssumptionError(f"a bound on {Sensitivity(N)} is needed, not {sensitivity.says}")
        (point,) = self.classes
        shift = influence.CouplingStep.apply(protocol=self, point=point.name)
        shift = substitute(shift, sensitivity, ((N, self.size(G + J)),))
        influences = {point.name: self.influence_claim(point, shift, sensitivity.rhs, ())}
        return Accumulate(uniform=True).squares_claim(influences, sensitivity.rhs, ())

    def final_claim(self, influences: dict[str, Claim], rho: sp.Expr) -> Claim:
        return series.SeriesByInduction.apply(super().final_claim(influences, rho), closed=n * growth_sum(rho, i, 1))
