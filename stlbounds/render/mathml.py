r"""MathML from the LaTeX that stlbounds writes, so that browsers show formulas without a script or a network.

This is a translator of a subset, not of TeX: fractions, roots, scripts, accents, named operators, fences, braces under
terms, and rows of aligned displays. An unknown command is shown by its name, and `unknown_commands` lists those of a
formula; the tests keep that list empty for everything the library prints.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

from stlbounds.render.mathml_tables import (
    ACCENTS,
    BLACKBOARD,
    FENCES,
    IDENTIFIERS,
    LARGE,
    NAMES,
    OPENING,
    OPERATORS,
    RELATIONS,
    SPACES,
)

__all__ = ["mathml", "unknown_commands"]

_TOKEN = re.compile(r"\\begin\{[a-z*]+\}|\\end\{[a-z*]+\}|\\[A-Za-z]+\*?|\\.|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)

_BIG = {r"\left": r"\right", r"\bigl": r"\bigr", r"\Bigl": r"\Bigr", r"\biggl": r"\biggr", r"\Biggl": r"\Biggr"}
#: Fences that need not be told from each other by their side.
_BARS = frozenset({"|", r"\vert", r"\|", r"\Vert"})
_IGNORED = frozenset({r"\nopagebreak", r"\nolimits", r"\limits", r"\allowbreak"})
_TIGHT = ' lspace="0" rspace="0"'
_STRETCHY, _RIGID, _UPRIGHT = ' stretchy="true"', ' stretchy="false"', ' mathvariant="normal"'
_PREFIX, _POSTFIX, _BLOCK = ' form="prefix"', ' form="postfix"', ' display="block"'
_NBSP = "\N{NO-BREAK SPACE}"
_CASE = '"left case"'
_EDGE = re.compile(r"^ | $")
_THIN = '<mspace width="0.167em"/>'
#: What may touch the name of a function.
_CLOSE_BY = frozenset({None, "(", ")", "[", "]", "{", "}", ",", ".", "&", r"\\", r"\{", r"\}", *SPACES, *_BIG,
                       *_BIG.values()})
#: What is taller than a parenthesis.
_TALL = re.compile(r"<(?:mfrac|mtable|munder|munderover)\b|[∑∏∫]")
_STYLES = {r"\textstyle": "false", r"\displaystyle": "true"}


def _greek(command: str) -> str | None:
    name = command[1:]
    size = "CAPITAL" if name[:1].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {name.upper().replace('LAMBDA', 'LAMDA')}")
    except KeyError:
        return None


def _operator(text: str, attributes: str = "") -> str:
    return f"<mo{attributes}>{html.escape(text)}</mo>"


def _group(nodes: list[str]) -> str:
    """One node: the only one, or a row."""
    return nodes[0] if len(nodes) == 1 else f"<mrow>{''.join(nodes)}</mrow>"


class _Reader:
    """Reads the tokens of one formula from left to right."""

    def __init__(self, latex: str) -> None:
        self.tokens = _TOKEN.findall(latex)
        self.position = 0
        self.unknown: list[str] = []
        #: Whether an operator here would have nothing on its left, and so is a sign.
        self.fresh = True
        #: Whether what stands before a fence that closes nothing here is tall.
        self.tall = False

    # --- tokens ---------------------------------------------------------------------------------------
    def peek(self) -> str | None:
        while self.position < len(self.tokens) and self.tokens[self.position].isspace():
            self.position += 1
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def take(self) -> str:
        token = self.peek()
        if token is None:
            return ""
        self.position += 1
        return token

    def raw_argument(self) -> str:
        """The source of a braced argument, spaces included."""
        if self.peek() != "{":
            return self.take()
        self.position += 1
        depth, start = 1, self.position
        while self.position < len(self.tokens):
            depth += {"{": 1, "}": -1}.get(self.tokens[self.position], 0)
            self.position += 1
            if depth == 0:
                return "".join(self.tokens[start : self.position - 1])
        return "".join(self.tokens[start:])

    def argument(self) -> str:
        r"""The node of an argument: a braced group, or the next digit, letter or command, as in ``\frac12``."""
        if self.peek() == "{":
            return _sub(self, self.raw_argument())
        token = self.peek() or ""
        if len(token) > 1 and token[0].isdigit():
            self.tokens[self.position] = token[1:]
            return f"<mn>{token[0]}</mn>"
        return self.atom()

    # --- rows -----------------------------------------------------------------------------------------
    def row(self, *ends: str) -> list[str]:
        """Nodes up to one of the tokens `ends`, which is consumed."""
        nodes: list[str] = []
        self.fresh = True
        while (token := self.peek()) is not None:
            if token in ends:
                self.take()
                return nodes
            if token in _STYLES:
                self.take()
                nodes.append(f'<mstyle displaystyle="{_STYLES[token]}">{_group(self.row(*ends))}</mstyle>')
                return nodes
            self.tall = bool(_TALL.search("".join(nodes))) if token in _BIG.values() else self.tall
            nodes.append(self.scripted())
        return nodes

    def scripted(self) -> str:
        """An atom with its scripts; the name of a function stands off from its operands."""
        token, fresh = self.peek(), self.fresh
        node = self.with_scripts(token)
        if token not in NAMES and token != r"\operatorname":
            return node
        # TeX puts a thin space before a name that follows an operand, and behind it unless a parenthesis follows.
        before = "" if fresh else _THIN
        behind = "" if self.peek() in _CLOSE_BY else _THIN
        return f"<mrow>{before}{node}{behind}</mrow>" if before or behind else node

    def with_scripts(self, token: str | None) -> str:
        """An atom with its primes, subscript and superscript."""
        base = self.atom()
        under = above = ""
        fresh = self.fresh
        while (mark := self.peek()) in ("_", "^", "'"):
            self.take()
            if mark == "_":
                under = self.argument()
            elif mark == "^":
                above = self.argument()
            else:
                # Fonts raise the prime already; as a superscript it would float too high.
                base = f"<mrow>{base}{_operator('′', _TIGHT)}</mrow>"
        self.fresh = fresh
        if not under and not above:
            return base
        limits = token in LARGE or token == r"\underbrace"
        tag = ("munderover" if limits else "msubsup") if under and above else (
            ("munder" if limits else "msub") if under else ("mover" if limits else "msup"))
        return f"<{tag}>{base}{under}{above}</{tag}>"

    # --- atoms ----------------------------------------------------------------------------------------
    def atom(self) -> str:
        token = self.take()
        handler = _HANDLERS.get(token)
        fresh, self.fresh = self.fresh, False
        if handler is not None:
            return handler(self)
        if token == "{":
            inside = _group(self.row("}"))
            self.fresh = False
            return inside
        if token in SPACES:
            self.fresh = fresh
            return f'<mspace width="{SPACES[token]}"/>'
        if token in _IGNORED:
            self.fresh = fresh
            return "<mrow></mrow>"
        if token in _BIG:
            return self.fenced(_BIG[token])
        if token in _BIG.values():
            # Its partner stands in a line above, where a long formula was broken.
            self.fresh = False
            return self.fence(_POSTFIX, self.tall)
        if token in FENCES:
            # A bar opens where an operand is expected, and closes elsewhere.
            self.fresh = token in OPENING or (fresh and token in _BARS)
            return _operator(FENCES[token], _RIGID + (_PREFIX if self.fresh else _POSTFIX))
        if token in OPERATORS:
            return self.sign(OPERATORS[token], fresh)
        if token in LARGE:
            self.fresh = True
            return _operator(LARGE[token])
        if token in NAMES:
            self.fresh = True
            return f"<mi>{token[1:]}</mi>"
        if token.startswith("\\"):
            return self.symbol(token)
        return f"<mn>{token}</mn>" if token[:1].isdigit() else f"<mi>{html.escape(token)}</mi>"

    def sign(self, text: str, fresh: bool) -> str:
        self.fresh = text in RELATIONS
        if text in "+−":
            return _operator(text, _PREFIX if fresh else ' form="infix"')
        return _operator(text, _TIGHT if text in "/.:!" else "")

    def symbol(self, command: str) -> str:
        found = IDENTIFIERS.get(command) or _greek(command)
        if found is None:
            self.unknown.append(command)
            return f"<mtext>{html.escape(command)}</mtext>"
        # Capital Greek letters are upright in TeX.
        upright = _UPRIGHT if command[1:2].isupper() or not found.isalpha() else ""
        return f"<mi{upright}>{html.escape(found)}</mi>"

    def fenced(self, closing: str) -> str:
        """What stands between two fences, which stretch to its height.

        Parentheses around what is not tall stay as they are: stretched, browsers give them wide gaps.
        """
        start, bars = self.position, self.peek() in _BARS
        self.take()
        inside = "".join(self.row(closing))
        end, self.position = self.position, start
        stretched = bars or bool(_TALL.search(inside))
        left = self.fence(_PREFIX, stretched)
        self.position = end
        right = self.fence(_POSTFIX, stretched)
        self.fresh = False
        return f"<mrow>{left}{inside}{right}</mrow>"

    def fence(self, form: str, stretched: bool) -> str:
        token = self.take()
        return "" if token in (".", "") else _operator(FENCES.get(token, token),
                                                       form + (_STRETCHY if stretched else _RIGID))


def _sub(reader: _Reader, latex: str) -> str:
    """A part of the formula as one node."""
    inner = _Reader(latex)
    nodes = inner.row()
    reader.unknown += inner.unknown
    return _group(nodes)


def _fraction(reader: _Reader) -> str:
    top = reader.argument()
    return f"<mfrac>{top}{reader.argument()}</mfrac>"


def _root(reader: _Reader) -> str:
    if reader.peek() == "[":
        reader.take()
        index = _group(reader.row("]"))
        return f"<mroot>{reader.argument()}{index}</mroot>"
    return f"<msqrt>{reader.argument()}</msqrt>"


def _underbrace(reader: _Reader) -> str:
    return f"<munder>{reader.argument()}{_operator('⏟', _STRETCHY)}</munder>"


def _accent(mark: str) -> Callable[[_Reader], str]:
    def handler(reader: _Reader) -> str:
        # As an accent, a bar would touch tall letters.
        kind = "" if mark == "‾" else ' accent="true"'
        return f"<mover{kind}>{reader.argument()}{_operator(mark, _RIGID)}</mover>"

    return handler


def _upright(reader: _Reader) -> str:
    text = reader.raw_argument()
    return f'<mi mathvariant="normal">{html.escape(text)}</mi>'


def _blackboard(reader: _Reader) -> str:
    letter = reader.raw_argument()
    return f'<mi mathvariant="normal">{BLACKBOARD.get(letter, html.escape(letter))}</mi>'


def _named_operator(reader: _Reader) -> str:
    reader.fresh = True
    return f"<mi>{html.escape(reader.raw_argument())}</mi>"


def _text(reader: _Reader) -> str:
    """Words, perhaps with formulas between dollar signs."""
    nodes = []
    for place, part in enumerate(reader.raw_argument().split("$")):
        if place % 2:
            nodes.append(_sub(reader, part))
        elif part:
            words = html.escape(part.replace("~", " "))
            # Spaces at the ends of a text would be dropped.
            nodes.append(f"<mtext>{_EDGE.sub(_NBSP, words)}</mtext>")
    return _group(nodes)


def _block(reader: _Reader) -> str:
    """The source of an environment up to its end."""
    start = reader.position
    depth = 1
    while depth and reader.position < len(reader.tokens):
        token = reader.tokens[reader.position]
        depth += 1 if token.startswith(r"\begin{") else -1 if token.startswith(r"\end{") else 0
        reader.position += 1
    return "".join(reader.tokens[start : reader.position - 1])


def _aligned(reader: _Reader) -> str:
    return _table(reader, _block(reader))


def _cases(reader: _Reader) -> str:
    rows = "".join(
        f"<mtr>{''.join(f'<mtd class={_CASE}>{_sub(reader, cell)}</mtd>' for cell in _split(line, '&'))}</mtr>"
        for line in _split(_block(reader), r"\\") if line.strip())
    reader.fresh = False
    return f"<mrow>{_operator('{', _PREFIX + _STRETCHY)}<mtable>{rows}</mtable></mrow>"


def _split(latex: str, separator: str) -> list[str]:
    """The source between separators at the outermost level."""
    parts, depth = [""], 0
    for token in _TOKEN.findall(latex):
        depth += 1 if token == "{" or token.startswith(r"\begin{") else 0
        depth -= 1 if token == "}" or token.startswith(r"\end{") else 0
        if token == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += token
    return parts


def _table(reader: _Reader, latex: str) -> str:
    rows = []
    for line in _split(latex, r"\\"):
        if not line.strip():
            continue
        line, _, tag = line.partition(r"\tag*")
        cells = _split(line, "&")
        shown = [f'<mtd class="{"right" if place % 2 == 0 and len(cells) > 1 else "left"}">{_sub(reader, cell)}</mtd>'
                 for place, cell in enumerate(cells)]
        if tag:
            # The braces around the tag's text.
            source = _Reader(tag)
            note = r"\text{" + source.raw_argument() + "}"
            shown += ["<mtd></mtd>"] * (2 - len(shown)) + [f'<mtd class="tag">{_sub(reader, note)}</mtd>']
        rows.append(f"<mtr>{''.join(shown)}</mtr>")
    return f'<mtable displaystyle="true">{"".join(rows)}</mtable>'


_HANDLERS: dict[str, Callable[[_Reader], str]] = {
    r"\frac": _fraction, r"\tfrac": _fraction, r"\dfrac": _fraction, r"\sqrt": _root,
    r"\underbrace": _underbrace, r"\mathrm": _upright, r"\mathbb": _blackboard, r"\mathbf": _upright,
    r"\mathcal": _upright, r"\operatorname": _named_operator, r"\text": _text, r"\textrm": _text, r"\mbox": _text,
    r"\begin{aligned}": _aligned, r"\begin{align*}": _aligned, r"\begin{gather*}": _aligned,
    r"\begin{cases}": _cases,
    **{command: _accent(mark) for command, mark in ACCENTS.items()},
}


def _read(latex: str) -> tuple[str, list[str]]:
    reader = _Reader(latex)
    return "".join(reader.row()), reader.unknown


def mathml(latex: str, *, display: bool = False) -> str:
    r"""A formula as a MathML element.

    Parameters
    ----------
    latex : str
        Without delimiters; an ``aligned``, ``align*`` or ``gather*`` environment is allowed.
    display : bool
        Whether it stands on a line of its own.

    Returns
    -------
    str

    Examples
    --------
    >>> mathml(r"\frac{b}{2n}")
    '<math><mfrac><mi>b</mi><mrow><mn>2</mn><mi>n</mi></mrow></mfrac></math>'
    """
    return f"<math{_BLOCK if display else ''}>{_read(latex)[0]}</math>"


def unknown_commands(latex: str) -> list[str]:
    """The commands of a formula that `mathml` can only show by name."""
    return _read(latex)[1]
