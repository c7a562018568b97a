"""The vocabulary: one symbol per name, ranges, exact numbers, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import stlbounds as stl
from stlbounds import symbols
from stlbounds.errors import InvalidArgumentError, StlboundsError, SymbolError
from stlbounds.symbols import Range, alpha, declare, delta, entry, exact, i, kappa, known, n

NAMES = ("n", "N", "i", "j", "K", "alpha", "kappa", "beta", "b", "M", "e", "c", "r", "delta", "epsilon", "lam", "w",
         "eta", "rho", "gamma", "Phi", "h_bar")


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_vocabulary_is_its_symbol(name):
    found = getattr(symbols, name)
    assert found is symbols.symbol(name) is entry(name).symbol is entry(found).symbol
    assert found.name == name
    assert entry(name).meaning and not entry(name).meaning.endswith(".")
    assert entry(name).latex


@pytest.mark.parametrize("name", NAMES)
def test_sympy_assumptions_follow_from_the_range(name):
    found, allowed = getattr(symbols, name), entry(name).range
    assert found.is_real is True
    assert found.is_integer is (True if allowed.integer else None)
    assert found.is_nonnegative is True
    assert found.is_positive is (True if allowed.low > 0 or allowed.low_open else None)


def test_declaring_a_known_name_again_gives_the_same_symbol():
    assert declare("kappa", "the sensitivity of the generator") is kappa
    first = declare("test_again", "a cell that is run twice", high=1, latex="q")
    assert declare("test_again", "a cell that is run twice", high=1, latex="q") is first
    assert declare("test_again", "a cell that is run twice", high=1) is first


@pytest.mark.parametrize("other", [{"meaning": "another meaning"}, {"latex": "k"}])
def test_a_known_name_with_another_meaning_is_refused(other):
    told = {"meaning": "the sensitivity of the generator", **other}
    change = next(iter(other.values()))
    with pytest.raises(SymbolError, match=f"as the sensitivity of the generator, .* instead of {change}"):
        declare("kappa", **told)
    assert entry("kappa").meaning == "the sensitivity of the generator" and entry("kappa").latex == r"\kappa"


@pytest.mark.parametrize("other", [{"low": 1}, {"high": 2}, {"low_open": True}, {"integer": True}, {"low": -sp.oo}])
def test_a_known_name_with_another_range_is_refused(other):
    with pytest.raises(SymbolError, match="kappa is already declared"):
        declare("kappa", "the sensitivity of the generator", **other)


def test_a_symbol_of_that_name_with_other_assumptions_is_refused():
    for foreign in (sp.Symbol("kappa"), sp.Symbol("kappa", positive=True), sp.Symbol("n", integer=True)):
        assert foreign not in (kappa, n)
        with pytest.raises(SymbolError, match="other assumptions"):
            entry(foreign)
        with pytest.raises(SymbolError, match="other assumptions"):
            symbols.check_symbols(1 + foreign)


def test_an_unknown_symbol_is_refused():
    for unknown in ("nobody", sp.Symbol("nobody")):
        with pytest.raises(SymbolError, match="unknown symbol nobody"):
            entry(unknown)
    with pytest.raises(SymbolError, match="unknown symbol nobody"):
        symbols.check_symbols(kappa + sp.Symbol("nobody"))
    symbols.check_symbols(kappa * n**-alpha)


def test_new_symbols_can_be_declared():
    tau = declare("test_tau", "a temperature", low=0.5, high=sp.Rational(7, 2), high_open=True, latex=r"\tau")
    assert entry("test_tau").range == Range(sp.Rational(1, 2), sp.Rational(7, 2), False, True)
    assert (tau.is_positive, entry(tau).latex) == (True, r"\tau")
    real = declare("test_real", "any number", low=-sp.oo)
    assert (real.is_real, real.is_nonnegative) == (True, None)
    assert entry(declare("test_infinite", "any number", low=float("-inf"), high=float("inf"))).range == (
        Range(-sp.oo, sp.oo))


def test_known_is_a_copy():
    known().clear()
    assert "kappa" in known()


@pytest.mark.parametrize("name", ["", "two words", "1st", "a-b", "x; import os"])
def test_a_name_must_be_an_identifier(name):
    with pytest.raises(InvalidArgumentError, match="identifier"):
        declare(name, "nothing")


@pytest.mark.parametrize("ends", [
    {"low": 2, "high": 1}, {"low": 1, "high": 1}, {"low": "0"}, {"high": sp.nan}, {"high": sp.I}, {"low": kappa},
    {"low": float("nan")}, {"high": True}, {"low": sp.erf(24), "high": 1}])
def test_a_range_must_be_one(ends):
    with pytest.raises(InvalidArgumentError, match=r"low|high"):
        declare("test_bad_range", "nothing", **ends)
    assert "test_bad_range" not in known()


@pytest.mark.parametrize(("name", "inside", "outside"), [
    ("alpha", [0, 1, 0.5, Fraction(1, 3), sp.Rational(1, 3), 1e-300], [-1e-300, 1.0000001, 2]),
    ("delta", [1e-300, 0.5, 1 - 1e-12], [0, 1, -0.1, 0.0, 1.0]),
    ("n", [1, 2.0, 10**30, sp.Integer(5)], [0, -3, 2.5, sp.Rational(5, 2)]),
    ("i", [0, 7], [-1, 0.5]),
    ("kappa", [0, 1e300, sp.sqrt(2)], [-1e-300, sp.I]),
])
def test_ranges_contain_what_they_should(name, inside, outside):
    allowed = entry(name).range
    for value in inside:
        assert allowed.contains(value if isinstance(value, (int, float, sp.Expr)) else sp.Rational(value)), value
    for value in (*outside, float("nan"), float("inf"), -float("inf"), sp.nan, sp.oo, sp.zoo):
        assert not allowed.contains(value), value


def test_ranges_in_words_and_in_latex():
    assert [str(entry(s).range) for s in (alpha, delta, n, i, kappa)] == [
        "in [0, 1]", "in (0, 1)", "an integer in [1, oo)", "an integer in [0, oo)", "in [0, oo)"]
    assert entry(alpha).range.latex("a") == r"a \in [0, 1]"
    assert entry(delta).range.latex("d") == r"d \in (0, 1)"
    assert entry(n).range.latex("n") == r"n \in \{1, 2, \dots\}"
    assert entry(kappa).range.latex("k") == r"k \ge 0"
    assert entry("epsilon").range.latex("x") == "x > 0"


class TestExact:
    """Numbers become exact; a float counts as the decimal that it prints as."""

    @given(st.floats(allow_nan=False, allow_infinity=False))
    def test_floats(self, value):
        assert exact("x", value) == sp.Rational(repr(value))
        assert float(exact("x", value)) == value

    @given(st.integers(), st.integers(1, 10**9))
    def test_fractions(self, above, below):
        assert exact("x", Fraction(above, below)) == sp.Rational(above, below)

    def test_expressions_lose_their_floats(self):
        found = exact("x", 0.1 * kappa + sp.Float("0.25"))
        assert found == kappa / 10 + sp.Rational(1, 4)
        assert exact("x", kappa) is kappa
        assert exact("x", np.float64(0.1)) == sp.Rational(1, 10)

    @pytest.mark.parametrize("value", [
        float("nan"), float("inf"), sp.oo, sp.nan, sp.zoo, kappa + sp.oo, "1", b"1", None, True, 1j, [1], object(),
        Decimal("nan"), Decimal("1e99999999"), np.array([1.0]), np.bool_(True)])
    def test_everything_else_is_refused(self, value):
        with pytest.raises(InvalidArgumentError, match="x = "):
            exact("x", value)


def test_errors_name_argument_value_range_and_hint():
    error = InvalidArgumentError("alpha", 1.2, "in [0, 1]", "it is a proportion")
    assert str(error) == "alpha = 1.2: must be in [0, 1]; it is a proportion"
    assert (error.argument, error.value, error.allowed, error.hint) == ("alpha", 1.2, "in [0, 1]", "it is a proportion")
    assert isinstance(error, (StlboundsError, ValueError))


def test_indices_that_are_words_are_upright():
    score = declare("L_score_of_test", "a constant", latex=None)
    assert entry(score).latex == sp.latex(score)  # several indices are SymPy's
    word = declare("L_wordy", "the constant of a test")
    assert entry(word).latex == r"L_{\mathrm{wordy}}"
    mine = stl.generators.Generator("mine", stl.DISCRETE, word, 0.1)
    bound = stl.high_probability(stl.Setting(stl.loops.Replace(), mine))
    assert r"\rho = L_{\mathrm{wordy}}" in bound.latex("theorem")
    assert r"\rho = \Lambda" in bound.latex("theorem", names={word: r"\Lambda"})
    assert "ρ = L_wordy\n" in str(bound)


@pytest.mark.parametrize(("name", "latex"), [("A", None), ("W", None), ("own_metric", "d"), ("own_point", " z ")])
def test_letters_that_theorems_use_for_something_else_are_refused(name, latex):
    with pytest.raises(InvalidArgumentError, match=r"must be other than (the|a) "):
        declare(name, "a constant of a test", latex=latex)
    assert name not in known()


def test_a_text_is_called_one_where_a_number_is_needed():
    with pytest.raises(InvalidArgumentError, match=r"^alpha = '1/3': must be a finite number .* Fraction\(1, 3\)"):
        exact("alpha", "1/3")
