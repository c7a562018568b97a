"""The drift: ``t_j = W(D_0, D_j)`` of the generated laws, and ``s_j = W(D_0, Dmix_j)`` of what is trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stlbounds.simulation.measures.record import FloatArray, Measured, Quantity, Ranges, summarise

__all__ = ["DRIFT", "MIXED_DRIFT"]


def _generated(columns: Mapping[str, FloatArray], levels: Sequence[float], confidence: float, ranges: Ranges
               ) -> tuple[Measured, ...]:
    return (summarise("drift", "E t_j = E W(D_0, D_j)", columns["drift"], levels, confidence, (0.0, ranges.distance)),)


def _mixed(columns: Mapping[str, FloatArray], levels: Sequence[float], confidence: float, ranges: Ranges
           ) -> tuple[Measured, ...]:
    values = columns["mixed_drift"]
    return (summarise("mixed drift", "E s_j = E W(D_0, Dmix_j)", values, levels, confidence, (0.0, ranges.distance)),)


DRIFT = Quantity("drift", ("drift",), False, _generated)
MIXED_DRIFT = Quantity("mixed drift", ("mixed_drift",), False, _mixed)
