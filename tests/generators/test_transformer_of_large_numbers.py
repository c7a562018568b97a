"""Transformers with large numbers in them: an answer or a refusal, soon."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import InvalidArgumentError
from stlbounds.generators import DepthUniformTransformer, ResidualTransformer, Transformer
from stlbounds.learners import TransformerLearner
from stlbounds.proof.identities import equal
from stlbounds.symbols import L, L_f, alpha, c, kappa, omega

#: Each of these took minutes; some seconds are enough, and a slow machine is given more.
SECONDS = 120


@pytest.mark.slow
@pytest.mark.parametrize("numbers", [("omega=1e9",), ("L=100",), ("L=100", "omega=1e9"),
                                     ("omega=1e300", "L=12")], ids=str)
def test_large_numbers_are_derived_soon(numbers):
    sets = [part for number in numbers for part in ("--set", number)]
    done = subprocess.run([sys.executable, "-m", "stlbounds", "derive", "transformer", *sets], capture_output=True,
                          text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    assert "concentration" in done.stdout


def test_a_large_score_bound_is_derived_and_evaluated():
    learner = TransformerLearner(3, sp.Rational(1, 10**9))
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), Transformer(L, 10**9, c), learner))
    assert bound.proof.verify()
    values = {"n": 100, "alpha": 1, "i": 3, "L": 3, "c": 0.1, "ell_L": 1, "M": 1, "delta": 0.05}
    assert bound.evaluate(**values) == pytest.approx(
        2 / 100 + 5 * (float(sp.log(40)) / 200) ** 0.5, rel=1e-6)
    assert bound.evaluate(**values | {"alpha": 0.5}) == float("inf")


@pytest.mark.parametrize("model", [Transformer, ResidualTransformer, TransformerLearner])
def test_more_layers_than_exact_numbers_are_made_for_are_refused(model):
    with pytest.raises(InvalidArgumentError, match=r"layers = 1.00E\+300: must be at most 100 .*leave it a symbol"):
        model(10**300)
    with pytest.raises(InvalidArgumentError, match="layers = 101: must be at most 100 if it is a number"):
        model(101)


@pytest.mark.parametrize("layers", [10**6, 10**300])
def test_constants_of_layers_one_by_one_know_no_limit(layers):
    """They are no powers, and settle."""
    many = DepthUniformTransformer(layers, sp.Rational(1, 2), c)
    assert float(many.sensitivity) == pytest.approx(3.51, rel=4e-3)
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), many, TransformerLearner(2, omega)))
    assert bound.proof.verify()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_it_does_not_depend_on_the_order_of_sets(seed):
    """With every other hash seed the polynomials of 100 layers were factored, which does not end."""
    subprocess.run([sys.executable, "-m", "stlbounds", "derive", "transformer", "--set", "L=100"], check=True,
                   capture_output=True, timeout=SECONDS, env={**os.environ, "PYTHONHASHSEED": str(seed)})


def test_powers_with_too_many_digits_are_refused():
    with pytest.raises(InvalidArgumentError, match=r"omega = 1.00E\+300: .*at most 4000 digits"):
        Transformer(100, 10**300)
    with pytest.raises(InvalidArgumentError, match="at most 24 if it is a number and L_f is none"):
        ResidualTransformer(25, 1, L_f)
    assert ResidualTransformer(24, 1, L_f).sensitivity.has(L_f)
    assert Transformer(L, 10**300).sensitivity.has(L)


def test_exponentials_of_large_numbers_are_powers_of_one_variable():
    large = sp.exp(10**9)
    assert equal((large + 1) * (large - 1), sp.exp(2 * 10**9) - 1)
    assert equal(sp.exp(omega / 2) ** 3 * sp.exp(omega / 3), sp.exp(11 * omega / 6))
    assert not equal(large, sp.exp(10**9 + 1))


def test_very_high_powers_of_symbols_are_variables():
    assert equal((1 - alpha) * (kappa + omega**400), kappa - alpha * kappa + omega**400 - alpha * omega**400)
    assert equal(omega**70 * omega, omega**71) and not equal(omega**70, omega**71)
