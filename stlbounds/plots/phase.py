"""The phase diagram of a loop: where it forgets a perturbation and where it amplifies it, over two parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from stlbounds.errors import InvalidArgumentError
from stlbounds.numeric.arrays import evaluate
from stlbounds.numeric.values import checked_names, float_arrays
from stlbounds.plots.style import COLUMN, drawing, figure, symbol_label

__all__ = ["plot_phase"]

_POINTS = 120


def _axis(name: str, span: Iterable[float]) -> Any:
    ends = [float(end) for end in span]
    if len(ends) != 2 or not ends[0] < ends[1]:
        raise InvalidArgumentError(name, tuple(ends), "a lower and an upper end")
    return np.linspace(ends[0], ends[1], _POINTS)


def plot_phase(bound: Any, x: str, x_range: Iterable[float], y: str, y_range: Iterable[float], *,
               width: float = COLUMN, **values: Any) -> Any:
    r"""Regions of the loop gain: below 1 a perturbation is forgotten, at 1 it is kept, above 1 it is amplified.

    Lines of equal bound are drawn over the regions where the other symbols have values.

    Parameters
    ----------
    bound : Bound
    x, y : str
        Two symbols of the bound.
    x_range, y_range : pair of float
        Their ends.
    width : float
        In inches.
    **values : number
        Values for the other symbols: of the loop gain at least; of the whole bound for its lines.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a value is missing, unknown or out of range.
    MissingDependencyError
        If Matplotlib is not installed.

    References
    ----------
    Theory §2 (loop gain), §3 (thresholds).

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import N, alpha, c, kappa
    >>> model = stl.generators.Generator("mine", stl.DISCRETE, kappa, c / N)
    >>> bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), model))
    >>> picture = plot_phase(bound, "alpha", (0, 1), "kappa", (0, 3))
    >>> picture.axes[0].get_xlabel()
    '$\\alpha$, the proportion of real data in a training set'
    """
    for name in (x, y):
        if name in values:
            raise InvalidArgumentError(name, values[name], "an axis or a value, not both")
    columns, rows = np.meshgrid(_axis(x, x_range), _axis(y, y_range))
    arrays = float_arrays({x: columns, y: rows, **values})
    symbols = tuple(sorted(bound.loop_gain.free_symbols, key=str))
    checked_names(arrays, symbols, bound.constants)
    gain = np.broadcast_to(evaluate((bound.loop_gain,), symbols, arrays)[0], columns.shape)
    complete = {part.name for part in bound.symbols} <= set(arrays)
    limit = bound.evaluate(**arrays) if complete else None
    return _draw(columns, rows, gain, limit, (x, y), width)


def _number(exponent: float) -> str:
    """A power of ten as a number where that is short."""
    return f"{10.0**exponent:.2g}" if abs(exponent) < 2 else (
        f"{10.0**exponent:.0f}" if 0 < exponent <= 4 else f"$10^{{{exponent:g}}}$")


def _draw(columns: Any, rows: Any, gain: Any, limit: Any, names: tuple[str, str], width: float) -> Any:
    from matplotlib.patches import Patch

    with drawing():
        made = figure(width, width * 0.9)
        axes = made.add_subplot()
        axes.contourf(columns, rows, gain, levels=[-np.inf, 1.0, np.inf], colors=["white", "#cfcfcf"])
        legend = [Patch(facecolor="white", edgecolor="black", linewidth=0.4, label=r"$\rho < 1$: forgotten"),
                  Patch(facecolor="#cfcfcf", edgecolor="black", linewidth=0.4, label=r"$\rho > 1$: amplified")]
        if gain.min() < 1 < gain.max():
            axes.contour(columns, rows, gain, levels=[1.0], colors="black", linewidths=1.6)
        if limit is not None:
            finite = np.where(np.isfinite(limit) & (limit > 0), limit, np.nan)
            exponents = np.log10(finite)
            low, high = np.nanmin(exponents), np.nanmax(exponents)
            step = max(1.0, np.ceil((high - low) / 6)) if high - low > 2 else None
            levels = np.arange(np.ceil(low), np.floor(high) + 0.5, step) if step else np.linspace(low, high, 6)[1:-1]
            lines = axes.contour(columns, rows, exponents, levels=levels, colors="#555555", linewidths=0.6,
                                 linestyles="--")
            axes.clabel(lines, fmt=_number, fontsize=6)
            legend.append(lines.legend_elements()[0][0])
            legend[-1].set_label("the bound")
        axes.set_xlabel(symbol_label(names[0]))
        axes.set_ylabel(symbol_label(names[1]))
        made.legend(handles=legend, loc="outside lower center", ncols=3, columnspacing=1.0)
    return made
