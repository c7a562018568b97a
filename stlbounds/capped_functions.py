"""The functions that a text may call, each with a price that is paid before it is built.

Besides the elementary ones these are the functions of this library that bounds are made of.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from stlbounds.capped_arithmetic import (
    HUGE,
    MAX_BITS,
    CapError,
    Term,
    bits,
    double_of,
    number_bits,
    price_power,
    price_roots,
    symbolic_powers,
    weight,
)
from stlbounds.growth import growth, growth_sum
from stlbounds.sequences import listed
from stlbounds.special import binary_depth, geometric_sum

__all__ = ["FUNCTIONS", "Function", "call"]

MAX_TERMS = 10**6
#: Generations or layers that are walked through one by one to know the size of a constant.
MAX_STEPS = 2000

@dataclass(frozen=True)
class Function:
    """An allowed function: how to build it, its value in doubles, and what it refuses.

    Parameters
    ----------
    build : callable
        From SymPy expressions to a SymPy expression.
    double : callable
        The same on floats; `ValueError` where it is not real.
    arguments : tuple of int
        The least and the largest number of arguments.
    price : callable
        Raises `CapError` if building would be expensive.
    """

    build: Callable[..., sp.Expr]
    double: Callable[..., float]
    arguments: tuple[int, int] = (1, 1)
    price: Callable[..., None] = lambda *terms: None


def _binary_depth_double(size: float) -> float:
    if not 1 <= size <= 2**53:
        raise ValueError("no tree has that many leaves")
    return float((math.ceil(size) - 1).bit_length())


def call(name: str, *terms: Term) -> Term:
    """Apply the function `FUNCTIONS[name]`."""
    function = FUNCTIONS[name]
    least, most = function.arguments
    if not least <= len(terms) <= most:
        count = str(least) if least == most else f"{least} to {most}"
        raise CapError(f"{name} takes {count} argument{'s' if count != '1' else ''}, not {len(terms)}")
    function.price(*terms)
    size = double_of(function.double, *terms)
    if size is not None and not abs(size) <= HUGE:
        raise CapError(f"{name} of this number is too large")
    return Term.of(function.build(*(term.value for term in terms)), size)


def _price_sqrt(term: Term) -> None:
    price_power(term, Term(sp.S.Half, 0.5))


def _price_log(term: Term) -> None:
    if term.value == 0:
        raise CapError("log of zero")


def _price_exp(term: Term) -> None:
    # exp(K*log(2)) becomes 2**K, hence the prices of a power.
    logarithms = term.value.atoms(sp.log)
    if any(symbolic_powers(logarithm) for logarithm in logarithms):
        raise CapError("exp of the logarithm of a symbolic power")
    if logarithms and number_bits(term.value) * weight(term) > MAX_BITS:
        raise CapError(f"a power of more than {MAX_BITS} bits")
    rationals = term.value.atoms(sp.Rational)
    index = math.lcm(*(int(number.q) for number in rationals))
    price_roots([(number, index) for logarithm in logarithms for number in logarithm.atoms(sp.Rational)
                 if number not in (0, 1, -1)])


def _price_gamma(term: Term) -> None:
    if term.size is not None and abs(term.size) > 170:
        raise CapError("gamma of a number beyond 170")


def _price_geometric_sum(ratio: Term, terms: Term) -> None:
    if terms.size is None:
        return
    if not terms.value.is_Integer or not 0 <= terms.size <= MAX_TERMS:
        raise CapError(f"the second argument of geometric_sum is a number of terms, 0 to {MAX_TERMS}")
    if ratio.rational and terms.size <= 256 and terms.size * bits(ratio.value) > MAX_BITS:
        raise CapError(f"a power of more than {MAX_BITS} bits")


def _geometric_sum_double(ratio: float, terms: float) -> float:
    if ratio == 1.0:
        return terms
    return float((1.0 - ratio**terms) / (1.0 - ratio))


def _extremum(function: type[sp.Max] | type[sp.Min]) -> Callable[..., sp.Expr]:
    def build(*values: sp.Expr) -> sp.Expr:
        # SymPy compares all pairs of arguments, in seconds for some twenty: only numbers are worth it.
        return function(*values, evaluate=all(value.is_Rational for value in values))

    return build


# --- the functions of this library ------------------------------------------------------------------------


def _whole(name: str, term: Term, most: int) -> None:
    """Refuse a number that is no integer from 0 to ``most``; symbols pass."""
    if term.size is not None and not (term.value.is_Integer and 0 <= term.size <= most):
        raise CapError(f"{name} needs an integer from 0 to {most} here")


def _nonnegative(name: str, term: Term) -> None:
    if term.size is not None and term.size < 0:
        raise CapError(f"{name} of a negative number")


def _price_product(rate: Term, steps: float, power: float = 1.0) -> None:
    """The price of an exact product of ``steps`` factors ``(1 + rate/m)**power``."""
    if rate.rational and steps * power * (bits(rate.value) + 8) > MAX_BITS:
        raise CapError(f"a product of more than {MAX_BITS} bits")


def _price_growth(rate: Term, first: Term, last: Term) -> None:
    _nonnegative("growth", rate)
    for end in (first, last):
        _whole("growth", end, MAX_STEPS)
    if first.size is not None and last.size is not None:
        if first.size > last.size:
            raise CapError("growth needs a first generation that is not after the last one")
        if last.size - first.size <= 64:
            _price_product(rate, last.size - first.size)


def _growth_double(rate: float, first: float, last: float) -> float:
    return math.prod(1.0 + rate / m for m in range(int(first) + 1, int(last) + 1))


def _price_growth_sum(rate: Term, last: Term, power: Term, start: Term = Term(sp.S.Zero, 0.0)) -> None:  # noqa: B008
    _nonnegative("growth_sum", rate)
    _whole("growth_sum", last, MAX_STEPS)
    if not power.value.is_Integer or not 1 <= power.value <= 4:
        raise CapError("the third argument of growth_sum is a power from 1 to 4")
    if start.value not in (0, 1):
        raise CapError("the fourth argument of growth_sum is 0 or 1")
    if last.size is not None and last.size <= 64:
        _price_product(rate, last.size, float(power.value))


def _growth_sum_double(rate: float, last: float, power: float, start: float = 0.0) -> float:
    total = 1.0 - start
    for m in range(1, int(last) + 1):
        total = (1.0 + rate / m) ** int(power) * total + 1.0
    return total


def _price_listed(index: Term, *values: Term) -> None:
    _whole("listed", index, MAX_TERMS)


def _listed_double(index: float, *values: float) -> float:
    return values[min(max(int(index), 1), len(values)) - 1]


def _price_layer(score: Term, layers: Term) -> None:
    _nonnegative("a recursion over layers", score)
    _whole("a recursion over layers", layers, MAX_STEPS)


def _layer(name: str) -> Function:
    def build(score: sp.Expr, layers: sp.Expr) -> sp.Expr:
        # Here, because reading expressions needs no models.
        from stlbounds.generators import attention_depth

        return getattr(attention_depth, name)(score, layers)

    def double(score: float, layers: float) -> float:
        from stlbounds.compiled import NUMPY_FUNCTIONS
        from stlbounds.generators import attention_depth  # noqa: F401  # registers its functions

        return float(NUMPY_FUNCTIONS[name](score, layers))

    return Function(build, double, (2, 2), _price_layer)


_MAXIMUM = Function(_extremum(sp.Max), lambda *values: max(values), (1, 16))
_MINIMUM = Function(_extremum(sp.Min), lambda *values: min(values), (1, 16))

#: Every function that an expression may call; one entry makes a new one available.
FUNCTIONS: dict[str, Function] = {
    "Max": _MAXIMUM,
    "Min": _MINIMUM,
    "Abs": Function(sp.Abs, abs),
    "binary_depth": Function(binary_depth, _binary_depth_double),
    "erf": Function(sp.erf, math.erf),
    "exp": Function(sp.exp, math.exp, price=_price_exp),
    "gamma": Function(sp.gamma, math.gamma, price=_price_gamma),
    "geometric_sum": Function(geometric_sum, _geometric_sum_double, (2, 2), _price_geometric_sum),
    "growth": Function(growth, _growth_double, (3, 3), _price_growth),
    "growth_sum": Function(growth_sum, _growth_sum_double, (3, 4), _price_growth_sum),
    **{name: _layer(name) for name in ("layer_mean", "layer_query", "layer_spread")},
    "listed": Function(listed, _listed_double, (2, 101), _price_listed),
    "log": Function(sp.log, math.log, price=_price_log),
    "max": _MAXIMUM,
    "min": _MINIMUM,
    "sqrt": Function(sp.sqrt, math.sqrt, price=_price_sqrt),
    "tanh": Function(sp.tanh, math.tanh),
}
