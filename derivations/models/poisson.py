"""A Poisson rate model of counts, cut off at ``B``: the rate is the mean of the training set.

``G(S)`` is the law of ``min(X, B)/B``, ``X`` Poisson with rate ``mean(S)``. Proof of ``kappa = 1`` in the Euclidean
metric: a Poisson variable of rate ``b >= a`` is one of rate ``a`` plus an independent one of rate ``b - a``, and
cutting off is 1-Lipschitz, so ``W <= |b - a|/B``; and means of training sets differ by at most ``B/N`` times the
displacement. Learning error where data are replaced, ``Dmix`` being the real law or a model, cut off, of rate
``m <= B``: ``W(Dmix, G(S)) <= |m - mean(S)|/B``; the mean of ``N`` points in ``[0, B]`` is within ``B/(2 sqrt(N))`` of
its expectation, in the mean, and cutting off takes ``E(X - B)_+`` from it, which grows with the rate and is
``B e**-B B**B/B!`` at ``B`` (``E(X - B)_+ = B P(X = B)`` there).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp
from line import LineMean, LineSampler
from scipy.special import gammaln
from shared import Model, main

import stlbounds as stl
from stlbounds.symbols import N

CUT, RATE, KAPPA = 40, 6.0, sp.S.One


def cut_poisson(rate: np.ndarray) -> np.ndarray:
    """Laws of ``min(X, B)``, one row for each rate."""
    points = np.arange(CUT)
    below = np.exp(points * np.log(np.maximum(rate, 1e-300))[:, None] - rate[:, None] - gammaln(points + 1))
    # The tail is what is left, up to rounding.
    law = np.concatenate([below, np.maximum(0, 1 - below.sum(axis=1, keepdims=True))], axis=1)
    return law / law.sum(axis=1, keepdims=True)


class PoissonSampler(LineSampler):
    """Counts of counts in, a Poisson law out."""

    def fit(self, sample: np.ndarray, size: int) -> np.ndarray:
        return cut_poisson(sample / size @ np.arange(CUT + 1))


class PoissonRate(stl.generators.Generator):
    """The model by its constants, with a sampler of its own."""

    def __init__(self) -> None:
        lost = sp.exp(-CUT) * sp.Integer(CUT) ** CUT / sp.factorial(CUT)
        super().__init__("Poisson rate", stl.EUCLIDEAN, KAPPA, 1 / (2 * sp.sqrt(N)) + lost)

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> LineSampler:
        return PoissonSampler(cut_poisson(np.array([RATE]))[0])


def make() -> Model:
    """The loop in which only the last generation's data are used, judged by the squared loss of the mean."""
    def sample(points: Any, size: int, rng: np.random.Generator) -> Any:
        return np.minimum(rng.poisson(points.mean(), size), CUT).astype(float)

    box = stl.BlackBox(stl.Box(0.0, float(CUT)), sample=sample, name="Poisson")
    setting = stl.Setting(stl.loops.Replace(), PoissonRate(), LineMean())
    return Model(setting, {"n": 400, "i": 3, "delta": 0.05}, box)


if __name__ == "__main__":
    raise SystemExit(main(make))
