"""Finite alphabets: the counts of the symbols are multinomial, and nothing else of the points matters (theory §7)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stlbounds.generators.sampling import FiniteAlphabet, FloatArray
from stlbounds.simulation.exact.pointwise import Shortcut

__all__ = ["COUNTS", "drawn_symbols"]


def drawn_symbols(law: FloatArray, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Symbols drawn one by one, of shape ``(R, size)``, by inversion of each replica's distribution function.

    Examples
    --------
    >>> drawn_symbols(np.array([[0.0, 1.0], [1.0, 0.0]]), 3, np.random.default_rng(0)).tolist()
    [[1, 1, 1], [0, 0, 0]]
    """
    replicas, cells = law.shape
    levels = np.cumsum(law, axis=1)
    levels /= levels[:, -1:]
    found: npt.NDArray[np.int64] = np.empty((replicas, size), dtype=np.int64)
    for row in range(replicas):
        found[row] = np.searchsorted(levels[row], rng.random(size), side="right")
    found[found == cells] = cells - 1
    return found


def _counts(sampler: FiniteAlphabet, points: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    replicas, cells = len(points), sampler.cells
    flat = points + cells * np.arange(replicas)[:, None]
    counts: npt.NDArray[np.int64] = np.bincount(flat.ravel(), minlength=replicas * cells).reshape(replicas, cells)
    return counts


COUNTS = Shortcut(
    "multinomial counts of the symbols",
    lambda sampler, law, size, rng: drawn_symbols(law, size, rng), _counts, lambda sampler: 1,
)
