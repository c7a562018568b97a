"""A finite list of values as a SymPy function of its index, with every evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mpmath
import sympy as sp

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["listed", "listed_array", "listed_mpmath"]


def listed_mpmath(index: Any, *values: Any) -> Any:
    """The value at ``index`` (from 1 on); the last one beyond the end of the sequence."""
    return mpmath.mpf(values[min(max(int(index), 1), len(values)) - 1])


def listed_array(index: npt.ArrayLike, *values: Any) -> Any:
    """`listed` on arrays; entries of the values broadcast against the index."""
    import numpy as np

    where = np.asarray(index)
    last = len(values)
    result = np.asarray(values[-1], dtype=float) + 0.0 * where
    for position in range(last - 1, 0, -1):
        result = np.where(where <= position, values[position - 1], result)
    return result


class listed(sp.Function):  # type: ignore[misc]  # SymPy has no types
    """``listed(m, a_1, ..., a_T) = a_m``, and ``a_T`` for ``m > T``.

    Examples
    --------
    >>> listed(2, sp.Rational(1, 2), sp.Rational(2, 5))
    2/5
    """

    @classmethod
    def eval(cls, index: sp.Expr, *values: sp.Expr) -> sp.Expr | None:
        if len(set(values)) == 1:
            return values[0]
        if index.is_Integer:
            return values[min(max(int(index), 1), len(values)) - 1]
        return None

    def _eval_is_real(self) -> bool | None:
        return True if all(value.is_real for value in self.args[1:]) else None

    def _eval_is_nonnegative(self) -> bool | None:
        return True if all(value.is_nonnegative for value in self.args[1:]) else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        body = rf"\alpha_{{{printer._print(self.args[0])}}}"
        return body if exp is None else rf"{body}^{{{exp}}}"
