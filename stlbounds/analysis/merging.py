"""Cases of an answer that agree, joined into one, and conditions that follow from others, left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Generic, TypeVar

import sympy as sp

from stlbounds.analysis.facts import Facts

__all__ = ["Found", "Merging"]

Value = TypeVar("Value")
Signs = dict[sp.Expr, tuple[int, ...]]
Found = tuple[Signs, dict[sp.Symbol, sp.Expr], Value]
_ALL = (-1, 0, 1)


class Merging(Generic[Value]):
    """Joins cases.

    Parameters
    ----------
    facts : Facts
        What holds in every case.
    agree : callable
        Whether two answers are the same once a substitution is made in both.
    """

    def __init__(self, facts: Facts, agree: Callable[[Value, Value, Mapping[sp.Symbol, sp.Expr]], bool]) -> None:
        self.facts, self.agree = facts, agree
        self._possible: dict[frozenset[tuple[sp.Expr, tuple[int, ...]]], bool] = {}

    def possible(self, signs: Signs) -> bool:
        """Whether some parameters have these signs."""
        key = frozenset(signs.items())
        if key not in self._possible:
            self._possible[key] = any(self._single(choice, signs) for choice in product(*signs.values()))
        return self._possible[key]

    def _single(self, choice: tuple[int, ...], signs: Signs) -> bool:
        facts = self.facts
        for quantity, sign in zip(signs, choice, strict=True):
            facts = facts.assume(quantity, sign)
        return facts.consistent

    def reduced(self, signs: Signs) -> Signs:
        """The signs without those that follow from the others."""
        left = dict(signs)
        for quantity in sorted(signs, key=str, reverse=True):
            others = {name: sign for name, sign in left.items() if name != quantity}
            absent = tuple(sign for sign in _ALL if sign not in left[quantity])
            if not absent or not self.possible({**others, quantity: absent}):
                left = others
        return left

    def merged(self, found: list[Found[Value]]) -> list[Found[Value]]:
        """The cases, joined where they agree."""
        joined = True
        while joined:
            joined = False
            for first in range(len(found)):
                for second in range(first + 1, len(found)):
                    union = self._union(found[first], found[second])
                    if union is not None:
                        found[first] = union
                        del found[second]
                        joined = True
                        break
                if joined:
                    break
        return [(self.reduced(signs), substitution, value) for signs, substitution, value in found]

    def _union(self, first: Found[Value], second: Found[Value]) -> Found[Value] | None:
        (signs, substitution, value), (others, more, other) = first, second
        if not self.agree(value, other, {**substitution, **more}):
            return None
        quantities = {**signs, **others}
        signs, others = self._completed(signs, quantities), self._completed(others, quantities)
        union = {quantity: tuple(sorted({*signs[quantity], *others[quantity]})) for quantity in quantities}
        if not all(self._covers(signs, union, choice) or self._covers(others, union, choice)
                   or not self.possible({quantity: (sign,) for quantity, sign in zip(union, choice, strict=True)})
                   for choice in product(*union.values())):
            return None
        general, kept = (value, substitution) if len(substitution) <= len(more) else (other, more)
        return {quantity: sign for quantity, sign in union.items() if sign != _ALL}, kept, general

    def _completed(self, signs: Signs, quantities: Signs) -> Signs:
        """The signs, and those that they leave possible for the other quantities."""
        full = dict(signs)
        for quantity in quantities:
            if quantity not in full:
                full[quantity] = tuple(sign for sign in _ALL if self.possible({**signs, quantity: (sign,)}))
        return full

    @staticmethod
    def _covers(signs: Signs, quantities: Signs, choice: tuple[int, ...]) -> bool:
        return all(sign in signs.get(quantity, _ALL) for quantity, sign in zip(quantities, choice, strict=True))
