"""The gap itself: its size ``|g|`` over replicas, with quantiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stlbounds.simulation.measures.record import FloatArray, Measured, Quantity, Ranges, summarise

__all__ = ["GAP"]


def _measure(columns: Mapping[str, FloatArray], levels: Sequence[float], confidence: float, ranges: Ranges
             ) -> tuple[Measured, ...]:
    return (summarise("gap", "E |g|", np.abs(columns["gap"]), levels, confidence, (0.0, ranges.loss)),)


GAP = Quantity("gap", ("gap",), False, _measure)
