"""Bousquet & Elisseeff 2002: the high-probability bound of uniformly stable learners, and of regularised ones.

Their stability `beta` is for a point that is removed; replacing one is removing and adding, so that ours is at most
twice theirs. Their bound is one-sided, ours two-sided: equal at twice the failure probability.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from comparison import Comparison, Row, main

import stlbounds as stl
from stlbounds.symbols import G_l, M, N, b, delta, lam_r, n

#: ``R <= Rhat + FIRST beta + (SECOND m beta + M) sqrt(log(1/delta)/(2m))``.
FIRST, SECOND = 2, 4
#: Regularisation with ``lam |w|**2``: ``beta <= G_l**2/(REGULARISED lam m)``.
REGULARISED = 2


def compare() -> Comparison:
    """The bound for a stability of ``b/n`` under removal, and the stability of regularised learners."""
    removal = b / n
    published = FIRST * removal + (SECOND * n * removal + M) * sp.sqrt(sp.log(1 / delta) / (2 * n))
    setting = stl.Setting(stl.loops.FixedMix(1), stl.generators.Generator("none", stl.DISCRETE, 0, 0),
                          stl.learners.UniformlyStable(2 * b / N))
    bound = stl.high_probability(setting)
    bound.proof.verify()
    regularised = stl.learners.RegularisedLearner()
    # Their lam |w|**2 is our (lam_r/2) |w|**2, and replacing is twice removing.
    theirs = 2 * G_l**2 / (REGULARISED * (lam_r / 2) * N)
    return Comparison(
        "Bousquet & Elisseeff 2002, Stability and generalization",
        "R <= Rhat + 2 beta + (4 m beta + M) sqrt(log(1/delta)/(2m)), beta for a removed point; and "
        "beta <= G**2/(2 lam m) with the regularisation lam |w|**2",
        (Row("the bound (ours at 2 delta)", published, sp.expand(bound.expr.subs(delta, 2 * delta))),
         Row("stability of regularised learners, for a replaced point", theirs, regularised.beta_N)),
        _simulated(), "agreement: the two-sided bound at 2 delta is the published one, term by term",
        bound.latex("equation"))


def _simulated(size: int = 50, cells: int = 4, replicas: int = 4000, chance: float = 0.05) -> str:
    rng = np.random.default_rng(2)
    truth = np.full(cells, 1 / cells)
    fits = rng.multinomial(size, truth, size=replicas) / size
    # Halved Brier loss: risk less empirical risk is (fit - truth) . fit.
    gaps = np.abs(((fits - truth) * fits).sum(axis=1))
    setting = stl.Setting(stl.loops.FixedMix(1), stl.generators.Categorical(cells), stl.learners.BrierFit())
    bound = stl.high_probability(setting).evaluate(n=size, delta=chance)
    share = float((gaps > bound).mean())
    if share > chance:
        raise AssertionError(f"the simulated gap exceeds the bound with probability {share}")
    return f"{1 - chance:.0%} quantile of |R - Rhat| {np.quantile(gaps, 1 - chance):.4f}, bound {bound:.4f}"


if __name__ == "__main__":
    raise SystemExit(main(compare))
