"""What differs in generation 0: cases, and sums and products over generations that are empty there."""

from __future__ import annotations

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.generation_zero import at_start, case_by_case, from_start, generation_cases
from stlbounds.symbols import alpha, i

k, m = sp.symbols("k m", integer=True, nonnegative=True)
EMPTY = sp.Product(1 - alpha * m, (m, 1, i))
CASES = from_start(i, alpha, sp.S.One)


class TestAtStart:
    """Such series are added up: what SymPy says of the sign of an empty product is left to chance."""

    def test_nothing_is_left_without_terms(self):
        nested = sp.Sum(sp.Product(1 - alpha * m, (m, k + 1, i)) * (k + 1), (k, 0, i))
        assert at_start(EMPTY + nested + CASES, i) == 2 + alpha

    def test_limits_that_end_before_they_start(self):
        assert at_start(sp.Sum(k, (k, 1, i - 3)) + sp.Product(k + 1, (k, 1, i - 3)), i) == 1

    def test_long_sums_stay(self):
        series = sp.Sum(alpha**k, (k, 1, 10**9))
        assert at_start(series + i, i) == series

    def test_cases_have_no_empty_series(self):
        assert generation_cases(EMPTY + CASES)[0] == 1 + alpha
        assert case_by_case(lambda part: 2 * part, EMPTY + CASES, index=i).args[0][0] == 2 + 2 * alpha


@pytest.mark.parametrize("theorem", ["high-probability", "best"])
def test_proofs_print_no_empty_series(theorem):
    setting = stl.Setting(stl.loops.Schedule([sp.Rational(1, 2), sp.Rational(2, 5)], real="replay"),
                          stl.generators.Categorical(20), stl.learners.BrierFit())
    text = stl.Bound(setting, theorem).latex("proof")
    assert "i = 0" in text and "^{0}" not in text
