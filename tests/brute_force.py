"""The main theorem by brute force: the recursions of theory §3 and §4 over every pool of a loop's plan.

Nothing here knows a closed form: one point of one pool is replaced, and the displacement that it causes is followed
from generation to generation, pool by pool, in whatever exact or multiple-precision numbers the caller uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

import sympy as sp

from stlbounds.proof.protocol import Plan, Pool, Protocol
from stlbounds.special import geometric_sum_mpmath


@dataclass(frozen=True)
class Run:
    """A plan with numbers for sizes: ``T_j`` consists of the pools ``plan.generations[j]``.

    Points have weights in units of ``1/N``, 1 unless the loop weights them.
    """

    plan: Plan
    size_of: Mapping[Pool, Any]
    kappa: Any
    weight_of: Mapping[Pool, Any]

    @property
    def last(self) -> int:
        """``i``."""
        return len(self.plan.generations) - 1

    def size(self, generation: int) -> Any:
        """``N_j``."""
        return sum(self.mass(pool) for pool in self.plan.generations[generation])

    def mass(self, pool: Pool) -> Any:
        """The total weight of a pool: its size, unless the loop weights points."""
        return self.size_of[pool] * self.weight_of[pool]

    @cached_property
    def influence(self) -> dict[Pool, dict[int, Any]]:
        """``x_j`` by pool of the replaced point, and by ``j``."""
        return {pool: self._influences(pool) for pool in self.plan.pools()}

    def _influences(self, replaced: Pool) -> dict[int, Any]:
        """``x_j`` for every ``j`` from the draw on, when one point of the pool ``replaced`` is replaced.

        Points that are drawn from ``D_k`` are displaced by ``tau_k`` each, for as long as they are kept.
        """
        shift: dict[int, Any] = {}
        displaced: dict[Pool, Any] = {}
        result: dict[int, Any] = {}
        for generation in range(replaced.born, self.last + 1):
            pools = self.plan.generations[generation]
            for pool in pools:
                if pool.born == generation:
                    displaced[pool] = self.mass(pool) * shift.get(pool.source, 0)
            moved = sum(displaced.get(pool, 0) for pool in pools)
            result[generation] = (self.weight_of[replaced] if replaced in pools else 0) + moved
            shift[generation + 1] = self.kappa / self.size(generation) * result[generation]
        return result

    def mean_influence(self) -> Any:
        """``h_bar``: the mean of ``x_X - 1`` over the points of ``T_i``."""
        final = self.plan.generations[self.last]
        return sum(self.mass(pool) * (self.influence[pool][self.last] - 1) for pool in final) / self.size(self.last)

    def influence_squares(self, generation: int) -> Any:
        """The sum of ``x_X**2`` over all points drawn up to ``T_generation``."""
        return sum(self.size_of[pool] * self.influence[pool][generation] ** 2
                   for pool in self.plan.pools() if pool.born <= generation)

    def amplification_squared(self) -> Any:
        """``Phi**2``."""
        return self.influence_squares(self.last) / self.size(self.last)

    def recursive_stability(self) -> Any:
        """``gamma_i``, ``i >= 1``: the largest ``tau_i`` over the real points of ``T_0``."""
        real = [pool for pool in self.plan.generations[0] if pool.source == 0 and self.size_of[pool] > 0]
        return max(self.kappa / self.size(self.last - 1) * self.influence[pool][self.last - 1] for pool in real)

    def mixed_drift(self, generated: Mapping[int, Any], generation: int) -> Any:
        """``s_j = sum_k w_jk t_k`` for drifts ``t_k`` of the generated distributions."""
        return sum(self.mass(pool) * (generated[pool.source] if pool.source else 0)
                   for pool in self.plan.generations[generation]) / self.size(generation)

    def drift_by_lemma(self, error: Callable[[Any], Any]) -> Any:
        """``s_i`` from ``t_{j+1} = e_j + sum_k w_jk t_k``, with the learning error as a function of the size."""
        generated: dict[int, Any] = {}
        for generation in range(self.last):
            generated[generation + 1] = error(self.size(generation)) + self.mixed_drift(generated, generation)
        return self.mixed_drift(generated, self.last)

    def drift_by_variance(self, cells: Any, sqrt: Callable[[Any], Any]) -> Any:
        """``s_i`` from the sharper ``t_{j+1} = (1/2) sqrt((K-1) sum of x_X**2)/N_j`` of the categorical generator."""
        generated = {
            generation + 1: sqrt((cells - 1) * self.influence_squares(generation)) / (2 * self.size(generation))
            for generation in range(self.last)
        }
        return self.mixed_drift(generated, self.last)


def run(protocol: Protocol, generations: int, kappa: Any, number: Callable[[sp.Expr], Any]) -> Run:
    """A run of a protocol; ``number`` turns the size of a pool into the kind of number that is wanted."""
    plan = protocol.plan(generations)
    return Run(plan, {pool: number(pool.size) for pool in plan.pools()}, kappa,
               {pool: number(pool.weight) for pool in plan.pools()})


def exact(values: Mapping[sp.Symbol, Any]) -> Callable[[sp.Expr], Fraction]:
    """Evaluation of expressions in exact fractions."""

    def number(expression: sp.Expr) -> Fraction:
        value = sp.S(expression).subs(values)
        return Fraction(int(value.p), int(value.q))

    return number


def precise(values: Mapping[sp.Symbol, Any]) -> Callable[[sp.Expr], Any]:
    """Evaluation of expressions in mpmath numbers of the working precision."""
    symbols = tuple(sorted(values, key=str))
    numbers = [values[symbol] for symbol in symbols]
    return lambda expression: _function(expression, symbols)(*numbers)


@cache
def _function(expression: sp.Expr, symbols: tuple[sp.Symbol, ...]) -> Callable[..., Any]:
    modules = [{"geometric_sum": geometric_sum_mpmath}, "mpmath"]
    return sp.lambdify(symbols, expression, modules=modules)  # type: ignore[no-any-return]
