"""Evaluation in balls (python-flint's Arb): code generated from an expression, with a proven radius."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any

import sympy as sp

from stlbounds.errors import MissingDependencyError
from stlbounds.numeric.arithmetic import function_over
from stlbounds.power_sums import in_power_sums

__all__ = ["ball", "ball_code", "ball_function", "flint", "has_flint"]


@lru_cache(maxsize=1)
def flint() -> ModuleType:
    """The package python-flint.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        import flint as module
    except ImportError as error:
        raise MissingDependencyError("balls need python-flint: pip install 'stlbounds[fast]'") from error
    return module


def has_flint() -> bool:
    """Whether python-flint is installed."""
    try:
        flint()
    except MissingDependencyError:
        return False
    return True


def ball(value: Any) -> Any:
    """A number as a ball at the working precision: exact for integers and doubles, rounded outwards for rationals.

    Parameters
    ----------
    value : int, float, fractions.Fraction, sympy.Rational, flint.fmpq or flint.arb
        The number. Everything that enters a call into python-flint goes through here: version 0.9 crashes the
        interpreter on unbound calls with other types.
    """
    module = flint()
    arb = module.arb
    if type(value) is arb:
        return value
    if isinstance(value, (int, float, module.fmpq, module.fmpz)):
        return arb(value)
    numerator, denominator = (int(part) for part in ((value.p, value.q) if isinstance(value, sp.Rational)
                                                     else (value.numerator, value.denominator)))
    return module.arb(module.fmpq(numerator, denominator))


@lru_cache(maxsize=1024)
def ball_code(expression: sp.Expr, symbols: tuple[sp.Symbol, ...]) -> Callable[..., Sequence[Any]]:
    """The code of `ball_function`: takes balls alone, and returns a list of one ball or number."""
    from stlbounds.numeric.ball_functions import BALL_FUNCTIONS, BALL_OPERATIONS

    flint()
    return function_over((in_power_sums(expression),), symbols, BALL_OPERATIONS, BALL_FUNCTIONS)


@lru_cache(maxsize=1024)
def ball_function(expression: sp.Expr, symbols: tuple[sp.Symbol, ...]) -> Callable[..., Any]:
    """A function of balls that returns a ball: it contains every value of the expression at points of the arguments.

    Parameters
    ----------
    expression : sympy.Expr
        Anything that bounds contain: arithmetic, powers, `geometric_sum`, `growth`, `growth_sum`, `listed`, the layer
        functions of transformers, sums, products, cases, ``Max``, ``Min``, ``log``, ``exp``, ``tanh``, ``erf``,
        ``gamma``, ``zeta``, ``harmonic``.
    symbols : tuple of sympy.Symbol
        Its free symbols, in the order of the arguments.

    Returns
    -------
    callable
        Takes one argument per symbol, a ``flint.arb`` or an exact number (int, float, `Fraction`, SymPy rational),
        and evaluates at the precision of ``flint.ctx`` at the time of the call. Arguments may be wide: integer-valued
        ones (limits of sums, conditions) then stand for all integers inside. The result is ``nan`` where nothing is
        known, for instance when a divisor contains 0.

    Raises
    ------
    UndecidedError
        If a function has no evaluation in balls.
    MissingDependencyError
        If python-flint is not installed.

    Notes
    -----
    A root or a real power of a ball that reaches below 0 is taken of its nonnegative part: the result contains all
    values that are real. So a radicand that is nonnegative, but not visibly so, does no harm.

    Examples
    --------
    >>> from stlbounds.special import geometric_sum
    >>> from stlbounds.symbols import alpha, i
    >>> value = ball_function(geometric_sum(1 - alpha, i), (alpha, i))(sp.Rational(1, 2), 3)
    >>> value.contains(flint().fmpq(7, 4)), value.rad() < 1e-12
    (True, True)
    """
    function = ball_code(expression, symbols)

    def evaluate(*values: Any) -> Any:
        return ball(function(*map(ball, values))[0])

    return evaluate
