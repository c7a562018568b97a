"""The smallest of the bounds that hold, and the excess risk: worlds, mutants, numbers, and what is refused."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from rule_mutants import Mutant, mostly_slow, refuses

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.errors import AssumptionError, InvalidArgumentError, ProofError, SymbolError
from stlbounds.loops import Accumulate, Augment, FixedMix, Loop, Replace, Subsample, WeightedMix
from stlbounds.proof.claim import Claim, Rule, Says
from stlbounds.proof.quantities import Deviation, Gap, MeanGap, Quantity
from stlbounds.proof.rules import excess
from stlbounds.proof.rules.smallest import Smallest
from stlbounds.proof.world_chain import ZERO
from stlbounds.proof.world_check import DELTAS
from stlbounds.proof.worlds import World, standard_worlds
from stlbounds.saved import load, to_dict
from stlbounds.symbols import alpha, b, delta, i, kappa, v
from stlbounds.theorems.best import CANDIDATES

GENERIC = stl.generators.Generator("any", stl.DISCRETE, kappa, s.e, point_variance=v)
LOOPS: tuple[Loop, ...] = (FixedMix(alpha), FixedMix(alpha, "fresh"), Replace(), Augment(1), Accumulate(), Subsample(),
                           WeightedMix(0.5))


def setting(loop: Loop, learner: stl.learners.UniformlyStable | None = None) -> stl.Setting:
    return stl.Setting(loop, GENERIC, learner or stl.learners.UniformlyStable(s.beta))


def name_of(loop: Loop) -> str:
    return f"{loop.name}-{getattr(loop, 'real', '')}"


# --- the smallest ----------------------------------------------------------------------------------------------


AT = {"n": 2000, "i": 4, "kappa": 1.1, "e": 0.01, "beta": 0.001, "M": 1, "delta": 0.05, "alpha": 0.4, "v": 0.01}


def known(values: dict[str, float], names: set[str]) -> dict[str, float]:
    return {name: value for name, value in values.items() if name in names}


@pytest.mark.parametrize("loop", mostly_slow(LOOPS[1:] + LOOPS[:1]), ids=name_of)
def test_the_best_bound_is_the_smallest_one(loop):
    bound = stl.best(setting(loop))
    assert set(bound.candidates) | set(bound.missing) == set(CANDIDATES)
    for change in ({}, {"v": 0.25}, {"beta": 0.02, "n": 10**6}, {"delta": 1e-6}, {"i": 0}, {"n": 3}):
        at = known(AT | change, {*map(str, bound.symbols), "n", "i"})
        values = {name: found.evaluate(**known(at, set(map(str, found.constants))))
                  for name, found in bound.candidates.items()}
        assert bound.evaluate(**at) == pytest.approx(min(values.values()), rel=1e-12)
        assert values[bound.winner(**at)] == min(values.values())


@pytest.mark.slow
def test_each_theorem_wins_somewhere():
    bound = stl.best(setting(FixedMix(alpha, "fresh")))
    assert bound.winner(**AT) == "bernstein"
    assert bound.winner(**AT | {"v": 0.25}) == "high-probability"
    assert bound.winner(**AT | {"beta": 0.01, "n": 10**6}) == "weak-stability"


@pytest.mark.slow
def test_no_probability_is_added_and_the_proof_verifies():
    bound = stl.best(setting(FixedMix(alpha, "fresh")))
    assert bound.failure_probability == delta
    assert bound.proof.root.rule is Smallest
    assert bound.proof.verify().steps > 80


def test_with_one_bound_only_it_is_that_bound():
    plain = stl.Setting(FixedMix(alpha), stl.generators.Categorical(3), stl.learners.BrierFit())
    bound = stl.best(plain)
    assert bound.expr == stl.high_probability(plain).expr
    assert "states no variance" in bound.missing["bernstein"]
    assert "independent given the past" in bound.missing["weak-stability"]


class Given(Rule):
    """A statement to start from."""

    title = "given"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, says: Says) -> Says:
        return says

    @classmethod
    def explain(cls, tex: object, **_: object) -> str:
        return "Given."


def given(rhs: sp.Expr, chance: sp.Expr, lhs: sp.Expr | None = None) -> Claim:
    events = frozenset({("x", chance)}) if chance != 0 else frozenset()
    return Given.apply(says=Says(Gap(i) if lhs is None else lhs, sp.S(rhs), "<=", events))


def test_what_cannot_be_chosen_beforehand_is_refused():
    for other, why in ((given(s.b, delta / 2), "one probability"), (given(s.b, sp.S.Zero), "one probability"),
                       (given(s.b, delta, Deviation(i)), "one quantity"), (given(MeanGap(i), delta), "no number")):
        with pytest.raises(AssumptionError, match=why):
            Smallest.apply(given(s.M, delta), other, event="y")
    claim = Smallest.apply(given(s.M, delta), given(s.b, delta), event="y")
    assert claim.says.events == {("y", delta)} and claim.rhs == sp.Min(s.M, s.b)


# --- excess risk -----------------------------------------------------------------------------------------------


class ExcessWorld(World):
    """A world with a comparator: the hypothesis with the smallest risk among those that the learner can fit.

    ``sign`` -1 takes the one with the largest risk, so that the comparator has an excess of its own.
    """

    best = True

    def _hypotheses(self) -> dict[tuple[int, ...], tuple[Fraction, ...]]:
        from stlbounds.proof.world_chain import training_sets

        return {counts: self._judged(counts) for size in sorted(set(self.set_sizes))
                for counts in training_sets(size, len(self.law))}

    def _comparator(self) -> tuple[Fraction, ...]:
        risks = {counts: self._risk(self.law, counts) for counts in self._hypotheses()}
        return self._judged((min if self.best else max)(risks, key=lambda counts: risks[counts]))

    def _mean_loss(self, counts: tuple[int, ...], losses: tuple[Fraction, ...]) -> Fraction:
        return sum((count * loss for count, loss in zip(counts, losses, strict=True)), ZERO) / sum(counts)

    def _comparator_gap(self, counts: tuple[int, ...]) -> Fraction:
        losses = self._comparator()
        return sum((p * loss for p, loss in zip(self.law, losses, strict=True)), ZERO) - self._mean_loss(counts, losses)

    def _compared(self, counts: tuple[int, ...]) -> Fraction:
        return self._gap(counts) - self._comparator_gap(counts)

    def law_of(self, kind: type[Quantity], generation: int) -> dict[Fraction, Fraction]:
        """The law of one of the random quantities."""
        smallest = min(self._risk(self.law, counts) for counts in self._hypotheses())
        found: dict[Fraction, Fraction] = {}
        mean = self._mean_compared(generation)
        for history, chance in self._chain.histories[generation]:
            counts = self._chain.training_set(history, generation)
            value = {excess.ExcessRisk: self._risk(self.law, counts) - smallest,
                     excess.ComparedGap: max(ZERO, self._compared(counts)),
                     excess.ComparedDeviation: max(ZERO, self._compared(counts) - mean)}[kind]
            found[value] = found.get(value, ZERO) + chance
        return found

    def _mean_compared(self, generation: int) -> Fraction:
        return sum((chance * self._compared(self._chain.training_set(history, generation))
                    for history, chance in self._chain.histories[generation]), ZERO)

    def value(self, quantity: Quantity) -> Fraction:
        if isinstance(quantity, excess.OptimisationError):
            size = int(quantity.args[0])
            sets, other = [counts for counts in self._hypotheses() if sum(counts) == size], self._comparator()
            return max(ZERO, *(self._mean_loss(counts, self._judged(counts)) - self._mean_loss(counts, other)
                               for counts in sets))
        if isinstance(quantity, excess.ComparatorExcess):
            risk = sum((p * loss for p, loss in zip(self.law, self._comparator(), strict=True)), ZERO)
            return risk - min(self._risk(self.law, counts) for counts in self._hypotheses())
        if not quantity.args or type(quantity).__module__ != excess.__name__:
            return super().value(quantity)
        now = int(quantity.args[0])
        if isinstance(quantity, excess.MeanComparedGap):
            return abs(self._mean_compared(now))
        if isinstance(quantity, excess.ComparatorBias):
            return abs(sum((chance * self._comparator_gap(self._chain.training_set(history, now))
                            for history, chance in self._chain.histories[now]), ZERO))
        if isinstance(quantity, excess.ComparedRangeSquares):
            return sum((width**2 for width in self._chain.ranges(now, self._compared).values()), ZERO)
        assert isinstance(quantity, excess.ExpectedExcess)
        return sum((value * chance for value, chance in self.law_of(excess.ExcessRisk, now).items()), ZERO)

    def constants(self) -> dict[sp.Symbol, Fraction]:
        errors = [self.value(excess.OptimisationError(sp.Integer(size))) for size in set(self.set_sizes)]
        return super().constants() | {s.opt: max(errors), s.comparator: self.value(excess.ComparatorExcess())}

    def refute(self, says, definitions=None, values=None):  # type: ignore[no-untyped-def]
        if not says.is_random:
            return super().refute(says, definitions, values)
        for now in range(self.generations + 1):
            for chance in DELTAS:
                known = self.constants() | (values or {})
                named = {symbol: value.subs({i: now}) for symbol, value in (definitions or {}).items()}
                right = says.rhs
                for _ in range(3):
                    right = right.subs(named)
                right = right.subs({i: now, delta: chance}).subs(known)
                kinds = (excess.ComparedGap, excess.ComparedDeviation)
                random = [part for part in right.atoms(Quantity) if type(part) in kinds]
                sure = right.atoms(Quantity) - set(random)
                right = right.xreplace({part: sp.Rational(self.value(part)) for part in sure})
                if random:  # holds surely: compare outcome by outcome, through the law of the difference
                    return self._surely(says, now, right, random[0]) or None
                most = float(right)
                failing = sum((weight for value, weight in self.law_of(type(says.lhs), now).items()
                               if float(value) > most + 1e-12), ZERO)
                if failing > Fraction(float(says.failure_probability.subs(delta, chance))) + Fraction(1, 10**12):
                    return f"{says.lhs} > {most} with probability {failing} in {self!r}"
        return None

    def _surely(self, says: Says, now: int, right: sp.Expr, random: Quantity) -> str:
        smallest = min(self._risk(self.law, counts) for counts in self._hypotheses())
        mean = self._mean_compared(now)
        for history, _ in self._chain.histories[now]:
            counts = self._chain.training_set(history, now)
            compared = self._compared(counts)
            values = {excess.ComparedGap: max(ZERO, compared), excess.ComparedDeviation: max(ZERO, compared - mean),
                      excess.ExcessRisk: self._risk(self.law, counts) - smallest}
            most = float(right.xreplace({random: sp.Rational(values[type(random)])}))
            if float(values[type(says.lhs)]) > most + 1e-12:
                return f"{says} is false for {counts} in {self!r}"
        return ""


class WorstExcessWorld(ExcessWorld):
    """The comparator has the largest risk."""

    best = False


def excess_worlds(loop: Loop, most: int = 150) -> list[World]:
    return [kind(w.protocol, w.sizes, w.law, w.generator, w.learner, w.generations)
            for w in standard_worlds(loop) if w.outcomes <= most for kind in (ExcessWorld, WorstExcessWorld)]


NEW = (excess.ExcessSplit, excess.ExcessMeanSplit, excess.ComparedSplit, excess.ComparedMeanSplit,
       excess.ComparatorDrift, excess.ComparedDifferences, excess.AzumaAbove)


@pytest.mark.slow
@pytest.mark.parametrize("expected", [False, True])
@pytest.mark.parametrize("loop", [FixedMix(alpha), FixedMix(alpha, "fresh")], ids=name_of)
def test_no_step_is_false_in_an_exact_world(loop, expected):
    proof = stl.excess_risk(setting(loop), expected=expected).proof
    definitions = proof.definitions()
    claims = [claim for claim in proof.steps() if claim.rule in NEW or claim is proof.root]
    worlds = excess_worlds(loop, 60)
    assert len(worlds) >= 8 and len(claims) >= 4
    for claim in claims:
        for world in worlds:
            assert not world.refute(claim.says, definitions), claim


RULES = "stlbounds.proof.rules.excess"
MUTANTS = (
    Mutant(RULES, "ExcessSplit", " + ComparatorExcess()", ""),
    Mutant(RULES, "ExcessSplit", " + OptimisationError(protocol.size(i))", ""),
    Mutant(RULES, "ExcessSplit", "ComparedGap(i) + ", ""),
    Mutant(RULES, "ExcessMeanSplit", " + ComparatorExcess()", ""),
    Mutant(RULES, "ExcessMeanSplit", "MeanComparedGap(i) + ", ""),
    Mutant(RULES, "ComparedSplit", "MeanComparedGap(i) + ", ""),
    Mutant(RULES, "ComparedSplit", " + ComparedDeviation(i)", ""),
    Mutant(RULES, "ComparedMeanSplit", " + ComparatorBias(i)", ""),
    Mutant(RULES, "ComparedMeanSplit", "MeanGap(i) + ", ""),
    Mutant(RULES, "ComparatorDrift", "LossConstant() * ", "LossConstant() / 2 * "),
    Mutant(RULES, "ComparedDifferences", "2 * Stability(size) + 2", "0 * Stability(size) + 1"),
    Mutant(RULES, "ComparedDifferences", "+ 2 * LossConstant() / size", ""),
    Mutant(RULES, "ComparedDifferences", "slope**2", "slope"),
    Mutant(RULES, "AzumaAbove", "sp.log(1 / delta) / 2", "sp.log(1 / delta) / 16"),
    Mutant(RULES, "AzumaAbove", "frozenset({(event, delta)})", "frozenset()"),
)


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_slip_in_a_rule_is_refused(mutant):
    expected = mutant.rule == "ExcessMeanSplit"
    cases = [(lambda loop=loop: stl.excess_risk(setting(loop), expected=expected).proof, excess_worlds(loop))
             for loop in (FixedMix(alpha), FixedMix(alpha, "fresh"))]
    assert refuses(mutant, cases)


@pytest.mark.parametrize("loop", mostly_slow(LOOPS), ids=name_of)
def test_the_terms_are_those_of_the_gap_and_of_the_comparator(loop):
    whole, mean = stl.excess_risk(setting(loop)), stl.excess_risk(setting(loop), expected=True)
    plain = stl.high_probability(setting(loop))
    whole.proof.verify()
    at = {"n": 300, "i": 3, "kappa": 1.2, "e": 0.02, "beta": 0.01, "M": 1.5, "alpha": 0.25}
    at = {name: value for name, value in at.items() if name in set(map(str, plain.symbols)) | {"n", "i"}}
    own = plain.evaluate_terms(**at, delta=0.05)
    terms = whole.evaluate_terms(**at, delta=0.05, opt=0.03, comparator=0.007)
    assert terms["drift"] == pytest.approx(2 * own["drift"], rel=1e-12)
    assert terms["bias"] == pytest.approx(own["bias"], rel=1e-12)
    assert (terms["optimisation"], terms["comparator"]) == (0.03, 0.007)
    size = float(loop.size(sp.Integer(3)).subs({s.n: 300, alpha: sp.Rational(1, 4)}))
    ratio = (2 * 0.01 * size + 3) / (2 * 0.01 * size + 1.5) * math.sqrt(math.log(20) / math.log(40))
    assert terms["concentration"] == pytest.approx(ratio * own["concentration"], rel=1e-12)
    assert set(mean.terms) == set(terms) - {"concentration"} and mean.failure_probability == 0
    assert whole.failure_probability == delta


def test_the_excess_risk_of_a_simulated_categorical_loop_stays_below():
    """The Brier fit minimises the empirical risk; its excess risk is half the squared distance to the truth."""
    loop = FixedMix(alpha, "fresh")
    located = stl.Setting(loop, stl.generators.Categorical(4), stl.learners.BrierFit())
    bound, mean = (stl.excess_risk(located, 0, 0, expected=expected) for expected in (False, True))
    rng = np.random.default_rng(8)
    truth, size, real = np.full(4, 0.25), 40, 10
    law = np.tile(truth, (4000, 1))
    for generation in range(4):
        new = rng.multinomial(size if generation == 0 else real, truth, size=4000)
        counts = new if generation == 0 else new + rng.multinomial(size - real, law)
        law = counts / size
    found = ((law - truth) ** 2).sum(axis=1) / 2
    at = {"n": size, "alpha": 0.25, "i": 3}
    assert found.mean() < mean.evaluate(**at)
    assert (found > bound.evaluate(**at, delta=0.05)).mean() <= 0.05
    assert found.mean() > mean.evaluate(**at) / 100


@pytest.mark.slow
def test_what_a_theorem_leaves_to_choose_is_saved_with_the_bound():
    located = stl.Setting(FixedMix(alpha, "fresh"), stl.generators.Categorical(3), stl.learners.BrierFit())
    for bound in (stl.weak_stability(located, 3), stl.excess_risk(located, 0.1, 0), stl.best(located)):
        data = json.loads(json.dumps(to_dict(bound)))
        assert load(data).expr == bound.expr
        for wrong in ({"order": {"expression": "4"}, "optimisation_error": {"expression": "1/5"}}, {"setting": 1}):
            options = known(wrong, set(data.get("options", {})))
            changed = data | {"options": options or wrong}
            with pytest.raises((ProofError, InvalidArgumentError)):
                load(changed)


def test_what_is_refused():
    with pytest.raises(SymbolError):
        stl.excess_risk(setting(FixedMix(alpha)), s.n)
    with pytest.raises(InvalidArgumentError, match="leaves order to choose"):
        stl.Bound(setting(FixedMix(alpha, "fresh")), "weak-stability", comparator_excess=1)
    with pytest.raises(ValueError):
        stl.excess_risk(setting(FixedMix(alpha)), comparator_excess=-1)
    located = stl.Setting(FixedMix(alpha), stl.generators.Categorical(3), stl.learners.BrierFit())
    with pytest.raises(AssumptionError, match="measures the gap"):
        stl.check(stl.excess_risk(located, 0, 0), n=10, alpha=0.5, i=1, delta=0.05, replicas=10)


# --- constants that are known within a range only ---------------------------------------------------------------


def test_a_sensitivity_may_be_a_symbol_with_a_range_of_its_own():
    sharpness = s.declare("sharpness_of_tests", "the sensitivity of a model in the tests", low=0.8, high=0.9)
    mine = stl.generators.Generator("mine", stl.DISCRETE, sharpness, s.e)
    bound = stl.high_probability(stl.Setting(FixedMix(alpha, "fresh"), mine, stl.learners.UniformlyStable(b / s.N)))
    assert bound.proof.verify().steps > 10
    at = {"n": 100, "alpha": 0.5, "e": 0.01, "b": 1, "M": 1, "i": 6, "delta": 0.05}
    values = bound.evaluate(**at, sharpness_of_tests=np.linspace(0.8, 0.9, 11))
    assert (np.diff(values) > 0).all()
    with pytest.raises(ValueError, match="sharpness_of_tests"):
        bound.evaluate(**at, sharpness_of_tests=0.95)
