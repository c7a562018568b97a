"""What can go wrong, by name: every exception that stlbounds raises on purpose, and the hint at a slip of the pen."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "AssumptionError",
    "InvalidArgumentError",
    "MetricError",
    "MissingDependencyError",
    "ModelFileError",
    "OutputError",
    "ParseError",
    "ProofError",
    "StlboundsError",
    "StoreError",
    "SymbolError",
    "UndecidedError",
    "WorkerError",
    "near_misses",
]


def near_misses(name: str, candidates: Iterable[str]) -> str:
    """A hint such as ``"did you mean kappa?"``, or an empty string.

    Parameters
    ----------
    name : str
        What was written; only its first 40 characters count.
    candidates : iterable of str
        What is known.

    Raises
    ------
    Nothing.

    References
    ----------
    Ratcliff & Metzener 1988, as `difflib.get_close_matches` has it.

    Examples
    --------
    >>> near_misses("kapa", ["alpha", "kappa"]), near_misses("zeta", ["alpha", "kappa"])
    ('did you mean kappa?', '')
    """
    import difflib

    written, listed = name[:40], sorted(candidates)
    close = [candidate for candidate in listed if candidate.lower() == written.lower()]
    close = close or difflib.get_close_matches(written, listed, n=1)
    return f"did you mean {' or '.join(close)}?" if close else ""


class StlboundsError(Exception):
    """Base of every error of the library; the command line prints it in one line and exits with 2."""


class InvalidArgumentError(StlboundsError, ValueError):
    """An argument is outside its range.

    Parameters
    ----------
    argument : str
        Name of the argument.
    value : object
        What was given.
    allowed : str
        The range, in words or as an interval.
    hint : str, optional
        What to do instead.
    """

    def __init__(self, argument: str, value: object, allowed: str, hint: str = "") -> None:
        self.argument = argument
        self.value = value
        self.allowed = allowed
        self.hint = hint
        message = f"{argument} = {value}: must be {allowed}"
        super().__init__(f"{message}; {hint}" if hint else message)


class ParseError(InvalidArgumentError):
    """A text that should hold a number or an expression holds something else; the message begins with the reason."""

    def __init__(self, argument: str, value: object, allowed: str, hint: str = "") -> None:
        super().__init__(argument, value, allowed, hint)
        if hint:
            self.args = (f"{argument} = {value}: {hint} (must be {allowed})",)


class SymbolError(StlboundsError, ValueError):
    """A symbol is unknown, or a known name was asked for with other assumptions."""


class AssumptionError(StlboundsError):
    """A rule was applied where its side conditions do not hold."""


class MetricError(AssumptionError):
    """Two constants live in metrics that cannot be combined (theory §2)."""


class UndecidedError(StlboundsError):
    """A side condition could be neither proved nor refuted."""


class ProofError(StlboundsError):
    """A proof failed its verification; the message names the step and the values."""


class MissingDependencyError(StlboundsError, ImportError):
    """A feature needs an optional package or an outside program that is not installed."""


class ModelFileError(StlboundsError, ValueError):
    """A model file says something that it must not; the message names the file, the line and the key."""


class OutputError(StlboundsError, OSError):
    """A file or folder cannot be written."""


class StoreError(StlboundsError):
    """A file of partial results is damaged, in use, or belongs to something else."""


class WorkerError(StlboundsError, RuntimeError):
    """A task failed, the process that worked on it died, or the scheduler cannot be reached."""
