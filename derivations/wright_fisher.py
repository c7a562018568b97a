"""Wright & Fisher: the diversity of a resampled alphabet shrinks by 1 - 1/n per generation, and a symbol is fixed with
probability equal to its frequency.

The replace loop of the categorical generator is this model; both statements are exact laws, not bounds (theory §11).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy as sp
from comparison import Comparison, Row, main

import stlbounds as stl
from stlbounds.proof.quantities import D, Distance
from stlbounds.proof.world_models import Constant, Empirical
from stlbounds.proof.worlds import World
from stlbounds.symbols import n

#: What one generation of ``n`` points keeps of the expected diversity.
KEPT = 1 - 1 / n
POINTS, GENERATIONS, LAW = 4, 3, (Fraction(1, 5), Fraction(4, 5))


def _rational(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)


def compare() -> Comparison:
    """The diversity in an exact world of four points, generation by generation, and the drift that goes with it."""
    world = World(stl.loops.Replace(), {n: POINTS}, LAW, Empirical(), Constant((Fraction(0), Fraction(1))), GENERATIONS)
    start = 2 * LAW[0] * LAW[1]
    rows = []
    for generation in range(1, GENERATIONS + 2):
        histories = world._chain.histories[generation - 1]
        diversity = sum(chance * 2 * history.laws[generation][0] * history.laws[generation][1]
                        for history, chance in histories)
        published = _rational(start) * KEPT.subs(n, POINTS) ** generation
        rows.append(Row(f"diversity of D_{generation}", published, _rational(diversity)))
        mean = sum(chance * history.laws[generation][0] for history, chance in histories)
        rows.append(Row(f"mean frequency in D_{generation}", sp.Rational(1, 5), _rational(mean)))
    setting = stl.Setting(stl.loops.Replace(), stl.generators.Categorical(2), stl.learners.BrierFit())
    bound = stl.in_expectation(setting)
    for generation in range(1, GENERATIONS + 1):
        drift = float(world.value(Distance(D(0), D(sp.Integer(generation)))))
        most = bound.evaluate_terms(n=POINTS, i=generation)["drift"]
        if drift > most:
            raise AssertionError(f"the drift {drift} of an exact world exceeds its bound {most}")
    return Comparison(
        "Wright 1931, Fisher 1930: random drift of gene frequencies",
        "the expected diversity (heterozygosity) shrinks by a factor of 1 - 1/n per generation of n; a type is fixed "
        "with "
        "probability equal to its initial frequency",
        tuple(rows), _simulated(), "agreement: exactly, in fractions", sp.latex(KEPT ** sp.Symbol("i")))


def _simulated(size: int = 10, frequency: float = 0.3, replicas: int = 20_000) -> str:
    rng = np.random.default_rng(11)
    found = np.full(replicas, frequency)
    while ((found > 0) & (found < 1)).any():
        found = rng.binomial(size, found) / size
    share = float(found.mean())
    # A standard error of 0.0033.
    if abs(share - frequency) > 0.02:
        raise AssertionError(f"fixed with probability {share}, not {frequency}")
    return f"a symbol of frequency {frequency} was fixed in {share:.4f} of {replicas} runs"


if __name__ == "__main__":
    raise SystemExit(main(compare))
