r"""How wide a formula will be: an estimate from its LaTeX, good enough to decide where to break lines.

The widths are those of Computer Modern at 10 pt, in points, rounded up. Only the commands that stlbounds itself prints
are known one by one; everything else counts as a letter.
"""

from __future__ import annotations

import re

__all__ = ["formula_width"]

_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|[{}^_&]|\s+|.", re.DOTALL)
_SCRIPT = 0.72

_LETTERS = {
    **dict.fromkeys("abcdghknopqsuvxyz", 5.4), **dict.fromkeys("efijlrt", 4.3), "m": 8.8, "w": 7.2,
    **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZ", 8.0), "I": 4.9, "J": 6.5, "M": 9.9, "W": 9.9,
    **dict.fromkeys("0123456789", 5.1), **dict.fromkeys("()[]", 4.0), **dict.fromkeys("|.", 2.9),
    ",": 4.6, ";": 4.6, "!": 2.9, ":": 8.5, "/": 5.1, "+": 12.4, "-": 12.4, "=": 13.6, "<": 13.6, ">": 13.6,
    "~": 3.4, "'": 3.0,
}
_COMMANDS = {
    r"\,": 1.7, r"\:": 2.3, r"\;": 2.8, r"\!": -1.7, r"\ ": 3.4, r"\quad": 10.0, r"\qquad": 20.0,
    r"\le": 13.6, r"\ge": 13.6, r"\in": 12.5, r"\to": 15.8, r"\cdot": 7.4, r"\dots": 13.5, r"\mid": 8.5,
    r"\log": 14.8, r"\max": 19.2, r"\min": 17.5, r"\exp": 17.0, r"\sum": 16.2, r"\prod": 14.5,
    r"\tanh": 22.3, r"\inf": 13.1, r"\Pr": 14.0, r"\times": 12.2, r"\ne": 13.6, r"\lesssim": 13.6, r"\mapsto": 15.8,
    r"\infty": 10.1,
    r"\Phi": 7.3, r"\Gamma": 6.4, r"\ell": 4.3, r"\{": 5.1, r"\}": 5.1, r"\bigl": 1.0, r"\bigr": 1.0,
    r"\Bigl": 2.0, r"\Bigr": 2.0, r"\biggl": 3.5, r"\biggr": 3.5, r"\textstyle": 0.0, r"\displaystyle": 0.0,
    r"\left": 3.8, r"\right": 3.8, r"\\": 0.0,
}
_TEXT_COMMANDS = {r"\text", r"\mathrm", r"\operatorname", r"\textrm", r"\mbox"}
_ACCENTS = {r"\bar", r"\hat", r"\widehat", r"\tilde", r"\mathbb", r"\mathcal", r"\mathbf", r"\tag", r"\tag*"}


class _Reader:
    """Walks the tokens of a formula and adds up widths."""

    def __init__(self, formula: str) -> None:
        self.tokens = _TOKEN.findall(formula)
        self.position = 0

    def sequence(self, scale: float) -> float:
        """The width up to the closing brace or the end."""
        total = 0.0
        while self.position < len(self.tokens) and self.tokens[self.position] != "}":
            total += self.nucleus(scale)
        return total

    def argument(self, scale: float) -> float:
        """The width of one argument: a group or a token."""
        self.skip_spaces()
        if self.peek() == "{":
            self.position += 1
            width = self.sequence(scale)
            self.position += 1
            return width
        return self.single(scale)

    def raw_argument(self) -> int:
        """The number of characters of a text argument."""
        self.skip_spaces()
        if self.peek() != "{":
            return 1
        depth, count = 0, 0
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            self.position += 1
            depth += (token == "{") - (token == "}")
            count += len(token) if token not in "{}" else 0
            if depth == 0:
                break
        return count

    def nucleus(self, scale: float) -> float:
        """A symbol with its scripts, which stand above each other."""
        width = self.single(scale)
        scripts = 0.0
        while self.peek() in ("^", "_"):
            self.position += 1
            scripts = max(scripts, self.argument(scale * _SCRIPT))
        return width + scripts + (0.5 * scale if scripts else 0.0)

    def single(self, scale: float) -> float:
        if self.position >= len(self.tokens):
            return 0.0
        token = self.tokens[self.position]
        if token == "{":
            return self.argument(scale)
        self.position += 1
        if token.isspace() or token == "&":
            return 0.0
        if token == r"\frac":
            return max(self.argument(scale), self.argument(scale)) + 2.6 * scale
        if token == r"\sqrt":
            return self.argument(scale) + 10.0 * scale
        if token == r"\begin":
            return self.environment(scale)
        if token == r"\underbrace":
            body = self.argument(scale)
            below = 0.0
            if self.peek() == "_":
                self.position += 1
                below = self.argument(scale * _SCRIPT)
            return max(body, below)
        if token in _TEXT_COMMANDS:
            return 5.0 * scale * self.raw_argument() + (3.0 if token == r"\operatorname" else 0.0)
        if token in _ACCENTS:
            return self.argument(scale)
        if token in _COMMANDS:
            return _COMMANDS[token] * scale
        return _LETTERS.get(token, 6.5) * scale

    def environment(self, scale: float) -> float:
        """The width of cases: the widest row, the brace, and the space between the columns."""
        self.argument(scale)
        widest = row = 0.0
        while self.position < len(self.tokens) and self.peek() != r"\end":
            if self.peek() in (r"\\", "&"):
                separator = self.tokens[self.position]
                self.position += 1
                widest, row = (max(widest, row), 0.0) if separator != "&" else (widest, row + 10.0 * scale)
            else:
                row += self.nucleus(scale)
        self.position += 1
        self.argument(scale)
        return max(widest, row) + 12.0 * scale

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def skip_spaces(self) -> None:
        while self.peek().isspace():
            self.position += 1


def formula_width(formula: str) -> float:
    r"""An estimate, on the large side, of the width of a displayed formula in points, at 10 pt.

    Parameters
    ----------
    formula : str
        LaTeX mathematics.

    Returns
    -------
    float

    Examples
    --------
    >>> formula_width(r"\frac{a}{b}") < formula_width("a + b")
    True
    """
    return _Reader(formula).sequence(1.0)
