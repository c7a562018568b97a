"""Random inequalities whose truth is known by construction, in strata: kind of inequality, and how near to a tie."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sympy as sp

from stlbounds.special import geometric_sum

X, Y, A, B = sp.symbols("x y a b", real=True)
P, Q = sp.symbols("p q", nonnegative=True)
T = sp.Symbol("T", integer=True, nonnegative=True)

#: By how much the better side wins; 0 is a tie (only true ones are built there).
MARGINS = (sp.S.Zero, sp.Rational(1, 10**12), sp.Rational(1, 10**6), sp.Rational(1, 100), sp.S.One)


@dataclass(frozen=True)
class Known:
    """An inequality, its domain, and whether it holds."""

    kind: str
    margin: sp.Rational
    inequality: Any
    domain: dict[Any, Any]
    truth: bool


def _rational(rng: random.Random, low: int = -4, high: int = 4, denominator: int = 6) -> sp.Rational:
    return sp.Rational(rng.randint(low * denominator, high * denominator), rng.randint(1, denominator))


def _range_around(rng: random.Random, point: sp.Rational) -> tuple[sp.Rational, sp.Rational]:
    return point - sp.Rational(rng.randint(0, 12), 4), point + sp.Rational(rng.randint(1, 12), 4)


Made = tuple[sp.Expr, dict[Any, Any]]


def _square(rng: random.Random) -> Made:
    """``c (x - r)**2 (1 + d (x - s)**2)``, multiplied out: least value 0, at ``r``."""
    r, s, c, d = _rational(rng), _rational(rng), sp.Rational(rng.randint(1, 9), 3), rng.randint(0, 2)
    return sp.expand(c * (X - r) ** 2 * (1 + d * (X - s) ** 2)), {X: _range_around(rng, r)}


def _form(rng: random.Random) -> Made:
    """A positive semidefinite quadratic form around a point, multiplied out."""
    r, s = _rational(rng), _rational(rng)
    mixed = sp.Rational(rng.randint(-8, 8), 4)
    form = (X - r) ** 2 + mixed * (X - r) * (Y - s) + (Y - s) ** 2
    return sp.expand(form), {X: _range_around(rng, r), Y: _range_around(rng, s)}


def _tangent_exp(rng: random.Random) -> Made:
    slope = sp.Rational(rng.choice((-1, 1)) * rng.randint(1, 8), 4)
    at = _rational(rng, -2, 2, 3)
    inner = sp.expand(slope * (X - at))
    return sp.exp(inner) - 1 - inner, {X: _range_around(rng, at)}


def _tangent_log(rng: random.Random) -> Made:
    scale = sp.Rational(rng.randint(1, 8), 2)
    at = 1 / scale
    return sp.expand(scale * X - 1) - sp.log(scale * X), {X: (at / rng.randint(2, 6), at * rng.randint(2, 6))}


def _entropy(rng: random.Random) -> Made:
    scale = sp.Rational(rng.randint(1, 6), 2)
    return X * sp.log(scale * X) - X + 1 / scale, {X: (1 / (scale * rng.randint(2, 9)), rng.randint(2, 5) / scale)}


def _bernoulli(rng: random.Random) -> Made:
    c = sp.Rational(rng.randint(1, 4), 4)
    domain: dict[Any, Any] = {A: (0, 1)}
    if rng.random() < 0.5:
        domain[T] = (0, rng.randint(2, 60))
    return (1 - c * A) ** T - 1 + c * A * T, domain


def _geometric(rng: random.Random) -> Made:
    c = sp.Rational(rng.randint(1, 4), 4)
    domain: dict[Any, Any] = {A: (0, 1)}
    if rng.random() < 0.5:
        domain[T] = (0, rng.randint(2, 60))
    choice = rng.randint(0, 3)
    # (1 - c a)**T comes down to 0 for c = 1, and for all c as T grows without limit.
    c = sp.S.One if choice == 1 and T in domain else c
    r = 1 - c * A
    if choice == 0:
        return T - geometric_sum(r, T), domain
    if choice == 1:
        return 1 - c * A * geometric_sum(r, T), domain
    if choice == 2:
        return geometric_sum(r, T) ** 2 - geometric_sum(r**2, T), domain
    return geometric_sum(1 + c * A, T) - T, domain


def _decay(rng: random.Random) -> Made:
    c = sp.Rational(rng.randint(1, 4), 4)
    if rng.random() < 0.5:
        return sp.exp(-c * A * T) - (1 - c * A) ** T, {A: (0, 1)}
    return 1 - (1 - c * A) ** T, {A: (0, 1)}


def _means(rng: random.Random) -> Made:
    c = sp.Rational(rng.randint(1, 4))
    domain = {P: (0, rng.choice((1, 5, sp.oo))), Q: (0, rng.choice((1, 5, sp.oo)))}
    choice = rng.randint(0, 3)
    if choice == 0:
        return c * (P + Q) / 2 - c * sp.sqrt(P * Q), domain
    if choice == 1:
        return c * (P + Q) - c * sp.Max(P, Q), domain
    if choice == 2:
        return sp.sqrt(c * P) + sp.sqrt(Q) - sp.sqrt(c * P + Q), domain
    return sp.Max(P, Q) - sp.Min(P, Q) / c, domain


def _saturating(rng: random.Random) -> Made:
    c = sp.Rational(rng.randint(1, 8), 2)
    if rng.random() < 0.5:
        return c * P - sp.tanh(c * P), {P: (0, rng.choice((1, 4, sp.oo)))}
    return 2 * c * P / sp.sqrt(sp.pi) - sp.erf(c * P), {P: (0, rng.choice((1, 4, sp.oo)))}


def _monotone_bound(rng: random.Random) -> Made:
    """A concentration term against its value at the worst end of the range."""
    low, high = sp.Rational(rng.randint(1, 5), 10), sp.Rational(rng.randint(6, 10), 10)
    k = rng.randint(1, 30)

    def squared(alpha: sp.Expr) -> sp.Expr:
        r = 1 - alpha
        return alpha * geometric_sum(r, k + 1) ** 2 + (1 - alpha) * geometric_sum(r**2, k + 1)

    return squared(low) - squared(A), {A: (low, high)}


def _composition(rng: random.Random) -> Made:
    """A hump inside of an increasing function, against its value on top; the top lies inside of the range."""
    top = sp.Rational(rng.randint(1, 5), 6)
    height = sp.Rational(rng.randint(1, 8), 4)
    hump = height - (X - top) ** 2
    outer = rng.choice((sp.exp, lambda u: sp.log(3 + u), lambda u: sp.sqrt(2 + u), sp.tanh,
                        lambda u: 1 / (5 - u), lambda u: (2 + u) ** sp.Rational(7, 2)))
    domain: dict[Any, Any] = {X: (0, 1)}
    if rng.random() < 0.5:
        # A second variable, in which the function decreases.
        domain[P] = (0, 2)
        return outer(height) - outer(hump - P), domain
    return outer(height) - outer(hump), domain


KINDS: dict[str, Callable[[random.Random], Made]] = {
    "square": _square, "quadratic form": _form, "tangent of exp": _tangent_exp, "tangent of log": _tangent_log,
    "entropy": _entropy, "Bernoulli": _bernoulli, "geometric sum": _geometric, "decay": _decay, "means": _means,
    "saturation": _saturating, "amplification": _monotone_bound,
    "composition": _composition,
}


def known_inequalities(seed: int, each: int) -> Iterator[Known]:
    """``each`` inequalities in every stratum; the functions have infimum 0."""
    rng = random.Random(seed)
    for kind, make in KINDS.items():
        for margin in MARGINS:
            for _ in range(each):
                function, domain = make(rng)
                truth = margin == 0 or rng.random() < 0.5
                shift = _rational(rng)
                left = function + shift
                right = shift - margin if truth else shift + margin
                yield Known(kind, margin, sp.GreaterThan(left, right, evaluate=False), domain, truth)
