"""The location model: a fitted mean plus noise, on a bounded convex space, and without walls (theory §7, §11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators.base import Generator, constant_of_size
from stlbounds.generators.measurement import Measurement
from stlbounds.interval.signs import is_nonnegative
from stlbounds.proof.claim import Claim, Printer, Rule, Says, Subject
from stlbounds.proof.metric import Metric
from stlbounds.proof.protocol import Protocol
from stlbounds.proof.quantities import D, Distance, InfluenceSquares, Quantity, Sensitivity
from stlbounds.proof.rules.algebra import Substitute
from stlbounds.proof.rules.basic import Assumption
from stlbounds.proof.rules.bernstein import PointVariance
from stlbounds.symbols import J, N, i, noise

if TYPE_CHECKING:
    from stlbounds.generators.location_sampling import LocationSampler
    from stlbounds.loops.base import Loop

__all__ = [
    "FITTED_MEAN",
    "FittedMeanSensitivity",
    "LocationDrift",
    "LocationModel",
    "LocationVariance",
    "NoiseSpread",
    "UnboundedLocation",
]

FITTED_MEAN = Subject("generator", "a fitted mean", ("weight",))


class NoiseSpread(Quantity):
    """``sqrt(E |xi|**2)`` of the noise ``xi`` of one point, divided by the diameter of the space."""

    nargs = 0
    template = r"\nu"
    granted = (r"Noise: a real point is $\mathrm{{proj}}(\mu + \xi)$ and a synthetic one $\mathrm{{proj}}(m + \xi)$, "
               r"$m$ the "
               r"fitted mean, with independent copies of $\xi$; $\xi$ and the convex space are symmetric about $0$ "
               r"and about "
               r"$\mu$, and $(\mathbb{{E}}|\xi|^2)^{{1/2}}$ is at most ${bound}$ times the diameter of the space.")


class FittedMeanSensitivity(Rule):
    """``kappa_N <= weight`` for the law of ``proj((1 - weight) prior + weight mean + xi)``.

    Couple two such laws by the same ``xi``. The projection onto a convex set does not expand, and the arguments are
    ``weight |mean - mean'| <= (weight/N) sum_k |z_k - z'_k|`` apart. Both sides are divided by the diameter. Equality,
    where nothing is projected, when all points move alike.
    """

    title = "sensitivity of a fitted mean"
    subject = FITTED_MEAN
    metric = Metric.EUCLIDEAN

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, weight: sp.Expr) -> Says:
        if not is_nonnegative(weight):
            raise AssumptionError(f"the weight {weight} of the mean may be negative")
        return Says(Sensitivity(N), weight)

    @classmethod
    def explain(cls, tex: Printer, *, weight: sp.Expr) -> str:
        return (rf"Couple two laws by the same noise: the projection does not expand, and the means of two training "
                rf"sets, of weight ${tex(weight)}$, are at most $\frac{{1}}{{N}}\sum_k \|z_k - z'_k\|$ apart.")


class LocationDrift(Rule):
    """``E W(D_0, D_{j+1}) <= noise sqrt(sum of x_X**2)/N_j``, in every protocol.

    ``D_0`` and ``D_{j+1}`` are the laws of ``proj(mu + xi)`` and ``proj(m + xi)``, ``m`` the mean of ``T_j``, so
    ``W(D_0, D_{j+1}) <= |m - mu|``. By symmetry ``E m = mu``. As a function of the independent noises, one for each
    point ever drawn, ``m`` moves by at most ``(x_X/N_j) |xi - xi*|`` when that of ``X`` is replaced by a copy: every
    step of the loop is 1-Lipschitz for shared noise, so displacements obey the recursion of the coupling lemma with
    ``kappa = 1`` surely, and per unit. By Efron-Stein ``E |m - mu|**2 <= sum of (x_X/N_j)**2 E |xi - xi*|**2/2``, the
    last factor being ``E |xi|**2``. Conclude by Jensen; both sides are divided by the diameter.
    """

    title = "drift of the location model"
    subject = FITTED_MEAN
    supposes = MappingProxyType({"weight": 1})
    metric = Metric.EUCLIDEAN

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol) -> Says:
        (spread,) = premises
        if spread.lhs != NoiseSpread() or spread.relation != "<=" or spread.events:
            raise AssumptionError(f"a bound on the noise is needed, not {spread}")
        return Says(Distance(D(0), D(J + 1)), spread.rhs * sp.sqrt(InfluenceSquares(J)) / protocol.size(J))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"For shared noise, the two laws are as far apart as their means. The mean of $T_j$ is symmetric about "
                r"$\mu$, and a function of independent noises that moves by at most $x_X/N_j$ times the displacement "
                r"of that of $X$; conclude by the Efron--Stein inequality and Jensen.")


class LocationVariance(Rule):
    """``E[d(X, X*)**2 | past]/2 <= noise**2`` for points ``X = proj(m + xi)``, real or synthetic.

    ``X*`` is ``proj(m + xi*)`` with an independent copy of the noise. The projection does not expand, so ``|X - X*| <=
    |xi - xi*|``, whose mean square is twice the variance of ``xi``, at most ``2 E |xi|**2``; divide by the diameter.
    """

    title = "variance of a point"
    subject = FITTED_MEAN
    metric = Metric.EUCLIDEAN

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        (spread,) = premises
        if spread.lhs != NoiseSpread() or spread.relation != "<=" or spread.events:
            raise AssumptionError(f"a bound on the noise is needed, not {spread}")
        return Says(PointVariance(), spread.rhs**2)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"A point and its copy are projections of one mean plus independent copies of the noise, and a "
                r"projection does not expand.")


class LocationModel(Generator):
    r"""A fitted mean plus noise, projected onto the bounded convex space: ``kappa = 1``.

    Setting: points in a bounded convex set, Euclidean metric divided by its diameter ``B``; ``G(S)`` is the law of
    ``proj(mean(S) + xi)``. A Gaussian mean with known covariance is an example.
    Guarantee: ``kappa = 1``, derived. If moreover real points are ``proj(mu + xi)``, with noise and space symmetric
    about ``mu``, then ``E t_i <= noise sqrt(v_i/n)``, ``noise = sqrt(E |xi|**2)/B``, with the variance factor ``v_i``
    of the loop, derived from that.
    Assumed: noise and space as above, and the size of the noise; for a new point's law in the sharper concentration
    also its variance.

    Self-check: ``kappa = 1`` is attained (slack 1) by moving all points alike, where nothing is projected; the drift of
    the first generation is stated 1.25 times too large or so, which is Jensen's inequality for a normal law.

    Parameters
    ----------
    noise : sympy.Expr or number
        ``sqrt(E |xi|**2)/B >= 0``.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If `noise` may be negative, or contains ``n``, ``N``, an index, or an undeclared symbol.

    References
    ----------
    Theory §7; the variance factor in §11.

    Examples
    --------
    >>> LocationModel(noise=0.25).sensitivity
    1
    """

    references: ClassVar[tuple[str, ...]] = ("dey2024",)
    noise: sp.Expr
    has_sharp_drift: ClassVar[bool] = True

    def __init__(self, noise: Any = noise) -> None:
        spread = constant_of_size("noise", noise)
        if spread.has(N):
            raise InvalidArgumentError("noise", spread, "independent of the size N of the training set")
        object.__setattr__(self, "noise", spread)
        super().__init__("location", Metric.EUCLIDEAN, sp.S.One, point_variance=spread**2)

    def describe(self, tex: Printer) -> str:
        """What the model is, in a sentence of LaTeX; ``tex`` prints expressions."""
        return (r"The data are points of a bounded convex set, and the generator $G$ is a \emph{location model}: "
                r"$G(S)$ is the law of $\mathrm{proj}(m + \xi)$, where $m$ is the mean of $S$, $\xi$ is noise with a "
                r"fixed law, and $\mathrm{proj}$ is the projection onto the set.")

    def sensitivity_claim(self) -> Claim:
        return FittedMeanSensitivity.apply(weight=sp.S.One)

    def _spread_claim(self) -> Claim:
        return Assumption.apply(quantity=NoiseSpread(), bound=self.noise, metric=Metric.EUCLIDEAN)

    def variance_claim(self) -> Claim:
        return LocationVariance.apply(self._spread_claim())

    def drift_claim(self, protocol: Protocol, influence_squares: Claim) -> Claim:
        return Substitute.apply(LocationDrift.apply(self._spread_claim(), protocol=protocol), influence_squares)

    def drift(self, variance: sp.Expr) -> sp.Expr:
        """``noise sqrt(variance)``, where the fitted mean has variance ``variance E |xi|**2``."""
        return self.noise * sp.sqrt(variance)

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> LocationSampler:
        """Points ``+-noise`` about the mean on ``[-1/2, 1/2]``, cut off there; `distribution` is not used."""
        from stlbounds.generators.location_sampling import LocationSampler, number

        _no_distribution(distribution)
        return LocationSampler(number("noise", self.noise, values), half_width=0.5)

    def self_check(self, *, seed: int = 0, examples: int = 20, **values: Any) -> tuple[Measurement, ...]:
        """Search for pairs of training sets, and simulate the drift of the first generation.

        Parameters
        ----------
        seed : int
            Seed of the search.
        examples : int
            ``N``.
        **values : number
            ``noise``, if it is a symbol.
        """
        from stlbounds.generators.location_sampling import measured_drift, measured_sensitivity

        sampler = self.sampler(values)
        kappa = measured_sensitivity(sampler, examples, seed)
        drift = measured_drift(sampler, examples, seed)
        return (Measurement("kappa", kappa, 1.0, f"pairs of training sets of {examples} points"),
                Measurement("drift", drift, sampler.noise / examples**0.5, f"E t_1 of 20000 fits to {examples} points"))


def _no_distribution(distribution: Any) -> None:
    if distribution is not None:
        raise InvalidArgumentError("distribution", distribution, "None",
                                   "the real distribution of a location model is its mean 0 plus noise")


@dataclass(frozen=True)
class UnboundedLocation:
    r"""The location model without walls: ``D_{j+1}`` is the law of ``mean(T_j) + xi``, in an unbounded space.

    It has no diameter, so no theorem of the library speaks about it; but its law is exact, and shows that the
    amplification of a loop is no artefact of the proof: with ``mu_i`` the mean of ``D_i``, ``Var(mu_i) = v_i E
    |xi|**2/n`` with ``v_i = n Phi_{i-1}**2/N_{i-1}`` at ``kappa = 1``, because ``mu_i`` is the sum of all points ever
    drawn, less the means of their laws, with weights ``x_X/N_{i-1}``.

    Parameters
    ----------
    noise : sympy.Expr or number
        ``sqrt(E |xi|**2)``.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If `noise` may be negative, or contains ``n``, an index, or an undeclared symbol.

    References
    ----------
    Theory §11.

    Examples
    --------
    >>> import stlbounds as stl
    >>> half = UnboundedLocation().variance_factor(stl.loops.FixedMix(sp.Rational(1, 2)))
    >>> float(half.subs(i, 5))
    2.54296875
    """

    noise: sp.Expr = noise

    def __post_init__(self) -> None:
        object.__setattr__(self, "noise", constant_of_size("noise", self.noise))

    def variance_factor(self, loop: Loop) -> sp.Expr:
        """``v_i``, ``i >= 1``: the variance of the mean of ``D_i`` in units of ``E |xi|**2/n``, for a ``loop``."""
        return loop.variance_factor(i)

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> LocationSampler:
        """Points ``+-noise`` about the mean, on the whole line; distances are not normalised.

        Parameters
        ----------
        values : mapping of str to number
            The noise, where it is a symbol.
        distribution : None
            The real distribution is the model's own.

        Examples
        --------
        >>> type(UnboundedLocation(1).sampler({})).__name__
        'LocationSampler'
        """
        from stlbounds.generators.location_sampling import LocationSampler, number

        _no_distribution(distribution)
        return LocationSampler(number("noise", self.noise, values))
