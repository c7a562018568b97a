"""Certified enclosures: an interval that contains every value of an expression over numbers and ranges."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError, UndecidedError
from stlbounds.interval.arithmetic import Name, arithmetic
from stlbounds.interval.domain import Box, box_of, shown
from stlbounds.interval.search import Least, least_value
from stlbounds.numeric.values import checked_names
from stlbounds.shown import Shown
from stlbounds.symbols import i
from stlbounds.theorems.statement import Statement

__all__ = ["Enclosure", "decimal_text", "enclose", "enclose_statement"]

End = Fraction | float


def decimal_text(value: End, digits: int, *, upwards: bool) -> str:
    """A rational with ``digits`` significant digits, rounded down or up."""
    if isinstance(value, float):
        return "inf" if value > 0 else "-inf"
    context = Context(prec=digits, rounding=ROUND_CEILING if upwards else ROUND_FLOOR, Emax=10**12, Emin=-(10**12))
    return str(context.divide(Decimal(value.numerator), Decimal(value.denominator)))


@dataclass(frozen=True)
class Enclosure(Shown):
    """An interval that contains every value.

    Parameters
    ----------
    lower, upper : Fraction or float
        End points, rounded outwards: exact rationals, or infinities.
    inner : tuple of Fraction or float
        Two values between which (up to rounding) the range surely reaches: it is at least this wide.
    boxes : int
        How many boxes were looked at.
    arithmetic : str
        ``"arb"`` or ``"mpmath"``.
    """

    lower: End
    upper: End
    inner: tuple[End, End]
    boxes: int
    arithmetic: str

    @property
    def width(self) -> End:
        """``upper - lower``."""
        return self.upper - self.lower

    @property
    def excess(self) -> End:
        """By how much the interval may be wider than the range of the values."""
        return self.width - max(self.inner[1] - self.inner[0], Fraction(0))

    @property
    def midpoint(self) -> End:
        """The middle of the interval."""
        return (self.lower + self.upper) / 2

    def contains(self, value: Any) -> bool:
        """Whether a number lies in the interval."""
        if isinstance(value, str):
            raise InvalidArgumentError("value", repr(value[:60]), "a number")
        number = value if isinstance(value, (int, Fraction)) else sp.S(value)
        if isinstance(number, sp.Expr):
            if number.is_infinite:
                return bool((number > 0 and self.upper == math.inf) or (number < 0 and self.lower == -math.inf))
            if not number.is_Rational and not number.is_Float:
                raise InvalidArgumentError("value", value, "a number")
            rational = sp.Rational(number)
            number = Fraction(int(rational.p), int(rational.q))
        return bool(self.lower <= number <= self.upper)

    __contains__ = contains

    def text(self, digits: int = 12) -> str:
        """``[lower, upper]`` in decimals, rounded outwards.

        Parameters
        ----------
        digits : int
            Significant digits of each end.
        """
        return (f"[{decimal_text(self.lower, digits, upwards=False)}, "
                f"{decimal_text(self.upper, digits, upwards=True)}]")

    def __str__(self) -> str:
        return self.text()


def enclose(expression: sp.Expr, domain: Mapping[Any, Any], *, width: float | None = None,
            relative_width: float | None = None, boxes: int = 16, digits: int = 15, arithmetic_name: Name | None = None,
            budget: float = 10.0) -> Enclosure:
    r"""An interval that contains every value of an expression over a box.

    Parameters
    ----------
    expression : sympy.Expr
        In declared symbols, or in any that `domain` names.
    domain : mapping
        By symbol or name: a number or a pair of end points, for every symbol.
    width, relative_width : float, optional
        How much wider than the range of the values the interval may be, absolutely or as a part of that range; the box
        is then cut until this is reached.
    boxes : int
        How many boxes may be looked at, if no width is asked for.
    digits : int
        Working precision, in decimal digits.
    arithmetic_name : {"arb", "mpmath"}, optional
        Which intervals to use; by default Arb's where python-flint is installed.
    budget : float
        Seconds after which to give up on a width.

    Raises
    ------
    UndecidedError
        If the width is not reached within the budget, or a function has no enclosure.

    Examples
    --------
    >>> from stlbounds.symbols import alpha, i
    >>> found = enclose(alpha * (1 - alpha) ** i, {"alpha": (0.25, 0.5), "i": (1, 2)}, relative_width=1e-6)
    >>> found.text(4), Fraction(1, 4) in found
    ('[0.1249, 0.2501]', True)
    """
    if not isinstance(digits, int) or isinstance(digits, bool) or not 1 <= digits <= 100_000:
        raise InvalidArgumentError("digits", digits, "an integer in [1, 100000]")
    if not isinstance(boxes, int) or isinstance(boxes, bool) or boxes < 2:
        raise InvalidArgumentError("boxes", boxes, "an integer, at least 2")
    for name, asked in (("width", width), ("relative_width", relative_width)):
        if asked is not None and not asked > 0:
            raise InvalidArgumentError(name, asked, "positive")
    numbers = arithmetic(arithmetic_name, max(96, math.ceil(digits * 3.33) + 40))
    box = box_of(expression.free_symbols, domain)
    asked_for_width = width is not None or relative_width is not None
    ends = _both_ends(expression, box, numbers, most=50_000 if asked_for_width else boxes // 2,
                      absolute=(width or 0.0) / 2, relative=relative_width,
                      deadline=time.perf_counter() + budget if asked_for_width else math.inf)
    low, high = ends
    found = Enclosure(low.low, -high.low, (low.high, -high.high), low.boxes + high.boxes, numbers.name)
    if asked_for_width and not (_narrow(found, width, relative_width)):
        raise UndecidedError(f"the interval is {shown(found.excess)} wider than the range of the values after "
                             f"{found.boxes} boxes and {budget:g} s; ask for a larger width, smaller ranges or "
                             f"more time")
    return found


def _narrow(found: Enclosure, width: float | None, relative_width: float | None) -> bool:
    if isinstance(found.excess, float) and math.isinf(found.excess):
        return False
    allowed = [Fraction(width)] if width is not None else []
    if relative_width is not None:
        allowed.append(Fraction(relative_width) * max(Fraction(found.inner[1]) - Fraction(found.inner[0]), Fraction(0)))
    # A single point has no width to compare with; rounding is all there is.
    point = Fraction(1, 2**80) * max(abs(Fraction(found.lower)), abs(Fraction(found.upper)))
    return bool(found.excess <= max([*allowed, point]))


def _both_ends(expression: sp.Expr, box: Box, numbers: Any, *, most: int, absolute: float, relative: float | None,
               deadline: float) -> tuple[Least, Least]:
    """The least value of the expression and of its negative."""
    found = [least_value(part, box, numbers, absolute=absolute, relative=0.0, deadline=deadline,
                         most_boxes=most if relative is None else 2) for part in (expression, -expression)]
    if relative is None:
        return found[0], found[1]
    # The range itself is only known roughly at first: each side may use up half of the allowance.
    for _ in range(6):
        reach = -found[1].high - found[0].high
        excess = (found[0].high - found[0].low) + (found[1].high - found[1].low)
        if excess <= max(Fraction(relative) * reach, 2 * absolute) or time.perf_counter() > deadline:
            break
        goal = max(reach * Fraction(relative) / Fraction(201, 100), absolute)
        found = [least_value(part, box, numbers, absolute=goal, relative=0.0, deadline=deadline, most_boxes=most)
                 for part in (expression, -expression)]
    return found[0], found[1]


def enclose_statement(bound: Statement, values: Mapping[str, Any], **options: Any) -> Enclosure:
    """An enclosure of a bound; see `Numbers.enclose`."""
    checked_names(values, bound.expr.free_symbols, bound.constants)
    if "i" in values:
        bound._check_horizon(box_of((i,), {i: values["i"]}).high[0])
    # Values of symbols that have dropped out are checked, too.
    box_of(bound.constants, values)
    occurring = {symbol.name for symbol in bound.expr.free_symbols}
    return enclose(bound.expr, {name: value for name, value in values.items() if name in occurring}, **options)
