"""From the sizes that a loop asks for to whole numbers of points, and back to the parameters they amount to.

``alpha n`` is seldom an integer. A simulation rounds the sizes of pools, never those of training sets, and
a bound must be held against the loop that was really run: so the parameters are solved again from the
rounded sizes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.proof.protocol import Plan, Pool
from stlbounds.symbols import entry, exact, symbol

__all__ = ["PoolSize", "Rounding", "effective_values", "exact_value", "plain", "round_plan"]


@dataclass(frozen=True)
class PoolSize:
    """A pool of points, the size that the loop asks for, and the size that was used."""

    name: str
    born: int
    source: int
    requested: float
    used: int


@dataclass(frozen=True)
class Rounding:
    """The sizes of a run: ``sizes[pool]`` as used, and the list of pools beside what was asked for."""

    sizes: Mapping[Pool, int]
    pools: tuple[PoolSize, ...]

    @property
    def changed(self) -> tuple[PoolSize, ...]:
        """The pools whose size was not a whole number."""
        return tuple(pool for pool in self.pools if pool.requested != pool.used)


def exact_value(name: str, value: Any) -> sp.Rational:
    """A user's number as an exact rational, checked against the range of the symbol of that name.

    Parameters
    ----------
    name : str
        A declared symbol.
    value : int, float, Fraction, NumPy scalar or SymPy rational
        Floats stand for the decimal number that Python prints for them.

    Raises
    ------
    InvalidArgumentError
        If it is not a number in the range of the symbol.
    SymbolError
        If there is no such symbol.

    Examples
    --------
    >>> exact_value("alpha", 0.3)
    3/10
    """
    known = entry(name)
    number = exact(name, value.item() if isinstance(value, np.generic) else value)
    if not number.is_Rational or not known.range.contains(number):
        raise InvalidArgumentError(name, value, str(known.range), f"it is {known.meaning}")
    return number


def plain(number: sp.Rational) -> int | float:
    """An exact number as a Python integer where it is one, and as the nearest float otherwise."""
    return int(number) if number.is_Integer else float(number)


#: The accuracy to which a size that is no rational number is known.
_DENOMINATOR = 2**60


def _size(expression: sp.Expr, values: Mapping[sp.Symbol, sp.Expr]) -> Fraction:
    size = expression.subs(values)
    if size.free_symbols:
        names = ", ".join(sorted(str(found) for found in size.free_symbols))
        raise InvalidArgumentError("values", f"no value for {names}", "complete",
                                   f"the sizes of the loop's training sets depend on {names}")
    if not (size.is_real and size >= 0):
        raise InvalidArgumentError("values", f"a pool of size {size}", "such that sizes are at least 0")
    if size.is_Rational:
        return Fraction(int(size.p), int(size.q))
    return Fraction(int(sp.floor(size * _DENOMINATOR)), _DENOMINATOR)


def _nearest(size: Fraction) -> int:
    """The nearest integer, halves rounded up."""
    return math.floor(size + Fraction(1, 2))


def round_plan(plan: Plan, values: Mapping[str, Any]) -> Rounding:
    """Whole sizes for the pools of a plan.

    A training set has the nearest integer to its total size. Its pools are filled in order, each up to the
    nearest integer of the sum so far; the last one takes what is left. A pool that stays keeps its size.

    Parameters
    ----------
    plan : Plan
        Sizes are expressions in the loop's symbols.
    values : mapping
        Numbers by the name of the symbol.

    Raises
    ------
    InvalidArgumentError
        If a value is missing or out of range, or a training set would be empty.
    """
    known = {symbol(name): exact_value(name, value) for name, value in values.items()}
    wanted = {size: _size(size, known) for size in {pool.size for pools in plan.generations for pool in pools}}
    sizes: dict[Pool, int] = {}
    by_object: dict[int, int] = {}
    for generation, pools in enumerate(plan.generations):
        # A loop that keeps its data has as many pools as generations, but few different sizes.
        counted = Counter(id(pool.size) for pool in pools)
        expressions = {id(pool.size): pool.size for pool in pools}
        total = _nearest(sum((count * wanted[expressions[key]] for key, count in counted.items()), Fraction(0)))
        if total < 1:
            raise InvalidArgumentError("values", f"an empty training set of generation {generation}",
                                       "such that every training set has a point")
        # Most pools of a plan are one object wherever they occur; hashing an expression every time is slow.
        kept = [by_object[id(pool)] if id(pool) in by_object else sizes.get(pool) for pool in pools]
        free = [pool for pool, size in zip(pools, kept, strict=True) if size is None]
        left = max(0, total - sum(size for size in kept if size is not None))
        asked, filled = Fraction(0), 0
        for pool in free:
            asked += wanted[pool.size]
            upto = left if pool is free[-1] else min(left, _nearest(asked))
            sizes[pool] = by_object[id(pool)] = upto - filled
            filled = upto
    listed = tuple(
        PoolSize(pool.name, pool.born, pool.source, float(wanted[pool.size]), used)
        for pool, used in sizes.items()
    )
    return Rounding(sizes, listed)


def effective_values(rounding: Rounding, values: Mapping[str, Any]) -> dict[str, sp.Rational] | None:
    """The parameters for which the loop asks for exactly the sizes that were used.

    Parameters
    ----------
    rounding : Rounding
        Made by `round_plan` from the same values.
    values : mapping
        Numbers by the name of the symbol.

    Returns
    -------
    dict or None
        Exact numbers by name; ``n`` and every parameter that no size depends on are as given. None if no
        parameters give these sizes, for example because a proportion is a fixed number.

    Examples
    --------
    >>> from stlbounds.loops import FixedMix
    >>> from stlbounds.symbols import alpha
    >>> asked = {"n": 10, "alpha": 0.33}
    >>> effective_values(round_plan(FixedMix(alpha).plan(2), asked), asked)
    {'n': 10, 'alpha': 3/10}
    """
    found = {name: exact_value(name, value) for name, value in values.items()}
    solved: set[str] = {"n"}
    # Thousands of generations have few different sizes, and each costs a substitution.
    distinct = dict.fromkeys((pool.size, used) for pool, used in rounding.sizes.items())
    known = {symbol(name): number for name, number in found.items()}
    # What gives a whole number alone is as it was asked for, and others are solved for.
    for size, used in distinct:
        free = {str(part) for part in size.free_symbols} - solved
        if len(free) == 1 and size.subs(known) == used:
            solved |= free
    for size, used in distinct:
        if size.subs(known) == used:
            continue
        for name in sorted(str(part) for part in size.free_symbols if str(part) not in solved):
            others = {part: number for part, number in known.items() if str(part) != name}
            root = _linear_root(size.subs(others) - used, symbol(name))
            if root is not None and entry(name).range.contains(root):
                found[name] = known[symbol(name)] = root
                solved.add(name)
                break
    fits = all(size.subs(known) == used for size, used in distinct)
    return found if fits else None


def _linear_root(expression: sp.Expr, unknown: sp.Symbol) -> sp.Rational | None:
    """The root of a rational function whose numerator is linear with rational coefficients."""
    if not expression.is_rational_function(unknown):
        return None
    numerator = sp.Poly(sp.together(expression).as_numer_denom()[0], unknown)
    if numerator.degree() != 1:
        return None
    slope, constant = numerator.all_coeffs()
    root = -constant / slope
    return root if root.is_Rational else None
