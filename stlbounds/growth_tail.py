r"""`growth_sum` in ``O(1)`` instead of ``O(i)``, with a proven error, over any kind of number.

Write ``g = growth(kappa, a, i)``. For ``p = 1`` the sum telescopes: it is ``(i + 1 - kappa growth(kappa, 0, i))/(1 -
kappa)``. For ``p = 2`` the first ``a`` terms go by the recursion, and the others are ``growth(kappa, j, i)**2 = g**2
f(j)`` with ``f(j) = growth(kappa, a, j)**-2``. Let ``v_k(j) = 1/((j+1)...(j+k))`` and ``F(j) = f(j) (j+1)**2 sum_k s_k
v_k(j+1)``. With ``s_1 = 1/(1 - 2 kappa)`` and

``(k - 1 + 2 kappa) s_{k+1} = (3 k**2 - 3 k + 1 - (k - kappa)**2) s_k - (k-1)**3 s_{k-1}``

for ``k < K`` one finds, because ``(j + kappa) v_k = v_{k-1} + (kappa - k) v_k`` and ``v_k(j+1) = (j+1) v_{k+1}(j)``,
that ``F(j) - F(j-1) = f(j) (1 + A v_K(j) + B v_{K+1}(j))`` exactly, where ``A = (K-1+2 kappa) s_{K+1}`` by the same
formula and ``B = -K**3 s_K``. As ``v_k`` falls, ``F(i) - F(a)`` is the sum of ``f`` over ``a < j <= i`` up to the
relative error ``|A| v_K(a) + |B| v_{K+1}(a)``, which for ``K = a`` is about ``4**-a``.

At ``p kappa = 1`` the quotient is removable; since the sum increases with ``kappa``, it lies between its values on both
sides.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

__all__ = ["Kind", "growth_sum_by_recursion", "growth_sum_in_short"]


@dataclass(frozen=True)
class Kind:
    """A kind of number, real or ball.

    Parameters
    ----------
    number : callable
        An integer as such a number.
    growth : callable
        ``growth(kappa, j, i)`` to the working precision.
    magnitude : callable
        About the binary logarithm of a positive number.
    working : callable
        From a number of bits to a context in which that is the precision.
    """

    number: Callable[[int], Any]
    growth: Callable[[Any, Any, Any], Any]
    magnitude: Callable[[Any], int]
    working: Callable[[int], AbstractContextManager[Any]]


def growth_sum_by_recursion(kappa: Any, last: int, power: int, start: int, kind: Kind) -> Any:
    """``S(0) = 1 - start``, ``S(m) = (1 + kappa/m)**p S(m-1) + 1``."""
    total = kind.number(1 - start)
    for m in range(1, last + 1):
        total = (1 + kappa / m) ** power * total + 1
    return total


def _first_powers(kappa: Any, last: int, start: int, bits: int, kind: Kind) -> tuple[Any, Any]:
    lost = max(0, -kind.magnitude(abs(1 - kappa))) + 2 * last.bit_length() + 2 * max(0, kind.magnitude(1 + kappa))
    with kind.working(bits + lost + 40):
        whole = kind.growth(kappa, kind.number(0), kind.number(last))
        return (last + 1 - kappa * whole) / (1 - kappa) - start * whole, kind.number(0)


def _squares(kappa: Any, last: int, start: int, bits: int, kind: Kind) -> tuple[Any, Any] | None:
    lost = max(0, -kind.magnitude(abs(1 - 2 * kappa))) + max(0, -kind.magnitude(kappa))
    lost += 4 * max(0, kind.magnitude(1 + kappa)) + 2 * last.bit_length()
    a = max(64, bits // 2 + 20)
    while a < last:
        # Rounding grows by at most 1 + sqrt(2) a step in the recurrence of the coefficients.
        with kind.working(bits + 3 * a // 2 + lost + 80):
            found = _telescoped(kappa, a, last, start, kind)
            if found[1] * 2 ** (bits + 4) < found[0]:
                return found
        a *= 2
    return None


def _telescoped(kappa: Any, a: int, last: int, start: int, kind: Kind) -> tuple[Any, Any]:
    """The sum of squares, and a bound on its error, with ``K = a``."""
    s = [kind.number(0), 1 / (1 - 2 * kappa)]
    for k in range(1, a + 1):
        step = s[k] * (3 * k * k - 3 * k + 1 - (k - kappa) ** 2) - s[k - 1] * (k - 1) ** 3
        s.append(step / (k - 1 + 2 * kappa))
    falling = kind.number(1)
    for k in range(1, a + 1):
        falling = falling / (a + k)
    left = abs(s[a + 1] * (a - 1 + 2 * kappa)) * falling + abs(s[a] * a**3) * falling / (2 * a + 1)

    def quotient(j: int) -> Any:
        total = kind.number(0)
        for k in range(a, 0, -1):
            total = (s[k] + total) / (j + 1 + k)
        return total * (j + 1) ** 2

    whole = kind.growth(kappa, kind.number(a), kind.number(last)) ** 2
    tail = quotient(last) - whole * quotient(a)
    # 1/(1 + x) is within 2|x| of 1 for |x| <= 1/2; a larger error makes the result useless, and is refused.
    error = 2 * left * abs(tail) if left < 0.5 else abs(tail) + whole
    return whole * growth_sum_by_recursion(kappa, a, 2, start, kind) + tail, error


def growth_sum_in_short(kappa: Any, last: int, power: int, start: int, bits: int, kind: Kind) -> tuple[Any, Any] | None:
    """``growth_sum(kappa, last, power, start)`` and a bound on what the method leaves out, to about ``bits`` bits.

    Parameters
    ----------
    kappa : number
        An exact number, ``>= 0``; a ball would be widened.
    last, power, start : int
        As for `stlbounds.growth.growth_sum`.
    bits : int
        The precision that is wanted: what is left out is below ``2**-bits`` of the sum. Rounding is up to the kind.
    kind : Kind
        The kind of number.

    Returns
    -------
    tuple or None
        None where the recursion is no more work: few generations, or a power that is not 1 or 2.
    """
    if power not in (1, 2) or last <= max(64, bits // 2 + 20):
        return None
    if kappa == 0:
        return kind.number(last + 1 - start), kind.number(0)
    some = _first_powers if power == 1 else _squares
    if abs(1 - power * kappa) * 2**bits > 1:
        return some(kappa, last, start, bits, kind)
    with kind.working(4 * bits + 100):
        shift = 1 / (kind.number(2) ** (2 * bits + last.bit_length()))
        ends = [some(kappa + side * shift, last, start, bits, kind) for side in (-1, 1)]
        below, above = ends
        if below is None or above is None:
            return None
        (low, first), (high, second) = below, above
        return (low + high) / 2, (high - low) / 2 + first + second
