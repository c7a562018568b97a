"""stlbounds: a symbolic calculator of generalization bounds for self-consuming training loops.

Importing the package costs next to nothing: each public name is loaded when it is first used (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stlbounds._lazy import lazily
from stlbounds._version import __version__

if TYPE_CHECKING:
    from stlbounds import data, errors, generators, learners, loops, symbols
    from stlbounds.bound import (
        Bound,
        bernstein,
        best,
        excess_risk,
        expected_gap,
        high_probability,
        in_expectation,
        weak_stability,
    )
    from stlbounds.interval.decide import decide
    from stlbounds.overview import catalogue
    from stlbounds.proof.dag import Proof
    from stlbounds.proof.metric import Metric
    from stlbounds.render.comparison import compare_table, numeric_table
    from stlbounds.render.options import LatexOptions
    from stlbounds.saved import load, save
    from stlbounds.simulation.check import check
    from stlbounds.simulation.claims import check_claim
    from stlbounds.simulation.measure import Simulation, measure
    from stlbounds.simulation.sensitivity import BlackBox, estimate_sensitivity
    from stlbounds.simulation.sensitivity_spaces import Box, FiniteSpace
    from stlbounds.simulation.sweep import sweep
    from stlbounds.simulation.variance import check_variance
    from stlbounds.special import geometric_sum
    from stlbounds.theorems.setting import Setting

    DISCRETE = Metric.DISCRETE
    EUCLIDEAN = Metric.EUCLIDEAN

__all__ = [
    "DISCRETE",
    "EUCLIDEAN",
    "BlackBox",
    "Bound",
    "Box",
    "FiniteSpace",
    "LatexOptions",
    "Metric",
    "Proof",
    "Setting",
    "Simulation",
    "__version__",
    "bernstein",
    "best",
    "catalogue",
    "check",
    "check_claim",
    "check_variance",
    "compare_table",
    "data",
    "decide",
    "errors",
    "estimate_sensitivity",
    "excess_risk",
    "expected_gap",
    "generators",
    "geometric_sum",
    "high_probability",
    "in_expectation",
    "learners",
    "load",
    "loops",
    "measure",
    "numeric_table",
    "save",
    "sweep",
    "symbols",
    "weak_stability",
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
        "bernstein": "stlbounds.bound",
        "best": "stlbounds.bound",
        "excess_risk": "stlbounds.bound",
        "weak_stability": "stlbounds.bound",
        "Simulation": "stlbounds.simulation.measure",
        "check_variance": "stlbounds.simulation.variance",
        "data": "stlbounds.data:",
        "measure": "stlbounds.simulation.measure",
        "BlackBox": "stlbounds.simulation.sensitivity",
        "Box": "stlbounds.simulation.sensitivity_spaces",
        "FiniteSpace": "stlbounds.simulation.sensitivity_spaces",
        "catalogue": "stlbounds.overview",
        "check": "stlbounds.simulation.check",
        "check_claim": "stlbounds.simulation.claims",
        "estimate_sensitivity": "stlbounds.simulation.sensitivity",
        "sweep": "stlbounds.simulation.sweep",
        "decide": "stlbounds.interval.decide",
        "errors": "stlbounds.errors:",
        "expected_gap": "stlbounds.bound",
        "generators": "stlbounds.generators:",
        "geometric_sum": "stlbounds.special",
        "high_probability": "stlbounds.bound",
        "LatexOptions": "stlbounds.render.options",
        "compare_table": "stlbounds.render.comparison",
        "numeric_table": "stlbounds.render.comparison",
        "load": "stlbounds.saved",
        "save": "stlbounds.saved",
        "in_expectation": "stlbounds.bound",
        "learners": "stlbounds.learners:",
        "loops": "stlbounds.loops:",
        "symbols": "stlbounds.symbols:",
    },
)
