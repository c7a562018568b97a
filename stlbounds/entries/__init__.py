"""The catalogue by name: what the command line offers, each entry with a line that describes it.

A new loop, generator, learner or theorem is one entry in the file of its kind. Nothing is imported until an entry
is made, so that listing names costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from stlbounds.entries.entry import Entry, GeneratorEntry, Parameter
from stlbounds.entries.generators import GENERATORS
from stlbounds.entries.learners import LEARNERS
from stlbounds.entries.loops import LOOPS
from stlbounds.entries.theorems import THEOREMS
from stlbounds.errors import InvalidArgumentError, near_misses

__all__ = ["GENERATORS", "LEARNERS", "LOOPS", "THEOREMS", "Entry", "GeneratorEntry", "Parameter", "find", "settable"]


def settable() -> list[str]:
    """The symbols that bounds of the catalogue may contain, each once."""
    rooms: tuple[Mapping[str, Entry[Any]], ...] = (LOOPS, GENERATORS, LEARNERS, THEOREMS)
    brought = (name for room in rooms for entry in room.values() for name in entry.symbols)
    return list(dict.fromkeys(["n", "i", *brought]))


Found = TypeVar("Found")


def find(kind: str, name: str, entries: Mapping[str, Found], *, or_else: str = "") -> Found:
    """The entry of that name; ``or_else`` tells what might have been meant besides.

    Raises
    ------
    InvalidArgumentError
        With the names that exist, and the nearest one.
    """
    if name in entries:
        return entries[name]
    shown = ascii(name if len(name) <= 60 else f"{name[:60]}...")
    raise InvalidArgumentError(kind, shown, f"{or_else}one of {', '.join(entries)}", near_misses(name, entries))
