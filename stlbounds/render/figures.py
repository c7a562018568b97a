"""Figures of a bound with Matplotlib: its terms over the generations, beside the measured gap."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stlbounds.errors import MissingDependencyError, OutputError

__all__ = ["Series", "save_terms_figure", "series"]

#: At most so many generations are drawn.
_POINTS = 200
#: Beyond this ratio between the bound and what else is shown a linear axis would hide one of them.
_LINEAR_RATIO = 60.0
_BARS = 40
#: Beyond this Matplotlib's axes overflow.
_LARGEST = 1e250
_GREYS = {"drift": "#3d3d3d", "bias": "#8a8a8a", "concentration": "#d2d2d2"}
_LABELS = {"drift": "drift", "bias": "stability bias", "concentration": "concentration"}
_STYLE = {
    "font.size": 9.0, "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.6,
    "legend.frameon": False, "svg.hashsalt": "stlbounds", "svg.fonttype": "path", "pdf.fonttype": 42,
    "hatch.linewidth": 0.5,
}


@dataclass(frozen=True)
class Series:
    """What is drawn: for each generation the terms of the bound, and what was measured.

    Parameters
    ----------
    generations : sequence of int
    terms : mapping
        Values by the name of the term.
    measured : mapping
        Values by their label; empty without a simulation.
    """

    generations: Sequence[int]
    terms: Mapping[str, Sequence[float]]
    measured: Mapping[str, Sequence[float]]

    @property
    def bound(self) -> list[float]:
        """The sum of the terms."""
        return [math.fsum(values) for values in zip(*self.terms.values(), strict=True)]


def series(bound: Any, values: Mapping[str, Any], result: Any = None) -> Series:
    """The numbers of the figure.

    Parameters
    ----------
    bound : Bound
    values : mapping
        A value for every symbol of the bound, and for ``i``, the last generation.
    result : CheckResult, optional
        A simulation of the same setting; its trajectory is drawn, and the bound where it was evaluated.
    """
    last = int(values["i"])
    chosen = sorted({round(float(j)) for j in np.linspace(0, last, min(last + 1, _POINTS))})
    if result is not None:
        records = [result.trajectory[j] for j in chosen]
        level = f"{result.quantile_level:.6g} quantile of |g|, simulated"
        if bound.theorem == "high-probability":
            measured = {level: [record["quantile_gap"] for record in records]}
        else:
            measured = {}
        measured["mean of |g|, simulated"] = [record["mean_absolute_gap"] for record in records]
        terms = {name: [record["terms"][name] for record in records] for name in bound.terms}
        return Series(chosen, terms, measured)
    inputs = {**values, "i": np.array(chosen)}
    found = bound.evaluate_terms(**inputs)
    return Series(chosen, {name: np.broadcast_to(term, len(chosen)).tolist() for name, term in found.items()}, {})


def save_terms_figure(data: Series, folder: Path, name: str = "terms") -> list[str]:
    """Draw the terms of a bound over the generations and write ``terms.svg``, ``.pdf`` and ``.png``.

    The terms are stacked in greys on a linear axis; where the measured gap or an early bound would vanish on it, they
    are lines on a logarithmic axis instead.

    Parameters
    ----------
    data : Series
    folder : pathlib.Path
        Where to write.
    name : str
        The file name without its ending.

    Returns
    -------
    list of str
        The names of the files, the same bytes for the same data.

    Raises
    ------
    MissingDependencyError
        If Matplotlib is not installed.
    OutputError
        If a file cannot be written.
    """
    try:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError(
            "the figure needs Matplotlib; install it with: pip install 'stlbounds[plot]'") from error
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(6.2, 3.9), layout="constrained")
        FigureCanvasAgg(figure)
        _draw(figure.add_subplot(), data)
        written = []
        # Neither dates nor versions: the same data give the same bytes.
        for ending, metadata in (("svg", {"Date": None, "Creator": None}),
                                 ("pdf", {"CreationDate": None, "Creator": None, "Producer": None}),
                                 ("png", {"Software": None})):
            file = f"{name}.{ending}"
            try:
                figure.savefig(folder / file, metadata=metadata, transparent=ending == "svg", dpi=200)
            except OSError as error:
                raise OutputError(f"cannot write {folder / file}: {error.strerror or error}") from error
            written.append(file)
    return written


def _needs_logarithm(data: Series) -> bool:
    shown = [value for values in (data.bound, *data.measured.values()) for value in values if value > 0]
    return bool(shown) and max(shown) > _LINEAR_RATIO * min(shown)


def _draw(axes: Any, data: Series) -> None:
    generations = np.array(data.generations)
    axes.set_xlabel("generation")
    axes.set_ylabel("generalization gap")
    axes.xaxis.get_major_locator().set_params(integer=True)
    (_lines if _needs_logarithm(data) else _stack)(axes, generations, data)
    for (label, values), style in zip(data.measured.items(), ("o-", "s--"), strict=False):
        axes.plot(generations, values, style, color="black", markerfacecolor="white", markersize=3.5, linewidth=1.0,
                  markevery=max(1, len(generations) // 25), label=label, zorder=3)
    if len(generations) == 1:
        axes.set_xlim(generations[0] - 2, generations[0] + 2)
        axes.set_xticks(generations)
    axes.figure.legend(loc="outside lower center", ncols=3, handlelength=2.6)


def _stack(axes: Any, generations: Any, data: Series) -> None:
    below = np.zeros(len(generations))
    for name, values in data.terms.items():
        style: dict[str, Any] = {"facecolor": _GREYS.get(name, "white"), "edgecolor": "black", "linewidth": 0.4,
                                 "label": _LABELS.get(name, name)}
        if len(generations) <= _BARS:
            axes.bar(generations, values, 0.8, bottom=below, **style)
        else:
            axes.fill_between(generations, below, below + np.array(values), **style)
        below = below + np.array(values)
    axes.set_ylim(bottom=0)


def _lines(axes: Any, generations: Any, data: Series) -> None:
    axes.set_yscale("log")
    # A line through one point is not seen.
    marker = "_" if len(generations) == 1 else None
    curves = {"bound": data.bound, **data.terms}
    styles = (("-", 1.8, "black"), ("-.", 1.2, "#555555"), (":", 1.4, "#555555"), ((0, (5, 1)), 1.2, "#555555"))
    for (name, values), (style, width, colour) in zip(curves.items(), styles, strict=False):
        shown = [value if 0 < value < _LARGEST else math.nan for value in values]
        axes.plot(generations, shown, linestyle=style, linewidth=width, color=colour, marker=marker,
                  label=_LABELS.get(name, name))
