"""Slips in the rules of the Euclidean generators are noticed."""

from __future__ import annotations

import importlib
import inspect
import math
import textwrap

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import StlboundsError
from stlbounds.generators import (
    Contractive,
    DepthUniformTransformer,
    GradientTrained,
    LocationModel,
    ResidualTransformer,
    SGDTrained,
    Transformer,
    attention,
    attention_quantities,
)
from stlbounds.learners import MeanFit, TransformerLearner, UniformlyStable
from stlbounds.proof.dag import Proof
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import N, alpha, b, e, sigma

pytestmark = pytest.mark.slow

DISCRETE, EUCLIDEAN = stl.DISCRETE, stl.EUCLIDEAN
HALF = sp.Rational(1, 2)
LOOPS = {"replay": stl.loops.FixedMix(alpha)}


def setting(loop, generator):
    return stl.Setting(loop, generator, UniformlyStable(b / N, metric=generator.metric))


# --- mutants -----------------------------------------------------------------------------------------------------

A, DEPTH = "stlbounds.generators.attention", "stlbounds.generators.attention_depth"
T, Q = "stlbounds.generators.gradient_rules", "stlbounds.generators.location"
PLAIN, UNIFORM, RESIDUAL = Transformer(3, 1), DepthUniformTransformer(3, 1), ResidualTransformer(2, 1, 0.5)
LEARNER = TransformerLearner(2, 1, output_lipschitz=1)
MUTANTS = [
    (A, "AttentionStaysInBall", "TokenRadius(role), radius", "TokenRadius(role), radius / 2", PLAIN),
    (A, "ProjectedToBall", "TokenRadius(role), radius", "TokenRadius(role), radius / 2", RESIDUAL),
    (A, "SpreadInBall", "2 * radius", "radius", PLAIN),
    (A, "SpreadAtStart", "2 * radius", "3 * radius", UNIFORM),
    (A, "SpreadStep", "spread**2 / 4", "spread**2 / 8", UNIFORM),
    (A, "ContextSlopeBound", "(1 + reach)", "reach", PLAIN),
    (A, "ContextSlopeBound", "sp.exp(reach)", "sp.exp(reach / 2)", PLAIN),
    (A, "QuerySlopeBound", "spread**2 / 4", "spread**2 / 8", PLAIN),
    (A, "MeanDisplacementStart", "sp.S.One", "2 * sp.S.One", PLAIN),
    (A, "QueryDisplacementStart", "sp.S.Zero), sp.S.Zero", "sp.S.Zero), sp.S.One", PLAIN),
    (A, "MeanDisplacementStep", "+ QuerySlope(role, J)", "", PLAIN),
    (A, "QueryDisplacementStep", "+ QuerySlope(role, J) * query", "", PLAIN),
    (A, "ReadOut", "QueryDisplacement(GENERATOR, layers)", "QueryDisplacement(GENERATOR, layers) / 2", PLAIN),
    (A, "InContextStability", "2 * radius", "radius", LEARNER),
    (DEPTH, "LayerInduction", "Says(quantity, closed", "Says(quantity, closed / 2", UNIFORM),
    (Q, "FittedMeanSensitivity", "Says(Sensitivity(N), weight)", "Says(Sensitivity(N), weight / 2)", Contractive(HALF)),
    (T, "MinimiserShift", "_bound(convexity, InverseConvexity) * force", "force", GradientTrained()),
    (T, "DescentStep", "StepShift(role, J) +", "", SGDTrained()),
    (T, "DescentStart", "sp.S.Zero), sp.S.Zero", "sp.S.Zero), sp.S.One", SGDTrained()),
    (T, "DescentEnd", "StepShift(role_of(metric), steps)", "StepShift(role_of(metric), steps) / 2", SGDTrained()),
    (T, "GaussianLaw", "sp.sqrt(2 * sp.pi)", "sp.sqrt(4 * sp.pi)", GradientTrained(DISCRETE, gaussian=sigma)),
    (T, "SampledPoints", "* ParameterShift", "/ 2 * ParameterShift", GradientTrained()),
    (T, "SampledLaw", "* ParameterShift", "/ 2 * ParameterShift", GradientTrained(DISCRETE)),
]


def test_where_the_recurrences_start():
    role = attention_quantities.GENERATOR
    ball = Assumption.apply(quantity=attention_quantities.TokenBall(role), bound=sp.S.One, metric=EUCLIDEAN)
    assert attention.SpreadAtStart.apply(ball, role=role).rhs == 2
    assert attention.MeanDisplacementStart.apply(role=role).rhs == 1
    assert attention.QueryDisplacementStart.apply(role=role).rhs == 0


def test_the_number_e_is_not_the_symbol_e():
    """A sensitivity with Euler's number in it, beside a learning error that is called e."""
    bound = stl.high_probability(setting(LOOPS["replay"], Transformer(1, 1, e)))
    assert bound.terms["drift"].has(e)
    assert bound.amplification.has(sp.E)
    values = {"n": 100, "alpha": 0.9, "i": 2, "delta": 0.1, "e": 0.01, "b": 1.0, "M": 1.0}
    gain = 0.1 * 2 * math.exp(1)
    squares = 0.9 * (1 + gain + gain**2) ** 2 + 0.1 * (1 + gain**2 + gain**4)
    expected = (0.01 * (1 + 0.1) * 0.1 + (1 + 0.9 * gain * (1 + gain)) / 100
                + math.sqrt(squares) * 3 * math.sqrt(math.log(20) / 200))
    assert bound.evaluate(**values) == pytest.approx(expected, rel=1e-12)
    assert float(bound.evaluate(digits=20, **values)) == pytest.approx(expected, rel=1e-12)


def derived(model):
    claim = model.stability_claim() if isinstance(model, UniformlyStable) else model.sensitivity_claim()
    Proof(claim).verify(rules=[item.rule for item in Proof(claim).steps()])
    return claim.rhs


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[1]}-{mutant[3][:12]}")
def test_a_slip_in_a_rule_is_noticed(mutant, monkeypatch):
    """The derivation fails, or it no longer gives the constant that the other tests hold against brute force."""
    module_name, rule, old, new, model = mutant
    stated = model.beta_N if isinstance(model, UniformlyStable) else model.sensitivity
    assert derived(model) == stated
    module = importlib.import_module(module_name)
    source = textwrap.dedent(inspect.getsource(getattr(module, rule)))
    assert old in source
    namespace = dict(vars(module))
    exec(compile("from __future__ import annotations\n" + source.replace(old, new), "<mutant>", "exec"), namespace)  # noqa: S102
    monkeypatch.setattr(module, rule, namespace[rule])
    for home in ("stlbounds.generators.transformer", "stlbounds.generators.contractive"):
        if getattr(importlib.import_module(home), rule, None) is not None:
            monkeypatch.setattr(f"{home}.{rule}", namespace[rule])
    try:
        outcome = derived(model)
    except StlboundsError:
        return
    assert outcome != stated


def test_a_slip_in_the_drift_of_the_location_model_is_contradicted_by_simulation():
    loop, generator = stl.loops.Replace(), LocationModel(0.2)
    bound = stl.high_probability(stl.Setting(loop, generator, MeanFit()))
    stated = bound.evaluate_terms(n=60, i=4, delta=0.1)["drift"]
    from stlbounds.simulation.engine import run

    measured = run(loop, generator.sampler({}), MeanFit().judge({}), {"n": 60}, 4, 4000, 1).mixed_drift[:, 4].mean()
    # Jensen costs sqrt(pi/2) = 1.25; a factor of 1/2 in the rule would show.
    assert stated / 2 < measured < stated
