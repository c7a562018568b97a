"""stlbounds: a symbolic calculator of generalization bounds for self-consuming training loops.

Importing the package costs next to nothing: each public name is loaded when it is first used (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stlbounds._lazy import lazily
from stlbounds._version import __version__

if TYPE_CHECKING:
    from stlbounds import errors, generators, learners, loops, symbols
    from stlbounds.bound import Bound, expected_gap, high_probability, in_expectation
    from stlbounds.proof.dag import Proof
    from stlbounds.proof.metric import Metric
    from stlbounds.saved import load, save
    from stlbounds.simulation.check import check
    from stlbounds.special import geometric_sum
    from stlbounds.theorems.setting import Setting

    DISCRETE = Metric.DISCRETE
    EUCLIDEAN = Metric.EUCLIDEAN

__all__ = [
    "DISCRETE",
    "EUCLIDEAN",
    "Bound",
    "Metric",
    "Proof",
    "Setting",
    "__version__",
    "check",
    "errors",
    "expected_gap",
    "generators",
    "geometric_sum",
    "high_probability",
    "in_expectation",
    "learners",
    "load",
    "loops",
    "save",
    "symbols",
]

__getattr__, __dir__ = lazily(
    __name__,
    {
        "Bound": "stlbounds.bound",
        "DISCRETE": "stlbounds.proof.metric:Metric.DISCRETE",
        "EUCLIDEAN": "stlbounds.proof.metric:Metric.EUCLIDEAN",
        "Metric": "stlbounds.proof.metric",
        "Proof": "stlbounds.proof.dag",
        "Setting": "stlbounds.theorems.setting",
        "check": "stlbounds.simulation.check",
        "errors": "stlbounds.errors:",
        "expected_gap": "stlbounds.bound",
        "generators": "stlbounds.generators:",
        "geometric_sum": "stlbounds.special",
        "high_probability": "stlbounds.bound",
        "load": "stlbounds.saved",
        "save": "stlbounds.saved",
        "in_expectation": "stlbounds.bound",
        "learners": "stlbounds.learners:",
        "loops": "stlbounds.loops:",
        "symbols": "stlbounds.symbols:",
    },
)
