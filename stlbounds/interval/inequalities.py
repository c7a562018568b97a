"""The library of named inequalities: bounds on one part of an expression that hold under stated conditions.

Each rule looks at an atom (a power, a logarithm, a product of roots, ...) and offers bounds on it. It is up to the
decision engine to prove the conditions, to multiply with a coefficient of known sign, and to see what is left.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sympy as sp

from stlbounds.special import geometric_sum

__all__ = ["RULES", "Offer", "Rule", "offers"]


@dataclass(frozen=True)
class Offer:
    """A bound on an atom.

    Parameters
    ----------
    rule : str
        Name of the rule.
    upper : bool
        Whether the atom is at most the bound (else at least).
    bound : sympy.Expr
        The bound.
    conditions : tuple of sympy.Expr
        Each must be nonnegative.
    """

    rule: str
    upper: bool
    bound: sp.Expr
    conditions: tuple[sp.Expr, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A named inequality.

    Parameters
    ----------
    name : str
        What it is called.
    statement : str
        What it says, with its conditions.
    offer : callable
        The bounds on an atom, as ``(upper, bound, conditions)``.
    """

    name: str
    statement: str
    offer: Callable[[sp.Expr], Iterator[tuple[bool, sp.Expr, tuple[sp.Expr, ...]]]]


Offers = Iterator[tuple[bool, sp.Expr, tuple[sp.Expr, ...]]]


def _bernoulli(atom: sp.Expr) -> Offers:
    if not atom.is_Pow or isinstance(atom, sp.exp) or atom.exp.is_Integer or atom.base.is_number:
        return
    x, k = atom.base, atom.exp
    line = 1 + k * (x - 1)
    if k.is_integer:
        yield False, line, (x, k)
    else:
        yield False, line, (x, k - 1)
        yield True, line, (x, k, 1 - k)


def _bernoulli_quadratic(atom: sp.Expr) -> Offers:
    if atom.is_Pow and atom.exp.is_integer and not atom.exp.is_Integer and not atom.base.is_number:
        x, k = atom.base, atom.exp
        yield True, 1 + k * (x - 1) + k * (k - 1) / 2 * (x - 1) ** 2, (x, 1 - x, k)


def _power_below_exponential(atom: sp.Expr) -> Offers:
    if atom.is_Pow and not isinstance(atom, sp.exp) and not atom.exp.is_Integer and not atom.base.is_number:
        yield True, sp.exp(atom.exp * (atom.base - 1)), (atom.base, atom.exp)


def _power_of_a_fraction(atom: sp.Expr) -> Offers:
    if atom.is_Pow and not isinstance(atom, sp.exp) and not atom.exp.is_Integer and not atom.base.is_number:
        x, k = atom.base, atom.exp
        yield True, sp.S.One, (x, 1 - x, k)
        yield False, sp.S.One, (x - 1, k)
        yield False, sp.S.Zero, (x,)
        yield True, x, (x, 1 - x, k - 1)


def _geometric(atom: sp.Expr) -> Offers:
    if isinstance(atom, geometric_sum):
        r, k = atom.args
        yield True, k, (r, 1 - r, k)
        yield False, k, (r - 1, k)
        yield True, 1 / (1 - r), (r, 1 - r, k)
        yield False, sp.S.One, (r, k - 1)
        yield False, k + k * (k - 1) / 2 * (r - 1), (r, k)
        yield False, k * r ** (k - 1), (r, 1 - r, k - 1)


def _geometric_of_squares(atom: sp.Expr) -> Offers:
    if isinstance(atom, geometric_sum):
        squares, k = atom.args
        factors = [part.as_base_exp() for part in sp.Mul.make_args(squares)]
        if all(power == 2 for _, power in factors):
            r = sp.Mul(*(base for base, _ in factors))
            yield True, geometric_sum(r, k) ** 2, (r, k)
            yield True, geometric_sum(r, k), (r, 1 - r, k)


def _logarithm(atom: sp.Expr) -> Offers:
    if isinstance(atom, sp.log) and not atom.is_number:
        x = atom.args[0]
        yield True, x - 1, (x,)
        yield False, 1 - 1 / x, (x,)
        yield False, 2 * (x - 1) / (x + 1), (x - 1,)
        yield True, 2 * (x - 1) / (x + 1), (x, 1 - x)
        yield True, (x - 1 / x) / 2, (x - 1,)
        yield True, x / sp.E, (x,)


def _exponential(atom: sp.Expr) -> Offers:
    if isinstance(atom, sp.exp) and not atom.is_number:
        x = atom.args[0]
        yield False, 1 + x, ()
        yield False, 1 + x + x**2 / 2, (x,)
        yield True, 1 + x + x**2 / 2, (-x,)
        yield True, 1 / (1 - x), (1 - x,)


def _saturating(atom: sp.Expr) -> Offers:
    if isinstance(atom, (sp.tanh, sp.erf)):
        x = atom.args[0]
        line = x if isinstance(atom, sp.tanh) else 2 * x / sp.sqrt(sp.pi)
        yield True, line, (x,)
        yield False, line, (-x,)
        yield True, sp.S.One, ()
        if isinstance(atom, sp.tanh):
            yield False, x - x**3 / 3, (x,)


def _extremes(atom: sp.Expr) -> Offers:
    if isinstance(atom, (sp.Max, sp.Min)):
        largest = isinstance(atom, sp.Max)
        for part in atom.args:
            yield not largest, part, ()
        if largest:
            yield True, sp.Add(*atom.args), tuple(atom.args)
            for part in atom.args:
                yield True, part, tuple(part - other for other in atom.args if other is not part)
        else:
            for part in atom.args:
                yield False, part, tuple(other - part for other in atom.args if other is not part)


def _means(atom: sp.Expr) -> Offers:
    """AM-GM on products of two powers with exponents that add up to 1, and on products of two symbols."""
    if not atom.is_Mul:
        return
    factors = [part.as_base_exp() for part in atom.args]
    for (x, p), (y, q) in itertools.combinations(factors, 2):
        rest = atom / (x**p * y**q)
        if rest != 1:
            continue
        if p + q == 1 and p.is_positive and q.is_positive:
            yield True, p * x + q * y, (x, y)
        if p == 1 and q == 1:
            yield True, (x**2 + y**2) / 2, ()
            yield False, -(x**2 + y**2) / 2, ()
            yield True, (x + y) ** 2 / 4, ()


def _geometric_identity(atom: sp.Expr) -> Offers:
    """``(1 - r) geo(r, k) = 1 - r**k``."""
    if atom.is_Mul and len(atom.args) == 2:
        for series, factor in (atom.args, atom.args[::-1]):
            if not isinstance(series, geometric_sum):
                continue
            # The factor may lack a number: (3/4) a stands beside geo(1 - 3a/4, k) as 3/4 times a.
            share = sp.cancel(factor / (1 - series.args[0]))
            if share.is_Rational:
                for upper in (True, False):
                    yield upper, share * (1 - series.args[0] ** series.args[1]), ()


def _roots(atom: sp.Expr) -> Offers:
    if atom.is_Pow and atom.exp == sp.S.Half and atom.base.is_Add:
        parts = atom.base.args
        yield True, sp.Add(*(sp.sqrt(part) for part in parts)), tuple(parts)
        for part in parts:
            yield False, sp.sqrt(part), (part, *(other for other in parts if other is not part))


RULES: tuple[Rule, ...] = (
    Rule("Bernoulli", "x**k >= 1 + k (x-1) for x >= 0 and integers k >= 0 or real k >= 1; <= for 0 <= k <= 1",
         _bernoulli),
    Rule("Bernoulli, second order", "x**k <= 1 + k (x-1) + k (k-1) (x-1)**2/2 for 0 <= x <= 1 and integers k >= 0",
         _bernoulli_quadratic),
    Rule("power of a fraction", "0 <= x**k <= 1 for 0 <= x <= 1, k >= 0; x**k <= x for k >= 1; x**k >= 1 for x >= 1",
         _power_of_a_fraction),
    Rule("power below exponential", "x**k <= exp(k (x-1)) for x >= 0, k >= 0", _power_below_exponential),
    Rule("geometric sum", "geo(r, k) <= k and <= 1/(1-r) for 0 <= r <= 1; >= k for r >= 1; >= 1 for k >= 1; "
         ">= k + k (k-1)/2 (r-1); >= k r**(k-1) for 0 <= r <= 1", _geometric),
    Rule("geometric sum of squares", "geo(r**2, k) <= geo(r, k)**2 for r >= 0, and <= geo(r, k) for 0 <= r <= 1",
         _geometric_of_squares),
    Rule("closed geometric sum", "(1 - r) geo(r, k) = 1 - r**k, and multiples", _geometric_identity),
    Rule("logarithm", "1 - 1/x <= log x <= x - 1; log x <= x/e; 2 (x-1)/(x+1) <= log x <= (x - 1/x)/2 for x >= 1; "
         "log x <= 2 (x-1)/(x+1) for x <= 1", _logarithm),
    Rule("exponential", "1 + x <= exp x <= 1/(1-x) (x < 1); exp x >= 1 + x + x**2/2 for x >= 0, <= for x <= 0",
         _exponential),
    Rule("saturation", "x - x**3/3 <= tanh x <= min(x, 1) and erf x <= min(2x/sqrt(pi), 1) for x >= 0", _saturating),
    Rule("maximum", "each part <= Max <= the sum of nonnegative parts; Min <= each part", _extremes),
    Rule("AM-GM", "x**p y**q <= p x + q y for x, y >= 0, p + q = 1; |x y| <= (x**2 + y**2)/2; x y <= (x+y)**2/4",
         _means),
    Rule("root of a sum", "sqrt(x) <= sqrt(x + y) <= sqrt(x) + sqrt(y) for x, y >= 0", _roots),
)


def offers(atom: sp.Expr) -> Iterator[Offer]:
    """All bounds that the library has on an atom."""
    for rule in RULES:
        for upper, bound, conditions in rule.offer(atom):
            yield Offer(rule.name, upper, bound, conditions)
