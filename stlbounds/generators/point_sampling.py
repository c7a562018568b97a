"""A model that is known as a function from points to new points, simulated as it is: a user's own generator.

Its law is known through points only. Distances are estimated from points that are drawn for that alone, which makes
them too large on average, by at most `Sampler.distance_error`; losses and training sets use no estimate.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators.location_sampling import line_distance
from stlbounds.generators.sampling import FiniteAlphabet, FloatArray, Sampler
from stlbounds.proof.metric import Metric

__all__ = ["PointFunction", "PointLaw", "Points", "SymbolFunction", "SymbolLaw", "further_parameters",
           "simulated"]

#: From a training set, a number of points and random numbers to new points.
Simulator = Callable[[Any, int, np.random.Generator], Any]

_DRAWS = 400
_REACH = 0.5 * (1 + 1e-9)


def further_parameters(simulator: Any) -> dict[str, bool]:
    """The symbols that a simulator takes, and whether it needs their values; none of a sampler.

    Examples
    --------
    >>> further_parameters(lambda points, count, rng, s: points)
    {'s': True}
    """
    if isinstance(simulator, Sampler) or not callable(simulator):
        return {}
    found = list(inspect.signature(simulator).parameters.items())[3:]
    return {name: parameter.default is parameter.empty for name, parameter in found}


def simulated(simulator: Any, metric: Metric, values: Mapping[str, Any], distribution: Any) -> Sampler:
    """The sampler of a user's generator.

    Parameters
    ----------
    simulator : Sampler or callable
        A sampler as it is; or a function ``(points, count, rng) -> points``, whose further parameters are symbols.
    metric : Metric
        Discrete: points are integers ``0, ..., K-1``. Euclidean: points in the ball of diameter 1 about 0, numbers or
        rows of coordinates.
    values : mapping
        Values of the symbols by name.
    distribution : array_like
        For a function. Discrete: the ``K`` probabilities of real symbols. Euclidean: the real points, equally likely.

    Raises
    ------
    AssumptionError
        If a function comes without a real distribution.
    InvalidArgumentError
        If the simulator is neither, or needs a value that is missing, or the real distribution is none.

    Examples
    --------
    >>> def copies(points, count, rng):
    ...     return rng.choice(points, count)
    >>> simulated(copies, Metric.DISCRETE, {}, [0.5, 0.5]).cells
    2
    """
    if isinstance(simulator, Sampler):
        if distribution is not None:
            raise InvalidArgumentError("distribution", distribution, "None", "the simulator is a sampler with its own")
        return simulator
    if not callable(simulator):
        raise InvalidArgumentError("simulator", repr(simulator),
                                   "a function (points, count, rng) -> points, or a Sampler")
    further = further_parameters(simulator)
    missing = [name for name, needed in further.items() if needed and name not in values]
    if missing:
        raise InvalidArgumentError(", ".join(missing), "missing", "given", "the simulator is a function of it")
    function = partial(simulator, **{name: values[name] for name in further if name in values})
    if distribution is None:
        needed = "probabilities of the symbols" if metric is Metric.DISCRETE else "points, equally likely"
        raise AssumptionError(f"the simulator is a function of training points only; to simulate it, pass the real "
                              f"distribution: distribution=..., {needed}")
    kind = SymbolFunction if metric is Metric.DISCRETE else PointFunction
    return kind(distribution, function)


def _new(function: Simulator, points: npt.NDArray[Any], count: int, rng: np.random.Generator) -> npt.NDArray[Any]:
    made = np.asarray(function(points, count, rng))
    if made.shape != (count, *points.shape[1:]):
        raise InvalidArgumentError("simulator", f"an array of shape {made.shape}",
                                   f"a function that returns {count} points, of shape {(count, *points.shape[1:])}")
    return made


@dataclass(frozen=True)
class SymbolLaw:
    """A law of symbols: frequencies of shape ``(R, K)``, and the counts of the training set where it is drawn from."""

    frequencies: FloatArray
    trained_on: npt.NDArray[np.int64] | None = None


def _note(draws: int, error: float) -> str:
    """What a check of a model that is a function says besides its verdict."""
    return (f"distances are estimated from {draws} points, and too large by at most {error:.3g} on average, which the "
            "verdict allows for; the gap is no test of the sensitivity: see stlbounds.estimate_sensitivity")


class SymbolFunction(FiniteAlphabet):
    """A function from symbols to new symbols; each replica's training set is shuffled, since it has no order.

    Parameters
    ----------
    probabilities : array_like
        The real distribution of the symbols ``0, ..., K-1``.
    function : callable
        ``(points, count, rng) -> points``.
    draws : int
        Points that distances are estimated from.

    Examples
    --------
    >>> sampler = SymbolFunction([0.5, 0.5], lambda points, count, rng: rng.choice(points, count))
    >>> law = sampler.train(np.array([[3, 0]]), 3, np.random.default_rng(0))
    >>> sampler.draw(law, 5, np.random.default_rng(0)).tolist()
    [[5, 0]]
    """

    def __init__(self, probabilities: npt.ArrayLike, function: Simulator, draws: int = _DRAWS) -> None:
        super().__init__(probabilities)
        self.function, self.draws = function, draws
        # The mean total variation between an empirical law and the law itself, by Cauchy-Schwarz.
        self.distance_error = self.sampling_error(draws)
        self.note = _note(draws, self.distance_error)

    def _counts(self, trained_on: npt.NDArray[np.int64], count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        rows = []
        for counts in trained_on:
            points = rng.permutation(np.repeat(np.arange(self.cells), counts))
            made = _new(self.function, points, count, rng)
            if made.dtype.kind not in "iu" or made.min() < 0 or made.max() >= self.cells:
                found = f"points of type {made.dtype} from {made.min()} to {made.max()}"
                raise InvalidArgumentError("simulator", found, f"integers from 0 to {self.cells - 1}")
            rows.append(np.bincount(made, minlength=self.cells))
        return np.stack(rows)

    def real(self, replicas: int) -> SymbolLaw:  # type: ignore[override]
        return SymbolLaw(super().real(replicas))

    def draw(self, law: SymbolLaw, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:  # type: ignore[override]
        if law.trained_on is None:
            return super().draw(law.frequencies, size, rng)
        return self._counts(law.trained_on, size, rng)

    def deviation(self, mean: float, largest: float, size: float) -> float:
        return Sampler.deviation(self, mean, largest, size)

    def weighted(self, sample: npt.NDArray[np.int64], weight: float) -> FloatArray:
        raise AssumptionError("a function of points knows no weighted ones, so loops with weights cannot be simulated")

    def fit(self, sample: npt.NDArray[np.int64], size: int) -> FloatArray:
        raise AssumptionError("distances to a function's law are estimated; call train, which has random numbers")

    def train(self, sample: npt.NDArray[np.int64], size: int, rng: np.random.Generator) -> SymbolLaw:
        return SymbolLaw(self._counts(sample, self.draws, rng) / self.draws, sample)

    def mix(self, laws: Sequence[SymbolLaw], weights: Sequence[float]) -> SymbolLaw:  # type: ignore[override]
        if len(laws) == 1:
            return laws[0]
        return SymbolLaw(super().mix([law.frequencies for law in laws], weights))

    def distance(self, first: SymbolLaw, second: SymbolLaw) -> FloatArray:  # type: ignore[override]
        return super().distance(first.frequencies, second.frequencies)

    def diversity(self, law: SymbolLaw) -> dict[str, FloatArray]:  # type: ignore[override]
        return super().diversity(law.frequencies)

    def shown_law(self, law: SymbolLaw) -> FloatArray:
        return law.frequencies

    def numbers(self, size: int) -> int:
        return size


@dataclass(frozen=True)
class Points:
    """Training sets of points, of shape ``(R, N, p)``."""

    points: FloatArray

    @property
    def moments(self) -> FloatArray:
        """The sums of the points and of their squared norms, of shape ``(R, p + 1)``."""
        return np.concatenate([self.points.sum(axis=1), (self.points**2).sum(axis=(1, 2))[:, None]], axis=1)


@dataclass(frozen=True)
class PointLaw:
    """Laws with finitely many points of shape ``(R, a, p)`` and weights of shape ``(a,)``, or estimates by such.

    ``trained_on`` is the training set of a law that is to be drawn from by a function.
    """

    points: FloatArray
    weights: FloatArray
    trained_on: Points | None = None
    real: bool = False

    @property
    def moments(self) -> FloatArray:
        """The means of a point and of its squared norm, of shape ``(R, p + 1)``."""
        squares = np.einsum("rap,a->r", self.points**2, self.weights)
        return np.concatenate([np.einsum("rap,a->rp", self.points, self.weights), squares[:, None]], axis=1)


class PointFunction(Sampler):
    """A function from points to new points, in the ball of diameter 1 about 0.

    The distance is the largest over the coordinates of that on a line, which is a lower bound, exact on a line.

    Parameters
    ----------
    real : array_like
        The real points, equally likely: numbers, or rows of coordinates.
    function : callable
        ``(points, count, rng) -> points``, of the same shape but for the first axis.
    draws : int
        Points that distances are estimated from.

    Examples
    --------
    >>> sampler = PointFunction([-0.25, 0.25], lambda points, count, rng: np.full(count, points.mean()))
    >>> law = sampler.train(Points(np.array([[[0.25], [0.05]]])), 2, np.random.default_rng(0))
    >>> sampler.draw(law, 2, np.random.default_rng(0)).moments.round(12).tolist()
    [[0.3, 0.045]]
    """

    def __init__(self, real: npt.ArrayLike, function: Simulator, draws: int = _DRAWS) -> None:
        points = np.asarray(real, dtype=float)
        if points.ndim not in (1, 2) or points.size == 0 or not np.all(np.isfinite(points)):
            raise InvalidArgumentError("distribution", f"an array of shape {points.shape}", "a nonempty list of points")
        self.line, self.function, self.draws = points.ndim == 1, function, draws
        self.support = self._inside("distribution", points[:, None] if self.line else points)
        # On a line the mean distance is at most the integral of sqrt(F (1 - F)/draws) over a length of 1.
        self.distance_error = self.support.shape[1] / (2 * math.sqrt(draws))
        self.note = _note(draws, self.distance_error)

    @staticmethod
    def _inside(argument: str, points: FloatArray) -> FloatArray:
        norm = float(np.sqrt((points**2).sum(axis=-1)).max())
        if not norm <= _REACH:
            found = f"a point at the distance {norm:.6g} from 0"
            raise InvalidArgumentError(argument, found, "in the ball of diameter 1",
                                       "divide all points by the diameter of their space, and centre them")
        return points

    def _made(self, trained_on: Points, count: int, rng: np.random.Generator) -> FloatArray:
        sets = trained_on.points[..., 0] if self.line else trained_on.points
        made = np.stack([_new(self.function, rng.permutation(points), count, rng) for points in sets]).astype(float)
        return self._inside("simulator", made[..., None] if self.line else made)

    def real(self, replicas: int) -> PointLaw:
        atoms = len(self.support)
        return PointLaw(np.tile(self.support, (replicas, 1, 1)), np.full(atoms, 1 / atoms), real=True)

    def draw(self, law: PointLaw, size: int, rng: np.random.Generator) -> Points:
        if law.trained_on is not None:
            return Points(self._made(law.trained_on, size, rng))
        if not law.real:
            raise InvalidArgumentError("law", f"{law.weights.size} points", "one distribution, not a mixture")
        return Points(self.support[rng.integers(len(self.support), size=(len(law.points), size))])

    def join(self, samples: Sequence[Points]) -> Points:
        return samples[0] if len(samples) == 1 else Points(np.concatenate([part.points for part in samples], axis=1))

    def fit(self, sample: Points, size: int) -> PointLaw:
        raise AssumptionError("distances to a function's law are estimated; call train, which has random numbers")

    def train(self, sample: Points, size: int, rng: np.random.Generator) -> PointLaw:
        return PointLaw(self._made(sample, self.draws, rng), np.full(self.draws, 1 / self.draws), sample)

    def mix(self, laws: Sequence[PointLaw], weights: Sequence[float]) -> PointLaw:
        if len(laws) == 1:
            return laws[0]
        return PointLaw(np.concatenate([law.points for law in laws], axis=1),
                        np.concatenate([weight * law.weights for law, weight in zip(laws, weights, strict=True)]))

    def distance(self, first: PointLaw, second: PointLaw) -> FloatArray:
        lines = [line_distance(first.points[..., k], first.weights, second.points[..., k], second.weights)
                 for k in range(self.support.shape[1])]
        return np.asarray(np.max(lines, axis=0), dtype=float)

    def numbers(self, size: int) -> int:
        return (size + self.draws) * int(self.support.shape[1])
