"""How a bound shows itself: the methods of `Bound` that print it."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from stlbounds.theorems.statement import Statement

__all__ = ["Output"]


class Output(Statement):
    """A statement that can be printed."""

    def latex(self, kind: str = "theorem", names: Mapping[sp.Symbol, str] | None = None) -> str:
        """LaTeX of the bound.

        Parameters
        ----------
        kind : {"equation", "theorem", "proof", "document"}
            The inequality, the theorem with its assumptions and symbols, its numbered proof, or a document that
            compiles on its own.
        names : mapping of sympy.Symbol to str, optional
            LaTeX for symbols that are to be renamed.

        Raises
        ------
        InvalidArgumentError
            If `kind` is another word.
        """
        from stlbounds.render.latex import render

        return render(self, kind, names=names)

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex('equation')}$"

    def __str__(self) -> str:
        from stlbounds.render.text import text

        return text(self)

    def __repr__(self) -> str:
        return f"<Bound ({self.theorem}): {sp.Add(*self.named_terms.values())}>"
