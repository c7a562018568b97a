"""A plan in whole numbers, ready to be run: which pools each generation draws, holds and forgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stlbounds.proof.protocol import Plan, Pool
from stlbounds.simulation.rounding import Rounding

__all__ = ["Schedule", "Step", "schedule"]


@dataclass(frozen=True)
class Step:
    """One generation: ordinals of the pools that are drawn in it, and of all in its training set; empty ones left out.

    The first ``kept`` of the pools in it are the whole training set before, in order. ``size`` is the sum of the
    weights of the points, an integer unless these are unequal. ``done_pools`` and ``done_sources`` are not needed after
    it.
    """

    drawn: tuple[int, ...]
    present: tuple[int, ...]
    kept: int
    size: Any
    done_pools: tuple[int, ...]
    done_sources: tuple[int, ...]


@dataclass(frozen=True)
class Schedule:
    """The steps of a loop, and name, source, size and weight of each pool by its ordinal."""

    steps: tuple[Step, ...]
    names: tuple[str, ...]
    sources: tuple[int, ...]
    sizes: tuple[int, ...]
    weights: tuple[float, ...]

    def shares(self, step: Step) -> dict[int, float]:
        """The mixture of a training set: its weight on each source."""
        counts: dict[int, float] = {}
        for k in step.present:
            counts[self.sources[k]] = counts.get(self.sources[k], 0) + self.sizes[k] * self.weights[k]
        return {source: count / step.size for source, count in counts.items()}


def _ordinals(plan: Plan) -> tuple[list[list[int]], list[Pool]]:
    """The training sets as lists of ordinals, and the pools in order."""
    known: dict[Pool, int] = {}
    # Equal pools are one; most are one object as well, and hashing an expression a million times is slow.
    seen: dict[int, int] = {}
    rows = []
    for pools in plan.generations:
        for pool in pools:
            if id(pool) not in seen:
                seen[id(pool)] = known.setdefault(pool, len(known))
        rows.append([seen[id(pool)] for pool in pools])
    return rows, list(known)


def schedule(plan: Plan, rounding: Rounding, values: Mapping[str, Any]) -> Schedule:
    """The schedule of a plan.

    Parameters
    ----------
    plan : Plan
        Of the protocol.
    rounding : Rounding
        Its sizes in whole numbers.
    values : mapping
        The loop's parameters by name, for the weights of points.

    Examples
    --------
    >>> from stlbounds.loops import Accumulate
    >>> from stlbounds.simulation.rounding import round_plan
    >>> plan = Accumulate().plan(2)
    >>> schedule(plan, round_plan(plan, {"n": 5}), {"n": 5}).steps[1]
    Step(drawn=(1,), present=(0, 1), kept=1, size=10, done_pools=(), done_sources=())
    """
    rows, pools = _ordinals(plan)
    sizes = tuple(rounding.sizes[pool] for pool in pools)
    known = {part: values[part.name] for pool in pools for part in pool.weight.free_symbols}
    weights = tuple(1 if pool.weight == 1 else float(pool.weight.subs(known)) for pool in pools)
    last_pool: dict[int, int] = {}
    last_source: dict[int, int] = {}
    for generation, row in enumerate(rows):
        last_pool.update(dict.fromkeys(row, generation))
        # The mixture of a training set needs the laws of all sources in it, not only of those drawn from.
        last_source.update({pools[k].source: generation for k in row})
    ends: dict[int, tuple[list[int], list[int]]] = {j: ([], []) for j in range(len(rows))}
    for k, generation in last_pool.items():
        ends[generation][0].append(k)
    for source, generation in last_source.items():
        ends[generation][1].append(source)
    steps: list[Step] = []
    for j, row in enumerate(rows):
        present = tuple(k for k in row if sizes[k])
        before = steps[-1].present if steps else ()
        kept = len(before) if present[: len(before)] == before else 0
        steps.append(Step(tuple(k for k in row if pools[k].born == j and sizes[k]), present, kept,
                          sum(sizes[k] * weights[k] for k in present), tuple(ends[j][0]), tuple(ends[j][1])))
    return Schedule(tuple(steps), tuple(pool.name for pool in pools), tuple(pool.source for pool in pools), sizes,
                    weights)
