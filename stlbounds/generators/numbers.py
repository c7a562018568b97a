"""Numbers for the symbolic constants of a model, for its simulation and its self-check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError

__all__ = ["number"]


def number(name: str, expression: sp.Expr, values: Mapping[str, Any], **fixed: float) -> float:
    """The value of a constant.

    Parameters
    ----------
    name : str
        What the constant is called, for errors.
    expression : sympy.Expr
        The constant.
    values : mapping of str to number
        Values of its symbols by name.
    **fixed : number
        Further ones, which take precedence.

    Raises
    ------
    InvalidArgumentError
        If the value of a symbol is missing.

    Examples
    --------
    >>> from stlbounds.symbols import N, b
    >>> number("beta", b / N, {"b": 3}, N=4)
    0.75
    """
    known = {**values, **fixed}
    missing = sorted(symbol.name for symbol in expression.free_symbols if symbol.name not in known)
    if missing:
        raise InvalidArgumentError(", ".join(missing), "missing", "given", f"{name} = {expression} depends on it")
    return float(expression.subs({symbol: known[symbol.name] for symbol in expression.free_symbols}))
