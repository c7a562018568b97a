"""Adversarial search for self-checks of learners: training sets on which one changed point does most harm."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from stlbounds.errors import InvalidArgumentError

__all__ = ["FloatArray", "choices_of_points", "climb", "largest_ratio", "logistic", "logistic_minimisers",
           "one_point_changes", "two_sets"]

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


def logistic_minimisers(sets: FloatArray, strength: float, weights: FloatArray | None = None) -> FloatArray:
    """The minimisers of mean ``log(1 + exp(-s w))`` plus ``(strength/2) w**2``, one for each row ``s`` of `sets`.

    Parameters
    ----------
    sets : numpy.ndarray
        A training set in each row.
    strength : float
        Positive.
    weights : numpy.ndarray, optional
        Weights of the points, which sum to 1 in each row; equal ones by default.
    """
    shares = np.full(sets.shape, 1.0 / sets.shape[1]) if weights is None else weights
    reach = float(np.abs(sets).max(initial=0.0)) / strength
    low, high = np.full(len(sets), -reach), np.full(len(sets), reach)
    # The derivative increases in w, so bisection cannot fail; 60 halvings exhaust a double.
    for _ in range(60):
        middle = (low + high) / 2
        slope = (shares * logistic(sets, middle)[1]).sum(axis=1) + strength * middle
        low, high = np.where(slope < 0, middle, low), np.where(slope < 0, high, middle)
    return np.asarray((low + high) / 2, dtype=float)


def largest_ratio(change: Callable[[FloatArray, FloatArray], FloatArray], size: int, reach: float,
                  rng: np.random.Generator, pairs: int = 400, rounds: int = 25) -> float:
    """The largest change per total displacement over pairs of training sets on ``[-reach, reach]``, all points moved.

    Pairs in which all points move alike, at random, or one alone, near the walls and inside; then the best pairs are
    kept and varied. In a Euclidean metric one-point changes prove nothing (theory §2), and neither do large moves
    alone, so that moves have all sizes.

    Parameters
    ----------
    change : callable
        From two arrays of training sets (rows) to what changes, one number for each pair.
    size : int
        How many points a training set has.
    reach : float
        Half the length of the interval; displacements are divided by its whole length.
    rng : numpy.random.Generator
        Source of the pairs.
    pairs, rounds : int
        How many pairs there are at a time, and how often they are varied.

    Examples
    --------
    >>> shift = lambda first, second: abs(first.mean(axis=1) - second.mean(axis=1))
    >>> round(largest_ratio(shift, 3, 0.5, np.random.default_rng(0)), 9)
    0.333333333
    """
    first = rng.uniform(-reach, reach, size=(pairs, size))
    first[::4] = reach * rng.choice([-1.0, 1.0], size=(len(first[::4]), 1))
    moves = rng.uniform(-1.0, 1.0, size=(pairs, size)) * reach * 10.0 ** rng.uniform(-5, 0, size=(pairs, 1))
    moves[::2] = np.abs(moves[::2, :1]) * -np.sign(first[::2, :1])
    moves[1::8, 1:] = 0.0
    second = np.clip(first + moves, -reach, reach)
    best = 0.0
    for _ in range(rounds):
        distance = np.abs(first - second).sum(axis=1) / (2 * reach)
        # Below that the quotient of two rounding errors says nothing.
        kept = distance > 1e-5
        if not kept.any():
            break
        first, second, distance = first[kept], second[kept], distance[kept]
        ratios = change(first, second) / distance
        best = max(best, float(ratios.max()))
        chosen = np.argsort(ratios)[-max(1, pairs // 8):]
        picked = rng.choice(chosen, size=pairs)
        jitter = reach * 10.0 ** rng.uniform(-4, 0, size=(pairs, 1)) * rng.normal(size=(pairs, size))
        jitter[::2] = jitter[::2, :1]
        scale = rng.choice([1.0, 0.3, 0.01], size=(pairs, 1))
        moved = scale * (second[picked] - first[picked])
        first = np.clip(first[picked] + jitter, -reach, reach)
        second = np.clip(first + moved, -reach, reach)
    return best


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
