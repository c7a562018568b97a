"""What the rules may know about a network of models: sizes, flows, and which points each training set consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from stlbounds.errors import AssumptionError
from stlbounds.proof.protocol import Plan, PointClass, Protocol, Share

__all__ = ["ModelView", "Wiring"]


@dataclass(frozen=True)
class Wiring:
    """A network of models that are trained on each other's output (theory §10).

    Parameters
    ----------
    names : tuple of str
        One per model.
    sizes : tuple of sympy.Expr
        ``n_a``, the sizes of the training sets.
    flows : sympy.ImmutableMatrix
        ``p_ab``: the proportion of model ``a``'s training sets that comes from model ``b``'s last output.
    real : tuple of sympy.Expr
        ``alpha_a = 1 - sum over b of p_ab``.
    replay : bool
        Whether the real points of a model are the same in every generation.
    """

    names: tuple[str, ...]
    sizes: tuple[sp.Expr, ...]
    flows: sp.ImmutableMatrix
    real: tuple[sp.Expr, ...]
    replay: bool

    def classes(self, model: int) -> tuple[PointClass, ...]:
        """The classes of the points that are drawn for a model's training sets."""
        name, size, share = self.names[model], self.sizes[model], self.real[model]
        if not self.replay:
            return (PointClass(name, f"a point of model {name}", 0, True, size, False, True),)
        kept, new = share * size, (1 - share) * size
        return (
            PointClass(f"{name}, replayed", f"a real point of model {name}, replayed", 0, False, kept, True, True),
            PointClass(f"{name}, initial", f"a real point of model {name}, used once", 0, False, new, False, True),
            PointClass(f"{name}, synthetic", f"a synthetic point of model {name}", 1, True, new, False, False),
        )

    def all_classes(self) -> tuple[tuple[int, PointClass], ...]:
        """All classes with the model whose training sets they are drawn for."""
        return tuple((model, point) for model in range(len(self.names)) for point in self.classes(model))


@dataclass(frozen=True)
class ModelView(Protocol):
    """The training sets of one model of a network, as the rules of the main theorem see them: by their size."""

    wiring: Wiring
    model: int

    @property
    def classes(self) -> Sequence[PointClass]:
        return self.wiring.classes(self.model)

    def size(self, generation: sp.Expr) -> sp.Expr:
        return self.wiring.sizes[self.model]

    def mixture(self, generation: sp.Expr) -> Sequence[Share]:
        raise AssumptionError("the sources of a model in a network are the models that feed it, not its own "
                              "generations")

    def plan(self, generations: int) -> Plan:
        raise AssumptionError("a network is simulated as a whole")
