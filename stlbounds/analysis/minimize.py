"""The value of a parameter at which a bound is least: in closed form, or as a certified global minimum."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from stlbounds.analysis.minimize_closed import Closed, closed_minimiser
from stlbounds.errors import InvalidArgumentError, SymbolError, UndecidedError
from stlbounds.interval.arithmetic import arithmetic
from stlbounds.interval.certificates import ByBoxes
from stlbounds.interval.domain import Box, box_of, infinite, shown
from stlbounds.interval.rewriting import holds_at_once
from stlbounds.interval.search import Least, least_value, prove_nonnegative
from stlbounds.interval.tape import compiled
from stlbounds.numeric.enclose import decimal_text
from stlbounds.shown import Shown
from stlbounds.special import geometric_sum
from stlbounds.symbols import entry, exact
from stlbounds.symbols import i as generations

__all__ = ["Minimum", "after_many_generations", "minimize_expression"]

End = Fraction | float


@dataclass(frozen=True)
class Minimum(Shown):
    """Where a function is least, and how small it is there.

    Parameters
    ----------
    variable : sympy.Symbol
        The variable.
    low, high : sympy.Expr
        The range on which it is minimised.
    at : sympy.Expr
        The minimiser: exact in closed form, else a rational point whose value is at most the upper end of `value`.
    exact : bool
        Whether `at` is a closed form.
    least : sympy.Expr or None
        The least value as an expression, with a closed form.
    value : tuple of Fraction or float, or None
        An interval that contains the least value; None if symbols are left.
    where : tuple of (Fraction, Fraction)
        Every minimiser lies in one of these intervals; empty with a closed form.
    certificate : Closed or tuple of ByBoxes
        The derivation, or subdivisions that prove the lower end of `value` on the whole range, and larger values
        outside of `where`.
    boxes : int
        How many boxes were looked at; 0 with a closed form.
    """

    variable: sp.Symbol
    low: sp.Expr
    high: sp.Expr
    at: sp.Expr
    exact: bool
    least: sp.Expr | None
    value: tuple[End, End] | None
    where: tuple[tuple[End, End], ...]
    certificate: Closed | tuple[ByBoxes, ...]
    boxes: int

    def replay(self) -> bool:
        """Whether the certificate holds, checked again without the search that found it."""
        if isinstance(self.certificate, Closed):
            return self.certificate.replay()
        return all(part.replay() for part in self.certificate)

    def __str__(self) -> str:
        if self.exact:
            how = self.certificate.reason if isinstance(self.certificate, Closed) else ""
            return f"least at {self.variable} = {self.at} ({how})"
        spots = ", ".join(f"[{decimal_text(a, 10, upwards=False)}, {decimal_text(b, 10, upwards=True)}]"
                          for a, b in self.where)
        low, high = self.value or (-math.inf, math.inf)
        value = f"[{decimal_text(low, 12, upwards=False)}, {decimal_text(high, 12, upwards=True)}]"
        return (f"least value in {value}, near {self.variable} = {float(self.at):.6g}, certainly in {spots}; "
                f"{self.boxes} boxes")


def after_many_generations(expression: sp.Expr) -> sp.Expr:
    """The limit as ``i -> oo`` of an expression in geometric sums and powers with ratios below 1.

    Raises
    ------
    UndecidedError
        If a ratio is not proved to lie in ``[0, 1)`` or ``[0, 1]``, or ``i`` occurs elsewhere.
    """
    if expression.has(sp.Piecewise):
        expression = expression.replace(sp.Piecewise, lambda *cases: cases[-1][0])

    def grows(exponent: sp.Expr) -> bool:
        rate = sp.diff(exponent, generations)
        return bool(rate.is_number and rate > 0)

    def fraction(ratio: sp.Expr) -> bool:
        numbers = arithmetic()
        box = box_of(ratio.free_symbols)
        return all(holds_at_once(part, box, numbers) for part in (ratio, 1 - ratio))

    def series(ratio: sp.Expr, terms: sp.Expr) -> sp.Expr:
        return 1 / (1 - ratio) if grows(terms) and fraction(ratio) else geometric_sum(ratio, terms)

    found = expression.replace(geometric_sum, series)
    found = found.replace(lambda part: part.is_Pow and part.exp.has(generations),
                          lambda part: sp.S.Zero if grows(part.exp) and fraction(part.base) else part)
    if found.has(generations):
        raise UndecidedError(f"the limit i -> oo of {expression} needs ratios in [0, 1]; give values that make them so")
    return found


def _prepared(expression: sp.Expr, values: Mapping[Any, Any]) -> sp.Expr:
    """The expression with values put in; ``i = oo`` means the limit."""
    substitution: dict[sp.Symbol, sp.Expr] = {}
    forever = False
    for key, value in values.items():
        symbol = key if isinstance(key, sp.Symbol) else entry(key).symbol
        if value in (sp.oo, math.inf):
            if symbol != generations:
                raise InvalidArgumentError(symbol.name, value, "finite", "only i may be oo")
            forever = True
            continue
        number = exact(symbol.name, value)
        try:
            allowed = entry(symbol).range
        except SymbolError:
            allowed = None
        if number.is_number and allowed is not None and not allowed.contains(number):
            raise InvalidArgumentError(symbol.name, value, str(allowed))
        substitution[symbol] = number
    found = expression.xreplace(substitution)
    found = found.replace(geometric_sum, geometric_sum)
    return after_many_generations(found) if forever else found


def minimize_expression(expression: sp.Expr, variable: sp.Symbol, *, over: tuple[Any, Any] | None = None,
                        tolerance: float = 1e-9, budget: float = 10.0, **values: Any) -> Minimum:
    r"""Where an expression is least, over a range of one variable.

    A closed form is given where the sign of the derivative follows from algebra; other symbols may then stay symbols.
    Otherwise interval branch and bound finds the global minimum, with a certificate; every other symbol needs a value.

    Parameters
    ----------
    expression : sympy.Expr
        What to minimise.
    variable : sympy.Symbol
        In which variable; integers are honoured.
    over : tuple, optional
        Its range, by default the declared one; bounded, unless there is a closed form.
    tolerance : float
        Relative accuracy of the least value, for branch and bound.
    budget : float
        Seconds after which to give up.
    **values
        Exact values by name; ``i=oo`` for the limit of many generations.

    Raises
    ------
    InvalidArgumentError
        If a value is out of range, or the variable has one.
    UndecidedError
        If there is neither a closed form nor a minimum within the budget; the message says what was tried.

    Examples
    --------
    >>> from stlbounds.symbols import M, c, lam, n
    >>> C = sp.Symbol("C", positive=True)
    >>> minimize_expression((M * c * lam + C) / sp.sqrt(n * (1 + lam)), lam).at
    Max(0, C/(M*c) - 2)

    References
    ----------
    Theory §9.
    """
    if variable.name in values:
        raise InvalidArgumentError(variable.name, values[variable.name], "left out", "it is what is minimised over")
    if not 0 < tolerance < 1:
        raise InvalidArgumentError("tolerance", tolerance, "in (0, 1)")
    function = _prepared(expression, values)
    box = box_of([variable], {} if over is None else {variable: tuple(over)})
    low, high = (_sympy(end) for end in (box.low[0], box.high[0]))
    if not function.has(variable):
        raise InvalidArgumentError("variable", variable, "a symbol that the expression contains")
    if not box.integer[0]:
        closed = closed_minimiser(function, variable, low, high)
        if closed is not None:
            least = function.xreplace({variable: closed.at})
            return Minimum(variable, low, high, closed.at, True, least, _value_of(least), (), closed, 0)
    others = sorted(map(str, function.free_symbols - {variable}))
    if others:
        raise UndecidedError(f"no closed form for the minimum over {variable} was found; for a certified global "
                             f"minimum, give values to {', '.join(others)}")
    return _branch_and_bound(function, box, low, high, tolerance, time.perf_counter() + budget)


def _sympy(end: End) -> sp.Expr:
    if isinstance(end, float):
        return sp.oo if end > 0 else -sp.oo
    return sp.Rational(end.numerator, end.denominator)


def _value_of(least: sp.Expr) -> tuple[End, End] | None:
    """An interval around the value of an expression without symbols."""
    if least.free_symbols:
        return None
    numbers = arithmetic()
    if least.has(sp.CRootOf):
        return None
    with numbers.working():
        low, high = compiled(least, ()).run(numbers, [])[0]
    return numbers.exact(low), numbers.exact(high)


def _branch_and_bound(function: sp.Expr, box: Box, low: sp.Expr, high: sp.Expr, tolerance: float,
                      deadline: float) -> Minimum:
    variable = box.symbols[0]
    numbers = arithmetic()
    found = least_value(function, box, numbers, relative=tolerance, deadline=deadline,
                        place_width=1e-3)
    if not found.complete or infinite(found.low):
        state = f"between {shown(found.low)} and {shown(found.high)}"
        hint = "" if box.bounded else "; give a bounded range with over=(low, high)"
        raise UndecidedError(f"the least value over {variable} in {box} is {state} after {found.boxes} boxes; tried a "
                             f"closed form and branch and bound{hint}")
    if any(infinite(end) for part in found.where for end in (*part.low, *part.high)):
        raise UndecidedError(f"the function comes arbitrarily near to its infimum far away, where {variable} is "
                             "unbounded; give a bounded range with over=(low, high)")
    floor = _rounded_down(Fraction(found.low), Fraction(found.high))
    lower = function - sp.Rational(floor.numerator, floor.denominator)
    cover = prove_nonnegative(lower, box, numbers, deadline=deadline)
    if cover.cuts is None:
        raise UndecidedError(f"the lower end of the least value could not be certified: {cover.reason}")
    spots = _spots(found, box)
    certificates = ByBoxes(lower, box, False, cover.cuts), *_outside(function, box, found, spots, deadline)
    return Minimum(variable, low, high, _sympy(found.point[0]), False, None, (floor, found.high), spots, certificates,
                   found.boxes)


def _rounded_down(low: Fraction, high: Fraction) -> Fraction:
    """A short fraction below ``low``, closer to it than ``high`` is, or than rounding."""
    margin = max((high - low) / 8, abs(low) / 2**50, Fraction(1, 2**80))
    target = low - margin
    bits = 8 - math.floor(math.log2(margin)) if margin < 2**1000 else 0
    return Fraction(math.floor(target * 2**bits), 2**bits) if bits > 0 else Fraction(math.floor(target))


def _spots(found: Least, box: Box) -> tuple[tuple[End, End], ...]:
    """The intervals in which the minimisers lie: neighbouring boxes merged, and moved outwards by their widths."""
    merged: list[list[Any]] = []
    for part in sorted(found.where, key=lambda item: item.low[0]):
        a, b = part.low[0], part.high[0]
        if merged and a <= merged[-1][1] + (1 if box.integer[0] else 0):
            merged[-1][1] = max(merged[-1][1], b)
        else:
            merged.append([a, b])
    if box.integer[0]:
        return tuple((a, b) for a, b in merged)
    widened: list[list[Any]] = []
    for a, b in merged:
        margin = max(b - a, Fraction(1, 2**40))
        a, b = max(box.low[0], a - margin), min(box.high[0], b + margin)
        if widened and a <= widened[-1][1]:
            widened[-1][1] = b
        else:
            widened.append([a, b])
    return tuple((a, b) for a, b in widened)


def _outside(function: sp.Expr, box: Box, found: Least, spots: tuple[tuple[End, End], ...],
             deadline: float) -> tuple[ByBoxes, ...]:
    """Certificates that outside of the given intervals the function is above its least value."""
    numbers = arithmetic()
    top = Fraction(found.high)
    difference = function - sp.Rational(top.numerator, top.denominator)
    certificates = []
    start = box.low[0]
    step = 1 if box.integer[0] else 0
    for a, b in (*spots, (math.inf, math.inf)):
        end = min(a - step, box.high[0]) if not infinite(a) else box.high[0]
        if start < end or (box.integer[0] and start == end):
            part = box.narrowed(0, start, end)
            cover = prove_nonnegative(difference, part, numbers, deadline=deadline)
            if cover.cuts is None:
                raise UndecidedError(f"the place of the minimum could not be certified: {cover.reason}")
            certificates.append(ByBoxes(difference, part, False, cover.cuts))
        start = b + step if not infinite(b) else b
    return tuple(certificates)
