"""Stochastic gradient descent on a strongly convex smooth loss (theory §7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.base import constant_of_size
from stlbounds.generators.measurement import Measurement
from stlbounds.generators.numbers import number
from stlbounds.interval.signs import enclosure
from stlbounds.learners.regularised import ParameterLipschitz, positive_constant
from stlbounds.learners.sgd import DESCENT, RUNS, GradientDescent, ParameterShift, ShiftedLoss, within_limit
from stlbounds.proof.claim import Claim, Printer, Rule, Says
from stlbounds.proof.metric import Metric
from stlbounds.proof.quantities import Quantity
from stlbounds.proof.rules import algebra
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import G_l, J, M, N
from stlbounds.symbols import mu as modulus_symbol
from stlbounds.symbols import step as step_symbol
from stlbounds.symbols import steps as steps_symbol

if TYPE_CHECKING:
    from stlbounds.learners.judging import Judge
    from stlbounds.learners.search import FloatArray

__all__ = ["StrongConvexity", "StronglyConvexSGDLearner", "StronglyConvexShift"]


class StrongConvexity(Quantity):
    """``1/mu``: the reciprocal of the strong convexity of the loss in its parameter."""

    nargs = 0
    template = r"\mu(\ell)^{{-1}}"
    granted = (r"Strong convexity: $w \mapsto \ell(w, z)$ is strongly convex with a modulus $\mu(\ell)$, where "
               r"$\mu(\ell)^{{-1}} \le {bound}$, for every $z$ ({metric} metric on the data).")


class StronglyConvexShift(Rule):
    r"""``E |w_t - w'_t| <= 2 G_l/(mu N)`` for every ``t``, a strongly convex loss, ``step <= 1/smoothness``.

    Premises bound `RelativeStep` and `StrongConvexity`. A step with the same point contracts by ``1 - step mu``,
    since the eigenvalues of its derivative lie in ``[1 - step L, 1 - step mu]`` and ``step L <= 1``. So ``E |w_{t+1} -
    w'_{t+1}| <= (1 - step mu) E |w_t - w'_t| + 2 step G_l/N`` as in `ConvexShiftStep`; ``2 G_l/(mu N)`` is the fixed
    point of this recurrence, which starts below it, at 0.
    """

    title = "contraction of gradient descent"
    subject = DESCENT
    metric = Metric.DISCRETE
    reference = "hardt2016"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        within_limit(premises, 1)
        (convexity,) = (premise for premise in premises if premise.lhs == StrongConvexity())
        return Says(ParameterShift(N, J), 2 * ParameterLipschitz() * convexity.rhs / N)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (RUNS + r"A step with the same point on both sides contracts by $1 - \eta_s \mu$, and with probability "
                rf"$1/N$ the gradients differ by at most $2 {tex(ParameterLipschitz())}$ beyond that. The right side "
                r"is the fixed point of this recurrence, which starts below it, at $0$.")


class StronglyConvexSGDLearner(GradientDescent):
    """Stochastic gradient descent on a strongly convex and smooth loss, any number of steps.

    Setting
        As `SGDLearner`; parameters are projected onto a bounded convex set, where the loss is Lipschitz.
    Guarantee
        ``beta_N = 2 G_l**2/(mu N)``, for every number of steps.
    Assumed
        ``mu``, ``G_l``, and ``step <= 1/smoothness``: checked if `smoothness` is given, else to be granted.
    Reference
        Hardt, Recht & Singer 2016; theory §7.
    Self-check
        `self_check` fits ``(mu/2)(w - s)**2`` on ``[-B, B]``, ``G_l = 2 mu B``, averaged over all choices of 8 steps.
        It stays a factor of 3 below: where the gradients differ by ``2 G_l`` the loss cannot be steepest as well.

    Parameters
    ----------
    modulus : sympy.Expr or number
        ``mu``, positive.
    lipschitz : sympy.Expr or number
        ``G_l``.
    step, smoothness, loss_constant
        As in `SGDLearner`; the step does not occur in the constant.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol,
        if `modulus` is not provably positive, or if `smoothness` is below it.

    Examples
    --------
    >>> StronglyConvexSGDLearner().beta_N
    2*G_l**2/(N*mu)
    >>> for found in StronglyConvexSGDLearner(1, 2, step=1, smoothness=1).self_check():
    ...     print(found)
    beta (quadratic loss): measured 0.956896, stated 2.66667, slack 2.79 (hill climbing over training sets of 3 \
points, 3 step sizes, all choices of 8 steps)
    """

    references: ClassVar[tuple[str, ...]] = ("hardt2016",)
    modulus: sp.Expr

    def __init__(self, modulus: sp.Expr | float = modulus_symbol, lipschitz: sp.Expr | float = G_l,
                 step: sp.Expr | float = step_symbol, smoothness: sp.Expr | float | None = None,
                 loss_constant: sp.Expr | float = M) -> None:
        strength = positive_constant("modulus", modulus)
        if smoothness is not None:
            excess = sp.expand(strength - constant_of_size("smoothness", smoothness))
            if enclosure(excess)[0] > 0:
                raise InvalidArgumentError("smoothness", smoothness, f"at least the modulus {strength}",
                                           "no loss is more convex than smooth")
        _, slope = self.prepare(step, lipschitz, smoothness, 1)
        object.__setattr__(self, "modulus", strength)
        super().__init__(2 * slope**2 / (strength * N), loss_constant, Metric.DISCRETE, "sgd-strongly-convex")

    def describe(self, tex: Printer) -> str:
        """What the model is, in a sentence of LaTeX; ``tex`` prints expressions."""
        return (r"The learner's hypothesis $A(S)$ is the parameter after any fixed number of steps of stochastic "
                r"gradient descent on $\ell$, with points of $S$, from a fixed start, projected onto a bounded "
                r"convex set.")

    def stability_claim(self, weighted: bool = False) -> Claim:
        convexity = Assumption.apply(quantity=StrongConvexity(), bound=1 / self.modulus, metric=Metric.DISCRETE)
        shift = StronglyConvexShift.apply(self.step_claim, convexity)
        claim = algebra.Substitute.apply(ShiftedLoss.apply(steps=steps_symbol), shift, index=((J, steps_symbol),))
        return algebra.Substitute.apply(claim, self.slope_claim)

    def self_check(self, *, seed: int = 0, size: int = 3, **values: Any) -> tuple[Measurement, ...]:
        """``beta_N`` at `size` points for a quadratic loss, averaged over all choices of 8 steps."""
        import numpy as np

        from stlbounds.learners.judge_checks import simulated_constants
        from stlbounds.learners.search import choices_of_points, climb, two_sets

        strength, slope = number("modulus", self.modulus, values), number("lipschitz", self.lipschitz, values)
        stated = number("beta", self.beta_N, values, N=size)
        choices = choices_of_points(size, 8)
        reach = slope / (2 * strength)
        # The step may depend on symbols of its own; the largest one that is allowed for this loss converges fastest.
        steps = [fraction / strength for fraction in (1.0, 0.5, 0.25)]

        def change(points: FloatArray, step: float) -> float:
            tests = np.array([-reach, reach])
            means = []
            for start in two_sets(size):
                run = np.zeros(len(choices))
                for chosen in points[start][choices].T:
                    run = np.clip(run - step * strength * (run - chosen), -reach, reach)
                means.append((strength / 2 * (run[:, None] - tests) ** 2).mean(axis=0))
            return float(np.abs(means[0] - means[1]).max())

        rng = np.random.default_rng(seed)
        found = max(climb(lambda points, step=step: change(points, step), size + 1, reach, rng, 2, 2)  # type: ignore[misc]
                    for step in steps)
        return (Measurement("beta (quadratic loss)", found, stated,
                            f"hill climbing over training sets of {size} points, 3 step sizes, all choices "
                            "of 8 steps"), *simulated_constants(self, values, size))

    def judge(self, values: Mapping[str, Any]) -> Judge:
        """A quadratic loss on the symbols, 100 steps, of ``1/(2 mu)`` where the step has no value.

        See `stlbounds.learners.finite_judges.StrongDescentJudge`.
        """
        from stlbounds.learners.finite_judges import StrongDescentJudge
        from stlbounds.learners.judge_checks import known

        strength = number("modulus", self.modulus, values)
        step = number("step", self.step, values) if known(self.step, values) else 0.5 / strength
        return StrongDescentJudge(strength, number("lipschitz", self.lipschitz, values),
                                  number("loss_constant", self.loss_constant, values), step)
