"""Generators: their constants by complete enumeration, their claims, and what they refuse.

`TestGenerator` is shared by all generators; a new one joins by a line in `GENERATORS`.
"""

from __future__ import annotations

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import AssumptionError, InvalidArgumentError, SymbolError
from stlbounds.generators.categorical import EmpiricalDrift, EmpiricalLearningError
from stlbounds.proof.dag import Proof
from stlbounds.proof.quantities import D, Distance, Dmix, InfluenceSquares, Sensitivity
from stlbounds.proof.rules.influence import InfluenceSquaresSum
from stlbounds.symbols import SOURCE, STEP, J, K, N, alpha, c, e, eta, i, kappa, n, r, rho

DISCRETE, EUCLIDEAN = stl.DISCRETE, stl.EUCLIDEAN
GENERATORS = {
    "generic": stl.generators.Generator("mine", DISCRETE, kappa, c * N**-r),
    "numbers": stl.generators.Generator("mine", EUCLIDEAN, 1.3, 0.1),
    "contractive": stl.generators.Generator("mine", EUCLIDEAN, eta, e),
    "categorical": stl.generators.Categorical(K),
    "categorical, twenty cells": stl.generators.Categorical(cells=20),
    "with prior": stl.generators.CategoricalWithPrior(K, eta),
    "private": stl.generators.PrivateGenerator(c / N, e),
    "gaussian private": stl.generators.GaussianPrivateGenerator(c / N, e),
}
LOOPS = (stl.loops.FixedMix(alpha), stl.loops.FixedMix(alpha, real="fresh"), stl.loops.Replace())


@pytest.mark.parametrize("name", GENERATORS)
class TestGenerator:
    """What must hold for every generator."""

    def test_the_sensitivity_claim_states_the_sensitivity(self, name):
        generator = GENERATORS[name]
        claim = generator.sensitivity_claim()
        assert (claim.lhs, claim.rhs) == (Sensitivity(N), generator.sensitivity)
        assert Proof(claim).verify().steps >= 1

    @pytest.mark.parametrize("loop", LOOPS)
    def test_the_learning_error_claim_states_it_at_the_size_of_the_loop(self, name, loop):
        generator = GENERATORS[name]
        claim = generator.learning_error_claim(loop)
        assert claim.lhs == Distance(Dmix(J), D(J + 1))
        assert sp.simplify(claim.rhs - generator.learning_error.subs(N, loop.size(J))) == 0
        assert Proof(claim).verify().steps >= 1

    def test_a_drift_of_its_own_is_announced(self, name):
        generator = GENERATORS[name]
        squares = InfluenceSquaresSum.apply(protocol=LOOPS[0])
        if generator.has_sharp_drift:
            with pytest.raises(AssumptionError):
                generator.drift_claim(LOOPS[0], squares)  # a bound on InfluenceSquares(i), not on InfluenceSquares(J)
            return
        with pytest.raises(AssumptionError, match="no drift bound of its own"):
            generator.drift_claim(LOOPS[0], squares)
        with pytest.raises(AssumptionError, match="no drift bound of its own"):
            generator.drift(1 / n)

    def test_constants_use_no_symbol_that_the_library_fills_in(self, name):
        generator = GENERATORS[name]
        assert not {n, i, J} & (generator.sensitivity.free_symbols | generator.learning_error.free_symbols)


# --- the categorical generator by enumeration ----------------------------------------------------------------


def _empirical(points: tuple[int, ...]) -> Counter[int]:
    law: Counter[int] = Counter()
    for point in points:
        law[point] += Fraction(1, len(points))
    return law


def _total_variation(p: Counter[int], q: Counter[int]) -> Fraction:
    return sum((abs(p[z] - q[z]) for z in {*p, *q}), Fraction(0)) / 2


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("cells", [2, 3])
def test_the_sensitivity_of_the_categorical_generator_is_1(size, cells):
    """The largest ``N TV(G(S), G(S'))/dist(S, S')`` over all pairs of training sets is ``kappa = 1``."""
    sets = list(itertools.product(range(cells), repeat=size))
    largest = Fraction(0)
    for first, second in itertools.combinations(sets, 2):
        displacement = sum(a != b for a, b in zip(first, second, strict=True))
        distance = _total_variation(_empirical(first), _empirical(second))
        largest = max(largest, size * distance / displacement)
    assert largest == stl.generators.Categorical(cells).sensitivity == 1


LAWS = [(Fraction(1, 2), Fraction(1, 2)), (Fraction(1, 5), Fraction(4, 5)), (Fraction(1, 3),) * 3,
        (Fraction(1, 10), Fraction(2, 10), Fraction(7, 10)), (Fraction(1), Fraction(0))]


def _expected_error(law: tuple[Fraction, ...], size: int) -> Fraction:
    """``E TV(D_0, G(S))`` over all training sets of i.i.d. points, by enumeration."""
    real = Counter(dict(enumerate(law)))
    total = Fraction(0)
    for points in itertools.product(range(len(law)), repeat=size):
        probability = Fraction(1)
        for point in points:
            probability *= law[point]
        total += probability * _total_variation(real, _empirical(points))
    return total


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_the_learning_error_covers_every_small_law(law, size):
    generator = stl.generators.Categorical(len(law))
    assert _expected_error(law, size) <= generator.learning_error.subs(N, size)


def test_the_learning_error_is_attained_by_one_fair_coin():
    assert _expected_error(LAWS[0], 1) == stl.generators.Categorical(2).learning_error.subs(N, 1)


def test_the_sharp_drift_is_the_learning_error_at_the_variance_of_the_loop():
    generator = stl.generators.Categorical(K)
    assert generator.drift(1 / N) == generator.learning_error
    loop = LOOPS[0]
    outer = EmpiricalDrift.apply(protocol=loop, cells=K)
    assert (outer.lhs, outer.rhs) == (Distance(D(0), D(J + 1)), sp.sqrt((K - 1) * InfluenceSquares(J)) / (2 * n))


# --- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [-1, -0.5, -kappa, kappa - 1, 1 - kappa, sp.log(N) - kappa, sp.I])
def test_a_constant_that_may_be_negative_is_refused(value):
    with pytest.raises(InvalidArgumentError, match="nonnegative"):
        stl.generators.Generator("g", DISCRETE, value)
    with pytest.raises(InvalidArgumentError, match="learning_error"):
        stl.generators.Generator("g", DISCRETE, kappa, value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), sp.oo, "kappa", None, True, [1], np.array([1.0])])
def test_a_constant_that_is_no_finite_expression_is_refused(value):
    with pytest.raises(InvalidArgumentError, match="sensitivity"):
        stl.generators.Generator("g", DISCRETE, value)


@pytest.mark.parametrize("value", [1 / n, kappa**i, rho, rho / N, kappa * J, kappa * STEP, SOURCE])
def test_symbols_that_the_library_fills_in_are_refused(value):
    with pytest.raises(SymbolError, match="fills in"):
        stl.generators.Generator("g", DISCRETE, value)
    with pytest.raises(SymbolError, match="fills in"):
        stl.generators.Generator("g", DISCRETE, 1, value)


def test_undeclared_and_foreign_symbols_are_refused():
    with pytest.raises(SymbolError, match="unknown symbol my_constant"):
        stl.generators.Generator("g", DISCRETE, sp.Symbol("my_constant", positive=True))
    with pytest.raises(SymbolError, match="other assumptions"):
        stl.generators.Generator("g", DISCRETE, sp.Symbol("kappa", positive=True))


def test_the_size_and_other_symbols_are_welcome():
    generator = stl.generators.Generator("g", DISCRETE, N * (1 - sp.exp(-kappa)), e / (1 + c))
    assert generator.sensitivity.has(N)


@pytest.mark.parametrize("metric", ["discrete", None, 1])
def test_the_metric_must_be_one(metric):
    with pytest.raises(InvalidArgumentError, match="metric"):
        stl.generators.Generator("g", metric, kappa)


def test_floats_are_exact_decimals():
    generator = stl.generators.Generator("g", DISCRETE, 1.3, 0.1 * c)
    assert (generator.sensitivity, generator.learning_error) == (sp.Rational(13, 10), c / 10)
    assert not generator.learning_error.atoms(sp.Float)


@pytest.mark.parametrize("cells", [0, -2, 2.5, sp.Rational(7, 2), kappa, i, "20", None, True, float("nan")])
def test_the_number_of_cells_must_be_a_positive_integer(cells):
    with pytest.raises(InvalidArgumentError, match="cells"):
        stl.generators.Categorical(cells)


def test_the_rules_check_the_number_of_cells_themselves():
    for rule in (EmpiricalLearningError, EmpiricalDrift):
        for cells in (kappa, i, sp.Rational(1, 2), sp.S.Zero):
            with pytest.raises(AssumptionError, match="positive integer"):
                rule.apply(protocol=LOOPS[0], cells=cells)


def test_no_learning_error_is_said_so():
    with pytest.raises(AssumptionError, match="states no learning error"):
        stl.generators.Generator("mine", DISCRETE, kappa).learning_error_claim(LOOPS[0])


def test_constants_alone_cannot_be_simulated():
    with pytest.raises(AssumptionError, match="cannot be simulated"):
        GENERATORS["generic"].sampler({"kappa": 1.0})
