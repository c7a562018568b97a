"""From an expression to its asymptotic series in one variable: one rule for every function that bounds are made of."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from stlbounds.analysis.budget import Budget
from stlbounds.analysis.facts import Facts, Undecidable
from stlbounds.analysis.series import ONE, Scale, Series, exponential, leading, logarithm, power
from stlbounds.errors import UndecidedError
from stlbounds.growth import growth, growth_sum
from stlbounds.special import binary_depth, geometric_sum

__all__ = ["Expansion", "fraction_of"]

_SMALL = 6
_FRACTIONS: dict[sp.Expr, sp.Dummy] = {}


def fraction_of(expression: sp.Expr) -> sp.Dummy:
    """The symbol in ``[0, 1)`` by which a ceiling exceeds its argument, or a floor falls below it."""
    return _FRACTIONS.setdefault(expression, sp.Dummy("theta", nonnegative=True))


class Expansion:
    """Expands expressions in ``x -> oo``.

    Parameters
    ----------
    x : sympy.Symbol
        The variable.
    facts : Facts
        What is known about the parameters.
    order : int
        How many terms of each Taylor series are kept.
    budget : Budget
        When to give up.
    """

    def __init__(self, x: sp.Symbol, facts: Facts, order: int, budget: Budget) -> None:
        self.x, self.facts, self.order, self.budget = x, facts, order, budget
        self._cache: dict[sp.Expr, Series] = {}

    def leading(self, expression: sp.Expr) -> tuple[Scale, sp.Expr] | None:
        """The leading term, None for 0."""
        return leading(self.series(expression), self.facts)

    def series(self, expression: sp.Expr) -> Series:
        """The series of the expression."""
        if not expression.has(self.x):
            return Series.constant(expression)
        found = self._cache.get(expression)
        if found is None:
            self.budget.check()
            found = self._cache[expression] = self._expand(expression)
        return found

    def _expand(self, expression: sp.Expr) -> Series:
        if expression == self.x:
            return Series({Scale((sp.S.One, sp.S.Zero, sp.S.Zero)): sp.S.One})
        if expression.is_Add:
            constant, varying = expression.as_independent(self.x, as_Add=True)
            result = Series.constant(constant)
            for term in sp.Add.make_args(varying):
                result = result + self.series(term)
            return result
        if expression.is_Mul:
            constant, varying = expression.as_independent(self.x, as_Add=False)
            result = Series.constant(constant)
            for factor in sp.Mul.make_args(varying):
                result = result * self.series(factor)
            return result
        if isinstance(expression, sp.exp):
            return exponential(self.series(expression.args[0]), self.order, self.facts)
        if expression.is_Pow:
            base, exponent = expression.as_base_exp()
            if not exponent.has(self.x):
                return power(self.series(base), exponent, self.order, self.facts)
            return exponential(self.series(exponent) * logarithm(self.series(base), self.order, self.facts),
                               self.order, self.facts)
        rule = _RULES.get(expression.func)
        if rule is None:
            return self._continuous(expression)
        return rule(self, expression)

    def direction(self, expression: sp.Expr) -> int:
        """1 where the expression tends to infinity, 0 to a finite nonzero value, -1 to 0."""
        lead = self.leading(expression)
        return -1 if lead is None else lead[0].direction(self.facts)

    def value(self, expression: sp.Expr) -> sp.Expr:
        """The finite limit of an expression.

        Raises
        ------
        UndecidedError
            If it is infinite.
        """
        lead = self.leading(expression)
        if lead is None:
            return sp.S.Zero
        direction = lead[0].direction(self.facts)
        if direction > 0:
            raise UndecidedError(f"no rule for {expression} as an argument tends to infinity")
        return lead[1] if direction == 0 else sp.S.Zero

    def _continuous(self, expression: sp.Expr) -> Series:
        """A continuous function whose arguments have finite limits."""
        value = expression.func(*(self.value(argument) for argument in expression.args))
        if value.has(sp.nan, sp.oo, sp.zoo) or not value.is_real:
            raise UndecidedError(f"no rule for {expression.func.__name__} at {value}")
        return Series({ONE: value}, {(ONE, True)})


def _logarithm(self: Expansion, expression: sp.Expr) -> Series:
    return logarithm(self.series(expression.args[0]), self.order, self.facts)


def _cases(self: Expansion, expression: sp.Expr) -> Series:
    """A case distinction whose special cases are single values of something that differs from them for large ``x``."""
    for value, condition in expression.args:
        if condition == sp.true:
            return self.series(value)
        if not isinstance(condition, sp.Eq):
            raise UndecidedError(f"no rule for the case {condition}")
        if self.leading(condition.lhs - condition.rhs) is None:
            return self.series(value)
    raise UndecidedError(f"no case of {expression} applies")


def _geometric_sum(self: Expansion, expression: sp.Expr) -> Series:
    ratio, count = expression.args
    if not count.has(self.x):
        if count.is_Integer and 0 <= count <= _SMALL:
            return self.series(sp.Add(*(ratio**k for k in range(int(count)))))
        if self.facts.sign(count) != 1:
            raise UndecidedError(f"a geometric sum of {count} terms was met")
        lead = self.leading(ratio)
        direction = lead[0].direction(self.facts) if lead else -1
        if lead and direction == 0:
            return Series({ONE: geometric_sum(lead[1], count)}, {(ONE, True)})
        if direction < 0:
            return Series({ONE: sp.S.One}, {(ONE, True)})
        if self.facts.sign(count - 1) == 0:
            return Series.constant(sp.S.One)
        top = power(self.series(ratio), count - 1, self.order, self.facts)
        return Series(top.terms, top.rest | {(scale, True) for scale in top.terms})
    if self.leading(ratio - 1) is None:
        return self.series(count)
    exponent = self.series(count) * logarithm(self.series(ratio), self.order, self.facts)
    top = exponential(exponent, self.order, self.facts, minus_one=True)
    if not ratio.has(self.x) and self.facts.sign(ratio - 1) < 0:
        return top * Series.constant(-1 / (1 - ratio))
    return top * power(self.series(ratio - 1), sp.S.NegativeOne, self.order, self.facts)


def _top(self: Expansion, expression: sp.Expr) -> tuple[Scale, sp.Expr]:
    """The leading term of something that tends to infinity."""
    lead = self.leading(expression)
    if lead is None or lead[0].direction(self.facts) <= 0:
        raise UndecidedError(f"{expression} does not tend to infinity")
    return lead


def _only(scale: Scale, factor: sp.Expr) -> Series:
    """A leading term, with a remainder of smaller order of which no more is known."""
    return Series({scale: factor}, {(scale, True)})


def _first(self: Expansion, series: Series) -> Series:
    """The leading term of a series."""
    lead = leading(series, self.facts)
    if lead is None:
        raise UndecidedError("a leading term cancelled")
    return _only(*lead)


def _growth(self: Expansion, expression: sp.Expr) -> Series:
    kappa, j, i = expression.args
    if kappa.has(self.x) and not (j.has(self.x) or i.has(self.x)) and self.direction(kappa) > 0:
        grown = power(self.series(kappa), i - j, self.order, self.facts)
        return _first(self, grown.scaled(ONE, sp.gamma(j + 1) / sp.gamma(i + 1)))
    if kappa.has(self.x) or j.has(self.x):
        return self._continuous(expression)
    scale, factor = _top(self, i)
    constant = sp.S.One / sp.gamma(1 + kappa) if j == 0 else sp.gamma(j + 1) / sp.gamma(j + 1 + kappa)
    return _only(scale.to(kappa), factor**kappa * constant)


def _growth_sum(self: Expansion, expression: sp.Expr) -> Series:
    kappa, i, p = expression.args[:3]
    if kappa.has(self.x) and not i.has(self.x) and self.direction(kappa) > 0:
        # The points of the first generation have grown most.
        start = expression.start
        grown = power(self.series(kappa), p * (i - start), self.order, self.facts)
        return _first(self, grown.scaled(ONE, (sp.gamma(start + 1) / sp.gamma(i + 1)) ** p))
    if kappa.has(self.x):
        return self._continuous(expression)
    scale, factor = _top(self, i)
    sign = self.facts.sign(p * kappa - 1)
    if sign < 0:
        return _only(scale, factor / (1 - p * kappa))
    if sign == 0:
        terms = Series({scale: factor}) * logarithm(Series({scale: factor}), self.order, self.facts)
        return Series(terms.terms, {(part, True) for part in terms.terms})
    return _only(scale.to(p * kappa), factor ** (p * kappa) * weight(kappa, p, expression.start))


def weight(kappa: sp.Expr, p: sp.Expr, start: sp.Expr) -> sp.Expr:
    """The limit of ``growth_sum(kappa, i, p, start)/i**(p kappa)`` for ``p kappa > 1``."""
    if kappa == 1:
        return sp.zeta(p) - start
    if p == 1:
        return 1 / (sp.gamma(kappa) * (kappa - 1)) - start / sp.gamma(1 + kappa)
    j = sp.Dummy("j", integer=True, nonnegative=True)
    return sp.Sum((sp.gamma(j + 1) / sp.gamma(j + 1 + kappa)) ** p, (j, start, sp.oo))


def separated(expression: sp.Sum) -> tuple[sp.Expr, sp.Expr]:
    """The factors of the summand without the index, and the sum of the others."""
    index = expression.limits[0][0]
    function = sp.expand_power_base(expression.function, force=True)
    if not any(power.base == 0 for power in function.atoms(sp.Pow)):
        # By force: SymPy does not know that parameters are inside of their ranges.
        function = sp.expand(function, power_exp=True, force=True, power_base=False, mul=False, log=False,
                             multinomial=False, basic=False)
    outside, inside = function.as_independent(index, as_Add=False)
    return outside, sp.Sum(inside, expression.limits[0]) if inside != 1 else (
        expression.limits[0][2] - expression.limits[0][1] + 1)


def _sum(self: Expansion, expression: sp.Expr) -> Series:
    """A sum up to something that tends to infinity, or of terms from which ``x`` factors out."""
    if len(expression.limits) != 1:
        raise UndecidedError(f"no rule for the double sum {expression}")
    if expression.function.is_zero:
        return Series.constant(sp.S.Zero)
    outside, rest = separated(expression)
    if not isinstance(rest, sp.Sum):
        return self.series(outside * rest)
    if outside != 1:
        return self.series(outside) * self.series(rest)
    index, first, last = rest.limits[0]
    terms = sp.Add.make_args(sp.expand(rest.function, deep=False)) if rest.function.has(self.x) else ()
    if len(terms) > 1:
        return self.series(sp.Add(*(sp.Sum(term, rest.limits[0]) for term in terms)))
    if rest.function.has(self.x) or first.has(self.x):
        raise UndecidedError(f"no rule for a sum whose terms change with {self.x}, from which {self.x} does not factor "
                             f"out: {rest}; evaluate the bound at several values of {self.x}, put numbers in for "
                             f"parameters, or ask about another term or variable")
    scale, factor = _top(self, last)
    # The terms of the sum, in a variable of their own, under the same facts.
    y = sp.Dummy("y", positive=True)
    lead = Expansion(y, self.facts, self.order, self.budget).leading(rest.function.subs(index, y))
    if lead is None:
        return Series.constant(sp.S.Zero)
    term, constant = lead
    a, b, d = term.powers
    if term.growth:
        return _of_powers(self, rest, term, constant)
    if d != 0:
        raise UndecidedError(f"no rule for a sum of terms like {term.expression(y)}")
    sign = self.facts.sign(a + 1)
    if sign < 0:
        return _only(ONE, known_sum(rest.function, index, first))
    top = Series({scale: factor})
    log_top = logarithm(top, self.order, self.facts)
    if sign == 0:
        critical = self.facts.sign(b + 1)
        if critical < 0:
            return _only(ONE, known_sum(rest.function, index, first))
        if critical == 0:
            raise UndecidedError("a sum like log(log(x)) was met")
        grown = power(log_top, b + 1, self.order, self.facts).scaled(ONE, constant / (b + 1))
    else:
        grown = (power(top, a + 1, self.order, self.facts) * power(log_top, b, self.order, self.facts)).scaled(
            ONE, constant / (a + 1)) if b != 0 else power(top, a + 1, self.order, self.facts).scaled(
                ONE, constant / (a + 1))
    return _first(self, grown)


def _of_powers(self: Expansion, series: sp.Sum, term: Scale, constant: sp.Expr) -> Series:
    """A sum of terms like ``constant * q**y y**a``: it converges for ``q < 1``, the last terms rule for ``q > 1``."""
    index, first, last = series.limits[0]
    a, b, d = term.powers
    ((vector, rate), *others) = term.growth
    if others or vector != (1, 0, 0) or (b, d) != (0, 0):
        raise UndecidedError(f"no rule for a sum of terms like {term.expression(index)}")
    if self.facts.sign(rate) < 0:
        return _only(ONE, known_sum(series.function, index, first))
    # Each term is q times the one before, in the end: what is before the last m terms is a part q**-m of the sum.
    return _first(self, self.series(constant / (1 - sp.exp(-rate)) * sp.exp(rate * last) * last**a))


def known_sum(function: sp.Expr, index: sp.Symbol, first: sp.Expr) -> sp.Expr:
    """The sum of ``function`` from ``first`` to infinity, as a zeta function where it is one."""
    function = function.replace(growth, lambda *ends: growth(*ends).rewrite(sp.gamma))
    k = sp.Dummy("k", integer=True, positive=True)
    term = function.subs(index, k + first - 1)
    match = term.as_base_exp()
    if match[0] == k:
        return sp.zeta(-match[1])
    return sp.Sum(function, (index, first, sp.oo))


def _ceiling(self: Expansion, expression: sp.Expr) -> Series:
    return self.series(expression.args[0]) + Series.constant(fraction_of(expression))


def _floor(self: Expansion, expression: sp.Expr) -> Series:
    return self.series(expression.args[0]) + Series.constant(-fraction_of(expression))


def _saturating(self: Expansion, expression: sp.Expr) -> Series:
    """``tanh`` and ``erf``: near 0 linear, at infinity 1."""
    lead = self.leading(expression.args[0])
    if lead is None:
        return Series.constant(sp.S.Zero)
    direction = lead[0].direction(self.facts)
    if direction > 0:
        return Series({ONE: sp.S.One * self.facts.sign(lead[1])}, {(ONE, True)})
    if direction == 0:
        return Series({ONE: expression.func(lead[1])}, {(ONE, True)})
    slope = 2 / sp.sqrt(sp.pi) if isinstance(expression, sp.erf) else sp.S.One
    return _only(lead[0], slope * lead[1])


def _extreme(self: Expansion, expression: sp.Expr) -> Series:
    """``Max`` and ``Min`` of terms: the largest or smallest one, decided by the leading term of differences.

    Where which one it is has no simple answer, the leading terms are compared: of several of one order, the extreme
    constant is the constant.
    """
    try:
        return _decided(self, expression)
    except Undecidable:
        leads = [self.leading(part) for part in expression.args]
        known = [lead for lead in leads if lead is not None and self.facts.positive(lead[1])]
        if len(known) < len(leads):
            raise
        best = known[0][0]
        for scale, _ in known[1:]:
            side = scale.over(best).direction(self.facts)
            best = scale if side == (1 if isinstance(expression, sp.Max) else -1) else best
        return _only(best, expression.func(*(part for scale, part in known
                                             if scale.over(best).direction(self.facts) == 0)))


def _decided(self: Expansion, expression: sp.Expr) -> Series:
    best, *others = expression.args
    for other in others:
        lead = self.leading(other - best)
        larger = lead is not None and self.facts.sign(lead[1]) > 0
        if larger == isinstance(expression, sp.Max):
            best = other
    return self.series(best)


def _depth(self: Expansion, expression: sp.Expr) -> Series:
    return _ceiling(self, sp.ceiling(sp.log(expression.args[0]) / sp.log(2)))


_RULES: dict[type, Callable[[Expansion, sp.Expr], Series]] = {
    sp.log: _logarithm, sp.Piecewise: _cases, geometric_sum: _geometric_sum, growth: _growth, growth_sum: _growth_sum,
    sp.Sum: _sum, sp.ceiling: _ceiling, sp.floor: _floor, sp.tanh: _saturating, sp.erf: _saturating,
    sp.Max: _extreme, sp.Min: _extreme, binary_depth: _depth,
}
