"""Collapse, seen: the distribution of a generated point, generation by generation, in one run of the loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stlbounds.errors import AssumptionError
from stlbounds.generators.sampling import FiniteAlphabet, FloatArray, Law, Sample, Sampler
from stlbounds.plots.style import COLUMN, drawing, figure
from stlbounds.simulation.engine import run, whole
from stlbounds.simulation.exact import shortcut_of
from stlbounds.simulation.preparation import prepare, setting_names

__all__ = ["Recorder", "plot_collapse"]

_PANELS = 6
_DRAWS = 20_000
_BINS = 40
_MANY_SYMBOLS = 60


class Recorder(Sampler):
    """A sampler that does what another one does and keeps the laws that it fits.

    Parameters
    ----------
    base : Sampler
    """

    def __init__(self, base: Sampler) -> None:
        self.base = base
        self.laws: list[Law] = []

    def real(self, replicas: int) -> Law:
        self.laws = [self.base.real(replicas)]
        return self.laws[0]

    def draw(self, law: Law, size: int, rng: np.random.Generator) -> Sample:
        return self.base.draw(law, size, rng)

    def join(self, samples: Sequence[Sample]) -> Sample:
        return self.base.join(samples)

    def fit(self, sample: Sample, size: int) -> Law:
        self.laws.append(self.base.fit(sample, size))
        return self.laws[-1]

    def mix(self, laws: Sequence[Law], weights: Sequence[float]) -> Law:
        return self.base.mix(laws, weights)

    def distance(self, first: Law, second: Law) -> FloatArray:
        return self.base.distance(first, second)

    def weighted(self, sample: Sample, weight: float) -> Sample:
        return self.base.weighted(sample, weight)

    def numbers(self, size: int) -> int:
        return self.base.numbers(size)


def plot_collapse(bound: Any, *, seed: int = 0, distribution: Any = None, width: float = COLUMN, **values: Any) -> Any:
    r"""The distributions :math:`D_0, \dots, D_i` of one run: probabilities of symbols, or histograms of points.

    Parameters
    ----------
    bound : Bound
        Only its setting matters; generator and learner must be models that can be simulated.
    seed, distribution
        As for `stlbounds.check`.
    width : float
        In inches.
    **values : number
        A value for ``n``, ``i`` and every symbol of the setting.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    AssumptionError
        If the points of the model are not symbols, nor numbers that can be drawn.
    InvalidArgumentError
        As for `stlbounds.check`.
    MissingDependencyError
        If Matplotlib is not installed.

    Examples
    --------
    >>> import stlbounds as stl
    >>> setting = stl.Setting(stl.loops.Replace(), stl.generators.Categorical(5), stl.learners.BrierFit())
    >>> len(plot_collapse(stl.in_expectation(setting), n=20, i=30).axes)
    6
    """
    setting = bound.setting
    required, allowed = setting_names(setting)
    # Values of the bound that the run does not need, such as delta, do no harm.
    allowed |= {part.name for part in bound.symbols}
    ready = prepare(setting, values, (required, allowed), distribution=distribution)
    recorder = Recorder(ready.sampler)
    run(setting.loop, recorder, ready.judge, ready.sizes, ready.generations, 1, whole("seed", seed, 0))
    last = ready.generations
    shown = sorted({round(last * (k / (_PANELS - 1)) ** 1.5) for k in range(_PANELS)} | {0, last})[:_PANELS]
    laws = [recorder.laws[generation] for generation in shown]
    if isinstance(ready.sampler, FiniteAlphabet):
        return _bars(shown, [law[0] for law in laws], width)
    shortcut = shortcut_of(ready.sampler)
    rng = np.random.default_rng(seed)
    points = None if shortcut is None else [
        np.asarray(shortcut.points(ready.sampler, law, _DRAWS, rng)[0], dtype=float) for law in laws]
    if points is None or any(part.ndim != 1 for part in points):
        raise AssumptionError(f"the points of the generator {setting.generator.name} are neither symbols nor numbers "
                              f"that can be drawn one by one")
    return _histograms(shown, points, width)


def _panels(count: int, width: float) -> tuple[Any, Any]:
    columns = 3 if count > 2 else count
    rows = -(-count // columns)
    made = figure(width, width * (0.05 + 0.36 * rows))
    return made, made.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()


def _bars(shown: Sequence[int], laws: Sequence[FloatArray], width: float) -> Any:
    with drawing():
        made, panels = _panels(len(shown), width)
        symbols = np.arange(1, len(laws[0]) + 1)
        for axes, generation, law in zip(panels, shown, laws, strict=False):
            axes.bar(symbols, law, 0.8 if len(symbols) <= _MANY_SYMBOLS else 1.0, color="#6e6e6e")
            axes.step(np.concatenate([[0.5], symbols + 0.5]), np.concatenate([laws[0][:1], laws[0]]), where="pre",
                      color="black", linewidth=0.6)
            axes.set_title(f"$D_{{{generation}}}$", pad=2)
        panels[0].xaxis.get_major_locator().set_params(integer=True)
        if len(symbols) > _MANY_SYMBOLS:
            # The tail, where collapse begins, would not be seen on a linear axis.
            panels[0].set_yscale("log")
            panels[0].set_ylim(bottom=0.5 * min(float(law[law > 0].min()) for law in laws))
        _finish(made, panels, len(shown), "symbol", "probability")
    return made


def _histograms(shown: Sequence[int], points: Sequence[FloatArray], width: float) -> Any:
    with drawing():
        made, panels = _panels(len(shown), width)
        span = np.quantile(np.concatenate(points), [0.001, 0.999])
        low, high = (float(end) for end in span)
        edges = np.linspace(low, high, _BINS + 1) if low < high else np.array([low - 0.5, low + 0.5])
        for axes, generation, part in zip(panels, shown, points, strict=False):
            axes.hist(part, edges, weights=np.full(len(part), 1 / len(part)), color="#9a9a9a")
            axes.hist(points[0], edges, weights=np.full(len(part), 1 / len(part)), histtype="step", color="black",
                      linewidth=0.6)
            axes.set_title(f"$D_{{{generation}}}$", pad=2)
        _finish(made, panels, len(shown), "point", "share of the draws")
    return made


def _finish(made: Any, panels: Any, count: int, horizontal: str, vertical: str) -> None:
    for axes in panels[count:]:
        axes.set_visible(False)
    made.supxlabel(horizontal, fontsize=8)
    made.supylabel(vertical, fontsize=8)
