"""The terms of a bound, made ready for a question: values put in, named parts that stay constant kept as symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy as sp

from stlbounds.analysis.facts import Facts
from stlbounds.analysis.products import closed_products
from stlbounds.errors import InvalidArgumentError, SymbolError
from stlbounds.generation_zero import case_by_case
from stlbounds.proof.rules.algebra import unfold
from stlbounds.special import geometric_sum
from stlbounds.symbols import N, entry, exact, i, kappa, rho
from stlbounds.theorems.statement import Statement

__all__ = ["Prepared", "as_symbol", "prepare", "sensitivity_of", "substitutions_of"]

#: Sums of no more terms are written out.
_FEW = 32
#: Operations in a quotient that is reduced, so that answers are not waited for.
_SMALL = 10


def as_symbol(bound: Statement, variable: Any, argument: str = "variable") -> sp.Symbol:
    """The symbol of a bound that a user means, by itself or by its name.

    Raises
    ------
    SymbolError
        If it is unknown, or does not occur in the setting.
    """
    if not isinstance(variable, (str, sp.Symbol)):
        raise InvalidArgumentError(argument, repr(variable), "a symbol or its name", "for example 'n'")
    found = entry(variable).symbol
    if found not in bound.constants:
        names = ", ".join(sorted(map(str, bound.constants)))
        raise SymbolError(f"{found} does not occur here; the symbols are {names}")
    return found


def substitutions_of(bound: Statement, values: Mapping[str, Any], variable: sp.Symbol | None) -> dict[
        sp.Symbol, sp.Expr]:
    """The values by symbol, exact, each number within its range.

    Raises
    ------
    InvalidArgumentError
        If a number is out of range or beyond the end of the loop, or the variable itself is given a value.
    """
    found = {}
    for name, value in values.items():
        key = as_symbol(bound, name, name)
        if key == variable:
            raise InvalidArgumentError(name, value, "left out", f"{name} is the variable of the question")
        number = exact(name, value)
        if number.is_number and not entry(key).range.contains(number):
            raise InvalidArgumentError(name, value, str(entry(key).range), f"it is {entry(key).meaning}")
        if key == i and number.is_number:
            bound._check_horizon(number)
        for free in number.free_symbols:
            if free != variable:
                entry(free)
        found[key] = number
    return found


@dataclass(frozen=True)
class Prepared:
    """Expressions for a question.

    Parameters
    ----------
    terms : dict of str to sympy.Expr
        The terms by name.
    atoms : dict of sympy.Symbol to sympy.Expr
        What the symbols that were kept stand for.
    given : tuple of (sympy.Expr, int)
        Known signs of quantities with these symbols.
    """

    terms: dict[str, sp.Expr]
    atoms: dict[sp.Symbol, sp.Expr]
    given: tuple[tuple[sp.Expr, int], ...] = ()

    @property
    def assumed(self) -> tuple[sp.Basic, ...]:
        """That the quantities that the symbols stand for are positive, where their ranges do not say so."""
        return tuple(sp.Gt(whole, 0, evaluate=False) for whole in self.atoms.values() if Facts().decide(whole) != 1)

    @property
    def facts(self) -> Facts:
        """What is known about the atoms."""
        return Facts(self.given)

    @property
    def expr(self) -> sp.Expr:
        """The sum of the terms."""
        return sp.Add(*self.terms.values())

    def shown(self, answer: sp.Expr) -> sp.Expr:
        """An answer in the symbols of the bound, its small quotients reduced: ``1/(1 + x)`` for ``1 - x/(1 + x)``."""
        return answer.xreplace(self.atoms).replace(_small_rational, _reduced)


def _small_rational(part: sp.Basic) -> bool:
    if not part.is_Add or part.count_ops() > _SMALL or not part.is_rational_function():
        return False
    return any(power.base.is_Add and power.exp.is_negative for power in part.atoms(sp.Pow))


@lru_cache(maxsize=1024)
def _reduced(part: sp.Expr) -> sp.Expr:
    other = sp.factor(part)
    return other if other.count_ops() < part.count_ops() else part


def sensitivity_of(bound: Statement, values: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """The sensitivity at the size of later training sets."""
    size = bound.setting.loop.size(sp.S.One)
    return bound.setting.generator.sensitivity.subs(N, size).subs(dict(values), simultaneous=True)


def _written_out(expression: sp.Expr) -> sp.Expr:
    """The expression with sums and products of a few terms written out."""
    if not expression.has(sp.Sum, sp.Product):
        return expression
    if isinstance(expression, (sp.Sum, sp.Product)) and len(expression.limits) == 1:
        index, first, last = expression.limits[0]
        if first.is_Integer and last.is_Integer and last - first < _FEW:
            terms = [_written_out(expression.function.subs(index, k)) for k in range(int(first), int(last) + 1)]
            return sp.Add(*terms) if isinstance(expression, sp.Sum) else sp.Mul(*terms)
        return expression
    return expression.func(*map(_written_out, expression.args))


def _without_zeros(expression: sp.Expr) -> sp.Expr:
    """Powers of 0, and geometric sums with ratio 0, as the numbers that they are."""
    facts = Facts()

    def power(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        return sp.S.Zero if base == 0 and facts.positive(exponent) else base**exponent

    def series(ratio: sp.Expr, count: sp.Expr) -> sp.Expr:
        return sp.S.One if ratio == 0 and facts.positive(count) else geometric_sum(ratio, count)

    return expression.replace(sp.Pow, power).replace(geometric_sum, series)


def prepare(bound: Statement, varying: set[sp.Symbol], values: Mapping[sp.Symbol, sp.Expr],
            term: str | None = None) -> Prepared:
    """The terms of the bound with the loop gain, and a sensitivity that is an expression, kept as symbols.

    They are kept where they do not depend on what varies.

    Parameters
    ----------
    bound : Statement
        The bound.
    varying : set of sympy.Symbol
        The variable of the question.
    values : mapping
        Put in for symbols; those that contain the variable vary too.
    term : str, optional
        Only this term.

    Raises
    ------
    InvalidArgumentError
        If there is no such term.
    """
    named = bound.named_terms
    if term is not None:
        if term not in named:
            raise InvalidArgumentError("term", term, f"one of {', '.join(named)}")
        named = {term: named[term]}
    definitions = dict(bound.definitions)
    atoms: dict[sp.Symbol, sp.Expr] = {}
    given: list[tuple[sp.Expr, int]] = []
    replacing = dict(values)

    def constant(expression: sp.Expr) -> bool:
        return not expression.free_symbols & varying and not expression.is_number

    if rho in definitions:
        gain = definitions[rho].subs(replacing, simultaneous=True)
        if constant(gain) and rho not in varying and not gain.is_Symbol and Facts().decide(gain) in (1, None):
            atoms[rho] = gain
            del definitions[rho]
            side = Facts().decide(gain - 1)
            if side is not None:
                given.append((rho - 1, side))
    if values.get(i, i) == i or values[i].is_positive:
        # Generation 0 apart, which is no interior value either.
        gathered = {name: unfold(part, definitions).replace(sp.Piecewise, lambda *cases: cases[-1][0])
                    for name, part in named.items()}
    else:
        gathered = {name: case_by_case(lambda part: part, unfold(part, definitions), index=i)
                    for name, part in named.items()}
    terms = {name: part.subs(replacing, simultaneous=True) if replacing else part for name, part in gathered.items()}
    terms = {name: _without_zeros(_written_out(part)) for name, part in terms.items()}
    if i in varying:
        terms = {name: closed_products(part, i) for name, part in terms.items()}
    if rho in atoms:
        terms = {name: part.xreplace({atoms[rho]: rho}) for name, part in terms.items()}
    sensitivity = sensitivity_of(bound, replacing)
    composite = not sensitivity.is_Symbol and constant(sensitivity) and not sensitivity.has(kappa)
    if composite and any(part.has(sensitivity) for part in terms.values()):
        dummies = {name: part.xreplace({sensitivity: kappa}) for name, part in terms.items()}
        if kappa not in values and not any(part.has(kappa) for part in terms.values()):
            terms, atoms[kappa] = dummies, sensitivity
            side = Facts().decide(sensitivity - 1)
            if side is not None:
                given.append((kappa - 1, side))
    return Prepared(terms, atoms, tuple(given))
