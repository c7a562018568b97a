"""The bias ``E g``: the part of the gap that does not average out, with its sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stlbounds.simulation.measures.record import FloatArray, Measured, Quantity, Ranges, summarise

__all__ = ["BIAS"]


def _measure(columns: Mapping[str, FloatArray], levels: Sequence[float], confidence: float, ranges: Ranges
             ) -> tuple[Measured, ...]:
    return (summarise("bias", "E g", columns["gap"], levels, confidence, (-ranges.loss, ranges.loss)),)


BIAS = Quantity("bias", ("gap",), False, _measure)
