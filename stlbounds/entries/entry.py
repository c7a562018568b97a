"""An entry of the catalogue: something that the command line can name, with a line that describes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from stlbounds.generators import Generator  # noqa: F401  # named in the base of GeneratorEntry

__all__ = ["Entry", "GeneratorEntry", "Parameter", "power_law"]

#: Gives the parameter of a name: its symbol, or the number that the user fixed.
Parameter = Callable[[str], Any]
Made = TypeVar("Made")


@dataclass(frozen=True)
class Entry(Generic[Made]):
    """Something that the command line can name.

    Parameters
    ----------
    summary : str
        What it is, in a line.
    make : callable
        Makes it; the arguments depend on the kind of entry.
    symbols : tuple of str
        The symbols that it brings.
    lists : tuple of str
        Parameters that are no single number, such as the proportions of a schedule.
    """

    summary: str
    make: Callable[..., Made]
    symbols: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()


@dataclass(frozen=True)
class GeneratorEntry(Entry["Generator"]):
    """A generator, with the learner that belongs to it unless the user chooses another."""

    learner: str = "uniformly-stable"


def power_law(parameter: Parameter) -> Any:
    """The learning error ``c N^(-r)``."""
    from stlbounds.symbols import N

    return parameter("c") * N ** -parameter("r")
