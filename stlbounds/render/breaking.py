r"""Breaking one long term: at the signs and commas between its outermost parentheses or braces.

``\left(`` and ``\right)`` cannot stand on different lines, so that the parentheses of a broken sum get a fixed size.
"""

from __future__ import annotations

import re
from itertools import pairwise

from stlbounds.render.width import formula_width

__all__ = ["broken"]

_PIECE = re.compile(
    r"\\(?:left|right|[bB]igg?[lr])\s*(?:\\[{}]|[()\[\]|.])|\\[A-Za-z]+\*?|\\.|[{}()\[\]]| [-+] |.", re.DOTALL)
_OPENING = re.compile(r"\\(?:left|[bB]igg?l)(?:\(|\\\{)|\($|\\\{$")
_ENTER, _LEAVE = ("{", r"\begin"), ("}", r"\end")
_CLOSING = re.compile(r"\\(?:right|[bB]igg?r)(?:\)|\\\})|\)$|\\\}$")


def _outermost(tokens: list[str]) -> list[tuple[int, int, list[int]]]:
    """Pairs of parentheses in no group, environment or other pair, and where what is directly inside may be cut."""
    found: list[tuple[int, int, list[int]]] = []
    braces, stack, signs = 0, 0, list[int]()
    start = 0
    for place, token in enumerate(tokens):
        if token in _ENTER or token in _LEAVE:
            braces += 1 if token in _ENTER else -1
        elif braces:
            continue
        elif _OPENING.match(token):
            if stack == 0:
                start, signs = place, []
            stack += 1
        elif _CLOSING.match(token):
            stack -= 1
            if stack == 0:
                found.append((start, place, signs))
        elif stack == 1 and token in (" + ", " - ", ","):
            # A sign begins a line, a comma ends one.
            signs.append(place + (token == ","))
    return found if stack == 0 else []


def broken(term: str) -> tuple[str, ...]:
    r"""A term in parts that may stand on lines of their own; itself, where there is no place to break it.

    Parameters
    ----------
    term : str
        LaTeX mathematics, without ``\\`` and ``&``.

    Returns
    -------
    tuple of str
        Put together they say the same as the term.

    Examples
    --------
    >>> broken(r"\frac{1}{2}\left(a + \frac{b + c}{2}\right)^{j}")
    ('\\frac{1}{2}\\biggl(a', ' + \\frac{b + c}{2}\\biggr)^{j}')
    >>> broken(r"\frac{a + b}{2}")
    ('\\frac{a + b}{2}',)
    """
    tokens = _PIECE.findall(term)
    pairs = [pair for pair in _outermost(tokens) if pair[2]]
    if not pairs:
        return (term,)
    first, last, signs = max(pairs, key=lambda pair: formula_width("".join(tokens[pair[0]:pair[1]])))
    brace = tokens[first].endswith("{")
    tokens[first], tokens[last] = (r"\biggl\{", r"\biggr\}") if brace else (r"\biggl(", r"\biggr)")
    cuts = [0, *signs, len(tokens)]
    return tuple("".join(tokens[start:end]) for start, end in pairwise(cuts))
