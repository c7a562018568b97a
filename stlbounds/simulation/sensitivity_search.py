"""The search for pairs of training sets on which a black box is most sensitive, and what fresh draws say there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.simulation.sensitivity_spaces import Points, Space, Witness
from stlbounds.simulation.statistics import Interval, clopper_pearson, mean_interval

__all__ = ["Found", "search_error", "search_sensitivity", "search_stability"]

Pair = tuple[Points, Points]
Sample = Callable[[Points, int, np.random.Generator], Any]

#: Draws from each law while searching, in units of those at the end.
_COARSE = 20
#: Pairs that are looked at again with fresh draws, since the best of many noisy values is too good to be true.
_AGAIN = 5
#: Training sets of real points per trial, since their mean has to be bounded and not only their worst case found.
_TRAINING_SETS = 4
#: The search prefers values that it is sure of by so many standard errors.
_STANDARD_ERRORS = 2.0


@dataclass(frozen=True)
class Found:
    """The worst that a search found: a lower bound, an estimate, and where."""

    lower: float
    estimate: float
    confidence: float
    how: str
    witness: tuple[Any, ...]


def _climb(space: Space, size: int, trials: int, rng: np.random.Generator,
           score: Callable[[Pair], float]) -> list[Pair]:
    """The best pairs, best first: half of the trials at random, half by moves from the best so far."""
    listed: list[tuple[float, int, Pair]] = []
    for trial in range(trials):
        if trial < trials // 2 or not listed:
            pair = space.pair(size, rng)
        else:
            first, second = max(listed)[2] if rng.random() < 0.5 else listed[rng.integers(len(listed))][2]
            pair = (space.moved(first, rng), second) if rng.random() < 0.5 else (first, space.moved(second, rng))
        if space.displacement(*pair) > 0:
            # The number of the trial settles ties.
            listed.append((score(pair), -trial, pair))
            listed = sorted(listed, key=lambda item: item[:2], reverse=True)[:_AGAIN]
    if not listed:
        raise InvalidArgumentError("space", "all training sets are equal", "a space in which points can be moved")
    return [pair for _, _, pair in listed]


def _gap(witness: Witness, first: Points, second: Points) -> tuple[float, float]:
    """The difference of the means of a witness, and its standard error."""
    values = [witness.function(draws) for draws in (first, second)]
    spread = math.sqrt(sum(float(column.var()) / len(column) for column in values))
    return float(values[0].mean() - values[1].mean()), spread


def _mean(witness: Witness, draws: Points, level: float) -> Interval:
    values = witness.function(draws)
    if witness.binary:
        return clopper_pearson(int(values.sum()), len(values), level)
    return mean_interval(values, witness.low, witness.high, level)


def search_sensitivity(space: Space, sample: Sample, size: int, draws: int, trials: int, level: float,
                       rng: np.random.Generator) -> Found:
    """A lower bound on ``kappa`` from training sets of one size."""

    def drawn(points: Points, count: int) -> Points:
        return space.checked("sample(...)", sample(points.copy(), count, rng), count)

    def measured(pair: Pair, count: int, caution: float) -> float:
        laws = [drawn(points, 2 * count) for points in pair]
        witness = space.witness(*(law[:count] for law in laws))
        value, error = _gap(witness, *(law[count:] for law in laws))
        return size * (value - caution * error) / space.displacement(*pair)

    coarse = max(50, draws // _COARSE)
    best = _climb(space, size, trials, rng, lambda pair: measured(pair, coarse, _STANDARD_ERRORS))
    pair = max(best, key=lambda pair: measured(pair, 4 * coarse, _STANDARD_ERRORS))
    witness = space.witness(*(drawn(points, draws) for points in pair))
    fresh = [drawn(points, draws) for points in pair]
    ratio = size / space.displacement(*pair)
    # Each of the two ends that matter fails with probability (1 - level)/2.
    lower = _mean(witness, fresh[0], level).low - _mean(witness, fresh[1], level).high
    how = f"{trials} pairs of training sets, {draws} draws from each law of the worst"
    return Found(max(0.0, ratio * lower), ratio * _gap(witness, *fresh)[0], level, how, pair)


def search_stability(space: Space, fit: Callable[[Points], Any], loss: Callable[[Any, Any], float], size: int,
                     trials: int, rng: np.random.Generator) -> Found:
    """A lower bound on ``beta_N``: exact, because nothing is drawn."""

    def losses(points: Points, tests: Points) -> np.ndarray[Any, Any]:
        hypothesis = fit(points.copy())
        found = np.array([float(loss(hypothesis, z)) for z in tests])
        if not np.all(np.isfinite(found)):
            raise InvalidArgumentError("loss(...)", "not finite", "a finite number")
        return found

    def worst(pair: Pair) -> tuple[float, Any]:
        tests = space.tests(*pair, rng)
        changes = np.abs(losses(pair[0], tests) - losses(pair[1], tests))
        place = int(np.argmax(changes))
        return float(changes[place]) / space.displacement(*pair), tests[place]

    start = space.random_set(size, rng)
    tests = space.tests(start, start, rng)
    if not np.array_equal(losses(start, tests), losses(start, tests)):
        raise AssumptionError("fit gives two hypotheses for one training set; fix its seed, or average its loss over "
                              "many seeds (theory §1)")
    pair = _climb(space, size, trials, rng, lambda pair: worst(pair)[0])[0]
    value, place = worst(pair)
    how = f"{trials} pairs of training sets, computed"
    return Found(value, value, 1.0, how, (*pair, place))


def search_error(space: Space, sample: Sample, real: Callable[[int, np.random.Generator], Any], size: int, draws: int,
                 trials: int, level: float, rng: np.random.Generator) -> Found:
    """A lower bound on the learning error: ``E W(D_0, G(T_0))`` over training sets of real points."""
    count = max(50, draws // _COARSE)

    def drawn(points: Points | None) -> Points:
        made = real(count, rng) if points is None else sample(points.copy(), count, rng)
        return space.checked("real(...)" if points is None else "sample(...)", made, count)

    values = []
    for _ in range(_TRAINING_SETS * trials):
        training = space.checked("real(...)", real(size, rng), size)
        witness = space.witness(drawn(None), drawn(training))
        values.append(_gap(witness, drawn(None), drawn(training))[0])
    low = mean_interval(values, -1.0, 1.0, level).low
    how = f"{_TRAINING_SETS * trials} training sets of real points, {count} draws from each law"
    return Found(max(0.0, low), float(np.mean(values)), level, how, ())
