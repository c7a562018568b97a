r"""A reader for the LaTeX that bounds are printed in: a restricted grammar, made for the round trip only.

It knows nothing of the printer: quotients, roots, powers, sums and products over an index, extrema, logarithms, the
letters of the vocabulary. A quotient ``(1 - q^k)/(1 - q)`` is read as ``k`` where ``q = 1``, as the theorem says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import mpmath as mp

_TOKEN = re.compile(r"\\(?:left|right|[bB]igg?[lr])(?=\\?[(){}|\[\].])|\\[A-Za-z]+|\\[,;:! ]|\\[{}]"
                    r"|\d+(?:\.\d+)?|\s+|.")
_SKIPPED = {r"\left", r"\right", r"\bigl", r"\bigr", r"\Bigl", r"\Bigr", r"\biggl", r"\biggr", r"\Biggl", r"\Biggr",
            r"\,", r"\;", r"\:", r"\!", r"\ ", r"\displaystyle", r"\textstyle"}


class Reader:
    """Evaluates a formula at a point; ``values`` are by the LaTeX of a symbol.

    ``families`` are values that an index tells apart, by the letter in front of the index: ``x_{i-1}``, ``x_{l}(y)``.
    """

    def __init__(self, text: str, values: Mapping[str, mp.mpf],
                 families: Mapping[str, Callable[[int], mp.mpf]] | None = None) -> None:
        # The two bars of an absolute value are told apart by their commands.
        text = text.replace(r"\left|", r"\lvert ").replace(r"\right|", r"\rvert ")
        self.tokens = [token for token in _TOKEN.findall(text) if not token.isspace() and token not in _SKIPPED]
        self.values = dict(values)
        self.families = dict(families or {})
        # Symbols that are written with several tokens, the longest first.
        self.long = sorted(((tuple(t for t in _TOKEN.findall(name) if not t.isspace()), name) for name in values),
                           key=lambda item: -len(item[0]))
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str | None = None) -> str:
        token = self.peek()
        if expected is not None and token != expected:
            raise ValueError(f"{expected} expected at {' '.join(self.tokens[self.at:self.at + 12])}")
        self.at += 1
        return token

    def whole(self) -> mp.mpf:
        value = self.sum()
        if self.peek():
            raise ValueError(f"not read: {' '.join(self.tokens[self.at:])}")
        return value

    def sum(self) -> mp.mpf:
        sign = -1 if self.peek() == "-" and self.take() else 1
        value = sign * self.product()
        while self.peek() in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            value += sign * self.product()
        return value

    def product(self) -> mp.mpf:
        value = self.power()
        while True:
            token = self.peek()
            if token in (r"\cdot", r"\times"):
                self.take()
                value *= self.power()
            elif token == "/":
                self.take()
                value /= self.power()
            elif token and token not in ("+", "-", ")", "}", r"\}", r"\rvert", ",", "&", r"\rceil", "]", "="):
                value *= self.power()
            else:
                return value

    def power(self) -> mp.mpf:
        value = self.atom()
        if self.peek() == "^":
            self.take()
            return mp.power(value, self.group())
        return value

    def group(self) -> mp.mpf:
        if self.peek() == "{":
            return self.closed("}")
        # Without braces an argument is one character: \frac12.
        token = self.tokens[self.at]
        if token.isdigit() and len(token) > 1:
            self.tokens[self.at:self.at + 1] = [token[0], token[1:]]
        return self.atom()

    def closed(self, last: str) -> mp.mpf:
        self.take()
        value = self.sum()
        self.take(last)
        return value

    def indexed(self) -> mp.mpf:
        """A sum or product over an index."""
        adds = self.take() == r"\sum"
        self.take("_")
        self.take("{")
        letter = self.take()
        self.take("=")
        low = int(self.sum())
        self.take("}")
        self.take("^")
        high = int(self.group())
        start, total, end = self.at, mp.mpf(0 if adds else 1), None
        outer = self.values.get(letter)
        for index in range(low, max(high, low) + 1):
            self.at = start
            self.values[letter] = mp.mpf(index)
            self.long = sorted({(name if isinstance(name, tuple) else (name,), key) for name, key in
                                [*self.long, ((letter,), letter)]}, key=lambda item: -len(item[0]))
            value = self.product()
            end = self.at
            if index <= high:
                total = total + value if adds else total * value
        self.at = end if end is not None else start
        if outer is not None:
            self.values[letter] = outer
        return total

    def count(self, above: list[str], below: list[str]) -> mp.mpf:
        """``(1 - q^a)/(1 - q^b)`` at ``q = 1``: the number of terms of the sum that it stands for."""
        exponents = []
        for tokens in (above, below):
            inner = tokens[1:-1]
            if inner[:2] != ["1", "-"]:
                raise ValueError(f"division by zero: {' '.join(tokens)}")
            at = max((place for place, token in enumerate(inner) if token == "^"), default=len(inner))
            exponents.append((inner[2:at], inner[at + 1:] or ["1"]))
        (base, top), (same, bottom) = exponents
        if base != same:
            raise ValueError(f"no quotient of a geometric sum: {' '.join(above)}")
        values = []
        for tokens in (top, bottom):
            reader = Reader("", self.values, self.families)
            reader.tokens = tokens
            values.append(reader.group())
        return values[0] / values[1]

    def member(self) -> mp.mpf:
        """A value of a family; what it is a function of, in parentheses, is always the same."""
        family = self.families[self.take()]
        self.take("_")
        index = self.group()
        if index != int(index):
            raise ValueError(f"{index} is no index")
        if self.peek() == "(" and self.tokens[self.at + 2:self.at + 3] == [")"]:
            self.at += 3
        return family(int(index))

    def atom(self) -> mp.mpf:
        if self.peek() in self.families and self.tokens[self.at + 1:self.at + 2] == ["_"]:
            return self.member()
        for name, key in self.long:
            if tuple(self.tokens[self.at:self.at + len(name)]) == name:
                self.at += len(name)
                return self.values[key]
        token = self.peek()
        if re.fullmatch(r"\d+(?:\.\d+)?", token):
            return mp.mpf(self.take())
        if token == "(":
            return self.closed(")")
        if token == "{":
            return self.closed("}")
        if token == r"\lvert":
            return abs(self.closed(r"\rvert"))
        if token == r"\lceil":
            return mp.ceil(self.closed(r"\rceil"))
        if token == r"\frac":
            self.take()
            start = self.at
            above, middle = self.group(), self.at
            below = self.group()
            return above / below if below else self.count(self.tokens[start:middle], self.tokens[middle:self.at])
        if token == r"\sqrt":
            self.take()
            return mp.sqrt(self.group())
        if token in (r"\sum", r"\prod"):
            return self.indexed()
        if token in (r"\log", r"\exp", r"\tanh", r"\Gamma", r"\operatorname"):
            return self.function()
        if token in (r"\max", r"\min"):
            self.take()
            self.take(r"\{")
            listed = [self.sum()]
            while self.peek() == ",":
                self.take()
                listed.append(self.sum())
            self.take(r"\}")
            return max(listed) if token == r"\max" else min(listed)
        if token == r"\pi":
            self.take()
            return mp.pi
        if token == "e":
            self.take()
            return mp.e
        raise ValueError(f"{token!r} is no beginning, at {' '.join(self.tokens[self.at:self.at + 12])}")

    def function(self) -> mp.mpf:
        name = self.take()
        if name == r"\operatorname":
            self.take("{")
            name = ""
            while self.peek() != "}":
                name += self.take()
            self.take("}")
        base = exponent = None
        while self.peek() in ("_", "^"):
            if self.take() == "_":
                base = self.group()
            else:
                exponent = self.group()
        argument = self.power() if name == r"\log" and base is not None else self.atom()
        known = {r"\log": mp.log, r"\exp": mp.exp, r"\tanh": mp.tanh, r"\Gamma": mp.gamma, "erf": mp.erf}
        value = known[name](argument)
        value = value / mp.log(base) if base is not None else value
        return value if exponent is None else mp.power(value, exponent)
