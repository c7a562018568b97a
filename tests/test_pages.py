"""The page of every entry: what its docstring must say, and that what it says about itself is so."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

import stlbounds as stl
from stlbounds.generators.base import Generator
from stlbounds.learners.base import UniformlyStable
from stlbounds.loops.base import Loop
from stlbounds.render.references import REFERENCES

#: Every public class of the three rooms that is an entry; factories such as `Replace` make one of them.
CLASSES = {
    f"{room.__name__.rsplit('.', 1)[1]}.{name}": found
    for room in (stl.loops, stl.generators, stl.learners) for name in room.__all__
    if isinstance(found := getattr(room, name), type) and issubclass(found, (Loop, Generator, UniformlyStable))
    and not inspect.isabstract(found)
}
SECTIONS = ("Setting", "Guarantee", "Assumed", "Self-check")


def page(kind: Any) -> str:
    return inspect.cleandoc(kind.__doc__ or "")


def section(text: str, name: str) -> str:
    """What a section says: an indented block below its name, or a sentence behind its name and a colon."""
    block = re.search(rf"^{name}\n((?:    .*\n?|\n)+)", text, re.MULTILINE)
    if block:
        return block.group(1).strip()
    line = re.search(rf"^{name}: (.*(?:\n(?!\n|[A-Z][a-z-]*:).*)*)", text, re.MULTILINE)
    return line.group(1).strip() if line else ""


def test_there_are_pages_enough():
    assert len(CLASSES) >= 6 + 13 + 10


@pytest.mark.parametrize("name", CLASSES)
def test_a_page_has_its_sections(name):
    text = page(CLASSES[name])
    for part in SECTIONS:
        assert len(section(text, part)) >= 5, f"{name} does not say: {part}"
    assert len(text.split("\n")[0]) > 20, f"{name} has no summary"
    assert re.search(r"^References?$", text, re.MULTILINE), f"{name} names no source"
    assert re.search("[Tt]heory §", text)
    example = text.split("Examples\n--------\n")[1]
    outputs = [line for line in example.splitlines() if line and not line.startswith((">>>", "..."))]
    assert ">>> " in example and outputs, f"{name} has no example with output"


@pytest.mark.parametrize("name", CLASSES)
def test_arguments_are_documented(name):
    """Constructors without arguments need no section; all others name each argument."""
    text = page(CLASSES[name])
    arguments = [argument for argument in inspect.signature(CLASSES[name]).parameters if argument != "self"]
    described = text.split("Parameters\n----------\n")[1] if arguments else ""
    for argument in arguments:
        if name == "learners.UniformlyStable" and argument == "name":
            continue
        assert re.search(rf"\b{argument}\b", described), f"{name} does not describe {argument}"


@pytest.mark.parametrize("name", CLASSES)
def test_references_are_in_the_bibliography(name):
    keys = CLASSES[name].references
    assert keys and set(keys) <= set(REFERENCES)


@pytest.mark.parametrize("name", [name for name in CLASSES if not name.startswith("loops.")])
def test_a_self_check_exists_where_the_page_says_so(name):
    kind = CLASSES[name]
    base = Generator if issubclass(kind, Generator) else UniformlyStable
    measures = kind.self_check is not base.self_check
    assert measures is not section(page(kind), "Self-check").startswith("None")
