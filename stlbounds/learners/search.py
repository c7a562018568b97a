"""Adversarial search for self-checks of learners: training sets on which one changed point does most harm."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from stlbounds.errors import InvalidArgumentError

__all__ = ["FloatArray", "choices_of_points", "climb", "logistic", "one_point_changes", "two_sets"]

FloatArray = npt.NDArray[np.float64]


def logistic(points: FloatArray, parameter: FloatArray) -> tuple[FloatArray, FloatArray]:
    """``log(1 + exp(-s w))`` and its derivative in ``w``, for rows ``s`` of `points`, each with its own ``w``.

    A point ``s`` stands for an input times its label; the loss is ``max |s|``-Lipschitz in ``w``.

    Examples
    --------
    >>> value, slope = logistic(np.array([[2.0]]), np.array([0.0]))
    >>> round(float(value[0, 0]), 6), float(slope[0, 0])
    (0.693147, -1.0)
    """
    score = points * parameter[:, None]
    value = np.logaddexp(0.0, -score)
    return value, -points * np.exp(-score - value)


def one_point_changes(points: FloatArray, reach: float, fit: Callable[[FloatArray], FloatArray]) -> float:
    """The largest change of a logistic loss when the first point of ``points[1:]`` is replaced by ``points[0]``.

    Parameters
    ----------
    points : numpy.ndarray
        The replacement, then the training set.
    reach : float
        Test points are ``-reach`` and ``reach``, where the loss is steepest.
    fit : callable
        From training sets (rows) to fitted parameters.
    """
    before, after = points[1:], np.concatenate([points[:1], points[2:]])
    parameters = fit(np.stack([before, after]))
    tests = np.array([[-reach, reach]] * 2)
    losses = logistic(tests, parameters)[0]
    return float(np.abs(losses[0] - losses[1]).max())


def climb(value: Callable[[FloatArray], float], size: int, reach: float, rng: np.random.Generator,
          starts: int = 4, sweeps: int = 3) -> float:
    """The largest value of a function of `size` numbers in ``[-reach, reach]`` that coordinate search finds.

    From each start, every coordinate in turn moves to the best of a few candidates: both ends, 0, its mirror image, and
    random ones.

    Parameters
    ----------
    value : callable
        What to maximise.
    size : int
        How many coordinates.
    reach : float
        The largest absolute value of a coordinate.
    rng : numpy.random.Generator
        Source of starts and candidates.
    starts, sweeps : int
        How many starts, and how often each goes through all coordinates.

    Examples
    --------
    >>> climb(lambda x: float(x[0] - x[1]), 2, 3.0, np.random.default_rng(0))
    6.0
    """
    best = 0.0
    for _ in range(starts):
        point = rng.uniform(-reach, reach, size)
        here = value(point)
        for _ in range(sweeps):
            for position in range(size):
                for candidate in (-reach, 0.0, reach, -point[position], *rng.uniform(-reach, reach, 2)):
                    moved = point.copy()
                    moved[position] = candidate
                    there = value(moved)
                    if there > here:
                        point, here = moved, there
        best = max(best, here)
    return best


def choices_of_points(size: int, count: int) -> Any:
    """All sequences of `count` indices of training points."""
    if size**count > 20_000:
        raise InvalidArgumentError("steps", count, f"so few that there are at most 20000 choices of {size} points")
    return np.array(list(itertools.product(range(size), repeat=count)), dtype=int).reshape(-1, count)


def two_sets(size: int) -> tuple[list[int], list[int]]:
    """Two training sets out of `size` + 1 points, which differ in their first one."""
    rest = list(range(2, size + 1))
    return [0, *rest], [1, *rest]
