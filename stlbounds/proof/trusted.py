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
    ("stlbounds.generators.prior", "SmoothedSensitivity"),
    ("stlbounds.generators.prior", "SmoothedStep"),
    ("stlbounds.generators.prior", "SmoothedLearningError"),
    ("stlbounds.generators.kernel_density", "KernelSensitivity"),
    ("stlbounds.generators.kernel_density", "KernelStep"),
    ("stlbounds.generators.private", "PrivateSensitivity"),
    ("stlbounds.generators.private", "GaussianPrivateSensitivity"),
    ("stlbounds.learners.regularised", "RegularisedStability"),
    ("stlbounds.learners.sgd", "SameStart"),
    ("stlbounds.learners.sgd", "ConvexShiftStep"),
    ("stlbounds.learners.sgd_strongly_convex", "StronglyConvexShift"),
    ("stlbounds.learners.sgd", "ShiftedLoss"),
    ("stlbounds.learners.nearest_neighbours", "NeighbourStability"),
    ("stlbounds.learners.private", "PrivateStability"),
    ("stlbounds.learners.private", "RangeIsLipschitz"),
    ("stlbounds.generators.attention", "AttentionStaysInBall"),
    ("stlbounds.generators.attention", "ProjectedToBall"),
    ("stlbounds.generators.attention", "SpreadInBall"),
    ("stlbounds.generators.attention", "SpreadAtStart"),
    ("stlbounds.generators.attention", "SpreadStep"),
    ("stlbounds.generators.attention", "ContextSlopeBound"),
    ("stlbounds.generators.attention", "QuerySlopeBound"),
    ("stlbounds.generators.attention", "MeanDisplacementStart"),
    ("stlbounds.generators.attention", "QueryDisplacementStart"),
    ("stlbounds.generators.attention", "MeanDisplacementStep"),
    ("stlbounds.generators.attention", "QueryDisplacementStep"),
    ("stlbounds.generators.attention", "ReadOut"),
    ("stlbounds.generators.attention", "InContextStability"),
    ("stlbounds.generators.attention_depth", "LayerInduction"),
    ("stlbounds.generators.location", "FittedMeanSensitivity"),
    ("stlbounds.generators.location", "LocationDrift"),
    ("stlbounds.learners.mean", "MeanStability"),
    ("stlbounds.learners.mean", "MeanLossConstant"),
    ("stlbounds.generators.gradient_rules", "MinimiserShift"),
    ("stlbounds.generators.gradient_rules", "DescentStart"),
    ("stlbounds.generators.gradient_rules", "DescentStep"),
    ("stlbounds.generators.gradient_rules", "DescentEnd"),
    ("stlbounds.generators.gradient_rules", "GaussianLaw"),
    ("stlbounds.generators.gradient_rules", "SampledPoints"),
    ("stlbounds.generators.gradient_rules", "SampledLaw"),
    ("stlbounds.learners.regularised_euclidean", "EuclideanRegularisedStability"),
)


def trusted_rules() -> tuple[type[Rule], ...]:
    """All rules that a verification accepts."""
    return CORE_RULES + tuple(getattr(import_module(module), name) for module, name in CATALOGUE_RULES)
