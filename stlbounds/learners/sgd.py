"""Stochastic gradient descent on a convex smooth loss (theory §7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators.base import constant_of_size
from stlbounds.generators.measurement import Measurement
from stlbounds.generators.numbers import number
from stlbounds.interval.signs import enclosure, is_nonnegative
from stlbounds.learners.base import UniformlyStable
from stlbounds.learners.regularised import ParameterLipschitz, positive_constant
from stlbounds.proof.claim import Claim, Printer, Rule, Says, Subject
from stlbounds.proof.metric import Metric
from stlbounds.proof.quantities import Quantity, Stability
from stlbounds.proof.rules import algebra
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import G_l, J, M, N
from stlbounds.symbols import step as step_symbol
from stlbounds.symbols import steps as steps_symbol

if TYPE_CHECKING:
    from stlbounds.learners.judging import Judge
    from stlbounds.learners.search import FloatArray

__all__ = [
    "DESCENT",
    "RUNS",
    "ConvexShiftStep",
    "GradientDescent",
    "ParameterShift",
    "RelativeStep",
    "SGDLearner",
    "SameStart",
    "ShiftedLoss",
    "within_limit",
]

DESCENT = Subject("learner", "gradient descent", ("step", "steps"))


class RelativeStep(Quantity):
    """The step size times the smoothness of the loss (the Lipschitz constant of its gradient in the parameter)."""

    nargs = 0
    template = r"\eta_s L(\nabla \ell)"
    granted = (r"Steps: with $L(\nabla \ell)$ the Lipschitz constant of every gradient $w \mapsto \nabla_w \ell(w, "
               r"z)$, every step size $\eta_s$ has $\eta_s L(\nabla \ell) \le {bound}$; each step uses a training "
               r"point that is chosen at random, all with equal probability (in proportion to their weights, where "
               r"they have weights), without looking, and the loss is averaged over these choices ({metric} metric on "
               r"the data).")


class ParameterShift(Quantity):
    """``E |w_t - w'_t|`` after ``t`` steps with the same choices, on sets of size ``N`` that differ in a point.

    ``ParameterShift(N, t)``: the largest value over all such pairs.
    """

    nargs = 2
    template = r"\mathbb{{E}}\,|w_{{{1}}} - w'_{{{1}}}|"
    words = (r"$\mathbb{{E}}\,|w_j - w'_j|$ is the largest mean distance between the parameters of the "
             r"learner after $j$ steps with the same choices, on training sets of size $N$ that differ in "
             r"one point.")


def within_limit(premises: tuple[Says, ...], limit: int) -> None:
    """Refuse premises that do not bound `RelativeStep` by the limit."""
    (says,) = (premise for premise in premises if premise.lhs == RelativeStep())
    if not is_nonnegative(limit - says.rhs):
        raise AssumptionError(f"the step size times the smoothness must be at most {limit}; {says.rhs} is not known "
                              "to be")


RUNS = (r"Let $w_t$ and $w'_t$ be the parameters after $t$ steps with the same choices, on training sets of size $N$ "
         r"that differ in one point. ")


class SameStart(Rule):
    """Both runs start from the same parameter."""

    title = "a common start"
    subject = DESCENT

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(ParameterShift(N, 0), sp.S.Zero)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return RUNS + "Both start from the same parameter."


class ConvexShiftStep(Rule):
    r"""``E |w_{t+1} - w'_{t+1}| <= E |w_t - w'_t| + 2 step G_l/N`` for a convex loss and ``step <= 2/smoothness``.

    The premise bounds `RelativeStep`. With probability ``1 - 1/N`` the step uses the same point on both sides, and then
    does not expand: along the segment from ``w'`` to ``w`` the Hessian has eigenvalues in ``[0, L]`` (smooth the loss a
    little if it has none), so those of the derivative of ``w - step grad f(w)`` lie in ``[1 - step L, 1]``, within
    ``[-1, 1]``. Otherwise each side takes that very step for one of the two points, and the gradients at the other side
    differ by at most ``2 G_l``. Projecting onto a convex set does not expand. A point of weight ``v/N`` is chosen with
    that probability.
    """

    title = "one step of gradient descent"
    subject = DESCENT
    metric = Metric.DISCRETE
    reference = "hardt2016"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, step: sp.Expr) -> Says:
        within_limit(premises, 2)
        return Says(ParameterShift(N, J + 1), ParameterShift(N, J) + 2 * step * ParameterLipschitz() / N)

    @classmethod
    def explain(cls, tex: Printer, *, step: sp.Expr) -> str:
        return (r"With probability $1 - 1/N$ the step uses the same point on both sides, and does not expand because "
                r"the loss is convex and the step small enough; otherwise the two gradients differ by at most $2 "
                rf"{tex(ParameterLipschitz())}$ beyond that, which the step size ${tex(step)}$ multiplies.")


class ShiftedLoss(Rule):
    """``beta_N <= G_l E |w_T - w'_T|``: the loss is averaged over the choices, and Lipschitz in the parameter."""

    title = "from parameters to losses"
    subject = DESCENT
    metric = Metric.DISCRETE

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, steps: sp.Expr) -> Says:
        if steps.is_integer is not True or steps.is_nonnegative is not True:
            raise AssumptionError(f"the number of steps {steps} must be a nonnegative integer")
        return Says(Stability(N), ParameterLipschitz() * ParameterShift(N, steps))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The loss is averaged over the choices of the algorithm, which are the same on both sides, and it is "
                r"Lipschitz in the parameter.")


def _relative_step(step: sp.Expr, smoothness: Any, limit: int) -> sp.Expr:
    """``step * smoothness`` if provably within the limit; the limit itself, to be granted, without a smoothness."""
    if smoothness is None:
        return sp.Integer(limit)
    relative = step * constant_of_size("smoothness", smoothness)
    if relative.has(N):
        raise InvalidArgumentError("smoothness", smoothness, "without the size N of the training set")
    if not enclosure(relative)[1] <= limit:
        raise InvalidArgumentError("step", step, f"at most {limit}/smoothness = {sp.S(limit) / smoothness}, provably",
                                   "take smaller steps, or leave the smoothness out to state the condition as an "
                                   "assumption")
    return relative


class GradientDescent(UniformlyStable):
    """What both kinds of descent share: `prepare` checks what they are made with.

    References
    ----------
    Theory §7; Hardt, Recht & Singer 2016.

    Examples
    --------
    >>> learner = SGDLearner(steps=10, step=0.1)
    >>> print(learner.slope_claim.says, "|", learner.prepare(0.1, 1, None, 2)[0])
    ParameterLipschitz() <= G_l | 1/10
    >>> print(learner.step_claim.says)
    RelativeStep() <= 2
    """

    step: sp.Expr
    lipschitz: sp.Expr
    relative_step: sp.Expr

    def prepare(self, step: Any, lipschitz: Any, smoothness: Any, limit: int) -> tuple[sp.Expr, sp.Expr]:
        """Check and keep ``step``, ``G_l`` (``lipschitz``), and the step times ``smoothness``, at most ``limit``.

        Raises
        ------
        InvalidArgumentError
            If one of them is out of its range.
        """
        size, slope = positive_constant("step", step), constant_of_size("lipschitz", lipschitz)
        if slope.has(N):
            raise InvalidArgumentError("lipschitz", lipschitz, "without the size N of the training set")
        object.__setattr__(self, "step", size)
        object.__setattr__(self, "lipschitz", slope)
        object.__setattr__(self, "relative_step", _relative_step(size, smoothness, limit))
        return size, slope

    @property
    def slope_claim(self) -> Claim:
        """The assumption on the Lipschitz constant of the loss in the parameter."""
        return Assumption.apply(quantity=ParameterLipschitz(), bound=self.lipschitz, metric=Metric.DISCRETE)

    @property
    def step_claim(self) -> Claim:
        """The assumption on the step size times the smoothness."""
        return Assumption.apply(quantity=RelativeStep(), bound=self.relative_step, metric=Metric.DISCRETE)


class SGDLearner(GradientDescent):
    """Stochastic gradient descent, ``T`` steps on a convex and smooth loss.

    Setting
        ``w <- proj(w - step grad loss(w, z))`` with a uniformly chosen training point ``z`` in each step; the loss is
        averaged over these choices. Discrete metric.
    Guarantee
        ``beta_N = 2 G_l**2 step T/N``, solved from a recurrence over the steps.
    Assumed
        Convexity, ``G_l``, and ``step <= 2/smoothness``: checked if `smoothness` is given, else to be granted.
    Reference
        Hardt, Recht & Singer 2016; theory §7.
    Self-check
        `self_check` averages over all choices of points. A linear loss attains the constant; logistic regression with
        the largest step stays a factor of 7 below it, with a small one a factor of 4.

    Parameters
    ----------
    steps : sympy.Expr or int
        ``T >= 0``.
    step : sympy.Expr or number
        The step size, positive.
    lipschitz : sympy.Expr or number
        ``G_l``.
    smoothness : sympy.Expr or number, optional
        The Lipschitz constant of the gradient in the parameter.
    loss_constant : sympy.Expr or number
        ``M``.

    Raises
    ------
    InvalidArgumentError
        If the step is not provably at most ``2/smoothness``.

    Examples
    --------
    >>> SGDLearner().beta_N
    2*G_l**2*step*steps/N
    >>> for found in SGDLearner(steps=5, step=2, lipschitz=2, smoothness=1).self_check():
    ...     print(found)
    beta (linear loss): measured 26.6667, stated 26.6667, slack 1 (hill climbing over training sets of 3 points, \
all 243 choices)
    beta (logistic loss): measured 3.81971, stated 26.6667, slack 6.98 (hill climbing over training sets of 3 points, \
all 243 choices)
    """

    references: ClassVar[tuple[str, ...]] = ("hardt2016",)
    steps: sp.Expr

    def __init__(self, steps: sp.Expr | int = steps_symbol, step: sp.Expr | float = step_symbol,
                 lipschitz: sp.Expr | float = G_l, smoothness: sp.Expr | float | None = None,
                 loss_constant: sp.Expr | float = M) -> None:
        count = constant_of_size("steps", steps)
        if count.is_integer is not True or count.has(N):
            raise InvalidArgumentError("steps", steps, "a nonnegative integer, and without the size N")
        size, slope = self.prepare(step, lipschitz, smoothness, 2)
        object.__setattr__(self, "steps", count)
        super().__init__(2 * slope**2 * size * count / N, loss_constant, Metric.DISCRETE, "sgd")

    def describe(self, tex: Printer) -> str:
        """What the model is, in a sentence of LaTeX; ``tex`` prints expressions."""
        return (rf"The learner's hypothesis $A(S)$ is the parameter after ${tex(self.steps)}$ steps of stochastic "
                rf"gradient descent on $\ell$, of size ${tex(self.step)}$, with points of $S$, from a fixed start.")

    def stability_claim(self, weighted: bool = False) -> Claim:
        advance = algebra.Substitute.apply(ConvexShiftStep.apply(self.step_claim, step=self.step), self.slope_claim)
        closed = 2 * self.step * self.lipschitz * J / N
        shift = algebra.Recurrence.apply(advance, SameStart.apply(), index=J, closed=closed)
        claim = algebra.Substitute.apply(ShiftedLoss.apply(steps=self.steps), shift, index=((J, self.steps),))
        return algebra.Substitute.apply(claim, self.slope_claim) if claim.rhs.has(ParameterLipschitz()) else claim

    def self_check(self, *, seed: int = 0, size: int = 3, **values: Any) -> tuple[Measurement, ...]:
        """``beta_N`` at `size` points, for a linear and a logistic loss, averaged over all ``size**steps`` choices."""
        import numpy as np

        from stlbounds.learners.judge_checks import simulated_constants
        from stlbounds.learners.search import choices_of_points, climb, logistic, two_sets

        count, step = int(number("steps", self.steps, values)), number("step", self.step, values)
        slope, stated = number("lipschitz", self.lipschitz, values), number("beta", self.beta_N, values, N=size)
        choices = choices_of_points(size, count)
        # The logistic loss of points in [-slope, slope] has smoothness slope**2/4.
        reach = min(slope, float(np.sqrt(8.0 / step)))

        def linear(points: FloatArray) -> float:
            # loss(w, s) = s w: gradients are the points themselves, whatever the parameter is.
            ends = [-step * points[start][choices].sum(axis=1).mean() for start in two_sets(size)]
            return float(slope * abs(ends[0] - ends[1]))

        def curved(points: FloatArray) -> float:
            tests = np.array([[-slope, slope]])
            runs = (_descend(points[start][choices], step) for start in two_sets(size))
            means = [logistic(np.repeat(tests, len(run), axis=0), run)[0].mean(axis=0) for run in runs]
            return float(np.abs(means[0] - means[1]).max())

        rng = np.random.default_rng(seed)
        how = f"hill climbing over training sets of {size} points, all {len(choices)} choices"
        return (Measurement("beta (linear loss)", climb(linear, size + 1, slope, rng), stated, how),
                Measurement("beta (logistic loss)", climb(curved, size + 1, reach, rng, 2, 2), stated, how),
                *simulated_constants(self, values, size))

    def judge(self, values: Mapping[str, Any]) -> Judge:
        """A linear loss on the symbols, see `stlbounds.learners.finite_judges.DescentJudge`."""
        from stlbounds.learners.finite_judges import DescentJudge

        return DescentJudge(int(number("steps", self.steps, values)), number("step", self.step, values),
                            number("lipschitz", self.lipschitz, values),
                            number("loss_constant", self.loss_constant, values))


def _descend(chosen: FloatArray, step: float) -> FloatArray:
    """The parameter after a gradient step on the logistic loss of each point in a row, from 0."""
    import numpy as np

    from stlbounds.learners.search import logistic

    run = np.zeros(len(chosen))
    for points in chosen.T:
        run = run - step * logistic(points[:, None], run)[1][:, 0]
    return run
