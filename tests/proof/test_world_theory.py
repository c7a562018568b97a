"""Exact worlds against theory §3-§5: closed forms that are attained, and how sharp the gallery of worlds is."""

from __future__ import annotations

from fractions import Fraction as F
from math import prod

import pytest
import sympy as sp

from stlbounds.loops import FixedMix
from stlbounds.proof.claim import Says
from stlbounds.proof.protocol import Plan, Pool, Protocol
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
from stlbounds.proof.world_models import Constant, Contraction, Empirical, Memoriser
from stlbounds.proof.worlds import World, categorical_worlds, standard_worlds
from stlbounds.special import geometric_sum
from stlbounds.symbols import G, J, K, M, alpha, beta, delta, e, i, kappa, n

HALF = (F(1, 2), F(1, 2))
BIT = Constant((F(0), F(1)))


def fixed_mix(real, proportion, points, law, generator, learner, generations):
    return World(FixedMix(alpha, real=real), {n: points, alpha: proportion}, law, generator, learner, generations)


# --- theory: closed forms that linear generators attain -------------------------------------------------------


def geo(ratio, terms):
    return sum((ratio**m for m in range(terms)), F(0))


@pytest.mark.parametrize("proportion", [F(0), F(1, 4), F(1, 2), F(1)])
@pytest.mark.parametrize("generator", [Empirical(), Contraction(F(1, 3), HALF)], ids=str)
def test_linear_generators_attain_the_influence_of_theory_3(proportion, generator):
    replay = fixed_mix("replay", proportion, 4, HALF, generator, BIT, 3)
    fresh = fixed_mix("fresh", proportion, 4, HALF, generator, BIT, 3 if proportion != F(1, 2) else 2)
    gain = replay.value(Sensitivity(4))
    assert gain == (1 if generator == Empirical() else F(2, 3))
    rho = gain * (1 - proportion)
    for j in range(4):
        replayed, initial = geo(rho, j + 1) * (proportion > 0), rho**j * (proportion < 1)
        assert replay.value(Influence(Str("replayed"), 0, j)) == replayed
        assert replay.value(Influence(Str("initial"), 0, j)) == initial
        for g in range(1, j + 1):
            assert replay.value(Influence(Str("synthetic"), g, j)) == rho ** (j - g) * (proportion < 1)
        assert replay.value(FinalInfluence(j)) == 1 + proportion * rho * geo(rho, j)
        assert replay.value(InfluenceSquares(j)) == 4 * (
            proportion * geo(rho, j + 1) ** 2 + (1 - proportion) * geo(rho**2, j + 1))
        largest = geo(rho, j + 1) if proportion > 0 else rho**j
        assert replay.value(RecursiveStability(j + 1)) == gain / 4 * largest
    for j in range(fresh.generations + 1):
        for g in range(j + 1):
            assert fresh.value(Influence(Str("any"), g, j)) == rho ** (j - g)
        assert fresh.value(FinalInfluence(j)) == 1
        assert fresh.value(InfluenceSquares(j)) == 4 * geo(rho**2, j + 1)
        assert fresh.value(RecursiveStability(j + 1)) == gain / 4 * rho**j


class Listed(Protocol):
    """A protocol of which only the plan is known."""

    classes = ()

    def size(self, generation):
        raise NotImplementedError

    def mixture(self, generation):
        raise NotImplementedError


class Accumulate(Listed):
    def plan(self, generations):
        pools = [Pool("point", g, g, n) for g in range(generations + 1)]
        return Plan(tuple(tuple(pools[:j + 1]) for j in range(generations + 1)))


class Subsample(Listed):
    def plan(self, generations):
        return Plan(tuple(tuple(Pool("point", j, k, n / (j + 1)) for k in range(j + 1))
                          for j in range(generations + 1)))


class Augment(Listed):
    def plan(self, generations):
        real = Pool("real", 0, 0, n)
        return Plan(((real,), *((real, Pool("synthetic", g, g, 2 * n)) for g in range(1, generations + 1))))


@pytest.mark.parametrize(("generator", "gain"), [(Empirical(), F(1)), (Contraction(F(1, 2), HALF), F(1, 2))], ids=str)
def test_other_protocols_attain_the_influence_of_theory_3(generator, gain):
    accumulate = World(Accumulate(), {n: 2}, HALF, generator, Memoriser(), 3)
    subsample = World(Subsample(), {n: 6}, HALF, generator, Memoriser(), 2)
    augment = World(Augment(), {n: 2}, HALF, generator, Memoriser(), 3)
    for now in range(4):
        for g in range(now + 1):
            grown = prod((1 + gain / m for m in range(g + 1, now + 1)), start=F(1))
            assert accumulate.value(Influence(Str("point"), g, now)) == grown
            if now <= 2:
                resampled = gain / (now + 1) * prod((1 + gain / m for m in range(g + 2, now + 1)), start=F(1))
                assert subsample.value(Influence(Str("point"), g, now)) == (resampled if g < now else 1)
        rho, lam = gain * 2 / 3, 2
        assert augment.value(Influence(Str("real"), 0, now)) == (geo(rho, now + 1) + lam * rho**now if now else 1)
        for g in range(1, now + 1):
            assert augment.value(Influence(Str("synthetic"), g, now)) == rho ** (now - g)
    assert accumulate.set_sizes == (2, 4, 6, 8)
    assert augment.set_sizes == (2, 6, 6, 6)


def test_the_empirical_law_is_a_martingale():
    # E g = 0 for a fixed hypothesis says E phat = D_0 for every training set; real and mixed risks agree as well.
    for real in ("replay", "fresh"):
        world = fixed_mix(real, F(1, 2), 2, (F(1, 5), F(4, 5)), Empirical(), BIT, 3)
        for j in range(4):
            assert world.value(MeanGap(j)) == world.value(DriftBias(j)) == 0
            assert world.value(Distance(D(0), D(j + 1))) > 0


# --- the gallery ----------------------------------------------------------------------------------------------


def statements(real):
    """The statements of theory §3-§5 for a fixed mix, with the least ratio of both sides that some world must reach."""
    rho, one = kappa * (1 - alpha), sp.S.One
    shift, points = DistributionShift, {"replayed": 0, "initial": 0, "synthetic": G} if real == "replay" else {"any": G}
    drift = e * geometric_sum(1 - alpha, J)
    if real == "replay":
        final = 1 + alpha * rho * geometric_sum(rho, i)
        squares = alpha * geometric_sum(rho, i + 1) ** 2 + (1 - alpha) * geometric_sum(rho**2, i + 1)
        gamma = geometric_sum(rho, J + 1)
    else:
        final, squares, gamma = one, geometric_sum(rho**2, i + 1), rho**J
    found = {
        "triangle": (Says(Distance(D(0), D(J + 1)), Distance(D(0), Dmix(J)) + Distance(Dmix(J), D(J + 1))), 1),
        "convexity": (Says(Distance(D(0), Dmix(J)), (1 - alpha) * Distance(D(0), D(J))), 1),
        "drift": (Says(Distance(D(0), D(J)), drift), 1),
        "gamma": (Says(RecursiveStability(J + 1), kappa / n * gamma), 1),
        "final": (Says(FinalInfluence(i), final), 1),
        "squares": (Says(InfluenceSquares(i), n * squares), 1),
        "duality": (Says(DriftBias(i), LossConstant() * Distance(D(0), Dmix(i))), 1),
        "exchange": (Says(ExchangeBias(i), Stability(n) * FinalInfluence(i)), sp.Rational(9, 10)),
        "split": (Says(MeanGap(i), DriftBias(i) + ExchangeBias(i)), 1),
        "ranges": (Says(RangeSquares(i), (2 * Stability(n) + LossConstant() / n) ** 2 * InfluenceSquares(i)), 1),
        "azuma": (Says(Deviation(i), sp.sqrt(sp.log(2 / delta) / 2 * RangeSquares(i)),
                       events=frozenset({("concentration", delta)})), None),
        "gap": (Says(Gap(i), MeanGap(i) + Deviation(i)), 1),
        "expected gap": (Says(ExpectedGap(i), MeanGap(i) + ExpectedDeviation(i)), 1),
        "jensen": (Says(ExpectedDeviation(i), sp.sqrt(Variance(i))), 1),
        "variance": (Says(Variance(i), RangeSquares(i) / 4), 1),
        "theorem": (Says(MeanGap(i), M * (1 - alpha) * drift.subs(J, i) + beta * final), 1),
        "high probability": (Says(Gap(i), M * (1 - alpha) * drift.subs(J, i) + beta * final + (2 * beta + M / n)
                                  * sp.sqrt(n * squares * sp.log(2 / delta) / 2),
                                  events=frozenset({("concentration", delta)})), None),
    }
    for name, g in points.items():
        kept = one if name == "replayed" else sp.S.Zero
        x, closed = Influence(Str(name), g, g + J), geometric_sum(rho, J + 1) if kept else rho**J
        found[f"{name} step"] = Says(shift(Str(name), g, g + J + 1), Sensitivity(n) / n * x), 1
        found[f"{name} draw"] = (Says(Influence(Str(name), g, g + J + 1),
                                      kept + (1 - alpha) * n * shift(Str(name), g, g + J + 1)), 1)
        found[f"{name} influence"] = Says(x, closed), 1
    return found


@pytest.mark.slow
@pytest.mark.parametrize("real", ["replay", "fresh"])
def test_every_statement_holds_in_the_gallery_and_is_sharp_there(real):
    expected = statements(real)
    sharpest = dict.fromkeys(expected, sp.S.Zero)
    compared = dict.fromkeys(expected, 0)
    for world in standard_worlds(FixedMix(alpha, real=real)):
        for name, (says, _) in expected.items():
            for trial in world.trials(says):
                assert trial.holds, (name, world, trial)
                compared[name] += 1
                if trial.rhs != 0:
                    sharpest[name] = max(sharpest[name], trial.lhs / trial.rhs)
    for name, (_, ratio) in expected.items():
        assert compared[name] >= 50 or ("draw" in name and compared[name] >= 25), name
        if ratio is not None:
            assert sharpest[name] >= ratio, (name, sharpest[name])


@pytest.mark.slow
@pytest.mark.parametrize("real", ["replay", "fresh"])
def test_the_gallery_refutes_statements_that_are_wrong_by_little(real):
    beta_n, loss, squares, ranges = Stability(n), LossConstant(), InfluenceSquares(i), RangeSquares(i)
    event = frozenset({("concentration", delta)})
    wrong = [
        Says(Distance(D(0), D(J + 1)), Distance(D(0), Dmix(J)) + Distance(Dmix(J), D(J + 1)) * sp.Rational(9, 10)),
        Says(Distance(D(0), Dmix(J)), alpha * Distance(D(0), D(J))),
        Says(Distance(D(0), Dmix(J)), (1 - alpha) ** 2 * Distance(D(0), D(J))),
        Says(Distance(D(0), D(J)), e * geometric_sum(alpha, J)),
        Says(Distance(D(0), D(J)), e * geometric_sum((1 - alpha) ** 2, J)),
        Says(Distance(D(0), D(J)), e * (1 - (1 - alpha) ** J) / alpha),
        Says(DriftBias(i), loss * Distance(D(0), Dmix(i)) * sp.Rational(9, 10)),
        Says(DriftBias(i), Distance(D(0), Dmix(i))),
        Says(DriftBias(i), loss**2 * Distance(D(0), Dmix(i))),
        Says(ExchangeBias(i), beta_n * FinalInfluence(i) * sp.Rational(85, 100)),
        Says(ExchangeBias(i), beta_n**2 * FinalInfluence(i)),
        Says(ExchangeBias(i), FinalInfluence(i) / n),
        Says(ranges, (beta_n + loss / n) ** 2 * squares),
        Says(ranges, (2 * beta_n) ** 2 * squares),
        Says(ranges, (sp.Rational(19, 10) * beta_n + loss / n) ** 2 * squares),
        Says(ranges, (4 * beta_n**2 + (loss / n) ** 2) * squares),
        Says(ranges, (2 * beta_n + loss / n**2) ** 2 * squares),
        Says(ranges, (2 * beta_n + loss / n) * squares),
        Says(Deviation(i), sp.sqrt(sp.log(1 / delta) / 2 * ranges), events=event),
        Says(Deviation(i), sp.sqrt(sp.log(2 / delta) / 3 * ranges), events=event),
        Says(Deviation(i), sp.sqrt(sp.log(2 / delta) / 2 * ranges), events=frozenset({("concentration", delta / 2)})),
        Says(Deviation(i), sp.sqrt(sp.log(2 / delta) / 2 * ranges)),
        Says(Variance(i), ranges / 5),
        Says(ExpectedDeviation(i), sp.sqrt(Variance(i)) * sp.Rational(9, 10)),
        Says(MeanGap(i), sp.Max(DriftBias(i), ExchangeBias(i))),
        Says(Gap(i), sp.Max(MeanGap(i), Deviation(i))),
    ]
    if real == "replay":
        rho = kappa * (1 - alpha)
        wrong += [
            Says(ExchangeBias(i), beta_n),
            Says(ExchangeBias(i + 1), beta_n * FinalInfluence(i)),
            Says(FinalInfluence(i), 1 + (1 - alpha) * rho * geometric_sum(rho, i)),
            Says(RecursiveStability(J + 1), DistributionShift(Str("initial"), 0, J + 1)),
            Says(Influence(Str("replayed"), 0, J), geometric_sum(1 - alpha, J + 1)),
        ]
    worlds = standard_worlds(FixedMix(alpha, real=real))
    for says in wrong:
        assert any(world.refute(says) for world in worlds), says


@pytest.mark.parametrize("real", ["replay", "fresh"])
def test_the_learning_error_of_the_empirical_law(real):
    error = sp.sqrt((K - 1) / n) / 2
    says = Says(Distance(Dmix(J), D(J + 1)), error)
    worlds = categorical_worlds(FixedMix(alpha, real=real))
    trials = [trial for world in worlds for trial in world.trials(says)]
    assert len(trials) >= 40 and all(trial.holds for trial in trials)
    assert max(trial.lhs / trial.rhs for trial in trials) == 1
    for wrong in (error * sp.Rational(9, 10), sp.sqrt(1 / n) / 2, sp.sqrt((K - 1) / (n + 1)) / 2,
                  sp.sqrt((1 - 1 / K) / n) / 2, sp.sqrt(K - 1) / n / 2):
        assert any(world.refute(Says(Distance(Dmix(J), D(J + 1)), wrong)) for world in worlds), wrong


def test_galleries_adapt_to_the_protocol():
    counts = [len(standard_worlds(FixedMix(alpha, real=real))) for real in ("replay", "fresh")]
    assert min(counts) >= 25
    halves = standard_worlds(FixedMix(sp.Rational(1, 2)))
    assert halves and all(world.sizes[n] % 2 == 0 for world in halves)
    for protocol in (Accumulate(), Subsample(), Augment()):
        worlds = standard_worlds(protocol)
        assert worlds and len({repr(world) for world in worlds}) == len(worlds)
        assert all(world.value(Sensitivity(world.set_sizes[0])) <= world.constants()[kappa] for world in worlds[:5])
