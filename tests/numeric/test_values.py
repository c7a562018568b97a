"""Values for symbols: what is accepted, and a clear refusal of everything else."""

from __future__ import annotations

import warnings
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import InvalidArgumentError, SymbolError
from stlbounds.numeric.values import checked_names, exact_values, float_arrays, plain, rounded_entries
from stlbounds.symbols import alpha, i, kappa, n, r


class TestNames:
    """Complete and known."""

    def test_in_order(self):
        checked_names({"n": 1, "alpha": 0.5}, (alpha, n))
        checked_names({"n": 1, "alpha": 0.5, "i": 3}, (alpha, n), {i})

    def test_missing_ones_are_named_with_their_meaning(self):
        with pytest.raises(InvalidArgumentError, match="alpha, kappa = missing") as caught:
            checked_names({"n": 3}, (n, alpha, kappa))
        assert "kappa is the sensitivity of the generator" in str(caught.value)

    @pytest.mark.parametrize(("name", "near"), [("alhpa", "alpha"), ("kapa", "kappa"), ("N", None), ("zeta", None)])
    def test_unknown_ones_are_named_with_the_nearest(self, name, near):
        with pytest.raises(SymbolError, match=f"{name} does not occur here") as caught:
            checked_names({name: 1}, (n, alpha, kappa))
        assert (f"did you mean {near}?" in str(caught.value)) == (near is not None)


GOOD = [1000, 1000.0, np.int64(1000), np.float32(1000), np.uint8(100), Fraction(7), sp.Integer(5), sp.Float(8),
        [1, 2, 3], np.arange(1, 5), (1, 2.0), np.array([[1], [2]], dtype=np.int8), [Fraction(3), sp.Integer(4)],
        np.array(3), []]


@pytest.mark.parametrize("value", GOOD, ids=repr)
def test_numbers_become_doubles(value):
    array = float_arrays({"n": value})["n"]
    assert array.dtype == np.float64
    assert array.shape == np.shape(value)
    assert np.array_equal(array, np.array(value, dtype=float))


def test_what_is_masked_is_refused_and_what_is_not_is_taken():
    given = np.ma.masked_array([0.1, 0.5], mask=[False, True])
    with pytest.raises(InvalidArgumentError, match=r"alpha = .*masked"):
        float_arrays({"alpha": given})
    assert float_arrays({"alpha": np.ma.masked_array([0.1, 0.5])})["alpha"].tolist() == [0.1, 0.5]


@pytest.mark.parametrize("value", [["1", 2.5], [True, Fraction(1)], [np.True_, Fraction(1)], [b"1", Fraction(1)]])
def test_text_and_truth_values_among_other_objects_are_refused(value):
    with pytest.raises(InvalidArgumentError, match=r"kappa = "):
        float_arrays({"kappa": np.array(value, dtype=object)})


@pytest.mark.parametrize(("value", "rounded"), [
    ([2**53, 2**53 + 1], [None, 2**53 + 1]), (2**63 - 1, 2**63 - 1), ([3, 2**52], None), (10**400 // 10**390, None),
    ([0.1, 1e300], None), (np.array([0.1, 2.0], dtype=np.float32), None),
    ([Fraction(1, 3), 0.5], [Fraction(1, 3), None]),
    ([Decimal("0.25"), Decimal("0.1")], [None, Fraction(1, 10)]), (sp.Rational(1, 7), Fraction(1, 7)),
    (np.longdouble(1) + np.longdouble(2) ** -60, 1 + Fraction(1, 2**60)), (mpmath.mpf(0.5), None),
    (np.array([], dtype=object), None)], ids=str)
def test_what_doubles_round_is_kept(value, rounded):
    found = rounded_entries({"kappa": value}, float_arrays({"kappa": value}))
    if rounded is None:
        assert found == {}
    else:
        assert found["kappa"].tolist() == rounded
        assert found["kappa"].shape == np.shape(value)


def test_what_is_no_rational_number_cannot_be_kept():
    with pytest.raises(InvalidArgumentError, match="rational"):
        rounded_entries({"kappa": sp.sqrt(2)}, float_arrays({"kappa": sp.sqrt(2)}))


def test_a_number_beyond_doubles_is_refused_with_a_way_out():
    with pytest.raises(InvalidArgumentError, match="digits=") as caught:
        float_arrays({"n": [10**400]})
    assert len(str(caught.value)) < 200


def test_arguments_are_not_changed():
    given = np.array([1, 2, 3], dtype=np.int16)
    float_arrays({"n": given})["n"][:] = 7
    assert given.tolist() == [1, 2, 3]


@pytest.mark.parametrize(("name", "value"), [
    ("alpha", 1.2), ("alpha", -1e-9), ("alpha", [0.1, 1.2]), ("n", -3), ("n", 0), ("n", 2.5), ("i", 2.5), ("i", -1),
    ("i", [1, 2.5]), ("delta", 0), ("delta", 1), ("delta", 0.0), ("kappa", -0.1), ("K", 0), ("r", -1),
    *(("n", value) for value in (float("nan"), float("inf"), -float("inf"), [1, float("nan")], np.nan, None, 10**400,
                                 "1000", b"1", "nan", True, [True], 1j, 1 + 0j, np.complex128(3), np.array([1 + 0j]),
                                 [1, "a"], [[1], [1, 2]], {}, {"n": 1}, {1}, object(), n, np.datetime64("2026-01-01"))),
])
def test_everything_else_is_refused_by_name(name, value):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InvalidArgumentError, match=f"{name} = ") as caught:
            float_arrays({name: value})
    assert caught.value.argument == name
    assert "must be" in str(caught.value)


def test_the_offending_entry_is_shown():
    with pytest.raises(InvalidArgumentError, match=r"alpha = 1\.5: must be in \[0, 1\]"):
        float_arrays({"alpha": [[0.1, 0.2], [1.5, 0.3]]})


def test_shapes_must_broadcast():
    shaped = float_arrays({"n": np.ones((3, 1)), "alpha": np.ones((1, 4)), "i": 2})
    assert np.broadcast_shapes(*(array.shape for array in shaped.values())) == (3, 4)
    with pytest.raises(InvalidArgumentError, match=r"n \(2,\), i \(3,\)") as caught:
        float_arrays({"n": [1, 2], "i": [1, 2, 3], "alpha": 0.5})
    assert "newaxis" in str(caught.value)


def test_an_unknown_symbol():
    with pytest.raises(SymbolError, match="unknown symbol nobody"):
        float_arrays({"nobody": 1})


class TestExactValues:
    """For evaluation to any number of digits."""

    def test_floats_count_as_decimals(self):
        assert exact_values({"alpha": 0.1, "n": 5, "kappa": Fraction(1, 3), "r": sp.Rational(2, 7)}) == {
            alpha: sp.Rational(1, 10), n: 5, kappa: sp.Rational(1, 3), r: sp.Rational(2, 7)}
        assert exact_values({"alpha": np.float64(0.3), "n": np.int64(4)}) == {alpha: sp.Rational(3, 10), n: 4}
        assert exact_values({"n": 10**400}) == {n: sp.Integer(10) ** 400}

    @pytest.mark.parametrize(("name", "value"), [
        ("alpha", 1.2), ("alpha", sp.Rational(10**30 + 1, 10**30)), ("n", -3), ("i", 2.5), ("delta", 0),
        ("alpha", float("nan")), ("alpha", "1/2"), ("n", True), ("n", [1]), ("n", np.array([1])), ("kappa", sp.sqrt(2)),
        ("kappa", kappa), ("kappa", sp.oo), ("n", None), ("n", 1j)])
    def test_refusals(self, name, value):
        with pytest.raises(InvalidArgumentError, match=f"{name} = "):
            exact_values({name: value})

    def test_plain_numbers(self):
        assert (plain(sp.Integer(3)), plain(sp.Rational(1, 3))) == (3, Fraction(1, 3))
        assert isinstance(plain(sp.Integer(3)), int)


@pytest.mark.parametrize("value", [Decimal("0.3"), Fraction(3, 10), np.float64(0.3), np.array(0.3), sp.Rational(3, 10)],
                         ids=repr)
def test_exact_numbers_of_every_kind_are_one_number(value):
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(20),
                                             stl.learners.BrierFit()))
    at, one = {"n": Decimal(2000), "i": np.int64(10), "delta": Fraction(1, 20)}, {"n": 2000, "i": 10, "delta": 0.05}
    assert stl.loops.FixedMix(value).alpha == sp.Rational(3, 10)
    assert bound.evaluate(digits=30, alpha=value, **at) == bound.evaluate(digits=30, alpha=0.3, **one)
    assert bound.enclose(alpha=value, **at).lower == bound.enclose(alpha=0.3, **one).lower
    assert str(bound.rate("n", alpha=value)) == str(bound.rate("n", alpha=0.3))
    if not isinstance(value, sp.Expr):
        assert bound.evaluate(alpha=value, **at) == bound.evaluate(alpha=0.3, **one)


@pytest.mark.parametrize("value", [Decimal("nan"), Decimal("sNaN"), Decimal("inf"), Decimal("1e-99999999"),
                                   np.array([Decimal("0.3"), Decimal("0.4"), Decimal("0.5")]),
                                   np.bool_(True)], ids=repr)
def test_what_is_no_exact_number_is_refused(value):
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(20),
                                             stl.learners.BrierFit()))
    rest = {"n": 2000, "i": 10, "delta": 0.05}
    for refused in (lambda: bound.evaluate(digits=20, alpha=value, **rest), lambda: bound.enclose(alpha=value, **rest),
                    lambda: bound.rate("n", alpha=value), lambda: stl.loops.FixedMix(value)):
        with pytest.raises(InvalidArgumentError, match="alpha"):
            refused()
