"""The loops: one file per protocol of theory §1, with its weights, sizes, influence and drift in closed form."""

from stlbounds.loops.accumulate import Accumulate
from stlbounds.loops.augment import Augment
from stlbounds.loops.base import Loop
from stlbounds.loops.fixed_mix import FixedMix, Replace
from stlbounds.loops.schedule import Schedule
from stlbounds.loops.subsample import Subsample
from stlbounds.loops.weighted_mix import WeightedMix

__all__ = ["Accumulate", "Augment", "FixedMix", "Loop", "Replace", "Schedule", "Subsample", "WeightedMix"]
