"""Samplers of location models on a line: two-point noise, so that every law and every distance is exact."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.sampling import FloatArray, Sampler

__all__ = ["Atoms", "LocationSampler", "line_distance", "measured_drift", "measured_sensitivity", "number"]

_FITS = 20_000


def number(argument: str, expression: sp.Expr, values: Mapping[str, Any]) -> float:
    """The value of an expression at the values of its symbols.

    Raises
    ------
    InvalidArgumentError
        If the value of a symbol is missing.
    """
    missing = sorted(symbol.name for symbol in expression.free_symbols if symbol.name not in values)
    if missing:
        raise InvalidArgumentError(", ".join(missing), "missing", "given", f"{argument} = {expression} needs it")
    return float(expression.subs({symbol: values[symbol.name] for symbol in expression.free_symbols}))


def line_distance(first: FloatArray, first_weights: FloatArray, second: FloatArray,
                  second_weights: FloatArray) -> FloatArray:
    """The 1-Wasserstein distance of two laws with finitely many points on a line, along the last axis.

    Parameters
    ----------
    first, second : numpy.ndarray
        Of shapes ``(..., a)`` and ``(..., b)``.
    first_weights, second_weights : numpy.ndarray
        Of shapes ``(a,)`` and ``(b,)``, of one sum.

    Examples
    --------
    >>> one, two = np.array([0.0, 1.0]), np.array([0.5])
    >>> float(line_distance(one, np.array([0.5, 0.5]), two, np.array([1.0])))
    0.5
    """
    points = np.concatenate([first, second], axis=-1)
    masses = np.concatenate([first_weights, -second_weights])
    order = np.argsort(points, axis=-1)
    # On a line the distance is the area between the two distribution functions.
    excess = np.abs(np.cumsum(masses[order], axis=-1))[..., :-1]
    return np.asarray((excess * np.diff(np.take_along_axis(points, order, axis=-1), axis=-1)).sum(axis=-1), dtype=float)


@dataclass(frozen=True)
class Atoms:
    """Laws on a line with finitely many points.

    Parameters
    ----------
    points : numpy.ndarray
        Of shape ``(replicas, atoms)``.
    weights : numpy.ndarray
        Of shape ``(atoms,)``, the same in all replicas.
    """

    points: FloatArray
    weights: FloatArray

    @property
    def moments(self) -> FloatArray:
        """The first two moments, of shape ``(replicas, 2)``."""
        return np.stack([self.points @ self.weights, self.points**2 @ self.weights], axis=1)


class LocationSampler(Sampler):
    r"""``theta + xi`` with ``xi = +-noise``, cut off at ``+-half_width``, ``theta = pull mean + (1 - pull) prior``.

    The real distribution has ``theta = 0``. A law is an `Atoms`, a sample the sums of its points and of their squares,
    of shape ``(replicas, 2)``. Distances are divided by the diameter ``2 half_width``, if that is finite.

    Parameters
    ----------
    noise : float
        Nonnegative.
    half_width : float
        Positive, perhaps infinite.
    pull : float
        In ``[0, 1]``, the weight of the mean of the training set.
    prior : float
        In the space.

    Examples
    --------
    >>> sampler = LocationSampler(0.25, half_width=0.5)
    >>> sampler.fit(np.array([[4.0, 2.0]]), 10).points.tolist()
    [[0.15000000000000002, 0.5]]
    """

    def __init__(self, noise: float, half_width: float = math.inf, pull: float = 1.0, prior: float = 0.0) -> None:
        if not (math.isfinite(noise) and noise >= 0):
            raise InvalidArgumentError("noise", noise, "finite and nonnegative")
        if not half_width > 0:
            raise InvalidArgumentError("half_width", half_width, "positive")
        if not 0 <= pull <= 1:
            raise InvalidArgumentError("pull", pull, "in [0, 1]")
        if not abs(prior) <= half_width or not math.isfinite(prior):
            raise InvalidArgumentError("prior", prior, f"in [-{half_width}, {half_width}]")
        self.noise, self.half_width, self.pull, self.prior = float(noise), float(half_width), float(pull), float(prior)

    def _law(self, location: FloatArray) -> Atoms:
        points = np.stack([location - self.noise, location + self.noise], axis=1)
        return Atoms(np.clip(points, -self.half_width, self.half_width), np.array([0.5, 0.5]))

    def real(self, replicas: int) -> Atoms:
        return self._law(np.zeros(replicas))

    def draw(self, law: Atoms, size: int, rng: np.random.Generator) -> FloatArray:
        if law.weights.tolist() != [0.5, 0.5]:
            raise InvalidArgumentError("law", f"{law.weights.size} atoms", "one distribution, not a mixture")
        upper = rng.binomial(size, 0.5, size=len(law.points))
        counts = np.stack([size - upper, upper], axis=1)
        return np.stack([(law.points * counts).sum(axis=1), (law.points**2 * counts).sum(axis=1)], axis=1)

    def join(self, samples: Sequence[FloatArray]) -> FloatArray:
        return np.asarray(np.sum(samples, axis=0), dtype=float)

    def weighted(self, sample: FloatArray, weight: float) -> FloatArray:
        return np.asarray(sample * weight, dtype=float)

    def fit(self, sample: FloatArray, size: int) -> Atoms:
        return self._law(self.pull * sample[:, 0] / size + (1 - self.pull) * self.prior)

    @property
    def unit(self) -> float:  # type: ignore[override]
        """A deviation is the root mean square of a location, and distances are divided by the diameter."""
        return 1 / (2 * self.half_width) if math.isfinite(self.half_width) else 1.0

    def deviation(self, mean: float, largest: float, size: float) -> float:
        """Noise of ``N`` points, uncorrelated given the past, is averaged; symmetric walls bring means closer."""
        if type(self).fit is not LocationSampler.fit:
            return super().deviation(mean, largest, size)
        return self.pull * (mean + self.noise / math.sqrt(size)) + abs((1 - self.pull) * self.prior)

    def mix(self, laws: Sequence[Atoms], weights: Sequence[float]) -> Atoms:
        return Atoms(np.concatenate([law.points for law in laws], axis=1),
                     np.concatenate([weight * law.weights for law, weight in zip(laws, weights, strict=True)]))

    def distance(self, first: Atoms, second: Atoms) -> FloatArray:
        distance = line_distance(first.points, first.weights, second.points, second.weights)
        return np.asarray(distance / (2 * self.half_width if math.isfinite(self.half_width) else 1.0), dtype=float)

    def diversity(self, law: Atoms) -> dict[str, FloatArray]:
        """The mean of the law, and its variance, which the walls take away from a mean that comes near them."""
        mean = law.points @ law.weights
        return {"mean": mean, "variance": (law.points - mean[:, None]) ** 2 @ law.weights}

    def numbers(self, size: int) -> int:
        return 2


def measured_sensitivity(sampler: LocationSampler, size: int, seed: int, pairs: int = 400) -> float:
    """The largest ``N W(G(S), G(S'))/dist(S, S')`` over pairs of training sets that differ in all, some, or one point.

    Half of the pairs move all points alike, the worst direction of a mean; the others at random, or one point only.
    """
    rng = np.random.default_rng(seed)
    wall = sampler.half_width if math.isfinite(sampler.half_width) else 1.0
    points = rng.uniform(-0.1 * wall, 0.1 * wall, size=(pairs, size))
    moves = rng.uniform(-0.1 * wall, 0.1 * wall, size=(pairs, size))
    moves[::2] = moves[::2, :1]
    moves[1::4, 1:] = 0.0
    other = points + moves
    laws = [sampler.fit(np.stack([part.sum(axis=1), (part**2).sum(axis=1)], axis=1), size) for part in (points, other)]
    unit = 2 * sampler.half_width if math.isfinite(sampler.half_width) else 1.0
    displacement = np.abs(moves).sum(axis=1) / unit
    return float((size * sampler.distance(laws[0], laws[1]) / displacement).max())


def measured_drift(sampler: LocationSampler, size: int, seed: int) -> float:
    """The mean of ``W(D_0, D_1)`` over many fits to ``size`` real points."""
    rng = np.random.default_rng(seed)
    real = sampler.real(_FITS)
    return float(sampler.distance(real, sampler.fit(sampler.draw(real, size, rng), size)).mean())
