"""Private generators that can be simulated: randomised response on a uniformly chosen record, and a noisy maximum."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from stlbounds.compiled import numpy_erf
from stlbounds.generators.sampling import FiniteAlphabet, FloatArray

__all__ = ["NoisyMaximum", "RandomisedResponse", "uniform_share"]

_NODES = 64


def uniform_share(loss: float, size: int, cells: int) -> float:
    """The weight of the uniform law with which randomised response has exactly this privacy loss.

    The law is ``(1 - eta) (empirical law) + eta/K``. One changed record multiplies a probability by most where a symbol
    goes from absent to one copy: by ``1 + (1 - eta) K/(eta N)``, which is ``e**loss`` for ``eta = K/(K + N (e**loss -
    1))``.

    Examples
    --------
    >>> round(uniform_share(math.log(3), 1, 2), 12)
    0.5
    """
    return cells / (cells + size * math.expm1(loss))


class RandomisedResponse(FiniteAlphabet):
    """Draws a record of the training set, or with a probability that fits the privacy loss a uniform symbol.

    Parameters
    ----------
    probabilities : array_like
        The real distribution.
    loss : callable
        From the size of a training set to the privacy loss.

    Examples
    --------
    >>> sampler = RandomisedResponse([0.5, 0.5], lambda size: math.log(3))
    >>> sampler.fit(np.array([[1, 0]]), 1).round(12).tolist()
    [[0.75, 0.25]]
    """

    def __init__(self, probabilities: npt.ArrayLike, loss: Callable[[int], float]) -> None:
        super().__init__(probabilities)
        self._loss = loss

    def fit(self, sample: npt.NDArray[np.int64], size: int) -> FloatArray:
        share = uniform_share(self._loss(size), size, self.cells)
        return np.asarray((1.0 - share) * (sample / size) + share / self.cells, dtype=float)

    def deviation(self, mean: float, largest: float, size: float) -> float:
        """Frequencies, mixed with the uniform law."""
        share = uniform_share(self._loss(int(size)), int(size), self.cells)
        uniform = float(0.5 * np.abs(self.probabilities - 1 / self.cells).sum())
        return (1.0 - share) * (mean + self.sampling_error(size)) + share * uniform


def _below(x: FloatArray) -> FloatArray:
    """The distribution function of the standard normal law."""
    return np.asarray(0.5 * (1.0 + numpy_erf(x / math.sqrt(2.0))), dtype=float)


class NoisyMaximum(FiniteAlphabet):
    r"""Draws the symbol whose count is largest after normal noise of deviation ``sqrt(2)/mu`` is added to every count.

    One replaced record moves the counts by at most ``sqrt(2)``, and taking the largest looks at nothing but the noisy
    counts, so every point is drawn with ``mu``-Gaussian privacy. On two symbols the probability of the second is
    ``F(mu (c_1 - c_0)/2)``, ``F`` the normal distribution function, and the sensitivity is attained where the counts
    are nearly equal. On more symbols it is an integral over the noise of one of them, by Gauss-Hermite quadrature.

    Parameters
    ----------
    probabilities : array_like
        The real distribution; the model learns it if it is uniform.
    level : callable
        From the size of a training set to ``mu``.

    Examples
    --------
    >>> sampler = NoisyMaximum([0.5, 0.5], lambda size: 1.0)
    >>> sampler.fit(np.array([[1, 3], [2, 2]]), 4).round(6).tolist()
    [[0.158655, 0.841345], [0.5, 0.5]]
    """

    def __init__(self, probabilities: npt.ArrayLike, level: Callable[[int], float]) -> None:
        super().__init__(probabilities)
        self.level = level

    def deviation(self, mean: float, largest: float, size: float) -> float:
        """From a uniform real law: as counts move by ``sqrt(2)`` per changed record, ``TV`` moves by ``mu/sqrt(2 pi)``.

        Other real laws are not learnt, and nothing is known.
        """
        if np.ptp(self.probabilities) > 0:
            return super(FiniteAlphabet, self).deviation(mean, largest, size)
        return size * self.level(int(size)) / math.sqrt(2 * math.pi) * (mean + self.sampling_error(size))

    def fit(self, sample: npt.NDArray[np.int64], size: int) -> FloatArray:
        level = self.level(size)
        if self.cells == 2:
            second = _below(level * (sample[:, 1] - sample[:, 0]) / 2)
            return np.stack([1.0 - second, second], axis=1)
        lead = (sample[:, :, None] - sample[:, None, :]) * (level / math.sqrt(2.0))
        others = ~np.eye(self.cells, dtype=bool)
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        law = np.zeros(sample.shape)
        for node, weight in zip(nodes, weights, strict=True):
            law += weight * np.prod(_below(node + lead), axis=2, where=others)
        return np.asarray(law / law.sum(axis=1, keepdims=True), dtype=float)
