"""Your own data: a sample whose empirical law is the real distribution ``D_0`` of a loop."""

from __future__ import annotations

import csv
import io
import math
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import sympy as sp

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators.kernel_density import KernelDensity
from stlbounds.generators.location import LocationModel
from stlbounds.generators.location_sampling import number
from stlbounds.generators.sampling import FloatArray, Sampler
from stlbounds.proof.metric import Metric
from stlbounds.simulation.exact.location import EmpiricalLocation

__all__ = ["Measurements", "RealData", "SymbolCounts", "from_array", "from_csv", "from_text"]

Kind = Literal["numbers", "symbols"]

#: What rare symbols are gathered under.
OTHER = "(other)"

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_TOLERANCE = 1e-9


class RealData(ABC):
    """A sample, the ``D_0`` of a loop (theory §1): pass it as ``distribution`` to `check` or `measure`.

    Examples
    --------
    >>> from stlbounds.generators import Categorical
    >>> from stlbounds.symbols import K
    >>> data = from_array(["b", "a", "b"])
    >>> values = data.with_cells(Categorical(K), {"n": 100})
    >>> values, type(data.sampler(Categorical(K), values)).__name__
    ({'n': 100, 'K': 2}, 'FiniteAlphabet')
    """

    def with_cells(self, generator: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values by name, and that of the ``generator``'s number of symbols if it is a symbol without one."""
        return dict(values)

    @abstractmethod
    def sampler(self, generator: Any, values: Mapping[str, Any]) -> Sampler:
        """The numeric twin of a generator, with this sample's empirical law for ``D_0``.

        Parameters
        ----------
        generator : Generator
        values : mapping
            A number for each symbol of the generator, by name.

        Raises
        ------
        AssumptionError
            If the generator does not live on such data.
        InvalidArgumentError
            If a value puts some of the data outside of the space.
        """


@dataclass(frozen=True)
class SymbolCounts(RealData):
    """Symbols of a finite alphabet and how often each occurs (theory §7, categorical).

    Parameters
    ----------
    names : tuple of str
        The alphabet, most frequent first.
    counts : tuple of int
        Positive.
    source : str
        Where the data come from.

    Raises
    ------
    InvalidArgumentError
        If names are repeated or missing, or counts are not positive integers, one for each name.

    Examples
    --------
    >>> data = from_array(["b", "a", "b"])
    >>> data.names, data.probabilities.round(3).tolist()
    (('b', 'a'), [0.667, 0.333])
    >>> words = from_array(["a", "b", "c", "a"])
    >>> words.size, words.cells, words.top(2).names
    (4, 3, ('a', '(other)'))
    """

    names: tuple[str, ...]
    counts: tuple[int, ...]
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.names or len(set(self.names)) != len(self.names):
            raise InvalidArgumentError("names", f"{len(self.names)} names", "one or more different names")
        if len(self.counts) != len(self.names):
            raise InvalidArgumentError("counts", f"{len(self.counts)} counts", f"{len(self.names)}, one for each name")
        for count in self.counts:
            if isinstance(count, bool) or not isinstance(count, int) or count < 1:
                raise InvalidArgumentError("counts", count, "integers of at least 1")

    @property
    def size(self) -> int:
        """The number of observations."""
        return sum(self.counts)

    @property
    def cells(self) -> int:
        """The number of symbols."""
        return len(self.names)

    @property
    def probabilities(self) -> FloatArray:
        """The empirical law."""
        return np.asarray(self.counts, dtype=float) / self.size

    def top(self, cells: int) -> SymbolCounts:
        """The most frequent symbols, and one more, ``(other)``, for all the rest.

        Parameters
        ----------
        cells : int
            The size of the new alphabet, at least 2; an alphabet that is no larger stays as it is.

        Raises
        ------
        InvalidArgumentError
            If `cells` is less than 2.
        """
        if isinstance(cells, bool) or not isinstance(cells, int) or cells < 2:
            raise InvalidArgumentError("cells", cells, "an integer of at least 2")
        if self.cells <= cells:
            return self
        rest = sum(self.counts[cells - 1 :])
        return SymbolCounts((*self.names[: cells - 1], OTHER), (*self.counts[: cells - 1], rest), self.source)

    def with_cells(self, generator: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        cells = getattr(generator, "cells", None)
        if isinstance(cells, sp.Symbol) and cells.name not in values:
            return {**values, cells.name: self.cells}
        return dict(values)

    def sampler(self, generator: Any, values: Mapping[str, Any]) -> Sampler:
        if generator.metric is not Metric.DISCRETE or isinstance(generator, KernelDensity):
            raise AssumptionError(f"the generator {generator.name} is not one of a finite alphabet; the data have "
                                  f"{self.cells} symbols")
        found: Sampler = generator.sampler(values, distribution=self.probabilities)
        return found


@dataclass(frozen=True, eq=False)
class Measurements(RealData):
    """Real numbers (theory §7, location model).

    Parameters
    ----------
    values : array_like
        One or more finite numbers.
    source : str
        Where the data come from.

    Raises
    ------
    InvalidArgumentError
        If there are no values, or some are not finite numbers.

    Examples
    --------
    >>> data = from_array([1.0, 2.0, 6.0])
    >>> data.symmetrised().values.tolist()
    [0.0, 1.0, 2.0, 4.0, 5.0, 6.0]
    >>> data.size, data.mean, round(data.deviation, 3), data.histogram(5).counts
    (3, 3.0, 2.16, (1, 1, 1))
    """

    values: FloatArray
    source: str = ""

    def __post_init__(self) -> None:
        found = np.asarray(self.values, dtype=float)
        if found.ndim != 1 or found.size == 0 or not np.all(np.isfinite(found)):
            raise InvalidArgumentError("values", f"an array of shape {found.shape}",
                                       "a nonempty list of finite numbers")
        object.__setattr__(self, "values", found)

    @property
    def size(self) -> int:
        """The number of observations."""
        return int(self.values.size)

    @property
    def mean(self) -> float:
        """The mean of the sample."""
        return float(self.values.mean())

    @property
    def deviation(self) -> float:
        """The root mean square of the distance from the mean."""
        return float(self.values.std())

    def symmetrised(self) -> Measurements:
        """The sample together with its mirror image about its mean; mean and deviation stay the same.

        The theorem on the drift of a location model asks for noise that is symmetric.
        """
        both = np.concatenate([self.values, 2 * self.mean - self.values])
        return Measurements(np.sort(both), f"{self.source}, symmetrised" if self.source else "")

    def histogram(self, cells: int) -> SymbolCounts:
        """The counts in ``cells`` equal intervals from the least to the largest value; empty ones are left out.

        Parameters
        ----------
        cells : int
            At least 1.

        Raises
        ------
        InvalidArgumentError
            If `cells` is less than 1.
        """
        if isinstance(cells, bool) or not isinstance(cells, int) or cells < 1:
            raise InvalidArgumentError("cells", cells, "an integer of at least 1")
        counts, edges = np.histogram(self.values, bins=cells)
        named = [(f"[{low:.6g}, {high:.6g}{']' if k == cells - 1 else ')'}", int(count))
                 for k, (low, high, count) in enumerate(zip(edges[:-1], edges[1:], counts, strict=True)) if count]
        return SymbolCounts(tuple(name for name, _ in named), tuple(count for _, count in named), self.source)

    def sampler(self, generator: Any, values: Mapping[str, Any]) -> Sampler:
        """Residuals about the mean are the noise; the space is the interval about the mean in which their root mean
        square is the generator's ``noise`` times its length."""
        if not isinstance(generator, LocationModel):
            raise AssumptionError(f"the generator {generator.name} is not a location model; turn numbers into symbols "
                                  f"with histogram(cells), or choose stlbounds.generators.LocationModel")
        spread = number("noise", generator.noise, values)
        residuals, counts = np.unique(self.values - self.mean, return_counts=True)
        reach = float(np.abs(residuals).max())
        weights = counts / counts.sum()
        skewed = (residuals.size != residuals[::-1].size
                  or np.abs(residuals + residuals[::-1]).max() > _TOLERANCE * max(reach, math.ulp(1.0))
                  or np.any(counts != counts[::-1]))
        if skewed:
            raise AssumptionError("the data are not symmetric about their mean, which the drift of the location model "
                                  "needs; pass data.symmetrised()")
        if reach == 0:
            raise AssumptionError("all values are the same; a location model needs noise")
        largest = self.deviation / (2 * reach)
        if not 0 < spread <= largest * (1 + _TOLERANCE):
            raise InvalidArgumentError("noise", spread, f"in (0, {largest:.6g}]",
                                       "else some of the data are outside the space, whose length is deviation/noise")
        return EmpiricalLocation(residuals * (spread / self.deviation), weights)


def from_array(values: npt.ArrayLike | Iterable[Any], kind: Kind | None = None, source: str = "") -> RealData:
    """A sample from an array or any other list, as ``D_0`` (theory §1).

    Parameters
    ----------
    values : array_like
        One-dimensional: numbers, or labels of any kind.
    kind : {"numbers", "symbols"}, optional
        Whether to take values as real numbers, or as names of symbols; by default numbers if all are.
    source : str
        Where the data come from.

    Returns
    -------
    Measurements or SymbolCounts

    Raises
    ------
    InvalidArgumentError
        If there are no values, or they are not one-dimensional, or are no numbers where those are asked for.

    Examples
    --------
    >>> from_array([3, 1, 3], kind="symbols").names
    ('3', '1')
    """
    found = np.asarray(values if isinstance(values, np.ndarray) else list(values))  # type: ignore[arg-type]
    if found.ndim != 1 or found.size == 0:
        raise InvalidArgumentError("values", f"an array of shape {found.shape}", "a nonempty one-dimensional list")
    if kind not in (None, "numbers", "symbols"):
        raise InvalidArgumentError("kind", repr(kind), "'numbers' or 'symbols'")
    numeric = found.dtype.kind in "iuf"
    if kind == "symbols" or (kind is None and not numeric):
        return _counted((str(value) for value in found.tolist()), source)
    if not numeric:
        raise InvalidArgumentError("values", f"an array of type {found.dtype}", "real numbers",
                                   "or pass kind='symbols'")
    return Measurements(found.astype(float), source)


def from_csv(path: str | Path, column: str, kind: Kind | None = None) -> RealData:
    r"""A sample from one column of a comma-separated file with a header line, as ``D_0`` (theory §1).

    Parameters
    ----------
    path : path
        The file, in UTF-8.
    column : str
        The name of the column; empty cells are left out.
    kind : {"numbers", "symbols"}, optional
        By default numbers if every cell is one.

    Returns
    -------
    Measurements or SymbolCounts

    Raises
    ------
    InvalidArgumentError
        If the file cannot be read, or has no such column, or nothing in it.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "table.csv"
    ...     _ = path.write_text("word\nred\nblue\nred\n")
    ...     from_csv(path, "word").names
    ('red', 'blue')
    """
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    try:
        names = list(reader.fieldnames or ())
        if column not in names:
            raise InvalidArgumentError("column", repr(column), f"one of {', '.join(map(repr, names)) or 'no columns'}")
        cells = [cell.strip() for cell in (row[column] for row in reader) if cell is not None and cell.strip()]
    except csv.Error as error:
        raise InvalidArgumentError("path", path, "a comma-separated file", str(error)) from error
    if not cells:
        raise InvalidArgumentError("column", repr(column), "a column with some value in it")
    if kind != "symbols":
        try:
            numbers = [float(cell) for cell in cells]
        except ValueError:
            if kind == "numbers":
                raise InvalidArgumentError("column", repr(column), "a column of numbers",
                                           "or pass kind='symbols'") from None
        else:
            return from_array(np.array(numbers), source=f"{path}, column {column}")
    return from_array(np.array(cells), "symbols", source=f"{path}, column {column}")


def from_text(path: str | Path, *, cells: int | None = None) -> SymbolCounts:
    """The words of a text file in UTF-8, in lower case, counted: a sample as ``D_0`` (theory §1).

    A word is a run of letters, with apostrophes inside; digits and punctuation are left out.

    Parameters
    ----------
    path : path
        The file.
    cells : int, optional
        The size of the alphabet: rarer words are gathered under ``(other)``.

    Raises
    ------
    InvalidArgumentError
        If the file cannot be read, or has no word in it.

    Examples
    --------
    >>> from_text(Path(__file__).parents[1] / "data" / "gettysburg.txt", cells=3).names
    ('that', 'the', '(other)')
    """
    words = _counted((word.group().lower() for word in _WORD.finditer(_text(path))), str(path))
    return words if cells is None else words.top(cells)


def _text(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgumentError("path", path, "a readable file in UTF-8", str(error)) from error


def _counted(symbols: Iterable[str], source: str) -> SymbolCounts:
    """Counts in falling order; equal ones in the order of their names."""
    counts = Counter(symbols)
    if not counts:
        raise InvalidArgumentError("values", "no symbols", "at least one")
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return SymbolCounts(tuple(name for name, _ in ordered), tuple(count for _, count in ordered), source)
