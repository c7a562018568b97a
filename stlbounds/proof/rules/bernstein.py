"""Rules of the Bernstein theorem (theory §6): conditional variances and largest ranges, and Freedman's inequality."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import sympy as sp

from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.generation_zero import from_start
from stlbounds.interval.signs import is_nonnegative
from stlbounds.proof.claim import Check, Printer, Rule, Says
from stlbounds.proof.identities import equal, unrolled
from stlbounds.proof.protocol import PointClass, Protocol
from stlbounds.proof.quantities import Deviation, Influence, InfluenceSquares, LossConstant, Quantity, Stability, Str
from stlbounds.special import geometric_sum
from stlbounds.symbols import G, J, entry, i

__all__ = [
    "ConditionalVariances",
    "Freedman",
    "LargestInfluence",
    "LargestInfluenceOfClasses",
    "LargestRange",
    "LargestRangeBound",
    "PointVariance",
    "VarianceBound",
    "checked_probability",
]


class PointVariance(Quantity):
    """``v``: the largest ``E[d(X, X*)**2 | past]/2`` over all points ``X`` ever drawn, ``X*`` an independent copy."""

    nargs = 0
    template = r"v"
    granted = (r"Variance of a point: $\tfrac12 \mathbb{{E}}[d(X, X^*)^2 \mid \text{{past}}] \le {bound}$ for every "
               r"point $X$, real or synthetic, and an independent copy $X^*$ from its source, in the {metric} metric.")
    words = (r"$v$ is the largest $\tfrac12 \mathbb{{E}}[d(X, X^*)^2 \mid \text{{past}}]$ over the points "
             r"$X$, real or synthetic, where $X^*$ is an independent copy from the source of $X$.")


class ConditionalVariances(Quantity):
    """``sum of sup Var(E[g | past, X] | past)`` over every random point, revealed one by one, ``sup`` over the past."""

    nargs = 1
    template = r"\textstyle\sum_X \sigma_X^2({0})"
    words = (r"$\sum_X \sigma_X^2(i)$ runs over the same points, revealed one by one in the order of "
             r"drawing; $\sigma_X^2$ is the largest conditional variance of $\mathbb{{E}}[g_i \mid "
             r"\text{{past}}, X]$ given the past of $X$.")


class LargestInfluence(Quantity):
    """``max of x_X`` over every random point ever drawn, ``x_X`` its influence on ``T_j``."""

    nargs = 1
    template = r"\max_X x_X({0})"
    words = r"$\max_X x_X(i)$ is the largest influence of these points on $T_i$."


class LargestRange(Quantity):
    """``max of c_X`` over every random point ever drawn, the ranges of `RangeSquares`."""

    nargs = 1
    template = r"\max_X c_X({0})"
    words = (r"$\max_X c_X(i)$ is the largest conditional range over these points; $c_X$ is that of "
             r"$\mathbb{{E}}[g_i \mid \text{{past}}, X]$ given the past of $X$.")


def checked_probability(delta: sp.Expr) -> None:
    """Refuse a failure probability that is not provably in ``(0, 1]``.

    Raises
    ------
    AssumptionError
        If it may be outside.
    """
    top = max((entry(symbol).range.high for symbol in delta.free_symbols), default=sp.oo)
    share, symbol = delta.as_coeff_Mul()
    if symbol.is_Symbol and share.is_positive:
        values = entry(symbol).range
        inside = bool(values.low >= 0) and bool(share * top <= 1) and bool(values.low > 0 or values.low_open)
    else:
        inside = bool(delta.is_number and delta.is_real and delta > 0 and delta <= 1)
    if not inside:
        raise AssumptionError(f"the failure probability {delta} must be in (0, 1]")


class VarianceBound(Rule):
    """``sum of Var <= (2 beta_N + M/N)**2 min(v, 1/4) sum of x_X**2``.

    ``f(X) = E[g | past, X]`` obeys ``|f(X) - f(X*)| <= c_X d(X, X*)``, so its variance ``E (f(X) - f(X*))**2/2`` is at
    most ``c_X**2 v``; it has a range of at most ``c_X`` as well, so at most ``c_X**2/4``.
    """

    title = "conditional variances"
    reference = "popoviciu1935"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        size = protocol.size(i)
        slope = 2 * Stability(size) + LossConstant() / size
        proxy = sp.Min(PointVariance(), sp.Rational(1, 4))
        return Says(ConditionalVariances(i), slope**2 * proxy * InfluenceSquares(i))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The mean of $g_i$ given the past and $X$ moves by at most $c_X d(X, X^*)$ when $X$ is replaced by an "
                r"independent copy, where $c_X$ is the influence of $X$ times what a unit of displacement does to "
                r"$g_i$; half the mean square of this is its variance. A variable with values in an interval of "
                r"length $c_X$ has a variance of at most $c_X^2/4$.")


class LargestRangeBound(Rule):
    """``max c_X <= (2 beta_N + M/N) max x_X``."""

    title = "bounded differences"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        size = protocol.size(i)
        return Says(LargestRange(i), (2 * Stability(size) + LossConstant() / size) * LargestInfluence(i))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"As for the sum of squared ranges: another value of $X$ displaces $T_i$ by its influence, and $g_i$ "
                r"by twice the stability of the learner, plus the Lipschitz constant of the loss over the size of "
                r"$T_i$, times that.")


class Freedman(Rule):
    r"""``P(|g - E g| > sqrt(2 l V) + (l/3) c) <= delta`` with ``l = log(2/delta)``.

    ``V`` bounds the sum of the conditional variances of the martingale differences, ``c`` their absolute values. Since
    ``E exp(s D) <= exp(s**2 Var D/(2(1 - s c/3)))`` for centred ``D <= c``, ``g - E g`` is sub-gamma with variance
    ``V`` and scale ``c/3`` on both sides, and such a variable exceeds ``sqrt(2 V l) + (c/3) l`` with probability at
    most ``exp(-l)``. (Solving Bernstein's ``exp(-t**2/(2V + 2ct/3))`` for ``t`` would give ``2/3`` in place of
    ``1/3``.)
    """

    title = "Freedman's inequality"
    kind: ClassVar[Literal["step", "assumption", "definition", "cited"]] = "cited"
    reference = "freedman1975"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, delta: sp.Expr, event: str) -> Says:
        checked_probability(delta)
        level = sp.log(2 / delta)
        bound = sp.sqrt(2 * level * ConditionalVariances(i)) + level / 3 * LargestRange(i)
        return Says(Deviation(i), bound, "<=", frozenset({(event, delta)}))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The differences of the martingale $\mathbb{E}[g_i \mid \text{past}]$ are centred, at most their "
                r"range in absolute value, and their conditional variances sum to at most $\sum_X \sigma_X^2$; so the "
                r"martingale is sub-gamma with this variance and a third of the largest range as its scale.")


def _ratio(now: sp.Expr, last_draw: sp.Expr) -> sp.Expr:
    """``now(G)/now(G + 1)`` for every draw before the last one: a product that begins at ``G`` loses a factor."""
    here, next_one = {}, {}
    for part in now.atoms(sp.Product):
        variable, first, last = part.limits[0]
        begins = first.subs(G, last_draw - 1)
        if len(part.limits) != 1 or last.has(G) or not (first - G).is_Integer or not is_nonnegative(part.function):
            continue
        # Not empty, so that there is a factor to lose.
        if is_nonnegative(sp.expand(last - begins)):
            next_one[part.subs(G, G + 1)] = rest = sp.Dummy(positive=True)
            here[part] = part.function.subs(variable, first) * rest
    after = unrolled(now.subs(G, G + 1).xreplace(next_one))
    return sp.powsimp(sp.cancel(unrolled(now.xreplace(here)) / after))


def _largest_at_an_end(ratio: sp.Expr) -> bool:
    """Whether a sequence with the quotients ``ratio = x_g/x_{g+1}`` is largest at an end.

    It is where their side of 1 is the same for all ``g``, whichever it is, or where they fall with ``g``, so that the
    sequence falls first and rises then.
    """
    signs = (part for part in sp.Mul.make_args(sp.factor(sp.together(ratio - 1))) if part.has(G))
    return (all(is_nonnegative(base) for base, _ in (part.as_base_exp() for part in signs))
            or is_nonnegative(sp.factor(sp.together(ratio - ratio.subs(G, G + 1)))))


def _parts(point: PointClass, bound: sp.Expr, youngest: int = 0) -> tuple[sp.Expr, ...]:
    """Expressions in ``i`` of which one is at least the influence ``bound(G, J)`` on ``T_i``, whenever it was drawn.

    The bound is that of points that are at least ``youngest`` generations old.
    """
    if not point.recurring:
        return (bound.subs(J, i - point.first),)
    if isinstance(bound, sp.Piecewise):
        newest, later = bound.subs(J, 0), bound.args[-1][0]
        return newest, *_parts(point, later, 1)
    # First, because SymPy takes an empty product of zeros for 0.
    if isinstance(bound, sp.Product):
        variable, first, last = bound.limits[0]
        if first != G + point.first + 1 or last != G + point.first + J or not is_nonnegative(bound.function):
            raise UndecidedError(f"cannot tell where {bound} is largest")
        # No product of some of the factors exceeds that of all factors above 1.
        return (sp.Product(sp.Max(1, bound.function), (variable, 1, i)),)
    if bound.is_zero:
        return ()
    now = bound.subs(J, i - G - point.first)
    last_draw = i - point.first - youngest
    ratio = _ratio(now, last_draw)
    if not ratio.has(G):
        # Geometric in the generation of the draw, hence largest at an end; one generation more does no harm.
        return bound.subs(J, 0), bound.subs({G: 0, J: i}, simultaneous=True)
    if is_nonnegative(sp.cancel(sp.together(ratio - 1))):
        # Unrolled, so that growth from generation 1 has a value in generation 0, where there is none to grow from.
        first = unrolled(now.subs(G, 0))
        return (_later(first) if first.has(sp.Product) else first,)
    if not ratio.has(sp.Product, sp.Dummy) and is_nonnegative(bound) and _largest_at_an_end(ratio):
        ends = (now.subs(G, 0), bound.subs({J: youngest, G: last_draw}, simultaneous=True))
        return tuple(map(_later, map(unrolled, ends))) if youngest else ends
    raise UndecidedError(f"cannot tell in which generation a point has the largest influence {bound}; give the "
                         f"generator a number for its sensitivity, or use stlbounds.high_probability")


def _later(part: sp.Expr) -> sp.Expr:
    """The part of points of earlier generations: in generation 0 there are none."""
    return from_start(i, sp.S.Zero, part)


def _dominated(part: sp.Expr, other: sp.Expr) -> bool:
    """Whether ``part <= other`` is proved, by the signs or because a geometric sum is at least each of its terms."""
    if is_nonnegative(sp.expand(other - part)):
        return True
    for series in other.atoms(geometric_sum):
        ratio, terms = series.args
        rest = other - series
        shorter = geometric_sum(ratio, terms - 1)
        if is_nonnegative(rest) and any(equal(other - part, less + rest) for less in (shorter, ratio * shorter)):
            return True
    return False


def _largest(parts: list[sp.Expr]) -> sp.Expr:
    """The maximum of the parts, without those that another one is shown to exceed."""
    kept = list(dict.fromkeys(parts))
    for part in list(kept):
        if any(other != part and _dominated(part, other) for other in kept):
            kept.remove(part)
    return sp.Max(*kept)


class LargestInfluenceOfClasses(Rule):
    """``max x_X`` over every point drawn up to ``T_i``, from the influence of each class in closed form.

    A closed form that is geometric in the generation of the draw is largest at an end, as is one that falls and then
    rises with it; one that shrinks with it is largest at the first generation.
    """

    title = "the most influential point"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        parts: list[sp.Expr] = []
        checks = []
        for point, says in zip(protocol.classes, premises, strict=True):
            birth = G + point.first if point.recurring else sp.Integer(point.first)
            if says.lhs != Influence(Str(point.name), birth, birth + J) or says.relation != "<=" or says.events:
                raise AssumptionError(f"a bound on the influence of {point.meaning} is needed, not {says}")
            found = _parts(point, says.rhs)
            parts += found
            if found:
                checks.append(Check(says.rhs, sp.Max(*found).subs(i, birth + J)))
        # A sum of cases: generation 0 must not be looked at in a formula of later ones.
        if any(part.has(sp.Piecewise) for part in parts):
            start, later = ([case for part in parts for case in (_case(part, first),)] for first in (True, False))
            return Says(LargestInfluence(i), sp.Piecewise((_largest(start), sp.Eq(i, 0)), (_largest(later), True)),
                        checks=tuple(checks))
        return Says(LargestInfluence(i), _largest(parts), checks=tuple(checks))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"An influence that grows or shrinks with the generation of the draw, or shrinks first and then grows, "
                r"is largest for the first or for the last generation.")


def _case(part: sp.Expr, first: bool) -> sp.Expr:
    """A part in generation 0, or in a later one."""
    return part.subs(i, 0) if first else part.replace(sp.Piecewise, lambda *cases: cases[-1][0])
