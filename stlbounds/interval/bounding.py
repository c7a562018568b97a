"""Lower bounds of a function over a box: natural enclosure, monotonicity in each variable, and the mean-value form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from stlbounds.generation_zero import added_up
from stlbounds.interval.arithmetic import Arithmetic, Interval
from stlbounds.interval.domain import Box, infinite, nearest
from stlbounds.interval.tape import Tape

__all__ = ["Lower", "at_point", "exact_sign", "filled", "lower_bound", "upper_at"]

#: So many terms of a sum are added exactly.
_TERMS = 256


@dataclass(frozen=True)
class Lower:
    """A lower bound over a box, and the face that monotonicity leaves.

    Parameters
    ----------
    low : number of the arithmetic
        At most every value.
    face : Box
        A face of the box on which the least value over the box is attained (if it is attained at all).
    weights : dict of int to float
        How much each free variable of the face contributes to the uncertainty.
    """

    low: Any
    face: Box
    weights: dict[int, float]


def lower_bound(tape: Tape, arithmetic: Arithmetic, box: Box) -> Lower:
    """A lower bound of the tape over a box; call it inside ``arithmetic.working()``.

    Where the divided differences in a variable have one sign, the variable is put to the end of its range at which the
    function is least, and the search goes on in that face. In a face without such a variable the mean-value form
    ``f(c) + sum_k s_k (x_k - c_k)`` is compared with the natural enclosure.
    """
    low = arithmetic.minus_inf
    while True:
        active = box.active
        value, slopes = tape.run(arithmetic, box.intervals(arithmetic), active)
        low = max(low, value[0])
        reduced = box
        for place, slope in zip(active, slopes, strict=True):
            if slope[0] >= 0 and not infinite(box.low[place]):
                reduced = reduced.fixed(place, box.low[place])
            elif slope[1] <= 0 and not infinite(box.high[place]):
                reduced = reduced.fixed(place, box.high[place])
        if reduced is box:
            break
        box = reduced
    weights: dict[int, float] = {}
    finite = bool(active) and box.bounded
    if finite:
        center = box.center()
        base = tape.run(arithmetic, [arithmetic.number(part) for part in center])[0]
        total: Interval = (base[0], base[0])
    for place, slope in zip(active, slopes, strict=True):
        if finite:
            spread = arithmetic.subtract(arithmetic.interval(box.low[place], box.high[place]),
                                         arithmetic.number(center[place]))
            total = arithmetic.add(total, arithmetic.multiply(slope, spread))
        width = nearest(box.high[place]) - nearest(box.low[place])
        steepness = float(slope[1]) - float(slope[0])
        weights[place] = steepness * width if math.isfinite(steepness * width) else math.inf
    if finite:
        low = max(low, total[0])
    return Lower(low, box, weights)


def at_point(tape: Tape, arithmetic: Arithmetic, point: tuple[Fraction, ...]) -> Interval:
    """An enclosure of the value at a rational point."""
    return tape.run(arithmetic, [arithmetic.number(part) for part in point])[0]


def upper_at(tape: Tape, arithmetic: Arithmetic, point: tuple[Fraction, ...]) -> Any:
    """A number at least the value at a point, hence at least the minimum."""
    return at_point(tape, arithmetic, point)[1]


def filled(expression: sp.Expr, values: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """The expression with values for symbols; ``nan`` where `Max` and `Min` refuse them, which compare real numbers."""
    try:
        return expression.xreplace(values)
    except ValueError:
        return sp.nan


def _rational(total: sp.Sum) -> sp.Expr:
    """A short sum of rational terms as their sum, perhaps of none, which SymPy leaves alone; others as they are."""
    found = added_up(total, _TERMS)
    return found if found.is_Rational else total


def exact_sign(expression: sp.Expr, values: dict[sp.Symbol, sp.Rational]) -> int | None:
    """The sign of the value at a rational point where SymPy can tell it exactly, else None."""
    found = filled(expression, values)
    if found.has(sp.Sum):
        found = found.replace(lambda part: isinstance(part, sp.Sum), _rational)
    if found.is_Rational:
        return int(sp.sign(found))
    if found.free_symbols or found.has(sp.nan, sp.zoo, sp.oo, sp.I):
        return None
    expanded = sp.expand(found) if found.count_ops() < 200 else found
    if expanded.is_Rational:
        return int(sp.sign(expanded))
    return None
