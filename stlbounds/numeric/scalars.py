"""Evaluation at one point: generated source that uses Python's `math` only."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from sympy.printing.pycode import PythonCodePrinter

from stlbounds.compiled import NUMPY_FUNCTIONS, Series, printed_function
from stlbounds.numeric.growing import growth_array, growth_sum_array
from stlbounds.numeric.series import HEAD, smooth_tail
from stlbounds.power_sums import in_power_sums
from stlbounds.special import geometric_sum_from_one_math, geometric_sum_math

__all__ = ["scalar_function"]

_MOST_TERMS = 1024


class _ScalarPrinter(Series, PythonCodePrinter):  # type: ignore[misc]  # SymPy has no types
    def _print_Rational(self, expr: sp.Rational) -> str:
        return repr(expr.p / expr.q)

    _print_Half = _print_Rational


@lru_cache(maxsize=4096)  # a sum over generations asks for the same ones at every point
def _growth_sum(kappa: float, i: float, p: float, start: float = 0.0) -> float:
    if i > HEAD:
        return float(growth_sum_array(kappa, i, p, start))
    total = 1.0 - start
    for m in range(1, int(i) + 1):
        total = (1.0 + kappa / m) ** p * total + 1.0
    return total


def _few(first: float, last: float) -> range:
    if last - first > _MOST_TERMS:
        raise OverflowError("so many terms are for arrays")
    return range(int(first), int(last) + 1)


def _power_sum(s: float, first: float, last: float, t: float) -> float:
    """`stlbounds.power_sums.power_sum`: its first terms, and a quadrature of the others, which are smooth."""
    end = min(last, first + HEAD - 1)
    head = math.fsum(m**-s / (m + 1.0) ** t for m in map(float, range(int(first), int(end) + 1)))
    if last == end:
        return head
    return head + float(smooth_tail(lambda m: m**-s / (m + 1.0) ** t, first + HEAD, np.asarray(last, dtype=float)))


def _in_numpy(function: Callable[..., Any]) -> Callable[..., float]:
    return lambda *values: float(function(*values))



_NAMES: dict[str, Any] = {
    "geometric_sum": geometric_sum_math, "geometric_sum_from_one": geometric_sum_from_one_math,
    "growth_sum": _growth_sum, "growth": _in_numpy(growth_array), "power_sum": _power_sum,
    "sum_over": lambda term, first, last: math.fsum(term(float(k)) for k in _few(first, last)),
    "product_over": lambda term, first, last: math.prod(term(float(k)) for k in _few(first, last))}


@lru_cache(maxsize=1024)
def scalar_function(expression: sp.Expr, symbols: tuple[sp.Symbol, ...]) -> Callable[..., float]:
    """A function of Python floats that returns one.

    It raises an `ArithmeticError` or a `ValueError`, or returns a value that is not finite, where an intermediate
    value leaves the range of doubles; such points are for `numeric.scaled`.
    """
    names = {**{name: _in_numpy(function) for name, function in NUMPY_FUNCTIONS.items()}, **_NAMES}
    settings = {"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True,
                "user_functions": {name: name for name in names}}
    function = printed_function((in_power_sums(expression),), symbols, _ScalarPrinter(settings), names, ["math"])
    return lambda *values: function(*values)[0]
