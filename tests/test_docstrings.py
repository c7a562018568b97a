"""Docstrings: everything public has one, and what users hold says all (its examples run in tests/test_doctests.py).

The rule: every function and class in the `__all__` of a module, and every public method and property of such a class,
has a docstring. Methods may inherit that of the method which they replace, and members of a `Protocol` need none.

More is asked of what `stlbounds.__all__` exports, of what the modules in it export, and of the methods of these
classes, the exceptions apart: an example that uses it, each argument, each error that its body raises by name, and a
source. A method may leave arguments and errors to its class, and the source to its file.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

import stlbounds
from stlbounds.described import Described

ROOT = Path(stlbounds.__file__).parent
MODULES = sorted(
    ".".join(("stlbounds", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    for path in ROOT.rglob("*.py") if path.stem != "__main__")


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


# --- What users hold: an example, ranges, what is raised, the source ---------------------------------------------

#: Calls that check an argument and raise for their caller.
CHECKERS = {"check_symbols", "constant_of_size", "exact"}
SOURCE = re.compile(r"^References?$|[Tt]heory,? §", re.MULTILINE)


def _what_users_hold() -> dict[str, Any]:
    """Functions and classes by name: of the package, and of the public modules that it exports."""
    found: dict[str, Any] = {}
    for name in stlbounds.__all__:
        thing = getattr(stlbounds, name)
        parts = {f"{name}.{part}": getattr(thing, part) for part in getattr(thing, "__all__", ())} \
            if inspect.ismodule(thing) else {name: thing}
        found.update({key: value for key, value in parts.items()
                      if (inspect.isclass(value) or inspect.isfunction(value)) and value not in found.values()})
    return found


HELD = _what_users_hold()
CLASSES = {name: found for name, found in HELD.items()
           if inspect.isclass(found) and not issubclass(found, BaseException)}
FUNCTIONS = {name: found for name, found in HELD.items() if inspect.isfunction(found)}


def _own(kind: type) -> list[type]:
    """The classes of this library that a class inherits from, itself first."""
    return [base for base in kind.__mro__ if base.__module__.split(".")[0] == "stlbounds"]


def _texts(kind: type, member: str) -> str:
    """What is said about a member: its docstring and those of the methods that it replaces."""
    found = (inspect.getdoc(_function(vars(base)[member])) for base in _own(kind) if member in vars(base))
    return "\n".join(text for text in found if text)


def _function(member: Any) -> Any:
    if isinstance(member, cached_property):
        return member.func
    return member.fget if isinstance(member, property) else getattr(member, "__func__", member)


def _public_members(kind: type) -> dict[str, Any]:
    """The public methods and properties, those of the bases included, as functions."""
    return {name: _function(member) for base in reversed(_own(kind)) for name, member in vars(base).items()
            if not name.startswith("_") and inspect.isfunction(_function(member))
            and _function(member).__name__ != "<lambda>"}


def _arguments(found: Any) -> list[str]:
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [name for name, parameter in inspect.signature(found).parameters.items()
            if parameter.kind not in kinds and name not in ("self", "cls") and not name.startswith("_")]


def _raised(function: Any) -> set[str]:
    """The exceptions that the body of a function raises by name."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    made = (node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            for node in ast.walk(tree) if isinstance(node, ast.Raise))
    names = {getattr(node, "id", getattr(node, "attr", "")) for node in made if node is not None}
    return {name for name in names if name[:1].isupper() and name != "NotImplementedError"}


def _checks(function: Any) -> bool:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    called = {getattr(node.func, "id", "") for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return bool(called & CHECKERS) or any(isinstance(node, ast.Raise) for node in ast.walk(tree))


def _unnamed(names: Iterable[str], text: str) -> list[str]:
    return [name for name in names if not re.search(rf"\b{re.escape(name)}\b", text)]


def _faults(found: Any, arguments: list[str], raised: set[str]) -> list[str]:
    """What the docstring of a function or a class leaves out."""
    text = inspect.getdoc(found) or ""
    faults = [] if ">>> " in text else ["no example"]
    if arguments and not re.search(r"^Parameters\n-+$", text, re.MULTILINE):
        faults.append("no section on its arguments")
    faults += [f"nothing about {name}" for name in _unnamed(arguments, text)]
    faults += [f"does not say that it raises {name}" for name in _unnamed(sorted(raised), text)]
    return faults if SOURCE.search(text) else [*faults, "no source"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_says_all(name: str) -> None:
    found = FUNCTIONS[name]
    faults = _faults(found, _arguments(found), _raised(found))
    if _arguments(found) and "\nRaises\n" not in (inspect.getdoc(found) or ""):
        faults.append("does not say what it raises")
    assert faults == []


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_says_all(name: str) -> None:
    kind = CLASSES[name]
    makers = [vars(base)[maker] for base in _own(kind) for maker in ("__init__", "__new__", "__post_init__")
              if inspect.isfunction(_function(vars(base).get(maker))) and base is not Described]
    makers = [maker for maker in map(_function, makers) if "<string>" not in maker.__code__.co_filename]
    arguments = [] if inspect.isabstract(kind) or issubclass(kind, Enum) else _arguments(kind)
    faults = _faults(kind, arguments, set())
    if arguments and any(map(_checks, makers)) and "\nRaises\n" not in (inspect.getdoc(kind) or ""):
        faults.append("does not say what it raises")
    assert faults == []


#: Steps of a proof, which take claims that only a derivation makes: each derivation of the tests calls them.
STEPS = {"at_horizon", "final_claim", "influence_claim", "recursive_stability_claim", "sharp_drift_claim",
         "squares_claim", "stability_claim"}


def _shown(kind: type, member: str) -> bool:
    """Whether an example of the method, of its class, of a base or of a class below it uses the name."""
    if member in STEPS and issubclass(kind, stlbounds.loops.Loop):
        return True
    texts = [_texts(kind, member), *(inspect.getdoc(base) or "" for base in _own(kind)),
             *(inspect.getdoc(other) or "" for other in CLASSES.values() if issubclass(other, kind))]
    lines = [line for text in texts for line in text.splitlines() if line.lstrip().startswith((">>> ", "... "))]
    return any(re.search(rf"\b{member}\b", line) for line in lines)


@pytest.mark.parametrize("name", CLASSES)
def test_its_methods_say_all(name: str) -> None:
    """Ranges and errors may be told by the method that one replaces or by the class, and sources by the file too."""
    kind, faults = CLASSES[name], {}
    told = "\n".join(inspect.getdoc(base) or "" for base in _own(kind))
    for member, function in _public_members(kind).items():
        text = f"{_texts(kind, member)}\n{told}"
        found = [] if _shown(kind, member) else ["no example"]
        found += [f"nothing about {argument}" for argument in _unnamed(_arguments(function), text)]
        found += [f"does not say that it raises {error}" for error in _unnamed(sorted(_raised(function)), text)]
        around = [text, *(inspect.getmodule(base).__doc__ or "" for base in _own(kind))]
        if not any(map(SOURCE.search, around)):
            found.append("no source")
        if found:
            faults[member] = found
    assert faults == {}


def test_what_is_left_out_is_seen() -> None:
    class Curt:
        """Says little."""

        def method(self, size: int) -> None:
            """Does something."""
            if size < 0:
                raise ValueError(size)

    assert _faults(Curt.method, _arguments(Curt.method)[1:], set()) == ["no example", "no source"]
    assert _faults(Curt.method, _arguments(Curt.method), _raised(Curt.method)) == [
        "no example", "no section on its arguments", "nothing about size", "does not say that it raises ValueError",
        "no source"]
    assert not _shown(Curt, "method") and list(_public_members(Curt)) == []


def test_enough_is_looked_at() -> None:
    assert len(FUNCTIONS) >= 30 and len(CLASSES) >= 45
    assert {"Bound", "Proof", "loops.FixedMix", "data.RealData"} <= set(CLASSES)
    assert {"evaluate", "sample_size", "latex", "expr", "proof"} <= set(_public_members(CLASSES["Bound"]))
