"""Evaluation in doubles, on scalars and broadcasting arrays, by generated NumPy code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy as sp

from stlbounds.special import geometric_sum_array

__all__ = ["compiled", "evaluate"]


@lru_cache(maxsize=256)
def compiled(expressions: tuple[sp.Expr, ...], symbols: tuple[sp.Symbol, ...]) -> Callable[..., Sequence[Any]]:
    """A function of the symbols' values that returns the values of all expressions."""
    function: Callable[..., Sequence[Any]] = sp.lambdify(
        symbols, list(expressions), modules=[{"geometric_sum": geometric_sum_array}, "numpy"], cse=True)
    return function


def evaluate(expressions: tuple[sp.Expr, ...], symbols: tuple[sp.Symbol, ...],
             arrays: dict[str, npt.NDArray[np.float64]]) -> list[Any]:
    """The values of the expressions, each broadcast to the common shape of all arrays.

    Parameters
    ----------
    expressions : tuple of sympy.Expr
        What to evaluate.
    symbols : tuple of sympy.Symbol
        Every symbol that occurs; others may have values too.
    arrays : dict of str to numpy.ndarray
        Values by name.

    Returns
    -------
    list of float or numpy.ndarray
        Python floats where every value is a scalar.
    """
    function = compiled(expressions, symbols)
    shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    # Overflow to inf is the right answer for a diverging bound, not something to warn about.
    with np.errstate(all="ignore"):
        values = function(*(arrays[symbol.name] for symbol in symbols))
    if shape == ():
        return [float(value) for value in values]
    # Copies, because broadcast views are read-only and may alias an argument.
    return [np.array(np.broadcast_to(value, shape), dtype=float) for value in values]
