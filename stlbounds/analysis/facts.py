"""What is known about the parameters while a question is answered, and the signs that follow from it.

A sign that is needed and does not follow raises `Split`; the driver in `cases` then answers the question three times,
with the quantity positive, zero, and negative. Parameters are inside their ranges, boundary values excluded, unless
the user puts a boundary value in.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from stlbounds.analysis.linear import Constraint, contradictory
from stlbounds.errors import SymbolError, UndecidedError
from stlbounds.growth import growth, growth_sum
from stlbounds.interval.signs import enclosure
from stlbounds.sequences import listed
from stlbounds.special import geometric_sum
from stlbounds.symbols import entry

__all__ = ["Facts", "Split"]

_WIDTH = sp.Rational(1, 10**30)


class Split(Exception):
    """The answer depends on the sign of a quantity."""

    def __init__(self, quantity: sp.Expr) -> None:
        self.quantity = quantity
        super().__init__(str(quantity))


class Undecidable(UndecidedError):
    """A sign of a quantity that is no simple condition on the parameters."""


def _entry_of_list(expression: sp.Expr) -> sp.Expr | None:
    """An entry of a finite list whose index is one number throughout the expression: it has one of the values."""
    free = expression.free_symbols
    return min((part for part in expression.atoms(listed) if part.args[0].free_symbols <= free), key=str, default=None)


def _from(first: sp.Expr) -> sp.Expr:
    """Any integer from ``first`` on. Ranges are open: one that is nonnegative would not be 0."""
    return first - 1 + sp.Dummy(integer=True, positive=True)


def _fraction(number: sp.Rational) -> Fraction:
    return Fraction(int(number.p), int(number.q))


def _primitive(quantity: sp.Expr) -> tuple[sp.Expr, int]:
    """The quantity up to a positive factor, in one form for it and its negative, and the sign that was taken out."""
    primitive = quantity.as_content_primitive()[1]
    flipped = primitive.could_extract_minus_sign()
    return (sp.expand(-primitive), -1) if flipped else (sp.expand(primitive), 1)


def _combined_logarithms(expression: sp.Expr) -> sp.Expr | None:
    """For a sum of integer multiples of logarithms, a quantity of the same sign without logarithms; else None."""
    product = sp.S.One
    for term in sp.Add.make_args(expression):
        factor, logarithm = term.as_coeff_Mul()
        if not (factor.is_Integer and isinstance(logarithm, sp.log)):
            return None
        product = product * logarithm.args[0] ** factor
    return product - 1


class Facts:
    """Signs of some quantities, given and derived.

    Parameters
    ----------
    given : tuple of (sympy.Expr, int)
        Quantities with their signs -1, 0, 1.
    """

    def __init__(self, given: tuple[tuple[sp.Expr, int], ...] = ()) -> None:
        self.given = given
        self.substitution: dict[sp.Symbol, sp.Expr] = {}
        self.atoms: dict[sp.Symbol, sp.Expr] = {}
        self.used: set[sp.Symbol] = set()
        self._known: dict[sp.Expr, int] = {}
        self._cache: dict[sp.Expr, int | None] = {}
        self._constraints: list[Constraint] = []
        self._ranges: dict[sp.Expr, list[Constraint]] = {}
        for quantity, sign in given:
            self._learn(quantity, sign)

    def assume(self, quantity: sp.Expr, sign: int) -> Facts:
        """These facts and one more."""
        more = Facts((*self.given, (quantity, sign)))
        more.atoms = self.atoms
        return more

    def _learn(self, quantity: sp.Expr, sign: int) -> None:
        if sign == 0:
            quantity = quantity.xreplace(self.substitution)
            for symbol in sorted(quantity.free_symbols, key=lambda s: (s.is_Dummy, s.name != "rho", s.name)):
                slope = sp.diff(quantity, symbol)
                if slope != 0 and not slope.free_symbols and slope.is_Rational:
                    value = sp.expand(symbol - quantity / slope)
                    self.substitution = {old: new.xreplace({symbol: value}) for old, new in self.substitution.items()}
                    self.substitution[symbol] = value
                    break
        primitive, flip = _primitive(quantity)
        self._known[primitive] = sign * flip
        try:
            terms, constant = self._linear(primitive)
        except UndecidedError:
            return
        for factor in ((1, -1) if sign == 0 else (sign * flip,)):
            self._constraints.append(Constraint.make(
                {name: value * factor for name, value in terms.items()}, constant * factor, strict=sign != 0))

    # --- linear arithmetic -----------------------------------------------------------------------------
    def _linear(self, expression: sp.Expr) -> tuple[dict[sp.Expr, Fraction], Fraction]:
        """The expression as a constant and rational multiples of monomials."""
        terms: dict[sp.Expr, Fraction] = {}
        constant = Fraction(0)
        for term in sp.Add.make_args(sp.expand(expression)):
            factor, rest = term.as_coeff_Mul(rational=True)
            if rest == 1:
                constant += _fraction(factor)
            else:
                terms[rest] = terms.get(rest, Fraction(0)) + _fraction(factor)
        return terms, constant

    def _range(self, variable: sp.Expr) -> list[Constraint]:
        """What the range of a monomial says about it."""
        if variable in self._ranges:
            return self._ranges[variable]
        self._ranges[variable] = found = []

        def bound(factor: int, constant: sp.Rational, strict: bool = True) -> None:
            found.append(Constraint.make({variable: Fraction(factor)}, _fraction(constant), strict))

        if variable.is_number:
            value = sp.Rational(str(variable.evalf(40)))
            bound(1, -(value - _WIDTH))
            bound(-1, value + _WIDTH)
        elif isinstance(variable, sp.Symbol) and variable not in self.atoms:
            low, high = self.limits(variable)
            if low.is_Rational:
                bound(1, -low)
            if high.is_Rational:
                bound(-1, high)
        elif self.decide(variable) is not None:
            sign = self.decide(variable)
            bound(1 if sign == 1 else -1, sp.S.Zero, strict=sign != 0)
            for factor in variable.args if variable.is_Mul else ():
                # A factor below 1 makes a product of positive parts smaller than the product of the others.
                if sign == 1 and isinstance(factor, sp.Symbol) and self.decide(factor - 1) == -1:
                    others = variable / factor
                    found.append(Constraint.make({others: Fraction(1), variable: Fraction(-1)}, Fraction(0), True))
        return found

    @staticmethod
    def limits(symbol: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
        """The open range of a symbol."""
        try:
            values = entry(symbol).range
        except SymbolError:
            return (sp.S.Zero if symbol.is_nonnegative else -sp.oo), sp.oo
        return values.low, values.high

    def _follows(self, terms: dict[sp.Expr, Fraction], constant: Fraction, sign: int, strict: bool) -> bool:
        """Whether ``sign * (constant + terms)`` is positive (strict) or nonnegative in all that is known."""
        opposite = {name: -sign * factor for name, factor in terms.items()}
        against = Constraint.make(opposite, -sign * constant, not strict)
        system = [against, *self._constraints]
        pending = [name for constraint in system for name, _ in constraint.terms]
        seen: set[sp.Expr] = set()
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                more = self._range(name)
                system += more
                pending += [other for constraint in more for other, _ in constraint.terms]
        return contradictory(system)

    # --- signs -----------------------------------------------------------------------------------------
    def decide(self, expression: sp.Expr) -> int | None:
        """The sign of the expression where it follows, else None."""
        if expression in self._cache:
            return self._cache[expression]
        self._cache[expression] = None
        try:
            found: int | None = self._sign(expression)
        except (Split, UndecidedError):
            found = None
        self._cache[expression] = found
        return found

    def sign(self, expression: sp.Expr) -> int:
        """The sign of the expression.

        Raises
        ------
        Split
            If it depends on the parameters.
        UndecidedError
            If the condition for it cannot be stated simply.
        """
        found = self.decide(expression)
        return self._sign(expression) if found is None else found

    def positive(self, expression: sp.Expr) -> bool:
        """Whether the expression is proved positive."""
        return self.decide(expression) == 1

    def _sign(self, expression: sp.Expr) -> int:
        if expression.is_number and not expression.has(sp.Sum, sp.Integral):
            return self._of_number(expression)
        if expression.is_Mul:
            return int(sp.prod([self.sign(factor) for factor in expression.args]))
        if expression.is_Pow:
            return self._of_power(expression)
        if isinstance(expression, sp.Symbol):
            self.used.add(expression)
            low, high = self.limits(expression)
            if low >= 0 or high <= 0:
                return 1 if low >= 0 else -1
            return self._of_sum(expression)
        if isinstance(expression, (sp.exp, sp.gamma, sp.zeta, growth)):
            return 1
        if isinstance(expression, growth_sum) or (isinstance(expression, geometric_sum) and self.positive(
                expression.args[1])):
            return 1
        if isinstance(expression, sp.Sum):
            if self._has_terms(expression) and self.positive(
                    expression.function.subs(expression.limits[0][0], sp.Dummy(positive=True))):
                return 1
            if self._has_a_positive_end(expression):
                return 1
            raise Undecidable(f"the sign of {expression} is not known")
        if isinstance(expression, (sp.tanh, sp.erf, sp.atan)):
            return self.sign(expression.args[0])
        if isinstance(expression, sp.log):
            return self._of_logarithm(expression)
        if isinstance(expression, (sp.Max, sp.Min)):
            side = 1 if isinstance(expression, sp.Max) else -1
            found = [self.decide(part) for part in expression.args]
            if side in found or all(sign == -side for sign in found):
                return side if side in found else -side
            raise Undecidable(f"the sign of {expression} is not known")
        part = _entry_of_list(expression) if expression.is_Add else None
        if part is not None:
            signs = {self.sign(expression.xreplace({part: value})) for value in set(part.args[1:])}
            if len(signs) == 1:
                return signs.pop()
            raise Undecidable(f"the sign of {expression} changes with {part.args[0]}")
        if expression.is_Add:
            return self._of_sum(expression)
        low, high = enclosure(expression)
        if low > 0 or high < 0:
            return 1 if low > 0 else -1
        raise Undecidable(f"the sign of {expression} is not known")

    @staticmethod
    def _of_number(expression: sp.Expr) -> int:
        if expression.is_zero:
            return 0
        value = expression.evalf(30)
        if not value.is_real or not value.is_finite:
            raise Undecidable(f"{expression} is no real number")
        if abs(value) > sp.Float("1e-20"):
            return 1 if value > 0 else -1
        if expression.is_Rational or sp.simplify(expression) == 0:
            return int(sp.sign(sp.simplify(expression)))
        raise Undecidable(f"{expression} is too near to 0 to tell its sign")

    def _of_power(self, expression: sp.Expr) -> int:
        base, exponent = expression.as_base_exp()
        sign = self.sign(base)
        if sign == 1 or (exponent.is_integer and exponent.is_even and sign != 0):
            return 1
        if sign == 0 and self.sign(exponent) == 1:
            return 0
        if sign == -1 and exponent.is_integer and exponent.is_odd:
            return -1
        raise Undecidable(f"the sign of {expression} is not known")

    def _has_terms(self, series: sp.Sum) -> bool:
        """Whether no sum is empty: one from 1 to ``i - 1`` is in generation 1."""
        return all(last is sp.oo or self.positive(last - first + 1) for _, first, last in series.limits)

    def _has_a_positive_end(self, series: sp.Sum) -> bool:
        """Whether a sum of nonnegative terms has terms, and the last one is positive."""
        (index, first, last), *others = series.limits
        return (not others and first.is_nonnegative is True and (last - first).is_integer is True
                and self._has_terms(series) and self.nonnegative(series.function.subs(index, _from(first)))
                and self.positive(series.function.subs(index, last).doit()))

    def _of_logarithm(self, expression: sp.Expr) -> int:
        inside = expression.args[0]
        powers = [factor.as_base_exp() for factor in sp.Mul.make_args(inside)]
        shared = powers[0][1]
        if len(powers) > 1 and shared != 1 and all(power == shared for _, power in powers):
            return self.sign(shared) * self.sign(sp.log(sp.Mul(*(base for base, _ in powers))))
        if len(powers) == 1 and shared != 1:
            return self.sign(shared) * self.sign(sp.log(powers[0][0]))
        return self.sign(inside - 1)

    def nonnegative(self, expression: sp.Expr) -> bool:
        """Whether the expression is proved nonnegative; weaker than a sign, for sums that may be empty."""
        part = _entry_of_list(expression)
        if part is not None:
            return all(self.nonnegative(expression.xreplace({part: value})) for value in set(part.args[1:]))
        if expression.is_Mul or expression.is_Add:
            return (all(map(self.nonnegative, expression.args)) or self.decide(expression) in (0, 1)
                    or (expression.is_Add and self._nonnegative_quotient(expression)))
        if expression.is_Pow and expression.exp.is_real and self.nonnegative(expression.base):
            return True
        if isinstance(expression, (sp.Product, sp.Sum)) and len(expression.limits) == 1:
            index, first, last = expression.limits[0]
            ordered = isinstance(expression, sp.Product) or self.nonnegative(last - first + 1)
            return ordered and first.is_nonnegative is True and self.nonnegative(
                expression.function.subs(index, _from(first)))
        if isinstance(expression, (geometric_sum, growth_sum)):
            terms, constant = self._linear(expression.args[1])
            return self.nonnegative(expression.args[0]) and self._follows(terms, constant, 1, strict=False)
        return self.decide(expression) in (0, 1)

    def _nonnegative_quotient(self, expression: sp.Expr) -> bool:
        """Whether a sum is a quotient of a nonnegative and a positive part, as ``1 - 1/m`` is from ``m = 1`` on."""
        numerator, denominator = sp.fraction(sp.together(expression))
        if not self.positive(denominator):
            return False
        terms, constant = self._linear(numerator)
        return self._follows(terms, constant, 1, strict=False)

    def _of_sum(self, expression: sp.Expr) -> int:
        if expression.is_Add and any(self.positive(term) for term in expression.args) and all(
                map(self.nonnegative, expression.args)):
            return 1
        primitive, flip = _primitive(expression)
        if primitive in self._known:
            return self._known[primitive] * flip
        signs = {self.decide(term) for term in sp.Add.make_args(expression)}
        if len(signs) == 1 and None not in signs and expression.is_Add:
            return int(signs.pop() or 0)
        if expression.is_Add and len(expression.args) == 2:
            # exp(t) - 1 and powers: u - v has the sign of log(u) - log(v).
            pair = [term for term in expression.args if isinstance(-term, sp.exp) or isinstance(term, sp.exp)]
            if pair and abs(expression.args[0]) == 1 and len(pair) == 1:
                term = pair[0]
                return self.sign(term.args[0]) if isinstance(term, sp.exp) else -self.sign((-term).args[0])
        combined = _combined_logarithms(primitive)
        if combined is not None:
            return flip * self.sign(combined)
        terms, constant = self._linear(primitive)
        for sign in (1, -1):
            if self._follows(terms, constant, sign, strict=True):
                return sign * flip
        if all(self._follows(terms, constant, sign, strict=False) for sign in (1, -1)):
            return 0
        low, high = enclosure(expression.xreplace(self.atoms))
        if low > 0 or high < 0:
            return 1 if low > 0 else -1
        return self._of_factors(expression, primitive)

    def _of_factors(self, expression: sp.Expr, primitive: sp.Expr) -> int:
        numerator, denominator = sp.fraction(sp.together(expression))
        if denominator != 1 and not denominator.is_number:
            return self.sign(denominator) * self.sign(sp.expand(numerator))
        symbols = primitive.free_symbols
        if primitive.is_polynomial(*symbols) and sp.count_ops(primitive) < 60:
            content, factors = sp.factor_list(primitive)
            if len(factors) > 1 or (factors and factors[0][1] > 1):
                flip = _primitive(expression)[1]
                parts = [self.sign(factor) ** power for factor, power in factors]
                return int(sp.sign(content)) * flip * int(sp.prod(parts))
        if sp.count_ops(primitive) > 25:
            raise Undecidable(f"the sign of {primitive} is not known")
        raise Split(primitive)

    @property
    def consistent(self) -> bool:
        """Whether some values of the parameters can satisfy all that is given."""
        return not self._follows({}, Fraction(-1), 1, strict=True)
