"""The bound as users hold it: what it offers, what it refuses, and that nothing half right comes back."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import InvalidArgumentError, StlboundsError, SymbolError
from stlbounds.proof.claim import Claim
from stlbounds.proof.dag import Proof
from stlbounds.symbols import J, M, N, Phi, alpha, b, c, delta, h_bar, i, kappa, n, r, rho

POINT = {"kappa": 1.3, "c": 1, "r": 0.5, "n": 1000, "alpha": 0.3, "i": 7, "b": 2, "M": 1.5, "delta": 0.05}
NAN = float("nan")


@pytest.fixture
def bound(standard_bound):
    return standard_bound("high-probability", "replay", "generic")


# --- bad input of issue 2 --------------------------------------------------------------------------------------

REFUSED = [
    ({"alpha": 1.2}, r"alpha = 1\.2: must be in \[0, 1\]"),
    ({"alpha": -0.1}, r"alpha = -0\.1"),
    ({"n": -3}, r"n = -3: must be an integer in \[1, oo\)"),
    ({"n": 0}, "n = 0"),
    ({"n": 10.5}, r"n = 10\.5: must be an integer"),
    ({"i": 2.5}, r"i = 2\.5: must be an integer in \[0, oo\)"),
    ({"i": -1}, "i = -1"),
    ({"delta": 0}, r"delta = 0: must be in \(0, 1\)"),
    ({"delta": 1}, "delta = 1"),
    ({"kappa": -1}, "kappa = -1"),
    ({"n": NAN}, "n = nan"),
    ({"kappa": NAN}, "kappa = nan"),
    ({"kappa": float("inf")}, "kappa = inf"),
    ({"alpha": [0.1, NAN]}, "alpha = nan"),
    ({"alpha": [0.1, 0.5, 1.2]}, r"alpha = 1\.2"),
    ({"n": "1000"}, "n = '1000'"),
    ({"alpha": None}, "alpha = None"),
    ({"alpha": 0.5 + 1j}, "alpha = "),
    ({"n": True}, "n = True"),
    ({"n": [1, 2], "i": [1, 2, 3]}, "broadcast"),
    ({"n": np.ones((2, 3)), "i": np.ones((3, 2))}, "broadcast"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=lambda part: str(part)[:40])
@pytest.mark.parametrize("method", ["evaluate", "evaluate_terms", "evaluate_parts", "is_vacuous"])
def test_bad_values_are_refused_by_name(bound, method, change, message):
    if method == "evaluate_parts" and not {"alpha", "kappa", "i"} & set(change):
        change = change | {"kappa": -1}
        message = "kappa = -1|broadcast|n = |delta = "
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InvalidArgumentError, match=message) as caught:
            getattr(bound, method)(**POINT | change)
    assert isinstance(caught.value, (StlboundsError, ValueError))


@pytest.mark.parametrize("digits", [None, 30])
def test_an_unknown_symbol(bound, digits):
    with pytest.raises(SymbolError, match=r"alhpa does not occur here.*did you mean alpha"):
        bound.evaluate(digits=digits, alhpa=0.5, **POINT)
    with pytest.raises(SymbolError, match="epsilon does not occur"):
        bound.evaluate(digits=digits, epsilon=0.5, **POINT)


@pytest.mark.parametrize("name", POINT)
@pytest.mark.parametrize("digits", [None, 30])
def test_a_missing_symbol(bound, name, digits):
    rest = {key: value for key, value in POINT.items() if key != name}
    with pytest.raises(InvalidArgumentError, match=f"{name} = missing: must be given; {name} is the"):
        bound.evaluate(digits=digits, **rest)


@pytest.mark.parametrize(("change", "message"), REFUSED[:9], ids=str)
def test_bad_values_are_refused_with_digits_too(bound, change, message):
    with pytest.raises(InvalidArgumentError, match=message):
        bound.evaluate(digits=30, **POINT | change)


@pytest.mark.parametrize("setting", [None, "categorical", stl.loops.Replace()])
def test_a_bound_is_made_from_a_setting(setting):
    for make in (stl.high_probability, stl.in_expectation, stl.expected_gap):
        with pytest.raises(InvalidArgumentError, match="setting"):
            make(setting)


def test_an_unknown_theorem(bound):
    with pytest.raises(InvalidArgumentError, match=r"theorem = 'high': must be one of high-probability, expectation"):
        stl.Bound(bound.setting, "high")


# --- what it offers --------------------------------------------------------------------------------------------


def test_the_parts_of_the_generic_bound(bound):
    geo = stl.geometric_sum
    phi = sp.sqrt(alpha * geo(rho, i + 1) ** 2 + (1 - alpha) * geo(rho**2, i + 1))
    assert bound.theorem == "high-probability"
    assert bound.definitions == {rho: kappa * (1 - alpha), Phi: phi, h_bar: alpha * rho * geo(rho, i)}
    assert bound.loop_gain == kappa * (1 - alpha)
    assert bound.amplification == phi.subs(rho, kappa * (1 - alpha))
    assert bound.recursive_stability == kappa / n * geo(kappa * (1 - alpha), i)
    assert bound.named_terms["drift"] == M * (1 - alpha) * c * n**-r * geo(1 - alpha, i)
    assert sp.expand(bound.named_terms["bias"] - b / n * (1 + h_bar)) == 0
    classical = (2 * b + M) * sp.sqrt(sp.log(2 / delta) / (2 * n))
    assert sp.expand(bound.named_terms["concentration"] - Phi * classical) == 0
    assert bound.symbols == (n, i, alpha, kappa, b, M, c, r, delta)
    assert isinstance(bound.proof, Proof) and bound.proof is bound.proof
    assert all(isinstance(claim, Claim) for claim in bound.assumptions)


def test_terms_are_free_of_named_parts_and_indices(standard_bound):
    for theorem in ("high-probability", "expectation", "expected-gap"):
        for real in ("replay", "fresh"):
            found = standard_bound(theorem, real, "sharp")
            reserved = {rho, Phi, h_bar, J, N}
            assert not reserved & found.expr.free_symbols
            assert not reserved & found.recursive_stability.free_symbols


def test_handed_out_dictionaries_are_copies(bound):
    bound.named_terms.clear()
    assert list(bound.named_terms) == ["drift", "bias", "concentration"]


def test_the_sum_of_the_terms_is_the_value(bound):
    terms = bound.evaluate_terms(**POINT)
    assert list(terms) == ["drift", "bias", "concentration"]
    assert sum(terms.values()) == pytest.approx(bound.evaluate(**POINT), rel=1e-15)


def test_vacuous_means_at_least_the_loss_constant(bound):
    assert not bound.is_vacuous(**POINT)
    assert bound.is_vacuous(**POINT | {"n": 10})
    flags = bound.is_vacuous(**POINT | {"n": [10, 1000]})
    assert flags.tolist() == [True, False]


def test_bounds_of_equal_settings_are_equal_in_every_part(bound):
    again = stl.high_probability(bound.setting)
    assert (again.expr, again.named_terms, again.definitions) == (bound.expr, bound.named_terms, bound.definitions)


def test_it_prints_as_a_sum_of_named_terms(bound):
    assert repr(bound).startswith("<Bound (high-probability): ")
    assert "Phi" in repr(bound)


def test_a_user_model_with_symbols_of_its_own():
    tau = stl.symbols.declare("test_temperature", "the temperature of the sampler", low_open=True)
    mine = stl.generators.Generator("mine", stl.DISCRETE, 1 / (1 + tau), learning_error=tau / sp.sqrt(N))
    found = stl.in_expectation(stl.Setting(stl.loops.FixedMix(alpha), mine))
    assert tau in found.symbols
    assert found.evaluate(test_temperature=0.5, n=100, alpha=0.5, i=1, b=1, M=1) == pytest.approx(
        0.5 * 0.05 + 0.01 * (1 + 0.5 / 1.5 * 0.5), rel=1e-14)
    with pytest.raises(InvalidArgumentError, match=r"test_temperature = 0: must be in \(0, oo\)"):
        found.evaluate(test_temperature=0, n=100, alpha=0.5, i=1, b=1, M=1)
