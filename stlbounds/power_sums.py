r"""``power_sum(s, a, b, t)``, the sum of ``m**-s (m+1)**-t`` over ``m = a..b``, in ``O(1)`` to any precision.

Drifts of averaging loops are such sums (theory §4). With Hurwitz's zeta function, ``sum of m**-s = zeta(s, a) - zeta(s,
b+1)``, by digamma functions at ``s = 1``. For ``t = 1``, ``1/(m+1)`` is the alternating series of ``(-1)**q
m**(-1-q)``, whose partial sums lie on both sides of it, so that what is left out is at most the first term left out.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import mpmath
import sympy as sp

__all__ = ["ZetaKind", "in_power_sums", "power_sum", "power_sum_mpmath", "power_sum_of"]

#: So many terms are added one by one before zeta functions take over.
_HEAD = 256
#: So many bits hold the sum of any double and a number of moderate size.
_SMALLEST = 1200


@dataclass(frozen=True)
class ZetaKind:
    """A kind of number, real or ball, with Hurwitz's zeta function; `working` is as in `growth_tail.Kind`."""

    number: Callable[[int], Any]
    power: Callable[[Any, Any], Any]
    zeta: Callable[[Any, Any], Any]
    digamma: Callable[[Any], Any]
    magnitude: Callable[[Any], int]
    working: Callable[[int], AbstractContextManager[Any]]


def _one_by_one(s: Any, first: int, last: int, t: int, kind: ZetaKind) -> Any:
    total = kind.number(0)
    for m in range(first, last + 1):
        total = total + kind.power(kind.number(m), -s) / (m + 1) ** t
    return total


def _powers(s: Any, more: int, first: int, last: int, bits: int, kind: ZetaKind) -> Any:
    """The sum of ``m**-(s + more)``."""
    # A rounded sum of exponents would be as far from the pole as its rounding.
    with kind.working(bits + _SMALLEST):
        s = s + more
    if s == 1:
        with kind.working(bits + 20):
            return kind.digamma(kind.number(last + 1)) - kind.digamma(kind.number(first))
    # Next to the pole, and where the sum is short, the two values nearly cancel.
    lost = 2 * max(0, -kind.magnitude(abs(1 - s))) + 2 * last.bit_length()
    # Not every kind knows small values of zeta to a relative accuracy.
    lost += int(float(s) + 1) * first.bit_length()
    with kind.working(bits + lost + 40):
        return kind.zeta(s, kind.number(first)) - kind.zeta(s, kind.number(last + 1))


def power_sum_of(s: Any, first: int, last: int, t: int, bits: int, kind: ZetaKind) -> tuple[Any, Any]:
    """`power_sum` at an exact number ``s >= 0``, and a bound on what is left out (see the module).

    Parameters
    ----------
    s : number
        The exponent.
    first, last, t : int
        ``first >= 1``, and `t` is 0 or 1.
    bits : int
        The precision that is wanted.
    kind : ZetaKind
        The kind of number.
    """
    begin = max(first, _HEAD)
    with kind.working(bits + 20):
        head = _one_by_one(s, first, min(last, 2 * begin), t, kind)
    begin = 2 * begin + 1
    if last < begin:
        return head, kind.number(0)
    with kind.working(bits + 20):
        most = kind.power(kind.number(begin), -s) * last
        if most * 2 ** (bits + 4) < head:
            return head, most
    if t == 0:
        with kind.working(bits + 20):
            return head + _powers(s, 0, begin, last, bits, kind), kind.number(0)
    total, order = head, 0
    while True:
        part = _powers(s, 1 + order, begin, last, bits, kind)
        with kind.working(bits + 20):
            if part * 2 ** (bits + 4) < head or part == 0 or order > bits:
                return total, abs(part)
            total = total + part if order % 2 == 0 else total - part
        order += 1


_MPMATH = ZetaKind(mpmath.mpf, lambda x, y: x**y, mpmath.zeta, mpmath.digamma, mpmath.mag, mpmath.workprec)


def power_sum_mpmath(s: Any, first: Any, last: Any, t: Any = 0) -> Any:
    """`power_sum` with the working precision of mpmath."""
    return +power_sum_of(mpmath.mpf(s), int(first), int(last), int(t), mpmath.mp.prec + 10, _MPMATH)[0]


class power_sum(sp.Function):  # type: ignore[misc]  # SymPy has no types
    r"""``power_sum(s, a, b, t) = sum_{m=a..b} m**-s (m+1)**-t`` with ``s >= 0``, integers ``a >= 1`` and ``t`` 0 or 1.

    It stands for such sums where they are evaluated; bounds are stated with the sums themselves.

    Examples
    --------
    >>> power_sum(1, 1, 3, 0).doit(), power_sum(1, 1, 0, 1).doit()
    (11/6, 0)
    """

    nargs = 4

    def doit(self, **hints: Any) -> sp.Expr:
        s, first, last, t = self.args
        m = sp.Dummy("m", integer=True, positive=True)
        return sp.Sum(m**-s * (m + 1) ** -t, (m, first, last)).doit(**hints)

    def _eval_is_nonnegative(self) -> bool:
        return True


def _recognised(series: sp.Sum) -> sp.Expr | None:
    """A sum as a multiple of a `power_sum`, or None."""
    # SymPy's is_zero says yes of an empty product of zeros, which is 1.
    if series.function == 0:
        return sp.S.Zero
    if len(series.limits) != 1:
        return None
    index, first, last = series.limits[0]
    outside, exponents = sp.S.One, dict[int, sp.Expr]()
    for factor in sp.Mul.make_args(series.function):
        base, exponent = factor.as_base_exp()
        rest, varying = base.as_independent(index, as_Add=False) if base.is_Mul else (sp.S.One, base)
        if not factor.has(index):
            outside *= factor
            continue
        shift = varying - index
        if exponent.has(index) or not shift.is_Integer or not (rest == 1 or rest.is_positive):
            return None
        outside *= rest**exponent
        exponents[int(shift)] = exponents.get(int(shift), sp.S.Zero) - exponent
    places = sorted(exponents)
    if not places or not first.is_Integer or first + places[0] < 1:
        return None
    low = places[0]
    s, t = exponents[low], sp.S.Zero
    if len(places) == 2 and places[1] == low + 1 and exponents[low + 1] == 1:
        t = sp.S.One
    elif len(places) > 1:
        return None
    if s.is_nonnegative is not True:
        return None
    return outside * power_sum(s, first + low, last + low, t)


def in_power_sums(expression: sp.Expr) -> sp.Expr:
    """The expression with sums of powers of their index as `power_sum`.

    Examples
    --------
    >>> from stlbounds.symbols import J, c, i, n, r
    >>> in_power_sums(sp.Sum(c / ((n * (J + 1)) ** r * (J + 2)), (J, 0, i - 1)))
    c*power_sum(r, 1, i, 1)/n**r
    """
    if not expression.has(sp.Sum):
        return expression

    def replaced(function: sp.Expr, *limits: Any) -> sp.Expr:
        series = sp.Sum(function, *limits)
        found = _recognised(series)
        return series if found is None else found

    return expression.replace(sp.Sum, replaced)
