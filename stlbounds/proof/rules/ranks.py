"""Rules for ranked points: real points of which every generation uses the first ones, more or fewer (theory §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from stlbounds.compiled import MPMATH_FUNCTIONS, NUMPY_FUNCTIONS
from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.interval.signs import is_nonnegative
from stlbounds.proof.claim import Check, Printer, Rule, Says
from stlbounds.proof.protocol import Protocol
from stlbounds.proof.quantities import DistributionShift, Quantity, RecursiveStability
from stlbounds.proof.rules.algebra import nondecreasing
from stlbounds.proof.rules.influence import label
from stlbounds.sequences import at_most, at_most_array, at_most_mpmath
from stlbounds.symbols import RANK, SOURCE, G, J, n

__all__ = ["RankSum", "RankedStability"]

MPMATH_FUNCTIONS["at_most"] = at_most_mpmath
NUMPY_FUNCTIONS["at_most"] = at_most_array

# Fixed dummies, so that a replayed check is equal to the recorded one.
_ONE, _OTHER = sp.Dummy("a", nonnegative=True), sp.Dummy("b", nonnegative=True)
_USED, _MORE = sp.Dummy("u", nonnegative=True), sp.Dummy("v", nonnegative=True)


@dataclass(frozen=True)
class _Linear:
    """``constant + sum over l = first..last of 1{q <= shares(l) n} weights(l)``, with the rank ``q``."""

    constant: sp.Expr
    shares: sp.Expr
    weights: sp.Expr
    first: sp.Expr
    last: sp.Expr

    def over(self, term: sp.Expr) -> sp.Sum:
        """The sum of a term in ``SOURCE`` over all uses."""
        return sp.Sum(term, (SOURCE, self.first, self.last))


def _share(indicator: sp.Expr) -> sp.Expr:
    """``a`` of ``1{q <= a n}``."""
    if not isinstance(indicator, at_most) or indicator.args[0] != RANK:
        raise AssumptionError(f"{indicator} does not tell which ranks are used")
    share = indicator.args[1] / n
    if share.has(n, RANK):
        raise AssumptionError(f"{indicator.args[1]} is not a proportion of the n ranked points")
    return share


def _linear(form: sp.Expr) -> _Linear:
    constant, uses = form.as_independent(RANK, as_Add=True)
    front, series = uses.as_independent(sp.Sum, as_Add=False)
    if not isinstance(series, sp.Sum) or len(series.limits) != 1 or front.has(RANK) or constant.has(RANK):
        raise AssumptionError(f"{form} is not a constant plus a sum over the uses of a point")
    variable, first, last = series.limits[0]
    weights, indicator = series.function.as_independent(at_most, as_Add=False)
    share = _share(indicator)
    if weights.has(RANK) or constant.has(SOURCE) or (variable != SOURCE and series.function.has(SOURCE)) or form.has(G):
        raise AssumptionError(f"{series.function} is not an indicator of the rank times a weight without it")
    return _Linear(constant, share.subs(variable, SOURCE), front * weights.subs(variable, SOURCE), first, last)


class RankSum(Rule):
    """``sum over q = 1..n of 1{q <= a n} 1{q <= b n} <= n min(a, b)``, in every sum over the ranks, expanded.

    Such sums must be of the form ``c (A + sum_l 1{q <= a_l n} w_l)**2`` or ``c 1{q <= a n} (A + sum_l ...)`` with
    nonnegative ``c``, ``A``, ``w_l`` and proportions. Equality where all ``a_l n`` are whole.
    """

    title = "summing over the ranks"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        (says,) = premises
        found = {part for part in says.rhs.atoms(sp.Sum) if part.limits[0][0] == RANK}
        if not found or says.relation != "<=":
            raise AssumptionError(f"{says.rhs} is not an upper bound with a sum over the ranks")
        closed = {part: cls._closed(part) for part in sorted(found, key=str)}
        for part in closed:
            if not nondecreasing(says.rhs.xreplace({part: _USED}), _USED):
                raise UndecidedError(f"cannot show that {says.rhs} is nondecreasing in {part}")
        both = sp.Sum(at_most(RANK, _ONE * n) * at_most(RANK, _OTHER * n), (RANK, 1, n))
        monotone = Check(*(says.rhs.xreplace(dict.fromkeys(found, value)) for value in (_USED, _USED + _MORE)))
        pairs = Check(both, n * sp.Min(_ONE, _OTHER))
        checks = (Check(part, value) for part, value in closed.items())
        return Says(says.lhs, says.rhs.xreplace(closed), "<=", says.events, (pairs, *checks, monotone))

    @staticmethod
    def _square(form: _Linear) -> sp.Expr:
        """A bound on the mean of the square over the ranks: a diagonal, and twice what is below it."""
        earlier = sp.Min(form.shares, form.shares.subs(SOURCE, G)) * form.weights.subs(SOURCE, G)
        below = form.over(form.weights * sp.Sum(earlier, (G, form.first, SOURCE - 1)))
        uses = 2 * form.constant * form.over(form.shares * form.weights)
        return form.constant**2 + uses + form.over(form.shares * form.weights**2) + 2 * below

    @classmethod
    def _closed(cls, part: sp.Sum) -> sp.Expr:
        if part.limits != ((RANK, 1, n),) or part.atoms(Quantity):
            raise AssumptionError(f"{part} is not a sum of known terms over the n ranks")
        front, rest = part.function.as_independent(RANK, as_Add=False)
        factors = sp.Mul.make_args(rest)
        if len(factors) == 1 and rest.is_Pow and rest.exp == 2:
            form = _linear(rest.base)
            shares, closed = [form.shares], cls._square(form)
        elif len(factors) == 2 and any(isinstance(factor, at_most) for factor in factors):
            indicator, other = sorted(factors, key=lambda factor: not isinstance(factor, at_most))
            form, share = _linear(other), _share(indicator)
            shares = [form.shares, share]
            closed = share * form.constant + form.over(sp.Min(share, form.shares) * form.weights)
        else:
            raise AssumptionError(f"{rest} is neither the square of a linear form in the uses nor one use times it")
        if not all(map(is_nonnegative, (front, form.constant, form.weights, *shares))):
            raise UndecidedError(f"cannot show that all parts of {part.function} are nonnegative")
        return front * n * closed

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (rf"Of the ranks ${tex(RANK)} = 1, \dots, {tex(n)}$, at most ${tex(n)} \min(a, b)$ are at most "
                rf"$a{tex(n)}$ and $b{tex(n)}$.")


class RankedStability(Rule):
    """``gamma_{j+1} <= `` the largest of ``tau_{j+1}`` over the ranks: a point of rank 1 is used wherever any is.

    The premise bounds ``tau_{j+1}`` for every rank ``q``, nondecreasing in the indicators ``1{q <= a_l n}``; each is at
    most 1, and 0 where ``a_l = 0``: the sign of ``a_l``. Equality at ``q = 1``, where all ``a_l n`` are whole.
    """

    title = "recursive stability"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        (says,) = premises
        real = [point for point in protocol.classes if point.real]
        if len(real) != 1 or real[0].levels is None:
            raise AssumptionError(f"{type(protocol).__name__} has other real points than ranked ones")
        if says.lhs != DistributionShift(label(real[0]), 0, J + 1) or says.relation != "<=" or says.events:
            raise AssumptionError(f"a bound on the effect of a ranked point on D_{J + 1} is needed, not {says}")
        uses = sorted(says.rhs.atoms(at_most), key=str)
        if not all(nondecreasing(says.rhs.xreplace({use: _USED}), _USED) and is_nonnegative(_share(use))
                   for use in uses):
            raise UndecidedError(f"cannot show that {says.rhs} is largest for the first rank")
        rhs = says.rhs.xreplace({use: sp.sign(_share(use)) for use in uses})
        if rhs.has(RANK):
            raise AssumptionError(f"{rhs} depends on the rank in another way")
        return Says(RecursiveStability(J + 1), rhs, "<=", frozenset(), (Check(says.rhs, rhs),))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"Two loops whose real data differ in one point are coupled as above, whichever point it is; the first "
                r"one is used wherever any is.")
