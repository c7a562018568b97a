"""How a bound shows itself: the methods of `Bound` that print it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import sympy as sp

from stlbounds.theorems.statement import Statement

if TYPE_CHECKING:
    from stlbounds.render.options import LatexOptions

__all__ = ["Output"]


class Output(Statement):
    """A statement that can be printed."""

    def latex(self, kind: str = "theorem", names: Mapping[sp.Symbol, str] | None = None,
              options: LatexOptions | None = None, **choices: Any) -> str:
        r"""LaTeX of the bound.

        Parameters
        ----------
        kind : {"equation", "theorem", "proof", "document", "corollary", "notation", "assumptions", "bibtex", "figure"}
            The inequality; the theorem with its assumptions and symbols; its proof; a document that compiles on its
            own; the theorem with numbers (``values={"n": 2000, ...}``); a table of its symbols; its assumptions as a
            list; the BibTeX entries that its proof cites; the terms over the generations, drawn in PGF, with the same
            ``values``.
        names : mapping of sympy.Symbol to str, optional
            LaTeX for symbols that are to be renamed; ``"D_0"`` is the law of real data.
        options : LatexOptions, optional
            The author's choices.
        **choices
            Fields of `LatexOptions`, such as ``width="3.25in"``, in place of those of `options`.

        Returns
        -------
        str

        Raises
        ------
        InvalidArgumentError
            If `kind` is another word, or a choice is out of range.

        References
        ----------
        The design note: statement, LaTeX and number come from one object; theory §13 says what is cited.

        Examples
        --------
        >>> import stlbounds as stl
        >>> from stlbounds.symbols import alpha
        >>> bound = stl.in_expectation(stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(20)))
        >>> bound.latex("theorem", environment="thm", width="3.25in").splitlines()[0]
        '\\begin{thm}[Bound on the mean generalization gap]'
        """
        from stlbounds.render.latex import render

        return render(self, kind, names, options, **choices)

    def latex_package(self, folder: str | Path, names: Mapping[sp.Symbol, str] | None = None,
                      options: LatexOptions | None = None, *, values: Mapping[Any, Any] | None = None,
                      **choices: Any) -> list[Path]:
        """Write the parts of a paper about the bound to a folder, ready for ``latexmk -pdf main.tex``.

        Parameters
        ----------
        folder : str or pathlib.Path
            A new or empty folder, or one that was written by this method.
        names, options, **choices
            As for `latex`.
        values : mapping, optional
            Numbers for all symbols of the bound, and for ``i``: then the folder also has a corollary with these
            numbers, and a figure of the terms over the generations.

        Returns
        -------
        list of pathlib.Path
            The files: ``main.tex`` and what it reads.

        Raises
        ------
        InvalidArgumentError
            If a value is missing or out of range.
        OutputError
            If the folder belongs to somebody else or cannot be written; nothing is left behind.

        References
        ----------
        Theory §13 says what the bibliography cites.

        Examples
        --------
        >>> from tempfile import TemporaryDirectory
        >>> import stlbounds as stl
        >>> setting = stl.Setting(stl.loops.Replace(), stl.generators.Categorical(5), stl.learners.BrierFit())
        >>> with TemporaryDirectory() as folder:
        ...     found = stl.in_expectation(setting).latex_package(f"{folder}/paper")
        ...     found[0].name
        'main.tex'
        """
        from stlbounds.render.package import write_package

        return write_package(self, folder, names, options, values=values, **choices)

    def markdown(self, kind: str = "theorem", flavour: Literal["github", "myst"] = "github") -> str:
        """Markdown of the bound.

        Parameters
        ----------
        kind : {"equation", "theorem", "proof", "document"}
            As for `latex`; ``"document"`` is theorem, proof and references under headings.
        flavour : {"github", "myst"}
            How formulas are marked: as GitHub's files and issues read them, or as MyST (Sphinx, Jupyter Book) does.

        Raises
        ------
        InvalidArgumentError
            If `kind` or `flavour` is another word.

        References
        ----------
        The GitHub and MyST dialects of CommonMark.

        Examples
        --------
        >>> import stlbounds as stl
        >>> setting = stl.Setting(stl.loops.Replace(), stl.generators.Categorical(5), stl.learners.BrierFit())
        >>> stl.in_expectation(setting).markdown("equation", "myst").splitlines()[0]
        '```{math}'
        """
        from stlbounds.render.markdown import markdown

        return markdown(self, kind, flavour)

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex('equation')}$"

    def _repr_html_(self) -> str:
        from stlbounds.render.notebook import bound_html

        return bound_html(self)

    def _repr_markdown_(self) -> str:
        from stlbounds.render.notebook import bound_markdown

        return bound_markdown(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from stlbounds.render.notebook import bundle

        return bundle(self, html=self._repr_html_(), latex=self._repr_latex_(), markdown=self._repr_markdown_())

    def __str__(self) -> str:
        from stlbounds.render.text import text

        return text(self)

    def __repr__(self) -> str:
        return f"<Bound ({self.theorem}): {sp.Add(*self.named_terms.values())}>"
