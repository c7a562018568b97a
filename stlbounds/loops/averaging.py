"""Loops whose training sets give equal weights to all generations so far: what accumulate and subsample share."""

from __future__ import annotations

import sympy as sp

from stlbounds.loops.base import Loop, substitute
from stlbounds.proof.claim import Claim
from stlbounds.proof.protocol import Share
from stlbounds.proof.rules import algebra, drift
from stlbounds.symbols import SOURCE, J, i

__all__ = ["Averaging"]


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

    def lemma_drift_claim(self, learning: Claim) -> Claim:
        # One step moves the average by its newest part, so that E s_i obeys a recurrence of its own.
        step = substitute(drift.MixtureStep.apply(protocol=self), drift.Triangle.apply())
        claim = algebra.Recurrence.apply(substitute(step, learning), drift.StartsReal.apply(protocol=self), index=J,
                                         closed=self.drift(learning.rhs, J))
        return algebra.Instantiate.apply(claim, index=((J, i),))

    def sharp_drift_claim(self, sharp: Claim, closed: sp.Expr, given: tuple[Claim, ...]) -> Claim:
        convexity = algebra.Instantiate.apply(drift.Convexity.apply(protocol=self), index=((J, i),))
        return substitute(convexity, sharp, ((J, SOURCE - 1),))
