r"""Symbols under another name: in printed expressions, and in sentences whose mathematics is already LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.symbols import entry

__all__ = ["Names", "normal_names", "rename_mathematics", "rename_prose", "unambiguous"]

#: How an author wants symbols to be written: by symbol or by name.
Names = Mapping[sp.Symbol, str] | Mapping[str, str]

# A group of words (left alone), a command, a letter with an index (the gap g_i, a range c_X: no symbols), a letter.
_TOKEN = re.compile(
    r"(?P<words>\\(?:mathrm|text|textrm|operatorname|mathbb|mathcal|mathbf|begin|end|tag\*?|cite|ref|label)"
    r"\s*\{[^{}]*\})|(?P<command>\\[A-Za-z]+)|(?P<own>[a-z]_)|(?P<letter>[A-Za-z])")
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
        found[entry(key).symbol] = value
    return found


def unambiguous(names: Mapping[sp.Symbol, str], symbols: Iterable[sp.Symbol]) -> None:
    """Refuse a renaming after which two symbols would look alike.

    Raises
    ------
    InvalidArgumentError
        Naming both symbols.
    """
    seen: dict[str, sp.Symbol] = {}
    for symbol in symbols:
        written = names.get(symbol, entry(symbol).latex)
        if written in seen:
            raise InvalidArgumentError("names", written, f"different for {seen[written]} and {symbol}",
                                       "rename both, or neither")
        seen[written] = symbol


def rename_mathematics(formula: str, names: Mapping[sp.Symbol, str]) -> str:
    r"""A formula in the vocabulary's LaTeX, with symbols renamed and words left alone.

    Examples
    --------
    >>> from stlbounds.symbols import n
    >>> print(rename_mathematics(r"\alpha n + \mathrm{new}", {n: "m"}))
    \alpha m + \mathrm{new}
    """
    written = {entry(symbol).latex: new for symbol, new in names.items()}
    if not written:
        return formula

    def renamed(found: re.Match[str]) -> str:
        token = found.group()
        if found.group("words") or found.group("own") or token not in written:
            return token
        new = written[token]
        # A command must not run into the letter that follows it.
        after = formula[found.end():found.end() + 1]
        return f"{new} " if re.search(r"\\[A-Za-z]+$", new) and after.isalpha() else new

    return _TOKEN.sub(renamed, formula)


def rename_prose(sentence: str, names: Mapping[sp.Symbol, str]) -> str:
    """A sentence with mathematics between dollar signs, in which symbols are renamed."""
    return _MATHEMATICS.sub(lambda found: f"${rename_mathematics(found.group('body'), names)}$", sentence)
