r"""Functions that a recursion defines, such as the constants of layers: what a reader needs to be told about them."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from stlbounds.render.arrange import is_recursive

__all__ = ["recursions"]

_LAYER = sp.Symbol("l", integer=True, nonnegative=True)


def recursions(expressions: Iterable[sp.Expr]) -> list[tuple[sp.Expr, sp.Expr]]:
    """The definitions that the expressions need: pairs of what is defined and what it is.

    A function ``f(x, l)`` is defined by ``f(x, 0)`` and by ``f(x, l + 1)`` from the values at ``l``. Functions that
    occur in the definition of another one come before it.

    Parameters
    ----------
    expressions : iterable of sympy.Expr

    Returns
    -------
    list of tuple
        The value at 0 of each function, then its step; left sides are unevaluated.

    Examples
    --------
    >>> from stlbounds.generators.attention_depth import layer_spread
    >>> from stlbounds.symbols import L, omega
    >>> [str(right) for _, right in recursions([layer_spread(omega, L)])]
    ['2', 'tanh(omega*layer_spread(omega, l)**2/8)*layer_spread(omega, l)']
    """
    found: list[tuple[sp.Expr, sp.Expr]] = []
    done: set[sp.Expr] = set()

    def visit(expression: sp.Expr) -> None:
        for part in sorted((part for part in expression.atoms(sp.Function) if is_recursive(part)), key=str):
            here = part.func(*part.args[:-1], _LAYER)
            if here in done:
                continue
            done.add(here)
            step = part.func.step(*part.args[:-1], _LAYER)
            visit(step)
            found.extend([(part.func(*part.args[:-1], 0, evaluate=False), sp.sympify(part.func.start)),
                          (part.func(*part.args[:-1], _LAYER + 1), step)])

    for expression in expressions:
        visit(expression)
    return found
