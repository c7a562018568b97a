"""How much real data a bound needs."""

from __future__ import annotations

from stlbounds.cli.asking import inversion

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "stlbounds min-real-fraction categorical --epsilon 0.4 --set K=20 --set n=2000 --set i=10 --set delta=0.05",)

run = inversion("min_real_fraction",
                "Tell the least proportion of real data from which on a bound is at most a target.")
