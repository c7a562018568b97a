r"""Judges of the trained learners on finite alphabets: losses that satisfy the stated constants by construction.

A learner that is known by its constants is simulated with a loss that has them. Symbol ``z`` of ``K`` stands for the
number ``s_z``, evenly spaced on ``[-1, 1]`` and then scaled as far as ``G_l`` and ``M`` allow. Where a learner is
random, its loss is averaged over its seed exactly, in closed form (theory §1).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from stlbounds.errors import InvalidArgumentError
from stlbounds.learners.judging import Counts, FiniteJudge, FloatArray
from stlbounds.learners.search import logistic, logistic_minimisers

__all__ = ["DescentJudge", "LogisticJudge", "NeighbourJudge", "ReleasedSymbolJudge", "StrongDescentJudge",
           "symbol_scores"]


def symbol_scores(cells: int, reach: float) -> FloatArray:
    """The numbers that the symbols stand for.

    Examples
    --------
    >>> symbol_scores(3, 0.5).tolist()
    [-0.5, 0.0, 0.5]
    """
    return reach * np.linspace(-1.0, 1.0, cells) if cells > 1 else np.full(1, reach)


class LogisticJudge(FiniteJudge):
    r"""Regularised logistic regression: ``w`` minimises the mean of ``log(1 + exp(-s_z w))`` plus ``(lam_r/2) w**2``.

    The loss is convex, ``|s_z|``-Lipschitz in ``w``, and as ``|w| <= reach/lam_r`` two symbols' losses differ by at
    most ``reach**2/lam_r``; so ``reach = min(G_l, sqrt(M lam_r))``.

    Parameters
    ----------
    strength, slope, loss_constant : float
        ``lam_r``, ``G_l`` and ``M``.

    Examples
    --------
    >>> judge = LogisticJudge(1.0, 2.0, 1.0)
    >>> judge.fit(np.array([[0, 4]]), 4).round(6).tolist()
    [0.401058]
    """

    def __init__(self, strength: float, slope: float, loss_constant: float = math.inf) -> None:
        self.strength = strength
        self.reach = min(slope, math.sqrt(loss_constant * strength))

    def fit(self, sample: Counts, size: int) -> FloatArray:
        scores = np.broadcast_to(symbol_scores(sample.shape[1], self.reach), sample.shape)
        return logistic_minimisers(scores, self.strength, sample / size)

    def risk(self, hypothesis: FloatArray, law: FloatArray) -> FloatArray:
        scores = np.broadcast_to(symbol_scores(law.shape[1], self.reach), law.shape)
        return np.asarray((law * logistic(scores, hypothesis)[0]).sum(axis=1), dtype=float)


class DescentJudge(FiniteJudge):
    r"""``T`` steps of stochastic gradient descent from 0 on the linear loss ``-s_z w``, averaged over the choices.

    The loss is convex and ``|s_z|``-Lipschitz, its smoothness is 0, so that every step size will do. It is linear in
    ``w``, so that its average over the choices is its value at ``E w = step T (mean of s)``: exact. Two symbols' losses
    differ by at most ``2 step T reach**2``, so ``reach = min(G_l, sqrt(M/(2 step T)))``.

    Parameters
    ----------
    steps : int
        ``T``.
    step, slope, loss_constant : float
        The step size, ``G_l`` and ``M``.

    Examples
    --------
    >>> judge = DescentJudge(5, 0.1, 1.0, 1.0)
    >>> judge.fit(np.array([[0, 4]]), 4).tolist()
    [0.5]
    """

    def __init__(self, steps: int, step: float, slope: float, loss_constant: float = math.inf) -> None:
        self.length = steps * step
        self.reach = min(slope, math.sqrt(loss_constant / (2 * self.length)) if self.length else math.inf)

    def fit(self, sample: Counts, size: int) -> FloatArray:
        return np.asarray(self.length * (sample / size) @ symbol_scores(sample.shape[1], self.reach), dtype=float)

    def risk(self, hypothesis: FloatArray, law: FloatArray) -> FloatArray:
        return np.asarray(-hypothesis * (law @ symbol_scores(law.shape[1], self.reach)), dtype=float)


class StrongDescentJudge(FiniteJudge):
    r"""Stochastic gradient descent from 0 on ``(mu/2) (w - s_z)**2``, averaged over the choices.

    Of the law of ``w`` over the choices the averaged loss needs the first two moments only, which obey linear
    recursions: exact. Parameters stay in ``[-reach, reach]``, where the loss is ``2 mu reach``-Lipschitz and two
    symbols' losses differ by at most ``2 mu reach**2``: ``reach = min(G_l/(2 mu), sqrt(M/(2 mu)))``.

    Parameters
    ----------
    modulus, slope, loss_constant : float
        ``mu``, ``G_l`` and ``M``.
    step : float
        At most ``1/mu``, since ``mu`` is the smoothness as well.
    steps : int
        How many; the stability does not depend on it.

    Examples
    --------
    >>> judge = StrongDescentJudge(1.0, 2.0, 2.0, step=1.0, steps=9)
    >>> [part.tolist() for part in judge.fit(np.array([[2, 2]]), 4)]
    [[0.0], [1.0]]
    """

    def __init__(self, modulus: float, slope: float, loss_constant: float, step: float, steps: int = 100) -> None:
        if not 0 < step * modulus <= 1 + 1e-12:
            raise InvalidArgumentError("step", step, f"positive and at most 1/mu = {1 / modulus}",
                                       "the loss that is simulated has the smoothness mu")
        self.modulus, self.share, self.steps = modulus, step * modulus, steps
        self.reach = min(slope / (2 * modulus), math.sqrt(loss_constant / (2 * modulus)))

    def fit(self, sample: Counts, size: int) -> tuple[FloatArray, FloatArray]:
        scores = symbol_scores(sample.shape[1], self.reach)
        first, second = (sample / size) @ scores, (sample / size) @ scores**2
        keep, mean, square = 1 - self.share, np.zeros(len(sample)), np.zeros(len(sample))
        for _ in range(self.steps):
            square = keep**2 * square + 2 * keep * self.share * mean * first + self.share**2 * second
            mean = keep * mean + self.share * first
        return mean, square

    def risk(self, hypothesis: tuple[FloatArray, FloatArray], law: FloatArray) -> FloatArray:
        scores = symbol_scores(law.shape[1], self.reach)
        mean, square = hypothesis
        return np.asarray(self.modulus / 2 * (square - 2 * mean * (law @ scores) + law @ scores**2), dtype=float)


class NeighbourJudge(FiniteJudge):
    r"""The mean label of the ``k`` nearest points; symbol ``z`` is the input ``z // 2`` with the label ``B_y (z % 2)``.

    Among inputs at one distance the smaller symbol comes first; equal points are the same point, so that the order of
    places does not matter. The loss is ``min(G_l |prediction - y|, M)``.

    Parameters
    ----------
    neighbours : int
        ``k``.
    slope, labels, loss_constant : float
        ``G_l``, ``B_y`` and ``M``.

    Examples
    --------
    >>> judge = NeighbourJudge(2, 1.0, 1.0, 1.0)
    >>> judge.fit(np.array([[1, 1, 0, 2]]), 4).tolist()
    [[0.5, 1.0]]
    """

    def __init__(self, neighbours: int, slope: float, labels: float, loss_constant: float = math.inf) -> None:
        self.neighbours, self.slope, self.labels, self.cap = neighbours, slope, labels, loss_constant

    def fit(self, sample: Counts, size: int) -> FloatArray:
        if size < self.neighbours:
            raise InvalidArgumentError("k", self.neighbours, f"at most the {size} points of the training set")
        symbols = np.arange(sample.shape[1])
        predictions = []
        for query in range((sample.shape[1] + 1) // 2):
            order = np.lexsort((symbols, np.abs(symbols // 2 - query)))
            counts = sample[:, order]
            before = np.cumsum(counts, axis=1) - counts
            taken = np.clip(self.neighbours - before, 0, counts)
            predictions.append(taken @ (self.labels * (order % 2)) / self.neighbours)
        return np.stack(predictions, axis=1)

    def risk(self, hypothesis: FloatArray, law: FloatArray) -> FloatArray:
        symbols = np.arange(law.shape[1])
        losses = self.slope * np.abs(hypothesis[:, symbols // 2] - self.labels * (symbols % 2))
        return np.asarray((law * np.minimum(losses, self.cap)).sum(axis=1), dtype=float)


class ReleasedSymbolJudge(FiniteJudge):
    r"""A private guess of the commonest symbol, by the exponential mechanism, under ``M`` times the zero-one loss.

    ``P(h) ~ exp(eps count_h/2)``: one replaced record changes every count by at most 1, so the privacy loss is at most
    ``eps``. The loss is averaged over the release: ``M (1 - P(z))``.

    Parameters
    ----------
    loss : callable
        From the size of a training set to ``eps``.
    loss_constant : float
        ``M``.

    Examples
    --------
    >>> judge = ReleasedSymbolJudge(lambda size: 2.0, 1.0)
    >>> judge.fit(np.array([[1, 0]]), 1).round(6).tolist()
    [[0.731059, 0.268941]]
    """

    def __init__(self, loss: Callable[[int], float], loss_constant: float) -> None:
        self.loss, self.loss_constant = loss, loss_constant

    def fit(self, sample: Counts, size: int) -> FloatArray:
        scores = self.loss(size) * sample / 2
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=float)

    def risk(self, hypothesis: FloatArray, law: FloatArray) -> FloatArray:
        return np.asarray(self.loss_constant * (1.0 - (hypothesis * law).sum(axis=1)), dtype=float)
