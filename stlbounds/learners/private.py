"""A differentially private learner (theory §7)."""

from __future__ import annotations

import itertools
import math
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
from stlbounds.proof.quantities import LossConstant, Quantity, Stability
from stlbounds.proof.rules.algebra import Substitute
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import M, N, privacy

if TYPE_CHECKING:
    from stlbounds.learners.judging import Judge

__all__ = ["LearnerPrivacyLoss", "LossRange", "PrivateLearner", "PrivateStability", "RangeIsLipschitz"]

_SUBJECT = Subject("learner", "a private learner")


class LearnerPrivacyLoss(Quantity):
    """``eps_N``: the privacy loss of the learner on training sets of size ``N``, when one record is replaced."""

    nargs = 1
    template = r"\varepsilon_{{{0}}}(A)"
    granted = (r"Privacy of the learner: $\Pr[A(S) \in E] \le e^{{\varepsilon_N(A)}} \Pr[A(S') \in E]$ with "
               r"$\varepsilon_N(A) \le {bound}$, for all events $E$ and all training sets $S, S'$ of one size $N$ that "
               r"differ in one point; the loss is averaged over the learner's randomness ({metric} metric).")


class LossRange(Quantity):
    """The length of an interval that contains all losses, over hypotheses and data."""

    nargs = 0
    template = r"\mathrm{{range}}(\ell)"
    granted = (r"Loss: all its values, over hypotheses and data, lie in an interval of length $\mathrm{{range}}(\ell) "
               r"\le {bound}$ ({metric} metric).")


class PrivateStability(Rule):
    """``beta_N <= range * tanh(eps_N/2)``, from a bound on the privacy loss.

    With ``E = {h : P(h) > Q(h)}`` for the laws ``P`` and ``Q`` of the hypotheses: ``P(E) <= e**eps Q(E)`` and ``1 -
    Q(E) <= e**eps (1 - P(E))``. Among such pairs, ``P(E) - Q(E)`` is largest where both are equalities, ``P(E) =
    e**eps/(1 + e**eps) = 1 - Q(E)``: ``TV(P, Q) <= (e**eps - 1)/(e**eps + 1) = tanh(eps/2)``. The mean loss at any
    point moves by at most the range of the loss over hypotheses, times that.
    """

    title = "stability of a private learner"
    subject = _SUBJECT
    metric = Metric.DISCRETE
    equal_weights = True

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        (private,) = premises
        if private.lhs != LearnerPrivacyLoss(N) or private.relation != "<=" or private.events:
            raise AssumptionError(f"the premise must bound {LearnerPrivacyLoss(N)}, not say {private}")
        return Says(Stability(N), LossRange() * sp.tanh(private.rhs / 2))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"Two laws whose probabilities differ by a factor of at most $e^\varepsilon$ are within "
                r"$(e^\varepsilon - 1)/(e^\varepsilon + 1) = \tanh(\varepsilon/2)$ in total variation, which is "
                r"largest when both inequalities are equalities; the mean loss moves by at most the range of the loss "
                r"times that.")


class RangeIsLipschitz(Rule):
    """``|loss(h, z) - loss(h, z')| <= range * 1{z != z'}``: the range of the loss is a Lipschitz constant of it."""

    title = "a bounded loss"
    subject = _SUBJECT
    metric = Metric.DISCRETE

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(LossConstant(), LossRange())

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return r"Different points have losses that differ by at most the range of the loss."


class PrivateLearner(UniformlyStable):
    """A learner with replace-one ``eps``-differential privacy.

    Setting
        A random learner, judged by its loss averaged over its randomness, with losses in ``[0, M]``. Discrete metric.
    Guarantee
        ``beta_N = M tanh(eps_N/2)``. For privacy under adding and removing a record, pass ``2 eps``.
    Assumed
        The privacy loss ``eps_N``, which may depend on ``N``, and ``M``.
    Reference
        Theory §7.
    Self-check
        `self_check` releases the majority of ``N`` bits by randomised response, judged by the zero-one loss times
        ``M``, over all training sets: the constant is attained. The exponential mechanism that `judge` simulates stays
        a factor of 2.4 below it on four symbols, for ``eps = 1``.

    Parameters
    ----------
    privacy : sympy.Expr or number
        ``eps_N >= 0``; may use ``N``.
    loss_constant : sympy.Expr or number
        ``M``, the length of the interval of losses.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol.

    Examples
    --------
    >>> PrivateLearner().beta_N
    M*tanh(privacy/2)
    >>> for found in PrivateLearner(1, 2).self_check():
    ...     print(found)
    beta: measured 0.924234, stated 0.924234, slack 1 (all training sets of 5 bits)
    beta (simulated loss): measured 0.383351, stated 0.924234, slack 2.41 (all training sets of 5 points on 4 symbols)
    M (simulated loss): measured 1.47308, stated 2, slack 1.36 (all training sets of 5 points on 4 symbols)
    """

    references: ClassVar[tuple[str, ...]] = ("dwork2006",)
    privacy: sp.Expr

    def __init__(self, privacy: sp.Expr | float = privacy, loss_constant: sp.Expr | float = M) -> None:
        loss = constant_of_size("privacy", privacy)
        object.__setattr__(self, "privacy", loss)
        super().__init__(constant_of_size("loss_constant", loss_constant) * sp.tanh(loss / 2), loss_constant,
                         Metric.DISCRETE, "private")

    @property
    def _range_claim(self) -> Claim:
        return Assumption.apply(quantity=LossRange(), bound=self.loss_constant, metric=Metric.DISCRETE)

    def describe(self, tex: Printer) -> str:
        """What the model is, in a sentence of LaTeX; ``tex`` prints expressions."""
        return (r"The learner $A$ is a randomised algorithm, and the loss $\ell(A(S), z)$ is averaged over its "
                r"randomness.")

    def stability_claim(self, weighted: bool = False) -> Claim:
        if weighted:
            raise AssumptionError("a private learner may change as much for a light point as for a heavy one, so its "
                                  "stability is not known per unit of weighted displacement")
        private = Assumption.apply(quantity=LearnerPrivacyLoss(N), bound=self.privacy, metric=Metric.DISCRETE)
        claim = PrivateStability.apply(private)
        return Substitute.apply(claim, self._range_claim) if claim.rhs.has(LossRange()) else claim

    def loss_claim(self) -> Claim:
        return Substitute.apply(RangeIsLipschitz.apply(), self._range_claim)

    def self_check(self, *, seed: int = 0, size: int = 5, **values: Any) -> tuple[Measurement, ...]:
        """``beta_N`` at `size` points, for the majority released by randomised response."""
        if size > 12:
            raise InvalidArgumentError("size", size, "at most 12")
        loss = number("privacy", self.privacy, values, N=size)
        most = number("loss_constant", self.loss_constant, values)

        def risk(bits: tuple[int, ...]) -> float:
            """The mean zero-one loss, times M, at the point 1: how likely the released bit is 0."""
            majority = 2 * sum(bits) > size
            return most / (1.0 + math.exp(loss if majority else -loss))

        largest = 0.0
        for bits in itertools.product((0, 1), repeat=size):
            for place in range(size):
                other = (*bits[:place], 1 - bits[place], *bits[place + 1:])
                largest = max(largest, abs(risk(bits) - risk(other)))
        stated = number("beta", self.beta_N, values, N=size)
        from stlbounds.learners.judge_checks import simulated_constants

        return (Measurement("beta", largest, stated, f"all training sets of {size} bits"),
                *simulated_constants(self, values, size))

    def judge(self, values: Mapping[str, Any]) -> Judge:
        """The commonest symbol by the exponential mechanism, averaged over its release, zero-one loss times ``M``."""
        from stlbounds.learners.finite_judges import ReleasedSymbolJudge

        return ReleasedSymbolJudge(lambda size: number("privacy", self.privacy, values, N=size),
                                   number("loss_constant", self.loss_constant, values))
