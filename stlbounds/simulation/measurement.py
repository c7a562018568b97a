"""The outcome of a measurement: per-generation arrays by quantity, as data, JSON and text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from stlbounds.shown import Shown
from stlbounds.simulation.measures.record import Measured
from stlbounds.simulation.result import number

__all__ = ["SCHEMA", "MeasureResult"]

#: Version of the JSON that `MeasureResult.to_dict` makes.
SCHEMA = "stlbounds/measure/1"

#: At most so many generations are printed.
_ROWS = 12


@dataclass(frozen=True, eq=False)
class MeasureResult(Shown):
    """Measured quantities by name, and the run that they come from.

    Parameters
    ----------
    quantities : dict
        Records by name.
    generations, replicas, requested_replicas, seed, chunk : int
        Of the run.
    partial : bool
        Whether the run was interrupted, so that `replicas` is less than was asked for.
    confidence : float
        Of the rigorous intervals.
    statistic : str
        What was drawn in place of points; empty if points were.
    requested, used : dict
        Values as asked for, and of the loop that was run.
    notes : tuple of str
        What was rounded.
    """

    quantities: dict[str, Measured]
    generations: int
    replicas: int
    requested_replicas: int
    seed: int
    chunk: int
    partial: bool
    confidence: float
    statistic: str = ""
    requested: dict[str, float | int] = field(default_factory=dict)
    used: dict[str, float | int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Measured:
        """The record of a quantity; measures of diversity go by their own names."""
        return self.quantities[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.quantities)

    def __len__(self) -> int:
        return len(self.quantities)

    def records(self) -> list[dict[str, Any]]:
        """A tidy table: one record for each quantity and generation, for example for pandas."""
        rows = []
        for name, part in self.quantities.items():
            for j in range(self.generations + 1):
                row = {"quantity": name, "generation": j, "mean": float(part.mean[j]),
                       "standard_error": float(part.standard_error[j]), "low": float(part.low[j]),
                       "high": float(part.high[j])}
                row |= {f"quantile {level:g}": float(values[j]) for level, values in part.quantiles.items()}
                row["stated"] = float("nan") if part.stated is None else float(part.stated[j])
                rows.append(row)
        return rows

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data for JSON: Python numbers, None for what is infinite or undefined."""
        return {
            "schema": SCHEMA, "generations": self.generations, "replicas": self.replicas,
            "requested_replicas": self.requested_replicas, "partial": self.partial, "seed": self.seed,
            "chunk": self.chunk, "confidence": self.confidence, "statistic": self.statistic,
            "requested": dict(self.requested), "used": dict(self.used), "notes": list(self.notes),
            "quantities": {name: part.to_dict() for name, part in self.quantities.items()},
        }

    def __str__(self) -> str:
        values = ", ".join(f"{name} = {number(value)}" for name, value in self.used.items())
        drawn = f"; drawn: {self.statistic}" if self.statistic else ""
        lines = [f"measured in {self.replicas} replicas, seed {self.seed}{drawn}", f"  {values}"]
        if self.partial:
            lines.append(f"partial: interrupted after {self.replicas} of {self.requested_replicas} replicas")
        for part in self.quantities.values():
            lines += ["", f"{part.name}: {part.meaning}", *self._table(part)]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def _table(self, part: Measured) -> list[str]:
        levels = list(part.quantiles)
        header = ["j", "mean", "error", *(f"q{level:g}" for level in levels)]
        header += ["stated"] if part.stated is not None else []
        step = max(1, -(-self.generations // (_ROWS - 1)))
        shown = sorted({*range(0, self.generations + 1, step), self.generations})
        rows = [header]
        for j in shown:
            row = [str(j), number(float(part.mean[j])), number(float(part.standard_error[j]))]
            row += [number(float(part.quantiles[level][j])) for level in levels]
            row += [number(float(part.stated[j]))] if part.stated is not None else []
            rows.append(row)
        widths = [max(len(row[k]) for row in rows) for k in range(len(header))]
        return ["  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
