"""Exact worlds that also know the quantities of the Bernstein theorem: variances, largest ranges and influences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

import sympy as sp

from stlbounds.proof.protocol import Protocol
from stlbounds.proof.quantities import Quantity
from stlbounds.proof.rules.bernstein import ConditionalVariances, LargestInfluence, LargestRange, PointVariance
from stlbounds.proof.world_chain import ZERO, Chain, Counts, History, multinomial, total
from stlbounds.proof.worlds import World, standard_worlds
from stlbounds.symbols import v


def largest_variances(chain: Chain, last: int, payoff: Callable[[Counts], Fraction]) -> dict[tuple[int, int], Fraction]:
    """For each revealed point the largest ``Var(E[payoff | past, X] | past)`` over all pasts, by enumeration."""
    largest: dict[tuple[int, int], Fraction] = {}
    blank = (0,) * len(chain.law)

    def mean(generation: int, rank: int, seen: Counts, history: History) -> Fraction:
        drawn = chain.drawn(generation)
        if rank == len(drawn):
            if generation == last:
                return payoff(chain.training_set(history, last))
            return mean(generation + 1, 0, blank, chain.fitted(history, generation))
        index = drawn[rank]
        if sum(seen) == chain.lots[index].size:
            return mean(generation, rank + 1, blank, History(history.laws, (*history.counts, seen)))
        points = multinomial(history.laws[chain.lots[index].source], 1)
        values = [(chance, mean(generation, rank, total((seen, point)), history)) for point, chance in points]
        centre = sum((chance * value for chance, value in values), ZERO)
        spread = sum((chance * (value - centre) ** 2 for chance, value in values), ZERO)
        key = (index, sum(seen))
        largest[key] = max(largest.get(key, ZERO), spread)
        return centre

    mean(0, 0, blank, History((chain.law,), ()))
    return largest


class VarianceWorld(World):
    """A world in which the quantities of `stlbounds.proof.rules.bernstein` have values."""

    def value(self, quantity: Quantity) -> Fraction:
        if quantity not in self._values:
            found = self._sharper(quantity)
            if found is None:
                return super().value(quantity)
            self._values[quantity] = found
        return self._values[quantity]

    def _sharper(self, quantity: Quantity) -> Fraction | None:
        chain = self._chain
        if isinstance(quantity, PointVariance):
            histories = (history for level in chain.histories for history, _ in level)
            laws = {law for history in histories for law in history.laws[: level_of(history)]}
            return max((1 - sum(p * p for p in law)) / 2 for law in laws)
        if not isinstance(quantity, (ConditionalVariances, LargestInfluence, LargestRange)):
            return None
        now = self._generation(quantity.args[0])
        if isinstance(quantity, ConditionalVariances):
            return sum(largest_variances(chain, now, self._gap).values(), ZERO)
        if isinstance(quantity, LargestRange):
            return max(chain.ranges(now, self._gap).values())
        return max(self._displacement(lot, now) for lot in chain.lots if lot.born <= now and lot.size)

    def constants(self) -> dict[sp.Symbol, Fraction]:
        return super().constants() | {v: self.value(PointVariance())}


def level_of(history: History) -> int:
    """How many of a history's laws points have been drawn from: all but the one that was learned last."""
    return len(history.laws) - 1


def variance_worlds(*protocols: Protocol, most: int = 400) -> Iterable[VarianceWorld]:
    """The standard worlds of the protocols with few outcomes."""
    for world in standard_worlds(*protocols):
        if world.outcomes <= most:
            yield VarianceWorld(world.protocol, world.sizes, world.law, world.generator, world.learner,
                                world.generations)
