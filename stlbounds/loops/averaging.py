"""Loops whose training sets mix all generations so far: what accumulate, subsample and weights of sources share."""

from __future__ import annotations

from abc import abstractmethod

import sympy as sp

from stlbounds.generation_zero import from_start
from stlbounds.growth import growth_sum
from stlbounds.loops.base import Loop, substitute
from stlbounds.proof.claim import Claim
from stlbounds.proof.protocol import PointClass, Share
from stlbounds.proof.rules import algebra, drift, influence, series
from stlbounds.symbols import SOURCE, G, J, i

__all__ = ["Averaging", "Redrawn"]


class Averaging(Loop):
    """A loop with ``Dmix_j = (D_0 + ... + D_j)/(j+1)``."""

    constant_gain = False

    @property
    def parameters(self) -> dict[str, sp.Expr]:
        return {}

    def mixture(self, generation: sp.Expr) -> tuple[Share, ...]:
        return (Share(SOURCE, 1 / (generation + 1), (SOURCE, sp.S.Zero, generation)),)

    def gain(self, kappa: sp.Expr) -> sp.Expr:
        return kappa * i / (i + 1)

    def drift(self, error: sp.Expr, generation: sp.Expr) -> sp.Expr:
        return sp.Sum(error.subs(J, SOURCE) / (SOURCE + 2), (SOURCE, 0, generation - 1))

    def contracted_drift(self, contraction: sp.Expr, error: sp.Expr, generation: sp.Expr) -> sp.Expr:
        """Closed form of ``s_j`` where ``t_{j+1} = error + contraction s_j``, for an error that does not change.

        Examples
        --------
        >>> from stlbounds.loops import Accumulate
        >>> Accumulate().contracted_drift(sp.S.Zero, sp.S.One, sp.Integer(3))
        3/4
        """
        return error / (generation + 1) * growth_sum(contraction, generation, sp.S.One, sp.S.One)

    def mixture_step_claim(self) -> Claim:
        """``E W(D_0, Dmix_{j+1}) <= (1 - w) E W(D_0, Dmix_j) + w E W(D_0, D_{j+1})``, ``w`` the newest weight.

        Examples
        --------
        >>> from stlbounds.loops import Subsample
        >>> print(Subsample().mixture_step_claim().lhs)
        Distance(D(0), Dmix(_j + 1))
        """
        return drift.MixtureStep.apply(protocol=self)

    def lemma_drift_claim(self, learning: Claim) -> Claim:
        # One step moves the average by its newest part, so that E s_i obeys a recurrence of its own.
        step = substitute(self.mixture_step_claim(), drift.Triangle.apply())
        claim = algebra.Recurrence.apply(substitute(step, learning), drift.StartsReal.apply(protocol=self), index=J,
                                         closed=self.drift(learning.rhs, J))
        return algebra.Instantiate.apply(claim, index=((J, i),))

    def sharp_drift_claim(self, sharp: Claim, closed: sp.Expr, given: tuple[Claim, ...]) -> Claim:
        convexity = algebra.Instantiate.apply(drift.Convexity.apply(protocol=self), index=((J, i),))
        return substitute(convexity, sharp, ((J, SOURCE - 1),))


class Redrawn(Averaging):
    """A loop that draws all its points anew in every generation: they reach later ones through models only."""

    @abstractmethod
    def _later_influence(self, steps: sp.Expr, kappa: sp.Expr) -> sp.Expr:
        """The influence of a point ``steps >= 1`` generations after its draw in generation ``G``."""

    def influence(self, point: PointClass, steps: sp.Expr, rho: sp.Expr) -> sp.Expr:
        return from_start(steps, sp.S.One, self._later_influence(steps, rho))

    def mean_influence(self, rho: sp.Expr) -> sp.Expr:
        return sp.S.Zero

    def recursive_stability(self, rho: sp.Expr) -> sp.Expr:
        return self.influence(self.classes[0], i - 1, rho).subs(G, 0)

    def influence_claim(self, point: PointClass, shift: Claim, rho: sp.Expr, given: tuple[Claim, ...]) -> Claim:
        start = influence.InfluenceAtBirth.apply(protocol=self, point=point.name)
        step = influence.CouplingDraw.apply(protocol=self, point=point.name)
        (past,) = step.rhs.atoms(sp.Sum)
        step = substitute(step, shift, ((J, past.limits[0][0]),))
        # A generator that ignores its data passes nothing on, and there is no recurrence to solve.
        later = (algebra.GeometricSeries.apply(step) if rho == 0
                 else series.StrongRecurrence.apply(step, start, closed=self._later_influence(J + 1, rho)))
        return algebra.Recurrence.apply(later, start, index=J, closed=self.influence(point, J, rho))

    def _squares_from_later(self, influences: dict[str, Claim]) -> Claim:
        """The squares of all influences, as a sum over earlier generations that needs no case distinction."""
        later, start = influences["any"].premises
        claim = influence.InfluenceSquaresSum.apply(protocol=self, newest_apart=True)
        claim = substitute(claim, later, ((J, i - G - 1),))
        return substitute(claim, start, ((G, i),))
