"""What a worker of a sweep is told, and what it answers: the simulation of one point as a flat record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from stlbounds.errors import StlboundsError
from stlbounds.numeric.arrays import evaluate
from stlbounds.numeric.values import checked_names, float_arrays
from stlbounds.simulation.check import check
from stlbounds.simulation.result import CheckResult
from stlbounds.symbols import Entry, declare, entry, known

__all__ = ["Job", "PortableBound", "child_seed", "simulate"]

#: Every integer up to here is a double, so a seed survives CSV, pandas and JSON.
_SEED_BITS = 53


@dataclass(frozen=True)
class PortableBound:
    """A bound without its proof, small and picklable: what `stlbounds.check` needs of one.

    Parameters
    ----------
    setting : Setting
    theorem : str
    terms : dict
        Expressions by name.
    symbols : tuple of sympy.Symbol
    failure_probability : sympy.Expr
    constants : tuple of sympy.Symbol
        The symbols that a value may be given for.
    """

    setting: Any
    theorem: str
    terms: dict[str, sp.Expr]
    symbols: tuple[sp.Symbol, ...]
    failure_probability: sp.Expr
    constants: tuple[sp.Symbol, ...]

    @classmethod
    def of(cls, bound: Any) -> PortableBound:
        """The part of a bound that travels."""
        constants = tuple(sorted(bound.constants, key=lambda symbol: str(symbol.name)))
        return cls(bound.setting, bound.theorem, dict(bound.terms), tuple(bound.symbols), bound.failure_probability,
                   constants)

    def evaluate_terms(self, **values: Any) -> dict[str, Any]:
        """The values of the terms by name; arguments as for `stlbounds.Bound.evaluate`."""
        needed = set().union(*(term.free_symbols for term in self.terms.values()))
        symbols = tuple(symbol for symbol in self.symbols if symbol in needed)
        checked_names(values, symbols, self.constants)
        found = evaluate(tuple(self.terms.values()), symbols, float_arrays(values))
        return dict(zip(self.terms, found, strict=True))


@dataclass(frozen=True)
class Job:
    """What is the same for all points of a sweep.

    Parameters
    ----------
    bound : PortableBound
    replicas, seed : int
        Of each simulation, and of the sweep.
    confidence : float
    distribution : array_like, RealData or None
    exact : bool
    chunk : int or None
        As for `stlbounds.check`.
    entries : tuple of Entry
        The vocabulary that the setting uses; a worker may not know a user's symbols.
    """

    bound: PortableBound
    replicas: int
    seed: int
    confidence: float
    distribution: Any = None
    exact: bool = True
    chunk: int | None = None
    entries: tuple[Entry, ...] = ()

    @staticmethod
    def vocabulary(bound: PortableBound) -> tuple[Entry, ...]:
        """The entries of all symbols that a setting may need a value for."""
        return tuple(entry(symbol.name) for symbol in bound.constants)


def child_seed(seed: int, point: int) -> int:
    """The seed of a point: from the child of ``SeedSequence(seed)`` with its number, whoever computes it.

    Examples
    --------
    >>> child_seed(0, 1) == child_seed(0, 1) != child_seed(0, 2)
    True
    """
    child = np.random.SeedSequence(seed, spawn_key=(point,))
    return int(child.generate_state(1, np.uint64)[0]) >> (64 - _SEED_BITS)


def _learn(entries: tuple[Entry, ...]) -> None:
    for item in entries:
        if item.symbol.name not in known():
            span = item.range
            declare(item.symbol.name, item.meaning, low=span.low, high=span.high, low_open=span.low_open,
                    high_open=span.high_open, integer=span.integer, latex=item.latex)


def simulate(task: tuple[Job, int, Mapping[str, sp.Rational]]) -> dict[str, Any]:
    """Run the loop at one point.

    Parameters
    ----------
    task : tuple
        The job, the number of the point, and its exact values.

    Returns
    -------
    dict
        Measured values by column; ``"error"`` tells why a point has none.
    """
    job, point, values = task
    _learn(job.entries)
    seed = child_seed(job.seed, point)
    try:
        result = check(job.bound, replicas=job.replicas, seed=seed, distribution=job.distribution,
                       exact=job.exact, confidence=job.confidence, chunk=job.chunk, **values)
    except StlboundsError as error:
        return {"seed": seed, "error": str(error)}
    if result.interrupted:
        # `check` answers with what it has; a row must be whole.
        raise KeyboardInterrupt
    return {"seed": seed, "error": None, **_flat(result)}


def _flat(result: CheckResult) -> dict[str, Any]:
    """A check in one row; its figures are those of `CheckResult`."""
    head, last = result.comparisons[0], result.trajectory[-1]
    return {
        "replicas": result.replicas, **{f"used_{name}": value for name, value in result.used.items()},
        "claimed": head.claimed, "measured": head.measured, "measured_low": head.low, "measured_high": head.high,
        "ratio": head.ratio, "verdict": head.verdict, "factor": head.factor, "coverage": result.coverage,
        "mean_gap": last["mean_gap"], "mean_absolute_gap": last["mean_absolute_gap"], "risk": last["risk"],
        "drift": last["drift"], "mixed_drift": last["mixed_drift"],
        **{f"diversity_{name}": value for name, value in last["diversity"].items()},
    }
