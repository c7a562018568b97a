"""Evaluation in doubles, on scalars and broadcasting arrays, by generated NumPy code."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import sympy as sp

from stlbounds.compiled import mpmath_function, numpy_function

__all__ = ["evaluate"]

_RESCUE_DIGITS = 30


def _rescue(result: npt.NDArray[np.float64], expression: sp.Expr, columns: dict[sp.Symbol, Any]) -> None:
    """Redo, in place, what overflowed on the way to a value that a double may hold (theory §12).

    The exponents of mpmath have no limit, so ``Phi**2`` before its root, or ``0 * rho**i``, do no harm there.
    """
    lost = ~np.isfinite(result)
    if not lost.any():
        return
    function = mpmath_function(expression, tuple(columns))
    points = np.stack([np.broadcast_to(column, result.shape)[lost] for column in columns.values()], axis=-1)
    with mpmath.workdps(_RESCUE_DIGITS):
        result[lost] = [float(function(*map(mpmath.mpf, point))) for point in points]


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
        Python floats where every value is a scalar; ``inf`` where the value exceeds the largest double.
    """
    function = numpy_function(expressions, symbols)
    shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    columns = {symbol: arrays[symbol.name] for symbol in symbols}
    # Overflow to inf is the right answer for a diverging bound, not something to warn about.
    with np.errstate(all="ignore"):
        values = function(*columns.values())
    # Copies, because broadcast views are read-only and may alias an argument.
    results = [np.array(np.broadcast_to(value, shape), dtype=float) for value in values]
    for result, expression in zip(results, expressions, strict=True):
        _rescue(result, expression, columns)
    return [float(result) for result in results] if shape == () else results
