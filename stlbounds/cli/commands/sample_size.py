"""How many real points a bound needs."""

from __future__ import annotations

from stlbounds.cli.asking import inversion

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("stlbounds sample-size categorical --epsilon 0.1 --set K=20 --set alpha=1/2 --set i=10 --set delta=0.05",
            "stlbounds sample-size generic --theorem expectation --epsilon epsilon --set alpha=1")

run = inversion("sample_size", "Tell the smallest n from which on a bound is at most a target.")
