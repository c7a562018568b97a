"""`growth` and `growth_sum` in doubles in ``O(1)``: a head by its recursion, a tail from Stirling's series.

``growth(kappa, j, i) = exp(L(i) - L(j))`` with ``L(x) = log Gamma(x+1+kappa) - log Gamma(x+1)``, in a form in which the
two logarithms do not cancel; a sum of its powers from index 128 on is smooth on the scale of the index
(`numeric.series`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from stlbounds.numeric.series import HEAD, smooth_tail

__all__ = ["growth_array", "growth_sum_array", "growth_sum_parts", "log_growth"]

#: From here on harmonic numbers come from their asymptotic series.
_FEW = 64

Array = npt.NDArray[np.float64]


def _stirling(z: Any) -> Any:
    """The part of ``log Gamma(z)`` that falls with ``z``, for ``z > 100``."""
    square = z * z
    return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / z


def _log_ratio(kappa: Any, x: Any) -> Any:
    """``log Gamma(x+1+kappa) - log Gamma(x+1)`` for ``x >= 100``."""
    z = x + 1.0
    return (z - 0.5) * np.log1p(kappa / z) + kappa * (np.log(z + kappa) - 1.0) + _stirling(z + kappa) - _stirling(z)


def log_growth(kappa: Any, j: Any, i: Any) -> Any:
    """``log growth(kappa, j, i)`` for ``100 <= j <= i``."""
    return _log_ratio(kappa, i) - _log_ratio(kappa, j)


def growth_array(kappa: npt.ArrayLike, j: npt.ArrayLike, i: npt.ArrayLike) -> Any:
    """``prod_{m=j+1..i} (1 + kappa/m)`` on arrays of doubles; ``inf`` where the value exceeds the largest double."""
    rate, first, last = np.broadcast_arrays(*(np.asarray(part, dtype=float) for part in (kappa, j, i)))
    total = np.ones(rate.shape)
    with np.errstate(all="ignore"):
        low, high = first.min(initial=np.inf) + 1, min(last.max(initial=0.0), float(HEAD))
        for m in np.arange(low, high + 1):
            total = np.where((first < m) & (m <= last), total * (1 + rate / m), total)
        if last.max(initial=0.0) > HEAD:
            tail = log_growth(rate, np.maximum(first, HEAD), np.maximum(last, HEAD))
            total = np.where(last > HEAD, total * np.exp(tail), total)
    return total[()]


def growth_sum_parts(kappa: npt.ArrayLike, i: npt.ArrayLike, p: npt.ArrayLike,
                     start: npt.ArrayLike = 0) -> tuple[Array, Array, Array]:
    """``growth_sum(kappa, i, p, start)`` as ``exp(exponent) * (head + tail)``, in this order.

    The exponent and the tail are 0 for ``i <= 128``; the head overflows only for sensitivities above 100.
    """
    rate, last, power, begin = (np.asarray(part, dtype=float) for part in (kappa, i, p, start))
    shape = np.broadcast_shapes(rate.shape, last.shape, power.shape, begin.shape)
    with np.errstate(all="ignore"):
        head = _head(rate, last, power, begin, shape)
        if last.max(initial=0.0) <= HEAD:
            return np.zeros(shape), head, np.zeros(shape)
        # sum_{j>128} growth(j, i)**p = growth(128, i)**p sum_{j>128} growth(128, j)**-p
        end = np.broadcast_to(np.maximum(last, HEAD), shape)
        later = smooth_tail(lambda j: np.exp(-power * log_growth(rate, float(HEAD), j)), HEAD + 1.0, end)
        return power * log_growth(rate, float(HEAD), end) + np.zeros(shape), head, later


def _head(rate: Array, last: Array, power: Array, begin: Array, shape: tuple[int, ...]) -> Array:
    """``growth_sum(kappa, min(i, 128), p, start)`` by its recursion; from a table where only ``i`` varies."""
    total: Any = 1.0 - begin
    if rate.size == power.size == begin.size == 1:
        table = [float(total.reshape(-1)[0])]
        for m in range(1, HEAD + 1):
            table.append(float((1 + rate.reshape(-1)[0] / m) ** power.reshape(-1)[0] * table[-1] + 1))
        picked = np.asarray(table)[np.minimum(last, HEAD).astype(np.intp)]
        return np.broadcast_to(picked, shape)
    total = total + np.zeros(shape)
    top = int(min(last.max(initial=0.0), HEAD))
    everywhere = int(min(last.min(initial=HEAD), HEAD))
    square = power.size == 1 and power.reshape(-1)[0] == 2.0
    for m in range(1, top + 1):
        factor = 1 + rate / m
        step = (factor * factor if square else factor**power) * total + 1
        total = step if m <= everywhere else np.where(m <= last, step, total)
    return np.asarray(total)


def _harmonic(x: Array, order: float) -> Array:
    """``1 + 2**-order + ... + x**-order`` for the orders 1 and 2; above 64 also between integers."""
    terms = np.arange(1.0, _FEW + 1) ** -order
    table = np.concatenate([[0.0], np.cumsum(terms)])
    z = np.maximum(x, _FEW)
    square = 1 / (z * z)
    if order == 1.0:
        far = np.log(z) + float(np.euler_gamma) + 1 / (2 * z) - square * (1 / 12 - square * (1 / 120 - square / 252))
    else:
        far = np.pi**2 / 6 - 1 / z + square * (0.5 - (1 / 6 - square * (1 / 30 - square / 42)) / z)
    return np.where(x > _FEW, far, table[np.minimum(x, _FEW).astype(np.intp)])


def growth_sum_array(kappa: npt.ArrayLike, i: npt.ArrayLike, p: npt.ArrayLike, start: npt.ArrayLike = 0) -> Any:
    """``sum_{j=start..i} growth(kappa, j, i)**p`` on arrays of doubles.

    Parameters
    ----------
    kappa, i, p, start : array_like
        As for `stlbounds.growth.growth_sum`; they broadcast. ``i`` may be real above 128.

    Returns
    -------
    numpy.ndarray or numpy.float64
        ``inf`` where the value exceeds the largest double. Cost does not grow with ``i``.
    """
    if np.size(kappa) == np.size(p) == 1:
        rate, power = (float(np.asarray(part).reshape(-1)[0]) for part in (kappa, p))
        if rate == 1.0 and power in (1.0, 2.0):
            # growth(1, j, i) = (i + 1)/(j + 1)
            last = np.asarray(i, dtype=float)
            value = (last + 1) ** power * (_harmonic(last + 1, power) - np.asarray(start, dtype=float))
            return (value + np.zeros(np.broadcast_shapes(*map(np.shape, (kappa, i, p, start)))))[()]
    exponent, head, tail = growth_sum_parts(kappa, i, p, start)
    with np.errstate(all="ignore"):
        return np.asarray(np.exp(exponent) * (head + tail))[()]
