"""Writing files: all of them or none, and never over somebody else's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stlbounds.errors import OutputError
from stlbounds.files import staged_folder, write_json, write_text

NAMES = ("a.txt", "b.txt", "mark.json")


def fill(folder: Path, text: str = "one", names: tuple[str, ...] = NAMES) -> None:
    with staged_folder(folder, marker="mark.json", schema="ours/", files=NAMES) as place:
        for name in names:
            if name == "mark.json":
                write_json(place / name, {"schema": "ours/1"})
            else:
                write_text(place / name, text)


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_folder_appears_with_its_parents(tmp_path: Path) -> None:
    fill(tmp_path / "x" / "y")
    assert listing(tmp_path / "x" / "y") == sorted(NAMES)
    assert listing(tmp_path / "x") == ["y"]
    assert (tmp_path / "x" / "y" / "a.txt").read_text() == "one"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    fill(tmp_path / "x")
    assert listing(tmp_path) == ["x"]
    assert listing(tmp_path / "x") == sorted(NAMES)


def test_an_earlier_one_is_replaced_and_foreign_files_stay(tmp_path: Path) -> None:
    fill(tmp_path / "x")
    (tmp_path / "x" / "notes.txt").write_text("mine")
    fill(tmp_path / "x", "two", ("a.txt", "mark.json"))
    assert listing(tmp_path / "x") == ["a.txt", "mark.json", "notes.txt"], "b.txt is stale"
    assert (tmp_path / "x" / "a.txt").read_text() == "two"
    assert listing(tmp_path) == ["x"]


@pytest.mark.parametrize("content", [None, "no json", "[1]", '{"schema": "theirs/1"}'])
def test_a_foreign_folder_is_refused(tmp_path: Path, content: str | None) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "thesis.tex").write_text("do not touch")
    if content is not None:
        (tmp_path / "x" / "mark.json").write_text(content)
    before = listing(tmp_path / "x")
    with pytest.raises(OutputError, match="choose a new folder"):
        fill(tmp_path / "x")
    assert listing(tmp_path / "x") == before
    assert listing(tmp_path) == ["x"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("a file")
    with pytest.raises(OutputError, match="it is a file"):
        fill(tmp_path / "x")
    with pytest.raises(OutputError, match="cannot write"):
        fill(tmp_path / "x" / "y" / "z")
    assert (tmp_path / "x").read_text() == "a file"


def test_nothing_is_left_after_an_error(tmp_path: Path) -> None:
    for error in (ValueError, KeyboardInterrupt, OSError):
        with (
            pytest.raises(OutputError if error is OSError else error),
            staged_folder(tmp_path / "x" / "y", marker="mark.json", schema="ours/", files=NAMES) as place,
        ):
            write_text(place / "a.txt", "half")
            assert place.parent.parent == tmp_path, "aside, in the same file system"
            raise error("stop")
        assert listing(tmp_path) == []


def test_an_earlier_one_survives_an_error(tmp_path: Path) -> None:
    fill(tmp_path / "x")
    with (
        pytest.raises(ValueError, match="stop"),
        staged_folder(tmp_path / "x", marker="mark.json", schema="ours/", files=NAMES) as place,
    ):
        write_text(place / "a.txt", "half")
        raise ValueError("stop")
    assert (tmp_path / "x" / "a.txt").read_text() == "one"
    assert listing(tmp_path) == ["x"]


def test_text_and_json(tmp_path: Path) -> None:
    write_text(tmp_path / "t", "α\nβ\n")
    assert (tmp_path / "t").read_bytes() == "α\nβ\n".encode()
    write_json(tmp_path / "j", {"a": [1, 0.5, None, "α"]})
    assert json.loads((tmp_path / "j").read_text(encoding="utf-8")) == {"a": [1, 0.5, None, "α"]}
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "k", {"a": float("nan")})
    with pytest.raises(OutputError, match="cannot write"):
        write_text(tmp_path / "missing" / "t", "x")
    assert listing(tmp_path) == ["j", "t"]


def test_what_is_no_regular_file_is_never_replaced(tmp_path):
    import os

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for target in (pipe, tmp_path):
        with pytest.raises(OutputError, match="no regular file"):
            write_text(target, "text")
    assert pipe.is_fifo() and [path.name for path in tmp_path.iterdir()] == ["pipe"]
