"""The tidy table of a sweep: one record for each point, for CSV, pandas and xarray."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from stlbounds.errors import InvalidArgumentError, MissingDependencyError, OutputError
from stlbounds.files import write_text
from stlbounds.simulation.result import jsonable, number

__all__ = ["SCHEMA", "SweepTable"]

#: Version of the JSON that `SweepTable.to_dict` makes.
SCHEMA = "stlbounds/sweep/1"

#: So many rows are printed.
_SHOWN = 40
#: What is printed of a row besides its point.
_PRINTED = ("bound", "loop_gain", "measured", "verdict", "factor")


@dataclass(frozen=True)
class SweepTable:
    """What a sweep found: a sequence of records, in the order of the grid.

    Parameters
    ----------
    records : tuple of dict
        One for each finished point: its number, its values, the bound with its terms, and what was measured.
    names : tuple of str
        The columns that hold the values of the point.
    axes : dict or None
        The values whose product the grid is; None for a list of points.
    points : int
        How many points the grid has.
    description : dict
        Setting, theorem, seed and replicas.
    """

    records: tuple[dict[str, Any], ...]
    names: tuple[str, ...]
    axes: Mapping[str, tuple[float, ...]] | None
    points: int
    description: Mapping[str, Any] = field(default_factory=dict)

    @property
    def interrupted(self) -> bool:
        """Whether points are missing because the sweep was stopped."""
        return len(self.records) < self.points

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns, in order."""
        return tuple(dict.fromkeys(name for record in self.records for name in record))

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.records)

    def __getitem__(self, column: str) -> np.ndarray[Any, Any]:
        """One column: numbers as doubles with NaN for what is missing, texts as objects."""
        if column not in self.columns:
            raise InvalidArgumentError("column", column, f"one of {', '.join(self.columns)}")
        values = [record.get(column) for record in self.records]
        if any(isinstance(value, str) for value in values):
            return np.array(values, dtype=object)
        return np.array([np.nan if value is None else value for value in values], dtype=float)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with None for what is not finite."""
        return {"schema": SCHEMA, **self.description, "points": self.points, "interrupted": self.interrupted,
                "records": [jsonable(record) for record in self.records]}

    def to_csv(self, path: str | Path) -> None:
        """Write a CSV file; numbers keep all their digits, what is missing is empty.

        Parameters
        ----------
        path : str or pathlib.Path
            A new file, or one that is replaced.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        path = Path(path)
        if path.exists() and not path.is_file():
            raise OutputError(f"cannot write {path}: it is no regular file")
        write_text(path, self.csv())

    def csv(self) -> str:
        """The text of the CSV file."""
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, restval="", lineterminator="\n")
        writer.writeheader()
        for record in self.records:
            writer.writerow({name: "" if value is None else repr(value) if isinstance(value, float) else value
                             for name, value in record.items()})
        return text.getvalue()

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame`, one row for each record.

        Raises
        ------
        MissingDependencyError
            If pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise MissingDependencyError("this needs pandas; install it with: pip install pandas") from error
        return pandas.DataFrame(list(self.records), columns=list(self.columns))

    def to_xarray(self) -> Any:
        """A `xarray.Dataset` with a dimension for each axis of the grid, or ``point`` for a list of points.

        Raises
        ------
        MissingDependencyError
            If xarray is not installed.
        """
        try:
            import xarray
        except ImportError as error:
            raise MissingDependencyError("this needs xarray; install it with: pip install xarray") from error
        axes = dict(self.axes) if self.axes else {"point": tuple(range(self.points))}
        shape = tuple(len(values) for values in axes.values())
        data: dict[str, Any] = {}
        place = [int(record["point"]) for record in self.records]
        for name in self.columns:
            if name in axes or name == "point":
                continue
            column = self[name]
            full = np.full(self.points, None if column.dtype == object else np.nan, dtype=column.dtype)
            full[place] = column
            data[name] = (tuple(axes), full.reshape(shape))
        return xarray.Dataset(data, coords={name: list(values) for name, values in axes.items()},
                              attrs={name: str(value) for name, value in self.description.items()})

    def __str__(self) -> str:
        head = [name for name in (*self.names, *_PRINTED)
                if any(record.get(name) is not None for record in self.records)]
        rows = [head, *([_cell(record.get(name)) for name in head] for record in self.records[:_SHOWN])]
        widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        failed: dict[str, list[str]] = {}
        for place, record in enumerate(self.records, start=1):
            if record.get("error") is not None:
                failed.setdefault(record["error"], []).append(str(place))
        if len(self.records) > _SHOWN:
            lines.append(f"... {len(self.records) - _SHOWN} more rows")
        lines += [f"row{'s' if len(places) > 1 else ''} {', '.join(places[:10])}{', ...' if len(places) > 10 else ''} "
                  f"not simulated: {why}" for why, places in failed.items()]
        if self.interrupted:
            lines.append(f"interrupted: {len(self.records)} of {self.points} points are finished")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from stlbounds.render.notebook import sweep_html

        return sweep_html(self)

    def _repr_markdown_(self) -> str:
        from stlbounds.render.notebook import sweep_rows, table_markdown

        return table_markdown(*sweep_rows(self))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from stlbounds.render.notebook import bundle

        return bundle(self, html=self._repr_html_(), markdown=self._repr_markdown_())


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else number(value)
