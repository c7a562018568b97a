"""One run of training for a whole generation: whose learning error the theorem needs, by complete enumeration."""

from __future__ import annotations

from itertools import product

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.symbols import c

N = 8


def brier_gap(sample: tuple[int, ...]) -> sp.Rational:
    """The gap of the Brier fit on bits, for fair bits as real data."""
    law = [sp.Rational(sample.count(bit), len(sample)) for bit in (0, 1)]

    def loss(bit: int) -> sp.Expr:
        return sum((law[other] - (other == bit)) ** 2 for other in (0, 1)) / 2

    return sum(loss(bit) for bit in (0, 1)) / sp.Integer(2) - sum(map(loss, sample)) / sp.Integer(len(sample))


def test_the_learning_error_is_that_of_the_run():
    """Descent of one step on one training point, whose model writes that point for ever.

    The law averaged over the runs is the empirical law, close to the real one; with its distance in the place of the
    learning error the theorem would be false.
    """
    sets = list(product((0, 1), repeat=N))
    averaged = sp.Rational(1, len(sets)) * sum(abs(sp.Rational(sum(bits), N) - sp.Rational(1, 2)) for bits in sets)
    # Given the run, T_1 consists of one point N times.
    gap = (brier_gap((0,) * N) + brier_gap((1,) * N)) / 2
    assert gap == sp.Rational(1, 2)
    of_the_run = sp.Rational(1, 2)
    setting = stl.Setting(stl.loops.Replace(), stl.generators.SGDTrained(stl.DISCRETE, learning_error=c),
                          stl.learners.BrierFit())
    bound = stl.in_expectation(setting)
    assert bound.evaluate(n=N, i=1, c=float(averaged)) < float(gap) <= bound.evaluate(n=N, i=1, c=float(of_the_run))


@pytest.mark.parametrize("metric", [stl.DISCRETE, stl.EUCLIDEAN])
def test_the_theorem_says_so(metric):
    learner = stl.learners.BrierFit() if metric is stl.DISCRETE else stl.learners.MeanFit()
    bound = stl.in_expectation(stl.Setting(stl.loops.FixedMix(sp.Rational(1, 2)),
                                           stl.generators.SGDTrained(metric, learning_error=c), learner))
    for text in (bound.latex("theorem"), bound.latex("document"), str(bound).replace("\n", " ")):
        assert "is random; distances of such laws are means over the seed of the run" in " ".join(text.split())
    assert "averaged over its seed" not in bound.latex("document")
