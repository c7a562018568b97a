"""How a new symbol is written, and which letters theorems keep for themselves."""

from __future__ import annotations

import re

import sympy as sp

from stlbounds.errors import InvalidArgumentError

__all__ = ["as_written"]

#: What every theorem writes with these letters; one with an index, such as the training set ``T_j``, is told apart.
_IN_THEOREMS = {"A": "the learner", "G": "the generator", "S": "a training set", "W": "the Wasserstein distance",
                "d": "the metric", "h": "a hypothesis", "z": "a point"}


def as_written(symbol: sp.Symbol, latex: str | None = None) -> str:
    r"""The LaTeX of a symbol: by default SymPy's for its name, with indices that are words upright.

    Parameters
    ----------
    symbol : sympy.Symbol
    latex : str, optional
        What a user wants it to be.

    Raises
    ------
    InvalidArgumentError
        If theorems write something else like this.

    Examples
    --------
    >>> print(as_written(sp.Symbol("L_score")), as_written(sp.Symbol("x_alpha")), as_written(sp.Symbol("c1")))
    L_{\mathrm{score}} x_{\alpha} c_{1}
    >>> as_written(sp.Symbol("A"))
    Traceback (most recent call last):
    ...
    stlbounds.errors.InvalidArgumentError: latex = A: must be other than the learner; try latex='A_1'
    """
    written = re.sub(r"_\{([A-Za-z]{2,})\}", r"_{\\mathrm{\1}}", sp.latex(symbol)) if latex is None else latex
    if written.strip() in _IN_THEOREMS:
        raise InvalidArgumentError("latex", written, f"other than {_IN_THEOREMS[written.strip()]}",
                                   f"try latex='{written.strip()}_1'")
    return written
