"""Dong, Cordonnier & Loukas 2021: attention without residual branches forgets (rank collapse), doubly exponentially.

We state only what is ours: by the recursion of theory §8 the spread of the tokens obeys ``delta' = delta tanh(omega
delta**2/8)``, cubic where it is small, so that the sensitivity stays bounded in the number of layers; the values for
``omega = 1/4, 1/2, 1, 2`` are those of the note. That the decay is cubic is what the paper is known for.
"""

from __future__ import annotations

import math

import numpy as np
from comparison import Comparison, Disagreement, Row, main

import stlbounds as stl

#: The sensitivity in the limit of many layers, by omega, to the digits of the note.
LIMITS = {0.25: "1.84", 0.5: "3.51", 1.0: "15.9", 2.0: "1492"}
#: The power with which a small spread shrinks in a layer.
POWER = 3


def _recursion(omega: float, layers: int) -> tuple[float, float]:
    """``kappa`` and the spread after some layers, once more."""
    spread, mean, query = 2.0, 1.0, 0.0
    for _ in range(layers):
        slope, own = math.exp(omega * spread / 2) * (1 + omega * spread / 2), omega * spread**2 / 8
        mean, query = (slope + own) * mean, slope * mean + own * query
        spread *= math.tanh(omega * spread**2 / 8)
    return query, spread


def compare() -> Comparison:
    """The sensitivity in the library and by the recursion, its limits, and the power of the decay."""
    rows = []
    for omega, digits in LIMITS.items():
        found = float(stl.generators.DepthUniformTransformer(40, omega).sensitivity)
        rows.append(Row(f"sensitivity of 40 layers, omega = {omega}", _recursion(omega, 40)[0], found))
        if f"{found:.{len(digits.replace('.', ''))}g}" != digits:
            raise Disagreement(f"omega = {omega}: the sensitivity of many layers is {found}, not {digits}")
    small = [spread * math.tanh(spread**2 / 8) for spread in (1e-2, 1e-3)]
    power = round(math.log10(small[0] / small[1]), 6)
    rows.append(Row("power of the decay of a small spread", POWER, power))
    return Comparison(
        "Dong, Cordonnier & Loukas 2021, Attention is not all you need",
        "without residual branches the tokens converge to one another at a doubly exponential (cubic) rate",
        tuple(rows), _simulated(), "agreement: cubic decay; the constants of the sensitivity are ours",
        r"\delta_{l+1} = \delta_l \tanh(\omega \delta_l^2/8)")


def _simulated(tokens: int = 12, width: int = 4, layers: int = 6) -> str:
    rng = np.random.default_rng(5)
    worst = 0.0
    for _ in range(200):
        points = rng.normal(size=(tokens, width))
        points /= np.maximum(1, np.linalg.norm(points, axis=1, keepdims=True))
        query, value = (np.linalg.qr(rng.normal(size=(width, width)))[0] for _ in range(2))
        spread = 2.0
        for _ in range(layers):
            scores = np.exp(points @ (query / 2) @ points.T)  # omega = 1
            points = scores / scores.sum(axis=1, keepdims=True) @ points @ value.T
            spread *= math.tanh(spread**2 / 8)
            found = np.linalg.norm(points[:, None] - points, axis=-1).max()
            # Below this all tokens are one, to doubles.
            if found > spread + 1e-14:
                raise AssertionError(f"a spread of {found} exceeds {spread}")
            worst = max(worst, found / spread if spread > 1e-6 else 0.0)
    return f"200 random transformers of {layers} layers: at most {worst:.3f} of the spread that is allowed"


if __name__ == "__main__":
    raise SystemExit(main(compare))
