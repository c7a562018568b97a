"""Kernel density estimation on a circle, simulated with points that are drawn exactly, and judged by their cells.

Points are real numbers. Distances and losses look at which of finitely many equal cells of the circle a point lies
in; probabilities of cells are integrals of kernels, and exact. Forgetting where in its cell a point lies can only bring
laws closer, so distances are lower bounds of total variation: a true bound is never contradicted by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.sampling import FloatArray, Sampler

__all__ = ["CircleLaw", "CirclePoints", "KernelSampler"]

#: How a point of each kernel on ``[-1, 1]`` is drawn: sums or medians of uniform numbers.
_NOISE: dict[str, tuple[int, Callable[[FloatArray], FloatArray]]] = {
    "box": (1, lambda u: u[..., 0]),
    "triangle": (2, lambda u: u.mean(axis=-1)),
    "epanechnikov": (3, lambda u: np.median(u, axis=-1)),
    "quartic": (5, lambda u: np.median(u, axis=-1)),
}


@dataclass(frozen=True)
class CirclePoints:
    """A training set: ``points`` in ``[0, I)`` with their ``weights``, both of shape ``(R, N)``."""

    points: FloatArray
    weights: FloatArray


@dataclass(frozen=True)
class CircleLaw:
    """A law on the circle.

    Parameters
    ----------
    cells : numpy.ndarray
        The probabilities of the cells, of shape ``(R, K)``.
    centres : CirclePoints or None
        The points at which kernels are centred; None for mixtures, which are not drawn from.
    width : float
        The bandwidth of the kernels; 0 for the real law, which has no centres.
    """

    cells: FloatArray
    centres: CirclePoints | None = None
    width: float = 0.0


def _primitive(shape: sp.Expr, u: sp.Symbol) -> Callable[[FloatArray], FloatArray]:
    """The distribution function of a kernel that is even and a polynomial in ``u = |x|`` on ``[-1, 1]``."""
    coefficients = [float(part) for part in sp.Poly(sp.integrate(shape, u), u).all_coeffs()]

    def distribution_function(places: FloatArray) -> FloatArray:
        inside = np.clip(places, -1.0, 1.0)
        half = np.polyval(coefficients, np.abs(inside))
        return np.asarray(0.5 + np.where(inside < 0, -half, half), dtype=float)

    return distribution_function


class KernelSampler(Sampler):
    r"""Kernel density estimation on the circle ``[0, I)``.

    The real density is triangular, ``(1/I) (1 + h I (1/2 - |2 x/I - 1|))`` with total variation ``2 h``: uniform with
    probability ``1 - h I/2``, else a sum of two uniform numbers.

    Parameters
    ----------
    kernel, u : sympy.Expr and sympy.Symbol
        The kernel on ``[0, 1]``, in terms of ``u``.
    name : str
        Its name.
    bandwidth, circumference, variation : float
        ``b_w`` and ``I``, positive; at least the total variation of the real density, which is ``4/I`` if that is less.
    cells : int
        ``K``.

    Examples
    --------
    >>> from stlbounds.generators import KernelDensity
    >>> sampler = KernelDensity("box", 0.5, 1, 0).sampler({}, distribution=4)
    >>> law = sampler.fit(CirclePoints(np.array([[0.25]]), np.ones((1, 1))), 1)
    >>> law.cells.tolist(), sampler.distance(sampler.real(1), law).tolist()
    ([[0.25, 0.25, 0.25, 0.25]], [0.0])
    """

    def __init__(self, kernel: sp.Expr, u: sp.Symbol, name: str, bandwidth: float, circumference: float,
                 variation: float, cells: int = 32) -> None:
        if isinstance(cells, bool) or not isinstance(cells, (int, np.integer)) or cells < 1:
            raise InvalidArgumentError("distribution", cells, "a number of cells of the circle, at least 1",
                                       "the real density has the stated total variation")
        self.width, self.length, self.count = bandwidth, circumference, int(cells)
        self.note = f"distances are those of {self.count} cells of the circle, which are at most the true ones"
        self._below = _primitive(kernel, u)
        self._uniforms, self._noise = _NOISE[name]
        height = min(variation / 2, 2 / circumference)
        #: The probability of the triangle.
        self.peaked = height * circumference / 2
        triangle = self._wrapped(_primitive(1 - u, u), np.array([[circumference / 2]]), circumference / 2)[0, :, 0]
        self.real_cells = (1 - self.peaked) / self.count + self.peaked * triangle

    def _wrapped(self, below: Callable[[FloatArray], FloatArray], centres: FloatArray, width: float) -> FloatArray:
        """The probability of every cell for a kernel at every centre, of shape ``(R, K, N)``."""
        edges = np.linspace(0.0, self.length, self.count + 1)[:, None]
        turns = int(np.ceil(width / self.length))
        total = np.zeros((len(centres), self.count, centres.shape[1]))
        for turn in range(-turns, turns + 1):
            total += np.diff(below((edges + turn * self.length - centres[:, None, :]) / width), axis=1)
        return total

    def real(self, replicas: int) -> CircleLaw:
        return CircleLaw(np.tile(self.real_cells, (replicas, 1)))

    def draw(self, law: CircleLaw, size: int, rng: np.random.Generator) -> CirclePoints:
        shape = (len(law.cells), size)
        if law.centres is None:
            if not np.array_equal(law.cells[0], self.real_cells):
                raise InvalidArgumentError("law", "a mixture", "one distribution, not a mixture")
            uniform = rng.random((*shape, 3))
            peak = uniform[..., :2].mean(axis=-1)
            points = np.where(uniform[..., 2] < self.peaked, peak, uniform[..., 0])
            # A choice by the third number leaves the first two uniform.
            return CirclePoints(points * self.length, np.ones(shape))
        shares = np.cumsum(law.centres.weights, axis=1)
        places = rng.random(shape) * shares[:, -1:]
        chosen = np.stack([np.searchsorted(row, place, side="right")
                           for row, place in zip(shares, places, strict=True)])
        at = np.take_along_axis(law.centres.points, np.minimum(chosen, shares.shape[1] - 1), axis=1)
        noise = self._noise(2.0 * rng.random((*shape, self._uniforms)) - 1.0)
        return CirclePoints((at + law.width * noise) % self.length, np.ones(shape))

    def join(self, samples: Sequence[CirclePoints]) -> CirclePoints:
        return CirclePoints(np.concatenate([part.points for part in samples], axis=1),
                            np.concatenate([part.weights for part in samples], axis=1))

    def weighted(self, sample: CirclePoints, weight: float) -> CirclePoints:
        return CirclePoints(sample.points, sample.weights * weight)

    def fit(self, sample: CirclePoints, size: int) -> CircleLaw:
        cells = self._wrapped(self._below, sample.points, self.width)
        return CircleLaw((cells * (sample.weights / size)[:, None, :]).sum(axis=2), sample, self.width)

    def mix(self, laws: Sequence[CircleLaw], weights: Sequence[float]) -> CircleLaw:
        if len(laws) == 1:
            return laws[0]
        return CircleLaw(np.asarray(sum(weight * law.cells for law, weight in zip(laws, weights, strict=True))))

    def distance(self, first: CircleLaw, second: CircleLaw) -> FloatArray:
        return np.asarray(0.5 * np.abs(first.cells - second.cells).sum(axis=1), dtype=float)

    def shown(self, sample: CirclePoints) -> FloatArray:
        """The weight in every cell, of shape ``(R, K)``."""
        rows = np.arange(len(sample.points))[:, None] * self.count
        places = np.minimum((sample.points * (self.count / self.length)).astype(np.int64), self.count - 1)
        counts = np.bincount((rows + places).ravel(), weights=sample.weights.ravel(),
                             minlength=len(sample.points) * self.count)
        return np.asarray(counts, dtype=float).reshape(-1, self.count)

    def shown_law(self, law: CircleLaw) -> FloatArray:
        return law.cells

    def numbers(self, size: int) -> int:
        return size * self.count
