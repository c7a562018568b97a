"""Rules of the main theorem (theory §5): from drift and influence to the gap, in mean and with high probability."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import sympy as sp

from stlbounds.proof.claim import Printer, Rule, Says
from stlbounds.proof.protocol import Protocol
from stlbounds.proof.quantities import (
    D,
    Deviation,
    Distance,
    Dmix,
    DriftBias,
    ExchangeBias,
    ExpectedDeviation,
    ExpectedGap,
    FinalInfluence,
    Gap,
    InfluenceSquares,
    LossConstant,
    MeanGap,
    RangeSquares,
    Stability,
    Variance,
)
from stlbounds.proof.rules.bernstein import checked_probability
from stlbounds.symbols import i

__all__ = [
    "AzumaMcDiarmid",
    "BoundedDifferences",
    "ExchangeableCopies",
    "ExpectedGapSplit",
    "GapSplit",
    "Jensen",
    "KantorovichRubinstein",
    "MartingaleVariance",
    "MeanSplit",
]


class KantorovichRubinstein(Rule):
    """``|E[R_{D_0} - R_{Dmix_i}]| <= M E W(D_0, Dmix_i)``, by Kantorovich-Rubinstein duality."""

    title = "Kantorovich-Rubinstein duality"
    kind: ClassVar[Literal["step", "assumption", "definition", "cited"]] = "cited"
    reference = "kantorovich1958"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(DriftBias(i), LossConstant() * Distance(D(0), Dmix(i)))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"For every hypothesis the two risks are means of one Lipschitz function of the data, so they differ "
                r"by at most the Lipschitz constant of the loss times the Wasserstein distance of the two laws. Take "
                r"expectations.")


class ExchangeableCopies(Rule):
    """``|E[R_{Dmix_i} - Rhat]| <= beta_N (1 + hbar)``: each point against an independent copy."""

    title = "exchangeable copies"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        return Says(ExchangeBias(i), Stability(protocol.size(i)) * FinalInfluence(i))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"A point $X$ of $T_i$ and an independent copy from its source are exchangeable given the past. Insert "
                r"the copy and let everything downstream follow by the coupling: the training set moves by the "
                r"influence "
                r"of $X$, and the loss at $X$ by the stability of the learner times that. Average over $X \in T_i$.")


class MeanSplit(Rule):
    """``|E g| <= |E[R_{D_0} - R_{Dmix_i}]| + |E[R_{Dmix_i} - Rhat]|``."""

    title = "drift plus stability"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(MeanGap(i), DriftBias(i) + ExchangeBias(i))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return r"Insert the risk on the mixed distribution."


class BoundedDifferences(Rule):
    """``sum of c_X**2 <= (2 beta_N + M/N)**2 sum of x_X**2``, ``c_X`` the conditional range of ``E[g | past]``."""

    title = "bounded differences"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        size = protocol.size(i)
        return Says(RangeSquares(i), (2 * Stability(size) + LossConstant() / size) ** 2 * InfluenceSquares(i))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"Reveal all points one by one in the order of drawing. Another value of $X$ displaces $T_i$ by its "
                r"influence; per unit of displacement the risk on real data moves by the stability of the learner, and "
                r"the empirical risk by that plus the Lipschitz constant of the loss over the size of $T_i$.")


class AzumaMcDiarmid(Rule):
    """``P(|g - E g| > sqrt(log(2/delta)/2 * sum of c_X**2)) <= delta``, by Azuma-McDiarmid."""

    title = "Azuma-McDiarmid inequality"
    kind: ClassVar[Literal["step", "assumption", "definition", "cited"]] = "cited"
    reference = "mcdiarmid1989"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, delta: sp.Expr, event: str) -> Says:
        checked_probability(delta)
        return Says(Deviation(i), sp.sqrt(sp.log(2 / delta) / 2 * RangeSquares(i)), "<=",
                    frozenset({(event, delta)}))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The differences of the martingale $\mathbb{E}[g_i \mid \text{past}]$ lie in conditional intervals of "
                r"lengths $c_X$.")


class GapSplit(Rule):
    """``|g| <= |E g| + |g - E g|``."""

    title = "gap: mean plus deviation"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(Gap(i), MeanGap(i) + Deviation(i))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "The gap is at most its mean plus its deviation from the mean."


class ExpectedGapSplit(Rule):
    """``E |g| <= |E g| + E |g - E g|``."""

    title = "expected gap: mean plus expected deviation"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(ExpectedGap(i), MeanGap(i) + ExpectedDeviation(i))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "The gap is at most its mean plus its deviation from the mean; take expectations."


class Jensen(Rule):
    """``E |g - E g| <= sqrt(Var g)``."""

    title = "Jensen's inequality"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(ExpectedDeviation(i), sp.sqrt(Variance(i)))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "By Jensen's inequality, since the square root is concave."


class MartingaleVariance(Rule):
    """``Var g <= (1/4) sum of c_X**2``: martingale differences are uncorrelated, of variance at most ``c**2/4``."""

    title = "variance of a martingale"
    reference = "popoviciu1935"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(Variance(i), RangeSquares(i) / 4)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"Martingale differences are uncorrelated, and a random variable with values in an interval has a "
                r"variance of at most a quarter of its squared length.")
