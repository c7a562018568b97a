"""Claimed expressions in numbers, generation by generation; what is not defined in an early one is NaN there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.numeric.arrays import evaluate
from stlbounds.numeric.values import float_arrays

__all__ = ["claimed_values"]

FloatArray = npt.NDArray[np.float64]


def claimed_values(
    claim: Mapping[str, sp.Expr], numbers: Mapping[str, Any], generations: npt.ArrayLike
) -> dict[str, FloatArray]:
    """The values of expressions at given generations ``i``.

    Parameters
    ----------
    claim : mapping
        Expressions by name.
    numbers : mapping
        Values of the symbols other than ``i`` by name.
    generations : array_like
        Values of ``i``, one or more.

    Raises
    ------
    InvalidArgumentError
        If an expression has no real value at the last of them.

    Examples
    --------
    >>> from stlbounds.symbols import i
    >>> claimed_values({"bound": sp.sqrt(i - 2)}, {}, [1, 6])["bound"].tolist()
    [nan, 2.0]
    """
    steps = np.asarray(generations, dtype=float)
    return {name: _values(name, part, numbers, steps) for name, part in claim.items()}


def _at(part: sp.Expr, numbers: Mapping[str, Any], steps: FloatArray) -> FloatArray:
    symbols = tuple(sorted(part.free_symbols, key=str))
    arrays = float_arrays({found.name: steps if found.name == "i" else numbers[found.name] for found in symbols})
    if not arrays:
        return np.full(steps.shape, float(part))
    found = evaluate((part,), symbols, arrays)[0]
    return np.array(np.broadcast_to(found, steps.shape), dtype=float)


def _values(name: str, part: sp.Expr, numbers: Mapping[str, Any], steps: FloatArray) -> FloatArray:
    # An expression that divides by zero or leaves the reals in one generation may be fine in all others.
    undefined = (ZeroDivisionError, TypeError, ValueError)
    try:
        return _at(part, numbers, steps)
    except InvalidArgumentError:
        raise
    except undefined:
        values = np.full(steps.shape, np.nan)
    for k, step in enumerate(steps):
        try:
            values[k] = _at(part, numbers, np.array([step]))[0]
        except undefined as error:
            if k == steps.size - 1:
                raise InvalidArgumentError(name, part, f"a real number at i = {step:g}") from error
    return values
