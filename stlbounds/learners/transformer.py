"""A transformer that learns in context, as a learner (theory §7, §8)."""

from __future__ import annotations

from typing import Any, ClassVar

import sympy as sp

from stlbounds.errors import AssumptionError
from stlbounds.generators import attention
from stlbounds.generators.base import constant_of_size
from stlbounds.generators.measurement import Measurement
from stlbounds.generators.numbers import number
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

    Setting
        The training set is the context, of tokens in the unit ball; the loss of a point is ``ell_L``-Lipschitz in the
        output at its query.
    Guarantee
        ``|loss(A(S), z) - loss(A(S'), z)| <= ell_L (kappa/N) sum_k |z_k - z'_k|``, and distances are divided by the
        diameter 2 of the ball: ``beta_N = 2 ell_L kappa/N`` in the Euclidean metric, hence in the discrete one.
        ``kappa`` is the sensitivity of the architecture, derived as for the generators.
    Assumed
        The architecture (`stlbounds.generators.Transformer`), ``ell_L``, and the loss constant ``M`` in the data.
    Reference
        Li et al. 2023 (stability of in-context learning); theory §7, §8.
    Self-check
        `self_check` looks for contexts, queries and weights that move the output as far as possible, and takes the loss
        ``ell_L |output - y|``, which moves as much. It is as far below as `stlbounds.generators.Transformer` is: not at
        all for one layer with ``omega = 0``, a factor of 1.4 at ``omega = 1/2``, 5 for two layers.

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

    Examples
    --------
    >>> TransformerLearner(layers=1, omega=1, output_lipschitz=1).beta_N
    4*E/N
    >>> for found in TransformerLearner(layers=1, omega=0, output_lipschitz=1).self_check():
    ...     print(f"{found.constant}: measured {found.measured:.3f}, stated {found.stated:.3f}")
    beta: measured 0.667, stated 0.667
    beta: measured 0.667, stated 0.667
    """

    references: ClassVar[tuple[str, ...]] = ("li2023transformers", "fu2025")
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

    def self_check(self, *, seed: int = 0, examples: int = 3, dimension: int = 2,
                   **values: Any) -> tuple[Measurement, ...]:
        """Search for contexts, queries and weights that move the output, and with it the loss, as far as possible.

        Parameters
        ----------
        seed : int
            Seed of the search.
        examples, dimension : int
            ``N`` and the dimension of the tokens.
        **values : number
            Values of the symbols of the entry.
        """
        from stlbounds.generators.attention_search import search

        made = self.attention
        feed_forward = None if made.feed_forward is None else number("feed_forward", made.feed_forward, values)
        found = search(layers=int(number("layers", made.layers, values)), omega=number("omega", made.omega, values),
                       examples=examples, dimension=dimension, seed=seed, feed_forward=feed_forward)
        unit = 2 * number("output_lipschitz", self.output_lipschitz, values) / examples
        stated = number("beta", self.beta_N, values, N=examples)
        where = f"N = {examples}, p = {dimension}; ascent over inputs and weights"
        return (Measurement("beta", unit * found.small, stated, f"many small moves, {where}"),
                Measurement("beta", unit * found.single, stated, f"replacement of one token, {where}"))
