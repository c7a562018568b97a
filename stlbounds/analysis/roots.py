"""Where a monotone quantity changes its sign: in closed form, or between two rational numbers."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from stlbounds.analysis.cases import Condition
from stlbounds.analysis.facts import Facts, Split
from stlbounds.errors import UndecidedError
from stlbounds.symbols import entry

__all__ = ["Root", "root_in"]

_WIDTH = sp.Rational(1, 10**12)


@dataclass(frozen=True)
class Root:
    """A root of a monotone quantity.

    Attributes
    ----------
    value : sympy.Expr
        Closed form, or the middle of `bracket`.
    increasing : bool
        Whether the quantity grows with the variable.
    exists : sympy.Basic
        The condition under which the root lies in the range where it otherwise lies at infinity; mostly true.
    bracket : tuple of two sympy.Rational, optional
        Numbers at which the quantity has proved signs, negative at the one and positive at the other.
    """

    value: sp.Expr
    increasing: bool
    exists: sp.Basic = sp.true
    bracket: tuple[sp.Expr, sp.Expr] | None = None


def root_in(quantity: sp.Expr, variable: sp.Symbol) -> Root:
    """The one root of ``quantity`` in ``variable``.

    Raises
    ------
    UndecidedError
        If there is no closed form and the quantity has other symbols, or it is not seen to be monotone.
    """
    numbers: dict[sp.Expr, sp.Dummy] = {}
    opaque = _opaque(quantity, numbers)
    if numbers:
        # Irrational numbers are left alone: sums of them only grow when they are rearranged.
        found = root_in(opaque, variable)
        back = {dummy: number for number, dummy in numbers.items()}
        return Root(found.value.xreplace(back), found.increasing, found.exists.xreplace(back), found.bracket)
    numerator, denominator = sp.fraction(sp.together(quantity))
    numerator = sp.expand(numerator)
    facts = Facts()
    sign = facts.decide(denominator)
    if sign is None:
        raise UndecidedError(f"the sign of {denominator} is not known")
    numerator = numerator * sign
    if numerator.is_polynomial(variable) and sp.degree(numerator, variable) == 1:
        slope, constant = (numerator.coeff(variable, k) for k in (1, 0))
        value = _tidy(-constant / slope, facts)
        steepness = facts.decide(slope)
        if steepness is not None and steepness != 0:
            return Root(value, steepness > 0)
        # A quantity with a sign at the low end passes 0 only where its slope has the other sign.
        side = facts.decide(constant)
        if side in (-1, 1) and entry(variable).range.low == 0:
            return Root(value, side < 0, Condition(-side * slope, (1,)).relation)
        raise UndecidedError(f"whether {quantity} grows with {variable} depends on the sign of {slope}")
    lambert = _lambert(numerator, variable)
    if lambert is not None:
        return lambert
    if quantity.free_symbols != {variable}:
        others = ", ".join(sorted(map(str, quantity.free_symbols - {variable})))
        raise UndecidedError(f"{quantity} = 0 has no closed form in {variable}; give values for {others}")
    return _bracketed(quantity, variable)


def _opaque(expression: sp.Expr, numbers: dict[sp.Expr, sp.Dummy]) -> sp.Expr:
    """The expression with a symbol for every largest part that is a positive sum of irrational numbers."""
    if expression.is_Add and expression.is_number and not expression.is_Rational and expression.is_positive:
        return numbers.setdefault(expression, sp.Dummy(positive=True))
    if not expression.args or expression.is_number:
        return expression
    return expression.func(*(_opaque(part, numbers) for part in expression.args))


def _tidy(value: sp.Expr, facts: Facts) -> sp.Expr:
    """A quotient with a positive denominator, split where that shortens it."""
    numerator, denominator = sp.fraction(sp.cancel(value))
    if facts.decide(denominator) == -1:
        numerator, denominator = -numerator, sp.expand(-denominator)
    parts = sp.Add(*(sp.cancel(part / denominator) for part in sp.Add.make_args(sp.expand(numerator))))
    return min(parts, numerator / denominator, key=sp.count_ops)


def _lambert(numerator: sp.Expr, v: sp.Symbol) -> Root | None:
    """The root of ``a (1 + v) exp(v) - d`` with ``a, d > 0``: ``1 + v >= 1``, so it is on the principal branch."""
    if not numerator.has(sp.exp(v)):
        return None
    factor = sp.expand(numerator).coeff(sp.exp(v), 1)
    rest = sp.expand(numerator - factor * sp.exp(v))
    ratio = sp.cancel(factor / (1 + v))
    facts = Facts()
    if ratio.has(v) or rest.has(v) or facts.decide(ratio) != 1 or facts.decide(rest) != -1:
        return None
    return Root(sp.LambertW(sp.cancel(-rest / ratio) * sp.E) - 1, True)


def _bracketed(quantity: sp.Expr, variable: sp.Symbol) -> Root:
    """Bisection with exact signs, from the low end of the range."""
    def sign(value: sp.Expr) -> int:
        try:
            return Facts().sign(quantity.subs(variable, value))
        except (Split, UndecidedError) as error:
            raise UndecidedError(f"the sign of {quantity} at {variable} = {value} is not known") from error

    values = entry(variable).range
    if values.integer:
        raise UndecidedError(f"{quantity} = 0 has no closed form in the integer {variable}; try its values in turn")
    slope = Facts().decide(sp.expand(sp.diff(quantity, variable)))
    if slope not in (-1, 1):
        raise UndecidedError(f"{quantity} = 0 has no closed form in {variable}, and is not seen to be monotone")
    low = values.low
    at_low, high = sign(low), low + 1
    while sign(high) == at_low:
        high = 2 * high
        if high > 2**60 or (values.high != sp.oo and high > values.high):
            raise UndecidedError(f"{quantity} has no root in {variable} up to {high}")
    while high - low > _WIDTH:
        middle = (low + high) / 2
        low, high = (middle, high) if sign(middle) == at_low else (low, middle)
    return Root((low + high) / 2, at_low < 0, bracket=(low, high))
