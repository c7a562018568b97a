"""The forgeries of `test_verify` once more under ``python -O``, which strips every assert statement of the library."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import test_verify


def _cases(test: Any) -> Iterator[dict[str, Any]]:
    """The parameters of a test, as pytest would fill them in."""
    marks = getattr(test, "pytestmark", [])
    if not marks:
        yield {}
        return
    (mark,) = marks
    names = [mark.args[0]] if isinstance(mark.args[0], str) else list(mark.args[0])
    for value in mark.args[1]:
        yield dict(zip(names, value if len(names) > 1 else [value], strict=True))


def _run_all() -> None:
    if __debug__:
        raise SystemExit("run with python -O")
    count = 0
    for name, test in vars(test_verify).items():
        if name.startswith("test_"):
            for parameters in _cases(test):
                test(**parameters)
                count += 1
    print(f"{count} cases passed")


@pytest.mark.slow
def test_forgeries_are_refused_without_assert_statements():
    done = subprocess.run(
        [sys.executable, "-O", __file__], capture_output=True, text=True, timeout=600, check=False,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)})
    assert done.returncode == 0, done.stdout + done.stderr
    cases = sum(1 for name, test in vars(test_verify).items() if name.startswith("test_") for _ in _cases(test))
    assert done.stdout == f"{cases} cases passed\n"


if __name__ == "__main__":
    _run_all()
