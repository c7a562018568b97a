"""What a theorist asks of a bound: the methods of `Bound` that answer it, one call each into this room."""

from __future__ import annotations

from stlbounds.numeric.methods import Numbers

__all__ = ["Questions"]


class Questions(Numbers):
    """A statement that can be questioned."""
