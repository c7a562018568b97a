"""Alemohammad et al. 2024: a model that consumes its own samples goes mad; a Gaussian loses its variance almost surely.

Mean and variance are fitted, the variance by its unbiased estimate: it is a martingale, and yet tends to 0. Each fit
multiplies it with an independent chi-square over its degrees of freedom, whose logarithm has mean
``digamma((n-1)/2) - log((n-1)/2) < 0`` (theory §11, §12). This is an exact law and shows collapse, not a bound.
"""

from __future__ import annotations

import math

import numpy as np
import sympy as sp
from comparison import Comparison, Disagreement, Row, main
from sympy.stats import ChiSquared, E

import stlbounds as stl
from stlbounds.symbols import alpha, i

#: The factor of the mean variance in one fit, with the unbiased estimate and by maximum likelihood, for samples of 9.
UNBIASED, LIKELIHOOD, SIZE = sp.Integer(1), sp.Rational(8, 9), 9
#: The mean of the logarithm of the factor, for 9 points, which is what decides: ``digamma(4) - log(4)``.
DRIFT = sp.Rational(11, 6) - sp.EulerGamma - sp.log(4)
#: The variance of the fitted mean after ever so many rounds, with one half of real data in each, in units of
#: ``sigma**2/n``: replayed, and fresh (theory §11).
REPLAYED, FRESH = sp.Rational(8, 3), sp.Rational(4, 3)


def compare() -> Comparison:
    """Factors of the variance in one fit, and what real data do about it."""
    degrees = SIZE - 1
    chi = ChiSquared("chi", degrees)
    unbiased = sp.simplify(E(chi) / degrees)
    # E log of a chi-square with 2 k degrees is digamma(k) + log 2.
    drift = sp.digamma(sp.Rational(degrees, 2)) + sp.log(2) - sp.log(degrees)
    if not drift < 0:
        raise Disagreement(f"the logarithm of the variance drifts by {drift}, which does not tend to minus infinity")
    model = stl.generators.UnboundedLocation(1)
    half = {alpha: sp.Rational(1, 2)}
    # Powers of 1/2 with exponents of 400 and more are left out by the tolerance of a comparison.
    kept = {real: model.variance_factor(stl.loops.FixedMix(alpha, real=real)).subs(half).subs(i, 400).doit()
            for real in ("replay", "fresh")}
    rows = (
        Row("mean of the variance, unbiased estimate", UNBIASED, unbiased),
        Row("mean of the variance, maximum likelihood", LIKELIHOOD, sp.simplify(E(chi) / SIZE)),
        Row("mean of its logarithm", DRIFT, drift),
        Row("half of real data, replayed: variance of the mean for ever", REPLAYED, kept["replay"]),
        Row("half of real data, fresh: variance of the mean for ever", FRESH, kept["fresh"]),
    )
    return Comparison(
        "Alemohammad et al. 2024, Self-consuming generative models go MAD",
        "without fresh real data a loop loses its diversity, also where each fit is unbiased; enough fresh real data "
        "prevents that",
        rows, _simulated(float(drift)),
        "agreement: a martingale whose logarithm drifts downwards; bounded with real data in each generation",
        r"\mathbb{E}\,\sigma_i^2 = \sigma^2, \qquad \tfrac{1}{i}\log\sigma_i^2 \to "
        r"\psi\!\left(\tfrac{n-1}{2}\right) - \log\tfrac{n-1}{2} < 0 \text{ almost surely}",
        "the form that is usually quoted; the paper's own wording could not be checked here, and the numbers are ours")


def _simulated(drift: float, generations: int = 200, replicas: int = 4000) -> str:
    rng = np.random.default_rng(12)
    mean, variance = np.zeros(replicas), np.ones(replicas)
    first = 0.0
    for generation in range(generations):
        points = mean[:, None] + np.sqrt(variance)[:, None] * rng.normal(size=(replicas, SIZE))
        mean, variance = points.mean(axis=1), points.var(axis=1, ddof=1)
        if generation == 0:
            first = float(variance.mean())
    pace = float(np.log(variance).mean()) / generations
    # Standard errors: 0.008 for the first mean, 0.0006 for the pace.
    if abs(first - 1) > 0.06 or abs(pace - drift) > 0.005:
        raise AssertionError(f"mean {first} for 1, pace {pace} for {drift}")
    return (f"after one fit the mean variance is {first:.4f}; after {generations} its median is "
            f"{np.median(variance):.1e}, and it shrank by {math.exp(pace):.4f} a fit (exact {math.exp(drift):.4f})")


if __name__ == "__main__":
    raise SystemExit(main(compare))
