"""The functions that generated code in balls calls: each encloses every value at points of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod
from operator import methodcaller
from typing import Any

from stlbounds.errors import UndecidedError
from stlbounds.numeric.balls import ball, flint

__all__ = ["BALL_FUNCTIONS", "BALL_OPERATIONS", "integers_in"]

_WIDE = 2.0**-20
_THIN = 20
_MOST_HALVES = 64
_MOST_INTEGERS = 10**7
_BY_RECURSION = 256
_MOST_GENERATIONS = 10**15


def _ratio(numerator: int, denominator: int) -> Any:
    module = flint()
    return module.arb(module.fmpq(numerator, denominator))


def _hull(balls: Iterable[Any]) -> Any:
    """The smallest ball (about) that contains all of them."""
    result: Any = None
    for part in balls:
        result = part if result is None else result.union(part)
    return ball(result)


def _nonnegative(value: Any) -> Any:
    """The part of a ball in ``[0, inf)``; the ball itself if it has none, so that what follows is ``nan``."""
    value = ball(value)
    return value if value.lower() >= 0 or value.upper() < 0 else value.nonnegative_part()


def integers_in(value: Any) -> tuple[int, int]:
    """The first and the last integer in a ball.

    Raises
    ------
    UndecidedError
        If the ball is not finite or contains none.
    """
    value = ball(value)
    if not value.is_finite():
        raise UndecidedError("an index without an end")
    first = int(value.lower().ceil().unique_fmpz())
    last = int(value.upper().floor().unique_fmpz())
    if last < first:
        raise UndecidedError("an index that is no integer")
    return first, last


def _whole(value: Any) -> int | None:
    """The integer that a ball is, if it is one exactly."""
    value = ball(value)
    return int(value.unique_fmpz()) if value.is_integer() else None


def _root(value: Any) -> Any:
    value = ball(value)
    return value.sqrt() if value > 0 else _nonnegative(value).sqrt()


def _roots(values: list[Any]) -> Any:
    """A product of roots: one root, if all radicands are surely positive."""
    product = ball(1)
    for value in values:
        if not value > 0:
            return prod(map(_root, values), start=ball(1))
        product = product * value
    return product.sqrt()


def _halves(exponent: Any) -> int | None:
    """Twice an exponent, if that is a small integer exactly."""
    twice = 2 * exponent
    return int(twice.unique_fmpz()) if twice.is_integer() and abs(twice) <= _MOST_HALVES else None


def _power(base: Any, exponent: Any) -> Any:
    """``base**exponent`` of a nonnegative base; monotone along each edge of the box, so the corners decide."""
    base, exponent = ball(base), ball(exponent)
    whole = _whole(exponent)
    if whole is not None:
        return base**whole
    halves = _halves(exponent) if base > 0 else None
    if halves is not None:
        root = base.sqrt()
        return root if halves == 1 else root**halves
    base = _nonnegative(base)
    if base.lower() > 0 and base.rad() <= _WIDE * base.lower() and exponent.rad() <= _WIDE:
        return (base.log() * exponent).exp()
    corners = []
    for low in (base.lower(), base.upper()):
        for end in (exponent.lower(), exponent.upper()):
            if low == 0:
                # 0**0 is 1, as in SymPy; a negative power of 0 has no value.
                corners.append(ball(1) if end == 0 else ball(0) if end > 0 else flint().arb.pos_inf())
            elif low < 0:
                return flint().arb.nan()
            else:
                corners.append((low.log() * end).exp())
    if exponent.contains(0):
        corners.append(ball(1))
    return _hull(corners)


# --- cases ---------------------------------------------------------------------------------------------------


def _compare(relation: str, left: Any, right: Any) -> bool | None:
    """Whether a relation holds at all points (True), at none (False), or perhaps (None)."""
    difference = ball(left) - ball(right)
    low, high = difference.lower(), difference.upper()
    if relation in ("Equality", "Unequality"):
        same = True if low == 0 and high == 0 else False if low > 0 or high < 0 else None
        return same if relation == "Equality" or same is None else not same
    if relation in ("GreaterThan", "StrictGreaterThan"):
        low, high = -high, -low
        relation = {"GreaterThan": "LessThan", "StrictGreaterThan": "StrictLessThan"}[relation]
    if relation == "LessThan":
        return True if high <= 0 else False if low > 0 else None
    return True if high < 0 else False if low >= 0 else None


def _every(parts: list[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def _some(parts: list[bool | None]) -> bool | None:
    return True if True in parts else None if None in parts else False


def _negated(part: bool | None) -> bool | None:
    return None if part is None else not part


def _cases(*branches: tuple[Callable[[], bool | None], Callable[[], Any]]) -> Any:
    """The hull of all branches that can be taken; the others are not evaluated."""
    possible = []
    for condition, value in branches:
        holds = condition()
        if holds is not False:
            possible.append(ball(value()))
        if holds:
            break
    return _hull(possible) if possible else flint().arb.nan()


# --- sums and products over an index --------------------------------------------------------------------------


def _fold(start: int, combine: Callable[[Any, Any], Any]) -> Callable[[Callable[[Any], Any], Any, Any], Any]:
    def fold(term: Callable[[Any], Any], first: Any, last: Any) -> Any:
        first_low, first_high = integers_in(first)
        last_low, last_high = integers_in(last)
        if last_high - first_low > _MOST_INTEGERS:
            raise UndecidedError(f"a sum over more than {_MOST_INTEGERS} terms")
        if first_low == first_high and last_low == last_high:
            total = ball(start)
            for index in range(first_low, last_low + 1):
                total = combine(total, term(ball(index)))
            return total
        totals = []
        for begin in range(first_low, first_high + 1):
            total = ball(start)
            if last_low < begin:
                totals.append(total)
            for index in range(begin, last_high + 1):
                total = combine(total, term(ball(index)))
                if index >= last_low:
                    totals.append(total)
        return _hull(totals)

    return fold


# --- the functions of this library ----------------------------------------------------------------------------


def _geometric_sum_at(offset: Any, terms: Any) -> Any:
    """``((1 + offset)**terms - 1)/offset`` at a thin offset, any sign."""
    if offset == 0:
        return terms
    if not offset.contains(0):
        return ((offset.log1p() * terms).expm1()) / offset
    return flint().arb.nan()


def _geometric_sum_from(offset: Any, terms: Any) -> Any:
    """The geometric sum of ratio ``1 + offset``, which is nonnegative: increasing in both arguments."""
    offset, terms = ball(offset), ball(terms)
    whole = _whole(terms)
    if whole is not None and whole >= 0:
        if whole <= 1:
            return ball(whole)
        if offset.rel_accuracy_bits() > _THIN:
            # A power of an integer exponent needs no logarithm; at offsets that are not small nothing cancels.
            if offset > 0.125 or offset < -0.125:
                return ((offset + 1) ** whole - 1) / offset
            return _geometric_sum_at(offset, terms)
    low, high = ball(offset.lower()), ball(offset.upper())
    if high < -1:
        return flint().arb.nan()
    first, last = ball(terms.lower()), ball(terms.upper())
    return _hull([_geometric_sum_corner(low, first), _geometric_sum_corner(high, last)])


def _geometric_sum_corner(offset: Any, terms: Any) -> Any:
    if terms <= 1 and terms >= 0:
        return terms if terms == 0 or terms == 1 else _hull([ball(0), ball(1)])
    if terms < 0:
        # Below the range of the function; formulas for later generations are evaluated nowhere else.
        return flint().arb.nan()
    if offset <= -1:
        return ball(1)
    return _geometric_sum_at(offset, terms)


def _geometric_sum(ratio: Any, terms: Any) -> Any:
    return _geometric_sum_from(ratio - 1, terms)


def _geometric_sum_from_one(distance: Any, terms: Any) -> Any:
    return _geometric_sum_from(-distance, terms)


def _growth(kappa: Any, start: Any, end: Any) -> Any:
    """A product of ``1 + kappa/m``, one factor at a time or by rising factorials; decreasing in its start."""
    kappa = _nonnegative(kappa)
    values = []
    for first, last in ((integers_in(start)[1], integers_in(end)[0]), (integers_in(start)[0], integers_in(end)[1])):
        count = last - first
        if count < 0:
            return flint().arb.nan()
        values.append(ball(first + 1 + kappa).rising(count) / ball(first + 1).rising(count))
    return _hull(values)


def _growth_sum(kappa: Any, end: Any, power: Any, start: Any = 0) -> Any:
    """By its recursion, or in short for many generations; increasing in ``kappa``, and in ``end``."""
    kappa, first, last = _nonnegative(kappa), *integers_in(end)
    exponent, begin, values = _whole(power), _whole(start), []
    if last > _BY_RECURSION and first >= 0 and exponent in (1, 2) and begin is not None:
        from stlbounds.interval.arb_arithmetic import growth_sum

        low, high = ball(kappa.lower()), ball(kappa.upper())
        found = [growth_sum(low, first, exponent, begin)]
        return _hull([*found, growth_sum(high, last, exponent, begin)] if low != high or first != last else found)
    if last > _MOST_INTEGERS:
        raise UndecidedError(f"a sum over more than {_MOST_INTEGERS} generations")
    rates = [kappa] if kappa.rad() <= _WIDE * (1 + kappa) else [ball(kappa.lower()), ball(kappa.upper())]
    for rate in rates:
        total = ball(1) - ball(start)
        values.append(total) if first <= 0 else None
        for m in range(1, last + 1):
            factor = 1 + rate / m
            total = (factor**exponent if exponent is not None else _power(factor, power)) * total + 1
            if m in (first, last):
                values.append(total)
    return _hull(values)


def _power_sum(s: Any, first: Any, last: Any, t: Any) -> Any:
    """Falling in ``s``, increasing in ``last``."""
    from stlbounds.interval.arb_arithmetic import power_sum

    s, (low, high), begin, more = _nonnegative(s), integers_in(last), _whole(first), _whole(t)
    if begin is None or more is None or high > _MOST_GENERATIONS:
        raise UndecidedError(f"a sum of powers with such limits, or over more than {_MOST_GENERATIONS} terms")
    least, most = ball(s.lower()), ball(s.upper())
    found = [power_sum(least, begin, high, more)]
    return _hull([*found, power_sum(most, begin, low, more)] if least != most or low != high else found)


def _listed(index: Any, *values: Any) -> Any:
    first, last = (min(max(end, 1), len(values)) for end in integers_in(index))
    return _hull(ball(value) for value in values[first - 1:last])


def _layers(omega: Any, layers: Any) -> tuple[Any, Any, Any]:
    """``d_l``, ``m_l`` and ``D_l = m_l - q_l``, the product of the ``C_l`` (see `generators.attention_depth`)."""
    omega, depth = _nonnegative(omega), _whole(layers)
    if depth is None:
        raise UndecidedError("a number of layers must be one integer")
    spread, mean, apart = ball(2), ball(1), ball(1)
    for layer in range(depth):
        context = (omega * spread / 2).exp() * (1 + omega * spread / 2)
        own = omega * spread**2 / 8
        slope, left = context + own, depth - layer
        if left > 1 and spread > 0 and spread.upper() < 2.0**-flint().ctx.prec:
            # Slopes only fall from here on, to 1 and to 0.
            mean, apart = _hull([mean, mean * slope**left]), _hull([ball(0), apart * own**left])
            return _hull([ball(0), spread]), mean, apart
        mean, apart = slope * mean, own * apart
        spread = spread * own.tanh()
    return spread, mean, apart


def _layer_query(omega: Any, layers: Any) -> Any:
    _, mean, apart = _layers(omega, layers)
    return _nonnegative(mean - apart)


def _zeta(s: Any, a: Any = 1) -> Any:
    return ball(s).zeta() if _whole(a) == 1 else ball(s).zeta(ball(a))


def _harmonic(n: Any, order: Any = 1) -> Any:
    """Increasing in ``n``."""
    n, order = ball(n), ball(order)
    ends = [n] if n.is_exact() else [ball(n.lower()), ball(n.upper())]
    if order == 1:
        return _hull((end + 1).digamma() + flint().arb.const_euler() for end in ends)
    return _hull(order.zeta() - order.zeta(end + 1) for end in ends)


def _binary_depth(size: Any) -> Any:
    """``ceiling(log2(size))``, increasing."""
    size = ball(size)
    if not size.is_finite():
        return flint().arb.nan()
    ends = (max(0, int(end.ceil().unique_fmpz()) - 1) for end in (size.lower(), size.upper()))
    return _hull(ball(end.bit_length()) for end in ends)


def _method(name: str) -> Callable[[Any], Any]:
    call = methodcaller(name)
    return lambda value: call(ball(value))


def _extreme(name: str) -> Callable[..., Any]:
    def extreme(*values: Any) -> Any:
        result = ball(values[0])
        for value in values[1:]:
            result = getattr(result, name)(ball(value))
        return result

    return extreme


#: What the printer's own words mean.
BALL_OPERATIONS: dict[str, Callable[..., Any]] = {
    "number": ball, "ratio": _ratio, "root": _root, "roots": _roots, "power": _power, "cases": _cases,
    "compare": _compare,
    "every": _every, "some": _some, "negated": _negated, "sum_over": _fold(0, lambda x, y: x + y),
    "product_over": _fold(1, lambda x, y: x * y), "pi": lambda: flint().arb.pi(),
    "euler": lambda: flint().arb.const_euler()}

#: Functions by the names of their SymPy classes; a model that brings a function adds it here.
BALL_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "geometric_sum": _geometric_sum, "geometric_sum_from_one": _geometric_sum_from_one, "growth": _growth,
    "growth_sum": _growth_sum, "power_sum": _power_sum, "listed": _listed,
    "layer_spread": lambda omega, layer: _layers(omega, layer)[0],
    "layer_mean": lambda omega, layer: _layers(omega, layer)[1], "layer_query": _layer_query, "zeta": _zeta,
    "harmonic": _harmonic, "Max": _extreme("max"), "Min": _extreme("min"), "Abs": lambda value: abs(ball(value)),
    "sign": lambda value: ball(value).sgn(), "floor": lambda value: ball(value).floor(),
    "ceiling": lambda value: ball(value).ceil(), "binary_depth": _binary_depth,
    **{name: _method(name) for name in ("exp", "log", "tanh", "sinh", "cosh", "sin", "cos", "atan", "erf", "erfc",
                                        "gamma", "digamma")}}
