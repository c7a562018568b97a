"""An author's choices, the smaller parts of a paper, the package of files, and tables of several bounds."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import stlbounds as stl
from stlbounds.errors import InvalidArgumentError, OutputError, SymbolError
from stlbounds.render.latex import equation, proof, render, theorem
from stlbounds.render.options import points
from stlbounds.render.package import FILES, WITH_VALUES
from stlbounds.render.paper import cited, decimal, rounded_up
from stlbounds.render.printer import inline
from stlbounds.symbols import K, alpha, kappa, n

needs_tex = pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
VALUES = {"n": 2000, "alpha": "1/2", "delta": "1/20", "i": 5, "K": 20}


@cache
def made(real: str = "replay") -> stl.Bound:
    return stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha, real=real),  # type: ignore[arg-type]
                                            stl.generators.Categorical(K), stl.learners.BrierFit()))


# --- choices ------------------------------------------------------------------------------------------------------


def test_lengths() -> None:
    assert points("3.25in") == pytest.approx(234.8775)
    assert points("254mm") == pytest.approx(722.7)
    assert points("20 cm") == pytest.approx(points("200mm"))
    for wrong in ("3.25", "wide", "2in", -1, True, None, float("nan")):
        with pytest.raises(InvalidArgumentError, match="width"):
            points(wrong)


@pytest.mark.parametrize("wrong", [{"environment": "my thm"}, {"label": "a b"}, {"cleveref": True}, {"nicefrac": 1},
                                   {"corollary": ""}])
def test_choices_that_make_no_latex_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
        stl.LatexOptions(**wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError):
        theorem(made(), **wrong)


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="colour"):
        theorem(made(), colour="red")
    with pytest.raises(InvalidArgumentError, match="LatexOptions"):
        theorem(made(), None, {"width": 234.0})  # type: ignore[arg-type]


def test_the_environment_and_the_label() -> None:
    options = stl.LatexOptions(environment="thm", label="thm:gap", cleveref=True)
    text = theorem(made(), None, options)
    assert text.startswith("\\begin{thm}[") and "\\label{thm:gap}" in text and text.rstrip().endswith("\\end{thm}")
    assert proof(made(), None, options).startswith("\\begin{proof}[Proof of \\cref{thm:gap}]")
    assert r"[Proof of Theorem~\ref{thm:gap}]" in proof(made(), None, options, cleveref=False)
    assert proof(made()).startswith("\\begin{proof}\n")


def test_a_proof_in_prose_refers_by_numbers() -> None:
    text = proof(made(), numbered=False)
    assert "Step" not in text and not re.search(r"\bsteps? \d", text)
    listed = {int(number) for number in re.findall(r"^\((\d+)\) \\emph", text, re.MULTILINE)}
    assert listed == set(range(1, len(listed) + 1))
    referred = {int(number) for number in re.findall(r"\((\d+)\)", text)}
    assert referred <= listed and len(referred) == len(listed)


def test_nicefrac_is_for_sentences_only() -> None:
    text = proof(made(), nicefrac=True)
    assert r"$\nicefrac{1}{N}$" in text
    displays = "".join(re.findall(r"\\begin\{align\*\}.*?\\end\{align\*\}", text, re.DOTALL))
    assert r"\nicefrac" not in displays and r"\frac" in displays
    assert r"\nicefrac" not in proof(made())


def test_the_rough_form_lists_what_it_drops() -> None:
    text = theorem(made(), rough=True)
    rough = text.split("Up to absolute constants,")[1]
    assert r"\lesssim (1 - \alpha)\Phi_{i-1}\sqrt{\frac{K - 1}{n}}" in rough
    assert r"the factors $1/2$ and $\sqrt{2}$ are dropped" in rough or r"$\sqrt{2}/2$" in rough
    assert "lesssim" not in theorem(made())


@pytest.mark.parametrize("width", [234.0, 390.0])
def test_lines_get_shorter(width: float) -> None:
    from stlbounds.render.width import formula_width

    text = equation(made(), width=width)
    lines = text.replace("&", "").split("\\\\\n")
    assert all(formula_width(re.sub(r"\\(begin|end)\{aligned\}", "", line)) <= width for line in lines)


# --- the smaller parts --------------------------------------------------------------------------------------------


@given(st.fractions(min_value=0, max_value=10**6), st.integers(1, 6))
def test_rounding_goes_up_and_not_far(value: sp.Rational, digits: int) -> None:
    exact = sp.Rational(value)
    rounded = rounded_up(exact, digits)
    assert rounded >= exact
    assert rounded <= exact * (1 + sp.Integer(10) ** (1 - digits))


def test_decimals() -> None:
    assert [decimal(sp.Rational(text)) for text in ("0.125", "20", "1e-7")] == ["0.125", "20", r"1 \cdot 10^{-7}"]


def test_a_corollary_is_implied_by_the_theorem() -> None:
    text = render(made(), "corollary", values=VALUES)
    numbers = [float(found) for found in re.findall(r"(?<=[ &])0\.\d+", text.split("0.95")[-1])]
    total = max(numbers)
    value = made().evaluate(n=2000, alpha=0.5, delta=0.05, i=5, K=20)
    assert value <= total <= value * 1.02
    assert sum(numbers) == pytest.approx(2 * total)
    assert "$n = 2000$" in text and r"\begin{corollary}" in text


def test_a_corollary_keeps_the_other_symbols() -> None:
    text = render(made(), "corollary", values={n: 2000}, label="thm:gap")
    assert r"Theorem~\ref{thm:gap}" in text and "$K \\ge 1$" in text and r"1 - \delta" in text
    assert "2000" in text.split("\\begin{align*}")[1] or "4000" in text


@pytest.mark.parametrize("real", ["fresh", "replay"])
def test_a_listed_schedule_is_described_up_to_its_end(real: str) -> None:
    half, fifths, tenths = sp.Rational(1, 2), sp.Rational(2, 5), sp.Rational(3, 10)
    for listed, generations, values in (
            ([half], "for $j = 1$,", r"where $\alpha_1$ is $1/2$"),
            ([half, fifths], r"for $1 \le j \le 2$,", r"where $\alpha_1, \alpha_{2}$ are $1/2$, $2/5$"),
            ([half, fifths, tenths], r"for $1 \le j \le 3$,",
             r"where $\alpha_1, \dots, \alpha_{3}$ are $1/2$, $2/5$, $3/10$")):
        text = stl.loops.Schedule(listed, real=real).describe(inline)  # type: ignore[arg-type]
        assert generations in text and text.endswith(values)


def test_a_theorem_about_a_listed_schedule_ends_with_the_list() -> None:
    loop = stl.loops.Schedule([sp.Rational(1, 2), sp.Rational(2, 5)])
    bound = stl.Bound(stl.Setting(loop, stl.generators.Categorical(K), stl.learners.BrierFit()), "expectation")
    text = " ".join(theorem(bound).split())
    assert r"0 \le i \le 2$" in text and r"i \ge" not in text and r"j \ge 1" not in text
    assert r"j, g \ge 0$ up to the last" in " ".join(proof(bound).split())
    assert r"$0 \le i \le 2$" in render(bound, "notation") and "(at most 2)" in str(bound)
    render(bound, "corollary", values={"n": 10, "i": 2})
    with pytest.raises(InvalidArgumentError, match="at most 2"):
        render(bound, "corollary", values={"n": 10, "i": 3})
    assert r"i \ge 0" in theorem(made())


def test_a_corollary_needs_values_of_symbols_that_occur() -> None:
    with pytest.raises(InvalidArgumentError, match="values"):
        render(made(), "corollary")
    with pytest.raises(SymbolError, match="kappa"):
        render(made(), "corollary", values={kappa: 1})
    with pytest.raises(InvalidArgumentError, match="alpha"):
        render(made(), "corollary", values={alpha: 2})


def test_the_bibliography_has_the_works_that_are_cited_and_no_others() -> None:
    keys = re.findall(r"@\w+\{(\w+),", render(made(), "bibtex"))
    used = {key for group in re.findall(r"\\cite\{([^}]*)\}", proof(made())) for key in group.split(",")}
    assert keys == sorted(used) == cited(made()) and keys


def test_notation_and_assumptions() -> None:
    table = render(made(), "notation")
    for symbol in (r"$\alpha$", "$n$", "$K$", r"$\rho$", r"$\bar{h}$"):
        assert symbol in table
    assert "no assumption" in render(made(), "assumptions")


# --- files --------------------------------------------------------------------------------------------------------


@needs_tex
def test_the_package_is_built_by_latexmk(tmp_path: Path) -> None:
    files = made().latex_package(tmp_path / "paper", width="3.25in", cleveref=True, nicefrac=True, rough=True,
                                 values=VALUES)
    assert sorted(path.name for path in files) == sorted((*FILES, *WITH_VALUES))
    assert all(path.exists() for path in files)
    run = subprocess.run(["latexmk", "-halt-on-error", "-interaction=nonstopmode", "main.tex"], check=False,
                         cwd=tmp_path / "paper", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    log = (tmp_path / "paper" / "main.log").read_text(errors="replace")
    assert run.returncode == 0, log[-500:]
    assert "Overfull" not in log and "undefined" not in log
    assert (tmp_path / "paper" / "main.pdf").read_bytes().startswith(b"%PDF")


def test_a_package_replaces_its_own_files_only(tmp_path: Path) -> None:
    folder = tmp_path / "paper"
    assert {path.name for path in made().latex_package(folder)} == set(FILES)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "mine.txt").write_text("kept")
    made().latex_package(folder)
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert (folder / "mine.txt").read_text() == "kept"
    assert json.loads((folder / "package.json").read_text())["schema"] == "stlbounds/latex/1"
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("work of years")
    with pytest.raises(OutputError, match="not empty"):
        made().latex_package(other)
    assert [path.name for path in other.iterdir()] == ["thesis.tex"]


# --- tables -------------------------------------------------------------------------------------------------------


def test_bounds_side_by_side() -> None:
    table = stl.compare_table({"replayed & kept": made(), "fresh": made("fresh")})
    assert r"replayed \& kept" in table
    assert table.count(r"\Theta(1/\sqrt{n})") == 2
    assert "$C_{1}$" in table and "C_{2} = " in table
    with pytest.raises(InvalidArgumentError, match="bounds"):
        stl.compare_table([])
    with pytest.raises(InvalidArgumentError, match="bounds"):
        stl.compare_table({"x": 3})


def test_numbers_side_by_side() -> None:
    table = stl.numeric_table({"a": made(), "b": made("fresh")}, [VALUES, {**VALUES, "i": 1}])
    assert "$i = 5$ & $i = 1$" in table
    row = next(line for line in table.splitlines() if line.startswith("a &"))
    first, second = (float(found) for found in re.findall(r"\$([0-9.]+)\$", row))
    for shown, i in ((first, 5), (second, 1)):
        exact = made().evaluate(n=2000, alpha=0.5, delta=0.05, i=i, K=20)
        assert exact <= shown <= exact * 1.01
    with pytest.raises(InvalidArgumentError, match="points_at"):
        stl.numeric_table([made()], [])
