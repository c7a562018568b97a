"""Counts on a line: laws on ``0, 1, ..., B`` in the Euclidean metric divided by ``B``, and the mean as a learner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import stlbounds as stl
from stlbounds.generators.sampling import FiniteAlphabet
from stlbounds.learners.judging import FiniteJudge, Judge

__all__ = ["LineMean", "LineSampler"]


class LineSampler(FiniteAlphabet):
    """Laws on a line: their distance is the area between their distribution functions."""

    def distance(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.abs(np.cumsum(first - second, axis=1))[:, :-1].sum(axis=1) / (self.cells - 1)


class LineJudge(FiniteJudge):
    """The mean under the halved squared loss, in units of ``B``."""

    def fit(self, sample: np.ndarray, size: int) -> np.ndarray:
        return sample / size @ np.linspace(0, 1, sample.shape[1])

    def risk(self, hypothesis: np.ndarray, law: np.ndarray) -> np.ndarray:
        return ((hypothesis[:, None] - np.linspace(0, 1, law.shape[1])) ** 2 * law).sum(axis=1) / 2


class LineMean(stl.learners.MeanFit):
    """The catalogue's mean, whose constants are proved, on samples that are counts."""

    def judge(self, values: Mapping[str, Any]) -> Judge:
        return LineJudge()
