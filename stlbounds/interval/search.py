"""Branch and bound over boxes: proofs that a function is nonnegative, and certified global minima."""

from __future__ import annotations

import heapq
import itertools
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from stlbounds.interval.arithmetic import Arithmetic
from stlbounds.interval.bounding import Lower, at_point, exact_sign, lower_bound
from stlbounds.interval.domain import Box, infinite, nearest
from stlbounds.interval.faces import nonnegative_face
from stlbounds.interval.tape import Tape, compiled

__all__ = ["Cover", "Least", "cover_holds", "least_value", "prove_nonnegative"]

#: A subdivision in preorder: None for a leaf, ``(variable, value)`` for a cut.
Cuts = tuple[tuple[int, Fraction] | None, ...]


#: Unbounded ranges are not cut beyond this.
_FAR = 2.0**100


@dataclass(frozen=True)
class Cover:
    """What became of a search: a subdivision in which every leaf is nonnegative, a point below 0, or neither."""

    cuts: Cuts | None
    point: tuple[Fraction, ...] | None
    boxes: int
    seconds: float
    reason: str = ""


def _spread(lower: Lower, box: Box) -> int | None:
    """The variable to cut: the one that contributes most to the uncertainty, or None if nothing is left to cut."""
    best, chosen = -1.0, None
    for place in lower.face.active:
        a, b = box.low[place], box.high[place]
        if a == b:
            continue
        size = abs(nearest(a))
        width = math.inf if infinite(a) or infinite(b) else (
            nearest(b - a) / max(1.0, size) if size < math.inf else nearest((b - a) / max(a, -a)))
        if width < 1e-13 and not box.integer[place]:
            continue
        # Cutting further and further out never ends.
        if math.isinf(width) and any(_FAR < max(end, -end) < math.inf for end in (a, b)):
            continue
        weight = lower.weights.get(place, math.inf)
        # Infinite slopes say nothing; the widest range is cut then.
        score = weight if math.isfinite(weight) else 1e300 * min(width, 1e6)
        if score > best:
            best, chosen = score, place
    return chosen


def _holds(expression: sp.Expr, tape: Tape, arithmetic: Arithmetic, box: Box, strict: bool) -> tuple[bool, Lower]:
    """Whether the function is proved nonnegative (positive, if strict) on a box."""
    lower = lower_bound(tape, arithmetic, box)
    if lower.low > 0 or (lower.low >= 0 and not strict):
        return True, lower
    return (not strict and nonnegative_face(expression, lower)), lower


def prove_nonnegative(expression: sp.Expr, box: Box, arithmetic: Arithmetic, *, strict: bool = False,
                      deadline: float = math.inf, most_boxes: int = 20_000) -> Cover:
    """Search for a subdivision that proves ``expression >= 0`` on a box, or for a point where it fails.

    Parameters
    ----------
    expression : sympy.Expr
        In the symbols of the box.
    box : Box
        Where.
    arithmetic : Arithmetic
        Of the enclosures.
    strict : bool
        Prove ``> 0`` instead.
    deadline : float
        A value of `time.perf_counter` at which to give up.
    most_boxes : int
        How many boxes to look at.
    """
    started = time.perf_counter()
    tape = compiled(expression, box.symbols)
    cuts: list[tuple[int, Fraction] | None] = []
    stack = [box]
    boxes = 0
    breaks = _breaks(expression, box)
    with arithmetic.working():
        while stack:
            part = stack.pop()
            cut = _at_break(breaks, part)
            if cut is not None:
                cuts.append(cut)
                stack += part.split(*cut)[::-1]
                continue
            boxes += 1
            done, lower = _holds(expression, tape, arithmetic, part, strict)
            if done:
                cuts.append(None)
                continue
            for candidate in filter(box.admits, _candidates(lower.face)):
                value = at_point(tape, arithmetic, candidate)
                if value[1] < 0 or (strict and exact_sign(expression, box.point(candidate)) == 0):
                    return Cover(None, candidate, boxes, time.perf_counter() - started)
            place = _spread(lower, part)
            if place is None or boxes >= most_boxes or time.perf_counter() > deadline:
                why = ("a tie that enclosures cannot tell from a violation, near " if place is None
                       else "out of boxes near " if boxes >= most_boxes else "out of time near ")
                return Cover(None, None, boxes, time.perf_counter() - started, why + str(lower.face))
            at = part.middle(place)
            cuts.append((place, at))
            stack += part.split(place, at)[::-1]
    return Cover(tuple(cuts), None, boxes, time.perf_counter() - started)


def _breaks(expression: sp.Expr, box: Box) -> tuple[tuple[int, Fraction], ...]:
    """Cuts before and behind the integers at which a case distinction of the expression says "equal"."""
    found = []
    for cases in expression.atoms(sp.Piecewise):
        for condition in cases.atoms(sp.Eq):
            if condition.lhs in box.symbols and condition.rhs.is_Integer:
                place = box.symbols.index(condition.lhs)
                if box.integer[place]:
                    found += [(place, Fraction(int(condition.rhs) - 1)), (place, Fraction(int(condition.rhs)))]
    return tuple(dict.fromkeys(found))


def _at_break(breaks: tuple[tuple[int, Fraction], ...], box: Box) -> tuple[int, Fraction] | None:
    return next(((place, at) for place, at in breaks if box.low[place] <= at < box.high[place]), None)


def _candidates(face: Box) -> Iterable[tuple[Fraction, ...]]:
    """Points of a face at which a violation is looked for."""
    yield face.center()
    if len(face.active) <= 2 and face.bounded:
        yield from itertools.product(*({Fraction(a), Fraction(b)} for a, b in zip(face.low, face.high, strict=True)))


def cover_holds(expression: sp.Expr, box: Box, cuts: Cuts, arithmetic: Arithmetic, *, strict: bool = False) -> bool:
    """Check a subdivision again, leaf by leaf, without any search."""
    tape = compiled(expression, box.symbols)
    stack = [box]
    with arithmetic.working():
        for cut in cuts:
            if not stack:
                return False
            part = stack.pop()
            if cut is None:
                if not _holds(expression, tape, arithmetic, part, strict)[0]:
                    return False
                continue
            place, at = cut
            if not part.low[place] <= at <= part.high[place]:
                return False
            stack += part.split(place, at)[::-1]
    return not stack


@dataclass(frozen=True)
class Least:
    """A certified global minimum.

    Parameters
    ----------
    low, high : Fraction or float
        The least value lies between them.
    point : tuple of Fraction
        A point whose value is at most ``high``.
    where : tuple of Box
        Boxes outside of which the value is above ``high``.
    boxes : int
        How many boxes were looked at.
    complete : bool
        Whether the tolerance was reached.
    """

    low: Fraction | float
    high: Fraction | float
    point: tuple[Fraction, ...]
    where: tuple[Box, ...]
    boxes: int
    complete: bool


def least_value(expression: sp.Expr, box: Box, arithmetic: Arithmetic, *, absolute: Fraction | float = 1e-15,
                relative: float = 1e-10, deadline: float = math.inf, most_boxes: int = 5_000,
                place_width: float | None = None) -> Least:
    """The least value of a function over a box, by best-first branch and bound.

    Parameters
    ----------
    expression : sympy.Expr
        In the symbols of the box.
    box : Box
        Where; unbounded ranges are allowed.
    arithmetic : Arithmetic
        Of the enclosures.
    absolute, relative : float
        How far apart the two ends of the answer may be.
    deadline : float
        A value of `time.perf_counter` at which to stop.
    most_boxes : int
        After how many boxes to stop.
    place_width : float, optional
        Go on until each box that may hold a minimiser is at most this part of the whole range, or a tenth of
        `most_boxes` is used up.
    """
    tape = compiled(expression, box.symbols)
    number = itertools.count()
    boxes, finished = 0, []
    best: Any = arithmetic.inf
    point: tuple[Fraction, ...] = box.center()
    heap: list[tuple[Any, int, Box, Lower]] = []
    breaks = _breaks(expression, box)
    with arithmetic.working():

        def push(part: Box) -> None:
            nonlocal best, point, boxes
            cut = _at_break(breaks, part)
            if cut is not None:
                for half in part.split(*cut):
                    push(half)
                return
            boxes += 1
            lower = lower_bound(tape, arithmetic, part)
            if lower.low > best:
                return
            for candidate in _candidates(lower.face):
                value = at_point(tape, arithmetic, candidate)[1]
                # A value counts only where there surely is one.
                if value < best and tape.defined(arithmetic, [arithmetic.number(part) for part in candidate]):
                    best, point = value, candidate
            heapq.heappush(heap, (_Key(lower.low), next(number), part, lower))

        push(box)
        complete = True
        while heap:
            least = heap[0][3].low
            top: Any = arithmetic.exact(best)
            if (isinstance(top, Fraction) or math.isfinite(top)) and least != arithmetic.minus_inf:
                gap = top - arithmetic.exact(least)
                if gap <= absolute or gap <= Fraction(relative) * abs(Fraction(top)):
                    break
            if boxes >= most_boxes or time.perf_counter() > deadline:
                complete = False
                break
            _, _, part, lower = heapq.heappop(heap)
            place = _spread(lower, part)
            if place is None:
                finished.append((lower.low, part))
                continue
            for half in part.split(place, part.middle(place)):
                push(half)
        if place_width is not None and complete:
            # The value is known; what is left is to narrow down the place.
            for _ in range(12):
                wide = [item for item in heap if item[3].low <= best and _widest(item[2], box) > place_width]
                if not wide or boxes + 2 * len(wide) > most_boxes // 10 or time.perf_counter() > deadline:
                    break
                finished += [(item[3].low, item[2]) for item in heap if not any(item is other for other in wide)]
                heap = []
                for item in wide:
                    part = item[2]
                    _, place = max((part.high[at] - part.low[at], at) for at in part.active)
                    for half in part.split(place, part.middle(place)):
                        push(half)
        rest = [(item[3].low, item[2]) for item in heap] + finished
        low = min((item[0] for item in rest), default=best)
        low = min(low, best)
        where = tuple(part for value, part in rest if value <= best)
        return Least(arithmetic.exact(low), arithmetic.exact(best), point, where, boxes, complete)


def _widest(part: Box, whole: Box) -> float:
    """The largest ratio of ranges of a box to those of the whole; 0 if nothing is left to cut."""
    ratios = [0.0]
    for at in part.active:
        full = whole.high[at] - whole.low[at]
        ratios.append(0.0 if infinite(full) else nearest((part.high[at] - part.low[at]) / full))
    return max(ratios)


class _Key:
    """Orders numbers of any arithmetic in a heap."""

    __slots__ = ("number",)

    def __init__(self, number: Any) -> None:
        self.number = number

    def __lt__(self, other: _Key) -> bool:
        return bool(self.number < other.number)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and bool(self.number == other.number)
