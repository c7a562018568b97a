"""The report: complete, the same bytes each time, and a page that needs nobody else."""

from __future__ import annotations

import json
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import sympy as sp

from stlbounds.cli.request import Request
from stlbounds.entries import LOOPS
from stlbounds.errors import InvalidArgumentError, OutputError
from stlbounds.parsing import parse_assignments, parse_expression
from stlbounds.plots.terms import Series, save_terms_figure, series
from stlbounds.render.report import FILES, Written, write_report
from stlbounds.saved import load
from stlbounds.simulation.check import check

VALUES = parse_assignments(["K=20", "n=2000", "alpha=1/2", "i=10", "delta=1/20"])
GENERIC = parse_assignments(["kappa=1.3", "c=1", "r=1/2", "n=1000", "alpha=0.3", "i=7", "b=2", "M=1.5", "delta=0.05"])
COMMAND = ("stlbounds", "report", "categorical", "--set", "alpha=1/2")


def write(folder: Path, model: str = "categorical", values: Any = VALUES, **options: Any) -> Written:
    return write_report(Request(model).bound(), values, folder, model=model, replicas=200, seed=3, command=COMMAND,
                        **options)


@pytest.fixture
def no_latex(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that have nothing to do with the PDF, which takes seconds."""
    monkeypatch.setenv("PATH", "")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "new"
    written = write(folder)
    assert set(written.files) == {path.name for path in folder.iterdir()}
    return folder


def test_the_files(report: Path) -> None:
    expected = set(FILES) if shutil.which("latexmk") else set(FILES) - {"document.pdf"}
    assert {path.name for path in report.iterdir()} == expected
    assert [path.name for path in report.parent.iterdir()] == ["new"], "nothing is left beside it"
    for path in report.iterdir():
        assert path.stat().st_size > 200
        assert path.stat().st_mode & 0o777 == 0o644 or path.suffix != ".html"
    bound = Request("categorical").bound()
    for kind in ("theorem", "proof", "document"):
        assert (report / f"{kind}.tex").read_text(encoding="utf-8") == bound.latex(kind)
    assert (report / "terms.pdf").read_bytes().startswith(b"%PDF")
    assert (report / "terms.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(shutil.which("latexmk") is None, reason="needs latexmk")
def test_the_pdf(report: Path) -> None:
    assert (report / "document.pdf").read_bytes().startswith(b"%PDF")


def test_the_numbers(report: Path) -> None:
    found = json.loads((report / "bound.json").read_text(encoding="utf-8"))
    assert found["schema"] == "stlbounds/bound/2"
    assert found["values"]["terms"] == pytest.approx(
        {"drift": 0.0397619762133121, "bias": 0.00149913684082031, "concentration": 0.247813900406205}, rel=1e-11)
    assert found["values"]["value"] == pytest.approx(0.28907501346, rel=1e-10)
    assert found["exact_inputs"] == {"K": "20", "n": "2000", "alpha": "1/2", "i": "10", "delta": "1/20"}
    assert found["setting"]["loop"] == {"name": "fixed-mix", "real": "replay", "parameters": {"alpha": "alpha"}}
    assert len(found["proof"]) > 10
    # The formulas of the file are those of its numbers.
    for name, term in found["terms"].items():
        expression = parse_expression(term["text"])
        value = expression.subs({symbol: VALUES[str(symbol)] for symbol in expression.free_symbols})
        assert float(sp.N(value, 20)) == pytest.approx(found["values"]["terms"][name], rel=1e-12)


def test_the_bound_can_be_loaded(report: Path) -> None:
    again = load(report / "bound.json")
    assert again.expr == Request("categorical").bound().expr


def test_the_analysis(report: Path) -> None:
    page, _ = read_page(report)
    words = " ".join("".join(page.text).split())
    bound = Request("categorical").bound()
    size = bound.vacuous_below(**{name: value for name, value in VALUES.items() if name != "n"}).value
    assert f"Smallest n from which on it is below 1 n={size}" in words
    assert words.index("For all values") < words.index("As n→∞") < words.index("At the values of this report")


def test_the_check(report: Path) -> None:
    found = json.loads((report / "check.json").read_text(encoding="utf-8"))
    direct = check(Request("categorical").bound(), replicas=200, seed=3, **VALUES)
    assert found == json.loads(json.dumps(direct.to_dict()))
    assert found["contradicted"] is False


@pytest.mark.slow
def test_the_same_arguments_give_the_same_bytes(report: Path, tmp_path: Path) -> None:
    write(tmp_path / "again")
    for path in report.iterdir():
        if path.name != "document.pdf":
            assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


class Page(HTMLParser):
    """Collects what a page refers to, and refuses unbalanced tags."""

    empty = frozenset({"meta", "link", "br", "img", "hr", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.empty:
            self.open.append(tag)
        for name, value in attributes:
            if name == "id" and value:
                assert value not in self.ids, value
                self.ids.add(value)
            if name in ("href", "src", "xlink:href", "action", "data", "poster", "srcset"):
                self.links.append(value or "")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in self.empty:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style"):
            return
        self.text.append(data)


def read_page(folder: Path) -> tuple[Page, str]:
    text = (folder / "index.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    return page, text


def test_the_page_stands_alone(report: Path) -> None:
    page, text = read_page(report)
    assert not set(page.tags) & {"link", "iframe", "img", "object", "embed"}
    for link in page.links:
        assert (link.startswith("#") and link[1:] in page.ids) or (report / link).exists(), link
    without_names = re.sub(r'xmlns(:\w+)?="[^"]*"|<!DOCTYPE[^>]*>', "", text)
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\((?!#)", without_names)
    assert "default-src 'none'" in text, "the browser is told to ask nobody"
    assert "prefers-color-scheme: dark" in text and "width=device-width" in text


def test_the_page_shows_everything(report: Path) -> None:
    page, text = read_page(report)
    words = " ".join("".join(page.text).split())
    assert "With probability at least 0.95, the generalization gap is at most 0.289075" in words
    for value in ("0.039762", "0.00149914", "0.247814", "1.6324"):
        assert value in words
    for title in ("Theorem", "Explorer", "Values", "Over the generations", "Analysis", "Check by simulation", "Proof",
                  "References"):
        assert title in words
    assert "Verdict: consistent" in words
    assert "stlbounds report categorical --set alpha=1/2" in words
    steps = json.loads((report / "bound.json").read_text(encoding="utf-8"))["proof"]
    assert page.tags.count("details") == len(steps) + 1
    assert page.tags.count("math") > 80
    assert page.tags.count("svg") == 1
    assert "\\" not in words.replace("\\\\", ""), "LaTeX that was not translated"
    assert not re.search(r"\b20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]\b", text), "a date"


@pytest.mark.usefixtures("no_latex")
def test_a_model_without_simulation(tmp_path: Path) -> None:
    written = write(tmp_path / "r", "generic", GENERIC)
    assert any("not simulated" in note for note in written.notes)
    assert written.files["check.json"] == "why there is no simulation"
    assert written.contradicted is False
    assert json.loads((tmp_path / "r" / "check.json").read_text(encoding="utf-8"))["verdict"] == "not tested"
    page, _ = read_page(tmp_path / "r")
    words = " ".join("".join(page.text).split())
    assert "There is no simulation beside this bound. not simulated: the generator generic" in words
    assert "(A1)" in words and "(A4)" in words


@pytest.mark.usefixtures("no_latex")
def test_sizes_that_no_loop_has(tmp_path: Path) -> None:
    bound = Request("categorical", loop="schedule", assignments=("alphas=1/(j+1)",)).bound()
    values = parse_assignments(["K=3", "n=100", "i=2", "delta=0.5"])
    written = write_report(bound, values, tmp_path / "r", replicas=5, seconds=0.01)
    assert any("not simulated" in note and "whole size" in note for note in written.notes)
    with pytest.raises(InvalidArgumentError, match="replicas"):
        write_report(bound, values, tmp_path / "none", replicas=0)


@pytest.mark.usefixtures("no_latex")
@pytest.mark.slow
@pytest.mark.parametrize("loop", LOOPS)
def test_every_loop(tmp_path: Path, loop: str) -> None:
    schedule = ("alphas=1/(j+1)",) if LOOPS[loop].lists else ()
    bound = Request("categorical", loop=loop, assignments=schedule).bound()
    known = {"K": "5", "n": "120", "i": "3"}
    values = parse_assignments(f"{symbol}={known.get(str(symbol), '1/2')}" for symbol in bound.symbols)
    written = write_report(bound, values, tmp_path / "r", model="categorical", replicas=50)
    page, _ = read_page(tmp_path / "r")
    assert "Verdict: consistent" in " ".join("".join(page.text).split())
    assert f"Loop {bound.setting.loop.name}" in "".join(page.text)
    assert written.contradicted is False


@pytest.mark.slow
def test_without_latexmk_and_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "r")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    written = write(tmp_path / "r")
    assert {path.name for path in (tmp_path / "r").iterdir()} == set(FILES) - {
        "document.pdf", "terms.svg", "terms.pdf", "terms.png"}, "stale files are gone"
    assert any("latexmk" in note for note in written.notes)
    assert any("stlbounds[plot]" in note for note in written.notes)
    page, _ = read_page(tmp_path / "r")
    assert "svg" not in page.tags


@pytest.mark.usefixtures("no_latex")
def test_an_infinite_bound(tmp_path: Path) -> None:
    values = {**GENERIC, "kappa": sp.Integer(10) ** 100}
    written = write(tmp_path / "r", "generic", values)
    assert written.value == float("inf")
    assert json.loads((tmp_path / "r" / "bound.json").read_text(encoding="utf-8"))["values"]["value"] is None
    page, _ = read_page(tmp_path / "r")
    assert "∞" in "".join(page.text) and "Vacuous" in "".join(page.text)


def test_nothing_is_written_for_bad_values(tmp_path: Path) -> None:
    for values in ({**VALUES, "alpha": 2}, {"n": 3}):
        with pytest.raises(InvalidArgumentError):
            write(tmp_path / "deep" / "r", values=values)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_latex")
def test_nothing_is_left_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: Any) -> None:
        raise OutputError("cannot write: no space left on device")

    monkeypatch.setattr("stlbounds.render.report.write_json", full)
    with pytest.raises(OutputError, match="no space"):
        write(tmp_path / "deep" / "r")
    assert list(tmp_path.iterdir()) == []


# --- the figure -------------------------------------------------------------------------------------------------


def test_the_series_are_the_numbers_of_the_bound() -> None:
    bound = Request("categorical").bound()
    result = check(bound, replicas=50, **VALUES)
    data = series(bound, VALUES, result)
    assert list(data.generations) == list(range(11))
    assert data.bound[-1] == pytest.approx(bound.evaluate(**VALUES), rel=1e-12)
    assert data.bound[0] == pytest.approx(bound.evaluate(**{**VALUES, "i": 0}), rel=1e-12)
    assert len(data.measured) == 2 and all(len(values) == 11 for values in data.measured.values())
    alone = series(bound, VALUES)
    assert alone.measured == {}
    assert alone.bound == pytest.approx(data.bound, rel=1e-12)


def test_many_generations_are_thinned() -> None:
    data = series(Request("categorical").bound(), {**VALUES, "i": 10**6})
    assert len(data.generations) == 200
    assert data.generations[0] == 0 and data.generations[-1] == 10**6


@pytest.mark.parametrize(
    ("generations", "terms", "measured"),
    [
        ([0], {"drift": [0.0], "bias": [0.1], "concentration": [0.3]}, {"mean": [0.1]}),
        ([0], {"drift": [0.0], "bias": [1e-9], "concentration": [0.3]}, {"mean": [1e-9]}),
        ([0, 1, 2], {"drift": [0.0, 0.1, 0.2], "bias": [0.1, 0.1, 0.1]}, {}),
        (list(range(60)), {"drift": [0.1 * k for k in range(60)], "bias": [0.2] * 60}, {}),
        ([0, 1], {"drift": [0.0, 0.0], "bias": [0.0, 0.0]}, {"mean": [0.0, 0.0]}),
        ([0, 1, 2], {"drift": [0.0, 1e200, float("inf")], "bias": [0.1, 0.1, 0.1]}, {}),
    ],
)
def test_figures_of_every_shape(
    tmp_path: Path, generations: list[int], terms: dict[str, list[float]], measured: dict[str, list[float]]
) -> None:
    data = Series(generations, terms, measured)
    assert save_terms_figure(data, tmp_path) == ["terms.svg", "terms.pdf", "terms.png"]
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    save_terms_figure(data, tmp_path)
    assert first == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    drawing = first["terms.svg"].decode()
    assert "<dc:date>" not in drawing


def test_a_figure_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        save_terms_figure(Series([0], {"bias": [1.0]}, {}), tmp_path / "missing")
