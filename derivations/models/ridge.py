"""Ridge regression as a generator: inputs from a fixed design, outputs from the fitted line plus noise, cut off.

Points ``(x, y)`` in the square ``[-1, 1]**2``, of diameter ``2 sqrt(2)``. ``w = mean(x y)/(mean(x**2) + lambda)``; a
new point is ``(x, cut(w x + noise))``, ``x`` uniform on ``INPUTS``. Proof of
``kappa = E|x| sqrt(1 + (1 + 1/sqrt(lambda))**2)/lambda`` (Euclidean): with ``f(x, y) = x y - w' x**2``,
``w - w' = mean(f(z) - f(z'))/(mean(x**2) + lambda)``. As ``|mean(x y)| <= sqrt(mean(x**2))``, ``|w'|`` is at most
``1/(2 sqrt(lambda))``, so ``|grad f|**2 = (y - 2 w' x)**2 + x**2 <= (1 + 1/sqrt(lambda))**2 + 1`` on the square, which
is convex. With the same ``x`` and noise two new points are at most ``|w - w'| |x|`` apart. Learning error: the same
coupling; all slopes lie in an interval of length ``1/sqrt(lambda)``: ``e = E|x|/(2 sqrt(2 lambda))``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp
from points import RidgeSampler
from shared import Model, main

import stlbounds as stl
from stlbounds.symbols import alpha

#: ``lambda`` (with it ``kappa`` is a fraction), the inputs, the noise, and the slope of the real data.
STRENGTH, INPUTS, NOISE, SLOPE = sp.Rational(64, 49), (-1.0, -0.5, 0.5, 1.0), 0.25, 0.3
MEAN_INPUT = sp.Rational(3, 4)
KAPPA = MEAN_INPUT * sp.sqrt(1 + (1 + 1 / sp.sqrt(STRENGTH)) ** 2) / STRENGTH


class Ridge(stl.generators.Generator):
    """The model by its constants, with a sampler of its own."""

    def __init__(self) -> None:
        super().__init__("ridge regression", stl.EUCLIDEAN, KAPPA, MEAN_INPUT / (2 * sp.sqrt(2 * STRENGTH)))

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> RidgeSampler:
        return RidgeSampler(np.array(INPUTS), NOISE, float(STRENGTH), SLOPE)


def make() -> Model:
    """The loop with replayed real data, judged by the squared loss of the mean point."""
    sampler = RidgeSampler(np.array(INPUTS), NOISE, float(STRENGTH), SLOPE)

    def sample(points: Any, size: int, rng: np.random.Generator) -> Any:
        x, y = points.T
        law = sampler.line(np.array([sampler.slope(x @ y, x @ x, len(points))]))
        chosen = rng.integers(law.x.size, size=size)
        return np.stack([law.x[chosen], law.y[0, chosen]], axis=1)

    box = stl.BlackBox(stl.Box([-1.0, -1.0], [1.0, 1.0]), sample=sample, name="ridge")
    setting = stl.Setting(stl.loops.FixedMix(alpha), Ridge(), stl.learners.MeanFit())
    return Model(setting, {"n": 200, "alpha": 0.5, "i": 5, "delta": 0.05}, box)


if __name__ == "__main__":
    raise SystemExit(main(make))
