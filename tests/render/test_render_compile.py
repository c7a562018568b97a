"""PDF from LaTeX: what a failing document, a missing program and an unwritable folder lead to."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest

from stlbounds.errors import InvalidArgumentError, MissingDependencyError, OutputError
from stlbounds.render.compile import LatexError, compile_pdf, read_log

needs_tex = pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
DOCUMENT = r"\documentclass{article}\begin{document}%s\end{document}"


@needs_tex
def test_a_document_becomes_a_pdf_and_nothing_else(tmp_path: Path) -> None:
    summary = compile_pdf(DOCUMENT % "Hello", tmp_path / "hello.pdf")
    assert (summary.pages, summary.overfull, summary.undefined) == (1, (), ())
    assert [path.name for path in tmp_path.iterdir()] == ["hello.pdf"]
    assert (tmp_path / "hello.pdf").read_bytes().startswith(b"%PDF")


@needs_tex
def test_an_old_pdf_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "hello.pdf"
    target.write_text("old")
    compile_pdf(DOCUMENT % "Hello", target)
    assert target.read_bytes().startswith(b"%PDF")


@needs_tex
def test_overfull_boxes_and_undefined_references_are_reported(tmp_path: Path) -> None:
    summary = compile_pdf(DOCUMENT % r"\hbox to 1cm{\rule{2cm}{1pt}} \cite{nobody} \ref{nowhere}", tmp_path / "x.pdf")
    assert len(summary.overfull) == 1
    assert summary.overfull[0] == pytest.approx(28.45, abs=0.1)
    assert summary.undefined == ("nobody", "nowhere")


@needs_tex
def test_the_first_error_line_is_in_the_message(tmp_path: Path) -> None:
    target = tmp_path / "x.pdf"
    target.write_text("old")
    with pytest.raises(LatexError, match=r"document\.tex:1: Undefined control sequence"):
        compile_pdf(DOCUMENT % r"\nosuchcommand", target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.pdf"]


@needs_tex
def test_a_document_cannot_run_programs(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    compile_pdf(DOCUMENT % rf"\immediate\write18{{touch {trap}}}x", tmp_path / "x.pdf")
    assert not trap.exists()


@needs_tex
def test_a_document_cannot_write_elsewhere(tmp_path: Path) -> None:
    trap = tmp_path / "trap.txt"
    body = rf"\newwrite\w\immediate\openout\w={trap}\immediate\write\w{{x}}\immediate\closeout\w x"
    with pytest.raises(LatexError):
        compile_pdf(DOCUMENT % body, tmp_path / "x.pdf")
    assert not trap.exists()


@needs_tex
def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        compile_pdf(DOCUMENT % "x", tmp_path / "no" / "x.pdf")


@needs_tex
def _running_below(folder: Path) -> list[str]:
    """The processes whose working folder is below this one."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if os.readlink(link).startswith(str(folder)):
                found.append(link.parent.name)
    return found


def test_a_document_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(LatexError, match="did not finish within 2 s"):
        compile_pdf(DOCUMENT % r"\loop\iftrue\repeat", tmp_path / "x.pdf", timeout=2)
    # Nothing goes on in the background: latexmk's own child has ended too.
    deadline = time.monotonic() + 10
    while _running_below(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)  # a killed process takes a moment to go
    assert not _running_below(tmp_path)
    with pytest.raises(InvalidArgumentError, match="timeout"):
        compile_pdf(DOCUMENT % "x", tmp_path / "x.pdf", timeout=0)


def test_without_latexmk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="latexmk"):
        compile_pdf(DOCUMENT % "x", tmp_path / "x.pdf")
    assert list(tmp_path.iterdir()) == []


def test_logs_are_read() -> None:
    log = "\n".join([
        r"Overfull \hbox (12.5pt too wide) in paragraph at lines 3--4",
        r"Overfull \vbox (1.0pt too high) has occurred while \output is active",
        r"Underfull \hbox (badness 10000) in paragraph at lines 3--4",
        r"LaTeX Warning: Citation `a' on page 1 undefined on input line 3.",
        r"LaTeX Warning: Reference `b' on page 1 undefined on input line 3.",
        r"Output written on document.pdf (12 pages, 99 bytes).",
    ])
    summary = read_log(log)
    assert (summary.pages, summary.overfull, summary.undefined) == (12, (12.5, 1.0), ("a", "b"))
    assert read_log("").pages == 0
