"""Rules of the drift lemma (theory §4): how far the training data move away from the real distribution."""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.errors import AssumptionError
from stlbounds.interval.signs import is_nonnegative
from stlbounds.proof.claim import Printer, Rule, Says
from stlbounds.proof.identities import vanishes
from stlbounds.proof.protocol import Protocol, Share
from stlbounds.proof.quantities import D, Distance, Dmix
from stlbounds.symbols import J

__all__ = ["Convexity", "MixtureStep", "SelfDistance", "StartsReal", "Triangle", "checked_mixture", "only_share"]


def checked_mixture(protocol: Protocol, generation: sp.Expr) -> tuple[Share, ...]:
    """The shares of a mixed distribution, after checking that the weights are nonnegative and sum to 1."""
    shares = tuple(protocol.mixture(generation))
    total = sp.S.Zero
    for share in shares:
        if not is_nonnegative(share.weight):
            raise AssumptionError(f"the weight {share.weight} of source {share.source} may be negative")
        total += sp.summation(share.weight, share.index) if share.index else share.weight
    if not vanishes(total - 1):
        raise AssumptionError(f"the weights of generation {generation} sum to {total}, not to 1")
    return shares


def only_share(shares: tuple[Share, ...]) -> Share:
    """The share of a mixed distribution that is an average over all sources.

    Raises
    ------
    AssumptionError
        If there are several.
    """
    if len(shares) != 1:
        raise AssumptionError(f"the mixed distribution has {len(shares)} parts, not one average over all sources")
    return shares[0]


class SelfDistance(Rule):
    """``E W(D_0, D_0) <= 0``."""

    title = "a distribution is at distance 0 from itself"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(Distance(D(0), D(0)), sp.S.Zero)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "A distribution is at distance $0$ from itself."


class StartsReal(Rule):
    """``E W(D_0, Dmix_0) <= 0``: the first training set is all real."""

    title = "real data at the start"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        for share in checked_mixture(protocol, sp.S.Zero):
            if share.source != 0 and (share.index is None or share.index[1:] != (0, 0)):
                raise AssumptionError(f"generation 0 uses source {share.source}")
        return Says(Distance(D(0), Dmix(0)), sp.S.Zero)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "The first training set consists of real data."


class MixtureStep(Rule):
    """``E W(D_0, Dmix_{j+1}) <= (1 - w) E W(D_0, Dmix_j) + w E W(D_0, D_{j+1})``, where all sources have weight ``w``.

    For loops that give equal weights to all sources: ``Dmix_{j+1} = (1 - w) Dmix_j + w D_{j+1}``.
    """

    title = "convexity"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        before, after = (only_share(checked_mixture(protocol, generation)) for generation in (J, J + 1))
        if before.index is None or after.index is None or after.index[1:] != (0, J + 1) or before.index[1:] != (0, J):
            raise AssumptionError("the sources of the mixed distributions must be all generations up to the last")
        if after.weight.has(after.index[0]) or not vanishes(before.weight * (1 - after.weight) - after.weight):
            raise AssumptionError(f"the weights {before.weight} and {after.weight} are not those of one growing "
                                  f"average")
        old = sp.factor(1 - after.weight) * Distance(D(0), Dmix(J))
        return Says(Distance(D(0), Dmix(J + 1)), old + after.weight * Distance(D(0), D(J + 1)))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The mixed distribution is an average of the one before and of the newest source, and the Wasserstein "
                r"distance is convex.")


class Triangle(Rule):
    """``E W(D_0, D_{j+1}) <= E W(D_0, Dmix_j) + E W(Dmix_j, D_{j+1})``."""

    title = "triangle inequality"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(Distance(D(0), D(J + 1)), Distance(D(0), Dmix(J)) + Distance(Dmix(J), D(J + 1)))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "By the triangle inequality for the Wasserstein distance."


class Convexity(Rule):
    """``E W(D_0, Dmix_j) <= sum_k w_jk E W(D_0, D_k)``; the real part is at distance 0."""

    title = "convexity"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        total = sp.S.Zero
        for share in checked_mixture(protocol, J):
            distance = sp.S.Zero if share.source == 0 else Distance(D(0), D(share.source))
            term = share.weight * distance
            if share.index is None:
                total += term
            else:
                # Source 0 is the real distribution itself.
                variable, first, last = share.index
                total += sp.Sum(term, (variable, sp.Max(first, 1), last))
        return Says(Distance(D(0), Dmix(J)), total)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The mixed distribution is the average of its sources with the weights of the loop, "
                r"and the Wasserstein distance is convex.")
