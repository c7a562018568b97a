"""Exact worlds with weights: against an enumeration of ordered points, and the influences of theory §3."""

from __future__ import annotations

import itertools
from fractions import Fraction as F

import pytest
import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.loops import WeightedMix
from stlbounds.proof import quantities as qs
from stlbounds.proof.world_models import Brier, Contraction, Empirical
from stlbounds.proof.worlds import World
from stlbounds.symbols import n, w

HALF = (F(1, 2), F(1, 2))
SKEWED = (F(1, 5), F(4, 5))
LOOP = WeightedMix(w)


def world(points: int, weight: F, generations: int, generator=None, law=SKEWED) -> World:  # type: ignore[no-untyped-def]
    return World(LOOP, {n: points, w: weight}, law, generator or Empirical(), Brier(), generations)


@pytest.mark.parametrize("weight", [F(0), F(1, 3), F(3, 4), F(1)])
@pytest.mark.parametrize("kappa", [F(1), F(1, 2)])
def test_influences_are_those_of_theory_3(weight: F, kappa: F) -> None:
    made = world(2, weight, 3, Contraction(1 - kappa, HALF))
    assert made.value(qs.Sensitivity(sp.Integer(2))) == kappa
    rho = kappa * (1 - weight)
    for j in range(4):
        assert made.value(qs.Influence(qs.Str("initial"), 0, j)) == rho**j
    for born, j in itertools.combinations_with_replacement(range(1, 4), 2):
        assert made.value(qs.Influence(qs.Str("real"), born, j)) == weight * rho ** (j - born)
        assert made.value(qs.Influence(qs.Str("synthetic"), born, j)) == (1 - weight) * rho ** (j - born)
    squares = sum(F(2) * (weight**2 + (1 - weight) ** 2) * rho ** (2 * k) for k in range(3)) + 2 * rho**6
    assert made.value(qs.InfluenceSquares(3)) == squares
    assert made.value(qs.FinalInfluence(3)) == weight**2 + (1 - weight) ** 2


def test_the_gap_is_that_of_ordered_points() -> None:
    """``n = 1``: one point of ``T_0``, then one real and one synthetic point with weights."""
    weight, made = F(1, 3), world(1, F(1, 3), 1)
    law: dict[F, F] = {}
    for first, real, new in itertools.product(range(2), repeat=3):
        # The generator repeats the only point that it has seen.
        chance = SKEWED[first] * SKEWED[real] * (new == first)
        fitted = [weight * (real == z) + (1 - weight) * (new == z) for z in range(2)]
        losses = [sum((p - (z == k)) ** 2 for k, p in enumerate(fitted)) / 2 for z in range(2)]
        gap = sum(p * loss for p, loss in zip(SKEWED, losses, strict=True))
        gap -= sum(p * loss for p, loss in zip(fitted, losses, strict=True))
        law[gap] = law.get(gap, F(0)) + chance
    assert made.gaps(1) == {gap: chance for gap, chance in law.items() if chance}


def test_constants_are_per_unit_of_weighted_displacement() -> None:
    made = world(2, F(3, 4), 2)
    assert made.set_sizes == (2, 2, 2)
    assert made.value(qs.Sensitivity(sp.Integer(2))) == 1
    # The constant 2/N of the weighted Brier fit is approached by light points.
    assert F(3, 4) < made.value(qs.Stability(sp.Integer(2))) < 1


def test_sizes_must_be_whole() -> None:
    class Heavy(WeightedMix):
        def plan(self, generations):  # type: ignore[no-untyped-def]
            from dataclasses import replace

            from stlbounds.proof.protocol import Plan
            plan = super().plan(generations)
            return Plan(tuple(tuple(replace(pool, weight=pool.weight / 3) for pool in pools)
                              for pools in plan.generations))

    with pytest.raises(InvalidArgumentError, match="whole sizes"):
        _ = World(Heavy(w), {n: 4, w: F(1, 2)}, HALF, Empirical(), Brier(), 1).set_sizes
    with pytest.raises(InvalidArgumentError, match="weight of the pool"):
        World(LOOP, {n: 1, w: F(3, 2)}, HALF, Empirical(), Brier(), 1)
