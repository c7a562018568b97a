"""The points of a sweep: the product of named values, or a list of points, with exact numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.simulation.rounding import exact_value

__all__ = ["Grid", "make_grid"]


@dataclass(frozen=True)
class Grid:
    """Points, each with an exact value for every name.

    Parameters
    ----------
    names : tuple of str
        The columns: those of the grid, then those that are the same everywhere.
    points : tuple of tuple of sympy.Rational
        One value for each name.
    axes : dict or None
        The values of each name whose product the points are, the last one varying fastest; None for a list of points.
    """

    names: tuple[str, ...]
    points: tuple[tuple[sp.Rational, ...], ...]
    axes: dict[str, tuple[sp.Rational, ...]] | None

    def __len__(self) -> int:
        return len(self.points)

    def point(self, number: int) -> dict[str, sp.Rational]:
        """The values of one point by name."""
        return dict(zip(self.names, self.points[number], strict=True))

    def describe(self, number: int) -> str:
        """One point in words, for messages."""
        return ", ".join(f"{name}={value}" for name, value in self.point(number).items())


def _values(name: str, values: Any) -> tuple[sp.Rational, ...]:
    """The values of one axis; a single number is an axis of one point."""
    if isinstance(values, np.ndarray):
        values = values.ravel()
    several = isinstance(values, Iterable) and not isinstance(values, str | bytes)
    listed = list(values) if several else [values]
    if not listed:
        raise InvalidArgumentError(name, "no values", "one value or more")
    return tuple(exact_value(name, value) for value in listed)


def make_grid(grid: Mapping[str, Any] | Iterable[Mapping[str, Any]], fixed: Mapping[str, Any]) -> Grid:
    """Check a grid and make its values exact.

    Parameters
    ----------
    grid : mapping, or iterable of mappings
        Values by name, whose product is meant, or points that all have the same names.
    fixed : mapping
        One value by name, the same at all points.

    Raises
    ------
    InvalidArgumentError
        If a value is out of range, a point lacks a name, a name is given twice, or there is no point.
    SymbolError
        If a name is unknown.

    Examples
    --------
    >>> found = make_grid({"n": [10, 100], "alpha": [0.1, 0.5]}, {"i": 3})
    >>> len(found), found.describe(1)
    (4, 'n=10, alpha=1/2, i=3')
    """
    same = {name: exact_value(name, value) for name, value in fixed.items()}
    if isinstance(grid, Mapping):
        axes = {str(name): _values(str(name), values) for name, values in grid.items()}
        _refuse_twice(axes, same)
        points = [(*point, *same.values()) for point in itertools.product(*axes.values())]
        return Grid((*axes, *same), tuple(points), axes)
    listed = _points(grid)
    names = tuple(listed[0])
    _refuse_twice(names, same)
    rows = []
    for number, point in enumerate(listed):
        if set(point) != set(names):
            raise InvalidArgumentError(f"grid[{number}]", f"values for {', '.join(point)}",
                                       f"values for {', '.join(names)}", "all points have the same names")
        rows.append((*(exact_value(name, point[name]) for name in names), *same.values()))
    return Grid((*names, *same), tuple(rows), None)


def _points(grid: Any) -> Sequence[Mapping[str, Any]]:
    points = list(grid) if isinstance(grid, Iterable) and not isinstance(grid, str | bytes) else []
    if not points or not all(isinstance(point, Mapping) and point for point in points):
        raise InvalidArgumentError("grid", repr(grid)[:60], "values by name, or a nonempty list of points by name",
                                   "for example {'n': [100, 1000], 'alpha': [0.1, 0.5]}")
    return points


def _refuse_twice(names: Iterable[str], fixed: Mapping[str, Any]) -> None:
    for name in names:
        if name in fixed:
            raise InvalidArgumentError(name, fixed[name], "in the grid or beside it, not both")
