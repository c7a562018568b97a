"""Evaluation in doubles, on scalars and broadcasting arrays, by generated NumPy code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import sympy as sp
from sympy.printing.numpy import NumPyPrinter

from stlbounds.growth import NUMPY_FUNCTIONS
from stlbounds.numeric.digits import compiled_mpmath

__all__ = ["compiled", "evaluate"]

_RESCUE_DIGITS = 30


@lru_cache(maxsize=256)
def compiled(expressions: tuple[sp.Expr, ...], symbols: tuple[sp.Symbol, ...]) -> Callable[..., Sequence[Any]]:
    """A function of the symbols' values that returns the values of all expressions."""
    sums = any(expression.has(sp.Sum) for expression in expressions)
    printer = _Printer({"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True,
                        "user_functions": {name: name for name in NUMPY_FUNCTIONS}})
    # Common subexpressions must not move out of a sum over the variable that they contain.
    function: Callable[..., Sequence[Any]] = sp.lambdify(
        symbols, list(expressions), modules=[{**NUMPY_FUNCTIONS, "sum_over": _sum_over}, "numpy"], cse=not sums,
        printer=printer)
    return function


class _Printer(NumPyPrinter):  # type: ignore[misc]  # SymPy has no types
    """NumPy code in which the limits of a sum may be arrays."""

    def _print_Sum(self, expr: sp.Sum) -> str:
        body = self._print(expr.function)
        for variable, first, last in expr.limits:
            body = f"sum_over(lambda {self._print(variable)}: {body}, {self._print(first)}, {self._print(last)})"
        return str(body)


def _sum_over(term: Callable[[float], Any], first: Any, last: Any) -> Any:
    """``term(first) + ... + term(last)``, entry by entry, in one pass over the indices."""
    low, high = np.broadcast_arrays(np.asarray(first, dtype=float), np.asarray(last, dtype=float))
    total: Any = np.zeros(low.shape)
    for index in np.arange(low.min(initial=np.inf), high.max(initial=-np.inf) + 1):
        total = total + np.where((low <= index) & (index <= high), term(float(index)), 0.0)
    return total


def _rescue(result: npt.NDArray[np.float64], expression: sp.Expr, columns: dict[sp.Symbol, Any]) -> None:
    """Redo, in place, what overflowed on the way to a value that a double may hold (theory §12).

    The exponents of mpmath have no limit, so ``Phi**2`` before its root, or ``0 * rho**i``, do no harm there.
    """
    lost = ~np.isfinite(result)
    if not lost.any():
        return
    function = compiled_mpmath(expression, tuple(columns))
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
    function = compiled(expressions, symbols)
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
