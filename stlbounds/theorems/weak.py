"""The weak-stability theorem of theory §6: bounds that say something for learners with ``beta ~ 1/sqrt(n)``."""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.growth import growth_sum
from stlbounds.interval.signs import is_nonnegative
from stlbounds.loops.base import substitute
from stlbounds.proof.claim import Claim
from stlbounds.proof.rules import algebra, basic, series
from stlbounds.proof.rules import weak_stability as weak
from stlbounds.special import binary_depth, geometric_sum
from stlbounds.symbols import G, J, check_symbols, delta, exact, i, p
from stlbounds.theorems.gap import Derivation, independent_points
from stlbounds.theorems.setting import Setting
from stlbounds.theorems.steps import Lemmas

__all__ = ["derive_weak_stability", "near_best_order"]


def near_best_order(chance: sp.Expr) -> sp.Expr:
    """A closed form that is nearly the best order ``p`` for a failure probability.

    The dominant term is ``chance**(-1/p) sqrt(p(p-1))``, about ``exp(l/p) (p - 1/2)`` with ``l = log(1/chance)``, and
    least where ``p**2 - l p + l/2 = 0``. Any ``p >= 2`` gives a valid bound, so nothing rests on this choice.
    """
    level = sp.log(1 / chance)
    return sp.Max(2, (level + sp.sqrt(level * sp.Max(0, level - 2))) / 2)


def _less_one(square: sp.Expr) -> sp.Expr:
    """``square - 1`` without cancellation, for the forms that ``Phi**2`` takes; a rule checks that it is that."""
    if isinstance(square, geometric_sum):
        ratio, terms = square.args
        return ratio * geometric_sum(ratio, terms - 1)
    if isinstance(square, sp.Sum) and square.limits[0][2] == i:
        variable, first, _ = square.limits[0]
        return sp.Sum(square.function, (variable, first, i - 1))
    return square - 1


def _past_claim(lemmas: Lemmas) -> Claim:
    """``sum of x_X**2`` over the points of earlier generations, in closed form where there is one."""
    loop = lemmas.setting.loop
    claim = weak.PastInfluence.apply(protocol=loop)
    for point in loop.classes:
        known = lemmas.influences[point.name]
        if known.rhs.has(sp.Piecewise):
            # Earlier points need no case distinction, so the claim before the cases are joined will do.
            claim = substitute(claim, known.premises[0], ((J, i - G - 1),))
        else:
            claim = loop.at_horizon(claim, point, known)
    closed = loop.size(i) * _less_one(loop.amplification_squared(lemmas.rho))
    if closed.has(growth_sum):
        return series.SeriesByInduction.apply(claim, closed=closed)
    if not claim.rhs.has(sp.Product) and claim.rhs.has(sp.Sum):
        claim = algebra.GeometricSeries.apply(claim)
    return algebra.Rewrite.apply(claim, *lemmas._given, rhs=closed)


def _drift_claim(lemmas: Lemmas, chance: sp.Expr) -> Claim:
    """``s_i <= E s_i + sqrt(log(1/chance)/(2N)) sqrt(Phi**2 - 1)``."""
    loop = lemmas.setting.loop
    ranges = substitute(weak.DriftDifferences.apply(protocol=loop), _past_claim(lemmas))
    return substitute(weak.DriftConcentration.apply(delta=chance, event="drift"), ranges)


def _sample_claim(lemmas: Lemmas, order: sp.Expr, chance: sp.Expr) -> Claim:
    """``|R_{Dmix_i} - Rhat| <= chance**(-1/p) (2 beta + sqrt(2p(p-1)) beta depth + M sqrt(p/(2N)))``."""
    loop = lemmas.setting.loop
    norm = weak.IndependentCopies.apply(protocol=loop, p=order)
    level = substitute(weak.RioOverBlocks.apply(protocol=loop, p=order),
                       weak.SiblingBlocks.apply(protocol=loop, p=order))
    tree = substitute(weak.BinaryTree.apply(protocol=loop, p=order), level)
    norm = substitute(norm, substitute(tree, weak.OwnParts.apply(protocol=loop, p=order)))
    claim = substitute(weak.MarkovOfNorm.apply(p=order, delta=chance, event="sample"), norm)
    for part in (lemmas.stability, lemmas.loss):
        claim = substitute(claim, part)
    return claim


def _order(value: Any, chance: sp.Expr) -> sp.Expr:
    if value is None:
        return near_best_order(chance)
    found = exact("order", value)
    check_symbols(found)
    if not is_nonnegative(found - 2):
        raise InvalidArgumentError("order", value, "provably at least 2", "the moments of order below 2 prove less")
    return found


def derive_weak_stability(setting: Setting, order: Any = None, lemmas: Lemmas | None = None) -> Derivation:
    r"""``|g| <= M s_i + chance**(-1/p) (2 beta + sqrt(2p(p-1)) beta ceil(log2 N) + M sqrt(p/(2N)))``.

    For real data only ``s_i = 0`` and ``chance = delta``; else ``chance = delta/2``, and with probability ``1 -
    delta/2`` ``s_i <= E s_i + sqrt(log(2/delta)/(2N)) sqrt(Phi**2 - 1)``.
    """
    independent_points(setting)
    lemmas = lemmas or Lemmas(setting)
    loop, loss, size = setting.loop, lemmas.loss.rhs, setting.loop.size(i)
    chance = delta if weak.all_real(loop) else delta / 2
    chosen = _order(order, chance)
    named = not (chosen.is_number or chosen.is_Symbol)
    free = p if named else chosen
    terms: dict[str, sp.Expr] = {"drift": sp.S.Zero}
    if weak.all_real(loop):
        drift = weak.RealMixture.apply(protocol=loop)
    else:
        drift = _drift_claim(lemmas, chance)
        mean = lemmas.gathered(lemmas.drift)
        fluctuation = sp.Add(*(part for part in sp.Add.make_args(drift.rhs) if not part.has(type(mean.lhs))))
        terms = {"drift": loss * mean.rhs, "fluctuation": loss * fluctuation}
        drift = substitute(drift, mean)
    claim = substitute(weak.RiskOnMixture.apply(), lemmas.loss)
    claim = substitute(substitute(claim, drift), _sample_claim(lemmas, free, chance))
    front = (1 / chance) ** (1 / free)
    beta = lemmas.stability.rhs
    terms["stability"] = front * beta * (2 + sp.sqrt(2 * free * (free - 1)) * binary_depth(size))
    terms["sampling"] = front * loss * sp.sqrt(free / (2 * size))
    given = (basic.Definition.apply(symbol=p, value=chosen),) if named else ()
    claim = algebra.Rewrite.apply(claim, *given, rhs=sp.Add(*terms.values()))
    return Derivation(lemmas, claim, {name: term for name, term in terms.items() if term != 0 or name == "drift"})
