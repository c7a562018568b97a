"""Regularised risk minimisation in the Euclidean metric: stable also when all points move a little (theory §7)."""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.errors import AssumptionError
from stlbounds.generators.base import constant_of_size
from stlbounds.learners.base import UniformlyStable
from stlbounds.learners.regularised import ParameterLipschitz, positive_constant
from stlbounds.proof.claim import Claim, Printer, Rule, Says
from stlbounds.proof.metric import Metric
from stlbounds.proof.quantities import Quantity, Stability
from stlbounds.proof.rules.algebra import Substitute
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import B, G_l, L_z, M, N, lam_r

__all__ = ["EuclideanRegularisedLearner", "EuclideanRegularisedStability", "GradientLipschitz"]


class GradientLipschitz(Quantity):
    """``L_z``: the Lipschitz constant of ``grad_w loss(w, z)`` in ``z``, in distances that are not normalised."""

    nargs = 0
    template = r"L_z(\ell)"
    granted = (r"Loss in the data: $z \mapsto \nabla_w \ell(w, z)$ is Lipschitz with a constant of at most ${bound}$ "
               r"in the "
               r"{metric} distance (not normalised), for every $w$.")


class EuclideanRegularisedStability(Rule):
    """``beta_N <= G_l L_z B/(lam_r N)`` for ``w(S) = argmin (1/N) sum loss(w, z_k) + (lam_r/2) |w|**2``.

    Both objectives are ``lam_r``-strongly convex, so ``lam_r |w - w'| <= |grad F'(w) - grad F(w)|``, ``F`` and ``F'``
    the mean losses, which is at most ``(L_z/N) sum_k |z_k - z'_k| = (L_z B/N) dist(S, S')`` in the metric divided by
    the diameter ``B``. The loss moves by at most ``G_l |w - w'|``. Equality for ``loss = -L_z w z`` (``G_l = L_z max
    |z|``).
    """

    title = "stability of regularised risk minimisation"
    metric = Metric.EUCLIDEAN

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, strength: sp.Expr, diameter: sp.Expr) -> Says:
        if strength.is_positive is not True or diameter.is_positive is not True:
            raise AssumptionError(f"the regularisation {strength} and the diameter {diameter} must be positive")
        return Says(Stability(N), ParameterLipschitz() * GradientLipschitz() * diameter / (strength * N))

    @classmethod
    def explain(cls, tex: Printer, *, strength: sp.Expr, diameter: sp.Expr) -> str:
        return (rf"By strong convexity with modulus ${tex(strength)}$, the minimisers are at most "
                rf"$1/({tex(strength)})$ times "
                rf"as far apart as the mean gradients; the diameter ${tex(diameter)}$ turns distances into normalised "
                rf"ones.")


class EuclideanRegularisedLearner(UniformlyStable):
    r"""Minimises the mean loss plus ``(lam_r/2) |w|**2``; data in a Euclidean space of diameter ``B``.

    Guarantee: ``beta_N = G_l L_z B/(lam_r N)`` in the Euclidean metric, hence also in the discrete one. Derived from
    strong convexity; assumed are convexity, ``G_l``, ``L_z``, and the Lipschitz constant ``M`` of the loss in the data
    (normalised).

    Parameters
    ----------
    parameter_lipschitz, gradient_lipschitz : sympy.Expr or number
        ``G_l`` and ``L_z``.
    diameter, strength : sympy.Expr or number
        ``B > 0`` and ``lam_r > 0``.
    loss_constant : sympy.Expr or number
        ``M``.

    References
    ----------
    Theory §7.

    Examples
    --------
    >>> EuclideanRegularisedLearner().beta_N
    B*G_l*L_z/(N*lam_r)
    """

    parameter_lipschitz: sp.Expr
    gradient_lipschitz: sp.Expr
    diameter: sp.Expr
    strength: sp.Expr

    def __init__(self, parameter_lipschitz: Any = G_l, gradient_lipschitz: Any = L_z, diameter: Any = B,
                 strength: Any = lam_r, loss_constant: Any = M) -> None:
        object.__setattr__(self, "parameter_lipschitz", constant_of_size("parameter_lipschitz", parameter_lipschitz))
        object.__setattr__(self, "gradient_lipschitz", constant_of_size("gradient_lipschitz", gradient_lipschitz))
        object.__setattr__(self, "diameter", positive_constant("diameter", diameter))
        object.__setattr__(self, "strength", positive_constant("strength", strength))
        beta = self.parameter_lipschitz * self.gradient_lipschitz * self.diameter / (self.strength * N)
        super().__init__(beta, loss_constant, Metric.EUCLIDEAN, "regularised (Euclidean)")

    def stability_claim(self, weighted: bool = False) -> Claim:
        # With weights, gradients and displacements are weighted alike, and the constant stays.
        claim = EuclideanRegularisedStability.apply(strength=self.strength, diameter=self.diameter)
        for quantity, bound in ((ParameterLipschitz(), self.parameter_lipschitz),
                                (GradientLipschitz(), self.gradient_lipschitz)):
            claim = Substitute.apply(
                claim, Assumption.apply(quantity=quantity, bound=bound, metric=Metric.EUCLIDEAN))
        return claim
