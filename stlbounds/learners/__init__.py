"""The learners: one file per family, with the uniform stability and the loss constant (theory §7)."""

from stlbounds.learners.base import UniformlyStable
from stlbounds.learners.brier import BrierFit
from stlbounds.learners.nearest_neighbours import NearestNeighbours
from stlbounds.learners.private import PrivateLearner
from stlbounds.learners.regularised import RegularisedLearner
from stlbounds.learners.sgd import SGDLearner, StronglyConvexSGDLearner

__all__ = [
    "BrierFit",
    "NearestNeighbours",
    "PrivateLearner",
    "RegularisedLearner",
    "SGDLearner",
    "StronglyConvexSGDLearner",
    "UniformlyStable",
]
