"""Special functions of the bounds, as SymPy functions with every evaluation, once.

``geometric_sum(r, k) = 1 + r + ... + r**(k-1)``, and ``binary_depth(N)``, the least ``L`` with ``2**L >= N``. The sum
is an atom of the algebra because its quotient form ``(1 - r**k)/(1 - r)`` has a removable singularity at ``r = 1``,
exactly where the regimes of a self-consuming loop meet.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import mpmath
import sympy as sp

from stlbounds.precision import kept

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "binary_depth",
    "binary_depth_array",
    "binary_depth_mpmath",
    "geometric_sum",
    "geometric_sum_array",
    "geometric_sum_from_offset_array",
    "geometric_sum_from_one",
    "geometric_sum_from_one_array",
    "geometric_sum_from_one_math",
    "geometric_sum_from_one_mpmath",
    "geometric_sum_math",
    "geometric_sum_mpmath",
]

_EXACT_TERMS = 256


def geometric_sum_array(r: npt.ArrayLike, k: npt.ArrayLike) -> Any:
    """``1 + r + ... + r**(k-1)`` on arrays of doubles, accurate near ``r = 1`` and free of early overflow.

    Parameters
    ----------
    r : array_like
        Ratios, ``r >= 0``.
    k : array_like
        Numbers of terms, ``k >= 0``; broadcast against `r`.

    Returns
    -------
    numpy.ndarray or numpy.float64
        The sums; ``inf`` where the true value exceeds the largest double. The relative error is at most
        ``1e-13 + 4 k 2**-53``.
    """
    import numpy as np  # here, because the symbolic library is usable without paying for its import

    return geometric_sum_from_offset_array(np.asarray(r, dtype=float) - 1.0, np.asarray(k, dtype=float))


def geometric_sum_from_one_array(a: npt.ArrayLike, k: npt.ArrayLike) -> Any:
    """`geometric_sum_array` of ratio ``1 - a``, with all digits of ``a``: no error grows with ``k``."""
    import numpy as np

    return geometric_sum_from_offset_array(-np.asarray(a, dtype=float), np.asarray(k, dtype=float))


def geometric_sum_from_offset_array(offset: Any, terms: Any, out: Any = None) -> Any:
    """`geometric_sum_array` of ratio ``1 + offset``, of arrays of doubles; into ``out`` if given, which is neither."""
    import numpy as np

    offset, terms = np.asarray(offset), np.asarray(terms)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # expm1 and log1p keep the digits that 1 - r**k loses when r is near 1.
        rate = _log_of_ratio(offset, out if out is not None and out.shape == offset.shape else None)
        exponent = np.multiply(terms, rate, out)
        value = np.asarray(np.divide(np.expm1(exponent, out), offset, out))
        if offset.max(initial=0.0) >= 1.0:
            # Few terms of large ratios: the exponent would round away more than 1e-13; this does not overflow either.
            powers = (offset + 1.0) ** (terms - 1.0) * (1.0 + 1.0 / offset) - 1.0 / offset
            # Of no terms it would leave a rounding error, whose root is none; the sum is 0 there already.
            np.copyto(value, powers, where=(offset >= 1.0) & (terms > 0.0))
        # The sum tells at once whether anything is not finite.
        if not np.isfinite(value.sum()):
            lost = ~np.isfinite(value)
            offset, terms = (np.broadcast_to(part, value.shape)[lost] for part in (offset, terms))
            again = np.where(offset == 0.0, terms, np.where(offset == -1.0, 1.0, np.inf))
            value[lost] = np.where(terms <= 1.0, terms, again)
    return value[()]


def _log_of_ratio(offset: Any, out: Any) -> Any:
    """``log1p(offset)`` of an array, into ``out`` if given, nan at -1: from the logarithm, which NumPy vectorises."""
    import numpy as np

    ratio = np.add(offset, 1.0)
    # What the ratio lost by rounding, to first order; next to ratio 1 it is all there is.
    lost = np.subtract(ratio, 1.0, out)
    lost = np.divide(np.subtract(offset, lost, out), ratio, out)
    return np.add(lost, np.log(ratio), out)


def geometric_sum_math(r: float, k: float) -> float:
    """`geometric_sum_array` of two Python floats, without NumPy."""
    return _math_from_offset(r - 1.0, k)


def geometric_sum_from_one_math(a: float, k: float) -> float:
    """`geometric_sum_from_one_array` of two Python floats, without NumPy."""
    return _math_from_offset(-a, k)


def _math_from_offset(offset: float, terms: float) -> float:
    if terms <= 1.0 or offset == 0.0:
        return float(terms)
    if offset == -1.0:
        return 1.0
    try:
        if offset >= 1.0:
            return float((offset + 1.0) ** (terms - 1.0) * (1.0 + 1.0 / offset) - 1.0 / offset)
        return math.expm1(terms * math.log1p(offset)) / offset
    except OverflowError:
        return math.inf


def geometric_sum_mpmath(r: Any, k: Any) -> Any:
    """``1 + r + ... + r**(k-1)`` with the working precision of mpmath, also next to ``r = 1``."""
    ratio, terms = mpmath.mpf(r), mpmath.mpf(k)
    if 0.5 <= ratio <= 2:
        # The offset of an argument that is exact is exact: mpmath adds without rounding on request.
        return _mpmath_from_offset(mpmath.fsub(ratio, 1, exact=True), terms)
    # Nothing cancels far from 1, where an exact offset could have millions of digits.
    with mpmath.extraprec(10 + max(0, int(mpmath.mag(terms)) if terms else 0)):
        value = (ratio**terms - 1) / (ratio - 1)
    return +value


def geometric_sum_from_one_mpmath(a: Any, k: Any) -> Any:
    """`geometric_sum_mpmath` of ratio ``1 - a``, with all digits of ``a``."""
    return _mpmath_from_offset(mpmath.fneg(mpmath.mpf(a), exact=True), mpmath.mpf(k))


def _mpmath_from_offset(offset: Any, terms: Any) -> Any:
    if terms == 0:
        return mpmath.mpf(0)
    if offset == 0:
        return terms
    # The power cancels all digits but those of the offset, which is exact: extra digits restore them.
    lost = max(0, -int(mpmath.mag(offset)))
    with mpmath.extraprec(2 * lost + 10 + max(0, int(mpmath.mag(terms)))):
        value = ((1 + offset) ** terms - 1) / offset
    return +value


class geometric_sum(sp.Function):  # type: ignore[misc]  # SymPy has no types
    r"""``geometric_sum(r, k) = 1 + r + ... + r**(k-1)``, equal to ``k`` at ``r = 1``.

    Parameters
    ----------
    r : sympy.Expr
        The ratio.
    k : sympy.Expr
        The number of terms, a nonnegative integer.

    Examples
    --------
    >>> from stlbounds.symbols import rho, i
    >>> geometric_sum(rho, 3), geometric_sum(1, i), geometric_sum(rho, 0)
    (geometric_sum(rho, 3), i, 0)
    >>> geometric_sum(sp.Rational(1, 2), 3), geometric_sum.eval(rho, sp.S.Zero)
    (7/4, 0)
    >>> geometric_sum(rho, i).fdiff(2).subs(rho, 1)
    1

    References
    ----------
    Theory, Notation (``geo``).
    """

    nargs = 2

    @classmethod
    def eval(cls, r: sp.Expr, k: sp.Expr) -> sp.Expr | None:
        if k.is_zero:
            return sp.S.Zero
        if k == 1:
            return sp.S.One
        if r == 1:
            return k
        if (r.is_number or r.is_Symbol) and r.is_zero and k.is_positive:  # formulas would be asked for roots
            return sp.S.One
        if r.is_Rational and k.is_Integer and 0 < k <= _EXACT_TERMS:
            return (1 - r**k) / (1 - r)
        if k is sp.oo:
            if (r - 1).is_nonnegative:
                return sp.oo
            if r.is_nonnegative and (1 - r).is_positive:
                return 1 / (1 - r)
        return None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """The derivative in the ratio, or in the number of terms (of ``(r**k - 1)/(r - 1)`` for real ``k``).

        Parameters
        ----------
        argindex : {1, 2}

        Raises
        ------
        ArgumentIndexError
            For any other number.
        """
        r, k = self.args
        if argindex == 1:
            return sp.Piecewise((k * (k - 1) / 2, sp.Eq(r, 1)), ((k * r ** (k - 1) - self) / (r - 1), True))
        if argindex == 2:
            return sp.Piecewise((sp.S.One, sp.Eq(r, 1)), (r**k * sp.log(r) / (r - 1), True))
        raise sp.core.function.ArgumentIndexError(self, argindex)

    def _eval_is_real(self) -> bool | None:
        r, k = self.args
        return True if r.is_real and k.is_nonnegative else None

    def _eval_is_nonnegative(self) -> bool | None:
        r, k = self.args
        return True if r.is_nonnegative and k.is_nonnegative else None

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        r, k = self.args
        terms = k.evalf(mpmath.libmp.prec_to_dps(prec) + 5)
        if not (terms.is_Float or terms.is_Rational):
            return None
        # A rounded ratio would lose as many digits as the number of terms has, and more next to 1.
        more = 60 + max(0, int(sp.ceiling(sp.Abs(terms))).bit_length())
        ratio, offset = (part.evalf(mpmath.libmp.prec_to_dps(prec + more)) for part in (r, r - 1))
        if not (ratio.is_Float or ratio.is_Rational) or (ratio.is_zero and terms.is_negative):
            return None
        with kept(mpmath.workprec(prec + 20)):
            near, count = abs(offset) <= sp.S.Half, terms._to_mpmath(prec + more)
            value = (_mpmath_from_offset(offset._to_mpmath(prec + more), count) if near
                     else geometric_sum_mpmath(ratio._to_mpmath(prec + more), count))
        return sp.Float._new(value._mpf_, prec)

    def _eval_rewrite_as_Pow(self, r: sp.Expr, k: sp.Expr, **_: Any) -> sp.Expr:
        return (1 - r**k) / (1 - r)

    def _eval_rewrite_as_Sum(self, r: sp.Expr, k: sp.Expr, **_: Any) -> sp.Expr:
        m = sp.Dummy("m", integer=True, nonnegative=True)
        return sp.Sum(r**m, (m, 0, k - 1))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        r, k = self.args
        body = rf"\frac{{1 - {printer.parenthesize(r, 100)}^{{{printer._print(k)}}}}}{{{printer._print(1 - r)}}}"
        return body if exp is None else rf"\left({body}\right)^{{{exp}}}"


def binary_depth_array(size: npt.ArrayLike) -> Any:
    """The least integer ``L`` with ``2**L >= size``, on arrays of doubles; exact, which a rounded logarithm is not."""
    import numpy as np

    return np.frexp(np.ceil(np.maximum(np.asarray(size, dtype=float), 1.0)) - 1.0)[1].astype(float)[()]


def binary_depth_mpmath(size: Any) -> Any:
    """The least integer ``L`` with ``2**L >= size``."""
    return mpmath.mpf(max(0, int(mpmath.ceil(size)) - 1).bit_length())


class binary_depth(sp.Function):  # type: ignore[misc]
    """``binary_depth(N) = ceiling(log2(N))``, the depth of a balanced binary tree with ``N >= 1`` leaves.

    Examples
    --------
    >>> [binary_depth(size) for size in (1, 2, 3, 8, 9)]
    [0, 1, 2, 3, 4]

    References
    ----------
    Theory §6 (weak stability).
    """

    nargs = 1

    @classmethod
    def eval(cls, size: sp.Expr) -> sp.Expr | None:
        if size.is_Integer and size >= 1:
            return sp.Integer((int(size) - 1).bit_length())
        return None

    def _eval_is_integer(self) -> bool:
        return True

    def _eval_is_nonnegative(self) -> bool:
        return True

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        size = sp.ceiling(self.args[0])
        return sp.Float(binary_depth(size), precision=prec) if size.is_Integer and size >= 1 else None

    def _eval_rewrite_as_log(self, size: sp.Expr, **_: Any) -> sp.Expr:
        return sp.ceiling(sp.log(size, 2))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        body = rf"\lceil \log_2 {printer.parenthesize(self.args[0], 100)} \rceil"
        return body if exp is None else rf"{{{body}}}^{{{exp}}}"


class geometric_sum_from_one(sp.Function):  # type: ignore[misc]
    """``geometric_sum(1 - a, k)`` as a function of ``a``: what generated code calls, to keep all digits of ``a``.

    Examples
    --------
    >>> from stlbounds.symbols import alpha, i
    >>> geometric_sum_from_one(alpha, i).rewrite(geometric_sum)
    geometric_sum(1 - alpha, i)
    >>> bool(geometric_sum_from_one_array(1e-12, 10) < 10)
    True
    """

    nargs = 2

    @classmethod
    def eval(cls, a: sp.Expr, k: sp.Expr) -> sp.Expr | None:
        if a.is_number or k.is_zero or k == 1:
            return geometric_sum(1 - a, k)
        return None

    def _eval_is_nonnegative(self) -> bool | None:
        return geometric_sum(1 - self.args[0], self.args[1]).is_nonnegative  # type: ignore[no-any-return]

    def _eval_rewrite_as_geometric_sum(self, a: sp.Expr, k: sp.Expr, **_: Any) -> sp.Expr:
        return geometric_sum(1 - a, k)
