"""Case distinctions, sums and products over an index, as expressions within the caps.

They are not functions: ``Piecewise((0, Eq(i, 0)), (c, True))`` holds conditions, and ``Sum(f, (_m, 1, i))`` an index
that means nothing outside. Only the shapes in which bounds are written are allowed.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from stlbounds.capped_arithmetic import CapError, Term
from stlbounds.symbols import SOURCE, STEP, G, J

__all__ = ["FOLDS", "INDICES", "distinction", "fold"]

#: The indices that a sum or a product may run over, by the name in which they are printed.
INDICES: dict[str, sp.Symbol] = {symbol.name: symbol for symbol in (J, G, STEP, SOURCE)}
#: What may run over an index.
FOLDS: dict[str, type[sp.Sum] | type[sp.Product]] = {"Product": sp.Product, "Sum": sp.Sum}
MAX_CASES = 8


def distinction(values: Sequence[Term], conditions: Sequence[tuple[Term, Term] | None]) -> Term:
    """``Piecewise`` of values, each where the two sides of its condition are equal; None is the condition ``True``.

    Raises
    ------
    CapError
        Unless the last condition, and no other, is ``True``, and each compares an index with an integer.
    """
    if not 2 <= len(values) <= MAX_CASES:
        raise CapError(f"a distinction has 2 to {MAX_CASES} cases")
    if conditions[-1] is not None or None in conditions[:-1]:
        raise CapError("the last case of a distinction, and no other, holds for True")
    pairs = []
    for value, sides in zip(values, conditions, strict=True):
        condition: sp.Basic = sp.true if sides is None else _equation(*sides)
        pairs.append((value.value, condition))
    # SymPy would compare the conditions with one another; as they are printed they are in order.
    return Term.of(sp.Piecewise(*pairs, evaluate=False))


def _equation(left: Term, right: Term) -> sp.Basic:
    whole, rest = left.value.as_coeff_Add()
    if not (whole.is_Integer and rest.is_Symbol and rest.is_integer and right.value.is_Integer):
        raise CapError("Eq compares an index, or an index plus an integer, with an integer")
    return sp.Eq(left.value, right.value, evaluate=False)


def fold(name: str, term: Term, index: sp.Symbol, first: Term, last: Term) -> Term:
    """``Sum`` or ``Product`` of a term over an index.

    Raises
    ------
    CapError
        If a limit contains the index, or nothing but numbers is left: such a sum would have to be worked out.
    """
    if index in first.value.free_symbols | last.value.free_symbols:
        raise CapError(f"the limits of a {name} must not contain its index {index}")
    value = FOLDS[name](term.value, (index, first.value, last.value))
    if not value.free_symbols:
        raise CapError(f"a {name} without symbols; write its value")
    return Term.of(value)
