"""The parts of the render room: order, widths, displays, renaming, sentences, references."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import InvalidArgumentError
from stlbounds.proof.claim import Claim
from stlbounds.render.arrange import arrange_product, is_negative, ordered_terms
from stlbounds.render.breaking import broken
from stlbounds.render.compile import compile_pdf
from stlbounds.render.display import LINE_WIDTH, Relation, aligned, chain, rows
from stlbounds.render.printer import inline, latex
from stlbounds.render.prose import (
    describe_generator,
    describe_learner,
    enumerate_words,
    escape,
    symbol_range,
)
from stlbounds.render.references import REFERENCES, bibtex, reference
from stlbounds.render.renaming import rename_mathematics, rename_prose
from stlbounds.render.steps import cited_keys
from stlbounds.render.width import formula_width
from stlbounds.special import geometric_sum
from stlbounds.symbols import K, M, N, Phi, alpha, b, c, delta, h_bar, i, kappa, n, r, rho

needs_tex = pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")

# --- arrangement -----------------------------------------------------------------------------------------


def test_roots_are_gathered() -> None:
    parts = arrange_product(sp.sqrt(sp.log(2 / delta) / (2 * n)) * Phi * (2 * b + M))
    assert parts.coefficient == 1 and not parts.negative
    assert parts.numerator == (Phi, 2 * b + M)
    assert parts.root_numerator == (sp.log(2 / delta),)
    assert parts.root_denominator == (2, n)


def test_fractions_inside_sums_come_out() -> None:
    parts = arrange_product((1 - alpha) / 2 * b)
    assert parts.coefficient == sp.Rational(1, 2)
    assert set(parts.numerator) == {b, 1 - alpha}


@pytest.mark.parametrize(("term", "negative"), [
    (-n, True), (1 - alpha, False), (alpha - 1, False), ((alpha - 1) * n, True), (-n * (alpha - 1), False),
    ((1 - alpha) * n, False), (sp.Integer(-2), True),
])
def test_signs_in_front_of_terms(term: sp.Expr, negative: bool) -> None:
    assert is_negative(term) is negative


def test_arrangement_keeps_the_value() -> None:
    terms = [(alpha - 1) * n / 3, sp.sqrt(6) / 3 * b, -sp.sqrt((K - 1) / (8 * n)), (2 - 1 / n) / n]
    for term in terms:
        parts = arrange_product(term)
        value = parts.coefficient * (-1 if parts.negative else 1)
        for above in (*parts.numerator, *map(sp.sqrt, parts.root_numerator), *map(sp.sqrt, parts.own_roots)):
            value *= above
        for below in (*parts.denominator, *map(sp.sqrt, parts.root_denominator)):
            value /= below
        point = {n: 7, b: sp.Rational(1, 3), K: 5, alpha: sp.Rational(1, 4)}
        assert abs(sp.N((value - term).subs(point), 30)) < 1e-25
    assert sum(ordered_terms(1 - alpha + 2 * b + M)) == 1 - alpha + 2 * b + M


# --- widths and displays ---------------------------------------------------------------------------------

FORMULAS = [
    latex(Phi * (2 * b + M) * sp.sqrt(sp.log(2 / delta) / (2 * n))),
    latex(M * c * n**-r * (1 - alpha) * geometric_sum(1 - alpha, i)),
    latex(alpha * geometric_sum(rho, i + 1) ** 2 + (1 - alpha) * geometric_sum(rho**2, i + 1)),
    latex(b * (1 + h_bar) / n + kappa * (1 - alpha) + sp.log(2 / delta) + sp.Max(M, c / n)),
    r"\bigl|R_{D_0}(A(T_i)) - \hat{R}_{T_i}(A(T_i))\bigr|",
    r"\mathbb{E}\,W(D_{0}, \bar{D}_{j}) + \mathbb{E}\,W(\bar{D}_{j}, D_{j+1})",
    r"\bigl(x^{\mathrm{synthetic}}_{g \to i}\bigr)^{2} + \underbrace{a + b}_{\text{stability bias}}",
    r"\left(2\beta_{n}(A) + \frac{\mathrm{Lip}(\ell)}{n}\right)^{2}\,{\textstyle\sum_X x_X^2(i)}",
    r"\sum_{g=1}^{i} (1 - \alpha)n \rho^{2i-2g} \qquad {} \le \operatorname{Var}(g_{i})",
]


@needs_tex
def test_widths_are_close_to_those_of_tex_and_seldom_below(tmp_path: Path) -> None:
    # In a box of one point each formula is overfull by its width, less that point.
    boxes = "\n\n".join(rf"\hbox to 1pt{{$\displaystyle {formula}$}}" for formula in FORMULAS)
    tex = r"\documentclass[10pt]{article}\usepackage{amsmath,amssymb}\begin{document}" + boxes + r"\end{document}"
    summary = compile_pdf(tex, tmp_path / "widths.pdf")
    assert len(summary.overfull) == len(FORMULAS)
    for formula, excess in zip(FORMULAS, summary.overfull, strict=True):
        ratio = formula_width(formula) / (excess + 1)
        assert 0.95 < ratio < 1.3, (formula, ratio)


def test_short_chains_stay_on_one_line() -> None:
    assert chain("a", [Relation(r"\le", ("b", " + c"))]) == "\\[\n  a \\le b + c.\n\\]"


def test_long_sums_break_between_terms() -> None:
    terms = tuple(f"{' + ' if k else ''}x_{{{k}}} y_{{{k}}} z_{{{k}}}" for k in range(30))
    text = chain("a", [Relation(r"\le", terms)])
    lines = text.splitlines()[1:-1]
    assert len(lines) > 2
    assert all(formula_width(line) <= LINE_WIDTH * 1.05 for line in lines)
    assert "".join(text.split()).count("x_") == 30
    assert aligned("a", Relation(r"\le", terms), "").startswith(r"\begin{aligned}")


def test_brackets_around_a_product_are_not_opened_where_the_line_can_break_before_them() -> None:
    term = r" + \sum_{g=1}^{i} (1 - \alpha_{g})n \left(\prod_{m=g + 1}^{i} \kappa (1 - \alpha_{m})\right)^{2}"
    assert broken(term, 150.0) == (r" + \sum_{g=1}^{i} (1 - \alpha_{g})n",
                                   r" \times \left(\prod_{m=g + 1}^{i} \kappa (1 - \alpha_{m})\right)^{2}")


def test_each_case_of_a_distinction_begins_a_line() -> None:
    cases = (r"\begin{cases} b & \text{if } i = 0, \\ " + " + ".join(["abc"] * 9)
             + r" & \text{if } i \ge 1 \end{cases}")
    lines = chain("a", [Relation(r"\le", (cases,))], 200.0).splitlines()
    assert [line for line in lines if r"\ b \text{ if } i = 0." in line and "abc" not in line]


def test_reasons_stand_at_the_margin() -> None:
    text = chain("a", [Relation(r"\le", ("b",)), Relation("=", ("c",), "step 3")])
    assert text == "\\begin{align*}\n  a &\\le b \\\\\n  &= c. \\tag*{step 3}\n\\end{align*}"


def test_a_long_left_side_gets_its_own_line() -> None:
    left = " + ".join(["xyz"] * 9)
    text = chain(left, [Relation(r"\le", (" + ".join(["abc"] * 12),))])
    assert text.splitlines()[1].strip() == rf"&{left} \\"


def test_rows_are_filled() -> None:
    assert rows(["a = b", "c = d"]) == "\\[\n  a = b, \\qquad c = d.\n\\]"
    assert rows(["a" * 60, "b" * 60]).startswith(r"\begin{gather*}")


# --- names and sentences ---------------------------------------------------------------------------------


def test_renaming_is_simultaneous_and_leaves_words_alone() -> None:
    swap = {alpha: r"\kappa", kappa: r"\alpha"}
    assert rename_mathematics(r"\alpha + \kappa_n", swap) == r"\kappa + \alpha_n"
    assert rename_mathematics(r"\mathrm{new} n c_X \text{in n}", {n: "m", c: "C"}) == r"\mathrm{new} m c_X \text{in n}"
    assert rename_prose("for every n, $n$ and $n/2$", {n: r"\nu"}) == r"for every n, $\nu$ and $\nu/2$"
    assert rename_mathematics(r"nm", {n: r"\nu"}) == r"\nu m"
    assert rename_prose("costs 5\\$ or $n$", {n: "m"}) == "costs 5\\$ or $m$"


def test_text_of_users_is_escaped() -> None:
    assert escape(r"50% of_my {model} \input{x} $&#~^<>") == (
        r"50\% of\_my \{model\} \textbackslash{}input\{x\} \$\&\#\textasciitilde{}\textasciicircum{}"
        r"\textless{}\textgreater{}")
    sentence = describe_generator(stl.generators.Generator("a_b\n", stl.DISCRETE, kappa), inline)
    assert r"\emph{a\_b}" in sentence


def test_models_may_describe_themselves() -> None:
    class Own:
        def describe(self, tex: object) -> str:
            return "my own words"

    assert describe_generator(Own(), inline) == "my own words"
    assert describe_learner(Own(), inline) == "my own words"
    assert "Brier" in describe_learner(stl.learners.BrierFit(), inline)
    assert "$20$" in describe_generator(stl.generators.Categorical(20), inline)


def test_ranges_and_lists_in_words() -> None:
    assert symbol_range(n, "n") == r"n \ge 1"
    assert symbol_range(alpha, r"\alpha") == r"\alpha \in [0, 1]"
    assert symbol_range(delta, r"\delta") == r"\delta \in (0, 1)"
    assert enumerate_words(["a"]) == "a"
    assert enumerate_words(["a", "b", "c"]) == "a, b and c"


# --- references ------------------------------------------------------------------------------------------


def test_every_cited_work_is_known() -> None:
    for make in (stl.high_probability, stl.in_expectation, stl.expected_gap):
        setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Generator("g", stl.DISCRETE, kappa, c * N**-r))
        for key in cited_keys(make(setting).proof.steps()):
            assert reference(key).year < 2030


def test_unknown_works_are_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="nobody1900"):
        reference("nobody1900")


def test_only_what_is_cited_is_printed() -> None:
    text = bibtex(["mcdiarmid1989", "fu2025", "fu2025"])
    assert re.findall(r"@\w+\{(\w+),", text) == ["fu2025", "mcdiarmid1989"]
    assert "eprint = {2502.18865}" in text
    assert "Shi Fu and Yingjie Wang and Yuzhu Chen and Xinmei Tian and Dacheng Tao" in text
    for work in REFERENCES.values():
        assert str(work.year) in work.latex and work.authors[0] in work.latex


def test_keys_of_one_rule_may_be_several() -> None:
    class Rule:
        reference = "a, b"

    class Fake:
        rule = Rule

    claims: tuple[Claim, ...] = (Fake(), Fake())  # type: ignore[assignment]
    assert cited_keys(claims) == ["a", "b"]


def test_a_size_that_differs_in_generation_0_is_named_where_it_is_an_index() -> None:
    bound = stl.in_expectation(stl.Setting(stl.loops.Augment(stl.symbols.lam), stl.generators.Generator(
        "mine", stl.DISCRETE, stl.symbols.kappa, stl.symbols.c)))
    proof = bound.latex("proof")
    assert r"$N_j$ is the size of $T_j$: $(1 + \lambda)n$ for $j \ge 1$, and $n$ for $j = 0$." in proof
    assert r"\beta_{N_{i}}(A)" in proof and r"\text{ for }" not in proof


def test_empty_sums_of_generation_0_are_not_printed() -> None:
    bound = stl.high_probability(stl.Setting(stl.loops.Schedule(
        [sp.Rational(1, 2), sp.Rational(2, 5)], real="replay"), stl.generators.Categorical(5)))
    first = bound.latex("theorem").split("For $i = 0$ the same holds with the right side")[1]
    assert r"\sum" not in first and r"\prod" not in first
    assert r"\frac{b}{n} + (2b + M)\sqrt{\frac{\log(2/\delta)}{2n}}." in first


def test_the_index_of_a_family_is_not_that_of_a_sum_in_its_definition() -> None:
    loop = stl.loops.Schedule([sp.Rational(1, 2), sp.Rational(2, 5)], real="replay")
    setting = stl.Setting(loop, stl.generators.Categorical(20), stl.learners.BrierFit())
    text = stl.high_probability(setting).latex("theorem")
    (letter,) = set(re.findall(r"\\Phi_\{([a-z])\}\^\{2\}", text))
    assert re.search(rf"\^\{{{letter}\}}", text) and not re.search(rf"_\{{{letter}=", text)
