"""Pictures as PGF: LaTeX that compiles where a paper reads it, and the same text for the same numbers."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from render.pasted import WIDTHS, compiled, complaints

import stlbounds as stl
from stlbounds import plots
from stlbounds.errors import InvalidArgumentError, MissingDependencyError, OutputError
from stlbounds.plots.pgf import pgf_text
from stlbounds.plots.style import COLUMN
from stlbounds.symbols import N, alpha, c, kappa

needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
VALUES = {"n": 200, "alpha": 0.3, "i": 6, "delta": 0.1}


@pytest.fixture(scope="module")
def bound() -> stl.Bound:
    return stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(6),
                                            stl.learners.BrierFit()))


def placed(text: str) -> str:
    return r"\begin{figure}[h]\centering" + "\n" + text + r"\caption{A figure.}\end{figure}"


@needs_tex
def test_a_picture_fills_a_column_and_is_the_same_twice(bound: stl.Bound, tmp_path: Path) -> None:
    files = [plots.save(plots.plot_terms(bound, **VALUES), tmp_path / f"{k}.pgf").read_text() for k in range(2)]
    assert files[0] == files[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.pgf", "1.pgf"]
    assert rf"\pgfqpoint{{{COLUMN:.6f}in}}" in files[0] and "includegraphics" not in files[0]
    log = compiled("columns", [("terms", placed(files[0]))], tmp_path, "\\usepackage{pgf}\n")
    assert complaints(log) == {}


@needs_tex
def test_a_picture_that_is_too_wide_is_found_out(bound: stl.Bound, tmp_path: Path) -> None:
    text = pgf_text(plots.plot_terms(bound, width=COLUMN + 0.2, **VALUES))
    found = complaints(compiled("columns", [("terms", placed(text))], tmp_path, "\\usepackage{pgf}\n"))
    assert found["terms"][0] == pytest.approx(0.2 * 72.27, abs=0.1)


@needs_tex
@pytest.mark.slow
def test_every_kind_compiles_where_it_is_pasted(bound: stl.Bound, tmp_path: Path) -> None:
    generic = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Generator(
        "mine", stl.DISCRETE, kappa, c / N)))
    rest: dict[str, Any] = {name: value for name, value in VALUES.items() if name != "n"}
    pictures = {
        "terms": plots.plot_terms(bound, stl.check(bound, replicas=20, **VALUES), **VALUES),
        "gap": plots.plot_gap(bound, replicas=50, **VALUES),
        "influence": plots.plot_influence(bound, **VALUES),
        "phase": plots.plot_phase(generic, "alpha", (0, 0.9), "kappa", (0.5, 3), n=1000, i=10, delta=0.05, c=1, M=1,
                                  b=1),
        "regimes": plots.plot_regimes(generic.phase_diagram(alpha, kappa, [0.2, 0.4, 0.8], [0.5, 1.5, 2.5])),
        "tightness": plots.plot_tightness(bound, grid=[50, 100], replicas=50, **rest),
        "collapse": plots.plot_collapse(bound, n=20, alpha=0.3, i=4),
    }
    parts = [(name, placed(pgf_text(picture))) for name, picture in pictures.items()]
    for preamble in WIDTHS:
        assert complaints(compiled(preamble, parts, tmp_path, "\\usepackage{pgf}\n")) == {}, preamble


@needs_tex
def test_what_has_no_pgf(bound: stl.Bound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = plots.plot_terms(bound, **VALUES)
    picture.axes[0].set_xlabel(r"$\nosuchcommand$")
    with pytest.raises(OutputError, match="cannot set a label"):
        plots.save(picture, tmp_path / "a.pgf")
    pixels = plots.plot_terms(bound, **VALUES)
    pixels.axes[0].imshow([[1, 2], [3, 4]])
    with pytest.raises(InvalidArgumentError, match="pixels"):
        plots.save(pixels, tmp_path / "a.pgf")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="pdflatex"):
        plots.save(plots.plot_terms(bound, **VALUES), tmp_path / "a.pgf")
    assert list(tmp_path.iterdir()) == []


@needs_tex
def test_the_figure_of_a_paper(bound: stl.Bound, tmp_path: Path) -> None:
    values = {"n": 2000, "alpha": "1/2", "i": 5, "delta": "1/20"}
    text = bound.latex("figure", values=values, label="thm:gap", width="3.25in", names={"n": "m"})
    caption = re.search(r"\\caption\{(.*)\}\n\\label\{fig:gap\}\n\\end\{figure\}", text)
    assert caption and caption.group(1) == (
        r"The terms of the bound of Theorem~\ref{thm:gap} over the generations $i \le 5$, for $m = 2000$, "
        r"$\alpha = 1/2$ and $\delta = 1/20$.")
    assert "label" not in bound.latex("figure", values=values).split("caption")[1]
    target = r"\begin{theorem}\label{thm:gap}x\end{theorem}"
    assert complaints(compiled("columns", [("figure", target + text)], tmp_path, "\\usepackage{pgf}\n")) == {}
    for wrong in (None, {}, {"n": 2000}, {**values, "alpha": 2}):
        with pytest.raises(InvalidArgumentError):
            bound.latex("figure", values=wrong)


def test_terms_of_the_excess_risk_are_told_apart_and_no_gap_is_drawn_below_them() -> None:
    setting = stl.Setting(stl.loops.FixedMix(alpha, real="fresh"), stl.generators.Categorical(6),
                          stl.learners.BrierFit())
    excess = stl.Bound(setting, "excess-risk")
    values = {**VALUES, "opt": 0.2, "comparator": 0.3}
    picture = plots.plot_terms(excess, **values)
    looks = {(patch.get_facecolor(), patch.get_hatch()) for patch in picture.axes[0].patches}
    assert len(looks) == 5 and picture.axes[0].get_ylabel() == "excess risk"
    with pytest.raises(stl.errors.AssumptionError, match="excess risk"):
        plots.plot_gap(excess, replicas=5, **values)
