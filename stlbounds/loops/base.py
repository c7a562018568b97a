"""What a loop adds to its protocol: closed forms, and the lemmas that prove them by induction.

The defaults are those of loops in which only the newest generation and the real data are mixed, so that influence and
drift obey a recurrence of one step. A loop with another memory overrides the lemma, in its own file.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import sympy as sp

from stlbounds.described import Described
from stlbounds.errors import AssumptionError
from stlbounds.generation_zero import from_start
from stlbounds.loops.location_law import LocationLaw
from stlbounds.proof.claim import Claim, Printer
from stlbounds.proof.protocol import PointClass, Protocol
from stlbounds.proof.rules import algebra, drift, influence
from stlbounds.special import geometric_sum
from stlbounds.symbols import G, J, exact, i

__all__ = ["Loop", "one_step_drift", "substitute"]


def substitute(outer: Claim, inner: Claim, index: algebra.Index = ()) -> Claim:
    """Substitute ``inner`` into ``outer`` where its quantity occurs; ``outer`` itself where it does not."""
    quantity = inner.lhs.subs(dict(index), simultaneous=True)
    return algebra.Substitute.apply(outer, inner, index=index) if outer.rhs.has(quantity) else outer


def one_step_drift(ratio: sp.Expr, error: sp.Expr, generation: sp.Expr) -> sp.Expr:
    """Closed form of ``t_{j+1} = e_j + ratio t_j``, ``t_0 = 0``, for an error that is ``e_0`` at first and ``e`` later.

    Parameters
    ----------
    ratio : sympy.Expr
        The weight of the last generation.
    error : sympy.Expr
        ``e_j`` as an expression in ``J``, the same for all ``j >= 1``.
    generation : sympy.Expr
        Where to evaluate.
    """
    first, later = error.subs(J, 0), error.subs(J, J + 1)
    if first == later:
        return later * geometric_sum(ratio, generation)
    return from_start(generation, sp.S.Zero,
                      later * geometric_sum(ratio, generation - 1) + first * ratio ** (generation - 1))


class Loop(Described, Protocol):
    """A self-consuming training loop (theory §1).

    A loop proposes closed forms; the rules check each of them by induction, so a wrong one is refused and never
    believed. Where a method takes ``rho``, it is the symbol of the loop gain if that is one number for all generations
    (`constant_gain`), and the sensitivity ``kappa`` itself otherwise. ``generation``, ``generations`` and ``steps`` are
    nonnegative integers or expressions, ``source`` the number of a distribution, ``tex`` prints expressions. A lemma
    starts from proved claims: ``influences`` (by class of points), ``known``, ``generated``, ``claim``, and ``given``,
    the definition of ``rho`` where it is one.

    Raises
    ------
    AssumptionError
        By a lemma whose closed form does not satisfy its recurrence, and where a loop has no such law.
    InvalidArgumentError
        By constructors, and by `plan` beyond the last generation of a loop that has one (`horizon`).

    References
    ----------
    Theory §1, §3, §4, §5.

    Examples
    --------
    What a loop says of its training sets, symbolically and as a plan:

    >>> from stlbounds.loops import Accumulate, FixedMix, Replace
    >>> from stlbounds.symbols import alpha, kappa, n, rho
    >>> loop = FixedMix(alpha)
    >>> loop.parameters, loop.arguments, loop.size(i), loop.horizon, loop.weighted, loop.accumulates
    ({'alpha': alpha}, {'alpha': alpha}, n, None, False, False)
    >>> [point.name for point in loop.classes], loop.point_class("replayed").count, loop.weight_squares(i)
    (['replayed', 'initial', 'synthetic'], alpha*n, n)
    >>> [share.weight for share in loop.mixture(i)], len(loop.plan(2).generations)
    ([alpha, 1 - alpha], 3)
    >>> loop.describe(str)[:33]
    '$T_0$ consists of $n$ real points'

    Its closed forms:

    >>> loop.gain(kappa), loop.influence(loop.classes[0], i, rho), loop.recursive_stability(rho)
    (kappa*(1 - alpha), geometric_sum(rho, i + 1), geometric_sum(rho, i))
    >>> loop.mean_influence(rho), Replace().amplification_squared(rho), Replace().variance(rho, i)
    (alpha*rho*geometric_sum(rho, i), geometric_sum(rho**2, i + 1), geometric_sum(rho**2, i)/n)
    >>> loop.drift(kappa, i), Replace().constant_gain, Accumulate().constant_gain
    (kappa*geometric_sum(1 - alpha, i), True, False)
    >>> Replace().location_law().closed(i)
    i + 1

    The lemmas prove them, one rule after another:

    >>> from stlbounds.generators import Generator
    >>> from stlbounds.proof.metric import Metric
    >>> learning = Generator("any", Metric.DISCRETE, kappa, 0.1).learning_error_claim(loop)
    >>> generated = loop.generated_drift_claim(learning)
    >>> print(generated.says)
    Distance(D(0), D(_j)) <= geometric_sum(1 - alpha, _j)/10
    >>> loop.drift_claim(generated).rhs == loop.lemma_drift_claim(learning).rhs
    True
    """

    home: ClassVar[str | None] = "stlbounds.loops"
    #: Name on the command line and in tables.
    name: ClassVar[str]
    #: Where it comes from: keys of `stlbounds.render.references.REFERENCES`.
    references: ClassVar[tuple[str, ...]] = ()
    #: Whether one number ``rho`` is the loop gain of every generation.
    constant_gain: ClassVar[bool] = True

    @property
    def horizon(self) -> int | None:
        """The last generation that the protocol describes, or None if there is no last one."""
        return None

    # --- closed forms --------------------------------------------------------------------------------
    @property
    @abstractmethod
    def parameters(self) -> dict[str, sp.Expr]:
        """The parameters of the protocol by name, for example ``{"alpha": alpha}``."""

    @abstractmethod
    def gain(self, kappa: sp.Expr) -> sp.Expr:
        """The loop gain: the factor by which generation ``i`` multiplies a displacement of the one before."""

    @abstractmethod
    def influence(self, point: PointClass, steps: sp.Expr, rho: sp.Expr) -> sp.Expr:
        """Closed form of the influence of a point on the training set ``steps`` generations after its draw.

        A recurring class is drawn in generation ``G + point.first``.
        """

    @abstractmethod
    def mean_influence(self, rho: sp.Expr) -> sp.Expr:
        """Closed form of ``hbar``, the mean of ``x_X - 1`` over the points of ``T_i`` (theory §5)."""

    @abstractmethod
    def amplification_squared(self, rho: sp.Expr) -> sp.Expr:
        """Closed form of ``Phi**2 = (1/N_i) sum of x_X**2`` over every random point drawn up to ``T_i`` (theory §5)."""

    @abstractmethod
    def recursive_stability(self, rho: sp.Expr) -> sp.Expr:
        """Closed form of ``gamma_i N_{i-1}/kappa``: the largest influence of a real point of ``T_0`` on ``T_{i-1}``."""

    def variance(self, rho: sp.Expr, generation: sp.Expr) -> sp.Expr:
        """Closed form of ``Phi**2/N`` one generation before, 0 in generation 0: how much a linear statistic varies."""
        return self.amplification_squared(rho).subs(i, generation - 1) / self.size(generation - 1)

    def location_law(self) -> LocationLaw:
        """The exact law of a location model in this loop, by recursion and in closed form (theory §11).

        Raises
        ------
        AssumptionError
            If the loop states none; `stlbounds.loops.location_law.mean_covariances` computes it for any loop.
        """
        raise AssumptionError(f"the loop {self.name} states no closed form of its location law; use "
                              f"stlbounds.loops.location_law.mean_covariances")

    def variance_factor(self, generation: sp.Expr | int = i) -> sp.Expr:
        """``v_i``: the exact variance of the mean of ``D_i`` in a location model, in units of ``sigma**2/n``.

        It is ``(n/N_{i-1}) Phi_{i-1}**2`` at ``kappa = 1`` (proved for every loop of the library), and 0 for ``i = 0``.
        Where it tends to infinity, the means of an unbounded location model wander off: an exact law, not a bound.

        Parameters
        ----------
        generation : sympy.Expr or int
            ``i``, by default the symbol.

        References
        ----------
        Theory §11.

        Examples
        --------
        >>> from stlbounds.loops import FixedMix, Replace
        >>> Replace().variance_factor(i + 1), FixedMix(sp.Rational(1, 4)).variance_factor(2)
        (i + 1, 31/16)
        """
        where = exact("generation", generation)
        found = self.location_law().closed(where - 1)
        return from_start(where, sp.S.Zero, found if where.free_symbols else found.doit())

    @abstractmethod
    def drift(self, error: sp.Expr, generation: sp.Expr) -> sp.Expr:
        """Closed form of the bound of `generated_drift_claim` for learning errors ``error``, in ``J`` (theory §4)."""

    @abstractmethod
    def describe(self, tex: Printer) -> str:
        """The protocol in a sentence of LaTeX without its full stop; ``tex`` prints expressions."""

    # --- lemmas --------------------------------------------------------------------------------------
    def influence_claim(self, point: PointClass, shift: Claim, rho: sp.Expr, given: tuple[Claim, ...]) -> Claim:
        """The influence of a point in closed form, ``J`` generations after its draw (theory §3).

        Parameters
        ----------
        point : PointClass
            What kind of point is replaced.
        shift : Claim
            ``tau_{g+j+1} <= (kappa/N) x_{g+j}``.
        rho : sympy.Expr
            The loop gain or the sensitivity, see the class.
        given : tuple of Claim
            The definition of ``rho``, where it is one.
        """
        step = substitute(influence.CouplingDraw.apply(protocol=self, point=point.name), shift)
        start = influence.InfluenceAtBirth.apply(protocol=self, point=point.name)
        return algebra.Recurrence.apply(step, start, *given, index=J, closed=self.influence(point, J, rho))

    def at_horizon(self, claim: Claim, point: PointClass, known: Claim) -> Claim:
        """Put the influence of ``point`` on ``T_i`` into ``claim``, under the sum over its draws if it has several."""
        if not point.recurring:
            return substitute(claim, known, ((J, i),))
        # `known` speaks of a draw in generation G + first; under the sum, G is the generation of the draw.
        index: algebra.Index = ((J, i - G),) if point.first == 0 else ((G, G - point.first), (J, i - G))
        return substitute(claim, known, index)

    def squares_claim(self, influences: dict[str, Claim], rho: sp.Expr, given: tuple[Claim, ...]) -> Claim:
        """``sum of x_X**2 <= N_i Phi**2`` over every random point drawn up to ``T_i``."""
        claim = influence.InfluenceSquaresSum.apply(protocol=self)
        for point in self.classes:
            claim = self.at_horizon(claim, point, influences[point.name])
        if claim.rhs.has(sp.Sum):
            claim = algebra.GeometricSeries.apply(claim)
        return algebra.Rewrite.apply(claim, *given, rhs=self.size(i) * self.amplification_squared(rho))

    def final_claim(self, influences: dict[str, Claim], rho: sp.Expr) -> Claim:
        """``(1/N_i) sum of x_X`` over the points of ``T_i``, a bound that `mean_influence` puts into closed form."""
        claim = influence.FinalInfluenceSum.apply(protocol=self)
        for point in self.classes:
            if point.kept:
                claim = self.at_horizon(claim, point, influences[point.name])
        return claim

    def generated_drift_claim(self, learning: Claim) -> Claim:
        """``t_j = E W(D_0, D_j) <= ...`` from a bound on the learning error ``E W(Dmix_j, D_{j+1})`` (theory §4)."""
        step = substitute(drift.Triangle.apply(), drift.Convexity.apply(protocol=self))
        step = substitute(step, learning)
        return algebra.Recurrence.apply(step, drift.SelfDistance.apply(), index=J, closed=self.drift(learning.rhs, J))

    def lemma_drift_claim(self, learning: Claim) -> Claim:
        """``E s_i <= ...`` by the drift lemma, from a bound on the learning error."""
        return self.drift_claim(self.generated_drift_claim(learning))

    def sharp_drift_claim(self, sharp: Claim, closed: sp.Expr, given: tuple[Claim, ...]) -> Claim:
        """``E s_i <= ...`` from a generator's own bound on ``E W(D_0, D_{j+1})``.

        Parameters
        ----------
        sharp : Claim
            The bound, for every ``j``.
        closed : sympy.Expr
            The same as a bound on ``E W(D_0, D_j)``, 0 in generation 0.
        given : tuple of Claim
            The definition of ``rho``, where it is one.
        """
        start = drift.SelfDistance.apply()
        return self.drift_claim(algebra.Recurrence.apply(sharp, start, *given, index=J, closed=closed))

    def drift_claim(self, generated: Claim) -> Claim:
        """``E s_i = E W(D_0, Dmix_i) <= ...`` from a bound on ``E W(D_0, D_j)`` for every ``j``."""
        claim = algebra.Instantiate.apply(drift.Convexity.apply(protocol=self), index=((J, i),))
        return substitute(claim, generated, ((J, i),))

    def recursive_stability_claim(self, shifts: dict[str, Claim], influences: dict[str, Claim], kappa: sp.Expr,
                                  rho: sp.Expr, given: tuple[Claim, ...]) -> Claim:
        """``gamma_{j+1} <= (kappa/N_j) times the largest influence of a real point of T_0``.

        Parameters
        ----------
        shifts, influences : dict of str to Claim
            What one replaced point does to later distributions and training sets, by class.
        kappa, rho : sympy.Expr
            The sensitivity; the loop gain or the sensitivity, see the class.
        given : tuple of Claim
            The definition of ``rho``, where it is one.
        """
        claim = influence.RecursiveStabilityMax.apply(protocol=self)
        for point in self.classes:
            if point.real:
                shift = substitute(shifts[point.name], influences[point.name])
                claim = substitute(claim, shift, ((G, sp.S.Zero),) if point.recurring else ())
        return self.stability_claim(claim, kappa, rho, given)

    def stability_claim(self, claim: Claim, kappa: sp.Expr, rho: sp.Expr, given: tuple[Claim, ...]) -> Claim:
        """``gamma_{j+1} <= (kappa/N_j) times the largest influence``, from the largest over the classes."""
        if not self.constant_gain:
            # Their one class of points leaves nothing to choose the largest of.
            return claim
        front = kappa / self.size(J)
        return algebra.MaxAtMost.apply(claim, *given, rhs=front * self.recursive_stability(rho).subs(i, J + 1),
                                       rest=front * self.recursive_stability(rho).subs(i, J))
