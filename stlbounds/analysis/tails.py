r"""Upper bounds of sums over all generations that hold for every number of generations at once.

For ``i >= 1``: ``growth(kappa, j, i) <= (i/j)**kappa`` for ``j >= 1``, because ``1 + x <= exp(x)`` and
``1/(j+1) + ... + 1/i <= log(i/j)``; for ``j = 0`` it is at most ``(1 + kappa) i**kappa``. Powers are summed by
``sum of j**-s <= zeta(s)`` (``s > 1``), ``1 + log(i)`` (``s = 1``), ``i**(1-s)/(1-s)`` (``s < 1``), and logarithms are
at most ``(8/e) x**(1/8)``.
"""

from __future__ import annotations

from collections.abc import Mapping

import mpmath
import sympy as sp

from stlbounds.analysis.facts import Facts
from stlbounds.compiled import mpmath_function
from stlbounds.growth import growth_sum
from stlbounds.precision import kept
from stlbounds.symbols import N

__all__ = ["above_for_ever"]

#: A little more than 8/e.
_LOGARITHM = sp.Rational(29431, 10000)
_TERMS = 512


def _logarithm(x: sp.Expr) -> sp.Expr:
    return _LOGARITHM * x ** sp.Rational(1, 8)


def _growth_sum(kappa: sp.Expr, i: sp.Expr, p: sp.Expr, start: sp.Expr) -> sp.Expr:
    """At least ``growth_sum(kappa, i, p, start)`` for ``i >= 0``, with numbers for ``kappa`` and ``p``."""
    if kappa == 1 and p == 2:
        return (i + 1) ** 2 * (sp.pi**2 / 6 - start)
    if kappa == 1 and p == 1:
        return (i + 1) * (1 + _logarithm(i + 1) - start)
    s, last = p * kappa, i + 1  # i + 1 in place of i, so that i = 0 is covered
    total = sp.zeta(s) if s > 1 else 1 + _logarithm(last) if s == 1 else last ** (1 - s) / (1 - s)
    return (1 - start) * ((1 + kappa) * last**kappa) ** p + last**s * total


def _sum(series: sp.Sum) -> sp.Expr | None:
    """At least a sum of products of powers of the index, for every upper limit; None if it is no such sum."""
    index, first, last = series.limits[0]
    if not series.function.has(index):
        return series.function * (last - first + 1)
    outside, inside = series.function.as_independent(index, as_Add=False)
    exponent = sp.S.Zero
    for factor in sp.Mul.make_args(inside):
        base, power = factor.as_base_exp()
        shift = base - index
        if shift.has(index) or shift.is_nonnegative is not True or power.is_negative is not True:
            return None
        exponent = exponent - power
    if not exponent.is_Rational or not exponent > 1 or not first.is_Integer:
        return None
    # Beyond the first terms, k + shift >= k, and the sum is at most an integral.
    rest = sp.Integer(_TERMS) ** (1 - exponent) / (exponent - 1)
    with kept(mpmath.workdps(50)):
        term = mpmath_function(inside, (index,))
        head = mpmath.fsum(term(mpmath.mpf(k)) for k in range(int(first), _TERMS + 1))
        # Rounded up by far more than the error of the sum.
        most = sp.Rational(int(mpmath.ceil(head * 10**30)) + 1, 10**30)
    return outside * (most + rest)


def above_for_ever(expression: sp.Expr, x: sp.Symbol, values: Mapping[sp.Symbol, sp.Expr]) -> tuple[
        sp.Expr, sp.Symbol] | None:
    """An expression in ``y = x + 1``, at least ``expression`` for all ``x >= 1``, without sums up to ``x``, and ``y``.

    None if none is known.

    Every such sum must occur where a larger one makes the expression larger.
    """
    current = sp.expand_power_base(expression.xreplace(dict(values)), force=True)
    for part in sorted(current.atoms(growth_sum), key=sp.count_ops):
        kappa, i, p = part.args[:3]
        if not (kappa.is_Rational and p.is_Integer and kappa > 0):
            return None
        stand_in = sp.Dummy("s", positive=True)
        if not _grows(current.xreplace({part: stand_in}), stand_in):
            return None
        current = current.xreplace({part: _growth_sum(kappa, i, p, part.start)})
    for series in [part for part in current.atoms(sp.Sum) if part.limits[0][2].has(x)]:
        stand_in = sp.Dummy("s", positive=True)
        index = series.limits[0][0]
        positive = sp.Dummy("k", integer=True, positive=True)
        function = sp.powdenest(sp.powsimp(series.function.subs(index, positive + series.limits[0][1] - 1)), force=True)
        larger = _sum(sp.Sum(function, (positive, 1, series.limits[0][2] - series.limits[0][1] + 1)))
        if larger is None or not _grows(current.xreplace({series: stand_in}), stand_in):
            return None
        current = current.xreplace({series: larger})
    if current.has(growth_sum, N):
        return None
    y = sp.Dummy("y", integer=True, positive=True)
    flat = sp.expand(current.xreplace({x: y - 1}))
    for root in [part for part in flat.atoms(sp.Pow) if part.exp == sp.S.Half and part.base.is_Add]:
        inside = sp.expand(root.base)
        # A root of a sum is at most the sum of roots; it is left alone where it does not grow.
        if any(term.as_coeff_exponent(y)[1].is_positive for term in inside.args):
            stand_in = sp.Dummy("s", positive=True)
            if not _grows(flat.xreplace({root: stand_in}), stand_in) or not all(map(Facts().positive, inside.args)):
                return None
            flat = sp.expand(flat.xreplace({root: sp.Add(*map(sp.sqrt, inside.args))}))
    return flat, y


def _grows(expression: sp.Expr, part: sp.Symbol) -> bool:
    """Whether the expression grows with a positive part that occurs in it (in a summand too)."""
    inner = expression.replace(sp.Sum, lambda function, limits: function.subs(limits[0], sp.Dummy(
        integer=True, positive=True)) if function.has(part) else sp.Sum(function, limits))
    return Facts().positive(sp.diff(inner, part))
