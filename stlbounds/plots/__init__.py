"""Pictures of bounds and of loops, one kind per file: functions return Matplotlib figures, and `save` writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stlbounds._lazy import lazily

if TYPE_CHECKING:
    from stlbounds.plots.collapse import plot_collapse
    from stlbounds.plots.gap import plot_gap
    from stlbounds.plots.influence import plot_influence
    from stlbounds.plots.phase import plot_phase
    from stlbounds.plots.regimes import plot_regimes
    from stlbounds.plots.style import save
    from stlbounds.plots.terms import plot_terms
    from stlbounds.plots.tightness import plot_tightness

__all__ = ["plot_collapse", "plot_gap", "plot_influence", "plot_phase", "plot_regimes", "plot_terms", "plot_tightness",
           "save"]

__getattr__, __dir__ = lazily(
    __name__,
    {
        "plot_collapse": "stlbounds.plots.collapse",
        "plot_gap": "stlbounds.plots.gap",
        "plot_influence": "stlbounds.plots.influence",
        "plot_phase": "stlbounds.plots.phase",
        "plot_regimes": "stlbounds.plots.regimes",
        "plot_terms": "stlbounds.plots.terms",
        "plot_tightness": "stlbounds.plots.tightness",
        "save": "stlbounds.plots.style",
    },
)
