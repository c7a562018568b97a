"""Regularised empirical risk minimisation of a convex Lipschitz loss (theory §7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators.base import constant_of_size
from stlbounds.generators.measurement import Measurement
from stlbounds.generators.numbers import number
from stlbounds.learners.base import UniformlyStable
from stlbounds.proof.claim import Claim, Printer, Rule, Says, Subject
from stlbounds.proof.metric import Metric
from stlbounds.proof.quantities import Quantity, Stability
from stlbounds.proof.rules.algebra import Substitute
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import G_l, M, N, lam_r

if TYPE_CHECKING:
    from stlbounds.learners.judging import Judge
    from stlbounds.learners.search import FloatArray

__all__ = ["ParameterLipschitz", "RegularisedLearner", "RegularisedStability", "positive_constant"]

_SUBJECT = Subject("learner", "regularised risk minimisation", ("strength",))


def positive_constant(argument: str, value: Any) -> sp.Expr:
    """A constant without the size ``N`` that is provably positive.

    Raises
    ------
    InvalidArgumentError
        Otherwise.
    """
    found = constant_of_size(argument, value)
    if found.has(N) or found.is_positive is not True:
        raise InvalidArgumentError(argument, value, "provably positive, and without the size N of the training set")
    return found


class ParameterLipschitz(Quantity):
    """``G_l``: the least number with ``|loss(w, z) - loss(w', z)| <= G_l |w - w'|`` for all ``w``, ``w'``, ``z``."""

    nargs = 0
    template = r"G_{{\ell}}(\ell)"
    granted = (r"Loss in the parameter: $w \mapsto \ell(w, z)$ is convex and Lipschitz with a constant $G_\ell(\ell) "
               r"\le {bound}$, for every $z$ and on all parameters that the learner may visit ({metric} metric on the "
               r"data).")


class RegularisedStability(Rule):
    r"""``beta_N <= 2 G_l**2/(lam_r N)`` for ``w(S) = argmin (1/N) sum loss(w, z) + (lam_r/2) |w|**2``.

    Let ``F`` and ``F'`` be the objectives of sets that differ in ``z`` and ``z'``, ``w`` and ``w'`` their minimisers.
    Both objectives are ``lam_r``-strongly convex: ``F(w') - F(w) >= (lam_r/2) |w - w'|**2`` and likewise for ``F'``.
    Add them; ``F - F' = (loss(., z) - loss(., z'))/N`` leaves ``lam_r |w - w'|**2 <= (2 G_l/N) |w - w'|``. The loss
    moves by at most ``G_l |w - w'| <= 2 G_l**2/(lam_r N)``. It is the loss itself that is judged, without the
    regularisation. If a point has weight ``v/N`` in the mean, both sides gain a factor ``v``.
    """

    title = "stability of regularised risk minimisation"
    subject = _SUBJECT
    metric = Metric.DISCRETE
    reference = "bousquet2002"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, strength: sp.Expr) -> Says:
        if strength.is_positive is not True:
            raise AssumptionError(f"the weight {strength} of the regularisation must be positive")
        return Says(Stability(N), 2 * ParameterLipschitz() ** 2 / (strength * N))

    @classmethod
    def explain(cls, tex: Printer, *, strength: sp.Expr) -> str:
        return (rf"Both objectives are strongly convex with modulus ${tex(strength)}$; add the two inequalities for "
                rf"their "
                r"minimisers $w$, $w'$. What is left of the objectives is the loss at the two points that differ, so "
                rf"that ${tex(strength)} |w - w'|^2 \le (2/N)\, {tex(ParameterLipschitz())}\, |w - w'|$.")


class RegularisedLearner(UniformlyStable):
    r"""Ridge-type learner: minimises the mean loss plus ``(lam_r/2) |w|**2``.

    Setting
        A loss that is convex in the parameter ``w``, and ``G_l``-Lipschitz in it. Discrete metric.
    Guarantee
        ``beta_N = 2 G_l**2/(lam_r N)`` when one point is replaced.
    Assumed
        Convexity and ``G_l``; a loss with values in ``[0, M]``. The rest is derived.
    Reference
        Bousquet & Elisseeff 2002; theory §7.
    Self-check
        `self_check` fits for real. A linear loss attains the constant exactly; logistic regression, searched over
        training sets, stays a factor of 4 to 6 below (it is as steep as ``G_l`` only where it is surely wrong).

    Parameters
    ----------
    strength : sympy.Expr or number
        ``lam_r > 0``.
    lipschitz : sympy.Expr or number
        ``G_l >= 0``.
    loss_constant : sympy.Expr or number
        ``M``.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol,
        or if `strength` is not provably positive.

    Examples
    --------
    >>> RegularisedLearner().beta_N
    2*G_l**2/(N*lam_r)
    >>> for found in RegularisedLearner(1, 2).self_check():
    ...     print(found)
    beta (linear loss): measured 2, stated 2, slack 1 (one point of 4 replaced by its negative)
    beta (logistic loss): measured 0.448187, stated 2, slack 4.46 (hill climbing over training sets of 4 points)
    """

    references: ClassVar[tuple[str, ...]] = ("bousquet2002",)
    strength: sp.Expr
    lipschitz: sp.Expr

    def __init__(self, strength: sp.Expr | float = lam_r, lipschitz: sp.Expr | float = G_l,
                 loss_constant: sp.Expr | float = M) -> None:
        weight, slope = positive_constant("strength", strength), constant_of_size("lipschitz", lipschitz)
        if slope.has(N):
            raise InvalidArgumentError("lipschitz", lipschitz, "without the size N of the training set")
        object.__setattr__(self, "strength", weight)
        object.__setattr__(self, "lipschitz", slope)
        super().__init__(2 * slope**2 / (weight * N), loss_constant, Metric.DISCRETE, "regularised")

    def describe(self, tex: Printer) -> str:
        """What the model is, in a sentence of LaTeX; ``tex`` prints expressions."""
        return (r"The learner's hypothesis $A(S)$ is the parameter $w$ that minimises the mean of $\ell(w, z)$ over "
                rf"$z \in S$ plus $\|w\|^2/2$ times ${tex(self.strength)}$.")

    def stability_claim(self, weighted: bool = False) -> Claim:
        slope = Assumption.apply(quantity=ParameterLipschitz(), bound=self.lipschitz, metric=Metric.DISCRETE)
        return Substitute.apply(RegularisedStability.apply(strength=self.strength), slope)

    def self_check(self, *, seed: int = 0, size: int = 4, **values: Any) -> tuple[Measurement, ...]:
        """``beta_N`` at `size` points, for a linear loss (exact) and for logistic regression (hill climbing)."""
        import numpy as np

        from stlbounds.learners.judge_checks import simulated_constants
        from stlbounds.learners.search import climb, logistic_minimisers, one_point_changes

        strength, slope = number("strength", self.strength, values), number("lipschitz", self.lipschitz, values)
        stated = number("beta", self.beta_N, values, N=size)
        # loss(w, s) = slope s w has its minimiser at -slope (mean of s)/strength.
        ends = [np.array([sign, *[0.0] * (size - 1)]) for sign in (1.0, -1.0)]
        linear = slope * abs(np.subtract(*(-slope * points.mean() / strength for points in ends)))

        def change(points: FloatArray) -> float:
            return one_point_changes(points, slope, lambda sets: logistic_minimisers(sets, strength))

        start = np.random.default_rng(seed)
        found = climb(change, size + 1, slope, start)
        return (Measurement("beta (linear "
                            "loss)", float(linear), stated, f"one point of {size} replaced by its negative"),
                Measurement("beta (logistic "
                            "loss)", found, stated, f"hill climbing over training sets of {size} points"),
                *simulated_constants(self, values, size))

    def judge(self, values: Mapping[str, Any]) -> Judge:
        """Logistic regression on the symbols, see `stlbounds.learners.finite_judges.LogisticJudge`."""
        from stlbounds.learners.finite_judges import LogisticJudge

        return LogisticJudge(number("strength", self.strength, values), number("lipschitz", self.lipschitz, values),
                             number("loss_constant", self.loss_constant, values))
