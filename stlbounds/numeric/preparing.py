"""What is rewritten before an expression is evaluated in doubles: equal values, fewer operations, fewer roundings.

* ``geometric_sum(1 - a, k)`` is evaluated from ``a``, so that no digit of ``a`` is lost.
* All geometric sums of one ratio ``x`` come from one of them: ``geo(x, k+1) = 1 + x geo(x, k)`` and
  ``geo(x**2, k) = geo(x, k) ((x - 1) geo(x, k) + 2)/(x + 1)``. No addition here cancels, since
  ``(x - 1) geo(x, k) + 1 = x**k``.
* ``sqrt(A geo(x, k)**2 + B geo(x**2, k)) = geo(x, k) sqrt(A + B q)`` with ``q = (x - 1 + 2/geo(x, k))/(x + 1)``, which
  lies in ``(0, 1]``: the amplification is finite although its square may not be (theory §12).
* What does not depend on the index leaves a sum.
* ``log(1/x)`` is ``-log(x)``: next to ``x = 1`` the quotient would round away all digits of its logarithm.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import sympy as sp

from stlbounds.special import geometric_sum, geometric_sum_from_one

__all__ = ["LARGEST_ROOT", "exponents", "from_distances", "prepared", "with_roots"]

_MOST_SHIFTS = 3
_MOST_SUMS = 6
#: Exponents up to this are put in (`with_roots`).
LARGEST_ROOT = 4


def _distance(ratio: sp.Expr) -> sp.Expr | None:
    """``1 - ratio`` in a form that does not cancel, or None: ``a`` for ``1 - a``, ``1/(1+x)`` for ``x/(1+x)``."""
    constant, rest = ratio.as_coeff_Add()
    if ratio.is_Add and constant == 1:
        return -rest
    if ratio.is_Pow and ratio.exp == 2:
        inner = _distance(ratio.base)
        return None if inner is None else inner * (2 - inner)
    if not ratio.is_Mul or not ratio.is_rational_function():
        return None
    parts = [_distance(factor) for factor in ratio.args]
    if None not in parts:
        total = sp.S.Zero
        for part in parts:
            total = total + (1 - total) * part
        return total
    numerator, denominator = sp.fraction(sp.together(1 - ratio))
    numerator = sp.expand(numerator)
    # Sums of nonnegative terms do not cancel.
    if all(term.is_nonnegative for term in sp.Add.make_args(numerator)):
        return numerator / denominator
    return None


def _from_one(ratio: sp.Expr, terms: sp.Expr) -> sp.Expr:
    distance = _distance(ratio)
    return geometric_sum(ratio, terms) if distance is None else geometric_sum_from_one(distance, terms)


def _of_quotient(argument: sp.Expr) -> sp.Expr:
    return -sp.log(1 / argument) if argument.is_Pow and argument.exp == -1 else sp.log(argument)


def from_distances(expression: sp.Expr) -> sp.Expr:
    """The same value, from the distances of ratios to 1 in geometric sums, and with no quotient in a logarithm."""
    return expression.replace(geometric_sum, _from_one).replace(sp.log, _of_quotient)


def _half(value: sp.Expr) -> sp.Expr | None:
    """``x`` with ``x**2 = value``, read off its form."""
    if value.is_Pow and value.exp.is_Integer and value.exp % 2 == 0:
        return value.base ** (value.exp / 2)
    if value.is_Mul:
        parts = [_half(factor) for factor in value.args]
        return None if None in parts else sp.Mul(*parts)
    if value.is_Rational and value > 0 and sp.sqrt(value).is_Rational:
        return sp.sqrt(value)
    return None


def _offset(ratio: sp.Expr) -> sp.Expr:
    distance = _distance(ratio)
    return ratio - 1 if distance is None else -distance


def _root_of_squares(power: sp.Pow) -> sp.Expr:
    """``sqrt(A geo(x, k)**2 + B geo(x**2, k) + ...)`` with ``geo(x, k)`` in front, if every term has such a factor."""
    radicand = power.base
    for found in sorted(radicand.atoms(geometric_sum), key=sp.default_sort_key):
        ratio, terms = _half(found.args[0]) or found.args[0], found.args[1]
        if not terms.is_positive:
            continue
        whole, quotient, inside = geometric_sum(ratio, terms), sp.Dummy("q"), []
        for term in sp.Add.make_args(radicand):
            if term.has(whole**2):
                inside.append(term / whole**2)
            elif term.has(geometric_sum(ratio**2, terms)):
                inside.append(term / geometric_sum(ratio**2, terms) * quotient)
            else:
                break
        total = sp.Add(*inside)
        if len(inside) == len(sp.Add.make_args(radicand)) and not total.has(whole, geometric_sum(ratio**2, terms)):
            q = (_offset(ratio) + 2 / whole) / (ratio + 1)
            return (whole * sp.sqrt(total.xreplace({quotient: q}))) ** (2 * power.exp)
    return power


def _bases(sums: Iterable[geometric_sum]) -> dict[sp.Expr, list[sp.Expr]]:
    """The numbers of terms by ratio, a square counting for its root if that occurs too."""
    ratios = {found.args[0] for found in sums}
    grouped: dict[sp.Expr, list[sp.Expr]] = {}
    for found in sums:
        ratio, terms = found.args
        half = _half(ratio)
        key = half if half is not None and half in ratios else ratio
        grouped.setdefault(key, []).append(terms)
    return grouped


def _shared(expression: sp.Expr) -> sp.Expr:
    """All geometric sums of one ratio from one of them."""
    sums = expression.atoms(geometric_sum)
    rules: dict[sp.Expr, sp.Expr] = {}
    for ratio, counts in _bases(sums).items():
        usable = sorted((terms for terms in set(counts) if terms.is_nonnegative), key=sp.default_sort_key)

        def value(terms: sp.Expr, ratio: sp.Expr = ratio, usable: list[sp.Expr] = usable) -> sp.Expr:
            shifts = [(terms - other, other) for other in usable]
            near = ((step, other) for step, other in shifts if step.is_Integer and 0 <= step <= _MOST_SHIFTS)
            steps, base = max(near, key=lambda pair: int(pair[0]), default=(sp.S.Zero, terms))
            result = _from_one(ratio, base)
            for _ in range(int(steps)):
                result = 1 + ratio * result
            return result

        for terms in set(counts):
            whole = value(terms)
            rules[geometric_sum(ratio, terms)] = whole
            rules[geometric_sum(ratio**2, terms)] = whole * (_offset(ratio) * whole + 2) / (ratio + 1)
    return expression.replace(geometric_sum, lambda *arguments: rules.get(geometric_sum(*arguments),
                                                                        _from_one(*arguments)))


def _distributed(term: sp.Expr, index: sp.Symbol) -> list[sp.Expr]:
    """The terms of a summand; only sums that mix the index with other symbols are multiplied out."""
    if term.is_Add:
        return [part for inner in term.args for part in _distributed(inner, index)]
    for factor in term.args if term.is_Mul else ():
        if factor.is_Add and factor.has(index) and factor.free_symbols - {index}:
            return [part for inner in factor.args for part in _distributed(term / factor * inner, index)]
    return [term]


def _constants_out(series: sp.Sum) -> sp.Expr:
    """A sum as a combination of sums that contain as little as possible besides the index."""
    if len(series.limits) != 1:
        return series
    index = series.variables[0]
    terms = _distributed(sp.expand_power_base(series.function), index)
    if len(terms) > _MOST_SUMS:
        return series
    total = sp.S.Zero
    for term in terms:
        front, inside = term.as_independent(index, as_Add=False)
        total += front * sp.Sum(inside, *series.limits)
    return total


@lru_cache(maxsize=1024)
def prepared(expression: sp.Expr) -> sp.Expr:
    """The expression as it is evaluated in doubles, see the top of this file.

    Parameters
    ----------
    expression : sympy.Expr
        Any expression; of equal value, wherever that is defined.

    Examples
    --------
    >>> from stlbounds.symbols import alpha, i
    >>> prepared(geometric_sum(1 - alpha, i + 1) + geometric_sum(1 - alpha, i))
    (1 - alpha)*geometric_sum_from_one(alpha, i) + geometric_sum_from_one(alpha, i) + 1
    """
    result = expression.replace(lambda part: isinstance(part, sp.Sum), _constants_out)
    result = result.replace(lambda part: part.is_Pow and abs(part.exp) == sp.S.Half and part.base.has(geometric_sum),
                            _root_of_squares)
    return _shared(result).replace(sp.log, _of_quotient)


@lru_cache(maxsize=1024)
def exponents(expression: sp.Expr) -> tuple[sp.Symbol, ...]:
    """The symbols in exponents of powers, in a fixed order."""
    found = set[sp.Symbol]().union(*(power.exp.free_symbols for power in expression.atoms(sp.Pow)))
    return tuple(sorted(found, key=str))


@lru_cache(maxsize=1024)
def with_roots(expression: sp.Expr, values: tuple[tuple[sp.Symbol, sp.Rational], ...]) -> sp.Expr:
    """The expression with small halves of integers in place of exponents: such powers are roots, shared with others.

    Parameters
    ----------
    expression : sympy.Expr
        Prepared.
    values : tuple of pairs
        Symbols with their values; those that are no small halves of integers are left alone.

    Examples
    --------
    >>> from stlbounds.symbols import n, r
    >>> with_roots(n**-r, ((r, sp.Rational(1, 2)),)), with_roots(n**-r, ((r, sp.Rational(1, 3)),))
    (1/sqrt(n), n**(-r))
    """
    return expression.xreplace({symbol: value for symbol, value in values
                                if (2 * value).is_Integer and abs(value) <= LARGEST_ROOT})
