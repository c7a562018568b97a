"""Constants of a black box, measured: lower bounds on its sensitivity, stability and learning error.

The true constants are suprema over all pairs of training sets (theory §2). A search finds bad pairs; fresh draws at the
worst one then give a bound that the true constant exceeds with a stated confidence. Nothing here bounds a constant from
above: a measured value can refute a stated constant, and never prove one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.base import Generator
from stlbounds.proof.metric import Metric
from stlbounds.shown import Shown
from stlbounds.simulation.engine import whole
from stlbounds.simulation.result import jsonable, number
from stlbounds.simulation.sensitivity_search import Found, search_error, search_sensitivity, search_stability
from stlbounds.simulation.sensitivity_spaces import Points, Space

__all__ = ["BlackBox", "Estimated", "MeasuredConstantWarning", "SensitivityEstimate", "estimate_sensitivity"]

_CAVEAT = ("Measured values are lower bounds on the true constants, found by search: they can refute a stated "
           "constant, but a bound that uses them as constants is not proved.")


class MeasuredConstantWarning(UserWarning):
    """A measured constant is used where a theorem asks for a proved one."""


@dataclass(frozen=True)
class BlackBox:
    """A sampler, or a learner, or both, as plain functions.

    Parameters
    ----------
    space : Space
        `FiniteSpace` or `Box`, with its metric.
    sample : callable, optional
        ``sample(training_set, size, rng)``: an array of ``size`` points, i.i.d. given the training set. Where training
        is itself random it has to be repeated for each point (theory §1).
    fit : callable, optional
        ``fit(training_set)``: a hypothesis; not random.
    loss : callable, optional
        ``loss(hypothesis, z)``: a number.
    real : callable, optional
        ``real(size, rng)``: i.i.d. real points, for the learning error.
    name : str
        What to call it.

    Raises
    ------
    InvalidArgumentError
        If `space` is no space, if `fit` comes without `loss`, or if there is neither `sample` nor `fit`.

    References
    ----------
    Theory §2 (constants), §7 ("your own").

    Examples
    --------
    >>> import stlbounds as stl
    >>> def resample(training_set, size, rng):
    ...     return rng.choice(training_set, size)
    >>> stl.BlackBox(stl.FiniteSpace(3), sample=resample, name="bootstrap").name
    'bootstrap'
    """

    space: Space
    sample: Callable[[Points, int, np.random.Generator], Any] | None = None
    fit: Callable[[Points], Any] | None = None
    loss: Callable[[Any, Any], float] | None = None
    real: Callable[[int, np.random.Generator], Any] | None = None
    name: str = "black box"

    def __post_init__(self) -> None:
        if not isinstance(self.space, Space):
            raise InvalidArgumentError("space", repr(self.space), "a FiniteSpace or a Box")
        if (self.fit is None) != (self.loss is None):
            raise InvalidArgumentError("fit, loss", "one of them", "given together, or neither")
        if self.sample is None and self.fit is None:
            raise InvalidArgumentError("sample", None, "given, or fit and loss instead", "there is nothing to measure")


@dataclass(frozen=True)
class Estimated:
    """One constant at one size of training sets.

    Parameters
    ----------
    constant : {"kappa", "beta_N", "learning_error"}
    size : int
        ``N``.
    lower : float
        The true constant is at least this, with `confidence`.
    estimate : float
        The unbiased estimate at the worst pair that was found (for the learning error, of its mean).
    confidence : float
        1 where nothing is random.
    how : str
        What was searched.
    witness : tuple
        The pair of training sets, and the test point of ``beta_N``.
    """

    constant: str
    size: int
    lower: float
    estimate: float
    confidence: float
    how: str
    witness: tuple[Any, ...] = ()


@dataclass(frozen=True)
class SensitivityEstimate(Shown):
    """What `estimate_sensitivity` measured.

    Parameters
    ----------
    name : str
        Of the black box.
    metric : Metric
        The metric in which the constants hold.
    confidence : float
        Of the largest lower bound of each constant, over all sizes together.
    rows : tuple of Estimated
        Constants by size.
    """

    name: str
    metric: Metric
    confidence: float
    rows: tuple[Estimated, ...]

    def at_least(self, constant: str, size: int | None = None) -> float:
        """The largest lower bound on a constant, over all sizes or at one.

        Raises
        ------
        InvalidArgumentError
            If it was not measured.
        """
        found = [row.lower for row in self.rows if row.constant == constant and size in (None, row.size)]
        if not found:
            measured = ", ".join(dict.fromkeys(row.constant for row in self.rows))
            raise InvalidArgumentError("constant", constant, f"one of those that were measured: {measured}")
        return max(found)

    @property
    def kappa(self) -> float:
        """The largest lower bound on the sensitivity."""
        return self.at_least("kappa")

    def generator(self, *, sensitivity: Any = None, learning_error: Any = None) -> Generator:
        """A `stlbounds.generators.Generator` with the measured constants, to see what a bound would say.

        Parameters
        ----------
        sensitivity, learning_error : sympy.Expr or number, optional
            Used in place of the measured value.

        Warns
        -----
        MeasuredConstantWarning
            Where a measured value is used: it is a lower bound, and the theorem asks for an upper one.
        """
        measured = [name for name, given in (("sensitivity", sensitivity), ("learning error", learning_error))
                    if given is None]
        if sensitivity is None:
            sensitivity = self.kappa
        if learning_error is None and any(row.constant == "learning_error" for row in self.rows):
            learning_error = self.at_least("learning_error")
        if measured:
            warnings.warn(f"the {' and the '.join(measured)} of {self.name} were measured. {_CAVEAT}",
                          MeasuredConstantWarning, stacklevel=2)
        return Generator(self.name, self.metric, sensitivity, learning_error)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"schema": "stlbounds/sensitivity/1", "name": self.name, "metric": self.metric.value,
                "confidence": self.confidence, "caveat": _CAVEAT, "rows": [
                    {"constant": row.constant, "size": row.size, "lower": jsonable(row.lower),
                     "estimate": jsonable(row.estimate), "confidence": row.confidence, "how": row.how}
                    for row in self.rows]}

    def __str__(self) -> str:
        lines = [f"constants of {self.name}, {self.metric.value} metric"]
        for row in self.rows:
            sure = "" if row.confidence == 1 else f" with confidence {row.confidence:.6g}"
            lines.append(f"  {row.constant} at N = {row.size}: at least {number(row.lower)}{sure} "
                         f"(estimate {number(row.estimate)}; {row.how})")
        return "\n".join([*lines, _CAVEAT])


def estimate_sensitivity(
    black_box: BlackBox,
    sizes: int | Iterable[int] = (4, 8),
    *,
    draws: int = 20_000,
    trials: int = 150,
    confidence: float = 0.99,
    seed: int = 0,
) -> SensitivityEstimate:
    r"""Measure the constants of a sampler and a learner that are known as functions only.

    - :math:`\kappa`: the largest :math:`N\,W(G(S), G(S'))/\mathrm{dist}(S, S')` that a random and greedy search over
      pairs of training sets finds. :math:`W` is bounded from below by a witness (an indicator, or a 1-Lipschitz
      function) that is chosen on other draws than those that it is evaluated on.
    - :math:`\beta_N`: the largest :math:`|\ell(A(S), z) - \ell(A(S'), z)|/\mathrm{dist}(S, S')`, which is computed, not
      estimated.
    - the learning error at generation 0, :math:`E\,W(D_0, G(T_0))`, by the same witnesses.

    Parameters
    ----------
    black_box : BlackBox
    sizes : int or iterable of int
        Sizes ``N`` of training sets, at least 1. Small ones are seen best: the signal of one point is ``kappa/N``.
    draws : int
        Points drawn from each of the two laws at the worst pair, at least 100.
    trials : int
        Pairs that are tried for each size and constant, at least 10.
    confidence : float
        In ``(0, 1)``.
    seed : int
        Nonnegative.

    Returns
    -------
    SensitivityEstimate
        Lower bounds on the constants. No search finds the worst case for sure, so they prove nothing about a theorem
        that needs an upper bound.

    Raises
    ------
    InvalidArgumentError
        If an argument is out of range, or a function returns something else than it should.
    AssumptionError
        If `fit` is random.

    References
    ----------
    Theory §2 (constants), §4 (learning error). Kantorovich & Rubinstein 1958 (witnesses).

    Examples
    --------
    >>> import stlbounds as stl
    >>> box = BlackBox(stl.FiniteSpace(3), sample=lambda points, size, rng: rng.choice(points, size))
    >>> found = estimate_sensitivity(box, 4, draws=2000, trials=20)
    >>> 0.8 < found.kappa <= 1
    True
    """
    if not isinstance(black_box, BlackBox):
        raise InvalidArgumentError("black_box", repr(black_box), "a BlackBox",
                                   "such as BlackBox(FiniteSpace(3), sample=f), f(points, size, rng) new points")
    listed = [whole("sizes", size, 1) for size in ([sizes] if isinstance(sizes, (int, np.integer)) else sizes)]
    if not listed:
        raise InvalidArgumentError("sizes", "none", "one size or more")
    draws, trials, seed = whole("draws", draws, 100), whole("trials", trials, 10), whole("seed", seed, 0)
    if not (isinstance(confidence, (int, float)) and 0 < confidence < 1):
        raise InvalidArgumentError("confidence", confidence, "in (0, 1)")
    # Over all sizes together the largest lower bound fails with probability 1 - confidence at most.
    level = 1 - (1 - confidence) / len(listed)
    streams = iter(np.random.SeedSequence(seed).spawn(3 * len(listed)))
    rows = []
    for size in listed:
        rngs = [np.random.default_rng(next(streams)) for _ in range(3)]
        found: list[tuple[str, Found]] = []
        if black_box.sample is not None:
            found.append(("kappa", search_sensitivity(black_box.space, black_box.sample, size, draws, trials, level,
                                                      rngs[0])))
        if black_box.fit is not None and black_box.loss is not None:
            found.append(("beta_N", search_stability(black_box.space, black_box.fit, black_box.loss, size, trials,
                                                     rngs[1])))
        if black_box.sample is not None and black_box.real is not None:
            found.append(("learning_error", search_error(black_box.space, black_box.sample, black_box.real, size, draws,
                                                         trials, level, rngs[2])))
        rows += [Estimated(name, size, item.lower, item.estimate, item.confidence, item.how, item.witness)
                 for name, item in found]
    return SensitivityEstimate(black_box.name, black_box.space.metric, confidence, tuple(rows))
