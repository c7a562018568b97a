"""Signs of scalar expressions, from the declared ranges of their symbols.

SymPy leaves ``1 - alpha >= 0`` and ``log(2/delta) > 0`` undecided, because its assumptions cannot say
``alpha <= 1``. `enclosure` walks the expression once with exact interval arithmetic in the extended reals;
`is_nonnegative` reads the sign off. The answer is *proved* or *undecided*, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from stlbounds.generation_zero import generation_cases
from stlbounds.growth import growth, growth_sum
from stlbounds.sequences import listed
from stlbounds.special import geometric_sum
from stlbounds.symbols import entry

__all__ = ["enclosure", "is_nonnegative", "is_nonpositive", "within"]

Interval = tuple[sp.Expr, sp.Expr]
EVERYTHING: Interval = (-sp.oo, sp.oo)


def _product(x: sp.Expr, y: sp.Expr) -> sp.Expr:
    """A product of end points, where ``0 * oo`` counts as 0 (the factor is bounded away from oo inside)."""
    return sp.S.Zero if x == 0 or y == 0 else x * y


def _multiply(x: Interval, y: Interval) -> Interval:
    corners = [_product(a, b) for a in x for b in y]
    return sp.Min(*corners), sp.Max(*corners)


def _power(base: Interval, exponent: sp.Expr, known: Mapping[sp.Expr, Interval]) -> Interval:
    if exponent.is_Integer and exponent.is_positive and exponent.is_even:
        low, high = base
        top = sp.Max(low**exponent, high**exponent)
        return (sp.S.Zero if low <= 0 <= high else sp.Min(low**exponent, high**exponent)), top
    if exponent.is_Integer and exponent.is_positive:
        return base[0] ** exponent, base[1] ** exponent
    if not base[0] >= 0:
        return EVERYTHING
    if exponent.is_Rational and exponent.is_negative:
        upper = sp.oo if base[0] == 0 else base[0] ** exponent
        lower = sp.S.Zero if base[1] == sp.oo else base[1] ** exponent
        return lower, upper
    if exponent.is_Rational:
        return base[0] ** exponent, base[1] ** exponent
    powers = enclosure(exponent, known)
    if powers[0] >= 0 and base[1] <= 1:
        return sp.S.Zero, sp.S.One
    if powers[0] >= 0 and base[0] >= 1:
        return sp.S.One, sp.oo
    return sp.S.Zero, sp.oo


def _difference_of_powers(expression: sp.Add, known: Mapping[sp.Expr, Interval]) -> bool:
    """Whether ``expression`` is ``x**k - y**k`` with ``x >= y >= 0`` and ``k >= 0``, all proved."""
    if len(expression.args) != 2:
        return False
    minus, plus = sorted(expression.args, key=lambda part: not part.could_extract_minus_sign())
    larger, smaller = ([part.as_base_exp() for part in sp.Mul.make_args(term)] for term in (plus, -minus))
    for exponent in {power for _, power in larger if not power.is_number or (power.is_Integer and power > 1)}:
        # Rational quotients only, so that the powers shrink and the search ends.
        if (not enclosure(exponent, known)[0] >= 0
                or not all((power / exponent).is_Rational for base, power in (*larger, *smaller) if base != 1)):
            continue
        x, y = (sp.Mul(*(base ** (power / exponent) for base, power in factors)) for factors in (larger, smaller))
        if enclosure(y, known)[0] >= 0 and enclosure(sp.expand(x - y), known)[0] >= 0:
            return True
    return False


def within(limits: tuple[sp.Tuple, ...], known: Mapping[sp.Expr, Interval] | None) -> dict[sp.Expr, Interval]:
    """What is known inside a sum or a product: its indices lie between their limits."""
    inner = dict(known or {})
    for variable, first, last in limits:
        inner[variable] = (enclosure(first, inner)[0], enclosure(last, inner)[1])
    return inner


def enclosure(expression: sp.Expr, known: Mapping[sp.Expr, Interval] | None = None) -> Interval:
    """An interval of the extended reals that contains every value of ``expression``.

    Parameters
    ----------
    expression : sympy.Expr
        Built from numbers, declared symbols, ``+ * **``, `log`, `exp`, `tanh`, `erf`, `sqrt`, `Max`, `Min`,
        `Sum` and `geometric_sum`; any other part counts as nonnegative if SymPy knows so, and as arbitrary otherwise.
    known : mapping, optional
        Enclosures of subexpressions that take precedence over everything else.

    Returns
    -------
    tuple of sympy.Expr
        Lower and upper end point.
    """
    known = known or {}
    if expression in known:
        return known[expression]
    # An empty sum is a number to SymPy, but not one that it compares.
    if expression.is_number and expression.is_comparable and not expression.has(sp.Sum):
        return expression, expression
    if isinstance(expression, sp.Symbol):
        if expression.is_Dummy:
            return (sp.S.Zero if expression.is_nonnegative else -sp.oo), sp.oo
        values = entry(expression).range
        return values.low, values.high
    if isinstance(expression, sp.Add):
        low, high = sp.S.Zero, sp.S.Zero
        for part in expression.args:
            below, above = enclosure(part, known)
            low, high = low + below, high + above
        low, high = (-sp.oo if low is sp.nan else low), (sp.oo if high is sp.nan else high)
        if not low >= 0 and _difference_of_powers(expression, known):
            low = sp.S.Zero
        return low, high
    if isinstance(expression, sp.Mul):
        result: Interval = (sp.S.One, sp.S.One)
        for part in expression.args:
            result = _multiply(result, enclosure(part, known))
        return result
    if isinstance(expression, sp.Pow):
        return _power(enclosure(expression.base, known), expression.exp, known)
    if isinstance(expression, (sp.Max, sp.Min)):
        pairs = [enclosure(part, known) for part in expression.args]
        return expression.func(*(p[0] for p in pairs)), expression.func(*(p[1] for p in pairs))
    if isinstance(expression, sp.log):
        low, high = enclosure(expression.args[0], known)
        if low >= 0:
            return (-sp.oo if low == 0 else sp.log(low)), sp.log(high)
        return EVERYTHING
    if isinstance(expression, sp.exp):
        low, high = enclosure(expression.args[0], known)
        return sp.exp(low), sp.exp(high)
    if isinstance(expression, (sp.tanh, sp.erf)):
        low, high = enclosure(expression.args[0], known)
        return expression.func(low), expression.func(high)
    if isinstance(expression, geometric_sum):
        ratio, terms = enclosure(expression.args[0], known), enclosure(expression.args[1], known)
        if ratio[0] >= 0 and terms[0] >= 0:
            return (sp.S.One if terms[0] >= 1 else sp.S.Zero), (terms[1] if ratio[1] <= 1 else sp.oo)
        return EVERYTHING
    if isinstance(expression, (growth, growth_sum)) and enclosure(expression.args[0], known)[0] >= 0:
        # Products of factors of at least 1, and sums of such products.
        return (sp.S.One if isinstance(expression, growth) else sp.S.Zero), sp.oo
    if isinstance(expression, sp.Piecewise):
        pairs = [enclosure(value, known) for value, _ in expression.args]
        return sp.Min(*(pair[0] for pair in pairs)), sp.Max(*(pair[1] for pair in pairs))
    if isinstance(expression, listed):
        pairs = [enclosure(value, known) for value in expression.args[1:]]
        return sp.Min(*(pair[0] for pair in pairs)), sp.Max(*(pair[1] for pair in pairs))
    if isinstance(expression, sp.Product):
        factors = enclosure(expression.function, within(expression.limits, known))
        return (sp.S.Zero, sp.oo) if factors[0] >= 0 else EVERYTHING
    if isinstance(expression, sp.Sum):
        if any((last - first).is_negative for _, first, last in expression.limits):
            return sp.S.Zero, sp.S.Zero
        low, high = enclosure(expression.function, within(expression.limits, known))
        return (sp.S.Zero if low >= 0 else -sp.oo), (sp.S.Zero if high <= 0 else sp.oo)
    return (sp.S.Zero, sp.oo) if expression.is_nonnegative else EVERYTHING


def _above_count(expression: sp.Expr) -> sp.Expr:
    """The expression with every sum of growth factors as the number of its terms, each at least 1, plus a surplus."""
    if not expression.has(growth_sum):
        return expression
    surplus = expression.replace(
        growth_sum, lambda kappa, i, p, *start: i + 1 - sp.Add(*start) + sp.Dummy(nonnegative=True))
    return sp.factor(surplus)


def is_nonnegative(expression: sp.Expr, known: Mapping[sp.Expr, Interval] | None = None) -> bool:
    """Whether ``expression >= 0`` is proved on all declared ranges (False: not proved)."""
    return all(any(bool(enclosure(form, known)[0] >= 0) for form in (case, _above_count(case)))
               for case in generation_cases(expression))


def is_nonpositive(expression: sp.Expr, known: Mapping[sp.Expr, Interval] | None = None) -> bool:
    """Whether ``expression <= 0`` is proved on all declared ranges (False: not proved)."""
    return all(bool(enclosure(case, known)[1] <= 0) for case in generation_cases(expression))
