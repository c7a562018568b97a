"""Evaluation to any number of digits, with rationals kept exact."""

from __future__ import annotations

import mpmath
import sympy as sp

from stlbounds.compiled import mpmath_function
from stlbounds.errors import InvalidArgumentError, UndecidedError

__all__ = ["to_digits"]

_MAX_DIGITS = 100_000


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
        Or the number 0, where the value is exactly that.

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
    function = mpmath_function(expression, symbols)
    previous = None
    for doubling in range(8):
        with mpmath.workdps((digits + 15) << doubling):
            value = mpmath.mpf(function(*(mpmath.mpf(int(v.p)) / int(v.q) for v in (values[s] for s in symbols))))
            settled = previous is not None and abs(value - previous) <= abs(value) * mpmath.mpf(10) ** (-digits - 5)
            # Two zeros may be one small number that both precisions lost.
            if settled and (value != 0 or expression.xreplace(values).is_zero):
                return sp.Float(value, digits)
            previous = value
    raise UndecidedError(f"{digits} digits could not be confirmed by doubling the precision")
