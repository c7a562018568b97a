"""Tables in four dialects: aligned text, Markdown, LaTeX with booktabs, HTML. Cells are made by the caller."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Table"]


@dataclass(frozen=True)
class Table:
    """A table with a title.

    Parameters
    ----------
    title : str
        What it shows.
    head : tuple of str
        The heads of the columns, in the dialect of the cells.
    rows : tuple of tuple of str
        The cells.

    Examples
    --------
    >>> print(Table("Numbers", ("name", "value"), (("pi", "3.14"),)).text())
    Numbers
    <BLANKLINE>
      name  value
      ----  -----
      pi    3.14
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def text(self, widths: Sequence[int] | None = None) -> str:
        """Aligned columns of plain text.

        Parameters
        ----------
        widths : sequence of int, optional
            The largest width of each column, in characters: longer cells are broken at blanks.
        """
        cells = [[self._wrapped(cell, widths[place] if widths else 10**6) for place, cell in enumerate(row)]
                 for row in (self.head, *self.rows)]
        wide = [max(len(line) for row in cells for line in row[place]) for place in range(len(self.head))]
        lines = [self.title, ""]
        for number, row in enumerate(cells):
            for part in range(max(len(cell) for cell in row)):
                shown = (cell[part] if part < len(cell) else "" for cell in row)
                line = "  ".join(piece.ljust(width) for piece, width in zip(shown, wide, strict=True))
                lines.append(f"  {line}".rstrip())
            if number == 0:
                lines.append("  " + "  ".join("-" * width for width in wide))
        return "\n".join(lines)

    @staticmethod
    def _wrapped(cell: str, width: int) -> list[str]:
        return textwrap.wrap(cell, width, break_long_words=False, break_on_hyphens=False) or [""]

    def markdown(self) -> str:
        """A heading and a pipe table."""
        def line(cells: Sequence[str]) -> str:
            return "| " + " | ".join(cell.replace("\n", " ").replace("|", r"\|") for cell in cells) + " |"

        ruler = "|" + "|".join(" --- " for _ in self.head) + "|"
        return "\n".join([f"### {self.title}", "", line(self.head), ruler, *(line(row) for row in self.rows)])

    def latex(self, columns: str) -> str:
        r"""A ``table`` as wide as the line; the preamble needs booktabs and tabularx.

        Parameters
        ----------
        columns : str
            The column specification, with at least one ``X``.
        """
        rows = [" & ".join(cells) + r" \\" for cells in (self.head, *self.rows)]
        body = "\n".join([rows[0], r"\midrule", *rows[1:]])
        return (r"\begin{table}[tp]" "\n" rf"\caption{{{self.title}.}}" "\n"
                r"\footnotesize\setlength{\tabcolsep}{4pt}" "\n"
                rf"\begin{{tabularx}}{{\linewidth}}{{{columns}}}" "\n" r"\toprule" "\n" f"{body}\n" r"\bottomrule" "\n"
                r"\end{tabularx}" "\n" r"\end{table}")

    def html(self) -> str:
        """A ``table`` element; cells are HTML already, the title is not."""
        head = "".join(f"<th>{cell}</th>" for cell in self.head)
        body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in self.rows)
        return (f"<table>\n<caption>{html.escape(self.title)}</caption>\n<thead><tr>{head}</tr></thead>\n"
                f"<tbody>\n{body}\n</tbody>\n</table>")
