"""What an evaluation will do, as data and as text: paths, axes and numbers of operations, without doing it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.numeric.arrays import Grid, decision, layout
from stlbounds.numeric.blocks import BLOCK
from stlbounds.numeric.preparing import prepared
from stlbounds.numeric.workers import threads
from stlbounds.shown import Shown

__all__ = ["Plan", "Step", "plan_of"]


@dataclass(frozen=True)
class Step:
    """One pass over a grid.

    Parameters
    ----------
    path : str
        ``"math"`` (one point), ``"blocks"`` (NumPy operations) or ``"matrices"`` (a product of two matrices).
    symbols : tuple of str
        The symbols that vary on this grid.
    points : int
        Its number of points.
    operations : int
        Operations per point.
    expression : str
        What is computed, in the symbols and in names of earlier steps.
    """

    path: str
    symbols: tuple[str, ...]
    points: int
    operations: int
    expression: str


@dataclass(frozen=True)
class Plan(Shown):
    """The steps of an evaluation, in order.

    Parameters
    ----------
    shape : tuple of int
        The shape of the result.
    steps : tuple of Step
        The steps.
    """

    shape: tuple[int, ...]
    steps: tuple[Step, ...]

    @property
    def path(self) -> str:
        """The path of the pass over the full grid."""
        return self.steps[-1].path

    @property
    def operations(self) -> int:
        """The number of operations in all."""
        return sum(step.points * step.operations for step in self.steps)

    def __str__(self) -> str:
        what = {"math": "generated math source", "blocks": f"NumPy operations in blocks of {BLOCK} entries",
                "matrices": "a product of a tall with a wide matrix"}
        lines = [f"{len(self.steps)} steps, {self.operations:.3g} operations, result of shape {self.shape}, "
                 f"{threads()} processors"]
        for step in self.steps:
            over = " x ".join(step.symbols) or "one point"
            text = step.expression if len(step.expression) <= 90 else step.expression[:87] + "..."
            lines.append(f"  {step.points:>12,} points  {step.operations:>3} operations each  over {over}: "
                         f"{what[step.path]}\n      {text}")
        return "\n".join(lines)


def _walk(expression: sp.Expr, grid: Grid, steps: list[Step]) -> None:
    """The steps of `stlbounds.numeric.arrays`, by the same decisions."""
    path, parts, rest = decision(expression, grid)
    for part in parts:
        if not part.is_Atom:
            _walk(part, grid.part(part), steps)
    if path == "part":
        return
    names = tuple(symbol.name for symbol, axes in grid.axes if axes)
    points = math.prod(grid.shape)
    steps.append(Step(path, names, points, rest if isinstance(rest, int) else max(1, int(sp.count_ops(rest))),
                      str(expression if path == "math" else rest if isinstance(rest, sp.Expr) else expression)))


def plan_of(expression: sp.Expr, shapes: Mapping[str, Any]) -> Plan:
    """The plan for arrays of some shapes.

    Parameters
    ----------
    expression : sympy.Expr
        What would be evaluated.
    shapes : mapping
        By name, a shape (a tuple of integers), or a value of which only the shape counts. Symbols without one are
        numbers.

    Raises
    ------
    InvalidArgumentError
        If the shapes do not broadcast.
    """
    found = {}
    for name, value in shapes.items():
        is_shape = isinstance(value, tuple) and all(isinstance(length, int) for length in value)
        found[name] = value if is_shape else np.shape(value)
    symbols = tuple(sorted(expression.free_symbols, key=str))
    try:
        shape = np.broadcast_shapes(*found.values())
    except ValueError as error:
        raise InvalidArgumentError("shapes", found, "shapes that broadcast against each other") from error
    # Arrays of these shapes that take no memory.
    arrays = {symbol.name: np.broadcast_to(np.float64(1.0), found.get(symbol.name, ())) for symbol in symbols}
    steps: list[Step] = []
    _walk(prepared(expression), layout(symbols, arrays, shape), steps)
    return Plan(shape, tuple(steps))
