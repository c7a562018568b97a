r"""Rules of the weak-stability theorem (theory §6): moments of the gap over a binary tree, for independent points.

Notation, for the points ``Z_1, ..., Z_N`` of ``T_i``, independent given the past, each with a law of its own:
``g_k = E'[R_k(A(T^k)) - loss(A(T^k), Z_k)]``, where ``T^k`` has an independent copy ``Z'_k`` in place of ``Z_k``,
``E'`` averages over that copy and ``R_k`` is the risk under the law of ``Z_k``. A balanced binary tree splits the
points into blocks, single points at level 0 and all of them at level ``binary_depth(N)``; ``B_l(k)`` is the block of
``k`` at level ``l``, and ``g_k^l = E[g_k | Z_k, points outside B_l(k)]``. Norms are the largest conditional ones over
all pasts.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import sympy as sp

from stlbounds.errors import AssumptionError
from stlbounds.interval.signs import is_nonnegative
from stlbounds.proof.claim import Printer, Rule, Says
from stlbounds.proof.protocol import Protocol
from stlbounds.proof.quantities import (
    D,
    Distance,
    Dmix,
    Gap,
    Influence,
    LossConstant,
    Quantity,
    RandomQuantity,
    Stability,
    Str,
)
from stlbounds.proof.rules.bernstein import checked_probability
from stlbounds.special import binary_depth
from stlbounds.symbols import G, i

__all__ = [
    "BinaryTree",
    "CopiesNorm",
    "DriftConcentration",
    "DriftDifferences",
    "DriftRangeSquares",
    "IndependentCopies",
    "LevelNorm",
    "MarkovOfNorm",
    "MixedDrift",
    "OwnNorm",
    "OwnParts",
    "PastInfluence",
    "PastInfluenceSquares",
    "RealMixture",
    "RioOverBlocks",
    "RiskOnMixture",
    "SampleGap",
    "SampleGapNorm",
    "SiblingBlocks",
    "SiblingNorm",
    "all_real",
]


class SampleGap(RandomQuantity):
    """``|R_{Dmix_j}(A(T_j)) - Rhat_{T_j}(A(T_j))|``, a random variable."""

    nargs = 1
    template = r"\bigl|R_{{\bar{{D}}_{{{0}}}}} - \hat{{R}}_{{T_{{{0}}}}}\bigr|"
    words = (r"$Z_1, \dots, Z_N$ are the points of $T_i$, independent given the past; $R_{{\bar{{D}}_i}}$ "
             r"and $\hat{{R}}_{{T_i}}$ are evaluated at the hypothesis $A(T_i)$.")


class MixedDrift(RandomQuantity):
    """``s_j = W(D_0, Dmix_j)``, a random variable."""

    nargs = 1
    template = r"W(D_0, \bar{{D}}_{{{0}}})"


class SampleGapNorm(Quantity):
    """``(E[|R_{Dmix_j} - Rhat|**p | past])**(1/p)``, the largest over all pasts."""

    nargs = 2
    template = r"\bigl\|R_{{\bar{{D}}_{{{0}}}}} - \hat{{R}}_{{T_{{{0}}}}}\bigr\|_{{{1}}}"
    words = r"$\|\cdot\|_p$ is the $p$-norm of a random variable, given the past of $T_i$."


class CopiesNorm(Quantity):
    """The ``p``-norm of ``(1/N) sum of g_k``."""

    nargs = 2
    template = r"\textstyle\bigl\|\frac1N \sum_k g_k\bigr\|_{{{1}}}"
    words = (r"$g_k$ is the mean, over a copy of $Z_k$ from its source that replaces it in $T_i$, of the "
             r"risk of the learner under the law of $Z_k$ less its loss at $Z_k$.")


class OwnNorm(Quantity):
    """The ``p``-norm of ``(1/N) sum of E[g_k | Z_k]``."""

    nargs = 2
    template = r"\textstyle\bigl\|\frac1N \sum_k \mathbb{{E}}[g_k \mid Z_k]\bigr\|_{{{1}}}"


class LevelNorm(Quantity):
    """The largest ``p``-norm of ``(1/N) sum over k of g_k^l - g_k^(l+1)`` over the levels ``l`` of the tree."""

    nargs = 2
    template = r"\textstyle\max_l \bigl\|\frac1N \sum_k (g_k^l - g_k^{{l+1}})\bigr\|_{{{1}}}"
    words = (r"$g_k^l$ is the mean of $g_k$ over all points but $Z_k$ of the block that contains $k$ at "
             r"level $l$, when the points are halved again and again; $B$ runs over the blocks of level "
             r"$l$.")


class SiblingNorm(Quantity):
    """``(1/N) sum over blocks B of sqrt(sum over k in B of ||g_k^l - g_k^(l+1)||_p**2)``, the largest over levels."""

    nargs = 2
    template = (r"\textstyle\max_l \frac1N \sum_B \bigl(\sum_{{k \in B}} "
                r"\|g_k^l - g_k^{{l+1}}\|_{{{1}}}^2\bigr)^{{1/2}}")


class DriftRangeSquares(Quantity):
    """The sum over all points ever drawn of the squares of the largest conditional ranges of ``E[s_j | past, X]``."""

    nargs = 1
    template = r"\textstyle\sum_X a_X^2({0})"
    words = (r"$\sum_X a_X^2(i)$ runs over the same points, revealed one "
             r"by one in the order of drawing; $a_X$ is the largest conditional range of "
             r"$\mathbb{{E}}[W(D_0, \bar{{D}}_i) \mid \text{{past}}, X]$ given the past of $X$.")


class PastInfluenceSquares(Quantity):
    """``sum of (x_X - 1{X in T_j})**2`` over every random point ``X`` ever drawn, ``x_X`` its influence on ``T_j``."""

    nargs = 1
    template = r"\textstyle\sum_X (x_X - \mathbf{{1}}\{{X \in T_{{{0}}}\}})^2"
    words = (r"$\sum_X (x_X - \mathbf{{1}}\{{X \in T_i\}})^2$ runs over all random points $X$ drawn up to generation "
             r"$i$; $x_X$ is the influence of $X$ on $T_i$.")


def all_real(protocol: Protocol) -> bool:
    """Whether every training set consists of real data only."""
    return all(share.weight == 0 for share in protocol.mixture(i) if share.source != 0 or share.index is not None)


def _independent(protocol: Protocol) -> None:
    """Refuse a loop whose training sets are not independent points given the past.

    Raises
    ------
    AssumptionError
        If points are kept, or weighted.
    """
    if protocol.weighted:
        raise AssumptionError("the points of a weighted loop do not count alike")
    if any(point.kept or point.levels is not None for point in protocol.classes) and not all_real(protocol):
        raise AssumptionError("points that are kept from earlier generations are not independent given the past; use a "
                              "loop with fresh real data (fixed mix with real='fresh', replace or subsample)")


def _order(p: sp.Expr) -> None:
    if not is_nonnegative(p - 2):
        raise AssumptionError(f"the order {p} of a moment must be at least 2")


class IndependentCopies(Rule):
    """``||R_{Dmix} - Rhat||_p <= ||(1/N) sum of g_k||_p + 2 beta_N``: copies of single points do little."""

    title = "independent copies"
    reference = "bousquet2020"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol, p: sp.Expr) -> Says:
        _independent(protocol)
        _order(p)
        return Says(SampleGapNorm(i, p), CopiesNorm(i, p) + 2 * Stability(protocol.size(i)))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"Given the past, the points of $T_i$ are independent. Replacing the $k$-th one, $Z_k$, by a copy from "
                r"its source moves the loss of the learner by at most its stability, at a fresh point as at $Z_k$: so "
                r"$R_{\bar D_i} - \hat R_{T_i}$ differs from $\frac1N \sum_k g_k$ by at most twice that, where $g_k$ "
                r"is the mean, over the copy, of the risk under the law of $Z_k$ less the loss at $Z_k$.")


class BinaryTree(Rule):
    """``||sum of g_k|| <= ||sum of E[g_k | Z_k]|| + sum over levels of ||sum of g_k^l - g_k^(l+1)||``."""

    title = "telescoping over a binary tree"
    reference = "bousquet2020"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol, p: sp.Expr) -> Says:
        _independent(protocol)
        _order(p)
        return Says(CopiesNorm(i, p), OwnNorm(i, p) + binary_depth(protocol.size(i)) * LevelNorm(i, p))

    @classmethod
    def explain(cls, tex: Printer, *, protocol: Protocol, **_: Any) -> str:
        size = tex(protocol.size(i))
        return (rf"Halve the ${size}$ points again and again, down to single ones, in "
                rf"${tex(binary_depth(protocol.size(i)))}$ levels, and let $g_k^l$ be the mean of $g_k$ over the "
                r"points other than $Z_k$ of the block that contains $k$ at level $l$. From $g_k^0 = g_k$ to the "
                r"last one, $\mathbb{E}[g_k \mid Z_k]$, the differences telescope; use the triangle inequality.")


class OwnParts(Rule):
    """``||(1/N) sum of E[g_k | Z_k]||_p <= M sqrt(p/(2N))``: independent, centred, of range ``M``.

    By Hoeffding's lemma the sum is sub-Gaussian with variance proxy ``s**2 = N M**2/4``, and such a variable has
    ``E |X|**p <= 2 (2 s**2)**(p/2) Gamma(p/2 + 1) <= (2 p s**2)**(p/2)`` for ``p >= 2``.
    """

    title = "Hoeffding's lemma"
    kind: ClassVar[Literal["step", "assumption", "definition", "cited"]] = "cited"
    reference = "hoeffding1963"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol, p: sp.Expr) -> Says:
        _independent(protocol)
        _order(p)
        return Says(OwnNorm(i, p), LossConstant() * sp.sqrt(p / (2 * protocol.size(i))))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"$\mathbb{E}[g_k \mid Z_k]$ is a centred function of $Z_k$ alone, with values in an interval as long "
                r"as the Lipschitz constant of the loss. By Hoeffding's lemma the sum over the independent points is "
                r"sub-Gaussian, and a sub-Gaussian variable with variance proxy $s^2$ has a $p$-norm of at most "
                r"$s\sqrt{2p}$ for $p \ge 2$.")


class RioOverBlocks(Rule):
    """``||sum over k of g_k^l - g_k^(l+1)||_p <= sqrt(p-1) sum over blocks of sqrt(sum of ||...||_p**2)``.

    Within a block, given all points outside it, the differences are centred functions of one point each, hence
    martingale differences: ``||sum||_p**2 <= (p-1) sum of ||...||_p**2`` for ``p >= 2``. The triangle inequality adds
    blocks.
    """

    title = "Rio's inequality"
    kind: ClassVar[Literal["step", "assumption", "definition", "cited"]] = "cited"
    reference = "rio2009"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol, p: sp.Expr) -> Says:
        _independent(protocol)
        _order(p)
        return Says(LevelNorm(i, p), sp.sqrt(p - 1) * SiblingNorm(i, p))

    @classmethod
    def explain(cls, tex: Printer, *, p: sp.Expr, **_: Any) -> str:
        return (r"Given the points outside a block $B$, the differences $g_k^l - g_k^{l+1}$, $k \in B$, are centred "
                r"functions of $Z_k$ alone, hence martingale differences, and the squared norm of their sum is at most "
                rf"${tex(p - 1)}$ times the sum of their squared norms. The triangle inequality adds the blocks.")


class SiblingBlocks(Rule):
    """``(1/N) sum over blocks B of sqrt(sum in B of ||g_k^l - g_k^(l+1)||_p**2) <= sqrt(2p) beta_N``.

    Given ``Z_k`` and what lies outside ``B_{l+1}(k)``, the difference is a centred function of the points of the
    sibling block ``B'``, with bounded differences ``2 beta_N``: sub-Gaussian with proxy ``|B'| beta_N**2``. So the norm
    is at most ``beta_N sqrt(2p|B'|)``, the block contributes ``beta_N sqrt(2p |B||B'|)``, and two siblings together at
    most ``beta_N sqrt(2p) (|B| + |B'|)``.
    """

    title = "bounded differences in the sibling block"
    reference = "mcdiarmid1989"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol, p: sp.Expr) -> Says:
        _independent(protocol)
        _order(p)
        return Says(SiblingNorm(i, p), sp.sqrt(2 * p) * Stability(protocol.size(i)))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"$g_k^l - g_k^{l+1}$ is centred given all but the points of the sibling block $B'$, and moves by at "
                r"most twice the stability $\beta$ of the learner when one of them changes: it is sub-Gaussian with "
                r"variance proxy $|B'| \beta^2$, of norm at most $\beta\sqrt{2p|B'|}$. A block and its sibling "
                r"contribute $2\beta\sqrt{2p|B||B'|} \le \beta\sqrt{2p}\,(|B| + |B'|)$, and all blocks of a level "
                r"have at most $N$ points together.")


class MarkovOfNorm(Rule):
    """``P(|R_{Dmix} - Rhat| > delta**(-1/p) ||R_{Dmix} - Rhat||_p) <= delta``."""

    title = "Markov's inequality"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, p: sp.Expr, delta: sp.Expr, event: str) -> Says:
        checked_probability(delta)
        _order(p)
        return Says(SampleGap(i), (1 / delta) ** (1 / p) * SampleGapNorm(i, p), "<=", frozenset({(event, delta)}))

    @classmethod
    def explain(cls, tex: Printer, *, p: sp.Expr, **_: Any) -> str:
        return rf"By Markov's inequality for the moment of order ${tex(p)}$, given the past."


class RiskOnMixture(Rule):
    """``|g| <= M W(D_0, Dmix_i) + |R_{Dmix_i} - Rhat|``, surely, by Kantorovich-Rubinstein duality."""

    title = "Kantorovich-Rubinstein duality"
    kind: ClassVar[Literal["step", "assumption", "definition", "cited"]] = "cited"
    reference = "kantorovich1958"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(Gap(i), LossConstant() * MixedDrift(i) + SampleGap(i))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"Insert the risk on the mixed distribution. For every hypothesis, the risks on real and on mixed data "
                r"are means of one Lipschitz function, so they differ by at most the Lipschitz constant of the loss "
                r"times the Wasserstein distance of the two laws.")


class RealMixture(Rule):
    """``W(D_0, Dmix_i) <= 0`` where all data are real."""

    title = "real data only"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        if not all_real(protocol):
            raise AssumptionError("some training data are synthetic")
        return Says(MixedDrift(i), sp.S.Zero)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "Every training set consists of real data only."


class DriftDifferences(Rule):
    """``sum of a_X**2 <= (1/N_i**2) sum of (x_X - 1{X in T_i})**2``, ``a_X`` the range of ``E[s_i | past, X]``."""

    title = "bounded differences of the drift"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        if protocol.weighted:
            raise AssumptionError("the points of a weighted loop do not count alike")
        return Says(DriftRangeSquares(i), PastInfluenceSquares(i) / protocol.size(i) ** 2)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"Another value of $X$ moves the mixed distribution $\bar D_i$ by the mean, over the sources of the "
                r"points of $T_i$, of how far it moves these sources: by the expected displacement of the points other "
                r"than $X$ of $T_i$ over its size.")


class PastInfluence(Rule):
    """``sum of (x_X - 1{X in T_i})**2 <= sum of x_X**2`` over the points of earlier generations, each used once.

    The points of ``T_i`` itself were drawn for it and displace nothing but themselves: ``x_X <= 1``.
    """

    title = "the newest points apart"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        _independent(protocol)
        if any(point.kept for point in protocol.classes):
            raise AssumptionError("every point must be used once")
        total = sp.S.Zero
        for point in protocol.classes:
            name = Str(point.name)
            if point.recurring:
                limits = (G, sp.Integer(point.first), i - 1)
                total += sp.Sum(point.count * Influence(name, G, i) ** 2, limits)
            else:
                raise AssumptionError(f"{point.meaning} is drawn once only; whether before T_i depends on i")
        return Says(PastInfluenceSquares(i), total)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"Every point is used once, so a point of $T_i$ displaces only itself, and a point of an earlier "
                r"generation is not in $T_i$.")


class DriftConcentration(Rule):
    """``P(s_i > E s_i + sqrt(log(1/delta)/2 sum of a_X**2)) <= delta``, by Azuma-McDiarmid on one side."""

    title = "Azuma-McDiarmid inequality"
    kind: ClassVar[Literal["step", "assumption", "definition", "cited"]] = "cited"
    reference = "mcdiarmid1989"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, delta: sp.Expr, event: str) -> Says:
        checked_probability(delta)
        spread = sp.sqrt(sp.log(1 / delta) / 2 * DriftRangeSquares(i))
        return Says(MixedDrift(i), Distance(D(0), Dmix(i)) + spread, "<=", frozenset({(event, delta)}))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The differences of the martingale $\mathbb{E}[W(D_0, \bar D_i) \mid \text{past}]$ lie in conditional "
                r"intervals of lengths $a_X$.")
