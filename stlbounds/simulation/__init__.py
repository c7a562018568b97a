"""Loops run for real: the engine, rigorous statistics, and the check of a bound against its own loop."""

from stlbounds.simulation.check import check
from stlbounds.simulation.confrontation import confront
from stlbounds.simulation.engine import Run, run
from stlbounds.simulation.result import CheckResult, Comparison

__all__ = ["CheckResult", "Comparison", "Run", "check", "confront", "run"]
