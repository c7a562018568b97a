"""The lemmas of theory §3 and §4, assembled from rule applications: influence, amplification, drift."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from stlbounds.errors import UndecidedError
from stlbounds.generation_zero import case_by_case
from stlbounds.interval.signs import is_nonnegative
from stlbounds.loops.base import substitute
from stlbounds.loops.population import population_drift_claim
from stlbounds.proof.claim import Claim
from stlbounds.proof.protocol import PointClass
from stlbounds.proof.quantities import Quantity
from stlbounds.proof.rules import algebra, basic, influence
from stlbounds.symbols import G, J, N, Phi, h_bar, i, rho
from stlbounds.theorems.setting import Setting

__all__ = ["Lemmas"]


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
        learner, loop = self.setting.learner, self.setting.loop
        stable = learner.stability_claim(weighted=True) if loop.weighted else learner.stability_claim()
        claim = algebra.Instantiate.apply(stable, index=((N, loop.size(i)),))
        return self.gathered(claim)

    @staticmethod
    def gathered(claim: Claim) -> Claim:
        """A claim whose right side distinguishes generation 0, with all cases gathered into one distinction."""
        if not claim.rhs.has(sp.Piecewise):
            return claim
        frozen = {part: sp.Dummy(nonnegative=True) for part in claim.rhs.atoms(Quantity)}
        rhs = case_by_case(lambda part: part, claim.rhs.xreplace(frozen), index=i)
        return algebra.Rewrite.apply(claim, rhs=rhs.xreplace({dummy: part for part, dummy in frozen.items()}))

    @cached_property
    def loss(self) -> Claim:
        """``LossConstant() <= M``."""
        return self.setting.learner.loss_claim()

    # --- definitions ---------------------------------------------------------------------------------
    @cached_property
    def kappa(self) -> sp.Expr:
        """The sensitivity at the size of the training sets of the loop.

        Raises
        ------
        UndecidedError
            If it depends on a size that changes from generation to generation.
        """
        constant = self.sensitivity.rhs
        size = self.setting.loop.size(J)
        if constant.has(N) and size.has(J):
            raise UndecidedError(f"the sensitivity {constant} depends on the size N of the training set, which changes "
                                 f"from generation to generation in this loop; there is no closed form for that; "
                                 f"state a sensitivity that holds for all sizes")
        return constant.subs(N, size)

    @cached_property
    def gain(self) -> sp.Expr:
        """The loop gain, in the symbols of the setting."""
        return self.setting.loop.gain(self.kappa)

    @cached_property
    def _given(self) -> tuple[Claim, ...]:
        return (basic.Definition.apply(symbol=rho, value=self.gain),) if self.setting.loop.constant_gain else ()

    @property
    def rho(self) -> sp.Expr:
        """What the closed forms of the loop are written in: ``rho``, or ``kappa`` where the gain changes."""
        return rho if self.setting.loop.constant_gain else self.kappa

    @cached_property
    def amplification(self) -> Claim:
        """``Phi = sqrt((1/N_i) sum of x_X**2)``."""
        return basic.Definition.apply(symbol=Phi, value=sp.sqrt(self.setting.loop.amplification_squared(self.rho)))

    def introduce_amplification(self, claim: Claim, rhs: sp.Expr) -> Claim:
        """Rewrite a claim with ``Phi`` in it."""
        return algebra.Rewrite.apply(claim, self.amplification, *self._given, rhs=rhs)

    # --- theory §3 -----------------------------------------------------------------------------------
    def shift(self, point: PointClass) -> Claim:
        """``tau_{g+j+1} <= (kappa/N) x_{g+j}``."""
        claim = influence.CouplingStep.apply(protocol=self.setting.loop, point=point.name)
        born = G + point.first if point.recurring else sp.Integer(point.first)
        return substitute(claim, self.sensitivity, ((N, self.setting.loop.size(born + J)),))

    @cached_property
    def shifts(self) -> dict[str, Claim]:
        """`shift` for every class of points."""
        return {point.name: self.shift(point) for point in self.setting.loop.classes}

    @cached_property
    def influences(self) -> dict[str, Claim]:
        """For every class of points, its influence in closed form, ``J`` generations after the draw."""
        loop = self.setting.loop
        return {point.name: loop.influence_claim(point, self.shifts[point.name], self.rho, self._given)
                for point in loop.classes}

    @cached_property
    def final_influence(self) -> Claim:
        """``(1/N_i) sum over T_i of x_X <= 1 + h_bar``."""
        loop = self.setting.loop
        claim, closed = loop.final_claim(self.influences, self.rho), loop.mean_influence(self.rho)
        if closed == 0 or not is_nonnegative(closed):
            return algebra.Rewrite.apply(claim, rhs=case_by_case(lambda part: 1 + part, closed, index=i))
        named = basic.Definition.apply(symbol=h_bar, value=closed)
        return algebra.Rewrite.apply(claim, named, *self._given, rhs=1 + h_bar)

    @cached_property
    def influence_squares(self) -> Claim:
        """``sum of x_X**2`` over all points, in closed form."""
        return self.setting.loop.squares_claim(self.influences, self.rho, self._given)

    @cached_property
    def recursive_stability(self) -> Claim:
        """``gamma_{j+1} <= (kappa/N_j) times the largest influence of a real point of T_0``."""
        return self.setting.loop.recursive_stability_claim(self.shifts, self.influences, self.kappa, self.rho,
                                                           self._given)

    @property
    def gamma(self) -> sp.Expr:
        """The bound of `recursive_stability` on ``gamma_i``, in the symbols of the setting."""
        found = algebra.unfold(self.recursive_stability.rhs, {rho: self.gain}).subs(J, i - 1)
        # SymPy leaves x x**(i - 1) as it is.
        return sp.powsimp(found, combine="exp", deep=False)

    # --- theory §4 -----------------------------------------------------------------------------------
    @cached_property
    def drift(self) -> Claim:
        """``E s_i = E W(D_0, Dmix_i) <= ...``."""
        loop, generator = self.setting.loop, self.setting.generator
        if self.setting.drift == "sharp" and generator.has_sharp_drift:
            squares = algebra.Instantiate.apply(self.influence_squares, index=((i, J),))
            closed = generator.drift(loop.variance(self.rho, J))
            return loop.sharp_drift_claim(generator.drift_claim(loop, squares), closed, self._given)
        step = generator.drift_step_claim(loop) if self.setting.drift == "sharp" else None
        if step is not None:
            return population_drift_claim(loop, step)
        return loop.lemma_drift_claim(generator.learning_error_claim(loop))
