"""Cases for the mutants: the derivations of both theorems, and inputs in which one side condition matters.

A challenge starts from statements that are true in its worlds, so that a false conclusion is the rule's own doing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import sympy as sp

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.growth import growth, growth_sum
from stlbounds.loops import Accumulate, FixedMix, Loop, Subsample
from stlbounds.proof.claim import Claim, Rule, Says
from stlbounds.proof.metric import Metric
from stlbounds.proof.protocol import PointClass, Share
from stlbounds.proof.quantities import (
    D,
    Distance,
    Gap,
    Influence,
    InfluenceSquares,
    LossConstant,
    Sensitivity,
    Str,
)
from stlbounds.proof.rules import algebra, basic, drift, gap, influence, series
from stlbounds.proof.worlds import World, categorical_worlds, standard_worlds
from stlbounds.symbols import G, J, Phi, alpha, i, kappa, n, rho
from stlbounds.theorems.gap import THEOREMS
from stlbounds.theorems.steps import Lemmas

Definitions = dict[sp.Symbol, sp.Expr]
Case = tuple[Callable[[], object], tuple[World, ...], Definitions]
Real = Literal["replay", "fresh"]
INITIAL, REPLAYED = Str("initial"), Str("replayed")


@cache
def generic_worlds(real: Real) -> tuple[World, ...]:
    return standard_worlds(FixedMix(alpha, real))


@cache
def empirical_worlds(real: Real) -> tuple[World, ...]:
    return categorical_worlds(FixedMix(alpha, real))


def generic(real: Real) -> stl.Setting:
    """Every constant a symbol of its own; in a world it is the least number that works there."""
    generator = stl.generators.Generator("any", stl.DISCRETE, kappa, s.e)
    return stl.Setting(FixedMix(alpha, real), generator, stl.learners.UniformlyStable(s.beta))


def categorical(real: Real) -> stl.Setting:
    return stl.Setting(FixedMix(alpha, real), stl.generators.Categorical(s.K), stl.learners.BrierFit())


def definitions_of(setting: stl.Setting) -> Definitions:
    return stl.high_probability(setting).definitions


def derivation(setting: stl.Setting) -> Callable[[], object]:
    """All theorems of a setting, by the lemma and by the generator's own drift, and recursive stability."""

    def derive() -> None:
        for theorem in THEOREMS.values():
            theorem(setting)
            theorem(stl.Setting(setting.loop, setting.generator, setting.learner, drift="lemma"))
        assert Lemmas(setting).recursive_stability

    return derive


def cases() -> Iterator[Case]:
    """The standard cases: both settings in a fixed mix, real data replayed or fresh."""
    for real in ("replay", "fresh"):
        for setting, worlds in ((generic(real), generic_worlds(real)), (categorical(real), empirical_worlds(real))):
            yield derivation(setting), worlds, definitions_of(setting)


#: Where rules are used that a fixed mix does not need.
AVERAGING = ("StartsReal", "MixtureStep", "SeriesByInduction", "StrongRecurrence", "CouplingKept")


def averaging_cases() -> Iterator[Case]:
    """The loops that average over all generations."""
    for loop in (Accumulate(), Subsample()):
        generator = stl.generators.Generator("any", stl.DISCRETE, kappa, s.e)
        setting = stl.Setting(loop, generator, stl.learners.UniformlyStable(s.beta))
        yield derivation(setting), averaging_worlds(loop), definitions_of(setting)


@cache
def averaging_worlds(loop: Loop) -> tuple[World, ...]:
    return standard_worlds(loop)


class Given(Rule):
    """A statement that is true in the worlds of its challenge; a premise, not a part of any proof."""

    title = "given"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, says: Says) -> Says:
        return says

    @classmethod
    def explain(cls, tex: object, **_: Any) -> str:
        return "Given."


def given(lhs: sp.Expr, rhs: sp.Expr, relation: Literal["<=", "="] = "<=",
          events: frozenset[Any] = frozenset()) -> Claim:
    return Given.apply(says=Says(lhs, sp.S(rhs), relation, events))


CHALLENGES: dict[str | None, Callable[[], tuple[Case, ...]]] = {}


def challenge(real: Real = "replay", definitions: Definitions | None = None,
              ) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register a case; its worlds are the generic ones."""

    def register(function: Callable[[], object]) -> Callable[[], object]:
        CHALLENGES[function.__name__] = lambda: ((function, generic_worlds(real), definitions or {}),)
        return function

    return register


def grant(quantity: sp.Expr, bound: sp.Expr) -> Claim:
    return basic.Assumption.apply(quantity=quantity, bound=bound, metric=Metric.DISCRETE)


# --- leaves ------------------------------------------------------------------------------------------
@challenge()
def grant_gap() -> object:
    return grant(Gap(i), sp.S.Zero)


@challenge(definitions={rho: kappa * (1 - alpha)})
def grant_named_part() -> object:
    return grant(Sensitivity(n), rho)


@challenge()
def grant_negative() -> object:
    return grant(LossConstant(), -s.M)


@challenge()
def define_parameter() -> object:
    return algebra.Rewrite.apply(drift.Convexity.apply(protocol=FixedMix(alpha)),
                                 basic.Definition.apply(symbol=alpha, value=sp.S.One), rhs=sp.S.Zero)


@challenge("fresh")
def define_with_index() -> object:
    steps = basic.Definition.apply(symbol=rho, value=J)
    claim = algebra.Rewrite.apply(given(Distance(D(0), D(J)), s.e * J), steps, rhs=s.e * rho)
    return algebra.Instantiate.apply(claim, index=((J, J + 2),))


@challenge()
def define_negative() -> object:
    basic.Definition.apply(symbol=rho, value=-sp.S.One)
    return algebra.Substitute.apply(given(Distance(D(0), D(0)), 4 + rho * Distance(D(0), D(1))),
                                    given(Distance(D(0), D(1)), 9))


# --- algebra -----------------------------------------------------------------------------------------
@challenge()
def instantiate_parameter() -> object:
    return algebra.Instantiate.apply(drift.Convexity.apply(protocol=FixedMix(alpha)), index=((alpha, sp.S.One),))


@challenge()
def instantiate_before_start() -> object:
    # True for every J >= 0, false at J = -1.
    return algebra.Instantiate.apply(given(Distance(D(0), D(0)), J), index=((J, J - 1),))


@challenge(definitions={rho: kappa * (1 - alpha),
                        Phi: sp.sqrt(FixedMix(alpha).amplification_squared(kappa * (1 - alpha)))})
def instantiate_named_part() -> object:
    return algebra.Instantiate.apply(given(InfluenceSquares(i), n * Phi**2), index=((i, i + 1),))


@challenge("fresh")
def instantiate_captured() -> object:
    claim = given(Distance(D(0), D(J)), sp.Sum(s.e * J / 4, (G, 0, 3)))
    return algebra.Instantiate.apply(claim, index=((J, G),))


@challenge()
def instantiate_event() -> object:
    claim = gap.AzumaMcDiarmid.apply(delta=s.delta, event="concentration")
    return algebra.Instantiate.apply(claim, index=((i, i + 1),))


@challenge()
def substitute_decreasing() -> object:
    return algebra.Substitute.apply(given(Distance(D(0), D(0)), 1 - Distance(D(0), D(0))),
                                    given(Distance(D(0), D(0)), 2))


@challenge()
def rewrite_smaller() -> object:
    return algebra.Rewrite.apply(given(LossConstant(), s.M), rhs=s.M / 2)


@challenge()
def rewrite_with_inequality() -> object:
    return algebra.Rewrite.apply(given(LossConstant(), s.M), given(Distance(D(0), D(0)), s.M), rhs=Distance(D(0), D(0)))


@challenge()
def series_not_geometric() -> object:
    return algebra.GeometricSeries.apply(given(InfluenceSquares(i), sp.Sum((G + 1) * n * (1 + kappa) ** 8, (G, 0, i))))


@challenge()
def series_empty() -> object:
    return algebra.GeometricSeries.apply(given(Distance(D(0), D(0)), sp.Sum(kappa ** (i - G), (G, 3, i))))


@challenge("fresh")
def recurrence_wrong_closed_form() -> object:
    step = given(Distance(D(0), D(J + 1)), s.e + Distance(D(0), D(J)))
    return algebra.Recurrence.apply(step, drift.SelfDistance.apply(), index=J, closed=s.e * J / 2)


@challenge()
def recurrence_negative_slope() -> object:
    step = given(Distance(D(0), D(J + 1)), 4 - Distance(D(0), D(J)))
    return algebra.Recurrence.apply(step, given(Distance(D(0), D(0)), 9), index=J, closed=2 + 7 * (-1) ** J)


@challenge()
def recurrence_low_start() -> object:
    step = given(Influence(INITIAL, 0, J + 1), kappa * Influence(INITIAL, 0, J))
    return algebra.Recurrence.apply(step, given(Influence(INITIAL, 0, 0), 1), index=J, closed=kappa**J / 2)


@challenge()
def recurrence_quadratic() -> object:
    step = given(Influence(REPLAYED, 0, J + 1), 1 + kappa * (1 - alpha) * Influence(REPLAYED, 0, J) ** 2)
    return algebra.Recurrence.apply(step, given(Influence(REPLAYED, 0, 0), 1), index=J, closed=sp.S.One)


@challenge()
def recurrence_other_base() -> object:
    step = given(Influence(INITIAL, 0, J + 1), kappa * (1 - alpha) * Influence(INITIAL, 0, J))
    return algebra.Recurrence.apply(step, drift.SelfDistance.apply(), index=J, closed=sp.S.Zero)


@challenge()
def recurrence_event() -> object:
    step = given(Distance(D(0), D(J + 1)), 0, "<=", frozenset({("certain failure", sp.S.One)}))
    return algebra.Recurrence.apply(step, drift.SelfDistance.apply(), index=J, closed=sp.S.Zero)


@challenge()
def max_too_small() -> object:
    return algebra.MaxAtMost.apply(given(LossConstant(), sp.Max(s.M, s.M / 2)), rhs=s.M / 2, rest=sp.S.Zero)


@challenge()
def max_negative_rest() -> object:
    return algebra.MaxAtMost.apply(given(LossConstant(), s.M), rhs=s.M / 2, rest=-s.M / 2)


# --- sums over generations ----------------------------------------------------------------------------
def averaging(loop: Loop) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register a case with the worlds of a loop that averages over all generations."""

    def register(function: Callable[[], object]) -> Callable[[], object]:
        CHALLENGES[function.__name__] = lambda: ((function, averaging_worlds(loop), {}),)
        return function

    return register


ANY = Str("any")


@averaging(Accumulate())
def series_wrong_growth() -> object:
    claim = given(InfluenceSquares(i), sp.Sum(n * growth(kappa, G, i) ** 2, (G, 0, i)))
    return series.SeriesByInduction.apply(claim, closed=n)


@averaging(Accumulate())
def series_wrong_start() -> object:
    claim = given(Distance(D(0), D(0)), sp.Sum(growth(kappa, G, i) ** 2, (G, 0, i)))
    closed = growth_sum(kappa, i, 2) - growth(kappa, 0, i) ** 2
    return series.SeriesByInduction.apply(claim, closed=closed)


def _past() -> sp.Expr:
    return sp.Sum(kappa / (G + J + 2) * Influence(ANY, G, G + s.SOURCE), (s.SOURCE, 0, J))


@averaging(Subsample())
def strong_wrong_later() -> object:
    step = given(Influence(ANY, G, G + J + 1), _past())
    return series.StrongRecurrence.apply(step, given(Influence(ANY, G, G), 1), closed=kappa / (G + J + 2) / (1 + J))


@averaging(Subsample())
def strong_wrong_start() -> object:
    step = given(Influence(ANY, G, G + J + 1), _past())
    return series.StrongRecurrence.apply(step, given(Influence(ANY, G, G), 1),
                                         closed=kappa / (G + J + 2) * growth(kappa, G + 1, G + J + 1) / 2)


@averaging(Subsample())
def strong_high_base() -> object:
    step = given(InfluenceSquares(J + 1), sp.Sum(2 * InfluenceSquares(s.SOURCE), (s.SOURCE, 0, J)))
    return series.StrongRecurrence.apply(step, given(InfluenceSquares(0), n), closed=2 * sp.Integer(3) ** J)


@dataclass(frozen=True)
class LyingAverage(Accumulate):
    """A growing average whose newest source weighs too little."""

    def mixture(self, generation: sp.Expr) -> tuple[Share, ...]:
        share = super().mixture(generation)[0]
        weight = share.weight if generation == J else sp.Rational(1, 2) ** (J + 2)
        return (Share(share.source, weight, share.index),)


@averaging(Accumulate())
def lying_average() -> object:
    return drift.MixtureStep.apply(protocol=LyingAverage())


@averaging(Subsample())
def not_accumulating() -> object:
    return influence.CouplingKept.apply(protocol=Subsample(), point="any")


# --- loops that lie about themselves ------------------------------------------------------------------
@dataclass(frozen=True)
class Lying(FixedMix):
    """A fixed mix whose symbolic description does not add up."""

    shares: tuple[sp.Expr, sp.Expr] = (alpha, 1 - alpha)
    forget: bool = False

    def mixture(self, generation: sp.Expr) -> tuple[Share, ...]:
        return Share(sp.S.Zero, self.shares[0]), Share(generation, self.shares[1])

    @property
    def classes(self) -> tuple[PointClass, ...]:
        return super().classes[1:] if self.forget else super().classes


@challenge()
def lying_weights() -> object:
    return drift.Convexity.apply(protocol=Lying(alpha, shares=(alpha, (1 - alpha) / 2)))


@challenge()
def negative_weights() -> object:
    return drift.Convexity.apply(protocol=Lying(alpha, shares=(sp.S(2), -sp.S.One)))


@challenge()
def lying_weights_draw() -> object:
    return influence.CouplingDraw.apply(protocol=Lying(alpha, shares=(alpha, (1 - alpha) / 2)), point="initial")


@challenge()
def lying_classes() -> object:
    return influence.InfluenceSquaresSum.apply(protocol=Lying(alpha, forget=True))


__all__ = ["AVERAGING", "CHALLENGES", "averaging_cases", "cases", "categorical", "derivation", "generic"]
