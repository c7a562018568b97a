"""He, Xu & Cheng 2025: with one real and one synthetic point of chosen weights, the best weight is the golden ratio's.

A weighted loop with sensitivity 1 has, in the long run, a variance proportional to ``(w**2 + (1-w)**2)/(1 -
(1-w)**2)``.
"""

from __future__ import annotations

import sympy as sp
from comparison import Comparison, Row, main

import stlbounds as stl
from stlbounds.symbols import i, n, w

#: The best weight of real data.
BEST = (sp.sqrt(5) - 1) / 2


def compare() -> Comparison:
    """The limit of the amplification, its derivative, and its minimiser."""
    loop = stl.loops.WeightedMix(w)
    square = loop.amplification_squared(1 - w)
    # rho = 1 - w < 1: powers vanish and geometric sums become 1/(1 - rho**2).
    limit = square.replace(stl.geometric_sum, lambda ratio, terms: 1 / (1 - ratio)).replace(
        lambda part: part.is_Pow and part.exp.has(i), lambda part: sp.S.Zero)
    published = (w**2 + (1 - w) ** 2) / (1 - (1 - w) ** 2)
    (best,) = [root for root in sp.solve(sp.numer(sp.together(sp.diff(limit, w))), w) if 0 < root < 1]
    return Comparison(
        "He, Xu & Cheng 2025 (golden ratio)",
        "the long-run variance is smallest for a weight of real data of (sqrt(5) - 1)/2, the reciprocal of the "
        "golden ratio",
        (Row("long-run amplification squared", published, limit), Row("best weight", BEST, best),
         Row("its reciprocal", sp.GoldenRatio, 1 / best)),
        _simulated(), "agreement: the best weight is the reciprocal of the golden ratio", sp.latex(published / n))


def _simulated() -> str:
    import numpy as np

    rng = np.random.default_rng(9)
    found = {}
    for weight in (0.4, 0.618, 0.85):
        mean = np.zeros(200_000)
        for _ in range(25):
            mean = weight * rng.normal(size=mean.size) + (1 - weight) * (mean + rng.normal(size=mean.size))
        found[weight] = float(mean.var())
        exact = float(((w**2 + (1 - w) ** 2) / (1 - (1 - w) ** 2)).subs(w, weight))
        # 200000 replicas: a standard error of 0.3 %.
        if abs(found[weight] / exact - 1) > 0.02:
            raise AssertionError(f"w = {weight}: simulated {found[weight]}, exact {exact}")
    if min(found, key=lambda weight: found[weight]) != 0.618:
        raise AssertionError(f"the golden weight is not the best one of {found}")
    return ", ".join(f"variance {value:.4f} at w = {weight}" for weight, value in found.items())


if __name__ == "__main__":
    raise SystemExit(main(compare))
