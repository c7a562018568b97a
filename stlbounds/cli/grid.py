"""The option ``--grid``: lists and ranges of exact values, as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stlbounds.errors import InvalidArgumentError

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["Grid", "parse_grid", "parse_spans"]

#: Of one axis, and of the whole grid.
_MANY = 1_000_000

Grid = Annotated[list[str] | None, typer.Option("--grid", metavar="NAME=VALUES", help="Values of a symbol: a list such "
                 "as n=100,1000, or evenly spaced ones as in alpha=0.1:0.9:9; repeatable, for the product.")]


def _split(text: str) -> tuple[str, str]:
    name, equals, values = text.partition("=")
    if not equals or not name.strip() or not values.strip():
        raise InvalidArgumentError("--grid", ascii(text), "NAME=VALUES", "for example n=100,1000 or alpha=0.1:0.9:9")
    return name.strip(), values


def _range(name: str, parts: Sequence[str]) -> tuple[int, Callable[[], list[sp.Rational]]]:
    """How many values there are, and what makes them."""
    from stlbounds.parsing import parse_number

    first, last, count = (parse_number(part, argument=name) for part in parts)
    if not (count.is_Integer and 2 <= count <= _MANY):
        raise InvalidArgumentError("--grid", f"{name}={':'.join(parts)}"[:60], f"FIRST:LAST:COUNT with a COUNT in [2, "
                                   f"{_MANY}]")
    return int(count), lambda: [first + (last - first) * k / (count - 1) for k in range(int(count))]


def parse_grid(texts: Sequence[str]) -> dict[str, Any]:
    """Exact values by name.

    Parameters
    ----------
    texts : sequence of str
        ``NAME=V1,V2,...`` or ``NAME=FIRST:LAST:COUNT`` each.

    Raises
    ------
    InvalidArgumentError
        If a text is of neither form, a name is given twice, or the grid has more than a million points.

    Examples
    --------
    >>> parse_grid(["n=100,1000", "alpha=0.1:0.9:3"])
    {'n': [100, 1000], 'alpha': [1/10, 1/2, 9/10]}
    """
    from stlbounds.parsing import parse_number

    found: dict[str, Callable[[], list[sp.Rational]]] = {}
    points = 1
    for text in texts:
        name, values = _split(text)
        if name in found:
            raise InvalidArgumentError("--grid", ascii(text), "given once for each name")
        parts = values.split(":")
        if len(parts) not in (1, 3):
            raise InvalidArgumentError("--grid", ascii(text), "a list, or FIRST:LAST:COUNT")
        if len(parts) == 3:
            count, found[name] = _range(name, parts)
        else:
            listed = [parse_number(value, argument=name) for value in values.split(",")]
            count, found[name] = len(listed), lambda listed=listed: listed  # type: ignore[misc]
        points *= count
        if points > _MANY:
            raise InvalidArgumentError("--grid", ascii(text[:60]), f"such that the grid has at most {_MANY} points")
    return {name: values() for name, values in found.items()}


def parse_spans(texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    """The ends of ranges by name, from texts such as ``alpha=0:1``.

    Raises
    ------
    InvalidArgumentError
        If a text is of another form.

    Examples
    --------
    >>> parse_spans(["alpha=0:1"])
    {'alpha': (0.0, 1.0)}
    """
    from stlbounds.parsing import parse_number

    found: dict[str, tuple[float, float]] = {}
    for text in texts:
        name, values = _split(text)
        ends = [float(parse_number(part, argument=name)) for part in values.split(":")]
        if len(ends) != 2 or name in found:
            raise InvalidArgumentError("--grid", ascii(text), "NAME=LOW:HIGH, once for each axis", "such as alpha=0:1")
        found[name] = (ends[0], ends[1])
    return found
