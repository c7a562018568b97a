"""Samplers: the numeric twins of generators, vectorised over replicas, and the laws of finite alphabets.

A simulation runs many replicas of one loop side by side. It never looks inside a law or a sample: whatever
a `Sampler` uses for them (probabilities and counts, means and chi-squares, arrays of points, weights of
attention heads) is its own affair, as long as axis 0 counts the replicas.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from stlbounds.errors import AssumptionError, InvalidArgumentError

__all__ = ["FiniteAlphabet", "FloatArray", "Law", "Sample", "Sampler", "distribution", "uniform", "zipf"]

FloatArray = npt.NDArray[np.float64]
#: Laws of all replicas at once; only the sampler that made it looks inside.
Law = Any
#: Training points of all replicas at once, or sufficient statistics of them; opaque like `Law`.
Sample = Any

_SUM_TOLERANCE = 1e-9


class Sampler(ABC):
    r"""How the real data of a loop are drawn, and how its generator learns (theory §1).

    A sampler draws :math:`n_{jk}` points from a source :math:`D_k`, joins the pools of a training set
    :math:`T_j` and fits the next law :math:`D_{j+1} = G(T_j)`. All methods work on :math:`R` replicas at
    once. A sample may be any sufficient statistic of its points, so long as `fit` and the judge of the
    learner need nothing else.
    """

    #: By how much `distance` may exceed the true distance in expectation; 0 where it is exact, or a lower bound.
    distance_error: float = 0.0
    #: What a reader of a result should know about this simulation.
    note: str = ""
    #: Laws are at most this far apart for each unit of `deviation`, and never farther apart than `reach`.
    unit: float = 1.0
    reach: float = 1.0
    #: Whether `train` draws random numbers, which serve a whole generation (theory §1).
    shared_seed: bool = False

    @abstractmethod
    def real(self, replicas: int) -> Law:
        """The real distribution ``D_0``, once per replica."""

    @abstractmethod
    def draw(self, law: Law, size: int, rng: np.random.Generator) -> Sample:
        """``size >= 1`` i.i.d. points from the law of each replica."""

    @abstractmethod
    def join(self, samples: Sequence[Sample]) -> Sample:
        """The union (with multiplicities) of one or more samples."""

    @abstractmethod
    def fit(self, sample: Sample, size: int) -> Law:
        """The generator ``G`` trained on a sample of ``size`` points."""

    @abstractmethod
    def mix(self, laws: Sequence[Law], weights: Sequence[float]) -> Law:
        """The mixture with these nonnegative weights, which sum to 1."""

    @abstractmethod
    def distance(self, first: Law, second: Law) -> FloatArray:
        """The 1-Wasserstein distance per replica, in the generator's metric normalised to diameter 1."""

    def deviation(self, mean: float, largest: float, size: float) -> float:
        """At most how far ``D_{j+1}`` is from ``D_0``, in the model's own unit, given how far its sources are.

        Distances are root mean squares or means over the loop, which the model that learns ``D_0`` from unlimited data
        passes on; `stlbounds.simulation.learning_errors` makes learning errors of them.

        Parameters
        ----------
        mean, largest : float
            The mean, over the points of the training set, and the largest of these numbers for their sources.
        size : float
            ``N_j``, or the number of equal points that points of unequal weights are worth.

        Raises
        ------
        AssumptionError
            If none is known.

        References
        ----------
        Theory §4.
        """
        raise AssumptionError(f"no learning error is known for {type(self).__name__}; state one that you know to hold")

    def train(self, sample: Sample, size: int, rng: np.random.Generator) -> Law:
        """`fit`, for a generator whose training draws random numbers of its own."""
        return self.fit(sample, size)

    def shown(self, sample: Sample) -> Any:
        """What a judge sees of a sample, for example the cells that its points lie in; by default all of it."""
        return sample

    def shown_law(self, law: Law) -> Any:
        """What a judge sees of a law; by default all of it."""
        return law

    def weighted(self, sample: Sample, weight: float) -> Sample:
        """The sample with ``weight`` times the weight of its points, for loops with unequal weights (theory §1).

        Raises
        ------
        AssumptionError
            If this model's samples carry no weights.
        """
        raise AssumptionError(f"{type(self).__name__} knows no weighted points, so loops with weights cannot be "
                              f"simulated")

    def diversity(self, law: Law) -> dict[str, FloatArray]:
        """Measures of diversity of a law by name, per replica; a sampler need not offer any."""
        return {}

    def numbers(self, size: int) -> int:
        """About how many numbers a sample of ``size`` points takes per replica; sets the size of chunks."""
        return size


def distribution(
    probabilities: npt.ArrayLike, cells: int | None = None, name: str = "distribution"
) -> FloatArray:
    """A user's probabilities, checked and normalised to sum exactly (in floating point) to 1.

    Parameters
    ----------
    probabilities : array_like
        Nonnegative numbers that sum to 1 within ``1e-9``.
    cells : int, optional
        The length that is asked for.
    name : str
        What to call the argument in an error.

    Returns
    -------
    numpy.ndarray
        One-dimensional, of doubles.

    Raises
    ------
    InvalidArgumentError
        If they are not a distribution of that length.

    Examples
    --------
    >>> distribution([0.25, 0.75], cells=2).tolist()
    [0.25, 0.75]
    """
    try:
        values = np.array(probabilities, dtype=float)
    except (TypeError, ValueError):
        raise InvalidArgumentError(name, repr(probabilities), "a list of numbers") from None
    if values.ndim != 1 or values.size == 0:
        raise InvalidArgumentError(name, f"an array of shape {values.shape}",
                                   "a nonempty list of probabilities")
    if cells is not None and values.size != cells:
        raise InvalidArgumentError(name, f"{values.size} probabilities", f"a list of {cells} probabilities",
                                   "one for each symbol of the alphabet")
    if not np.all(np.isfinite(values)) or np.any(values < 0):
        bad = int(np.flatnonzero(~np.isfinite(values) | (values < 0))[0])
        raise InvalidArgumentError(f"{name}[{bad}]", values[bad], "a finite nonnegative probability")
    total = math.fsum(values.tolist())
    if abs(total - 1.0) > _SUM_TOLERANCE:
        raise InvalidArgumentError(name, f"numbers that sum to {total!r}", "probabilities that sum to 1",
                                   "divide them by their sum")
    return np.asarray(values / total, dtype=float)


def uniform(cells: int) -> FloatArray:
    """The uniform law on ``cells`` symbols.

    Examples
    --------
    >>> uniform(4).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    return np.full(_cells(cells), 1.0 / cells)


def zipf(cells: int, exponent: float = 1.0) -> FloatArray:
    """Zipf's law: probabilities proportional to ``k**-exponent`` for ``k = 1, ..., cells``.

    Parameters
    ----------
    cells : int
        Number of symbols, at least 1.
    exponent : float
        Nonnegative; 0 is the uniform law.

    Examples
    --------
    >>> (zipf(3) * 11).round(12).tolist()
    [6.0, 3.0, 2.0]
    """
    if not (math.isfinite(exponent) and exponent >= 0):
        raise InvalidArgumentError("exponent", exponent, "finite and nonnegative")
    # In logarithms, and relative to the first, so that a steep law underflows to 0 quietly.
    weights = np.exp(-exponent * np.log(np.arange(1, _cells(cells) + 1)))
    return np.asarray(weights / weights.sum(), dtype=float)


def _cells(cells: int) -> int:
    if isinstance(cells, bool) or not isinstance(cells, (int, np.integer)) or cells < 1:
        raise InvalidArgumentError("cells", cells, "an integer of at least 1")
    return int(cells)


class FiniteAlphabet(Sampler):
    r"""The categorical generator on a finite alphabet, simulated exactly by its counts (theory §7).

    The generator fits the frequencies of its training set, mixed with a prior if so wished: :math:`G(T) =
    (1-\eta)\,\hat p_T + \eta\,\mathrm{prior}`. Counts are sufficient, so a pool of :math:`m` points is one
    multinomial draw. The metric is discrete, hence distance is total variation.

    Parameters
    ----------
    probabilities : array_like
        The real distribution over :math:`K` symbols.
    smoothing : float
        :math:`\eta \in [0, 1]`, the weight of the prior.
    prior : array_like, optional
        A distribution over the same symbols; uniform by default.

    Raises
    ------
    InvalidArgumentError
        If a distribution is not one, or `smoothing` is outside ``[0, 1]``.

    Notes
    -----
    A law is an array of probabilities of shape ``(R, K)``, a sample an array of counts of the same shape.

    Examples
    --------
    >>> sampler = FiniteAlphabet(uniform(3))
    >>> sample = sampler.draw(sampler.real(2), 10, np.random.default_rng(0))
    >>> sample.shape, sample.sum(axis=1).tolist()
    ((2, 3), [10, 10])
    """

    def __init__(
        self, probabilities: npt.ArrayLike, smoothing: float = 0.0, prior: npt.ArrayLike | None = None
    ) -> None:
        self.probabilities = distribution(probabilities, name="probabilities")
        self.cells = int(self.probabilities.size)
        if not 0.0 <= smoothing <= 1.0:
            raise InvalidArgumentError("smoothing", smoothing, "in [0, 1]", "it is the weight of the prior")
        self.smoothing = float(smoothing)
        self.prior = uniform(self.cells) if prior is None else distribution(prior, self.cells, "prior")

    def real(self, replicas: int) -> FloatArray:
        return np.tile(self.probabilities, (replicas, 1))

    def draw(self, law: FloatArray, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        return rng.multinomial(size, law)

    def join(self, samples: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
        total = samples[0]
        for sample in samples[1:]:
            total = total + sample
        return total

    def weighted(self, sample: npt.NDArray[np.int64], weight: float) -> FloatArray:
        return np.asarray(sample * weight, dtype=float)

    def fit(self, sample: npt.NDArray[np.int64], size: int) -> FloatArray:
        fitted = sample / size
        if self.smoothing == 0.0:
            return fitted
        mixed = (1.0 - self.smoothing) * fitted + self.smoothing * self.prior
        return np.asarray(mixed / mixed.sum(axis=1, keepdims=True), dtype=float)

    def mix(self, laws: Sequence[FloatArray], weights: Sequence[float]) -> FloatArray:
        if len(laws) == 1:
            return laws[0]
        total = np.zeros_like(laws[0])
        for law, weight in zip(laws, weights, strict=True):
            total += weight * law
        return total

    def distance(self, first: FloatArray, second: FloatArray) -> FloatArray:
        return np.asarray(0.5 * np.abs(first - second).sum(axis=1), dtype=float)

    def deviation(self, mean: float, largest: float, size: float) -> float:
        """In total variation: frequencies add ``(1/2) sqrt((K-1)/N)``, and a prior is at its own distance."""
        if type(self).fit is not FiniteAlphabet.fit:
            return super().deviation(mean, largest, size)
        prior = float(0.5 * np.abs(self.prior - self.probabilities).sum())
        return (1 - self.smoothing) * (mean + self.sampling_error(size)) + self.smoothing * prior

    def sampling_error(self, size: float) -> float:
        """At least ``E TV`` between the frequencies of ``size`` points and the mixture of the laws they come from."""
        return 0.5 * math.sqrt((self.cells - 1) / size)

    def diversity(self, law: FloatArray) -> dict[str, FloatArray]:
        r"""Entropy in nats, number of symbols with positive probability, and :math:`\sum_z p_z(1-p_z)`."""
        logarithm = np.log(law, out=np.zeros_like(law), where=law > 0)
        return {
            "entropy": -(law * logarithm).sum(axis=1),
            "support": np.count_nonzero(law, axis=1).astype(float),
            "heterozygosity": (law * (1.0 - law)).sum(axis=1),
        }

    def numbers(self, size: int) -> int:
        return self.cells
