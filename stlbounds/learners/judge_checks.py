"""The constants of a judge on a finite alphabet, by complete enumeration: what its learner states must hold for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.measurement import Measurement
from stlbounds.generators.numbers import number
from stlbounds.learners.judging import FiniteJudge, FloatArray

if TYPE_CHECKING:
    from stlbounds.learners.base import UniformlyStable

__all__ = ["enumerated", "known", "simulated_constants"]

_MOST_SETS = 20_000


def known(expression: sp.Expr, values: Mapping[str, Any]) -> bool:
    """Whether all symbols of a constant have values."""
    return all(symbol.name in values for symbol in expression.free_symbols)


def enumerated(judge: FiniteJudge, size: int, cells: int) -> tuple[float, float]:
    """The stability and the loss constant of a judge over all training sets of `size` points on `cells` symbols.

    In the discrete metric sets that differ in one point are enough (theory §2).

    Parameters
    ----------
    judge : FiniteJudge
        What is fitted and judged.
    size, cells : int
        So small that there are at most 20000 training sets, orders aside.

    Examples
    --------
    >>> from stlbounds.learners.judging import FiniteBrierJudge
    >>> enumerated(FiniteBrierJudge(), 4, 3)
    (0.4375, 1.0)
    """
    counts = _count_vectors(size, cells)
    places = {tuple(row): place for place, row in enumerate(counts.tolist())}
    hypothesis = judge.fit(counts, size)
    laws = np.eye(cells)
    losses: FloatArray = np.stack(
        [judge.risk(hypothesis, np.tile(laws[symbol], (len(counts), 1))) for symbol in range(cells)], axis=1)
    largest = 0.0
    for row, place in places.items():
        for old in range(cells):
            for new in range(cells):
                if old != new and row[old]:
                    moved = list(row)
                    moved[old] -= 1
                    moved[new] += 1
                    change = np.abs(losses[place] - losses[places[tuple(moved)]]).max()
                    largest = max(largest, float(change))
    return largest, float((losses.max(axis=1) - losses.min(axis=1)).max())


def _count_vectors(size: int, cells: int) -> Any:
    """All vectors of `cells` nonnegative integers that sum to `size`."""
    if size < 1 or cells < 1 or sp.binomial(size + cells - 1, cells - 1) > _MOST_SETS:
        raise InvalidArgumentError("size", size, f"so small that there are at most {_MOST_SETS} training sets")
    rows = [[size]]
    for _ in range(cells - 1):
        rows = [[*row[:-1], first, row[-1] - first] for row in rows for first in range(row[-1] + 1)]
    return np.array(rows, dtype=np.int64)


def simulated_constants(learner: UniformlyStable, values: Mapping[str, Any], size: int,
                        cells: int = 4) -> tuple[Measurement, ...]:
    """Both constants of what the learner's judge fits, if the value of ``M`` is known: else its loss is not chosen.

    Parameters
    ----------
    learner : UniformlyStable
        With a judge on finite alphabets.
    values : mapping of str to number
        Values of the symbols.
    size, cells : int
        Of the training sets, and of the alphabet.
    """
    if not known(learner.loss_constant, values):
        return ()
    judge = learner.judge(values)
    if not isinstance(judge, FiniteJudge):
        return ()
    beta, constant = enumerated(judge, size, cells)
    how = f"all training sets of {size} points on {cells} symbols"
    return (Measurement("beta (simulated loss)", beta, number("beta", learner.beta_N, values, N=size), how),
            Measurement("M (simulated loss)", constant, number("M", learner.loss_constant, values), how))
