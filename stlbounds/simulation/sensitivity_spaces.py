"""Where the points of a black box live: proposals for adversarial training sets, displacement, and witnesses of W.

A *witness* is a function ``f`` whose expectations under two laws can differ by at most their Wasserstein distance
``W``: an indicator for the discrete metric, a 1-Lipschitz function for a Euclidean one. It is chosen on one half of the
draws and evaluated on the other, so the difference of its means never overstates ``W``: there is no bias to correct.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stlbounds.errors import InvalidArgumentError
from stlbounds.proof.metric import Metric

__all__ = ["Box", "FiniteSpace", "Points", "Space", "Witness"]

Points = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]

_CORNERS = 64
#: Cells of the binned witness of total variation on a continuous space, per coordinate.
_CELLS = 24


@dataclass(frozen=True)
class Witness:
    """A function with values in ``[low, high]`` whose means differ by at most ``W`` (of diameter 1)."""

    function: Callable[[Points], FloatArray]
    low: float
    high: float

    @property
    def binary(self) -> bool:
        """Whether it is an indicator."""
        return (self.low, self.high) == (0.0, 1.0)


class Space(ABC):
    """The points of a black box, in one of the two metrics of theory §2, normalised to diameter 1.

    Its methods take training sets, arrays whose first axis runs over points (``points``, ``first``, ``second``; the
    last two of one size), their ``size``, at least 1, and a NumPy generator ``rng``; ``name`` is what an error calls
    an argument.

    Examples
    --------
    >>> space, rng = FiniteSpace(3), np.random.default_rng(0)
    >>> points = space.random_set(5, rng)
    >>> space.displacement(points, space.moved(points, rng)) <= 1
    True
    >>> first, second = space.pair(5, rng)
    >>> space.tests(first, second, rng).tolist(), space.checked("points", [0, 2], 2).tolist()
    ([0, 1, 2], [0, 2])
    >>> space.witness(np.array([0, 0]), np.array([1, 1])).binary
    True
    """

    metric: Metric

    @abstractmethod
    def random_set(self, size: int, rng: np.random.Generator) -> Points:
        """A training set, spread out or concentrated on few points."""

    @abstractmethod
    def moved(self, points: Points, rng: np.random.Generator) -> Points:
        """A training set near another one, in the metric of the space."""

    @abstractmethod
    def displacement(self, first: Points, second: Points) -> float:
        """``dist(S, S')``, the sum of the distances between points of the same number."""

    @abstractmethod
    def tests(self, first: Points, second: Points, rng: np.random.Generator) -> Points:
        """Points at which losses are compared."""

    @abstractmethod
    def checked(self, name: str, points: Any, size: int) -> Points:
        """What a black box returned, as `size` points of the space.

        Raises
        ------
        InvalidArgumentError
            If it is something else.
        """

    @abstractmethod
    def witness(self, first: Points, second: Points) -> Witness:
        """A witness under which draws from two laws look as different as possible."""

    def pair(self, size: int, rng: np.random.Generator) -> tuple[Points, Points]:
        """Two training sets: neighbours, or unrelated."""
        first = self.random_set(size, rng)
        return first, self.moved(first, rng) if rng.random() < 0.5 else self.random_set(size, rng)


def _differing(first: Points, second: Points) -> int:
    different = first != second
    return int(np.count_nonzero(different.reshape(len(first), -1).any(axis=1)))


class FiniteSpace(Space):
    """A finite alphabet with the discrete metric, for which ``W`` is total variation.

    Parameters
    ----------
    points : int or array_like
        The symbols ``0, ..., points - 1``, or the points themselves (numbers, or rows of numbers).

    Raises
    ------
    InvalidArgumentError
        If there are fewer than two points.

    References
    ----------
    Theory §2.

    Examples
    --------
    >>> space = FiniteSpace(3)
    >>> space.displacement(np.array([0, 1, 2]), np.array([0, 2, 2]))
    1.0
    """

    metric = Metric.DISCRETE

    def __init__(self, points: Any) -> None:
        self.points = np.arange(points) if isinstance(points, (int, np.integer)) else np.asarray(points)
        if self.points.ndim == 0 or len(self.points) < 2:
            raise InvalidArgumentError("points", points, "at least 2 symbols, or an array of at least 2 points")

    def random_set(self, size: int, rng: np.random.Generator) -> Points:
        few = rng.integers(1, len(self.points), endpoint=True)
        return np.asarray(self.points[rng.choice(rng.permutation(len(self.points))[:few], size)])

    def moved(self, points: Points, rng: np.random.Generator) -> Points:
        other = points.copy()
        other[rng.integers(len(points))] = self.points[rng.integers(len(self.points))]
        return other

    def displacement(self, first: Points, second: Points) -> float:
        return float(_differing(first, second))

    def tests(self, first: Points, second: Points, rng: np.random.Generator) -> Points:
        chosen = rng.permutation(len(self.points))[:_CORNERS]
        return self.points[np.sort(chosen)]

    def checked(self, name: str, points: Any, size: int) -> Points:
        found = np.asarray(points)
        if found.shape != (size, *self.points.shape[1:]):
            raise InvalidArgumentError(name, f"an array of shape {found.shape}",
                                       f"an array of shape {(size, *self.points.shape[1:])}")
        if len(self._cells(found)) and int(self._cells(found).max()) >= len(self.points):
            raise InvalidArgumentError(name, "a point outside the alphabet", "points of the space only")
        return found

    def _cells(self, points: Points) -> npt.NDArray[np.int64]:
        """The number of each point in the alphabet; ``len(alphabet)`` for others."""
        table = {point.tobytes(): k for k, point in enumerate(np.ascontiguousarray(self.points))}
        cast = np.ascontiguousarray(points, dtype=self.points.dtype)
        unique, place = np.unique(cast, axis=0, return_inverse=True)
        numbers = np.array([table.get(point.tobytes(), len(self.points)) for point in unique], dtype=np.int64)
        same = np.array_equal(cast, points)
        return numbers[place.ravel()] if same else np.full(len(points), len(self.points), dtype=np.int64)

    def witness(self, first: Points, second: Points) -> Witness:
        counts = [np.bincount(self._cells(draws), minlength=len(self.points)) for draws in (first, second)]
        chosen = counts[0] > counts[1]
        return Witness(lambda points: chosen[self._cells(points)].astype(float), 0.0, 1.0)


class Box(Space):
    """A box in Euclidean space, or an interval, with the Euclidean metric divided by the diameter, or the discrete one.

    Parameters
    ----------
    low, high : float or array_like
        End points, or opposite corners.
    metric : Metric
        `stlbounds.EUCLIDEAN` or `stlbounds.DISCRETE`.

    Raises
    ------
    InvalidArgumentError
        If the end points are not those of a box of positive size.

    References
    ----------
    Theory §2.

    Examples
    --------
    >>> space = Box(-1.0, 1.0)
    >>> space.displacement(np.array([0.0, 0.5]), np.array([0.0, -0.5]))
    0.5
    """

    def __init__(self, low: Any, high: Any, metric: Metric = Metric.EUCLIDEAN) -> None:
        self.low, self.high = (np.asarray(end, dtype=float) for end in (low, high))
        if self.low.shape != self.high.shape or self.low.ndim > 1 or not np.all(self.low < self.high):
            raise InvalidArgumentError("low, high", f"{low}, {high}", "corners of a box of positive size")
        self.metric = metric
        self.diameter = float(np.linalg.norm(self.high - self.low))

    def _uniform(self, size: int, rng: np.random.Generator) -> FloatArray:
        return rng.uniform(self.low, self.high, (size, *self.low.shape))

    def _corner(self, rng: np.random.Generator) -> FloatArray:
        return np.where(rng.random(self.low.shape) < 0.5, self.low, self.high)

    def random_set(self, size: int, rng: np.random.Generator) -> Points:
        kind = rng.integers(3)
        if kind == 0:
            return self._uniform(size, rng)
        if kind == 1:
            return np.stack([self._corner(rng) for _ in range(size)])
        centre = self._uniform(1, rng)[0]
        return self._inside(centre + 0.1 * rng.random() * (self._uniform(size, rng) - centre))

    def _inside(self, points: FloatArray) -> FloatArray:
        return np.clip(points, self.low, self.high)

    def moved(self, points: Points, rng: np.random.Generator) -> Points:
        kind = rng.integers(4)
        other = points.astype(float).copy()
        if self.metric is Metric.DISCRETE or kind == 0:
            other[rng.integers(len(points))] = self._corner(rng) if rng.random() < 0.5 else self._uniform(1, rng)[0]
            return other
        if kind == 1:
            some = rng.random(len(points)) < 0.5
            other[some] = self._uniform(int(some.sum()), rng)
            return other
        # All points alike: the worst that can happen to a mean.
        step = rng.normal(size=self.low.shape) * (self.high - self.low) * rng.choice([0.05, 0.3, 1.0])
        return self._inside(other + step)

    def displacement(self, first: Points, second: Points) -> float:
        if self.metric is Metric.DISCRETE:
            return float(_differing(first, second))
        steps = (first - second).reshape(len(first), -1)
        return float(np.linalg.norm(steps, axis=1).sum() / self.diameter)

    def tests(self, first: Points, second: Points, rng: np.random.Generator) -> Points:
        dimensions = self.low.ndim and len(self.low)
        corners = itertools.islice(itertools.product(*zip(np.atleast_1d(self.low), np.atleast_1d(self.high),
                                                          strict=True)), _CORNERS)
        listed = np.array(list(corners)).reshape(-1, *self.low.shape) if dimensions or not self.low.ndim else first
        return np.concatenate([listed, first, second, self._uniform(16, rng)])

    def checked(self, name: str, points: Any, size: int) -> Points:
        found = np.asarray(points, dtype=float)
        if found.shape != (size, *self.low.shape):
            raise InvalidArgumentError(name, f"an array of shape {found.shape}",
                                       f"an array of shape {(size, *self.low.shape)}")
        slack = 1e-9 * self.diameter
        if not np.all((found >= self.low - slack) & (found <= self.high + slack)):
            raise InvalidArgumentError(name, "a point outside the box", "points of the space only",
                                       "choose a larger box, which its constants then refer to, or project")
        return self._inside(found)

    def witness(self, first: Points, second: Points) -> Witness:
        return self._cells_witness(first, second) if self.metric is Metric.DISCRETE else self._lipschitz(first, second)

    def _cells_witness(self, first: Points, second: Points) -> Witness:
        """An indicator of cells of equal probability along the coordinate that tells the two apart best."""
        best: tuple[float, Witness] | None = None
        for axis in range(max(1, self.low.size)):
            columns = [draws.reshape(len(draws), -1)[:, axis] for draws in (first, second)]
            edges = np.unique(np.quantile(np.concatenate(columns), np.linspace(0, 1, _CELLS + 1)[1:-1]))
            shares = [np.bincount(np.searchsorted(edges, column), minlength=edges.size + 1) / len(column)
                      for column in columns]
            chosen = shares[0] > shares[1]
            value = float(np.maximum(shares[0] - shares[1], 0).sum())

            def inside(points: Points, axis: int = axis, edges: FloatArray = edges,
                       chosen: npt.NDArray[np.bool_] = chosen) -> FloatArray:
                return chosen[np.searchsorted(edges, points.reshape(len(points), -1)[:, axis])].astype(float)

            if best is None or value > best[0]:
                best = value, Witness(inside, 0.0, 1.0)
        if best is None:
            raise InvalidArgumentError("low, high", "no coordinate", "corners of a box of positive size")
        return best[1]

    def _lipschitz(self, first: Points, second: Points) -> Witness:
        """``f(x) = g(<u, x>)`` with ``g' = sign(F_2 - F_1)``: optimal on a line (the quantile coupling is its dual)."""
        flat = [draws.reshape(len(draws), -1) for draws in (first, second)]
        shift = flat[0].mean(axis=0) - flat[1].mean(axis=0)
        length = float(np.linalg.norm(shift))
        directions = [*np.eye(flat[0].shape[1]), *([shift / length] if length > 0 and shift.size > 1 else [])]
        found = [self._along(direction, *flat) for direction in directions]
        return max(found, key=lambda item: item[0])[1]

    def _along(self, direction: FloatArray, first: FloatArray, second: FloatArray) -> tuple[float, Witness]:
        a, b = np.sort(first @ direction), np.sort(second @ direction)
        corners = np.stack([np.atleast_1d(self.low), np.atleast_1d(self.high)]) * direction
        knots = np.unique(np.concatenate([[corners.min(axis=0).sum()], a, b, [corners.max(axis=0).sum()]]))
        excess = (np.searchsorted(b, knots[:-1], side="right") / len(b)
                  - np.searchsorted(a, knots[:-1], side="right") / len(a))
        heights = np.concatenate([[0.0], np.cumsum(np.sign(excess) * np.diff(knots))]) / self.diameter
        value = float((np.abs(excess) * np.diff(knots)).sum() / self.diameter)

        def function(points: Points) -> FloatArray:
            return np.asarray(np.interp(points.reshape(len(points), -1) @ direction, knots, heights), dtype=float)

        return value, Witness(function, float(heights.min()), float(heights.max()))
