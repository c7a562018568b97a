"""The learners: one file per family, with the uniform stability and the loss constant (theory §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stlbounds._lazy import lazily

if TYPE_CHECKING:
    from stlbounds.learners.base import UniformlyStable
    from stlbounds.learners.brier import BrierFit
    from stlbounds.learners.mean import MeanFit
    from stlbounds.learners.nearest_neighbours import NearestNeighbours
    from stlbounds.learners.private import PrivateLearner
    from stlbounds.learners.regularised import RegularisedLearner
    from stlbounds.learners.regularised_euclidean import EuclideanRegularisedLearner
    from stlbounds.learners.sgd import SGDLearner
    from stlbounds.learners.sgd_strongly_convex import StronglyConvexSGDLearner
    from stlbounds.learners.transformer import TransformerLearner

__all__ = [
    "BrierFit",
    "EuclideanRegularisedLearner",
    "MeanFit",
    "NearestNeighbours",
    "PrivateLearner",
    "RegularisedLearner",
    "SGDLearner",
    "StronglyConvexSGDLearner",
    "TransformerLearner",
    "UniformlyStable",
]

# Loaded when first used: samplers and searches need NumPy, which a symbolic derivation does not.
__getattr__, __dir__ = lazily(
    __name__,
    {
        "BrierFit": "stlbounds.learners.brier",
        "EuclideanRegularisedLearner": "stlbounds.learners.regularised_euclidean",
        "MeanFit": "stlbounds.learners.mean",
        "NearestNeighbours": "stlbounds.learners.nearest_neighbours",
        "PrivateLearner": "stlbounds.learners.private",
        "RegularisedLearner": "stlbounds.learners.regularised",
        "SGDLearner": "stlbounds.learners.sgd",
        "StronglyConvexSGDLearner": "stlbounds.learners.sgd_strongly_convex",
        "TransformerLearner": "stlbounds.learners.transformer",
        "UniformlyStable": "stlbounds.learners.base",
    },
)
