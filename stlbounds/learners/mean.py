"""The mean of the training set under the halved squared loss (theory §2, Euclidean metric)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from stlbounds.generators.location_sampling import Atoms
from stlbounds.generators.sampling import FloatArray
from stlbounds.learners.base import UniformlyStable
from stlbounds.learners.judging import Judge
from stlbounds.proof.claim import Claim, Printer, Rule, Says
from stlbounds.proof.metric import Metric
from stlbounds.proof.quantities import LossConstant, Stability
from stlbounds.symbols import N

__all__ = ["MeanFit", "MeanJudge", "MeanLossConstant", "MeanStability"]


class MeanStability(Rule):
    """``beta_N = 1/N``: with ``h, h', z`` in a space of diameter ``B``, the loss being ``|h - z|**2/(2 B**2)``,

    ``|loss(h, z) - loss(h', z)| = |(h - h').(h + h' - 2 z)|/(2 B**2) <= |h - h'|/B <= (1/N) sum_k |z_k - z'_k|/B``.
    """

    title = "stability of the mean"
    metric = Metric.EUCLIDEAN

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(Stability(N), 1 / N)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"Two means $h, h'$ are at most $\frac{1}{N}\sum_k \|z_k - z'_k\|$ apart, and $|\|h-z\|^2 - "
                r"\|h'-z\|^2| \le "
                r"2B\|h-h'\|$ in a space of diameter $B$.")


class MeanLossConstant(Rule):
    """``M = 1``: ``|loss(h, z) - loss(h, z')| = |(z' - z).(2 h - z - z')|/(2 B**2) <= |z - z'|/B``."""

    title = "Lipschitz constant of the squared loss"
    metric = Metric.EUCLIDEAN

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(LossConstant(), sp.S.One)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return r"$|\|h-z\|^2 - \|h-z'\|^2| \le 2B\|z-z'\|$ in a space of diameter $B$."


class MeanFit(UniformlyStable):
    r"""The mean ``h`` of the training set, judged by ``loss(h, z) = |h - z|**2/(2 B**2)``, ``B`` the diameter.

    Setting: points in a bounded convex set. Guarantee: ``M = 1`` and ``beta_N = 1/N`` in the Euclidean metric (hence in
    the discrete one), both derived; nothing is assumed. Both are attained at the walls of the space.

    References
    ----------
    Theory §2.

    Examples
    --------
    >>> MeanFit().beta_N
    1/N
    """

    def __init__(self) -> None:
        super().__init__(1 / N, sp.S.One, Metric.EUCLIDEAN, "mean")

    def stability_claim(self, weighted: bool = False) -> Claim:
        # A weighted mean moves by the weighted displacement, with the same constant.
        return MeanStability.apply()

    def loss_claim(self) -> Claim:
        return MeanLossConstant.apply()

    def judge(self, values: Mapping[str, Any]) -> Judge:
        return MeanJudge()


class MeanJudge(Judge):
    """The mean under ``(h - z)**2/2`` on an interval of length 1, from first and second moments.

    Examples
    --------
    >>> judge = MeanJudge()
    >>> law = Atoms(np.array([[0.25, -0.25]]), np.array([0.5, 0.5]))
    >>> judge.risk(judge.fit(np.array([[1.0, 0.5]]), 4), law).tolist()
    [0.0625]
    """

    def fit(self, sample: FloatArray, size: int) -> FloatArray:
        return np.asarray(sample[:, 0] / size, dtype=float)

    @staticmethod
    def _risk(hypothesis: FloatArray, moments: FloatArray) -> FloatArray:
        return np.asarray((hypothesis**2 - 2 * hypothesis * moments[:, 0] + moments[:, 1]) / 2, dtype=float)

    def risk(self, hypothesis: FloatArray, law: Atoms) -> FloatArray:
        return self._risk(hypothesis, law.moments)

    def empirical_risk(self, hypothesis: FloatArray, sample: FloatArray, size: int) -> FloatArray:
        return self._risk(hypothesis, sample / size)
