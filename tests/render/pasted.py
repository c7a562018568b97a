"""Bounds pasted into documents of three preambles, and what real TeX says: what the tests and `all_pairs.py` share."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sympy as sp

import stlbounds as stl
from stlbounds.bound import Bound
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS
from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.render.compile import read_log
from stlbounds.render.latex import equation, proof, render, theorem
from stlbounds.render.references import REFERENCES
from stlbounds.symbols import entry

__all__ = ["CHOICES_OF_REAL", "PREAMBLES", "WIDTHS", "bound_or_none", "compiled", "complaints", "parameter", "pasted",
           "setting"]

PREAMBLES = Path(__file__).parent / "preambles"
#: The line of each preamble, in points.
WIDTHS = {"column": 390.0, "columns": 234.0, "plain": 340.0}
#: Loops that let a user choose how real data come.
CHOICES_OF_REAL = {"fixed-mix": ("replay", "fresh"), "schedule": ("fresh", "replay")}


def parameter(name: str) -> Any:
    """The symbol of that name; numbers for what is a list of proportions."""
    return [sp.Rational(1, 2), sp.Rational(2, 5)] if name == "alphas" else entry(name).symbol


def setting(loop: str, generator: str, real: str | None = None, learner: str | None = None) -> stl.Setting:
    """A setting of the catalogue with symbols for all parameters; the learner that belongs to the generator."""
    item = GENERATORS[generator]
    return stl.Setting(LOOPS[loop].make(parameter, real), item.make(parameter),
                       LEARNERS[learner or item.learner].make(parameter))


def bound_or_none(made: stl.Setting, theorem_name: str) -> Bound | None:
    """The bound; nothing where the theorem does not hold for the setting."""
    try:
        return Bound(made, theorem_name)
    except (AssumptionError, UndecidedError):
        return None


def pasted(bound: Bound, title: str, kinds: Sequence[str] = ("equation", "theorem", "proof"),
           preambles: Sequence[str] = tuple(WIDTHS)) -> Iterator[tuple[str, str, str]]:
    """For each preamble what is pasted: the preamble, the title, the text."""
    for preamble in preambles:
        width = WIDTHS[preamble]
        for kind in kinds:
            if kind == "equation":
                text = rf"\[ {equation(bound, width=width)} \]"
            elif kind == "theorem":
                text = theorem(bound, width=width)
            elif kind == "proof":
                text = proof(bound, width=width)
            else:
                text = r"\noindent " * (kind == "notation") + render(bound, kind, width=width)
            yield preamble, f"{title}, {kind}", text


def compiled(preamble: str, parts: Sequence[tuple[str, str]], folder: Path, packages: str = "") -> str:
    """The log of the second run of pdflatex, with a line ``@@ title`` before what a part says."""
    keys = "".join(rf"\bibitem[Author(2000)]{{{key}}} x " if preamble != "plain" else rf"\bibitem{{{key}}} x "
                   for key in REFERENCES)
    body = "\n\n".join(rf"\typeout{{@@ {title}}}" + "\n" + text for title, text in parts)
    (folder / "x.tex").write_text((PREAMBLES / f"{preamble}.tex").read_text() + packages + "\\begin{document}\n" + body
                                  + "\n\\begin{thebibliography}{99}" + keys + "\\end{thebibliography}\n\\end{document}")
    for _ in range(2):
        run = subprocess.run(["pdflatex", "-draftmode", "-halt-on-error", "-interaction=nonstopmode", "x.tex"],
                             cwd=folder, stdout=subprocess.DEVNULL, check=False,
                             env={**os.environ, "max_print_line": "10000"})
    log = (folder / "x.log").read_text(errors="replace")
    assert run.returncode == 0, re.findall(r"^! .*(?:\n.*){4}", log, re.MULTILINE)[:1]
    return log


def complaints(log: str) -> dict[str, tuple[Any, ...]]:
    """What each part is reproached with: overfull boxes, undefined references."""
    found = {}
    for part in log.split("@@ ")[1:]:
        summary = read_log(part)
        if summary.overfull or summary.undefined:
            found[part.splitlines()[0]] = (*summary.overfull, *summary.undefined)
    return found
