"""Location models with finitely many atoms: the counts of the atoms are multinomial; a user's own noise (theory §7)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.location_sampling import Atoms, LocationSampler
from stlbounds.generators.sampling import FloatArray
from stlbounds.simulation.exact.categorical import drawn_symbols
from stlbounds.simulation.exact.pointwise import Shortcut

__all__ = ["SUMS", "EmpiricalLocation", "sums"]


def sums(points: FloatArray) -> FloatArray:
    """The sums of points and of their squares, of shape ``(R, 2)``."""
    return np.stack([points.sum(axis=1), (points**2).sum(axis=1)], axis=1)


def _points(sampler: LocationSampler, law: Atoms, size: int, rng: np.random.Generator) -> FloatArray:
    shares = np.tile(law.weights, (len(law.points), 1))
    return np.take_along_axis(law.points, drawn_symbols(shares, size, rng), axis=1)


SUMS = Shortcut(
    "sums over multinomial counts of the atoms", _points, lambda sampler, points: sums(points), lambda sampler: 1,
)


class EmpiricalLocation(LocationSampler):
    """A location model whose noise has the law of a given sample: ``theta + xi`` cut off at ``+-1/2``.

    Parameters
    ----------
    atoms : array_like
        The values of ``xi``, in ``[-1/2, 1/2]``.
    weights : array_like
        Their probabilities.

    Examples
    --------
    >>> sampler = EmpiricalLocation([-0.1, 0.0, 0.1], [0.25, 0.5, 0.25])
    >>> round(sampler.noise, 6)
    0.070711
    """

    def __init__(self, atoms: npt.ArrayLike, weights: npt.ArrayLike) -> None:
        self.atoms, self.weights = np.asarray(atoms, dtype=float), np.asarray(weights, dtype=float)
        if not np.all(np.abs(self.atoms) <= 0.5 * (1 + 1e-12)):
            raise InvalidArgumentError("atoms", float(np.abs(self.atoms).max()), "at most 1/2 in absolute value")
        super().__init__(float(np.sqrt(self.weights @ self.atoms**2)), half_width=0.5)

    def _law(self, location: FloatArray) -> Atoms:
        points = np.clip(location[:, None] + self.atoms, -self.half_width, self.half_width)
        return Atoms(points, self.weights)

    def draw(self, law: Atoms, size: int, rng: np.random.Generator) -> FloatArray:
        if law.weights.size != self.weights.size:
            raise InvalidArgumentError("law", f"{law.weights.size} atoms", "one distribution, not a mixture")
        counts = rng.multinomial(size, self.weights, size=len(law.points))
        return np.stack([(law.points * counts).sum(axis=1), (law.points**2 * counts).sum(axis=1)], axis=1)
