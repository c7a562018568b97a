"""Where a bound exceeds a target along one parameter: certified by enclosures, with every other parameter a number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from stlbounds.analysis.budget import Budget
from stlbounds.analysis.facts import Facts
from stlbounds.analysis.rate import leading_term
from stlbounds.analysis.tails import above_for_ever
from stlbounds.errors import UndecidedError
from stlbounds.growth import growth_sum
from stlbounds.interval.arithmetic import Interval, arithmetic
from stlbounds.interval.bounding import exact_sign
from stlbounds.interval.domain import infinite
from stlbounds.interval.tape import compiled
from stlbounds.special import binary_depth

__all__ = ["Excess"]

End = Fraction | float
_BITS = (96, 256, 1024, 4096)
_FAR = 8**27


def _fraction(number: sp.Rational) -> Fraction:
    return Fraction(int(number.p), int(number.q))


class Excess:
    """Whether ``expression > target`` at points, on ranges, and for all large values.

    Parameters
    ----------
    expression : sympy.Expr
        The bound.
    variable : sympy.Symbol
        The parameter.
    values : mapping of sympy.Symbol to sympy.Rational
        All other parameters.
    target : sympy.Expr
        A number.
    strict : bool
        Whether the target itself counts as too much.
    budget : Budget
        When to give up.
    """

    def __init__(self, expression: sp.Expr, variable: sp.Symbol, values: Mapping[sp.Symbol, sp.Rational],
                 target: sp.Rational, budget: Budget, strict: bool = False) -> None:
        self.expression, self.variable, self.target, self.strict = expression, variable, target, strict
        self.values = {symbol: value for symbol, value in values.items() if symbol in expression.free_symbols}
        self.budget = budget
        self.symbols = tuple(sorted(expression.free_symbols | {variable}, key=str))
        self.place = self.symbols.index(variable)
        self.tape = compiled(expression, self.symbols)
        self._larger: tuple[Excess, ...] | None = None

    # --- enclosures --------------------------------------------------------------------------------------
    def _run(self, low: End, high: End, bits: int, slopes: bool) -> tuple[Interval, Interval | None]:
        self.budget.check()
        numbers = arithmetic(bits=bits)
        with numbers.working():
            box = [numbers.number(_fraction(self.values[symbol])) if symbol != self.variable
                   else numbers.number(low) if low == high and not isinstance(low, float)
                   else numbers.interval(low, high) for symbol in self.symbols]
            value, found = self.tape.run(numbers, box, (self.place,) if slopes else ())
            exact = (numbers.exact(value[0]), numbers.exact(value[1]))
            slope = (numbers.exact(found[0][0]), numbers.exact(found[0][1])) if slopes else None
        return exact, slope

    def enclosure(self, value: Fraction, bits: int = 96) -> Interval:
        """The bound at a point, between two rationals."""
        return self._run(value, value, bits, slopes=False)[0]

    def at(self, value: Fraction | int) -> bool:
        """Whether the target is exceeded at a point; ties are decided exactly.

        Raises
        ------
        UndecidedError
            If the bound equals the target to more than a thousand digits, and not provably.
        """
        target = _fraction(self.target)
        for bits in _BITS:
            low, high = self.enclosure(Fraction(value), bits)
            if low > target:
                return True
            if high < target:
                return False
            if bits == _BITS[0]:
                sign = exact_sign(self.expression - self.target,
                                  {**self.values, self.variable: sp.Rational(value)})
                if sign is not None:
                    return sign > 0 or (self.strict and sign == 0)
        raise UndecidedError(f"whether the bound at {self.variable} = {value} is above {self.target} or equal to it is "
                             f"not settled by {_BITS[-1]} bits")

    def on(self, low: End, high: End) -> bool | None:
        """True if the target is exceeded on a whole range, False if nowhere on it, None if that is not seen."""
        return self._on(low, high)[0]

    def _on(self, low: End, high: End) -> tuple[bool | None, Interval | None]:
        """The same, and the slopes on the range where they had to be looked at."""
        (bottom, top), slope = self._run(low, high, _BITS[0], slopes=True)
        target = _fraction(self.target)
        if bottom > target:
            return True, slope
        if top < target:
            return False, slope
        if slope is None:
            return None, slope
        if slope[0] >= 0 and not infinite(high) and not self.at(Fraction(high)):
            return False, slope
        if slope[1] <= 0 and not self.at(Fraction(low)):
            return False, slope
        if slope[0] >= 0 and self.at(Fraction(low)):
            return True, slope
        if slope[1] <= 0 and not infinite(high) and self.at(Fraction(high)):
            return True, slope
        return None, slope

    # --- large values ------------------------------------------------------------------------------------
    def far(self) -> int:
        """The sign of ``expression - target`` for all large values of the variable; 0 if they become equal."""
        lead = leading_term((self.expression - self.target).xreplace(self.values), self.variable, Facts(), self.budget)
        return 0 if lead is None else Facts().sign(lead[1])

    def never_from(self, low: int) -> bool:
        """Whether the target is proved not to be exceeded from ``low`` on."""
        state, slope = self._on(Fraction(low), math.inf)
        if state is not None:
            return not state
        if slope is not None and slope[0] >= 0:
            # A growing bound stays below its limit.
            sign = self.far()
            return sign < 0 or (sign == 0 and not self.strict)
        return self._without_logarithms(low) or self._without_sums(low)

    def _without_sums(self, low: int) -> bool:
        """The same with sums over all generations replaced by what bounds them for ever."""
        if not self.expression.has(growth_sum, sp.Sum):
            return False
        if self._larger is None:
            larger = above_for_ever(self.expression.replace(sp.Piecewise, lambda *cases: cases[-1][0]), self.variable,
                                    self.values)
            self._larger = () if larger is None else (
                Excess(*larger, {}, self.target, self.budget, self.strict),)
        return any(other.on(Fraction(low + 1), math.inf) is False for other in self._larger)

    def _without_logarithms(self, low: int) -> bool:
        """The same with ``log(x) <= (8/e) x**(1/8)``, where the bound grows with the logarithm, or with a depth."""
        x = self.variable
        # 2.9431 > 8/e, 4.246 > 8/(e log 2), and ceiling(log2(x)) < log2(x) + 1.
        most = {sp.log(x): sp.Rational(29431, 10000) * x ** sp.Rational(1, 8),
                binary_depth(x): sp.Rational(4246, 1000) * x ** sp.Rational(1, 8) + 1}
        simpler = self.expression.xreplace(self.values)
        if not simpler.has(*most):
            return False
        for part in filter(simpler.has, most):
            stand_in = sp.Dummy("l", positive=True)
            opened = simpler.xreplace({part: stand_in})
            slope = sp.diff(opened, stand_in)
            if not Facts().positive(slope):
                return False
            # Multiplied out, powers of x meet: x**(1/8)/x says on unbounded ranges what x**(1/8) times 1/x does not.
            simpler = opened.xreplace({stand_in: most[part]}) if slope.has(stand_in) else sp.Add(
                opened.xreplace({stand_in: sp.S.Zero}), *(slope * term for term in sp.Add.make_args(most[part])))
        other = Excess(simpler, x, {}, self.target, self.budget, self.strict)
        return other.on(Fraction(low), math.inf) is False

    # --- integers ----------------------------------------------------------------------------------------
    def first(self, start: int) -> int | None:
        """The first integer from ``start`` on at which the target is exceeded; None if there is none.

        Raises
        ------
        UndecidedError
            If it is neither found nor excluded in time.
        """
        low, width = start, 1
        while True:
            if self.never_from(low):
                return None
            found = self._first_in(low, low + width - 1)
            if found is not None:
                return found
            low, width = low + width, 2 * width
            if low > _FAR:
                raise UndecidedError(f"the bound stays below {self.target} up to {self.variable} = {low}; that it does "
                                     f"so for ever could not be proved")

    def _first_in(self, low: int, high: int) -> int | None:
        state, slope = (self.at(low), None) if low == high else self._on(Fraction(low), Fraction(high))
        if state is False:
            return None
        if state is True or low == high:
            return low
        if slope is not None and slope[0] >= 0:
            return self._first_of_rising(low, high)
        middle = (low + high) // 2
        found = self._first_in(low, middle)
        return self._first_in(middle + 1, high) if found is None else found

    def _first_of_rising(self, low: int, high: int) -> int:
        """The same for a bound that is proved to rise, below the target at ``low``, above at ``high``: by bisection."""
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.at(middle) else (middle, high)
        return high

    def last(self, start: int) -> int | None:
        """The last integer from ``start`` on at which the target is exceeded: ``start - 1`` if there is none.

        Returns
        -------
        int or None
            None if arbitrarily large values exceed the target.
        """
        low, high = start, start
        while not self.never_from(high):
            if self.on(Fraction(high), math.inf) is True:
                return None
            high = 8 * high if high else 1
            if high == _FAR and self.far() >= (0 if self.strict else 1):
                return None
            if high > _FAR**4:
                raise UndecidedError(f"no {self.variable} up to {high} was found from which on the bound is proved to "
                                     f"stay below {self.target}")
        found = self._last_in(low, high - 1) if high > low else None
        return start - 1 if found is None else found

    def _last_in(self, low: int, high: int) -> int | None:
        if high - low > 2:
            _, slope = self._run(Fraction(low), Fraction(high), _BITS[0], slopes=True)
            if slope is not None and slope[1] <= 0:
                return self._last_of_falling(low, high)
        state = self.at(low) if low == high else self.on(Fraction(low), Fraction(high))
        if state is False:
            return None
        if state is True or low == high:
            return high
        middle = (low + high) // 2
        found = self._last_in(middle + 1, high)
        return self._last_in(low, middle) if found is None else found

    def _last_of_falling(self, low: int, high: int) -> int | None:
        """The same for a bound that is proved to fall: by bisection at points."""
        if not self.at(low):
            return None
        if self.at(high):
            return high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.at(middle) else (low, middle)
        return low

    # --- real values -------------------------------------------------------------------------------------
    def last_real(self, low: Fraction, high: Fraction, width: Fraction) -> tuple[Fraction, Fraction] | None:
        """A range, at most ``width`` wide, above which nothing in ``[low, high]`` exceeds the target.

        The range itself holds values that exceed the target, or comes so near that enclosures do not tell. None if the
        target is nowhere exceeded.
        """
        state = self.on(low, high)
        if state is False:
            return None
        if state is True or high - low <= width:
            return (high, high) if state is True else (low, high)
        middle = (low + high) / 2
        found = self.last_real(middle, high, width)
        return self.last_real(low, middle, width) if found is None else found


def as_fraction(value: Any) -> Fraction:
    """A SymPy rational as a fraction."""
    return _fraction(sp.Rational(value))
