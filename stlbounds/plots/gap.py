"""The gap over the generations: what many runs of the loop did, as bands, and the bound above them."""

from __future__ import annotations

from typing import Any

import numpy as np

from stlbounds.errors import AssumptionError
from stlbounds.plots.style import COLUMN, drawing, figure, generation_axis, needs_logarithm, visible
from stlbounds.simulation.engine import Run, run, whole
from stlbounds.simulation.preparation import prepare, setting_names

__all__ = ["plot_gap"]

#: From the outermost to the innermost band: the share of the runs in it, and its grey.
_BANDS = ((0.9, "#dcdcdc"), (0.5, "#b0b0b0"))


def plot_gap(
    bound: Any, *, replicas: int = 1000, seed: int = 0, distribution: Any = None, width: float = COLUMN, **values: Any
) -> Any:
    r"""Bands that hold 50 % and 90 % of the simulated gaps :math:`|g|` of each generation, and the bound.

    Parameters
    ----------
    bound : Bound
        Its generator and its learner must be models that can be simulated.
    replicas, seed, distribution
        As for `stlbounds.check`.
    width : float
        In inches.
    **values : number
        A value for every symbol of the bound, and for ``n`` and ``i``, the last generation.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidArgumentError, AssumptionError
        As for `stlbounds.check`.
    MissingDependencyError
        If Matplotlib is not installed.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(5), stl.learners.BrierFit())
    >>> picture = plot_gap(stl.high_probability(setting), replicas=20, n=100, alpha=0.3, i=5, delta=0.05)
    >>> len(picture.axes)
    1
    """
    if "excess" in bound.theorem:
        raise AssumptionError("the picture shows the simulated gap, and this bound is about the excess risk; draw the "
                              "high-probability bound of the same setting")
    setting = bound.setting
    names = setting_names(setting, *bound.symbols, bound.failure_probability)
    ready = prepare(setting, values, names, distribution=distribution)
    done = run(setting.loop, ready.sampler, ready.judge, ready.sizes, ready.generations, whole("replicas", replicas, 1),
               seed)
    numbers = {part.name: ready.numbers[part.name] for part in bound.symbols}
    generations = np.arange(done.generations + 1)
    inputs = {**numbers, "i": generations} if "i" in numbers else numbers
    limit = np.broadcast_to(sum(bound.evaluate_terms(**inputs).values()), len(generations))
    failure = float(bound.failure_probability.subs({part: ready.used[part.name] for part in bound.symbols}))
    return _draw(done, limit, failure or None, bound.theorem, width)


def _draw(done: Run, limit: Any, delta: float | None, theorem: str, width: float) -> Any:
    gap = np.abs(done.gap)
    generations = np.arange(done.generations + 1)
    with drawing():
        made = figure(width, width * 0.78)
        axes = made.add_subplot()
        generation_axis(axes, generations.tolist())
        axes.set_ylabel("generalization gap $|g|$")
        bands = [(share, grey, np.quantile(gap, [(1 - share) / 2, (1 + share) / 2], axis=0)) for share, grey in _BANDS]
        curve, label = _beside(done, delta, theorem)
        if needs_logarithm(limit, np.maximum(curve, 1e-300)):
            axes.set_yscale("log")
            lows = bands[0][2][0]
            floor = float((lows[lows > 0] if np.any(lows > 0) else limit[limit > 0] / 1e3).min()) * 0.8
        else:
            floor = 0.0
        for share, grey, (low, high) in bands:
            axes.fill_between(generations, np.maximum(low, floor), np.maximum(high, floor), color=grey, linewidth=0,
                              label=f"{100 * share:.0f} % of the runs")
        axes.plot(generations, visible(np.median(gap, axis=0)), color="black", linewidth=0.8, linestyle=":",
                  label="median")
        axes.plot(generations, visible(curve), color="black", linestyle="--", marker="s", markerfacecolor="white",
                  markevery=max(1, len(generations) // 10), label=label)
        axes.plot(generations, visible(limit), color="black", linewidth=1.6, marker="o",
                  markevery=max(1, len(generations) // 10), label="bound")
        axes.set_ylim(bottom=floor if floor > 0 else 0.0)
        made.legend(loc="outside lower center", ncols=3, columnspacing=1.0)
    return made


def _beside(done: Run, delta: float | None, theorem: str) -> tuple[Any, str]:
    """The curve that the bound is to be compared with."""
    if theorem == "expectation":
        return np.abs(done.gap.mean(axis=0)), r"$|\mathrm{mean}\ g|$"
    if delta is None:
        return np.abs(done.gap).mean(axis=0), "mean of $|g|$"
    return np.quantile(np.abs(done.gap), 1 - delta, axis=0), f"{1 - delta:.4g} quantile"
