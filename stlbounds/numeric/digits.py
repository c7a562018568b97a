"""Evaluation to any number of digits, with rationals kept exact."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import mpmath
import sympy as sp

from stlbounds.errors import InvalidArgumentError, UndecidedError
from stlbounds.growth import MPMATH_FUNCTIONS

__all__ = ["compiled_mpmath", "to_digits"]

_MAX_DIGITS = 100_000


@lru_cache(maxsize=256)
def compiled_mpmath(expression: sp.Expr, symbols: tuple[sp.Symbol, ...]) -> Callable[..., Any]:
    """A function of the symbols' values, mpmath numbers, in the working precision at its call."""
    function: Callable[..., Any] = sp.lambdify(
        symbols, expression, modules=[MPMATH_FUNCTIONS, "mpmath"])
    return function


def to_digits(expression: sp.Expr, values: dict[sp.Symbol, sp.Rational], digits: int) -> sp.Float:
    """The value of ``expression`` to ``digits`` significant digits.

    The working precision is doubled until two evaluations agree.

    Parameters
    ----------
    expression : sympy.Expr
        What to evaluate.
    values : dict of sympy.Symbol to sympy.Rational
        Exact values of all its symbols.
    digits : int
        From 1 to 100 000.

    Returns
    -------
    sympy.Float

    Raises
    ------
    InvalidArgumentError
        If `digits` is out of range.
    UndecidedError
        If the evaluations do not settle.
    """
    if not isinstance(digits, int) or isinstance(digits, bool) or not 1 <= digits <= _MAX_DIGITS:
        raise InvalidArgumentError("digits", digits, f"an integer in [1, {_MAX_DIGITS}]")
    symbols = tuple(sorted(values, key=str))
    function = compiled_mpmath(expression, symbols)
    previous = None
    for doubling in range(8):
        with mpmath.workdps((digits + 15) << doubling):
            value = mpmath.mpf(function(*(mpmath.mpf(int(v.p)) / int(v.q) for v in (values[s] for s in symbols))))
            if previous is not None and abs(value - previous) <= abs(value) * mpmath.mpf(10) ** (-digits - 5):
                return sp.Float(value, digits)
            previous = value
    raise UndecidedError(f"{digits} digits could not be confirmed by doubling the precision")
