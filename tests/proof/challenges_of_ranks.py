"""Cases for the mutants of rules that are used by one loop only: ranked points, and accumulated data for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import sympy as sp
from challenges import (
    AVERAGING,
    CHALLENGES,
    Case,
    Definitions,
    averaging_cases,
    cases,
    definitions_of,
    derivation,
    given,
)

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.loops import Accumulate, Schedule
from stlbounds.proof.quantities import D, Distance, DistributionShift, InfluenceSquares, Ranked, Str
from stlbounds.proof.rules import ranks, series
from stlbounds.proof.worlds import World, categorical_worlds, standard_worlds
from stlbounds.sequences import at_most
from stlbounds.symbols import RANK, SOURCE, J, i, n

__all__ = ["standard_cases"]

RANKED = ("RankSum", "RankedStability")
UNIFORM = ("InverseSquares",)
REPLAY = Schedule([sp.Rational(1, 2), 0, sp.Rational(1, 2)], "replay")


@cache
def ranked_worlds() -> tuple[World, ...]:
    return tuple(world for world in standard_worlds(REPLAY) if world.generations >= 1)[:12]


def ranked_cases() -> Iterator[Case]:
    """The schedule that replays points by their rank."""
    generator = stl.generators.Generator("any", stl.DISCRETE, s.kappa, s.e)
    setting = stl.Setting(REPLAY, generator, stl.learners.UniformlyStable(s.beta))
    yield derivation(setting), ranked_worlds(), definitions_of(setting)


def uniform_cases() -> Iterator[Case]:
    """Accumulated data with the bound on the amplification that holds for ever."""
    setting = stl.Setting(Accumulate(uniform=True), stl.generators.Categorical(s.K), stl.learners.BrierFit())
    yield derivation(setting), categorical_worlds(Accumulate()), definitions_of(setting)


@cache
def standard_cases(rule: str) -> tuple[Case, ...]:
    """The derivations in which a rule is used, with the worlds and named parts of their settings."""
    if rule in RANKED:
        return tuple(ranked_cases())
    if rule in UNIFORM:
        return tuple(uniform_cases())
    return tuple(averaging_cases() if rule in AVERAGING else cases())


def _ranked(function: Callable[[], object]) -> Callable[[], object]:
    definitions: Definitions = {}
    CHALLENGES[function.__name__] = lambda: ((function, ranked_worlds(), definitions),)
    return function


def _uses(weight: sp.Expr, shares: sp.Expr = sp.S.Half) -> sp.Expr:
    return sp.Sum(at_most(RANK, shares * n) * weight, (SOURCE, 1, i))


@_ranked
def ranks_negative_weights() -> object:
    """With a negative weight, the number of ranks must be bounded from below."""
    claim = given(Distance(D(0), D(0)), sp.Sum((100 + _uses(-sp.S.One, sp.Rational(1, 3))) ** 2, (RANK, 1, n)))
    return ranks.RankSum.apply(claim)


@_ranked
def ranks_in_a_decreasing_position() -> object:
    part = sp.Sum((1 + _uses(sp.S.One, sp.Rational(1, 3))) ** 2, (RANK, 1, n))
    return ranks.RankSum.apply(given(Distance(D(0), D(0)), 1 / part))


@_ranked
def ranks_decreasing_effect() -> object:
    """An effect that is smaller where the point is used more often is not largest for the first rank."""
    effect = 2 - at_most(RANK, n / 2)
    return ranks.RankedStability.apply(given(DistributionShift(Ranked(Str("real"), RANK), 0, J + 1), effect),
                                       protocol=REPLAY)


@_ranked
def squares_in_a_decreasing_position() -> object:
    return series.InverseSquares.apply(given(InfluenceSquares(0), 1000 * n / stl.growth.growth_sum(1, i, 2)))
