"""How tight a bound is as data grow: the bound and the measured gap over the size, and the factor between them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from stlbounds.errors import InvalidArgumentError
from stlbounds.plots.style import COLUMN, LINES, TERM_LABELS, drawing, figure, needs_logarithm, visible
from stlbounds.simulation.sweep import sweep
from stlbounds.simulation.sweep_table import SweepTable

__all__ = ["draw_tightness", "plot_tightness"]


def plot_tightness(
    bound: Any, over: str = "n", grid: Iterable[Any] = (100, 200, 500, 1000, 2000, 5000), *, replicas: int = 1000,
    seed: int = 0, distribution: Any = None, width: float = COLUMN, **values: Any,
) -> Any:
    """The bound, its terms, and the simulated quantity that it bounds, over the size ``n`` or another symbol.

    Parameters
    ----------
    bound : Bound
        Its generator and its learner must be models that can be simulated.
    over : str
        The symbol on the horizontal axis.
    grid : iterable of number
        Its values, two or more, positive.
    replicas, seed, distribution
        As for `stlbounds.check`.
    width : float
        In inches.
    **values : number
        A value for every other symbol of the bound, and for ``n`` and ``i``.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidArgumentError, AssumptionError
        As for `stlbounds.sweep`.
    MissingDependencyError
        If Matplotlib is not installed.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(5), stl.learners.BrierFit())
    >>> picture = plot_tightness(stl.high_probability(setting), grid=[50, 100], replicas=50, alpha=0.5, i=3, delta=0.05)
    >>> picture.axes[1].get_ylabel()
    'bound / measured'
    """
    table = sweep(bound, {over: list(grid)}, replicas=replicas, seed=seed, distribution=distribution, **values)
    return draw_tightness(table, over, width)


def draw_tightness(table: SweepTable, over: str = "n", width: float = COLUMN) -> Any:
    """The picture of a sweep with simulations over one symbol.

    Raises
    ------
    InvalidArgumentError
        If the table has fewer than two simulated points.
    """
    table = SweepTable(tuple(row for row in table if row.get("measured") is not None), table.names, None, table.points)
    if len(table) < 2:
        raise InvalidArgumentError("grid", f"{len(table)} simulated points", "two or more")
    sizes = table[f"used_{over}"]
    measured, low, high = (table[name] for name in ("measured", "measured_low", "measured_high"))
    with drawing():
        made = figure(width, width * 1.05)
        upper, lower = made.subplots(2, 1, sharex=True, height_ratios=[2.4, 1])
        terms = [name for name in table.columns if name.startswith("term_")]
        curves = {"bound": table["claimed"], **{name: table[name] for name in terms}}
        for (name, values), style in zip(curves.items(), LINES, strict=False):
            upper.plot(sizes, visible(values), **{**style, "marker": "o" if name == "bound" else None},
                       linewidth=1.6 if name == "bound" else 1.0,
                       label=TERM_LABELS.get(name.removeprefix("term_"), name.removeprefix("term_")))
        shown = visible(measured)
        # The interval may reach 0, or have no upper end, where replicas are few.
        arms = np.stack([np.where(low > 0, shown - low, shown * 0.999), np.where(np.isfinite(high), high - shown, 0.0)])
        upper.errorbar(sizes, shown, yerr=np.nan_to_num(np.maximum(arms, 0)), color="black", linestyle="none",
                       marker="s", markerfacecolor="white", capsize=2, elinewidth=0.6, label="measured")
        upper.set_xscale("log")
        upper.set_yscale("log")
        if np.any(low <= 0) and np.any(shown > 0):
            upper.set_ylim(bottom=float(np.nanmin(shown)) / 3)
        upper.set_ylabel("generalization gap")
        lower.plot(sizes, visible(table["ratio"]), color="black", marker="o", markerfacecolor="white")
        lower.set_yscale("log" if needs_logarithm(visible(table["ratio"])) else "linear")
        if lower.get_yscale() == "linear":
            lower.set_ylim(bottom=0)
        lower.set_ylabel("bound / measured")
        lower.set_xlabel(f"${over}$" if len(over) == 1 else over)
        made.legend(*upper.get_legend_handles_labels(), loc="outside lower center", ncols=3, columnspacing=1.0)
    return made
