"""Dohmatob et al. 2024: linear regression on labels of its own predecessors; the excess risk grows by one unit a fit.

``T`` Gaussian points of dimension ``d``, label noise ``sigma**2``, ``m`` fits. Replaced labels:
``sigma**2 d m/(T-d-1)``; accumulated with fresh designs: ``sigma**2 sum of d/(k (k T-d-1))`` over ``k = 1..m``. These
are exact laws (theory §11), which we derive from the mean of an inverse Wishart matrix; the values are those of the
note.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from comparison import Comparison, Disagreement, Row, main

import stlbounds as stl
from stlbounds.symbols import i

POINTS, DIMENSION, FITS = 12, 4, 6
#: For the 6 fits of the note, in units of ``sigma**2``: accumulated with one design, and with fresh designs.
SAME, FRESH = "0.8522", "0.7675"
#: What one fit adds where labels are replaced, in units of ``sigma**2``.
STEP = sp.Rational(4, 7)


def _wishart(points: int) -> sp.Rational:
    """``E tr (X'X)^-1`` for ``points`` standard normal rows: ``d/(points - d - 1)``."""
    return sp.Rational(DIMENSION, points - DIMENSION - 1)


def _factor(loop: stl.loops.Loop, fits: int) -> sp.Expr:
    """The variance factor of a loop after some fits, by the library: fit ``m`` makes ``D_m``."""
    return stl.generators.UnboundedLocation(1).variance_factor(loop).subs(i, fits).doit()


def compare() -> Comparison:
    """Replaced, accumulated with one design, accumulated with fresh designs."""
    same = _wishart(POINTS) * _factor(stl.loops.Accumulate(), FITS)
    # S_k = X_1'X_1 + ... + X_k'X_k. The labels of block k are X_k w_(k-1) + noise, so that
    # w_k = w_(k-1) + S_k^-1 X_k' noise: fit k adds sigma^2 E tr S_k^-1 X_k'X_k S_k^-1, which is
    # sigma^2 E tr S_k^-1 / k, since blocks are exchangeable.
    fresh = sum((_wishart(k * POINTS) / k for k in range(1, FITS + 1)), sp.S.Zero)
    for digits, value in ((SAME, same), (FRESH, fresh)):
        if f"{float(value):.4f}" != digits:
            raise Disagreement(f"six fits: the excess risk is {float(value)}, not {digits}")
    rows = [Row(f"replace, {fits} fits", STEP * fits, _wishart(POINTS) * _factor(stl.loops.Replace(), fits))
            for fits in (1, 2, FITS)]
    rows += [Row("one fit, whatever comes later", STEP, _wishart(POINTS) * _factor(stl.loops.Accumulate(), 1)),
             Row("accumulate, one design, six fits", STEP * sum(sp.Rational(1, k * k) for k in range(1, 7)), same)]
    return Comparison(
        "Dohmatob et al. 2024, Model collapse demystified: the case of regression",
        "fitted to the labels of its own predecessors, a regression has an excess risk that grows linearly in the "
        "number of fits",
        tuple(rows), _simulated(same, fresh),
        f"agreement: {SAME} and {FRESH} for six fits with T = {POINTS}, d = {DIMENSION}; exactly {same} and {fresh}",
        r"\sigma^2 \frac{d}{T-d-1} m, \quad \sigma^2 \frac{d}{T-d-1}\sum_{k=1}^{m} \frac{1}{k^2}, \quad "
        r"\sigma^2 \sum_{k=1}^{m} \frac{d}{k\,(kT-d-1)}",
        "the law of replaced labels is the form that is usually quoted; the paper's own wording could not be checked "
        "here. The two accumulated laws are ours")


def _fit(designs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    gram = np.einsum("rtd,rte->rde", designs, designs)
    return np.linalg.solve(gram, np.einsum("rtd,rt->rd", designs, labels)[..., None])[..., 0]


def _simulated(same: sp.Expr, fresh: sp.Expr, replicas: int = 12_000) -> str:
    rng = np.random.default_rng(8)
    found = {}
    for name in ("replace", "one design", "fresh designs"):
        weights = np.zeros((replicas, DIMENSION))
        designs = rng.normal(size=(replicas, POINTS, DIMENSION))
        labels = np.zeros((replicas, 0))
        stacked = np.zeros((replicas, 0, DIMENSION))
        for _ in range(FITS):
            if name == "fresh designs":
                designs = rng.normal(size=(replicas, POINTS, DIMENSION))
            new = np.einsum("rtd,rd->rt", designs, weights) + rng.normal(size=(replicas, POINTS))
            keep = name != "replace"
            labels = np.concatenate([labels, new], axis=1) if keep else new
            stacked = np.concatenate([stacked, designs], axis=1) if keep else designs
            weights = _fit(stacked, labels)
        found[name] = float((weights**2).sum(axis=1).mean())
    exact = {"replace": float(STEP) * FITS, "one design": float(same), "fresh designs": float(fresh)}
    for name, value in exact.items():
        # The squared error has heavy tails; 10 % is some seven standard errors.
        if abs(found[name] / value - 1) > 0.10:
            raise AssertionError(f"{name}: simulated {found[name]}, exact {value}")
    return ", ".join(f"{name} {found[name]:.4f} (exact {exact[name]:.4f})" for name in exact)


if __name__ == "__main__":
    raise SystemExit(main(compare))
