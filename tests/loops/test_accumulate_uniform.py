"""Accumulated data, ``kappa = 1``: ``Phi**2/N <= pi**2/(6 n)``, proved for every number of generations."""

from __future__ import annotations

import math

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.loops import Accumulate
from stlbounds.proof.dag import Proof
from stlbounds.proof.quantities import InfluenceSquares, Sensitivity
from stlbounds.proof.worlds import categorical_worlds, hold_against_worlds

GENERATOR = stl.generators.Generator("any", stl.DISCRETE, 1, s.c * s.N**-s.r)


def test_the_limit_is_proved() -> None:
    claim = Accumulate().uniform_amplification_claim(stl.generators.Categorical(s.K).sensitivity_claim())
    proof = Proof(claim)
    assert claim.lhs == InfluenceSquares(s.i)
    assert sp.simplify(claim.rhs - Accumulate().size(s.i) ** 2 * sp.pi**2 / (6 * s.n)) == 0
    assert proof.verify().checks >= 4 and proof.leaves() == ()
    assert min(hold_against_worlds(proof, categorical_worlds(Accumulate()))) > 0


def test_it_is_the_limit_of_the_exact_amplification() -> None:
    exact = stl.high_probability(stl.Setting(Accumulate(), GENERATOR))
    uniform = stl.high_probability(stl.Setting(Accumulate(uniform=True), GENERATOR))
    assert exact.amplification.has(stl.growth.growth_sum)
    values = dict(n=200, c=1, r=0.5, b=2, M=1, delta=0.05)
    terms = [[bound.evaluate_terms(i=i, **values)["concentration"] for i in (0, 1, 10, 1000)]
             for bound in (exact, uniform)]
    ratios = [one / other for one, other in zip(*terms, strict=True)]
    assert ratios == sorted(ratios) and ratios[-1] < 1
    assert ratios[0] == pytest.approx(math.sqrt(6) / math.pi) and ratios[-1] == pytest.approx(1, rel=1e-3)


def test_the_concentration_is_the_same_for_every_number_of_generations() -> None:
    bound = stl.high_probability(stl.Setting(Accumulate(uniform=True), GENERATOR))
    term = bound.terms["concentration"]
    assert not term.has(s.i)
    assert bound.proof.verify().checks > 20
    first = (2 * s.b + s.M) * sp.sqrt(sp.log(2 / s.delta) / (2 * s.n))
    assert sp.simplify(term / first - sp.pi / sp.sqrt(6)) == 0


def test_with_the_drift_of_the_categorical_model() -> None:
    model = stl.Setting(Accumulate(uniform=True), stl.generators.Categorical(20), stl.learners.BrierFit())
    bound = stl.high_probability(model)
    assert bound.proof.verify().leaves == 2
    exact = stl.high_probability(stl.Setting(Accumulate(), model.generator, model.learner))
    for i in (0, 1, 5, 30):
        values = dict(n=100, i=i, delta=0.05)
        assert bound.evaluate_terms(**values)["drift"] >= exact.evaluate_terms(**values)["drift"] * (1 - 1e-12)


@pytest.mark.parametrize("kappa", [s.kappa, sp.Rational(1, 2), sp.Rational(3, 2)])
def test_another_sensitivity_is_refused(kappa: sp.Expr) -> None:
    other = stl.generators.Generator("any", stl.DISCRETE, kappa, s.e)
    with pytest.raises(AssumptionError, match="sensitivity 1"):
        stl.high_probability(stl.Setting(Accumulate(uniform=True), other))
    with pytest.raises(AssumptionError, match="sensitivity 1"):
        Accumulate().uniform_amplification_claim(other.sensitivity_claim())
    with pytest.raises(AssumptionError, match=str(Sensitivity(s.N)).replace("(", r"\(").replace(")", r"\)")):
        Accumulate().uniform_amplification_claim(stl.learners.BrierFit().loss_claim())
    with pytest.raises(InvalidArgumentError, match="True or False"):
        Accumulate(uniform=1)  # type: ignore[arg-type]
