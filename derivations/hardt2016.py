"""Hardt, Recht & Singer 2016: stochastic gradient descent is stable, and stability bounds the expected gap.

The library covers convex and strongly convex losses with a constant step; their non-convex theorem is not derived here.
"""

from __future__ import annotations

import sympy as sp
from comparison import Comparison, Row, main

import stlbounds as stl
from stlbounds.proof.dag import Proof
from stlbounds.symbols import G_l, N, beta, mu, step, steps

#: Convex: ``CONVEX G**2 (sum of steps)/n``; strongly convex: ``STRONG G**2/(mu n)``; expected gap: ``GAP beta``.
CONVEX, STRONG, GAP = 2, 2, 1


def compare() -> Comparison:
    """Both stabilities, and the bound on the expected gap."""
    convex, strong = stl.learners.SGDLearner(), stl.learners.StronglyConvexSGDLearner()
    for learner in (convex, strong):
        Proof(learner.stability_claim()).verify()
    setting = stl.Setting(stl.loops.FixedMix(1), stl.generators.Generator("none", stl.DISCRETE, 0, 0),
                          stl.learners.UniformlyStable(beta))
    bound = stl.in_expectation(setting)
    bound.proof.verify()
    return Comparison(
        "Hardt, Recht & Singer 2016, Train faster, generalize better",
        "uniform stability 2 L**2/n sum of steps for convex smooth L-Lipschitz losses, 2 L**2/(mu n) for mu-strongly "
        "convex ones; an epsilon-stable learner has an expected gap of at most epsilon",
        (Row("stability, convex", CONVEX * G_l**2 * step * steps / N, convex.beta_N),
         Row("stability, strongly convex", STRONG * G_l**2 / (mu * N), strong.beta_N),
         Row("expected gap", sp.S(GAP) * beta, bound.expr)),
        _simulated(), "agreement: equal, term by term", bound.latex("equation"))


def _simulated() -> str:
    found = stl.learners.SGDLearner(steps=5, step=2, lipschitz=2, smoothness=1).self_check()
    if any(part.measured > part.stated * (1 + 1e-9) for part in found):
        raise AssertionError(f"a measured stability exceeds the stated one: {found}")
    return "; ".join(f"{part.constant}: measured {part.measured:.4f}, stated {part.stated:.4f}" for part in found)


if __name__ == "__main__":
    raise SystemExit(main(compare))
