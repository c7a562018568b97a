"""Judges: the numeric twins of learners, which fit a hypothesis to a sample and weigh it on laws and samples.

Like a sampler (`stlbounds.generators.sampling`), a judge works on all replicas at once, and only the judge
looks inside its hypotheses. Sampler and judge must agree on what laws and samples look like; those here
speak of finite alphabets, with probabilities and counts of shape ``(R, K)``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from stlbounds.errors import InvalidArgumentError

__all__ = ["Counts", "FiniteBrierJudge", "FiniteJudge", "FiniteLossTable", "FiniteMemoriser", "FloatArray",
           "Hypothesis", "Judge"]

FloatArray = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
#: Hypotheses of all replicas at once; only the judge that made them looks inside.
Hypothesis = Any


class Judge(ABC):
    r"""What a learner :math:`A` and its loss :math:`\ell` amount to in a simulation (theory §1).

    The gap of the theorems is ``risk(h, D_0) - empirical_risk(h, T_i)`` with ``h = fit(T_i)``.
    """

    @abstractmethod
    def fit(self, sample: Any, size: int) -> Hypothesis:
        """The hypothesis ``A(T)`` for a training set ``T`` of ``size`` points, per replica."""

    @abstractmethod
    def risk(self, hypothesis: Hypothesis, law: Any) -> FloatArray:
        """The exact expected loss under a law, per replica."""

    @abstractmethod
    def empirical_risk(self, hypothesis: Hypothesis, sample: Any, size: int) -> FloatArray:
        """The mean loss over a sample of ``size`` points, per replica."""


class FiniteJudge(Judge):
    """On a finite alphabet the empirical risk is the risk under the frequencies of the sample."""

    def empirical_risk(self, hypothesis: Hypothesis, sample: Counts, size: int) -> FloatArray:
        return self.risk(hypothesis, sample / size)


class FiniteBrierJudge(FiniteJudge):
    r"""Frequencies under the halved Brier loss (theory §7).

    The hypothesis is :math:`A(T) = \hat p_T`, the loss :math:`\ell(p, z) = \frac12\|p - e_z\|^2`.
    Uniformly stable with :math:`\beta_N = (2 - 1/N)/N`, loss constant :math:`M = 1`, both in the discrete
    metric. The risk under a law :math:`q` is :math:`\frac12(1 + \|p\|^2) - p \cdot q`.

    Examples
    --------
    >>> judge = FiniteBrierJudge()
    >>> hypothesis = judge.fit(np.array([[3, 1]]), 4)
    >>> judge.empirical_risk(hypothesis, np.array([[3, 1]]), 4).tolist()
    [0.1875]
    """

    def fit(self, sample: Counts, size: int) -> FloatArray:
        return sample / size

    def risk(self, hypothesis: FloatArray, law: FloatArray) -> FloatArray:
        squares = np.einsum("rk,rk->r", hypothesis, hypothesis)
        return np.asarray(0.5 * (1.0 + squares) - np.einsum("rk,rk->r", hypothesis, law), dtype=float)


class FiniteLossTable(FiniteJudge):
    r"""A learner that ignores its data, with a given loss for each symbol: :math:`\beta_N = 0`.

    Its loss constant is the spread of the table. Concentration is then all that is left of the theorems,
    which is where they are tightest: what a check must be able to resolve.

    Parameters
    ----------
    losses : array_like
        One finite loss for each symbol.

    Raises
    ------
    InvalidArgumentError
        If they are not finite numbers in a list.

    Examples
    --------
    >>> judge = FiniteLossTable([0.0, 1.0])
    >>> judge.risk(judge.fit(np.array([[3, 1]]), 4), np.array([[0.5, 0.5]])).tolist(), judge.loss_constant
    ([0.5], 1.0)
    """

    def __init__(self, losses: npt.ArrayLike) -> None:
        try:
            table = np.array(losses, dtype=float)
        except (TypeError, ValueError):
            raise InvalidArgumentError("losses", repr(losses), "a list of numbers") from None
        if table.ndim != 1 or table.size == 0 or not np.all(np.isfinite(table)):
            raise InvalidArgumentError("losses", repr(losses), "a nonempty list of finite numbers")
        self.losses = table

    @property
    def loss_constant(self) -> float:
        """``M``: the largest difference between two losses."""
        return float(self.losses.max() - self.losses.min())

    def fit(self, sample: Counts, size: int) -> None:
        return None

    def risk(self, hypothesis: None, law: FloatArray) -> FloatArray:
        if law.shape[1] != self.losses.size:
            given, needed = f"{self.losses.size} losses", f"a list of {law.shape[1]} losses"
            raise InvalidArgumentError("losses", given, needed, "one for each symbol of the alphabet")
        return np.asarray(law @ self.losses, dtype=float)


class FiniteMemoriser(FiniteJudge):
    r"""A learner that errs exactly on the symbols it has never seen: :math:`\ell(A(T), z) = 1\{z \notin T\}`.

    Its empirical risk is 0, and :math:`M = 1`. One point can change one symbol's loss by 1, so
    :math:`\beta_N = 1` and no smaller number will do: a bound that claims more stability is wrong, and a
    check must notice.

    Examples
    --------
    >>> judge = FiniteMemoriser()
    >>> judge.risk(judge.fit(np.array([[3, 0]]), 3), np.array([[0.75, 0.25]])).tolist()
    [0.25]
    """

    def fit(self, sample: Counts, size: int) -> npt.NDArray[np.bool_]:
        return np.asarray(sample == 0, dtype=np.bool_)

    def risk(self, hypothesis: npt.NDArray[np.bool_], law: FloatArray) -> FloatArray:
        return np.asarray(np.where(hypothesis, law, 0.0).sum(axis=1), dtype=float)
