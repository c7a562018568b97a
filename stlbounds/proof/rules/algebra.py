"""Rules that rewrite: instantiate a family, substitute a bound into a monotone position, use an identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.generation_zero import generation_cases
from stlbounds.interval.signs import Interval, is_nonnegative, within
from stlbounds.proof.claim import INDICES, Check, Printer, Rule, Says
from stlbounds.proof.identities import equal, unrolled, vanishes
from stlbounds.proof.quantities import Quantity
from stlbounds.proof.rules.basic import INDEXED_BY_I
from stlbounds.special import geometric_sum
from stlbounds.symbols import N, entry, i

__all__ = ["GeometricSeries", "Instantiate", "MaxAtMost", "Recurrence", "Rewrite", "Substitute", "nondecreasing",
           "unfold"]

Index = tuple[tuple[sp.Symbol, sp.Expr], ...]

# Fixed dummies, so that a replayed check is equal to the recorded one.
_LESS, _MORE = sp.Dummy("x", nonnegative=True), sp.Dummy("y", nonnegative=True)
_VALUE = sp.Dummy("x", nonnegative=True)


def unfold(expression: sp.Expr, definitions: dict[sp.Symbol, sp.Expr]) -> sp.Expr:
    """The expression without named parts; definitions may build on each other but not in a circle."""
    for _ in range(len(definitions) + 1):
        if not expression.has(*definitions):
            return expression
        expression = expression.xreplace(definitions)
    raise AssumptionError(f"the definitions of {', '.join(map(str, definitions))} are circular")


def _admissible(index: sp.Symbol, value: sp.Expr, limits: tuple[sp.Tuple, ...]) -> bool:
    """Whether ``value`` is provably an integer in the range of ``index`` wherever the sums' limits allow."""
    # A size such as (1 + lam) n is a whole number wherever the loop exists, which SymPy cannot know.
    if index != N and value.is_integer is not True:
        return False
    gaps = [value - entry(index).range.low]
    for variable, first, last in limits:
        steps = sp.Dummy("m", integer=True, nonnegative=True)
        gaps = [gap.subs(variable, end) for gap in gaps for end in (last - steps, first + steps)]
    return any(is_nonnegative(sp.expand(gap)) for gap in gaps)


def _instantiated(says: Says, index: Index, limits: tuple[sp.Tuple, ...] = ()) -> Says:
    for variable, value in index:
        if variable not in INDICES:
            raise AssumptionError(f"{variable} is a parameter of the setting, not an index of the claim")
        if not _admissible(variable, value, limits):
            raise UndecidedError(f"cannot show that {value} is in the range of the index {variable}")
        if variable == i and sp.Tuple(says.lhs, says.rhs).has(*INDEXED_BY_I):
            raise AssumptionError(f"unfold {', '.join(map(str, INDEXED_BY_I))} before replacing i: they depend on it")
        if any(value.has(part.limits[0][0]) for part in says.rhs.atoms(sp.Sum)):
            raise AssumptionError(f"{value} would be captured by a sum in {says.rhs}")
    where = dict(index)
    return Says(says.lhs.subs(where, simultaneous=True), says.rhs.subs(where, simultaneous=True), says.relation,
                says.events)


def nondecreasing(expression: sp.Expr, part: sp.Expr, known: Mapping[sp.Expr, Interval] | None = None) -> bool:
    """Whether ``expression`` is provably nondecreasing in its nonnegative subexpression ``part``.

    Inside a sum its index lies between the limits (``known``): ``1 - 1/g`` is no number below 0 from ``g = 1`` on.
    """
    if expression == part or not expression.has(part):
        return True
    if isinstance(expression, (sp.Add, sp.Max, sp.Min)):
        return all(nondecreasing(argument, part, known) for argument in expression.args)
    if isinstance(expression, sp.Mul):
        return all(is_nonnegative(argument, known) and nondecreasing(argument, part, known)
                   for argument in expression.args)
    if isinstance(expression, sp.Pow):
        base, exponent = expression.args
        return (not exponent.has(part) and is_nonnegative(exponent, known) and is_nonnegative(base, known)
                and nondecreasing(base, part, known))
    if isinstance(expression, sp.Sum):
        return (not sp.Tuple(*expression.limits).has(part)
                and nondecreasing(expression.function, part, within(expression.limits, known)))
    return False


class Instantiate(Rule):
    """A family of statements, at particular values of its indices."""

    title = "special case"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, index: Index) -> Says:
        (family,) = premises
        return _instantiated(family, index)

    @classmethod
    def explain(cls, tex: Printer, *, index: Index, **_: Any) -> str:
        values = ", ".join(f"${tex(symbol)} = {tex(value)}$" for symbol, value in index)
        return f"Take {values}."


class Substitute(Rule):
    """From ``x <= f(y)`` and ``y <= u``, with ``f`` nondecreasing in ``y``: ``x <= f(u)``.

    The second premise may be instantiated on the way (``index``); inside a sum over ``G`` its values may depend on
    ``G``. Events of both premises are united, so that a shared one counts once.
    """

    title = "substitution into a monotone position"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, index: Index = ()) -> Says:
        outer, family = premises
        sums = [part for part in outer.rhs.atoms(sp.Sum) if part.has(type(family.lhs))]
        limits = tuple(limit for part in sums for limit in part.limits)
        inner = _instantiated(family, index, limits)
        outside = outer.rhs.xreplace({part: sp.Dummy() for part in sums})
        if any(inner.lhs.has(variable) for variable, _, _ in limits) and outside.has(inner.lhs):
            raise UndecidedError(f"{inner.lhs} occurs both under a sum and outside it")
        if not isinstance(inner.lhs, Quantity):
            raise AssumptionError(f"{inner.lhs} is not a quantity that can be replaced by its bound")
        if not outer.rhs.has(inner.lhs):
            raise AssumptionError(f"{inner.lhs} does not occur in {outer.rhs}")
        if not all(nondecreasing(case, _LESS) for case in generation_cases(outer.rhs.xreplace({inner.lhs: _LESS}))):
            raise UndecidedError(f"cannot show that {outer.rhs} is nondecreasing in {inner.lhs}")
        monotone = Check(outer.rhs.xreplace({inner.lhs: _LESS}), outer.rhs.xreplace({inner.lhs: _LESS + _MORE}))
        result = outer.rhs.xreplace({inner.lhs: inner.rhs})
        return Says(outer.lhs, result, "<=", outer.events | inner.events, (monotone,))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "The right side is nondecreasing in the quantity that is replaced by its bound."


class Rewrite(Rule):
    """The same statement with its right side in another form; named parts may be unfolded or introduced."""

    title = "rewriting"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, rhs: sp.Expr) -> Says:
        says, *given = premises
        if any(definition.relation != "=" for definition in given):
            raise AssumptionError("every premise but the first must be a definition")
        definitions = {definition.lhs: definition.rhs for definition in given}
        old, new = unfold(says.rhs, definitions), unfold(rhs, definitions)
        if not equal(old, new):
            raise AssumptionError(f"{says.rhs} and {rhs} are not identical")
        return Says(says.lhs, rhs, says.relation, says.events, (Check(old, new, "="),))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "Rewriting."


class GeometricSeries(Rule):
    """Every geometric sum over an index in closed form: ``t(g) = t(b) q**(b-g)`` sums to ``t(b) geo(q, b-a+1)``."""

    title = "geometric series"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        (says,) = premises
        found = sorted(says.rhs.atoms(sp.Sum), key=str)
        if not found:
            raise AssumptionError(f"there is no sum in {says.rhs}")
        closed = {part: cls._closed(part) for part in found}
        checks = tuple(Check(part, value, "=") for part, value in closed.items())
        return Says(says.lhs, says.rhs.xreplace(closed), says.relation, says.events, checks)

    @staticmethod
    def _closed(part: sp.Sum) -> sp.Expr:
        if len(part.limits) != 1:
            raise UndecidedError(f"{part} is not a single sum")
        if part.function == 0:
            return sp.S.Zero
        variable, first, last = part.limits[0]
        back = sp.Dummy("m", integer=True, nonnegative=True)
        term = part.function.subs(variable, last - back)
        start = part.function.subs(variable, last)
        ratio = sp.powsimp(part.function.subs(variable, last - 1) / start)
        if ratio.has(variable) or not vanishes(term - start * ratio**back):
            raise UndecidedError(f"the terms of {part} are not shown to be geometric")
        if not _admissible(variable, last + 1 - first, ()):
            raise UndecidedError(f"cannot show that {part} has a nonnegative number of terms")
        return start * geometric_sum(ratio, last - first + 1)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "Sum the geometric series."


class Recurrence(Rule):
    """``x(j+1) <= a(j) + b(j) x(j)`` and ``x(0) <= u(0)`` give ``x(j) <= u(j)``, by induction on ``j``.

    The first premise is the recurrence, the second the base case; further ones are definitions. The closed form ``u``
    must satisfy the recurrence with equality and the base case, as exact identities; ``b(j) >= 0`` must be proved.
    """

    title = "solving the recurrence"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, index: sp.Symbol, closed: sp.Expr) -> Says:
        step, base, *given = premises
        definitions = {definition.lhs: definition.rhs for definition in given}
        if {step.relation, base.relation} != {"<="} or any(d.relation != "=" for d in given):
            raise AssumptionError("a recurrence needs two inequalities, then definitions")
        if step.events or base.events or step.is_random:
            raise AssumptionError("a recurrence is solved for deterministic quantities only")
        if index not in INDICES or entry(index).range.low != 0 or base.lhs.has(index):
            raise AssumptionError(f"the recurrence must run over an index from 0 on, not {index}")
        start = sp.S.Zero
        quantity = step.lhs.subs(index, index - 1)
        if quantity.subs(index, start) != base.lhs:
            raise AssumptionError(f"the base case must bound {quantity.subs(index, start)}, not {base.lhs}")
        bound = step.rhs.xreplace({quantity: _VALUE})
        slope, rest = bound.diff(_VALUE), bound.subs(_VALUE, 0)
        if slope.has(_VALUE):
            raise AssumptionError(f"{step.rhs} is not affine in {quantity}")
        if not is_nonnegative(sp.factor_terms(unfold(slope, definitions))):
            raise UndecidedError(f"cannot show that the coefficient {slope} is nonnegative")
        closed_now = unfold(closed, definitions)
        closed_next = closed_now.subs(index, index + 1)
        follows = unfold(rest + slope * closed, definitions)
        if not equal(follows, closed_next):
            others = ", ".join(sorted(map(str, follows.atoms(Quantity))))
            why = f"; it rests on {others} too, and this rule knows a memory of one generation only" if others else ""
            raise AssumptionError(f"{closed} does not satisfy the recurrence: {follows} is not {closed_next}{why}")
        first = unrolled(closed_now.subs(index, start))
        if not is_nonnegative(first - unfold(base.rhs, definitions)):
            raise AssumptionError(f"{closed} is {first} at the start, below {base.rhs}")
        checks = (Check(follows, closed_next, "="), Check(base.rhs, first), Check(sp.S.Zero, slope))
        return Says(quantity, closed, "<=", frozenset(), checks)

    @classmethod
    def explain(cls, tex: Printer, *, index: sp.Symbol, **_: Any) -> str:
        return f"By induction on ${tex(index)}$, since the right side satisfies this recurrence with equality."


class MaxAtMost(Rule):
    """From ``x <= max(a_1, ..., a_m)``: ``x <= u``, where ``u`` equals each ``a_k`` or ``a_k + rest`` with
    ``rest >= 0``.

    Premises after the first are definitions.
    """

    title = "the larger of the two"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, rhs: sp.Expr, rest: sp.Expr) -> Says:
        says, *given = premises
        definitions = {definition.lhs: definition.rhs for definition in given}
        if says.relation != "<=" or any(definition.relation != "=" for definition in given):
            raise AssumptionError("the first premise must be an inequality, the others definitions")
        if not is_nonnegative(unfold(rest, definitions)):
            raise UndecidedError(f"cannot show that {rest} is nonnegative")
        new = unfold(rhs, definitions)
        parts = [unfold(part, definitions) for part in sp.Max.make_args(says.rhs)]
        for part in parts:
            if not (equal(part, new) or equal(part + unfold(rest, definitions), new)):
                raise AssumptionError(f"{rhs} is neither {part} nor {part} + {rest}")
        return Says(says.lhs, rhs, "<=", says.events, tuple(Check(part, new) for part in parts))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "The right side is the largest of the cases."
