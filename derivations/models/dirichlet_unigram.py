"""A unigram language model with Dirichlet smoothing: ``a`` imagined occurrences of each of ``K`` words.

``G(S)(k) = (count_k + a)/(N + a K)``. Proof of ``kappa = N/(N + a K)``: one changed point moves mass ``1/(N + a K)``
from one word to another, which is ``kappa/N`` in total variation; pairs that differ in more points by the triangle
inequality. Learning error: ``G(S)`` is the mixture of the empirical law, of weight ``kappa``, and the uniform law, of
weight ``1 - kappa``, so ``E TV(Dmix, G(S)) <= kappa (1/2) sqrt((K-1)/N) + (1 - kappa)(1 - 1/K)``, as no law is further
than ``1 - 1/K`` from the uniform one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp
from shared import Model, black_box, main

import stlbounds as stl
from stlbounds.generators.sampling import FiniteAlphabet, zipf
from stlbounds.symbols import N, alpha

WORDS, IMAGINED = 4, sp.Rational(1, 2)
KAPPA, PRIOR = N / (N + IMAGINED * WORDS), IMAGINED * WORDS / (N + IMAGINED * WORDS)


class SmoothedSampler(FiniteAlphabet):
    """Counts in, smoothed frequencies out."""

    def fit(self, sample: np.ndarray, size: int) -> np.ndarray:
        return (sample + float(IMAGINED)) / (size + float(IMAGINED) * WORDS)


class DirichletUnigram(stl.generators.Generator):
    """The model by its constants, with a sampler of its own."""

    def __init__(self) -> None:
        error = KAPPA * sp.sqrt((WORDS - 1) / N) / 2 + PRIOR * (1 - sp.Rational(1, WORDS))
        super().__init__("Dirichlet-smoothed unigram", stl.DISCRETE, KAPPA, error)

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> FiniteAlphabet:
        return SmoothedSampler(zipf(WORDS))


def make() -> Model:
    """The loop with replayed real data, judged by the Brier loss."""
    setting = stl.Setting(stl.loops.FixedMix(alpha), DirichletUnigram(), stl.learners.BrierFit())
    sampler = SmoothedSampler(zipf(WORDS))
    return Model(setting, {"n": 200, "alpha": 0.5, "i": 5, "delta": 0.05}, black_box(sampler, "unigram"), sampler)


if __name__ == "__main__":
    raise SystemExit(main(make))
