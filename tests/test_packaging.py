"""The wheel: what is inside, and that it works away from the checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import stlbounds

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True,
                   capture_output=True)
    [path] = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


@pytest.fixture(scope="module")
def installed(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    wheel.extractall(folder)
    return folder


def away(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the unpacked wheel in another folder, without the checkout on the path."""
    return subprocess.run([sys.executable, "-m", "stlbounds", *arguments], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(installed)}, check=False, stdin=subprocess.DEVNULL)


def test_the_version_is_written_in_one_place() -> None:
    assert re.search(r'^dynamic = \["version"\]$', (ROOT / "pyproject.toml").read_text(), re.M)
    assert stlbounds.__version__ in (ROOT / "stlbounds" / "_version.py").read_text()
    others = [path for path in (ROOT / "stlbounds").rglob("*.py") if path.name != "_version.py"
              and re.search(r"__version__\s*=", path.read_text(encoding="utf-8"))]
    assert others == []


@pytest.mark.slow
def test_everything_is_inside(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    for path in (ROOT / "stlbounds").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
            assert path.relative_to(ROOT).as_posix() in names
    derivations = {path.relative_to(ROOT / "derivations").as_posix() for path in (ROOT / "derivations").rglob("*.py")}
    shipped = {name.partition("_derivations/")[2] for name in names if name.startswith("stlbounds/_derivations/")}
    assert {name for name in shipped if name.endswith(".py")} == derivations
    assert not [name for name in names if name.endswith((".pyc", ".orig")) or name.startswith(("tests", "docs"))]
    assert any(name.endswith("licenses/LICENSE") for name in names)
    [metadata] = [wheel.read(name).decode() for name in names if name.endswith("METADATA")]
    assert f"\nVersion: {stlbounds.__version__}\n" in metadata


@pytest.mark.slow
def test_it_works_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    where = subprocess.run([sys.executable, "-c", "import stlbounds; print(stlbounds.__file__)"], cwd=tmp_path,
                           capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(installed)}, check=True)
    assert where.stdout.startswith(str(installed))
    assert away(installed, tmp_path, "init", "mine.toml").returncode == 0
    for arguments, schema in [
        (["list"], "list"), (["derive", "mine.toml"], "derive"), (["reproduce", "dong2021"], "reproduce"),
        (["eval", "categorical", "--set", "K=5", "--set", "n=100", "--set", "alpha=1/2", "--set", "i=3", "--set",
          "delta=0.1"], "eval"),
    ]:
        done = away(installed, tmp_path, *arguments, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["schema"].startswith(f"stlbounds/{schema}/")
    latex = away(installed, tmp_path, "derive", "mine.toml", "--latex", "document")
    assert latex.returncode == 0 and latex.stdout.rstrip().endswith(r"\end{document}"), latex.stderr
