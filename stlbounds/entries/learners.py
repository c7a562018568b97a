"""The learners by name. A new learner is one entry here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stlbounds.entries.entry import Entry, Parameter

if TYPE_CHECKING:
    from stlbounds.learners import UniformlyStable

__all__ = ["LEARNERS"]


def _regularised(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import RegularisedLearner

    return RegularisedLearner(parameter("lam_r"), parameter("G_l"), parameter("M"))


def _sgd(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import SGDLearner

    return SGDLearner(parameter("steps"), parameter("step"), parameter("G_l"), loss_constant=parameter("M"))


def _strongly_convex_sgd(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import StronglyConvexSGDLearner

    return StronglyConvexSGDLearner(parameter("mu"), parameter("G_l"), loss_constant=parameter("M"))


def _nearest_neighbours(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import NearestNeighbours

    return NearestNeighbours(parameter("k"), parameter("G_l"), parameter("B_y"), parameter("M"))


def _private_learner(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import PrivateLearner

    return PrivateLearner(parameter("privacy"), parameter("M"))


def _uniformly_stable(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import UniformlyStable
    from stlbounds.symbols import N

    return UniformlyStable(parameter("b") / N, loss_constant=parameter("M"))


def _brier(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import BrierFit

    return BrierFit()


def _uniformly_stable_euclidean(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import UniformlyStable
    from stlbounds.proof.metric import Metric
    from stlbounds.symbols import N

    return UniformlyStable(parameter("b") / N, parameter("M"), Metric.EUCLIDEAN)


def _mean(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import MeanFit

    return MeanFit()


def _regularised_euclidean(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import EuclideanRegularisedLearner

    return EuclideanRegularisedLearner(*(parameter(name) for name in ("G_l", "L_z", "B", "lam_r", "M")))


def _transformer_learner(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import TransformerLearner

    return TransformerLearner(parameter("L"), parameter("omega"), output_lipschitz=parameter("ell_L"),
                              loss_constant=parameter("M"))


LEARNERS: dict[str, Entry[UniformlyStable]] = {
    "uniformly-stable": Entry("known by its stability beta_N = b/N and its loss constant M", _uniformly_stable,
                              ("b", "M")),
    "uniformly-stable-euclidean": Entry("known by beta_N = b/N and its loss constant M, in the Euclidean metric",
                                        _uniformly_stable_euclidean, ("b", "M")),
    "mean": Entry("the mean, judged by the halved squared loss", _mean),
    "regularised-euclidean": Entry("minimises a convex loss plus (lam_r/2) |w|^2, in the Euclidean metric",
                                   _regularised_euclidean, ("G_l", "L_z", "B", "lam_r", "M")),
    "transformer": Entry("a transformer that learns in context", _transformer_learner, ("L", "omega", "ell_L", "M")),
    "brier": Entry("the empirical law, judged by the halved Brier loss", _brier),
    "regularised": Entry("minimises a convex loss plus (lam_r/2) |w|^2", _regularised, ("lam_r", "G_l", "M")),
    "sgd": Entry("stochastic gradient descent on a convex smooth loss, steps of at most 2/smoothness", _sgd,
                 ("steps", "step", "G_l", "M")),
    "sgd-strongly-convex": Entry("stochastic gradient descent on a strongly convex smooth loss", _strongly_convex_sgd,
                                 ("mu", "G_l", "M")),
    "nearest-neighbours": Entry("regression by the mean label of the k nearest points", _nearest_neighbours,
                                ("k", "G_l", "B_y", "M")),
    "private": Entry("a differentially private learner", _private_learner, ("privacy", "M")),
}
