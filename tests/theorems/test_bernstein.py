"""The Bernstein theorem: exact worlds, mutants of its rules, its gain over §5, and the loops that it covers."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from rule_mutants import Mutant, mostly_slow, refuses
from variance_worlds import variance_worlds

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.compiled import mpmath_function
from stlbounds.errors import AssumptionError, ProofError
from stlbounds.growth import STEP
from stlbounds.loops import (
    Accumulate,
    Augment,
    FixedMix,
    Loop,
    Replace,
    Schedule,
    SourceWeights,
    Subsample,
    WeightedMix,
)
from stlbounds.proof.quantities import InfluenceSquares
from stlbounds.proof.rules import bernstein as rules
from stlbounds.symbols import alpha, i, kappa, lam, v, w

GENERIC = stl.generators.Generator("any", stl.DISCRETE, kappa, s.e, point_variance=v)
LOOPS: tuple[Loop, ...] = (FixedMix(alpha), FixedMix(alpha, "fresh"), Replace(), Augment(lam), Accumulate(),
                           Subsample())
WEIGHTED = (SourceWeights(1), SourceWeights(1 + s.j), SourceWeights(2**s.j))
ALL_LOOPS = (*LOOPS, WeightedMix(w), Schedule((0.5, 0.25, 0.4)), *WEIGHTED)


def names(loop: Loop) -> str:
    return f"{loop.name}-{getattr(loop, 'real', '')}"


def setting(loop: Loop) -> stl.Setting:
    return stl.Setting(loop, GENERIC, stl.learners.UniformlyStable(s.beta))


@pytest.mark.parametrize("loop", mostly_slow(ALL_LOOPS), ids=names)
def test_the_proof_verifies(loop):
    bound = stl.bernstein(setting(loop))
    assert bound.proof.verify().steps > 40
    assert list(bound.terms) == ["drift", "bias", "concentration"]
    assert bound.failure_probability == s.delta


NEW = (rules.VarianceBound, rules.LargestRangeBound, rules.LargestInfluenceOfClasses, rules.Freedman)


@pytest.mark.slow
@pytest.mark.parametrize("loop", LOOPS, ids=names)
def test_no_step_is_false_in_an_exact_world(loop):
    """The new steps and the conclusion; the others are those of theory §5."""
    proof = stl.bernstein(setting(loop)).proof
    definitions = proof.definitions()
    claims = [claim for claim in proof.steps() if claim.rule in NEW or claim is proof.root]
    assert len(claims) == 5
    worlds = list(variance_worlds(loop, most=120))
    assert len(worlds) >= 5
    for claim in claims:
        assert sum(world.compared(claim.says, definitions) for world in worlds) >= 10
        for world in worlds:
            assert world.refute(claim.says, definitions) is None


RULES = "stlbounds.proof.rules.bernstein"
MUTANTS = (
    Mutant(RULES, "VarianceBound", "slope**2 * proxy", "slope * proxy"),
    Mutant(RULES, "VarianceBound", "slope**2 * proxy", "slope**2 / 2 * proxy"),
    Mutant(RULES, "VarianceBound", "sp.Rational(1, 4))", "sp.Rational(1, 8))"),
    Mutant(RULES, "VarianceBound", "sp.Min(PointVariance(), sp.Rational(1, 4))", "PointVariance() / 2"),
    Mutant(RULES, "VarianceBound", "2 * Stability(size) + ", "Stability(size) + "),
    Mutant(RULES, "VarianceBound", " + LossConstant() / size", ""),
    Mutant(RULES, "LargestRangeBound", "2 * Stability(size)", "Stability(size)"),
    Mutant(RULES, "LargestRangeBound", " + LossConstant() / size", ""),
    Mutant(RULES, "LargestRangeBound", "* LargestInfluence(i)", ""),
    Mutant(RULES, "Freedman", "2 * level * Cond", "level / 4 * Cond"),
    Mutant(RULES, "Freedman", "sp.log(2 / delta)", "sp.log(1 / delta)"),
    Mutant(RULES, "Freedman", "level / 3 * LargestRange(i)", "0"),
    Mutant(RULES, "Freedman", "frozenset({(event, delta)})", "frozenset()"),
    Mutant(RULES, "Freedman", "frozenset({(event, delta)})", "frozenset({(event, delta / 50)})"),
    Mutant(RULES, "LargestInfluenceOfClasses", "_largest(parts), checks", "_largest(parts[1:]), checks"),
    Mutant(RULES, "LargestInfluenceOfClasses", "_largest(parts), checks", "_largest(parts) / 2, checks"),
    Mutant(RULES, "LargestInfluenceOfClasses", "parts += found", "parts += found[:1]"),
)


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_slip_in_a_rule_is_refused(mutant):
    cases = [(lambda loop=loop: stl.bernstein(setting(loop)).proof, variance_worlds(loop, most=150))
             for loop in (FixedMix(alpha, "fresh"), FixedMix(alpha))]
    assert refuses(mutant, cases)


# --- what is cited: P(S > sqrt(2 l V) + l c/3) <= exp(-l) -----------------------------------------------------


def _binomial_tail(trials: int, chance: float, threshold: float) -> float:
    """``P(X >= threshold)`` for a binomial ``X``."""
    first = max(0, math.ceil(threshold - 1e-12))
    logs = [math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) + k * math.log(chance)
            + (trials - k) * math.log1p(-chance) for k in range(first, trials + 1)]
    return math.fsum(math.exp(value) for value in logs)


@pytest.mark.parametrize("chance", [0.001, 0.02, 0.3])
@pytest.mark.parametrize("trials", [1, 10, 400])
def test_freedman_holds_for_binomials_and_no_constant_far_below_does(chance, trials):
    variance = trials * chance * (1 - chance)
    for level in (0.1, 0.7, 2.0, 5.0, 9.0):
        threshold = trials * chance + math.sqrt(2 * level * variance) + level / 3
        assert _binomial_tail(trials, chance, math.nextafter(threshold, math.inf)) <= math.exp(-level)


def test_the_terms_of_freedman_are_needed():
    """Rare events need the linear term, many small ones the factor 2 under the root."""
    trials, chance, level = 400, 0.001, 9.0
    variance = trials * chance * (1 - chance)
    alone = trials * chance + math.sqrt(2 * level * variance)
    assert _binomial_tail(trials, chance, alone) > math.exp(-level)
    trials, chance = 100_000, 0.5
    variance = trials * chance**2
    assert _binomial_tail(trials, chance, trials * chance + math.sqrt(1.2 * level * variance)) > math.exp(-level)


def test_a_sub_gamma_variable_has_one_third_as_its_scale():
    """``E exp(s D) <= exp(s^2 v/(2(1 - s c/3)))`` for centred ``D <= c``; two-point variables are extreme."""
    for chance in np.linspace(0.001, 0.999, 60):
        top, bottom = 1.0, -chance / (1 - chance)  # chance * top + (1 - chance) * bottom = 0
        spread = chance * top**2 + (1 - chance) * bottom**2
        for strength in np.linspace(0.01, 2.9, 60):
            moment = chance * math.exp(strength * top) + (1 - chance) * math.exp(strength * bottom)
            assert math.log(moment) <= strength**2 * spread / (2 * (1 - strength / 3)) + 1e-12


# --- the gain over theory §5 -----------------------------------------------------------------------------------


def _location(loop: Loop, noise: object) -> stl.Setting:
    return stl.Setting(loop, stl.generators.LocationModel(noise=noise),
                       stl.learners.UniformlyStable(s.b / s.N, 1, stl.EUCLIDEAN))


@pytest.mark.parametrize("loop", mostly_slow(
    [FixedMix(0.5, "fresh"), FixedMix(0.5), Accumulate(), Subsample(), Augment(1)]), ids=names)
def test_the_location_model_gains_the_factor_that_theory_predicts(loop):
    """``sqrt(4 v) = 2 sigma`` as ``n`` grows: 1/10 for ``sigma = 0.05``; the rest is the linear term, exactly."""
    sharp, plain = (find(_location(loop, 0.05)) for find in (stl.bernstein, stl.high_probability))
    values = {"i": 8, "b": 1, "delta": 0.05}
    for n, slack in ((10**6, 0.02), (10**10, 2e-4)):
        ratio = (sharp.evaluate_terms(n=n, **values)["concentration"]
                 / plain.evaluate_terms(n=n, **values)["concentration"])
        assert 0.1 < ratio < 0.1 + slack
    n = 1000
    whole, classical = (bound.evaluate_terms(n=n, **values)["concentration"] for bound in (sharp, plain))
    linear = whole - 0.1 * classical
    most = {"replay": 2 - 0.5**8, "fresh": 1.0}.get(getattr(loop, "real", ""))
    if most is not None:
        assert linear == pytest.approx(math.log(40) / 3 * 3 / n * most, rel=1e-9)
    assert [sharp.terms[name] for name in ("drift", "bias")] == [plain.terms[name] for name in ("drift", "bias")]


@pytest.mark.parametrize("loop", ALL_LOOPS, ids=names)
def test_in_generation_0_no_point_has_more_influence_than_1(loop):
    """Also where a strong generator would amplify it later: doubles, digits and enclosures have the classical value."""
    bound = stl.bernstein(setting(loop))
    known = {"n": 4, "i": 0, "kappa": 4, "beta": 0.25, "M": 1, "delta": 0.5, "v": 0, "e": 0}
    known |= {name: 0.5 for name in ("alpha", "lam", "w") if name in map(str, bound.constants)}
    classical = 0.25 + math.log(4) / 3 * 0.75
    assert bound.evaluate(**known) == pytest.approx(classical, rel=1e-12)
    assert float(bound.evaluate(digits=20, **known)) == pytest.approx(classical, rel=1e-12)
    found = bound.enclose(**known)
    assert found.lower <= bound.evaluate(digits=40, **known) <= found.upper or found.width < 1e-30
    assert float(found.lower) == pytest.approx(classical, rel=1e-9) == float(found.upper)


def test_a_variance_above_a_quarter_is_worth_a_quarter():
    sharp, plain = (find(_location(FixedMix(0.5), s.noise)) for find in (stl.bernstein, stl.high_probability))
    values = {"n": 10**4, "i": 3, "b": 1, "delta": 0.05}
    at = [sharp.evaluate_terms(noise=noise, **values)["concentration"] for noise in (0.5, 0.6, 7)]
    assert at[0] == at[1] == at[2] > plain.evaluate_terms(noise=0.5, **values)["concentration"]


def test_the_variance_of_clipped_points_is_at_most_that_of_the_noise():
    """`LocationVariance`, by enumeration: a point and its copy from the law of ``clip(m + xi)``."""
    rng = np.random.default_rng(5)
    for _ in range(200):
        atoms, chances = rng.normal(size=4), rng.dirichlet(np.ones(4))
        centre, half = rng.uniform(-1, 1), rng.uniform(0.1, 2)
        points = np.clip(centre + atoms, -half, half) / (2 * half)
        spread = (chances[:, None] * chances * (points[:, None] - points) ** 2).sum() / 2
        assert spread <= (chances * atoms**2).sum() / (2 * half) ** 2 + 1e-12


# --- what is refused -------------------------------------------------------------------------------------------


def test_a_generator_without_a_variance_is_refused():
    with pytest.raises(AssumptionError, match="states no variance of its points; pass point_variance"):
        stl.bernstein(stl.Setting(FixedMix(alpha), stl.generators.Categorical(3), stl.learners.BrierFit()))


@pytest.mark.slow
def test_a_variance_that_is_known_in_the_euclidean_metric_does_not_serve_the_discrete_one():
    discrete = setting(FixedMix(alpha))
    bound = stl.bernstein(discrete)
    bound.proof.verify()
    forged = stl.generators.Generator("any", stl.EUCLIDEAN, kappa, s.e, point_variance=v).variance_claim()
    object.__setattr__(discrete.generator, "variance_claim", lambda: forged)
    try:
        with pytest.raises(ProofError, match="Euclidean metric only"):
            stl.bernstein(discrete).proof.verify()
    finally:
        object.__delattr__(discrete.generator, "variance_claim")


def test_the_rule_wants_the_influence_of_every_class():
    loop = FixedMix(alpha)
    lemmas = stl.bernstein(setting(loop))._derivation.lemmas
    claims = [lemmas.influences[point.name] for point in loop.classes]
    with pytest.raises(ValueError):
        rules.LargestInfluenceOfClasses.apply(*claims[:2], protocol=loop)
    with pytest.raises(AssumptionError, match="is needed, not"):
        rules.LargestInfluenceOfClasses.apply(*reversed(claims), protocol=loop)


def test_failure_probabilities_outside_the_unit_interval_are_refused():
    for bad in (sp.Integer(2), sp.S.Zero, 2 * s.delta, s.n, s.delta + 1):
        with pytest.raises(AssumptionError, match="must be in"):
            rules.Freedman.apply(delta=bad, event="x")
    assert rules.Freedman.apply(delta=s.delta / 3, event="x").says.failure_probability == s.delta / 3


def as_float(expression: sp.Expr, rho: sp.Expr, numbers: dict[sp.Symbol, sp.Expr]) -> float:
    return float(expression.subs(s.rho, rho).subs(numbers).doit())


@pytest.mark.slow
def test_the_largest_influence_is_the_largest_one():
    """Against the influences themselves, over all generations of the draw, for every loop of the catalogue."""
    for loop in ALL_LOOPS:
        lemmas = stl.bernstein(setting(loop))._derivation.lemmas
        rho = lemmas.gain if loop.constant_gain else kappa
        claim = rules.LargestInfluenceOfClasses.apply(*(lemmas.influences[q.name] for q in loop.classes), protocol=loop)
        for strength in (Fraction(1, 3), Fraction(1), Fraction(3)):
            numbers = {kappa: sp.Rational(strength), alpha: sp.Rational(1, 4), lam: sp.Integer(2), w: sp.Rational(1, 3)}
            for last in (0, 1, 3):
                claimed = as_float(claim.rhs.subs(i, last), rho, numbers)
                found = []
                for point in loop.classes:
                    influence = lemmas.influences[point.name].rhs
                    for born in range(point.first, last + 1) if point.recurring else [point.first]:
                        at = {s.G: born - point.first, s.J: last - born}
                        found.append(as_float(influence.subs(at, simultaneous=True), rho, numbers))
                assert max(found) <= claimed * (1 + 1e-12), (loop, strength, last)
                if loop.name != "schedule" and strength != 1:
                    slack = 3 if loop.name == "weighted-mix" else 1 + 1e-12
                    assert claimed <= max(found) * slack, (loop, strength, last)


def test_the_amplification_is_that_of_theory_5():
    sharp, plain = (find(setting(FixedMix(alpha))) for find in (stl.bernstein, stl.high_probability))
    assert sharp.amplification == plain.amplification
    assert InfluenceSquares(i) in {claim.lhs for claim in sharp.proof.steps()}


def test_a_sequence_that_is_largest_at_an_end():
    g = s.G
    for ratio in (1 + kappa / (g + 2), (g + 2 + 2 * kappa) / (g + 3), sp.Integer(2), 1 / (1 + kappa)):
        assert rules._largest_at_an_end(ratio)
    # Rising first and falling then, it is largest in between.
    for ratio in ((g + 1) / kappa, (g + 1) / (2 + g / 2)):
        assert not rules._largest_at_an_end(ratio)


def test_a_product_that_begins_at_the_draw_loses_its_first_factor():
    steps = sp.Product(1 + kappa / STEP, (STEP, s.G + 1, i - 1))
    assert rules._ratio(steps / (s.G + 1), i - 1) == sp.cancel((1 + kappa / (s.G + 1)) * (s.G + 2) / (s.G + 1))
    # One generation more, and the last product would be empty.
    assert rules._ratio(steps, i).has(sp.Product)
    below = sp.Product(kappa - 1, (STEP, s.G + 1, i - 1))
    assert rules._ratio(below, i - 1).has(sp.Product)


def test_weights_of_sources_have_rates_like_the_loop_that_they_are():
    """`Subsample` is `SourceWeights(1)`; the rules of the two have nothing in common."""
    at = {"kappa": 3, "e": 0.5, "beta": 0.25, "M": 1, "delta": 0.5, "v": 0.1, "n": 1}
    one, other = (stl.bernstein(setting(loop)).rate(i, term="concentration") for loop in (Subsample(), WEIGHTED[0]))
    assert [(case.conditions, case.value.order) for case in one.cases] == [
        (case.conditions, case.value.order) for case in other.cases]
    values = {s.entry(name).symbol: value for name, value in at.items()}

    def number(constant: sp.Expr) -> float:
        return float(constant.subs(values).replace(sp.Sum, lambda term, limits: sp.Float(
            mpmath.fsum(mpmath_function(term, (limits[0],))(mpmath.mpf(k)) for k in range(int(limits[1]), 400)))))

    found = [number(rate.at(kappa=3).constant) for rate in (one, other)]
    assert found[0] == pytest.approx(found[1], rel=1e-9)
    bound = stl.bernstein(setting(WEIGHTED[0]))
    assert bound.evaluate_terms(i=2000, **at)["concentration"] == pytest.approx(found[1] * 2000.0**2, rel=1e-2)
