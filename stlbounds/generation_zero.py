"""Generation 0, which differs from all later ones: case distinctions, and series over generations that are empty."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from stlbounds.errors import UndecidedError

__all__ = ["added_up", "at_start", "case_by_case", "from_start", "generation_cases"]

_FEW_TERMS = 9


def from_start(generation: sp.Expr, start: sp.Expr, later: sp.Expr) -> sp.Expr:
    """``start`` in generation 0 and ``later`` in every later one."""
    if generation.is_positive:
        return later
    return sp.S(start) if generation.is_zero else sp.Piecewise((start, sp.Eq(generation, 0)), (later, True))


def at_start(expression: sp.Expr, index: sp.Symbol) -> sp.Expr:
    """The expression in generation 0, where sums and products over generations are empty or have few terms.

    Those are added up here: SymPy reads limits that end before they start otherwise, and says of an empty product now
    that it is positive, now that it is negative.

    Examples
    --------
    >>> from stlbounds.symbols import i, n
    >>> k = sp.Dummy("k", integer=True)
    >>> at_start(1 + sp.Sum(n**k, (k, 0, i - 1)) + sp.Piecewise((0, sp.Eq(i, 0)), (n, True)), i)
    1
    """
    return added_up(expression.subs(index, 0))


def added_up(expression: sp.Expr, most: int = _FEW_TERMS) -> sp.Expr:
    """The expression with its sums and products of at most ``most`` terms, perhaps of none, written out."""
    def few(part: sp.Basic) -> bool:
        low, high = part.limits[-1][1:] if isinstance(part, (sp.Sum, sp.Product)) else (sp.oo, sp.S.Zero)
        return bool(low.is_Integer and high.is_Integer and high - low < most)

    def terms(part: sp.Expr) -> sp.Expr:
        *inner, (index, low, high) = part.limits
        body = part.func(part.function, *inner) if inner else part.function
        found = [added_up(body.subs(index, value), most) for value in range(int(low), int(high) + 1)]
        return sp.Add(*found) if isinstance(part, sp.Sum) else sp.Mul(*found)

    return expression.replace(few, terms)


def generation_cases(expression: sp.Expr, most: int = 16) -> tuple[sp.Expr, ...]:
    """An expression without case distinctions, in generation 0 and in generation ``k + 1``; itself if it has none.

    Together the parts say all that the expression says, for every generation ``k >= 0``. Distinctions must end with
    generation ``most``.

    Raises
    ------
    UndecidedError
        If they do not, as those between even and odd generations.
    """
    cases = expression.atoms(sp.Piecewise)
    if not cases:
        return (expression,)
    if most < 0:
        raise UndecidedError(f"the distinctions between generations do not end in {expression}; proportions that come "
                             "and go can be listed, as in [0, 0.5] * 10")
    index = min((s for case in cases for _, condition in case.args for s in condition.free_symbols), key=str)
    return tuple(part for case in (at_start(expression, index), expression.subs(index, index + 1))
                 for part in generation_cases(case, most - 1))


def case_by_case(function: Callable[..., sp.Expr], *expressions: sp.Expr, index: sp.Symbol) -> sp.Expr:
    """``function`` of the expressions, with the cases "generation 0" and "later" of all of them gathered at the top."""
    if not any(expression.has(sp.Piecewise) for expression in expressions):
        return function(*expressions)
    start = (at_start(expression, index) for expression in expressions)
    later = (expression.replace(sp.Piecewise, lambda *cases: cases[-1][0]) for expression in expressions)
    return from_start(index, function(*start), function(*later))
