"""A finite self-consuming loop as a Markov chain on counts: its histories, its coupled copies, its revelation.

Points of one pool are exchangeable, so a pool is its counts, drawn from a multinomial law. Everything is enumerated in
fractions; recursions are memoised on what the rest of the loop can still see of a history.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from math import comb, prod
from typing import NamedTuple

import sympy as sp

from stlbounds.errors import InvalidArgumentError, ProofError
from stlbounds.proof.protocol import Plan, Pool
from stlbounds.proof.world_models import Counts, FiniteGenerator, Law

__all__ = [
    "ZERO",
    "Chain",
    "History",
    "Lot",
    "Spread",
    "checked_law",
    "distance",
    "lots_of",
    "multinomial",
    "outcomes",
    "scaled",
    "total",
    "training_sets",
]

ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Lot:
    """A pool of the plan with a number for its size; `key` tells pools apart that are alike in numbers."""

    key: int
    name: str
    born: int
    source: int
    size: int
    weight: Fraction = Fraction(1)
    block: int = 0


class History(NamedTuple):
    """What happened: the laws ``D_0, D_1, ...`` and the counts of the lots drawn so far; None where forgotten."""

    laws: tuple[Law | None, ...]
    counts: tuple[Counts | None, ...]


class Spread(NamedTuple):
    """What replacing one point does at most: displacement of ``T_j`` and ``E TV(D_k, D'_k)``, by generation."""

    displacement: dict[int, Fraction]
    shift: dict[int, Fraction]


Lots = tuple[tuple[Lot, ...], ...]


def lots_of(plan: Plan, sizes: Mapping[sp.Symbol, sp.Expr]) -> Lots:
    """The training sets of a plan with numbers for its symbols.

    Raises
    ------
    InvalidArgumentError
        If a size does not come out as a nonnegative integer, a training set is empty, or the plan contradicts itself.
    """
    keys: dict[Pool, int] = {}
    lots: list[tuple[Lot, ...]] = []
    for generation, pools in enumerate(plan.generations):
        members = []
        for pool in pools:
            weight = pool.weight.xreplace(dict(sizes))
            if not (weight.is_Rational and weight >= 0):
                raise InvalidArgumentError(f"weight of the pool {pool.name!r} of generation {generation}",
                                           f"{pool.weight} = {weight}", "a nonnegative rational number")
            size = pool.size.xreplace(dict(sizes))
            if not (size.is_Integer and size >= 0):
                raise InvalidArgumentError(f"size of the pool {pool.name!r} of generation {generation}",
                                           f"{pool.size} = {size}", "a nonnegative integer", "choose other sizes")
            key = keys.setdefault(pool, len(keys))
            members.append(Lot(key, pool.name, pool.born, pool.source, int(size),
                               Fraction(int(weight.p), int(weight.q)), pool.block))
        if sum(lot.size * lot.weight for lot in members) < 1:
            raise InvalidArgumentError(f"size of T_{generation}", 0, "at least 1", "choose other sizes")
        if len(set(pools)) < len(pools) or any(not 0 <= lot.source <= lot.born <= generation for lot in members):
            raise InvalidArgumentError(f"plan of generation {generation}", pools,
                                       "distinct pools with 0 <= source <= born <= generation")
        lots.append(tuple(members))
    return tuple(lots)


def outcomes(sets: Lots, symbols: int) -> int:
    """About how many histories or training sets there are, if a generator only repeats the symbols it has seen."""
    lots = {lot for members in sets for lot in members}
    sizes = [sum(lot.size for lot in members) for members in sets]
    seen = {lot: symbols if lot.source == 0 else min(symbols, sizes[lot.source - 1]) for lot in lots}
    return max(prod(comb(lot.size + seen[lot] - 1, lot.size) for lot in lots),
               comb(max(sizes) + symbols - 1, symbols - 1))


def training_sets(size: int, symbols: int) -> Iterator[Counts]:
    """The counts of all training sets of a size."""
    if symbols == 1:
        yield (size,)
        return
    for first in range(size + 1):
        for rest in training_sets(size - first, symbols - 1):
            yield (first, *rest)


def checked_law(name: str, law: Law, symbols: int) -> Law:
    """The law, if it is one on this number of symbols."""
    if len(law) != symbols or min(law) < 0 or sum(law) != 1:
        raise InvalidArgumentError(name, law, f"{symbols} nonnegative fractions that sum to 1")
    return law


def total(sets: tuple[Counts, ...]) -> Counts:
    """The counts of a union."""
    return tuple(map(sum, zip(*sets, strict=True)))


def scaled(counts: Counts, weight: Fraction) -> Counts:
    """The counts of points of a weight; whole numbers stay integers."""
    return counts if weight == 1 else tuple(weight * count for count in counts)


def distance(p: Law, q: Law) -> Fraction:
    """Total variation, the 1-Wasserstein distance of the discrete metric."""
    return sum((a - b for a, b in zip(p, q, strict=True) if a > b), ZERO)


@cache
def multinomial(law: Law, size: int) -> tuple[tuple[Counts, Fraction], ...]:
    """The counts of `size` independent points, with their positive probabilities."""
    found = {(0,) * len(law): ONE}
    for _ in range(size):
        longer: dict[Counts, Fraction] = {}
        for counts, probability in found.items():
            for symbol, chance in enumerate(law):
                if chance:
                    more = (*counts[:symbol], counts[symbol] + 1, *counts[symbol + 1:])
                    longer[more] = longer.get(more, ZERO) + probability * chance
        found = longer
    return tuple(found.items())


@cache
def coupled(p: Law, q: Law, size: int) -> tuple[tuple[Counts, Counts, Fraction], ...]:
    """The counts of two pools drawn in pairs, independently over points, from a maximal coupling of two laws.

    A pair agrees with probability ``1 - TV``; where it differs, its points are drawn independently from the
    normalised positive and negative parts of ``p - q``.
    """
    common = tuple(map(min, p, q))
    apart = distance(p, q)
    cells = {(z, z): chance for z, chance in enumerate(common) if chance}
    for (z, a), (y, b) in itertools.product(enumerate(p), enumerate(q)):
        if (rest := (a - common[z]) * (b - common[y])):
            cells[z, y] = rest / apart
    pairs: dict[tuple[Counts, Counts], Fraction] = {}
    symbols = range(len(p))
    for counts, probability in multinomial(tuple(cells.values()), size):
        table = dict(zip(cells, counts, strict=True))
        one = tuple(sum(count for (a, _), count in table.items() if a == z) for z in symbols)
        other = tuple(sum(count for (_, b), count in table.items() if b == z) for z in symbols)
        pairs[one, other] = pairs.get((one, other), ZERO) + probability
    return tuple((one, other, probability) for (one, other), probability in pairs.items())


def _known(law: Law | None) -> Law:
    """A law that has not been forgotten."""
    if law is None:
        raise ProofError("an exact world forgot a law that it still needs; this is a bug of stlbounds")
    return law


class Chain:
    """The random histories of a finite loop.

    Parameters
    ----------
    law : tuple of Fraction
        The real distribution ``D_0``.
    generator : FiniteGenerator
        ``D_{j+1} = G(T_j)``.
    sets : tuple of tuples of Lot
        The lots of ``T_0, ..., T_last``.
    """

    def __init__(self, law: Law, generator: FiniteGenerator, sets: Lots) -> None:
        self.law = law
        self.sets = sets
        self.last = len(sets) - 1
        self.lots = tuple(lot for j, members in enumerate(sets) for lot in members if lot.born == j)
        if unborn := {lot for members in sets for lot in members} - set(self.lots):
            raise InvalidArgumentError("plan", unborn, "such that every pool is in the training set of its generation")
        self.fit = cache(lambda counts: checked_law("a generated law", generator.fit(counts), len(law)))
        self._members = tuple(tuple(map(self.lots.index, members)) for members in sets)
        self._spreads: dict[Lot, Spread] = {}
        self._forecasts: dict[tuple[int, History, History], tuple[Fraction, ...]] = {}
        self._kept: dict[tuple[int, int], tuple[frozenset[int], frozenset[int]]] = {}

    def drawn(self, generation: int) -> list[int]:
        """The indices of the lots that are drawn in a generation, in order."""
        return [index for index, lot in enumerate(self.lots) if lot.born == generation]

    def training_set(self, history: History, generation: int) -> Counts:
        """The counts of ``T_generation``, each point as often as it weighs."""
        return total(tuple(scaled(history.counts[index] or (), self.lots[index].weight)
                           for index in self._members[generation]))

    def fitted(self, history: History, generation: int) -> History:
        """The history with the law that the generator learns from ``T_generation``."""
        return History((*history.laws, self.fit(self.training_set(history, generation))), history.counts)

    def forget(self, history: History, first: int, last: int) -> History:
        """Only what the training sets of the generations from `first` to `last` can depend on."""
        if (first, last) not in self._kept:
            members = frozenset(index for j in range(first, last + 1) for index in self._members[j])
            sources = frozenset(lot.source for lot in self.lots if first <= lot.born <= last)
            self._kept[first, last] = sources, members
        sources, members = self._kept[first, last]
        return History(tuple(law if k in sources else None for k, law in enumerate(history.laws)),
                       tuple(counts if k in members else None for k, counts in enumerate(history.counts)))

    @cached_property
    def histories(self) -> tuple[tuple[tuple[History, Fraction], ...], ...]:
        """For each generation ``j``, all histories up to and including ``T_j`` and ``D_{j+1}``, with probabilities."""
        start = ((History((self.law,), ()), ONE),)
        levels: list[tuple[tuple[History, Fraction], ...]] = []
        for generation in range(self.last + 1):
            drawn = self.drawn(generation)
            level = []
            for past, probability in (levels[-1] if levels else start):
                pools = (multinomial(_known(past.laws[self.lots[index].source]), self.lots[index].size)
                         for index in drawn)
                for draws in itertools.product(*pools):
                    chance = probability
                    for _, factor in draws:
                        chance *= factor
                    history = History(past.laws, past.counts + tuple(counts for counts, _ in draws))
                    level.append((self.fitted(history, generation), chance))
            levels.append(tuple(level))
        return tuple(levels)

    # --- theory §3: a copy of the loop in which one point is replaced ------------------------------------

    def _forecast(self, first: int, one: History, other: History) -> tuple[Fraction, ...]:
        """``E TV(D_k, D'_k)`` for ``k = first, ..., last + 1``, for two histories before generation `first`."""
        now = distance(_known(one.laws[first]), _known(other.laws[first]))
        if first > self.last:
            return (now,)
        one, other = self.forget(one, first, self.last), self.forget(other, first, self.last)
        if one == other:
            return now, *([ZERO] * (self.last + 1 - first))
        key = (first, *max((one, other), (other, one)))
        if key not in self._forecasts:
            self._forecasts[key] = self._mean_forecast(first, one, other)
        return now, *self._forecasts[key]

    def _mean_forecast(self, first: int, one: History, other: History) -> tuple[Fraction, ...]:
        pools = (coupled(_known(one.laws[lot.source]), _known(other.laws[lot.source]), lot.size)
                 for lot in map(self.lots.__getitem__, self.drawn(first)))
        mean = [ZERO] * (self.last + 1 - first)
        for draws in itertools.product(*pools):
            chance = ONE
            for _, _, factor in draws:
                chance *= factor
            ours = History(one.laws, (*one.counts, *(counts for counts, _, _ in draws)))
            theirs = History(other.laws, (*other.counts, *(counts for _, counts, _ in draws)))
            forecast = self._forecast(first + 1, self.fitted(ours, first), self.fitted(theirs, first))
            for k, value in enumerate(forecast):
                mean[k] += chance * value
        return tuple(mean)

    def spread(self, lot: Lot) -> Spread:
        """The largest effect of replacing a point of `lot`, over its values, replacements and possible pasts."""
        if lot not in self._spreads:
            self._spreads[lot] = self._largest_spread(lot)
        return self._spreads[lot]

    def _largest_spread(self, lot: Lot) -> Spread:
        born = lot.born
        displacement = dict.fromkeys(range(born, self.last + 1), ZERO)
        shift = dict.fromkeys(range(born + 1, self.last + 2), ZERO)
        index = self.lots.index(lot)
        pasts = {self.forget(history, born, self.last) for history, _ in self.histories[born]} if lot.size else set()
        for past in pasts:
            past = History(past.laws[:born + 1], past.counts)
            for other in self._replacements(past, index):
                taus = self._forecast(born + 1, self.fitted(past, born), self.fitted(other, born))
                for k, tau in enumerate(taus, start=born + 1):
                    shift[k] = max(shift[k], tau)
                for j in displacement:
                    moved = sum((late.size * late.weight * taus[late.source - born - 1] for late in self.sets[j]
                                 if late.born > born and late.source > born), lot.weight * (lot in self.sets[j]))
                    displacement[j] = max(displacement[j], moved)
        return Spread(displacement, shift)

    def _replacements(self, past: History, index: int) -> Iterator[History]:
        """The histories in which one point of a lot has another possible value; each pair of values once."""
        law, counts = _known(past.laws[self.lots[index].source]), past.counts[index]
        possible = [symbol for symbol, chance in enumerate(law) if chance]
        for old, new in itertools.combinations(possible, 2):
            if counts and counts[old]:
                step = {old: -1, new: 1}
                replaced: Counts = tuple(count + step.get(symbol, 0) for symbol, count in enumerate(counts))
                yield History(past.laws, (*past.counts[:index], replaced, *past.counts[index + 1:]))

    # --- theory §5 (c): the points revealed one by one ---------------------------------------------------

    def ranges(self, last: int, payoff: Callable[[Counts], Fraction]) -> dict[tuple[int, int], Fraction]:
        """The largest conditional range that each point causes in the mean of ``payoff(T_last)``.

        The key is the index of the lot and the number of its points that were revealed before.
        """
        widest: dict[tuple[int, int], Fraction] = {}
        memory: dict[tuple[int, Counts, History], Fraction] = {}
        blank = (0,) * len(self.law)

        def mean(generation: int, rank: int, seen: Counts, history: History) -> Fraction:
            drawn = self.drawn(generation)
            if rank == len(drawn) and generation == last:
                return payoff(self.training_set(history, last))
            if rank == len(drawn):
                learned = self.forget(self.fitted(history, generation), generation + 1, last)
                return mean(generation + 1, 0, blank, learned)
            index, revealed = drawn[rank], sum(seen)
            if revealed == self.lots[index].size:
                return mean(generation, rank + 1, blank, History(history.laws, (*history.counts, seen)))
            key = (index, seen, history)
            if key not in memory:
                points = multinomial(_known(history.laws[self.lots[index].source]), 1)
                values = [(chance, mean(generation, rank, total((seen, point)), history)) for point, chance in points]
                width = max(value for _, value in values) - min(value for _, value in values)
                widest[index, revealed] = max(widest.get((index, revealed), ZERO), width)
                memory[key] = sum((chance * value for chance, value in values), ZERO)
            return memory[key]

        mean(0, 0, blank, History((self.law,), ()))
        return widest
