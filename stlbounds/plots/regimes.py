"""The regimes of a bound over two parameters, as `Bound.phase_diagram` finds them."""

from __future__ import annotations

from typing import Any

import numpy as np

from stlbounds.analysis.phase_diagram import REGIMES, PhaseDiagram
from stlbounds.compiled import numpy_function
from stlbounds.plots.style import COLUMN, drawing, figure, symbol_label

__all__ = ["plot_regimes"]

#: One grey for each of `REGIMES`.
_GREYS = ("#cfcfcf", "#808080", "#ffffff")
_FINE = 400
_BEYOND = 0.25


def plot_regimes(diagram: PhaseDiagram, *, width: float = COLUMN) -> Any:
    """A phase diagram: where a bound guarantees something in the long run, and where it does not.

    Parameters
    ----------
    diagram : PhaseDiagram
        From `stlbounds.Bound.phase_diagram`.
    width : float
        In inches.

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
    >>> from stlbounds.symbols import N, alpha, c, kappa
    >>> model = stl.generators.Generator("mine", stl.DISCRETE, kappa, c / N)
    >>> bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), model))
    >>> picture = plot_regimes(bound.phase_diagram(alpha, kappa, [0.25, 0.5, 0.75], [1, 2, 3]))
    >>> len(picture.axes[0].lines)
    1
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    with drawing():
        made = figure(width, width * 0.9)
        axes = made.add_subplot()
        axes.pcolormesh(diagram.x_values, diagram.y_values, diagram.codes, cmap=ListedColormap(list(_GREYS)), vmin=0,
                        vmax=len(REGIMES) - 1, shading="nearest", linewidth=0)
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        fine, margin = np.linspace(left, right, _FINE), _BEYOND * (top - bottom)
        for boundary in diagram.boundaries:
            if boundary.curve is not None:
                with np.errstate(all="ignore"):
                    (curve,) = numpy_function((boundary.curve,), (diagram.x,))(fine)
                # A pole is no boundary: what leaves the picture by far is not joined to what comes back.
                seen = (curve > bottom - margin) & (curve < top + margin)
                axes.plot(fine, np.where(seen, curve, np.nan), color="black", linewidth=1.4)
        axes.set(xlim=(left, right), ylim=(bottom, top))
        axes.set(xlabel=symbol_label(diagram.x.name), ylabel=symbol_label(diagram.y.name))
        present = sorted(set(diagram.codes.ravel().tolist()))
        made.legend(handles=[Patch(facecolor=_GREYS[code], edgecolor="black", linewidth=0.4, label=REGIMES[code])
                             for code in present], loc="outside lower center", ncols=3, columnspacing=1.0)
    return made
