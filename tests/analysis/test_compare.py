"""Comparisons of bounds: proved for all parameters, refuted with a point, and certified crossovers."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.analysis.compare import compare_expressions
from stlbounds.errors import InvalidArgumentError
from stlbounds.interval.certificates import Proved, Refuted
from stlbounds.symbols import K, N, alpha, b, c, kappa, n, r


def _bound(real="replay", drift="sharp"):
    return stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha, real=real), stl.generators.Categorical(K),
                                            stl.learners.BrierFit(), drift=drift))


def test_fresh_data_are_never_worse_than_replayed_ones():
    """Proved for every n, i, alpha, delta and K at once."""
    found = _bound("fresh").compare(_bound("replay"), budget=30)
    assert found.proved and isinstance(found.verdict, Proved)
    assert found.verdict.certificate.replay("mpmath")
    assert found.reverse is None


def test_the_sharp_drift_against_the_general_lemma():
    found = _bound().compare(_bound(drift="lemma"), {"alpha": 0.5, "n": 100, "K": 20, "delta": 0.05, "i": (0, 50)})
    assert found.proved
    assert [(b.low, b.high) for b in found.crossovers] == [(0, 0), (1, 1)], "equal for i = 0 and i = 1, and only there"
    back = _bound(drift="lemma").compare(_bound(), alpha=0.5, n=100, K=20, delta=0.05, i=(0, 50))
    assert back.refuted and isinstance(back.verdict, Refuted) and back.reverse.proved


def test_a_crossover_in_a_real_variable_is_bracketed():
    values = {"i": 10, "n": 1000, "K": 20, "delta": 0.05}
    bound = _bound()
    found = bound.compare(sp.Rational(1, 2), alpha=(0.01, 1), **values)
    assert found.refuted and found.reverse.refuted
    (bracket,) = found.crossovers
    assert bracket.unique and bracket.high - bracket.low < 1e-9
    left, right = (bound.evaluate(alpha=float(end), **values) for end in (bracket.low, bracket.high))
    assert left > 0.5 > right
    assert "they meet at alpha in" in str(found)


def test_a_crossover_between_integers():
    values = {"i": 10, "alpha": 0.5, "K": 20, "delta": 0.05}
    bound = _bound()
    (bracket,) = bound.compare(0.5, n=(10, 10**6), **values).crossovers
    assert bracket.high == bracket.low + 1
    assert bound.evaluate(n=int(bracket.low), **values) > 0.5 > bound.evaluate(n=int(bracket.high), **values)


X = sp.Symbol("x", real=True)


@pytest.mark.parametrize(("form", "roots"), [
    ((X - sp.Rational(1, 3)) * (X - sp.Rational(2, 3)), [1 / 3, 2 / 3]), (sp.exp(X) - 2, [0.6931471805599453]),
    (X**2 + 1, []),
    (X**3 - X / 10, [-0.31622776601, 0, 0.31622776601]),
])
def test_all_places_where_a_difference_vanishes(form, roots):
    found = compare_expressions(form, sp.S.Zero, {X: (-1, 1)}).crossovers
    assert len(found) == len(roots)
    for bracket, root in zip(found, roots, strict=True):
        assert bracket.unique
        assert bracket.low - Fraction(1, 10**10) <= root <= bracket.high + Fraction(1, 10**10)


def test_a_tie_without_a_change_of_sign_is_not_called_unique():
    found = compare_expressions((X - sp.Rational(1, 3)) ** 2, sp.S.Zero, {X: (-1, 1)}).crossovers
    assert found and all(not bracket.unique for bracket in found)
    assert any(bracket.low <= Fraction(1, 3) <= bracket.high for bracket in found)


def test_no_crossovers_over_several_ranges():
    assert compare_expressions(n * alpha, 2 * n, {n: (1, 5)}).crossovers is None


def test_bad_arguments():
    with pytest.raises(InvalidArgumentError, match="other"):
        _bound().compare("something")
    with pytest.raises(InvalidArgumentError, match="kappa"):
        _bound().compare(_bound(), kappa=1)
    with pytest.raises(InvalidArgumentError, match="alpha"):
        _bound().compare(_bound(), alpha=(0.5, 0.2))


@pytest.mark.parametrize("loop", [stl.loops.FixedMix(alpha), stl.loops.Accumulate()])
def test_a_more_stable_learner_has_the_smaller_bound_for_all_parameters(loop):
    model = stl.generators.Generator("mine", stl.DISCRETE, kappa, c * N**-r)
    fast, slow = (stl.high_probability(stl.Setting(loop, model, stl.learners.UniformlyStable(stability)))
                  for stability in (b / N, b / sp.sqrt(N)))
    found = fast.compare(slow)
    assert found.proved and found.verdict.certificate.replay()
    back = slow.compare(fast)
    assert back.refuted and back.reverse.proved and back.reverse.statement == "second <= first"
    assert back.reverse.certificate.replay()
