"""Power: by which factor each term of a bound would have to be too small for the check to notice."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from stlbounds.simulation.result import Comparison, TermPower

__all__ = ["power"]

#: The parts whose claim is the sum of several terms, and those terms; None for all of them.
_SUMS: dict[str, tuple[str, ...] | None] = {"bound": None, "drift + bias": ("drift", "bias")}


def power(values_by_term: Mapping[str, float], rows: Sequence[Comparison]) -> tuple[TermPower, ...]:
    """The smallest factor for each term, over all verdicts in which the term counts, the others being as claimed.

    Parameters
    ----------
    values_by_term : mapping
        The terms.
    rows : sequence of Comparison
        The parts, with the factor below which each would be contradicted.

    Examples
    --------
    >>> row = Comparison("drift", "M E s_i", 0.4, 0.2, 0.1, 0.3, "consistent", 4.0, 0.1)
    >>> power({"drift": 0.4}, [row])[0].factor
    4.0
    """
    return tuple(_of_term(term, values_by_term, rows) for term in values_by_term if term != "bound")


def _of_term(term: str, values: Mapping[str, float], rows: Sequence[Comparison]) -> TermPower:
    claimed = values[term]
    best, through = 0.0, ""
    for row in rows:
        terms = _SUMS.get(row.part, (row.part,))
        if row.threshold is None or not (terms is None or term in terms):
            continue
        others = math.fsum(value for name, value in values.items()
                           if name != term and (terms is None or name in terms))
        # Below this the sum would be under the least value that the replicas do not refute.
        least = row.threshold - others
        if least > best:
            best, through = least, row.part
    if not through:
        return TermPower(term, claimed, None, "")
    return TermPower(term, claimed, claimed / best, through)
