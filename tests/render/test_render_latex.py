"""Equation, theorem, proof and document of real bounds: golden files, structure, names, determinism, real TeX.

Golden files are written anew with ``STLBOUNDS_GOLDEN=write``; look at the difference before committing it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import InvalidArgumentError, SymbolError
from stlbounds.proof.dag import Proof
from stlbounds.render.compile import compile_pdf
from stlbounds.render.latex import document, equation, proof, render, theorem
from stlbounds.render.notation import Notation
from stlbounds.render.outline import outline
from stlbounds.symbols import J, K, M, N, Phi, alpha, b, c, i, kappa, lam, n, r, w

GOLDEN = Path(__file__).parent / "golden"
MODELS = ("generic", "categorical", "categorical-lemma")
THEOREMS = {"high-probability": stl.high_probability, "expectation": stl.in_expectation,
            "expected-gap": stl.expected_gap}
CASES = [(model, real, kind) for model in MODELS for real in ("replay", "fresh") for kind in THEOREMS]
needs_tex = pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")


@cache
def bound(model: str, real: str, kind: str) -> stl.Bound:
    loop = stl.loops.FixedMix(alpha, real=real)  # type: ignore[arg-type]
    if model == "generic":
        generator = stl.generators.Generator("generic", stl.DISCRETE, kappa, c * N**-r)
        setting = stl.Setting(loop, generator, stl.learners.UniformlyStable(b / N))
    else:
        setting = stl.Setting(loop, stl.generators.Categorical(K), stl.learners.BrierFit(),
                              drift="lemma" if model.endswith("lemma") else "sharp")
    return THEOREMS[kind](setting)


def golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("STLBOUNDS_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{name} differs; see the docstring of this file"


@pytest.mark.parametrize("case", CASES, ids="-".join)
@pytest.mark.parametrize("kind", ["equation", "theorem"])
def test_equation_and_theorem_are_the_golden_ones(case: tuple[str, str, str], kind: str) -> None:
    golden(f"{'-'.join(case)}.{kind}.tex", render(bound(*case), kind))


@pytest.mark.parametrize("case", [("generic", "replay", "high-probability"),
                                  ("categorical", "fresh", "expected-gap")], ids="-".join)
def test_proof_is_the_golden_one(case: tuple[str, str, str]) -> None:
    golden(f"{'-'.join(case)}.proof.tex", render(bound(*case), "proof"))


# --- structure -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_the_outline_accounts_for_every_claim(case: tuple[str, str, str]) -> None:
    claims = bound(*case).proof.steps()
    plan = outline(claims)
    for claim in claims:
        home = id(claim) in plan.homes
        alias = id(claim) in plan.aliases
        leaf = claim.rule.kind in ("assumption", "definition")
        assert home + alias + leaf == 1, str(claim)
    assert plan.steps[-1].claim is claims[-1]
    shown = [id(member) for step in plan.steps for move in step.moves for member in move.claims]
    assert sorted(shown) == sorted(plan.homes)


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_steps_are_numbered_and_rest_on_earlier_ones(case: tuple[str, str, str]) -> None:
    plan = outline(bound(*case).proof.steps())
    assert [step.number for step in plan.steps] == list(range(1, len(plan.steps) + 1))
    for step in plan.steps:
        seen: set[int] = set()
        for move in step.moves:
            for member in move.claims:
                for premise in member.premises:
                    while id(premise) in plan.aliases:
                        premise = plan.aliases[id(premise)]
                    if premise.rule.kind in ("assumption", "definition"):
                        continue
                    home = plan.homes[id(premise)]
                    assert home.number < step.number or id(premise) in seen
                seen.add(id(member))


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_the_proof_refers_to_assumptions_and_steps_that_exist(case: tuple[str, str, str]) -> None:
    made = bound(*case)
    text = proof(made)
    numbers = [int(number) for number in re.findall(r"\\textbf\{Step (\d+)\}", text)]
    assert numbers == list(range(1, len(numbers) + 1))
    referred = {int(number) for found in re.findall(r"steps? ((?:\d+(?:, | and )?)+)", text)
                for number in re.findall(r"\d+", found)}
    assert referred and referred <= set(numbers)
    labels = {int(number) for number in re.findall(r"\(A(\d+)\)", text)}
    assert labels == set(range(1, len(made.assumptions) + 1))
    listed = re.findall(r"\\item\[\(A(\d+)\)\]", theorem(made))
    assert [int(number) for number in listed] == sorted(labels)


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_the_theorem_names_its_symbols_terms_and_parts(case: tuple[str, str, str]) -> None:
    made = bound(*case)
    text = theorem(made)
    notation = Notation(made)
    opening = text.split("Consider the self-consuming loop")[0]
    for symbol in made.symbols:
        assert re.search(re.escape(notation.symbol(symbol)) + r"(?![A-Za-z])", opening), symbol
    for label in ("drift", "stability bias"):
        assert rf"_{{\text{{{label}}}}}" in text
    assert (r"_{\text{concentration}}" in text) == (case[2] != "expectation")
    assert (r"with probability at least $1 - \delta$" in text) == (case[2] == "high-probability")
    where = text.split(r"\end{align*}")[-1] if r"\end{align*}" in text else text
    for part in notation.defined(made.named_terms.values()):
        assert entry_meaning(part) in where


def entry_meaning(part: object) -> str:
    return {"rho": "the loop gain", "Phi": "the amplification", "h_bar": "the mean influence"}[str(part)]


def test_the_amplification_is_indexed_only_where_the_drift_needs_it() -> None:
    assert r"\Phi_{i-1}" in equation(bound("categorical", "replay", "high-probability"))
    assert r"\Phi_" not in equation(bound("generic", "replay", "high-probability"))
    assert r"\Phi\,(2b + M)" in equation(bound("generic", "replay", "high-probability"))


def test_parts_of_the_root_are_never_spelled_out_where_they_have_a_name() -> None:
    text = proof(bound("generic", "replay", "high-probability"))
    assert text.count(r"n \Phi^{2}") >= 1
    assert r"\sqrt{\alpha" not in text


@pytest.mark.parametrize("text_kind", ["equation", "theorem", "proof", "document"])
def test_no_trace_of_sympy_or_templates(text_kind: str) -> None:
    text = render(bound("generic", "replay", "high-probability"), text_kind)
    for leftover in ("None", "VAR{", "BLOCK{", "geometric", "lambda x", "\\cdot \\frac", r"\sqrt{2}", "  ,", " ."):
        if leftover != "geometric" or text_kind in ("equation", "theorem"):
            assert leftover not in text


# --- names, errors, determinism --------------------------------------------------------------------------


def test_renamed_symbols_are_gone_everywhere() -> None:
    made = bound("categorical", "replay", "high-probability")
    text = document(made, {alpha: r"\lambda", n: "m", i: "t", J: "u", Phi: r"\Psi", "delta": r"\eta"})
    body = text.split(r"\begin{document}")[1].split(r"\begin{thebibliography}")[0]
    formulas = re.findall(r"(?<!\\)\$([^$]*)\$|\\\[(.*?)\\\]|\\begin\{(?:align|gather)\*\}(.*?)\\end", body, re.DOTALL)
    mathematics = " ".join("".join(groups) for groups in formulas)
    mathematics = re.sub(r"\\(?:text|tag\*?|mathrm|operatorname)\{[^{}]*\}", " ", mathematics)
    for old in (r"\\alpha", r"\\Phi", r"\\delta", r"(?<![\\A-Za-z])n(?![A-Za-z])", r"(?<![\\A-Za-z])[ij](?![A-Za-z])"):
        assert not re.search(old, mathematics), old
    for new in (r"\lambda", r"\Psi_{t-1}", r"\log(2/\eta)", "T_u", r"\hat{R}_{T_t}"):
        assert new in mathematics


def test_two_symbols_must_not_look_alike() -> None:
    made = bound("generic", "replay", "high-probability")
    with pytest.raises(InvalidArgumentError, match=r"different for .*kappa"):
        theorem(made, {alpha: r"\kappa"})
    # lam does not occur in this bound, so its letter is free.
    assert r"\lambda" in theorem(made, {alpha: r"\lambda"})
    assert lam not in made.symbols


def test_running_indices_avoid_the_letters_of_the_author() -> None:
    made = bound("categorical", "replay", "high-probability")
    text = theorem(made, {alpha: "k", n: "q"})
    assert r"\Phi_{m}^{2} = k\left(\frac{1 - \rho^{m+1}}{1 - \rho}\right)^{2}" in text
    assert "$(1 - s^m)/(1 - s)$" in text


@pytest.mark.parametrize("names", [{"zeta": "z"}, {alpha: ""}, {alpha: 3}])
def test_bad_names_are_refused(names: dict[object, object]) -> None:
    with pytest.raises((SymbolError, InvalidArgumentError)):
        theorem(bound("generic", "replay", "high-probability"), names)  # type: ignore[arg-type]


@pytest.mark.parametrize("loop", [
    stl.loops.FixedMix(alpha), stl.loops.Replace(), stl.loops.Augment(lam), stl.loops.Accumulate(),
    stl.loops.Subsample(), stl.loops.WeightedMix(w)], ids=lambda loop: loop.name)
def test_the_theorem_supposes_independent_points(loop: stl.loops.Loop) -> None:
    """With one real point, written down n times, every point has the right law, and the Brier fit the gap 1/2."""
    made = stl.in_expectation(stl.Setting(loop, stl.generators.Categorical(2), stl.learners.BrierFit()))
    parameters = {symbol.name: 0.5 for symbol in made.symbols if symbol not in (n, i)}
    assert made.evaluate(n=10_000, i=0, **parameters) < 0.001
    needed = "Real points are independent, and new points from $D_j$ are independent given all that was drawn before."
    assert needed in made.latex("theorem")
    assert "are independent given all that was drawn before" in " ".join(str(made).split())


@pytest.mark.parametrize("kind", ["theorem", "document"])
def test_displacement_is_weighted_where_points_are(kind: str) -> None:
    """A fit that ignores the weights has kappa = 1 per unit of unweighted displacement, and is no weighted loop's."""
    generator = stl.generators.Generator("own", stl.DISCRETE, sensitivity=kappa, learning_error=c)
    for loop, weighted in ((stl.loops.WeightedMix(w), True), (stl.loops.FixedMix(alpha), False)):
        text = " ".join(stl.high_probability(stl.Setting(loop, generator)).latex(kind).split())
        assert ("$n$ times the total weight of the points that differ" in text) is weighted
        assert ("each times $n$ times that weight" in text) is weighted
        assert ("the number of points that differ" in text) is not weighted
        assert "the sum of the distances of corresponding points" in text


def test_a_point_of_some_weight_moves_its_training_set_by_that() -> None:
    generator = stl.generators.Generator("own", stl.DISCRETE, sensitivity=kappa, learning_error=c)
    text = stl.high_probability(stl.Setting(stl.loops.WeightedMix(w), generator)).latex("proof")
    unit = r"by the distance of its two values, the unit"
    assert rf"{unit}, times $n$ times its weight: $x^{{\mathrm{{real}}}}_{{g+1 \to g+1}} \le w$" in text
    assert rf"{unit}: $x^{{\mathrm{{initial}}}}_{{0 \to 0}} \le 1$" in text


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="equation, theorem, proof, document"):
        render(bound("generic", "replay", "high-probability"), "poem")
    with pytest.raises(InvalidArgumentError, match="width"):
        theorem(bound("generic", "replay", "high-probability"), width=0.0)


@pytest.mark.slow
def test_output_does_not_depend_on_the_process() -> None:
    made = bound("categorical", "replay", "high-probability")
    script = ("import stlbounds as stl; from stlbounds.symbols import K, alpha; "
              "s = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(K), stl.learners.BrierFit()); "
              "import sys; sys.stdout.write(stl.high_probability(s).latex('document'))")
    for seed in ("1", "77"):
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True,
                             env={**os.environ, "PYTHONHASHSEED": seed,
                                  "PYTHONPATH": str(Path(stl.__file__).parent.parent)})
        assert run.stdout.decode() == document(made)


def test_numbers_in_place_of_symbols() -> None:
    loop = stl.loops.FixedMix(0, real="fresh")
    setting = stl.Setting(loop, stl.generators.Categorical(20), stl.learners.BrierFit())
    text = theorem(stl.high_probability(setting))
    assert "19" in text and "alphabet of size $20$" in text and r"\alpha" not in text


def test_constants_that_are_sums_stay_together() -> None:
    generator = stl.generators.Generator("g", stl.EUCLIDEAN, kappa + 1, c / N + 1 / N**2)
    learner = stl.learners.UniformlyStable(b / N + 1 / N, loss_constant=M + b, metric=stl.EUCLIDEAN)
    text = theorem(stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), generator, learner)))
    assert r"$\mathrm{Lip}(\ell) \le b + M$" in text
    assert r"\kappa_N(G) \le 1 + \kappa$" in text
    assert r"\rho = (1 - \alpha)(1 + \kappa)" in text
    assert "Euclidean" in text and "total variation" not in text


def test_without_drift_and_bias_nothing_is_braced() -> None:
    loop = stl.loops.FixedMix(1, real="replay")
    setting = stl.Setting(loop, stl.generators.Categorical(20), stl.learners.BrierFit())
    text = equation(stl.in_expectation(setting))
    assert r"\underbrace" not in text and r"\le" in text


# --- real TeX --------------------------------------------------------------------------------------------


def check_compiles(tex: str, folder: Path) -> None:
    summary = compile_pdf(tex, folder / "document.pdf")
    assert summary.overfull == ()
    assert summary.undefined == ()
    assert summary.pages >= 1
    assert (folder / "document.pdf").read_bytes().startswith(b"%PDF")


@needs_tex
@pytest.mark.parametrize("case", [("generic", "replay", "high-probability"),
                                  ("categorical", "fresh", "expected-gap")], ids="-".join)
def test_documents_compile(case: tuple[str, str, str], tmp_path: Path) -> None:
    check_compiles(document(bound(*case)), tmp_path)


@needs_tex
@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_every_document_compiles(case: tuple[str, str, str], tmp_path: Path) -> None:
    check_compiles(document(bound(*case)), tmp_path)


@needs_tex
@pytest.mark.slow
@pytest.mark.parametrize("alpha_value", [0, 1, "1/2"])
def test_documents_with_numbers_compile(alpha_value: object, tmp_path: Path) -> None:
    import sympy

    loop = stl.loops.FixedMix(sympy.Rational(str(alpha_value)), real="replay")
    setting = stl.Setting(loop, stl.generators.Categorical(20), stl.learners.BrierFit())
    check_compiles(document(stl.high_probability(setting)), tmp_path)


@needs_tex
def test_snippets_fit_a_conference_column(tmp_path: Path) -> None:
    made = [bound(model, real, "high-probability")
            for model in ("generic", "categorical") for real in ("replay", "fresh")]
    body = "\n\n".join(rf"\[ {equation(item)} \]" "\n" + theorem(item) + "\n" + proof(item) for item in made)
    tex = (r"\documentclass[10pt]{article}" "\n" r"\usepackage[textwidth=5.5in]{geometry}" "\n"
           r"\usepackage{amsmath,amssymb,amsthm}\emergencystretch=3em" "\n"
           r"\newtheorem{theorem}{Theorem}" "\n" r"\begin{document}" "\n" + body + "\n"
           r"\begin{thebibliography}{9}\bibitem{kantorovich1958} K. \bibitem{mcdiarmid1989} M." "\n"
           r"\end{thebibliography}\end{document}")
    check_compiles(tex, tmp_path)


def test_a_proof_of_another_claim_can_be_outlined() -> None:
    # Lemmas have proofs as well: the root need not be a theorem.
    made = bound("generic", "replay", "high-probability")
    lemma = next(claim for claim in made.proof.steps() if claim.rule.__name__ == "Recurrence")
    plan = outline(Proof(lemma).steps())
    assert plan.steps[-1].claim is lemma


def test_a_loop_whose_first_generation_differs_has_a_bound_for_it() -> None:
    # The theorem is stated for i >= 1, and the bound for i = 0 beside it: no braces of cases in the statement.
    generator = stl.generators.Generator("g", stl.DISCRETE, kappa, c * N**-r)
    made = stl.high_probability(stl.Setting(stl.loops.Augment(lam), generator))
    text = theorem(made)
    assert r"\begin{cases}" not in text
    assert "For $i = 0$ the same holds with the right side" in text
    assert r"\frac{b}{n} + (2b + M)\sqrt{\frac{\log(2/\delta)}{2n}}" in text
    assert r"for $i \ge 1$" in equation(made)
    assert r"\begin{cases}" in proof(made)


@pytest.mark.parametrize(("real", "explained"), [(1 / sp.Integer(3), False), (alpha, True)], ids=str)
def test_quotients_are_explained_where_there_are_some(real, explained):
    generator = stl.generators.Generator("any", stl.DISCRETE, sensitivity=kappa, learning_error=c / N)
    setting = stl.Setting(stl.loops.FixedMix(real, real="fresh"), generator, stl.learners.UniformlyStable(b / N))
    text = theorem(stl.in_expectation(setting))
    assert ("A quotient" in text) == explained
