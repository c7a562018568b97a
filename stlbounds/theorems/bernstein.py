"""The Bernstein theorem of theory §6: concentration by the variance of the points instead of the diameter."""

from __future__ import annotations

import sympy as sp

from stlbounds.generation_zero import case_by_case
from stlbounds.loops.base import substitute
from stlbounds.proof.claim import Claim
from stlbounds.proof.rules import bernstein, gap
from stlbounds.symbols import Phi, delta, i
from stlbounds.theorems.gap import Derivation, independent_points, mean_claim, twice_stability
from stlbounds.theorems.setting import Setting
from stlbounds.theorems.steps import Lemmas

__all__ = ["derive_bernstein"]


def largest_influence(lemmas: Lemmas) -> Claim:
    """``max x_X`` over all points ever drawn."""
    loop = lemmas.setting.loop
    premises = [lemmas.influences[point.name] for point in loop.classes]
    return bernstein.LargestInfluenceOfClasses.apply(*premises, protocol=loop)


def derive_bernstein(setting: Setting, lemmas: Lemmas | None = None) -> Derivation:
    r"""``|g| <= drift + bias + Phi (2 beta N + M) sqrt(2 l v/N) + (l/3)(2 beta + M/N) max x_X``, ``l = log(2/delta)``.

    ``v`` is the smaller of the variance of a point and ``1/4``.
    """
    independent_points(setting)
    lemmas = lemmas or Lemmas(setting)
    loop, size = setting.loop, setting.loop.size(i)
    variance = setting.generator.variance_claim()
    mean, terms = mean_claim(lemmas)
    spread = bernstein.VarianceBound.apply(protocol=loop)
    widest = bernstein.LargestRangeBound.apply(protocol=loop)
    for part in (lemmas.stability, lemmas.loss):
        spread, widest = substitute(spread, part), substitute(widest, part)
    spread = substitute(substitute(lemmas.gathered(spread), variance), lemmas.influence_squares)
    largest = largest_influence(lemmas)
    widest = lemmas.gathered(substitute(lemmas.gathered(widest), largest))
    claim = bernstein.Freedman.apply(delta=delta, event="Bernstein concentration")
    claim = lemmas.gathered(substitute(substitute(claim, spread), widest))
    proxy = sp.Min(variance.rhs, sp.Rational(1, 4))
    level = sp.log(2 / delta)

    def deviation(size: sp.Expr, beta: sp.Expr, most: sp.Expr) -> sp.Expr:
        constant = twice_stability(size, beta) + lemmas.loss.rhs
        return Phi * constant * sp.sqrt(2 * level * proxy / size) + level / 3 * constant / size * most

    claim = lemmas.introduce_amplification(
        claim, case_by_case(deviation, size, lemmas.stability.rhs, largest.rhs, index=i))
    result = substitute(substitute(gap.GapSplit.apply(), mean), claim)
    return Derivation(lemmas, result, {**terms, "concentration": claim.rhs})
