"""The rule that takes the smallest of several bounds on one quantity."""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.errors import AssumptionError
from stlbounds.generation_zero import case_by_case
from stlbounds.proof.claim import Printer, Rule, Says
from stlbounds.proof.quantities import Quantity
from stlbounds.symbols import i

__all__ = ["Smallest", "smallest_of"]


def smallest_of(*bounds: sp.Expr) -> sp.Expr:
    """The minimum of the bounds, with the cases "generation 0" and "later" at the top."""
    return case_by_case(lambda *parts: sp.Min(*parts, evaluate=False), *bounds, index=i)


class Smallest(Rule):
    """From bounds ``x <= u_1, ..., x <= u_m`` that fail with probability ``delta`` each: ``x <= min u_k``, with
    ``delta``.

    The bounds are numbers, so which one is smallest is known before the data are: only that one is used. For all of
    them at once the probabilities would add.
    """

    title = "the smallest of several bounds"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, event: str) -> Says:
        first = premises[0]
        if any(says.lhs != first.lhs or says.relation != "<=" for says in premises):
            raise AssumptionError("the bounds must be about one quantity")
        chance = first.failure_probability
        if any(says.failure_probability != chance for says in premises):
            raise AssumptionError("the bounds must hold with one probability")
        if any(name == event for says in premises for name, _ in says.events):
            raise AssumptionError(f"the bounds fail in events called {event!r} already; that of the smallest one is "
                                  "another")
        if any(says.rhs.atoms(Quantity) for says in premises):
            raise AssumptionError("a bound that is no number before the data are seen cannot be chosen beforehand")
        events = frozenset({(event, chance)}) if chance != 0 else frozenset()
        return Says(first.lhs, smallest_of(*(says.rhs for says in premises)), "<=", events)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The bounds are numbers that are known before the data are. Choose the smallest one beforehand; it "
                r"fails with the probability that each of them fails with.")
