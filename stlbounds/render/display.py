r"""Displayed formulas that fit the line: sums broken at their terms, chains of relations, rows of definitions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stlbounds.render.breaking import broken, group_end
from stlbounds.render.width import formula_width

__all__ = ["LINE_WIDTH", "NARROW", "Relation", "aligned", "chain", "rows", "rows_of_sum"]

#: The default line in points at 10 pt type: the 5.5 inches of a conference paper.
LINE_WIDTH = 390.0
_INDENT = 20.0
#: Lines shorter than this have smaller indents, and lists are not justified.
NARROW = 300.0
_CLOSED = re.compile(r"\\text\{(?:\([^{}]*\)|, and)\}$")
_BRACED = re.compile(r"(?P<sign> [-+] )?\\underbrace\{")
_CASES = re.compile(r"( [-+] )?\\begin\{cases\} (.*?) & \\text\{if \} (.*?), \\\\ (.*) & \\text\{if \} (.*?) "
                    r"\\end\{cases\}$")


@dataclass(frozen=True)
class Relation:
    r"""One line of a chain: ``relation`` (``\le``, ``=``), the terms of its right side, the reason at the margin."""

    relation: str
    terms: tuple[str, ...]
    reason: str = ""


def _labelled(term: str, room: float) -> tuple[str, ...]:
    """A braced term that is wider than the line: its parts, and its label behind them."""
    found = _BRACED.match(term)
    if found is None:
        return broken(term, room)
    end = group_end(term, found.end() - 1)
    label = re.fullmatch(r"_\{\\text\{(.*)\}\}", term[end:])
    if label is None:
        return broken(term, room)
    *parts, last = broken((found.group("sign") or "") + term[found.end():end - 1], room)
    named = rf"{last} \quad \text{{({label.group(1)})}}"
    return (*parts, named) if formula_width(named) <= room else (*parts, last, rf" \qquad \text{{({label.group(1)})}}")


def _unfolded(term: str, alone: bool) -> tuple[str, ...]:
    """A case distinction wider than the line, the later case first; brackets where it is one term of several."""
    found = _CASES.match(term)
    if found is None:
        return (term,)
    sign, start, at_start, value, afterwards = found.groups()
    left, right = ("", "") if alone else (r"\biggl[", r"\biggr]")
    return (f"{sign or ''}{left}{value}", rf" \quad \text{{if }} {afterwards}\text{{, and}}",
            rf"\ {start}", rf" \text{{ if }} {at_start}{right}")


def _packed(terms: Sequence[str], first: float, later: float) -> list[str]:
    """The terms on as few lines as they need, the first of them perhaps shorter; a term that fits none is broken."""
    room = min(first, later)
    terms = [part for term in terms
             for part in (_unfolded(term, len(terms) == 1) if formula_width(term) > room else (term,))]
    parts = [part for term in terms for part in (_labelled(term, room) if formula_width(term) > room else (term,))]
    lines: list[str] = []
    room = first
    for part in parts:
        # Nothing follows a label or a case on its line.
        fits = bool(lines) and not _CLOSED.search(lines[-1]) and formula_width(lines[-1] + part) <= room
        if fits:
            lines[-1] += part
        else:
            room = later if lines else first
            lines.append(part)
    return lines


def _reasoned(lines: list[str], reason: str, width: float) -> list[str]:
    """The lines with the reason at the margin of the last; a reason that is longer than a line is cut at its commas."""
    if not reason:
        return lines
    if formula_width(rf"\text{{{reason}}}") <= width:
        return [*lines[:-1], rf"{lines[-1]} \tag*{{{reason}}}"]
    pieces = [""]
    for word in re.split(r"(?<=,) ", reason):
        joined = f"{pieces[-1]} {word}".strip()
        if formula_width(rf"\text{{{joined}}}") <= width - 2 * _INDENT:
            pieces[-1] = joined
        else:
            pieces.append(word)
    return [*lines, *(rf"&\quad \text{{{piece}}}" for piece in pieces if piece)]


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


def _lines(lhs: str, relations: Sequence[Relation], width: float, end: str,
           alone: bool = False) -> list[str]:
    """The lines of an aligned chain; a long left side takes one of its own where that saves a break on the right."""
    room = width - formula_width(f"{lhs} {relations[0].relation}")
    widest = max(formula_width("".join(line.terms)) for line in relations)
    indent, deeper = (_INDENT / 2, r"\quad") if width < NARROW else (_INDENT, r"\qquad")
    tight = any(formula_width(term) > room - (indent if number else 0.0)
                for line in relations for number, term in enumerate(line.terms))
    saves = room < widest <= width - 2 * _INDENT and formula_width(lhs) > width / 3
    lines, start, lead = [], f"{lhs} ", "&"
    if lhs and (alone or tight or saves):
        room = width - indent - formula_width(relations[0].relation)
        lines, start, lead = [f"&{lhs}"], "", r"&\quad "
    for number, line in enumerate(relations):
        first, *more = _packed(line.terms, room, room - indent)
        written = [f"{start if number == 0 else ''}{lead}{line.relation} {first.strip()}",
                   *(rf"{lead}{deeper} {{}}{part}" for part in more)]
        written[-1] += end if number == len(relations) - 1 else ""
        written = _reasoned(written, line.reason, width)
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
        if formula_width(piece) > width and " = " in piece:
            left, right = piece.split(" = ", 1)
            piece = _environment("aligned", _lines(left, [Relation("=", (right,))], width, "")).replace("\n", "\n  ")
        joined = rf"{lines[-1]} \qquad {piece}" if lines else ""
        if lines and formula_width(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(piece)
    if len(lines) == 1:
        return f"\\[\n  {lines[0]}\n\\]"
    return "\\begin{gather*}\n  " + " \\\\\n  ".join(lines) + "\n\\end{gather*}"


def rows_of_sum(terms: Sequence[str], width: float = LINE_WIDTH, end: str = ".") -> str:
    r"""A displayed sum without a left side, on as many lines as it needs.

    Parameters
    ----------
    terms : sequence of str
        LaTeX of its terms with their signs; none for 0.
    width : float
        The line in points at 10 pt type.
    end : str
        Punctuation after it.

    Returns
    -------
    str
        A display with its delimiters.
    """
    first, *more = _packed(terms or ["0"], width, width - _INDENT)
    if not more:
        return f"\\[\n  {first}{end}\n\\]"
    return _environment("align*", [f"&{first}", *(rf"&\quad {{}}{part}" for part in more[:-1]),
                                   rf"&\quad {{}}{more[-1]}{end}"])


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
    # Where the words behind the formula do not fit beside its left side, that gets a line of its own.
    lines = _lines(lhs, [relation], width, "", alone=formula_width(lhs + tail) + _INDENT > width)
    if tail:
        if formula_width(lines[-1] + tail) <= width - formula_width(lhs):
            lines[-1] += tail
        else:
            lines.append(rf"&\qquad {tail.removeprefix(chr(92) + 'quad').strip()}")
    return _environment("aligned", lines)
