"""The fluctuation of the gap about its mean: its standard deviation, with quantiles of ``|g - E g|``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from stlbounds.simulation.measures.record import FloatArray, Measured, Quantity, Ranges

__all__ = ["FLUCTUATION"]


def _measure(columns: Mapping[str, FloatArray], levels: Sequence[float], confidence: float, ranges: Ranges
             ) -> tuple[Measured, ...]:
    gap = columns["gap"]
    count = len(gap)
    deviation = gap - gap.mean(axis=0)
    nothing = np.full(gap.shape[1], np.nan)
    error = spread = nothing
    if count > 1:
        squares = deviation**2
        spread = np.sqrt(squares.sum(axis=0) / (count - 1))
        # The delta method: the error of the variance, over twice the deviation.
        variance_error = squares.std(axis=0, ddof=1) / math.sqrt(count)
        error = np.divide(variance_error, 2 * spread, out=np.zeros_like(spread), where=spread > 0)
    quantiles = {level: np.quantile(np.abs(deviation), level, axis=0) for level in levels}
    return (Measured("fluctuation", "standard deviation of g; quantiles of |g - E g|", spread, error, nothing, nothing,
                     quantiles),)


FLUCTUATION = Quantity("fluctuation", ("gap",), False, _measure)
