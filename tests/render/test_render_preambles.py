"""Every entry of the catalogue under every theorem compiles where it will be pasted: three preambles, in real TeX."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.bound import Bound
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS, THEOREMS
from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.render.compile import read_log
from stlbounds.render.latex import equation, proof, theorem
from stlbounds.render.references import REFERENCES
from stlbounds.symbols import entry

PREAMBLES = Path(__file__).parent / "preambles"
#: The line of each preamble, in points.
WIDTHS = {"column": 390.0, "columns": 234.0, "plain": 340.0}
needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


def parameter(name: str) -> Any:
    return [sp.Rational(1, 2), sp.Rational(2, 5)] if name == "alphas" else entry(name).symbol


def settings() -> Iterator[tuple[str, stl.Setting]]:
    """Every generator in a fixed mix, every other loop with a generator of known drift, every learner."""
    mix = LOOPS["fixed-mix"].make(parameter, None)
    for name, item in GENERATORS.items():
        yield name, stl.Setting(mix, item.make(parameter), LEARNERS[item.learner].make(parameter))
    for name in LOOPS:
        for model in ("generic", "categorical"):
            item = GENERATORS[model]
            yield f"{name} {model}", stl.Setting(LOOPS[name].make(parameter, None), item.make(parameter),
                                                 LEARNERS[item.learner].make(parameter))
    for name, made in LEARNERS.items():
        learner = made.make(parameter)
        fits = GENERATORS["generic" if learner.metric is stl.DISCRETE else "contractive"]
        yield f"learner {name}", stl.Setting(mix, fits.make(parameter), learner)


@cache
def bodies(name: str) -> dict[str, list[tuple[str, str]]]:
    """For each preamble what is pasted, by title; a bound is laid out three times while its formulas are at hand."""
    found: dict[str, list[tuple[str, str]]] = {preamble: [] for preamble in WIDTHS}
    for title, setting in settings():
        if title.startswith("learner") and name != "high-probability":
            continue
        try:
            bound = Bound(setting, name)
        except (AssumptionError, UndecidedError):
            continue
        for preamble, width in WIDTHS.items():
            for kind, text in (("equation", rf"\[ {equation(bound, width=width)} \]"),
                               ("theorem", theorem(bound, width=width)), ("proof", proof(bound, width=width))):
                found[preamble].append((f"{title}, {kind}", text))
    return found


def compiled(preamble: str, parts: list[tuple[str, str]], folder: Path) -> str:
    """The log of the second run of pdflatex, with a line ``@@ title`` before what a part says."""
    keys = "".join(rf"\bibitem[Author(2000)]{{{key}}} x " if preamble != "plain" else rf"\bibitem{{{key}}} x "
                   for key in REFERENCES)
    body = "\n\n".join(rf"\typeout{{@@ {title}}}" + "\n" + text for title, text in parts)
    (folder / "x.tex").write_text((PREAMBLES / f"{preamble}.tex").read_text() + "\\begin{document}\n" + body
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


@needs_tex
@pytest.mark.slow
@pytest.mark.parametrize("name", list(THEOREMS))
def test_every_bound_fits_where_it_is_pasted(name: str, tmp_path: Path) -> None:
    made = bodies(name)
    bodies.cache_clear()
    for preamble, parts in made.items():
        assert len(parts) >= 3
        assert complaints(compiled(preamble, parts, tmp_path)) == {}, preamble


@needs_tex
def test_a_bound_that_is_laid_out_for_a_wider_line_is_found_out(tmp_path: Path) -> None:
    bound = Bound(dict(settings())["augment generic"], "high-probability")
    for width, fits in ((234.0, True), (390.0, False)):
        parts = [("a", theorem(bound, width=width)), ("b", proof(bound, width=width))]
        assert (complaints(compiled("columns", parts, tmp_path)) == {}) is fits
