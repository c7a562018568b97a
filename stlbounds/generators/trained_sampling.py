"""Families trained by gradients that can be simulated: Euclidean ones on a line, discrete ones by tilting.

Every loss here has the stated constants by construction, and is centred: trained on unlimited real data, the model is
the real distribution. `deviation` bounds by how much it is off after ``N_j`` points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stlbounds.errors import AssumptionError
from stlbounds.generators.location_sampling import Atoms, LocationSampler
from stlbounds.generators.sampling import FiniteAlphabet, FloatArray

__all__ = ["AtomCounts", "DescendedAlphabet", "DescendedLocation", "MinimisedAlphabet", "MinimisedLocation",
           "TiltedAlphabet"]

_HALVINGS = 60
_ONE_RUN = "one run of descent draws its indices at random; call train, which has random numbers"


class MinimisedLocation(LocationSampler):
    r"""``w`` minimises the mean of ``(mu/2) w**2 - L_z w z``; new points are ``L_g w +- noise``, cut off at ``+-1/2``.

    The loss is ``mu``-strongly convex and its gradient ``mu w - L_z z`` is ``L_z``-Lipschitz in ``z``; cutting off does
    not expand. So ``kappa = L_z L_g/mu``, attained where nothing is cut off.

    Parameters
    ----------
    gradient, sampler_constant, convexity : float
        ``L_z``, ``L_g`` and ``mu``.
    noise : float
        In ``[0, 1/2]``, in units of the diameter.

    Examples
    --------
    >>> sampler = MinimisedLocation(1.0, 0.5, 2.0, noise=0.25)
    >>> sampler.fit(np.array([[4.0, 2.0]]), 10).points.tolist()
    [[-0.15, 0.35]]
    """

    def __init__(self, gradient: float, sampler_constant: float, convexity: float, noise: float) -> None:
        super().__init__(noise, half_width=0.5)
        self.pull = gradient * sampler_constant / convexity


@dataclass(frozen=True)
class AtomCounts:
    """Training sets on a line that remember their points: atoms and how often each occurs, of shape ``(R, a)``."""

    points: FloatArray
    counts: npt.NDArray[np.int64]

    @property
    def moments(self) -> FloatArray:
        """The sums of the points and of their squares, of shape ``(R, 2)``."""
        return np.stack([(self.points * self.counts).sum(axis=1), (self.points**2 * self.counts).sum(axis=1)], axis=1)


def _picked(counts: npt.NDArray[np.int64], size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """For every replica the column of a uniformly drawn point."""
    places = rng.integers(size, size=len(counts))
    return np.asarray((np.cumsum(counts, axis=1) <= places[:, None]).sum(axis=1), dtype=np.int64)


class DescendedLocation(LocationSampler):
    r"""``T`` steps of stochastic gradient descent from 0 on ``(h/2) (w - z)**2``; new points are ``L_g w +- noise``.

    ``h = min(L_z, 2/step)``: the gradient ``h (w - z)`` is ``h``-Lipschitz in ``z``, and the smoothness ``h`` is at
    most ``2/step``. One run serves a whole generation.

    Parameters
    ----------
    gradient, sampler_constant, step : float
        ``L_z``, ``L_g`` and the step size.
    steps : int
        ``T``.
    noise : float
        In ``[0, 1/2]``, in units of the diameter.

    Examples
    --------
    >>> sampler = DescendedLocation(1.0, 1.0, 0.5, 2, noise=0.25)
    >>> sample = AtomCounts(np.array([[0.2]]), np.array([[7]]))
    >>> sampler.train(sample, 7, np.random.default_rng(0)).points.round(12).tolist()
    [[-0.1, 0.4]]
    """

    shared_seed = True

    def __init__(self, gradient: float, sampler_constant: float, step: float, steps: int, noise: float) -> None:
        super().__init__(noise, half_width=0.5)
        self.lift, self.steps = sampler_constant, steps
        self.share = step * min(gradient, 2 / step) if step else 0.0

    def draw(self, law: Atoms, size: int, rng: np.random.Generator) -> AtomCounts:  # type: ignore[override]
        return AtomCounts(law.points, rng.multinomial(size, law.weights, size=len(law.points)))

    def join(self, samples: Sequence[AtomCounts]) -> AtomCounts:  # type: ignore[override]
        return AtomCounts(np.concatenate([part.points for part in samples], axis=1),
                          np.concatenate([part.counts for part in samples], axis=1))

    def weighted(self, sample: AtomCounts, weight: float) -> FloatArray:  # type: ignore[override]
        raise AssumptionError("descent visits light and heavy points equally often, so it is not run with weights")

    def fit(self, sample: AtomCounts, size: int) -> Atoms:  # type: ignore[override]
        raise AssumptionError(_ONE_RUN)

    def deviation(self, mean: float, largest: float, size: float) -> float:
        """Given its training set, ``w`` is a walk that contracts, is pulled to the mean, and has centred steps."""
        square, keep = 0.0, abs(1 - self.share)
        pulled = self.share * (mean + self.noise / math.sqrt(size))
        jump = self.share**2 * min(0.25, self.noise**2 + largest**2)
        for _ in range(self.steps):
            square = (keep * math.sqrt(square) + pulled) ** 2 + jump
        return self.lift * math.sqrt(square)

    def train(self, sample: AtomCounts, size: int, rng: np.random.Generator) -> Atoms:
        parameter = np.zeros(len(sample.points))
        for _ in range(self.steps):
            point = np.take_along_axis(sample.points, _picked(sample.counts, size, rng)[:, None], axis=1)[:, 0]
            parameter = parameter - self.share * (parameter - point)
        return self._law(self.lift * parameter)


class TiltedAlphabet(FiniteAlphabet):
    r"""The exponential family ``P_w(z) ~ q_z exp(a w s_z)``, ``q`` the real distribution, trained by its likelihood.

    The statistic ``s`` is evenly spaced, centred under ``q`` and within ``[-1, 1]``, so that ``P_0 = q`` is what the
    model learns from unlimited real data. ``TV`` changes with ``w`` at a rate of at most ``(a/2) E|s - E s| <= a/2``,
    so ``a = 2 L_TV``. The loss is ``-b log P_w(z)``, whose gradient is ``b a (E_w s - s_z)``.

    Parameters
    ----------
    probabilities : array_like
        ``q``.
    law_constant : float
        ``L_TV``.
    """

    #: ``b``.
    scale: float

    def __init__(self, probabilities: npt.ArrayLike, law_constant: float) -> None:
        super().__init__(probabilities)
        self.law_constant, self.rate = law_constant, 2 * law_constant
        raw = np.linspace(-1.0, 1.0, self.cells) if self.cells > 1 else np.zeros(1)
        raw -= self.probabilities @ raw
        self.statistic = raw / max(float(np.abs(raw).max()), 1.0)

    @property
    def unit(self) -> float:  # type: ignore[override]
        """A deviation is the root mean square of the parameter."""
        return self.law_constant

    def tilted(self, parameter: FloatArray) -> FloatArray:
        """``P_w`` for every replica.

        Examples
        --------
        >>> TiltedAlphabet([0.5, 0.5], 0.5).tilted(np.array([0.0])).tolist()
        [[0.5, 0.5]]
        """
        exponent = self.rate * parameter[:, None] * self.statistic
        weights = self.probabilities * np.exp(exponent - exponent.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=float)


class MinimisedAlphabet(TiltedAlphabet):
    r"""`TiltedAlphabet` with the ridge ``(mu/2) w**2``, minimised by bisection.

    ``b = G_l/(3 a)``: the minimiser obeys ``mu |w| <= a b``, and on that interval the gradient is at most ``3 a b``.

    Parameters
    ----------
    probabilities : array_like
    gradient, law_constant, convexity : float
        ``G_l``, ``L_TV`` and ``mu``.

    Examples
    --------
    >>> sampler = MinimisedAlphabet([0.5, 0.5], gradient=3.0, law_constant=0.5, convexity=1.0)
    >>> sampler.fit(np.array([[0, 4], [2, 2]]), 4).round(4).tolist()
    [[0.2606, 0.7394], [0.5, 0.5]]
    """

    def __init__(self, probabilities: npt.ArrayLike, gradient: float, law_constant: float, convexity: float) -> None:
        super().__init__(probabilities, law_constant)
        #: ``a b``, the force of one point.
        self.force, self.convexity = gradient / 3, convexity

    def deviation(self, mean: float, largest: float, size: float) -> float:
        """``w`` moves by at most ``a b/mu`` per unit of the mean of ``s``, and that by ``a`` per unit of ``w``."""
        return self.force / self.convexity * (self.rate * mean + 1 / math.sqrt(size))

    def fit(self, sample: npt.NDArray[np.int64], size: int) -> FloatArray:
        target = (sample / size) @ self.statistic
        high = np.full(len(sample), self.force / self.convexity)
        low = -high
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            slope = self.force * (self.tilted(middle) @ self.statistic - target) + self.convexity * middle
            low, high = np.where(slope < 0, middle, low), np.where(slope < 0, high, middle)
        return self.tilted((low + high) / 2)


class DescendedAlphabet(TiltedAlphabet):
    r"""`TiltedAlphabet` trained by ``T`` steps of stochastic gradient descent from 0.

    ``b = min(G_l/(2 a), 2/(step a**2))``: gradients are at most ``2 a b``, and the smoothness at most ``b a**2``. One
    run serves a whole generation.

    Parameters
    ----------
    probabilities : array_like
    gradient, law_constant, step : float
        ``G_l``, ``L_TV`` and the step size.
    steps : int
        ``T``.

    Examples
    --------
    >>> sampler = DescendedAlphabet([0.5, 0.5], gradient=2.0, law_constant=0.5, step=1.0, steps=1)
    >>> sampler.train(np.array([[0, 4]]), 4, np.random.default_rng(0)).round(4).tolist()
    [[0.1192, 0.8808]]
    """

    shared_seed = True

    def __init__(self, probabilities: npt.ArrayLike, gradient: float, law_constant: float, step: float,
                 steps: int) -> None:
        super().__init__(probabilities, law_constant)
        #: ``step a b``, by which one point may move the parameter.
        self.push = min(step * gradient / 2, 2 / self.rate if self.rate else math.inf)
        self.steps = steps

    def deviation(self, mean: float, largest: float, size: float) -> float:
        """Given its training set, ``w`` is a walk that does not expand, is pulled, and has centred steps."""
        square, pulled = 0.0, self.push * (self.rate * mean + 1 / math.sqrt(size))
        for _ in range(self.steps):
            square = (math.sqrt(square) + pulled) ** 2 + self.push**2
        return math.sqrt(square)

    def weighted(self, sample: npt.NDArray[np.int64], weight: float) -> FloatArray:
        raise AssumptionError("descent visits light and heavy points equally often, so it is not run with weights")

    def fit(self, sample: npt.NDArray[np.int64], size: int) -> FloatArray:
        raise AssumptionError(_ONE_RUN)

    def train(self, sample: npt.NDArray[np.int64], size: int, rng: np.random.Generator) -> FloatArray:
        parameter = np.zeros(len(sample))
        for _ in range(self.steps):
            point = self.statistic[_picked(sample, size, rng)]
            parameter = parameter - self.push * (self.tilted(parameter) @ self.statistic - point)
        return self.tilted(parameter)
