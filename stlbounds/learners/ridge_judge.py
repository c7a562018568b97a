"""The judge of regularised minimisation on an interval: a quadratic loss with the stated constants."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stlbounds.generators.sampling import FloatArray
from stlbounds.learners.judging import Judge

__all__ = ["RidgeJudge"]


class RidgeJudge(Judge):
    r"""``w`` minimises the mean of ``(a/2) |w - B u|**2`` plus ``(lam_r/2) |w|**2`` over points ``u``.

    The points lie in a convex space of diameter 1 around 0. So ``w = a B (mean of u)/(a + lam_r)`` lies in ``B`` times
    that space, where the loss is ``a B``-Lipschitz in ``w`` and ``a B**2``-Lipschitz in ``u``, and its gradient
    ``a``-Lipschitz in ``B u``: ``a = min(L_z, G_l/B, M/B**2)``. Laws and samples tell their moments, as for
    `stlbounds.learners.mean.MeanJudge`.

    Parameters
    ----------
    slope, mixed, diameter, strength, loss_constant : float
        ``G_l``, ``L_z``, ``B``, ``lam_r`` and ``M``.

    Examples
    --------
    >>> judge = RidgeJudge(1.0, 1.0, 1.0, 1.0, 1.0)
    >>> judge.fit(np.array([[2.0, 1.0]]), 4).tolist()
    [[0.25]]
    """

    def __init__(self, slope: float, mixed: float, diameter: float, strength: float,
                 loss_constant: float = math.inf) -> None:
        self.diameter, self.strength = diameter, strength
        self.curvature = min(mixed, slope / diameter, loss_constant / diameter**2)

    @staticmethod
    def _means(sample: Any, size: int) -> FloatArray:
        return np.asarray(getattr(sample, "moments", sample) / size, dtype=float)

    def fit(self, sample: Any, size: int) -> FloatArray:
        pull = self.curvature / (self.curvature + self.strength)
        return pull * self.diameter * self._means(sample, size)[:, :-1]

    def _risk(self, hypothesis: FloatArray, moments: FloatArray) -> FloatArray:
        cross = (hypothesis * (hypothesis - 2 * self.diameter * moments[:, :-1])).sum(axis=1)
        return np.asarray(self.curvature / 2 * (cross + self.diameter**2 * moments[:, -1]), dtype=float)

    def risk(self, hypothesis: FloatArray, law: Any) -> FloatArray:
        return self._risk(hypothesis, law.moments)

    def empirical_risk(self, hypothesis: FloatArray, sample: Any, size: int) -> FloatArray:
        return self._risk(hypothesis, self._means(sample, size))
