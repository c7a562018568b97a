"""The learners: one file per family, with the uniform stability and the loss constant (theory §7)."""

from stlbounds.learners.base import UniformlyStable
from stlbounds.learners.brier import BrierFit

__all__ = ["BrierFit", "UniformlyStable"]
