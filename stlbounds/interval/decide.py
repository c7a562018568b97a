"""Scalar inequalities on ranges: proved with a certificate, refuted with a point, or undecided."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError, UndecidedError
from stlbounds.interval.arithmetic import Arithmetic, arithmetic
from stlbounds.interval.bounding import at_point, exact_sign, filled
from stlbounds.interval.certificates import (
    ByAlgebra,
    ByBoxes,
    ByReduction,
    ByRoots,
    ByRules,
    BySolver,
    BySquares,
    ByTie,
    Certificate,
    Proved,
    Refuted,
    Undecided,
    Verdict,
)
from stlbounds.interval.domain import Box, box_of
from stlbounds.interval.polynomials import nonnegative_by_roots
from stlbounds.interval.reduction import reductions
from stlbounds.interval.rewriting import REARRANGED, Step, factored, holds_at_once, spread, steps
from stlbounds.interval.search import prove_nonnegative
from stlbounds.interval.solver import no_violation
from stlbounds.interval.squares import stationary_point, sum_of_squares
from stlbounds.interval.tape import compiled
from stlbounds.interval.ties import find_tie, least_face
from stlbounds.symbols import exact

__all__ = ["decide", "decide_nonnegative"]

_RELATIONS = {sp.LessThan: (False, False), sp.StrictLessThan: (False, True), sp.GreaterThan: (True, False),
              sp.StrictGreaterThan: (True, True)}


def decide(inequality: Any, domain: Mapping[Any, Any] | None = None, *, budget: float = 2.0) -> Verdict:
    r"""Whether an inequality holds on ranges of its symbols, wherever both of its sides are defined.

    Parameters
    ----------
    inequality : sympy.core.relational.Relational
        ``lhs <= rhs``, ``<``, ``>=`` or ``>``.
    domain : mapping, optional
        By symbol or name: a number, a pair of end points (infinities allowed), or a `stlbounds.symbols.Range`. Symbols
        that are left out keep their declared ranges.
    budget : float
        Seconds after which to give up.

    Returns
    -------
    Proved, Refuted or Undecided
        With a certificate that can be replayed; with a point; with what was tried.

    Raises
    ------
    InvalidArgumentError
        If it is no inequality, or a range is empty.

    References
    ----------
    Moore 1966 (interval arithmetic), Johansson 2017 (Arb); theory §9 asks for certificates.

    Examples
    --------
    >>> import sympy as sp
    >>> a = sp.Symbol("a", real=True)
    >>> T = sp.Symbol("T", integer=True, nonnegative=True)
    >>> answer = decide(1 - (1 - a) ** T <= a * T, {a: (0, 1)})
    >>> answer.proved, answer.certificate.replay()
    (True, True)
    >>> print(decide(sp.log(1 + a) <= a * sp.Rational(9, 10), {a: (0, 1)}).refuted)
    True
    """
    if not isinstance(budget, (int, float)) or not budget > 0:
        raise InvalidArgumentError("budget", budget, "a positive number of seconds")
    if inequality in (True, False, sp.true, sp.false):
        empty = box_of((), None)
        if inequality in (True, sp.true):
            return Proved("true", empty, ByAlgebra(sp.S.Zero, empty))
        return Refuted("false", empty, {}, (-1.0, -1.0), True)
    kind = next((sides for relation, sides in _RELATIONS.items() if isinstance(inequality, relation)), None)
    if kind is None:
        raise InvalidArgumentError("inequality", inequality, "lhs <= rhs, <, >= or >", "for example sp.log(1 + a) <= a")
    turned, strict = kind
    lhs, rhs = (exact("inequality", side) for side in (inequality.lhs, inequality.rhs))
    larger, smaller = (lhs, rhs) if turned else (rhs, lhs)
    box = box_of(lhs.free_symbols | rhs.free_symbols, domain)
    return decide_nonnegative(larger - smaller, box, strict=strict, budget=budget, statement=str(inequality))


def decide_nonnegative(difference: sp.Expr, box: Box, *, strict: bool = False, budget: float = 2.0,
                       statement: str | None = None, nested: bool = False) -> Verdict:
    """Whether ``difference >= 0`` (``> 0``, if strict) on a box; see `decide`."""
    search = _Search(difference, box, strict, time.perf_counter() + budget, nested)
    text = statement if statement is not None else f"{difference} {'>' if strict else '>='} 0"
    methods = (search.constant, search.algebra, search.sample, search.at_once, search.roots, search.squares,
               search.reduced, search.few_boxes, search.one_rule, search.tie, search.rules, search.solver, search.boxes)
    for method in methods[:-2] if nested else methods:
        try:
            answer = method()
        except UndecidedError as error:
            search.tried.append(str(error))
            continue
        if isinstance(answer, Certificate):
            return Proved(text, box, answer)
        if answer is not None:
            point, gap, exactly = answer
            return Refuted(text, box, box.point(point), gap, exactly)
    return Undecided(text, box, tuple(search.tried))


Violation = tuple[tuple[Fraction, ...], tuple[Fraction | float, Fraction | float], bool]
Answer = Certificate | Violation | None


class _Search:
    """The methods of the decision engine, from the cheap ones to the dear ones."""

    def __init__(self, difference: sp.Expr, box: Box, strict: bool, deadline: float, nested: bool) -> None:
        self.nested = nested
        self.difference, self.box, self.strict, self.deadline = difference, box, strict, deadline
        self.tried: list[str] = []
        self.arithmetic: Arithmetic = arithmetic()

    def violation(self, point: tuple[Fraction, ...]) -> Violation | None:
        """The point with its value, if the inequality fails there."""
        if not self.box.admits(point):
            return None
        tape = compiled(self.difference, self.box.symbols)
        sign = exact_sign(self.difference, self.box.point(point))
        with self.arithmetic.working():
            low, high = (self.arithmetic.exact(end) for end in at_point(tape, self.arithmetic, point))
            if sign is None and high < 0 and not self._defined(point):
                return None
        if sign is not None:
            return (point, (low, high), True) if sign < 0 or (sign == 0 and self.strict) else None
        return (point, (low, high), False) if high < 0 else None

    def _defined(self, point: tuple[Fraction, ...]) -> bool:
        """Whether both sides certainly exist at a point; where they do not, nothing is said and nothing refuted."""
        if filled(self.difference, self.box.point(point)).has(sp.nan, sp.zoo):
            return False
        tape = compiled(self.difference, self.box.symbols)
        return tape.defined(self.arithmetic, [self.arithmetic.number(part) for part in point])

    def constant(self) -> Answer:
        if self.box.active:
            return None
        point = self.box.center()
        value = filled(self.difference, self.box.point(point))
        found = self.violation(point)
        if found is not None:
            return found
        sign = exact_sign(value, {})
        if sign is not None:
            return ByBoxes(self.difference, self.box, self.strict, (None,))
        for bits in (96, 400, 2000):
            finer = arithmetic(bits=bits)
            with finer.working():
                low, high = at_point(compiled(self.difference, self.box.symbols), finer, point)
                refuted = high < 0 and self._defined(point)
            if refuted:
                return point, (finer.exact(low), finer.exact(high)), False
        self.tried.append("600 digits")
        return None

    def algebra(self) -> Answer:
        value = sp.expand(self.difference)
        if value.is_Rational:
            if value > 0 or (value == 0 and not self.strict):
                return ByAlgebra(self.difference, self.box, self.strict)
            point = self.box.center()
            number = Fraction(int(value.p), int(value.q))
            return point, (number, number), True
        return None

    def sample(self) -> Answer:
        """Corners and the centre: most false inequalities fail there."""
        box = self.box
        center = box.center()
        points = [center]
        for place in box.active:
            for end in (box.low[place], box.high[place]):
                if isinstance(end, Fraction):
                    points.append((*center[:place], end, *center[place + 1:]))
        for point in points:
            found = self.violation(point)
            if found is not None:
                return found
        return None

    def at_once(self) -> Answer:
        for form in self.forms():
            if holds_at_once(form, self.box, self.arithmetic, strict=self.strict):
                rest = ByBoxes(form, self.box, self.strict, (None,))
                return rest if form == self.difference else ByRules(self.difference, self.box, self.strict, (
                    _rearranged(self.difference, form),), rest=rest)
        self.tried.append("signs and monotonicity in each variable")
        return None

    def forms(self) -> Iterator[sp.Expr]:
        """The difference, and the same rearranged."""
        yield self.difference
        expanded = spread(self.difference)
        if expanded != self.difference:
            yield expanded
        product = factored(self.difference)
        if product not in (self.difference, expanded):
            yield product

    def squares(self) -> Answer:
        point = stationary_point(self.difference, self.box)
        found = self.violation(point) if point is not None else None
        if found is not None or self.strict:
            return found
        squares = sum_of_squares(self.difference)
        return None if squares is None else BySquares(self.difference, self.box, squares=squares)

    def reduced(self) -> Answer:
        """A simpler difference, decided with a part of the time; its violations are looked for in this one later."""
        if self.nested:
            return None
        for reduction in reductions(self.difference, self.box, self.arithmetic):
            if self.strict and reduction.factors:
                # A factor may be 0 somewhere.
                continue
            box = self.box.onto(reduction.after.free_symbols)
            left = 0.4 * (self.deadline - time.perf_counter())
            answer = decide_nonnegative(reduction.after, box, strict=self.strict, budget=left,
                                        nested=True) if left > 0 else None
            if isinstance(answer, Proved):
                return ByReduction(self.difference, self.box, self.strict, reduction=reduction, rest=answer.certificate)
            if isinstance(answer, Refuted):
                center = dict(zip(self.box.symbols, self.box.center(), strict=True))
                point = tuple(Fraction(int(value.p), int(value.q)) if (value := answer.point.get(symbol)) is not None
                              else center[symbol] for symbol in self.box.symbols)
                return self.violation(point)
        return None

    def roots(self) -> Answer:
        found = nonnegative_by_roots(self.difference, self.box, strict=self.strict)
        if found is True:
            return ByRoots(self.difference, self.box, self.strict)
        if found is not None and found is not False:
            place = self.box.active[0]
            center = self.box.center()
            return self.violation((*center[:place], Fraction(int(found.p), int(found.q)), *center[place + 1:]))
        return None

    def one_rule(self) -> Answer:
        return self._with_rules(1)

    def rules(self) -> Answer:
        found = self._with_rules(3)
        if found is None:
            self.tried.append("the library of named inequalities")
        return found

    def _with_rules(self, depth: int) -> Certificate | None:
        if self.difference.count_ops() > 400:
            return None
        limit = time.perf_counter() + 0.4 * max(0.0, self.deadline - time.perf_counter())
        return self._lower(self.difference, (), depth, limit, set())

    def _lower(self, difference: sp.Expr, path: tuple[Step, ...], depth: int, limit: float,
               seen: set[sp.Expr]) -> Certificate | None:
        options = []
        for step in steps(difference, self.box, self.arithmetic):
            if time.perf_counter() > limit:
                return None
            if step.after in seen:
                continue
            seen.add(step.after)
            rest = self._close(step.after)
            if rest is not None:
                return ByRules(self.difference, self.box, self.strict, (*path, step), rest=rest)
            options.append(step)
        if depth > 1:
            for step in options:
                found = self._lower(step.after, (*path, step), depth - 1, limit, seen)
                if found is not None:
                    return found
        return None

    def _close(self, rest: sp.Expr) -> Certificate | None:
        """Why what is left is nonnegative, if that is easy."""
        if rest.is_Rational:
            return ByAlgebra(rest, self.box, self.strict) if rest > 0 or (rest == 0 and not self.strict) else None
        if holds_at_once(rest, self.box, self.arithmetic, strict=self.strict):
            return ByBoxes(rest, self.box, self.strict, (None,))
        if nonnegative_by_roots(rest, self.box, strict=self.strict) is True:
            return ByRoots(rest, self.box, self.strict)
        return None

    def few_boxes(self) -> Answer:
        return self._cover(60)

    def boxes(self) -> Answer:
        return self._cover(1_000_000)

    def _cover(self, most: int) -> Answer:
        cover = prove_nonnegative(self.difference, self.box, self.arithmetic, strict=self.strict,
                                  deadline=self.deadline, most_boxes=most)
        if cover.point is not None:
            return self.violation(cover.point)
        if cover.cuts is not None:
            return ByBoxes(self.difference, self.box, self.strict, cover.cuts)
        self.tried.append(f"{cover.boxes} boxes: {cover.reason}")
        return None

    def tie(self) -> Answer:
        if self.strict:
            return None
        face = least_face(self.difference, self.box, self.arithmetic)
        tie = find_tie(self.difference, face, self.arithmetic, self.deadline)
        return ByTie(self.difference, self.box, tie=tie) if tie is not None else None

    def solver(self) -> Answer:
        left = self.deadline - time.perf_counter()
        if left > 0 and no_violation(self.difference, self.box, strict=self.strict, milliseconds=int(300 * left) + 1):
            return BySolver(self.difference, self.box, self.strict)
        return None


def _rearranged(difference: sp.Expr, form: sp.Expr) -> Step:
    """The step that only rearranges."""
    return Step(difference, form, sp.S.Zero, sp.S.Zero, REARRANGED)
