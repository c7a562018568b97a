"""The categorical fit judged by the halved Brier loss (theory §7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from stlbounds.learners.base import UniformlyStable
from stlbounds.proof.claim import Claim, Printer, Rule, Says, Subject
from stlbounds.proof.metric import Metric
from stlbounds.proof.quantities import LossConstant, Stability
from stlbounds.symbols import N

if TYPE_CHECKING:
    from stlbounds.generators.measurement import Measurement
    from stlbounds.learners.judging import Judge

__all__ = ["BrierFit", "BrierLossConstant", "BrierStability"]

_SUBJECT = Subject("learner", "the Brier fit")


class BrierStability(Rule):
    """``beta_N = (2 - 1/N)/N`` for one changed point, hence per unit of Hamming distance.

    Moving a point from ``a`` to ``b`` changes the loss at ``z`` by
    ``(p_b - p_a)/N + 1/N**2 + (1{z=a} - 1{z=b})/N``, where ``p_a >= 1/N`` and ``p_a + p_b <= 1``: largest at ``z = a``.
    A point of weight ``v/N`` has ``v/N`` in place of ``1/N``, which is ``2 - v/N`` per unit of weighted displacement: 2
    serves all weights.
    """

    title = "stability of the Brier fit"
    subject = _SUBJECT
    metric = Metric.DISCRETE
    equal_weights = True

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, weighted: bool = False) -> Says:
        return Says(Stability(N), 2 / N if weighted else (2 - 1 / N) / N)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"Moving one training point from $a$ to $b$ changes the loss at $z$ by $(p_b - p_a)/N + 1/N^2 + "
                r"(1\{z=a\} - 1\{z=b\})/N$, where $p_a \ge 1/N$ and $p_a + p_b \le 1$; this is largest in absolute "
                r"value at $z = a$ and at $z = b$.")


class BrierLossConstant(Rule):
    """The halved Brier loss of one hypothesis differs between two symbols by ``p_z' - p_z``, at most 1."""

    title = "range of the halved Brier loss"
    subject = _SUBJECT
    metric = Metric.DISCRETE

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(LossConstant(), sp.S.One)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return r"For any two symbols and any hypothesis $p$, $\ell(p, z) - \ell(p, z') = p_{z'} - p_z \le 1$."


class BrierFit(UniformlyStable):
    r"""The empirical law ``p`` of the training set, judged by ``loss(p, z) = |p - e_z|**2 / 2``.

    Setting
        Data in a finite alphabet, discrete metric.
    Guarantee
        ``M = 1`` and ``beta_N = (2 - 1/N)/N``, both derived; ``2/N`` per unit of displacement of weighted points.
    Assumed
        Nothing.
    Reference
        Brier 1950 (the loss); theory §7.
    Self-check
        `self_check` enumerates training sets; both constants are attained.

    Examples
    --------
    >>> BrierFit().beta_N
    (2 - 1/N)/N
    >>> for found in BrierFit().self_check():
    ...     print(found)
    beta (simulated loss): measured 0.4375, stated 0.4375, slack 1 (all training sets of 4 points on 3 symbols)
    M (simulated loss): measured 1, stated 1, slack 1 (all training sets of 4 points on 3 symbols)
    """

    references: ClassVar[tuple[str, ...]] = ("brier1950",)
    def __init__(self) -> None:
        super().__init__((2 - 1 / N) / N, sp.S.One, Metric.DISCRETE, "brier")

    def describe(self, tex: Printer) -> str:
        """The learner in a sentence of LaTeX; ``tex`` prints expressions.

        Examples
        --------
        >>> BrierFit().describe(str)[:32]
        "The learner's hypothesis $A(S) ="
        """
        return (r"The learner's hypothesis $A(S) = p$ is the empirical distribution of $S$, judged by the halved Brier "
                r"loss $\ell(p, z) = \frac12 \sum_y (p_y - 1\{y = z\})^2$.")

    def stability_claim(self, weighted: bool = False) -> Claim:
        return BrierStability.apply(weighted=weighted) if weighted else BrierStability.apply()

    def loss_claim(self) -> Claim:
        return BrierLossConstant.apply()

    def judge(self, values: Mapping[str, Any]) -> Judge:
        """Frequencies on a finite alphabet under the halved Brier loss."""
        from stlbounds.learners.judging import FiniteBrierJudge

        return FiniteBrierJudge()

    def self_check(self, *, seed: int = 0, size: int = 4, cells: int = 3, **values: Any) -> tuple[Measurement, ...]:
        """Both constants over all training sets of `size` points on `cells` symbols; nothing is random."""
        from stlbounds.learners.judge_checks import simulated_constants

        return simulated_constants(self, values, size, cells)
