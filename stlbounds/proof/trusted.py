"""The explicit list of rules that a verification accepts.

Adding a rule to a proof system is an act of trust, so it takes a line here. Rules of the catalogue live in the file
of the generator or learner that they speak about, in rooms that import this one; they are listed by name and
imported when a proof is verified.
"""

from __future__ import annotations

from importlib import import_module

from stlbounds.proof.claim import Rule
from stlbounds.proof.rules import algebra, basic, drift, gap, influence, series

__all__ = ["CATALOGUE_RULES", "CORE_RULES", "trusted_rules"]

CORE_RULES: tuple[type[Rule], ...] = (
    basic.Assumption,
    basic.Definition,
    algebra.Instantiate,
    algebra.Substitute,
    algebra.Rewrite,
    algebra.GeometricSeries,
    algebra.Recurrence,
    algebra.MaxAtMost,
    series.SeriesByInduction,
    series.StrongRecurrence,
    drift.SelfDistance,
    drift.Triangle,
    drift.Convexity,
    drift.StartsReal,
    drift.MixtureStep,
    influence.InfluenceAtBirth,
    influence.CouplingStep,
    influence.CouplingDraw,
    influence.CouplingKept,
    influence.RecursiveStabilityMax,
    influence.FinalInfluenceSum,
    influence.InfluenceSquaresSum,
    gap.KantorovichRubinstein,
    gap.ExchangeableCopies,
    gap.MeanSplit,
    gap.BoundedDifferences,
    gap.AzumaMcDiarmid,
    gap.GapSplit,
    gap.ExpectedGapSplit,
    gap.Jensen,
    gap.MartingaleVariance,
)

CATALOGUE_RULES: tuple[tuple[str, str], ...] = (
    ("stlbounds.generators.categorical", "EmpiricalSensitivity"),
    ("stlbounds.generators.categorical", "EmpiricalLearningError"),
    ("stlbounds.generators.categorical", "EmpiricalDrift"),
    ("stlbounds.learners.brier", "BrierStability"),
    ("stlbounds.learners.brier", "BrierLossConstant"),
)


def trusted_rules() -> tuple[type[Rule], ...]:
    """All rules that a verification accepts."""
    return CORE_RULES + tuple(getattr(import_module(module), name) for module, name in CATALOGUE_RULES)
