"""Whole expressions as NumPy code of SymPy's printer: what has no operations of its own in `numeric.kernels`."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from sympy.printing.numpy import NumPyPrinter

from stlbounds.compiled import NUMPY_FUNCTIONS, Series, numpy_erf, printed_function
from stlbounds.numeric.growing import growth_array, growth_sum_array
from stlbounds.numeric.series import product_over, sum_over

__all__ = ["array_function"]


class _ArrayPrinter(Series, NumPyPrinter):  # type: ignore[misc]  # SymPy has no types
    def _print_Pow(self, expr: sp.Pow, rational: bool = False) -> str:
        if expr.exp.free_symbols:
            return f"power({self._print(expr.base)}, {self._print(expr.exp)})"
        return str(super()._print_Pow(expr, rational))


def _power(base: Any, exponent: Any) -> Any:
    """``base**exponent``; exponents like -1/2 that the user gave as numbers need no logarithm."""
    if np.ndim(exponent) == 0:
        if exponent == -0.5:
            return 1.0 / np.sqrt(base)
        if exponent == -1.0:
            return 1.0 / base
    return np.power(base, exponent)


_NAMES: dict[str, Any] = {"erf": numpy_erf, "sum_over": sum_over, "product_over": product_over, "power": _power}


@lru_cache(maxsize=512)
def array_function(expression: sp.Expr, symbols: tuple[sp.Symbol, ...]) -> Callable[..., Any]:
    """A function of the symbols' values, arrays of doubles or doubles that broadcast."""
    names = {**NUMPY_FUNCTIONS, "growth": growth_array, "growth_sum": growth_sum_array, **_NAMES}
    settings = {"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True,
                "user_functions": {name: name for name in names}}
    function = printed_function((expression,), symbols, _ArrayPrinter(settings), names, ["numpy"])
    return lambda *values: function(*values)[0]
