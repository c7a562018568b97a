"""Entries of powers of nonnegative matrices, as SymPy functions with every evaluation: influence in networks of models.

``power_entry(k, a, c, *entries)`` is the entry ``(a, c)`` of ``H**k``, and ``power_sum_entry`` that of ``I + H + ... +
H**(k-1)``; the entries of the square matrix ``H`` are listed row by row, rows and columns are counted from 0.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, Any

import mpmath
import sympy as sp

from stlbounds.errors import SymbolError
from stlbounds.precision import kept
from stlbounds.special import geometric_sum

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "power_entry",
    "power_entry_array",
    "power_entry_mpmath",
    "power_sum_entry",
    "power_sum_entry_array",
    "power_sum_entry_mpmath",
    "squares_summed",
]

_EXACT_POWERS = 64


def _doubled(entries: Any, zero: Any, one: Any) -> list[Any]:
    """The entries of ``[[H, I], [0, I]]``, whose powers have the sums of the powers of ``H`` in their upper right."""
    size = isqrt(len(entries))
    rows = [[*entries[size * a: size * (a + 1)], *(one if b == a else zero for b in range(size))] for a in range(size)]
    rows += [[zero] * size + [one if b == a else zero for b in range(size)] for a in range(size)]
    return [entry for row in rows for entry in row]


def power_entry_array(k: npt.ArrayLike, a: int, c: int, *entries: npt.ArrayLike) -> Any:
    """`power_entry` on arrays of doubles, by repeated squaring; ``inf`` where the value exceeds the largest double."""
    import numpy as np

    size = isqrt(len(entries))
    arrays = np.broadcast_arrays(np.asarray(k, dtype=float), *(np.asarray(part, dtype=float) for part in entries))
    # Halved as doubles, which is exact: 64-bit integers end at 9.2e18.
    left = arrays[0]
    base = np.stack(arrays[1:], axis=-1).reshape(*left.shape, size, size)
    result = np.broadcast_to(np.eye(size), base.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        while (left > 0).any():
            odd = (np.fmod(left, 2.0) == 1.0)[..., None, None]
            result = np.where(odd, _product(result, base), result)
            left = np.floor(left / 2.0)
            if (left > 0).any():
                base = _product(base, base)
    return result[..., int(a), int(c)][()]


def _product(left: Any, right: Any) -> Any:
    """The matrix product, where ``0 * inf`` counts as 0: a zero is one of the matrix, not of rounding."""
    import numpy as np

    terms = left[..., :, :, None] * right[..., None, :, :]
    zero = (left[..., :, :, None] == 0) | (right[..., None, :, :] == 0)
    return np.where(zero, 0.0, terms).sum(axis=-2)


def power_sum_entry_array(k: npt.ArrayLike, a: int, c: int, *entries: npt.ArrayLike) -> Any:
    """`power_sum_entry` on arrays of doubles."""
    size = isqrt(len(entries))
    return power_entry_array(k, int(a), size + int(c), *_doubled(entries, 0.0, 1.0))


def power_entry_mpmath(k: Any, a: Any, c: Any, *entries: Any) -> Any:
    """`power_entry` with the working precision of mpmath."""
    size = isqrt(len(entries))
    matrix = mpmath.matrix([list(entries[size * row: size * (row + 1)]) for row in range(size)])
    return (matrix ** int(k))[int(a), int(c)]


def power_sum_entry_mpmath(k: Any, a: Any, c: Any, *entries: Any) -> Any:
    """`power_sum_entry` with the working precision of mpmath."""
    size = isqrt(len(entries))
    return power_entry_mpmath(k, a, size + int(c), *_doubled(list(entries), mpmath.mpf(0), mpmath.mpf(1)))


class _Entry(sp.Function):  # type: ignore[misc]  # SymPy has no types
    """An entry of a function of a matrix with nonnegative entries."""

    @property
    def matrix(self) -> sp.ImmutableMatrix:
        """``H``."""
        size = isqrt(len(self.args) - 3)
        return sp.ImmutableMatrix(size, size, self.args[3:])

    def _signs(self) -> bool | None:
        # Signs from the declared ranges; that room imports this one.
        from stlbounds.interval.signs import is_nonnegative

        try:
            return True if all(is_nonnegative(entry) for entry in self.args[3:]) else None
        except SymbolError:  # a symbol of SymPy's own, while it prints code
            return None

    def _eval_is_real(self) -> bool | None:
        return self._signs()

    def _eval_is_nonnegative(self) -> bool | None:
        return self._signs()

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        parts = [part.evalf(mpmath.libmp.prec_to_dps(prec) + 5) for part in self.args]
        if not all(part.is_number for part in parts):
            return None
        with kept(mpmath.workprec(prec + 30)):
            value = self._by_mpmath(*(part._to_mpmath(prec + 30) for part in parts))
        return sp.Float(value, precision=prec)

    @staticmethod
    def _by_mpmath(*args: Any) -> Any:
        raise NotImplementedError

    def _rows(self, printer: Any) -> str:
        rows = (r" & ".join(map(printer._print, self.matrix.row(a))) for a in range(self.matrix.rows))
        return r"\begin{pmatrix}" + r" \\ ".join(rows) + r"\end{pmatrix}"


class power_entry(_Entry):
    """The entry ``(a, c)`` of ``H**k``: ``power_entry(k, a, c, *entries)``.

    Examples
    --------
    >>> from stlbounds.symbols import i, rho
    >>> power_entry(2, 0, 1, 1, 1, 1, 0), power_entry(i, 0, 0, rho), power_entry(0, 0, 1, rho, 1, 1, rho)
    (1, rho**i, 0)

    References
    ----------
    Theory §10.
    """

    @classmethod
    def eval(cls, k: sp.Expr, a: sp.Expr, c: sp.Expr, *entries: sp.Expr) -> sp.Expr | None:
        if len(entries) == 1:
            return entries[0] ** k
        if k.is_zero:
            return sp.S.One if a == c else sp.S.Zero
        size = isqrt(len(entries))
        if k == 1:
            return entries[size * int(a) + int(c)]
        if all(entry.is_Rational for entry in entries) and k.is_Integer and 0 < k <= _EXACT_POWERS:
            return (sp.ImmutableMatrix(size, size, entries) ** k)[int(a), int(c)]
        return None

    _by_mpmath = staticmethod(power_entry_mpmath)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        k, a, c = self.args[:3]
        body = rf"\bigl({self._rows(printer)}^{{{printer._print(k)}}}\bigr)_{{{a + 1}{c + 1}}}"
        return body if exp is None else rf"{{{body}}}^{{{exp}}}"


class power_sum_entry(_Entry):
    """The entry ``(a, c)`` of ``I + H + ... + H**(k-1)``: ``power_sum_entry(k, a, c, *entries)``.

    Examples
    --------
    >>> from stlbounds.symbols import i, rho
    >>> power_sum_entry(i, 0, 0, rho), power_sum_entry(3, 0, 1, 1, 1, 1, 0), power_sum_entry(1, 1, 1, 1, 1, 1, 0)
    (geometric_sum(rho, i), 2, 1)

    References
    ----------
    Theory §10.
    """

    @classmethod
    def eval(cls, k: sp.Expr, a: sp.Expr, c: sp.Expr, *entries: sp.Expr) -> sp.Expr | None:
        if len(entries) == 1:
            return geometric_sum(entries[0], k)
        if k.is_zero:
            return sp.S.Zero
        if k == 1:
            return sp.S.One if a == c else sp.S.Zero
        if all(entry.is_Rational for entry in entries) and k.is_Integer and 0 < k <= _EXACT_POWERS:
            size = isqrt(len(entries))
            whole = sp.ImmutableMatrix(2 * size, 2 * size, _doubled(entries, sp.S.Zero, sp.S.One))
            return (whole**k)[int(a), size + int(c)]
        return None

    _by_mpmath = staticmethod(power_sum_entry_mpmath)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        k, a, c = self.args[:3]
        body = rf"\bigl(\sum_{{m=0}}^{{{printer._print(k - 1)}}}{self._rows(printer)}^{{m}}\bigr)_{{{a + 1}{c + 1}}}"
        return body if exp is None else rf"{{{body}}}^{{{exp}}}"


def squares_summed(expression: sp.Expr) -> sp.Expr:
    """Sums of squared entries of powers as entries of sums of powers: ``((H**k)_ac)**2`` is one of ``(H x H)**k``.

    Other sums are left as they are. This evaluates the sum in the time of a power, however many terms it has.

    Examples
    --------
    >>> from stlbounds.symbols import G, i
    >>> series = sp.Sum(3 * power_entry(i - G, 0, 1, 0, 2, 1, 0) ** 2, (G, 1, i))
    >>> squares_summed(series)
    3*power_sum_entry(i, 0, 3, 0, 0, 0, 4, 0, 0, 2, 0, 0, 2, 0, 0, 1, 0, 0, 0)
    """

    def closed(series: sp.Sum) -> sp.Expr:
        if len(series.limits) != 1:
            return series
        variable, first, last = series.limits[0]
        front, square = series.function.as_independent(variable, as_Add=False)
        if not (square.is_Pow and square.exp == 2 and isinstance(square.base, power_entry)):
            return series
        k, a, c, *entries = square.base.args
        size = isqrt(len(entries))
        if k != last - variable or any(entry.has(variable) for entry in entries):
            return series
        twice = sp.kronecker_product(*[sp.ImmutableMatrix(size, size, entries)] * 2)
        return front * power_sum_entry(last - first + 1, a * size + a, c * size + c, *twice)

    return expression.replace(lambda part: isinstance(part, sp.Sum), closed)
