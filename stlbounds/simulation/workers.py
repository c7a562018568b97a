"""Tasks on one core, on several of this machine by joblib, or on a Dask cluster: the results as they are finished.

A task must not depend on who works on it or when; then neither do the results, but for their order.
"""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from stlbounds.errors import InvalidArgumentError, MissingDependencyError, StlboundsError, WorkerError
from stlbounds.simulation.engine import whole

__all__ = ["Failure", "completed"]

#: Tasks in flight per thread of a cluster: enough to keep it busy, few enough to be cancelled quickly.
_AHEAD = 3
_CONNECT_SECONDS = 10

Results = Generator[tuple[int, Any], None, None]


class Failure:
    """An exception of a task, as text: not every exception survives the way between two processes.

    Parameters
    ----------
    error : Exception
        What was raised.
    """

    def __init__(self, error: Exception) -> None:
        self.kind = type(error).__name__
        self.message = str(error)
        #: The exception itself, in the process that raised it.
        self.error: Exception | None = error

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "error": None}

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}" if self.message else self.kind


def _attempt(function: Callable[[Any], Any], number: int, task: Any) -> tuple[int, Any]:
    try:
        return number, function(task)
    except Exception as error:
        return number, Failure(error)


def completed(function: Callable[[Any], Any], tasks: Sequence[Any], *, workers: int = 1,
              scheduler: Any = None) -> Results:
    """The results of ``function(task)`` with the numbers of their tasks, in the order in which they are finished.

    Parameters
    ----------
    function : callable
        A function that can be pickled, if it is to run elsewhere.
    tasks : sequence
        Its arguments.
    workers : int
        Processes on this machine; 1 works in this one.
    scheduler : distributed.Client or str, optional
        A Dask cluster, or the address of its scheduler, to be used instead of this machine.

    Yields
    ------
    tuple of int and object
        A `Failure` in place of the result, if the function raised an exception.

    Raises
    ------
    InvalidArgumentError
        If `workers` is not a positive integer, or given beside a cluster.
    MissingDependencyError
        If joblib or distributed is needed and not installed.
    WorkerError
        If a process died, or the cluster cannot be reached.

    Examples
    --------
    >>> dict(completed(abs, [-1, 2]))
    {0: 1, 1: 2}
    """
    workers = whole("workers", workers, 1)
    if scheduler is not None:
        if workers != 1:
            raise InvalidArgumentError("workers", workers, "1 beside a scheduler", "the cluster has workers of its own")
        return _on_cluster(function, tasks, scheduler)
    if workers == 1 or len(tasks) < 2:
        return (_attempt(function, number, task) for number, task in enumerate(tasks))
    return _on_processes(function, tasks, workers)


def _died(where: str) -> WorkerError:
    return WorkerError(f"a worker process {where} died, perhaps for want of memory; what was finished before is kept, "
                       f"and the same call with the same store continues")


def _on_processes(function: Callable[[Any], Any], tasks: Sequence[Any], workers: int) -> Results:
    try:
        from joblib import Parallel, delayed
    except ImportError as error:
        raise MissingDependencyError(
            "several workers need joblib; install it with: pip install 'stlbounds[distributed]'") from error
    parallel = Parallel(n_jobs=min(workers, len(tasks)), return_as="generator_unordered", batch_size=1)
    results = parallel(delayed(_attempt)(function, number, task) for number, task in enumerate(tasks))
    try:
        # Not `yield from`, which would close the results outside of the block below.
        while (result := next(results, None)) is not None:
            yield result
    except BrokenProcessPool as error:
        raise _died("of this machine") from error
    finally:
        with warnings.catch_warnings():
            # Joblib advises against what is left undone on purpose.
            warnings.simplefilter("ignore", UserWarning)
            results.close()


@contextmanager
def _client(scheduler: Any) -> Iterator[Any]:
    """The client of a cluster; one that was made from an address is closed in the end."""
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingDependencyError(
            "a Dask cluster needs distributed; install it with: pip install 'stlbounds[distributed]'") from error
    if isinstance(scheduler, Client):
        yield scheduler
        return
    if not isinstance(scheduler, str):
        raise InvalidArgumentError("scheduler", repr(scheduler), "a distributed.Client or the address of a scheduler")
    try:
        made = Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise WorkerError(f"no Dask scheduler answers at {scheduler}: {error}") from error
    with made:
        yield made


def _on_cluster(function: Callable[[Any], Any], tasks: Sequence[Any], scheduler: Any) -> Results:
    with _client(scheduler) as client:
        from distributed import CancelledError, as_completed
        from distributed.comm import CommClosedError
        from distributed.scheduler import KilledWorker

        name = f"stlbounds-{secrets.token_hex(8)}"
        waiting = iter(enumerate(tasks))
        threads = max(1, sum(client.nthreads().values()))

        def submitted() -> Iterator[Any]:
            for number, task in waiting:
                yield client.submit(_attempt, function, number, task, key=f"{name}-{number}", pure=False)

        more = submitted()
        running = {next(more) for _ in range(min(len(tasks), _AHEAD * threads))}
        queue = as_completed(running, loop=client.loop)
        delivered = 0
        try:
            for future in queue:
                result = future.result()
                running.discard(future)
                extra = next(more, None)
                if extra is not None:
                    running.add(extra)
                    queue.add(extra)
                delivered += 1
                yield result
        except KilledWorker as error:
            raise _died("of the cluster") from error
        except (CancelledError, CommClosedError, OSError, TimeoutError) as error:
            if isinstance(error, StlboundsError):
                raise
            raise WorkerError(f"the connection to the Dask scheduler was lost: {error!r}; what was finished before is "
                              f"kept, and the same call with the same store continues") from error
        else:
            if delivered < len(tasks):
                raise WorkerError(f"the cluster answered {delivered} of {len(tasks)} tasks only; what was finished is "
                                  f"kept, and the same call with the same store continues")
        finally:
            if running:
                client.cancel(list(running))
