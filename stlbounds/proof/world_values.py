"""Exact worlds: tiny self-consuming loops in which every quantity is computed by complete enumeration in fractions.

A world knows nothing of the rules: it reads the pools of `Protocol.plan`, with numbers for the symbols in it, and the
definitions in `stlbounds.proof.quantities`. The metric is the discrete one, so that ``W`` is total variation and
displacement the Hamming distance, each point counted as often as it weighs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.proof import quantities as qs
from stlbounds.proof.claim import Says
from stlbounds.proof.protocol import Protocol
from stlbounds.proof.world_chain import (
    ZERO,
    Chain,
    History,
    Lot,
    checked_law,
    distance,
    lots_of,
    outcomes,
    scaled,
    total,
    training_sets,
)
from stlbounds.proof.world_check import Counterexample, OutsideWorld, Trial, trials
from stlbounds.proof.world_models import Counts, FiniteGenerator, FiniteLearner, Law
from stlbounds.symbols import K, M, b, beta, c, e, kappa, r

__all__ = ["World"]


class World:
    """A finite loop in which every quantity of `stlbounds.proof.quantities` has an exact value.

    Parameters
    ----------
    protocol : Protocol
        Only its `plan` is read.
    sizes : mapping of sympy.Symbol to int or Fraction
        Numbers for the symbols in the plan, usually ``n`` and ``alpha``.
    law : sequence of Fraction
        The real distribution ``D_0``.
    generator, learner : FiniteGenerator, FiniteLearner
        The models.
    generations : int
        The last training set is ``T_generations``; ``D(generations + 1)``, learned from it, exists as well.

    Raises
    ------
    InvalidArgumentError
        If a pool's size does not come out as a nonnegative integer, or a law is none.

    Notes
    -----
    The recursive stability of theory §2 is an optimum over couplings; `value` gives the cost of the coupling of
    theory §3 instead, which is an upper bound on it. Where a maximal coupling of two laws is not unique (three symbols
    or more), points that differ are drawn independently from the normalised positive and negative part of ``p - q``.
    """

    def __init__(self, protocol: Protocol, sizes: Mapping[sp.Symbol, int | Fraction], law: Iterable[Fraction],
                 generator: FiniteGenerator, learner: FiniteLearner, generations: int) -> None:
        if generations < 0:
            raise InvalidArgumentError("generations", generations, "a nonnegative integer")
        self.protocol, self.generator, self.learner, self.generations = protocol, generator, learner, generations
        self.law: Law = tuple(map(Fraction, law))
        self.sizes = {symbol: sp.Rational(value) for symbol, value in sizes.items()}
        checked_law("law", self.law, len(self.law))
        self._chain = Chain(self.law, generator, lots_of(protocol.plan(generations), self.sizes))
        self._values: dict[sp.Expr, Fraction] = {}
        self._losses: dict[Counts, Law] = {}
        self._gaps: dict[Counts, Fraction] = {}
        self._gap_laws: dict[int, dict[Fraction, Fraction]] = {}

    def __repr__(self) -> str:
        sizes = ", ".join(f"{symbol}={value}" for symbol, value in self.sizes.items())
        law = ", ".join(map(str, self.law))
        return f"World({self.protocol}, {sizes}, law=({law}), {self.generator}, {self.learner}, T={self.generations})"

    # --- what the loop consists of ----------------------------------------------------------------------

    @cached_property
    def set_sizes(self) -> tuple[int, ...]:
        """The sizes ``N_0, N_1, ...`` of the training sets: the sums of the weights of their points."""
        sizes = [sum((lot.size * lot.weight for lot in members), ZERO) for members in self._chain.sets]
        if any(size.denominator != 1 for size in sizes):
            raise InvalidArgumentError("sizes", ", ".join(map(str, sizes)), "such that training sets have whole sizes")
        return tuple(map(int, sizes))

    def _compositions(self, size: int) -> set[tuple[tuple[Fraction, int], ...]]:
        """How many points of each positive weight the training sets of a size consist of."""
        found = set()
        for members, total_size in zip(self._chain.sets, self.set_sizes, strict=True):
            if total_size == size:
                numbers: dict[Fraction, int] = {}
                for lot in members:
                    if lot.weight > 0:
                        numbers[lot.weight] = numbers.get(lot.weight, 0) + lot.size
                found.add(tuple(sorted(numbers.items())))
        return found

    def _training_sets(self, size: int) -> Iterable[tuple[tuple[Fraction, Counts], ...]]:
        """All training sets of a size, as the counts of the points of each weight."""
        for composition in self._compositions(size):
            choices = (tuple((weight, counts) for counts in training_sets(number, len(self.law)))
                       for weight, number in composition)
            yield from itertools.product(*choices)

    @property
    def outcomes(self) -> int:
        """An estimate of the work: how many training sets and histories there may be."""
        return outcomes(self._chain.sets, len(self.law))

    def _lots(self, name: str, born: int) -> list[Lot]:
        found = [lot for lot in self._chain.lots if (lot.name, lot.born) == (name, born)]
        if not found:
            raise OutsideWorld(f"no point of class {name} is drawn in generation {born}")
        return found

    def _generation(self, argument: sp.Expr, first: int = 0, last: int | None = None) -> int:
        last = self.generations if last is None else last
        if not argument.is_number:
            raise InvalidArgumentError("index", argument, "a number", "substitute the symbols first")
        if not (argument.is_Integer and first <= argument <= last):
            raise OutsideWorld(f"{argument} is not a generation from {first} to {last}")
        return int(argument)

    def _size(self, argument: sp.Expr) -> int:
        if argument not in self.set_sizes:
            raise OutsideWorld(f"no training set has size {argument}")
        return int(argument)

    # --- the models -------------------------------------------------------------------------------------

    def _judged(self, counts: Counts) -> Law:
        """The loss at each symbol of the learner trained on a set."""
        if counts not in self._losses:
            hypothesis = self.learner.fit(counts)
            self._losses[counts] = tuple(Fraction(self.learner.loss(hypothesis, z)) for z in range(len(counts)))
        return self._losses[counts]

    def _neighbours(self, size: int) -> Iterable[tuple[Counts, Counts, Fraction]]:
        """Pairs of training sets that differ in one point, and the weight of that point."""
        # One-point changes are enough: they link any two sets by a path as long as their Hamming distance.
        for parts in self._training_sets(size):
            everything = total(tuple(scaled(counts, weight) for weight, counts in parts))
            for weight, counts in parts:
                for old, new in itertools.combinations(range(len(counts)), 2):
                    if counts[old]:
                        step = {old: -weight, new: weight}
                        yield everything, tuple(x + step.get(z, 0) for z, x in enumerate(everything)), weight

    def _sensitivity(self, argument: sp.Expr) -> Fraction:
        size, fit = self._size(argument), self._chain.fit
        return max((size * distance(fit(one), fit(other)) / weight for one, other, weight in self._neighbours(size)),
                   default=ZERO)

    def _stability(self, argument: sp.Expr) -> Fraction:
        size = self._size(argument)
        return max((abs(x - y) / weight for one, other, weight in self._neighbours(size)
                    for x, y in zip(self._judged(one), self._judged(other), strict=True)), default=ZERO)

    def _loss_constant(self) -> Fraction:
        losses = (self._judged(total(tuple(scaled(counts, weight) for weight, counts in parts)))
                  for size in set(self.set_sizes) for parts in self._training_sets(size))
        return max(max(values) - min(values) for values in losses)

    # --- theory §4: the data -----------------------------------------------------------------------------

    def _mixed(self, history: History, generation: int) -> Law:
        """``Dmix_j`` as it turned out."""
        parts = [(lot.size * lot.weight / self.set_sizes[generation], history.laws[lot.source] or ())
                 for lot in self._chain.sets[generation]]
        return tuple(sum((weight * law[z] for weight, law in parts), ZERO) for z in range(len(self.law)))

    def _distance(self, *arguments: sp.Expr) -> Fraction:
        places = []
        for argument in arguments:
            if not isinstance(argument, (qs.D, qs.Dmix)):
                raise InvalidArgumentError("argument of Distance", argument, "D(k) or Dmix(j)")
            mixed = isinstance(argument, qs.Dmix)
            places.append((mixed, self._generation(argument.args[0], 0, self.generations + (not mixed))))
        latest = max(k if mixed else max(k - 1, 0) for mixed, k in places)

        def law(history: History, place: tuple[bool, int]) -> Law:
            return self._mixed(history, place[1]) if place[0] else history.laws[place[1]] or ()

        return sum((probability * distance(law(history, places[0]), law(history, places[1]))
                    for history, probability in self._chain.histories[latest]), ZERO)

    # --- theory §3: influence ----------------------------------------------------------------------------

    def _displacement(self, lot: Lot, generation: int) -> Fraction:
        return self._chain.spread(lot).displacement[generation]

    def _named(self, name: qs.Str | qs.Ranked, born: int) -> list[Lot]:
        """The lots of a class, or the one that a ranked point is in: blocks are numbered by rank."""
        if not isinstance(name, qs.Ranked):
            return self._lots(name.name, born)
        lots = sorted(self._lots(name.args[0].name, born), key=lambda lot: lot.block)
        last = list(itertools.accumulate(lot.size for lot in lots))
        if not (name.args[1].is_Integer and 1 <= name.args[1] <= last[-1]):
            raise OutsideWorld(f"there is no point of rank {name.args[1]}")
        return [next(lot for lot, end in zip(lots, last, strict=True) if name.args[1] <= end)]

    def _influence(self, name: qs.Str | qs.Ranked, born: sp.Expr, later: sp.Expr) -> Fraction:
        lots = self._named(name, self._generation(born))
        now = self._generation(later, lots[0].born)
        return max(self._displacement(lot, now) for lot in lots)

    def _distribution_shift(self, name: qs.Str | qs.Ranked, born: sp.Expr, later: sp.Expr) -> Fraction:
        lots = self._named(name, self._generation(born))
        now = self._generation(later, lots[0].born + 1, self.generations + 1)
        return max(self._chain.spread(lot).shift[now] for lot in lots)

    def _recursive_stability(self, generation: sp.Expr) -> Fraction:
        now = self._generation(generation, 1, self.generations + 1)
        return max(self._chain.spread(lot).shift[now] for lot in self._chain.sets[0])

    def _final_influence(self, generation: sp.Expr) -> Fraction:
        now = self._generation(generation)
        summed = sum((lot.size * lot.weight * self._displacement(lot, now) for lot in self._chain.sets[now]), ZERO)
        return summed / self.set_sizes[now]

    def _influence_squares(self, generation: sp.Expr) -> Fraction:
        now = self._generation(generation)
        return sum((lot.size * self._displacement(lot, now) ** 2 for lot in self._chain.lots if lot.born <= now), ZERO)

    # --- theory §5: the gap ------------------------------------------------------------------------------

    def _risk(self, law: Law, counts: Counts) -> Fraction:
        """The mean loss under a law, or a law of frequencies, of the learner trained on a set."""
        return sum((p * loss for p, loss in zip(law, self._judged(counts), strict=True)), ZERO)

    def _gap(self, counts: Counts) -> Fraction:
        """``g`` for a training set."""
        if counts not in self._gaps:
            frequencies = tuple(Fraction(count, sum(counts)) for count in counts)
            self._gaps[counts] = self._risk(self.law, counts) - self._risk(frequencies, counts)
        return self._gaps[counts]

    def gaps(self, generation: int) -> dict[Fraction, Fraction]:
        """The law of ``g`` with `generation` as the last one: value -> probability."""
        now = self._generation(sp.Integer(generation))
        if now not in self._gap_laws:
            found: dict[Fraction, Fraction] = {}
            for history, probability in self._chain.histories[now]:
                value = self._gap(self._chain.training_set(history, now))
                found[value] = found.get(value, ZERO) + probability
            self._gap_laws[now] = found
        return self._gap_laws[now]

    def _moment(self, generation: sp.Expr, power: Any) -> Fraction:
        return sum((p * power(g) for g, p in self.gaps(self._generation(generation)).items()), ZERO)

    def _mean_risk_gap(self, generation: sp.Expr) -> Fraction:
        """``E[R_{D_0} - R_{Dmix_j}]``."""
        now = self._generation(generation)
        mean = ZERO
        for history, probability in self._chain.histories[now]:
            counts = self._chain.training_set(history, now)
            mean += probability * (self._risk(self.law, counts) - self._risk(self._mixed(history, now), counts))
        return mean

    def _drift_bias(self, generation: sp.Expr) -> Fraction:
        return abs(self._mean_risk_gap(generation))

    def _exchange_bias(self, generation: sp.Expr) -> Fraction:
        return abs(self._moment(generation, lambda g: g) - self._mean_risk_gap(generation))

    def _mean_gap(self, generation: sp.Expr) -> Fraction:
        return abs(self._moment(generation, lambda g: g))

    def _expected_gap(self, generation: sp.Expr) -> Fraction:
        return self._moment(generation, abs)

    def _variance(self, generation: sp.Expr) -> Fraction:
        mean = self._moment(generation, lambda g: g)
        return self._moment(generation, lambda g: (g - mean) ** 2)

    def _expected_deviation(self, generation: sp.Expr) -> Fraction:
        mean = self._moment(generation, lambda g: g)
        return self._moment(generation, lambda g: abs(g - mean))

    def _range_squares(self, generation: sp.Expr) -> Fraction:
        widths = self._chain.ranges(self._generation(generation), self._gap)
        return sum((width**2 for width in widths.values()), ZERO)

    # --- what claims are held against ---------------------------------------------------------------------

    def value(self, quantity: qs.Quantity) -> Fraction:
        """The exact value of a quantity whose indices are integers.

        Raises
        ------
        OutsideWorld
            If the quantity does not exist in this world (a generation beyond the last, a class that is not drawn).
        InvalidArgumentError
            If the quantity is random, unknown, or has indices that are not numbers.
        """
        if quantity not in self._values:
            name = _METHODS.get(type(quantity))
            if name is None:
                raise InvalidArgumentError("quantity", quantity, "a deterministic quantity of a loop",
                                           "use `distribution` for Gap and Deviation")
            self._values[quantity] = getattr(self, name)(*quantity.args)
        return self._values[quantity]

    def distribution(self, quantity: qs.Quantity) -> dict[Fraction, Fraction]:
        """The law of ``Gap(j)`` or ``Deviation(j)``: value -> probability."""
        if not isinstance(quantity, qs.RANDOM):
            raise InvalidArgumentError("quantity", quantity, "random (Gap or Deviation)", "use `value`")
        law = self.gaps(self._generation(quantity.args[0]))
        centre = sum((g * p for g, p in law.items()), ZERO) if isinstance(quantity, qs.Deviation) else ZERO
        found: dict[Fraction, Fraction] = {}
        for g, probability in law.items():
            found[abs(g - centre)] = found.get(abs(g - centre), ZERO) + probability
        return found

    @cached_property
    def _constants(self) -> dict[sp.Symbol, Fraction]:
        sizes = [sp.Integer(size) for size in set(self.set_sizes)]
        stability = {size: self.value(qs.Stability(size)) for size in sizes}
        errors = [self.value(qs.Distance(qs.Dmix(j), qs.D(j + 1))) for j in range(self.generations + 1)]
        numbers = {
            kappa: max(self.value(qs.Sensitivity(size)) for size in sizes),
            beta: max(stability.values()),
            b: max(int(size) * value for size, value in stability.items()),
            M: self.value(qs.LossConstant()),
            e: max(errors),
            r: Fraction(1),
            c: max(size * error for size, error in zip(self.set_sizes, errors, strict=True)),
            K: Fraction(len(self.law)),
        }
        return numbers | {symbol: Fraction(int(value.p), int(value.q)) for symbol, value in self.sizes.items()}

    def constants(self) -> dict[sp.Symbol, Fraction]:
        """The least values with which the assumptions of a setting hold here, and the sizes of the loop.

        ``kappa``, ``beta``, ``b = max N beta_N``, ``M``; the learning error both as ``e`` and, with ``r = 1``, as
        ``c N**(-r)``; the number ``K`` of symbols; and the loop's own symbols.
        """
        return dict(self._constants)

    def trials(self, says: Says, definitions: Mapping[sp.Symbol, sp.Expr] | None = None,
               values: Mapping[sp.Symbol, Any] | None = None) -> Iterable[Trial]:
        """Each instance of a statement that makes sense here, compared; see `refute` for the parameters."""
        return trials(self, says, definitions or {}, values or {})

    def refute(self, says: Says, definitions: Mapping[sp.Symbol, sp.Expr] | None = None,
               values: Mapping[sp.Symbol, Any] | None = None) -> Counterexample | None:
        """Hold a statement against this world.

        Parameters
        ----------
        says : Says
            The statement, for every admissible value of its indices. A definition (``symbol = value``) binds and is
            not compared.
        definitions : mapping, optional
            The named parts; they may depend on indices and on each other.
        values : mapping, optional
            Numbers for further symbols, or other ones than those of `constants`.

        Returns
        -------
        Counterexample or None
            The first instance that is false or undefined here.
        """
        for trial in self.trials(says, definitions, values):
            if not trial.holds:
                return Counterexample(repr(self), trial)
        return None

    def compared(self, says: Says, definitions: Mapping[sp.Symbol, sp.Expr] | None = None,
                 values: Mapping[sp.Symbol, Any] | None = None) -> int:
        """How many instances of a statement `refute` compares when it finds no counterexample."""
        return sum(1 for _ in self.trials(says, definitions, values))


_METHODS: dict[type[qs.Quantity], str] = {
    qs.Distance: "_distance", qs.Sensitivity: "_sensitivity", qs.Stability: "_stability",
    qs.LossConstant: "_loss_constant", qs.Influence: "_influence", qs.DistributionShift: "_distribution_shift",
    qs.FinalInfluence: "_final_influence", qs.InfluenceSquares: "_influence_squares",
    qs.RecursiveStability: "_recursive_stability", qs.DriftBias: "_drift_bias", qs.ExchangeBias: "_exchange_bias",
    qs.MeanGap: "_mean_gap", qs.ExpectedGap: "_expected_gap", qs.Variance: "_variance",
    qs.ExpectedDeviation: "_expected_deviation", qs.RangeSquares: "_range_squares",
}
