r"""Breaking one long term: at signs and commas inside its outermost parentheses or braces, or between its factors.

``\left(`` and ``\right)`` cannot stand on different lines, so that the parentheses of a broken sum get a fixed size. A
root or a fraction that is wider than the line by itself is opened: ``\sqrt{a + b}`` becomes ``(a + b)^{1/2}``, and
``\frac{a + b}{c}`` becomes ``\frac{1}{c}(a + b)``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from stlbounds.render.width import formula_width

__all__ = ["broken", "group_end"]

_PIECE = re.compile(
    r"\\(?:left|right|[bB]igg?[lr])\s*(?:\\[{}]|[()\[\]|.])|\\[A-Za-z]+\*?|\\.|[{}()\[\]]| [-+] |.", re.DOTALL)
_OPENING = re.compile(r"\\(?:left|[bB]igg?l)(?:\(|\\\{|\|)|\($|\\\{$")
_CLOSING = re.compile(r"\\(?:right|[bB]igg?r)(?:\)|\\\}|\|)|\)$|\\\}$")
_ENTER, _LEAVE = ("{", r"\begin"), ("}", r"\end")
_SIGNS = (" + ", " - ")
#: Commands that begin a factor of their own, so that a line may be broken before them.
_FACTOR = (r"\frac", r"\sqrt", r"\sum", r"\prod", r"\min", r"\max", r"\lceil", r"\mathbf")
#: A sum or product over an index without what it runs over: nothing is broken behind it.
_BARE = re.compile(r"\\(?:sum|prod)_\{(?:[^{}]|\{[^{}]*\})*\}\^\{(?:[^{}]|\{[^{}]*\})*\}\s*$")
_SPACE = (r"\,", r"\cdot", " ")
_DEEPEST = 8
#: What is narrower than this is not opened.
_WORTH = 40.0


def group_end(text: str, start: int) -> int:
    """The place behind the brace that closes the group opened at ``start``; the end of the text, if none does."""
    depth = 0
    for found in re.finditer(r"\\.|[{}]", text[start:]):
        depth += {"{": 1, "}": -1}.get(found.group(), 0)
        if depth == 0:
            return start + found.end()
    return len(text)


def _pairs(tokens: list[str]) -> Iterator[tuple[int, int, list[int]]]:
    """Pairs of parentheses in no group or environment, nor in a pair around a sum; where the sum inside may be cut."""
    braces, stack = 0, list[int]()
    signs: dict[int, list[int]] = {}
    closed: list[tuple[int, int, list[int]]] = []
    for place, token in enumerate(tokens):
        if token in _ENTER or token in _LEAVE:
            braces += 1 if token in _ENTER else -1
        elif braces:
            continue
        elif _OPENING.match(token):
            stack.append(place)
            signs[place] = []
        elif _CLOSING.match(token) and stack:
            first = stack.pop()
            if signs[first]:
                closed = [pair for pair in closed if pair[0] < first]
            closed.append((first, place, signs[first]))
        elif stack and (token in _SIGNS or token == ","):
            # A sign begins a line, a comma ends one.
            signs[stack[-1]].append(place + (token == ","))
    yield from closed


def _outside(tokens: list[str]) -> list[bool]:
    """Whether each token stands in no group, environment or parentheses, or opens an outermost one.

    What is never closed counts for nothing.
    """
    depth, stack = 0, list[int]()
    outside = [True] * len(tokens)
    start = 0
    for place, token in enumerate(tokens):
        if token in _ENTER or token in _LEAVE:
            start = place if depth == 0 else start
            depth += 1 if token in _ENTER else -1
            if depth == 0:
                outside[start + 1:place + 1] = [False] * (place - start)
        elif not depth and _OPENING.match(token):
            stack.append(place)
        elif not depth and _CLOSING.match(token) and stack:
            opened = stack.pop()
            outside[opened + 1:place + 1] = [False] * (place - opened)
    return outside


def _at_signs(term: str) -> tuple[str, ...]:
    """The term cut inside its widest pair of parentheses."""
    tokens = _PIECE.findall(term)
    found = list(_pairs(tokens))
    pairs = [pair for pair in found if pair[2]]
    if not pairs:
        return (term,)
    first, last, signs = max(pairs, key=lambda pair: formula_width("".join(tokens[pair[0]:pair[1]])))
    for start, end, _ in found:
        if start < first and last < end and tokens[start].startswith(r"\left"):
            tokens[start], tokens[end] = r"\Biggl" + tokens[start][5:], r"\Biggr" + tokens[end][6:]
    tokens[first], tokens[last] = {"{": (r"\biggl\{", r"\biggr\}"), "|": (r"\biggl|", r"\biggr|")}.get(
        tokens[first][-1], (r"\biggl(", r"\biggr)"))
    # The members of a list are kept together, as far as they fit.
    cuts = [0, *([place for place in signs if tokens[place - 1] == ","] or signs), len(tokens)]
    return tuple("".join(tokens[start:end]) for start, end in pairwise(cuts))


def _widest_sum(tokens: list[str]) -> float:
    """How wide the sum is that `_at_signs` cuts."""
    return max((formula_width("".join(tokens[first:last])) for first, last, signs in _pairs(tokens) if signs),
               default=0.0)


def _at_factors(term: str, room: float) -> tuple[str, ...]:
    """The term cut between its factors, as few times as the room allows; a line goes on with a cross."""
    tokens = _PIECE.findall(term)
    outside = _outside(tokens)
    cuts = list[int]()
    for place, token in enumerate(tokens):
        if place and outside[place] and (token in _FACTOR or _opens_sum(tokens, place)):
            before = tokens[place - 1]
            alone = before in _SPACE or before in ("}", ")") or before.startswith((r"\right", r"\bigr", r"\biggr"))
            if alone or before.isalnum():
                cuts.append(place)
    if not cuts:
        return (term,)
    if _signs_outside(tokens):
        return (term,)
    factors: list[str] = []
    for start, end in pairwise([0, *cuts, len(tokens)]):
        factor = "".join(tokens[start:end])
        if factors and _BARE.search(factors[-1]):
            factors[-1] += factor
        else:
            factors.append(factor)
    lines = [factors[0]]
    for factor in factors[1:]:
        if formula_width(lines[-1] + factor) <= room:
            lines[-1] += factor
        else:
            lines[-1] = re.sub(r"(\\,|\\cdot|\s)+$", "", lines[-1])
            lines.append(rf" \times {factor}")
    return tuple(lines)


def _opens_sum(tokens: list[str], place: int) -> bool:
    """Whether a pair of parentheses around a sum or a product over an index opens here.

    An argument, as in ``f(x)``, belongs to what precedes.
    """
    if not _OPENING.match(tokens[place]):
        return False
    pair = next((pair for pair in _pairs(tokens[place:]) if pair[0] == 0), None)
    return pair is not None and (any(tokens[place + sign] in _SIGNS for sign in pair[2])
                                 or not {r"\sum", r"\prod"}.isdisjoint(tokens[place:place + pair[1]]))


def _signs_outside(tokens: list[str]) -> list[int]:
    """The signs behind the first token that stand in no parentheses: there are some if the text is a sum."""
    return [place for place, (token, outside) in enumerate(zip(tokens, _outside(tokens), strict=True))
            if place and outside and token in _SIGNS]


def _opened(term: str) -> str:
    """The term with its widest root or fraction outside parentheses written with parentheses, which can be cut."""
    found: list[tuple[float, int, int, str]] = []
    tokens = _PIECE.findall(term)
    place = 0
    for token, outside in zip(tokens, _outside(tokens), strict=True):
        if outside and token in (r"\sqrt", r"\frac") and term[place + 5:place + 6] == "{":
            end = group_end(term, place + 5)
            inner, new = term[place + 6:end - 1], ""
            if token == r"\sqrt":
                new = rf"\left({inner}\right)^{{1/2}}"
            elif term[end:end + 1] == "{":
                last = group_end(term, end)
                new = _over(inner, term[end:last])
                end = last
            if new and formula_width(inner) > _WORTH:
                found.append((formula_width(inner), place, end, new))
        place += len(token)
    if not found:
        return term
    _, start, end, new = max(found)
    return term[:start] + new + term[end:]


def _over(numerator: str, below: str) -> str:
    r"""``\frac{1}{c}(a + b)`` for ``\frac{a + b}{c}``; of a product what comes before its first sum stays above."""
    tokens = _PIECE.findall(numerator)
    if _signs_outside(tokens):
        return rf"\frac{{1}}{below}\left({numerator}\right)"
    outside = _outside(tokens)
    first = next((place for place in range(len(tokens)) if outside[place] and _opens_sum(tokens, place)), 0)
    above = re.sub(r"(\\,|\\cdot|\s)+$", "", "".join(tokens[:first]))
    return rf"\frac{{{above or 1}}}{below}\,{''.join(tokens[first:])}"


def broken(term: str, room: float = 0.0, depth: int = 0) -> tuple[str, ...]:
    r"""A term in parts that may stand on lines of their own; itself, where there is no place to break it.

    Parameters
    ----------
    term : str
        LaTeX mathematics, without ``\\`` and ``&``.
    room : float
        The line in points at 10 pt type; 0 cuts at the signs inside the widest parentheses only.

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
    >>> broken(r"\sqrt{a}\sqrt{b}", 20.0)
    ('\\sqrt{a}', ' \\times \\sqrt{b}')
    """
    signs = _at_signs(term)
    if not room:
        return signs
    tokens = _PIECE.findall(term)
    if outside := _signs_outside(tokens):
        listed = ("".join(tokens[start:end]) for start, end in pairwise([0, *outside, len(tokens)]))
        return tuple(piece for part in listed
                     for piece in ((part,) if formula_width(part) <= room else broken(part, room, depth + 1)))
    factors = _at_factors(term, room)
    # A short sum inside a long product stays together.
    short = len(signs) > 1 and (min(map(formula_width, (signs[0], signs[-1]))) * 8 < formula_width(term)
                                or _widest_sum(tokens) * 4 < formula_width(term))
    for parts in (factors, signs) if short and len(factors) > 1 else (signs, factors):
        if all(formula_width(part) <= room for part in parts):
            return parts
    best = min((signs, factors), key=lambda parts: max(map(formula_width, parts)))
    opened = _opened(term)
    if len(best) == 1 and opened != term:
        best = (opened,) if formula_width(opened) <= room else _at_signs(opened)
        if len(best) == 1:
            best = _at_factors(opened, room)
    if len(best) == 1 or depth == _DEEPEST:
        return best
    return tuple(piece for part in best
                 for piece in ((part,) if formula_width(part) <= room else broken(part, room, depth + 1)))
