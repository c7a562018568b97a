"""Statements held against exact worlds: true ones pass, false and undefined ones are refuted with their values."""

from __future__ import annotations

from fractions import Fraction as F
from typing import ClassVar

import pytest
import sympy as sp

from stlbounds.errors import InvalidArgumentError, ProofError
from stlbounds.loops import FixedMix
from stlbounds.proof.claim import Rule, Says
from stlbounds.proof.dag import Proof
from stlbounds.proof.quantities import (
    D,
    Deviation,
    Distance,
    Dmix,
    FinalInfluence,
    Gap,
    Influence,
    InfluenceSquares,
    MeanGap,
    RangeSquares,
    Sensitivity,
    Stability,
    Str,
)
from stlbounds.proof.world_models import Brier, Constant, Contraction, Empirical, Memoriser, Shift
from stlbounds.proof.worlds import World, hold_against_worlds
from stlbounds.special import geometric_sum
from stlbounds.symbols import G, J, M, N, Phi, alpha, b, beta, c, declare, delta, e, h_bar, i, kappa, n, r, rho

HALF = (F(1, 2), F(1, 2))
BIT = Constant((F(0), F(1)))
LAST = Str("synthetic")


def fixed_mix(proportion, points, law, generator, learner, generations, real="replay"):
    return World(FixedMix(alpha, real=real), {n: points, alpha: proportion}, law, generator, learner, generations)


EMPIRICAL = fixed_mix(F(1, 2), 2, HALF, Empirical(), Memoriser(), 2)
COIN = fixed_mix(F(0), 1, HALF, Empirical(), BIT, 1)
DRIFTING = fixed_mix(F(1, 4), 4, (F(1), F(0)), Shift(F(1, 5)), BIT, 2)
SKEWED = fixed_mix(F(1, 2), 4, (F(1, 5), F(4, 5)), Contraction(F(1, 3), HALF), Brier(), 2)
WORLDS = (EMPIRICAL, COIN, DRIFTING, SKEWED)
EVENT = frozenset({("concentration", delta)})

TRUE = {
    "triangle": Says(Distance(D(0), D(J + 1)), Distance(D(0), Dmix(J)) + Distance(Dmix(J), D(J + 1))),
    "drift": Says(Distance(D(0), Dmix(J)), (1 - alpha) * e * geometric_sum(1 - alpha, J)),
    "learning error": Says(Distance(Dmix(J), D(J + 1)), c * n**-r),
    "sensitivity": Says(Sensitivity(N), kappa),
    "stability": Says(Stability(N), b / N),
    "influence": Says(Influence(LAST, G, G + J), (kappa * (1 - alpha)) ** J),
    "equality": Says(Influence(LAST, G, G), sp.S.One),
    "bounded differences": Says(RangeSquares(i), (2 * beta + M / n) ** 2 * InfluenceSquares(i)),
    "azuma": Says(Deviation(i), sp.sqrt(sp.log(2 / delta) / 2 * RangeSquares(i)), events=EVENT),
    "surely": Says(Gap(i), MeanGap(i) + Deviation(i)),
    "infinite": Says(MeanGap(i), sp.oo),
}


@pytest.mark.parametrize("name", TRUE)
def test_true_statements_pass(name):
    for world in WORLDS:
        assert world.refute(TRUE[name]) is None
    assert sum(world.compared(TRUE[name]) for world in WORLDS) >= 4


FALSE = {
    "triangle without a side": Says(Distance(D(0), D(J + 1)), Distance(Dmix(J), D(J + 1))),
    "another proportion": Says(Distance(D(0), Dmix(J)), alpha * e * geometric_sum(1 - alpha, J)),
    "an index too low": Says(Distance(D(0), D(J + 1)), e * geometric_sum(1 - alpha, J)),
    "a removable singularity": Says(Distance(D(0), D(J)), e * (1 - (1 - alpha) ** J) / alpha),
    "a rate too fast": Says(Sensitivity(N), kappa / N),
    "a family": Says(Influence(LAST, G, G + J), (kappa * (1 - alpha)) ** (2 * J)),
    "no factor 2": Says(RangeSquares(i), (M / n**2) ** 2 * InfluenceSquares(i)),
    "Azuma with log(1/delta)": Says(Deviation(i), sp.sqrt(sp.log(1 / delta) / 2 * RangeSquares(i)), events=EVENT),
    "Azuma surely": Says(Deviation(i), sp.sqrt(sp.log(2 / delta) / 2 * RangeSquares(i))),
    "Azuma at half the price": Says(Deviation(i), sp.sqrt(sp.log(1 / delta) / 2 * RangeSquares(i)),
                                    events=frozenset({("concentration", delta / 2)})),
    "mean for deviation": Says(Gap(i), MeanGap(i)),
    "an unequal equality": Says(FinalInfluence(i), sp.S.One, "="),
    "minus infinity": Says(MeanGap(i), -sp.oo),
    "complex infinity": Says(MeanGap(i), 1 / (alpha - alpha * J * 0) * sp.zoo),
    "undefined": Says(MeanGap(i), sp.nan),
    "imaginary": Says(MeanGap(i), sp.sqrt(-n)),
}


@pytest.mark.parametrize("name", FALSE)
def test_false_statements_are_refuted(name):
    found = [world.refute(FALSE[name]) for world in WORLDS]
    assert any(found)
    shown = str(next(filter(None, found)))
    assert "is false at" in shown and "World(FixedMix(" in shown


def test_a_counterexample_names_its_values():
    found = DRIFTING.refute(FALSE["another proportion"])
    assert found.trial.indices == (("_j", 1),)
    assert (found.trial.lhs, found.trial.rhs) == (sp.Rational(3, 20), found.trial.rhs)
    assert str(found).startswith(f"3/20 <= {found.trial.rhs} is false at j = 1, in World(")
    # |g - E g| is 1/2 surely, more than sqrt(log(10/9)/2), where the claim must hold with probability 1/10.
    found = COIN.refute(FALSE["Azuma with log(1/delta)"], values={delta: F(9, 10)})
    assert found.trial.probability == 0 and found.trial.required == sp.Rational(1, 10)
    assert "it holds with probability 0, not 1/10" in str(found)


def test_every_admissible_combination_of_indices_is_compared():
    assert EMPIRICAL.compared(Says(Distance(D(0), D(J)), sp.S.One)) == 3
    assert EMPIRICAL.compared(Says(Distance(D(0), D(J + 1)), sp.S.One)) == 3
    assert EMPIRICAL.compared(Says(Distance(D(0), Dmix(J + 1)), sp.S.One)) == 2
    assert EMPIRICAL.compared(Says(Influence(LAST, G, J), sp.S.One)) == 3
    assert EMPIRICAL.compared(Says(Influence(Str("nobody"), G, J), sp.S.One)) == 0
    assert EMPIRICAL.compared(Says(Sensitivity(N), sp.S.One)) == 1
    assert EMPIRICAL.compared(Says(MeanGap(i), sp.S.One), values={i: 1}) == 1
    assert COIN.compared(TRUE["azuma"]) == 2 * (6 + 1)


def test_sums_run_over_their_own_index():
    new = (1 - alpha) * n
    total = alpha * n * Influence(Str("replayed"), 0, i) ** 2 + new * Influence(Str("initial"), 0, i) ** 2 + sp.Sum(
        new * Influence(LAST, G, i) ** 2, (G, 1, i))
    assert EMPIRICAL.refute(Says(InfluenceSquares(i), total, "=")) is None
    assert EMPIRICAL.compared(Says(InfluenceSquares(i), total)) == 3
    double = sp.Sum(sp.Sum(sp.S.One, (G, 0, J)), (J, 0, i))
    assert EMPIRICAL.refute(Says((i + 1) * (i + 2) / 2, double, "=")) is None
    both = sp.Sum(J + 10 * G, (G, 0, J), (J, 0, i))
    assert EMPIRICAL.refute(Says(sp.Sum(J * (J + 1) + 5 * J * (J + 1), (J, 0, i)), both, "=")) is None


def test_definitions_may_depend_on_the_index_and_on_each_other():
    squares = alpha * geometric_sum(rho, i + 1) ** 2 + (1 - alpha) * geometric_sum(rho**2, i + 1)
    definitions = {rho: kappa * (1 - alpha), Phi: sp.sqrt(squares), h_bar: alpha * rho * geometric_sum(rho, i)}
    assert EMPIRICAL.refute(Says(InfluenceSquares(i), n * Phi**2, "="), definitions) is None
    assert EMPIRICAL.refute(Says(FinalInfluence(i), 1 + h_bar, "="), definitions) is None
    wrong = definitions | {rho: kappa * alpha**2}
    assert EMPIRICAL.refute(Says(FinalInfluence(i), 1 + h_bar), wrong).trial.indices == (("i", 1),)
    # A definition binds its symbol and says nothing about the world.
    assert EMPIRICAL.compared(Says(rho, sp.Integer(17), "=")) == 0
    # The index of a definition counts, even where the statement shows none.
    assert EMPIRICAL.compared(Says(sp.S.Zero, Phi), definitions) == 3


def test_symbols_need_values():
    extra = declare("world_test_extra", "a symbol of this test")
    with pytest.raises(InvalidArgumentError, match="such that world_test_extra has a value"):
        EMPIRICAL.refute(Says(MeanGap(i), extra))
    assert EMPIRICAL.refute(Says(MeanGap(i), extra), values={extra: 1}) is None
    assert EMPIRICAL.refute(Says(MeanGap(i), extra), values={extra: F(1, 1000)}) is not None
    assert EMPIRICAL.refute(Says(Sensitivity(N), kappa), values={kappa: F(1, 2)}) is not None
    with pytest.raises(InvalidArgumentError, match="one generation"):
        EMPIRICAL.refute(Says(Gap(0), Gap(1)))


def test_rational_sides_are_compared_exactly():
    tiny = sp.Rational(1, 10**40)
    assert COIN.refute(Says(MeanGap(0) + tiny, MeanGap(0))) is not None
    # Roots only up to the slack of 1e-25.
    root = sp.sqrt(2)
    assert COIN.refute(Says(root * (1 + sp.Rational(1, 10**30)), root)) is None
    assert COIN.refute(Says(root * (1 + sp.Rational(1, 10**20)), root)) is not None


class Lie(Rule):
    """Says whatever it is told."""

    title: ClassVar[str] = "a lie"

    @classmethod
    def conclude(cls, premises, *, says):
        return says

    @classmethod
    def explain(cls, tex, **_):
        return "Trust me."


class LyingDefinition(Lie):
    kind: ClassVar[str] = "definition"


def test_proofs_are_held_against_worlds_step_by_step():
    first = Lie.apply(says=TRUE["triangle"])
    honest = Proof(Lie.apply(first, LyingDefinition.apply(first, says=Says(rho, kappa, "=")), says=Says(kappa, rho)))
    assert hold_against_worlds(honest, [EMPIRICAL, COIN]) == (5, 0, 2)
    lying = Proof(Lie.apply(first, says=FALSE["another proportion"]))
    with pytest.raises(ProofError, match=r"step 2 \(a lie\), Distance\(D\(0\), Dmix\(_j\)\).*at j = 1, in World\("):
        hold_against_worlds(lying, [EMPIRICAL, DRIFTING])
    named = Proof(Lie.apply(LyingDefinition.apply(says=Says(rho, kappa / 2, "=")), says=Says(kappa, rho)))
    with pytest.raises(ProofError, match=r"step 2 \(a lie\), kappa <= rho"):
        hold_against_worlds(named, [EMPIRICAL])
