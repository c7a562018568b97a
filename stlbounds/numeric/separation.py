"""Which parts of an expression depend on which axes of a grid, and how to write it as a sum of products.

On a grid ``n x alpha x i`` a bound is a short sum of products of functions of fewer axes, such as
``f(alpha, i) n**(-1/2)``. Each function is evaluated on its own small grid, and the full grid sees one product of a
tall with a wide matrix, which is as fast as memory is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod

import sympy as sp

from stlbounds.errors import StlboundsError
from stlbounds.interval.signs import is_nonnegative
from stlbounds.special import geometric_sum, geometric_sum_from_one

__all__ = ["Axes", "Product", "axes_of", "hoisted", "separate"]

Axes = frozenset[int]
_MOST_TERMS = 24


@dataclass(frozen=True)
class Product:
    """``sum over r of left[r] * right[r]``: ``left`` varies on the axes before ``split``, ``right`` on those after it.

    Both may vary on the first ``batch`` axes as well.
    """

    batch: int
    split: int
    left: tuple[sp.Expr, ...]
    right: tuple[sp.Expr, ...]


def axes_of(expression: sp.Basic, axes: Mapping[sp.Symbol, Axes]) -> Axes:
    """The axes on which an expression varies."""
    nothing: Axes = frozenset()
    return nothing.union(*(axes.get(symbol, nothing) for symbol in expression.free_symbols))


def _from_ranges(expression: sp.Expr) -> bool:
    """Whether the declared ranges of the symbols show that an expression is nonnegative."""
    try:
        return is_nonnegative(expression)
    except StlboundsError:
        return False


@lru_cache(maxsize=4096)
def _nonnegative(expression: sp.Expr) -> bool:
    """Whether an expression is nonnegative, decided from its parts."""
    if expression.is_nonnegative:
        return True
    if expression.is_Mul and all(map(_nonnegative, expression.args)):
        return True
    if expression.is_Add and all(map(_nonnegative, expression.args)):
        return True
    if expression.is_Pow:
        # The root of a real number is nonnegative where it is real.
        return bool(expression.exp.is_even or (expression.exp.is_Rational and expression.exp.q == 2)
                    or _nonnegative(expression.base))
    if isinstance(expression, (geometric_sum, geometric_sum_from_one)):
        # Ratios are nonnegative throughout this library.
        return True
    if isinstance(expression, sp.Piecewise):
        return all(_nonnegative(value) for value, _ in expression.args)
    if isinstance(expression, (sp.Sum, sp.Product)):
        return _nonnegative(expression.function)
    return _from_ranges(expression)


def _does_not_cancel(terms: tuple[sp.Expr, ...]) -> bool:
    """Whether a sum of these terms keeps its digits: what is subtracted is at most half of what is added."""
    negative = [term for term in terms if not _nonnegative(term)]
    return not negative or _from_ranges(sp.Add(*(term for term in terms if term not in negative))
                                        + 2 * sp.Add(*negative))


def _terms(expression: sp.Expr, fits: Callable[[sp.Basic], bool]) -> list[list[sp.Expr]] | None:
    """The expression as a list of terms, each a list of factors that fit; None where that is not possible."""
    if fits(expression):
        return [[expression]]
    if expression.is_Add and _does_not_cancel(expression.args):
        parts = [_terms(term, fits) for term in expression.args]
        return None if None in parts else [factors for part in parts for factors in part or ()]
    if expression.is_Mul:
        total: list[list[sp.Expr]] = [[]]
        for factor in expression.args:
            part = _terms(factor, fits)
            if part is None or len(total) * len(part) > _MOST_TERMS:
                return None
            total = [before + after for before in total for after in part]
        return total
    if expression.is_Pow and expression.base.is_Mul:
        base, power = expression.as_base_exp()
        if power.is_Integer or all(map(_nonnegative, base.args)):
            return _terms(sp.Mul(*(factor**power for factor in base.args), evaluate=False), fits)
    if isinstance(expression, sp.Piecewise):
        return _cases(expression, fits)
    return None


def _cases(expression: sp.Piecewise, fits: Callable[[sp.Basic], bool]) -> list[list[sp.Expr]] | None:
    """Each case with its condition as a factor that is 1 or 0; later conditions exclude earlier ones."""
    found: list[list[sp.Expr]] = []
    before: list[sp.Basic] = []
    for value, condition in expression.args:
        holds = sp.And(condition, *(sp.Not(other) for other in before))
        before.append(condition)
        part = _terms(value, fits)
        if part is None or not fits(holds):
            return None
        if value != 0:
            found += [[*factors, sp.Piecewise((1, holds), (0, True))] for factors in part]
    return found


def _joined(factors: list[sp.Expr]) -> sp.Expr:
    """A product; a factor that is 1 or 0 by cases selects, so that it also hides what is not finite."""
    switches = [factor for factor in factors if isinstance(factor, sp.Piecewise) and factor.args[0][0] == 1]
    value = sp.Mul(*(factor for factor in factors if factor not in switches))
    if not switches:
        return value
    return sp.Piecewise((value, sp.And(*(switch.args[0][1] for switch in switches))), (0, True))


def _collected(pairs: list[tuple[sp.Expr, sp.Expr]]) -> list[tuple[sp.Expr, sp.Expr]]:
    """Pairs with the same second entry added up."""
    sums: dict[sp.Expr, list[sp.Expr]] = {}
    for left, right in pairs:
        sums.setdefault(right, []).append(left)
    return [(sp.Add(*lefts), right) for right, lefts in sums.items()]


@lru_cache(maxsize=512)
def separate(expression: sp.Expr, axes: tuple[tuple[sp.Symbol, Axes], ...], shape: tuple[int, ...]) -> Product | None:
    """The cheapest way of writing an expression as a short sum of products, or None if there is none that is worth it.

    Parameters
    ----------
    expression : sympy.Expr
        Prepared.
    axes : tuple of pairs
        On which axes each symbol varies.
    shape : tuple of int
        The lengths of the axes.
    """
    where, best, cost = dict(axes), None, prod(shape) / 2
    for batch in range(len(shape) - 1):
        for split in range(batch + 1, len(shape)):
            left = frozenset(range(split))
            right = frozenset([*range(batch), *range(split, len(shape))])

            def fits(part: sp.Basic, left: Axes = left, right: Axes = right) -> bool:
                varies = axes_of(part, where)
                return varies <= left or varies <= right

            terms = _terms(expression, fits)
            if not terms:
                continue
            pairs = []
            for factors in terms:
                first = [factor for factor in factors if axes_of(factor, where) <= left]
                pairs.append((_joined(first), _joined([factor for factor in factors if factor not in first])))
            pairs = [(a, b) for b, a in _collected([(b, a) for a, b in _collected(pairs)])]
            size = len(pairs) * (prod(shape[axis] for axis in left) + prod(shape[axis] for axis in right))
            if size < cost:
                best = Product(batch, split, tuple(a for a, _ in pairs), tuple(b for _, b in pairs))
                cost = size
    return best


def hoisted(expression: sp.Expr, axes: Mapping[sp.Symbol, Axes]) -> tuple[dict[sp.Symbol, sp.Expr], sp.Expr]:
    """Names for the largest parts that vary on fewer axes than the whole, and the expression in these names."""
    full, names = axes_of(expression, axes), dict[sp.Expr, sp.Symbol]()

    def named(part: sp.Expr) -> sp.Expr:
        if part.is_Atom:
            return part
        return names.setdefault(part, sp.Symbol(f"_h{len(names)}", real=True))

    def visit(part: sp.Basic) -> sp.Basic:
        if part.is_Atom or isinstance(part, (sp.Sum, sp.Product)):
            return part if axes_of(part, axes) == full or part.is_Atom else named(part)
        if isinstance(part, sp.Expr) and axes_of(part, axes) != full:
            return named(part)
        if part.is_Add or part.is_Mul:
            groups: list[tuple[Axes, list[sp.Expr]]] = []
            large = []
            for argument in sorted(part.args, key=lambda inner: -len(axes_of(inner, axes))):
                own = axes_of(argument, axes)
                if own == full:
                    large.append(visit(argument))
                    continue
                for place, (varies, members) in enumerate(groups):
                    if varies | own != full:
                        groups[place] = (varies | own, [*members, argument])
                        break
                else:
                    groups.append((own, [argument]))
            return part.func(*(named(part.func(*members)) for _, members in groups), *large)
        return part.func(*map(visit, part.args))

    result = visit(expression)
    return {name: part for part, name in names.items()}, result
