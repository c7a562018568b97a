"""Leaves of a proof: what is assumed, and how named parts are defined."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import sympy as sp

from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.interval.signs import is_nonnegative
from stlbounds.proof.claim import INDICES, Printer, Rule, Says
from stlbounds.proof.metric import Metric
from stlbounds.proof.quantities import D, Distance, Dmix, Quantity
from stlbounds.symbols import J, Phi, check_symbols, entry, h_bar, i, p, rho

__all__ = ["DEFINABLE", "INDEXED_BY_I", "Assumption", "Definition"]

#: The symbols that a proof may define; every other symbol is a parameter of the setting.
DEFINABLE: tuple[sp.Symbol, ...] = (rho, Phi, h_bar, p)

#: Those of them that may depend on the number of generations.
INDEXED_BY_I: tuple[sp.Symbol, ...] = (Phi, h_bar)

class Assumption(Rule):
    """A leaf that the reader must grant: a constant of the generator, the learner or the loss."""

    title = "assumption"
    kind: ClassVar[Literal["step", "assumption", "definition", "cited"]] = "assumption"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, quantity: Quantity, bound: sp.Expr, metric: Metric) -> Says:
        if premises:
            raise AssumptionError("an assumption has no premises")
        if not isinstance(metric, Metric):
            raise AssumptionError(f"an assumption must state its metric, which {metric!r} is not")
        if not isinstance(quantity, Quantity) or not quantity.granted:
            raise AssumptionError(f"{quantity} is for rules to bound, not for a reader to grant")
        if isinstance(quantity, Distance) and quantity != Distance(Dmix(J), D(J + 1)):
            raise AssumptionError(f"what a reader grants about distances is the learning error, not a bound on "
                                  f"{quantity}")
        check_symbols(bound)
        if bound.has(*DEFINABLE):
            raise AssumptionError(f"{bound} contains a symbol that proofs define ({', '.join(map(str, DEFINABLE))})")
        if not is_nonnegative(bound):
            raise UndecidedError(f"cannot show that {bound} is nonnegative on the ranges of its symbols")
        return Says(quantity, bound)

    @classmethod
    def explain(cls, tex: Printer, *, quantity: Quantity, bound: sp.Expr, metric: Metric) -> str:
        return quantity.granted.format(*quantity.args, bound=tex(bound), metric=metric.value)


class Definition(Rule):
    """A named part: ``symbol = value``."""

    title = "definition"
    kind: ClassVar[Literal["step", "assumption", "definition", "cited"]] = "definition"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, symbol: sp.Symbol, value: sp.Expr) -> Says:
        if symbol not in DEFINABLE:
            raise AssumptionError(f"{symbol} is a parameter of the setting; only named parts are defined")
        if value.has(symbol) or value.atoms(Quantity):
            raise AssumptionError(f"{symbol} must be defined by a scalar expression without itself, not {value}")
        allowed = {i} if symbol in INDEXED_BY_I else set()
        if value.free_symbols & set(INDICES) - allowed:
            raise AssumptionError(f"{symbol} must not depend on an index, but {value} does")
        least = entry(symbol).range.low
        if not is_nonnegative(value - least if least != 0 else value):
            raise UndecidedError(f"cannot show that {value} is at least {least} on the ranges of its symbols")
        return Says(symbol, value, "=")

    @classmethod
    def explain(cls, tex: Printer, *, symbol: sp.Symbol, **_: Any) -> str:
        meanings = {
            rho: "the loop gain",
            Phi: "the amplification of the loop",
            h_bar: "the mean influence of a training point on the others",
            p: "the order of a moment",
        }
        return f"Notation: {meanings[symbol]}."
