r"""How far a move of the example tokens carries through layers of softmax attention: the rules (theory §8).

The architecture: ``N`` example tokens and a query token in the unit ball of ``R^p``; ``L`` layers in which every
position attends to the ``N`` examples, ``z <- sum_k a_k V z_k`` with ``a = softmax(z' Q z_k)``, ``|Q| <= omega/2`` and
``|V| <= 1`` in operator norm, no mask, no normalisation.

One layer, along the segment between two configurations (the ball is convex, and spreads are convex functions of the
configuration, so that the bounds hold on all of it), with a bound ``d`` on the diameter of the example tokens:

    d(out) = sum_k a_k V dz_k + V sum_k a_k (z_k - mean) (z' Q dz_k + dz' Q z_k),    mean = sum_k a_k z_k.

- The scores ``z' Q z_k`` vary over ``k`` by at most ``(omega/2) d``, so ``a_k <= e**(omega d/2)/N``;
  ``|z_k - mean| <= d`` and ``|Q' z| <= omega/2``. The part in ``dz_k`` is at most
  ``(1 + omega d/2) (e**(omega d/2)/N) sum_k |dz_k|``.
- The part in ``dz`` is ``V Cov Q' dz`` with the covariance of the tokens under the weights, of norm at most ``d**2/4``
  (Popoviciu), hence at most ``(omega d**2/8) |dz|``.

With ``d = 2`` these are ``A = (1 + omega) e**omega`` and ``C = omega/2``. Metrics are divided by the diameter of the
ball, 2, on both sides of every inequality, so that the constants do not change.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import sympy as sp

from stlbounds.errors import AssumptionError
from stlbounds.generators.attention_quantities import (
    GENERATOR,
    LEARNER,
    ContextSlope,
    FeedForwardLipschitz,
    MeanDisplacement,
    OutputLipschitz,
    QueryDisplacement,
    QuerySlope,
    ScoreNorm,
    TokenBall,
    TokenRadius,
    TokenSpread,
    ValueNorm,
)
from stlbounds.interval.signs import is_nonnegative
from stlbounds.proof.claim import Printer, Rule, Says, Subject
from stlbounds.proof.metric import Metric
from stlbounds.proof.quantities import Quantity, Sensitivity, Stability, Str
from stlbounds.symbols import J, N

__all__ = ["TRANSFORMER"]

TRANSFORMER = Subject("", "a transformer", ("layers", "residual"))


def _bounds(role: Str, premises: tuple[Says, ...], *kinds: type[Quantity]) -> list[sp.Expr]:
    """The bounds that the premises state, after checking what they speak about."""
    if len(premises) != len(kinds):
        raise AssumptionError(f"{len(kinds)} premises are needed, not {len(premises)}")
    for says, kind in zip(premises, kinds, strict=True):
        if says.relation != "<=" or says.events or not isinstance(says.lhs, kind) or says.lhs.args[0] != role:
            raise AssumptionError(f"a bound on {kind.__name__}({role}) is needed, not {says}")
        if says.lhs.args[1:] not in ((), (J,)):
            raise AssumptionError(f"a bound on {kind.__name__} in every layer is needed, not {says}")
    return [says.rhs for says in premises]


def _contracts(value: sp.Expr) -> None:
    if not is_nonnegative(1 - value):
        raise AssumptionError(f"the value matrices have norm at most {value}, which must not exceed 1")


class AttentionStaysInBall(Rule):
    """From ``r_0`` and ``|V| <= 1``: averages of the vectors ``V z_k`` stay in the ball, in every layer."""

    title = "attention averages"
    subject = TRANSFORMER
    supposes = MappingProxyType({"residual": False})

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, role: Str) -> Says:
        radius, value = _bounds(role, premises, TokenBall, ValueNorm)
        _contracts(value)
        return Says(TokenRadius(role), radius)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return r"A layer replaces every position by an average of vectors $V z_k$, and $\|V\| \le 1$."


class ProjectedToBall(Rule):
    """From ``r_0``: layers that end with a projection onto the ball of the tokens do not leave it."""

    title = "projection"
    subject = TRANSFORMER

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, role: Str) -> Says:
        radius, _ = _bounds(role, premises, TokenBall, FeedForwardLipschitz)
        return Says(TokenRadius(role), radius)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "Every block ends with a projection onto the ball."


class SpreadInBall(Rule):
    """From ``r``: two tokens of a ball are at most ``2 r`` apart."""

    title = "diameter of the ball"
    subject = TRANSFORMER

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, role: Str) -> Says:
        (radius,) = _bounds(role, premises, TokenRadius)
        return Says(TokenSpread(role, J), 2 * radius)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "Two points of a ball are at most its diameter apart."


class SpreadAtStart(Rule):
    """From ``r_0``: ``d_0 <= 2 r_0``."""

    title = "diameter of the ball"
    subject = TRANSFORMER

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, role: Str) -> Says:
        (radius,) = _bounds(role, premises, TokenBall)
        return Says(TokenSpread(role, sp.S.Zero), 2 * radius)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "Two points of a ball are at most its diameter apart."


class SpreadStep(Rule):
    """``d_{l+1} <= d_l tanh(|Q| d_l**2/4)``: without residual branches attention draws the tokens together.

    For two positions ``z, z'`` the scores differ by ``(z - z')' Q z_k``, which varies over ``k`` by at most
    ``h = |Q| d**2``. Two softmaxes whose log-ratio varies by ``h`` are at most ``tanh(h/4)`` apart in total variation:
    the ratio of probabilities lies in ``[e**a, e**(a+h)]``, for which the distance is at most
    ``(1 - e**a)(e**(a+h) - 1)/(e**(a+h) - e**a)``, largest at ``a = -h/2``. The outputs are two averages of the same
    vectors ``V z_k``, whose diameter is at most ``|V| d``, so they differ by at most that distance times ``|V| d``.
    """

    title = "attention draws tokens together"
    subject = TRANSFORMER
    supposes = MappingProxyType({"residual": False})
    reference = "dong2021attention"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, role: Str) -> Says:
        score, value = _bounds(role, premises, ScoreNorm, ValueNorm)
        _contracts(value)
        spread = TokenSpread(role, J)
        return Says(TokenSpread(role, J + 1), spread * sp.tanh(score * spread**2 / 4))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The scores of two positions of distance at most $d$ differ by at most $h = \|Q\| d^2$ more for one "
                r"example than for another, so their weights are at most $\tanh(h/4)$ apart in total variation.")


class ContextSlopeBound(Rule):
    """``A_l <= |V| e**(|Q| r d) (1 + |Q| r d)`` from the spread ``d`` of layer ``l``.

    The weight of an example is at most ``e**(|Q| r d)/N``, since scores vary over the examples by at most ``|Q| r d``.
    A move of ``z_k`` moves its own contribution by ``a_k |V|`` and the weights by ``a_k |z_k - mean| |Q| r``.
    """

    title = "one attention layer, examples"
    subject = TRANSFORMER

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, role: Str) -> Says:
        spread, score, value, radius = _bounds(role, premises, TokenSpread, ScoreNorm, ValueNorm, TokenRadius)
        reach = score * radius * spread
        return Says(ContextSlope(role, J), value * sp.exp(reach) * (1 + reach))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"Scores vary over the examples by at most $\|Q\| r d$, so no weight exceeds $e^{\|Q\| r d}/N$; "
                r"moving an example moves its own value, and, through the scores, its weight.")


class QuerySlopeBound(Rule):
    """``C_l <= |V| |Q| d**2/4`` from the spread ``d``: the derivative is ``V Cov Q'``, and ``|Cov| <= d**2/4``."""

    title = "one attention layer, query"
    subject = TRANSFORMER

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, role: Str) -> Says:
        spread, score, value = _bounds(role, premises, TokenSpread, ScoreNorm, ValueNorm)
        return Says(QuerySlope(role, J), value * score * spread**2 / 4)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The derivative of the output in the position is $V \Sigma Q^\top$ with the covariance $\Sigma$ of "
                r"the examples under the weights, and a variable of range $d$ has variance at most $d^2/4$.")


class MeanDisplacementStart(Rule):
    """``m_0 <= 1``: the unit."""

    title = "the unit of displacement"
    subject = TRANSFORMER

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, role: Str) -> Says:
        return Says(MeanDisplacement(role, sp.S.Zero), sp.S.One)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "Displacements are measured in units of the mean displacement of the input."


class QueryDisplacementStart(Rule):
    """``q_0 <= 0``: both loops ask the same query."""

    title = "the same query"
    subject = TRANSFORMER

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, role: Str) -> Says:
        return Says(QueryDisplacement(role, sp.S.Zero), sp.S.Zero)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "The query is the same for both sets of examples."


def _block(role: Str, premises: tuple[Says, ...], residual: bool, displacement: sp.Expr, moved: sp.Expr) -> sp.Expr:
    """The displacement behind a layer: of the attention alone, or of both residual branches of a block."""
    if not residual:
        if premises:
            raise AssumptionError("a layer without feed-forward block has no premise")
        return moved
    (feed_forward,) = _bounds(role, premises, FeedForwardLipschitz)
    return (1 + feed_forward) * (displacement + moved)


class MeanDisplacementStep(Rule):
    """``m_{l+1} <= (A_l + C_l) m_l``, or ``(1 + L_f)(1 + A_l + C_l) m_l`` with residual branches.

    Average over the examples the displacement ``A_l m_l + C_l |dz_k|`` of the attention at example ``k``; a residual
    branch adds ``|dz_k|``, and the projection onto a convex set does not expand.
    """

    title = "one layer, examples"
    subject = TRANSFORMER

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, role: Str, residual: bool) -> Says:
        mean = MeanDisplacement(role, J)
        moved = (ContextSlope(role, J) + QuerySlope(role, J)) * mean
        return Says(MeanDisplacement(role, J + 1), _block(role, premises, residual, mean, moved))

    @classmethod
    def explain(cls, tex: Printer, *, residual: bool, **_: Any) -> str:
        more = r" The residual branches add up, and projections do not expand." if residual else ""
        return r"Average the displacement of the attention over the positions of the examples." + more


class QueryDisplacementStep(Rule):
    """``q_{l+1} <= A_l m_l + C_l q_l``, or ``(1 + L_f)(q_l + A_l m_l + C_l q_l)`` with residual branches."""

    title = "one layer, query"
    subject = TRANSFORMER

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, role: Str, residual: bool) -> Says:
        query = QueryDisplacement(role, J)
        moved = ContextSlope(role, J) * MeanDisplacement(role, J) + QuerySlope(role, J) * query
        return Says(QueryDisplacement(role, J + 1), _block(role, premises, residual, query, moved))

    @classmethod
    def explain(cls, tex: Printer, *, residual: bool, **_: Any) -> str:
        more = r" The residual branches add up, and projections do not expand." if residual else ""
        return r"The displacement of the attention at the query." + more


class ReadOut(Rule):
    """``kappa_N <= q_L``: a new example is a fresh query with the model's output, 1-Lipschitz, and independent noise.

    Couple the two laws by the same query and the same noise. Then the new examples are at most as far apart as the two
    outputs, ``q_L (1/N) sum_k |z_k - z'_k|``; both sides are divided by the diameter of the ball.
    """

    title = "reading out a new example"
    subject = replace(TRANSFORMER, role="generator")
    metric = Metric.EUCLIDEAN
    equal_weights = True

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, layers: sp.Expr) -> Says:
        return Says(Sensitivity(N), QueryDisplacement(GENERATOR, layers))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"Couple two new examples by the same query and the same noise; reading out is $1$-Lipschitz, and both "
                r"sides are divided by the diameter of the ball.")


class InContextStability(Rule):
    """``beta_N <= 2 r ell q_L/N``: the loss moves by at most ``ell`` times the output.

    It moves by at most ``ell q_L (1/N) sum_k |z_k - z'_k|``, and ``|z_k - z'_k| = 2 r d(z_k, z'_k)``, ``d`` normalised.
    """

    title = "stability of in-context learning"
    subject = replace(TRANSFORMER, role="learner")
    metric = Metric.EUCLIDEAN
    equal_weights = True
    reference = "li2023transformers"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, layers: sp.Expr) -> Says:
        loss, radius = _bounds(LEARNER, premises, OutputLipschitz, TokenBall)
        return Says(Stability(N), 2 * radius * loss / N * QueryDisplacement(LEARNER, layers))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The loss moves by at most its Lipschitz constant times the displacement of the output, and a "
                r"normalised distance of $1$ is the diameter of the ball.")
