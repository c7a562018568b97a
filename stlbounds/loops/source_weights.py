"""Source weights: training sets of fixed size, drawn anew from all sources so far by weights of a user's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sympy as sp

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.interval.signs import enclosure
from stlbounds.loops.averaging import Redrawn
from stlbounds.loops.location_law import LocationLaw, Moment
from stlbounds.proof.claim import Claim, Printer, Rule, Says
from stlbounds.proof.identities import vanishes
from stlbounds.proof.protocol import Plan, PointClass, Pool, Protocol, Share
from stlbounds.proof.quantities import D, Distance, Dmix
from stlbounds.proof.rules import algebra
from stlbounds.proof.rules.drift import checked_mixture, only_share
from stlbounds.symbols import SOURCE, STEP, G, J, check_symbols, exact, i, j, n

__all__ = ["NewestJoins", "SourceWeights"]


class NewestJoins(Rule):
    """``E W(D_0, Dmix_{j+1}) <= (1 - w) E W(D_0, Dmix_j) + w E W(D_0, D_{j+1})``, ``w`` the newest source's weight.

    For loops in which the sources so far keep their proportions: ``Dmix_{j+1} = (1 - w) Dmix_j + w D_{j+1}``.
    """

    title = "convexity"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        before, after = (only_share(checked_mixture(protocol, generation)) for generation in (J, J + 1))
        if before.index is None or after.index is None or (before.index[1:], after.index[1:]) != ((0, J), (0, J + 1)):
            raise AssumptionError("the sources of the mixed distributions must be all generations up to the last")
        source = before.index[0]
        newest = after.weight.subs(after.index[0], J + 1)
        later = after.weight.subs(after.index[0], source)
        if not vanishes((1 - newest) * before.weight - later):
            raise AssumptionError(f"the weights {before.weight} and {later} are not in one proportion for all sources")
        old = sp.factor(1 - newest) * Distance(D(0), Dmix(J))
        return Says(Distance(D(0), Dmix(J + 1)), old + newest * Distance(D(0), D(J + 1)))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The mixed distribution is a mixture of the one before and of the newest source, and the Wasserstein "
                r"distance is convex.")


@dataclass(frozen=True)
class SourceWeights(Redrawn):
    r"""A protocol of one's own from its weights alone: ``T_j`` has ``n w_jk`` new points from ``D_k``, ``k = 0..j``.

    The weights are ``w_jk = a_k/A_j``, ``A_j = a_0 + ... + a_j``, for any ``a_k >= 0`` with ``a_0 > 0``: equal ones are
    the loop `Subsample`, growing ones forget the past, falling ones hold on to it.

    Setting
        As above; all generators so far are kept, and sampled anew in every generation.
    Guarantee
        ``hbar = 0``; a point of generation ``g < i`` has the influence ``kappa (a_{g+1}/A_i)`` times the product of
        ``1 + kappa a_{m+1}/A_m`` over ``m = g+1, ..., i-1``, which is ``a_{g+1}/A_{g+1}`` for ``kappa = 1``; the drift
        is at most the sum of ``e_j a_{j+1}/A_{j+1}``.
    Assumed
        Nothing; the pools are of whole size, or counts are rounded.
    Self-check
        Closed forms are proposed and never believed: the proof checks each of them against its recurrence by induction,
        and the tests against a recursion over the pools of `plan`, by enumeration in exact worlds, and by simulation.

    Parameters
    ----------
    weights : sympy.Expr or number
        ``a_j`` as an expression in the symbol ``j``, for example ``j + 1``; its sums ``A_j`` must have a closed form.

    Raises
    ------
    InvalidArgumentError
        If a weight may be negative or not finite, the first one may be 0, or the sums have no closed form.

    References
    ----------
    Theory §1, §3 (the coupling lemma), §4 (the drift lemma).

    Examples
    --------
    >>> import stlbounds as stl
    >>> loop = SourceWeights(j + 1)
    >>> loop.total(sp.Integer(2)), loop.weight(sp.Integer(2))
    (6, 3)
    >>> [pool.size for pool in loop.plan(2).generations[2]]
    [n/6, n/3, n/2]
    >>> bound = stl.high_probability(stl.Setting(loop, stl.generators.Categorical(20), stl.learners.BrierFit()))
    >>> round(bound.evaluate(n=10_000, i=5, delta=0.05), 6)
    0.124373
    """

    weights: Any

    name: ClassVar[str] = "source-weights"
    references: ClassVar[tuple[str, ...]] = ("fu2025",)

    def __post_init__(self) -> None:
        weight = exact("weights", self.weights)
        check_symbols(weight)
        low, high = enclosure(weight, {j: (sp.S.Zero, sp.oo)})
        first, _ = enclosure(weight.subs(j, 0), {})
        if not (low >= 0 and first > 0) or high is sp.S.NaN:
            raise InvalidArgumentError("weights", self.weights, "at least 0 for every j, and positive for j = 0")
        object.__setattr__(self, "weights", weight)
        if self.total(J).has(sp.Sum, sp.Piecewise, sp.harmonic, sp.polygamma, sp.zeta):
            raise InvalidArgumentError("weights", weight, "such that a_0 + ... + a_j has a closed form",
                                       "for example 1, j + 1, 2**j")

    def weight(self, source: sp.Expr) -> sp.Expr:
        """``a_k``."""
        return self.weights.subs(j, source)

    def total(self, generation: sp.Expr) -> sp.Expr:
        """``A_j = a_0 + ... + a_j``."""
        summed = sp.summation(self.weight(SOURCE), (SOURCE, 0, J))
        # Over one denominator, where signs can be told.
        return sp.factor(sp.together(sp.powsimp(sp.expand(summed)))).subs(J, generation)

    @property
    def parameters(self) -> dict[str, sp.Expr]:
        return {"weights": self.weight(sp.S.One)}

    @property
    def classes(self) -> tuple[PointClass, ...]:
        return (PointClass("any", "a point of generation $g$, real or synthetic", 0, True, n, False, True),)

    def size(self, generation: sp.Expr) -> sp.Expr:
        return n

    def mixture(self, generation: sp.Expr) -> tuple[Share, ...]:
        return (Share(SOURCE, self.weight(SOURCE) / self.total(generation), (SOURCE, sp.S.Zero, generation)),)

    def plan(self, generations: int) -> Plan:
        parts = [self.weight(sp.Integer(source)) for source in range(generations + 1)]
        return Plan(tuple(tuple(Pool("any", g, source, n * parts[source] / sp.Add(*parts[: g + 1]))
                                for source in range(g + 1)) for g in range(generations + 1)))

    def gain(self, kappa: sp.Expr) -> sp.Expr:
        return kappa * (1 - self.weight(sp.S.Zero) / self.total(i))

    def _later_influence(self, steps: sp.Expr, kappa: sp.Expr) -> sp.Expr:
        """The influence ``steps >= 1`` generations after the draw in generation ``G``."""
        if kappa == 1:
            # 1 + a_{m+1}/A_m is A_{m+1}/A_m, and the product telescopes.
            return self.weight(G + 1) / self.total(G + 1)
        growth = 1 + kappa * self.weight(STEP + 1) / self.total(STEP)
        return (kappa * self.weight(G + 1) / self.total(G + steps)
                * sp.Product(growth, (STEP, G + 1, G + steps - 1)))

    def amplification_squared(self, rho: sp.Expr) -> sp.Expr:
        return 1 + sp.Sum(self._later_influence(i - G, rho) ** 2, (G, 0, i - 1))

    def location_law(self) -> LocationLaw:
        # The mixture of the means of D_0, ..., D_J moves by the noise of T_J, times the weight of the next source.
        past = sp.Symbol("a", nonnegative=True)
        share = (self.weight(G + 1) / self.total(G + 1)) ** 2
        step = past + share.subs(G, J)
        return LocationLaw((Moment(past, sp.S.Zero, step, sp.Sum(share, (G, 0, J - 1))),), 1 + past)

    def drift(self, error: sp.Expr, generation: sp.Expr) -> sp.Expr:
        share = self.weight(SOURCE + 1) / self.total(SOURCE + 1)
        return sp.Sum(error.subs(J, SOURCE) * share, (SOURCE, 0, generation - 1))

    def contracted_drift(self, contraction: sp.Expr, error: sp.Expr, generation: sp.Expr) -> sp.Expr:
        kept = sp.Product(1 - (1 - contraction) * self.weight(STEP) / self.total(STEP), (STEP, SOURCE + 1, generation))
        return error * sp.Sum(self.weight(SOURCE) / self.total(SOURCE) * kept, (SOURCE, 1, generation))

    def describe(self, tex: Printer) -> str:
        return (r"$T_0$ consists of $n$ real points; for $j \ge 1$, $T_j$ consists of $n a_k/(a_0 + \dots + a_j)$ new "
                rf"points from $D_k$ for each of $k = 0, \dots, j$, where $a_j = {tex(self.weights.subs(j, J))}$")

    # --- lemmas --------------------------------------------------------------------------------------

    def squares_claim(self, influences: dict[str, Claim], rho: sp.Expr, given: tuple[Claim, ...]) -> Claim:
        claim = self._squares_from_later(influences)
        return algebra.Rewrite.apply(claim, rhs=n * self.amplification_squared(rho))

    def mixture_step_claim(self) -> Claim:
        return NewestJoins.apply(protocol=self)
