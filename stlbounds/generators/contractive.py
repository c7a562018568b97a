"""The contractive update: a step from a prior towards the mean of the training set (theory §7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.base import Generator, constant_of_size
from stlbounds.generators.location import FittedMeanSensitivity
from stlbounds.generators.measurement import Measurement
from stlbounds.interval.signs import is_nonnegative
from stlbounds.proof.claim import Claim
from stlbounds.proof.metric import Metric
from stlbounds.symbols import N, pull

if TYPE_CHECKING:
    from stlbounds.generators.location_sampling import LocationSampler

__all__ = ["Contractive"]


class Contractive(Generator):
    r"""``theta = (1 - eta) theta_prior + eta mean``, and a point ``proj(theta + xi)``: ``kappa = eta``.

    Setting: points in a bounded convex set, Euclidean metric divided by its diameter. Every generation starts from the
    same prior and moves a part ``eta`` of the way to the mean of its training set.
    Guarantee: ``kappa = eta``, derived; a loop of such updates needs hardly any real data to be stable. The learning
    error is assumed, if given: away from its prior the model does not fit its data, however many they are.

    Self-check: attained, slack 1, by moving all points alike where nothing is projected.

    Parameters
    ----------
    weight : sympy.Expr or number
        ``eta`` in ``[0, 1]``.
    learning_error : sympy.Expr or number, optional
        ``e >= 0`` with ``E W(Dmix_j, D_{j+1}) <= e``; may use ``N``.

    References
    ----------
    Theory §7.

    Examples
    --------
    >>> Contractive(weight=0.5).sensitivity
    1/2
    """

    weight: sp.Expr

    def __init__(self, weight: Any = pull, learning_error: Any = None) -> None:
        share = constant_of_size("weight", weight)
        if share.has(N) or not is_nonnegative(1 - share):
            raise InvalidArgumentError("weight", share, "provably in [0, 1], and independent of N")
        object.__setattr__(self, "weight", share)
        super().__init__("contractive", Metric.EUCLIDEAN, share, learning_error)

    def sensitivity_claim(self) -> Claim:
        return FittedMeanSensitivity.apply(weight=self.weight)

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> LocationSampler:
        """Points ``+-0.1`` about ``theta`` on ``[-1/2, 1/2]``; `distribution` is the prior, 0 by default."""
        from stlbounds.generators.location_sampling import LocationSampler, number

        prior = 0.0 if distribution is None else float(distribution)
        return LocationSampler(0.1, half_width=0.5, pull=number("weight", self.weight, values), prior=prior)

    def self_check(self, *, seed: int = 0, examples: int = 20, **values: Any) -> tuple[Measurement, ...]:
        """Search for pairs of training sets of `examples` points; ``pull`` must be given if it is a symbol."""
        from stlbounds.generators.location_sampling import measured_sensitivity

        sampler = self.sampler(values)
        kappa = measured_sensitivity(sampler, examples, seed)
        return (Measurement("kappa", kappa, sampler.pull, f"pairs of training sets of {examples} points"),)
