"""Dey & Donoho 2024: where data accumulate, the loss of efficiency is pi^2/6 at most, whatever the number of rounds.

The library has this twice: as the exact amplification of the accumulating loop at sensitivity 1, and as the proof of a
bound that does not mention the number of generations (``Accumulate(uniform=True)``).
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from comparison import Comparison, Disagreement, Row, main

import stlbounds as stl
from stlbounds.symbols import M, b, delta, i, n

#: The most that the variance of one round is multiplied with.
LIMIT = sp.pi**2 / 6
#: A few generations with their exact factors.
FACTORS = {1: sp.Integer(1), 2: sp.Rational(5, 4), 3: sp.Rational(49, 36), 4: sp.Rational(205, 144)}
_AT = {"n": 1000, "delta": 0.05, "b": 1.0, "M": 1.0}


def compare() -> Comparison:
    """The factors, the bound that is uniform in ``i``, and that it lies above each of the others, closely."""
    uniform, exact = (stl.high_probability(stl.Setting(
        stl.loops.Accumulate(uniform=flag), stl.generators.Generator("model", stl.DISCRETE, 1, 0)))
        for flag in (True, False))
    if not uniform.proof.verify():
        raise Disagreement("the proof of the uniform bound does not verify")
    first = (2 * b + M) * sp.sqrt(sp.log(2 / delta) / (2 * n))
    term = uniform.terms["concentration"]
    if term.has(i):
        raise Disagreement(f"the uniform concentration {term} mentions the number of generations")
    variance = stl.generators.UnboundedLocation(1).variance_factor(stl.loops.Accumulate())
    rows = [Row(f"variance factor after {fits} fits", factor, variance.subs(i, fits).doit())
            for fits, factor in FACTORS.items()]
    rows.append(Row("concentration against that of one generation, squared", float(LIMIT),
                    float((term / first).subs({b: 1, M: 1, delta: sp.Rational(1, 20), n: 1000}) ** 2)))
    most = uniform.evaluate_terms(i=1, **_AT)["concentration"]
    before = 0.0
    for rounds in (0, 1, 10, 1000, 10**5):
        # The learner gets more data as the loop goes on: Phi**2/N_i is pi^2/6 at most, and increases.
        now = exact.evaluate_terms(i=rounds, **_AT)["concentration"]
        if not before < now < most:
            raise Disagreement(f"after {rounds} rounds the concentration is {now}: between {before} and {most}?")
        before = now
    rows.append(Row("concentration after 10^5 rounds, and at most, to four digits", round(float(most), 4),
                    round(float(before), 4)))
    return Comparison(
        "Dey & Donoho 2024, Universality of the pi^2/6 pathway in avoiding model collapse",
        "where data accumulate, the variance stays below pi^2/6 times that of one round, in many models",
        tuple(rows), _simulated(), "agreement: the factors of 1 to 4 fits, and pi^2/6 for every number of rounds",
        r"\frac{\Phi^2}{N} \le " + sp.latex(LIMIT / n),
        "the title and the constant are the paper's; its theorems could not be checked word for word, and the bound "
        "here is the note's (theory §5)")


def _simulated(size: int = 25, rounds: int = 30, replicas: int = 20_000) -> str:
    """Two models, one Gaussian and one of coins: the same factor."""
    rng = np.random.default_rng(6)
    said = []
    exact = float(sum(1 / k**2 for k in range(1, rounds + 1)))
    for name, start in (("mean", 0.0), ("coin", 0.5)):
        law = np.full(replicas, start)
        total = np.zeros(replicas)
        for fit in range(1, rounds + 1):
            total += (rng.binomial(size, law) / size if name == "coin"
                      else law + rng.normal(size=replicas) / np.sqrt(size))
            law = total / fit
        # A coin loses a part of its variance on the way: E p(1-p) shrinks by the variance that p has gained.
        kept = np.cumprod([1 - 1 / (size * k**2) for k in range(1, rounds + 1)])
        wanted = exact / size if name == "mean" else 0.25 * (1 - float(kept[-1]))
        found = float(law.var())
        # A standard error of one in a hundred.
        if abs(found / wanted - 1) > 0.06:
            raise AssertionError(f"{name}: variance {found}, exact {wanted}")
        said.append(f"{name}: {found * size / (1 if name == 'mean' else 0.25):.4f} (exact "
                    f"{wanted * size / (1 if name == 'mean' else 0.25):.4f})")
    return f"variance after {rounds} fits over that of one, " + ", ".join(said)


if __name__ == "__main__":
    raise SystemExit(main(compare))
