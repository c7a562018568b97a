"""What a user asks of a bound in numbers: the methods of `Bound` that evaluate it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.numeric.arrays import evaluate
from stlbounds.numeric.digits import to_digits
from stlbounds.numeric.values import checked_names, exact_values, float_arrays
from stlbounds.theorems.statement import Statement, ordered

__all__ = ["Numbers"]


class Numbers(Statement):
    """A statement that can be evaluated."""

    def _evaluate(self, parts: Mapping[str, sp.Expr], values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of expressions by name."""
        symbols = ordered(set().union(*(part.free_symbols for part in parts.values())))
        checked_names(values, symbols, self.constants)
        arrays = float_arrays(values)
        last = self.setting.loop.horizon
        if last is not None and "i" in arrays and arrays["i"].max(initial=0) > last:
            raise InvalidArgumentError("i", int(arrays["i"].max()), f"at most {last}", "the loop's schedule ends there")
        results = evaluate(tuple(parts.values()), symbols, arrays)
        return dict(zip(parts, results, strict=True))

    def evaluate(self, *, digits: int | None = None, **values: Any) -> Any:
        """The value of the bound.

        Parameters
        ----------
        digits : int, optional
            Significant digits of an exact evaluation (scalars only); by default doubles, and arrays broadcast.
        **values : number or array_like
            A value for every symbol, for example ``n=1000, alpha=0.5``; each must be in the symbol's range.

        Returns
        -------
        float, numpy.ndarray, or sympy.Float with `digits`

        Raises
        ------
        InvalidArgumentError
            If a value is missing, NaN, outside its range, or shapes do not broadcast.
        SymbolError
            If a name does not occur in the bound.
        """
        value = self._evaluate({"bound": self.expr}, values)["bound"]
        return value if digits is None else to_digits(self.expr, exact_values(values), digits)

    def evaluate_terms(self, **values: Any) -> dict[str, Any]:
        """The values of the terms by name; arguments as for `evaluate`."""
        return self._evaluate(self.terms, values)

    def evaluate_parts(self, **values: Any) -> dict[str, Any]:
        """The values of ``loop_gain`` and ``amplification``; arguments as for `evaluate`."""
        return self._evaluate({"loop_gain": self.loop_gain, "amplification": self.amplification}, values)

    def is_vacuous(self, **values: Any) -> Any:
        """Whether the bound is at least ``M`` and so says nothing (theory §12); arguments as for `evaluate`."""
        parts = self._evaluate({"bound": self.expr, "most": self.setting.learner.loss_constant}, values)
        return parts["bound"] >= parts["most"]
