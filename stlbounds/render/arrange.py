"""How an author would arrange an expression: the order of terms and factors, and what goes under which root.

Nothing here knows an output format. The LaTeX printer and the plain-text printer both ask `arrange_product`
and `ordered_terms`, so that a bound reads the same on paper and on a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import gcd
from typing import Any

import sympy as sp

from stlbounds.growth import growth_sum
from stlbounds.proof.quantities import (
    D,
    Deviation,
    Dmix,
    DriftBias,
    ExchangeBias,
    ExpectedDeviation,
    LossConstant,
    MeanGap,
    Quantity,
    Sensitivity,
    Stability,
)
from stlbounds.sequences import listed
from stlbounds.special import geometric_sum
from stlbounds.symbols import delta

__all__ = ["Product", "arrange_product", "is_negative", "is_recursive", "is_tall", "ordered_terms",
           "prints_itself", "shares_fraction", "stands_alone", "summed"]

HALF = sp.Rational(1, 2)
_ANY_PROPORTION = sp.Symbol("alpha")

# Factors are written in this order: counts, constants of the loss and the loop, proportions, errors, sizes.
_FACTOR_RANK = {
    "i": 5, "j": 5, "_j": 5, "_g": 5,
    "M": 10, "kappa": 20, "beta": 25, "b": 26, "gamma": 27,
    "alpha": 30, "w": 30, "eta": 30, "lam": 30,
    "rho": 35, "c": 39, "e": 40, "Phi": 44, "h_bar": 46,
    "N": 70, "n": 71, "K": 72,
}
_PROPORTIONS = {"alpha", "w", "eta", "lam"}
_RANK_OF_PROPORTION_SUM = 31
_RANK_OF_SYMBOL = 45
_RANK_OF_SUM = 50
_RANK_OF_CONSTANTS = 12
_RANK_OF_POWER = 73
_RANK_OF_SQUARE = 74
_RANK_OF_FUNCTION = 75
_RANK_OF_TALL = 76
_RANK_OF_QUANTITY = 80
_RANK_OF_SERIES = 90
_CONSTANT_QUANTITIES = (LossConstant, Sensitivity, Stability)
# The parts of the gap in the order in which they are bounded.
_PARTS = (DriftBias, ExchangeBias, MeanGap, ExpectedDeviation, Deviation)
# Terms are ordered like factors, except that the loss constant closes a sum: 2b + M.
_TERM_RANK = {**_FACTOR_RANK, "M": 69, "e": 1, "c": 2}


@dataclass(frozen=True)
class Product:
    """A product taken apart: ``sign * coefficient * numerator / denominator * own_roots * sqrt(root)``.

    Attributes
    ----------
    negative : bool
        Whether a minus sign stands in front.
    coefficient : sympy.Rational
        The positive rational number in front.
    numerator, denominator : tuple of sympy.Expr
        Factors in reading order; those of the denominator with positive exponents.
    own_roots : tuple of sympy.Expr
        Radicands too tall to share a root.
    root_numerator, root_denominator : tuple of sympy.Expr
        Factors of the one radicand that all other square roots are gathered into.
    """

    negative: bool
    coefficient: sp.Rational
    numerator: tuple[sp.Expr, ...]
    denominator: tuple[sp.Expr, ...]
    own_roots: tuple[sp.Expr, ...]
    root_numerator: tuple[sp.Expr, ...]
    root_denominator: tuple[sp.Expr, ...]


def is_tall(expression: sp.Expr) -> bool:
    """Whether the expression contains a sum, a case distinction, or a function that is printed as a formula."""
    if expression.has(geometric_sum, sp.Sum, sp.Product, sp.Piecewise):
        return True
    return any(prints_itself(found) for found in expression.atoms(sp.Function))


def prints_itself(expression: sp.Expr) -> bool:
    """Whether the expression is a special function of the library with a formula of its own (``growth`` is one).

    What is written as a letter with an index, as the proportion of a generation, has no formula.
    """
    return isinstance(expression, sp.Function) and hasattr(expression, "_latex") and not isinstance(
        expression, (Quantity, D, Dmix, geometric_sum, listed)) and not is_recursive(expression)


def is_recursive(expression: sp.Basic) -> bool:
    """Whether this is a function that its own ``start`` and ``step`` define, as the constants of layers are."""
    return isinstance(expression, sp.Function) and hasattr(expression, "step") and hasattr(expression, "start")


def stands_alone(factor: sp.Expr) -> bool:
    """Whether a factor is written behind a fraction, not in its numerator.

    It is tall, a quantity of a proof, or a sum with fractions or with powers of fractions of its own.
    """
    if factor.is_Add and any(term.as_coeff_Mul()[0].q != 1 for term in factor.args):
        return True
    if factor.is_Add and any(power.exp.free_symbols and power.base.is_Mul and sp.fraction(power.base)[1] != 1
                             for power in factor.atoms(sp.Pow)):
        return True
    quantities = factor.atoms(Quantity)
    return is_tall(factor) or any(not isinstance(found, _CONSTANT_QUANTITIES) for found in quantities)


def _names(expression: sp.Expr) -> set[str]:
    """The names of the symbols; a proportion of a list counts as one, whatever its index."""
    return {symbol.name for symbol in expression.replace(listed, lambda *_: _ANY_PROPORTION).free_symbols}


def _count(series: sp.Sum) -> sp.Expr:
    """How many terms a sum over one index has, if that is no negative number."""
    ((_, first, last),) = series.limits
    return last - first + 1


def _is_repetition(part: sp.Basic) -> bool:
    return (isinstance(part, sp.Sum) and len(part.limits) == 1 and not part.function.has(part.limits[0][0])
            and _count(part).is_nonnegative is True)


def _without_quotients(expression: sp.Basic) -> sp.Basic:
    """Geometric sums as products where ``1 - ratio`` is a number or one over a formula, never 0: ``lam/(1 + lam)``."""
    powers: dict[sp.Expr, sp.Expr] = {}

    def product(ratio: sp.Expr, count: sp.Expr) -> sp.Expr:
        above, below = sp.fraction(sp.together(1 - ratio))
        if not above.is_Integer:
            return geometric_sum(ratio, count)
        # A name keeps the number in front, which cancels with others, out of the difference.
        name = sp.Dummy(positive=True)
        powers[name] = 1 - ratio**count if above > 0 else ratio**count - 1
        return name * below / abs(above)

    def has_factor(part: sp.Basic) -> bool:
        return part.is_Mul and len(part.args) == 2 and part.args[0].is_Rational and part.args[1] in powers

    # SymPy would multiply the number into the difference.
    expression = expression.replace(geometric_sum, product).replace(
        has_factor, lambda part: sp.Mul(part.args[0], powers[part.args[1]], evaluate=False))
    return expression.xreplace(powers)


def summed(expression: sp.Basic) -> sp.Basic:
    """Sums of growth at sensitivity 1 as what they are, ``(i + 1) sum 1/m``, so that factors before them cancel.

    Sums whose terms are all alike are products, and so are geometric sums that need no quotient.
    """
    expression = expression.replace(_is_repetition, lambda part: part.function * _count(part))
    expression = _without_quotients(expression)
    if not expression.has(growth_sum):
        return expression
    return expression.replace(lambda part: isinstance(part, growth_sum) and part.args[0] == 1,
                              lambda part: part.rewrite(sp.Sum))


def _turned(factor: sp.Expr) -> bool:
    """Whether the factor is a proportion that reads better with the other sign, as ``alpha - 1`` does."""
    if not factor.is_Add:
        return False
    names = _names(factor)
    if not names or not names <= _PROPORTIONS:
        return False
    return any(term.is_number and term.is_negative for term in factor.args)


def is_negative(term: sp.Expr) -> bool:
    """Whether a minus sign stands in front of the term (SymPy's own test calls ``1 - alpha`` negative)."""
    turns = sum(_turned(factor) for factor in sp.Mul.make_args(term)) if term.is_Mul else 0
    return bool(term.as_coeff_Mul()[0].is_negative) != bool(turns % 2)


def shares_fraction(total: sp.Expr) -> bool:
    """Whether all terms of a sum have one denominator, a number, as in ``1/2 - alpha/2``.

    SymPy multiplies fractions into sums. Terms with fractions of their own keep them.
    """
    below = total.primitive()[0].q
    return bool(below != 1) and all(term.as_coeff_Mul()[0].q == below for term in total.args)


def _quantity_rank(quantity: Quantity) -> int:
    return _RANK_OF_QUANTITY + (_PARTS.index(type(quantity)) if isinstance(quantity, _PARTS) else 0)


def _rank(factor: sp.Expr, ranks: dict[str, int]) -> int:
    """Where a factor stands in a product."""
    if isinstance(factor, sp.Symbol):
        return ranks.get(factor.name.partition("[")[0], _RANK_OF_SYMBOL)
    if isinstance(factor, listed):
        return ranks["alpha"]
    if isinstance(factor, (sp.Sum, sp.Product, sp.Piecewise)) or prints_itself(factor):
        return _RANK_OF_SERIES
    if isinstance(factor, sp.Pow):
        if factor.exp.free_symbols:
            return max(_RANK_OF_POWER, _rank(factor.base, ranks))
        late = factor.exp.is_Integer and (factor.base.is_Add or str(factor.base).startswith("Phi"))
        return max(_RANK_OF_SQUARE if late else 0, _rank(factor.base, ranks))
    if is_tall(factor):
        return _RANK_OF_TALL
    if isinstance(factor, Quantity):
        return _RANK_OF_CONSTANTS if isinstance(factor, _CONSTANT_QUANTITIES) else _quantity_rank(factor)
    if isinstance(factor, sp.Add):
        names = _names(factor)
        return _RANK_OF_PROPORTION_SUM if names and names <= _PROPORTIONS else _RANK_OF_SUM
    if isinstance(factor, sp.Function):
        return _RANK_OF_FUNCTION
    return 0 if factor.is_number else _RANK_OF_SUM


def _in_order(factors: Iterable[sp.Expr]) -> tuple[sp.Expr, ...]:
    return tuple(sorted(factors, key=lambda factor: (_rank(factor, _FACTOR_RANK), str(factor))))


class _Parts:
    """Collects the factors of one product while it is taken apart."""

    def __init__(self, turns: bool) -> None:
        self.turns = turns
        self.coefficient: sp.Rational = sp.S.One
        self.number_under_root: sp.Rational = sp.S.One
        self.numerator: list[sp.Expr] = []
        self.denominator: list[sp.Expr] = []
        self.own_roots: list[sp.Expr] = []
        self.root_numerator: list[sp.Expr] = []
        self.root_denominator: list[sp.Expr] = []

    def take(self, factor: sp.Expr) -> None:
        """Sort one factor of the product into its place."""
        if factor.is_Rational:
            self.coefficient *= factor
            return
        if factor.is_Add:
            if self.turns and _turned(factor):
                self.coefficient, factor = -self.coefficient, -factor
            if shares_fraction(factor):
                content, factor = factor.primitive()
                self.coefficient *= content
        base, exponent = factor.as_base_exp() if isinstance(factor, sp.Pow) else (factor, sp.S.One)
        if exponent in (HALF, -HALF):
            self._take_root(base, exponent > 0)
        elif exponent.is_Rational and exponent.is_negative:
            self.denominator.append(base**-exponent)
        else:
            self.numerator.append(factor)

    def _take_root(self, base: sp.Expr, above: bool) -> None:
        if base.is_Rational and base.is_positive:
            self.number_under_root *= base if above else 1 / base
        elif isinstance(base, sp.Mul) and not is_negative(base):
            for part in base.args:
                self._take_radicand(part, above)
        else:
            self._take_radicand(base, above)

    def _take_radicand(self, part: sp.Expr, above: bool) -> None:
        if part.is_Rational and part.is_positive:
            self.number_under_root *= part if above else 1 / part
        elif above and is_tall(part):
            self.own_roots.append(part)
        else:
            inner, exponent = part.as_base_exp() if isinstance(part, sp.Pow) else (part, sp.S.One)
            if exponent.is_Rational and exponent.is_negative:
                part, above = inner**-exponent, not above
            (self.root_numerator if above else self.root_denominator).append(part)


def _share_with_root(parts: _Parts) -> None:
    """Move what divides both the denominator in front and the number under the root below the root.

    SymPy writes ``sqrt(log(x)/(2 n))`` as ``sqrt(2) sqrt(log(x))/(2 sqrt(n))``; this undoes it.
    """
    under = parts.number_under_root
    if under == 1:
        return
    shared = gcd(int(under.p), int(parts.coefficient.q))
    parts.coefficient *= shared
    parts.number_under_root = under / shared**2


def arrange_product(expression: sp.Expr) -> Product:
    """Take a product (or a single factor) apart, factors in reading order.

    Parameters
    ----------
    expression : sympy.Expr
        Any expression; one that is no product counts as its only factor.

    Returns
    -------
    Product

    Examples
    --------
    >>> from stlbounds.symbols import delta, n
    >>> parts = arrange_product(sp.sqrt(sp.log(2 / delta) / (2 * n)))
    >>> parts.coefficient, parts.root_numerator, parts.root_denominator
    (1, (log(2/delta),), (2, n))
    """
    parts = _Parts(expression.is_Mul)
    for factor in sp.Mul.make_args(expression):
        parts.take(factor)
    negative = bool(parts.coefficient < 0)
    parts.coefficient = abs(parts.coefficient)
    _share_with_root(parts)
    above, below = _in_order(parts.root_numerator), _in_order(parts.root_denominator)
    number = parts.number_under_root
    return Product(
        negative,
        parts.coefficient,
        _in_order(parts.numerator),
        _in_order(parts.denominator),
        _in_order(parts.own_roots),
        ((sp.Integer(number.p), *above) if number.p != 1 else above),
        ((sp.Integer(number.q), *below) if number.q != 1 else below),
    )


def _term_key(term: sp.Expr) -> Any:
    """Order of terms: without quantities first, series last, fluctuations behind means, then by the first factors."""
    factors = [factor for factor in sp.Mul.make_args(term) if not factor.is_Rational]
    ranks = sorted(_rank(factor, _TERM_RANK) for factor in factors)
    return is_tall(term) and term.has(sp.Sum, sp.Piecewise), bool(term.has(Quantity)), term.has(delta), ranks, str(term)


def _counts(terms: Iterable[sp.Expr]) -> bool:
    """Whether all terms are made of integers only, as in ``i + 1`` or ``n + 1``."""
    return all(symbol.is_integer for term in terms for symbol in term.free_symbols)


def ordered_terms(expression: sp.Expr) -> tuple[sp.Expr, ...]:
    """The terms of a sum in reading order: ``1 - alpha``, ``K - 1``, ``i + 1``, ``2*b + M``.

    Parameters
    ----------
    expression : sympy.Expr
        Any expression; one that is no sum counts as its only term.

    Returns
    -------
    tuple of sympy.Expr
    """
    numbers = [term for term in sp.Add.make_args(expression) if term.is_number]
    others = sorted((term for term in sp.Add.make_args(expression) if not term.is_number), key=_term_key)
    positive = [term for term in others if not is_negative(term)]
    negative = [term for term in others if is_negative(term)]
    # What follows a long sum seems to be under its sign.
    number_last = positive and (any(number.is_negative for number in numbers)
                                or (_counts(others) and not any(map(is_tall, positive))))
    return tuple([*positive, *numbers, *negative] if number_last else [*numbers, *positive, *negative])
