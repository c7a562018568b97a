"""The engine: runs a loop for real, many replicas at once, and records what the theorems speak of.

It reads the loop from `Protocol.plan`, the list of pools that each training set consists of, and not from the
symbolic description that the proofs use; a slip in one of the two shows as a contradiction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.sampling import FloatArray, Law, Sample, Sampler
from stlbounds.learners.judging import Judge
from stlbounds.proof.protocol import Protocol
from stlbounds.simulation.rounding import Rounding, round_plan
from stlbounds.simulation.schedule import Schedule, schedule

__all__ = ["OBSERVED", "Progress", "Run", "run", "whole"]

#: Called with the number of finished replicas and of all replicas.
Progress = Callable[[int, int], None]

#: What a run may observe in each generation.
OBSERVED: tuple[str, ...] = ("gap", "risk", "drift", "mixed_drift", "diversity")

#: Chunks of a model with few numbers per replica are as large as stays within a cache.
_LARGEST_CHUNK = 4096
_SMALLEST_FULL_CHUNK = 256
_CACHED_NUMBERS = 16_384
#: And so large that a chunk of a long run takes a second or so, after which an interruption loses nothing of it.
_NUMBERS_OF_A_FULL_CHUNK = 4_000_000
_NUMBERS_PER_CHUNK = 2_000_000


@dataclass(frozen=True)
class Run:
    """What the replicas of a loop did; arrays have shape ``(replicas, generations + 1)``, or no column if not observed.

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
    distance_error : float
        By how much the distances may be too large on average.
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
    distance_error: float = 0.0


@dataclass
class _Record:
    """The columns of one chunk, as they grow."""

    columns: dict[str, list[FloatArray]] = field(default_factory=dict)

    def add(self, name: str, values: FloatArray) -> None:
        self.columns.setdefault(name, []).append(values)

    def arrays(self) -> dict[str, FloatArray]:
        return {name: np.stack(columns, axis=1) for name, columns in self.columns.items()}


class _Chunk:
    """Some replicas of a loop, run from the first generation to the last."""

    def __init__(self, schedule: Schedule, sampler: Sampler, judge: Judge, observed: Collection[str]) -> None:
        self.schedule, self.observed = schedule, frozenset(observed)
        self.sampler, self.judge = sampler, judge

    def run(self, replicas: int, rng: np.random.Generator) -> dict[str, FloatArray]:
        plan, sampler = self.schedule, self.sampler
        real = sampler.real(replicas)
        laws: dict[int, Law] = {0: real}
        samples: dict[int, Sample] = {}
        record = _Record()
        law = real
        training: Sample = None
        for j, step in enumerate(plan.steps):
            for k in step.drawn:
                drawn = sampler.draw(laws[plan.sources[k]], plan.sizes[k], rng)
                samples[k] = drawn if plan.weights[k] == 1 else sampler.weighted(drawn, plan.weights[k])
            # A loop that keeps its data adds to the last training set, and need not put it together again.
            kept = [training] if step.kept else []
            training = sampler.join([*kept, *(samples[k] for k in step.present[step.kept:])])
            self._measure(record, real, law, training, step.size)
            if "mixed_drift" in self.observed:
                shares = plan.shares(step)
                mixed = sampler.mix([laws[source] for source in shares], list(shares.values()))
                record.add("mixed_drift", sampler.distance(real, mixed))
            if j + 1 < len(plan.steps):
                law = laws[j + 1] = sampler.train(training, step.size, rng)
            for k in step.done_pools:
                samples.pop(k, None)
            for source in step.done_sources:
                laws.pop(source, None)
        return record.arrays()

    def _measure(self, record: _Record, real: Law, law: Law, training: Sample, size: int) -> None:
        if self.observed & {"gap", "risk"}:
            seen = self.sampler.shown(training)
            hypothesis = self.judge.fit(seen, size)
            risk = self.judge.risk(hypothesis, self.sampler.shown_law(real))
            record.add("risk", risk)
            if "gap" in self.observed:
                record.add("gap", risk - self.judge.empirical_risk(hypothesis, seen, size))
        if "drift" in self.observed:
            record.add("drift", self.sampler.distance(real, law))
        if "diversity" in self.observed:
            for name, values in self.sampler.diversity(law).items():
                record.add(f"{_PREFIX}{name}", values)


_PREFIX = "diversity "


def default_chunk(steps: Schedule, sampler: Sampler) -> int:
    """Replicas per chunk: many enough to be fast, few enough to stay within some tens of megabytes."""
    widths = [sampler.numbers(size) for size in steps.sizes]
    most = max(1, max(sum(widths[k] for k in step.present) for step in steps.steps))
    short = min(_CACHED_NUMBERS // most, _NUMBERS_OF_A_FULL_CHUNK // (most * len(steps.steps)))
    wanted = min(_LARGEST_CHUNK, max(_SMALLEST_FULL_CHUNK, short))
    return max(1, min(wanted, _NUMBERS_PER_CHUNK // most))


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
    workers: int = 1,
    observe: Collection[str] = OBSERVED,
) -> Run:
    """Run a loop.

    The result depends on the arguments alone: chunk ``k`` draws from the ``k``-th child of
    ``numpy.random.SeedSequence(seed)``, whoever computes it, and the size of a chunk does not depend on the number of
    replicas or of workers, so that more replicas leave the first ones as they were.

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
        Replicas that are run together and share a stream of random numbers; by default chosen from the sizes, for
        bounded memory. Another chunk gives other draws of the same law.
    progress : callable, optional
        Called with ``(done, replicas)`` at the start and after each chunk.
    workers : int
        Threads that compute chunks side by side, at least 1. The result does not depend on it.
    observe : collection of str
        What to record, of `OBSERVED`; ``"gap"`` brings the risk with it. What is left out costs nothing.

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
    workers = whole("workers", workers, 1)
    unknown = sorted(set(observe) - set(OBSERVED))
    if unknown:
        raise InvalidArgumentError("observe", repr(unknown[0]), f"among {', '.join(OBSERVED)}")
    plan = protocol.plan(generations)
    rounding = round_plan(plan, values)
    steps = schedule(plan, rounding, values)
    width = default_chunk(steps, sampler) if chunk is None else whole("chunk", chunk, 1)
    work = _Chunk(steps, sampler, judge, observe)
    finished, interrupted = in_chunks(work.run, replicas, width, seed, workers, progress)
    done = sum(len(next(iter(part.values()))) for part in finished)
    columns = {name: np.concatenate([part[name] for part in finished]) for name in finished[0]}
    nothing = np.empty((done, 0))
    return Run(
        generations=generations, replicas=done, requested=replicas, seed=seed, chunk=width,
        **{name: columns.get(name, nothing) for name in ("gap", "risk", "drift", "mixed_drift")},
        diversity={name[len(_PREFIX):]: values for name, values in columns.items() if name.startswith(_PREFIX)},
        sizes=tuple(sum(steps.sizes[k] for k in step.present) for step in steps.steps),
        rounding=rounding, interrupted=interrupted, distance_error=sampler.distance_error,
    )


Columns = dict[str, FloatArray]


def in_chunks(
    task: Callable[[int, np.random.Generator], Columns], replicas: int, width: int, seed: int, workers: int,
    progress: Progress | None,
) -> tuple[list[Columns], bool]:
    """Run a task on all replicas, chunk by chunk, each with random numbers of its own.

    Parameters
    ----------
    task : callable
        From a number of replicas and random numbers to columns of that length.
    replicas, width, seed, workers, progress
        As for `run`.

    Returns
    -------
    list, bool
        The columns of the finished chunks, in order, and whether an interruption left some undone.

    Raises
    ------
    KeyboardInterrupt
        If not even one chunk was finished.
    """
    sizes = [min(width, replicas - start) for start in range(0, replicas, width)]
    # PCG64 of the children: independent streams, whoever draws from them.
    streams = [np.random.PCG64(child) for child in np.random.SeedSequence(seed).spawn(len(sizes))]
    finished: dict[int, Columns] = {}
    try:
        if progress is not None:
            progress(0, replicas)
        if workers == 1:
            for k, (size, stream) in enumerate(zip(sizes, streams, strict=True)):
                finished[k] = task(size, np.random.Generator(stream))
                if progress is not None:
                    progress(sum(sizes[: k + 1]), replicas)
        else:
            _in_threads(task, sizes, streams, workers, progress, finished)
    except KeyboardInterrupt:
        if not finished:
            raise
    return [finished[k] for k in sorted(finished)], len(finished) < len(sizes)


def _in_threads(
    task: Callable[[int, np.random.Generator], Columns], sizes: Sequence[int], streams: Sequence[np.random.PCG64],
    workers: int, progress: Progress | None, finished: dict[int, Columns],
) -> None:
    """Fill ``finished``; after an exception, with the chunks that were done or already running."""
    pool = ThreadPoolExecutor(workers)
    futures: list[Future[Columns]] = [
        pool.submit(task, size, np.random.Generator(stream)) for size, stream in zip(sizes, streams, strict=True)]
    done = 0
    try:
        for k, future in enumerate(futures):
            finished[k] = future.result()
            done += sizes[k]
            if progress is not None:
                progress(done, sum(sizes))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for k, future in enumerate(futures):
            if future.done() and not future.cancelled() and future.exception() is None:
                finished[k] = future.result()


def whole(name: str, value: Any, least: int) -> int:
    """``value`` as an integer of at least ``least``, or `InvalidArgumentError`."""
    is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_whole or value < least:
        raise InvalidArgumentError(name, value, f"an integer of at least {least}")
    return int(value)
