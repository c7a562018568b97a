"""A verifier that filters synthetic data: a unigram model whose draws are accepted with probability ``v_k`` in [v, 1].

``G(S) = q`` with ``q_k = p_k v_k/Z``, ``p`` the frequencies, ``Z`` the sum of ``p_k v_k``. Proof of
``kappa = 1/v``: let ``r_k = v_k/Z``, at most ``1/v``. Moving mass ``eps`` from ``a`` to ``b`` moves ``q`` by
``eps (r_b (e_b - q) - r_a (e_a - q))``, whose positive part is at most ``eps max r`` (as for temperature sampling);
integrate. Learning error: ``TV(G(S), G_inf(Dmix)) <= kappa TV(p, Dmix)``, and ``TV(p, q) = E|r - 1|/2`` under ``p``,
where ``E r = 1`` and ``v/Z <= r <= 1/Z``: by convexity at most ``(1 - v/Z)(1/Z - 1)/(1/Z - v/Z)``, which is
``(1 + v - Z - v/Z)/(1 - v) <= (1 - sqrt(v))**2/(1 - v) = (1 - sqrt(v))/(1 + sqrt(v))``.
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

STRICTNESS = sp.Rational(16, 25)
KAPPA = 1 / STRICTNESS
ACCEPTED = np.array([1.0, float(STRICTNESS), 0.9, 0.8])


class FilteredSampler(FiniteAlphabet):
    """Counts in, frequencies of what the verifier lets through out."""

    def fit(self, sample: np.ndarray, size: int) -> np.ndarray:
        through = sample / size * ACCEPTED
        return through / through.sum(axis=1, keepdims=True)


class Verified(stl.generators.Generator):
    """The model by its constants, with a sampler of its own."""

    def __init__(self) -> None:
        root = sp.sqrt(STRICTNESS)
        error = KAPPA * sp.sqrt((len(ACCEPTED) - 1) / N) / 2 + (1 - root) / (1 + root)
        super().__init__("unigram with a verifier", stl.DISCRETE, KAPPA, error)

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> FiniteAlphabet:
        return FilteredSampler(zipf(len(ACCEPTED)))


def make() -> Model:
    """The loop with replayed real data, judged by the Brier loss."""
    setting = stl.Setting(stl.loops.FixedMix(alpha), Verified(), stl.learners.BrierFit())
    sampler = FilteredSampler(zipf(len(ACCEPTED)))
    return Model(setting, {"n": 400, "alpha": 0.6, "i": 5, "delta": 0.05}, black_box(sampler, "verifier"), sampler)


if __name__ == "__main__":
    raise SystemExit(main(make))
