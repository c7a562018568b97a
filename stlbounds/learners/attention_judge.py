r"""The judge of a transformer that learns in context: training is reading the training set as the context (theory §8).

A point is a token ``z = (x, y)`` of an input ``x`` and an output ``y``, its last coordinate. The prediction at ``x`` is
the last coordinate of the model's output for the query ``(x, 0)``, the loss ``c |prediction - y|``. Weights are as in
`stlbounds.generators.attention_sampling`, with which attention is a kernel regression: ``Q = (omega/2) I``, ``V = I``
and ``F = L_f I``.

A move of the query by ``d`` moves the output by at most ``q d``, ``q = (omega/2)**L``, with residual branches
``((1 + omega/2)(1 + L_f))**L``; so the loss is ``c sqrt(1 + q**2)``-Lipschitz in the token, and distances are divided
by the diameter 2: ``M >= 2 c sqrt(1 + q**2)``. The loss is ``c``-Lipschitz in the output: ``ell_L >= c``. The judge
takes the largest ``c`` that both allow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from stlbounds.errors import AssumptionError
from stlbounds.generators.attention_forward import forward
from stlbounds.generators.attention_sampling import TokenLaw, Tokens
from stlbounds.generators.attention_search import ascend
from stlbounds.generators.point_sampling import PointLaw, Points
from stlbounds.generators.sampling import FloatArray
from stlbounds.learners.judging import Judge
from stlbounds.learners.symbols_as_tokens import CountedTokens

__all__ = ["AttentionJudge", "Context", "judged_constants"]

#: Scores that are computed at a time: some tens of megabytes.
_SCORES = 2_000_000
_LEAST_MOVE = 1e-3


@dataclass(frozen=True)
class Context:
    """The hypothesis: what the model reads, ``points`` of shape ``(R, N, p)``, and how often each point is there."""

    points: FloatArray
    counts: FloatArray | None = None


def _in_tokens(points: FloatArray) -> FloatArray:
    """Points of the ball of diameter 1 as tokens of the unit ball; a number is an output without an input."""
    return np.asarray(2 * (np.pad(points, ((0, 0), (0, 0), (1, 0))) if points.shape[2] == 1 else points), dtype=float)


def _tokens(sample: Tokens | Points) -> FloatArray:
    return sample.points if isinstance(sample, Tokens) else _in_tokens(sample.points)


class AttentionJudge(Judge):
    """A transformer in context under ``c |prediction - y|``.

    Parameters
    ----------
    layers : int
        ``L``.
    omega : float
        Scores lie in ``[-omega/2, omega/2]``.
    feed_forward : float or None
        ``L_f``, with residual branches; None without them.
    output_lipschitz, loss_constant : float
        ``ell_L`` and ``M``.

    Examples
    --------
    >>> judge = AttentionJudge(1, 0.0, None, 1.0, math.inf)
    >>> context = judge.fit(Tokens(np.array([[[0.8, 0.3], [-0.8, 0.1]]])), 2)
    >>> judge.predictions(context, np.array([[0.0, 0.0]])).round(12).tolist()
    [[0.2]]
    """

    def __init__(self, layers: int, omega: float, feed_forward: float | None, output_lipschitz: float,
                 loss_constant: float = math.inf) -> None:
        self.residual = feed_forward is not None
        self._scales = np.array([omega / 2, 1.0, feed_forward or 0.0])
        self.layers = layers
        query = omega / 2 if feed_forward is None else (1 + omega / 2) * (1 + feed_forward)
        self.slope = min(output_lipschitz, loss_constant / (2 * math.sqrt(1 + query ** (2 * layers))))

    def predictions(self, hypothesis: Context, inputs: FloatArray) -> FloatArray:
        """The model's predictions, of shape ``(R, S)``, at tokens of shape ``(S, p)`` or ``(R, S, p)``."""
        replicas, examples, width = hypothesis.points.shape
        queries = np.array(np.broadcast_to(inputs, (replicas, *inputs.shape[-2:])))
        queries[..., -1] = 0.0
        scaled = self._scales[:, None, None] * np.eye(width)
        weights = np.broadcast_to(scaled, (self.layers, *scaled.shape))
        rows = max(1, _SCORES // (examples * (examples + queries.shape[1])))
        parts = [forward(hypothesis.points[k:k + rows], queries[k:k + rows], weights, self.residual,
                         None if hypothesis.counts is None else hypothesis.counts[k:k + rows])[..., -1]
                 for k in range(0, replicas, rows)]
        return np.concatenate(parts)

    def losses(self, hypothesis: Context, tokens: FloatArray) -> FloatArray:
        """The losses at tokens of shape ``(S, p)`` or ``(R, S, p)``."""
        return np.asarray(self.slope * np.abs(self.predictions(hypothesis, tokens) - tokens[..., -1]), dtype=float)

    def fit(self, sample: Any, size: int) -> Context:
        if isinstance(sample, CountedTokens):
            shape = (len(sample.counts), *sample.tokens.shape)
            return Context(np.broadcast_to(sample.tokens, shape), np.asarray(sample.counts, dtype=float))
        if isinstance(sample, (Tokens, Points)):
            return Context(_tokens(sample))
        raise AssumptionError("a transformer reads every token of its context, and this generator's samples are known "
                              "by their moments only; simulate the learner with a transformer, with a generator on a "
                              "finite alphabet, or with a function of points (simulator=...)")

    def risk(self, hypothesis: Context, law: Any) -> FloatArray:
        if isinstance(law, CountedTokens):
            return np.asarray((law.counts * self.losses(hypothesis, law.tokens)).sum(axis=1), dtype=float)
        if isinstance(law, PointLaw):
            return np.asarray(self.losses(hypothesis, _in_tokens(law.points)) @ law.weights, dtype=float)
        if not isinstance(law, TokenLaw):
            raise AssumptionError("a transformer is judged on laws of tokens, or of a finite alphabet")
        found = self.predictions(hypothesis, law.inputs)[..., None]
        return np.asarray((self.slope * np.abs(found - law.outputs) @ law.weights).mean(axis=1), dtype=float)

    def empirical_risk(self, hypothesis: Context, sample: Any, size: int) -> FloatArray:
        if isinstance(sample, CountedTokens):
            return self.risk(hypothesis, sample) / size
        points = _tokens(sample)
        # Tokens with one input share a prediction; fresh inputs are few in the simulated loops.
        inputs, place = np.unique(points[..., :-1].reshape(-1, points.shape[2] - 1), axis=0, return_inverse=True)
        if len(inputs) >= size:
            return np.asarray(self.losses(hypothesis, points).mean(axis=1), dtype=float)
        found = self.predictions(hypothesis, np.pad(inputs, ((0, 0), (0, 1))))
        at_points = np.take_along_axis(found, place.reshape(points.shape[:2]), axis=1)
        return np.asarray(self.slope * np.abs(at_points - points[..., -1]).mean(axis=1), dtype=float)


def judged_constants(judge: AttentionJudge, examples: int, dimension: int, seed: int) -> tuple[float, float]:
    """The stability and the loss constant of a judge, by ascent over contexts, replacements and test tokens.

    Displacements add up over tokens, so that moves of one token, large and small, show the worst ratio.

    Parameters
    ----------
    judge : AttentionJudge
        What is searched.
    examples, dimension : int
        ``N`` and ``p``, at least 2.
    seed : int
        Seed of the search.

    Returns
    -------
    tuple of float
        Lower bounds on ``beta_N`` and ``M``, for distances that are divided by 2.
    """
    rng = np.random.default_rng(seed)

    def ratio(change: FloatArray, one: FloatArray, other: FloatArray) -> FloatArray:
        moved = np.linalg.norm(one - other, axis=1) / 2
        # A smaller move would measure rounding.
        return np.asarray(np.where(moved > _LEAST_MOVE, change / np.maximum(moved, _LEAST_MOVE), 0.0), dtype=float)

    def stability(tokens: FloatArray) -> FloatArray:
        context, other, test = tokens[:, :examples], tokens[:, examples], tokens[:, examples + 1:]
        changed = np.concatenate([other[:, None], context[:, 1:]], axis=1)
        losses = [judge.losses(Context(part), test)[:, 0] for part in (context, changed)]
        return ratio(np.abs(losses[0] - losses[1]), context[:, 0], other)

    def loss(tokens: FloatArray) -> FloatArray:
        losses = judge.losses(Context(tokens[:, :examples]), tokens[:, examples:])
        return ratio(np.abs(losses[:, 0] - losses[:, 1]), tokens[:, examples], tokens[:, examples + 1])

    start = np.zeros((examples + 2, dimension))
    start[0, -1], start[examples, -1], start[examples + 1, -1] = 0.9, -0.9, -1.0
    starts = [start, *rng.uniform(-0.7, 0.7, size=(2, examples + 2, dimension))]
    return ascend(stability, starts, rng), ascend(loss, starts, rng)
