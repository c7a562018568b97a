"""The loops: one file per protocol of theory §1, with its weights, sizes, influence and drift in closed form."""

from stlbounds.loops.base import Loop
from stlbounds.loops.fixed_mix import FixedMix, Replace

__all__ = ["FixedMix", "Loop", "Replace"]
