"""What a prompt shows of a result: the text that ``print`` shows, not the fields that it is made of."""

from __future__ import annotations

from typing import Any

__all__ = ["Shown"]


class Shown:
    """A result that IPython and notebooks show as its text, inside of lists and tuples too.

    ``repr`` stays the full one, from which the result can be read back.

    Examples
    --------
    >>> class Found(Shown):
    ...     def __str__(self):
    ...         return "from n = 381 on"
    >>> class Printer:
    ...     text = print
    >>> Found()._repr_pretty_(Printer, False)
    from n = 381 on
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # IPython prefers the ``repr`` of a class, which a dataclass has, to what its bases define.
        cls._repr_pretty_ = Shown._repr_pretty_  # type: ignore[method-assign]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))
