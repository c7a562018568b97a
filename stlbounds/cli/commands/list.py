"""What the catalogue holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from stlbounds.cli.options import Json
from stlbounds.cli.output import columns, print_json, say
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS, THEOREMS, Entry, settable
from stlbounds.errors import InvalidArgumentError

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("stlbounds list", "stlbounds list models --format markdown", "stlbounds list --format latex > tables.tex")

#: What can be listed, and which kind of the catalogue has a table of constants for it.
_ROOMS: dict[str, str | None] = {
    "models": "generator", "loops": "loop", "learners": "learner", "theorems": None, "symbols": None}
_FORMATS = ("text", "markdown", "latex", "json")


def run(
    what: Annotated[str | None, typer.Argument(
        metavar="|".join(_ROOMS), help="List only these.", autocompletion=lambda: list(_ROOMS))] = None,
    shape: Annotated[str, typer.Option("--format", metavar="|".join(_FORMATS), help="How to print it.",
                                       autocompletion=lambda: list(_FORMATS))] = "text",
    as_json: Json = False,
) -> None:
    """List the models, loops, learners, theorems and symbols.

    Models, loops and learners come with their constants, as derived; theorems and symbols with their meaning.
    """
    if what is not None and what not in _ROOMS:
        raise InvalidArgumentError("list", repr(what), f"one of {', '.join(_ROOMS)}")
    if shape not in _FORMATS:
        raise InvalidArgumentError("--format", repr(shape), f"one of {', '.join(_FORMATS)}")
    rooms = [what] if what is not None else list(_ROOMS)
    if as_json or shape == "json":
        print_json({"schema": "stlbounds/list/1", **{room: _data(room) for room in rooms}})
    elif shape == "text":
        say("\n\n".join(_text(room) for room in rooms))
    else:
        say("\n\n".join(_table(room, shape).rstrip("\n") for room in rooms))


def _entries(room: str) -> dict[str, Entry[Any]]:
    kinds: dict[str, dict[str, Any]] = {
        "models": GENERATORS, "loops": LOOPS, "learners": LEARNERS, "theorems": THEOREMS}
    return dict(kinds[room])


def _data(room: str) -> dict[str, Any]:
    """The entries of a room by name, as plain data."""
    if room == "symbols":
        return {name: {"meaning": meaning, "range": values} for name, values, meaning in _symbols()}
    kind = _ROOMS[room]
    if kind is None:
        return {name: {"summary": e.summary, "symbols": list(e.symbols)} for name, e in _entries(room).items()}
    from stlbounds.overview import catalogue

    return {row.name: {name: value for name, value in row.to_dict().items() if name not in ("name", "kind")}
            for row in catalogue(kind=kind)}


def _symbols() -> list[tuple[str, str, str]]:
    """Name, range and meaning of every symbol that can be set."""
    from stlbounds.symbols import entry

    return [(name, str(entry(name).range), entry(name).meaning) for name in settable()]


def _text(room: str) -> str:
    if room == "symbols":
        return "symbols (for --set)\n" + columns(_symbols())
    listed = columns([(name, e.summary, f"[{', '.join((*e.symbols, *e.lists))}]" if e.symbols or e.lists else "")
                      for name, e in _entries(room).items()])
    kind = _ROOMS[room]
    if kind is None:
        return f"{room}\n{listed}"
    from stlbounds.overview import catalogue

    constants = catalogue(kind=kind).text().split("\n", 2)[2]
    return f"{room}\n{listed}\n\nconstants of {room}\n{constants}"


def _table(room: str, shape: str) -> str:
    from stlbounds.overview import catalogue
    from stlbounds.render.tables import Table

    kind = _ROOMS[room]
    if kind is not None:
        found = catalogue(kind=kind)
        return found.latex() if shape == "latex" else found.markdown()
    rows: Sequence[tuple[str, ...]] = _symbols() if room == "symbols" else [
        (name, e.summary) for name, e in _entries(room).items()]
    head = ("name", "range", "meaning") if room == "symbols" else ("name", "what it bounds")
    if shape == "latex":
        rows = [tuple(cell.replace("_", r"\_").replace("^", r"\^{}") for cell in row) for row in rows]
    made = Table(room.capitalize(), head, tuple(rows))
    return made.latex("@{}" + "l" * (len(head) - 1) + "X@{}") if shape == "latex" else made.markdown()
