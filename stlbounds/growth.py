"""Growth of influence in loops whose training sets grow, as SymPy functions with every evaluation.

``growth(kappa, j, i)`` is the product of ``1 + kappa/m`` over ``m = j+1, ..., i``: by how much
accumulating data amplifies a displacement from generation ``j`` to ``i`` (theory §3). ``growth_sum(kappa, i, p)`` sums
its ``p``-th powers over
``j = 0, ..., i``; it has no closed form in general, but is evaluated in ``O(1)`` (`stlbounds.growth_tail`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mpmath
import sympy as sp

from stlbounds.growth_tail import Kind, growth_sum_by_recursion, growth_sum_in_short
from stlbounds.precision import kept
from stlbounds.symbols import SOURCE, STEP

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "growth",
    "growth_array",
    "growth_mpmath",
    "growth_sum",
    "growth_sum_array",
    "growth_sum_mpmath",
]

_EXACT_TERMS = 64


def growth_mpmath(kappa: Any, j: Any, i: Any) -> Any:
    """``prod_{m=j+1..i} (1 + kappa/m)`` with the working precision of mpmath."""
    kappa, j, i = mpmath.mpf(kappa), mpmath.mpf(j), mpmath.mpf(i)
    if kappa > mpmath.ldexp((i + 2) ** 2, mpmath.mp.prec + 10):
        # 1 + kappa/m is kappa/m to all digits, while gamma functions would need as many digits as kappa has.
        return kappa ** (i - j) * mpmath.gammaprod([j + 1], [i + 1])
    # The four gamma functions nearly cancel when i is large: digits in proportion to their size.
    with mpmath.extraprec(20 + 2 * int(mpmath.log(i + kappa + 2, 2))):
        value = mpmath.gammaprod([i + 1 + kappa, j + 1], [j + 1 + kappa, i + 1])
    return +value


_MPMATH = Kind(mpmath.mpf, growth_mpmath, mpmath.mag, mpmath.workprec)


def growth_sum_mpmath(kappa: Any, i: Any, p: Any, start: Any = 0) -> Any:
    """``sum_{j=start..i} growth(kappa, j, i)**p``: in ``O(1)`` for many generations and ``p`` at most 2."""
    kappa, last, power, begin = mpmath.mpf(kappa), int(i), int(p), int(start)
    short = growth_sum_in_short(kappa, last, power, begin, mpmath.mp.prec + 10, _MPMATH)
    if short is not None:
        return +short[0]
    with mpmath.extraprec(20 + int(mpmath.log(mpmath.mpf(last) + 2, 2))):
        total = growth_sum_by_recursion(kappa, last, power, begin, _MPMATH)
    return +total


def growth_array(kappa: npt.ArrayLike, j: npt.ArrayLike, i: npt.ArrayLike) -> Any:
    """`growth` on arrays of doubles; ``inf`` where the value exceeds the largest double."""
    import numpy as np

    def one(kappa: float, j: float, i: float) -> float:
        with kept(mpmath.workprec(80)):
            return float(growth_mpmath(kappa, j, i))

    return np.asarray(np.frompyfunc(one, 3, 1)(kappa, j, i), dtype=float)[()]


def growth_sum_array(kappa: npt.ArrayLike, i: npt.ArrayLike, p: npt.ArrayLike, start: npt.ArrayLike = 0) -> Any:
    """`growth_sum` on arrays of doubles, one pass over the generations for all entries."""
    import numpy as np

    rate, last, power, first = np.broadcast_arrays(*(np.asarray(part, dtype=float) for part in (kappa, i, p, start)))
    total = 1.0 - first
    with np.errstate(over="ignore"):
        for m in range(1, int(last.max(initial=0.0)) + 1):
            total = np.where(m <= last, (1 + rate / m) ** power * total + 1, total)
    return total[()]


def _split(index: sp.Expr) -> tuple[sp.Expr, int]:
    """An index as a part without a number and an integer."""
    whole, rest = index.as_coeff_Add()
    return (rest, int(whole)) if whole.is_Integer else (index, 0)


class growth(sp.Function):  # type: ignore[misc]  # SymPy has no types
    r"""``growth(kappa, j, i) = prod_{m=j+1..i} (1 + kappa/m)``, for ``0 <= j <= i``; 1 for ``i = j``.

    Equal to ``Gamma(i+1+kappa) Gamma(j+1)/(Gamma(j+1+kappa) Gamma(i+1))``, and to ``(i+1)/(j+1)`` for ``kappa = 1``.

    References
    ----------
    Theory §3 (accumulate).

    Examples
    --------
    >>> from stlbounds.symbols import kappa, i, j
    >>> growth(kappa, i, i), growth(1, j, i), growth(sp.Rational(1, 2), 0, 2)
    (1, (i + 1)/(j + 1), 15/8)
    """

    nargs = 3

    @classmethod
    def eval(cls, kappa: sp.Expr, j: sp.Expr, i: sp.Expr) -> sp.Expr | None:
        if j == i or kappa.is_zero:
            return sp.S.One
        if kappa == 1:
            return (i + 1) / (j + 1)
        if kappa.is_Rational and j.is_Integer and i.is_Integer and 0 <= j <= i <= j + _EXACT_TERMS:
            return sp.Mul(*(1 + kappa / m for m in range(int(j) + 1, int(i) + 1)))
        return None

    def unrolled(self) -> sp.Expr:
        """The same with integer shifts of the indices as explicit factors."""
        kappa, j, i = self.args
        (first, start), (last, end) = _split(j), _split(i)
        if first == last:
            value = sp.Mul(*(1 + kappa / (last + m) for m in range(start + 1, end + 1)))
            return value / sp.Mul(*(1 + kappa / (last + m) for m in range(end + 1, start + 1)))
        above = sp.Mul(*(1 + kappa / (last + m) for m in range(1, end + 1)))
        below = sp.Mul(*(1 + kappa / (first + m) for m in range(1, start + 1)))
        return growth(kappa, first - max(0, -start), last - max(0, -end)) * above / below

    def _eval_is_real(self) -> bool | None:
        return True if self.args[0].is_nonnegative else None

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.args[0].is_nonnegative else None

    def _eval_rewrite_as_Product(self, kappa: sp.Expr, j: sp.Expr, i: sp.Expr, **_: Any) -> sp.Expr:
        return sp.Product(1 + kappa / STEP, (STEP, j + 1, i))

    def _eval_rewrite_as_gamma(self, kappa: sp.Expr, j: sp.Expr, i: sp.Expr, **_: Any) -> sp.Expr:
        return sp.gamma(i + 1 + kappa) * sp.gamma(j + 1) / (sp.gamma(j + 1 + kappa) * sp.gamma(i + 1))

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        return self.rewrite(sp.gamma).evalf(mpmath.libmp.prec_to_dps(prec))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        kappa, j, i = self.args
        m = "m"
        body = (rf"\prod_{{{m}={printer._print(j + 1)}}}^{{{printer._print(i)}}}"
                rf"\left(1 + {printer._print(kappa / sp.Dummy(m, positive=True))}\right)")
        return body if exp is None else rf"\left({body}\right)^{{{exp}}}"


class growth_sum(sp.Function):  # type: ignore[misc]
    r"""``growth_sum(kappa, i, p, start) = sum_{j=start..i} growth(kappa, j, i)**p``, with ``start`` 0 (left out) or 1.

    Defined by its recursion: ``S(0) = 1 - start`` and ``S(i+1) = (1 + kappa/(i+1))**p S(i) + 1``.

    References
    ----------
    Theory §5 (accumulate: ``hbar`` for ``p = 1``, ``Phi**2`` for ``p = 2``; subsample: ``start = 1``).

    Examples
    --------
    >>> growth_sum(2, 2, 1), growth_sum(1, 2, 2)
    (9, 49/4)
    """

    nargs = (3, 4)

    @classmethod
    def eval(cls, kappa: sp.Expr, i: sp.Expr, p: sp.Expr, start: sp.Expr = sp.S.Zero) -> sp.Expr | None:
        if i.is_zero:
            return 1 - start
        if kappa.is_zero:
            return i + 1 - start
        if kappa.is_Rational and i.is_Integer and p.is_Integer and 0 < i <= _EXACT_TERMS:
            return cls(kappa, i - 1, p, start) * (1 + kappa / i) ** p + 1
        return None

    @property
    def start(self) -> sp.Expr:
        """The first generation of the sum, 0 or 1."""
        return self.args[3] if len(self.args) == 4 else sp.S.Zero

    def _eval_rewrite_as_Sum(self, kappa: sp.Expr, i: sp.Expr, p: sp.Expr, *start: sp.Expr, **_: Any) -> sp.Expr:
        if kappa == 1:
            return (i + 1) ** p * sp.Sum(STEP**-p, (STEP, self.start + 1, i + 1))
        return sp.Sum(growth(kappa, SOURCE, i) ** p, (SOURCE, self.start, i))

    def _eval_rewrite_as_harmonic(self, kappa: sp.Expr, i: sp.Expr, p: sp.Expr, *start: sp.Expr, **_: Any) -> sp.Expr:
        if kappa != 1:
            return self
        return (i + 1) ** p * (sp.harmonic(i + 1, p) - sp.Add(*start))

    def unrolled(self) -> sp.Expr:
        """The same with positive integer shifts of ``i`` unrolled by the recursion."""
        kappa, i, p, *start = self.args
        last, end = _split(i)
        value = growth_sum(kappa, last + min(0, end), p, *start)
        for m in range(1, end + 1):
            value = (1 + kappa / (last + m)) ** p * value + 1
        return value

    def _eval_is_real(self) -> bool | None:
        return True if self.args[0].is_nonnegative else None

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.args[0].is_nonnegative else None

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        parts = [part.evalf(mpmath.libmp.prec_to_dps(prec) + 5) for part in self.args]
        if not all(part.is_number for part in parts):
            return None
        with kept(mpmath.workprec(prec + 20)):
            return sp.Float(growth_sum_mpmath(*(part._to_mpmath(prec + 20) for part in parts)), precision=prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        kappa, i, p = self.args[:3]
        m, j = "m", "j"
        power = "" if p == 1 else f"^{{{printer._print(p)}}}"
        if kappa == 1:
            base = printer._print(i + 1)
            front = rf"({base}){power}" if (i + 1).is_Add else rf"{base}{power}"
            return rf"{front} \sum_{{{m}={self.start + 1}}}^{{{printer._print(i + 1)}}} \frac{{1}}{{{m}{power}}}"
        body = (rf"\sum_{{{j}={self.start}}}^{{{printer._print(i)}}}\prod_{{{m}={j}+1}}^{{{printer._print(i)}}}"
                rf"\left(1 + {printer._print(kappa / sp.Dummy(m, positive=True))}\right){power}")
        return body if exp is None else rf"\left({body}\right)^{{{exp}}}"
