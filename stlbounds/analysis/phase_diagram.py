"""The regimes of a bound over two parameters, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy as sp

from stlbounds.analysis.prepared import as_symbol
from stlbounds.analysis.rate import SECONDS
from stlbounds.analysis.roots import root_in
from stlbounds.analysis.threshold import CRITICAL, GUARANTEED, NO_GUARANTEE, Threshold, threshold
from stlbounds.compiled import numpy_function
from stlbounds.errors import InvalidArgumentError, UndecidedError
from stlbounds.numeric.values import float_arrays
from stlbounds.shown import Shown
from stlbounds.symbols import entry, exact
from stlbounds.theorems.statement import Statement

__all__ = ["REGIMES", "Boundary", "PhaseDiagram", "phase_diagram"]

#: The regimes by the numbers that stand for them in `PhaseDiagram.codes`.
REGIMES = (NO_GUARANTEE, CRITICAL, GUARANTEED)
_LETTERS = {NO_GUARANTEE: "-", CRITICAL: "o", GUARANTEED: "+"}
_POINTS = 41
_NEAR = 1e-9


@dataclass(frozen=True)
class Boundary:
    """Where regimes meet: the zeros of a quantity.

    Attributes
    ----------
    quantity : sympy.Expr
        Changes its sign on the boundary.
    curve : sympy.Expr or None
        The second parameter as a function of the first, where that has a closed form.
    """

    quantity: sp.Expr
    curve: sp.Expr | None


@dataclass(frozen=True)
class PhaseDiagram(Shown):
    """Regimes on a grid.

    Attributes
    ----------
    x, y : sympy.Symbol
        The parameters.
    x_values, y_values : numpy.ndarray
        The axes of the grid.
    codes : numpy.ndarray of int
        ``codes[row, column]`` is the regime at ``y_values[row], x_values[column]``, as an index into `REGIMES`.
    boundaries : tuple of Boundary
        Where regimes meet.
    threshold : Threshold
        The regimes along the first parameter, in symbols.
    """

    x: sp.Symbol
    y: sp.Symbol
    x_values: npt.NDArray[np.float64]
    y_values: npt.NDArray[np.float64]
    codes: npt.NDArray[np.int8]
    boundaries: tuple[Boundary, ...]
    threshold: Threshold

    @property
    def regimes(self) -> npt.NDArray[np.str_]:
        """The regimes as words, in the shape of the grid."""
        return np.array(REGIMES)[self.codes]

    def records(self) -> list[dict[str, Any]]:
        """A row for every point of the grid."""
        return [{str(self.x): float(a), str(self.y): float(b), "regime": REGIMES[self.codes[row, column]]}
                for row, b in enumerate(self.y_values) for column, a in enumerate(self.x_values)]

    def __str__(self) -> str:
        lines = [f"{self.x} from {self.x_values[0]:g} to {self.x_values[-1]:g}; a row for each {self.y}"]
        lines += [f"{value:8.4g}  {''.join(_LETTERS[str(regime)] for regime in row)}"
                  for value, row in reversed(list(zip(self.y_values, self.regimes, strict=True)))]
        lines += [f"boundary: {boundary.quantity} = 0" + (f", {self.y} = {boundary.curve}" if boundary.curve else "")
                  for boundary in self.boundaries]
        return "\n".join([*lines, ", ".join(f"{letter} {word}" for word, letter in _LETTERS.items())])

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"x": str(self.x), "y": str(self.y), "x_values": self.x_values.tolist(),
                "y_values": self.y_values.tolist(), "regimes": self.regimes.tolist(),
                "boundaries": [{"quantity": str(boundary.quantity),
                                "curve": None if boundary.curve is None else str(boundary.curve)}
                               for boundary in self.boundaries]}


def _axis(symbol: sp.Symbol, values: Sequence[float] | None) -> npt.NDArray[np.float64]:
    """The given values, checked, or equally spaced ones (from 0 to 4 where the range is unbounded)."""
    if values is not None:
        array = np.atleast_1d(float_arrays({symbol.name: values})[symbol.name])
        if array.ndim != 1:
            raise InvalidArgumentError(symbol.name, array.shape, "a list of numbers")
        return array
    allowed = entry(symbol).range
    low = float(allowed.low) if allowed.low != -sp.oo else -4.0
    high = float(allowed.high) if allowed.high != sp.oo else low + 4.0
    if allowed.integer:
        return np.arange(low, low + _POINTS)
    axis = np.linspace(low, high, _POINTS)
    return axis[(1 if allowed.low_open else 0):(-1 if allowed.high_open else None)]


def phase_diagram(bound: Statement, x: Any, y: Any, x_values: Sequence[float] | None = None,
                  y_values: Sequence[float] | None = None, towards: Any = "i", seconds: float = 60.0,
                  **values: Any) -> PhaseDiagram:
    """The regimes of ``bound`` over the parameters ``x`` and ``y``; see `Questions.phase_diagram`."""
    first, second = as_symbol(bound, x, "x"), as_symbol(bound, y, "y")
    if first == second:
        raise InvalidArgumentError("y", second, f"another symbol than {first}")
    found = threshold(bound, first, towards, seconds=min(seconds, SECONDS * 3), **values)
    left, low = _axis(first, x_values), _axis(second, y_values)
    quantities = sorted({condition.quantity for case in found.inside for condition in case.conditions}, key=str)
    for quantity in quantities:
        others = quantity.free_symbols - {first, second}
        if others:
            raise InvalidArgumentError(", ".join(sorted(map(str, others))), "missing", "given",
                                       f"the regimes depend on the sign of {quantity}")
    codes = _codes(found, first, second, left, low, quantities)
    allowed = entry(second).range
    for row, value in enumerate(low):
        if value in (float(allowed.low), float(allowed.high)):
            # At a boundary value other rules may hold than inside the range: the question is asked there.
            fixed = {**values, second.name: exact("y", float(value))}
            edge = threshold(bound, first, towards, seconds=seconds, **fixed)
            codes[row] = [REGIMES.index(edge.verdict(**{first.name: float(at)})) for at in left]
    return PhaseDiagram(first, second, left, low, codes,
                        tuple(Boundary(quantity, _curve(quantity, second)) for quantity in quantities), found)


def _codes(found: Threshold, x: sp.Symbol, y: sp.Symbol, left: npt.NDArray[np.float64], low: npt.NDArray[np.float64],
           quantities: list[sp.Expr]) -> npt.NDArray[np.int8]:
    """The regimes: by signs in doubles where these are clear, and exactly where a quantity is near 0 or at an end."""
    shape = (low.size, left.size)
    signs: dict[sp.Expr, Any] = {}
    unclear = np.zeros(shape, dtype=bool)
    if quantities:
        across, up = np.meshgrid(left, low)
        with np.errstate(all="ignore"):
            computed = numpy_function(tuple(quantities), (x, y))(across, up)
        for quantity, raw in zip(quantities, computed, strict=True):
            value = np.broadcast_to(raw, shape)
            signs[quantity] = np.sign(value)
            unclear |= ~(np.abs(value) > _NEAR)
    for end in found.ends:
        unclear |= (left == float(end))[None, :]
    allowed = entry(y).range
    unclear &= ~np.isin(low, (float(allowed.low), float(allowed.high)))[:, None]
    codes = np.zeros(shape, dtype=np.int8)
    for case in found.inside:
        if case.value.fine:
            here = np.ones(shape, dtype=bool)
            for condition in case.conditions:
                here &= np.isin(signs[condition.quantity], condition.signs)
            codes[here] = REGIMES.index(GUARANTEED)
    for row, column in np.argwhere(unclear):
        point = {x.name: exact(x.name, float(left[column])), y.name: exact(y.name, float(low[row]))}
        codes[row, column] = REGIMES.index(found.verdict(**point))
    return codes


def _curve(quantity: sp.Expr, y: sp.Symbol) -> sp.Expr | None:
    if not quantity.has(y):
        return None
    try:
        root = root_in(quantity, y)
    except UndecidedError:
        return None
    return None if root.bracket else root.value
