"""Printed JavaScript, run by node: the same numbers as everywhere else."""

from __future__ import annotations

import json
import math
import shutil
import subprocess

import numpy as np
import pytest
import sympy as sp
from test_evaluators import FAMILIES, _bound, _column

from stlbounds.errors import UndecidedError
from stlbounds.numeric.arrays import rescued
from stlbounds.numeric.javascript import RUNTIME, javascript_function
from stlbounds.special import binary_depth, geometric_sum
from stlbounds.symbols import N, alpha, i, kappa, privacy_mu

NODE = shutil.which("node") or "nodejs"


def _run(functions: list[str], calls: list[str]) -> list[float]:
    """The values of calls; numbers travel as text, so that none is rounded."""
    code = "\n".join([RUNTIME, *functions, f"console.log(JSON.stringify([{', '.join(calls)}].map(String)));"])
    done = subprocess.run([NODE, "-e", code], capture_output=True, text=True, check=True, timeout=60)
    return [float(text.replace("Infinity", "inf")) for text in json.loads(done.stdout)]


def test_every_family_agrees_with_the_other_evaluators():
    functions, calls, expected, generations = [], [], [], []
    for number, name in enumerate(FAMILIES):
        bound, rng = _bound(name), np.random.default_rng(number)
        columns = {symbol.name: _column(symbol.name, rng, 30, min(FAMILIES[name][1], 60)) for symbol in bound.symbols}
        functions.append(javascript_function(f"f{number}", bound.expr, bound.symbols))
        calls += [f"f{number}({', '.join(map(repr, map(float, point)))})"
                  for point in zip(*columns.values(), strict=True)]
        expected += rescued(bound.expr, bound.symbols, list(columns.values())).tolist()
        generations += columns["i"].tolist()
    compared = 0
    for got, value, i_ in zip(_run(functions, calls), expected, generations, strict=True):
        # Overflow on the way is not made good in JavaScript.
        if math.isfinite(got):
            assert got == pytest.approx(value, rel=1e-12 + 40 * (i_ + 1) * 2.0**-53)
            compared += 1
    assert compared > 0.9 * len(expected)


def test_geometric_sums_next_to_one_and_large():
    code = javascript_function("g", geometric_sum(kappa, i), (kappa, i))
    points = [(1 + sign * 10.0**-size, k)
              for sign in (-1, 1) for size in (3, 8, 12, 14) for k in (0, 1, 2, 1000, 10**6)]
    points += [(1.0, 7), (0.0, 5), (10.0, 309), (2.0, 1023), (3.5, 1)]
    got = _run([code], [f"g({r!r}, {k})" for r, k in points])
    for value, (r, k) in zip(got, points, strict=True):
        exact = rescued(geometric_sum(kappa, i), (kappa, i), [np.array([r]), np.array([float(k)])])[0]
        assert value == pytest.approx(exact, rel=2e-13 + 4 * k * 2.0**-53)


def test_the_error_function_and_the_depth_of_a_tree():
    code = [javascript_function("f", sp.erf(privacy_mu), (privacy_mu,)),
            javascript_function("d", binary_depth(N), (N,))]
    points = [0.0, 1e-9, 0.3, 1.0, 2.4999, 2.5, 2.6, 4.0, 30.0]
    sizes = [1, 2, 3, 4, 5, 1023, 1024, 1025, 2**40 + 1]
    got = _run(code, [f"f({x!r})" for x in points] + [f"d({n})" for n in sizes])
    assert got[:9] == pytest.approx([math.erf(x) for x in points], rel=2e-14)
    assert got[9:] == [float(binary_depth(n)) for n in sizes]


def test_names_that_javascript_reserves():
    odd = sp.Symbol("with"), sp.Symbol("growth")
    assert _run([javascript_function("f", odd[0] - 2 * odd[1], odd)], ["f(7, 2)"]) == [3.0]


def test_refusals():
    with pytest.raises(UndecidedError, match="lambertw"):
        javascript_function("f", sp.Function("lambertw")(alpha), (alpha,))
    with pytest.raises(UndecidedError, match="alpha"):
        javascript_function("f", alpha, ())
