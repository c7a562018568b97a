"""The option for ranges, shared by the certified commands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from stlbounds.errors import InvalidArgumentError

__all__ = ["Ranges", "ranges_of"]

Ranges = Annotated[list[str] | None, typer.Option("--range", metavar="NAME=LOW:HIGH", help="A range of exact values, "
                                                  "such as alpha=0.1:0.2; oo for no upper end; repeatable.")]


def ranges_of(texts: list[str] | None, values: Mapping[str, Any] | None = None) -> dict[str, tuple[Any, Any]]:
    """The ranges by name, for symbols that have no value in ``values``.

    Raises
    ------
    InvalidArgumentError
        If a text is not of the form ``NAME=LOW:HIGH``, or a name occurs twice or has a value.
    """
    from stlbounds.parsing import parse_number
    from stlbounds.symbols import entry

    found: dict[str, tuple[Any, Any]] = {}
    for text in texts or ():
        name, _, ends = (part.strip() for part in text.partition("="))
        low, colon, high = (part.strip() for part in ends.partition(":"))
        if not colon or not low or not high:
            raise InvalidArgumentError("--range", ascii(text), "NAME=LOW:HIGH", "for example alpha=0.1:0.2")
        if name in found:
            raise InvalidArgumentError("--range", ascii(text), f"given once for {name}")
        if name in (values or ()):
            raise InvalidArgumentError("--range", ascii(text), f"left out beside --set {name}",
                                       "a symbol has a value or a range")
        entry(name)
        found[name] = (parse_number(low, argument=name), _upper(name, high))
    return found


def _upper(name: str, text: str) -> Any:
    from stlbounds.parsing import parse_number

    return math.inf if text == "oo" else parse_number(text, argument=name)
