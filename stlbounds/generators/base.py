"""The generator as the theorems see it, and the one that a user fills in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from stlbounds.described import Described
from stlbounds.errors import AssumptionError, InvalidArgumentError, SymbolError
from stlbounds.interval.signs import is_nonnegative
from stlbounds.proof.claim import RESERVED, Claim, Printer
from stlbounds.proof.metric import Metric
from stlbounds.proof.protocol import Protocol
from stlbounds.proof.quantities import D, Distance, Dmix, Sensitivity
from stlbounds.proof.rules.basic import DEFINABLE, Assumption
from stlbounds.proof.rules.bernstein import PointVariance
from stlbounds.symbols import J, N, check_symbols, e, exact, j, n

if TYPE_CHECKING:
    from stlbounds.generators.measurement import Measurement
    from stlbounds.generators.sampling import Sampler

__all__ = ["Generator", "constant_of_size"]


def constant_of_size(argument: str, value: Any) -> sp.Expr:
    """A constant of a model as an expression that may use the size ``N`` of a training set, but no other index.

    Raises
    ------
    InvalidArgumentError
        If it is not provably nonnegative, not a number or expression, or holds a power of the symbol ``e``.
    SymbolError
        If it contains an unknown or a reserved symbol.
    """
    found = exact(argument, value)
    check_symbols(found)
    reserved = found.free_symbols & {n, j, *RESERVED, *DEFINABLE} - {N}
    if reserved:
        names = ", ".join(sorted(str(symbol) for symbol in reserved))
        raise SymbolError(f"{argument} = {found} contains {names}, which the library fills in; "
                          f"a constant of a model may depend on the training set through its size N only")
    if any(power.base == e and power.exp.free_symbols for power in found.atoms(sp.Pow)):
        raise InvalidArgumentError(argument, found, "without powers of e, the symbol of the learning error",
                                   "for Euler's number write exp(x)")
    if not is_nonnegative(found):
        raise InvalidArgumentError(argument, found, "provably nonnegative on the ranges of its symbols",
                                   "declare its symbols with ranges that make it so")
    return found


@dataclass(frozen=True)
class Generator(Described):
    """A generator given by its constants: a metric, a sensitivity, a learning error.

    Setting
        Any model that is trained on a set and then draws independent points, whatever it is.
    Guarantee
        What is stated: ``kappa`` and the learning error become assumptions of the proof.
    Assumed
        Both constants, in the metric that is given.
    Self-check
        None, there is nothing to measure; `stlbounds.simulation.sensitivity.estimate_sensitivity` measures a model that
        exists as a function.

    Parameters
    ----------
    name : str
        What it is called in theorems.
    metric : Metric
        `DISCRETE` or `EUCLIDEAN` (normalised to diameter 1), the metric in which the constants hold.
    sensitivity : sympy.Expr or number
        ``kappa >= 0`` with ``W(G(S), G(S')) <= (kappa/N) dist(S, S')`` for all sets of one size ``N``; may use ``N``.
    learning_error : sympy.Expr or number, optional
        ``e >= 0`` with ``E W(Dmix_j, D_{j+1}) <= e`` when trained on ``N`` points; may use ``N``.
    point_variance : sympy.Expr or number, optional
        ``v >= 0`` with ``E[d(X, X*)**2 | past]/2 <= v`` for every point, real or synthetic, and an independent copy of
        it; what `stlbounds.bernstein` needs.
    simulator : callable or Sampler, optional
        The model as a function ``(points, count, rng) -> points`` from a training set to new points, for simulations:
        symbols ``0, ..., K-1`` in the discrete metric; in the Euclidean one numbers, or rows of coordinates, in the
        ball of diameter 1 about 0. Further parameters are symbols, whose values it is given by name. Or a
        `stlbounds.generators.sampling.Sampler`. No part of the theorem: files leave it out.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol.

    References
    ----------
    Theory §2 (constants), §4 (learning error), §7 ("your own").

    Examples
    --------
    >>> from stlbounds.symbols import c, kappa, r
    >>> mine = Generator("my diffusion model", Metric.DISCRETE, kappa, c * N**-r)
    >>> mine.sensitivity, sorted(mine.arguments)
    (kappa, ['learning_error', 'metric', 'name', 'sensitivity'])

    What a proof takes from it are claims; here they are assumptions, in the catalogue theorems:

    >>> from stlbounds.generators import Categorical, LocationModel
    >>> from stlbounds.loops import Replace
    >>> print(mine.sensitivity_claim().says, "|", mine.learning_error_claim(Replace()).says)
    Sensitivity(N) <= kappa | Distance(Dmix(_j), D(_j + 1)) <= c/n**r
    >>> print(LocationModel(0.1).variance_claim().says, "|", mine.drift_step_claim(Replace()))
    PointVariance() <= 1/100 | None

    >>> print(Categorical(2).self_check()[0])
    kappa: measured 1, stated 1, slack 1 (all pairs of training sets of 4 points on 2 symbols)

    A theorem introduces a model by its own words, one that is known by its constants by its name:

    >>> Categorical(5).describe(str)[-44:], mine.describe(str)
    ('$G(S)$ is the empirical distribution of $S$.', '')

    A model with ``has_sharp_drift`` proves by `drift_claim` the bound that `drift` states:

    >>> Categorical(5).drift(1 / n), type(Categorical(5).sampler({})).__name__
    (1/sqrt(n), 'FiniteAlphabet')
    """

    name: str
    metric: Metric
    sensitivity: sp.Expr
    learning_error: sp.Expr | None = None
    point_variance: sp.Expr | None = None
    simulator: Any = field(default=None, compare=False, repr=False)

    home: ClassVar[str | None] = "stlbounds.generators"
    #: Where it comes from: keys of `stlbounds.render.references.REFERENCES`.
    references: ClassVar[tuple[str, ...]] = ("fu2025",)
    #: Whether `drift_claim` and `drift` state a bound of the generator's own.
    has_sharp_drift: ClassVar[bool] = False
    #: Whether one random seed serves all points of a generation, so that only theorems in expectation hold (theory §1).
    shared_seed: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not isinstance(self.metric, Metric):
            raise InvalidArgumentError("metric", self.metric, "stlbounds.DISCRETE or stlbounds.EUCLIDEAN")
        object.__setattr__(self, "sensitivity", constant_of_size("sensitivity", self.sensitivity))
        if self.learning_error is not None:
            object.__setattr__(self, "learning_error", constant_of_size("learning_error", self.learning_error))
        if self.point_variance is not None:
            spread = constant_of_size("point_variance", self.point_variance)
            if spread.has(N):
                raise InvalidArgumentError("point_variance", spread, "independent of the size N of the training set")
            object.__setattr__(self, "point_variance", spread)

    @property
    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments that a description tells: code is none of them."""
        return {name: value for name, value in super().arguments.items() if name != "simulator"}

    def describe(self, tex: Printer) -> str:
        """What the generator is, in a sentence of LaTeX; empty here, where its constants are all that is known.

        Parameters
        ----------
        tex : callable
            Prints expressions as LaTeX.
        """
        return ""

    def sensitivity_claim(self) -> Claim:
        """The claim ``Sensitivity(N) <= kappa``: a leaf here, a theorem in models that derive it."""
        return Assumption.apply(
            quantity=Sensitivity(N), bound=self.sensitivity, metric=self.metric)

    def learning_error_claim(self, protocol: Protocol) -> Claim:
        """The claim ``E W(Dmix_j, D_{j+1}) <= e_j`` for every generation.

        Parameters
        ----------
        protocol : Protocol
            The loop, which knows the sizes ``N_j``.

        Raises
        ------
        AssumptionError
            If the generator states no learning error.
        """
        if self.learning_error is None:
            raise AssumptionError(f"the generator {self.name} states no learning error; pass learning_error=...")
        bound = self.learning_error.subs(N, protocol.size(J))
        return Assumption.apply(
            quantity=Distance(Dmix(J), D(J + 1)), bound=bound, metric=self.metric)

    def variance_claim(self) -> Claim:
        """The claim ``PointVariance() <= v``: a leaf here, a theorem in models that derive it.

        Raises
        ------
        AssumptionError
            If the generator states no variance of its points.
        """
        if self.point_variance is None:
            raise AssumptionError(f"the generator {self.name} states no variance of its points; pass "
                                  f"point_variance=..., or use stlbounds.high_probability, which needs none")
        return Assumption.apply(quantity=PointVariance(), bound=self.point_variance, metric=self.metric)

    def drift_claim(self, protocol: Protocol, influence_squares: Claim) -> Claim:
        """A bound on ``E W(D_0, D_{j+1})`` that is sharper than the drift lemma's, where `has_sharp_drift`.

        Parameters
        ----------
        protocol : Protocol
            The loop.
        influence_squares : Claim
            A bound on ``InfluenceSquares(J)``.

        Raises
        ------
        AssumptionError
            If the generator has none.

        Examples
        --------
        >>> from stlbounds.loops import Replace
        >>> Generator("mine", Metric.DISCRETE, 1).drift_claim(Replace(), None)
        Traceback (most recent call last):
        ...
        stlbounds.errors.AssumptionError: the generator mine has no drift bound of its own
        """
        raise AssumptionError(f"the generator {self.name} has no drift bound of its own")

    def drift(self, variance: sp.Expr) -> sp.Expr:
        """Closed form of the bound of `drift_claim`, from ``Phi**2/N`` of the generation before.

        Parameters
        ----------
        variance : sympy.Expr

        Raises
        ------
        AssumptionError
            If the generator has none.
        """
        raise AssumptionError(f"the generator {self.name} has no drift bound of its own")

    def drift_step_claim(self, protocol: Protocol) -> Claim | None:
        """``E W(D_0, D_{j+1}) <= e_j + q E W(D_0, Dmix_j)``, if the generator proves it in the population (theory §4).

        None, the default, where all that is known is the learning error; `learning_error_claim` then gives ``q = 1``.

        Parameters
        ----------
        protocol : Protocol
            The loop.
        """
        return None

    def self_check(self, *, seed: int = 0, **values: Any) -> tuple[Measurement, ...]:
        """Measure the constants of this entry, by search or simulation, and put them beside the stated ones.

        Parameters
        ----------
        seed : int
            Seed of the search.
        size, replicas, examples, cells, resolution : int
            Where an entry takes them: how many points a training set has, how many simulations, pairs of training sets,
            symbols, and points of a grid are tried; each at least 1.
        **values : number
            Values of the entry's symbols; each entry states which it needs.

        Raises
        ------
        AssumptionError
            If the generator is known by its constants only.
        InvalidArgumentError
            If a value is missing or out of its range, or there is too much to search.
        """
        raise AssumptionError(f"the generator {self.name} is known by its constants only; there is nothing to measure")

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> Sampler:
        """The numeric twin of this generator, for simulations.

        Parameters
        ----------
        values : mapping of str to number
            Values of the symbols.
        distribution : array_like, optional
            The real distribution; each model states its form and its default. Where `simulator` is a function: the
            probabilities of the symbols, or (Euclidean metric) the real points, which are equally likely.

        Raises
        ------
        AssumptionError
            If the generator is known by its constants only, or its simulator needs a real distribution.
        InvalidArgumentError
            If a value is missing.
        """
        if self.simulator is None:
            raise AssumptionError(f"the generator {self.name} is known by its constants only and cannot be simulated; "
                                  "state it in Python as Generator(..., simulator=a function from points to points), "
                                  "or take one of the catalogue, for example stlbounds.generators.Categorical")
        from stlbounds.generators.point_sampling import simulated

        return simulated(self.simulator, self.metric, values, distribution)
