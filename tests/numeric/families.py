"""Bounds of every loop, random points from wide ranges, and the values there to 60 digits, proven."""

from __future__ import annotations

from functools import cache
from typing import Any

import flint
import numpy as np
import sympy as sp

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.generators import Categorical, CategoricalWithPrior, GaussianPrivateGenerator, Generator, Transformer
from stlbounds.growth import growth_sum
from stlbounds.learners import BrierFit
from stlbounds.loops import Accumulate, Augment, FixedMix, Replace, Schedule, SourceWeights, Subsample, WeightedMix
from stlbounds.numeric.arithmetic import function_over
from stlbounds.numeric.ball_functions import BALL_FUNCTIONS, BALL_OPERATIONS
from stlbounds.power_sums import in_power_sums

__all__ = ["FAMILIES", "LARGEST", "MILLION", "POINTS", "allowed", "bound_of", "case", "column", "compare", "truth_of"]

LARGEST = float(np.finfo(float).max)
#: Random points of each family.
POINTS = 2000
MILLION = 10**6


def _generic() -> Generator:
    return Generator("generic", stl.DISCRETE, s.kappa, s.c * s.N**-s.r)


def _private() -> Generator:
    return GaussianPrivateGenerator(s.privacy_mu, s.c * s.N**-s.r)


def _transformer() -> Transformer:
    return Transformer(s.L, s.omega, learning_error=s.c * s.N**-s.r)


def _euclidean() -> stl.learners.UniformlyStable:
    return stl.learners.UniformlyStable(s.b / s.N, s.M, stl.EUCLIDEAN)


def _location() -> tuple[Any, ...]:
    return stl.generators.LocationModel(), stl.learners.UniformlyStable(s.b / s.N, s.M, stl.EUCLIDEAN)


#: Settings by name, and the most generations: a schedule ends, and one without an end takes ``O(i**2)``; and the
#: theorem, if it is another than the main one.
FAMILIES: dict[str, Any] = {
    "replay": (lambda: (FixedMix(s.alpha), _generic()), MILLION),
    "fresh": (lambda: (FixedMix(s.alpha, "fresh"), _generic()), MILLION),
    "replace": (lambda: (Replace(), _generic()), MILLION),
    "augment": (lambda: (Augment(s.lam), _generic()), MILLION),
    "weighted": (lambda: (WeightedMix(s.w), _generic()), MILLION),
    "categorical": (lambda: (FixedMix(s.alpha), Categorical(s.K), BrierFit()), MILLION),
    "prior": (lambda: (FixedMix(s.alpha), CategoricalWithPrior(s.K, s.eta, s.prior_distance), BrierFit()), MILLION),
    "private": (lambda: (FixedMix(s.alpha), _private()), MILLION),
    "transformer": (lambda: (FixedMix(s.alpha), _transformer(), _euclidean()), MILLION),
    "accumulate": (lambda: (Accumulate(), _generic()), MILLION),
    "accumulate, categorical": (lambda: (Accumulate(), Categorical(s.K), BrierFit()), MILLION),
    "subsample": (lambda: (Subsample(), _generic()), MILLION),
    "subsample, categorical": (lambda: (Subsample(), Categorical(s.K), BrierFit()), MILLION),
    "schedule": (lambda: (Schedule([0.5, 0.4, 0.3]), _generic()), 3),
    "schedule, replayed": (lambda: (Schedule([0.5, 0.4, 0.3], real="replay"), _generic()), 3),
    "schedule, endless": (lambda: (Schedule(1 / (s.j + 1)), _generic()), 60),
    "weights": (lambda: (SourceWeights(s.j + 1), _generic()), 60),
    "expectation": (lambda: (FixedMix(s.alpha), _generic()), MILLION, "expectation"),
    "expected gap": (lambda: (Augment(s.lam), _generic()), MILLION, "expected-gap"),
    "excess risk": (lambda: (FixedMix(s.alpha), _generic()), MILLION, "excess-risk"),
    "expected excess": (lambda: (Augment(s.lam), _generic()), MILLION, "expected-excess"),
    "weak stability": (lambda: (FixedMix(s.alpha, "fresh"), _generic()), MILLION, "weak-stability"),
    "weak stability, replace": (lambda: (Replace(), _generic()), MILLION, "weak-stability"),
    "Bernstein": (lambda: (FixedMix(s.alpha), *_location()), MILLION, "bernstein"),
    "Bernstein, augment": (lambda: (Augment(s.lam), *_location()), MILLION, "bernstein"),
    "best": (lambda: (FixedMix(s.alpha, "fresh"), *_location()), MILLION, "best"),
}


@cache
def bound_of(name: str) -> stl.Bound:
    """The bound of a family."""
    make, _, *theorem = FAMILIES[name]
    return stl.Bound(stl.Setting(*make()), *theorem)


def column(name: str, rng: np.random.Generator, size: int, most: float) -> np.ndarray:
    """Random values of a symbol, over all orders of magnitude that occur, with special ones mixed in."""
    special: tuple[float, ...] = ()
    if name in ("n", "K"):
        values = np.floor(10 ** rng.uniform(0, 12 if name == "n" else 6, size))
    elif name == "i":
        values, special = np.floor(10 ** rng.uniform(0, np.log10(most + 1), size)), (0, 1, 2, most)
    elif name in ("alpha", "w", "eta", "prior_distance"):
        values, special = 10 ** rng.uniform(-12, 0, size), (0.0, 1.0, 0.5, 1e-12)
    elif name == "delta":
        values, special = 10 ** rng.uniform(-300, -0.001, size), (1e-300, 0.5, 1 - 2.0**-53)
    elif name == "kappa":
        values = np.where(rng.random(size) < 0.5, rng.uniform(0, 1.1, size), rng.uniform(0, 50, size))
        special = (0.0, 1.0, 0.5, 50.0)
    elif name == "L":
        values = rng.integers(1, 12, size).astype(float)
    elif name == "r":
        values, special = rng.uniform(0.05, 3, size), (0.5, 1.0)
    else:
        values = 10 ** rng.uniform(-3, 1, size)
    for value in special:
        values[rng.random(size) < 0.04] = value
    return np.minimum(values, most) if name == "i" else values


# --- the truth ----------------------------------------------------------------------------------------------------


class _RootsOfHarmonic(sp.Function):  # type: ignore[misc]
    """``sum_{k=1..i} sqrt(1 + 1/4 + ... + 1/k**2)``: the drift of categorical fits in averaging loops."""

    nargs = 1


def _independent(series: sp.Sum) -> sp.Expr:
    """Sums that balls would add up for minutes, in another form; the summand is checked against that form."""
    if not series.function.has(growth_sum):
        return series
    index, first, last = series.limits[0]
    outside = series.function.as_independent(index, as_Add=False)[0]
    for k in (1, 2, 5):
        expected = sp.sqrt(sum(sp.Rational(1, m * m) for m in range(1, k + 1)))
        assert sp.simplify(series.function.subs(index, k) / outside - expected) == 0
    assert first == 1
    return outside * _RootsOfHarmonic(last)


def _telescoped(product: sp.Product) -> sp.Expr:
    """A product of ``constant (1 - 1/(m+1))`` without its index."""
    index, first, last = product.limits[0]
    constant = sp.cancel(product.function * (index + 1) / index)
    return product if constant.has(index) else constant ** (last - first + 1) * first / (last + 1)


@cache
def _table(most: int) -> dict[int, flint.arb]:
    """The values of `_RootsOfHarmonic` at all places that families ask for."""
    found, harmonic, total = {0: flint.arb(0)}, flint.arb(0), flint.arb(0)
    wanted = {int(i) for name in FAMILIES if "categorical" in name for i in _columns(name).get("i", ())}
    with flint.ctx.workprec(280):
        for k in range(1, most + 1):
            harmonic += flint.arb(1) / (k * k)
            total += harmonic.sqrt()
            if k in wanted or k in (most, 1, 2):
                found[k] = total
    return found


def truth_of(expression: sp.Expr, symbols: tuple[sp.Symbol, ...], columns: dict[str, np.ndarray],
             precision: int = 600) -> tuple[flint.arb, ...]:
    """The values at points to at least 60 digits, by balls."""
    plain = expression.replace(sp.Sum, lambda *parts: _independent(sp.Sum(*parts)))
    plain = in_power_sums(plain.replace(sp.Product, lambda *parts: _telescoped(sp.Product(*parts))))
    most = int(columns["i"].max())
    functions = {**BALL_FUNCTIONS, "_RootsOfHarmonic": lambda i: _table(most)[int(i.unique_fmpz())]}
    function = function_over((plain,), symbols, BALL_OPERATIONS, functions)
    with flint.ctx.workprec(precision):
        found = tuple(flint.arb(function(*map(flint.arb, map(float, point)))[0])
                      for point in zip(*columns.values(), strict=True))
    assert all(value.rel_accuracy_bits() > 200 or value.is_zero() for value in found)
    return found


@cache
def _columns(name: str) -> dict[str, np.ndarray]:
    bound, rng = bound_of(name), np.random.default_rng(17)
    return {symbol.name: column(symbol.name, rng, POINTS, FAMILIES[name][1]) for symbol in bound.symbols}


@cache
def case(name: str, size: int = POINTS, most: int = MILLION) -> tuple[dict[str, np.ndarray], tuple[flint.arb, ...]]:
    """The first random points of a family, with at most so many generations, and the values there."""
    bound, columns = bound_of(name), {key: values[:size] for key, values in _columns(name).items()}
    columns["i"] = np.minimum(columns["i"], most)
    # Zeta functions of the drift take long; elsewhere a power i of a number next to 1 needs the digits.
    return columns, truth_of(bound.expr, bound.symbols, columns, 230 if name == "accumulate" else 600)


def allowed(generations: float) -> float:
    """The relative error of doubles.

    ``kappa (1 - alpha)`` has rounded before it is raised to the power ``i``, in square for the amplification, which is
    ``O(i 2**-53)``; exponentials of logarithms of up to 700 cost ``O(700 2**-53)``, hence 1e-12.
    """
    return 1e-12 + 40 * (generations + 1) * 2.0**-53


def compare(got: np.ndarray, truth: tuple[flint.arb, ...], generations: np.ndarray) -> None:
    """Within rounding; infinite exactly where the truth exceeds the largest double."""
    assert got.dtype == np.float64 and not np.isnan(got).any()
    for value, true, i in zip(got.ravel(), truth, np.ravel(generations), strict=True):
        error = allowed(i)
        if true * (1 - error) > LARGEST:
            assert value == np.inf
        elif true * (1 + error) < LARGEST:
            assert np.isfinite(value)
            assert abs(flint.arb(float(value)) - true) <= true * error + 5e-324, (value, true, i)
