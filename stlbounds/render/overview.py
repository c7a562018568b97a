r"""The catalogue as tables: which columns, and how their cells are written in each dialect."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import sympy as sp

from stlbounds.render.cases import later
from stlbounds.render.markup import inline_html
from stlbounds.render.printer import inline
from stlbounds.render.references import reference
from stlbounds.render.tables import Table
from stlbounds.render.unicode import plain, plain_latex
from stlbounds.render.width import formula_width
from stlbounds.symbols import kappa

__all__ = ["html", "latex", "markdown", "text"]

Rows = Mapping[str, tuple[Any, ...]]
#: A cell is prose, in LaTeX, or an expression, or nothing.
Cell: TypeAlias = Any

_TITLES = {"loop": "Loops", "generator": "Generators", "learner": "Learners"}
@dataclass(frozen=True)
class _Column:
    """A column: its head in LaTeX, its greatest width in characters of text, and its width in a LaTeX table.

    ``points`` is the width in points of a column of formulas, None of one that holds words or takes what is left;
    ``symbol`` stands for the cell's formula where that is too wide and gets a line of its own.
    """

    head: str
    characters: int
    points: float | None = None
    symbol: str = ""


_COLUMNS: dict[str, tuple[_Column, ...]] = {
    "loop": (
        _Column("loop", 14), _Column(r"loop gain $\rho$", 22, 55.0, r"\rho"),
        _Column(r"recursive stability $\gamma_i$, $i \ge 1$", 44, 130.0, r"\gamma_i"),
        _Column(r"$i \to \infty$, $\rho < 1$", 24, 80.0, r"\lim_{i \to \infty} \gamma_i"), _Column("see", 28)),
    "generator": (
        _Column("generator", 25), _Column("metric", 9), _Column(r"sensitivity $\kappa$", 38, 85.0, r"\kappa"),
        _Column("learning error", 28, 75.0, "e_N"), _Column(r"real data $\alpha >$", 22, 68.0, r"\alpha"),
        _Column("see", 28)),
    "learner": (
        _Column("learner", 26), _Column("metric", 9), _Column(r"stability $\beta_N$", 38, 150.0, r"\beta_N"),
        _Column("$M$", 6, 20.0, "M"), _Column("see", 28)),
}
#: The widest critical proportion that is written out, in points; a longer one is told in terms of kappa.
_WIDEST = 70.0
#: Type of 8 points in place of 10.
_SMALL = 0.8


def _cells(row: Any) -> tuple[Cell, ...]:
    """The cells of a row, in the order of `_COLUMNS`."""
    if row.kind == "loop":
        stability = later(row.recursive_stability)
        return (row.name, row.gain, stability, row.long_run, _see(row))
    if row.kind == "learner":
        return (row.name, row.metric.value, row.beta_N, row.loss_constant, _see(row))
    critical = row.critical_proportion
    if formula_width(inline(critical)) > _WIDEST:
        critical = sp.Max(0, 1 - 1 / kappa)
    return (row.name, row.metric.value, row.kappa, row.learning_error, critical, _see(row))


def _see(row: Any) -> str:
    return "; ".join(reference(key).short for key in row.references)


def _tables(rows: Rows, formula: Callable[[sp.Expr], str], prose: Callable[[str], str]) -> list[Table]:
    def cell(value: Cell) -> str:
        if value is None:
            return prose("---")
        return prose(value) if isinstance(value, str) else formula(value)

    return [Table(_TITLES[kind], tuple(prose(column.head) for column in _COLUMNS[kind]),
                  tuple(tuple(cell(value) for value in _cells(row)) for row in found))
            for kind, found in rows.items()]


def _accents(words: str) -> str:
    """``\\'e`` as the letter that it makes."""
    marks = {"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303"}
    words = re.sub(r"\\(['`^\"~])\{?(\w)\}?", lambda match: match.group(2) + marks[match.group(1)], words)
    return unicodedata.normalize("NFC", words)


def text(rows: Rows) -> str:
    """Aligned plain text."""
    tables = _tables(rows, plain, lambda words: plain_latex(_accents(words)))
    widths = ([column.characters for column in _COLUMNS[kind]] for kind in rows)
    return "\n\n".join(table.text(width) for table, width in zip(tables, widths, strict=True))


def markdown(rows: Rows) -> str:
    """Markdown with LaTeX formulas between dollar signs."""
    def words(prose: str) -> str:
        return prose if "$" in prose else plain_latex(_accents(prose))

    return "\n\n".join(table.markdown() for table in _tables(rows, lambda expr: f"${inline(expr)}$", words)) + "\n"


def latex(rows: Rows) -> str:
    r"""LaTeX tables with booktabs and tabularx, as wide as the line; 5.5 inches are enough.

    References stand below the names; a formula that is too wide for its column has a line of its own below its row.
    """
    return "\n\n".join(_latex_table(kind, found) for kind, found in rows.items()) + "\n"


def _latex_table(kind: str, found: tuple[Any, ...]) -> str:
    columns = _COLUMNS[kind][:-1]
    widest = max((column for column in columns if column.points), key=lambda column: column.points or 0.0)
    lines: list[tuple[str, ...]] = []
    for row in found:
        *cells, see = _cells(row)
        line: list[str] = []
        below: list[tuple[str, ...]] = []
        for column, cell in zip(columns, cells, strict=True):
            if cell is None or isinstance(cell, str):
                line.append("---" if cell is None else cell)
            elif _SMALL * formula_width(inline(cell)) <= (column.points or 0.0):
                line.append(f"${inline(cell)}$")
            else:
                line.append(r"\emph{below}")
                below.append((rf"\multicolumn{{{len(columns)}}}{{@{{}}l@{{}}}}"
                              rf"{{\quad ${column.symbol} = {inline(cell)}$}}",))
        line[0] += rf" \newline {{\tiny {see}}}"
        lines += [tuple(line), *below]
    ragged = r">{\raggedright\arraybackslash}"
    shapes = [ragged + r"p{0.25\linewidth}", *(ragged + "X" if column is widest else
              rf"{ragged}p{{{column.points:.0f}pt}}" if column.points else "l" for column in columns[1:])]
    return Table(_TITLES[kind], tuple(column.head for column in columns), tuple(lines)).latex(
        f"@{{}}{''.join(shapes)}@{{}}")


def html(rows: Rows) -> str:
    """HTML tables with formulas in MathML."""
    tables = _tables(rows, lambda expr: inline_html(f"${inline(expr)}$"), inline_html)
    return "\n".join(table.html() for table in tables)
