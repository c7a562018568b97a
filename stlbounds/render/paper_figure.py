r"""The figure of a paper about a bound: its terms over the generations, as PGF in a ``figure`` environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stlbounds.errors import InvalidArgumentError
from stlbounds.render.latex import Writer, chosen
from stlbounds.render.options import LatexOptions
from stlbounds.render.paper import given_values, numbers_by_name
from stlbounds.render.renaming import Names
from stlbounds.symbols import symbol

__all__ = ["figure"]

_POINTS_PER_INCH = 72.27


def figure(bound: Any, names: Names | None = None, options: LatexOptions | None = None, *,
           values: Mapping[Any, Any] | None = None, **choices: Any) -> str:
    r"""The terms of the bound over the generations, drawn by Matplotlib and set by the paper's LaTeX.

    The preamble needs ``\usepackage{pgf}`` and amsmath. The figure is a column of 3.25 inches wide, or as wide as the
    line where that is shorter.

    Parameters
    ----------
    bound : Bound
    names, options, **choices
        As for `stlbounds.render.latex.equation`; the label of a theorem ``thm:gap`` makes the label ``fig:gap``.
    values : mapping
        From every symbol of the bound, and ``i``, or their names to numbers; ``i`` is the last generation drawn.

    Raises
    ------
    InvalidArgumentError
        If a value is missing or out of range.
    MissingDependencyError
        If Matplotlib or pdflatex is not installed.
    """
    from stlbounds.numeric.values import exact_values
    from stlbounds.plots.pgf import pgf_text
    from stlbounds.plots.style import COLUMN
    from stlbounds.plots.terms import plot_terms

    if not values:
        raise InvalidArgumentError("values", repr(values), "numbers for all symbols of the bound",
                                   "for example values={'n': 2000, 'i': 10, 'delta': '1/20'}")
    writer = Writer(bound, names, chosen(options, choices))
    by_name = numbers_by_name(values)
    if "i" not in by_name:
        raise InvalidArgumentError("values", "without i", "the last generation i as well")
    picture = plot_terms(bound, width=min(COLUMN, writer.width / _POINTS_PER_INCH), **by_name)
    rest = given_values(writer, exact_values({name: value for name, value in by_name.items() if name != "i"}))
    horizon = writer.notation.symbol(symbol("i"))
    source = writer.source()
    what = f"The bound of {source}" if len(writer.terms) == 1 else f"The terms of the bound of {source}"
    caption = rf"{what} over the generations ${horizon} \le {int(by_name['i'])}${f', for {rest}' if rest else ''}."
    lines = [r"\begin{figure}[ht]", r"\centering", pgf_text(picture).rstrip("\n"),
             rf"\caption{{{writer.nice(caption)}}}"]
    if writer.options.label:
        lines.append(rf"\label{{fig:{writer.options.label.rpartition(':')[2]}}}")
    return "\n".join([*lines, r"\end{figure}", ""])
