"""Special functions of the bounds, as SymPy functions with every evaluation, once.

`geometric_sum` is the only one so far: ``geometric_sum(r, k) = 1 + r + ... + r**(k-1)``. It is an atom of the
algebra because its quotient form ``(1 - r**k)/(1 - r)`` has a removable singularity at ``r = 1``, exactly where
the regimes of a self-consuming loop meet.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import mpmath
import sympy as sp

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "case_by_case",
    "from_start",
    "generation_cases",
    "geometric_sum",
    "geometric_sum_array",
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
        The sums; ``inf`` where the true value exceeds the largest double.
    """
    import numpy as np  # here, because the symbolic library is usable without paying for its import

    ratio, terms = np.broadcast_arrays(np.asarray(r, dtype=float), np.asarray(k, dtype=float))
    offset = ratio - 1.0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # expm1 and log1p keep the digits that 1 - r**k loses when r is near 1.
        exponent = terms * np.log1p(offset)
        value = np.expm1(exponent) / offset
        # r**k may overflow although the sum does not: divide before leaving the logarithm.
        value = np.where(exponent > 700.0, np.exp(exponent - np.log(np.abs(offset))), value)
    value = np.where(offset == 0.0, terms, value)
    value = np.where(ratio == np.inf, np.inf, np.where(ratio == 0.0, 1.0, value))
    # No or one term is exact, also where the ratio has overflowed.
    return np.where(terms <= 1.0, terms, value)[()]


def geometric_sum_mpmath(r: Any, k: Any) -> Any:
    """``1 + r + ... + r**(k-1)`` with the working precision of mpmath, also next to ``r = 1``."""
    ratio, terms = mpmath.mpf(r), mpmath.mpf(k)
    if terms == 0:
        return mpmath.mpf(0)
    if ratio == 1:
        return terms
    # 1 - r may cancel all digits but those of r itself; r is exact, so extra digits restore them.
    lost = max(0, -int(mpmath.log(abs(1 - ratio), 2)))
    with mpmath.extraprec(2 * lost + 10 + math.ceil(math.log2(max(2, float(terms))))):
        value = (1 - ratio**terms) / (1 - ratio)
    return +value


def from_start(generation: sp.Expr, start: sp.Expr, later: sp.Expr) -> sp.Expr:
    """``start`` in generation 0 and ``later`` in every later one."""
    if generation.is_positive:
        return later
    return sp.S(start) if generation.is_zero else sp.Piecewise((start, sp.Eq(generation, 0)), (later, True))


def generation_cases(expression: sp.Expr) -> tuple[sp.Expr, ...]:
    """An expression without case distinctions, in generation 0 and in generation ``k + 1``; itself if it has none.

    Together the parts say all that the expression says, for every generation ``k >= 0``.
    """
    cases = expression.atoms(sp.Piecewise)
    if not cases:
        return (expression,)
    index = min((s for case in cases for _, condition in case.args for s in condition.free_symbols), key=str)
    return tuple(part for value in (sp.S.Zero, index + 1) for part in generation_cases(expression.subs(index, value)))


def case_by_case(function: Callable[..., sp.Expr], *expressions: sp.Expr, index: sp.Symbol) -> sp.Expr:
    """``function`` of the expressions, with the cases "generation 0" and "later" of all of them gathered at the top."""
    if not any(expression.has(sp.Piecewise) for expression in expressions):
        return function(*expressions)
    start = (expression.subs(index, 0) for expression in expressions)
    later = (expression.replace(sp.Piecewise, lambda *cases: cases[-1][0]) for expression in expressions)
    return from_start(index, function(*start), function(*later))


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
    >>> geometric_sum(sp.Rational(1, 2), 3)
    7/4

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
        if r.is_zero and k.is_positive:
            return sp.S.One
        if r.is_Rational and k.is_Integer and 0 < k <= _EXACT_TERMS:
            return (1 - r**k) / (1 - r)
        return None

    def _eval_is_real(self) -> bool | None:
        r, k = self.args
        return True if r.is_real and k.is_nonnegative else None

    def _eval_is_nonnegative(self) -> bool | None:
        r, k = self.args
        return True if r.is_nonnegative and k.is_nonnegative else None

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        r, k = (argument.evalf(mpmath.libmp.prec_to_dps(prec) + 5) for argument in self.args)
        if not (r.is_Float or r.is_Rational) or not (k.is_Float or k.is_Rational):
            return None
        with mpmath.workprec(prec + 20):
            value = geometric_sum_mpmath(r._to_mpmath(prec + 60), k._to_mpmath(prec + 60))
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
