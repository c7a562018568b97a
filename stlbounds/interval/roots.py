"""Where a function of one variable changes its sign: certified brackets, by bisection with enclosures."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from stlbounds.interval.arithmetic import Arithmetic
from stlbounds.interval.bounding import at_point, exact_sign
from stlbounds.interval.domain import Box
from stlbounds.interval.tape import Tape, compiled

__all__ = ["Bracket", "sign_changes"]


@dataclass(frozen=True)
class Bracket:
    """An interval in which a function may vanish.

    Parameters
    ----------
    low, high : Fraction
        The interval; neighbouring integers for an integer variable.
    before, after : int
        Signs at its ends (0 where the value is exactly 0 or could not be told from it).
    unique : bool
        Whether there is exactly one change of sign in the interval; False: none or several, it is too narrow to tell.
    """

    low: Fraction
    high: Fraction
    before: int
    after: int
    unique: bool


def _sign(expression: sp.Expr, tape: Tape, arithmetic: Arithmetic, box: Box, at: Fraction) -> int:
    low, high = at_point(tape, arithmetic, box.fixed(box.active[0], at).center())
    if low > 0 or high < 0:
        return 1 if low > 0 else -1
    return exact_sign(expression, box.point(box.fixed(box.active[0], at).center())) or 0


def sign_changes(expression: sp.Expr, box: Box, arithmetic: Arithmetic, *, tolerance: float = 1e-10,
                 deadline: float = math.inf) -> tuple[Bracket, ...] | None:
    """All places of a bounded range at which an expression changes its sign or vanishes.

    Parameters
    ----------
    expression : sympy.Expr
        Continuous in the one free variable of the box, unless that is an integer.
    box : Box
        With exactly one range, bounded.
    arithmetic : Arithmetic
        Of the enclosures.
    tolerance : float
        Width of the brackets, relative to the range.
    deadline : float
        A value of `time.perf_counter` at which to give up.

    Returns
    -------
    tuple of Bracket or None
        Outside of the brackets the expression is not 0; None if the time was too short.
    """
    place = box.active[0]
    tape = compiled(expression, box.symbols)
    width = (Fraction(box.high[place]) - Fraction(box.low[place])) * Fraction(tolerance)
    found: list[Bracket] = []
    stack = [box]
    with arithmetic.working():
        while stack:
            if time.perf_counter() > deadline or len(found) > 1000:
                return None
            part = stack.pop()
            if not part.active:
                if _sign(expression, tape, arithmetic, box, Fraction(part.low[place])) == 0:
                    found.append(Bracket(Fraction(part.low[place]), Fraction(part.low[place]), 0, 0, True))
                continue
            value, (slope,) = tape.run(arithmetic, part.intervals(arithmetic), [place])
            if value[0] > 0 or value[1] < 0:
                continue
            low, high = Fraction(part.low[place]), Fraction(part.high[place])
            monotone = slope[0] > 0 or slope[1] < 0
            before, after = (_sign(expression, tape, arithmetic, box, end) for end in (low, high))
            if monotone and before * after > 0:
                continue
            if not box.integer[place] and (high - low <= width or (before * after < 0 and high - low <= width)):
                found.append(Bracket(low, high, before, after, bool(monotone and before * after <= 0)))
                continue
            stack += part.split(place, part.middle(place))[::-1]
        if box.integer[place]:
            return _between_integers(expression, tape, arithmetic, box, found, deadline)
    return _merged(found)


def _between_integers(expression: sp.Expr, tape: Tape, arithmetic: Arithmetic, box: Box, zeros: list[Bracket],
                      deadline: float) -> tuple[Bracket, ...] | None:
    """Neighbouring integers with different signs, by bisection of stretches on which the function is monotone."""
    place = box.active[0]
    found = list(zeros)
    stack = [(Fraction(box.low[place]), Fraction(box.high[place]))]
    while stack:
        if time.perf_counter() > deadline:
            return None
        low, high = stack.pop()
        before, after = (_sign(expression, tape, arithmetic, box, end) for end in (low, high))
        if high - low <= 1:
            if before * after < 0:
                found.append(Bracket(low, high, before, after, True))
            continue
        part = box.narrowed(place, low, high)
        value, (slope,) = tape.run(arithmetic, part.intervals(arithmetic), [place])
        if value[0] > 0 or value[1] < 0 or ((slope[0] >= 0 or slope[1] <= 0) and before * after > 0):
            continue
        middle = Fraction((int(low) + int(high)) // 2)
        stack += [(middle, high), (low, middle)]
    return tuple(sorted(found, key=lambda bracket: bracket.low))


def _merged(found: list[Bracket]) -> tuple[Bracket, ...]:
    """Brackets that touch, as one; it is unique if the signs at its ends differ and one part was."""
    merged: list[Bracket] = []
    for bracket in sorted(found, key=lambda item: item.low):
        if merged and bracket.low <= merged[-1].high:
            last = merged.pop()
            bracket = Bracket(last.low, bracket.high, last.before, bracket.after,
                              (last.unique or bracket.unique) and last.after == 0 == bracket.before)
        merged.append(bracket)
    return tuple(merged)
