"""What a loop adds to its protocol: the closed forms that its proofs check by induction, and names."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import sympy as sp

from stlbounds.proof.claim import Printer
from stlbounds.proof.protocol import PointClass, Protocol

__all__ = ["Loop"]


class Loop(Protocol):
    """A self-consuming training loop (theory §1).

    A loop proposes closed forms; the recurrence rule of the proof core checks each of them by induction, so a wrong
    one is refused and never believed.
    """

    #: Name on the command line and in tables.
    name: ClassVar[str]

    @property
    @abstractmethod
    def parameters(self) -> dict[str, sp.Expr]:
        """The parameters of the protocol by name, for example ``{"alpha": alpha}``."""

    @abstractmethod
    def gain(self, kappa: sp.Expr) -> sp.Expr:
        """The loop gain ``rho``: the factor by which one generation multiplies a displacement."""

    @abstractmethod
    def influence(self, point: PointClass, steps: sp.Expr, rho: sp.Expr) -> sp.Expr:
        """Closed form of the influence of a point on the training set ``steps`` generations after its draw."""

    @abstractmethod
    def mean_influence(self, rho: sp.Expr) -> sp.Expr:
        """Closed form of ``hbar``, the mean of ``x_X - 1`` over the points of ``T_i`` (theory §5)."""

    @abstractmethod
    def amplification_squared(self, rho: sp.Expr) -> sp.Expr:
        """Closed form of ``Phi**2 = (1/N_i) sum of x_X**2`` over every random point drawn up to ``T_i`` (theory §5)."""

    @abstractmethod
    def recursive_stability(self, rho: sp.Expr) -> sp.Expr:
        """Closed form of ``gamma_i N_{i-1}/kappa``: the largest influence of a real point of ``T_0`` on ``T_{i-1}``."""

    @abstractmethod
    def drift(self, error: sp.Expr, generation: sp.Expr) -> sp.Expr:
        """Closed form of ``t_j <= ...`` for learning errors of at most ``error`` (theory §4)."""

    @abstractmethod
    def describe(self, tex: Printer) -> str:
        """The protocol in a sentence of LaTeX without its full stop; ``tex`` prints expressions."""
