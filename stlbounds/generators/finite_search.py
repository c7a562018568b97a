"""The sensitivity of a generator on a finite alphabet, over all pairs of training sets."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.sampling import Sampler

__all__ = ["measured_sensitivity"]

_MOST_SETS = 5000


def measured_sensitivity(sampler: Sampler, size: int, cells: int) -> float:
    """The largest ``N TV(G(S), G(S'))/dist(S, S')`` over all pairs of training sets.

    Parameters
    ----------
    sampler : Sampler
        Whose samples are counts and whose laws are probabilities.
    size, cells : int
        So small that there are at most 5000 training sets.

    Examples
    --------
    >>> from stlbounds.generators.sampling import FiniteAlphabet, uniform
    >>> measured_sensitivity(FiniteAlphabet(uniform(2)), 3, 2)
    1.0
    """
    if size < 1 or cells < 1 or cells**size > _MOST_SETS:
        raise InvalidArgumentError("size", size, f"so small that there are at most {_MOST_SETS} training sets")
    sets = np.array(list(itertools.product(range(cells), repeat=size)))
    counts = (sets[:, :, None] == np.arange(cells)).sum(axis=1)
    laws: Any = sampler.fit(counts, size)
    largest = 0.0
    for points, law in zip(sets, laws, strict=True):
        moved = (sets != points).sum(axis=1)
        shift = 0.5 * np.abs(laws - law).sum(axis=1)
        largest = max(largest, float(np.max(shift[moved > 0] * size / moved[moved > 0], initial=0.0)))
    return largest
