"""Recursive stability and influence, from two coupled loops that differ in one point (theory §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stlbounds.simulation.measures.record import FloatArray, Measured, Quantity, Ranges, summarise

__all__ = ["INFLUENCE", "STABILITY"]


def _influence(columns: Mapping[str, FloatArray], levels: Sequence[float], confidence: float, ranges: Ranges
               ) -> tuple[Measured, ...]:
    return (summarise("influence", "x_j: E displacement of T_j per unit of that of the replaced point",
                      columns["influence"], levels, confidence),)


def _stability(columns: Mapping[str, FloatArray], levels: Sequence[float], confidence: float, ranges: Ranges
               ) -> tuple[Measured, ...]:
    return (summarise("stability", "gamma_j: E W(D_j, D'_j) per unit of displacement of the replaced point",
                      columns["stability"], levels, confidence),)


INFLUENCE = Quantity("influence", (), True, _influence)
STABILITY = Quantity("stability", (), True, _stability)
