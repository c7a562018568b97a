"""Linear regression on Gaussian designs: Gram matrices are Wishart, labels one normal vector each (theory §11)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.sampling import FloatArray, Sampler
from stlbounds.learners.judging import Judge
from stlbounds.simulation.exact.pointwise import Shortcut

__all__ = ["NORMAL_EQUATIONS", "LinearLaw", "NormalEquations", "RegressionJudge", "RegressionSampler"]


@dataclass(frozen=True)
class LinearLaw:
    """``y = x . w + noise``: coefficients of shape ``(R, d)``, and the Gram matrix of the design if that is kept."""

    coefficients: FloatArray
    gram: FloatArray | None = None


@dataclass(frozen=True)
class NormalEquations:
    """``X'X``, ``X'y``, ``y'y``, and the Gram matrix of one design, if that is kept for all generations."""

    gram: FloatArray
    moment: FloatArray
    squares: FloatArray
    kept: FloatArray | None = None


class RegressionSampler(Sampler):
    r"""Least squares fitted to labels that the last fit made, simulated by its normal equations.

    The rows of the design are standard normal, so :math:`X'X` is Wishart (drawn by Bartlett's decomposition
    :math:`AA'`), and given it :math:`X'y = X'Xw + \sigma A z` with :math:`z` standard normal, while the part of the
    noise off the design adds :math:`\sigma^2\chi^2_{m-d}` to :math:`y'y`.

    Parameters
    ----------
    coefficients : array_like
        ``w`` of the real distribution, of length ``d >= 1``.
    noise : float
        ``sigma >= 0``, the standard deviation of the labels about the fit.
    same_design : bool
        Whether one design serves all generations of a replica; all pools must then have one size.

    References
    ----------
    Theory §11; E. Dohmatob, Y. Feng, J. Kempe (2024); M. Gerstgrasser et al. (2024); A. Dey, D. Donoho (2024).

    Examples
    --------
    >>> sampler = RegressionSampler([0.0, 0.0], 1.0)
    >>> sampler.draw(sampler.real(5), 12, np.random.default_rng(0)).gram.shape
    (5, 2, 2)
    """

    def __init__(self, coefficients: Sequence[float], noise: float = 1.0, same_design: bool = False) -> None:
        self.coefficients = np.asarray(coefficients, dtype=float)
        if self.coefficients.ndim != 1 or self.coefficients.size == 0 or not np.all(np.isfinite(self.coefficients)):
            raise InvalidArgumentError("coefficients", coefficients, "a nonempty list of finite numbers")
        if not (math.isfinite(noise) and noise >= 0):
            raise InvalidArgumentError("noise", noise, "finite and nonnegative")
        self.noise, self.same_design = float(noise), bool(same_design)

    @property
    def dimension(self) -> int:
        """``d``."""
        return int(self.coefficients.size)

    def real(self, replicas: int) -> LinearLaw:
        return LinearLaw(np.tile(self.coefficients, (replicas, 1)))

    def draw(self, law: LinearLaw, size: int, rng: np.random.Generator) -> NormalEquations:
        if size < self.dimension:
            raise InvalidArgumentError("size", size, f"at least d = {self.dimension}",
                                       "least squares needs as many points as coefficients")
        replicas = len(law.coefficients)
        root = _bartlett(replicas, self.dimension, size, rng) if law.gram is None else np.linalg.cholesky(law.gram)
        gram = root @ root.transpose(0, 2, 1) if law.gram is None else law.gram
        shocks = self.noise * rng.standard_normal((replicas, self.dimension, 1))
        # y is the sum of a vector in the span of the design, here A'w + sigma z, and noise off it.
        spanned = root.transpose(0, 2, 1) @ law.coefficients[:, :, None] + shocks
        rest = rng.chisquare(size - self.dimension, replicas) if size > self.dimension else np.zeros(replicas)
        squares = (spanned[:, :, 0] ** 2).sum(axis=1) + self.noise**2 * rest
        return NormalEquations(gram, (root @ spanned)[:, :, 0], squares, gram if self.same_design else None)

    def join(self, samples: Sequence[NormalEquations]) -> NormalEquations:
        gram, moment, squares = samples[0].gram, samples[0].moment, samples[0].squares
        for part in samples[1:]:
            gram, moment, squares = gram + part.gram, moment + part.moment, squares + part.squares
        return NormalEquations(gram, moment, squares, samples[0].kept)

    def weighted(self, sample: NormalEquations, weight: float) -> NormalEquations:
        return NormalEquations(weight * sample.gram, weight * sample.moment, weight * sample.squares, sample.kept)

    def fit(self, sample: NormalEquations, size: int) -> LinearLaw:
        return LinearLaw(_solved(sample), sample.kept)

    def mix(self, laws: Sequence[LinearLaw], weights: Sequence[float]) -> LinearLaw:
        """The law with the mean of the coefficients, which has the same regression function as the mixture."""
        total = np.zeros_like(laws[0].coefficients)
        for law, weight in zip(laws, weights, strict=True):
            total += weight * law.coefficients
        return LinearLaw(total)

    def distance(self, first: LinearLaw, second: LinearLaw) -> FloatArray:
        """The Euclidean distance of the coefficients: of regression functions, and no Wasserstein distance of data."""
        return np.asarray(np.linalg.norm(first.coefficients - second.coefficients, axis=1), dtype=float)

    def numbers(self, size: int) -> int:
        return self.dimension * (self.dimension + 1)


def _solved(sample: NormalEquations) -> FloatArray:
    return np.asarray(np.linalg.solve(sample.gram, sample.moment[:, :, None])[:, :, 0], dtype=float)


def _bartlett(replicas: int, dimension: int, size: int, rng: np.random.Generator) -> FloatArray:
    """Lower triangular ``A`` with ``AA'`` Wishart of ``size`` degrees of freedom."""
    root = np.tril(rng.standard_normal((replicas, dimension, dimension)), -1)
    degrees = size - np.arange(dimension)
    diagonal = np.arange(dimension)
    root[:, diagonal, diagonal] = np.sqrt(rng.chisquare(degrees, (replicas, dimension)))
    return root


class RegressionJudge(Judge):
    """Least squares under the squared error of a label: the risk is ``sigma**2`` plus the excess risk ``|h - w|**2``.

    Parameters
    ----------
    noise : float
        ``sigma``, that of the sampler.
    """

    def __init__(self, noise: float = 1.0) -> None:
        self.noise = float(noise)

    def fit(self, sample: NormalEquations, size: int) -> FloatArray:
        return _solved(sample)

    def risk(self, hypothesis: FloatArray, law: LinearLaw) -> FloatArray:
        return np.asarray(self.noise**2 + ((hypothesis - law.coefficients) ** 2).sum(axis=1), dtype=float)

    def empirical_risk(self, hypothesis: FloatArray, sample: NormalEquations, size: int) -> FloatArray:
        fitted = (sample.gram @ hypothesis[:, :, None])[:, :, 0]
        residual = sample.squares + ((fitted - 2 * sample.moment) * hypothesis).sum(axis=1)
        return np.asarray(residual / size, dtype=float)


def _points(sampler: RegressionSampler, law: LinearLaw, size: int, rng: np.random.Generator) -> FloatArray:
    """Rows ``(x, y)``, of shape ``(R, size, d + 1)``."""
    replicas, dimension = law.coefficients.shape
    design = rng.standard_normal((replicas, size, dimension))
    if law.gram is not None:
        # Any design with this Gram matrix will do: the noise is rotation invariant.
        design = np.linalg.qr(design)[0] @ np.linalg.cholesky(law.gram).transpose(0, 2, 1)
    labels = design @ law.coefficients[:, :, None] + sampler.noise * rng.standard_normal((replicas, size, 1))
    return np.concatenate([design, labels], axis=2)


def _summary(sampler: RegressionSampler, points: FloatArray) -> NormalEquations:
    design, labels = points[:, :, :-1], points[:, :, -1:]
    transposed = design.transpose(0, 2, 1)
    gram = transposed @ design
    squares = (labels[:, :, 0] ** 2).sum(axis=1)
    return NormalEquations(gram, (transposed @ labels)[:, :, 0], squares, gram if sampler.same_design else None)


NORMAL_EQUATIONS = Shortcut("Wishart Gram matrices and normal moments", _points, _summary,
                            lambda sampler: sampler.dimension + 1)
