r"""Displayed formulas that fit the line: sums broken at their terms, chains of relations, rows of definitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stlbounds.render.breaking import broken
from stlbounds.render.width import formula_width

__all__ = ["LINE_WIDTH", "Relation", "aligned", "chain", "rows"]

#: The default line in points at 10 pt type: the 5.5 inches of a conference paper.
LINE_WIDTH = 390.0
_INDENT = 20.0


@dataclass(frozen=True)
class Relation:
    r"""One line of a chain: ``relation`` (``\le``, ``=``), the terms of its right side, the reason at the margin."""

    relation: str
    terms: tuple[str, ...]
    reason: str = ""


def _packed(terms: Sequence[str], first: float, later: float) -> list[str]:
    """The terms on as few lines as they need, the first of them perhaps shorter; a term that fits none is broken."""
    parts = [part for term in terms
             for part in (broken(term) if formula_width(term) > min(first, later) else (term,))]
    lines: list[str] = []
    room = first
    for part in parts:
        fits = bool(lines) and formula_width(lines[-1] + part) <= room
        if fits:
            lines[-1] += part
        else:
            room = later if lines else first
            lines.append(part)
    return lines


def _tag(reason: str) -> str:
    return rf" \tag*{{{reason}}}" if reason else ""


def chain(lhs: str, relations: Sequence[Relation], width: float = LINE_WIDTH, end: str = ".") -> str:
    r"""A displayed chain ``lhs <= ... = ...``, in one line where it fits.

    Parameters
    ----------
    lhs : str
        LaTeX of the left side.
    relations : sequence of Relation
        What follows, line by line.
    width : float
        The line in points at 10 pt type.
    end : str
        Punctuation after the last line.

    Returns
    -------
    str
        A display with its delimiters.
    """
    one = relations[0]
    flat = f"{lhs} {one.relation} {''.join(one.terms)}{end}"
    if len(relations) == 1 and not one.reason and formula_width(flat) <= width:
        return f"\\[\n  {flat}\n\\]"
    return _environment("align*", _lines(lhs, relations, width, end))


def _environment(name: str, lines: Sequence[str]) -> str:
    return f"\\begin{{{name}}}\n  " + " \\\\\n  ".join(lines) + f"\n\\end{{{name}}}"


def _lines(lhs: str, relations: Sequence[Relation], width: float, end: str) -> list[str]:
    """The lines of an aligned chain; a long left side takes one of its own where that saves a break on the right."""
    room = width - formula_width(f"{lhs} {relations[0].relation}")
    widest = max(formula_width("".join(line.terms)) for line in relations)
    longest = max(formula_width(term) for line in relations for term in line.terms)
    saves = room < widest <= width - 2 * _INDENT and formula_width(lhs) > width / 3
    lines, start, lead = [], f"{lhs} ", "&"
    if longest > room or saves:
        room = width - _INDENT - formula_width(relations[0].relation)
        lines, start, lead = [f"&{lhs}"], "", r"&\quad "
    for number, line in enumerate(relations):
        first, *more = _packed(line.terms, room, room - _INDENT)
        written = [f"{start if number == 0 else ''}{lead}{line.relation} {first.strip()}",
                   *(rf"{lead}\qquad {{}}{part}" for part in more)]
        written[-1] += (end if number == len(relations) - 1 else "") + _tag(line.reason)
        lines += written
    return lines


def rows(formulas: Sequence[str], width: float = LINE_WIDTH, end: str = ".") -> str:
    r"""Several short formulas, as many per line as fit.

    Parameters
    ----------
    formulas : sequence of str
        LaTeX formulas; at least one.
    width : float
        The line in points at 10 pt type.
    end : str
        Punctuation after the last one; commas separate them.

    Returns
    -------
    str
        A display with its delimiters.
    """
    lines: list[str] = []
    for position, formula in enumerate(formulas):
        piece = formula + (end if position == len(formulas) - 1 else ",")
        joined = rf"{lines[-1]} \qquad {piece}" if lines else ""
        if lines and formula_width(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(piece)
    if len(lines) == 1:
        return f"\\[\n  {lines[0]}\n\\]"
    return "\\begin{gather*}\n  " + " \\\\\n  ".join(lines) + "\n\\end{gather*}"


def aligned(lhs: str, relation: Relation, tail: str, width: float = LINE_WIDTH) -> str:
    r"""One relation without delimiters, in an ``aligned`` block where it is longer than a line.

    Parameters
    ----------
    lhs : str
        LaTeX of the left side.
    relation : Relation
        The right side.
    tail : str
        What follows, for example a condition in words.
    width : float
        The line in points at 10 pt type.

    Returns
    -------
    str
    """
    flat = f"{lhs} {relation.relation} {''.join(relation.terms)}{tail}"
    if formula_width(flat) <= width:
        return flat
    lines = _lines(lhs, [relation], width, "")
    if tail:
        if formula_width(lines[-1] + tail) <= width - formula_width(lhs):
            lines[-1] += tail
        else:
            lines.append(rf"&\qquad {tail.removeprefix(chr(92) + 'quad').strip()}")
    return _environment("aligned", lines)
