r"""Symbols under another name: in printed expressions, and in sentences whose mathematics is already LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.symbols import entry, known

__all__ = ["NOTATION", "REAL_LAW", "Names", "normal_names", "rename_mathematics", "rename_prose", "unambiguous"]

#: How an author wants symbols to be written: by symbol or by name.
Names = Mapping[sp.Symbol, str] | Mapping[str, str]

#: The law of real data, which is no symbol of a formula, but is often called otherwise.
REAL_LAW = sp.Symbol("D_0")
#: What theorems and proofs call their objects and indices, whatever the bound is.
NOTATION = frozenset({"A", "D", "G", "N", "R", "S", "T", "W", "X", "Z", "d", "g", "h", "j", "x", "z", r"\ell", r"\tau"})

# A group of words (left alone), the law of real data, a command, a letter with an index (the gap g_i, a range c_X, the
# radius r^{\mathrm{learner}}: no symbols), a letter. Symbols with an index come before all of these.
_TOKENS = (
    r"(?P<words>\\(?:mathrm|text|textrm|operatorname|mathbb|mathcal|mathbf|begin|end|tag\*?|cite|ref|label)"
    r"\s*\{{[^{{}}]*\}})|(?P<law>D_(?:0(?!\d)|\{{0\}}))|(?P<indexed>{indexed})|(?P<command>\\[A-Za-z]+)"
    r"|(?P<own>[a-zDRT]'?_|[A-Za-z](?=\^\{{\\mathrm))|(?P<letter>[A-Za-z])")
_MATHEMATICS = re.compile(r"(?<!\\)\$(?P<body>[^$]*)(?<!\\)\$")


def normal_names(names: Names | None) -> dict[sp.Symbol, str]:
    """The renaming with symbols as keys.

    Raises
    ------
    InvalidArgumentError
        If a new name is no text.
    SymbolError
        If a symbol is not in the vocabulary.
    """
    found = {}
    for key, value in (names or {}).items():
        if not isinstance(value, str) or not value.strip():
            raise InvalidArgumentError(f"names[{key}]", repr(value), "LaTeX for the symbol")
        found[REAL_LAW if str(key) == REAL_LAW.name else entry(key).symbol] = value
    return found


def unambiguous(names: Mapping[sp.Symbol, str], symbols: Iterable[sp.Symbol]) -> None:
    """Refuse a renaming after which two symbols would look alike, or a symbol like something else in the theorem.

    Raises
    ------
    InvalidArgumentError
        Naming both.
    """
    for symbol, written in names.items():
        if written.strip() in NOTATION:
            raise InvalidArgumentError(f"names[{symbol}]", written, "other than what the theorem calls something else",
                                       f"its notation is {', '.join(sorted(NOTATION))}")
    seen: dict[str, sp.Symbol] = {names[REAL_LAW]: REAL_LAW} if REAL_LAW in names else {}
    for symbol in symbols:
        written = names.get(symbol, entry(symbol).latex)
        if written in seen:
            others = " and ".join(re.sub(r"^_", "the index ", str(other)) for other in (seen[written], symbol))
            raise InvalidArgumentError("names", written, f"different for {others}", "rename both, or neither")
        seen[written] = symbol


def _plain(latex: str) -> str:
    """Without braces around an index of one letter: ``L_{f}`` and ``L_f`` are one symbol."""
    return re.sub(r"_\{(\w)\}", r"_\1", latex)


@cache
def _tokens(vocabulary: tuple[str, ...]) -> re.Pattern[str]:
    """What formulas are made of; a symbol with an index is one token, unless it names a function."""
    indexed = {entry(name).latex for name in vocabulary if "_" in entry(name).latex}
    indexed |= {_plain(latex) for latex in indexed}
    listed = "|".join(re.escape(latex) for latex in sorted(indexed, key=len, reverse=True))
    return re.compile(_TOKENS.format(indexed=rf"(?:{listed})(?![A-Za-z(])"))


def rename_mathematics(formula: str, names: Mapping[sp.Symbol, str]) -> str:
    r"""A formula in the vocabulary's LaTeX, with symbols renamed and words left alone.

    Examples
    --------
    >>> from stlbounds.symbols import n
    >>> print(rename_mathematics(r"\alpha n + \mathrm{new}", {n: "m"}))
    \alpha m + \mathrm{new}
    """
    if not names:
        return formula
    written = {(REAL_LAW.name if symbol == REAL_LAW else _plain(entry(symbol).latex)): new
               for symbol, new in names.items()}

    def renamed(found: re.Match[str]) -> str:
        token = found.group()
        plain = REAL_LAW.name if found.group("law") else _plain(token) if found.group("indexed") else token
        if found.group("words") or found.group("own") or plain not in written:
            return token
        new = written[plain]
        # A command must not run into the letter that follows it.
        after = formula[found.end():found.end() + 1]
        return f"{new} " if re.search(r"\\[A-Za-z]+$", new) and after.isalpha() else new

    return _tokens(tuple(known())).sub(renamed, formula)


def rename_prose(sentence: str, names: Mapping[sp.Symbol, str]) -> str:
    """A sentence with mathematics between dollar signs, in which symbols are renamed."""
    return _MATHEMATICS.sub(lambda found: f"${rename_mathematics(found.group('body'), names)}$", sentence)
