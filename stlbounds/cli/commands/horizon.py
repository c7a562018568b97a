"""When a bound exceeds a target."""

from __future__ import annotations

from stlbounds.cli.asking import inversion

__all__ = ["EXAMPLES", "run"]

_VALUES = "--set n=2000 --set delta=0.05"
EXAMPLES = (f"stlbounds horizon categorical --loop replace --epsilon 1/2 --set K=20 {_VALUES}",)

run = inversion("horizon", "Tell the first generation at which a bound exceeds a target.")
