"""z3 (extra ``prove``) as a helper for polynomial inequalities in several variables."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp

from stlbounds.interval.domain import Box, infinite

__all__ = ["available", "no_violation"]


def available() -> bool:
    """Whether z3 is installed."""
    from importlib.util import find_spec

    return find_spec("z3") is not None


def _translated(z3: Any, expression: sp.Expr, names: dict[sp.Symbol, Any]) -> Any:
    if expression.is_Rational:
        return z3.Q(int(expression.p), int(expression.q))
    if expression.is_Symbol:
        return names[expression]
    if expression.is_Add:
        return z3.Sum([_translated(z3, part, names) for part in expression.args])
    if expression.is_Mul:
        return z3.Product([_translated(z3, part, names) for part in expression.args])
    if expression.is_Pow and expression.exp.is_Integer and expression.exp > 0:
        return z3.Product([_translated(z3, expression.base, names)] * int(expression.exp))
    raise ValueError(f"{expression} is no polynomial")


def no_violation(expression: sp.Expr, box: Box, *, strict: bool = False, milliseconds: int = 500) -> bool | None:
    """Whether z3 proves that a polynomial with rational coefficients is nonnegative on a box.

    Integer variables count as real ones.

    Returns
    -------
    bool or None
        True if there is no violation; None if z3 is missing, there is one for real numbers, the expression is no
        polynomial, or the time is over.
    """
    if not expression.is_polynomial(*box.symbols) or not available():
        return None
    import z3  # type: ignore[import-untyped]

    names = {symbol: z3.Real(f"x{number}") for number, symbol in enumerate(box.symbols)}
    solver = z3.SolverFor("QF_NRA")
    solver.set("timeout", milliseconds)
    for symbol, low, high in zip(box.symbols, box.low, box.high, strict=True):
        if not infinite(low):
            solver.add(names[symbol] >= z3.Q(Fraction(low).numerator, Fraction(low).denominator))
        if not infinite(high):
            solver.add(names[symbol] <= z3.Q(Fraction(high).numerator, Fraction(high).denominator))
    try:
        difference = _translated(z3, sp.expand(expression), names)
    except ValueError:
        return None
    solver.add(difference <= 0 if strict else difference < 0)
    return True if solver.check() == z3.unsat else None
