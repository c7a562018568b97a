"""Every entry of the catalogue under every theorem: statements, proofs, tables of symbols fit the line, in real TeX."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.bound import Bound
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS, THEOREMS
from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.render.breaking import broken
from stlbounds.render.compile import compile_pdf
from stlbounds.render.latex import DOCUMENT_WIDTH, document, equation, proof, theorem
from stlbounds.render.references import REFERENCES
from stlbounds.render.width import formula_width
from stlbounds.symbols import entry

needs_tex = pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
HEAD = (r"\documentclass[%s]{article}" "\n" r"\usepackage[textwidth=%s]{geometry}" "\n"
        r"\usepackage{amsmath,amssymb,amsthm,booktabs,tabularx}\emergencystretch=3em" "\n"
        r"\newtheorem{theorem}{Theorem}" "\n" r"\begin{document}" "\n")
TAIL = ("\n" r"\begin{thebibliography}{99}" + "".join(rf"\bibitem{{{key}}} x" for key in REFERENCES)
        + r"\end{thebibliography}\end{document}")


def parameter(name: str) -> Any:
    return [sp.Rational(1, 2), sp.Rational(2, 5)] if name == "alphas" else entry(name).symbol


def settings(part: str) -> Iterator[tuple[str, stl.Setting]]:
    """Every generator in a fixed mix, every loop with two generators, every learner."""
    mix = LOOPS["fixed-mix"].make(parameter, None)
    if part == "generators":
        for name, item in GENERATORS.items():
            yield name, stl.Setting(mix, item.make(parameter), LEARNERS[item.learner].make(parameter))
    elif part == "learners":
        for name, item in LEARNERS.items():
            learner = item.make(parameter)
            fits = "generic" if learner.metric is stl.DISCRETE else "contractive"
            yield name, stl.Setting(mix, GENERATORS[fits].make(parameter), learner)
    else:
        for loop, item in LOOPS.items():
            for name in ("generic", "categorical"):
                generator = GENERATORS[name]
                yield f"{loop} {name}", stl.Setting(item.make(parameter, None), generator.make(parameter),
                                                    LEARNERS[generator.learner].make(parameter))


def bounds(part: str, name: str) -> dict[str, Bound]:
    """The bounds of that theorem; settings that it refuses are left out."""
    found = {}
    for title, setting in settings(part):
        try:
            found[title] = Bound(setting, name)
        except (AssumptionError, UndecidedError):
            continue
    return found


def check_all(bodies: dict[str, str], head: str, folder: Path) -> None:
    """All in one document; if that is too wide somewhere, one by one, to say where."""
    def summary(text: str) -> Any:
        return compile_pdf(head + text + TAIL, folder / "x.pdf")

    together = summary("\n\n".join(bodies.values()))
    if together.overfull or together.undefined:
        alone = {title: summary(body) for title, body in bodies.items()}
        assert {title: one.overfull + one.undefined for title, one in alone.items()
                if one.overfull or one.undefined} == {}


@needs_tex
@pytest.mark.slow
@pytest.mark.parametrize(("part", "name"), [*(("generators", name) for name in THEOREMS),
                                            ("learners", "high-probability"), ("loops", "high-probability")])
def test_statements_and_proofs_fit_a_conference_column(part: str, name: str, tmp_path: Path) -> None:
    made = bounds(part, name)
    assert len(made) >= 9 or name in ("bernstein", "weak-stability")
    bodies = {title: rf"\[ {equation(bound)} \]" "\n" + theorem(bound) + "\n" + proof(bound)
              for title, bound in made.items()}
    check_all(bodies, HEAD % ("10pt", "5.5in"), tmp_path)


@needs_tex
@pytest.mark.slow
def test_documents_fit_their_page(tmp_path: Path) -> None:
    """Settings, tables of symbols, statements and proofs as `document` lays them out, 6.5 inches at 11 points."""
    def body(bound: Bound) -> str:
        inside = document(bound).split(r"\vspace{-4em}")[1].split(r"\begin{thebibliography}")[0]
        return re.sub(r"\\label\{[^}]*\}", "", inside)

    check_all({title: body(bound) for title, bound in bounds("generators", "expected-gap").items()},
              HEAD % ("11pt", "6.5in"), tmp_path)


# --- breaking a term ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("term", [
    r"\frac{1}{2}\left(a + \frac{b + c}{2} - d\right)^{j}", r"\bigl(a + b\bigr)(c + d + e + f)", r"\Bigl(a - b\Bigr)x",
    r"\min\left\{a + \frac{b, c}{d}, e\right\}", r"\min\{a, (b, c)\}",
])
def test_a_broken_term_says_the_same(term: str) -> None:
    parts = broken(term)
    assert len(parts) > 1

    def bare(text: str) -> str:
        return re.sub(r"\\(left|right|[bB]igg?[lr])", "", text)

    assert bare("".join(parts)) == bare(term)
    assert max(formula_width(part) for part in parts) < formula_width(term)
    for part in parts:
        groups = part.replace(r"\{", "").replace(r"\}", "")
        assert groups.count("{") == groups.count("}")
        assert (r"\left" not in part and r"\right" not in part) or part.count(r"\left") == part.count(r"\right")


@pytest.mark.parametrize("term", [
    r"\frac{a + b}{c}", r"\underbrace{(a + b)}_{\text{drift}}", r"abc", r"(abc)",
    r"\begin{cases} (a + b) & i = 0 \\ c & i \ge 1 \end{cases}", r"\sqrt{(a + b)}",
])
def test_what_cannot_be_broken_stays(term: str) -> None:
    assert broken(term) == (term,)


def test_the_document_is_wider_than_a_column() -> None:
    assert DOCUMENT_WIDTH > 390
