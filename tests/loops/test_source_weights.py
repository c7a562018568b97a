"""A protocol from its weights alone: the recursion over its pools, exact laws, exact worlds, mutants of its rule."""

from __future__ import annotations

import inspect
import operator
import textwrap
from fractions import Fraction
from functools import cache
from math import sqrt
from pathlib import Path

import pytest
import sympy as sp
from brute_force import Run, exact, run

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.errors import AssumptionError, InvalidArgumentError, StlboundsError
from stlbounds.loops import Accumulate, Loop, SourceWeights, Subsample, source_weights
from stlbounds.loops.location_law import mean_covariances
from stlbounds.proof.dag import Proof
from stlbounds.proof.protocol import Share
from stlbounds.proof.quantities import D, Distance, Dmix
from stlbounds.proof.rules.drift import MixtureStep
from stlbounds.proof.trusted import trusted_rules
from stlbounds.proof.worlds import hold_against_worlds, standard_worlds
from stlbounds.saved import load, save

WEIGHTS = {"recent": s.j + 1, "doubling": 2**s.j, "fading": sp.Rational(1, 2)**s.j,
           "loyal": 1 / ((s.j + 1) * (s.j + 2))}
GENERIC = stl.generators.Generator("any", stl.DISCRETE, s.kappa, s.c * s.N**-s.r)
KAPPA, LAST = Fraction(6, 5), 4
VALUES = dict(kappa=1.2, c=1.0, r=0.5, b=2.0, M=1.0, delta=0.1)


@cache
def bound(name: str) -> stl.Bound:
    return stl.high_probability(stl.Setting(SourceWeights(WEIGHTS[name]), GENERIC))


def pools(name: str, generations: int) -> Run:
    return run(SourceWeights(WEIGHTS[name]), generations, KAPPA, exact({s.n: 600}))


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) if name != "doubling" else name
                                  for name in WEIGHTS])
class TestSourceWeights:
    def test_every_part_agrees_with_its_pools(self, name: str) -> None:
        for last in (0, 1, 2, LAST):
            found, expected = bound(name).evaluate_terms(n=600, i=last, **VALUES), pools(name, last)
            spread = sqrt(float(expected.amplification_squared()) * float(sp.log(20)) / 1200)
            assert found["concentration"] == pytest.approx(5 * spread, rel=1e-12)
            assert found["bias"] == pytest.approx(2 / 600, rel=1e-12) and expected.mean_influence() == 0
            drift = float(expected.drift_by_lemma(lambda size: sp.sqrt(sp.Rational(1, size))))
            assert found["drift"] == pytest.approx(drift, rel=1e-12)
            if last:
                values = {s.i: last, s.n: 600, s.kappa: sp.Rational(6, 5)}
                stability = bound(name).recursive_stability.subs(values).doit()
                assert sp.nsimplify(stability) == sp.Rational(expected.recursive_stability())

    @pytest.mark.slow
    def test_proofs_verify_and_hold_in_exact_worlds(self, name: str) -> None:
        setting = stl.Setting(SourceWeights(WEIGHTS[name]),
                              stl.generators.Generator("any", stl.DISCRETE, s.kappa, s.e),
                              stl.learners.UniformlyStable(s.beta))
        proof = stl.in_expectation(setting).proof
        assert proof.verify().checks > 10
        worlds = [w for w in standard_worlds(setting.loop) if w.generations >= 1 and w.outcomes <= 600][:3]
        counts = hold_against_worlds(proof, worlds)
        rules = [step.rule.__name__ for step, count in zip(proof.steps(), counts, strict=True) if count]
        assert len(worlds) >= 1 and "NewestJoins" in rules

    def test_the_variance_of_a_location_model_is_the_amplification(self, name: str) -> None:
        loop = SourceWeights(WEIGHTS[name])
        loop.location_law().prove()
        covariances = mean_covariances(loop, LAST)
        for generation in range(1, LAST + 1):
            squares = loop.amplification_squared(sp.S.One).subs(s.i, generation - 1).doit()
            assert sp.simplify(squares - covariances[generation, generation]) == 0
            assert sp.simplify(loop.variance_factor(generation) - squares) == 0


#: Generators that contract in the population, by q and e of ``t_{j+1} <= e + q s_j`` at 60 points.
CONTRACTING = {
    "prior": (stl.generators.CategoricalWithPrior(3, 0.25, 0.2), stl.learners.BrierFit(),
              0.75, 0.75 * sqrt(2 / 60) / 2 + 0.05),
    "kernels": (stl.generators.KernelDensity("box", 0.1, 1, 8), stl.learners.BrierFit(),
                1.0, sqrt(1 / (2 * 60 * 0.1)) / 2 + 0.1 * 8 / 4),
    "contractive": (stl.generators.Contractive(0.5, misfit=0.1), stl.learners.MeanFit(), 0.5, 0.1 + 0.5 / sqrt(120)),
}


@pytest.mark.parametrize("model", CONTRACTING)
@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) if name != "recent" else name
                                  for name in WEIGHTS])
def test_the_drift_of_generators_that_contract(name: str, model: str) -> None:
    generator, learner, contraction, error = CONTRACTING[model]
    found = stl.high_probability(stl.Setting(SourceWeights(WEIGHTS[name]), generator, learner))
    assert found.proof.verify().checks > 10
    for last in (0, 1, 2, 5):
        generated, mixed = [0.0], 0.0
        for generation in range(last + 1):
            weights = [float(WEIGHTS[name].subs(s.j, source)) for source in range(generation + 1)]
            mixed = sum(map(operator.mul, weights, generated)) / sum(weights)
            generated.append(error + contraction * mixed)
        assert found.evaluate_terms(n=60, i=last, delta=0.1)["drift"] == pytest.approx(mixed, rel=1e-12)


@pytest.mark.slow
def test_it_reads_back_from_a_file(tmp_path: Path) -> None:
    found = bound("doubling")
    restored = load(save(found, tmp_path / "bound.json"))
    assert (restored.setting.loop, restored.expr) == (found.setting.loop, found.expr)


@pytest.mark.slow
def test_equal_weights_are_the_subsample_loop() -> None:
    mine, theirs = (stl.high_probability(stl.Setting(loop, GENERIC)) for loop in (SourceWeights(1), Subsample()))
    for last in (0, 1, 7):
        assert mine.evaluate_terms(n=600, i=last, **VALUES) == pytest.approx(
            theirs.evaluate_terms(n=600, i=last, **VALUES), rel=1e-12)


@pytest.mark.slow
def test_a_simulation_does_not_contradict_it() -> None:
    setting = stl.Setting(SourceWeights(s.j + 1), stl.generators.Categorical(5), stl.learners.BrierFit())
    found = stl.high_probability(setting)
    assert found.proof.verify().leaves == 2
    for size, last in ((60, 3), (60, 4), (420, 6)):
        assert not stl.check(found, n=size, i=last, delta=0.1, replicas=300, seed=last).contradicted


@pytest.mark.parametrize(("weights", "text"), [
    (-1, "at least 0"), (s.j, "positive for j = 0"), (0, "positive for j = 0"), (1 - s.j, "at least 0"),
    (1 / (s.j + 1), "closed form"), (s.alpha**s.j, "closed form"), ("j", "SymPy expression"),
])
def test_bad_weights_are_refused(weights: object, text: str) -> None:
    with pytest.raises(InvalidArgumentError, match=text):
        SourceWeights(weights)


# --- the rule -----------------------------------------------------------------------------------------------------


class Uneven(SourceWeights):
    """Sources whose proportions change from one generation to the next."""

    def mixture(self, generation: sp.Expr) -> tuple[Share, ...]:
        if generation == s.J:
            return super().mixture(generation)
        return SourceWeights(1).mixture(generation)


def test_what_the_rule_says() -> None:
    says = source_weights.NewestJoins.apply(protocol=SourceWeights(s.j + 1)).says
    assert says.lhs == Distance(D(0), Dmix(s.J + 1))
    at = says.rhs.subs(s.J, 1)
    assert sp.expand(at - (Distance(D(0), Dmix(1)) + Distance(D(0), D(2))) / 2) == 0
    assert source_weights.NewestJoins in trusted_rules()
    # Equal weights are the case that the rule for growing averages knows.
    both = [rule.apply(protocol=Subsample()).says for rule in (MixtureStep, source_weights.NewestJoins)]
    assert sp.simplify(both[0].rhs - both[1].rhs) == 0
    for loop in (Uneven(s.j + 1), stl.loops.FixedMix(s.alpha)):
        with pytest.raises((AssumptionError, ValueError)):
            source_weights.NewestJoins.apply(protocol=loop)


#: Slips, the loop that the rule is applied to, and the loop whose worlds are asked; accumulated data need few points.
MUTANTS: list[tuple[str, str, Loop, Loop]] = [
    ("old + newest * Distance(D(0), D(J + 1))", "newest * Distance(D(0), D(J + 1))", Accumulate(), Accumulate()),
    ("old + newest * Distance(D(0), D(J + 1))", "old", Accumulate(), Accumulate()),
    ("old + newest * Distance", "old + newest**2 * Distance", Accumulate(), Accumulate()),
    ("D(J + 1)))", "D(J)))", Accumulate(), Accumulate()),
    ("sp.factor(1 - newest)", "newest", Accumulate(), Accumulate()),
    ("if not vanishes((1 - newest) * before.weight - later):", "if False:", Uneven(s.j + 1), SourceWeights(s.j + 1)),
]


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new", "loop", "home"), MUTANTS, ids=range(len(MUTANTS)))
def test_a_slip_in_the_rule_is_refused_by_an_exact_world(old: str, new: str, loop: Loop, home: Loop) -> None:
    source = textwrap.dedent(inspect.getsource(source_weights.NewestJoins))
    assert old in source
    namespace = dict(vars(source_weights))
    exec(compile("from __future__ import annotations\n" + source.replace(old, new), "<mutant>", "exec"), namespace)  # noqa: S102
    worlds = [world for world in standard_worlds(home) if world.outcomes <= 1100]
    if loop is home:
        assert min(hold_against_worlds(Proof(source_weights.NewestJoins.apply(protocol=loop)), worlds)) > 0
    with pytest.raises(StlboundsError):
        hold_against_worlds(Proof(namespace["NewestJoins"].apply(protocol=loop)), worlds)
