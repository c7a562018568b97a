"""The rules of certified grids: what each step does to a value and to its error bound, for arrays of doubles.

Every step keeps a value ``v`` and a number ``e`` with ``|x - v| <= e |v|`` for the true value ``x``. Sums, products,
quotients and roots of doubles are rounded correctly, which costs `UNIT` each; exponentials, logarithms, powers,
`expm1` and `log1p` are granted `LIBRARY` units (mathematical libraries promise at most 4). The least of an array with a
NaN is NaN, so that "all are nonnegative" is ``least >= 0`` and never ``not least < 0``: it may hide a negative number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from stlbounds.growth import growth_sum_array
from stlbounds.interval import nodes, special_nodes
from stlbounds.interval.arithmetic import Arithmetic

__all__ = ["LIBRARY", "LOOSE", "SMALL", "TINY", "UNIT", "Array", "Known", "UnsupportedStepError", "follow"]

UNIT = 2.0**-53
LIBRARY = 8 * UNIT
#: Error bounds on more entries than this are replaced by the largest of them.
SMALL = 4096
#: Entries with a larger error bound, or closer to 0 than this, are done again.
LOOSE, TINY = 1e-4, 1e-280
_NORMAL = float(np.finfo(float).tiny)
#: The bookkeeping of the errors is itself rounded; this covers it.
_SAFE = 1.0 + 1e-9

Array = npt.NDArray[np.float64]
Known = tuple[Any, Any]


class UnsupportedStepError(Exception):
    """A step that has no rule for these values; they are then done by interval arithmetic."""


def _least(error: Any) -> Any:
    """An error bound in its small form: one number for many entries, unless it would be useless for most of them."""
    if np.size(error) <= SMALL:
        return error
    worst = float(np.max(error))
    return worst if worst <= LOOSE else error


def _paired(first: Any, second: Any) -> tuple[Any, Any]:
    """Two error bounds whose combination is not much larger than they are."""
    if np.size(first) * np.size(second) <= SMALL:
        return first, second
    return _least_of_many(first), _least_of_many(second)


def _least_of_many(error: Any) -> Any:
    worst = float(np.max(error))
    return worst if worst <= LOOSE else error


def _together(*errors: Any) -> Any:
    """A bound on ``(1 + e_1)(1 + e_2)... - 1`` and on ``1 - (1 - e_1)(1 - e_2)...``."""
    total: Any = 0.0
    for error in errors:
        total, its = _paired(total, error)
        total = total + its
    return total * (1.0 + total) * _SAFE


def _worst(first: Any, second: Any) -> float:
    """The largest of two error bounds, NaN if one is: Python's ``max`` would drop that."""
    return float(np.maximum(np.max(first), np.max(second)))


def _repeated(error: Any, times: Any) -> Any:
    """A bound on ``(1 + e)**times - 1``."""
    if np.size(error) * np.size(times) > SMALL:
        error, times = _least_of_many(error), float(np.max(times))
    return np.expm1(times * error) * _SAFE


def _moderate(error: Any) -> Any:
    """An error bound where it is small enough for a logarithm or a reciprocal, and infinity elsewhere."""
    return np.where(error <= 0.01, error, np.inf)


def _whole(value: Any) -> bool:
    return bool(np.all(value == np.floor(value)) and np.max(np.abs(value)) < 2**50)


def _entry_error(column: Array) -> Any:
    """0 where an entry is surely the decimal that it prints as, too, and half a unit in the last place elsewhere."""
    if column.size <= 64:
        same = [Fraction(str(entry)) == Fraction(entry) for entry in column.ravel().tolist()]
        found: Any = np.where(np.reshape(same, column.shape), 0.0, UNIT)
    else:
        # Larger integers print as a power of ten times others.
        whole = (column == np.floor(column)) & (np.abs(column) < 2.0**53)
        found = 0.0 if np.all(whole) else UNIT if not np.any(whole) else np.where(whole, 0.0, UNIT)
    # The smallest doubles have fewer digits.
    few = (np.abs(column) < _NORMAL) & (column != 0)
    return np.where(few, np.inf, found) if np.any(few) else found


def _into(operation: Any, first: Any, second: Any, out: Array | None) -> Any:
    """An operation on two arrays, written into ``out`` if the result has that shape."""
    fits = out is not None and (np.shape(first) == out.shape or np.shape(second) == out.shape)
    return operation(first, second, out if fits else None)


def _sum(operands: Sequence[Known], nonnegative: bool, out: Array | None) -> Known:
    operands = sorted(operands, key=lambda known: np.size(known[0]))
    values = [value for value, _ in operands]
    total = values[0]
    for value in values[1:]:
        total = _into(np.add, total, value, out)
    # Sums of integers, such as i + 1 or 1 - 1, have no error.
    if all(np.all(np.equal(error, 0)) for _, error in operands) and all(
            np.size(value) <= SMALL and _whole(value) for value in values):
        return total, 0.0
    if nonnegative:
        worst: Any = 0.0
        for _, error in operands:
            worst, its = _paired(worst, error)
            worst = np.maximum(worst, its)
        return total, _together(worst, (len(values) - 1) * UNIT)
    absolute: Any = 0.0
    running: Any = np.abs(values[0])
    for value in values[1:]:
        running = running + np.abs(value)
    for value, error in operands:
        absolute = absolute + np.abs(value) * error
    rounding = absolute + (len(values) - 1) * UNIT * running if len(values) > 2 else absolute
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(rounding == 0, 0.0, rounding / np.abs(total)) + UNIT
    return total, np.where(np.isnan(error), np.inf, error) * _SAFE


def _whole_power(known: Known, exponent: int) -> Known:
    value, error = known
    size = abs(exponent)
    result, square, bits = None, value, size
    while bits:
        if bits & 1:
            result = square if result is None else result * square
        bits >>= 1
        square = square * square if bits else square
    if result is None:
        return np.float64(1.0), 0.0
    found = _together(_repeated(error, size), 2 * size * UNIT)
    if exponent > 0:
        return result, found
    found = _moderate(found)
    return 1.0 / result, _together(found, found, UNIT)


def _root(known: Known, halves: int) -> Known:
    value, error = known
    return _whole_power((np.sqrt(value), _together(error, UNIT)), halves)


def _general_power(base: Known, exponent: Known) -> Known:
    if not np.min(base[0]) >= 0:
        raise UnsupportedStepError
    size = float(np.max(np.abs(exponent[0])))
    moved: Any = 0.0
    if np.any(np.not_equal(exponent[1], 0)):
        if not np.min(base[0]) > 0:
            raise UnsupportedStepError
        steepness = size * (float(np.max(np.abs(np.log(base[0])))) + 1.0)
        moved = _repeated(1.0, steepness * float(np.max(exponent[1])))
    # Twice, for bases that are too large and too small.
    shifted = _repeated(_moderate(base[1]), size)
    return np.power(base[0], exponent[0]), _together(shifted, shifted, moved, LIBRARY)


def _function(name: str, known: Known) -> Known:
    value, error = known
    if name == "exp":
        return np.exp(value), _together(_repeated(1.0, np.abs(value) * error), LIBRARY)
    if name == "log":
        result = np.log(value)
        with np.errstate(divide="ignore", invalid="ignore"):
            shift = np.where(np.equal(error, 0), 0.0, 1.01 * _moderate(error) / np.abs(result))
        return result, _together(_least(np.where(np.isnan(shift), np.inf, shift)), LIBRARY)
    raise UnsupportedStepError


def _geometric(ratio: Known, terms: Known) -> Known:
    """``(r**k - 1)/(r - 1)`` below 1/2, ``expm1(k log1p(r - 1))/(r - 1)`` above, where ``r - 1`` is exact up to 2."""
    (r, error), (k, inexact) = ratio, terms
    if np.any(np.not_equal(inexact, 0)) or not (np.min(r) >= 0 and np.min(k) >= 0):
        raise UnsupportedStepError
    d = r - 1.0
    x = k * np.log1p(d)
    with np.errstate(all="ignore"):
        upper = np.expm1(x) / d
        lower = (1.0 - np.power(r, k)) / (1.0 - r)
    value = np.where(r < 0.5, lower, upper)
    value = np.where(d == 0.0, k + 0.0 * r, value)
    value = np.where(k <= 1.0, k + 0.0 * r, value)
    # r g'/g is at most k - 1, and at most r/(1 - r) for r < 1.
    steep = np.maximum(k - 1.0, 0.0)
    room = 1.0 - r
    with np.errstate(all="ignore"):
        other = np.where((room > 0) & (error <= 0.01 * room), 1.05 * r / room, np.inf)
    times = _least(np.minimum(steep, other))
    growth = _least(np.maximum(x, 0.0))
    rounding = (30.0 + 15.0 * growth) * UNIT
    return value, _together(_repeated(error, times), rounding)


def _growth_sum(step: special_nodes.GrowthSum, kappa: Known, last: Known) -> Known:
    if np.any(np.not_equal(last[1], 0)) or not np.min(kappa[0]) >= 0:
        raise UnsupportedStepError
    value = growth_sum_array(kappa[0], last[0], step.power, step.start)
    each = (2 * step.power + 10) * UNIT
    return value, _together(_repeated(each, last[0] + 1.0), _repeated(kappa[1], step.power * (last[0] + 1.0)))


def _cases(step: nodes.Cases, operands: Sequence[Known]) -> Known:
    compare = {"==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater,
               ">=": np.greater_equal}
    value, error = operands[-1]
    for place in range(len(step.relations) - 1, -1, -1):
        difference, inexact = operands[2 * place]
        if np.any(np.not_equal(inexact, 0)):
            raise UnsupportedStepError
        holds = compare[step.relations[place]](difference, 0.0)
        other, its = operands[2 * place + 1]
        value, error = np.where(holds, other, value), _worst(error, its)
    return value, error


def _extremum(step: nodes.Extremum, operands: Sequence[Known]) -> Known:
    best = np.maximum if step.largest else np.minimum
    value, error = operands[0]
    for other, its in operands[1:]:
        value = best(value, other)
        error = _worst(error, its)
    if not np.min(value) >= 0:
        raise UnsupportedStepError
    return value, error


def _constant(step: nodes.Constant, numbers: Arithmetic) -> Known:
    low, high = (Fraction(numbers.exact(end)) for end in step.enclose(numbers))
    value = float((low + high) / 2)
    if value == 0.0:
        if low == high == 0:
            return np.float64(0.0), 0.0
        raise UnsupportedStepError
    off = max(abs(high - Fraction(value)), abs(low - Fraction(value))) / abs(Fraction(value))
    return np.float64(value), (0.0 if off == 0 else float(off) * _SAFE)


def _product(operands: Sequence[Known], out: Array | None) -> Known:
    # Small operands first, so that few products are of full size.
    (value, error), *others = sorted(operands, key=lambda known: np.size(known[0]))
    for other, its in others:
        # Powers of two do not round.
        exact = any(np.size(part) == 1 and abs(math.frexp(float(np.max(part)))[0]) == 0.5 for part in (value, other))
        value, error = _into(np.multiply, value, other, out), _together(error, its, 0.0 if exact else UNIT)
    return value, error


def _applied(step: nodes.Step, operands: Sequence[Known], least: Sequence[float], numbers: Arithmetic,
             out: Array | None) -> Known:
    if isinstance(step, nodes.Constant):
        return _constant(step, numbers)
    if isinstance(step, nodes.Total):
        return _sum(operands, all(lowest >= 0 for lowest in least), out)
    if isinstance(step, nodes.Product):
        return _product(operands, out)
    if isinstance(step, nodes.IntegerPower):
        return _whole_power(operands[0], step.exponent)
    if isinstance(step, nodes.Root):
        return _root(operands[0], step.halves)
    if isinstance(step, nodes.Power):
        return _general_power(*operands)
    if isinstance(step, nodes.Function):
        return _function(step.name, operands[0])
    if isinstance(step, special_nodes.GeometricSum):
        return _geometric(*operands)
    if isinstance(step, special_nodes.GrowthSum):
        return _growth_sum(step, *operands)
    if isinstance(step, nodes.Cases):
        return _cases(step, operands)
    if isinstance(step, nodes.Extremum):
        return _extremum(step, operands)
    raise UnsupportedStepError


def _true_zeros(step: nodes.Step, operands: Sequence[Known], size: Any) -> Any:
    """Where the value is 0, if it is, without underflow: because of a factor that is 0, or of the base of a power."""
    if isinstance(step, nodes.Function) and step.name == "exp":
        return False
    if not isinstance(step, (nodes.Product, nodes.IntegerPower, nodes.Root, nodes.Power)):
        return size == 0
    factors = operands if isinstance(step, nodes.Product) else operands[:1]
    return reduce(np.logical_or, (np.equal(value, 0.0) for value, _ in factors))


def follow(step: nodes.Step, operands: Sequence[Known], least: Sequence[float], columns: Sequence[Array],
           numbers: Arithmetic, out: Array | None = None) -> tuple[Known, float]:
    """What a step makes of its operands, and the least entry of its value (NaN if one is).

    Parameters
    ----------
    step : Step
        Of a tape.
    operands : sequence of pairs
        Values with their error bounds, arrays that broadcast.
    least : sequence of float
        Lower bounds on the entries of each operand.
    columns : sequence of numpy.ndarray
        The variables of the tape.
    numbers : Arithmetic
        For constants; entered.
    out : numpy.ndarray, optional
        Room for a value of this shape, which nothing else uses.

    Raises
    ------
    UnsupportedStepError
        If there is no rule.
    """
    if isinstance(step, nodes.Input):
        column = columns[step.position]
        # An entry may stand for the double or for the decimal that it prints as.
        return (column, _entry_error(column)), float(np.min(column))
    value, error = _applied(step, operands, least, numbers, out)
    lowest = float(np.min(value))
    # A step that comes close to the smallest doubles has no relative error bound.
    if not lowest >= TINY and not isinstance(step, nodes.Constant):
        size = value if lowest >= 0 else np.abs(value)
        lost = (size < TINY) & np.logical_not(_true_zeros(step, operands, size))
        error = np.where(lost, np.inf, error) if np.any(lost) else error
    return (value, error), lowest
