"""Docstrings: everything public has one, and what users hold has an example that runs (tests/test_doctests.py).

The rule: every function and class in the `__all__` of a module, and every public method and property of such a class,
has a docstring. Methods may inherit that of the method which they replace, and members of a `Protocol` need none. An
example is required of everything in `stlbounds.__all__` that can be called, of every loop, generator and learner, and
of the questions that a `Bound` answers, but for thin methods with the arguments of another one.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import stlbounds
from stlbounds.bound import Bound

ROOT = Path(stlbounds.__file__).parent
MODULES = sorted(
    ".".join(("stlbounds", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    for path in ROOT.rglob("*.py") if path.stem != "__main__")
#: Methods whose arguments are those of the method beside them, which has the example.
THIN = {
    "evaluate_terms": "evaluate", "evaluate_parts": "evaluate", "is_vacuous": "evaluate", "markdown": "latex",
    "latex_package": "latex", "max_generations": "horizon", "vacuous_below": "sample_size",
}


def _public(name: str) -> Iterator[tuple[str, Any]]:
    """The functions and classes that a module defines and exports."""
    module = importlib.import_module(name)
    for exported in getattr(module, "__all__", ()):
        found = getattr(module, exported)
        if (inspect.isfunction(found) or inspect.isclass(found)) and found.__module__ == name:
            yield exported, found


def _members(owner: type) -> Iterator[tuple[str, str | None]]:
    """The public methods and properties that a class defines, with their docstrings."""
    for name, member in vars(owner).items():
        inner = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        if not name.startswith("_") and inspect.isfunction(inner) and inner.__name__ != "<lambda>":
            yield name, inspect.getdoc(member if isinstance(member, property) else getattr(owner, name))


def _without_docstring(name: str) -> list[str]:
    missing = []
    for exported, found in _public(name):
        if not (found.__doc__ or "").strip():
            missing.append(exported)
        if inspect.isclass(found) and not getattr(found, "_is_protocol", False):
            missing += [f"{exported}.{member}" for member, text in _members(found) if not text]
    return missing


@pytest.mark.parametrize("name", MODULES)
def test_everything_public_has_a_docstring(name: str) -> None:
    assert _without_docstring(name) == []


def test_a_missing_docstring_is_seen() -> None:
    class Silent:
        def method(self) -> None: ...

    assert list(_members(Silent)) == [("method", None)]


def _has_example(found: Any) -> bool:
    return ">>> " in (inspect.getdoc(found) or "")


@pytest.mark.parametrize("name", [name for name in stlbounds.__all__ if callable(getattr(stlbounds, name))])
def test_what_the_package_exports_has_an_example(name: str) -> None:
    assert _has_example(getattr(stlbounds, name))


@pytest.mark.parametrize("room", ["loops", "generators", "learners"])
def test_every_model_has_an_example(room: str) -> None:
    module = importlib.import_module(f"stlbounds.{room}")
    assert [name for name in module.__all__ if callable(getattr(module, name))
            and not _has_example(getattr(module, name))] == []


def test_what_a_bound_answers_has_an_example() -> None:
    methods = {name for name in dir(Bound) if not name.startswith("_") and inspect.isfunction(getattr(Bound, name))}
    assert set(THIN) <= methods
    missing = {name for name in methods if not _has_example(getattr(Bound, name))}
    assert missing <= set(THIN)
    assert all(_has_example(getattr(Bound, other)) for other in THIN.values())
