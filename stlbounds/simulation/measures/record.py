"""The common record of measured quantities: one number per generation, with its error and its spread over replicas."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from stlbounds.simulation.statistics import mean_interval

__all__ = ["Measured", "Quantity", "Ranges", "summarise"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Measured:
    """A quantity, generation by generation; all arrays have length ``i + 1``.

    Parameters
    ----------
    name : str
        Of the quantity, for example ``"drift"``.
    meaning : str
        What is averaged over the replicas, in the letters of the theory.
    mean : numpy.ndarray
        The estimate.
    standard_error : numpy.ndarray
        Its standard error over replicas; NaN for a single replica.
    low, high : numpy.ndarray
        A rigorous interval at the confidence of the measurement where the quantity has a known range, else NaN.
    quantiles : dict
        Quantiles over replicas by level; empty where the quantity is no mean of replicas.
    stated : numpy.ndarray or None
        What the theory says about it, where a bound was given: an upper bound.
    """

    name: str
    meaning: str
    mean: FloatArray
    standard_error: FloatArray
    low: FloatArray
    high: FloatArray
    quantiles: dict[float, FloatArray] = field(default_factory=dict)
    stated: FloatArray | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain data, with None for what is not finite."""
        plain: dict[str, Any] = {"name": self.name, "meaning": self.meaning}
        for name in ("mean", "standard_error", "low", "high", "stated"):
            values = getattr(self, name)
            plain[name] = None if values is None else _plain(values)
        plain["quantiles"] = {str(level): _plain(values) for level, values in self.quantiles.items()}
        return plain


def _plain(values: FloatArray) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]


@dataclass(frozen=True)
class Ranges:
    """The largest loss, as a difference, and the largest distance; NaN where the model has no bound on it.

    Distances may be too large on average by ``distance_error``.
    """

    loss: float = math.nan
    distance: float = math.nan
    distance_error: float = 0.0


@dataclass(frozen=True)
class Quantity:
    """How a quantity is got from the columns of a run.

    Parameters
    ----------
    name : str
        What a user asks for.
    observes : tuple of str
        What the engine must record (`stlbounds.simulation.engine.OBSERVED`).
    coupled : bool
        Whether it is about two coupled loops instead.
    measure : callable
        From columns of shape ``(replicas, i + 1)`` by name, quantile levels, confidence and ranges to one or more
        records.
    """

    name: str
    observes: tuple[str, ...]
    coupled: bool
    measure: Callable[[Mapping[str, FloatArray], Sequence[float], float, Ranges], tuple[Measured, ...]]


def summarise(
    name: str, meaning: str, columns: FloatArray, levels: Sequence[float], confidence: float,
    value_range: tuple[float, float] | None = None,
) -> Measured:
    """The record of a mean over replicas.

    Parameters
    ----------
    columns : numpy.ndarray
        Of shape ``(replicas, generations)``.
    levels : sequence of float
        Levels of the quantiles, in ``[0, 1]``.
    confidence : float
        Of the rigorous interval.
    value_range : tuple of float, optional
        The range of each value.

    Examples
    --------
    >>> found = summarise("gap", "|g|", np.array([[1.0], [3.0]]), [0.5], 0.95)
    >>> found.mean.tolist(), found.standard_error.tolist(), found.quantiles[0.5].tolist()
    ([2.0], [1.0], [2.0])
    """
    count = len(columns)
    error = columns.std(axis=0, ddof=1) / math.sqrt(count) if count > 1 else np.full(columns.shape[1], np.nan)
    ends = np.full((columns.shape[1], 2), np.nan)
    if value_range is not None and all(map(math.isfinite, value_range)):
        ends = np.array([mean_interval(column, *value_range, confidence) for column in columns.T])
    quantiles = {level: np.quantile(columns, level, axis=0) for level in levels}
    return Measured(name, meaning, columns.mean(axis=0), error, ends[:, 0], ends[:, 1], quantiles)
