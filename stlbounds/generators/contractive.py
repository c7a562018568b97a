"""The contractive update: a step from a prior towards the mean of the training set (theory §7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from stlbounds.errors import AssumptionError, InvalidArgumentError, UndecidedError
from stlbounds.generators.base import Generator, constant_of_size
from stlbounds.generators.location import FITTED_MEAN, FittedMeanSensitivity
from stlbounds.generators.measurement import Measurement
from stlbounds.generators.prior import effective_size, worth_at_least
from stlbounds.interval.signs import is_nonnegative
from stlbounds.proof.claim import Claim, Printer, Rule, Says
from stlbounds.proof.metric import Metric
from stlbounds.proof.protocol import Protocol
from stlbounds.proof.quantities import D, Distance, Dmix, Quantity
from stlbounds.proof.rules.algebra import Substitute
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import J, N, n, pull

if TYPE_CHECKING:
    from stlbounds.generators.location_sampling import LocationSampler

__all__ = ["Contractive", "ContractiveStep", "Misfit"]


class Misfit(Quantity):
    """``W(D_0, G(D_0))``: how far the model is from real data when it is trained on all of them."""

    nargs = 0
    template = r"W(D_0, G_{{\infty}}(D_0))"
    granted = (r"Misfit: the model $G_{{\infty}}(D_0)$ that is fitted to unlimited real data is at a distance of at "
               r"most ${bound}$ from $D_0$, in the {metric} metric.")


class ContractiveStep(Rule):
    """``E t_{j+1} <= W(D_0, G(D_0)) + weight (E s_j + 1/sqrt(2 m))`` for ``N_j >= m``, in every protocol.

    ``G`` maps a law with the mean ``a`` to the law of ``proj((1 - weight) prior + weight a + xi)``. As in
    `FittedMeanSensitivity`, ``W(G(P), G(Q)) <= weight |mean P - mean Q| <= weight W(P, Q)``, so by the triangle
    inequality ``t_{j+1} <= W(D_0, G(D_0)) + weight s_j + weight |mean T_j - mean Dmix_j|``. The last is an average of
    terms ``X - mean D_k`` over the points ``X`` of ``T_j``, ``D_k`` the source of ``X``: centred given the past, hence
    uncorrelated, also when replayed, with ``E |X - mean|**2 = E |X - X*|**2/2 <= 1/2`` in squared diameters.
    Conclude by Jensen. The learning error ``W(Dmix_j, D_{j+1})`` does not occur: it need not be small.
    """

    title = "one generation of a contractive update"
    subject = FITTED_MEAN
    metric = Metric.EUCLIDEAN

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol, weight: sp.Expr, size: sp.Expr) -> Says:
        if not (is_nonnegative(weight) and is_nonnegative(1 - weight)):
            raise AssumptionError(f"the weight {weight} of the training data must be provably in [0, 1]")
        if size != effective_size(protocol) and not worth_at_least(protocol, size):
            raise UndecidedError(f"cannot show that every training set is worth at least {size} points")
        noise = sp.sqrt(1 / (2 * size))
        return Says(Distance(D(0), D(J + 1)), Misfit() + weight * Distance(D(0), Dmix(J)) + weight * noise)

    @classmethod
    def explain(cls, tex: Printer, *, weight: sp.Expr, **_: Any) -> str:
        return (rf"Without sampling error the update contracts distances by ${tex(weight)}$, and it maps the real "
                r"distribution to the model of the misfit; conclude by the triangle inequality. The mean of $T_j$ is "
                r"off by an average of uncorrelated terms, each of variance at most half the squared diameter.")


class Contractive(Generator):
    r"""``theta = (1 - eta) theta_prior + eta mean``, and a point ``proj(theta + xi)``: ``kappa = eta``.

    Setting: points in a bounded convex set, Euclidean metric divided by its diameter. Every generation starts from the
    same prior and moves a part ``eta`` of the way to the mean of its training set.
    Guarantee: ``kappa = eta``, derived; a loop of such updates needs hardly any real data to be stable. The learning
    error is assumed, if given: away from its prior the model does not fit its data, however many they are. If the
    `misfit` to real data is given instead, the drift is derived from it: ``E t_{j+1} <= misfit + eta E s_j + eta/sqrt(2
    N_j)``, so that under a fixed mix ``E t_i <= (misfit + eta/sqrt(2 n)) geo(eta (1 - alpha), i)``, bounded for ever
    even without real data. A misfit is not a learning error: it speaks of real data only.
    Assumed: the learning error or the misfit, if given.

    Self-check: attained, slack 1, by moving all points alike where nothing is projected.

    Parameters
    ----------
    weight : sympy.Expr or number
        ``eta`` in ``[0, 1]``.
    learning_error : sympy.Expr or number, optional
        ``e >= 0`` with ``E W(Dmix_j, D_{j+1}) <= e``; may use ``N``.
    misfit : sympy.Expr or number, optional
        At least ``W(D_0, G(D_0))``, ``G`` trained on unlimited real data; in ``[0, 1]``.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol,
        or if `weight` or `misfit` is not provably in ``[0, 1]``.

    References
    ----------
    Theory §7; §4, last item (drift of contractive generators).

    Examples
    --------
    >>> Contractive(weight=0.5).sensitivity
    1/2
    """

    references: ClassVar[tuple[str, ...]] = ("bertrand2024",)
    weight: sp.Expr
    misfit: sp.Expr | None

    def __init__(self, weight: Any = pull, learning_error: Any = None, misfit: Any = None) -> None:
        share = constant_of_size("weight", weight)
        if share.has(N) or not is_nonnegative(1 - share):
            raise InvalidArgumentError("weight", share, "provably in [0, 1], and independent of N")
        object.__setattr__(self, "weight", share)
        gap = None if misfit is None else constant_of_size("misfit", misfit)
        if gap is not None and (gap.has(N) or not is_nonnegative(1 - gap)):
            raise InvalidArgumentError("misfit", gap, "provably in [0, 1], and independent of N")
        object.__setattr__(self, "misfit", gap)
        super().__init__("contractive", Metric.EUCLIDEAN, share, learning_error)

    def describe(self, tex: Printer) -> str:
        """What the model is, in a sentence of LaTeX; ``tex`` prints expressions."""
        return (r"The data are points of a bounded convex set, and the generator $G$ is a \emph{contractive update}: "
                r"$G(S)$ is the law of $\mathrm{proj}(m + \xi)$, where $m$ lies on the segment from a prior, chosen "
                rf"without looking at the data, to the mean of $S$, a fraction ${tex(self.weight)}$ of the way; $\xi$ "
                r"is noise with a fixed law, and $\mathrm{proj}$ is the projection onto the set.")

    def sensitivity_claim(self) -> Claim:
        return FittedMeanSensitivity.apply(weight=self.weight)

    def drift_step_claim(self, protocol: Protocol) -> Claim | None:
        if self.misfit is None:
            return None
        spread = effective_size(protocol)
        # A growing average has a closed form for a constant error only; every training set has at least n points.
        if any(share.index is not None for share in protocol.mixture(J)):
            spread = n
        claim = ContractiveStep.apply(protocol=protocol, weight=self.weight, size=spread)
        return Substitute.apply(claim, Assumption.apply(quantity=Misfit(), bound=self.misfit, metric=Metric.EUCLIDEAN))

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> LocationSampler:
        """Points ``+-0.1`` about ``theta`` on ``[-1/2, 1/2]``, real ones about 0; `distribution` is the prior.

        By default the prior is where the misfit is as stated, ``(1 - eta) |prior|``, and 0 if none is stated.
        """
        from stlbounds.generators.location_sampling import LocationSampler, number

        pulled = number("weight", self.weight, values)
        stated = 0.0 if self.misfit is None else number("misfit", self.misfit, values)
        if distribution is None and stated > 0:
            if pulled == 1 or stated / (1 - pulled) > 0.4:
                raise InvalidArgumentError("misfit", stated, f"at most {0.4 * (1 - pulled):.6g} in a simulation",
                                           "no prior inside of the space is farther away")
            distribution = stated / (1 - pulled)
        prior = 0.0 if distribution is None else float(distribution)
        if self.misfit is not None and (1 - pulled) * abs(prior) > stated * (1 + 1e-12):
            raise InvalidArgumentError("distribution", prior, f"a prior with a misfit of at most {stated:.6g}",
                                       f"this one has {(1 - pulled) * abs(prior):.6g}")
        return LocationSampler(0.1, half_width=0.5, pull=pulled, prior=prior)

    def self_check(self, *, seed: int = 0, examples: int = 20, **values: Any) -> tuple[Measurement, ...]:
        """Search for pairs of training sets of `examples` points; ``pull`` must be given if it is a symbol."""
        from stlbounds.generators.location_sampling import measured_sensitivity

        sampler = self.sampler(values)
        kappa = measured_sensitivity(sampler, examples, seed)
        return (Measurement("kappa", kappa, sampler.pull, f"pairs of training sets of {examples} points"),)
