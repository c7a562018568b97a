"""What the catalogue holds."""

from __future__ import annotations

from typing import Any

from stlbounds.cli.options import Json
from stlbounds.cli.output import columns, print_json, say
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS, THEOREMS, Entry, settable

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("stlbounds list",)


def run(as_json: Json = False) -> None:
    """List the models, loops, learners, theorems and symbols."""
    from stlbounds.symbols import entry

    rooms: dict[str, dict[str, Entry[Any]]] = {
        "models": dict(GENERATORS), "loops": dict(LOOPS), "learners": dict(LEARNERS), "theorems": dict(THEOREMS)}
    symbols = {name: entry(name) for name in settable()}
    if as_json:
        data: dict[str, Any] = {"schema": "stlbounds/list/1"}
        for room, entries in rooms.items():
            data[room] = {name: {"summary": e.summary, "symbols": list(e.symbols)} for name, e in entries.items()}
        data["symbols"] = {name: {"meaning": e.meaning, "range": str(e.range)} for name, e in symbols.items()}
        print_json(data)
        return
    for room, entries in rooms.items():
        say(room)
        say(columns([(name, e.summary, f"[{', '.join(e.symbols)}]" if e.symbols else "")
                     for name, e in entries.items()]))
        say()
    say("symbols (for --set)")
    say(columns([(name, str(e.range), e.meaning) for name, e in symbols.items()]))
