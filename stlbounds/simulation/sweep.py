"""The sweep: a bound, and if asked the simulation of its loop, over a grid of parameters, resumable from a file."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp

from stlbounds._version import __version__
from stlbounds.errors import InvalidArgumentError, SymbolError, WorkerError
from stlbounds.simulation.engine import Progress, whole
from stlbounds.simulation.preparation import prepare, setting_names
from stlbounds.simulation.rounding import plain
from stlbounds.simulation.statistics import DEFAULT_LEVEL
from stlbounds.simulation.sweep_grid import Grid, make_grid
from stlbounds.simulation.sweep_job import Job, PortableBound, simulate
from stlbounds.simulation.sweep_store import SCHEMA, SweepStore
from stlbounds.simulation.sweep_table import SweepTable
from stlbounds.simulation.workers import Failure, completed

__all__ = ["sweep"]

#: Bounds are evaluated for so many points at once, always the same ones, so that a row never depends on the others.
_BLOCK = 1024


def sweep(
    bound: Any,
    grid: Mapping[str, Any] | Iterable[Mapping[str, Any]],
    *,
    replicas: int = 0,
    seed: int = 0,
    confidence: float = DEFAULT_LEVEL,
    distribution: Any = None,
    exact: bool = True,
    chunk: int | None = None,
    store: str | Path | None = None,
    workers: int = 1,
    scheduler: Any = None,
    progress: Progress | None = None,
    **fixed: Any,
) -> SweepTable:
    """Evaluate a bound over a grid of parameters, and hold it against simulations there.

    Parameters
    ----------
    bound : Bound
        From `stlbounds.high_probability`, `in_expectation` or `expected_gap`.
    grid : mapping, or iterable of mappings
        Values by name, whose product is the grid (``{"n": [100, 1000], "alpha": [0.1, 0.5]}``), or a list of points.
    replicas : int
        Runs of the loop at each point; 0 evaluates the bound only.
    seed : int
        Point ``k`` is simulated with a seed made from the ``k``-th child of ``SeedSequence(seed)``; the row holds it,
        and `stlbounds.check` with that seed gives the same numbers.
    confidence, distribution, exact, chunk
        As for `stlbounds.check`.
    store : str or pathlib.Path, optional
        A file for finished rows. If it has rows of this very sweep, they are not computed again.
    workers : int
        Processes on this machine, by joblib.
    scheduler : distributed.Client or str, optional
        A Dask cluster, or the address of its scheduler, to simulate on.
    progress : callable, optional
        Called with ``(done, points)``.
    **fixed : number
        Values that are the same at all points.

    Returns
    -------
    SweepTable
        The same for any number of workers. After a `KeyboardInterrupt`, with the points that were finished and
        ``interrupted``. A point whose loop cannot be run (its sizes cannot be rounded, say) has the reason in the
        column ``error``.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a value is missing, unknown or out of range.
    AssumptionError
        If the generator or the learner cannot be simulated.
    StoreError
        If `store` is damaged, in use, or of another sweep; it is left as it is.
    OutputError
        If `store` cannot be written; its rows so far are kept.
    WorkerError
        If a worker fails or dies; finished rows are in `store`, and the same call continues.
    MissingDependencyError
        If joblib or distributed is needed and not installed.

    References
    ----------
    Theory §12 (rounding).

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(5), stl.learners.BrierFit())
    >>> table = sweep(stl.high_probability(setting), {"n": [100, 400], "alpha": [0.25, 0.5]}, i=3, delta=0.05)
    >>> len(table), table["bound"].round(3).tolist()
    (4, [1.402, 1.155, 0.696, 0.572])
    """
    replicas, seed = whole("replicas", replicas, 0), whole("seed", seed, 0)
    if not (isinstance(confidence, (int, float)) and 0 < confidence < 1):
        raise InvalidArgumentError("confidence", confidence, "in (0, 1)")
    points = make_grid(grid, fixed)
    _check_names(bound, points, replicas)
    portable = PortableBound.of(bound)
    job = Job(portable, replicas, seed, confidence, distribution, exact, chunk, Job.vocabulary(portable))
    if replicas:
        _try_first(job, points)
    starts = _starts(points)
    description = _description(job, points)
    place = nullcontext(None) if store is None else SweepStore(Path(store), _header(job, points, description), starts)
    with place as kept:
        # What is in the file counts as finished, whenever an interruption comes.
        finished = {} if kept is None else kept.rows
        new = _rows(bound, job, points, starts, set(finished), workers, scheduler)
        try:
            if progress is not None:
                progress(len(finished), len(points))
            with closing(new):
                for batch in new:
                    if kept is None:
                        finished.update((row["point"], row) for row in batch)
                    else:
                        kept.append(batch)
                    if progress is not None:
                        progress(len(finished), len(points))
        except KeyboardInterrupt:
            if not finished:
                raise
    axes = None if points.axes is None else {
        name: tuple(float(value) for value in values) for name, values in points.axes.items()}
    records = tuple(finished[point] for point in sorted(finished))
    return SweepTable(records, points.names, axes, len(points), description)


def _check_names(bound: Any, points: Grid, replicas: int) -> None:
    allowed = {symbol.name for symbol in bound.constants}
    for name in points.names:
        if name not in allowed:
            raise SymbolError(f"{name} does not occur in the bound; its symbols are {', '.join(sorted(allowed))}")
    needed = {symbol.name for symbol in bound.symbols} | ({"n", "i"} if replicas else set())
    missing = sorted(needed - set(points.names))
    if missing:
        raise InvalidArgumentError("grid", f"no value for {', '.join(missing)}", "complete",
                                   f"pass {', '.join(f'{name}=...' for name in missing)} beside the grid")


def _try_first(job: Job, points: Grid) -> None:
    """A model that cannot be simulated says so before the work begins; one point alone may fail later."""
    setting = job.bound.setting
    names = setting_names(setting, *job.bound.symbols, job.bound.failure_probability)
    with suppress(InvalidArgumentError):
        prepare(setting, points.point(0), names, distribution=job.distribution, exact=job.exact)


def _starts(points: Grid) -> list[dict[str, Any]]:
    """The values of each point as plain numbers; each distinct value is converted once."""
    numbers = {value: plain(value) for value in {value for point in points.points for value in point}}
    return [{name: numbers[value] for name, value in zip(points.names, point, strict=True)}
            for point in points.points]


def _description(job: Job, points: Grid) -> dict[str, Any]:
    return {"setting": repr(job.bound.setting), "theorem": job.bound.theorem, "names": list(points.names),
            "seed": job.seed, "replicas": job.replicas}


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _content(value: Any) -> str:
    """A text that differs for different data: arrays and samples with all their numbers."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{value.shape}{hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_content, value))}]"
    if dataclasses.is_dataclass(value):
        parts = [getattr(value, field.name) for field in dataclasses.fields(value)]
        return f"{type(value).__qualname__}{_content(parts)}"
    return repr(value)


def _header(job: Job, points: Grid, description: Mapping[str, Any]) -> dict[str, Any]:
    """The first line of a store: in words what must agree, and digests of what is too long for words."""
    bound = job.bound
    law = "default" if job.distribution is None else _digest(_content(job.distribution))
    grid = "\n".join(",".join(map(str, point)) for point in points.points)
    header = {
        "schema": SCHEMA, "version": __version__, **description, "points": len(points), "confidence": job.confidence,
        "exact": job.exact, "chunk": job.chunk, "distribution": law, "grid": _digest(grid),
        "bound": _digest(*(f"{name}: {sp.srepr(term)}" for name, term in bound.terms.items()),
                         sp.srepr(bound.failure_probability)),
    }
    return {**header, "fingerprint": _digest(repr(header))}


def _rows(bound: Any, job: Job, points: Grid, starts: Sequence[Mapping[str, Any]], known: set[int], workers: int,
          scheduler: Any) -> Generator[list[dict[str, Any]], None, None]:
    """Batches of the rows that are not known yet, in the order in which they are finished."""
    if not job.replicas:
        for first in range(0, len(points), _BLOCK):
            block = range(first, min(first + _BLOCK, len(points)))
            if not known.issuperset(block):
                rows = _evaluated(bound, points, starts, block)
                yield [rows[point] for point in block if point not in known]
        return
    missing = [point for point in range(len(points)) if point not in known]
    rows = {}
    for first in range(0, len(points), _BLOCK):
        rows.update(_evaluated(bound, points, starts, range(first, min(first + _BLOCK, len(points)))))
    tasks = [(job, point, points.point(point)) for point in missing]
    with closing(completed(simulate, tasks, workers=workers, scheduler=scheduler)) as results:
        for number, found in results:
            point = missing[number]
            if isinstance(found, Failure):
                raise WorkerError(f"the simulation of point {point} ({points.describe(point)}) failed with {found}; "
                                  f"what was finished before is kept") from found.error
            yield [{**rows[point], **found}]


def _evaluated(
    bound: Any, points: Grid, starts: Sequence[Mapping[str, Any]], block: range
) -> dict[int, dict[str, Any]]:
    """The bound, its terms and its parts at the points of a block."""
    columns = {name: np.array([float(starts[point][name]) for point in block]) for name in points.names}
    terms = {name: np.broadcast_to(values, len(block)) for name, values in bound.evaluate_terms(**columns).items()}
    parts = {name: np.broadcast_to(values, len(block)) for name, values in bound.evaluate_parts(**columns).items()}
    vacuous = np.broadcast_to(bound.is_vacuous(**columns), len(block))
    return {
        point: {
            "point": point, **starts[point], "bound": float(sum(values[place] for values in terms.values())),
            **{f"term_{name}": float(values[place]) for name, values in terms.items()},
            **{name: float(values[place]) for name, values in parts.items()}, "vacuous": bool(vacuous[place]),
        }
        for place, point in enumerate(block)
    }
