"""The engine: runs a loop for real, many replicas at once, and records what the theorems speak of.

It reads the loop from `Protocol.plan`, the list of pools that each training set consists of, and not from the
symbolic description that the proofs use; a slip in one of the two shows as a contradiction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.sampling import FloatArray, Law, Sample, Sampler
from stlbounds.learners.judging import Judge
from stlbounds.proof.protocol import Plan, Pool, Protocol
from stlbounds.simulation.rounding import Rounding, round_plan

__all__ = ["Progress", "Run", "run"]

#: Called with the number of finished replicas and of all replicas.
Progress = Callable[[int, int], None]

_LARGEST_CHUNK = 256
_NUMBERS_PER_CHUNK = 2_000_000


@dataclass(frozen=True)
class Run:
    """What the replicas of a loop did; arrays have shape ``(replicas, generations + 1)``.

    Parameters
    ----------
    generations : int
        The last generation ``i``; columns are the generations ``0, ..., i``.
    replicas, requested : int
        Replicas that were finished, and asked for; they differ only after an interruption.
    seed, chunk : int
        What makes the run reproducible.
    gap : numpy.ndarray
        ``R_{D_0}(A(T_j)) - Rhat_{T_j}(A(T_j))``, with its sign.
    risk : numpy.ndarray
        ``R_{D_0}(A(T_j))``, on real data.
    drift : numpy.ndarray
        ``t_j = W(D_0, D_j)``.
    mixed_drift : numpy.ndarray
        ``s_j = W(D_0, Dmix_j)``.
    diversity : dict
        Measures of diversity of ``D_j`` by name, where the sampler has any.
    sizes : tuple of int
        ``N_0, ..., N_i`` as used.
    rounding : Rounding
        The sizes of pools that the loop asked for and that were used.
    interrupted : bool
        Whether the run was stopped before all replicas were finished.
    """

    generations: int
    replicas: int
    requested: int
    seed: int
    chunk: int
    gap: FloatArray
    risk: FloatArray
    drift: FloatArray
    mixed_drift: FloatArray
    diversity: dict[str, FloatArray]
    sizes: tuple[int, ...]
    rounding: Rounding
    interrupted: bool = False


@dataclass
class _Record:
    """The columns of one chunk, as they grow."""

    columns: dict[str, list[FloatArray]] = field(default_factory=dict)

    def add(self, name: str, values: FloatArray) -> None:
        self.columns.setdefault(name, []).append(values)

    def arrays(self) -> dict[str, FloatArray]:
        return {name: np.stack(columns, axis=1) for name, columns in self.columns.items()}


def _last_uses(plan: Plan) -> tuple[dict[Pool, int], dict[int, int]]:
    """The last generation in which each pool, and each source, occurs."""
    pools: dict[Pool, int] = {}
    sources: dict[int, int] = {}
    for generation, present in enumerate(plan.generations):
        for pool in present:
            pools[pool] = generation
            sources[pool.source] = generation
    return pools, sources


def _weights(plan: Plan, values: Mapping[str, Any]) -> dict[Pool, float]:
    """The weight of the points of each pool; 1, as an integer, unless the loop gives unequal ones."""
    known = {symbol: values[symbol.name] for pool in plan.pools() for symbol in pool.weight.free_symbols}
    return {pool: 1 if pool.weight == 1 else float(pool.weight.subs(known)) for pool in plan.pools()}


class _Chunk:
    """Some replicas of a loop, run from the first generation to the last."""

    def __init__(self, plan: Plan, rounding: Rounding, sampler: Sampler, judge: Judge,
                 weights: Mapping[Pool, float]) -> None:
        self.plan, self.sizes, self.weights = plan, rounding.sizes, weights
        self.sampler, self.judge = sampler, judge
        self.last_pool, self.last_source = _last_uses(plan)

    def run(self, replicas: int, rng: np.random.Generator) -> dict[str, FloatArray]:
        real = self.sampler.real(replicas)
        laws: dict[int, Law] = {0: real}
        samples: dict[Pool, Sample] = {}
        record = _Record()
        law = real
        for j, pools in enumerate(self.plan.generations):
            for pool in self.plan.drawn(j):
                if self.sizes[pool]:
                    samples[pool] = self.sampler.draw(laws[pool.source], self.sizes[pool], rng)
            present = [pool for pool in pools if self.sizes[pool]]
            training = self.sampler.join([self._weighted(samples[pool], self.weights[pool]) for pool in present])
            # An integer, unless the points of a training set have unequal weights.
            size: Any = sum(self.sizes[pool] * self.weights[pool] for pool in present)
            self._measure(record, real, law, self._mixed(laws, present, size), training, size)
            if j + 1 < len(self.plan.generations):
                law = laws[j + 1] = self.sampler.fit(training, size)
            samples = {pool: sample for pool, sample in samples.items() if self.last_pool[pool] > j}
            laws = {k: kept for k, kept in laws.items() if self.last_source.get(k, -1) > j}
        return record.arrays()

    def _weighted(self, sample: Sample, weight: float) -> Sample:
        return sample if weight == 1 else self.sampler.weighted(sample, weight)

    def _mixed(self, laws: Mapping[int, Law], present: Sequence[Pool], size: float) -> Law:
        counts: dict[int, float] = {}
        for pool in present:
            counts[pool.source] = counts.get(pool.source, 0) + self.sizes[pool] * self.weights[pool]
        return self.sampler.mix([laws[k] for k in counts], [count / size for count in counts.values()])

    def _measure(
        self, record: _Record, real: Law, law: Law, mixed: Law, training: Sample, size: int
    ) -> None:
        hypothesis = self.judge.fit(training, size)
        risk = self.judge.risk(hypothesis, real)
        record.add("risk", risk)
        record.add("gap", risk - self.judge.empirical_risk(hypothesis, training, size))
        record.add("drift", self.sampler.distance(real, law))
        record.add("mixed_drift", self.sampler.distance(real, mixed))
        for name, values in self.sampler.diversity(law).items():
            record.add(f"diversity {name}", values)


def _default_chunk(plan: Plan, rounding: Rounding, sampler: Sampler) -> int:
    """Replicas per chunk: many enough to be fast, few enough to stay within some tens of megabytes."""
    most = max(
        sum(sampler.numbers(rounding.sizes[pool]) for pool in pools) for pools in plan.generations
    )
    return max(1, min(_LARGEST_CHUNK, _NUMBERS_PER_CHUNK // max(1, most)))


def run(
    protocol: Protocol,
    sampler: Sampler,
    judge: Judge,
    values: Mapping[str, Any],
    generations: int,
    replicas: int,
    seed: int,
    chunk: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Run a loop.

    The result depends on the arguments alone: chunk ``k`` draws from the ``k``-th child of
    ``numpy.random.SeedSequence(seed)``, whoever computes it.

    Parameters
    ----------
    protocol : Protocol
        The loop.
    sampler : Sampler
        The real distribution and the generator.
    judge : Judge
        The learner and its loss.
    values : mapping
        The loop's parameters by name (``n``, ``alpha``, ...).
    generations : int
        ``i >= 0``.
    replicas : int
        At least 1.
    seed : int
        Nonnegative.
    chunk : int, optional
        Replicas that are run together; by default chosen from the sizes, for bounded memory.
    progress : callable, optional
        Called with ``(done, replicas)`` at the start and after each chunk.

    Returns
    -------
    Run
        After a `KeyboardInterrupt`, with the chunks that were finished and ``interrupted=True``.

    Raises
    ------
    InvalidArgumentError
        If an argument is out of range.
    KeyboardInterrupt
        If not even one chunk was finished.

    References
    ----------
    Theory §1.

    Examples
    --------
    >>> from stlbounds.generators.sampling import FiniteAlphabet, uniform
    >>> from stlbounds.learners.judging import FiniteBrierJudge
    >>> from stlbounds.loops import FixedMix
    >>> from stlbounds.symbols import alpha
    >>> result = run(FixedMix(alpha), FiniteAlphabet(uniform(5)), FiniteBrierJudge(),
    ...              {"n": 100, "alpha": 0.25}, generations=3, replicas=10, seed=1)
    >>> result.gap.shape, result.sizes
    ((10, 4), (100, 100, 100, 100))
    """
    generations = whole("generations", generations, 0)
    replicas = whole("replicas", replicas, 1)
    seed = whole("seed", seed, 0)
    plan = protocol.plan(generations)
    rounding = round_plan(plan, values)
    width = _default_chunk(plan, rounding, sampler) if chunk is None else whole("chunk", chunk, 1)
    work = _Chunk(plan, rounding, sampler, judge, _weights(plan, values))
    children = np.random.SeedSequence(seed).spawn(-(-replicas // width))
    finished: list[dict[str, FloatArray]] = []
    done, interrupted = 0, False
    try:
        if progress is not None:
            progress(0, replicas)
        for child in children:
            part = min(width, replicas - done)
            finished.append(work.run(part, np.random.Generator(np.random.PCG64(child))))
            done += part
            if progress is not None:
                progress(done, replicas)
    except KeyboardInterrupt:
        if not finished:
            raise
        # An interruption between appending and counting must not lose the count.
        done = sum(len(part["gap"]) for part in finished)
        interrupted = done < replicas
    columns = {name: np.concatenate([part[name] for part in finished]) for name in finished[0]}
    prefix = "diversity "
    return Run(
        generations=generations, replicas=done, requested=replicas, seed=seed, chunk=width,
        gap=columns["gap"], risk=columns["risk"], drift=columns["drift"], mixed_drift=columns["mixed_drift"],
        diversity={name[len(prefix):]: values for name, values in columns.items() if name.startswith(prefix)},
        sizes=tuple(sum(rounding.sizes[pool] for pool in pools) for pools in plan.generations),
        rounding=rounding, interrupted=interrupted,
    )


def whole(name: str, value: Any, least: int) -> int:
    """``value`` as an integer of at least ``least``, or `InvalidArgumentError`."""
    is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_whole or value < least:
        raise InvalidArgumentError(name, value, f"an integer of at least {least}")
    return int(value)
