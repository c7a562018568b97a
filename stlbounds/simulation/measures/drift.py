"""The drift: ``t_j = W(D_0, D_j)`` of the generated laws, and ``s_j = W(D_0, Dmix_j)`` of what is trained on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from stlbounds.simulation.measures.record import FloatArray, Measured, Quantity, Ranges, summarise

__all__ = ["DRIFT", "MIXED_DRIFT"]


def _summary(name: str, meaning: str, values: FloatArray, levels: Sequence[float], confidence: float, ranges: Ranges
             ) -> tuple[Measured, ...]:
    found = summarise(name, meaning, values, levels, confidence, (0.0, ranges.distance))
    return (dataclasses.replace(found, low=np.maximum(0.0, found.low - ranges.distance_error)),)


def _generated(columns: Mapping[str, FloatArray], levels: Sequence[float], confidence: float, ranges: Ranges
               ) -> tuple[Measured, ...]:
    return _summary("drift", "E t_j = E W(D_0, D_j)", columns["drift"], levels, confidence, ranges)


def _mixed(columns: Mapping[str, FloatArray], levels: Sequence[float], confidence: float, ranges: Ranges
           ) -> tuple[Measured, ...]:
    return _summary("mixed drift", "E s_j = E W(D_0, Dmix_j)", columns["mixed_drift"], levels, confidence, ranges)


DRIFT = Quantity("drift", ("drift",), False, _generated)
MIXED_DRIFT = Quantity("mixed drift", ("mixed_drift",), False, _mixed)
