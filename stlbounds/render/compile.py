"""PDF from LaTeX: latexmk in a folder of its own, without a shell escape, and what its log says."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from stlbounds.errors import InvalidArgumentError, MissingDependencyError, OutputError

__all__ = ["LatexError", "LogSummary", "compile_pdf", "read_log"]

_OVERFULL = re.compile(r"^Overfull \\[hv]box \(([0-9.]+)pt too (?:wide|high)\)", re.MULTILINE)
_UNDEFINED = re.compile(r"^LaTeX Warning: (?:Reference|Citation) [`']([^']+)' .*undefined", re.MULTILINE)
_PAGES = re.compile(r"^Output written on .*?\((\d+) pages?", re.MULTILINE)
_ERROR = re.compile(r"^(?:! .*|[^\n:]*\.tex:\d+: .*)$", re.MULTILINE)


class LatexError(OutputError):
    """LaTeX refused the text; the message holds its first error line."""


@dataclass(frozen=True)
class LogSummary:
    """What a compilation said.

    Attributes
    ----------
    pages : int
        The number of pages.
    overfull : tuple of float
        By how many points each overfull box is too wide or too high.
    undefined : tuple of str
        References and citations without a target.
    """

    pages: int
    overfull: tuple[float, ...]
    undefined: tuple[str, ...]


def read_log(log: str) -> LogSummary:
    """The pages, overfull boxes and undefined references of a LaTeX log.

    Parameters
    ----------
    log : str
        The log of the last run, its lines not wrapped.

    Returns
    -------
    LogSummary
    """
    found = _PAGES.search(log)
    return LogSummary(int(found.group(1)) if found else 0,
                      tuple(float(points) for points in _OVERFULL.findall(log)),
                      tuple(dict.fromkeys(_UNDEFINED.findall(log))))


def compile_pdf(tex: str, destination: Path, *, timeout: float = 120.0) -> LogSummary:
    """Compile a document and put the PDF at `destination`.

    LaTeX runs in a temporary folder, without a shell escape; the PDF is moved into place when it is finished, so that
    nothing half written is ever seen.

    Parameters
    ----------
    tex : str
        A complete document.
    destination : pathlib.Path
        The PDF to write; its folder must exist.
    timeout : float
        Seconds after which LaTeX is stopped.

    Returns
    -------
    LogSummary
        Pages, overfull boxes, undefined references.

    Raises
    ------
    MissingDependencyError
        If latexmk is not installed.
    LatexError
        If LaTeX fails or takes too long, with its first error line.
    OutputError
        If the PDF cannot be written.
    """
    if not timeout > 0:
        raise InvalidArgumentError("timeout", timeout, "a positive number of seconds")
    program = shutil.which("latexmk")
    if program is None:
        raise MissingDependencyError(
            "latexmk is not installed, so no PDF can be made; install a TeX distribution, for example "
            "apt-get install latexmk texlive-latex-recommended")
    destination = Path(destination)
    with tempfile.TemporaryDirectory(prefix="stlbounds-") as folder:
        pdf, log = _run(program, tex, Path(folder), timeout)
        _place(pdf, destination)
    return read_log(log)


def _run(program: str, tex: str, folder: Path, timeout: float) -> tuple[Path, str]:
    """Run latexmk in ``folder``; the PDF and the log of the last run."""
    (folder / "document.tex").write_text(tex, encoding="utf-8")
    # Log lines are otherwise wrapped at 79 characters; openout_any keeps TeX inside its folder.
    environment = {**os.environ, "max_print_line": "10000", "openout_any": "p",
                   # The same bytes twice: no dates.
                   "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
    command = [program, "-norc", "-pdf", "-halt-on-error", "-interaction=nonstopmode", "-file-line-error",
               "-no-shell-escape", "document.tex"]
    # A session of its own: latexmk starts pdflatex, which has to be stopped with it.
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            _, complaint = process.communicate(timeout=timeout)
        except BaseException as error:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise LatexError(f"LaTeX did not finish within {timeout:g} s") from None
            raise
    log_file, pdf = folder / "document.log", folder / "document.pdf"
    log = log_file.read_text(encoding="utf-8", errors="replace") if log_file.exists() else ""
    if process.returncode != 0 or not pdf.exists():
        first = _ERROR.search(log)
        reason = first.group() if first else complaint.decode(errors="replace").strip()[-300:]
        raise LatexError(f"LaTeX failed: {reason or 'no error line in its log'}")
    return pdf, log


def _place(pdf: Path, destination: Path) -> None:
    """Move a finished PDF into place in one step."""
    waiting: str | None = None
    try:
        handle, waiting = tempfile.mkstemp(dir=destination.parent, prefix=f".{destination.name}.")
        with os.fdopen(handle, "wb") as out:
            out.write(pdf.read_bytes())
        # mkstemp makes files private; a PDF gets the permissions that any new file would.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(waiting, 0o666 & ~mask)
        os.replace(waiting, destination)
    except OSError as error:
        if waiting is not None:
            Path(waiting).unlink(missing_ok=True)
        raise OutputError(f"cannot write {destination}: {error.strerror or error}") from error
