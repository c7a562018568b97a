"""The file that a sweep is resumed from: one line of JSON for each finished row, appended and synced to the disk.

The first line says which sweep the file belongs to. Each row carries a checksum. A process that is killed while it
writes leaves at most a last line without its end, which is dropped and computed again; any other damage is
reported, with the number of the line, and never repaired silently.
"""

from __future__ import annotations

import json
import math
import os
import stat
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from stlbounds.errors import OutputError, StoreError

__all__ = ["SCHEMA", "SweepStore", "from_json", "to_json"]

#: Version of the lines.
SCHEMA = "stlbounds/sweep/1"

#: JSON has no words for these.
_NOT_FINITE = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
_OPEN = os.O_RDWR | os.O_CREAT | os.O_APPEND


def to_json(row: Mapping[str, Any]) -> str:
    """A row as one line of JSON, with ``{"float": "inf"}`` and the like for what JSON cannot write.

    Examples
    --------
    >>> to_json({"a": 0.5, "b": math.inf})
    '{"a": 0.5, "b": {"float": "inf"}}'
    """
    plain = {name: {"float": repr(value)} if isinstance(value, float) and not math.isfinite(value) else value
             for name, value in row.items()}
    return json.dumps(plain, allow_nan=False, ensure_ascii=True)


def from_json(text: str) -> dict[str, Any]:
    """The row that `to_json` wrote.

    Raises
    ------
    ValueError
        If it is not one.
    """
    row = json.loads(text)
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    return {name: _NOT_FINITE[value["float"]] if isinstance(value, dict) else value for name, value in row.items()}


def _checksum(text: str) -> int:
    return zlib.crc32(text.encode())


class SweepStore:
    """The rows of one sweep in a file; a context manager that holds a lock on it.

    Parameters
    ----------
    path : pathlib.Path
        A file of the same sweep, or one that does not exist yet.
    header : mapping
        What the sweep is, as plain data; ``header["fingerprint"]`` decides whether a file belongs to it.
    points : sequence of mapping
        The values that the row of each point starts with.

    Raises
    ------
    StoreError
        If the file is damaged, in use by another process, or not of this sweep; it is left as it is.
    OutputError
        If it cannot be opened or written.
    """

    def __init__(self, path: Path, header: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> None:
        self.path = Path(path)
        self.rows: dict[int, dict[str, Any]] = {}
        self._header = to_json(header) + "\n"
        self._known = header
        self._points = points
        self._file = -1

    def __enter__(self) -> SweepStore:
        try:
            # A device or a pipe could be read for ever.
            if self.path.exists() and not self.path.is_file():
                raise OutputError(f"cannot keep a sweep in {self.path}: it is no regular file")
            self._file = os.open(self.path, _OPEN, stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH)
            self._lock()
            self._load()
        except OSError as error:
            self._close()
            if isinstance(error, OutputError):
                raise
            raise OutputError(f"cannot open {self.path}: {error.strerror or error}") from error
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # Windows has no such locks
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreError(f"{self.path} is in use by another sweep; wait for it, or choose another file") from error

    # --- reading --------------------------------------------------------------------------------------------

    def _load(self) -> None:
        content = self.path.read_bytes()
        whole, _, rest = content.rpartition(b"\n")
        lines = whole.split(b"\n") if whole or content.startswith(b"\n") else []
        if not lines:
            if not self._header.encode().startswith(rest):
                raise self._foreign()
            # Nothing yet, or a process that was killed while it wrote the first line.
            os.ftruncate(self._file, 0)
            self._write(self._header)
            return
        self._check_header(lines[0])
        for number, line in enumerate(lines[1:], start=2):
            self._read(number, line)
        if rest:
            os.ftruncate(self._file, len(content) - len(rest))

    def _foreign(self) -> StoreError:
        return StoreError(f"{self.path} is no file of a sweep; it was left as it is; choose another file")

    def _damaged(self, line: int, why: str) -> StoreError:
        return StoreError(f"{self.path} is damaged in line {line}: {why}. The file was left as it is. Delete that line "
                          f"to compute its point again and keep all others, or choose another file")

    def _check_header(self, line: bytes) -> None:
        try:
            found = from_json(line.decode())
        except (ValueError, KeyError, TypeError):
            if b"stlbounds/sweep/" not in line:
                raise self._foreign() from None
            raise StoreError(f"{self.path} is damaged in line 1, which says what sweep the rows belong to. The file "
                             f"was left as it is. Replace line 1 by that of a new file of the same sweep to keep the "
                             f"rows, or choose another file") from None
        if not str(found.get("schema", "")).startswith("stlbounds/sweep/"):
            raise self._foreign()
        differs = [name for name, value in self._known.items() if found.get(name) != value]
        if differs:
            name = next((part for part in differs if part != "fingerprint"), "fingerprint")
            raise StoreError(f"{self.path} belongs to another sweep: {name} is {_short(found.get(name))} there and "
                             f"{_short(self._known[name])} here; choose another file, or repeat that sweep")

    def _read(self, number: int, line: bytes) -> None:
        try:
            text = line.decode()
            row = from_json(text)
            recorded = row.pop("crc")
            point = row["point"]
        except (ValueError, KeyError, TypeError):
            raise self._damaged(number, "it is no row of a sweep") from None
        if recorded != _checksum(to_json(row)):
            raise self._damaged(number, "its checksum is wrong")
        if not isinstance(point, int) or not 0 <= point < len(self._points):
            raise self._damaged(number, f"the sweep has no point {point}")
        if any(row.get(name) != value for name, value in self._points[point].items()):
            raise self._damaged(number, f"its values are not those of point {point}")
        if self.rows.setdefault(point, row) is not row:
            raise self._damaged(number, f"point {point} occurs twice")

    # --- writing --------------------------------------------------------------------------------------------

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows and wait until they are on the disk.

        Parameters
        ----------
        rows : sequence of mapping
            Each with its ``"point"``.

        Raises
        ------
        OutputError
            If the disk is full, for example; the rows before are kept, and none of these is.
        """
        lines = [to_json({**row, "crc": _checksum(to_json(row))}) + "\n" for row in rows]
        self._write("".join(lines))
        self.rows.update((int(row["point"]), dict(row)) for row in rows)

    def _write(self, text: str) -> None:
        before = os.fstat(self._file).st_size
        data = memoryview(text.encode())
        try:
            while data:
                data = data[os.write(self._file, data):]
            os.fsync(self._file)
        except OSError as error:
            # If this fails as well: a line without its end is dropped when the file is read again.
            with suppress(OSError):
                os.ftruncate(self._file, before)
            raise OutputError(f"cannot write to {self.path}: {error.strerror or error}; its {len(self.rows)} rows so "
                              f"far are kept, and the same call continues from there") from error


def _short(value: Any) -> str:
    text = json.dumps(value) if not isinstance(value, str) else value
    return text if len(text) <= 60 else text[:57] + "..."
