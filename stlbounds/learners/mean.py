"""The mean of the training set under the halved squared loss (theory §2, Euclidean metric)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import sympy as sp

from stlbounds.generators.measurement import Measurement
from stlbounds.generators.numbers import number
from stlbounds.generators.sampling import FloatArray
from stlbounds.learners.base import UniformlyStable
from stlbounds.learners.judging import Judge
from stlbounds.learners.search import largest_ratio
from stlbounds.proof.claim import Claim, Printer, Rule, Says, Subject
from stlbounds.proof.metric import Metric
from stlbounds.proof.quantities import LossConstant, Stability
from stlbounds.symbols import N

__all__ = ["MeanFit", "MeanJudge", "MeanLossConstant", "MeanStability"]

_SUBJECT = Subject("learner", "the mean")


class MeanStability(Rule):
    """``beta_N = 1/N``: with ``h, h', z`` in a space of diameter ``B``, the loss being ``|h - z|**2/(2 B**2)``,

    ``|loss(h, z) - loss(h', z)| = |(h - h').(h + h' - 2 z)|/(2 B**2) <= |h - h'|/B <= (1/N) sum_k |z_k - z'_k|/B``.
    """

    title = "stability of the mean"
    subject = _SUBJECT
    metric = Metric.EUCLIDEAN

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(Stability(N), 1 / N)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"Two means $h, h'$ are at most $\frac{1}{N}\sum_k \|z_k - z'_k\|$ apart, and $|\|h-z\|^2 - "
                r"\|h'-z\|^2| \le 2B\|h-h'\|$ in a space of diameter $B$.")


class MeanLossConstant(Rule):
    """``M = 1``: ``|loss(h, z) - loss(h, z')| = |(z' - z).(2 h - z - z')|/(2 B**2) <= |z - z'|/B``."""

    title = "Lipschitz constant of the squared loss"
    subject = _SUBJECT
    metric = Metric.EUCLIDEAN

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(LossConstant(), sp.S.One)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return r"$|\|h-z\|^2 - \|h-z'\|^2| \le 2B\|z-z'\|$ in a space of diameter $B$."


class MeanFit(UniformlyStable):
    r"""The mean ``h`` of the training set, judged by ``loss(h, z) = |h - z|**2/(2 B**2)``, ``B`` the diameter.

    Setting
        Points in a bounded convex set, Euclidean metric divided by its diameter.
    Guarantee
        ``M = 1`` and ``beta_N = 1/N``, both derived, hence also in the discrete metric.
    Assumed
        Nothing.
    Reference
        Theory §2.
    Self-check
        `self_check` moves all points, some, or one, by large and small amounts; both constants are approached at the
        walls of the space.

    Examples
    --------
    >>> MeanFit().beta_N
    1/N
    >>> for found in MeanFit().self_check():
    ...     print(f"{found.constant}: measured {found.measured:.3f}, stated {found.stated}")
    beta: measured 0.200, stated 0.2
    M: measured 1.000, stated 1.0
    """

    references: ClassVar[tuple[str, ...]] = ("bousquet2002",)
    def __init__(self) -> None:
        super().__init__(1 / N, sp.S.One, Metric.EUCLIDEAN, "mean")

    def describe(self, tex: Printer) -> str:
        """What the model is, in a sentence of LaTeX; ``tex`` prints expressions."""
        return (r"The learner's hypothesis $A(S) = h$ is the mean of $S$, judged by the halved squared loss "
                r"$\ell(h, z) = \|h - z\|^2/(2B^2)$ in a convex space of diameter $B$.")

    def stability_claim(self, weighted: bool = False) -> Claim:
        # A weighted mean moves by the weighted displacement, with the same constant.
        return MeanStability.apply()

    def loss_claim(self) -> Claim:
        return MeanLossConstant.apply()

    def judge(self, values: Mapping[str, Any]) -> Judge:
        """The mean of points on an interval, from their moments."""
        return MeanJudge()

    def self_check(self, *, seed: int = 0, size: int = 5, **values: Any) -> tuple[Measurement, ...]:
        """Search pairs of training sets on an interval of length 1, and pairs of points, for the largest change."""
        rng = np.random.default_rng(seed)

        def change(first: FloatArray, second: FloatArray) -> FloatArray:
            means = first.mean(axis=1), second.mean(axis=1)
            losses = [np.abs((means[0] - wall) ** 2 - (means[1] - wall) ** 2) / 2 for wall in (-0.5, 0.5)]
            return np.asarray(np.maximum(*losses), dtype=float)

        beta = largest_ratio(change, size, 0.5, rng)

        def moved_test(first: FloatArray, second: FloatArray) -> FloatArray:
            # The hypothesis may be any point of the interval: a training set of one point.
            tests = [np.abs((h - first) ** 2 - (h - second) ** 2)[:, 0] / 2 for h in (-0.5, 0.5)]
            return np.asarray(np.maximum(*tests), dtype=float)

        constant = largest_ratio(moved_test, 1, 0.5, rng)
        how = f"pairs of training sets of {size} points, all moved, varied 25 times"
        return (Measurement("beta", beta, number("beta", self.beta_N, values, N=size), how),
                Measurement("M", constant, number("M", self.loss_constant, values),
                            "pairs of points, hypotheses at the walls"))


class MeanJudge(Judge):
    """The mean under ``|h - z|**2/2`` in a space of diameter 1, from the moments of points.

    A law has ``moments``, the means of a point and of its squared norm, of shape ``(replicas, p + 1)``; a sample is, or
    has as its ``moments``, their sums over its points.

    Examples
    --------
    >>> from stlbounds.generators.location_sampling import Atoms
    >>> judge = MeanJudge()
    >>> law = Atoms(np.array([[0.25, -0.25]]), np.array([0.5, 0.5]))
    >>> judge.risk(judge.fit(np.array([[1.0, 0.5]]), 4), law).tolist()
    [0.0625]
    """

    @staticmethod
    def _means(sample: Any, size: int) -> FloatArray:
        return np.asarray(getattr(sample, "moments", sample) / size, dtype=float)

    def fit(self, sample: Any, size: int) -> FloatArray:
        return self._means(sample, size)[:, :-1]

    @staticmethod
    def _risk(hypothesis: FloatArray, moments: FloatArray) -> FloatArray:
        cross = (hypothesis * (hypothesis - 2 * moments[:, :-1])).sum(axis=1)
        return np.asarray((cross + moments[:, -1]) / 2, dtype=float)

    def risk(self, hypothesis: FloatArray, law: Any) -> FloatArray:
        return self._risk(hypothesis, law.moments)

    def empirical_risk(self, hypothesis: FloatArray, sample: Any, size: int) -> FloatArray:
        return self._risk(hypothesis, self._means(sample, size))
