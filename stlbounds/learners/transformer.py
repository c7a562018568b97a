"""A transformer that learns in context, as a learner (theory §7, §8)."""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.errors import AssumptionError
from stlbounds.generators import attention
from stlbounds.generators.base import constant_of_size
from stlbounds.generators.transformer import Attention
from stlbounds.learners.base import UniformlyStable
from stlbounds.proof.claim import Claim
from stlbounds.proof.metric import Metric
from stlbounds.proof.rules.algebra import Rewrite
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import L, M, N, ell_L, omega

__all__ = ["TransformerLearner"]


class TransformerLearner(UniformlyStable):
    r"""Predicts in context with a transformer of the kinds of theory §8: ``beta_N = 2 ell_L kappa/N``.

    Setting: the training set is the context, of tokens in the unit ball; the loss of a point is ``ell_L``-Lipschitz in
    the output at its query. Guarantee: ``|loss(A(S), z) - loss(A(S'), z)| <= ell_L (kappa/N) sum_k |z_k - z'_k|``, and
    distances are divided by the diameter 2 of the ball: ``beta_N = 2 ell_L kappa/N`` in the Euclidean metric, hence in
    the discrete one. ``kappa`` is the sensitivity of the architecture, derived as for the generators.
    Assumed: the architecture (`stlbounds.generators.Transformer`), ``ell_L``, and the loss constant ``M`` in the data.

    Parameters
    ----------
    layers, omega : sympy.Expr or number
        ``L`` and ``omega``.
    feed_forward : sympy.Expr or number, optional
        ``L_f``, for residual branches; without them by default.
    depth_uniform : bool
        Whether to follow the spread of the tokens through the layers (without residual branches).
    output_lipschitz : sympy.Expr or number
        ``ell_L``.
    loss_constant : sympy.Expr or number
        ``M``.

    References
    ----------
    Theory §7, §8; Li et al. 2023.

    Examples
    --------
    >>> TransformerLearner(layers=1, omega=1, output_lipschitz=1).beta_N
    4*E/N
    """

    attention: Attention
    output_lipschitz: sp.Expr

    def __init__(self, layers: Any = L, omega: Any = omega, feed_forward: Any = None, depth_uniform: bool = False,
                 output_lipschitz: Any = ell_L, loss_constant: Any = M) -> None:
        object.__setattr__(self, "attention", Attention(layers, omega, feed_forward, depth_uniform))
        object.__setattr__(self, "output_lipschitz", constant_of_size("output_lipschitz", output_lipschitz))
        kappa = self.attention.displacement(self.attention.layers)
        super().__init__(2 * self.output_lipschitz * kappa / N, loss_constant, Metric.EUCLIDEAN, "transformer")

    def stability_claim(self, weighted: bool = False) -> Claim:
        if weighted:
            raise AssumptionError(f"the learner {self.name} attends to all examples alike; it has no weighted version")
        loss = Assumption.apply(
            quantity=attention.OutputLipschitz(attention.LEARNER), bound=self.output_lipschitz, metric=Metric.EUCLIDEAN)
        ball = Assumption.apply(
            quantity=attention.TokenBall(attention.LEARNER), bound=sp.S.One, metric=Metric.EUCLIDEAN)
        outer = attention.InContextStability.apply(loss, ball, layers=self.attention.layers)
        claim = self.attention.read(outer, attention.LEARNER)
        return claim if claim.rhs == self.beta_N else Rewrite.apply(claim, rhs=self.beta_N)
