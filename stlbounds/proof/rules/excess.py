"""Rules of the excess risk: from the gap of the learner and of one fixed hypothesis to the risk above the smallest."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import sympy as sp

from stlbounds.proof.claim import Printer, Rule, Says
from stlbounds.proof.protocol import Protocol
from stlbounds.proof.quantities import (
    D,
    Distance,
    Dmix,
    InfluenceSquares,
    LossConstant,
    MeanGap,
    Quantity,
    RandomQuantity,
    Stability,
)
from stlbounds.proof.rules.bernstein import checked_probability
from stlbounds.symbols import i

__all__ = [
    "AzumaAbove",
    "ComparatorBias",
    "ComparatorDrift",
    "ComparatorExcess",
    "ComparedDeviation",
    "ComparedDifferences",
    "ComparedGap",
    "ComparedMeanSplit",
    "ComparedRangeSquares",
    "ComparedSplit",
    "ExcessMeanSplit",
    "ExcessRisk",
    "ExcessSplit",
    "ExpectedExcess",
    "MeanComparedGap",
    "OptimisationError",
]


class ExcessRisk(RandomQuantity):
    """``R_{D_0}(A(T_j)) - inf over h of R_{D_0}(h)``, a random variable."""

    nargs = 1
    template = r"\bigl(R_{{D_0}}(A(T_{{{0}}})) - \inf R_{{D_0}}\bigr)"


class ExpectedExcess(Quantity):
    """The mean of `ExcessRisk`."""

    nargs = 1
    template = r"\mathbb{{E}}\bigl[R_{{D_0}}(A(T_{{{0}}})) - \inf R_{{D_0}}\bigr]"


class OptimisationError(Quantity):
    """The least ``epsilon`` with ``Rhat_S(A(S)) <= Rhat_S(h_0) + epsilon`` for all sets ``S`` of size ``N``."""

    nargs = 1
    template = r"\varepsilon_{{\mathrm{{opt}}}}({0})"
    granted = (r"Optimisation: there is a fixed hypothesis $h_0$, the comparator, with $\hat R_S(A(S)) \le \hat "
               r"R_S(h_0) + {bound}$ for every training set $S$ of size ${0}$.")


class ComparatorExcess(Quantity):
    """``R_{D_0}(h_0) - inf over h of R_{D_0}(h)``."""

    nargs = 0
    template = r"\bigl(R_{{D_0}}(h_0) - \inf R_{{D_0}}\bigr)"
    granted = r"Comparator: the risk of $h_0$ on real data is at most ${bound}$ above the smallest one."


class ComparedGap(RandomQuantity):
    """The positive part of ``u = R_{D_0}(A(T_j)) - Rhat(A(T_j)) - R_{D_0}(h_0) + Rhat(h_0)``, a random variable."""

    nargs = 1
    template = r"u_{{{0}}}^+"


class ComparedDeviation(RandomQuantity):
    """The positive part of ``u - E u``, a random variable."""

    nargs = 1
    template = r"(u_{{{0}}} - \mathbb{{E}}\,u_{{{0}}})^+"


class MeanComparedGap(Quantity):
    """``|E u|``."""

    nargs = 1
    template = r"\bigl|\mathbb{{E}}\,u_{{{0}}}\bigr|"
    words = (r"$u_i = R_{{D_0}}(A(T_i)) - \hat{{R}}_{{T_i}}(A(T_i)) - R_{{D_0}}(h_0) + "
             r"\hat{{R}}_{{T_i}}(h_0)$ is the gap of the learner less that of the comparator $h_0$; $y^+ = "
             r"\max\{{0, y\}}$, and $\inf R_{{D_0}}$ is over all hypotheses.")


class ComparatorBias(Quantity):
    """``|E[R_{D_0}(h_0) - Rhat_{T_j}(h_0)]|``."""

    nargs = 1
    template = r"\bigl|\mathbb{{E}}[R_{{D_0}}(h_0) - \hat{{R}}_{{T_{{{0}}}}}(h_0)]\bigr|"


class ComparedRangeSquares(Quantity):
    """The sum over all points ever drawn of the squares of the largest conditional ranges of ``E[u | past, X]``."""

    nargs = 1
    template = r"\textstyle\sum_X b_X^2({0})"
    words = (r"$\sum_X b_X^2(i)$ runs over the same points, revealed one by one in the order of drawing; "
             r"$b_X$ is the largest conditional range of $\mathbb{{E}}[u_i \mid \text{{past}}, X]$ given "
             r"the past of $X$.")


_NAMED = (r"Let $u_i$ be the gap of the learner less that of the comparator, $u_i = R_{D_0}(A(T_i)) - "
          r"\hat R_{T_i}(A(T_i)) - R_{D_0}(h_0) + \hat R_{T_i}(h_0)$.")


class ExcessSplit(Rule):
    """``R(A(T_i)) - inf R <= u + epsilon_opt + (R(h_0) - inf R)``."""

    title = "comparison with one hypothesis"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        return Says(ExcessRisk(i), ComparedGap(i) + OptimisationError(protocol.size(i)) + ComparatorExcess())

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (_NAMED + r" The empirical risk of the learner exceeds that of the comparator by at most the "
                r"optimisation error.")


class ExcessMeanSplit(Rule):
    """``E[R(A(T_i)) - inf R] <= |E u| + epsilon_opt + (R(h_0) - inf R)``."""

    title = "comparison with one hypothesis"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        return Says(ExpectedExcess(i), MeanComparedGap(i) + OptimisationError(protocol.size(i)) + ComparatorExcess())

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (_NAMED + r" The empirical risk of the learner exceeds that of the comparator by at most the "
                r"optimisation error; take expectations.")


class ComparedSplit(Rule):
    """``u^+ <= |E u| + (u - E u)^+``."""

    title = "mean plus deviation"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(ComparedGap(i), MeanComparedGap(i) + ComparedDeviation(i))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "A number is at most its mean plus what it exceeds its mean by."


class ComparedMeanSplit(Rule):
    """``|E u| <= |E g| + |E[R_{D_0}(h_0) - Rhat(h_0)]|``."""

    title = "the learner and the comparator"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(MeanComparedGap(i), MeanGap(i) + ComparatorBias(i))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return r"$u_i$ is the gap of the learner less that of the comparator."


class ComparatorDrift(Rule):
    """``|E[R_{D_0}(h_0) - Rhat(h_0)]| <= M E W(D_0, Dmix_i)``: ``h_0`` does not look at the data."""

    title = "Kantorovich-Rubinstein duality"
    kind: ClassVar[Literal["step", "assumption", "definition", "cited"]] = "cited"
    reference = "kantorovich1958"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(ComparatorBias(i), LossConstant() * Distance(D(0), Dmix(i)))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The comparator does not depend on the data, so the mean of its empirical risk is the mean of its "
                r"risk "
                r"on the mixed distribution; the latter and the risk on real data are means of one Lipschitz function.")


class ComparedDifferences(Rule):
    """``sum of b_X**2 <= (2 beta_N + 2 M/N)**2 sum of x_X**2``, ``b_X`` the conditional range of ``E[u | past]``."""

    title = "bounded differences"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        size = protocol.size(i)
        slope = 2 * Stability(size) + 2 * LossConstant() / size
        return Says(ComparedRangeSquares(i), slope**2 * InfluenceSquares(i))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"As for the gap; per unit of displacement the empirical risk of the comparator moves by the Lipschitz "
                r"constant of the loss over the size of $T_i$ as well.")


class AzumaAbove(Rule):
    """``P(u > E u + sqrt(log(1/delta)/2 sum of b_X**2)) <= delta``, by Azuma-McDiarmid on one side."""

    title = "Azuma-McDiarmid inequality"
    kind: ClassVar[Literal["step", "assumption", "definition", "cited"]] = "cited"
    reference = "mcdiarmid1989"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, delta: sp.Expr, event: str) -> Says:
        checked_probability(delta)
        return Says(ComparedDeviation(i), sp.sqrt(sp.log(1 / delta) / 2 * ComparedRangeSquares(i)), "<=",
                    frozenset({(event, delta)}))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The differences of the martingale $\mathbb{E}[u_i \mid \text{past}]$ lie in conditional intervals of "
                r"lengths $b_X$; only one side is needed.")
