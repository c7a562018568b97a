"""Exact worlds against an independent enumeration of ordered points, and against values by hand."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction as F
from math import prod

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from stlbounds.errors import InvalidArgumentError
from stlbounds.loops import FixedMix
from stlbounds.proof.quantities import (
    D,
    Deviation,
    Distance,
    DistributionShift,
    Dmix,
    DriftBias,
    ExchangeBias,
    ExpectedDeviation,
    ExpectedGap,
    FinalInfluence,
    Gap,
    Influence,
    InfluenceSquares,
    LossConstant,
    MeanGap,
    RangeSquares,
    RecursiveStability,
    Sensitivity,
    Stability,
    Str,
    Variance,
)
from stlbounds.proof.world_models import (
    Adversarial,
    Brier,
    Constant,
    Contraction,
    Empirical,
    Expansion,
    Ignorant,
    Memoriser,
    Shift,
)
from stlbounds.proof.worlds import OutsideWorld, World
from stlbounds.symbols import K, M, alpha, b, beta, c, e, kappa, n, r

HALF = (F(1, 2), F(1, 2))
BIT = Constant((F(0), F(1)))


def fixed_mix(real, proportion, points, law, generator, learner, generations):
    return World(FixedMix(alpha, real=real), {n: points, alpha: proportion}, law, generator, learner, generations)


# --- an enumeration of ordered points that knows no counts, no pools and no memory ---------------------------


@dataclass(frozen=True)
class Point:
    kind: str
    born: int
    source: int


def points_of(real, kept, new, generations):
    """The points of a fixed mix in the order of drawing, and which of them make up each training set."""
    if real == "replay":
        points = [Point("replayed", 0, 0)] * kept + [Point("initial", 0, 0)] * new
    else:
        points = [Point("any", 0, 0)] * (kept + new)
    sets = [list(range(kept + new))]
    for g in range(1, generations + 1):
        start = len(points)
        if real == "replay":
            points += [Point("synthetic", g, g)] * new
            sets.append([*range(kept), *range(start, start + new)])
        else:
            points += [Point("any", g, 0)] * kept + [Point("any", g, g)] * new
            sets.append(list(range(start, start + kept + new)))
    return points, sets


class Brute:
    def __init__(self, real, kept, new, law, generator, learner, generations):
        self.points, self.sets = points_of(real, kept, new, generations)
        self.law, self.generator, self.learner, self.generations = law, generator, learner, generations

    def counts(self, symbols, j):
        tally = Counter(symbols[p] for p in self.sets[j])
        return tuple(tally[z] for z in range(len(self.law)))

    def laws(self, symbols):
        """``D_0, D_1, ...`` as far as the training sets are complete."""
        complete = [j for j in range(self.generations + 1) if max(self.sets[j]) < len(symbols)]
        return [self.law, *(self.generator.fit(self.counts(symbols, j)) for j in complete)]

    def runs(self):
        """All ordered runs of positive probability."""
        for symbols in itertools.product(range(len(self.law)), repeat=len(self.points)):
            laws = self.laws(symbols)
            chance = prod((laws[point.source][z] for point, z in zip(self.points, symbols, strict=True)), start=F(1))
            if chance:
                yield symbols, chance, laws

    def mixed(self, laws, j):
        sources = [laws[self.points[p].source] for p in self.sets[j]]
        return tuple(sum(law[z] for law in sources) / len(sources) for z in range(len(self.law)))

    def parts(self, symbols, laws, j):
        """``R_{D_0}``, ``R_{Dmix_j}`` and ``Rhat`` of the learner trained on ``T_j``."""
        hypothesis = self.learner.fit(self.counts(symbols, j))
        losses = [self.learner.loss(hypothesis, z) for z in range(len(self.law))]
        empirical = sum(losses[symbols[p]] for p in self.sets[j]) / F(len(self.sets[j]))
        mixed = self.mixed(laws, j)
        return (sum(p * x for p, x in zip(self.law, losses, strict=True)),
                sum(p * x for p, x in zip(mixed, losses, strict=True)), empirical)

    def gap_law(self, j):
        found = []
        for symbols, chance, laws in self.runs():
            real, mixed, empirical = self.parts(symbols, laws, j)
            found.append((symbols, chance, real - mixed, mixed - empirical))
        return found

    def range_squares(self, j):
        mean = {}
        for symbols, chance, one, other in self.gap_law(j):
            for length in range(len(symbols) + 1):
                weight, total = mean.get(symbols[:length], (F(0), F(0)))
                mean[symbols[:length]] = weight + chance, total + chance * (one + other)
        squares = F(0)
        for length in range(len(self.points)):
            widest = F(0)
            for prefix in [prefix for prefix in mean if len(prefix) == length]:
                nexts = [(*prefix, z) for z in range(len(self.law)) if (*prefix, z) in mean]
                values = [mean[key][1] / mean[key][0] for key in nexts]
                widest = max(widest, max(values) - min(values))
            squares += widest**2
        return squares

    def spread(self, position):
        """Two symbols: the largest displacement of each ``T_j`` and ``E TV(D_k, D'_k)`` when one point is replaced."""
        born = self.points[position].born
        drawn = sum(point.born <= born for point in self.points)
        pasts = {symbols[:drawn] for symbols, _, _ in self.runs()}
        shift, moved = Counter(), Counter()
        for past in pasts:
            other = (*past[:position], 1 - past[position], *past[position + 1:])
            if other not in pasts:
                continue
            ends = list(self.pairs(past, other, F(1)))
            for k in range(born + 1, self.generations + 2):
                shift[k] = max(shift[k], sum(p * abs(self.laws(one)[k][0] - self.laws(two)[k][0])
                                             for one, two, p in ends))
            for j in range(born, self.generations + 1):
                moved[j] = max(moved[j], sum(p * sum(one[q] != two[q] for q in self.sets[j]) for one, two, p in ends))
        return shift, moved

    def pairs(self, one, other, chance):
        """Both runs to their ends, each point drawn from the monotone coupling (the only maximal one of two coins)."""
        if len(one) == len(self.points):
            yield one, other, chance
            return
        source = self.points[len(one)].source
        first, second = self.laws(one)[source][0], self.laws(other)[source][0]
        table = {(0, 0): min(first, second), (1, 1): 1 - max(first, second),
                 (0, 1): max(first - second, F(0)), (1, 0): max(second - first, F(0))}
        for (a, z), p in table.items():
            if p:
                yield from self.pairs((*one, a), (*other, z), chance * p)


CASES = [
    ("replay", F(1, 2), 2, (F(1, 3), F(2, 3)), Contraction(F(1, 3), (F(1, 4), F(3, 4))), Brier(), 2),
    ("replay", F(1, 3), 3, (F(1, 5), F(4, 5)), Expansion(F(3, 2)), Memoriser(), 1),
    ("replay", F(0), 2, (F(1), F(0)), Shift(F(1, 3)), BIT, 2),
    ("fresh", F(1, 2), 2, (F(1, 3), F(2, 3)), Shift(F(1, 4)), Memoriser(), 2),
    ("fresh", F(1), 2, HALF, Empirical(), Brier(), 1),
    ("replay", F(1, 2), 2, (F(1, 2), F(1, 3), F(1, 6)), Empirical(), Adversarial(), 2),
    ("fresh", F(1, 2), 2, (F(1, 2), F(1, 3), F(1, 6)), Ignorant((F(0), F(1, 2), F(1, 2))), Memoriser(), 1),
]


def both(case):
    real, proportion, points, law, generator, learner, generations = case
    kept = int(proportion * points)
    return fixed_mix(*case), Brute(real, kept, points - kept, law, generator, learner, generations)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_data_and_gap_agree_with_ordered_enumeration(case):
    world, brute = both(case)
    runs = list(brute.runs())
    assert sum(chance for _, chance, _ in runs) == 1
    for j in range(world.generations + 1):
        def expected(one, other):
            return sum(chance * sum(max(x - y, F(0)) for x, y in zip(one(laws), other(laws), strict=True))
                       for _, chance, laws in runs)
        assert world.value(Distance(D(0), D(j + 1))) == expected(lambda laws: laws[0], lambda laws, j=j: laws[j + 1])
        assert world.value(Distance(Dmix(j), D(j + 1))) == expected(
            lambda laws, j=j: brute.mixed(laws, j), lambda laws, j=j: laws[j + 1])
        assert world.value(Distance(D(1), Dmix(j))) == expected(
            lambda laws: laws[1], lambda laws, j=j: brute.mixed(laws, j))
        outcomes = [(p, drift, exchange) for _, p, drift, exchange in brute.gap_law(j)]
        mean = sum(p * (x + y) for p, x, y in outcomes)
        assert world.value(DriftBias(j)) == abs(sum(p * x for p, x, _ in outcomes))
        assert world.value(ExchangeBias(j)) == abs(sum(p * y for p, _, y in outcomes))
        assert world.value(MeanGap(j)) == abs(mean)
        assert world.value(ExpectedGap(j)) == sum(p * abs(x + y) for p, x, y in outcomes)
        assert world.value(Variance(j)) == sum(p * (x + y - mean) ** 2 for p, x, y in outcomes)
        assert world.value(ExpectedDeviation(j)) == sum(p * abs(x + y - mean) for p, x, y in outcomes)
        assert world.value(RangeSquares(j)) == brute.range_squares(j)
        for quantity, centre in ((Gap(j), F(0)), (Deviation(j), mean)):
            law = Counter()
            for p, x, y in outcomes:
                law[abs(x + y - centre)] += p
            assert world.distribution(quantity) == dict(law)


@pytest.mark.parametrize("case", [case for case in CASES if len(case[3]) == 2], ids=str)
def test_influence_agrees_with_ordered_enumeration(case):
    world, brute = both(case)
    spreads = [brute.spread(position) for position in range(len(brute.points))]
    for point in set(brute.points):
        same = [s for s, p in zip(spreads, brute.points, strict=True) if (p.kind, p.born) == (point.kind, point.born)]
        for j in range(point.born, world.generations + 1):
            expected = max(moved[j] for _, moved in same)
            assert world.value(Influence(Str(point.kind), point.born, j)) == expected
            expected = max(shift[j + 1] for shift, _ in same)
            assert world.value(DistributionShift(Str(point.kind), point.born, j + 1)) == expected
    for j in range(world.generations + 1):
        members = [spreads[p][1][j] for p in brute.sets[j]]
        assert world.value(FinalInfluence(j)) == F(sum(members)) / len(members)
        everyone = [moved[j] for (_, moved), point in zip(spreads, brute.points, strict=True) if point.born <= j]
        assert world.value(InfluenceSquares(j)) == sum(x**2 for x in everyone)
        initial = [spreads[p][0][j + 1] for p in brute.sets[0]]
        assert world.value(RecursiveStability(j + 1)) == max(initial)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_constants_agree_with_all_pairs_of_ordered_sets(case):
    world, brute = both(case)
    size, symbols = len(brute.sets[0]), len(brute.law)
    sensitivity = stability = loss = F(0)
    tuples = list(itertools.product(range(symbols), repeat=size))
    count = {t: tuple(t.count(z) for z in range(symbols)) for t in tuples}
    judged = {t: [brute.learner.loss(brute.learner.fit(count[t]), z) for z in range(symbols)] for t in tuples}
    for one, other in itertools.product(tuples, repeat=2):
        loss = max(loss, max(judged[one]) - min(judged[one]))
        if (hamming := sum(x != y for x, y in zip(one, other, strict=True))):
            moved = sum(abs(x - y) for x, y in zip(brute.generator.fit(count[one]), brute.generator.fit(count[other]),
                                                   strict=True)) / 2
            sensitivity = max(sensitivity, size * moved / hamming)
            stability = max(stability, *(abs(x - y) / hamming for x, y in zip(judged[one], judged[other], strict=True)))
    assert world.value(Sensitivity(size)) == sensitivity
    assert world.value(Stability(size)) == stability
    assert world.value(LossConstant()) == loss
    errors = [world.value(Distance(Dmix(j), D(j + 1))) for j in range(world.generations + 1)]
    assert world.constants() == {kappa: sensitivity, beta: stability, b: size * stability, M: loss, e: max(errors),
                                 c: size * max(errors), r: 1, K: symbols, n: case[2], alpha: case[1]}


@settings(max_examples=25, deadline=None)
@given(weights=st.lists(st.integers(0, 5), min_size=2, max_size=2).filter(any), factor=st.integers(1, 6),
       real=st.sampled_from(["replay", "fresh"]), kept=st.integers(0, 2))
def test_random_laws_agree_with_ordered_enumeration(weights, factor, real, kept):
    law = tuple(F(weight, sum(weights)) for weight in weights)
    world, brute = both((real, F(kept, 2), 2, law, Expansion(F(factor, 3)), Brier(), 1))
    assert world.value(RangeSquares(1)) == brute.range_squares(1)
    assert world.value(MeanGap(1)) == abs(sum(p * (x + y) for _, p, x, y in brute.gap_law(1)))
    moved = [brute.spread(p)[1][1] for p in range(len(brute.points))]
    assert world.value(InfluenceSquares(1)) == sum(x**2 for x in moved)


# --- values by hand -------------------------------------------------------------------------------------------


def test_one_coin():
    world = fixed_mix("fresh", F(0), 1, (F(3, 4), F(1, 4)), Empirical(), BIT, 2)
    for j in range(3):
        # T_j is the one symbol of T_0 for ever: g = 1/4 - 1{it is the second symbol}.
        assert world.gaps(j) == {F(1, 4): F(3, 4), F(-3, 4): F(1, 4)}
        assert world.value(Variance(j)) == F(3, 16)
        assert world.value(RangeSquares(j)) == 1
        assert world.value(InfluenceSquares(j)) == j + 1 - j * (j > 0)
        assert world.value(Distance(D(0), D(j + 1))) == F(3, 8)
    assert world.distribution(Deviation(0)) == {F(1, 4): F(3, 4), F(3, 4): F(1, 4)}


def test_memoriser_by_hand():
    # Two fair coins: equal ones give Rhat = 0 and R = 1/2, different ones 1/2 and 1/2.
    world = fixed_mix("fresh", F(1), 2, HALF, Empirical(), Memoriser(), 0)
    assert world.gaps(0) == {F(1, 2): F(1, 2), F(0): F(1, 2)}
    assert world.value(ExchangeBias(0)) == world.value(MeanGap(0)) == F(1, 4)
    assert world.value(Stability(2)) == F(1, 2)


def test_shift_drifts_in_a_straight_line():
    world = fixed_mix("replay", F(1, 4), 4, (F(1), F(0)), Shift(F(1, 5)), BIT, 2)
    assert world.value(Distance(D(0), D(1))) == F(1, 5)
    assert world.value(Distance(D(0), D(2))) == F(1, 5) * (1 + F(3, 4))
    assert world.value(Distance(D(0), Dmix(2))) == F(3, 4) * world.value(Distance(D(0), D(2)))
    assert world.value(DriftBias(2)) == world.value(Distance(D(0), Dmix(2)))
    # No real point can have another value.
    assert world.value(Influence(Str("replayed"), 0, 2)) == 0


@pytest.mark.parametrize(("learner", "stability", "loss"), [
    (Brier(), (2 - F(1, 3)) / 3, F(1)), (Memoriser(F(3)), F(1), F(3)), (Adversarial(), F(1, 6), F(1)),
    (Constant((F(0), F(3), F(1))), F(0), F(3)),
])
def test_learners_have_the_constants_they_promise(learner, stability, loss):
    world = fixed_mix("replay", F(1, 3), 3, (F(1, 2), F(1, 4), F(1, 4)), Empirical(), learner, 1)
    assert world.value(Stability(3)) == stability
    assert world.value(LossConstant()) == loss


# --- what does not exist --------------------------------------------------------------------------------------


def test_quantities_outside_the_world():
    world = fixed_mix("replay", F(1, 2), 2, HALF, Empirical(), BIT, 1)
    for quantity in (Distance(D(0), D(3)), Distance(D(0), Dmix(2)), Distance(D(-1), D(0)), FinalInfluence(2),
                     MeanGap(-1), Influence(Str("synthetic"), 0, 1), Influence(Str("replayed"), 1, 1),
                     Influence(Str("synthetic"), 1, 0), DistributionShift(Str("initial"), 0, 0),
                     DistributionShift(Str("initial"), 0, 3), RecursiveStability(0), Sensitivity(3), Stability(1),
                     Sensitivity(sp.Rational(3, 2)), Influence(Str("nobody"), 0, 0)):
        with pytest.raises(OutsideWorld):
            world.value(quantity)


def test_bad_arguments_are_refused():
    world = fixed_mix("replay", F(1, 2), 2, HALF, Empirical(), BIT, 1)
    for quantity in (Gap(0), Distance(n, D(0)), MeanGap(n)):
        with pytest.raises(InvalidArgumentError):
            world.value(quantity)
    with pytest.raises(InvalidArgumentError, match="use `value`"):
        world.distribution(MeanGap(0))
    with pytest.raises(InvalidArgumentError, match=r"alpha\*n = 3/2: must be a nonnegative integer"):
        fixed_mix("replay", F(1, 2), 3, HALF, Empirical(), BIT, 1)
    with pytest.raises(InvalidArgumentError, match="nonnegative integer"):
        World(FixedMix(alpha), {n: 2}, HALF, Empirical(), BIT, 1)
    with pytest.raises(InvalidArgumentError, match="sum to 1"):
        fixed_mix("replay", F(1, 2), 2, (F(1, 2), F(1, 3)), Empirical(), BIT, 1)
    with pytest.raises(InvalidArgumentError, match="a generated law"):
        fixed_mix("replay", F(1, 2), 2, HALF, Ignorant((F(1), F(1))), BIT, 1).value(Distance(D(0), D(1)))
    with pytest.raises(InvalidArgumentError, match="generations"):
        fixed_mix("replay", F(1, 2), 2, HALF, Empirical(), BIT, -1)
    with pytest.raises(InvalidArgumentError, match="eta"):
        Contraction(F(3, 2), HALF)
