"""Objects as plain data, and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.described import declare_symbols, describe, describe_symbols, restore
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS
from stlbounds.errors import InvalidArgumentError, ParseError, StlboundsError, SymbolError
from stlbounds.proof.metric import Metric
from stlbounds.symbols import N, alpha, b, declare, kappa, symbol

ENTRIES = {
    **{f"loop {name}": entry.make(lambda word: [0.5, 0.4] if word == "alphas" else symbol(word), None)
       for name, entry in LOOPS.items()},
    **{f"generator {name}": entry.make(symbol) for name, entry in GENERATORS.items()},
    **{f"learner {name}": entry.make(symbol) for name, entry in LEARNERS.items()},
}


def _through_json(value: Any) -> Any:
    return restore(json.loads(json.dumps(describe(value))), choices=Metric)


class TestDescribed:
    """Every loop, generator and learner of the catalogue."""

    @pytest.mark.parametrize("name", ENTRIES)
    def test_its_description_makes_an_equal_one(self, name):
        made = ENTRIES[name]
        again = _through_json(made)
        assert again == made and type(again) is type(made)
        assert describe(again) == describe(made)

    @pytest.mark.parametrize("name", ENTRIES)
    def test_an_argument_too_many_is_refused(self, name):
        with pytest.raises(InvalidArgumentError, match="arguments of"):
            restore({**describe(ENTRIES[name]), "surprise": 1}, choices=Metric)


def test_a_setting_is_described_with_its_parts():
    setting = stl.Setting(stl.loops.FixedMix(alpha / 2, real="fresh"), stl.generators.Categorical(20),
                          stl.learners.UniformlyStable(b / N, 0.1))
    assert _through_json(setting) == setting


def test_exact_numbers_stay_exact():
    mine = stl.generators.Generator("mine", stl.DISCRETE, sp.Rational(1, 3) * kappa, 0.1)
    again = _through_json(mine)
    assert again.sensitivity == kappa / 3 and again.learning_error == sp.Rational(1, 10)


def test_a_class_of_the_users_own_is_found_by_its_name():
    class Halved(stl.generators.Generator):
        def __init__(self, factor: Any) -> None:
            super().__init__("halved", stl.DISCRETE, sp.sympify(factor) / 2)

    again = restore(describe(Halved(4)))
    assert type(again) is Halved and again.sensitivity == 2


class TestRefusals:
    @pytest.mark.parametrize("data", [
        {}, {"Loop": "FixedMixx", "alpha": 1}, {"Loop": "Loop"}, {"Loop": 3}, {"os": "system"},
        {"Generator": "FixedMix"},
        {"choice": "DISCRETE"}, {"table": 3}, {"table": [[1]]}, object(), float("nan"),
        {"expression": "alpha.__class__"}, {"expression": "undeclared_name"}, {"Loop": "FixedMix", "alpha": 2},
        {"Loop": "FixedMix", "alpha": {"expression": "__import__('os')"}}, {"Loop": "__builtins__"},
        {"Generator": "Generator", "name": "x", "metric": {"choice": "__class__"}, "sensitivity": 1},
    ])
    def test_data_that_describe_nothing(self, data):
        with pytest.raises(StlboundsError):
            restore(data, choices=Metric if "Generator" in str(data) else None)

    def test_data_nested_too_deep(self):
        data: Any = 1
        for _ in range(1000):
            data = [data]
        with pytest.raises(InvalidArgumentError, match="nested"):
            restore(data)

    def test_the_place_is_named(self):
        with pytest.raises(ParseError, match=r"recipe\.loop\.alpha"):
            restore({"Setting": "Setting", "loop": {"Loop": "FixedMix", "alpha": {"expression": "1 +"}}}, "recipe")

    @pytest.mark.parametrize("value", [object(), float("inf"), {1, 2}, b"bytes"])
    def test_values_that_cannot_be_written(self, value):
        with pytest.raises(InvalidArgumentError, match="written to a file"):
            describe(value)


class TestSymbols:
    def test_only_those_of_the_user_are_described(self):
        own = declare("rate_in_a_test", "a rate", low=sp.Rational(1, 3), high_open=False, latex="q")
        described = json.loads(json.dumps(describe_symbols([alpha, own])))
        assert set(described) == {"rate_in_a_test"}
        assert declare_symbols(described) == {"rate_in_a_test": own}

    def test_another_range_is_refused(self):
        declare("range_in_a_test", "a rate", high=2)
        with pytest.raises(SymbolError, match="already declared"):
            declare_symbols({"range_in_a_test": {"meaning": "a rate", "high": "3"}})

    @pytest.mark.parametrize("fields", [{"lower": 0}, {"low": "alpha"}, {"low": [1]}, {"integer": "yes"},
                                        {"low": "9**9**9"}, {"low": True}])
    def test_fields_that_are_none(self, fields):
        with pytest.raises(StlboundsError):
            declare_symbols({"fields_in_a_test": fields})
