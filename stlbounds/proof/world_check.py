"""Statements evaluated in an exact world: every instance of a statement, with the numbers on both sides.

Fractions are compared exactly, roots and logarithms at 40 digits. A right side that is undefined or infinite (``oo``
excepted) counts as false. A statement with events is false when it fails more often than the events allow.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import sympy as sp

from stlbounds.errors import InvalidArgumentError, StlboundsError
from stlbounds.proof.claim import INDICES, Says
from stlbounds.proof.quantities import RANDOM, Deviation, Gap, Quantity
from stlbounds.symbols import RANK, N, delta

__all__ = ["Counterexample", "OutsideWorld", "Trial", "trials"]

DIGITS = 40
_RELATIVE_SLACK = sp.Float("1e-25", DIGITS)
_ABSOLUTE_SLACK = sp.Float("1e-35", DIGITS)
#: Failure probabilities at which statements about ``delta`` are tried.
DELTAS = tuple(map(sp.Rational, ("1/1000", "1/20", "1/4", "1/2", "9/10", "99/100")))
_CRITICAL = 12


class OutsideWorld(StlboundsError):
    """A quantity with these indices does not exist in a world, so that an instance of a claim says nothing there."""


class Enumerated(Protocol):
    """What is needed of a world."""

    generations: int

    @property
    def set_sizes(self) -> tuple[int, ...]: ...

    def value(self, quantity: Quantity) -> Fraction: ...

    def gaps(self, generation: int) -> dict[Fraction, Fraction]: ...

    def distribution(self, quantity: Quantity) -> dict[Fraction, Fraction]: ...

    def constants(self) -> dict[sp.Symbol, Fraction]: ...


@dataclass(frozen=True)
class Trial:
    """One instance of a statement, compared in a world.

    Parameters
    ----------
    indices : tuple of (str, sympy.Expr)
        The values of the indices, and of ``delta`` where it occurs.
    lhs, rhs : sympy.Expr
        Both sides; of a random statement, where its left side is largest among the failures, or at all.
    relation : str
        ``"<="`` or ``"="``.
    probability, required : sympy.Expr
        How probable the statement is, and how probable it says it is; both 1 for a deterministic one that holds.
    """

    indices: tuple[tuple[str, sp.Expr], ...]
    lhs: sp.Expr
    rhs: sp.Expr
    relation: str
    probability: sp.Expr
    required: sp.Expr

    @property
    def holds(self) -> bool:
        """Whether the instance is true."""
        return _at_most(self.required, self.probability)


@dataclass(frozen=True)
class Counterexample:
    """A false instance of a statement, and the world in which it is false."""

    world: str
    trial: Trial

    def __str__(self) -> str:
        trial = self.trial
        where = ", ".join(f"{name.lstrip('_')} = {value}" for name, value in trial.indices) or "no indices"
        text = f"{_shown(trial.lhs)} {trial.relation} {_shown(trial.rhs)} is false at {where}"
        if 0 < trial.probability < 1 or trial.required != 1:
            text += f" (it holds with probability {_shown(trial.probability)}, not {_shown(trial.required)})"
        return f"{text}, in {self.world}"


def _shown(number: sp.Expr) -> str:
    return str(number) if number.is_Rational else f"{number} = {sp.N(number, 12)}"


def rational(value: Fraction) -> sp.Rational:
    """The same number for SymPy."""
    return sp.Rational(value.numerator, value.denominator)


# --- comparing ----------------------------------------------------------------------------------------------


def _proper(number: sp.Expr) -> bool:
    return bool(number.is_real) and bool(number.is_finite)


def _at_most(lhs: sp.Expr, rhs: sp.Expr) -> bool:
    if lhs.is_Rational and rhs.is_Rational:
        return bool(lhs <= rhs)
    left, right = sp.N(lhs, DIGITS), sp.N(rhs, DIGITS)
    if rhs is sp.oo:
        return _proper(left)
    if not (_proper(left) and _proper(right)):
        return False
    return bool(left <= right + _RELATIVE_SLACK * max(abs(left), abs(right)) + _ABSOLUTE_SLACK)


def _compare(lhs: sp.Expr, rhs: sp.Expr, relation: str) -> bool:
    return _at_most(lhs, rhs) and (relation == "<=" or _at_most(rhs, lhs))


# --- evaluating ---------------------------------------------------------------------------------------------


class _Point:
    """Values for all symbols of a statement: indices, constants, named parts, and the present random values."""

    def __init__(self, world: Enumerated, known: Mapping[sp.Basic, sp.Expr],
                 definitions: Mapping[sp.Symbol, sp.Expr]) -> None:
        self.world = world
        self.known = dict(known)
        self.definitions = definitions

    def number(self, expression: sp.Basic) -> Any:
        """The value of an expression; sums are expanded before the quantities in them are looked up."""
        if expression in self.known:
            return self.known[expression]
        if isinstance(expression, sp.Symbol):
            if expression not in self.definitions:
                known = ", ".join(sorted(map(str, self.known)))
                raise InvalidArgumentError("values", known, f"such that {expression} has a value",
                                           f"give values={{{expression}: ...}}")
            self.known[expression] = self.number(self.definitions[expression])
            return self.known[expression]
        if isinstance(expression, (sp.Sum, sp.Product)):
            return self._folded(expression, expression.limits)
        if isinstance(expression, sp.Piecewise):
            # Of a case distinction only the case at hand: the others may be undefined here.
            return next((self.number(value) for value, condition in expression.args
                         if self.number(condition) is sp.true), sp.nan)
        arguments = [self.number(argument) for argument in expression.args]
        if isinstance(expression, RANDOM):
            return self.known[expression.func(*arguments)]
        if isinstance(expression, Quantity):
            return rational(self.world.value(expression.func(*arguments)))
        return expression.func(*arguments) if arguments else expression

    def _folded(self, series: sp.Sum | sp.Product, limits: tuple[sp.Tuple, ...]) -> sp.Expr:
        if not limits:
            return self.number(series.function)
        # SymPy lists the innermost limit first.
        variable, first, last = limits[-1]
        start, stop = self.number(first), self.number(last)
        if not (start.is_Integer and stop.is_Integer):
            raise InvalidArgumentError("limits of a sum", f"{start}, {stop}", "integers")
        terms = []
        for value in range(int(start), int(stop) + 1):
            inner = _Point(self.world, {**self.known, variable: sp.Integer(value)}, self.definitions)
            terms.append(inner._folded(series, limits[:-1]))
        return (sp.Add if isinstance(series, sp.Sum) else sp.Mul)(*terms)


def _free_symbols(says: Says, definitions: Mapping[sp.Symbol, sp.Expr]) -> set[sp.Symbol]:
    """The symbols on which a statement depends, directly or through named parts."""
    found: set[sp.Symbol] = set()
    fresh = sp.Tuple(says.lhs, says.rhs, says.failure_probability).free_symbols
    while fresh:
        found |= fresh
        fresh = set().union(*(definitions[s].free_symbols for s in fresh if s in definitions)) - found
    return found


def _instances(world: Enumerated, free: set[sp.Symbol],
               values: Mapping[sp.Symbol, Any]) -> Iterator[dict[sp.Symbol, sp.Expr]]:
    """All values of the indices that occur and are not given."""
    ranges: dict[sp.Symbol, Any] = {N: sorted(set(world.set_sizes)), RANK: range(1, world.set_sizes[0] + 1)}
    indices = [index for index in INDICES if index in free and index not in values]
    everything = range(world.generations + 1)
    for point in itertools.product(*(ranges.get(index, everything) for index in indices)):
        yield dict(zip(indices, map(sp.Integer, point), strict=True))


def _deltas(world: Enumerated, says: Says, point: _Point) -> tuple[sp.Rational, ...]:
    """Failure probabilities to try: for a bare random left side, also just below the weight of each of its tails."""
    if not (says.events and isinstance(says.lhs, RANDOM)):
        return DELTAS
    law = world.distribution(says.lhs.func(point.number(says.lhs.args[0])))
    tails = list(itertools.accumulate(law[value] for value in sorted(law, reverse=True)))
    step = max(1, len(tails) // _CRITICAL)
    return DELTAS + tuple(rational(tail) * sp.Rational(999_999, 1_000_000) for tail in tails[::step])


def trials(world: Enumerated, says: Says, definitions: Mapping[sp.Symbol, sp.Expr],
           values: Mapping[sp.Symbol, Any]) -> Iterator[Trial]:
    """Each instance of a statement that makes sense in a world, compared there.

    Raises
    ------
    InvalidArgumentError
        If a symbol has no value, or random quantities of several generations occur together.
    """
    if says.relation == "=" and isinstance(says.lhs, sp.Symbol):
        return
    free = _free_symbols(says, definitions)
    constants = {symbol: rational(value) for symbol, value in world.constants().items() if symbol not in definitions}
    given = {symbol: sp.Rational(value) if isinstance(value, Fraction) else sp.sympify(value, strict=True)
             for symbol, value in values.items()}
    for indices in _instances(world, free, given):
        point = _Point(world, {**constants, **given, **indices}, definitions)
        try:
            chances = _deltas(world, says, point) if delta in free and delta not in given else (None,)
            for chance in chances:
                extra = {} if chance is None else {delta: chance}
                inner = _Point(world, {**constants, **given, **indices, **extra}, definitions)
                yield _trial(inner, says, tuple((s.name, v) for s, v in (indices | extra).items()))
        except OutsideWorld:
            continue


def _trial(point: _Point, says: Says, indices: tuple[tuple[str, sp.Expr], ...]) -> Trial:
    required = 1 - point.number(says.failure_probability)
    if not says.is_random:
        lhs, rhs = point.number(says.lhs), point.number(says.rhs)
        return Trial(indices, lhs, rhs, says.relation, sp.Integer(_compare(lhs, rhs, says.relation)), required)
    generations = {point.number(part.args[0]) for part in sp.Tuple(says.lhs, says.rhs).atoms(*RANDOM)}
    if len(generations) != 1:
        raise InvalidArgumentError("statement", says, "about random quantities of one generation")
    (generation,) = generations
    law = point.world.gaps(generation)
    mean = sum((g * p for g, p in law.items()), Fraction(0))
    # A right side without random parts is the same for every outcome.
    common = None if says.rhs.atoms(*RANDOM) else point.number(says.rhs)
    probability = Fraction(0)
    shown: tuple[sp.Expr, sp.Expr] | None = None
    failed = False
    # In this order the failure that is shown is the one with the largest gap.
    for g, weight in sorted(law.items(), key=lambda outcome: abs(outcome[0])):
        point.known[Gap(generation)] = rational(abs(g))
        point.known[Deviation(generation)] = rational(abs(g - mean))
        lhs, rhs = point.number(says.lhs), point.number(says.rhs) if common is None else common
        if _compare(lhs, rhs, says.relation):
            probability += weight
            shown = shown if failed else (lhs, rhs)
        else:
            shown, failed = (lhs, rhs), True
    lhs, rhs = shown or (sp.nan, sp.nan)
    return Trial(indices, lhs, rhs, says.relation, rational(probability), required)
