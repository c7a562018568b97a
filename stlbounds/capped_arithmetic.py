"""Exact arithmetic on SymPy expressions in which every operation is priced before it is carried out.

The parser (`stlbounds.parsing`) builds its results with these functions only. A `Term` carries, besides the
expression, its value as a double if it is a constant; an operation whose result would be too large raises `CapError`
first. Invariants of every term that exists, on which the bound on the running time rests:

* a constant is 0 or lies between `TINY` and `HUGE` in absolute value, so no later evaluation of it can need the
  precision of a tower of exponentials;
* numerators and denominators have at most `MAX_BITS` bits, also those that SymPy may compute later on when it merges
  ``2**N`` with ``2**(K - N)``: the `_load`;
* the expression, as a tree, has at most `MAX_SIZE` nodes and `MAX_DEPTH` levels, and is free of ``I``, ``zoo`` and
  ``nan``.

Sums and products of two terms are at most about twice as large as both together and are checked afterwards; powers
and functions are checked before and afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from stlbounds.special import geometric_sum

__all__ = ["FUNCTIONS", "CapError", "Function", "Term", "add", "call", "divide", "multiply", "negate", "power",
           "subtract"]

MAX_BITS = 4096
MAX_ROOT_BITS = 512
MAX_SIZE = 2000
MAX_DEPTH = 40
MAX_EXPONENT = 1000
MAX_TERMS = 10**6
HUGE = 1e300
TINY = 1e-300
_CANCELLED = 1e-9


class CapError(Exception):
    """An operation was refused; the message says why. The parser turns it into a `ParseError`."""


@dataclass(frozen=True)
class Term:
    """An expression within the caps, with its value as a double if it has no symbols."""

    value: sp.Expr
    size: float | None

    @property
    def rational(self) -> bool:
        """Whether the term is an exact rational number."""
        return bool(self.value.is_Rational)

    @classmethod
    def of(cls, value: sp.Expr, size: float | None = None) -> Term:
        """Wrap a result; ``size`` is its value as a double, needed only for irrational constants.

        Raises
        ------
        CapError
            If an invariant is violated.
        """
        if value is sp.zoo or value is sp.nan:
            raise CapError("division by zero")
        _check_tree(value)
        if value.is_Rational:
            return cls(value, _as_double(value))
        if value.free_symbols:
            return cls(value, None)
        if size is None or not TINY <= abs(size) <= HUGE:
            raise CapError("a constant too large or too small, or not decidable from zero")
        return cls(value, size)


def _bits(number: sp.Rational) -> int:
    return max(int(number.p).bit_length(), int(number.q).bit_length())


def _as_double(number: sp.Rational) -> float:
    try:
        size = int(number.p) / int(number.q)
    except OverflowError:
        size = math.inf
    if number and not TINY <= abs(size) <= HUGE:
        raise CapError(f"a number outside {TINY} ... {HUGE}")
    return size


def _check_tree(value: sp.Expr) -> None:
    """Refuse a tree that is too large, too deep, has a huge rational, or is not a finite real expression."""
    todo: list[tuple[sp.Basic, int]] = [(value, 1)]
    seen = 0
    has_power = False
    while todo:
        node, depth = todo.pop()
        seen += 1
        if seen > MAX_SIZE or depth > MAX_DEPTH:
            raise CapError("an expression that is too large")
        if node.is_Rational and _bits(node) > MAX_BITS:
            raise CapError(f"a number of more than {MAX_BITS} bits")
        if node.is_Pow:
            has_power = True
            if node.exp.is_Number and abs(node.exp) > MAX_EXPONENT:
                raise CapError("an exponent that is too large")
        if node is sp.I:
            raise CapError("not a real number")
        if node in (sp.zoo, sp.nan, sp.oo, -sp.oo):
            raise CapError("not a finite number")
        todo.extend((child, depth + 1) for child in node.args)
    if has_power and _load(value) > MAX_BITS:
        raise CapError(f"a power of more than {MAX_BITS} bits")


def _double(operation: Callable[..., float], *terms: Term) -> float | None:
    """The operation on doubles if all terms are constants."""
    sizes = [term.size for term in terms if term.size is not None]
    if len(sizes) < len(terms):
        return None
    try:
        return operation(*sizes)
    except OverflowError:
        return math.inf
    except (ValueError, ZeroDivisionError):
        raise CapError("not a real number") from None


# --- operations -------------------------------------------------------------------------------------------


def add(left: Term, right: Term) -> Term:
    """The sum. Irrational constants that cancel are refused, since only their doubles are known."""
    size = _double(lambda x, y: x + y, left, right)
    value = left.value + right.value
    if size is not None and not value.is_Rational:
        scale = max(abs(left.size or 0.0), abs(right.size or 0.0))
        if abs(size) <= _CANCELLED * scale:
            raise CapError("constants that cancel so far that their difference is not decidable from zero")
    return Term.of(value, size)


def subtract(left: Term, right: Term) -> Term:
    """The difference."""
    return add(left, negate(right))


def multiply(left: Term, right: Term) -> Term:
    """The product."""
    return Term.of(left.value * right.value, _double(lambda x, y: x * y, left, right))


def divide(left: Term, right: Term) -> Term:
    """The quotient; a division by zero is refused."""
    if right.value == 0:
        raise CapError("division by zero")
    return Term.of(left.value / right.value, _double(lambda x, y: x / y, left, right))


def negate(term: Term) -> Term:
    """The term with the other sign."""
    return Term.of(-term.value, _double(lambda x: -x, term))


def power(base: Term, exponent: Term) -> Term:
    """The power; ``0**0`` is 1, and roots and symbolic powers of negative numbers are refused."""
    _price_power(base, exponent)
    return Term.of(base.value**exponent.value, _double(lambda x, y: float(x**y), base, exponent))


def _price_power(base: Term, exponent: Term) -> None:
    if exponent.size is not None:
        if base.value == 0 and exponent.size < 0:
            raise CapError("division by zero")
        if not base.rational and abs(exponent.size) > MAX_EXPONENT:
            raise CapError("an exponent that is too large")
    elif _symbolic_powers(base.value):
        # ((2*n)**K)**(10**9/K) is (2*n)**(10**9): exponents that multiply can hide any number.
        raise CapError("a symbolic power of a symbolic power")
    if max(_number_bits(base.value), _load(base.value)) * _weight(exponent) > MAX_BITS:
        raise CapError(f"a power of more than {MAX_BITS} bits")
    if exponent.value.is_Integer:
        return
    if base.size is not None and base.size < 0:
        raise CapError("a root or symbolic power of a negative number")
    # Taking a root makes SymPy look for perfect powers and small factors of the base.
    if _number_bits(base.value) > MAX_ROOT_BITS:
        raise CapError(f"a root of a number of more than {MAX_ROOT_BITS} bits")
    if exponent.rational and _bits(exponent.value) > MAX_ROOT_BITS:
        raise CapError(f"an exponent of more than {MAX_ROOT_BITS} bits")


def _symbolic_powers(value: sp.Expr) -> list[sp.Pow]:
    return [found for found in value.atoms(sp.Pow) if found.exp.free_symbols]


def _number_bits(value: sp.Expr) -> int:
    """The bits of the largest rational inside whose powers grow (0 if there is none)."""
    return max((_bits(number) for number in value.atoms(sp.Rational) if number not in (0, 1, -1)), default=0)


def _weight(exponent: Term) -> float:
    """How many times its bits a number may grow under this exponent.

    SymPy turns ``2**(N + 9)`` into ``512 * 2**N``: the rationals inside a symbolic exponent count.
    """
    if exponent.size is not None:
        return abs(exponent.size)
    return max(1.0, float(sum(abs(number) for number in exponent.value.atoms(sp.Rational))))


def _load(value: sp.Expr) -> float:
    """The bits that the symbolic powers inside ``value`` may turn into when their exponents become numbers."""
    return max((_number_bits(found.base) * _weight(Term(found.exp, None)) for found in _symbolic_powers(value)),
               default=0.0)


# --- functions --------------------------------------------------------------------------------------------


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


def call(name: str, *terms: Term) -> Term:
    """Apply the function `FUNCTIONS[name]`."""
    function = FUNCTIONS[name]
    least, most = function.arguments
    if not least <= len(terms) <= most:
        count = str(least) if least == most else f"{least} to {most}"
        raise CapError(f"{name} takes {count} argument{'s' if count != '1' else ''}, not {len(terms)}")
    function.price(*terms)
    size = _double(function.double, *terms)
    if size is not None and not abs(size) <= HUGE:
        raise CapError(f"{name} of this number is too large")
    return Term.of(function.build(*(term.value for term in terms)), size)


def _price_sqrt(term: Term) -> None:
    _price_power(term, Term(sp.S.Half, 0.5))


def _price_log(term: Term) -> None:
    if term.value == 0:
        raise CapError("log of zero")


def _price_exp(term: Term) -> None:
    # exp(K*log(2)) becomes 2**K, hence the prices of a power.
    logarithms = term.value.atoms(sp.log)
    if any(_symbolic_powers(logarithm) for logarithm in logarithms):
        raise CapError("exp of the logarithm of a symbolic power")
    if logarithms and _number_bits(term.value) * _weight(term) > MAX_BITS:
        raise CapError(f"a power of more than {MAX_BITS} bits")


def _price_gamma(term: Term) -> None:
    if term.size is not None and abs(term.size) > 170:
        raise CapError("gamma of a number beyond 170")


def _price_geometric_sum(ratio: Term, terms: Term) -> None:
    if terms.size is None:
        return
    if not terms.value.is_Integer or not 0 <= terms.size <= MAX_TERMS:
        raise CapError(f"the second argument of geometric_sum is a number of terms, 0 to {MAX_TERMS}")
    if ratio.rational and terms.size <= 256 and terms.size * _bits(ratio.value) > MAX_BITS:
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


_MAXIMUM = Function(_extremum(sp.Max), lambda *values: max(values), (1, 16))
_MINIMUM = Function(_extremum(sp.Min), lambda *values: min(values), (1, 16))

#: Every function that an expression may call; one entry makes a new one available.
FUNCTIONS: dict[str, Function] = {
    "Max": _MAXIMUM,
    "Min": _MINIMUM,
    "erf": Function(sp.erf, math.erf),
    "exp": Function(sp.exp, math.exp, price=_price_exp),
    "gamma": Function(sp.gamma, math.gamma, price=_price_gamma),
    "geometric_sum": Function(geometric_sum, _geometric_sum_double, (2, 2), _price_geometric_sum),
    "log": Function(sp.log, math.log, price=_price_log),
    "max": _MAXIMUM,
    "min": _MINIMUM,
    "sqrt": Function(sp.sqrt, math.sqrt, price=_price_sqrt),
    "tanh": Function(sp.tanh, math.tanh),
}
