"""Prompts show what was found, and not the fields that the result is made of."""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp
from IPython.core.formatters import DisplayFormatter

import stlbounds as stl
from stlbounds.render.markup import inline_html
from stlbounds.symbols import N, alpha, c, i, kappa, n, r, w

MINE = stl.generators.Generator("mine", stl.DISCRETE, kappa, c * N**-r)
BOUND = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), MINE))
KNOWN = stl.high_probability(stl.Setting(stl.loops.Replace(), stl.generators.Categorical(5), stl.learners.BrierFit()))
POINT = {"kappa": 0.5, "c": 1, "r": 0.5, "b": 1, "M": 1, "delta": 0.05}
RESULTS = {
    "rate": lambda: BOUND.rate(n), "uniform": lambda: BOUND.rate(n).uniform_in("i"),
    "limit": lambda: BOUND.limit(i, sp.oo), "expansion": lambda: BOUND.expansion(n),
    "threshold": lambda: BOUND.threshold(alpha),
    "phase diagram": lambda: BOUND.phase_diagram(alpha, kappa, [0, 0.5, 1], [1, 3]),
    "sample size": lambda: BOUND.sample_size(0.5, alpha=0.5, i=3, **POINT),
    "minimum": lambda: stl.high_probability(stl.Setting(stl.loops.WeightedMix(w), MINE)).minimize(
        w, over=(0.1, 1), n=1000, i=3, **POINT),
    "comparison": lambda: BOUND.compare(BOUND, n=100, i=3, alpha=0.5, **POINT),
    "enclosure": lambda: BOUND.enclose(n=100, i=3, alpha=0.5, **POINT),
    "plan": lambda: BOUND.plan(n=100), "verdict": lambda: stl.decide(alpha * (1 - alpha) <= sp.Rational(1, 4)),
    "laws": lambda: KNOWN.exact_laws()[0], "verification": lambda: KNOWN.proof.verify(), "proof": lambda: KNOWN.proof,
    "measured": lambda: stl.measure(KNOWN, ["drift"], n=20, i=2, replicas=20),
    "constants": lambda: stl.generators.Categorical(3).self_check()[0],
}


def shown(result: Any) -> dict[str, str]:
    return DisplayFormatter().format(result)[0]


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_shown_as_its_text(name: str) -> None:
    result = RESULTS[name]()
    assert shown(result)["text/plain"] == str(result)
    assert f"{type(result).__name__}(" not in str(result)
    # In a tuple, too, as exact laws and measured constants come.
    assert name == "proof" or str(result).splitlines()[0] in shown((result,))["text/plain"]


def test_cases_and_regimes_have_a_line_each() -> None:
    assert str(BOUND.limit(i, sp.oo, term="bias")).splitlines() == [
        "oo  if kappa*(1 - alpha) >= 1",
        "b*(alpha*kappa*(1 - alpha)/(-kappa*(1 - alpha) + 1) + 1)/n  if kappa*(1 - alpha) < 1"]
    assert str(BOUND.threshold(alpha)).splitlines()[:3] == [
        "critical alpha: Max(0, 1 - 1/kappa)",
        "  diverges: Theta((kappa*(1 - alpha))**i)   if kappa*(1 - alpha) > 1",
        "  diverges: Theta(i)   if kappa*(1 - alpha) = 1"]
    assert str(BOUND.phase_diagram(alpha, kappa, [0, 0.5, 1], [1, 3])).splitlines()[1:3] == [
        "       3  --+", "       1  o++"]


@pytest.mark.parametrize("name", ["rate", "uniform", "limit", "expansion", "threshold"])
def test_notebooks_get_formulas(name: str) -> None:
    text = shown(RESULTS[name]())["text/markdown"]
    assert text.count("$") % 2 == 0 and "$" in text
    for line in text.splitlines():
        inline_html(line)  # refuses LaTeX that it does not know
    assert "geometric_sum" not in text and "**i" not in text


def test_what_is_undecided_is_said_where_it_is_shown() -> None:
    strange = stl.generators.Generator("strange", stl.DISCRETE, kappa * sp.exp(-kappa) + alpha, 0.1)
    found = stl.in_expectation(stl.Setting(stl.loops.FixedMix(alpha), strange)).threshold(alpha)
    with pytest.raises(stl.errors.UndecidedError):
        _ = found.critical
    assert str(found).startswith("critical value undecided: ")
    assert "undecided" in shown(found)["text/markdown"]
