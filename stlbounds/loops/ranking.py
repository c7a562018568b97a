"""Which of the ranked real points each generation of a schedule uses, as blocks of points that are treated alike."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key

import sympy as sp

from stlbounds.errors import UndecidedError
from stlbounds.interval.signs import is_nonnegative

__all__ = ["ranked_blocks"]


def _compare(left: sp.Expr, right: sp.Expr) -> int:
    gap = sp.factor(left - right)
    if gap == 0:
        return 0
    if is_nonnegative(gap):
        return 1
    if is_nonnegative(sp.factor(-gap)):
        return -1
    raise UndecidedError(f"cannot tell whether {left} or {right} is the larger proportion, hence which real points "
                         f"both training sets use; give numbers, or real='fresh'")


def ranked_blocks(proportions: Sequence[sp.Expr]) -> list[tuple[sp.Expr, frozenset[int]]]:
    """The blocks of ranks between two proportions, from the first rank on.

    Parameters
    ----------
    proportions : sequence of sympy.Expr
        ``alpha_1, alpha_2, ...`` in ``[0, 1]``.

    Returns
    -------
    list of (sympy.Expr, frozenset of int)
        The size of each block as a proportion of all real points, and the generations ``j >= 1`` that use it.

    Raises
    ------
    UndecidedError
        If two proportions cannot be compared.

    Examples
    --------
    >>> [(size, sorted(uses)) for size, uses in ranked_blocks([sp.Rational(1, 2), sp.Rational(1, 4)])]
    [(1/4, [1, 2]), (1/4, [1]), (1/2, [])]
    """
    ends = sorted({sp.S.One, *proportions}, key=cmp_to_key(_compare))
    blocks, start = [], sp.S.Zero
    for end in ends:
        if _compare(end, start) > 0:
            uses = frozenset(j for j, share in enumerate(proportions, start=1) if _compare(share, end) >= 0)
            blocks.append((sp.factor(end - start), uses))
            start = end
    return blocks
