"""How many generations a bound allows."""

from __future__ import annotations

from stlbounds.cli.asking import inversion

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "stlbounds max-generations categorical --loop replace --epsilon 1/2 --set K=20 --set n=2000 --set delta=0.05",)

run = inversion("max_generations", "Tell the last generation up to which a bound is at most a target.")
