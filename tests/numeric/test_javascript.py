"""Printed JavaScript, run by node: the same numbers as everywhere else."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy as sp
from test_evaluators import run_javascript

from stlbounds.errors import UndecidedError
from stlbounds.numeric.arrays import rescued
from stlbounds.numeric.javascript import javascript_function
from stlbounds.special import binary_depth, geometric_sum
from stlbounds.symbols import N, alpha, i, kappa, privacy_mu


def test_geometric_sums_next_to_one_and_large():
    code = javascript_function("g", geometric_sum(kappa, i), (kappa, i))
    points = [(1 + sign * 10.0**-size, k)
              for sign in (-1, 1) for size in (3, 8, 12, 14) for k in (0, 1, 2, 1000, 10**6)]
    points += [(1.0, 7), (0.0, 5), (10.0, 309), (2.0, 1023), (3.5, 1)]
    got = run_javascript([code], [f"g({r!r}, {k})" for r, k in points])
    for value, (r, k) in zip(got, points, strict=True):
        exact = rescued(geometric_sum(kappa, i), (kappa, i), [np.array([r]), np.array([float(k)])])[0]
        assert value == pytest.approx(exact, rel=2e-13 + 4 * k * 2.0**-53)


def test_the_error_function_and_the_depth_of_a_tree():
    code = [javascript_function("f", sp.erf(privacy_mu), (privacy_mu,)),
            javascript_function("d", binary_depth(N), (N,))]
    points = [0.0, 1e-9, 0.3, 1.0, 2.4999, 2.5, 2.6, 4.0, 30.0]
    sizes = [1, 2, 3, 4, 5, 1023, 1024, 1025, 2**40 + 1]
    got = run_javascript(code, [f"f({x!r})" for x in points] + [f"d({n})" for n in sizes])
    assert got[:9] == pytest.approx([math.erf(x) for x in points], rel=2e-14)
    assert got[9:] == [float(binary_depth(n)) for n in sizes]


def test_numbers_beyond_doubles():
    huge, tiny = "stl_mul(1e300, 1e300)", "stl_div(1e-300, 1e300)"
    calls = {f"stl_mul({huge}, {tiny}, 7)": 7, f"stl_root({huge})": 1e300, f"stl_root({tiny})": 1e-300,
             f"stl_pow({huge}, 1/3)": 1e200, f"stl_pow({tiny}, -1/4)": 1e150, f"stl_mul(0, {huge})": 0,
             f"stl_div(0, {huge})": 0, f"stl_div({huge}, {huge})": 1, f"stl_log({huge})": 600 * math.log(10),
             "stl_mul(stl_exp(900), stl_exp(-890))": math.exp(10), f"stl_mul(stl_add({huge}, 5, {huge}), {tiny})": 2,
             f"stl_mul(stl_add({huge}, stl_negative(stl_mul({huge}, 3))), {tiny})": -2, f"stl_min({huge}, 3)": 3,
             f"stl_mul(stl_abs(stl_negative({huge})), {tiny})": 1, f"stl_mul(stl_max({huge}, 3), {tiny})": 1,
             "stl_sum(function (k) { return k; }, 1, 100)": 5050, huge: math.inf, tiny: 0,
             f"stl_mul({tiny}, stl_sum(function (k) {{ return k < 3 ? k : {huge}; }}, 1, 6))": 4,
             f"stl_mul({tiny}, stl_product(function (k) {{ return 1e200; }}, 1, 3))": 1,
             "stl_add(1.5e308, 1.5e308)": math.inf, "stl_div(stl_add(1.5e308, 1.5e308), 2)": 1.5e308, "5e-324": 5e-324,
             "stl_joined(1, -1074)": 5e-324, "stl_joined(1.75, 1023)": 1.75 * 2.0**1023,
             "stl_joined(1, 1024)": math.inf}
    got = run_javascript([], [f"stl_double({call})" for call in calls])
    assert got == pytest.approx(list(calls.values()), rel=1e-12, abs=0)


def test_names_that_javascript_reserves():
    odd = sp.Symbol("with"), sp.Symbol("growth")
    assert run_javascript([javascript_function("f", odd[0] - 2 * odd[1], odd)], ["f(7, 2)"]) == [3.0]


def test_refusals():
    with pytest.raises(UndecidedError, match="lambertw"):
        javascript_function("f", sp.Function("lambertw")(alpha), (alpha,))
    with pytest.raises(UndecidedError, match="alpha"):
        javascript_function("f", alpha, ())
