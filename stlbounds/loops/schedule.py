"""Schedule: a fixed mix with a proportion of real data of its own for each generation (theory §1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.generation_zero import from_start
from stlbounds.interval.signs import enclosure
from stlbounds.loops.base import Loop, substitute
from stlbounds.loops.location_law import LocationLaw, Moment
from stlbounds.loops.ranking import ranked_blocks
from stlbounds.proof.claim import Claim, Printer
from stlbounds.proof.protocol import Plan, PointClass, Pool, Share
from stlbounds.proof.rules import algebra, influence, ranks
from stlbounds.sequences import at_most, listed
from stlbounds.symbols import RANK, SOURCE, STEP, G, J, check_symbols, exact, i, j, n

__all__ = ["Schedule"]


@dataclass(frozen=True)
class Schedule(Loop):
    r"""A fixed mix whose proportion of real data changes: ``alpha_j n`` real points in generation ``j >= 1``.

    With ``real="fresh"`` they are new in every generation. With ``real="replay"`` they are points of ``T_0``, which are
    put into an order before anybody looks at them: generation ``j`` uses the first ``alpha_j n`` of them. A point of
    rank ``q`` is then used in ``T_0`` and in every ``T_j`` with ``q <= alpha_j n``, and two training sets share as many
    real points as they can: ``min(alpha_j, alpha_l) n``.

    The influence on ``T_i`` of a point is the sum over its uses in ``T_l`` of the product of the gains ``rho_m = kappa
    (1 - alpha_m)`` over ``m = l+1, ..., i``; a point that is not replayed is used once. The amplification is a sum, or
    for replayed points a double sum, of such products.

    Setting
        As above; without a replayed point the training sets are independent given the past.
    Guarantee
        Influences are products of gains, the drift a sum of products of ``1 - alpha_m``.
    Assumed
        Nothing; replayed points are chosen before looking.
    Self-check
        Closed forms are proposed and never believed: the proof checks each of them against its recurrence by induction,
        and the tests against a recursion over the pools of `plan`, by enumeration in exact worlds, and by simulation.

    Parameters
    ----------
    alphas : sympy.Expr or sequence of numbers
        ``alpha_j`` as an expression in the symbol ``j``, in ``[0, 1]`` for every ``j >= 1`` (for a theorem on replayed
        points for ``j = 0`` as well, so ``1/(j + 1)`` rather than ``1/j``); or a finite sequence
        ``alpha_1, alpha_2, ...``, which then limits the number of generations.
    real : {"fresh", "replay"}
        Whether real points are new in every generation.

    Raises
    ------
    InvalidArgumentError
        If a proportion is not provably within ``[0, 1]``, the sequence is empty, or `real` is another word.
    UndecidedError
        By `plan`, if real points are replayed and it cannot be told which of two proportions is the larger.

    References
    ----------
    Theory §1 (protocol), §3 (influence), §4 (drift), §5 (from the influences).

    Examples
    --------
    >>> Schedule(1 / (j + 1)).gain(sp.Integer(1))
    1 - 1/(i + 1)
    >>> Schedule([0.5, 0.4, 0.3]).alpha(sp.Integer(2))
    2/5
    """

    alphas: Any
    real: Literal["fresh", "replay"] = "fresh"

    name: ClassVar[str] = "schedule"
    references: ClassVar[tuple[str, ...]] = ("fu2025",)
    constant_gain: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.real not in ("fresh", "replay"):
            raise InvalidArgumentError("real", repr(self.real), "'fresh' or 'replay'")
        if isinstance(self.alphas, Sequence) and not isinstance(self.alphas, str):
            values = tuple(exact(f"alphas[{k}]", value) for k, value in enumerate(self.alphas))
            if not values:
                raise InvalidArgumentError("alphas", self.alphas, "a nonempty sequence of proportions in [0, 1]")
            object.__setattr__(self, "alphas", values)
        else:
            values = (exact("alphas", self.alphas),)
            object.__setattr__(self, "alphas", values[0])
        for value in values:
            check_symbols(value)
            low, high = enclosure(value, {j: (sp.S.One, sp.oo)})
            if not (low >= 0 and high <= 1):
                raise InvalidArgumentError("alphas", value, "provably in [0, 1]", "each is a proportion of real data; "
                                           "those that come and go can be listed, as in [0, 0.5] * 10")

    def alpha(self, generation: sp.Expr) -> sp.Expr:
        """The proportion of real data of a generation ``>= 1``."""
        if isinstance(self.alphas, tuple):
            return listed(generation, *self.alphas)
        return self.alphas.subs(j, generation)

    @cached_property
    def _from_zero(self) -> bool:
        """Whether what is given for ``alpha_j`` would be a proportion in generation 0 as well."""
        if isinstance(self.alphas, tuple):
            return True
        low, high = enclosure(self.alphas, {j: (sp.S.Zero, sp.oo)})
        return bool(low >= 0 and high <= 1)

    @property
    def horizon(self) -> int | None:
        """The last generation for which a proportion is given, or None if there is one for each."""
        return len(self.alphas) if isinstance(self.alphas, tuple) else None

    @property
    def parameters(self) -> dict[str, sp.Expr]:
        values = self.alphas if isinstance(self.alphas, tuple) else (self.alphas,)
        return {f"alphas[{k}]": value.subs(j, 1) for k, value in enumerate(values)}

    @property
    def _replayed(self) -> bool:
        return self.real == "replay"

    @property
    def classes(self) -> tuple[PointClass, ...]:
        if not self._replayed:
            return (PointClass("any", "a point of generation $g$, real or synthetic", 0, True, n, False, True),)
        levels = sp.Lambda(STEP, from_start(STEP, sp.S.One, self.alpha(STEP)))
        return (
            PointClass("real", "the real point of rank $q$", 0, False, n, False, True, levels=levels),
            PointClass("synthetic", "a synthetic point of generation $g$", 1, True, (1 - self.alpha(G)) * n, False,
                       False),
        )

    def size(self, generation: sp.Expr) -> sp.Expr:
        return n

    def mixture(self, generation: sp.Expr) -> tuple[Share, ...]:
        real, new = self.alpha(generation), 1 - self.alpha(generation)
        if not self._from_zero:
            # A formula such as 1/j says nothing of generation 0, which is all real.
            real, new = from_start(generation, sp.S.One, real), from_start(generation, sp.S.Zero, new)
        return Share(sp.S.Zero, real), Share(generation, new)

    def plan(self, generations: int) -> Plan:
        if self.horizon is not None and generations > self.horizon:
            raise InvalidArgumentError("i", generations, f"at most {self.horizon}", "the schedule ends there")
        alphas = [self.alpha(sp.Integer(g)) for g in range(1, generations + 1)]
        if self._replayed:
            blocks = [(Pool("real", 0, 0, size * n, block=number), level)
                      for number, (size, level) in enumerate(ranked_blocks(alphas))]
            return Plan((tuple(pool for pool, _ in blocks),
                         *((*(pool for pool, level in blocks if g in level), Pool("synthetic", g, g, (1 - a) * n))
                           for g, a in enumerate(alphas, start=1))))
        later = ((Pool("any", g, 0, a * n), Pool("any", g, g, (1 - a) * n)) for g, a in enumerate(alphas, start=1))
        return Plan(((Pool("any", 0, 0, n),), *later))

    def gain(self, kappa: sp.Expr) -> sp.Expr:
        return kappa * (1 - self.alpha(i))

    def _product(self, factor: sp.Expr, first: sp.Expr, last: sp.Expr) -> sp.Expr:
        """The product of ``factor * (1 - alpha_m)`` over ``m = first, ..., last``, 1 if there is none."""
        if first == last + 1:
            return sp.S.One
        return sp.Product(factor * (1 - self.alpha(STEP)), (STEP, first, last))

    def influence(self, point: PointClass, steps: sp.Expr, rho: sp.Expr) -> sp.Expr:
        if point.levels is None:
            return self._product(rho, G + point.first + 1, G + point.first + steps)
        uses = at_most(RANK, self.alpha(SOURCE) * n) * self._product(rho, SOURCE + 1, steps)
        return self._product(rho, sp.S.One, steps) + sp.Sum(uses, (SOURCE, 1, steps))

    def mean_influence(self, rho: sp.Expr) -> sp.Expr:
        if not self._replayed:
            return sp.S.Zero
        shared = sp.Min(self.alpha(i), self.alpha(SOURCE)) * self._product(rho, SOURCE + 1, i)
        first = self.alpha(i) * self._product(rho, sp.S.One, i)
        return from_start(i, sp.S.Zero, first + sp.Sum(shared, (SOURCE, 1, i - 1)))

    def _replayed_squares(self, rho: sp.Expr, generation: sp.Expr) -> sp.Expr:
        """``Phi**2`` where real points are replayed, from what any two training sets share."""
        first, use = self._product(rho, sp.S.One, generation), self._product(rho, SOURCE + 1, generation)
        earlier = sp.Min(self.alpha(SOURCE), self.alpha(G)) * self._product(rho, G + 1, generation)
        limits = (SOURCE, 1, generation)
        new = (1 - self.alpha(G)) * self._product(rho, G + 1, generation) ** 2
        return (first**2 + 2 * first * sp.Sum(self.alpha(SOURCE) * use, limits)
                + sp.Sum(self.alpha(SOURCE) * use**2, limits)
                + 2 * sp.Sum(use * sp.Sum(earlier, (G, 1, SOURCE - 1)), limits)
                + sp.Sum(new, (G, 1, generation)))

    def amplification_squared(self, rho: sp.Expr) -> sp.Expr:
        if self._replayed:
            return self._replayed_squares(rho, i)
        return sp.Sum(self._product(rho, G + 1, i) ** 2, (G, 0, i))

    def location_law(self) -> LocationLaw:
        mean, kept = sp.Symbol("u", nonnegative=True), 1 - self.alpha(J + 1)
        if not self._replayed:
            closed = sp.Sum(self._product(sp.S.One, G + 1, J) ** 2, (G, 0, J))
            return LocationLaw((Moment(mean, sp.S.One, 1 + kept**2 * mean, closed),), mean)
        # c is the covariance of the mean of T_J with the first points of T_0, for every proportion `first` of them.
        first, shared = sp.Symbol("a", nonnegative=True), sp.Symbol("c", nonnegative=True)
        use = self._product(sp.S.One, G + 1, J)
        covariance = (first * self._product(sp.S.One, sp.S.One, J)
                      + sp.Sum(sp.Min(first, self.alpha(G)) * use, (G, 1, J)))
        with_next = covariance.subs(first, self.alpha(J + 1))
        any_share = Moment(shared, first, sp.Min(first, self.alpha(J + 1)) + kept * shared, covariance)
        step = 1 + 2 * kept * with_next + kept**2 * mean
        return LocationLaw((any_share, Moment(mean, sp.S.One, step, self._replayed_squares(sp.S.One, J))), mean)

    def variance(self, rho: sp.Expr, generation: sp.Expr) -> sp.Expr:
        found = super().variance(rho, generation)
        return from_start(generation, sp.S.Zero, found) if self._replayed else found

    def recursive_stability(self, rho: sp.Expr) -> sp.Expr:
        if not self._replayed:
            return self._product(rho, sp.S.One, i - 1)
        uses = sp.sign(self.alpha(SOURCE)) * self._product(rho, SOURCE + 1, i - 1)
        return self._product(rho, sp.S.One, i - 1) + sp.Sum(uses, (SOURCE, 1, i - 1))

    def drift(self, error: sp.Expr, generation: sp.Expr) -> sp.Expr:
        return sp.Sum(error.subs(J, SOURCE) * self._product(sp.S.One, SOURCE + 1, generation - 1),
                      (SOURCE, 0, generation - 1))

    def describe(self, tex: Printer) -> str:
        later = r"j \ge 1"
        given = rf"where $\alpha_j = {tex(self.alpha(J))}$"
        if isinstance(self.alphas, tuple):
            last = len(self.alphas)
            later = rf"1 \le j \le {last}" if last > 1 else "j = 1"
            names = (r"\alpha_1", r"\dots" if last > 2 else "", rf"\alpha_{{{last}}}" if last > 1 else "")
            given = (f"where ${', '.join(filter(None, names))}$ {'are' if last > 1 else 'is'} "
                     + ", ".join(f"${tex(value)}$" for value in self.alphas))
        start = rf"$T_0$ consists of $n$ real points; for ${later}$, $T_j$ consists of"
        if self._replayed:
            return (rf"{start} the first $\alpha_j n$ points of $T_0$, in an order chosen before looking, and of "
                    rf"$(1 - \alpha_j) n$ new points from $D_j$, {given}")
        if isinstance(self.alphas, tuple):
            return (rf"{start} $\alpha_j n$ new real points and of $(1 - \alpha_j) n$ new points from $D_j$, {given}")
        return (rf"{start} ${tex(self.alpha(J) * n)}$ new real points and of ${tex((1 - self.alpha(J)) * n)}$ new "
                "points from $D_j$")

    # --- lemmas --------------------------------------------------------------------------------------
    def squares_claim(self, influences: dict[str, Claim], rho: sp.Expr, given: tuple[Claim, ...]) -> Claim:
        claim = influence.InfluenceSquaresSum.apply(protocol=self)
        for point in self.classes:
            claim = self.at_horizon(claim, point, influences[point.name])
        if self._replayed:
            claim = ranks.RankSum.apply(claim)
        return algebra.Rewrite.apply(claim, rhs=n * self.amplification_squared(rho))

    def final_claim(self, influences: dict[str, Claim], rho: sp.Expr) -> Claim:
        claim = super().final_claim(influences, rho)
        if not self._replayed:
            return claim
        return ranks.RankSum.apply(substitute(claim, influences["real"], ((J, i),)))

    def recursive_stability_claim(self, shifts: dict[str, Claim], influences: dict[str, Claim], kappa: sp.Expr,
                                  rho: sp.Expr, given: tuple[Claim, ...]) -> Claim:
        if not self._replayed:
            return super().recursive_stability_claim(shifts, influences, kappa, rho, given)
        return ranks.RankedStability.apply(substitute(shifts["real"], influences["real"]), protocol=self)
