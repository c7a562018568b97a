"""A private generator that can be simulated: randomised response on a uniformly chosen record."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from stlbounds.generators.sampling import FiniteAlphabet, FloatArray

__all__ = ["RandomisedResponse", "uniform_share"]


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
