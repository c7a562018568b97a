"""What a theorist asks of a bound: the methods of `Bound` that answer it, one call each into this room."""

from __future__ import annotations

from stlbounds.analysis.asymptotic_methods import Asymptotics
from stlbounds.analysis.certified_methods import Certified
from stlbounds.analysis.inversion_methods import Inversions

__all__ = ["Questions"]


class Questions(Asymptotics, Inversions, Certified):
    """A statement that can be questioned."""
