"""The loops: one file per protocol of theory §1, with its weights, sizes, influence and drift in closed form."""

from typing import Any

from stlbounds._lazy import missing
from stlbounds.loops.accumulate import Accumulate
from stlbounds.loops.augment import Augment
from stlbounds.loops.base import Loop
from stlbounds.loops.fixed_mix import FixedMix, Replace
from stlbounds.loops.schedule import Schedule
from stlbounds.loops.source_weights import SourceWeights
from stlbounds.loops.subsample import Subsample
from stlbounds.loops.weighted_mix import WeightedMix

__all__ = ["Accumulate", "Augment", "FixedMix", "Loop", "Replace", "Schedule", "SourceWeights", "Subsample",
           "WeightedMix"]


def __getattr__(name: str) -> Any:
    # A network needs generators and learners, rooms that import this one.
    if name == "Network":
        from stlbounds.networks.network import Network

        return Network
    raise missing(__name__, name, __dir__())


def __dir__() -> list[str]:
    return [*__all__, "Network"]
