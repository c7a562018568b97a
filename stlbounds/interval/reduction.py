"""Differences made simpler before they are decided: without nonnegative factors, with squares in place of roots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from stlbounds.interval.arithmetic import Arithmetic
from stlbounds.interval.domain import Box
from stlbounds.interval.rewriting import holds_at_once, spread

__all__ = ["Reduction", "reduction_holds", "reductions"]


@dataclass(frozen=True)
class Reduction:
    """``difference = factors * core``, and perhaps ``core = p - q``, ``after = p**2 - q**2``, with nonnegative parts.

    Parameters
    ----------
    factors : tuple of sympy.Expr
        Nonnegative.
    core : sympy.Expr
        What has to be nonnegative.
    squares : tuple of sympy.Expr or None
        ``p`` and ``q``, where squares are compared.
    after : sympy.Expr
        What is left to prove.
    """

    factors: tuple[sp.Expr, ...]
    core: sp.Expr
    squares: tuple[sp.Expr, sp.Expr] | None
    after: sp.Expr

    def __str__(self) -> str:
        parts = []
        if self.factors:
            parts.append(f"without the nonnegative factors {', '.join(map(str, self.factors))}")
        if self.squares is not None:
            parts.append("the squares of the two sides are compared")
        return "; ".join(parts) or f"rearranged: {self.after}"


def reduction_holds(difference: sp.Expr, reduction: Reduction, box: Box, arithmetic: Arithmetic) -> bool:
    """Check a reduction: the algebra fits, and every part that should be nonnegative is."""
    product = sp.Mul(*reduction.factors) * reduction.core
    if product != difference and sp.expand(product - difference) != 0:
        return False
    if not all(holds_at_once(factor, box, arithmetic) for factor in reduction.factors):
        return False
    if reduction.squares is None:
        return bool(sp.expand(reduction.core - reduction.after) == 0)
    p, q = reduction.squares
    return (sp.expand(reduction.core - (p - q)) == 0 and sp.expand(reduction.after - (p**2 - q**2)) == 0
            and holds_at_once(p, box, arithmetic) and holds_at_once(q, box, arithmetic))


def _without_powers(core: sp.Expr, box: Box) -> tuple[tuple[sp.Expr, ...], sp.Expr]:
    """The smallest power of a positive symbol, of which only powers occur: ``1/sqrt(n) - 1/n = (sqrt(n) - 1)/n``."""
    terms = sp.Add.make_args(core)
    if len(terms) == 1:
        return (), core
    powers = []
    for symbol, low in zip(box.symbols, box.low, strict=True):
        found = [term.as_powers_dict()[symbol] for term in terms]
        pure = all(sp.S(power).is_Rational and not (term / symbol**power).has(symbol)
                   for term, power in zip(terms, found, strict=True))
        if low > 0 and pure and min(found) != 0:
            powers.append(symbol**min(found))
    return tuple(powers), sp.Add(*(term / sp.Mul(*powers) for term in terms)) if powers else core


def reductions(difference: sp.Expr, box: Box, arithmetic: Arithmetic) -> Iterator[Reduction]:
    """Reductions of a difference that change something, checked."""
    found = sp.factor_terms(difference)
    if found.is_Mul:
        factors = tuple(part for part in found.args if (part.is_Rational and part > 0)
                        or (not part.is_Rational and holds_at_once(part, box, arithmetic)))
        core = sp.Mul(*(part for part in found.args if part not in factors))
        if core == sp.S.NegativeOne:
            return
    else:
        factors, core = (), found
    powers, core = _without_powers(core, box)
    factors += powers
    candidates = [Reduction(factors, core, None, core)] if factors else []
    if core.is_Add and len(core.args) == 2 and core.has(sp.S.Half):
        plus = [part for part in core.args if not part.could_extract_minus_sign()]
        minus = [-part for part in core.args if part.could_extract_minus_sign()]
        if len(plus) == len(minus) == 1:
            after = spread(plus[0] ** 2 - minus[0] ** 2)
            candidates.insert(0, Reduction(factors, core, (plus[0], minus[0]), after))
    for candidate in candidates:
        if reduction_holds(difference, candidate, box, arithmetic):
            yield candidate
