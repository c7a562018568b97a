"""The learner as the theorems see it: uniformly stable, judged by a Lipschitz loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from stlbounds.described import Described
from stlbounds.errors import AssumptionError, InvalidArgumentError, SymbolError
from stlbounds.generators.base import constant_of_size
from stlbounds.proof.claim import Claim, Printer
from stlbounds.proof.metric import Metric
from stlbounds.proof.quantities import LossConstant, Stability
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import M, N

if TYPE_CHECKING:
    from stlbounds.generators.measurement import Measurement
    from stlbounds.learners.judging import Judge

__all__ = ["UniformlyStable"]


@dataclass(frozen=True)
class UniformlyStable(Described):
    """A learner given by its uniform stability ``beta_N`` and the Lipschitz constant ``M`` of its loss.

    Setting
        Any learner, whatever it is; a random one is judged by its loss averaged over its seed.
    Guarantee
        What is stated: ``beta_N`` and ``M`` become assumptions of the proof.
    Assumed
        Both constants, in the metric that is given.
    Self-check
        None, there is nothing to measure.

    Parameters
    ----------
    beta_N : sympy.Expr or number
        ``beta_N >= 0`` with ``|loss(A(S), z) - loss(A(S'), z)| <= beta_N dist(S, S')`` for all sets of size ``N``; an
        expression in ``N``, for example ``b/N``.
    loss_constant : sympy.Expr or number
        ``M >= 0`` with ``|loss(h, z) - loss(h, z')| <= M d(z, z')``; for the discrete metric a loss with values in
        ``[0, M]`` will do.
    metric : Metric
        The metric in which both hold. One-point changes prove them for `DISCRETE` only.
    name : str
        What it is called in tables.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol.

    References
    ----------
    Theory §2.

    Examples
    --------
    >>> from stlbounds.symbols import b
    >>> learner = UniformlyStable(b / N)
    >>> learner.beta_N, learner.beta, learner.arguments
    (b/N, b/N, {'beta_N': b/N})

    Its constants are assumptions of a proof, where a model of the catalogue derives them:

    >>> print(learner.stability_claim().says, "|", learner.loss_claim().says)
    Stability(N) <= b/N | LossConstant() <= M
    >>> from stlbounds.learners import BrierFit
    >>> BrierFit().describe(str)[:32], learner.describe(str)
    ("The learner's hypothesis $A(S) =", '')
    >>> print(BrierFit().stability_claim().says, "|", type(BrierFit().judge({"K": 3})).__name__)
    Stability(N) <= (2 - 1/N)/N | FiniteBrierJudge
    """

    #: Where it comes from: keys of `stlbounds.render.references.REFERENCES`.
    references: ClassVar[tuple[str, ...]] = ("bousquet2002",)

    beta_N: sp.Expr
    loss_constant: sp.Expr = M
    metric: Metric = Metric.DISCRETE
    name: str = "uniformly-stable"

    home: ClassVar[str | None] = "stlbounds.learners"
    family: ClassVar[str | None] = "Learner"

    def __post_init__(self) -> None:
        if not isinstance(self.metric, Metric):
            raise InvalidArgumentError("metric", self.metric, "stlbounds.DISCRETE or stlbounds.EUCLIDEAN")
        object.__setattr__(self, "beta_N", constant_of_size("beta_N", self.beta_N))
        constant = constant_of_size("loss_constant", self.loss_constant)
        if constant.has(N):
            raise SymbolError(f"loss_constant = {constant} must not depend on the size N of the training set")
        object.__setattr__(self, "loss_constant", constant)

    @property
    def beta(self) -> sp.Expr:
        """The uniform stability as an expression in ``N``."""
        return self.beta_N

    def describe(self, tex: Printer) -> str:
        """What the learner is, in a sentence of LaTeX; empty here, where its constants are all that is known.

        Parameters
        ----------
        tex : callable
            Prints expressions as LaTeX.
        """
        return ""

    def stability_claim(self, weighted: bool = False) -> Claim:
        """The claim ``Stability(N) <= beta_N``: a leaf here, a theorem in models that derive it.

        Parameters
        ----------
        weighted : bool
            Whether points have unequal weights; the constant is then per unit of weighted displacement, times ``N``.

        Raises
        ------
        AssumptionError
            If nothing is known about unequal weights.
        """
        return Assumption.apply(
            quantity=Stability(N), bound=self.beta_N, metric=self.metric)

    def loss_claim(self) -> Claim:
        """The claim ``LossConstant() <= M``: a leaf here, a theorem in models that derive it."""
        return Assumption.apply(
            quantity=LossConstant(), bound=self.loss_constant, metric=self.metric)

    def self_check(self, *, seed: int = 0, **values: Any) -> tuple[Measurement, ...]:
        """Measure the constants of this entry by search, and put them beside the stated ones.

        Parameters
        ----------
        seed : int
            Seed of the search.
        size, starts : int
            Where an entry takes them: how many points a training set has, and how often a search starts; at least 1.
        **values : number
            Values of the entry's symbols; each entry states which it needs.

        Raises
        ------
        AssumptionError
            If the learner is known by its constants only.
        InvalidArgumentError
            If a value is missing or out of its range.
        """
        raise AssumptionError(f"the learner {self.name} is known by its constants only; there is nothing to measure")

    def judge(self, values: Mapping[str, Any]) -> Judge:
        """The numeric twin of this learner, for simulations.

        Parameters
        ----------
        values : mapping
            A number for each symbol of the learner, by name.

        Raises
        ------
        AssumptionError
            If the learner is known by its constants only.
        """
        raise AssumptionError(f"the learner {self.name} is known by its constants only and cannot be simulated; "
                              f"choose one of the catalogue, for example stlbounds.learners.BrierFit")
