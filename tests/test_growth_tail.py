"""Sums of growth in a time that does not grow with the generations: against the recursion that defines them."""

from __future__ import annotations

import random

import flint
import mpmath
import pytest

from stlbounds.growth import growth_sum_mpmath
from stlbounds.growth_tail import growth_sum_by_recursion
from stlbounds.interval.arb_arithmetic import _KIND, growth_sum

#: Removable singularities at 1/2 and 1, their neighbours, and both ends of the range.
SPECIAL = (0.0, 0.5, 1.0, 1e-300, 0.5 + 2.0**-53, 1 - 2.0**-53, 1 + 2.0**-52, 50.0, 1e6)


def _kappas() -> list[float]:
    rng = random.Random(1)
    return [*SPECIAL, *(rng.uniform(0, 1.1) for _ in range(8)), *(rng.uniform(0, 50) for _ in range(8)),
            *(10 ** rng.uniform(-12, 3) for _ in range(8))]


@pytest.mark.parametrize(("power", "start"), [(1, 0), (1, 1), (2, 0), (2, 1)])
def test_it_is_the_recursion(power, start):
    for number, kappa in enumerate(_kappas()):
        last = (300, 512, 1500)[number % 3]
        with flint.ctx.workprec(230):
            value = growth_sum(flint.arb(kappa), last, power, start)
        with flint.ctx.workprec(500):
            exact = growth_sum_by_recursion(flint.arb(kappa), last, power, start, _KIND)
        assert value.overlaps(exact) and value.rel_accuracy_bits() > 200, (kappa, last)
        with mpmath.workdps(50):
            true = mpmath.mpf(exact.mid().str(70, radius=False))
            assert abs(growth_sum_mpmath(kappa, last, power, start) - true) <= abs(true) * mpmath.mpf(10) ** -48


def test_other_powers_go_by_the_recursion():
    with flint.ctx.workprec(200):
        assert growth_sum(flint.arb(0.7), 400, 3, 0).overlaps(
            growth_sum_by_recursion(flint.arb(0.7), 400, 3, 0, _KIND))


def test_many_digits_and_many_generations():
    with flint.ctx.workprec(2000):
        value = growth_sum(flint.arb(1.3), 10**9, 2, 0)
        # One more step of the recursion.
        after = growth_sum(flint.arb(1.3), 10**9 + 1, 2, 0)
        assert ((1 + flint.arb(1.3) / (10**9 + 1)) ** 2 * value + 1).overlaps(after)
    assert value.rel_accuracy_bits() > 1900


def test_a_wrong_coefficient_would_be_seen():
    """The error that the method itself reports is what it leaves out: with the sum cut short, it is large."""
    from stlbounds.growth_tail import _telescoped

    with flint.ctx.workprec(300):
        value, error = _telescoped(flint.arb(1.3), 16, 4000, 0, _KIND)
        exact = growth_sum_by_recursion(flint.arb(1.3), 4000, 2, 0, _KIND)
        miss = abs(value - exact)
    assert 0 < miss < error and error < 1e-4 * exact
