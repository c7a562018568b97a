"""Products over generations in closed form, so that what grows with the number of generations factors out of sums."""

from __future__ import annotations

import sympy as sp

from stlbounds.growth import growth

__all__ = ["closed_products"]


def closed_products(expression: sp.Expr, x: sp.Symbol) -> sp.Expr:
    """The expression with its products up to something with ``x``, of rational factors, as quotients for large ``x``.

    Factors ``(m + s)/(m + t)`` of the index ``m`` telescope where ``s - t`` is an integer, and are a `growth` where
    ``s >= t``. Other products stay.
    """
    return expression.replace(lambda part: isinstance(part, sp.Product) and len(part.limits) == 1
                              and part.limits[0][2].has(x) and not part.function.has(x), _closed)


def _closed(product: sp.Product) -> sp.Expr:
    function, (index, first, last) = product.function, product.limits[0]
    if not function.is_rational_function(index):
        return product
    (constant, above), (other, below) = (_shifts(part, index) for part in sp.fraction(sp.factor(sp.together(function))))
    if above is None or below is None or len(above) != len(below):
        return product
    result = (constant / other) ** (last - first + 1)
    # Those at a whole distance first: they telescope.
    for t in sorted(below, key=str):
        s = min(above, key=lambda shift: (not (shift - t).is_Integer, str(shift)))
        quotient = _quotient(s, t, first, last)
        if quotient is None:
            return product
        above.remove(s)
        result *= quotient
    return result


def _shifts(part: sp.Expr, index: sp.Symbol) -> tuple[sp.Expr, list[sp.Expr] | None]:
    """``part = constant * product of (index + shift)``; None if it is no such product."""
    constant, shifts = sp.S.One, []
    for factor in sp.Mul.make_args(part):
        base, power = factor.as_base_exp()
        if not factor.has(index):
            constant *= factor
            continue
        slope = sp.diff(base, index)
        if slope.has(index) or not (power.is_Integer and power > 0):
            return constant, None
        constant *= slope**power
        shifts += [sp.expand(base / slope - index)] * int(power)
    return constant, shifts


def _quotient(s: sp.Expr, t: sp.Expr, first: sp.Expr, last: sp.Expr) -> sp.Expr | None:
    """The product of ``(m + s)/(m + t)`` from ``first`` to ``last``."""
    distance = s - t
    if distance.is_Integer:
        low, steps = (t, int(distance)) if distance >= 0 else (s, -int(distance))
        ends = sp.Mul(*((last + low + k) for k in range(1, steps + 1)))
        starts = sp.Mul(*((first + low + k) for k in range(steps)))
        return ends / starts if distance >= 0 else starts / ends
    if t.is_Integer and distance.is_nonnegative and (first + t - 1).is_nonnegative:
        before = growth(distance, sp.S.Zero, first + t - 1)
        known = first.is_Integer and isinstance(before, growth)
        return growth(distance, sp.S.Zero, last + t) / (before.unrolled() if known else before)
    return None
