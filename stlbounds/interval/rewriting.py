"""Lowering a difference term by term with the named inequalities, and checking such steps again."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sympy as sp

from stlbounds.errors import StlboundsError
from stlbounds.interval.arithmetic import Arithmetic
from stlbounds.interval.bounding import lower_bound
from stlbounds.interval.domain import Box
from stlbounds.interval.faces import nonnegative_face
from stlbounds.interval.inequalities import Offer, offers
from stlbounds.interval.tape import compiled

__all__ = ["REARRANGED", "Step", "factored", "holds_at_once", "spread", "step_holds", "steps"]

#: Stands for a step that only rearranges.
REARRANGED = Offer("algebra", False, sp.S.Zero)


@dataclass(frozen=True)
class Step:
    """``before = coefficient * atom + rest >= coefficient * bound + rest = after``.

    Parameters
    ----------
    before, after : sympy.Expr
        The difference before and after the step.
    coefficient, atom : sympy.Expr
        What the step works on.
    offer : Offer
        The bound on the atom; an upper one needs a coefficient ``<= 0``, a lower one ``>= 0``.
    """

    before: sp.Expr
    after: sp.Expr
    coefficient: sp.Expr
    atom: sp.Expr
    offer: Offer

    def __str__(self) -> str:
        if self.offer == REARRANGED:
            return f"rearranged: {self.after}"
        relation = "<=" if self.offer.upper else ">="
        return f"{self.atom} {relation} {self.offer.bound} ({self.offer.rule})"


def holds_at_once(expression: sp.Expr, box: Box, arithmetic: Arithmetic, *, strict: bool = False) -> bool:
    """Whether one look at the whole box proves ``expression >= 0``."""
    if expression.is_Rational:
        return bool(expression > 0 if strict else expression >= 0)
    if expression.has(sp.zoo, sp.nan):
        return False
    try:
        tape = compiled(expression, box.symbols)
        with arithmetic.working():
            lower = lower_bound(tape, arithmetic, box)
            if lower.low > 0 or (lower.low >= 0 and not strict):
                return True
            return not strict and nonnegative_face(expression, lower)
    except StlboundsError:
        return False


def _outside(expression: sp.Expr, operation: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    """An operation on an expression whose functions count as symbols."""
    functions = [part for part in expression.atoms(sp.Function) if not isinstance(part, (sp.Max, sp.Min, sp.Piecewise))]
    outer = sorted(functions, key=sp.count_ops, reverse=True)
    frozen = {part: sp.Dummy(f"f{number}", real=True, nonnegative=part.is_nonnegative)
              for number, part in enumerate(outer)}
    kept = operation(expression.xreplace(frozen))
    back = {dummy: part for part, dummy in frozen.items()}
    return kept.xreplace(back)


def spread(expression: sp.Expr) -> sp.Expr:
    """The expression multiplied out, but not inside of functions."""
    return _outside(expression, sp.expand)


def factored(expression: sp.Expr) -> sp.Expr:
    """The expression as a product, if it is a rational function of symbols and functions, and not long."""

    def product(plain: sp.Expr) -> sp.Expr:
        short = plain.count_ops() < 150 and plain.is_rational_function(*plain.free_symbols)
        return sp.factor(plain) if short else plain

    return _outside(expression, product)


def _nonnegative(expression: sp.Expr, box: Box, arithmetic: Arithmetic) -> bool:
    """Whether a condition holds, in one of its forms."""
    return any(holds_at_once(form, box, arithmetic) for form in dict.fromkeys((expression, spread(expression))))


def _divisors(expression: sp.Expr) -> set[sp.Expr]:
    return {sp.expand(part.base) for part in expression.atoms(sp.Pow) if part.exp.could_extract_minus_sign()}


def step_holds(step: Step, box: Box, arithmetic: Arithmetic) -> bool:
    """Check a step: the library makes the offer, its conditions and the coefficient's sign hold, the algebra fits."""
    if step.offer == REARRANGED:
        difference = step.before - step.after
        return bool(sp.expand(difference) == 0 or _outside(difference, sp.cancel) == 0)
    if step.offer not in offers(step.atom):
        return False
    new = _divisors(step.offer.bound) - _divisors(step.before)
    if isinstance(step.atom, sp.log):
        # Where the logarithm is defined, its argument is positive.
        new.discard(sp.expand(step.atom.args[0]))
    if any(not holds_at_once(part, box, arithmetic, strict=True) for part in new):
        return False
    if not all(_nonnegative(condition, box, arithmetic) for condition in step.offer.conditions):
        return False
    signed = -step.coefficient if step.offer.upper else step.coefficient
    if not _nonnegative(signed, box, arithmetic):
        return False
    left = sp.expand(step.before - step.coefficient * step.atom - step.after + step.coefficient * step.offer.bound)
    return bool(left == 0)


def _splits(term: sp.Expr) -> Iterator[tuple[sp.Expr, sp.Expr]]:
    """A term as coefficient times atom, in every way that the library may know."""
    # Quotients of exponentials do not cancel by themselves, so factors are left out instead.
    factors = list(sp.Mul.make_args(term))
    moving = [place for place, factor in enumerate(factors) if not factor.is_number]
    for places in (*((place,) for place in moving), *itertools.combinations(moving, 2)):
        rest = [factor for place, factor in enumerate(factors) if place not in places]
        yield sp.Mul(*rest), sp.Mul(*(factors[place] for place in places))


def steps(difference: sp.Expr, box: Box, arithmetic: Arithmetic) -> Iterator[Step]:
    """Every step that the library offers on a difference, checked."""
    forms = dict.fromkeys((difference, spread(difference)))
    for form in forms:
        for term in sp.Add.make_args(form):
            for coefficient, atom in _splits(term):
                for offer in offers(atom):
                    if sp.expand(offer.bound - atom) == 0:
                        continue
                    after = spread(form - term + coefficient * offer.bound)
                    if after.has(sp.zoo, sp.nan, sp.oo):
                        continue
                    step = Step(difference, after, coefficient, atom, offer)
                    if step_holds(step, box, arithmetic):
                        yield step
