"""Documents of every generator fit their page, in real TeX; what breaking a term does to it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from render.pasted import bound_or_none, setting

from stlbounds.bound import Bound
from stlbounds.entries import GENERATORS
from stlbounds.render.breaking import broken
from stlbounds.render.compile import compile_pdf
from stlbounds.render.latex import DOCUMENT_WIDTH, document
from stlbounds.render.references import REFERENCES
from stlbounds.render.width import formula_width

needs_tex = pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
HEAD = (r"\documentclass[%s]{article}" "\n" r"\usepackage[textwidth=%s]{geometry}" "\n"
        r"\usepackage{amsmath,amssymb,amsthm,booktabs,tabularx}\emergencystretch=3em" "\n"
        r"\newtheorem{theorem}{Theorem}" "\n" r"\begin{document}" "\n")
TAIL = ("\n" r"\begin{thebibliography}{99}" + "".join(rf"\bibitem{{{key}}} x" for key in REFERENCES)
        + r"\end{thebibliography}\end{document}")


def bounds(name: str) -> dict[str, Bound]:
    """The bounds of that theorem, each generator in a fixed mix; settings that it refuses are left out."""
    made = {generator: bound_or_none(setting("fixed-mix", generator), name) for generator in GENERATORS}
    return {title: bound for title, bound in made.items() if bound is not None}


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
def test_documents_fit_their_page(tmp_path: Path) -> None:
    """Settings, tables of symbols, statements and proofs as `document` lays them out, 6.5 inches at 11 points."""
    def body(bound: Bound) -> str:
        inside = document(bound).split(r"\vspace{-4em}")[1].split(r"\begin{thebibliography}")[0]
        return re.sub(r"\\label\{[^}]*\}", "", inside)

    check_all({title: body(bound) for title, bound in bounds("expected-gap").items()},
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


def test_a_short_sum_stays_together_and_nothing_is_cut_behind_a_sign_of_summation() -> None:
    term = (r"2\sum_{k=1}^{i} \left(\prod_{m=k+1}^{i} \kappa(1 - \alpha_{m})\right)\sum_{g=1}^{k-1} "
            r"\min\{\alpha_{g}, \alpha_{k}\} \prod_{m=g+1}^{i} \kappa(1 - \alpha_{m})")
    parts = broken(term, 200.0)
    assert len(parts) == 2 and all(formula_width(part) <= 200 for part in parts)
    assert parts[1].startswith(r" \times \sum_{g=1}^{k-1} \min")


def test_what_stands_before_a_sum_stays_above_the_line() -> None:
    parts = broken(r"\frac{8\ell\,\bigl(aaaaaaaaaaaaaaaa + bbbbbbbbbbbbbbbbbbbbb\bigr)}{n}", 120.0)
    assert parts == (r"\frac{8\ell}{n}\,\biggl(aaaaaaaaaaaaaaaa", r" + bbbbbbbbbbbbbbbbbbbbb\biggr)")


@pytest.mark.parametrize("term", [
    r"\frac{a + b}{c}", r"\underbrace{(a + b)}_{\text{drift}}", r"abc", r"(abc)",
    r"\begin{cases} (a + b) & i = 0 \\ c & i \ge 1 \end{cases}", r"\sqrt{(a + b)}",
])
def test_what_cannot_be_broken_stays(term: str) -> None:
    assert broken(term) == (term,)


def test_the_document_is_wider_than_a_column() -> None:
    assert DOCUMENT_WIDTH > 390
