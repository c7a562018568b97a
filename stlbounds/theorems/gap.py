"""The main theorem of theory §5, in expectation and with high probability, from the lemmas of a setting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sympy as sp

from stlbounds.errors import AssumptionError
from stlbounds.generation_zero import case_by_case
from stlbounds.loops.base import substitute
from stlbounds.proof.claim import Claim
from stlbounds.proof.rules import gap
from stlbounds.symbols import Phi, delta, i
from stlbounds.theorems.setting import Setting
from stlbounds.theorems.steps import Lemmas

__all__ = ["THEOREMS", "Derivation", "derive_expectation", "derive_expected_gap", "derive_high_probability",
           "independent_points", "mean_claim", "range_squares", "twice_stability"]


def independent_points(setting: Setting) -> None:
    """Refuse generators that draw the points of a generation with one seed (theory §1).

    Constants averaged over seeds bound means of displacements. What is revealed point by point has fluctuations that
    need more: those of the seeds themselves, and ``E sqrt(sum x_X**2)``, which is at least ``sqrt(sum (E x_X)**2)``.

    Raises
    ------
    AssumptionError
        Naming the generator.
    """
    if setting.generator.shared_seed:
        raise AssumptionError(f"in the generator {setting.generator.name} one random seed serves a whole generation, "
                              f"so that its points are not independent given the past; use a theorem on the mean of "
                              f"the gap (stlbounds.in_expectation)")


@dataclass(frozen=True)
class Derivation:
    """A finished derivation: the last claim, and which part of its right side is which term."""

    lemmas: Lemmas
    claim: Claim
    terms: dict[str, sp.Expr]


def mean_claim(lemmas: Lemmas) -> tuple[Claim, dict[str, sp.Expr]]:
    """``|E g| <= M E[s_i] + beta (1 + h_bar)``."""
    loop = lemmas.setting.loop
    drift = substitute(gap.KantorovichRubinstein.apply(), lemmas.loss)
    drift = substitute(drift, lemmas.drift)
    bias = substitute(gap.ExchangeableCopies.apply(protocol=loop), lemmas.stability)
    drift = lemmas.gathered(drift)
    bias = lemmas.gathered(substitute(bias, lemmas.final_influence))
    claim = substitute(substitute(gap.MeanSplit.apply(), drift), bias)
    return claim, {"drift": drift.rhs, "bias": bias.rhs}


def range_squares(lemmas: Lemmas, claim: Claim) -> Claim:
    """``sum of c_X**2 <= (2 beta + M/N)**2 N Phi**2``, from the rule that says so of any influence."""
    for part in (lemmas.stability, lemmas.loss):
        claim = substitute(claim, part)
    return substitute(lemmas.gathered(claim), lemmas.influence_squares)


def twice_stability(size: sp.Expr, beta: sp.Expr) -> sp.Expr:
    """``2 beta N``, multiplied out only where a sum holds the size, so that it cancels: constants stay as stated."""
    def terms(part: sp.Expr) -> Iterator[sp.Expr]:
        for factor in sp.Mul.make_args(part):
            if factor.is_Add and factor not in sp.Mul.make_args(size) and factor.free_symbols & size.free_symbols:
                for term in factor.args:
                    yield from terms(part / factor * term)
                return
        yield 2 * size * part

    return sp.Add(*terms(beta))


def _fluctuation(lemmas: Lemmas, claim: Claim, factor: sp.Expr) -> Claim:
    """A bound that is ``factor * sqrt(range squares)``, rewritten as ``Phi (2 beta N + M) factor/sqrt(N)``."""
    size = lemmas.setting.loop.size(i)
    claim = substitute(claim, range_squares(lemmas, gap.BoundedDifferences.apply(protocol=lemmas.setting.loop)))

    def spread(size: sp.Expr, beta: sp.Expr) -> sp.Expr:
        return Phi * (twice_stability(size, beta) + lemmas.loss.rhs) * factor / sp.sqrt(size)

    return lemmas.introduce_amplification(claim, case_by_case(spread, size, lemmas.stability.rhs, index=i))


def derive_expectation(setting: Setting) -> Derivation:
    """``|E g| <= drift + bias``."""
    lemmas = Lemmas(setting)
    claim, terms = mean_claim(lemmas)
    return Derivation(lemmas, claim, terms)


def derive_expected_gap(setting: Setting) -> Derivation:
    """``E |g| <= drift + bias + Phi (2 beta N + M)/(2 sqrt(N))``."""
    independent_points(setting)
    lemmas = Lemmas(setting)
    mean, terms = mean_claim(lemmas)
    spread = substitute(gap.Jensen.apply(), gap.MartingaleVariance.apply())
    spread = _fluctuation(lemmas, spread, sp.Rational(1, 2))
    claim = substitute(substitute(gap.ExpectedGapSplit.apply(), mean), spread)
    return Derivation(lemmas, claim, {**terms, "concentration": spread.rhs})


def derive_high_probability(setting: Setting, lemmas: Lemmas | None = None) -> Derivation:
    """``|g| <= drift + bias + Phi (2 beta N + M) sqrt(log(2/delta)/(2N))`` with probability at least ``1 - delta``."""
    independent_points(setting)
    lemmas = lemmas or Lemmas(setting)
    mean, terms = mean_claim(lemmas)
    spread = gap.AzumaMcDiarmid.apply(delta=delta, event="concentration")
    spread = _fluctuation(lemmas, spread, sp.sqrt(sp.log(2 / delta) / 2))
    claim = substitute(substitute(gap.GapSplit.apply(), mean), spread)
    return Derivation(lemmas, claim, {**terms, "concentration": spread.rhs})


#: The theorems by name.
THEOREMS: dict[str, Callable[[Setting], Derivation]] = {
    "high-probability": derive_high_probability,
    "expectation": derive_expectation,
    "expected-gap": derive_expected_gap,
}
