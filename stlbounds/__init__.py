"""stlbounds: a symbolic calculator of generalization bounds for self-consuming training loops.

Importing the package costs next to nothing: each public name is loaded when it is first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from stlbounds._version import __version__

if TYPE_CHECKING:
    from stlbounds import errors, generators, learners, loops, symbols
    from stlbounds.bound import Bound, expected_gap, high_probability, in_expectation
    from stlbounds.proof.dag import Proof
    from stlbounds.proof.metric import Metric
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
    "loops",
    "symbols",
]

# Where each public name lives: module and attribute path within it ("" is the module itself).
_HOMES: dict[str, tuple[str, str]] = {
    "Bound": ("stlbounds.bound", "Bound"),
    "DISCRETE": ("stlbounds.proof.metric", "Metric.DISCRETE"),
    "EUCLIDEAN": ("stlbounds.proof.metric", "Metric.EUCLIDEAN"),
    "Metric": ("stlbounds.proof.metric", "Metric"),
    "Proof": ("stlbounds.proof.dag", "Proof"),
    "Setting": ("stlbounds.theorems.setting", "Setting"),
    "check": ("stlbounds.simulation.check", "check"),
    "errors": ("stlbounds.errors", ""),
    "expected_gap": ("stlbounds.bound", "expected_gap"),
    "generators": ("stlbounds.generators", ""),
    "geometric_sum": ("stlbounds.special", "geometric_sum"),
    "high_probability": ("stlbounds.bound", "high_probability"),
    "in_expectation": ("stlbounds.bound", "in_expectation"),
    "learners": ("stlbounds.learners", ""),
    "loops": ("stlbounds.loops", ""),
    "symbols": ("stlbounds.symbols", ""),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'stlbounds' has no attribute {name!r}")
    module, path = _HOMES[name]
    found: Any = import_module(module)
    for part in path.split(".") if path else ():
        found = getattr(found, part)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
