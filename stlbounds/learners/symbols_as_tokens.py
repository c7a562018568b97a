r"""A finite alphabet as points of a Euclidean space: Euclidean learners are simulated with discrete generators.

Theory §2 allows this: what is Lipschitz in the Euclidean metric is so in the discrete one as well, since two different
points are at most the diameter apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from stlbounds.generators.sampling import FloatArray, Sampler
from stlbounds.learners.base import UniformlyStable
from stlbounds.learners.judging import FiniteJudge, Hypothesis, Judge

__all__ = ["CountedTokens", "SymbolJudge", "judge_for", "symbol_tokens"]

_RADIUS = 0.8


def symbol_tokens(cells: int) -> FloatArray:
    """Tokens in the unit disc: symbol ``z`` has the input ``z // 2``, evenly spaced, and one of two opposite outputs.

    Examples
    --------
    >>> symbol_tokens(4).round(1).tolist()
    [[-0.8, -0.6], [-0.8, 0.6], [0.8, -0.6], [0.8, 0.6]]
    >>> symbol_tokens(2).tolist()
    [[0.0, -1.0], [0.0, 1.0]]
    """
    symbols, inputs = np.arange(cells), (cells + 1) // 2
    places = _RADIUS * np.linspace(-1.0, 1.0, inputs) if inputs > 1 else np.zeros(1)
    height = math.sqrt(1.0 - places[0] ** 2)
    return np.stack([places[symbols // 2], height * (2.0 * (symbols % 2) - 1.0)], axis=1)


@dataclass(frozen=True)
class CountedTokens:
    """A training set, or a law, of finitely many tokens in the unit ball.

    Parameters
    ----------
    tokens : numpy.ndarray
        Of shape ``(K, p)``.
    counts : numpy.ndarray
        How often each occurs, or its probability, of shape ``(R, K)``.

    Examples
    --------
    >>> CountedTokens(symbol_tokens(2), np.array([[3, 1]])).moments.tolist()
    [[0.0, -1.0, 1.0]]
    """

    tokens: FloatArray
    counts: FloatArray

    @property
    def moments(self) -> FloatArray:
        """Sums (or means) of the tokens and of their squared norms, in units of the diameter, ``(R, p + 1)``."""
        scaled = self.tokens / 2.0
        return np.asarray(self.counts @ np.concatenate([scaled, (scaled**2).sum(axis=1, keepdims=True)], axis=1),
                          dtype=float)


class SymbolJudge(Judge):
    """A Euclidean judge for samples and laws of a finite alphabet.

    Parameters
    ----------
    base : Judge
        What fits and judges tokens.
    cells : int
        The number of symbols.

    Examples
    --------
    >>> from stlbounds.learners import MeanFit
    >>> judge = SymbolJudge(MeanFit().judge({}), 2)
    >>> judge.risk(judge.fit(np.array([[3, 1]]), 4), np.array([[0.5, 0.5]])).tolist()
    [0.15625]
    """

    def __init__(self, base: Judge, cells: int) -> None:
        self.base, self.tokens = base, symbol_tokens(cells)

    def fit(self, sample: FloatArray, size: int) -> Hypothesis:
        return self.base.fit(CountedTokens(self.tokens, sample), size)

    def risk(self, hypothesis: Hypothesis, law: FloatArray) -> FloatArray:
        return self.base.risk(hypothesis, CountedTokens(self.tokens, law))

    def empirical_risk(self, hypothesis: Hypothesis, sample: FloatArray, size: int) -> FloatArray:
        return self.base.empirical_risk(hypothesis, CountedTokens(self.tokens, sample), size)


def judge_for(learner: UniformlyStable, values: Any, sampler: Sampler) -> Judge:
    """The judge of a learner, for the samples that a sampler draws.

    Parameters
    ----------
    learner : UniformlyStable
        With a judge.
    values : mapping of str to number
        Values of the symbols.
    sampler : Sampler
        What the judge is going to be used with.

    Examples
    --------
    >>> from stlbounds.generators.sampling import FiniteAlphabet
    >>> from stlbounds.learners import BrierFit, MeanFit
    >>> sampler = FiniteAlphabet([0.5, 0.5])
    >>> [type(judge_for(learner, {}, sampler)).__name__ for learner in (BrierFit(), MeanFit())]
    ['FiniteBrierJudge', 'SymbolJudge']
    """
    judge = learner.judge(values)
    law = sampler.shown_law(sampler.real(1))
    # Laws that are shown as plain arrays are probabilities of symbols.
    if isinstance(law, np.ndarray) and not isinstance(judge, FiniteJudge):
        return SymbolJudge(judge, law.shape[1])
    return judge
