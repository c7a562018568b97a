"""Rules for sums over generations, by induction: series in closed form, and recurrences with a long memory."""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.growth import growth_sum
from stlbounds.interval.signs import is_nonnegative
from stlbounds.proof.claim import INDICES, Check, Printer, Rule, Says
from stlbounds.proof.identities import equal, unrolled
from stlbounds.proof.rules.algebra import nondecreasing
from stlbounds.symbols import J, i

__all__ = ["InverseSquares", "SeriesByInduction", "StrongRecurrence"]

# Fixed dummies, so that a replayed check is equal to the recorded one.
_SQUARES, _MORE = sp.Dummy("x", nonnegative=True), sp.Dummy("y", nonnegative=True)


class SeriesByInduction(Rule):
    """A sum over the generations up to ``i``, in closed form, by induction on ``i``.

    The terms must obey ``t(g, i+1) = q(i) t(g, i)`` with ``q`` free of ``g``, so that ``T(i+1)`` is ``q(i) T(i)``
    plus the new term; the closed form must obey the same, and agree at ``i = 0``.
    """

    title = "summing over the generations"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, closed: sp.Expr) -> Says:
        (says,) = premises
        sums = says.rhs.atoms(sp.Sum)
        if len(sums) != 1:
            raise AssumptionError(f"{says.rhs} must contain exactly one sum")
        (series,) = sums
        if len(series.limits) != 1:
            raise AssumptionError(f"{series} is not a single sum")
        variable, first, last = series.limits[0]
        term, lag = series.function, last - i
        if not (lag.is_Integer and first.is_Integer):
            raise UndecidedError(f"the limits of {series} are not a generation and i, up to a number")
        ratio = sp.cancel(unrolled(term.subs(i, i + 1)) / unrolled(term))
        if ratio.has(variable):
            raise UndecidedError(f"the terms of {series} do not all grow by one factor: {ratio}")
        newest = term.subs(i, i + 1).subs(variable, last + 1)
        start = sp.Add(*(term.subs(i, 0).subs(variable, g) for g in range(int(first), int(lag) + 1)))
        grown = closed.subs(i, i + 1)
        if not equal(start, closed.subs(i, 0)):
            raise AssumptionError(f"{closed} is {closed.subs(i, 0)} at i = 0, where {series} is {start}")
        if not equal(ratio * closed + newest, grown):
            raise AssumptionError(f"{closed} does not satisfy the recurrence of {series}")
        return Says(says.lhs, says.rhs.xreplace({series: closed}), says.relation, says.events,
                    (Check(series, closed, "="),))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return f"By induction on ${tex(i)}$: from one generation to the next all terms grow by one factor."


class StrongRecurrence(Rule):
    """From ``x(j+1) <= c(j) sum_{m=0..j} a(m) x(m)`` and ``x(0) <= 1``: ``x(j+1) <= u(j+1)``, by strong induction.

    The closed form ``u`` must satisfy ``u(1) = c(0) a(0)`` and ``u(j+2)/c(j+1) = u(j+1)/c(j) + a(j+1) u(j+1)``.
    """

    title = "solving the recurrence with memory"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, closed: sp.Expr) -> Says:
        step, base = premises
        if step.events or base.events or step.is_random or {step.relation, base.relation} != {"<="}:
            raise AssumptionError("a recurrence is solved for deterministic inequalities only")
        quantity = step.lhs.subs(J, J - 1)
        if quantity.subs(J, 0) != base.lhs or base.rhs != 1:
            raise AssumptionError(f"the base case must bound {quantity.subs(J, 0)} by 1")
        front, series = step.rhs.as_independent(sp.Sum)
        if not isinstance(series, sp.Sum) or len(series.limits) != 1:
            raise AssumptionError(f"{step.rhs} is not a factor times a single sum")
        variable, first, last = series.limits[0]
        if first != 0 or last != J or front.has(variable):
            raise AssumptionError(f"{series} must run over all earlier steps, 0 to {J}")
        earlier = quantity.subs(J, variable)
        outside, weight = (series.function / earlier).as_independent(variable, as_Add=False)
        front *= outside
        if weight.has(J, earlier) or front.has(earlier):
            raise AssumptionError(f"{series.function} is not a multiple of {earlier} that is fixed for ever")
        if not (is_nonnegative(front) and is_nonnegative(weight)):
            raise UndecidedError(f"cannot show that {front} and {weight} are nonnegative")
        if closed.free_symbols & set(INDICES) - quantity.free_symbols:
            raise AssumptionError(f"{closed} contains an index that {quantity} does not have")
        once = closed.subs(J, 0)
        if not equal(once, front.subs(J, 0) * weight.subs(variable, 0)):
            raise AssumptionError(f"{closed} is {once} after one step")
        follows = front.subs(J, J + 1) * (closed / front + weight.subs(variable, J + 1) * closed)
        later = closed.subs(J, J + 1)
        if not equal(follows, later):
            raise AssumptionError(f"{closed} does not satisfy the recurrence: {follows} is not {later}")
        return Says(step.lhs, closed, "<=", frozenset(), (Check(follows, later, "="), Check(sp.S.Zero, front)))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return f"By strong induction on ${tex(J)}$, since the right side satisfies this recurrence with equality."


class InverseSquares(Rule):
    """``sum over m = 1..i+1 of (i+1)**2/m**2 <= (i+1)**2 pi**2/6``, in a monotone position.

    The left side is ``growth_sum(1, i, 2)``, a partial sum of a series of positive terms, which Euler summed.
    """

    title = "sum of the inverse squares"
    reference = "euler1740"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        (says,) = premises
        squares = growth_sum(sp.S.One, i, sp.Integer(2))
        if says.relation != "<=" or not says.rhs.has(squares):
            raise AssumptionError(f"{says} is not an upper bound with {squares} in it")
        if not nondecreasing(says.rhs.xreplace({squares: _SQUARES}), _SQUARES):
            raise UndecidedError(f"cannot show that {says.rhs} is nondecreasing in {squares}")
        limit = (i + 1) ** 2 * sp.pi**2 / 6
        monotone = Check(says.rhs.xreplace({squares: _SQUARES}), says.rhs.xreplace({squares: _SQUARES + _MORE}))
        return Says(says.lhs, says.rhs.xreplace({squares: limit}), "<=", says.events, (Check(squares, limit), monotone))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return r"A partial sum of positive terms is at most the whole series, $\sum_{m \ge 1} m^{-2} = \pi^2/6$."
