"""Writing files so that nothing half written is ever seen: first aside, then moved into place."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stlbounds.errors import OutputError

__all__ = ["staged_folder", "write_json", "write_text"]


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    if path.exists() and not path.is_file():
        # Moving a file there would replace a device or a pipe.
        raise OutputError(f"cannot write {path}: it is no regular file")
    waiting = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        waiting.write_text(text, encoding="utf-8", newline="\n")
        os.replace(waiting, path)
    except (OSError, UnicodeEncodeError) as error:
        waiting.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from error


def write_json(path: Path, data: Any) -> None:
    """Write JSON, indented, with one newline at the end; NaN and infinities are refused, being no JSON."""
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _made_by_us(folder: Path, marker: str, schema: str) -> bool:
    """Whether the folder holds our marker file, so that its files may be replaced."""
    try:
        found = json.loads((folder / marker).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and str(found.get("schema", "")).startswith(schema)


def _refuse(destination: Path, marker: str, schema: str) -> None:
    if destination.exists() and not destination.is_dir():
        raise OutputError(f"cannot write to {destination}: it is a file, not a folder")
    if destination.is_dir() and any(destination.iterdir()) and not _made_by_us(destination, marker, schema):
        raise OutputError(f"cannot write to {destination}: it is not empty and holds no report of stlbounds; "
                          f"choose a new folder")


def _make_parents(folder: Path) -> list[Path]:
    """Make a folder and those above it; the ones that were made, outermost first."""
    missing: list[Path] = []
    while not folder.exists():
        missing.insert(0, folder)
        folder = folder.parent
    made: list[Path] = []
    try:
        for path in missing:
            path.mkdir()
            made.append(path)
    except OSError:
        _remove_empty(made)
        raise
    return made


def _remove_empty(folders: Sequence[Path]) -> None:
    for folder in reversed(folders):
        try:
            folder.rmdir()
        except OSError:
            return


@contextmanager
def staged_folder(destination: Path, *, marker: str, schema: str, files: Sequence[str]) -> Iterator[Path]:
    """A temporary folder beside `destination` whose files are moved there when the block ends well.

    A new `destination` appears in one step. In one that was made by an earlier run each file is replaced in one step,
    those of `files` that are no longer made are removed, and foreign files stay.

    Parameters
    ----------
    destination : pathlib.Path
        The folder to fill.
    marker : str
        The name of the JSON file by which a folder of ours is known.
    schema : str
        What the ``schema`` entry of `marker` starts with.
    files : sequence of str
        All names that a run may write.

    Yields
    ------
    pathlib.Path
        Where to write.

    Raises
    ------
    OutputError
        If `destination` cannot be written or belongs to somebody else; nothing is left behind.
    """
    destination = Path(os.path.abspath(destination))
    made: list[Path] = []
    waiting = destination.parent / f".{destination.name}.{secrets.token_hex(4)}"
    finished = False
    try:
        _refuse(destination, marker, schema)
        made = _make_parents(destination.parent)
        waiting.mkdir()
        yield waiting
        _move(waiting, destination, files)
        finished = True
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"cannot write to {destination}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(waiting, ignore_errors=True)
        if not finished:
            _remove_empty(made)


def _move(waiting: Path, destination: Path, files: Sequence[str]) -> None:
    if not destination.exists():
        os.rename(waiting, destination)
        return
    written = {path.name for path in waiting.iterdir()}
    for name in files:
        if name not in written:
            (destination / name).unlink(missing_ok=True)
    for name in sorted(written):
        os.replace(waiting / name, destination / name)
