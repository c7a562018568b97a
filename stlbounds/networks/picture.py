"""A picture of a network: its models, its real data, and the arrows between them with their gains."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stlbounds.errors import MissingDependencyError

if TYPE_CHECKING:
    from stlbounds.networks.network import Network

__all__ = ["draw"]


def draw(network: Network, path: str | Path, **values: Any) -> Path:
    """Draw a network with its gains ``p_ab kappa_b`` on the arrows, real data beside each model, and its loop gain.

    Parameters
    ----------
    network : Network
    path : str or pathlib.Path
        The file, ``.svg``, ``.pdf`` or ``.png``.
    **values : number
        Values of the symbols; without them the arrows carry expressions.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.patches import FancyArrowPatch
    except ImportError as error:
        raise MissingDependencyError("a picture needs matplotlib; install stlbounds[plot]") from error
    target = Path(path)
    count = len(network.models)
    figure = Figure(figsize=(5, 5))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 0.93))
    places = [(math.cos(angle), math.sin(angle)) if count > 1 else (0.0, 0.0)
              for angle in (math.pi / 2 - 2 * math.pi * a / count for a in range(count))]

    def shown(expression: Any) -> str:
        filled = expression.subs({symbol: values[symbol.name] for symbol in expression.free_symbols
                                  if symbol.name in values})
        return f"{float(filled):.3g}" if filled.is_number else str(filled)

    for a, (x, y) in enumerate(places):
        axes.scatter([x], [y], s=1800, facecolor="white", edgecolor="black", zorder=3)
        axes.annotate(network.names[a], (x, y), ha="center", va="center", zorder=4)
        if network.real[a] != 0:
            out = 1.55 if count > 1 else 1.0
            where = (out * x, out * y) if count > 1 else (0.0, -out)
            axes.add_patch(FancyArrowPatch(where, (x, y), arrowstyle="-|>", mutation_scale=14, shrinkA=16, shrinkB=22,
                                           color="gray"))
            axes.annotate(f"real {shown(network.real[a])}", where, ha="center", va="center", color="gray")
        for c in range(count):
            if network.flows[a, c] == 0:
                continue
            gain = shown(network.flows[a, c] * network.sensitivities[c])
            if a == c:
                axes.add_patch(FancyArrowPatch((x - 0.12, y + 0.1), (x + 0.12, y + 0.1), arrowstyle="-|>",
                                               mutation_scale=14, connectionstyle="arc3,rad=-1.8", color="black"))
                axes.annotate(gain, (x, y + 0.42), ha="center", va="center")
                continue
            u, v = places[c]
            axes.add_patch(FancyArrowPatch((u, v), (x, y), arrowstyle="-|>", mutation_scale=14, shrinkA=22, shrinkB=22,
                                           connectionstyle="arc3,rad=0.2", color="black"))
            middle = ((u + x) / 2 + 0.2 * (y - v), (v + y) / 2 - 0.2 * (x - u))
            axes.annotate(gain, middle, ha="center", va="center")
    if not network.gain_matrix.free_symbols - {s for s in network.gain_matrix.free_symbols if s.name in values}:
        figure.suptitle(f"loop gain {network.gain(**values):.4g}: {network.regime(**values)}", fontsize=11)
    axes.set_xlim(-1.9, 1.9)
    axes.set_ylim(-1.9, 1.9)
    axes.set_axis_off()
    temporary = target.with_name(f".{target.name}.part{target.suffix}")
    figure.savefig(temporary, metadata={"Date": None} if target.suffix == ".svg" else None)
    temporary.replace(target)
    return target
