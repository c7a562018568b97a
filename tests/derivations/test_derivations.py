"""Every derivation comes out, ends with its verdict, runs as a script, and fails when a wrong constant is planted."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import sympy as sp

from stlbounds.symbols import N, c, kappa, n, omega

FOLDER = Path(__file__).resolve().parents[2] / "derivations"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "comparison")

#: For each file the constants that it holds, each with a wrong value.
PLANTED = [
    ("bousquet_elisseeff2002", "FIRST", 1), ("bousquet_elisseeff2002", "SECOND", 2),
    ("bousquet_elisseeff2002", "REGULARISED", 1),
    ("hardt2016", "CONVEX", 1), ("hardt2016", "STRONG", 4), ("hardt2016", "GAP", 2),
    ("bousquet2020", "LOG", 12), ("bousquet2020", "SAMPLING", 2), ("bousquet2020", "FIRST_USEFUL", 22_000),
    ("gerstgrasser2024", "LIMIT", sp.pi**2 / 8),
    ("he2025", "BEST", sp.Rational(1, 2)),
    ("wright_fisher", "KEPT", 1 - 2 / n), ("dong2021", "POWER", 2), ("dong2021", "LIMITS", {1.0: "15.8"}),
    ("shumailov2024", "KEPT", sp.Rational(1, 2)), ("shumailov2024", "SPREAD", sp.Integer(1)),
    ("fu2025", "CRITICAL", 1 - 2 / kappa), ("fu2025", "LAYER", omega * sp.exp(omega)), ("fu2025", "ORDER", 1 / n),
    ("fu2025", "FOREVER", kappa / (1 - kappa)), ("fu2025", "BEST_CONSTANT", 1 / c), ("fu2025", "BEST_SHRINKING", 1 / c),
    ("li2023", "CONTEXT", sp.exp(omega)), ("li2023", "POSITION", omega), ("li2023", "ORDER", N ** -sp.Rational(1, 2)),
    ("li2023", "DIAMETER", 1),
    ("dohmatob2024", "SAME", "0.8521"), ("dohmatob2024", "FRESH", "0.7676"),
    ("dohmatob2024", "STEP", sp.Rational(1, 2)),
    ("dey_donoho2024", "LIMIT", sp.pi**2 / 8), ("dey_donoho2024", "FACTORS", {2: sp.Rational(3, 2)}),
    ("alemohammad2024", "UNBIASED", sp.Rational(8, 9)), ("alemohammad2024", "LIKELIHOOD", sp.Integer(1)),
    ("alemohammad2024", "DRIFT", -sp.log(4)), ("alemohammad2024", "REPLAYED", sp.Integer(3)),
    ("alemohammad2024", "FRESH", sp.Integer(2)),
]

#: Derivations that take some seconds.
LONG = {"gerstgrasser2024", "fu2025", "li2023"}


@pytest.fixture(autouse=True)
def _on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


def test_the_list_is_complete():
    assert len(NAMES) >= 6 and {name for name, _, _ in PLANTED} == set(NAMES)


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in NAMES])
def test_a_derivation_comes_out(name):
    found = load(name).compare()
    last = str(found).splitlines()[-1]
    assert last == found.verdict and ("agreement" in last or "factor" in last)
    assert found.rows and found.simulated and found.latex and found.source


@pytest.mark.parametrize(("name", "constant", "wrong"), [
    pytest.param(*case, marks=pytest.mark.slow) if case[0] in LONG else case for case in PLANTED])
def test_a_wrong_constant_is_noticed(name, constant, wrong, monkeypatch):
    module = load(name)
    monkeypatch.setattr(module, "_simulated", lambda *_: "")
    monkeypatch.setattr(module, constant, wrong)
    with pytest.raises(load("comparison").Disagreement):
        module.compare()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_derivation_runs_as_a_script(name):
    done = subprocess.run([sys.executable, str(FOLDER / f"{name}.py")], capture_output=True, text=True, timeout=60,
                          env={"PYTHONPATH": str(FOLDER.parent), "PATH": ""}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "agreement" in done.stdout.splitlines()[-1] or "factor" in done.stdout.splitlines()[-1]
