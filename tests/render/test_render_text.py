"""Plain text: expressions on one line, LaTeX sentences without LaTeX, and whole bounds."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.generators.attention_depth import layer_query
from stlbounds.render.text import text
from stlbounds.render.unicode import plain, plain_latex
from stlbounds.sequences import listed
from stlbounds.special import binary_depth, geometric_sum
from stlbounds.symbols import G, K, L, M, N, Phi, alpha, b, c, delta, epsilon, h_bar, i, kappa, lam, n, omega, r, rho

GOLDEN = Path(__file__).parent / "golden"
LOG = sp.log(2 / delta)

EXAMPLES = [
    (Phi * (2 * b + M) * sp.sqrt(LOG / (2 * n)), "Φ (2 b + M) √(log(2/δ)/(2 n))"),
    (Phi * (2 * b + M) / (2 * sp.sqrt(n)), "Φ (2 b + M)/(2 √n)"),
    (geometric_sum(rho, i + 1), "(1 - ρ^(i + 1))/(1 - ρ)"),
    (kappa / n * geometric_sum(rho, i), "κ/n (1 - ρ^i)/(1 - ρ)"),
    (c / n * geometric_sum(sp.Rational(1, 3), i), "3 c (1 - (⅓)^i)/(2 n)"),
    (geometric_sum(lam / (1 + lam), i), "(1 + λ) (1 - (λ/(1 + λ))^i)"),
    (b * (1 + h_bar) / n, "b (1 + h̄)/n"),
    (sp.sqrt((K - 1) / n) / 2, "½ √((K - 1)/n)"),
    (c * n**-r, "c n^(-r)"),
    (1 - alpha, "1 - α"),
    (-lam * epsilon, "-λ ε"),
    (rho**2, "ρ²"),
    (1 / sp.sqrt(n), "1/√n"),
    (sp.Rational(5, 7) * b, "5/7 b"),
    (sp.Max(M, c), "max(M, c)"),
    (sp.Min(M, c), "min(M, c)"),
    (sp.Sum(rho**G, (G, 1, i)), "∑_{g=1}^{i} ρ^g"),
    (sp.Rational(-1, 2), "-½"),
    (sp.S.Zero, "0"),
    (binary_depth(n) * sp.sqrt(2 * n), "⌈log₂ n⌉ √(2 n)"),
    (binary_depth((1 + lam) * n), "⌈log₂((1 + λ)n)⌉"),
    (1 - listed(i, sp.Rational(1, 2), sp.Rational(2, 5)), "1 - α_i"),
    (layer_query(omega, L)**2, "q_L(ω)²"),
]


@pytest.mark.parametrize(("expression", "expected"), EXAMPLES, ids=[found for _, found in EXAMPLES])
def test_expressions_on_one_line(expression: sp.Expr, expected: str) -> None:
    assert plain(expression) == expected


@pytest.mark.parametrize(("sentence", "expected"), [
    (r"$\beta_N(A) \le b/N$, in words", "β_N(A) ≤ b/N, in words"),
    (r"$\bar{D}_{j}$ and $\hat{R}_T$", "D̄_j and R̂_T"),
    (r"$\frac12 \sum_y \mathrm{dist}(S, S')$", "½ ∑_y dist(S, S')"),
    (r"\emph{my\_model}, 5\% --- Cauchy--Schwarz~\cite{a1}", "my_model, 5% — Cauchy–Schwarz"),
    (r"$\sqrt{n}/\frac{a}{b}$", "√(n)/(a)/(b)"),
    (r"$1\{z \ne z'\}$", "1{z ≠ z'}"),
])
def test_sentences_lose_their_latex(sentence: str, expected: str) -> None:
    assert plain_latex(sentence) == expected


def bound(model: str, real: str, theorem: str) -> stl.Bound:
    loop = stl.loops.FixedMix(alpha, real=real)  # type: ignore[arg-type]
    if model == "generic":
        generic = stl.generators.Generator("my_model", stl.DISCRETE, kappa, c * N**-r)
        setting = stl.Setting(loop, generic)
    else:
        setting = stl.Setting(loop, stl.generators.Categorical(K), stl.learners.BrierFit())
    make = {"hp": stl.high_probability, "mean": stl.in_expectation, "gap": stl.expected_gap}
    return make[theorem](setting)


@pytest.mark.parametrize(("model", "real", "theorem"), [
    ("generic", "replay", "hp"), ("categorical", "replay", "hp"), ("categorical", "fresh", "mean"),
    ("generic", "fresh", "gap"),
])
def test_bounds_as_text_are_the_golden_ones(model: str, real: str, theorem: str) -> None:
    shown = text(bound(model, real, theorem))
    path = GOLDEN / f"{model}-{real}-{theorem}.txt"
    if os.environ.get("STLBOUNDS_GOLDEN") == "write":
        path.write_text(shown + "\n", encoding="utf-8")
    assert shown + "\n" == path.read_text(encoding="utf-8")


def test_text_is_plain_aligned_and_complete() -> None:
    made = bound("generic", "replay", "hp")
    shown = str(made)
    assert "\\" not in shown and "$" not in shown
    lines = shown.splitlines()
    terms = [line for line in lines if re.match(r"  (drift|bias|concentration) +=", line)]
    assert len(terms) == 3 and len({line.index("=") for line in terms}) == 1
    assert "With probability at least 1 - δ:" in lines
    assert sum(line.startswith("  (A") for line in lines) == len(made.assumptions) == 4
    assert "my_model" in shown
    assert all(len(line) <= 100 for line in lines)


def test_sentences_are_wrapped_to_the_terminal() -> None:
    lines = text(bound("generic", "replay", "hp"), width=60).splitlines()
    formulas = re.compile(r" [=≤] ")
    assert all(len(line) <= 60 for line in lines if not formulas.search(line))


def test_constants_of_layers_are_defined_where_they_occur() -> None:
    generator = stl.generators.DepthUniformTransformer(L, omega, c * N**-r)
    learner = stl.learners.UniformlyStable(b / N, M, stl.EUCLIDEAN)
    bound = stl.in_expectation(stl.Setting(stl.loops.FixedMix(alpha), generator, learner))
    lines = text(bound).splitlines()
    start = lines.index("by recursion over the layers")
    assert [line.split("=")[0].strip() for line in lines[start + 2:start + 8]] == [
        f"{letter}_{index}(ω)" for letter in "δmq" for index in ("0", "{l + 1}")]
    theorem = bound.latex("theorem")
    assert theorem.count(r"_{l + 1}(\omega)") == 3 and r"q_{0}(\omega) = 0" in theorem
    assert "constants of the layers" not in stl.in_expectation(stl.Setting(
        stl.loops.FixedMix(alpha), stl.generators.Categorical(K), stl.learners.BrierFit())).latex("theorem")
