"""What the command line prints: text, JSON, and progress on terminals only."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

__all__ = ["CONTRADICTED", "columns", "print_json", "progress", "say"]

Progress = Callable[[int, int], None]

#: The exit code for: the answer is no.
CONTRADICTED = 1


def say(text: str = "") -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{text}\n")


def _finite(data: Any) -> Any:
    """Plain data with None in place of NaN and infinities, which JSON does not know."""
    if isinstance(data, dict):
        return {name: _finite(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def print_json(data: Any) -> None:
    """Print one JSON object."""
    say(json.dumps(_finite(data), indent=2, ensure_ascii=True, allow_nan=False))


def columns(rows: Sequence[Sequence[str]], indent: str = "  ") -> str:
    """Rows of text with aligned columns."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join(
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
        for row in rows)


@contextmanager
def progress(description: str) -> Iterator[Progress | None]:
    """Progress on standard error if it is a terminal: yields a callback ``(done, total)``, or None."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(description, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
