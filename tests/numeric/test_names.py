"""Constants of a user that are called as something in generated code: every evaluator, and verification."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from test_evaluators import run_javascript

import stlbounds as stl
from stlbounds import symbols
from stlbounds.numeric.arrays import rescued
from stlbounds.numeric.javascript import javascript_function
from stlbounds.symbols import N, alpha, declare, kappa, r

#: Functions and helpers of every kind of generated code, modules, words of JavaScript, and names of shared parts.
NAMES = ("ratio", "root", "number", "power", "cases", "log", "sqrt", "exp", "numpy", "mpf", "geometric_sum", "sum_over",
         "math", "inf", "Math", "let", "function", "x0", "_t0")
POINT = {"n": 1000, "alpha": 0.25, "i": 7, "kappa": 0.5, "r": 0.5, "b": 1, "M": 1, "delta": 0.05}


def bound_with(symbol: sp.Symbol) -> stl.Bound:
    generator = stl.generators.Generator("named", stl.DISCRETE, kappa / 2, symbol * N**-r / 3)
    return stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), generator))


@pytest.fixture(autouse=True)
def vocabulary(monkeypatch):
    """What is declared here is forgotten afterwards."""
    monkeypatch.setattr(symbols, "_REGISTRY", symbols.known())


@pytest.fixture
def expected(vocabulary) -> float:
    return bound_with(declare("test_unsuspicious", "a constant")).evaluate(**POINT, test_unsuspicious=0.375)


@pytest.mark.parametrize("name", NAMES)
def test_every_evaluator(name, expected):
    bound = bound_with(declare(name, f"a constant of the tests, {name}"))
    values = {**POINT, name: 0.375}
    columns = [np.full(3, float(values[str(symbol)])) for symbol in bound.symbols]
    code = javascript_function("f", bound.expr, bound.symbols)
    enclosed = bound.enclose(**values)
    found = [bound.evaluate(**values), float(bound.evaluate(**values, digits=20)),
             bound.evaluate(**{**values, "n": [1000, 9]})[0],
             bound.evaluate(**{**values, "n": [[1000], [9]], "i": [7, 3]})[0, 0],
             rescued(bound.expr, bound.symbols, columns)[0], float(enclosed.lower), float(enclosed.upper),
             *run_javascript([code], [f"f({', '.join(repr(float(column[0])) for column in columns)})"])]
    assert found == pytest.approx([expected] * len(found), rel=1e-13)
    bound.proof.verify()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["root", "log", "geometric_sum"])
def test_machine_code(name, expected, tmp_path, monkeypatch):
    monkeypatch.setenv("STLBOUNDS_CACHE", str(tmp_path))
    bound = bound_with(declare(name, f"a constant of the tests, {name}"))
    found = bound.evaluate(**{**POINT, name: 0.375, "n": np.full(2000, 1000)}, compiled=True)
    assert found == pytest.approx(np.full(2000, expected), rel=1e-13)
