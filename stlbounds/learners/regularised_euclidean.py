"""Regularised risk minimisation in the Euclidean metric: stable also when all points move a little (theory §7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from stlbounds.errors import AssumptionError
from stlbounds.generators.base import constant_of_size
from stlbounds.generators.measurement import Measurement
from stlbounds.generators.numbers import number
from stlbounds.learners.base import UniformlyStable
from stlbounds.learners.regularised import ParameterLipschitz, positive_constant
from stlbounds.proof.claim import Claim, Printer, Rule, Says, Subject
from stlbounds.proof.metric import Metric
from stlbounds.proof.quantities import Quantity, Stability
from stlbounds.proof.rules.algebra import Substitute
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import B, G_l, L_z, M, N, lam_r

if TYPE_CHECKING:
    import numpy as np

    from stlbounds.learners.judging import Judge
    from stlbounds.learners.search import FloatArray

#: At least the largest value of ``(1 - u s(u)) s(-u)``, ``s`` the logistic function: 1.0998 at ``u = -2.4``.
_STEEPEST = 1.1

__all__ = ["EuclideanRegularisedLearner", "EuclideanRegularisedStability", "GradientLipschitz"]

_SUBJECT = Subject("learner", "regularised risk minimisation, Euclidean", ("strength", "diameter"))


class GradientLipschitz(Quantity):
    """``L_z``: the Lipschitz constant of ``grad_w loss(w, z)`` in ``z``, in distances that are not normalised."""

    nargs = 0
    template = r"L_z(\ell)"
    granted = (r"Loss in the data: $z \mapsto \nabla_w \ell(w, z)$ is Lipschitz with a constant of at most ${bound}$ "
               r"in the {metric} distance (not normalised), for every $w$.")


class EuclideanRegularisedStability(Rule):
    """``beta_N <= G_l L_z B/(lam_r N)`` for ``w(S) = argmin (1/N) sum loss(w, z_k) + (lam_r/2) |w|**2``.

    Both objectives are ``lam_r``-strongly convex, so ``lam_r |w - w'| <= |grad F'(w) - grad F(w)|``, ``F`` and ``F'``
    the mean losses, which is at most ``(L_z/N) sum_k |z_k - z'_k| = (L_z B/N) dist(S, S')`` in the metric divided by
    the diameter ``B``. The loss moves by at most ``G_l |w - w'|``. Equality for ``loss = -L_z w z`` (``G_l = L_z max
    |z|``).
    """

    title = "stability of regularised risk minimisation"
    subject = _SUBJECT
    metric = Metric.EUCLIDEAN

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, strength: sp.Expr, diameter: sp.Expr) -> Says:
        if strength.is_positive is not True or diameter.is_positive is not True:
            raise AssumptionError(f"the regularisation {strength} and the diameter {diameter} must be positive")
        return Says(Stability(N), ParameterLipschitz() * GradientLipschitz() * diameter / (strength * N))

    @classmethod
    def explain(cls, tex: Printer, *, strength: sp.Expr, diameter: sp.Expr) -> str:
        return (rf"By strong convexity with modulus ${tex(strength)}$, the minimisers are at most "
                rf"as far apart as the mean gradients, divided by ${tex(strength)}$; the diameter ${tex(diameter)}$ "
                r"turns distances into normalised "
                rf"ones.")


class EuclideanRegularisedLearner(UniformlyStable):
    r"""Minimises the mean loss plus ``(lam_r/2) |w|**2``; data in a Euclidean space of diameter ``B``.

    Setting
        A loss that is convex in ``w``, ``G_l``-Lipschitz in it, and whose gradient is ``L_z``-Lipschitz in the data.
    Guarantee
        ``beta_N = G_l L_z B/(lam_r N)`` in the Euclidean metric, hence also in the discrete one.
    Assumed
        Convexity, ``G_l``, ``L_z``, and the Lipschitz constant ``M`` of the loss in the data (normalised). The rest is
        derived from strong convexity.
    Reference
        Bousquet & Elisseeff 2002 (the argument); theory §7.
    Self-check
        `self_check` moves all points, some, or one. A linear loss attains the constant if ``G_l = L_z B/2``; logistic
        regression stays a factor of 4 below it, since it is steepest where its gradient hardly moves. With a value of
        ``M`` it also searches the ridge regression that `judge` simulates.

    Parameters
    ----------
    parameter_lipschitz, gradient_lipschitz : sympy.Expr or number
        ``G_l`` and ``L_z``.
    diameter, strength : sympy.Expr or number
        ``B > 0`` and ``lam_r > 0``.
    loss_constant : sympy.Expr or number
        ``M``.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol,
        or if `diameter` or `strength` is not provably positive.

    Examples
    --------
    >>> EuclideanRegularisedLearner().beta_N
    B*G_l*L_z/(N*lam_r)
    >>> for found in EuclideanRegularisedLearner(1, 2, 1, 1).self_check():
    ...     print(f"{found.constant}: stated {found.stated}, slack {found.slack:.2g}")
    beta (linear loss): stated 0.4, slack 1
    beta (logistic loss): stated 0.4, slack 3.9
    """

    references: ClassVar[tuple[str, ...]] = ("bousquet2002",)
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

    def describe(self, tex: Printer) -> str:
        """What the model is, in a sentence of LaTeX; ``tex`` prints expressions."""
        return (r"The learner's hypothesis $A(S)$ is the parameter $w$ that minimises the mean of $\ell(w, z)$ over "
                rf"$z \in S$ plus $\|w\|^2/2$ times ${tex(self.strength)}$; distances that are not normalised are at "
                r"most "
                rf"${tex(self.diameter)}$.")

    def stability_claim(self, weighted: bool = False) -> Claim:
        # With weights, gradients and displacements are weighted alike, and the constant stays.
        claim = EuclideanRegularisedStability.apply(strength=self.strength, diameter=self.diameter)
        for quantity, bound in ((ParameterLipschitz(), self.parameter_lipschitz),
                                (GradientLipschitz(), self.gradient_lipschitz)):
            claim = Substitute.apply(
                claim, Assumption.apply(quantity=quantity, bound=bound, metric=Metric.EUCLIDEAN))
        return claim

    def _numbers(self, values: Mapping[str, Any]) -> tuple[float, float, float, float]:
        """``G_l``, ``L_z``, ``B`` and ``lam_r``."""
        return (number("parameter_lipschitz", self.parameter_lipschitz, values),
                number("gradient_lipschitz", self.gradient_lipschitz, values),
                number("diameter", self.diameter, values), number("strength", self.strength, values))

    def judge(self, values: Mapping[str, Any]) -> Judge:
        """Ridge regression towards points of an interval, see `stlbounds.learners.ridge_judge.RidgeJudge`."""
        from stlbounds.learners.ridge_judge import RidgeJudge

        return RidgeJudge(*self._numbers(values), number("loss_constant", self.loss_constant, values))

    def self_check(self, *, seed: int = 0, size: int = 5, **values: Any) -> tuple[Measurement, ...]:
        """``beta_N`` at `size` points of an interval of length ``B``, for a linear and a logistic loss."""
        import numpy as np

        from stlbounds.learners.search import largest_ratio, logistic, logistic_minimisers

        slope, mixed, width, strength = self._numbers(values)
        reach, rng = width / 2, np.random.default_rng(seed)
        # The loss -a w z has the gradient -a z, and the minimiser a (mean of z)/strength.
        steep = min(mixed, slope / reach)

        def linear(first: FloatArray, second: FloatArray) -> FloatArray:
            return np.asarray(steep**2 * reach / strength * np.abs(first.mean(axis=1) - second.mean(axis=1)))

        # The gradient of a/t log(1 + exp(-t w z)) moves by at most 1.1 a |z - z'|, see `_STEEPEST`.
        height = min(mixed / _STEEPEST, slope / reach)
        bend = 4 * strength / (height * reach**2) if height else 1.0

        def curved(first: FloatArray, second: FloatArray) -> FloatArray:
            fits = [logistic_minimisers(bend * part, strength * bend / height) for part in (first, second)]
            tests = bend * np.tile([-reach, reach], (len(first), 1))
            losses = [logistic(tests, fit)[0] * height / bend for fit in fits]
            return np.asarray(np.abs(losses[0] - losses[1]).max(axis=1))

        stated = number("beta", self.beta_N, values, N=size)
        how = f"pairs of training sets of {size} points, all moved, varied 25 times"
        found = [("linear", linear)] + ([("logistic", curved)] if height else [])
        return (*(Measurement(f"beta ({name} loss)", largest_ratio(change, size, reach, rng), stated, how)
                  for name, change in found), *self._simulated_constants(values, size, stated, rng))

    def _simulated_constants(self, values: Mapping[str, Any], size: int, stated: float,
                             rng: np.random.Generator) -> tuple[Measurement, ...]:
        """Both constants of what `judge` makes, if the value of ``M`` is known: else its loss is not chosen."""
        import numpy as np

        from stlbounds.generators.location_sampling import Atoms
        from stlbounds.learners.judge_checks import known
        from stlbounds.learners.search import largest_ratio

        if not known(self.loss_constant, values):
            return ()
        judge = self.judge(values)

        def fit(points: FloatArray) -> Any:
            return judge.fit(np.stack([points.sum(axis=1), (points**2).sum(axis=1)], axis=1), points.shape[1])

        def loss(hypothesis: Any, points: FloatArray) -> FloatArray:
            return judge.risk(hypothesis, Atoms(points, np.ones(1)))

        def moved_set(first: FloatArray, second: FloatArray) -> FloatArray:
            fits, walls = [fit(first), fit(second)], [np.full((len(first), 1), wall) for wall in (-0.5, 0.5)]
            return np.asarray(np.maximum(*(np.abs(loss(fits[0], wall) - loss(fits[1], wall)) for wall in walls)))

        def moved_point(first: FloatArray, second: FloatArray) -> FloatArray:
            # The extreme hypotheses are those of training sets at one wall.
            fits = [fit(np.full((len(first), size), wall)) for wall in (-0.5, 0.5)]
            return np.asarray(np.maximum(*(np.abs(loss(one, first) - loss(one, second)) for one in fits)))

        return (Measurement("beta (simulated loss)", largest_ratio(moved_set, size, 0.5, rng), stated,
                            f"pairs of training sets of {size} points, all moved, varied 25 times"),
                Measurement("M (simulated loss)", largest_ratio(moved_point, 1, 0.5, rng),
                            number("M", self.loss_constant, values), "pairs of points, hypotheses at the walls"))
