"""Expressions compiled into tapes: straight-line programs that enclose values and divided differences over boxes.

Rationals stay exact until an arithmetic rounds them outwards, and quotients ``(1 - r**k)/(1 - r)`` are read as
geometric sums, so that nothing cancels where ``r`` is near 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp

from stlbounds.errors import SymbolError, UndecidedError
from stlbounds.growth import growth, growth_sum
from stlbounds.interval import nodes, special_nodes
from stlbounds.interval.arithmetic import Arithmetic, Interval
from stlbounds.interval.depth_node import BinaryDepth
from stlbounds.interval.power_node import PowerSum
from stlbounds.power_sums import in_power_sums, power_sum
from stlbounds.sequences import listed
from stlbounds.special import binary_depth, geometric_sum

__all__ = ["Tape", "compiled", "gathered"]

_FUNCTIONS = {sp.exp: "exp", sp.log: "log", sp.tanh: "tanh", sp.erf: "erf"}
_RELATIONS = {sp.Eq: "==", sp.Ne: "!=", sp.StrictLessThan: "<", sp.LessThan: "<=", sp.StrictGreaterThan: ">",
              sp.GreaterThan: ">="}
_CONSTANTS = {sp.pi: "pi", sp.E: "e", sp.EulerGamma: "euler", sp.GoldenRatio: "golden"}


class Tape:
    """A compiled expression.

    Parameters
    ----------
    variables : tuple of sympy.Symbol
        Its variables; boxes give an interval for each, in this order.
    steps : sequence of Step
        The last one is the value.
    """

    def __init__(self, variables: tuple[sp.Symbol, ...], steps: Sequence[nodes.Step]) -> None:
        self.variables = variables
        self.steps = tuple(steps)

    def run(self, arithmetic: Arithmetic, box: Sequence[Interval],
            active: Sequence[int] = ()) -> tuple[Interval, list[Interval]]:
        """The value over a box, and the divided differences in the variables at the positions ``active``.

        Call it inside ``arithmetic.working()``.
        """
        values: list[Interval] = []
        slopes: list[list[Interval | None] | None] = []
        count = len(active)
        place = {position: number for number, position in enumerate(active)}
        one = (arithmetic.one, arithmetic.one)
        for step in self.steps:
            if isinstance(step, nodes.Input):
                values.append(box[step.position])
                if count:
                    slopes.append([one if place[step.position] == number else None for number in range(count)]
                                  if step.position in place else None)
                continue
            operands = [values[position] for position in step.operands]
            value = step.value(arithmetic, operands)
            values.append(value)
            if count:
                inner = [slopes[position] for position in step.operands]
                slopes.append(None if all(part is None for part in inner)
                              else _chained(arithmetic, step, operands, value, inner, count))
        zero = (arithmetic.zero, arithmetic.zero)
        last = slopes[-1] if count else None
        return values[-1], [zero if last is None or part is None else part for part in (last or [None] * count)]


    def defined(self, arithmetic: Arithmetic, box: Sequence[Interval]) -> bool:
        """Whether the value certainly exists everywhere in a box: what case distinctions leave out does not count.

        Call it inside ``arithmetic.working()``.
        """
        values: list[Interval] = []
        for step in self.steps:
            values.append(box[step.position] if isinstance(step, nodes.Input)
                          else step.value(arithmetic, [values[position] for position in step.operands]))
        needed = {len(self.steps) - 1}
        for position in range(len(self.steps) - 1, -1, -1):
            step = self.steps[position]
            if position not in needed or isinstance(step, nodes.Input):
                continue
            operands = [values[place] for place in step.operands]
            if not step.defined(arithmetic, operands):
                return False
            needed.update(step.operands[place] for place in step.needed(arithmetic, operands))
        return True


def _chained(arithmetic: Arithmetic, step: nodes.Step, operands: Sequence[Interval], value: Interval,
             inner: Sequence[list[Interval | None] | None], count: int) -> list[Interval | None]:
    """The chain rule."""
    plain = isinstance(step, nodes.Total)
    partials = () if plain else step.partials(arithmetic, operands, value)
    found: list[Interval | None] = []
    for number in range(count):
        total: Interval | None = None
        for position, parts in enumerate(inner):
            part = parts[number] if parts is not None else None
            if part is None:
                continue
            term = part if plain else arithmetic.multiply(partials[position], part)
            total = term if total is None else arithmetic.add(total, term)
        found.append(total)
    return found


def gathered(expression: sp.Expr) -> sp.Expr:
    """The expression with ``(1 - r**k)/(1 - r)``, integer ``k``, as geometric sums, ``x/(x+c)`` as ``1 - c/(x+c)``."""

    def quotient(product: sp.Mul) -> sp.Expr:
        product = _fractions(product)
        if not product.is_Mul:
            return product
        for divisor in product.args:
            if not (divisor.is_Pow and divisor.exp == -1):
                continue
            ratio = sp.expand(1 - divisor.base)
            for factor in product.args:
                if not (factor.is_Add and len(factor.args) == 2 and sp.S.One in factor.args):
                    continue
                power = sp.powsimp(1 - factor)
                if power.is_Pow and power.exp.is_integer and sp.expand(power.base - ratio) == 0:
                    return geometric_sum(power.base, power.exp) * product / (divisor * factor)
        return product

    return expression.replace(lambda part: part.is_Mul, quotient)


def _fractions(product: sp.Mul) -> sp.Expr:
    """``(x/(x + c))**p`` as ``(1 - c/(x + c))**p``: one occurrence of ``x``, and no ``oo/oo`` on unbounded ranges."""
    factors = dict(part.as_base_exp() for part in product.args)
    for divisor, power in factors.items():
        if not (divisor.is_Add and power.is_Rational and power.is_negative):
            continue
        for symbol in divisor.args:
            exponent = factors.get(symbol)
            # Whole powers only, so that signs play no part.
            if symbol.is_Symbol and exponent is not None and exponent.is_Integer and exponent.is_positive and (
                    power.is_Integer):
                common = min(exponent, -power)
                rest = product * symbol**-common * divisor**common
                return rest * (1 - (divisor - symbol) / divisor) ** common
    return product


class _Compiler:
    def __init__(self, variables: tuple[sp.Symbol, ...]) -> None:
        self.variables = variables
        self.steps: list[nodes.Step] = []
        self.places: dict[sp.Basic, int] = {}

    def put(self, expression: sp.Basic, step: nodes.Step) -> int:
        self.steps.append(step)
        self.places[expression] = len(self.steps) - 1
        return len(self.steps) - 1

    def visit(self, expression: sp.Expr) -> int:
        if expression in self.places:
            return self.places[expression]
        return self.put(expression, self.step(expression))

    def step(self, expression: sp.Expr) -> nodes.Step:
        if expression.is_Rational:
            value = Fraction(int(expression.p), int(expression.q))
            return nodes.Constant(lambda arithmetic: arithmetic.number(value))
        if expression.is_Symbol:
            if expression not in self.variables:
                raise SymbolError(f"{expression} has no range; give it a value or an interval")
            return nodes.Input(self.variables.index(expression))
        if expression in _CONSTANTS:
            return nodes.Constant(_constant(expression))
        if expression.is_Float:
            return self.step(sp.Rational(str(expression)))
        if expression.is_Add:
            return nodes.Total(*map(self.visit, expression.args))
        if expression.is_Mul:
            return nodes.Product(*map(self.visit, expression.args))
        if expression.is_Pow and not isinstance(expression, sp.exp):
            return self.power(expression)
        if isinstance(expression, sp.Piecewise):
            return self.cases(expression)
        if isinstance(expression, (sp.Sum, sp.Product)):
            return self.series(expression)
        return self.function(expression)

    def power(self, expression: sp.Expr) -> nodes.Step:
        base, exponent = expression.base, expression.exp
        if base == sp.E:
            return nodes.Function(self.visit(exponent), "exp")
        if exponent.is_Integer:
            return nodes.IntegerPower(self.visit(base), int(exponent))
        if exponent.is_Rational and exponent.q == 2:
            return nodes.Root(self.visit(base), int(exponent.p))
        return nodes.Power(self.visit(base), self.visit(exponent))

    def function(self, expression: sp.Expr) -> nodes.Step:
        for kind, name in _FUNCTIONS.items():
            if isinstance(expression, kind):
                return nodes.Function(self.visit(expression.args[0]), name)
        if isinstance(expression, (sp.Max, sp.Min)):
            return nodes.Extremum(*map(self.visit, expression.args), largest=isinstance(expression, sp.Max))
        if isinstance(expression, sp.Abs):
            return nodes.Absolute(self.visit(expression.args[0]))
        if isinstance(expression, geometric_sum) and expression.args[1].is_integer:
            return special_nodes.GeometricSum(*map(self.visit, expression.args))
        if isinstance(expression, growth) and all(part.is_integer for part in expression.args[1:]):
            return special_nodes.Growth(*map(self.visit, expression.args))
        if isinstance(expression, growth_sum) and expression.args[1].is_integer and expression.args[2].is_Integer:
            kappa, last, power = expression.args[:3]
            return special_nodes.GrowthSum(self.visit(kappa), self.visit(last), int(power), int(expression.start))
        if isinstance(expression, listed) and expression.args[0].is_integer:
            return special_nodes.Listed(*map(self.visit, expression.args))
        if isinstance(expression, binary_depth) and expression.args[0].is_integer:
            return BinaryDepth(self.visit(expression.args[0]))
        if isinstance(expression, sp.gamma):
            return special_nodes.Gamma(self.visit(expression.args[0]))
        if isinstance(expression, sp.zeta) and len(expression.args) == 1:
            return special_nodes.Zeta(self.visit(expression.args[0]))
        if isinstance(expression, sp.harmonic) and expression.args[0].is_integer:
            index = sp.Dummy("m", integer=True, positive=True)
            power = expression.args[1] if len(expression.args) == 2 else sp.S.One
            return self.series(sp.Sum(index**-power, (index, 1, expression.args[0])))
        if isinstance(expression, power_sum) and all(part.is_Integer for part in expression.args[1::2]):
            s, first, last, t = expression.args
            return PowerSum(self.visit(s), self.visit(last), int(first), int(t))
        raise UndecidedError(f"{expression.func.__name__} has no enclosure here; the functions are exp, log, sqrt, "
                             "tanh, erf, gamma, zeta, harmonic, Max, Min, Abs, Piecewise, Sum, Product, and the "
                             "geometric_sum, growth, growth_sum, listed and binary_depth of this library")

    def cases(self, expression: sp.Piecewise) -> nodes.Step:
        operands: list[int] = []
        relations: list[str] = []
        for value, condition in expression.args:
            if condition is sp.true:
                return nodes.Cases(*operands, self.visit(value), relations=relations)
            kind = next((name for relation, name in _RELATIONS.items() if isinstance(condition, relation)), None)
            if kind is None:
                raise UndecidedError(f"the condition {condition} is no comparison of two numbers")
            operands += [self.visit(condition.lhs - condition.rhs), self.visit(value)]
            relations.append(kind)
        raise UndecidedError(f"{expression} says nothing where none of its conditions holds")

    def series(self, expression: sp.Expr) -> nodes.Step:
        if len(expression.limits) > 1:
            inner = expression.func(expression.function, *expression.limits[:-1])
            return self.series(expression.func(inner, expression.limits[-1]))
        index, first, last = expression.limits[0]
        others = tuple(sorted(expression.function.free_symbols - {index}, key=str))
        term = compiled(expression.function, (index, *others))
        return special_nodes.Series(self.visit(first), self.visit(last), *map(self.visit, others), term=term,
                                    product=isinstance(expression, sp.Product))


def _constant(expression: sp.Expr) -> Any:
    """An enclosure of a mathematical constant, to any precision."""

    def enclose(arithmetic: Arithmetic) -> Interval:
        digits = expression.evalf(arithmetic.bits // 3 + 10)
        value = sp.Rational(digits)
        margin = Fraction(1, 2 ** (arithmetic.bits + 4))
        exact = Fraction(int(value.p), int(value.q))
        return arithmetic.interval(exact - margin, exact + margin)

    return enclose


@lru_cache(maxsize=1024)
def compiled(expression: sp.Expr, variables: tuple[sp.Symbol, ...]) -> Tape:
    """The tape of an expression.

    Raises
    ------
    UndecidedError
        If a function has no enclosure.
    SymbolError
        If a symbol is not among the variables.
    """
    compiler = _Compiler(variables)
    compiler.visit(gathered(in_power_sums(expression)))
    return Tape(variables, compiler.steps)
