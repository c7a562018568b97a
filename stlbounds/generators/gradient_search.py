"""Training runs on a line that come close to the sensitivity of gradient-trained generators (theory §7)."""

from __future__ import annotations

import math

import numpy as np

from stlbounds.generators.sampling import FloatArray
from stlbounds.proof.metric import Metric

__all__ = ["measured"]

_PAIRS = 200
_GRID = 20_001


def measured(metric: Metric, gradient: float, sampler: float, examples: int, seed: int, *,
             convexity: float | None = None, walk: tuple[float, int] | None = None) -> float:
    """The largest ``N W(G(S), G(S'))/dist(S, S')`` that was found.

    Parameters
    ----------
    metric : Metric
        Of ``W`` and ``dist``.
    gradient, sampler : float
        ``L_z`` and ``L_g``, or ``G_l`` and ``L_TV``.
    examples, seed : int
        The size of the training sets, and the seed.
    convexity : float, optional
        ``mu``, for minimisers.
    walk : tuple of (float, int), optional
        Step size and number of steps, for stochastic gradient descent.
    """
    rng = np.random.default_rng(seed)
    if metric is Metric.EUCLIDEAN:
        return _euclidean(gradient, sampler, examples, rng, convexity, walk)
    return _discrete(gradient, sampler, examples, convexity, walk)


def _euclidean(gradient: float, sampler: float, examples: int, rng: np.random.Generator, convexity: float | None,
               walk: tuple[float, int] | None) -> float:
    """Losses ``(mu/2) w**2 - L_z w z``, points ``L_g w + xi``: the distance of the laws is that of the parameters."""
    points = rng.normal(size=(_PAIRS, examples))
    moves = rng.normal(size=(_PAIRS, examples))
    moves[::2] = moves[::2, :1]
    if convexity is not None:
        shifts = np.abs(gradient / convexity * moves.mean(axis=1))
    else:
        step, count = walk or (0.0, 0)
        chosen = rng.integers(examples, size=(_PAIRS, count))
        before, after = (np.take_along_axis(part, chosen, axis=1).sum(axis=1) for part in (points, points + moves))
        # Only where all points move alike is the shift the same for every seed, and so the distance of the laws.
        shifts = np.abs(step * gradient * (after - before))[::2]
        moves = moves[::2]
    return float((examples * sampler * shifts / np.abs(moves).sum(axis=1)).max())


def _discrete(gradient: float, sampler: float, examples: int, convexity: float | None,
              walk: tuple[float, int] | None) -> float:
    """One record with gradient ``+g`` is replaced by one with ``-g``; new points are normal with ``L_TV`` as given."""
    sigma = 1 / (sampler * math.sqrt(2 * math.pi))
    if convexity is not None:
        # On [-W, W] with W = 2 G/(mu N) the gradient mu w - g stays below G.
        pull = gradient * (1 - 2 / examples)
        shift = 2 * pull / (convexity * examples)
        return examples * math.erf(shift / (2 * math.sqrt(2) * sigma))
    step, count = walk or (0.0, 0)
    weights = _binomial(count, 1 / examples)
    reach = step * gradient * np.arange(count + 1)
    width = float(reach[-1]) + 12 * sigma
    grid = np.linspace(-width, width, _GRID)
    laws = [np.exp(-((grid[:, None] - sign * reach) ** 2) / (2 * sigma**2)) @ weights for sign in (-1, 1)]
    spacing = grid[1] - grid[0]
    distance = 0.5 * np.abs(laws[0] - laws[1]).sum() * spacing / (sigma * math.sqrt(2 * math.pi))
    return float(examples * distance)


def _binomial(count: int, probability: float) -> FloatArray:
    return np.array([math.comb(count, k) * probability**k * (1 - probability) ** (count - k) for k in range(count + 1)])
