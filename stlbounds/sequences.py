"""A finite list of values as a SymPy function of its index, and the indicator of a rank, with every evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mpmath
import sympy as sp

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["at_most", "at_most_array", "at_most_mpmath", "listed", "listed_array", "listed_mpmath"]


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


def at_most_mpmath(rank: Any, bound: Any) -> Any:
    """1 if ``rank <= bound``, else 0."""
    return mpmath.mpf(1 if mpmath.mpf(rank) <= mpmath.mpf(bound) else 0)


def at_most_array(rank: npt.ArrayLike, bound: npt.ArrayLike) -> Any:
    """`at_most` on arrays of doubles."""
    import numpy as np

    return np.less_equal(rank, bound).astype(float)[()]


class at_most(sp.Function):  # type: ignore[misc]
    """``at_most(q, x)`` is 1 if ``q <= x``, else 0: whether the point of rank ``q`` is among the first ``x`` ones.

    Examples
    --------
    >>> at_most(2, 3), at_most(4, 3)
    (1, 0)
    """

    nargs = 2

    @classmethod
    def eval(cls, rank: sp.Expr, bound: sp.Expr) -> sp.Expr | None:
        if rank.is_number and bound.is_number and rank.is_comparable and bound.is_comparable:
            return sp.S.One if rank <= bound else sp.S.Zero
        return None

    def _eval_is_real(self) -> bool:
        return True

    def _eval_is_nonnegative(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        rank, bound = map(printer._print, self.args)
        # Its powers are equal to it.
        return rf"\mathbf{{1}}\{{{rank} \le {bound}\}}"
