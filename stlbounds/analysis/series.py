"""Asymptotic series in one variable ``x -> oo``: sums of ``c exp(...) x**a log(x)**b log(log(x))**d`` and a remainder.

Exponents and coefficients may contain parameters. Two terms are compared by the sign of a difference of exponents; 
where that depends on the parameters, `Split` asks for a case distinction. Terms are kept unsorted, so that no more
cases are distinguished than the leading term needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from stlbounds.analysis.facts import Facts
from stlbounds.errors import UndecidedError

__all__ = ["NeedsOrder", "Scale", "Series", "exponential", "leading", "logarithm", "power"]

Vector = tuple[sp.Expr, sp.Expr, sp.Expr]
_ZERO: Vector = (sp.S.Zero, sp.S.Zero, sp.S.Zero)
_MANY = 8
_MOST_TERMS = 60


class NeedsOrder(UndecidedError):
    """The remainder hides the leading term: more terms of the expansions are needed."""


def _log(value: sp.Expr) -> sp.Expr:
    """The logarithm of a positive constant, expanded, so that equal ones look alike."""
    return sp.expand_log(sp.log(value), force=True)


@dataclass(frozen=True)
class Scale:
    """``exp(sum of c x**a log(x)**b log(log(x))**d) x**a log(x)**b log(log(x))**d``.

    Parameters
    ----------
    powers : tuple of three sympy.Expr
        Exponents of ``x``, ``log(x)``, ``log(log(x))``.
    growth : tuple of (powers, coefficient)
        The exponent of the exponential; its terms tend to infinity faster than ``log(x)``.
    """

    powers: Vector = _ZERO
    growth: tuple[tuple[Vector, sp.Expr], ...] = ()

    def times(self, other: Scale) -> Scale:
        """The product."""
        powers = tuple(b if a == 0 else a if b == 0 else sp.expand(a + b)
                       for a, b in zip(self.powers, other.powers, strict=True))
        if not self.growth or not other.growth:
            return Scale(powers, self.growth or other.growth)
        total = dict(self.growth)
        for vector, factor in other.growth:
            total[vector] = sp.expand(total.get(vector, sp.S.Zero) + factor)
        kept = [(v, f) for v, f in total.items() if f != 0]
        return Scale(powers, tuple(sorted(kept, key=str) if len(kept) > 1 else kept))

    def to(self, exponent: sp.Expr) -> Scale:
        """The power."""
        powers = tuple(sp.expand(part * exponent) if part != 0 else part for part in self.powers)
        return Scale(powers, tuple((v, sp.expand(f * exponent)) for v, f in self.growth))

    def over(self, other: Scale) -> Scale:
        """The quotient."""
        return self.times(other.to(sp.S.NegativeOne))

    @property
    def numeric(self) -> tuple[sp.Rational, ...] | None:
        """The exponents, comparable, if all are rational numbers and no exponential grows."""
        if self.growth:
            # A vanishing exponential is below all powers; which of two is smaller is not said here.
            vanishing = all(factor.is_Rational and factor < 0 for _, factor in self.growth)
            return (-sp.oo, sp.S.Zero, sp.S.Zero) if vanishing else None
        return self.powers if all(part.is_Rational for part in self.powers) else None

    def direction(self, facts: Facts) -> int:
        """1 where the scale tends to infinity, 0 where it is constant, -1 where it tends to 0."""
        if self.growth:
            lead, factor = self.growth[0]
            for vector, other in self.growth[1:]:
                order = _compare(vector, lead, facts)
                if order > 0:
                    lead, factor = vector, other
                elif order == 0:
                    factor = factor + other
            return facts.sign(factor)
        return _compare(self.powers, _ZERO, facts)

    def expression(self, x: sp.Expr) -> sp.Expr:
        """The scale in the variable ``x``."""
        def product(vector: Vector) -> sp.Expr:
            return sp.Mul(*(base**power for base, power in zip((x, sp.log(x), sp.log(sp.log(x))), vector, strict=True)
                            if power != 0))

        def exponential_of(factor: sp.Expr, exponent: sp.Expr) -> sp.Expr:
            # exp(c log(q) f(x)) as a power of q.
            constant, logarithm = factor.as_independent(sp.log, as_Add=False)
            if isinstance(logarithm, sp.log):
                return logarithm.args[0] ** (constant * exponent)
            return sp.exp(factor * exponent)

        grown = sp.Mul(*(exponential_of(part, product(vector)) for vector, factor in self.growth
                         for part in sp.Add.make_args(factor)))
        return grown * product(self.powers)


def _compare(first: Vector, second: Vector, facts: Facts) -> int:
    for a, b in zip(first, second, strict=True):
        sign = facts.sign(sp.expand(a - b)) if a != b else 0
        if sign:
            return sign
    return 0


ONE = Scale()


class Series:
    """Terms by scale, and remainders: ``O`` of a scale, or little-o of it.

    Parameters
    ----------
    terms : mapping of Scale to sympy.Expr
        Coefficients.
    rest : set of (Scale, bool)
        What the remainder is at most, in sum; with True, what it is of smaller order than.
    """

    def __init__(self, terms: dict[Scale, sp.Expr], rest: Iterable[tuple[Scale, bool]] = ()) -> None:
        self.terms = {scale: factor for scale, factor in terms.items() if factor != 0}
        self.rest = frozenset(rest)
        if len(self.terms) + len(self.rest) > _MANY:
            self._prune()
        if len(self.terms) > _MOST_TERMS:
            raise UndecidedError("the expansion has too many terms")

    def _prune(self) -> None:
        """Drop what a remainder covers, where exponents are numbers: no case is distinguished for that."""
        orders = [(scale.numeric, little) for scale, little in self.rest]
        largest = max((order for order, _ in orders if order is not None), default=None)
        if largest is None or largest[0] == -sp.oo:
            return
        little = all(flag for order, flag in orders if order == largest)

        def covered(scale: Scale, strictly: bool) -> bool:
            order = scale.numeric
            return order is not None and (order < largest or (order == largest and not strictly))

        self.terms = {scale: factor for scale, factor in self.terms.items() if not covered(scale, little)}
        self.rest = frozenset((scale, flag) for scale, flag in self.rest
                              if (scale.numeric == largest and flag == little) or not covered(scale, False))

    @staticmethod
    def constant(value: sp.Expr) -> Series:
        """A series that does not depend on ``x``."""
        return Series({ONE: value})

    def __add__(self, other: Series) -> Series:
        terms = dict(self.terms)
        for scale, factor in other.terms.items():
            terms[scale] = terms.get(scale, sp.S.Zero) + factor
        return Series(terms, self.rest | other.rest)

    def __mul__(self, other: Series) -> Series:
        terms: dict[Scale, sp.Expr] = {}
        for first, a in self.terms.items():
            for second, b in other.terms.items():
                scale = first.times(second)
                terms[scale] = terms.get(scale, sp.S.Zero) + a * b
        rest = {(first.times(scale), little) for first in self.terms for scale, little in other.rest}
        rest |= {(first.times(scale), little) for first in other.terms for scale, little in self.rest}
        rest |= {(a.times(b), p or q) for a, p in self.rest for b, q in other.rest}
        return Series(terms, rest)

    def scaled(self, scale: Scale, factor: sp.Expr) -> Series:
        """The product with one term."""
        return Series({scale.times(old): factor * value for old, value in self.terms.items()},
                      {(scale.times(old), little) for old, little in self.rest})


def leading(series: Series, facts: Facts) -> tuple[Scale, sp.Expr] | None:
    """The largest term, or None for a series that is exactly 0.

    Raises
    ------
    NeedsOrder
        If the remainder may be as large.
    """
    if not series.terms:
        if series.rest:
            raise NeedsOrder("all terms cancel")
        return None
    # Terms without parameters first: they distinguish no cases.
    order = sorted(series.terms, key=lambda scale: len(_symbols(scale)))
    best, factor = order[0], series.terms[order[0]]
    for scale in order[1:]:
        direction = scale.over(best).direction(facts)
        if direction > 0:
            best, factor = scale, series.terms[scale]
        elif direction == 0:
            factor = factor + series.terms[scale]
    for scale, little in series.rest:
        direction = scale.over(best).direction(facts)
        if direction > 0 or (direction == 0 and not little):
            raise NeedsOrder(f"a remainder of order {scale} hides the leading term {best}")
    if facts.sign(factor) == 0:
        kept = {scale: value for scale, value in series.terms.items() if scale.over(best).direction(facts) < 0}
        return leading(Series(kept, series.rest), facts)
    return best, factor


def _symbols(scale: Scale) -> set[sp.Symbol]:
    parts = [*scale.powers, *(part for vector, factor in scale.growth for part in (*vector, factor))]
    return set().union(*(sp.sympify(part).free_symbols for part in parts))


def _relative(series: Series, facts: Facts) -> tuple[Scale, sp.Expr, Series]:
    """The leading term, and the series divided by it, less 1."""
    lead = leading(series, facts)
    if lead is None:
        raise UndecidedError("a root or logarithm of 0 was met")
    scale, factor = lead
    terms: dict[Scale, sp.Expr] = {}
    for other, value in series.terms.items():
        relative = other.over(scale)
        if relative == ONE or relative.direction(facts) == 0:
            terms[ONE] = terms.get(ONE, sp.S.Zero) + value
        else:
            terms[relative] = terms.get(relative, sp.S.Zero) + value / factor
    terms.pop(ONE, None)
    return scale, factor, Series(terms, {(other.over(scale), little) for other, little in series.rest})


def _composed(small: Series, coefficients: list[sp.Expr]) -> Series:
    """``sum of coefficient * small**k``, for a series that tends to 0, with the remainder of the next power."""
    total, current = Series.constant(coefficients[0]), Series.constant(sp.S.One)
    for factor in coefficients[1:]:
        current = current * small
        total = total + current.scaled(ONE, factor)
    count = len(coefficients)
    sizes = {(scale.to(sp.Integer(count)), False) for scale in small.terms}
    return Series(total.terms, total.rest | sizes | small.rest)


def power(series: Series, exponent: sp.Expr, order: int, facts: Facts) -> Series:
    """The power of a series with a positive leading coefficient (any nonzero one for an integer power)."""
    if exponent.is_Integer and 0 <= exponent <= 3:
        result = Series.constant(sp.S.One)
        for _ in range(int(exponent)):
            result = result * series
        return result
    scale, factor, small = _relative(series, facts)
    if not exponent.is_Integer and facts.sign(factor) != 1:
        raise UndecidedError(f"a power {exponent} of something that is not positive was met")
    if not small.terms and not small.rest:
        return Series({scale.to(exponent): factor**exponent})
    return _composed(small, [sp.binomial(exponent, k) if k < 2 else sp.ff(exponent, k) / sp.factorial(k)
                             for k in range(order + 1)]).scaled(scale.to(exponent), factor**exponent)


def logarithm(series: Series, order: int, facts: Facts) -> Series:
    """The logarithm of a series with a positive leading coefficient."""
    scale, factor, small = _relative(series, facts)
    if facts.sign(factor) != 1:
        raise UndecidedError("a logarithm of something that is not positive was met")
    a, b, d = scale.powers
    if d != 0:
        raise UndecidedError("a logarithm of log(log(x)) was met")
    terms = {Scale(vector): value for vector, value in scale.growth}
    whole = Series(terms) + Series({Scale((sp.S.Zero, sp.S.One, sp.S.Zero)): a,
                                    Scale((sp.S.Zero, sp.S.Zero, sp.S.One)): b, ONE: _log(factor)})
    if not small.terms and not small.rest:
        return whole
    return whole + _composed(small, [sp.S.Zero] + [sp.Rational((-1) ** (k + 1), k) for k in range(1, order + 1)])


def exponential(series: Series, order: int, facts: Facts, minus_one: bool = False) -> Series:
    """The exponential of a series (less 1)."""
    scale, factor, small = ONE, sp.S.One, {}
    for part, value in series.terms.items():
        direction = part.direction(facts)
        if direction < 0:
            small[part] = value
        elif direction == 0:
            factor = factor * sp.exp(value)
        elif part == Scale((sp.S.Zero, sp.S.One, sp.S.Zero)):
            scale = scale.times(Scale((value, sp.S.Zero, sp.S.Zero)))
        elif part == Scale((sp.S.Zero, sp.S.Zero, sp.S.One)):
            scale = scale.times(Scale((sp.S.Zero, value, sp.S.Zero)))
        elif part.growth:
            raise UndecidedError("an exponential of an exponential was met")
        else:
            scale = scale.times(Scale(_ZERO, ((part.powers, value),)))
    for part, little in series.rest:
        direction = part.direction(facts)
        if direction > 0 or (direction == 0 and not little):
            raise NeedsOrder("the exponent is not known up to a vanishing remainder")
    rest = Series(small, series.rest)
    coefficients = [1 / sp.factorial(k) for k in range(order + 1)]
    if minus_one and scale == ONE and factor == 1:
        return _composed(rest, [sp.S.Zero, *coefficients[1:]])
    body = (_composed(rest, coefficients) if small or series.rest else Series.constant(sp.S.One)).scaled(scale, factor)
    return body + Series.constant(sp.S.NegativeOne) if minus_one else body
