"""The lemmas of theory §3 and §4, assembled from rule applications: influence, amplification, drift."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from stlbounds.proof.claim import Claim
from stlbounds.proof.protocol import PointClass
from stlbounds.proof.quantities import Influence, Sensitivity
from stlbounds.proof.rules import algebra, basic, drift, influence
from stlbounds.symbols import G, J, N, Phi, h_bar, i, rho
from stlbounds.theorems.setting import Setting

__all__ = ["Lemmas", "substitute"]


def substitute(outer: Claim, inner: Claim, index: algebra.Index = ()) -> Claim:
    """Substitute ``inner`` into ``outer`` where its quantity occurs; ``outer`` itself where it does not."""
    quantity = inner.lhs.subs(dict(index), simultaneous=True)
    return algebra.Substitute.apply(outer, inner, index=index) if outer.rhs.has(quantity) else outer


@dataclass(frozen=True)
class Lemmas:
    """The lemmas of one setting; each claim is made once, so that proofs share it.

    Parameters
    ----------
    setting : Setting
        The loop, generator and learner.
    """

    setting: Setting

    # --- leaves --------------------------------------------------------------------------------------
    @cached_property
    def sensitivity(self) -> Claim:
        """``Sensitivity(N) <= kappa``."""
        return self.setting.generator.sensitivity_claim()

    @cached_property
    def stability(self) -> Claim:
        """``Stability(N_i) <= beta_N`` at the size of the final training set."""
        return algebra.Instantiate.apply(self.setting.learner.stability_claim(),
                                         index=((N, self.setting.loop.size(i)),))

    @cached_property
    def loss(self) -> Claim:
        """``LossConstant() <= M``."""
        return self.setting.learner.loss_claim()

    # --- definitions ---------------------------------------------------------------------------------
    @cached_property
    def gain(self) -> Claim:
        """``rho = kappa (1 - alpha)``."""
        kappa = self.sensitivity.rhs.subs(N, self.setting.loop.size(J))
        return basic.Definition.apply(symbol=rho, value=self.setting.loop.gain(kappa))

    @cached_property
    def amplification(self) -> Claim:
        """``Phi = sqrt((1/N_i) sum of x_X**2)``."""
        return basic.Definition.apply(symbol=Phi, value=sp.sqrt(self.setting.loop.amplification_squared(rho)))

    @cached_property
    def mean_influence_definition(self) -> Claim:
        """``h_bar = (1/N_i) sum over T_i of x_X - 1``."""
        return basic.Definition.apply(symbol=h_bar, value=self.setting.loop.mean_influence(rho))

    # --- theory §3 -----------------------------------------------------------------------------------
    @cached_property
    def _shifts(self) -> dict[str, Claim]:
        return {}

    def shift(self, point: PointClass) -> Claim:
        """``tau_{g+j+1} <= (kappa/N) x_{g+j}``."""
        if point.name not in self._shifts:
            loop = self.setting.loop
            claim = influence.CouplingStep.apply(protocol=loop, point=point.name)
            size = next(iter(claim.rhs.atoms(Sensitivity))).args[0]
            self._shifts[point.name] = substitute(claim, self.sensitivity, ((N, size),))
        return self._shifts[point.name]

    @cached_property
    def _influences(self) -> dict[str, Claim]:
        return {}

    def influence(self, point: PointClass) -> Claim:
        """The influence of a point, in closed form, ``j`` generations after its draw."""
        if point.name not in self._influences:
            loop = self.setting.loop
            step = influence.CouplingDraw.apply(protocol=loop, point=point.name)
            step = substitute(step, self.shift(point))
            start = influence.InfluenceAtBirth.apply(protocol=loop, point=point.name)
            before = Influence(*step.lhs.args[:2], step.lhs.args[2] - 1)
            kept = sp.S.One if point.kept else sp.S.Zero
            step = algebra.Rewrite.apply(step, self.gain, rhs=kept + rho * before)
            self._influences[point.name] = algebra.Recurrence.apply(
                step, start, self.gain, index=J, closed=loop.influence(point, J, rho))
        return self._influences[point.name]

    @cached_property
    def final_influence(self) -> Claim:
        """``(1/N_i) sum over T_i of x_X <= 1 + h_bar``."""
        loop = self.setting.loop
        claim = influence.FinalInfluenceSum.apply(protocol=loop)
        for point in loop.classes:
            if point.kept:
                claim = self._at_horizon(claim, point)
        closed = loop.mean_influence(rho)
        if closed == 0:
            return algebra.Rewrite.apply(claim, rhs=sp.S.One)
        return algebra.Rewrite.apply(claim, self.mean_influence_definition, self.gain, rhs=1 + h_bar)

    def _at_horizon(self, claim: Claim, point: PointClass) -> Claim:
        """Substitute the influence of ``point`` on ``T_i``, under the sum over its draws if it has several."""
        steps = i - G if point.recurring else i
        return substitute(claim, self.influence(point), ((J, steps),))

    @cached_property
    def influence_squares(self) -> Claim:
        """``sum of x_X**2`` over all points, in closed form."""
        loop = self.setting.loop
        claim = influence.InfluenceSquaresSum.apply(protocol=loop)
        for point in loop.classes:
            claim = self._at_horizon(claim, point)
        if claim.rhs.has(sp.Sum):
            claim = algebra.GeometricSeries.apply(claim)
        return algebra.Rewrite.apply(claim, self.gain,
                                     rhs=loop.size(i) * loop.amplification_squared(rho))

    @cached_property
    def recursive_stability(self) -> Claim:
        """``gamma_{j+1} <= (kappa/N_j) times the largest influence of a real point of T_0``."""
        loop = self.setting.loop
        claim = influence.RecursiveStabilityMax.apply(protocol=loop)
        for point in loop.classes:
            if point.real:
                shift = substitute(self.shift(point), self.influence(point))
                claim = substitute(claim, shift, ((G, sp.S.Zero),) if point.recurring else ())
        kappa = self.sensitivity.rhs.subs(N, loop.size(J))
        closed = kappa / loop.size(J) * loop.recursive_stability(rho).subs(i, J + 1)
        return algebra.MaxAtMost.apply(claim, self.gain, rhs=closed,
                                       rest=loop.recursive_stability(rho).subs(i, J) * kappa / loop.size(J))

    # --- theory §4 -----------------------------------------------------------------------------------
    @cached_property
    def generated_drift(self) -> Claim:
        """``t_j = E W(D_0, D_j) <= ...`` for every ``j``."""
        loop, generator = self.setting.loop, self.setting.generator
        start = drift.SelfDistance.apply()
        if self.setting.drift == "sharp" and generator.has_sharp_drift:
            squares = algebra.Instantiate.apply(self.influence_squares, index=((i, J),))
            sharp = generator.drift_claim(loop, squares)
            closed = generator.drift(loop.amplification_squared(rho).subs(i, J - 1) / loop.size(J - 1))
            return algebra.Recurrence.apply(sharp, start, self.gain, index=J, closed=closed)
        learning = generator.learning_error_claim(loop)
        step = substitute(drift.Triangle.apply(), self._convexity)
        step = substitute(step, learning)
        return algebra.Recurrence.apply(step, start, index=J, closed=loop.drift(learning.rhs, J))

    @cached_property
    def _convexity(self) -> Claim:
        return drift.Convexity.apply(protocol=self.setting.loop)

    @cached_property
    def drift(self) -> Claim:
        """``E s_i = E W(D_0, Dmix_i) <= ...``."""
        claim = algebra.Instantiate.apply(self._convexity, index=((J, i),))
        return substitute(claim, self.generated_drift, ((J, i),))
