"""The steps of a compiled expression: each encloses its value, and its divided differences in each operand.

``partials`` of a step are enclosures of ``(f(x) - f(y))/(x - y)`` over all pairs of points of the operands' intervals
that differ in that operand only. They follow from the derivative where there is one, and from differences where an
operand is an integer; the chain rule holds for both, and so do the monotonicity test and the mean-value form.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from stlbounds.interval.arithmetic import Arithmetic, Interval

__all__ = ["Absolute", "Cases", "Constant", "Extremum", "Function", "Input", "IntegerPower", "Power", "Product",
           "Root", "Step", "Total"]

#: The derivative of `erf` at 0 lies between these.
_TWO_OVER_ROOT_PI = (Fraction(1128379167095512, 10**15), Fraction(1128379167095513, 10**15))


class Step(ABC):
    """One operation; ``operands`` are positions of earlier steps.

    Parameters
    ----------
    operands : sequence of int
        Where the operands are on the tape.
    """

    def __init__(self, *operands: int) -> None:
        self.operands = operands

    @abstractmethod
    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        """An enclosure of the value."""

    @abstractmethod
    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        """Enclosures of the divided differences, one for each operand."""

    def defined(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> bool:
        """Whether the value certainly exists for all operands in these intervals; enclosures only ignore where not."""
        return True

    def needed(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Sequence[int]:
        """Places of the operands that the value depends on."""
        return range(len(operands))


class Input(Step):
    """A variable; the tape fills it in."""

    def __init__(self, position: int) -> None:
        super().__init__()
        self.position = position

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        return arithmetic.everything

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        return ()


class Constant(Step):
    """A number; ``enclose`` gives an interval around it in any arithmetic."""

    def __init__(self, enclose: Any) -> None:
        super().__init__()
        self.enclose = enclose

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        found: Interval = self.enclose(arithmetic)
        return found

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        return ()


class Total(Step):
    """A sum."""

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        total = operands[0]
        for part in operands[1:]:
            total = arithmetic.add(total, part)
        return total

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        return ((arithmetic.one, arithmetic.one),) * len(operands)


class Product(Step):
    """A product."""

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        total = operands[0]
        for part in operands[1:]:
            total = arithmetic.multiply(total, part)
        return total

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        if len(operands) == 2:
            return operands[1], operands[0]
        before: list[Interval] = [(arithmetic.one, arithmetic.one)]
        for part in operands[:-1]:
            before.append(arithmetic.multiply(before[-1], part))
        found: list[Interval] = []
        after: Interval = (arithmetic.one, arithmetic.one)
        for position in range(len(operands) - 1, -1, -1):
            found.append(arithmetic.multiply(before[position], after))
            after = arithmetic.multiply(after, operands[position])
        return found[::-1]


class IntegerPower(Step):
    """``x**k`` for a fixed integer ``k``."""

    def __init__(self, operand: int, exponent: int) -> None:
        super().__init__(operand)
        self.exponent = exponent

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        return arithmetic.power_integer(operands[0], self.exponent)

    def defined(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> bool:
        low, high = operands[0]
        return bool(self.exponent >= 0 or low > 0 or high < 0)

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        low, high = operands[0]
        if self.exponent < 0 and low < 0 < high:
            return (arithmetic.everything,)
        factor = arithmetic.number(self.exponent)
        return (arithmetic.multiply(factor, arithmetic.power_integer(operands[0], self.exponent - 1)),)


class Root(Step):
    """``x**(k/2)`` for an odd integer ``k``, on the nonnegative part of ``x``."""

    def __init__(self, operand: int, halves: int) -> None:
        super().__init__(operand)
        self.halves = halves

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        if operands[0][1] < 0:
            return arithmetic.everything
        return arithmetic.power_integer(arithmetic.sqrt(operands[0]), self.halves)

    def defined(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> bool:
        low = operands[0][0]
        return bool(low > 0 or (low == 0 and self.halves > 0))

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        low, high = operands[0]
        if low < 0:
            return (arithmetic.everything,)
        half = arithmetic.multiply(arithmetic.number(self.halves), arithmetic.inverse(arithmetic.number(2)))
        return (arithmetic.multiply(half, arithmetic.power_integer(arithmetic.sqrt((low, high)), self.halves - 2)),)


class Power(Step):
    """``x**y`` for ``x >= 0``; for negative ``x`` integer ``y`` only, and then a wide enclosure."""

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        base, exponent = operands
        if base[0] >= 0:
            return arithmetic.power(base, exponent)
        if arithmetic.is_point(exponent) and abs(exponent[0]) < 2**20:
            whole = arithmetic.exact(exponent[0])
            if whole == int(whole):
                return arithmetic.power_integer(base, int(whole))
        if exponent[0] < 0:
            return arithmetic.everything
        top = arithmetic.power((arithmetic.zero, max(-base[0], base[1])), exponent)[1]
        return -top, top

    def defined(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> bool:
        (low, high), exponent = operands
        if low > 0 or (low == 0 and exponent[0] >= 0):
            return True
        whole = arithmetic.is_point(exponent) and abs(exponent[0]) < 2**20 and arithmetic.exact(exponent[0]) % 1 == 0
        return bool(whole and (exponent[0] >= 0 or high < 0))

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        base, exponent = operands
        if base[0] < 0:
            return arithmetic.everything, arithmetic.everything
        less = arithmetic.subtract(exponent, (arithmetic.one, arithmetic.one))
        by_base = (arithmetic.multiply(exponent, arithmetic.power(base, less)) if base[1] > 0
                   else arithmetic.everything)
        by_exponent = arithmetic.multiply(value, arithmetic.log(base))
        return by_base, by_exponent


class Function(Step):
    """An increasing function of one operand that has a derivative: ``exp``, ``log``, ``tanh``, ``erf``."""

    def __init__(self, operand: int, name: str) -> None:
        super().__init__(operand)
        self.name = name

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        if self.name == "exp":
            return arithmetic.exp(operands[0])
        if self.name == "log":
            return arithmetic.log(operands[0])
        return arithmetic.sigmoid(self.name, operands[0])

    def defined(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> bool:
        return bool(self.name != "log" or operands[0][0] > 0)

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        if self.name == "exp":
            return (value,)
        if self.name == "log":
            return (arithmetic.everything if operands[0][0] < 0 else arithmetic.inverse(operands[0]),)
        square = arithmetic.power_integer(operands[0] if self.name == "erf" else value, 2)
        if self.name == "tanh":
            low, high = arithmetic.subtract((arithmetic.one, arithmetic.one), square)
            return ((max(low, arithmetic.zero), high),)
        factor = arithmetic.interval(*_TWO_OVER_ROOT_PI)
        return (arithmetic.multiply(factor, arithmetic.exp(arithmetic.negate(square))),)


class Extremum(Step):
    """``Max`` or ``Min``."""

    def __init__(self, *operands: int, largest: bool) -> None:
        super().__init__(*operands)
        self.largest = largest

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        best = max if self.largest else min
        return best(part[0] for part in operands), best(part[1] for part in operands)

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        found: list[Interval] = []
        for position, (low, high) in enumerate(operands):
            others = [part for place, part in enumerate(operands) if place != position]
            if self.largest:
                never, always = any(high < part[0] for part in others), all(low > part[1] for part in others)
            else:
                never, always = any(low > part[1] for part in others), all(high < part[0] for part in others)
            found.append((arithmetic.one if always else arithmetic.zero, arithmetic.zero if never else arithmetic.one))
        return found


class Absolute(Step):
    """``|x|``."""

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        low, high = operands[0]
        if low >= 0:
            return low, high
        return (-high if high <= 0 else arithmetic.zero), max(-low, high)

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        low, high = operands[0]
        return ((arithmetic.one if low >= 0 else -arithmetic.one, -arithmetic.one if high <= 0 else arithmetic.one),)


class Cases(Step):
    """A case distinction: for each case but the last a difference, whose sign is the condition, and a value.

    Parameters
    ----------
    operands : sequence of int
        ``difference_1, value_1, ..., difference_m, value_m, otherwise``.
    relations : sequence of str
        ``"=="``, ``"<"``, ``"<="``, ``">"``, ``">="`` or ``"!="`` for each difference against 0.
    """

    def __init__(self, *operands: int, relations: Sequence[str]) -> None:
        super().__init__(*operands)
        self.relations = tuple(relations)

    def _possible(self, operands: Sequence[Interval]) -> list[int]:
        """Positions of the values that may be chosen."""
        found: list[int] = []
        for place, relation in enumerate(self.relations):
            truth = _holds(operands[2 * place], relation)
            if truth is not False:
                found.append(2 * place + 1)
            if truth is True:
                return found
        return [*found, len(operands) - 1]

    def value(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Interval:
        return arithmetic.hull(*(operands[place] for place in self._possible(operands)))

    def needed(self, arithmetic: Arithmetic, operands: Sequence[Interval]) -> Sequence[int]:
        possible = self._possible(operands)
        return [*possible, *range(0, min(possible[-1], len(operands) - 1), 2)]

    def partials(self, arithmetic: Arithmetic, operands: Sequence[Interval], value: Interval) -> Sequence[Interval]:
        possible = self._possible(operands)
        nothing: Interval = (arithmetic.zero, arithmetic.zero)
        found = [nothing] * len(operands)
        if len(possible) == 1:
            found[possible[0]] = (arithmetic.one, arithmetic.one)
            return found
        # A jump where the condition changes: no divided difference in what the condition depends on is bounded.
        for place in range(0, len(operands) - 1, 2):
            found[place] = arithmetic.everything
        for place in possible:
            found[place] = (arithmetic.zero, arithmetic.one)
        return found


def _holds(difference: Interval, relation: str) -> bool | None:
    """Whether ``difference relation 0`` holds on the whole interval, nowhere (False), or who knows (None)."""
    low, high = difference
    if relation in ("==", "!="):
        equal = True if low == high == 0 else False if low > 0 or high < 0 else None
        return equal if relation == "==" or equal is None else not equal
    if relation in (">", ">="):
        low, high = -high, -low
    strict = relation in ("<", ">")
    if high < 0 or (high == 0 and not strict):
        return True
    return False if low > 0 or (low == 0 and strict) else None
