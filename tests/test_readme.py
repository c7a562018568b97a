"""The README and the pages say only what is true: examples are run, and the commands are the ones that CI runs."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stlbounds.cli.app import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_python_examples_run(page: Path) -> None:
    results = doctest.testfile(str(page), module_relative=False)
    assert results.failed == 0
    assert (results.attempted > 0) == (">>> " in page.read_text(encoding="utf-8"))


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
