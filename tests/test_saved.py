"""Bounds written to JSON and derived again from it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

import stlbounds as stl
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS, THEOREMS
from stlbounds.errors import (
    AssumptionError,
    InvalidArgumentError,
    ParseError,
    ProofError,
    StlboundsError,
    UndecidedError,
)
from stlbounds.saved import _check_claims, _differs, load, save, to_dict
from stlbounds.symbols import N, alpha, declare, symbol


@pytest.fixture(scope="module")
def bound() -> stl.Bound:
    own = declare("power_of_saved", "an exponent", high=1)
    generator = stl.generators.Generator("mine", stl.DISCRETE, 0.5, N**-own)
    return stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), generator))


@pytest.fixture(scope="module")
def data(bound: stl.Bound) -> dict[str, Any]:
    return json.loads(json.dumps(to_dict(bound)))


def test_a_file_gives_an_equal_bound(bound, tmp_path):
    path = save(bound, tmp_path / "bound.json")
    again = load(path)
    assert again == bound and hash(again) == hash(bound) and again.terms == bound.terms
    assert bound != stl.in_expectation(bound.setting) and bound != "a bound"
    assert to_dict(again) == to_dict(bound)
    assert path.read_bytes() == save(again, tmp_path / "again.json").read_bytes()


def test_what_could_not_be_read_is_not_written(tmp_path):
    setting = stl.Setting(stl.loops.FixedMix(alpha * (alpha + alpha**30) / 2), stl.generators.Categorical(5))
    found = stl.in_expectation(setting)
    with pytest.raises(ParseError, match="degree above 24"):
        save(found, tmp_path / "bound.json")
    assert list(tmp_path.iterdir()) == []


def _listed(word: str) -> Any:
    return [0.5, 0.4] if word == "alphas" else symbol(word)


def _candidates(kind: str, name: str) -> Iterator[tuple[str, str, str | None, str]]:
    """Settings that an entry may occur in: generator, loop, learner, theorem; not all of them exist."""
    if kind == "generator":
        turn = list(GENERATORS).index(name) % len(LOOPS)
        theorem = "expectation" if GENERATORS[name].make(symbol).shared_seed else "high-probability"
        yield from ((name, loop, None, theorem) for loop in (*list(LOOPS)[turn:], "fixed-mix"))
    elif kind == "learner":
        yield "generic", "replace", name, "expectation"
    elif kind == "loop":
        yield "categorical", name, None, "expected-gap"
    else:
        yield from ((model, "replace", None, name) for model in ("categorical", "location"))


def _first_that_exists(kind: str, name: str) -> stl.Bound:
    for model, loop, learner, theorem in _candidates(kind, name):
        judged = LEARNERS[learner or GENERATORS[model].learner].make(symbol)
        setting = stl.Setting(LOOPS[loop].make(_listed, None), GENERATORS[model].make(symbol), judged)
        try:
            return THEOREMS[theorem].make(setting)
        except (AssumptionError, UndecidedError):
            continue  # what the library refuses is tested where it is refused
    raise LookupError(f"{kind} {name} occurs in no setting")


#: Learners that belong to a generator are met with it.
ENTRIES = [*(("generator", name) for name in GENERATORS), *(("loop", name) for name in LOOPS),
           *(("learner", name) for name in LEARNERS
             if name not in {entry.learner for entry in GENERATORS.values()}),
           *(("theorem", name) for name in THEOREMS)]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_every_entry_of_the_catalogue(kind, name):
    bound = _first_that_exists(kind, name)
    again = load(json.loads(json.dumps(to_dict(bound))))
    assert again == bound and again.terms == bound.terms


def _places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the leaves of plain data are."""
    if isinstance(data, dict):
        return [place for name, part in data.items() for place in _places(part, (*path, name))]
    if isinstance(data, list):
        return [place for number, part in enumerate(data) for place in _places(part, (*path, number))]
    return [path]


def _tampered(data: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    changed = copy.deepcopy(data)
    holder: Any = changed
    for name in path[:-1]:
        holder = holder[name]
    old = holder[path[-1]]
    changed_value: Any = not old if isinstance(old, bool) else 17
    if isinstance(old, str):
        changed_value = old + "1"
    elif isinstance(old, int):
        changed_value = old + 1
    holder[path[-1]] = changed_value
    return changed


class TestTampering:
    def test_a_changed_constant_in_any_claim_is_refused_by_name(self, data):
        for number, claim in enumerate(data["claims"]):
            assert claim["claim"] == number + 1
            changed = _tampered(data, ("claims", number, "says"))
            with pytest.raises(ProofError, match=rf"claim {number + 1} \("):
                _check_claims(data["claims"], changed["claims"])
        last = len(data["claims"])
        with pytest.raises(ProofError, match=rf"claim {last} \("):
            load(_tampered(data, ("claims", last - 1, "says")))

    def test_a_dropped_claim_is_refused(self, data):
        with pytest.raises(ProofError, match="claims"):
            load({**data, "claims": data["claims"][:-1]})

    def test_any_other_change_is_a_difference(self, data):
        for place in _places(data):
            named = _differs(data, _tampered(data, place), "bound")
            assert named is not None and str(place[0]) in named

    @pytest.mark.parametrize("place", [("statement", "text"), ("terms", "drift", "text"), ("theorem",),
                                       ("recipe", "loop", "alpha", "expression"), ("verified", "steps")])
    def test_a_changed_file_is_refused(self, data, place):
        with pytest.raises(StlboundsError):
            load(_tampered(data, place))

    def test_a_missing_field_is_refused(self, data):
        with pytest.raises(ProofError, match="terms"):
            load({name: part for name, part in data.items() if name != "terms"})


class TestRefusals:
    @pytest.mark.parametrize("content", ["", "[", "3", "[]", "{}", '{"schema": "stlbounds/bound/1"}', "[" * 100_000])
    def test_files_that_hold_no_bound(self, content, tmp_path):
        path = tmp_path / "file.json"
        path.write_text(content)
        with pytest.raises(InvalidArgumentError):
            load(path)

    def test_a_file_that_does_not_exist(self, tmp_path):
        with pytest.raises(InvalidArgumentError, match="read"):
            load(tmp_path / "none.json")

    @pytest.mark.parametrize("change", [{"recipe": None}, {"recipe": {"Loop": "Replace"}}, {"declared": 3},
                                        {"declared": {"x": 3}}, {"theorem": "Theorem 7"}])
    def test_contents_that_make_no_bound(self, data, change):
        with pytest.raises(StlboundsError):
            load({**data, **change})
