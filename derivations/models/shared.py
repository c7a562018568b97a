"""What the models of this folder share: the attack on a stated sensitivity, and the simulation of the bound."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

import stlbounds as stl
from stlbounds.generators.finite_search import measured_sensitivity
from stlbounds.generators.sampling import FiniteAlphabet
from stlbounds.symbols import N

__all__ = ["Model", "Refuted", "black_box", "main"]


class Refuted(Exception):
    """A stated constant is smaller than a measured one, or a simulation contradicts the bound."""


def black_box(sampler: FiniteAlphabet, name: str) -> stl.BlackBox:
    """A model on a finite alphabet as a plain function from training sets to points."""
    def sample(points: Any, size: int, rng: np.random.Generator) -> Any:
        counts = np.bincount(points, minlength=sampler.cells)[None]
        return rng.choice(sampler.cells, size=size, p=sampler.fit(counts, len(points))[0])

    return stl.BlackBox(stl.FiniteSpace(sampler.cells), sample=sample, name=name)


@dataclass(frozen=True)
class Model:
    """A stranger's model: its setting, numbers to run it with, and itself as a black box."""

    setting: stl.Setting
    numbers: dict[str, Any]
    box: stl.BlackBox
    sampler: FiniteAlphabet | None = None
    replicas: int = 600

    def stated(self, size: int) -> float:
        """The stated sensitivity for training sets of this size."""
        values = {symbol: self.numbers[str(symbol)] for symbol in self.setting.generator.sensitivity.free_symbols - {N}}
        return float(self.setting.generator.sensitivity.subs({**values, N: size}))

    def attack(self, sizes: tuple[int, ...] = (4, 8)) -> float:
        """The largest ratio of a measured to the stated sensitivity.

        All pairs of small training sets where the alphabet is finite; for every model a search with certified draws.
        """
        found = stl.estimate_sensitivity(self.box, sizes, draws=4000, trials=60, confidence=1 - 1e-6)
        worst = max(found.at_least("kappa", size) / self.stated(size) for size in sizes)
        if self.sampler is not None:
            for size in (1, 2, 5):
                worst = max(worst, measured_sensitivity(self.sampler, size, self.sampler.cells) / self.stated(size))
        if worst > 1 + 1e-9:
            raise Refuted(f"the stated sensitivity is too small by a factor of {worst:.4g}")
        return worst

    def simulate(self) -> str:
        """The bound, its proof verified, held against a simulation."""
        bound = stl.high_probability(self.setting)
        if not bound.proof.verify():
            raise Refuted("the proof does not verify")
        result = stl.check(bound, replicas=self.replicas, seed=1, **self.numbers)
        if result.contradicted:
            raise Refuted(str(result))
        return (f"bound {float(bound.evaluate(**result.used)):.4f}, not contradicted in {self.replicas} replicas; "
                f"the check would notice a bound that is too small by {result.factor:.3g}")


def main(make: Callable[[], Model]) -> int:
    """Attack, simulate, print; the exit code is 1 if something is refuted."""
    model = make()
    kappa = sp.sstr(model.setting.generator.sensitivity)
    try:
        lines = [f"{model.setting.generator.name}: kappa = {kappa}, attained up to {model.attack():.3f} of it",
                 model.simulate(), "agreement: kappa was not exceeded, and the bound was not contradicted"]
    except Refuted as error:
        sys.stdout.write(f"REFUTED: {error}\n")
        return 1
    sys.stdout.write("\n".join(lines) + "\n")
    return 0
