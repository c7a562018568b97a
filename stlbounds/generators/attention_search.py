r"""Adversarial search for the sensitivity of in-context transformers: ascent over tokens and weights (theory §8).

Many small moves of the tokens are worst when they all fall on one token ``k``, because displacements are added up: the
largest ratio is ``N max_k |J_k|``, ``J_k`` the derivative of the output in ``z_k``, in operator norm. It is computed by
central differences. A replacement of one token is measured as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from stlbounds.generators.attention_forward import forward
from stlbounds.generators.sampling import FloatArray

__all__ = ["Architecture", "Found", "ascend", "output", "search"]

_STEP = 1e-5
_PROPOSALS = 48
_RESTARTS = 3
_ITERATIONS = 120


@dataclass(frozen=True)
class Architecture:
    """A shape of transformer with numbers for its constants.

    Parameters
    ----------
    layers, examples, dimension : int
        ``L``, ``N`` and ``p``.
    omega : float
        Twice the largest norm of a score matrix.
    feed_forward : float, optional
        The Lipschitz constant of the feed-forward blocks, with residual branches; None for plain attention.
    """

    layers: int
    examples: int
    dimension: int
    omega: float
    feed_forward: float | None = None


@dataclass(frozen=True)
class Found:
    """The largest ratios ``N |output - output'|/sum_k |z_k - z'_k|`` that were found.

    Parameters
    ----------
    small : float
        For infinitesimal moves of the tokens.
    single : float
        For the replacement of one token.
    """

    small: float
    single: float


@dataclass
class _Batch:
    """Many configurations: tokens ``(R, N + 2, p)``, at last query and replacement; weights ``(R, L, 3, p, p)``."""

    tokens: FloatArray
    weights: FloatArray

    def moved(self, size: float, rng: np.random.Generator, copies: int) -> _Batch:
        """Copies of the only configuration, the first unchanged, the others with some coordinates moved."""
        tokens, weights = (np.repeat(part, copies, axis=0) for part in (self.tokens, self.weights))
        for part in (tokens, weights):
            step = rng.normal(scale=size, size=part.shape) * (rng.random(part.shape) < rng.choice([0.1, 0.4, 1.0]))
            step[0] = 0.0
            part += step
        return _Batch(tokens, weights)

    def best(self, scores: FloatArray) -> _Batch:
        top = int(np.argmax(scores))
        return _Batch(self.tokens[top:top + 1], self.weights[top:top + 1])


def _in_ball(points: FloatArray, radius: float = 1.0) -> FloatArray:
    norms = np.linalg.norm(points, axis=-1, keepdims=True)
    return np.asarray(points * np.minimum(1.0, radius / np.maximum(norms, 1e-300)), dtype=float)


def _admissible(batch: _Batch, made: Architecture) -> _Batch:
    """Tokens in the ball, and matrices ``Q``, ``V`` and ``F`` scaled down to the norms that are allowed."""
    limits = np.array([made.omega / 2, 1.0, made.feed_forward or 0.0])
    norms = np.linalg.norm(batch.weights, ord=2, axis=(-2, -1))
    scale = np.minimum(1.0, limits / np.maximum(norms, 1e-300))
    # The differences must stay in the ball as well.
    return _Batch(_in_ball(batch.tokens, 1.0 - 2 * _STEP), batch.weights * scale[..., None, None])


def output(examples: FloatArray, query: FloatArray, weights: FloatArray, residual: bool) -> FloatArray:
    """The transformer's output at the query.

    Parameters
    ----------
    examples : numpy.ndarray
        Of shape ``(R, N, p)``.
    query : numpy.ndarray
        Of shape ``(R, p)``.
    weights : numpy.ndarray
        ``Q``, ``V`` and ``F`` of every layer, of shape ``(R, L, 3, p, p)``; ``F`` is used with residual branches only.
    residual : bool
        Whether layers are ``proj(z + attention)`` and then ``proj(z + F z)``.

    Examples
    --------
    >>> still = np.zeros((1, 1, 3, 1, 1))
    >>> still[:, :, 1] = 1.0
    >>> output(np.array([[[0.5], [0.1]]]), np.array([[0.3]]), still, residual=False).tolist()
    [[0.3]]
    """
    return forward(examples, query[:, None], weights, residual)[:, 0]


def _small(batch: _Batch, made: Architecture) -> FloatArray:
    """``N max_k |J_k|`` of every configuration."""
    rows, count, width = len(batch.tokens), made.examples, made.dimension
    moves = np.eye(count * width).reshape(count * width, count, width) * _STEP
    both = np.concatenate([moves, -moves])
    examples = (batch.tokens[:, None, :count] + both[None]).reshape(-1, count, width)
    query = np.repeat(batch.tokens[:, count], len(both), axis=0)
    weights = np.repeat(batch.weights, len(both), axis=0)
    values = output(examples, query, weights, made.feed_forward is not None).reshape(rows, 2, count, width, width)
    jacobians = (values[:, 0] - values[:, 1]) / (2 * _STEP)
    return np.asarray(count * np.linalg.norm(jacobians, ord=2, axis=(-2, -1)).max(axis=1), dtype=float)


def _single(batch: _Batch, made: Architecture) -> FloatArray:
    """``N |output - output'|/|z_1 - z'_1|`` when the first token is replaced."""
    count = made.examples
    before = batch.tokens[:, :count]
    after = before.copy()
    after[:, 0] = batch.tokens[:, count + 1]
    residual = made.feed_forward is not None
    values = [output(part, batch.tokens[:, count], batch.weights, residual) for part in (before, after)]
    moved = np.linalg.norm(before[:, 0] - after[:, 0], axis=1)
    # Differences of nearly equal tokens would measure rounding; small moves have a search of their own.
    ratio = count * np.linalg.norm(values[0] - values[1], axis=1) / np.maximum(moved, 1e-3)
    return np.asarray(np.where(moved > 1e-3, ratio, 0.0), dtype=float)


def _start(made: Architecture, number: int, rng: np.random.Generator) -> _Batch:
    """The first start: one token against all others, weights that favour it; then random ones."""
    count, width = made.examples, made.dimension
    if number:
        return _Batch(rng.normal(size=(1, count + 2, width)), rng.normal(size=(1, made.layers, 3, width, width)))
    tokens = np.zeros((1, count + 2, width))
    tokens[..., 0] = -1.0
    tokens[:, 0, 0] = tokens[:, count, 0] = 1.0
    tokens[:, count + 1, 0] = 0.9
    weights = np.tile(np.eye(width), (1, made.layers, 3, 1, 1))
    weights[:, :, 0] *= made.omega / 2
    return _Batch(tokens, weights)


def search(*, layers: int, omega: float, examples: int, dimension: int, seed: int,
           feed_forward: float | None = None) -> Found:
    """The largest ratios that a coordinate ascent with restarts finds.

    Parameters
    ----------
    layers, examples, dimension : int
        ``L``, ``N`` and ``p``.
    omega : float
        Scores lie in ``[-omega/2, omega/2]``.
    seed : int
        Seed of the starts and steps.
    feed_forward : float, optional
        The Lipschitz constant of the feed-forward blocks, with residual branches.

    Returns
    -------
    Found
        Lower bounds on the sensitivity.
    """
    made = Architecture(layers, examples, dimension, omega, feed_forward)
    rng = np.random.default_rng(seed)
    small, single = (
        max(_ascent(lambda batch, measure=measure: measure(batch, made),  # type: ignore[misc]
                    _start(made, number, rng), made, rng) for number in range(_RESTARTS))
        for measure in (_small, _single))
    return Found(small, single)


def _ascent(measure: Callable[[_Batch], FloatArray], start: _Batch, made: Architecture,
            rng: np.random.Generator) -> float:
    """The largest value that is found from one start, with steps that grow after a success and shrink otherwise."""
    state, size = _admissible(start, made), 0.5
    value = float(measure(state)[0])
    for _ in range(_ITERATIONS):
        proposals = _admissible(state.moved(size, rng, _PROPOSALS), made)
        scores = measure(proposals)
        size = max(size * 0.85, 1e-3) if scores.max() <= value else min(size * 1.3, 1.0)
        if scores.max() > value:
            value, state = float(scores.max()), proposals.best(scores)
    return value


def ascend(measure: Callable[[FloatArray], FloatArray], starts: Sequence[FloatArray],
           rng: np.random.Generator) -> float:
    """The largest value of a function of tokens in the unit ball, weights being fixed.

    Parameters
    ----------
    measure : callable
        From configurations, of shape ``(R, k, p)``, to one number for each.
    starts : sequence of numpy.ndarray
        Configurations of shape ``(k, p)``; tokens outside of the ball are put onto it.
    rng : numpy.random.Generator
        Source of the steps.

    Examples
    --------
    >>> apart = lambda tokens: np.linalg.norm(tokens[:, 0] - tokens[:, 1], axis=1)
    >>> round(ascend(apart, [np.eye(2)], np.random.default_rng(0)), 2)
    2.0
    """
    fixed = Architecture(0, starts[0].shape[0], starts[0].shape[1], 0.0)
    none = np.zeros((1, 0, 3, fixed.dimension, fixed.dimension))
    return max(_ascent(lambda batch: measure(batch.tokens), _Batch(start[None], none), fixed, rng)
               for start in starts)
