"""A transformer that learns in context, as a learner (theory §7, §8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from stlbounds.errors import AssumptionError
from stlbounds.generators import attention
from stlbounds.generators import attention_quantities as quantities
from stlbounds.generators.base import constant_of_size
from stlbounds.generators.measurement import Measurement
from stlbounds.generators.numbers import number
from stlbounds.generators.transformer import Attention
from stlbounds.learners.base import UniformlyStable
from stlbounds.proof.claim import Claim, Printer
from stlbounds.proof.metric import Metric
from stlbounds.proof.rules.algebra import Rewrite
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import L, M, N, ell_L, omega

if TYPE_CHECKING:
    from stlbounds.learners.attention_judge import AttentionJudge

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
        all for one layer with ``omega = 0``, a factor of 1.4 at ``omega = 1/2``, 5 for two layers. With a value of
        ``M`` it also searches what `judge` simulates, fixed weights under ``c |prediction - y|``: a factor of 2 below
        where ``M`` holds ``c`` at half of ``ell_L``.

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

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol,
        or as in the transformers of `stlbounds.generators`.

    Examples
    --------
    >>> TransformerLearner(layers=1, omega=1, output_lipschitz=1).beta_N
    4*E/N
    >>> for found in TransformerLearner(layers=1, omega=0, output_lipschitz=1).self_check():
    ...     print(f"{found.constant}: measured {found.measured:.3f}, stated {found.stated:.3f}")
    beta: measured 0.667, stated 0.667
    beta: measured 0.667, stated 0.667
    >>> for found in TransformerLearner(1, 0, output_lipschitz=1, loss_constant=1).self_check()[2:]:
    ...     print(f"{found.constant}: measured {found.measured:.3f}, stated {found.stated:.3f}")
    beta (simulated loss): measured 0.333, stated 0.667
    M (simulated loss): measured 1.000, stated 1.000
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

    def describe(self, tex: Printer) -> str:
        """What the model is, in a sentence of LaTeX; ``tex`` prints expressions."""
        return (r"The learner $A$ is a \emph{transformer} that learns in context, "
                rf"{self.attention.describe(tex)}. Data are tokens in the unit ball of a Euclidean space; the "
                r"examples are the points of the training set, and the hypothesis maps a query to the output at its "
                r"position.")

    def stability_claim(self, weighted: bool = False) -> Claim:
        if weighted:
            raise AssumptionError(f"the learner {self.name} attends to all examples alike; it has no weighted version")
        loss = Assumption.apply(
            quantity=quantities.OutputLipschitz(quantities.LEARNER), bound=self.output_lipschitz,
            metric=Metric.EUCLIDEAN)
        ball = Assumption.apply(
            quantity=quantities.TokenBall(quantities.LEARNER), bound=sp.S.One, metric=Metric.EUCLIDEAN)
        outer = attention.InContextStability.apply(loss, ball, layers=self.attention.layers)
        claim = self.attention.read(outer, quantities.LEARNER)
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

        layers, score, feed_forward = self._numbers(values)
        found = search(layers=layers, omega=score, examples=examples, dimension=dimension, seed=seed,
                       feed_forward=feed_forward)
        unit = 2 * number("output_lipschitz", self.output_lipschitz, values) / examples
        stated = number("beta", self.beta_N, values, N=examples)
        where = f"N = {examples}, p = {dimension}; ascent over inputs and weights"
        return (Measurement("beta", unit * found.small, stated, f"many small moves, {where}"),
                Measurement("beta", unit * found.single, stated, f"replacement of one token, {where}"),
                *self._simulated_constants(values, examples, dimension, seed))

    def _simulated_constants(self, values: Mapping[str, Any], examples: int, dimension: int,
                             seed: int) -> tuple[Measurement, ...]:
        """Both constants of what `judge` makes, if the value of ``M`` is known: else its loss is not chosen."""
        from stlbounds.learners.attention_judge import judged_constants
        from stlbounds.learners.judge_checks import known

        if not known(self.loss_constant, values):
            return ()
        beta, constant = judged_constants(self.judge(values), examples, dimension, seed)
        how = f"N = {examples}, p = {dimension}; ascent over contexts and test tokens"
        return (Measurement("beta (simulated loss)", beta, number("beta", self.beta_N, values, N=examples), how),
                Measurement("M (simulated loss)", constant, number("M", self.loss_constant, values), how))

    def _numbers(self, values: Mapping[str, Any]) -> tuple[int, float, float | None]:
        """``L``, ``omega``, and ``L_f`` if there are residual branches."""
        made = self.attention
        feed_forward = None if made.feed_forward is None else number("feed_forward", made.feed_forward, values)
        return int(number("layers", made.layers, values)), number("omega", made.omega, values), feed_forward

    def judge(self, values: Mapping[str, Any]) -> AttentionJudge:
        """The absolute loss of in-context predictions, see `stlbounds.learners.attention_judge.AttentionJudge`.

        It reads tokens: with generators that are transformers, live on a finite alphabet, or are functions of points.
        """
        from stlbounds.learners.attention_judge import AttentionJudge

        return AttentionJudge(*self._numbers(values), number("output_lipschitz", self.output_lipschitz, values),
                              number("loss_constant", self.loss_constant, values))
