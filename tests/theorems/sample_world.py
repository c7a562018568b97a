"""Independent points on a few symbols, with a learner given as a table: every norm of the weak-stability proof,
exactly.

One array axis per point. Nothing here knows the rules: the quantities are computed from their definitions in
`stlbounds.proof.rules.weak_stability`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import sympy as sp

from stlbounds.proof.claim import Says
from stlbounds.proof.quantities import LossConstant, Quantity, Stability
from stlbounds.proof.rules import weak_stability as weak
from stlbounds.symbols import delta, n, p

ORDERS = (2.0, 2.5, 4.0, 9.0)
DELTAS = (0.9, 0.3, 0.05, 0.002)


class SampleWorld:
    """Points ``Z_1, ..., Z_N`` with laws `laws`, and the loss ``table[z_1, ..., z_N, z]`` of the learner at ``z``."""

    def __init__(self, laws: np.ndarray, table: np.ndarray, name: str) -> None:
        self.laws, self.table, self.name = laws, table, name
        self.size = len(laws)

    def __repr__(self) -> str:
        return f"SampleWorld({self.name}, N={self.size})"

    # --- means --------------------------------------------------------------------------------------------
    def _mean(self, values: np.ndarray, axes: list[int]) -> np.ndarray:
        """The conditional mean over the points in `axes`, with their axes kept."""
        for axis in axes:
            if values.shape[axis] > 1:
                values = np.expand_dims(np.tensordot(values, self.laws[axis], axes=(axis, 0)), axis)
        return values

    def norm(self, values: np.ndarray, order: float) -> float:
        """The norm of a function of all points."""
        weights = np.ones(())
        for law in self.laws:
            weights = np.multiply.outer(weights, law)
        return float((weights * np.abs(np.broadcast_to(values, weights.shape)) ** order).sum() ** (1 / order))

    # --- the functions of the proof -----------------------------------------------------------------------
    @cached_property
    def gap(self) -> np.ndarray:
        """``R_{Dmix} - Rhat``."""
        parts = [self.table @ law - self._at_own(k) for k, law in enumerate(self.laws)]
        return np.asarray(sum(parts)) / self.size

    def _at_own(self, k: int) -> np.ndarray:
        """``loss(A(T), Z_k)``."""
        where = np.indices(self.table.shape[:-1])
        return self.table[(*where, where[k])]

    @cached_property
    def g(self) -> list[np.ndarray]:
        """``g_k = E'[R_k(A(T^k)) - loss(A(T^k), Z_k)]``."""
        found = []
        for k, law in enumerate(self.laws):
            risk = self._mean(self.table @ law, [k])
            others = np.tensordot(np.moveaxis(self.table, k, 0), law, axes=(0, 0))  # the copy is averaged away
            found.append(risk - np.moveaxis(others, -1, k))
        return found

    @cached_property
    def levels(self) -> list[list[list[int]]]:
        """The blocks of each level: single points first, all points last."""
        found = [[list(range(self.size))]]
        while any(len(block) > 1 for block in found[0]):
            found.insert(0, [part for block in found[0]
                             for part in (block[: -(-len(block) // 2)], block[-(-len(block) // 2):]) if part])
        return found

    def _smoothed(self, k: int, level: int) -> np.ndarray:
        (block,) = (block for block in self.levels[level] if k in block)
        return self._mean(self.g[k], [j for j in block if j != k])

    @cached_property
    def steps(self) -> list[list[np.ndarray]]:
        """``g_k^l - g_k^(l+1)`` by level and point."""
        return [[self._smoothed(k, level) - self._smoothed(k, level + 1) for k in range(self.size)]
                for level in range(len(self.levels) - 1)]

    # --- quantities ---------------------------------------------------------------------------------------
    def value(self, quantity: Quantity, order: float) -> float:
        """The value of a quantity for norms of an order."""
        if isinstance(quantity, Stability):
            widest = [np.ptp(self.table, axis=k).max() for k in range(self.size)]
            return float(max(widest))
        if isinstance(quantity, LossConstant):
            return float(np.ptp(self.table, axis=-1).max())
        if isinstance(quantity, weak.SampleGapNorm):
            return self.norm(self.gap, order)
        if isinstance(quantity, weak.CopiesNorm):
            return self.norm(np.asarray(sum(np.broadcast_to(g, self.gap.shape) for g in self.g)) / self.size, order)
        if isinstance(quantity, weak.OwnNorm):
            own = [self._mean(g, [j for j in range(self.size) if j != k]) for k, g in enumerate(self.g)]
            return self.norm(np.asarray(sum(np.broadcast_to(part, self.gap.shape) for part in own)) / self.size, order)
        if isinstance(quantity, weak.LevelNorm):
            return max((self.norm(np.asarray(sum(np.broadcast_to(part, self.gap.shape) for part in level)) / self.size,
                                  order) for level in self.steps), default=0.0)
        if isinstance(quantity, weak.SiblingNorm):
            totals = [sum(np.sqrt(sum(self.norm(self.steps[level][k], order) ** 2 for k in block))
                          for block in self.levels[level]) / self.size for level in range(len(self.steps))]
            return max(totals, default=0.0)
        raise LookupError(quantity)

    def refutes(self, says: Says) -> str:
        """Where a statement about these quantities is false, or empty."""
        for order in ORDERS:
            parts = sp.Tuple(says.lhs, says.rhs).atoms(Quantity) - {weak.SampleGap(*says.lhs.args[:1])}
            known = {part: self.value(part, order) for part in parts}
            right = sp.sympify(says.rhs.xreplace(known)).subs({n: self.size, p: order})
            if not isinstance(says.lhs, weak.SampleGap):
                left = known[says.lhs]
                if not left <= float(right) * (1 + 1e-10) + 1e-12:
                    return f"{says.lhs} = {left} > {float(right)} for p = {order} in {self!r}"
                continue
            for chance in DELTAS:
                bound = float(right.subs(delta, chance))
                share = self.norm((np.abs(self.gap) > bound * (1 + 1e-10)).astype(float), 1.0)
                most = float(says.failure_probability.subs(delta, chance))
                if share > most + 1e-12:
                    return f"|gap| > {bound} with probability {share} > {most} for p = {order} in {self!r}"
        return ""


def _sets(size: int, symbols: int) -> np.ndarray:
    """The counts of every training set: the last axis runs over the symbols."""
    points = np.stack(np.indices((symbols,) * size), axis=-1)
    return np.stack([(points == symbol).sum(axis=-1) for symbol in range(symbols)], axis=-1)


def sample_worlds(seed: int = 3) -> Iterator[SampleWorld]:
    """Memorisers, parities, frequencies and random learners, for equal and for different laws."""
    rng = np.random.default_rng(seed)
    for size, symbols in ((1, 2), (1, 9), (2, 2), (2, 6), (3, 3), (4, 2), (4, 3), (5, 2), (6, 2)):
        counts = _sets(size, symbols)
        uniform = np.full((size, symbols), 1 / symbols)
        yield SampleWorld(uniform, (counts == 0).astype(float), "memoriser")
        yield SampleWorld(uniform, np.broadcast_to(np.arange(symbols) == 0, counts.shape).astype(float), "constant")
        yield SampleWorld(uniform, counts / size, "frequencies")
        yield SampleWorld(uniform, np.broadcast_to(np.arange(symbols) * 5.0, counts.shape), "large losses")
        # The label is the parity of the other points: the loss of every point depends on all of them.
        parity = (counts[..., 1:].sum(axis=-1, keepdims=True) + (np.arange(symbols) > 0)) % 2
        yield SampleWorld(uniform, parity.astype(float), "parity")
        laws = rng.dirichlet(np.ones(symbols), size=size)
        yield SampleWorld(laws, rng.random(counts.shape), "random")
        yield SampleWorld(laws, (rng.random(counts.shape) < 0.5).astype(float), "random bits")
        rare = np.full(symbols, 0.02 / max(1, symbols - 1))
        rare[0] = 0.98
        yield SampleWorld(np.tile(rare, (size, 1)), (counts == 0).astype(float), "rare memoriser")
    # Pairs: the loss at a point is whether its sibling agrees with it.
    for size in (2, 4, 6):
        points = np.stack(np.indices((2,) * size), axis=-1)
        table = np.stack([(points.sum(axis=-1) % 2) == z for z in (0, 1)], axis=-1).astype(float)
        yield SampleWorld(np.full((size, 2), 0.5), table, "all agree")

