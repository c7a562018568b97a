"""Bousquet, Klochkov & Zhivotovskiy 2020: sharper bounds for uniformly stable learners, with explicit constants.

Their moment bound for a sum of ``n`` functions with bounded differences ``b`` and conditional means in ``[-M, M]`` is
usually quoted as ``12 sqrt(2) p n b ceil(log2 n) + 4 M sqrt(pn)``. The functions of the gap have ``b = 2 beta``. We use
the same telescoping over a binary tree, with Hoeffding's lemma, the norm of a sub-Gaussian variable and Rio's
inequality in place of generic constants.
"""

from __future__ import annotations

import math

import numpy as np
import sympy as sp
from comparison import Comparison, Disagreement, Row, main

import stlbounds as stl
from stlbounds.symbols import M, N, b, delta, n, p

#: The published form ``2 beta + LOG sqrt(2) p beta ceil(log2 n) + SAMPLING M sqrt(p/n)`` of a ``p``-norm.
LOG, SAMPLING = 24, 4
#: From which ``n`` on the bound says something for ``beta = 1/sqrt(n)``, ``M = 1``, ``delta = 0.05``.
FIRST_USEFUL = 21_383


def _published(size: float, order: float, chance: float) -> float:
    root = size**-0.5
    log_term = LOG * math.sqrt(2) * order * root * math.ceil(math.log2(size))
    norm = 2 * root + log_term + SAMPLING * math.sqrt(order / size)
    return chance ** (-1 / order) * norm


def compare() -> Comparison:
    """Term by term at a fixed order, and the sizes from which on the two say something."""
    setting = stl.Setting(stl.loops.FixedMix(1), stl.generators.Generator("none", stl.DISCRETE, 0, 0),
                          stl.learners.UniformlyStable(b / sp.sqrt(N)))
    bound = stl.weak_stability(setting, order=p)
    bound.proof.verify()
    size, order, chance = 2**20, 4, 0.05
    at = {"n": size, "p": order, "delta": chance}
    log_term = chance ** (-1 / order) * LOG * math.sqrt(2) * order * math.log2(size) / math.sqrt(size)
    own_log = bound.evaluate(b=1, M=0, **at) - chance ** (-1 / order) * 2 / math.sqrt(size)
    sampling = chance ** (-1 / order) * SAMPLING * math.sqrt(order / size)
    best = stl.weak_stability(setting)
    given = {"b": 1, "M": 1, "delta": chance}
    sizes = np.arange(20_000, 25_000)
    first = int(sizes[np.argmax(best.evaluate(n=sizes, **given) < 1)])
    if first != FIRST_USEFUL:
        raise Disagreement(f"our bound says something from n = {first} on, not {FIRST_USEFUL}")
    plain = stl.high_probability(setting)
    if not plain.is_vacuous(n=np.array([1e4, 1e8, 1e15]), **given).all():
        raise Disagreement("the bound of theory §5 should never say anything for this stability")
    orders = np.linspace(2, 20, 400)
    grid = 2 ** np.arange(14, 60)
    theirs = int(grid[np.argmax([min(_published(float(s), q, chance) for q in orders) < 1 for s in grid])])
    verdict = (f"the same theorem with constants smaller by a factor of {LOG * math.sqrt(order / (order - 1)):.3g} "
               f"in the "
               f"logarithmic term (p = {order}) and {SAMPLING * math.sqrt(2):.3g} in the sampling term: for beta = "
               f"1/sqrt(n) "
               f"useful from n = {first} on, where the published form needs about {theirs:.2g}")
    return Comparison(
        "Bousquet, Klochkov & Zhivotovskiy 2020, Sharper bounds for uniformly stable algorithms",
        "|R - Rhat| <= delta**(-1/p) (2 beta + 24 sqrt(2) p beta ceil(log2 n) + 4 M sqrt(p/n)) for p >= 2, from the "
        "moment "
        "bound with bounded differences 2 beta",
        (Row("logarithmic term, p = 4", log_term, own_log, 24 * math.sqrt(order / (order - 1))),
         Row("sampling term, p = 4", sampling, bound.evaluate(b=0, M=1, **at), 4 * math.sqrt(2)),
         Row("term of the copies", 2 * b / sp.sqrt(n),
             sp.expand(bound.expr.subs({M: 0, n: 1, delta: 1})).subs(p, 2) / sp.sqrt(n))),
        _simulated(), verdict, bound.latex("equation"))


def _simulated(size: int = 400, replicas: int = 3000) -> str:
    """A learner with ``beta = 1/sqrt(n)``: its loss at ``z`` is ``1/sqrt(n)`` times how often it saw ``z``, up to 1."""
    rng = np.random.default_rng(6)
    cells = 100
    counts = rng.multinomial(size, np.full(cells, 1 / cells), size=replicas)
    loss = 1 - np.minimum(1, counts / math.sqrt(size))
    gaps = np.abs(loss.mean(axis=1) - (loss * counts).sum(axis=1) / size)
    setting = stl.Setting(stl.loops.FixedMix(1), stl.generators.Categorical(cells),
                          stl.learners.UniformlyStable(1 / sp.sqrt(N), 1))
    bound = stl.weak_stability(setting).evaluate(n=size, delta=0.05)
    if (gaps > bound).mean() > 0.05:
        raise AssertionError("the simulated gap exceeds the bound too often")
    return f"n = {size}: 95% quantile of |R - Rhat| {np.quantile(gaps, 0.95):.4f}, bound {bound:.4f}"


if __name__ == "__main__":
    raise SystemExit(main(compare))
