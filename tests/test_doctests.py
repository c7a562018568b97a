"""The examples in the docstrings are run."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import stlbounds

ROOT = Path(stlbounds.__file__).parent
NAMES = sorted(
    ".".join(("stlbounds", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    for path in ROOT.rglob("*.py") if path.stem != "__main__")


@pytest.mark.parametrize("name", NAMES)
def test_examples(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS, report=True)
    assert result.failed == 0


def test_there_are_examples_at_all():
    finder = doctest.DocTestFinder()
    count = sum(bool(test.examples) for name in NAMES for test in finder.find(importlib.import_module(name)))
    assert count >= 15
