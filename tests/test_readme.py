"""The README says only what is true: its examples are run, and its commands are the ones that CI runs."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stlbounds.cli import app

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_examples_run() -> None:
    results = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert results.attempted >= 10
    assert results.failed == 0


@pytest.mark.parametrize("block", re.findall(r"```console\n(.*?)```", TEXT, flags=re.DOTALL))
def test_the_commands_print_what_is_shown(block: str) -> None:
    command, output = block.removeprefix("$ ").replace("\\\n", " ").split("\n", 1)
    result = CliRunner().invoke(app, shlex.split(command)[1:])
    assert result.exit_code == 0
    assert result.stdout.strip() == output.strip()


@pytest.mark.parametrize("marker", ["main-command", "test-command"])
def test_ci_runs_the_commands_of_the_readme(marker: str) -> None:
    assert TEXT.count(f"<!-- {marker} -->\n```sh\npython3 -m venv .venv && ") == 1
    assert f"command_after {marker}" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
