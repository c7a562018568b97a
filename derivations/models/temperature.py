"""Temperature sampling: a unigram model of ``K`` words that is sampled at temperature ``tau <= 1``.

``G(S) = q`` with ``q_k = p_k**t/Z``, ``p`` the frequencies, ``t = 1/tau >= 1``, ``Z`` the sum of ``p_k**t``. Proof of
``kappa = t K**(1 - tau)``: let ``r_k = p_k**(t-1)/Z``. Moving mass ``eps`` from ``a`` to ``b`` moves ``q`` by
``t eps (r_b (e_b - q) - r_a (e_a - q))``, whose positive part is at most ``t eps (r_b q_a + r_a (1 - q_a))`` if
``r_a >= r_b``, and ``t eps (r_b (1 - q_b) + r_a q_b)`` else: at most ``t eps max r`` in total variation. As
``p_k**t <= Z``, ``r_k <= Z**(-1/t)``, and ``Z >= K**(1 - t)``, so ``r_k <= K**(1 - tau)``. Integrate along the segment
between two frequencies; any change of ``p`` of total variation ``v`` is made of such moves, so the law moves by at most
``kappa v``. Learning error: ``TV(G(S), G_inf(Dmix)) <= kappa TV(p, Dmix)``; and ``r_k >= p_k**(t-1)`` as ``Z <= 1``, so
``TV(p, q) <= sum of p_k (1 - p_k**(t-1)) = 1 - Z <= 1 - K**(1 - t)``, the price of a bias that does not go away.
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

WORDS, TAU = 3, sp.Rational(9, 10)
#: ``t K**(1 - tau)``, rounded up: ``3 <= (9/8)**10``.
KAPPA = sp.Rational(9, 8) / TAU


class CoolSampler(FiniteAlphabet):
    """Counts in, sharpened frequencies out."""

    def fit(self, sample: np.ndarray, size: int) -> np.ndarray:
        sharp = (sample / size) ** float(1 / TAU)
        return sharp / sharp.sum(axis=1, keepdims=True)


class Temperature(stl.generators.Generator):
    """The model by its constants, with a sampler of its own."""

    def __init__(self) -> None:
        error = KAPPA * sp.sqrt((WORDS - 1) / N) / 2 + (1 - WORDS ** (1 - 1 / TAU))
        super().__init__("temperature sampling", stl.DISCRETE, KAPPA, error)

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> FiniteAlphabet:
        return CoolSampler(zipf(WORDS))


def make() -> Model:
    """The loop with replayed real data, judged by the Brier loss."""
    setting = stl.Setting(stl.loops.FixedMix(alpha), Temperature(), stl.learners.BrierFit())
    sampler = CoolSampler(zipf(WORDS))
    return Model(setting, {"n": 300, "alpha": 0.6, "i": 5, "delta": 0.05}, black_box(sampler, "temperature"), sampler)


if __name__ == "__main__":
    raise SystemExit(main(make))
