"""Gaussian loops: the mean of a sample is normal, the sum of squares about it a chi-square, and the two independent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.sampling import FloatArray, Sampler
from stlbounds.learners.judging import Judge
from stlbounds.simulation.exact.pointwise import Shortcut

__all__ = ["MOMENTS", "GaussianMoments", "GaussianSampler", "Gaussians", "LinearLossJudge"]

FITS = ("maximum likelihood", "unbiased", "mean")
#: Points at which the distribution functions of mixtures are compared.
_NODES = 801

_erf = np.frompyfunc(math.erf, 1, 1)


@dataclass(frozen=True)
class Gaussians:
    """Mixtures of normal laws: means and variances of shape ``(R, components)``, weights of shape ``(components,)``."""

    means: FloatArray
    variances: FloatArray
    weights: FloatArray


@dataclass(frozen=True)
class GaussianMoments:
    """The weight of a sample, its mean, and the sum of squares about that mean, per replica."""

    count: float
    mean: FloatArray
    squares: FloatArray


class GaussianSampler(Sampler):
    r"""A normal law fitted by its mean and variance, or by its mean alone, simulated by sufficient statistics.

    A sample of :math:`m` points has mean :math:`\mu + \sigma Z/\sqrt m` and sum of squares
    :math:`\sigma^2 \chi^2_{m-1}` about it, independent of each other.

    Parameters
    ----------
    mean, variance : float
        Of the real distribution; the variance positive.
    fit : {"maximum likelihood", "unbiased", "mean"}
        The sum of squares divided by ``N``, or by ``N - 1``; or the variance known, the location model of theory §11.
    pull : float
        Nonnegative; the fitted mean is ``mean + pull (sample mean - mean)``, so ``kappa = pull``, which may exceed 1.
    diameter : float
        By which distances are divided.

    References
    ----------
    Theory §11.

    Examples
    --------
    >>> sampler = GaussianSampler(0.0, 4.0)
    >>> sample = GaussianMoments(10, np.array([1.0]), np.array([20.0]))
    >>> sampler.diversity(sampler.fit(sample, 10))["variance"].tolist()
    [2.0]
    """

    def __init__(
        self, mean: float = 0.0, variance: float = 1.0,
        fit: Literal["maximum likelihood", "unbiased", "mean"] = "maximum likelihood",
        pull: float = 1.0, diameter: float = 1.0,
    ) -> None:
        if not math.isfinite(mean):
            raise InvalidArgumentError("mean", mean, "finite")
        for name, value in (("variance", variance), ("diameter", diameter)):
            if not (math.isfinite(value) and value > 0):
                raise InvalidArgumentError(name, value, "finite and positive")
        if not (math.isfinite(pull) and pull >= 0):
            raise InvalidArgumentError("pull", pull, "finite and nonnegative")
        if fit not in FITS:
            raise InvalidArgumentError("fit", repr(fit), f"one of {', '.join(FITS)}")
        self.mean, self.variance, self.kind, self.pull = float(mean), float(variance), fit, float(pull)
        self.diameter = float(diameter)

    def _one(self, means: FloatArray, variances: FloatArray) -> Gaussians:
        return Gaussians(means[:, None], variances[:, None], np.ones(1))

    def real(self, replicas: int) -> Gaussians:
        return self._one(np.full(replicas, self.mean), np.full(replicas, self.variance))

    def draw(self, law: Gaussians, size: int, rng: np.random.Generator) -> GaussianMoments:
        mean, variance = _single(law)
        squares = rng.chisquare(size - 1, mean.size) if size > 1 else np.zeros(mean.size)
        return GaussianMoments(size, mean + np.sqrt(variance / size) * rng.standard_normal(mean.size),
                               variance * squares)

    def join(self, samples: Sequence[GaussianMoments]) -> GaussianMoments:
        total = samples[0]
        for part in samples[1:]:
            count = total.count + part.count
            gap = part.mean - total.mean
            # Sums of squares about the joint mean, without cancellation.
            total = GaussianMoments(count, total.mean + gap * (part.count / count),
                                    total.squares + part.squares + gap**2 * (total.count * part.count / count))
        return total

    def weighted(self, sample: GaussianMoments, weight: float) -> GaussianMoments:
        return GaussianMoments(weight * sample.count, sample.mean, weight * sample.squares)

    def fit(self, sample: GaussianMoments, size: int) -> Gaussians:
        mean = sample.mean if self.pull == 1 else self.mean + self.pull * (sample.mean - self.mean)
        if self.kind == "mean":
            return self._one(mean, np.full(mean.size, self.variance))
        points = size if self.kind == "maximum likelihood" else size - 1
        if points <= 0:
            raise InvalidArgumentError("size", size, "at least 2", "one point has no unbiased variance")
        return self._one(mean, sample.squares / points)

    def mix(self, laws: Sequence[Gaussians], weights: Sequence[float]) -> Gaussians:
        if len(laws) == 1:
            return laws[0]
        return Gaussians(np.concatenate([law.means for law in laws], axis=1),
                         np.concatenate([law.variances for law in laws], axis=1),
                         np.concatenate([weight * law.weights for law, weight in zip(laws, weights, strict=True)]))

    def distance(self, first: Gaussians, second: Gaussians) -> FloatArray:
        if first.weights.size == second.weights.size == 1:
            found = _between_normals(*_single(first), *_single(second))
        else:
            found = _between_mixtures(first, second)
        return np.asarray(found / self.diameter, dtype=float)

    def diversity(self, law: Gaussians) -> dict[str, FloatArray]:
        """The mean of the law, and its variance, which collapses in a loop of maximum-likelihood fits."""
        if law.weights.size == 1:
            mean, variance = _single(law)
            return {"mean": mean, "variance": variance}
        mean = law.means @ law.weights
        return {"mean": mean, "variance": (law.variances + law.means**2) @ law.weights - mean**2}

    def numbers(self, size: int) -> int:
        return 3


def _single(law: Gaussians) -> tuple[FloatArray, FloatArray]:
    if law.weights.size != 1:
        raise InvalidArgumentError("law", f"{law.weights.size} components", "one distribution, not a mixture")
    return law.means[:, 0], law.variances[:, 0]


def _between_normals(
    mean: FloatArray, variance: FloatArray, other: FloatArray, other_variance: FloatArray
) -> FloatArray:
    """``E |a + b Z|`` with the differences ``a`` of means and ``b`` of deviations: on a line, the coupling by ranks."""
    shift = np.abs(mean - other)
    spread = np.abs(np.sqrt(variance) - np.sqrt(other_variance))
    ratio = np.divide(shift, spread, out=np.full(shift.shape, np.inf), where=spread > 0)
    tail = math.sqrt(2 / math.pi) * np.exp(-0.5 * np.minimum(ratio, 40.0) ** 2)
    return np.asarray(spread * tail + shift * _erf(ratio / math.sqrt(2)).astype(float), dtype=float)


def _between_mixtures(first: Gaussians, second: Gaussians) -> FloatArray:
    """The area between the distribution functions, by the trapezoidal rule on 801 points out to 9 deviations."""
    means = np.concatenate([first.means, second.means], axis=1)
    reach = 9 * np.sqrt(np.concatenate([first.variances, second.variances], axis=1))
    low, high = (means - reach).min(axis=1), (means + reach).max(axis=1)
    nodes = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, _NODES)
    area = np.abs(_cdf(first, nodes) - _cdf(second, nodes))
    return np.asarray((area[:, 1:] + area[:, :-1]).sum(axis=1) * (high - low) / (2 * (_NODES - 1)), dtype=float)


def _cdf(law: Gaussians, nodes: FloatArray) -> FloatArray:
    total = np.zeros_like(nodes)
    for k, weight in enumerate(law.weights):
        scale = np.sqrt(2 * np.maximum(law.variances[:, k : k + 1], np.finfo(float).tiny))
        total += weight * 0.5 * (1 + _erf((nodes - law.means[:, k : k + 1]) / scale).astype(float))
    return total


class LinearLossJudge(Judge):
    """A constant hypothesis with loss ``z``: the gap is the mean of the real law less that of the training set."""

    def fit(self, sample: GaussianMoments, size: int) -> None:
        return None

    def risk(self, hypothesis: None, law: Gaussians) -> FloatArray:
        return np.asarray(law.means @ law.weights, dtype=float)

    def empirical_risk(self, hypothesis: None, sample: GaussianMoments, size: int) -> FloatArray:
        return sample.mean


def _points(sampler: GaussianSampler, law: Gaussians, size: int, rng: np.random.Generator) -> FloatArray:
    mean, variance = _single(law)
    return mean[:, None] + np.sqrt(variance)[:, None] * rng.standard_normal((mean.size, size))


def _summary(sampler: GaussianSampler, points: FloatArray) -> GaussianMoments:
    mean = points.mean(axis=1)
    return GaussianMoments(points.shape[1], mean, ((points - mean[:, None]) ** 2).sum(axis=1))


MOMENTS = Shortcut("normal means and chi-square sums of squares", _points, _summary, lambda sampler: 1)
