"""The way back from a shortcut: a sampler that draws every point, and reduces points to the statistic only to fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stlbounds.generators.sampling import FloatArray, Law, Sample, Sampler
from stlbounds.learners.judging import Hypothesis, Judge

__all__ = ["PointwiseJudge", "PointwiseSampler", "Shortcut"]

#: Points of all replicas, with the weight of each point, pool by pool.
Pools = list[tuple[Any, float]]


@dataclass(frozen=True)
class Shortcut:
    """How the points of a sampler are drawn one by one, and what statistic of them the sampler draws at once.

    Parameters
    ----------
    statistic : str
        What is drawn in place of points, in words.
    points : callable
        From sampler, law, number of points and random numbers to the points, axis 0 counting the replicas.
    summary : callable
        From sampler and points to the sampler's sample.
    width : callable
        From sampler to the numbers that one point takes.
    """

    statistic: str
    points: Callable[[Any, Law, int, np.random.Generator], Any]
    summary: Callable[[Any, Any], Sample]
    width: Callable[[Any], int]


class PointwiseSampler(Sampler):
    """A sampler that draws the points of another one; laws are the same, samples are pools of weighted points.

    Parameters
    ----------
    base : Sampler
        What takes the shortcut.
    shortcut : Shortcut
        How its points are drawn and reduced.
    """

    def __init__(self, base: Sampler, shortcut: Shortcut) -> None:
        self.base, self.shortcut = base, shortcut

    def real(self, replicas: int) -> Law:
        return self.base.real(replicas)

    def draw(self, law: Law, size: int, rng: np.random.Generator) -> Pools:
        return [(self.shortcut.points(self.base, law, size, rng), 1)]

    def join(self, samples: Sequence[Pools]) -> Pools:
        return [pool for sample in samples for pool in sample]

    def weighted(self, sample: Pools, weight: float) -> Pools:
        return [(points, own * weight) for points, own in sample]

    def summary(self, sample: Pools) -> Sample:
        """The statistic of a training set."""
        reduced = [(self.shortcut.summary(self.base, points), weight) for points, weight in sample]
        return self.base.join([part if weight == 1 else self.base.weighted(part, weight) for part, weight in reduced])

    def fit(self, sample: Pools, size: int) -> Law:
        return self.base.fit(self.summary(sample), size)

    def train(self, sample: Pools, size: int, rng: np.random.Generator) -> Law:
        return self.base.train(self.summary(sample), size, rng)

    def mix(self, laws: Sequence[Law], weights: Sequence[float]) -> Law:
        return self.base.mix(laws, weights)

    def distance(self, first: Law, second: Law) -> FloatArray:
        return self.base.distance(first, second)

    def diversity(self, law: Law) -> dict[str, FloatArray]:
        return self.base.diversity(law)

    def numbers(self, size: int) -> int:
        return max(self.base.numbers(size), size * self.shortcut.width(self.base))


class PointwiseJudge(Judge):
    """A judge that reduces the points to the statistic that another judge understands."""

    def __init__(self, base: Judge, sampler: PointwiseSampler) -> None:
        self.base, self.sampler = base, sampler

    def fit(self, sample: Pools, size: int) -> Hypothesis:
        return self.base.fit(self.sampler.summary(sample), size)

    def risk(self, hypothesis: Hypothesis, law: Law) -> FloatArray:
        return self.base.risk(hypothesis, law)

    def empirical_risk(self, hypothesis: Hypothesis, sample: Pools, size: int) -> FloatArray:
        return self.base.empirical_risk(hypothesis, self.sampler.summary(sample), size)
