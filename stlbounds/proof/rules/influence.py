"""Rules of the coupling lemma (theory §3): how one replaced point spreads through the generations."""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.generation_zero import case_by_case, from_start
from stlbounds.interval.signs import is_nonnegative
from stlbounds.proof.claim import Printer, Rule, Says
from stlbounds.proof.identities import vanishes
from stlbounds.proof.protocol import PointClass, Protocol
from stlbounds.proof.quantities import (
    DistributionShift,
    FinalInfluence,
    Influence,
    InfluenceSquares,
    Ranked,
    RecursiveStability,
    Sensitivity,
    Str,
)
from stlbounds.proof.rules.drift import checked_mixture, only_share
from stlbounds.sequences import at_most
from stlbounds.symbols import RANK, G, J, i

__all__ = [
    "CouplingDraw",
    "CouplingKept",
    "CouplingStep",
    "FinalInfluenceSum",
    "InfluenceAtBirth",
    "InfluenceSquaresSum",
    "RecursiveStabilityMax",
    "label",
]


def _birth(point: PointClass) -> sp.Expr:
    """The generation of the draw: the only one that is possible, or ``G`` generations after the first one."""
    return G + point.first if point.recurring else sp.Integer(point.first)


def label(point: PointClass) -> Str | Ranked:
    """How quantities name a point of a class: by the class, and by its rank if its treatment depends on that."""
    return Str(point.name) if point.levels is None else Ranked(Str(point.name), RANK)


def _weighted_mean(protocol: Protocol) -> sp.Expr:
    """The sum of weight times influence over the points of ``T_i``, where every point is used once: of squared weights.

    Raises
    ------
    AssumptionError
        If a weighted point is kept, or the weights do not sum to the size of the training set.
    """
    if any(point.kept for point in protocol.classes):
        raise AssumptionError("points with unequal weights must be used once")
    first = [point for point in protocol.classes if point.first == 0]
    later = [point for point in protocol.classes if point.recurring]
    for points, generation in ((first, sp.S.Zero), (later, i + 1)):
        total = sp.Add(*(point.weight * point.count.subs(G, generation) for point in points))
        if not vanishes(total - protocol.size(generation)):
            raise AssumptionError(f"the weights of generation {generation} sum to {total}")
    start, after = (sp.Add(*(point.count * point.weight**2 for point in points)) for points in (first, later))
    return from_start(i, start, after)


def _used(point: PointClass, generation: sp.Expr) -> sp.Expr:
    """How many points of a class the training set of a ``generation >= 1`` contains, each counted with its weight."""
    drawn = point.count * point.weight
    if point.levels is not None:
        return drawn * point.levels(generation)
    if point.kept:
        limits = (G, sp.Integer(point.first), generation)
        return sp.summation(drawn, limits) if point.recurring else drawn.subs(G, point.first)
    return drawn.subs(G, generation) if point.recurring else sp.S.Zero


class InfluenceAtBirth(Rule):
    """A replaced point displaces its own training set by itself: by 1 per unit of ``d(X, X')``, times its weight."""

    title = "a replaced point"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol, point: str) -> Says:
        kind = protocol.point_class(point)
        birth = _birth(kind)
        return Says(Influence(label(kind), birth, birth), kind.weight)

    @classmethod
    def explain(cls, tex: Printer, *, protocol: Protocol, point: str) -> str:
        own = "" if protocol.point_class(point).weight == 1 else ", times $n$ times its weight"
        return f"Replacing one point moves its own training set by the distance of its two values, the unit{own}."


class CouplingStep(Rule):
    """``tau_{j+1} <= (kappa/N_j) x_j``: sensitivity, applied to the two coupled training sets."""

    title = "sensitivity of the generator"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol, point: str) -> Says:
        kind = protocol.point_class(point)
        birth = _birth(kind)
        now = birth + J
        size = protocol.size(now)
        return Says(DistributionShift(label(kind), birth, now + 1),
                    Sensitivity(size) / size * Influence(label(kind), birth, now))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The expected displacement of the two coupled training sets is the influence; the sensitivity of the "
                r"generator bounds how far apart its two outputs can be.")


class CouplingDraw(Rule):
    """``x_{j+1} <= 1{X in T_{j+1}} + sum_k n_{j+1,k} tau_k``: new points are drawn in optimally coupled pairs."""

    title = "coupling"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol, point: str) -> Says:
        kind = protocol.point_class(point)
        birth = _birth(kind)
        later = birth + J + 1
        size = protocol.size(later)
        total = kind.weight if kind.kept else sp.S.Zero
        if kind.levels is not None:
            total = at_most(RANK, kind.count * kind.levels(later))
        for share in checked_mixture(protocol, later):
            if share.index is not None:
                variable, first, last = share.index
                # Sources up to the birth of the point are not affected by it.
                start = birth + 1 if is_nonnegative(sp.expand(birth + 1 - first)) else first
                # Counted from the draw of the point on.
                steps = sp.simplify(last - start)
                term = size * share.weight * DistributionShift(label(kind), birth, share.source)
                total += sp.Sum(term.subs(variable, variable + start), (variable, sp.S.Zero, steps))
            elif is_nonnegative(sp.expand(share.source - birth - 1)):
                total += size * share.weight * DistributionShift(label(kind), birth, share.source)
            elif not is_nonnegative(sp.expand(birth - share.source)):
                raise UndecidedError(f"cannot tell whether source {share.source} comes after generation {birth}")
        return Says(Influence(label(kind), birth, later), total)

    @classmethod
    def explain(cls, tex: Printer, *, protocol: Protocol, point: str, **_: Any) -> str:
        kind = protocol.point_class(point)
        own = r" The replaced point itself adds at most~$1$." if kind.kept else ""
        if kind.levels is not None:
            own = r" The replaced point itself adds at most~$1$ wherever its rank lets it be used."
        return (r"Draw the new points of the two loops in pairs, independently, from an optimal coupling of their "
                r"laws; on average each pair is at the distance of the two laws." + own)


class CouplingKept(Rule):
    """``x_{j+1} <= x_j + n_{j+1} tau_{j+1}``: all points are kept, and ``n_{j+1}`` new ones come from the
    newest source."""

    title = "coupling"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol, point: str) -> Says:
        birth = _birth(protocol.point_class(point))
        now, later = birth + J, birth + J + 1
        before, after = (only_share(checked_mixture(protocol, generation)) for generation in (now, later))
        if not protocol.accumulates or before.index is None or after.index is None:
            raise AssumptionError(f"{type(protocol).__name__} does not keep all points")
        new = protocol.size(later) - protocol.size(now)
        counts = protocol.size(now) * before.weight, protocol.size(later) * after.weight
        if after.index[1:] != (sp.S.Zero, later) or not all(vanishes(new - count) for count in counts):
            raise AssumptionError(f"T_j is not kept in T_(j+1): {counts} points of a source, {new} new ones")
        shift = DistributionShift(Str(point), birth, later)
        return Says(Influence(Str(point), birth, later), Influence(Str(point), birth, now) + sp.factor(new) * shift)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"All points are kept, with the displacement that they have; draw the new points of the two loops in "
                r"pairs, independently, from an optimal coupling of their laws.")


class RecursiveStabilityMax(Rule):
    """``gamma_{j+1} <= max over the classes of real points of tau_{j+1}``."""

    title = "recursive stability"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        if any(point.levels is not None for point in protocol.classes):
            raise AssumptionError("the effect of a ranked point depends on its rank; use RankedStability")
        shifts = [DistributionShift(Str(point.name), 0, J + 1) for point in protocol.classes if point.real]
        return Says(RecursiveStability(J + 1), sp.Max(*shifts) if shifts else sp.S.Zero)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return r"Two loops whose real data differ in one point are coupled as above, whichever point it is."


class FinalInfluenceSum(Rule):
    """``1 + hbar = (1/N_i) sum over the points of T_i of their influence on T_i``.

    A point that is used once and belongs to ``T_i`` was drawn for it, so it displaces only itself.
    """

    title = "sum over the training set"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        size = protocol.size(i)
        if protocol.weighted:
            return Says(FinalInfluence(i), _weighted_mean(protocol) / size)
        total, members = sp.S.Zero, sp.S.Zero
        for point in protocol.classes:
            if point.levels is not None:
                used = point.count * point.levels(i)
                members += used
                total += sp.Sum(at_most(RANK, used) * Influence(label(point), 0, i), (RANK, sp.S.One, point.count))
            if not point.kept:
                continue
            limits = (G, sp.Integer(point.first), i)
            if point.recurring:
                members += sp.summation(point.count, limits)
                total += sp.Sum(point.count * Influence(Str(point.name), G, i), limits)
            else:
                members += point.count.subs(G, point.first)
                total += point.count.subs(G, point.first) * Influence(Str(point.name), point.first, i)
        new = case_by_case(lambda size, members: sp.factor(size - members), size, members, index=i)
        if not is_nonnegative(new):
            raise UndecidedError(f"cannot show that T_i has a nonnegative number {new} of new points")
        return Says(FinalInfluence(i), (total + new) / size)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return r"Sum over the points of $T_i$; a point that is new in $T_i$ displaces nothing but itself."


class InfluenceSquaresSum(Rule):
    """``sum of x_X**2`` over every random point ever drawn, class by class and generation by generation.

    With ``newest_apart`` the points drawn for ``T_i`` itself are a term of their own.
    """

    title = "sum over all points"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol, newest_apart: bool = False) -> Says:
        total = sp.S.Zero
        for point in protocol.classes:
            if point.recurring and newest_apart:
                if point.first != 0:
                    raise AssumptionError(f"points of class {point.name} are not drawn in generation 0")
                squares = point.count * Influence(Str(point.name), G, i) ** 2
                total += sp.Sum(squares, (G, sp.S.Zero, i - 1)) + squares.subs(G, i)
            elif point.recurring:
                limits = (G, sp.Integer(point.first), i)
                total += sp.Sum(point.count * Influence(Str(point.name), G, i) ** 2, limits)
            elif point.levels is not None:
                total += sp.Sum(Influence(label(point), 0, i) ** 2, (RANK, sp.S.One, point.count))
            else:
                count = point.count.subs(G, point.first)
                total += count * Influence(Str(point.name), sp.Integer(point.first), i) ** 2
        at_start = sp.Add(*(p.weight * p.count.subs(G, 0) for p in protocol.classes if p.first == 0))
        if not vanishes(at_start - protocol.size(sp.S.Zero)):
            raise AssumptionError(f"the classes account for {at_start} points of T_0, not {protocol.size(sp.S.Zero)}")
        later = sp.Add(*(_used(point, i + 1) for point in protocol.classes))
        if not vanishes(later - protocol.size(i + 1)):
            raise AssumptionError(f"the classes account for {later} points of later training sets, which have "
                                  f"{protocol.size(i + 1)}")
        return Says(InfluenceSquares(i), total)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "Sum over all points that the loop has drawn up to generation $i$, class by class."
