"""Shumailov et al. 2024 and Alemohammad et al. 2024: a Gaussian that is fitted to its own samples collapses.

Replaced data, mean and variance fitted by maximum likelihood: the variance of the fitted law has mean
``sigma**2 (1 - 1/n)**i``, and that of the fitted mean grows. This is an exact law, not a bound (theory §11, §12).
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from comparison import Comparison, Row, main

import stlbounds as stl
from stlbounds.symbols import i, n

#: What a fit by maximum likelihood leaves of the variance; the variance of the mean after ``i`` fits (known variance).
KEPT, SPREAD = 1 - 1 / n, i / n


def compare() -> Comparison:
    """The factor of one generation by the moments of a sample, and the library's variance of the fitted mean."""
    # E of the second central sample moment of n independent points of variance 1: 1 - Var(mean).
    mean_variance = stl.generators.UnboundedLocation(1).variance_factor(stl.loops.Replace()) / n
    one_step = 1 - mean_variance.subs(i, 1)
    return Comparison(
        "Shumailov et al. 2024, AI models collapse when trained on recursively generated data; Alemohammad et al. 2024",
        "a Gaussian that is fitted to its own samples loses its variance, by a factor of 1 - 1/n per generation in "
        "the mean, "
        "while its mean walks away",
        (Row("variance kept by one fit", KEPT, one_step), Row("variance after i fits", KEPT**i, one_step**i),
         Row("variance of the mean after i fits, known variance", SPREAD, mean_variance)),
        _simulated(), "agreement: (1 - 1/n)^i and i/n", sp.latex(one_step**i))


def _simulated(size: int = 10, generations: int = 12, replicas: int = 40_000) -> str:
    rng = np.random.default_rng(3)
    mean, variance = np.zeros(replicas), np.ones(replicas)
    for _ in range(generations):
        points = mean[:, None] + np.sqrt(variance)[:, None] * rng.normal(size=(replicas, size))
        mean, variance = points.mean(axis=1), points.var(axis=1)
    exact = (1 - 1 / size) ** generations
    found = float(variance.mean())
    # The variance has heavy tails; 8 % is six standard errors or so.
    if abs(found / exact - 1) > 0.08:
        raise AssertionError(f"simulated {found}, exact {exact}")
    return (f"n = {size}, i = {generations}: mean variance {found:.4f} (exact {exact:.4f}), "
            f"median {np.median(variance):.4f}")


if __name__ == "__main__":
    raise SystemExit(main(compare))
