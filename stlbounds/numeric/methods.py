"""What a user asks of a bound in numbers: the methods of `Bound` that evaluate it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.numeric.arrays import evaluate, evaluate_point
from stlbounds.numeric.digits import to_digits
from stlbounds.numeric.plan import Plan, plan_of
from stlbounds.numeric.values import checked_names, exact_values, float_arrays, point_values
from stlbounds.numeric.workers import using
from stlbounds.symbols import i
from stlbounds.theorems.statement import Statement, ordered

__all__ = ["Numbers"]


class Numbers(Statement):
    """A statement that can be evaluated."""

    @cached_property
    def _needed(self) -> dict[tuple[sp.Expr, ...], tuple[sp.Symbol, ...]]:
        """The symbols of expressions that were evaluated before."""
        return {}

    def _symbols_of(self, parts: tuple[sp.Expr, ...]) -> tuple[sp.Symbol, ...]:
        if parts not in self._needed:
            self._needed[parts] = ordered(set().union(*(part.free_symbols for part in parts)))
        return self._needed[parts]

    def _evaluate(self, parts: Mapping[str, sp.Expr], values: Mapping[str, Any], out: Any = None,
                  compiled: bool = False) -> dict[str, Any]:
        """The values of expressions by name."""
        expressions = tuple(parts.values())
        symbols = self._symbols_of(expressions)
        point = point_values(values, symbols) if out is None else None
        if point is not None:
            self._check_horizon(values.get("i", 0))
            return {name: evaluate_point(part, symbols, point) for name, part in parts.items()}
        checked_names(values, symbols, self.constants)
        arrays = float_arrays(values)
        self._check_horizon(arrays["i"].max(initial=0) if "i" in arrays else 0)
        return dict(zip(parts, evaluate(expressions, symbols, arrays, out, compiled=compiled), strict=True))

    def evaluate(self, *, digits: int | None = None, out: npt.NDArray[np.float64] | None = None, compiled: bool = False,
                 threads: int | None = None, **values: Any) -> Any:
        """The value of the bound.

        Parameters
        ----------
        digits : int, optional
            Significant digits of an exact evaluation (scalars only); by default doubles, and arrays broadcast.
        out : numpy.ndarray, optional
            An array of doubles of the common shape, into which the values are written; it is also returned.
        compiled : bool
            Whether numba (extra `fast`) may make machine code for points without structure. It takes some seconds when
            a bound is first evaluated on a machine, and is kept in the user's cache folder (``STLBOUNDS_CACHE``).
        threads : int, optional
            How many threads share a large array, at least 1; by default one on each processor that this process may
            use. The values do not depend on it.
        **values : number or array_like
            A value for every symbol, for example ``n=1000, alpha=0.5``; each must be in the symbol's range.

        Returns
        -------
        float, numpy.ndarray, or sympy.Float with `digits`

        Raises
        ------
        InvalidArgumentError
            If a value is missing, NaN, outside its range, shapes do not broadcast, or `out` does not fit.
        SymbolError
            If a name does not occur in the bound.

        References
        ----------
        Theory §12; Johansson 2017 for the digits (Arb).

        Notes
        -----
        Doubles have a relative error of at most about ``1e-12 + 40 i 2**-53`` (of the loop gain
        ``kappa (1 - alpha)`` to the power ``i``, doubles know no more), and are ``inf`` where the true value exceeds
        the largest double. All digits of an evaluation with `digits` are correct, relative to the value to less than
        ``10**-digits``; printed, the last one may be rounded the other way next to the middle of two.

        Examples
        --------
        >>> import stlbounds as stl
        >>> setting = stl.Setting(stl.loops.Replace(), stl.generators.Categorical(5), stl.learners.BrierFit())
        >>> bound = stl.in_expectation(setting)
        >>> bound.evaluate(n=[100, 10_000], i=3).shape
        (2,)
        >>> bound.evaluate_terms(n=100, i=0)["drift"], bool(bound.is_vacuous(n=100, i=3))
        (0.0, False)
        """
        if digits is None:
            # One point is too short for a context that changes nothing.
            with nullcontext() if threads is None else using(threads):
                return self._evaluate({"bound": self.expr}, values, out, compiled)["bound"]
        if out is not None:
            raise InvalidArgumentError("out", "an array", "left out with digits")
        checked_names(values, self._symbols_of((self.expr,)), self.constants)
        exact = exact_values(values)
        self._check_horizon(float(exact.get(i, 0)))
        return to_digits(self.expr, {symbol: exact[symbol] for symbol in self._symbols_of((self.expr,))}, digits)

    def plan(self, **shapes: Any) -> Plan:
        """What `evaluate` will do: its steps, with their axes, numbers of points and operations.

        Parameters
        ----------
        **shapes : tuple of int, or values
            By symbol, the shape of its array (a tuple), or values of which only the shape counts; symbols that are left
            out are numbers.

        Returns
        -------
        Plan
            Data; its text shows one step per line.

        References
        ----------
        The page on architecture, "Numbers".

        Examples
        --------
        >>> import stlbounds as stl
        >>> bound = stl.high_probability(
        ...     stl.Setting(stl.loops.Replace(), stl.generators.Categorical(20), stl.learners.BrierFit()))
        >>> bound.plan(n=(1000, 1), i=(1000,)).path, bound.plan(n=(1000,), i=(1000,)).path, bound.plan().path
        ('matrices', 'blocks', 'math')
        """
        checked_names({**dict.fromkeys(symbol.name for symbol in self._symbols_of((self.expr,))), **shapes},
                      self._symbols_of((self.expr,)), self.constants)
        return plan_of(self.expr, shapes)

    def evaluate_terms(self, **values: Any) -> dict[str, Any]:
        """The values of the terms by name; arguments, errors and source as for `evaluate`.

        Examples
        --------
        >>> import stlbounds as stl
        >>> setting = stl.Setting(stl.loops.Replace(), stl.generators.Categorical(5), stl.learners.BrierFit())
        >>> stl.in_expectation(setting).evaluate_terms(n=100, i=1)
        {'drift': 0.1, 'bias': 0.0199}
        """
        return self._evaluate(self.terms, values)

    def evaluate_parts(self, **values: Any) -> dict[str, Any]:
        """The values of ``loop_gain`` and ``amplification``; arguments, errors and source as for `evaluate`.

        Examples
        --------
        >>> import stlbounds as stl
        >>> setting = stl.Setting(stl.loops.Replace(), stl.generators.Categorical(5), stl.learners.BrierFit())
        >>> stl.in_expectation(setting).evaluate_parts(i=3)
        {'loop_gain': 1.0, 'amplification': 2.0}
        """
        return self._evaluate({"loop_gain": self.loop_gain, "amplification": self.amplification}, values)

    def is_vacuous(self, **values: Any) -> Any:
        """Whether the bound is at least ``M`` and so says nothing (theory §12); arguments and errors as for `evaluate`.

        Examples
        --------
        >>> import stlbounds as stl
        >>> setting = stl.Setting(stl.loops.Replace(), stl.generators.Categorical(5), stl.learners.BrierFit())
        >>> [bool(stl.in_expectation(setting).is_vacuous(n=n, i=9)) for n in (5, 500)]
        [True, False]
        """
        parts = self._evaluate({"bound": self.expr, "most": self.setting.learner.loss_constant}, values)
        return parts["bound"] >= parts["most"]
