"""Sums and products over an index in doubles: term by term where there are few, by quadrature where there are many.

A summand that varies smoothly, on the scale of the index itself (powers and logarithms of it), is summed up to 10**6
and beyond by Gauss quadrature over panels that grow like the index, with the end corrections of the midpoint form of
the Euler-Maclaurin formula, ``sum_{k=a..b} f(k) = F - (f'(b+1/2) - f'(a-1/2))/24 + ...``, in central differences. What
does not vary so is found out by comparing with direct summation, and then summed term by term.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["HEAD", "product_over", "smooth_tail", "sum_over"]

#: So many terms are added one by one before quadrature takes over.
HEAD = 128
_PROBE = 1024
_NODES = 16
_PANEL_RATIO = 3.0
_AGREE = 1e-12
_AT_ONCE = 1 << 16

Array = npt.NDArray[np.float64]
Term = Callable[[Any], Any]


@lru_cache(maxsize=4)
def _gauss(nodes: int) -> tuple[Array, Array]:
    return np.polynomial.legendre.leggauss(nodes)


def _one_by_one(term: Term, low: Array, high: Array, start: float, operation: Any) -> Array:
    """``start`` combined with the terms of all indices, each entry within its own limits."""
    if not low.size:
        return np.full(low.shape, start)
    first, last = low.min(), high.max()
    if low.ndim == 0 and last > first and np.ndim(term(first)) == 0:
        # Nothing varies but the index: many terms at once.
        parts = [operation.reduce(np.broadcast_to(term(some), some.shape)) for some in
                 (np.arange(begin, min(begin + _AT_ONCE, last + 1)) for begin in np.arange(first, last + 1, _AT_ONCE))]
        return np.asarray(operation.reduce(parts), dtype=float)
    same = first == low.max() and last == high.min()
    total: Any = np.full(low.shape, start)
    for index in np.arange(first, last + 1):
        value = term(index)
        total = operation(total, value if same else np.where((low <= index) & (index <= high), value, start))
    return np.asarray(total, dtype=float)


def _quadrature(term: Term, low: Array, high: Array, nodes: int) -> Array:
    """``sum of term(k)`` over ``k = low..high``, for ``term`` smooth on the scale of ``low``."""
    left, right = low - 0.5, high + 0.5
    panels = max(1, int(np.ceil(np.log((right / left).max(initial=1.0)) / np.log(_PANEL_RATIO))))
    places, weights = _gauss(nodes)
    ratio = (right / left) ** (1.0 / panels)
    total: Any = 0.0
    alone = low.ndim == high.ndim == 0 and np.ndim(term(low)) == 0
    if alone:
        # Nothing varies but the index: all nodes at once.
        edges = left * ratio ** np.arange(panels + 1.0)
        # Exactly: where few terms are far from 0, what a product rounds is many units of their number.
        edges[-1] = right
        middles, halves = (edges[1:] + edges[:-1])[:, None] / 2, np.diff(edges)[:, None] / 2
        total = np.sum(weights * halves * term(middles + halves * places))
    for panel in range(0 if alone else panels):
        begin, end = left * ratio**panel, right if panel + 1 == panels else left * ratio ** (panel + 1)
        middle, half = (begin + end) / 2, (end - begin) / 2
        for place, weight in zip(places, weights, strict=True):
            total = total + weight * half * term(middle + half * place)

    def correction(x: Array) -> Any:
        before, after = term(x - 0.5), term(x + 0.5)
        third = term(x + 1.5) - 3 * after + 3 * before - term(x - 1.5)
        return -(after - before) / 24 + 17 * third / 5760

    return np.asarray(total + correction(right) - correction(left), dtype=float)


def _smooth(term: Term, low: Array, high: Array) -> bool:
    """Whether quadrature is right where direct summation can tell, and does not depend on the number of nodes.

    Both relative to the sum with its head, which is all that matters: tails of steep powers are small. The last terms
    are looked at as well: of products that end at the last index all but these may be tiny.
    """
    head = np.abs(_one_by_one(term, low - HEAD, low - 1, 0.0, np.add))
    end = np.maximum(low, high - _PROBE)
    last = _one_by_one(term, end, high, 0.0, np.add)
    if not np.all(np.abs(_quadrature(term, end, high, _NODES) - last) <= _AGREE * (head + np.abs(last))):
        return False
    top = np.minimum(high, low + _PROBE)
    direct = _one_by_one(term, low, top, 0.0, np.add)
    whole, coarse = _quadrature(term, low, high, _NODES), _quadrature(term, low, high, _NODES - 4)
    near = np.abs(_quadrature(term, low, top, _NODES) - direct)
    return bool(np.all(near <= _AGREE * (head + np.abs(direct)))
                and np.all(np.abs(whole - coarse) <= _AGREE * (head + np.abs(whole))))


def smooth_tail(term: Term, start: float, last: Array) -> Array:
    """``sum of term(k)`` over ``k = start..last`` by quadrature, unchecked; 0 where ``last < start``."""
    end = np.maximum(last, start)
    return np.where(last >= start, _quadrature(term, np.full(end.shape, start), end, _NODES), 0.0)


def sum_over(term: Term, first: Any, last: Any) -> Any:
    """``sum of term(k)`` over ``k = first..last``, entry by entry of the limits.

    Parameters
    ----------
    term : callable
        The summand at an index, a double or an array that broadcasts against the limits.
    first, last : float or numpy.ndarray
        The limits, integers; an empty range gives 0.
    """
    low, high = np.broadcast_arrays(np.asarray(first, dtype=float), np.asarray(last, dtype=float))
    if low.size and low.min() == low.max() and (high - low).max() > HEAD + _PROBE:
        begin = float(low.min())
        where = np.unravel_index(int(np.argmax(high)), high.shape)
        if _smooth(term, np.asarray(begin + HEAD), np.asarray(high[where])):
            head = _one_by_one(term, low, np.minimum(high, begin + HEAD - 1), 0.0, np.add)
            return (head + smooth_tail(term, begin + HEAD, high))[()]
    return _one_by_one(term, low, high, 0.0, np.add)[()]


def product_over(term: Term, first: Any, last: Any) -> Any:
    """``product of term(k)`` over ``k = first..last``, entry by entry of the limits; 1 where the range is empty."""
    low, high = np.broadcast_arrays(np.asarray(first, dtype=float), np.asarray(last, dtype=float))
    return _one_by_one(term, low, high, 1.0, np.multiply)[()]
