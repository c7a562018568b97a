"""Excess risk: how far the learner's risk on real data is above the smallest one."""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.generation_zero import case_by_case
from stlbounds.generators.base import constant_of_size
from stlbounds.loops.base import substitute
from stlbounds.proof.claim import Claim
from stlbounds.proof.rules import algebra, basic, excess
from stlbounds.symbols import N, Phi, comparator, delta, i, opt
from stlbounds.theorems.gap import Derivation, independent_points, mean_claim, range_squares, twice_stability
from stlbounds.theorems.setting import Setting
from stlbounds.theorems.steps import Lemmas

__all__ = ["derive_excess_risk", "derive_expected_excess"]


def _granted(lemmas: Lemmas, optimisation_error: Any, comparator_excess: Any) -> tuple[Claim, Claim]:
    """The two things that the reader must grant: the optimisation error at ``N_i``, and the comparator's own excess."""
    metric, size = lemmas.setting.learner.metric, lemmas.setting.loop.size(i)
    bound = constant_of_size("optimisation_error", optimisation_error)
    error = basic.Assumption.apply(quantity=excess.OptimisationError(N), bound=bound, metric=metric)
    above = constant_of_size("comparator_excess", comparator_excess)
    return (lemmas.gathered(algebra.Instantiate.apply(error, index=((N, size),))),
            basic.Assumption.apply(quantity=excess.ComparatorExcess(), bound=above, metric=metric))


def _mean(lemmas: Lemmas) -> tuple[Claim, dict[str, sp.Expr]]:
    """``|E u| <= 2 M E[s_i] + beta (1 + h_bar)``."""
    mean, terms = mean_claim(lemmas)
    drift = substitute(substitute(excess.ComparatorDrift.apply(), lemmas.loss), lemmas.drift)
    claim = substitute(substitute(excess.ComparedMeanSplit.apply(), mean), lemmas.gathered(drift))
    return claim, {"drift": case_by_case(lambda part: 2 * part, terms["drift"], index=i), "bias": terms["bias"]}


def _finished(lemmas: Lemmas, claim: Claim, terms: dict[str, sp.Expr], granted: tuple[Claim, Claim]) -> Derivation:
    terms = {**terms, "optimisation": granted[0].rhs, "comparator": granted[1].rhs}
    for part in granted:
        claim = substitute(claim, part)
    return Derivation(lemmas, claim, {name: term for name, term in terms.items() if term != 0 or name == "drift"})


def derive_expected_excess(setting: Setting, optimisation_error: Any = opt,
                           comparator_excess: Any = comparator) -> Derivation:
    """``E[R(A(T_i)) - inf R] <= 2 M E[s_i] + beta (1 + h_bar) + epsilon_opt + (R(h_0) - inf R)``."""
    lemmas = Lemmas(setting)
    mean, terms = _mean(lemmas)
    claim = substitute(excess.ExcessMeanSplit.apply(protocol=setting.loop), mean)
    return _finished(lemmas, claim, terms, _granted(lemmas, optimisation_error, comparator_excess))


def derive_excess_risk(setting: Setting, optimisation_error: Any = opt,
                       comparator_excess: Any = comparator) -> Derivation:
    """The same without the mean, plus ``Phi (2 beta N + 2 M) sqrt(log(1/delta)/(2N))``, with probability ``1 - delta``.

    The gaps of the learner and of the comparator are one martingale, so that no failure probability is split.
    """
    independent_points(setting)
    lemmas = Lemmas(setting)
    loop, size = setting.loop, setting.loop.size(i)
    mean, terms = _mean(lemmas)
    spread = substitute(excess.AzumaAbove.apply(delta=delta, event="concentration"),
                        range_squares(lemmas, excess.ComparedDifferences.apply(protocol=loop)))

    def deviation(size: sp.Expr, beta: sp.Expr) -> sp.Expr:
        constant = twice_stability(size, beta) + 2 * lemmas.loss.rhs
        return Phi * constant * sp.sqrt(sp.log(1 / delta) / (2 * size))

    spread = lemmas.introduce_amplification(spread, case_by_case(deviation, size, lemmas.stability.rhs, index=i))
    claim = substitute(excess.ExcessSplit.apply(protocol=loop), substitute(
        substitute(excess.ComparedSplit.apply(), mean), spread))
    return _finished(lemmas, claim, {**terms, "concentration": spread.rhs},
                     _granted(lemmas, optimisation_error, comparator_excess))
