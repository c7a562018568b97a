"""A Markov chain text model on two letters: a training point is a pair of letters, start and transition are estimated.

``G(S)(a, b) = (n_a/N) (n_ab + s)/(n_a + 2 s)`` with the counts of pairs, those of their first letters, and smoothing
``s``. Proof of ``kappa = 1``: replace ``(a, b)`` by ``(a', b')``. If ``a = a'``, row ``a`` moves mass
``(n_a/N)/(n_a + 2 s) <= 1/N``. If not, row ``a`` loses the mass ``1/N`` and row ``a'`` gains it; no entry of row ``a``
grows, since ``n (k + s)/(n + 2 s)`` grows with ``n`` for fixed ``k`` (as ``n/(n + 2 s)`` does) and with ``n`` and ``k``
together; so the total variation is ``1/N``. Learning error: a row is the empirical one mixed with ``(1/2, 1/2)``, of
weight ``2 s/(n_a + 2 s)``, at most ``1/2`` away: ``s/N`` a row; with the error of four empirical cells,
``E TV(Dmix, G(S)) <= (1/2) sqrt(3/N) + 2 s/N``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp
from shared import Model, black_box, main

import stlbounds as stl
from stlbounds.generators.sampling import FiniteAlphabet
from stlbounds.symbols import N, alpha

SMOOTHING, KAPPA = sp.Rational(1, 2), sp.S.One
#: A start of 0.7 for the first letter; a letter is followed by itself with probability 0.8 and 0.6.
TEXT = np.array([0.56, 0.14, 0.12, 0.18])


class MarkovSampler(FiniteAlphabet):
    """Counts of the four pairs in, the law of a pair out."""

    def fit(self, sample: np.ndarray, size: int) -> np.ndarray:
        pairs, extra = sample.reshape(-1, 2, 2), float(SMOOTHING)
        starts = pairs.sum(axis=2, keepdims=True)
        return (starts / size * (pairs + extra) / (starts + 2 * extra)).reshape(-1, 4)


class MarkovText(stl.generators.Generator):
    """The model by its constants, with a sampler of its own."""

    def __init__(self) -> None:
        super().__init__("Markov chain text model", stl.DISCRETE, KAPPA, sp.sqrt(3 / N) / 2 + 2 * SMOOTHING / N)

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> FiniteAlphabet:
        return MarkovSampler(TEXT)


def make() -> Model:
    """The loop with new real pairs in each generation, judged by the Brier loss."""
    setting = stl.Setting(stl.loops.FixedMix(alpha, real="fresh"), MarkovText(), stl.learners.BrierFit())
    sampler = MarkovSampler(TEXT)
    return Model(setting, {"n": 300, "alpha": 0.4, "i": 6, "delta": 0.05}, black_box(sampler, "Markov text"), sampler)


if __name__ == "__main__":
    raise SystemExit(main(make))
