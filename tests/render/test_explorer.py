"""The explorer's own source, run by node: for every loop and every generator, under every theorem, Python's numbers."""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
import stlbounds.render
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS, THEOREMS
from stlbounds.errors import AssumptionError
from stlbounds.render.explorer import Explorer, explorer, trivial
from stlbounds.symbols import entry, symbol

NODE = shutil.which("node") or "nodejs"
POINTS = 50
ALPHAS = (0.5, 0.4, 0.3, 0.0, 0.9, 1.0)
#: The part of the page's script that computes and writes numbers; the rest needs a page.
_SCRIPT = (Path(stlbounds.render.__file__).parent / "templates" / "explorer.js").read_text(encoding="utf-8")
NUMBERS = _SCRIPT[_SCRIPT.index("// --- numbers"):_SCRIPT.index("// --- sliders")]


def made(model: str, loop: str, theorem: str, alphas: tuple[float, ...] = ALPHAS, **options: Any) -> stl.Bound:
    mixed = LOOPS[loop].make(lambda name: list(alphas) if name == "alphas" else symbol(name), options.get("real"))
    learner = LEARNERS[GENERATORS[model].learner].make(symbol)
    return THEOREMS[theorem].make(stl.Setting(mixed, GENERATORS[model].make(symbol), learner))


def drawn(name: str, chance: random.Random) -> float | int:
    """A value of a symbol from its range; loop gains of 1, and others above it, are set elsewhere."""
    found = entry(symbol(name)).range
    low = 0.0 if found.low == -sp.oo else float(found.low)
    if name == "i":
        return chance.randrange(0, len(ALPHAS) + 1)
    if found.integer:
        return int(low) + chance.randrange(1, 10**4 if name == "n" else 12)
    high = low + 3 if found.high == sp.oo else float(found.high)
    return round(low + (high - low) * (0.001 + 0.998 * chance.random()), 4)


def points(names: list[str], count: int = POINTS) -> dict[str, np.ndarray]:
    """Random values by name, with a loop gain of 1, and above it, where the sensitivity is a parameter."""
    chance = random.Random(len(names))
    columns = {name: [drawn(name, chance) for _ in range(count)] for name in names}
    for place in range(count) if "kappa" in names else ():
        kept = 1 - columns["alpha"][place] if "alpha" in names else 1
        if place % 5 == 0:
            columns["kappa"][place] = 1 / kept if kept else 1
        elif place % 5 == 1:
            columns["kappa"][place] = (1 + chance.random()) / max(kept, 0.1)
    return {name: np.array(column) for name, column in columns.items()}


def page(made_by: Explorer, columns: dict[str, np.ndarray]) -> str:
    """A call that answers with what the page shows, and with the numbers themselves, at all points."""
    names = [part["name"] for part in made_by.parameters]
    rows = [dict(zip(names, (column[place].item() for column in (columns[name] for name in names)), strict=True))
            for place in range(POINTS)]
    return (f"(function () {{ {made_by.source}\nvar stl_data = {json.dumps(made_by.data)};"
            "var parameters = stl_data.parameters, terms = stl_data.terms;\n" + NUMBERS +
            f"return {json.dumps(rows)}.map(function (point) {{ var found = evaluate(point);"
            "return [found.bound].concat(found.terms).map(function (x) { return [shown(x), String(x)]; }); }); }())")


def agrees(shown: str, value: float) -> bool:
    """Whether a number that is shown is the value to six significant digits."""
    if not value:
        return shown == "0"
    last = 10.0 ** (math.floor(math.log10(abs(value))) - 5)
    return abs(float(shown) - value) <= 0.51 * last


def held(bounds: dict[str, stl.Bound]) -> None:
    """All bounds in one run of node."""
    pages, expected = [], []
    for bound in bounds.values():
        # The values at first are those of the sliders, which this test does not move.
        start = dict.fromkeys([*map(str, bound.symbols), "M", "n", "i", "K"], 1)
        ready = explorer(bound, start)
        names = [part["name"] for part in ready.parameters]
        columns = points([name for name in names if not name.startswith("alpha_")])
        for place, given in enumerate(ALPHAS, start=1):
            columns[f"alpha_{place}"] = np.full(POINTS, given)
        pages.append(page(ready, columns))
        known = {str(part) for part in bound.symbols}
        terms = bound.evaluate_terms(**{name: column for name, column in columns.items() if name in known})
        expected.append([np.broadcast_to(sum(terms.values()), POINTS),
                         *(np.broadcast_to(term, POINTS) for term in terms.values())])
    done = subprocess.run([NODE, "-"], input=f"console.log(JSON.stringify([{', '.join(pages)}]))", capture_output=True,
                          text=True, check=True, timeout=60)
    compared = 0
    for name, found, wanted in zip(bounds, json.loads(done.stdout), expected, strict=True):
        for place, row in enumerate(found):
            for (shown, text), column in zip(row, wanted, strict=True):
                value = float(column[place])
                if shown == "overflow":
                    assert value == math.inf, (name, place, value)
                    continue
                assert float(text) == pytest.approx(value, rel=1e-11, abs=1e-300), (name, place)
                assert agrees(shown, value), (name, place, shown, value)
                compared += 1
    assert compared > 0.9 * sum(len(wanted) * POINTS for wanted in expected)


def accepted(model: str, loop: str, theorems: list[str], **options: Any) -> dict[str, stl.Bound]:
    found = {}
    for theorem in theorems:
        try:
            found[f"{model} {loop} {theorem}"] = made(model, loop, theorem, **options)
        except AssumptionError:
            continue  # what a theorem refuses is tested where it is refused
    return found


@pytest.mark.slow
@pytest.mark.parametrize("loop", LOOPS)
def test_every_loop(loop: str) -> None:
    bounds = accepted("generic", loop, list(THEOREMS))
    assert len(bounds) >= 6
    if loop in ("fixed-mix", "schedule"):
        real = "fresh" if loop == "fixed-mix" else "replay"
        bounds[f"{loop} {real}"] = made("generic", loop, "high-probability", real=real)
    held(bounds)


@pytest.mark.slow
@pytest.mark.parametrize("model", [name for name in GENERATORS if name != "generic"])
def test_every_generator(model: str) -> None:
    # The mean of the gap's size has the terms of the others; the smallest bound differs where a variance is known.
    theorems = [name for name in THEOREMS if name != "expected-gap" and (name != "best" or model == "location")]
    bounds = accepted(model, "fixed-mix", theorems)
    assert len(bounds) >= (2 if model.startswith("sgd") else 4)
    held(bounds)


class TestSchedules:
    """A slider for each proportion."""

    @pytest.mark.parametrize("real", ["fresh", pytest.param("replay", marks=pytest.mark.slow)])
    def test_other_proportions_give_the_bound_of_their_own_schedule(self, real: str) -> None:
        names = {"n": 100, "i": 2, "K": 5}
        first = made("categorical", "schedule", "expectation", (0.5, 0.5, 0.25), real=real)
        ready = explorer(first, names)
        assert [part["name"] for part in ready.parameters][-3:] == ["alpha_1", "alpha_2", "alpha_3"]
        assert [part["value"] for part in ready.parameters][-3:] == [0.5, 0.5, 0.25]
        other = (0.9, 0.1, 0.35)
        second = made("categorical", "schedule", "expectation", other, real=real)
        rows = [{**names, "i": i, **{f"alpha_{k}": value for k, value in enumerate(other, start=1)}} for i in range(4)]
        columns = {name: np.array([row[name] for row in rows] * POINTS) for name in rows[0]}
        done = subprocess.run([NODE, "-"], input=f"console.log(JSON.stringify({page(ready, columns)}))",
                              capture_output=True, text=True, check=True, timeout=60)
        for row, answer in zip(rows, json.loads(done.stdout), strict=False):
            assert float(answer[0][1]) == pytest.approx(second.evaluate(n=100, i=row["i"], K=5), rel=1e-12)

    def test_a_formula_and_a_long_list_have_none(self) -> None:
        loop = stl.loops.Schedule(1 / (1 + symbol("j")))
        formula = stl.in_expectation(stl.Setting(loop, stl.generators.Categorical(5), stl.learners.BrierFit()))
        assert [part["name"] for part in explorer(formula, {"n": 10, "i": 2}).parameters] == ["n", "i"]
        long = made("categorical", "schedule", "expectation", (0.5, 0.25) * 10)
        assert len(explorer(long, {"n": 10, "i": 2, "K": 3}).parameters) == 3


def test_what_a_vacuous_bound_is_told() -> None:
    assert trivial("bernstein", "2") == "the gap never exceeds 2 anyway"
    # The loss constant bounds the gap, but an excess risk only if the loss has that range.
    assert trivial("excess-risk", "2").startswith("the excess risk of a loss with values in an interval of length 2 ")
