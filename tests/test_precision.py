"""The working precisions of mpmath and python-flint: one thread at a time, and none after it."""

from __future__ import annotations

import os
import sys
import threading
from fractions import Fraction

import flint
import mpmath
import pytest
import sympy as sp

from stlbounds.interval.arithmetic import arithmetic
from stlbounds.numeric.digits import to_digits
from stlbounds.numeric.enclose import enclose
from stlbounds.precision import PRECISION, kept
from stlbounds.symbols import alpha, i, kappa

EXPRESSION = sp.log(2 / alpha) * (kappa * (1 - alpha)) ** i
VALUES = {alpha: sp.Rational(1, 3), kappa: sp.Rational(6, 5), i: sp.Integer(7)}


def _truth(digits: int) -> mpmath.mpf:
    with mpmath.workdps(digits):
        return mpmath.log(6) * mpmath.mpf("0.8") ** 7


def _fraction(value: mpmath.mpf | sp.Float) -> Fraction:
    sign, mantissa, exponent, _ = value._mpf_
    return (-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** exponent


@pytest.mark.parametrize("balls", [True, False])
@pytest.mark.parametrize("name", ["arb", "mpmath"])
def test_a_thread_waits_until_the_precision_is_set_back(name, balls):
    found = []
    other = threading.Thread(target=lambda: found.append(to_digits(EXPRESSION, VALUES, 200, balls=balls)))
    before = mpmath.mp.prec, flint.ctx.prec
    with arithmetic(name, 96).working():
        inside = mpmath.mp.prec, flint.ctx.prec
        other.start()
        other.join(0.2)
        assert other.is_alive() and (mpmath.mp.prec, flint.ctx.prec) == inside
    other.join()
    assert (mpmath.mp.prec, flint.ctx.prec) == before
    with mpmath.workdps(220):
        assert abs(mpmath.mpf(found[0]._mpf_) / _truth(220) - 1) < mpmath.mpf(10) ** -200


def test_threads_without_python_flint_have_right_digits_and_enclosures():
    """Certified intervals missed the value, and digits were wrong, when two threads set the precision of mpmath."""
    digits, missed, truth = [], [], _fraction(_truth(400))

    def ask_for_digits() -> None:
        for count in (20, 300) * 40:
            value = to_digits(EXPRESSION, VALUES, count, balls=False)
            digits.append(abs(_fraction(value) / truth - 1) < Fraction(1, 10**count))

    def ask_for_intervals() -> None:
        for count in (15, 120) * 20:
            found = enclose(EXPRESSION, VALUES, digits=count, arithmetic_name="mpmath")
            missed.append(not found.lower <= truth * (1 + Fraction(1, 10**390)) or not found.upper >= truth)

    before, pace = mpmath.mp.prec, sys.getswitchinterval()
    workers = [threading.Thread(target=task) for task in (ask_for_digits, ask_for_intervals) * 2]
    try:
        sys.setswitchinterval(1e-6)
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        sys.setswitchinterval(pace)
    assert mpmath.mp.prec == before
    assert len(digits) == 160 and all(digits) and len(missed) == 80 and not any(missed)


def test_the_lock_is_free_after_an_error():
    class Broken:
        def __enter__(self) -> None:
            raise KeyError

        def __exit__(self, *error: object) -> None:
            raise AssertionError

    with pytest.raises(KeyError), kept(Broken()):
        pass
    with pytest.raises(ZeroDivisionError), kept(mpmath.workdps(30)):
        raise ZeroDivisionError
    taken = []

    def take() -> None:
        taken.append(PRECISION.acquire(timeout=5))
        PRECISION.release()

    other = threading.Thread(target=take)
    other.start()
    other.join()
    assert taken == [True]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_that_is_forked_while_another_thread_computes_can_compute():
    stop, begun = threading.Event(), threading.Event()

    def busy() -> None:
        while not stop.is_set():
            with PRECISION:
                begun.set()
                stop.wait(0.02)
            # A lock is not fair: a thread that takes it again at once keeps it.
            stop.wait(0.001)

    other = threading.Thread(target=busy)
    other.start()
    begun.wait()
    child = os.fork()
    if child == 0:
        os._exit(0 if PRECISION.acquire(timeout=5) else 1)
    stop.set()
    other.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
