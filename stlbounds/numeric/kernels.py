"""Expressions as lists of NumPy operations that write into a few buffers: no temporaries, every value computed once.

A block of a grid runs through the list; the buffers stay in the processor's cache. Powers of arrays are
``exp(y log x)``, a quarter of the cost of NumPy's power; what that loses (``|y log x| 2**-53``, up to ``1.4e-13`` where
the result is a double) is within the accuracy of a bound. Entries that are not finite are given to NumPy's power. Each
entry's value depends on its own arguments alone, not on the rest of its block.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any

import numpy as np
import sympy as sp

from stlbounds.compiled import NUMPY_FUNCTIONS, numpy_erf, shared_parts
from stlbounds.numeric.growing import growth_array, growth_sum_array
from stlbounds.numeric.printed import array_function
from stlbounds.special import geometric_sum, geometric_sum_from_offset_array, geometric_sum_from_one

__all__ = ["Kernel", "kernel"]

_MOST_FACTORS = 8
#: A product above this has not lost digits by underflow.
_LEAST = 1e-290
_FUNCTIONS: dict[str, Any] = {**NUMPY_FUNCTIONS, "growth": growth_array, "growth_sum": growth_sum_array,
                              "erf": numpy_erf}
_RELATIONS: dict[Any, Any] = {sp.Eq: np.equal, sp.Ne: np.not_equal, sp.StrictLessThan: np.less,
                              sp.LessThan: np.less_equal, sp.StrictGreaterThan: np.greater,
                              sp.GreaterThan: np.greater_equal}
_ELEMENTWISE: dict[Any, Any] = {sp.exp: np.exp, sp.log: np.log, sp.tanh: np.tanh, sp.Abs: np.absolute}


def _power(base: Any, exponent: Any, out: Any = None) -> Any:
    """``base**exponent``, into an array that is neither of the two."""
    if out is None:
        return np.power(base, exponent)
    np.multiply(np.log(base, out if np.shape(base) == out.shape else None), exponent, out)
    np.exp(out, out)
    # A finite sum has finite terms.
    if not np.isfinite(out.sum()):
        # Powers of 0 and of negative numbers, and what is too large: entry by entry, whatever else the block contains.
        np.power(base, exponent, out, where=~np.isfinite(out))
    return out


def _larger(first: Any, second: Any, out: Any = None) -> Any:
    # NumPy takes the output of these two by name only.
    return np.maximum(first, second, out=out)


def _smaller(first: Any, second: Any, out: Any = None) -> Any:
    return np.minimum(first, second, out=out)


def _root_of_product(first: Any, second: Any, out: Any = None) -> Any:
    """``sqrt(first) sqrt(second)``, into an array that is neither: one root, where the product is no extreme number."""
    if out is None:
        return np.sqrt(first) * np.sqrt(second)
    np.multiply(first, second, out)
    if out.min() > _LEAST and out.max() < np.inf:
        return np.sqrt(out, out)
    extreme = ~((out > _LEAST) & (out < np.inf))
    np.sqrt(out, out)
    np.copyto(out, np.sqrt(first) * np.sqrt(second), where=extreme)
    return out


def _geometric(offset: Any, terms: Any, out: Any = None) -> Any:
    return geometric_sum_from_offset_array(offset, terms, out)


def _called(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """A function that allocates its result, as an operation on buffers."""
    def call(*arguments: Any) -> Any:
        if len(arguments) == count:
            return function(*arguments)
        arguments[-1][...] = function(*arguments[:-1])
        return arguments[-1]

    return call


def _chosen(relations: tuple[Any, ...]) -> Callable[..., Any]:
    """The value of the first case that holds; operands are ``left, right, value`` of each, and what is left."""
    def choose(*arguments: Any) -> Any:
        *operands, otherwise = arguments[:3 * len(relations) + 1]
        out = arguments[-1] if len(arguments) > len(operands) + 1 else np.empty(())
        np.copyto(out, otherwise)
        for place in range(len(relations) - 1, -1, -1):
            left, right, value = operands[3 * place:3 * place + 3]
            np.copyto(out, value, where=relations[place](left, right))
        return out if out.ndim else float(out)

    return choose


@dataclass(frozen=True)
class Step:
    """One operation; places are those of the list of values: arguments, constants, single numbers, buffers, the result.

    Parameters
    ----------
    function : callable
        Takes the operands and the array for the result.
    operands : tuple of int
        Places.
    target : int
        The place of the result.
    """

    function: Callable[..., Any]
    operands: tuple[int, ...]
    target: int


@dataclass(frozen=True)
class Kernel:
    """A compiled expression.

    Parameters
    ----------
    numbers : tuple of float
        Constants.
    first : tuple of Step
        What is done once, on the arguments that are single numbers.
    steps : tuple of Step
        What is done for each block.
    buffers : int
        How many arrays of the size of a block it needs.
    copied : int or None
        The place of the result if it is no result of a step.
    """

    numbers: tuple[float, ...]
    first: tuple[Step, ...]
    steps: tuple[Step, ...]
    buffers: int
    copied: int | None

    def begin(self, arguments: Sequence[Any]) -> list[Any]:
        """The arguments, the constants, and the single numbers that follow from them."""
        values = [*arguments, *self.numbers]
        for step in self.first:
            values.append(step.function(*(values[place] for place in step.operands)))
        return values

    def run(self, values: list[Any], buffers: Sequence[Any], out: Any) -> None:
        """Write the value on one block into ``out``; ``values`` from `begin`, arrays cut to the block."""
        values = [*values, *buffers, out]
        for step in self.steps:
            step.function(*[values[place] for place in step.operands], values[step.target])
        if self.copied is not None:
            out[...] = values[self.copied]


class _Builder:
    """Operations in the order in which they are found, each once. Values are named ``(kind, number)``."""

    def __init__(self, symbols: tuple[sp.Symbol, ...], varying: tuple[bool, ...],
                 shared: Mapping[sp.Symbol, sp.Expr]) -> None:
        self.shared = shared
        self.known: dict[sp.Basic, tuple[str, int]] = {
            symbol: ("argument", number) for number, symbol in enumerate(symbols)}
        self.single = {("argument", number) for number, varies in enumerate(varying) if not varies}
        self.numbers: dict[float, tuple[str, int]] = {}
        self.found: dict[tuple[Any, ...], tuple[str, int]] = {}
        self.first: list[tuple[Any, tuple[Any, ...]]] = []
        self.steps: list[tuple[Any, tuple[Any, ...]]] = []

    def number(self, value: float) -> tuple[str, int]:
        name = self.numbers.setdefault(value, ("number", len(self.numbers)))
        self.single.add(name)
        return name

    def step(self, function: Any, *operands: tuple[str, int]) -> tuple[str, int]:
        ordered = tuple(sorted(operands)) if function in (np.add, np.multiply) else operands
        key = (function, *ordered)
        if key not in self.found:
            if all(operand in self.single for operand in operands):
                name = "single", len(self.first)
                self.first.append((function, operands))
                self.single.add(name)
            else:
                name = "step", len(self.steps)
                self.steps.append((function, operands))
            self.found[key] = name
        return self.found[key]

    def visit(self, expression: sp.Expr) -> tuple[str, int]:
        if expression not in self.known:
            # A shared part is computed where it is first needed, so that few buffers are in use at a time.
            self.known[expression] = self._visit(self.shared.get(expression, expression))
        return self.known[expression]

    def _visit(self, expression: sp.Expr) -> tuple[str, int]:
        if expression.is_number and not expression.has(sp.Sum, sp.Product) and expression.is_comparable:
            return self.number(float(expression))
        if expression.is_Add:
            return self._sum(expression)
        if expression.is_Mul:
            return self._product(expression)
        if expression.is_Pow:
            return self._power(expression.base, expression.exp)
        if type(expression) in _ELEMENTWISE:
            return self.step(_ELEMENTWISE[type(expression)], self.visit(expression.args[0]))
        if isinstance(expression, geometric_sum):
            return self.step(_geometric, self._sum(expression.args[0] - 1), self.visit(expression.args[1]))
        if isinstance(expression, geometric_sum_from_one):
            return self.step(_geometric, self.step(np.negative, self.visit(expression.args[0])),
                             self.visit(expression.args[1]))
        if isinstance(expression, (sp.Max, sp.Min)):
            function = _larger if isinstance(expression, sp.Max) else _smaller
            result, *others = map(self.visit, expression.args)
            for other in others:
                result = self.step(function, result, other)
            return result
        if type(expression).__name__ in _FUNCTIONS:
            return self.step(_called(_FUNCTIONS[type(expression).__name__], len(expression.args)),
                             *map(self.visit, expression.args))
        if isinstance(expression, sp.Piecewise) and expression.args[-1][1] == sp.S.true and all(
                type(condition) in _RELATIONS for _, condition in expression.args[:-1]):
            operands = [self.visit(part) for value, condition in expression.args[:-1]
                        for part in (*condition.args, value)]
            function = _chosen(tuple(_RELATIONS[type(condition)] for _, condition in expression.args[:-1]))
            return self.step(function, *operands, self.visit(expression.args[-1][0]))
        # Sums, products and other cases, by the printed code of all of it.
        symbols = tuple(sorted(expression.free_symbols, key=str))
        return self.step(_called(array_function(expression, symbols), len(symbols)), *map(self.visit, symbols))

    def _sum(self, expression: sp.Expr) -> tuple[str, int]:
        constant, rest = expression.as_coeff_Add()
        terms = sorted(sp.Add.make_args(rest), key=lambda term: term.could_extract_minus_sign())
        result: tuple[str, int] | None = None
        for term in terms:
            negative = term.could_extract_minus_sign()
            value = self.visit(-term if negative else term)
            if result is None and negative:
                result = self.step(np.subtract, self.number(float(constant)), value) if constant else self.step(
                    np.negative, value)
                constant = sp.S.Zero
            elif result is None:
                result = value
            else:
                result = self.step(np.subtract if negative else np.add, result, value)
            if constant:
                # Next to the first term, where another sum may have it too.
                result = self.step(np.add, result, self.number(float(constant)))
                constant = sp.S.Zero
        return self.number(float(constant)) if result is None else result

    def _product(self, expression: sp.Expr) -> tuple[str, int]:
        numerator, denominator = self._multiplied(expression, False), self._multiplied(expression, True)
        above = self.number(1.0) if numerator is None else numerator
        return above if denominator is None else self.step(np.divide, above, denominator)

    def _multiplied(self, product: sp.Mul, below: bool) -> tuple[str, int] | None:
        """The factors above or below the line: single numbers first."""
        values, roots = [], []
        for factor in product.args:
            if factor.is_Rational:
                part = float(factor.q if below else factor.p)
                values += [self.number(part)] if part != 1.0 else []
            elif (factor.is_Pow and factor.exp.could_extract_minus_sign()) == below:
                if factor.is_Pow and abs(factor.exp) == sp.S.Half:
                    roots.append(factor.base)
                else:
                    values.append(self._power(factor.base, -factor.exp) if below else self.visit(factor))
        while len(roots) > 1:
            values.append(self.step(_root_of_product, self.visit(roots.pop()), self.visit(roots.pop())))
        values += [self._power(base, sp.S.Half) for base in roots]
        values.sort(key=lambda value: value not in self.single)
        return reduce(lambda one, other: self.step(np.multiply, one, other), values) if values else None

    def _power(self, base: sp.Expr, exponent: sp.Expr) -> tuple[str, int]:
        if exponent.could_extract_minus_sign():
            return self.step(np.divide, self.number(1.0), self._power(base, -exponent))
        value = self.visit(base)
        if exponent.is_Rational and exponent.q <= 2 and exponent.p <= 2 * _MOST_FACTORS:
            result = self._repeated(value, int(exponent.p // exponent.q))
            if exponent.q == 1:
                return self.number(1.0) if result is None else result
            root = self.step(np.sqrt, value)
            return root if result is None else self.step(np.multiply, result, root)
        return self.step(_power, value, self.visit(exponent))

    def _repeated(self, value: tuple[str, int], times: int) -> tuple[str, int] | None:
        result: tuple[str, int] | None = None
        square = value
        while times:
            if times & 1:
                result = square if result is None else self.step(np.multiply, result, square)
            times >>= 1
            square = self.step(np.multiply, square, square) if times else square
        return result


#: Operations that may write over their operands.
_IN_PLACE = frozenset({np.add, np.subtract, np.multiply, np.divide, np.negative, np.sqrt, np.exp, np.log, np.tanh,
                       np.absolute, _larger, _smaller})


@lru_cache(maxsize=512)
def kernel(expression: sp.Expr, symbols: tuple[sp.Symbol, ...], varying: tuple[bool, ...]) -> Kernel:
    """The operations of a prepared expression.

    Parameters
    ----------
    expression : sympy.Expr
        What to compute.
    symbols : tuple of sympy.Symbol
        Its symbols, in the order of the arguments.
    varying : tuple of bool
        Which arguments are arrays.
    """
    parts, (rest,) = shared_parts([expression])
    shared: dict[sp.Symbol, sp.Expr] = {}
    conditions: dict[sp.Symbol, sp.Basic] = {}
    for part, value in parts:
        # Conditions are no numbers: they go back to where they are used.
        (shared if isinstance(value, sp.Expr) else conditions)[part] = value.xreplace(conditions)
    builder, rest = _Builder(symbols, varying, shared), rest.xreplace(conditions)
    result = builder.visit(rest)
    starts = {"argument": 0, "number": len(symbols), "single": len(symbols) + len(builder.numbers)}
    after = starts["single"] + len(builder.first)
    first = tuple(Step(function, tuple(starts[kind] + number for kind, number in operands), 0)
                  for function, operands in builder.first)
    last = {operand: number for number, (_, operands) in enumerate(builder.steps) for operand in operands}
    places: dict[tuple[str, int], int] = {}
    free: list[int] = []
    steps, buffers = [], 0

    def place(name: tuple[str, int]) -> int:
        return places[name] if name[0] == "step" else starts[name[0]] + name[1]

    for number, (function, operands) in enumerate(builder.steps):
        ended = [places[name] for name in set(operands)
                 if name[0] == "step" and name != result and last[name] == number]
        # In the order of the places, so that the list does not depend on how sets are ordered.
        free += sorted(ended) if function in _IN_PLACE else []
        where = tuple(map(place, operands))
        if ("step", number) == result:
            target = -1
        elif free:
            target = free.pop()
        else:
            target, buffers = after + buffers, buffers + 1
        free += [] if function in _IN_PLACE else sorted(ended)
        places["step", number] = target
        steps.append(Step(function, where, target))
    return Kernel(tuple(builder.numbers), first, tuple(steps), buffers,
                  None if result[0] == "step" else place(result))
