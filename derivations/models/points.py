"""Laws of a regression: finitely many inputs, and for each the outputs that the fitted line and the noise give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stlbounds.generators.location_sampling import line_distance
from stlbounds.generators.sampling import Sampler

__all__ = ["Plane", "RidgeSampler"]

#: The diameter of the square ``[-1, 1]**2``.
_DIAMETER = float(np.sqrt(8))


@dataclass(frozen=True)
class Plane:
    """A law: atoms ``(x, y)`` with weights; ``y`` of shape ``(replicas, atoms)``, the others alike in all replicas."""

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray

    @property
    def moments(self) -> np.ndarray:
        """Means of the coordinates and of the squared norm, for diameter 1: what the mean's judge asks for."""
        square = (self.y**2 + self.x**2) @ self.weights / _DIAMETER**2
        first = np.full(len(self.y), self.x @ self.weights) / _DIAMETER
        return np.stack([first, self.y @ self.weights / _DIAMETER, square], axis=1)


@dataclass(frozen=True)
class Sums:
    """Sums over the points of a sample: of the moments for diameter 1, of ``x y`` and of ``x**2``."""

    moments: np.ndarray
    cross: np.ndarray
    squares: np.ndarray


class RidgeSampler(Sampler):
    """``y = cut(w x +- noise)``; the distance is that of the best coupling that keeps ``x``, at least ``W``."""

    def __init__(self, inputs: np.ndarray, noise: float, strength: float, slope: float) -> None:
        self.inputs, self.noise, self.strength, self.true = inputs, noise, strength, slope

    def slope(self, cross: np.ndarray, squares: np.ndarray, size: int) -> np.ndarray:
        """The fitted slope, from sums."""
        return cross / size / (squares / size + self.strength)

    def line(self, slope: np.ndarray) -> Plane:
        """The law of a new point."""
        x = np.repeat(self.inputs, 2)
        y = slope[:, None] * x + np.tile([-self.noise, self.noise], self.inputs.size)
        return Plane(x, np.clip(y, -1, 1), np.full(x.size, 1 / x.size))

    def real(self, replicas: int) -> Plane:
        return self.line(np.full(replicas, self.true))

    def draw(self, law: Plane, size: int, rng: np.random.Generator) -> Sums:
        counts = rng.multinomial(size, law.weights, size=len(law.y))
        x, y = law.x / _DIAMETER, law.y / _DIAMETER
        moments = np.stack([counts @ x, (counts * y).sum(axis=1), (counts * (x**2 + y**2)).sum(axis=1)], axis=1)
        return Sums(moments, (counts * law.x * law.y).sum(axis=1), counts @ law.x**2)

    def join(self, samples: Sequence[Sums]) -> Sums:
        return Sums(sum(part.moments for part in samples), sum(part.cross for part in samples),
                    sum(part.squares for part in samples))

    def fit(self, sample: Sums, size: int) -> Plane:
        return self.line(self.slope(sample.cross, sample.squares, size))

    def mix(self, laws: Sequence[Plane], weights: Sequence[float]) -> Plane:
        return Plane(np.concatenate([law.x for law in laws]), np.concatenate([law.y for law in laws], axis=1),
                     np.concatenate([weight * law.weights for law, weight in zip(laws, weights, strict=True)]))

    def distance(self, first: Plane, second: Plane) -> np.ndarray:
        total = np.zeros(len(first.y))
        for x in self.inputs:
            one, two = first.x == x, second.x == x
            total += line_distance(first.y[:, one], first.weights[one], second.y[:, two], second.weights[two])
        return total / _DIAMETER

    def numbers(self, size: int) -> int:
        return 5
