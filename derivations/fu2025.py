"""Fu et al. 2025, the seed paper: recursive stability, in-context transformers, a constant proportion of real data, and
the best amount of synthetic data.

The abstract (arXiv 2502.18865) says that architecture and proportion of real data influence whether a loop succeeds,
that for transformers in context a constant proportion of real data ensures convergence, and that there are insights
into the best size of the synthetic data: no formula. The theorems hold up to absolute constants and could not be
checked word for word here. So orders and constants below are ours alone: those of the note (theory §3, §5, §8, §9),
typed once more by hand and held against what the library derives.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy as sp
from comparison import Comparison, Disagreement, Row, main

import stlbounds as stl
from stlbounds.symbols import M, N, alpha, b, c, delta, i, kappa, lam, n, omega, r

#: The proportion of real data above which ``kappa`` is harmless; ``kappa`` of one layer; the limit of ``n gamma_i``.
CRITICAL = sp.Max(0, 1 - 1 / kappa)
LAYER, FOREVER = (1 + omega) * sp.exp(omega), kappa / (1 - kappa * (1 - alpha))
#: The order of the bound in ``n`` where learning is fast (``r > 1/2``).
ORDER = n ** -sp.Rational(1, 2)
#: ``lambda*`` for an error that is constant, and for ``c N**(-1/2)``, with ``C = M sqrt(log(2/delta)/2)``.
_C = M * sp.sqrt(sp.log(2 / delta) / 2)
BEST_CONSTANT = (_C / (2 * M * c * sp.sqrt(n))) ** sp.Rational(2, 3) - 1
BEST_SHRINKING = _C / (M * c) - 2

_NUMBERS = {n: 400, M: 1, c: sp.Rational(1, 100), delta: sp.Rational(1, 20)}
_LOOP = {n: 100, alpha: sp.Rational(2, 5), kappa: sp.Rational(3, 2), i: 7}


def _spread_of_one_point(points: int, share: sp.Expr, gain: sp.Expr, rounds: int) -> sp.Expr:
    """``gamma_i`` by the coupling lemma itself: displacement in, displacement out, a generation at a time."""
    distance = sp.S.Zero
    for _ in range(rounds):
        distance = gain / points * (1 + (1 - share) * points * distance)
    return distance


def _best(error: sp.Expr) -> sp.Expr:
    """The best ``lambda`` by the library, in closed form, for a generator without memory and a learner without bias."""
    setting = stl.Setting(stl.loops.Augment(lam), stl.generators.Generator("model", stl.DISCRETE, 0, error),
                          stl.learners.UniformlyStable(0))
    return stl.high_probability(setting).minimize(lam, i=sp.oo).at


@cache
def _derived() -> tuple[stl.Bound, dict[str, sp.Expr]]:
    """The general bound, its proof verified, and what the library answers about it."""
    model = stl.generators.Generator("model", stl.DISCRETE, kappa, c * N**-r)
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), model, stl.learners.UniformlyStable(b / N)))
    if not bound.proof.verify():
        raise Disagreement("the proof of the general bound does not verify")
    transformer = stl.high_probability(stl.Setting(
        stl.loops.FixedMix(alpha), stl.generators.Transformer(1, 1, c * N**-r),
        stl.learners.UniformlyStable(b / N, metric=stl.EUCLIDEAN)))
    return bound, {
        "order": bound.rate(n, r=1, alpha=sp.Rational(1, 2), kappa=1, i=5).order,
        "critical": bound.threshold(alpha).critical, "transformer": transformer.threshold(alpha).critical,
        "constant": _best(c), "shrinking": _best(c / sp.sqrt(N))}


def compare() -> Comparison:
    """The four results, by hand and by the library."""
    bound, found = _derived()
    stability = bound.recursive_stability
    rows = [
        Row("recursive stability after 7 generations, by the coupling",
            _spread_of_one_point(100, _LOOP[alpha], _LOOP[kappa], 7), stability.subs(_LOOP).doit()),
        Row("its limit for many generations, times n", FOREVER.subs(_LOOP),
            (n * stability).subs(i, 2000).subs(_LOOP).doit()),
        Row("order in n where learning is fast", ORDER, found["order"]),
        Row("proportion of real data that is enough, sensitivity kappa", CRITICAL, found["critical"]),
        Row("sensitivity of one layer of attention", LAYER, stl.generators.Transformer(1, omega).sensitivity),
        Row("proportion that is enough for one layer, omega = 1", CRITICAL.subs(kappa, LAYER.subs(omega, 1)),
            found["transformer"]),
        Row("best lambda, constant learning error", BEST_CONSTANT.subs(_NUMBERS), found["constant"].subs(_NUMBERS)),
        Row("best lambda, learning error c N^(-1/2)", BEST_SHRINKING.subs(_NUMBERS),
            found["shrinking"].subs(_NUMBERS)),
    ]
    return Comparison(
        "Fu et al. 2025, A theoretical perspective: How to prevent model collapse in self-consuming training loops",
        "architecture and proportion of real data influence the success of a loop; for transformers in context a "
        "constant proportion ensures convergence; insights into the best size of the synthetic data",
        tuple(rows), _simulated(),
        "agreement: with what the abstract says, in words; orders and constants are ours, by hand and derived",
        bound.latex("theorem"),
        "the abstract was read; the theorems, which hold up to absolute constants, could not be checked word for word, "
        "so 'published' stands for the note's closed forms, evaluated by hand")


def _simulated() -> str:
    said = []
    for name, setting, replicas in (
        ("categorical", stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(5),
                                    stl.learners.BrierFit()), 1000),
        ("transformer", stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Transformer(1, sp.Rational(1, 4), 1),
                                    stl.learners.MeanFit()), 150),
    ):
        result = stl.check(stl.high_probability(setting), replicas=replicas, seed=2, n=60, alpha=0.5, i=4, delta=0.05)
        if result.contradicted:
            raise AssertionError(f"{name}: {result}")
        said.append(f"{name} loop not contradicted in {replicas} replicas")
    # The amount of synthetic data matters for the exact law of a mean, too: the variance after 40 rounds.
    rng, size, synthetic = np.random.default_rng(4), 20, 20
    real = rng.normal(size=(20_000, size)).mean(axis=1)
    mean = real.copy()
    for _ in range(40):
        fresh = mean + rng.normal(size=mean.size) / np.sqrt(synthetic)
        mean = (size * real + synthetic * fresh) / (size + synthetic)
    found = float(mean.var()) * size
    exact = float(stl.generators.UnboundedLocation(1).variance_factor(stl.loops.Augment(lam)).subs({lam: 1, i: 41}))
    # A standard error of one in a hundred.
    if abs(found / exact - 1) > 0.06:
        raise AssertionError(f"the variance is {found}, not {exact}")
    return "; ".join([*said, f"variance with lambda = 1: {found:.4f} (exact {exact:.4f})"])


if __name__ == "__main__":
    raise SystemExit(main(compare))
