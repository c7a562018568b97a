"""Evaluation to any number of digits, with rationals kept exact: in Arb's balls if installed, else by mpmath."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import mpmath
import sympy as sp

from stlbounds.compiled import mpmath_function
from stlbounds.errors import InvalidArgumentError, UndecidedError
from stlbounds.numeric.balls import ball, ball_code, flint, has_flint
from stlbounds.numeric.preparing import LARGEST_ROOT, exponents, from_distances, prepared, with_roots
from stlbounds.power_sums import in_power_sums
from stlbounds.precision import PRECISION, kept

__all__ = ["to_digits"]

_MAX_DIGITS = 100_000
_DOUBLINGS = 8
_BITS = math.log2(10)


@lru_cache(maxsize=1024)
def _balls(expression: sp.Expr, symbols: tuple[sp.Symbol, ...]) -> Any:
    """From the values, the code in balls that suits them; None where a function or python-flint is missing."""
    if not has_flint():
        return None
    ready = prepared(expression)
    places = [(symbol, symbols.index(symbol)) for symbol in exponents(ready) if symbol in symbols]

    @lru_cache(maxsize=64)
    def code(*chosen: sp.Rational | None) -> Any:
        known = zip((symbol for symbol, _ in places), chosen, strict=True)
        return ball_code(with_roots(ready, tuple(pair for pair in known if pair[1] is not None)), symbols)

    try:
        code(*(None for _ in places))
    except UndecidedError:
        return None
    # Other values are all one key: a bound may have delta in an exponent, which hardly comes twice.
    return lambda values: code(*(value if value.q <= 2 and abs(value.p) <= LARGEST_ROOT * value.q else None
                                 for value in (values[place] for _, place in places)))


@lru_cache(maxsize=4096)
def _rounded(numerator: int, denominator: int, precision: int) -> Any:
    """The ball around a fraction at a precision, which `flint.ctx` has at the time of the call."""
    module = flint()
    return module.arb(int(numerator)) if denominator == 1 else module.arb(
        module.fmpq(int(numerator), int(denominator)))


def _normal(mantissa: int, exponent: int) -> Any:
    """A number as mpmath keeps it, with an odd mantissa, which those of Arb are already."""
    if mantissa & 1 and mpmath.libmp.BACKEND == "python":
        return int(mantissa < 0), abs(mantissa), exponent, mantissa.bit_length()
    return mpmath.libmp.from_man_exp(mantissa, exponent)


def _by_balls(function: Any, values: list[sp.Rational], digits: int) -> sp.Expr | None:
    """The midpoint of a ball whose radius proves all digits, or None if no precision gives one."""
    context, code = flint().ctx, function(values)
    before = context.prec
    try:
        for doubling in range(_DOUBLINGS):
            context.prec = precision = int(((digits + 8) << doubling) * _BITS) + 20
            value = ball(code(*(_rounded(value.p, value.q, precision) for value in values))[0])
            if value.is_zero():
                return sp.S.Zero
            if value.rel_accuracy_bits() > (digits + 1) * _BITS:
                mantissa, exponent = value.mid().man_exp()
                return sp.Float._new(_normal(int(mantissa), int(exponent)), mpmath.libmp.dps_to_prec(digits))
    except UndecidedError:
        pass
    finally:
        context.prec = before
    return None


def _by_mpmath(expression: sp.Expr, symbols: tuple[sp.Symbol, ...], values: list[sp.Rational],
               digits: int) -> sp.Expr | None:
    """A value on which two precisions agree, each twice the one before, or None if none do."""
    function, previous = mpmath_function(in_power_sums(from_distances(expression)), symbols), None
    for doubling in range(_DOUBLINGS):
        with kept(mpmath.workdps((digits + 15) << doubling)):
            value = mpmath.mpf(function(*(mpmath.mpf(int(value.p)) / int(value.q) for value in values)))
            settled = previous is not None and abs(value - previous) <= abs(value) * mpmath.mpf(10) ** (-digits - 5)
            # Two zeros may be one small number that both precisions lost.
            if settled and (value != 0 or expression.xreplace(dict(zip(symbols, values, strict=True))).is_zero):
                return sp.Float(value, digits)
            previous = value
    return None


def to_digits(expression: sp.Expr, values: dict[sp.Symbol, sp.Rational], digits: int, *, balls: bool = True) -> sp.Expr:
    """The value of ``expression`` to ``digits`` significant digits.

    With python-flint, the radius of a ball proves the digits. Without it, the working precision is doubled until two
    evaluations agree.

    Parameters
    ----------
    expression : sympy.Expr
        What to evaluate.
    values : dict of sympy.Symbol to sympy.Rational
        Exact values of all its symbols.
    digits : int
        From 1 to 100 000.
    balls : bool
        Whether python-flint may be used.

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
    symbols, exact = tuple(values), list(values.values())
    function = _balls(expression, symbols) if balls else None
    with PRECISION:
        value = None if function is None else _by_balls(function, exact, digits)
    if value is None:
        value = _by_mpmath(expression, symbols, exact, digits)
    if value is None:
        raise UndecidedError(f"{digits} digits could not be confirmed by doubling the precision")
    return value
