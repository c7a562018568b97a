"""The terms of a bound over the generations, stacked, beside the measured gap."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stlbounds.plots.style import (
    COLUMN,
    FORMATS,
    LINES,
    PAGE,
    TERM_FILLS,
    TERM_LABELS,
    drawing,
    figure,
    generation_axis,
    needs_logarithm,
    save,
    visible,
)

__all__ = ["Series", "draw_terms", "plot_terms", "save_terms_figure", "series"]

#: At most so many generations are drawn.
_POINTS = 200
_BARS = 40


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
    quantity : str
        What is bounded.
    """

    generations: Sequence[int]
    terms: Mapping[str, Sequence[float]]
    measured: Mapping[str, Sequence[float]]
    quantity: str = "generalization gap"

    @property
    def bound(self) -> list[float]:
        """The sum of the terms."""
        return [math.fsum(values) for values in zip(*self.terms.values(), strict=True)]


def series(bound: Any, values: Mapping[str, Any], result: Any = None) -> Series:
    """The numbers of the picture.

    Parameters
    ----------
    bound : Bound
    values : mapping
        A value for every symbol of the bound, and for ``i``, the last generation.
    result : CheckResult, optional
        A simulation of the same setting; its trajectory is drawn, and the bound where it was evaluated.
    """
    last = int(values["i"])
    quantity = "excess risk" if bound.theorem in ("excess-risk", "expected-excess") else "generalization gap"
    chosen = sorted({round(float(j)) for j in np.linspace(0, last, min(last + 1, _POINTS))})
    if result is not None:
        records = [result.trajectory[j] for j in chosen]
        level = f"{result.quantile_level:.6g} quantile of |g|, simulated"
        fails = bound.failure_probability != 0
        measured = {level: [record["quantile_gap"] for record in records]} if fails else {}
        measured["mean of |g|, simulated"] = [record["mean_absolute_gap"] for record in records]
        terms = {name: [record["terms"][name] for record in records] for name in bound.terms}
        return Series(chosen, terms, measured, quantity)
    # A loop without the symbol i in its bound has the same bound in every generation.
    inputs = {**values, "i": np.array(chosen)}
    found = bound.evaluate_terms(**inputs)
    return Series(chosen, {name: np.broadcast_to(term, len(chosen)).tolist() for name, term in found.items()}, {},
                  quantity)


def plot_terms(bound: Any, result: Any = None, *, width: float = COLUMN, **values: Any) -> Any:
    """The terms of a bound over the generations.

    They are stacked in greys on a linear axis; where the measured gap or an early bound would vanish on it, they are
    lines on a logarithmic axis instead.

    Parameters
    ----------
    bound : Bound
    result : CheckResult, optional
        From `stlbounds.check` with the same values: what was measured is drawn as well.
    width : float
        In inches.
    **values : number
        A value for every symbol of the bound; ``i`` is the last generation.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MissingDependencyError
        If Matplotlib is not installed.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(5), stl.learners.BrierFit())
    >>> picture = plot_terms(stl.high_probability(setting), n=1000, alpha=0.3, i=10, delta=0.05)
    >>> picture.axes[0].get_xlabel()
    'generation'
    """
    return draw_terms(series(bound, values, result), width)


def draw_terms(data: Series, width: float = COLUMN) -> Any:
    """The picture of a series."""
    with drawing():
        made = figure(width, width * (0.78 if width < PAGE * 0.7 else 0.62))
        axes = made.add_subplot()
        generations = np.array(data.generations)
        generation_axis(axes, data.generations)
        axes.set_ylabel(data.quantity)
        (_lines if needs_logarithm(data.bound, *data.measured.values()) else _stack)(axes, generations, data)
        for (label, values), style in zip(data.measured.items(), ("o-", "s--"), strict=False):
            axes.plot(generations, values, style, color="black", markerfacecolor="white",
                      markevery=max(1, len(generations) // 12), label=label, zorder=3)
        made.legend(loc="outside lower center", ncols=3 if width > 5 else 2, columnspacing=1.2)
    return made


def save_terms_figure(data: Series, folder: Path, name: str = "terms") -> list[str]:
    """Draw the terms of a bound for a report, and write ``terms.svg``, ``.pdf`` and ``.png``.

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
    made = draw_terms(data, PAGE)
    return [save(made, folder / f"{name}.{ending}").name for ending in FORMATS]


def _stack(axes: Any, generations: Any, data: Series) -> None:
    below = np.zeros(len(generations))
    for name, values in data.terms.items():
        style: dict[str, Any] = {"facecolor": "white", **TERM_FILLS.get(name, {}), "edgecolor": "black",
                                 "linewidth": 0.4, "label": TERM_LABELS.get(name, name)}
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
    for (name, values), style in zip({"bound": data.bound, **data.terms}.items(), LINES, strict=False):
        axes.plot(generations, visible(values), **{**style, "marker": marker}, label=TERM_LABELS.get(name, name),
                  linewidth=1.6 if name == "bound" else 1.1)
