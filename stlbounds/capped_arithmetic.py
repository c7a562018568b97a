"""Exact arithmetic on SymPy expressions in which every operation is priced before it is carried out.

The parser (`stlbounds.parsing`) builds its results with these functions only. A `Term` carries, besides the
expression, its value as a double if it is a constant; an operation whose result would be too large raises `CapError`
first. Invariants of every term that exists, on which the bound on the running time rests:

* a constant is 0 or lies between `TINY` and `HUGE` in absolute value, so no later evaluation of it can need the
  precision of a tower of exponentials;
* numerators and denominators have at most `MAX_BITS` bits, also those that SymPy may compute later on when it merges
  ``2**N`` with ``2**(K - N)``: the `load`;
* the expression, as a tree, has at most `MAX_SIZE` nodes and `MAX_DEPTH` levels, and is free of ``I``, ``zoo`` and
  ``nan``;
* a sum in a single symbol has degree at most `MAX_DEGREE`: SymPy isolates its real roots whenever it is asked for its
  sign, which takes minutes for ``((1 - kappa)**30 + 2)**30 - 3``. A number beside a power of a linear base, such as
  ``1 - (1 - alpha)**50``, takes half a second at most up to degree `MAX_PLAIN_DEGREE` if all numbers are small.

Sums and products are at most about twice as large as their parts together and are checked afterwards; powers
and functions are checked before and afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sympy as sp

__all__ = ["HUGE", "MAX_BITS", "TINY", "CapError", "Term", "add", "bits", "double_of", "load", "negate",
           "number_bits", "power", "price_power", "price_roots", "product", "subtract", "symbolic_powers", "weight"]

MAX_BITS = 4096
MAX_ROOT_BITS = 512
MAX_SIZE = 2000
MAX_DEPTH = 40
#: Of a sum with a power, of which a root or a symbolic power is taken.
MAX_ROOTED_SIZE = 120
MAX_EXPONENT = 1000
MAX_DEGREE = 24
MAX_PLAIN_DEGREE = 128
MAX_PLAIN_BITS = 16
#: Of the common denominator of the exponents of roots of numbers, times the bits of these numbers.
MAX_ROOT_WORK = 2**20
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
        symbols = value.free_symbols
        if value.is_Add and len(symbols) == 1 and max(_degrees(value)) > MAX_DEGREE and not _plain_power(value):
            raise CapError(f"a sum in one symbol of a degree above {MAX_DEGREE}; make an exponent a symbol")
        if symbols:
            return cls(value, None)
        if size is None or not TINY <= abs(size) <= HUGE:
            raise CapError("a constant too large or too small, or not decidable from zero")
        return cls(value, size)


def bits(number: sp.Rational) -> int:
    """The bits of the larger of numerator and denominator."""
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
        if node.is_Rational and bits(node) > MAX_BITS:
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
    if has_power and load(value) > MAX_BITS:
        raise CapError(f"a power of more than {MAX_BITS} bits")


def _degrees(value: sp.Expr) -> tuple[float, float]:
    """Upper bounds on the degrees of numerator and denominator over a common one; what is no polynomial counts as 0."""
    if value.is_Symbol:
        return 1.0, 0.0
    if value.is_Pow and value.exp.is_Integer:
        above, below = _degrees(value.base)
        power = int(value.exp)
        return (power * above, power * below) if power > 0 else (-power * below, -power * above)
    if not (value.is_Add or value.is_Mul):
        return 0.0, 0.0
    parts = [_degrees(part) for part in value.args]
    below = sum(part[1] for part in parts)
    return (max(part[0] - part[1] for part in parts) + below if value.is_Add else sum(part[0] for part in parts)), below


def _plain_power(value: sp.Expr) -> bool:
    """Whether a sum is a number and a multiple of a power of something linear, all with small numbers."""
    number, rest = value.as_coeff_Add()
    base, exponent = rest.as_coeff_Mul()[1].as_base_exp()
    return bool(number != 0 and not rest.is_Add and number_bits(value) <= MAX_PLAIN_BITS and exponent.is_Integer
                and abs(exponent) <= MAX_PLAIN_DEGREE and max(_degrees(base)) <= 1 and not base.atoms(sp.Function)
                and all(part.exp.is_Integer for part in base.atoms(sp.Pow)))


def double_of(operation: Callable[..., float], *terms: Term) -> float | None:
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
    size = double_of(lambda x, y: x + y, left, right)
    value = left.value + right.value
    if size is not None and not value.is_Rational:
        scale = max(abs(left.size or 0.0), abs(right.size or 0.0))
        if abs(size) <= _CANCELLED * scale:
            raise CapError("constants that cancel so far that their difference is not decidable from zero")
    return Term.of(value, size)


def subtract(left: Term, right: Term) -> Term:
    """The difference."""
    return add(left, negate(right))


def product(factors: Sequence[tuple[Term, bool]], negative: bool = False) -> Term:
    """The product of factors, each with whether it is divided by; a division by zero is refused."""
    values, size = [sp.Integer(-1)] if negative else [], -1.0 if negative else 1.0
    for factor, over in factors:
        if over and factor.value == 0:
            raise CapError("division by zero")
        values.append(1 / factor.value if over else factor.value)
        step = double_of(lambda x, y: x / y if over else x * y, Term(sp.S.One, size), factor)  # noqa: B023
        size = math.nan if step is None else step
    if len(values) > 1:
        price_roots([part for value in values for part in _number_powers(value) if part[1] > 1])
    return Term.of(sp.Mul(*values), None if math.isnan(size) else size)


def negate(term: Term) -> Term:
    """The term with the other sign."""
    return Term.of(-term.value, double_of(lambda x: -x, term))


def power(base: Term, exponent: Term) -> Term:
    """The power; ``0**0`` is 1, and roots and symbolic powers of negative numbers are refused."""
    price_power(base, exponent)
    return Term.of(base.value**exponent.value, double_of(lambda x, y: float(x**y), base, exponent))


def price_power(base: Term, exponent: Term) -> None:
    """Refuse a power whose result would be too large, or not real."""
    if exponent.size is not None:
        if base.value == 0 and exponent.size < 0:
            raise CapError("division by zero")
        if not base.rational and abs(exponent.size) > MAX_EXPONENT:
            raise CapError("an exponent that is too large")
    elif any(factor.is_Pow and factor.exp.free_symbols for factor in sp.Mul.make_args(base.value)):
        # ((2*n)**K)**(10**9/K) is (2*n)**(10**9): exponents that multiply can hide any number. A sum keeps them apart.
        raise CapError("a symbolic power of a symbolic power")
    if max(number_bits(base.value), load(base.value)) * weight(exponent) > MAX_BITS:
        raise CapError(f"a power of more than {MAX_BITS} bits")
    index = _denominators(exponent.value)
    price_roots([(number, index * inner) for number, inner in _number_powers(base.value)])
    if exponent.value.is_Integer:
        return
    if base.size is not None and base.size < 0:
        raise CapError("a root or symbolic power of a negative number")
    # The root of a power makes SymPy look for the sign of what is under it: slow for long sums, and where it cannot see
    # that they are real, an expansion into real and imaginary parts without any limit.
    for factor in sp.Mul.make_args(base.value):
        if factor.is_Pow and not factor.base.is_Atom:
            if larger_than(factor.base, MAX_ROOTED_SIZE):
                raise CapError("a root or symbolic power of a power of a long expression")
            if factor.base.is_extended_real is not True:
                raise CapError("a root or symbolic power of a power of something that may not be real")
    # Taking a root makes SymPy look for perfect powers and small factors of the base.
    if number_bits(base.value) > MAX_ROOT_BITS:
        raise CapError(f"a root of a number of more than {MAX_ROOT_BITS} bits")
    if exponent.rational and bits(exponent.value) > MAX_ROOT_BITS:
        raise CapError(f"an exponent of more than {MAX_ROOT_BITS} bits")


def _denominators(exponent: sp.Expr) -> int:
    """The common denominator of the rationals in an exponent, also of those that a sum with it may uncover."""
    return math.lcm(*(int(number.q) for number in exponent.atoms(sp.Rational)))


def _number_powers(value: sp.Expr) -> list[tuple[sp.Rational, int]]:
    """The rational factors of a product with the common denominators of their exponents."""
    pairs = [factor.as_base_exp() for factor in sp.Mul.make_args(value)]
    return [(base, _denominators(exponent)) for base, exponent in pairs
            if base.is_Rational and base not in (0, 1, -1)]


def price_roots(powers: Sequence[tuple[sp.Rational, int]]) -> None:
    """Refuse to merge powers of numbers whose exponents have these denominators, if that may be slow.

    SymPy writes ``24**(p/q)`` as ``2**a * (2**b * 3**c)**(1/q)`` with the remainders of ``3*p`` and ``p`` modulo ``q``,
    and works that number out. It stays small where the primes of each number are there equally often, and those of two
    numbers are the same or different ones.
    """
    index = math.lcm(*(inner for _, inner in powers))
    numbers = {abs(number.p) * number.q for number, _ in powers}
    if index == 1 or index * sum(number.bit_length() for number in numbers) <= MAX_ROOT_WORK:
        return
    if max(numbers).bit_length() <= MAX_ROOT_BITS:
        factored = [sp.Integer(number).factors(limit=2**15) for number in numbers]
        primes = {frozenset(times) for times in factored}
        if all(len(set(times.values())) == 1 for times in factored) and sum(map(len, primes)) == len(frozenset.union(
                *primes)):
            return
    raise CapError("a root, of too high an index, of a number; write a decimal with fewer digits")


def larger_than(value: sp.Expr, size: int) -> bool:
    """Whether the expression has more nodes than that, as a tree."""
    return any(seen >= size for seen, _ in enumerate(sp.preorder_traversal(value)))


def symbolic_powers(value: sp.Expr) -> list[sp.Pow]:
    """The powers inside whose exponents have symbols."""
    return [found for found in value.atoms(sp.Pow) if found.exp.free_symbols]


def number_bits(value: sp.Expr) -> int:
    """The bits of the largest rational inside whose powers grow (0 if there is none)."""
    return max((bits(number) for number in value.atoms(sp.Rational) if number not in (0, 1, -1)), default=0)


def weight(exponent: Term) -> float:
    """How many times its bits a number may grow under this exponent.

    SymPy turns ``2**(N + 9)`` into ``512 * 2**N``: the rationals inside a symbolic exponent count.
    """
    if exponent.size is not None:
        return abs(exponent.size)
    return max(1.0, float(sum(abs(number) for number in exponent.value.atoms(sp.Rational))))


def load(value: sp.Expr) -> float:
    """The bits that the symbolic powers inside ``value`` may turn into when their exponents become numbers."""
    return max((number_bits(found.base) * weight(Term(found.exp, None)) for found in symbolic_powers(value)),
               default=0.0)
