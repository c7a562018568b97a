"""Coupled runs: two loops that differ in one point, drawn together as in the coupling lemma (theory §3)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators.attention_sampling import AttentionSampler, TokenLaw, Tokens
from stlbounds.generators.location_sampling import Atoms, LocationSampler
from stlbounds.generators.sampling import FiniteAlphabet, FloatArray, Law, Sample, Sampler
from stlbounds.simulation.exact.gaussian import GaussianMoments, Gaussians, GaussianSampler
from stlbounds.simulation.exact.location import EmpiricalLocation
from stlbounds.simulation.schedule import Schedule

__all__ = [
    "CommonNoise", "CommonNormalNoise", "CommonTokens", "CoupledLoop", "Coupling", "MaximalCoupling", "coupling_of",
]


@dataclass(frozen=True)
class Pair:
    """The points of one pool in both loops, and their total displacement per replica."""

    first: Sample
    second: Sample
    displacement: FloatArray


class Coupling(ABC):
    """How the points of two loops are drawn in pairs, so that their expected displacement is least.

    Parameters
    ----------
    sampler : Sampler
        Of both loops.
    """

    #: In words, for the reader of a result.
    name: str

    def __init__(self, sampler: Any) -> None:
        self.sampler = sampler

    @abstractmethod
    def draw(self, first: Law, second: Law, size: int, rng: np.random.Generator) -> Pair:
        """``size >= 1`` pairs of points, each from an optimal coupling of the two laws."""

    @abstractmethod
    def replaced(self, law: Law, size: int, rng: np.random.Generator) -> Pair:
        """``size`` points from one law, the first of which is replaced in the second loop by another point."""


class MaximalCoupling(Coupling):
    """Finite alphabets: pairs differ with probability TV, the least that is possible; their counts are multinomial."""

    name = "maximal coupling"

    def __init__(self, sampler: FiniteAlphabet) -> None:
        super().__init__(sampler)
        if sampler.cells < 2:
            raise InvalidArgumentError("cells", sampler.cells, "at least 2", "one symbol cannot be replaced by another")

    def draw(self, first: FloatArray, second: FloatArray, size: int, rng: np.random.Generator) -> Pair:
        common = np.minimum(first, second)
        rest = np.maximum(0.0, 1.0 - common.sum(axis=1))
        # Differences of doubles are rounding errors, not laws.
        rest[rest < 1e-12] = 0.0
        shares = np.concatenate([common, rest[:, None]], axis=1)
        counts = rng.multinomial(size, shares / shares.sum(axis=1, keepdims=True))
        together, apart = counts[:, :-1], counts[:, -1]
        return Pair(together + self._residual(first - common, first, rest, apart, rng),
                    together + self._residual(second - common, second, rest, apart, rng), apart.astype(float))

    @staticmethod
    def _residual(excess: FloatArray, law: FloatArray, rest: FloatArray, apart: Any, rng: np.random.Generator) -> Any:
        shares = np.where(rest[:, None] > 0, excess, law)
        return rng.multinomial(apart, shares / shares.sum(axis=1, keepdims=True))

    def replaced(self, law: FloatArray, size: int, rng: np.random.Generator) -> Pair:
        replicas, cells = law.shape
        shared = rng.multinomial(size - 1, law) if size > 1 else np.zeros((replicas, cells), dtype=np.int64)
        point = rng.multinomial(1, law)
        symbol = (point.argmax(axis=1) + rng.integers(1, cells, replicas)) % cells
        other = np.zeros_like(point)
        other[np.arange(replicas), symbol] = 1
        return Pair(shared + point, shared + other, np.ones(replicas))


class CommonNoise(Coupling):
    """Location models with atoms: both loops use the same noise, so that a pair is as far apart as its locations."""

    name = "common noise"

    def _unit(self) -> float:
        width = 2 * self.sampler.half_width
        return float(width) if np.isfinite(width) else 1.0

    @staticmethod
    def _sums(points: FloatArray, counts: Any) -> FloatArray:
        return np.stack([(points * counts).sum(axis=1), (points**2 * counts).sum(axis=1)], axis=1)

    def _pair(self, first: FloatArray, second: FloatArray, counts: Any) -> Pair:
        moved = (np.abs(first - second) * counts).sum(axis=1) / self._unit()
        return Pair(self._sums(first, counts), self._sums(second, counts), moved)

    def draw(self, first: Atoms, second: Atoms, size: int, rng: np.random.Generator) -> Pair:
        counts = rng.multinomial(size, first.weights, size=len(first.points))
        return self._pair(first.points, second.points, counts)

    def replaced(self, law: Atoms, size: int, rng: np.random.Generator) -> Pair:
        replicas = len(law.points)
        rows = np.arange(replicas)
        counts = rng.multinomial(size - 1, law.weights, size=replicas) if size > 1 else np.zeros_like(law.points)
        point = law.points[rows, rng.choice(law.weights.size, replicas, p=law.weights)]
        low, high = law.points.min(axis=1), law.points.max(axis=1)
        # The end of the support that is farther away.
        other = np.where(point - low > high - point, low, high)
        sums = self._sums(law.points, counts)
        return Pair(sums + np.stack([point, point**2], axis=1), sums + np.stack([other, other**2], axis=1),
                    np.abs(point - other) / self._unit())


class CommonNormalNoise(Coupling):
    """A Gaussian mean with known variance: all points of a pool are shifted alike, by the difference of the means."""

    name = "common noise"

    def __init__(self, sampler: GaussianSampler) -> None:
        super().__init__(sampler)
        if sampler.kind != "mean":
            raise AssumptionError("two normal laws with fitted variances are not coupled here; choose fit='mean'")

    def draw(self, first: Gaussians, second: Gaussians, size: int, rng: np.random.Generator) -> Pair:
        made = self.sampler.draw(first, size, rng)
        shift = (second.means - first.means)[:, 0]
        return Pair(made, GaussianMoments(size, made.mean + shift, made.squares),
                    size * np.abs(shift) / self.sampler.diameter)

    def replaced(self, law: Gaussians, size: int, rng: np.random.Generator) -> Pair:
        """One point is moved by a standard deviation; only the mean of the sample is followed."""
        made = self.sampler.draw(law, size, rng)
        step = np.sqrt(law.variances[:, 0])
        return Pair(made, GaussianMoments(size, made.mean + step / size, made.squares), step / self.sampler.diameter)


class CommonTokens(Coupling):
    """Transformers in context: a pair of tokens has the same input and the same noise, and differs in its output."""

    name = "common input and noise"

    @staticmethod
    def _tokens(law: TokenLaw, cells: Any) -> FloatArray:
        points: FloatArray = law.inputs[cells // law.weights.size]
        points[..., -1] = np.take_along_axis(law.outputs.reshape(len(cells), -1), cells, axis=1)
        return points

    @staticmethod
    def _pair(first: FloatArray, second: FloatArray) -> Pair:
        # Tokens live in the unit ball, whose diameter is 2.
        return Pair(Tokens(first), Tokens(second), np.linalg.norm(first - second, axis=2).sum(axis=1) / 2)

    def draw(self, first: TokenLaw, second: TokenLaw, size: int, rng: np.random.Generator) -> Pair:
        replicas, inputs, atoms = first.outputs.shape
        cells = rng.integers(inputs * atoms, size=(replicas, size))
        return self._pair(self._tokens(first, cells), self._tokens(second, cells))

    def replaced(self, law: TokenLaw, size: int, rng: np.random.Generator) -> Pair:
        """The first token is replaced by one at the opposite input."""
        replicas, inputs, atoms = law.outputs.shape
        cells = rng.integers(inputs * atoms, size=(replicas, size))
        other = cells.copy()
        other[:, 0] = (cells[:, 0] + inputs // 2 * atoms) % (inputs * atoms)
        return self._pair(self._tokens(law, cells), self._tokens(law, other))


_COUPLINGS: dict[type[Sampler], type[Coupling]] = {
    FiniteAlphabet: MaximalCoupling,
    LocationSampler: CommonNoise,
    EmpiricalLocation: CommonNoise,
    GaussianSampler: CommonNormalNoise,
    AttentionSampler: CommonTokens,
}


def coupling_of(sampler: Sampler) -> Coupling:
    """The coupling for a sampler.

    Raises
    ------
    AssumptionError
        If none is known.
    """
    kind = type(sampler)
    for base in kind.__mro__:
        if base in _COUPLINGS and kind.draw is base.draw:
            return _COUPLINGS[base](sampler)
    raise AssumptionError(f"no coupling is known for {kind.__name__}, so influence and recursive stability cannot be "
                          f"measured; finite alphabets, location models and transformers have one")


class CoupledLoop:
    """Two runs of one loop whose training sets differ in one point, followed from the first generation to the last.

    Parameters
    ----------
    schedule : Schedule
        The loop.
    coupling : Coupling
        How points are drawn in pairs.
    pool : int
        The ordinal of the pool whose first point is replaced.
    """

    def __init__(self, schedule: Schedule, coupling: Coupling, pool: int) -> None:
        self.schedule, self.coupling, self.pool = schedule, coupling, pool

    def run(self, replicas: int, rng: np.random.Generator) -> dict[str, FloatArray]:
        """Columns ``"influence"``: the displacement of ``T_j`` per unit of that of the point, weights included, and
        ``"stability"``: ``W(D_j, D'_j)`` per unit, each of shape ``(replicas, generations + 1)``."""
        plan, sampler = self.schedule, self.coupling.sampler
        real = sampler.real(replicas)
        laws: dict[int, tuple[Law, Law]] = {0: (real, real)}
        pairs: dict[int, Pair] = {}
        unit = np.ones(replicas)
        zero = np.zeros(replicas)
        influence, stability = [], [zero]
        for j, step in enumerate(plan.steps):
            for k in step.drawn:
                first, second = laws[plan.sources[k]]
                if k == self.pool:
                    pairs[k] = self.coupling.replaced(first, plan.sizes[k], rng)
                    unit = pairs[k].displacement
                else:
                    pairs[k] = self.coupling.draw(first, second, plan.sizes[k], rng)
            present = [(pairs[k], plan.weights[k]) for k in step.present]
            moved = sum((pair.displacement * weight for pair, weight in present), zero)
            influence.append(np.divide(moved, unit, out=np.zeros(replicas), where=unit > 0))
            if j + 1 < len(plan.steps):
                # Training that draws random numbers draws the same ones in both loops.
                seed = int(rng.integers(2**62)) if sampler.shared_seed else None
                fitted = tuple(
                    sampler.train(sampler.join([part if weight == 1 else sampler.weighted(part, weight)
                                                for part, weight in side]), step.size,
                                  rng if seed is None else np.random.default_rng(seed))
                    for side in ([(pair.first, weight) for pair, weight in present],
                                 [(pair.second, weight) for pair, weight in present]))
                laws[j + 1] = (fitted[0], fitted[1])
                apart = sampler.distance(*laws[j + 1])
                stability.append(np.divide(apart, unit, out=np.zeros(replicas), where=unit > 0))
            for k in step.done_pools:
                pairs.pop(k, None)
            for source in step.done_sources:
                laws.pop(source, None)
        return {"influence": np.stack(influence, axis=1), "stability": np.stack(stability, axis=1)}
