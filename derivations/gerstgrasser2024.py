"""Gerstgrasser et al. 2024, and Dey & Donoho 2024: accumulating data bounds what replacing makes diverge (pi^2/6).

Linear regression on ``T`` Gaussian points of dimension ``d``, label noise ``sigma**2``: after ``m`` fits the excess
risk is ``sigma**2 d/(T-d-1)`` times ``m`` where data are replaced, and times ``sum of k**(-2) < pi**2/6`` where they
accumulate. The loops here are general: the same two sums are the library's amplifications at sensitivity 1.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from comparison import Comparison, Row, main

import stlbounds as stl
from stlbounds.symbols import i, n

#: The limit of the sum for accumulated data, and the fits and design of the simulation.
LIMIT = sp.pi**2 / 6
FITS, POINTS, DIMENSION = 6, 12, 4


def compare() -> Comparison:
    """The variance factors of theory §11, their limit, and a regression."""
    model = stl.generators.UnboundedLocation(1)
    replaced, kept = (model.variance_factor(loop) for loop in (stl.loops.Replace(), stl.loops.Accumulate()))
    harmonic = [sum(sp.Rational(1, k * k) for k in range(1, fits + 1)) for fits in range(1, 9)]
    rows = [Row(f"accumulate, {fits} fits", harmonic[fits - 1], sp.nsimplify(kept.subs(i, fits).doit()))
            for fits in range(1, 9)]
    rows += [Row("replace, m fits", n * i / n, replaced),
             Row("limit of accumulate", LIMIT, sp.zeta(2)),
             Row("accumulate, 10^4 fits, plus the tail of the series", float(LIMIT),
                 float(kept.subs(i, 10**4)) + float(sp.polygamma(1, 10**4 + 1)))]
    return Comparison(
        "Gerstgrasser et al. 2024, Is model collapse inevitable?; Dey & Donoho 2024 (pi^2/6)",
        "the error grows linearly in the number of fits where data are replaced, and stays below pi^2/6 times that "
        "of the "
        "first fit where they accumulate",
        tuple(rows), _simulated(), "agreement: m for replace, sum of 1/k^2 for accumulate, with the limit pi^2/6",
        sp.latex(sp.Sum(i**-2, (i, 1, sp.oo))) + r" = \frac{\pi^2}{6}")


def _simulated(replicas: int = 6_000) -> str:
    rng = np.random.default_rng(1)
    design = rng.normal(size=(replicas, POINTS, DIMENSION))
    inverse = np.linalg.pinv(design)
    found = {}
    for name in ("replace", "accumulate"):
        weights, seen = np.zeros((replicas, DIMENSION)), np.zeros((replicas, POINTS))
        for fit in range(1, FITS + 1):
            labels = np.einsum("rtd,rd->rt", design, weights) + rng.normal(size=(replicas, POINTS))
            seen = labels if name == "replace" else seen + (labels - seen) / fit
            weights = np.einsum("rdt,rt->rd", inverse, seen)
        found[name] = float((weights**2).sum(axis=1).mean())
    base = DIMENSION / (POINTS - DIMENSION - 1)
    exact = {"replace": base * FITS, "accumulate": base * float(sum(sp.Rational(1, k * k) for k in range(1, FITS + 1)))}
    for name, value in exact.items():
        # The squared error has heavy tails; 12 % is six standard errors or so.
        if abs(found[name] / value - 1) > 0.12:
            raise AssertionError(f"{name}: simulated {found[name]}, exact {value}")
    return ", ".join(f"{name} {found[name]:.3f} (exact {exact[name]:.4f})" for name in exact)


if __name__ == "__main__":
    raise SystemExit(main(compare))
