"""Collapse seen: the risk on real data, and the diversity of what is generated (variance, entropy, support, ...)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stlbounds.simulation.measures.record import FloatArray, Measured, Quantity, Ranges, summarise

__all__ = ["DIVERSITY", "RISK"]

PREFIX = "diversity "


def _risk(columns: Mapping[str, FloatArray], levels: Sequence[float], confidence: float, ranges: Ranges
          ) -> tuple[Measured, ...]:
    return (summarise("risk", "E R_D0(A(T_j))", columns["risk"], levels, confidence),)


def _diversity(columns: Mapping[str, FloatArray], levels: Sequence[float], confidence: float, ranges: Ranges
               ) -> tuple[Measured, ...]:
    found = {name.removeprefix(PREFIX): values for name, values in columns.items() if name.startswith(PREFIX)}
    return tuple(summarise(name, f"E {name} of D_j", values, levels, confidence) for name, values in found.items())


RISK = Quantity("risk", ("risk",), False, _risk)
DIVERSITY = Quantity("diversity", ("diversity",), False, _diversity)
