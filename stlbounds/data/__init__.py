"""Real distributions from your own data, and two small real samples in the public domain to try them with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from stlbounds.simulation.data import (
    Measurements,
    RealData,
    SymbolCounts,
    from_array,
    from_csv,
    from_text,
)

__all__ = [
    "Measurements",
    "RealData",
    "SymbolCounts",
    "from_array",
    "from_csv",
    "from_text",
    "gettysburg",
    "michelson",
]

_FOLDER = Path(__file__).parent


def gettysburg(cells: int | None = None) -> SymbolCounts:
    """The words of Lincoln's address at Gettysburg, 1863, counted: a unigram language model of a real text.

    Parameters
    ----------
    cells : int, optional
        The size of the alphabet: rarer words are gathered under ``(other)``.

    Raises
    ------
    InvalidArgumentError
        If `cells` is less than 2.

    References
    ----------
    The Bliss copy; public domain (``LICENSE.md`` beside the file).

    Examples
    --------
    >>> gettysburg(cells=4).names, gettysburg().size
    (('that', 'the', 'we', '(other)'), 272)
    """
    counted = from_text(_FOLDER / "gettysburg.txt", cells=cells)
    return SymbolCounts(counted.names, counted.counts, "Lincoln, Gettysburg address, 1863")


def michelson() -> Measurements:
    """Michelson's 100 measurements of the speed of light in air, 1879, in km/s less 299 000: numbers on a line.

    References
    ----------
    A. A. Michelson (1880); table of S. M. Stigler, Annals of Statistics 5 (1977); public domain.

    Examples
    --------
    >>> michelson().size, round(michelson().mean, 1)
    (100, 852.4)
    """
    speeds = np.loadtxt(_FOLDER / "michelson.csv", delimiter=",", skiprows=1, usecols=2)
    return Measurements(speeds, "Michelson, speed of light, 1879")
