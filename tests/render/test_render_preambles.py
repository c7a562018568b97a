"""Every entry of the catalogue under every theorem compiles where it will be pasted: three preambles, in real TeX.

All pairs of loops with generators and learners take too long for the suite: `all_pairs.py` does them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import cache
from itertools import cycle
from pathlib import Path

import pytest
from render.pasted import CHOICES_OF_REAL, WIDTHS, bound_or_none, compiled, complaints, parameter, pasted, setting

import stlbounds as stl
from stlbounds.bound import Bound
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS, THEOREMS
from stlbounds.render.latex import proof, theorem

needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
#: These have theorems in expectation only, so that a learner is not put with one of them.
IN_EXPECTATION = ("sgd-trained", "sgd-trained-discrete")


def partners() -> Iterator[tuple[str, str]]:
    """Every generator with a learner of its metric, and every learner with a generator."""
    for metric in (stl.DISCRETE, stl.EUCLIDEAN):
        learners = [name for name, item in LEARNERS.items() if item.make(parameter).metric is metric]
        generators = [name for name, item in GENERATORS.items() if item.make(parameter).metric is metric]
        free = [name for name in generators if name not in IN_EXPECTATION]
        yield from zip(free, cycle(learners), strict=False) if len(free) >= len(learners) else zip(
            cycle(free), learners, strict=False)
        yield from ((name, GENERATORS[name].learner) for name in generators if name in IN_EXPECTATION)


def settings() -> Iterator[tuple[str, stl.Setting]]:
    """Every generator and every learner in a loop that all theorems allow, every loop with two generators."""
    for generator, learner in partners():
        yield f"{generator}, {learner}", setting("fixed-mix", generator, "fresh", learner)
    for loop in LOOPS:
        for real in CHOICES_OF_REAL.get(loop, (None,)):
            for generator in ("transformer-residual", "categorical"):
                yield f"{loop} {real or ''} {generator}", setting(loop, generator, real)


@cache
def bodies(name: str) -> dict[str, list[tuple[str, str]]]:
    """For each preamble what is pasted, by title; a bound is laid out three times while its formulas are at hand."""
    found: dict[str, list[tuple[str, str]]] = {preamble: [] for preamble in WIDTHS}
    for title, made in settings():
        bound = bound_or_none(made, name)
        if bound is not None:
            for preamble, what, text in pasted(bound, title):
                found[preamble].append((what, text))
    return found


def test_every_entry_is_there() -> None:
    made = [one for _, one in settings()]
    pairs = list(partners())
    assert {generator for generator, _ in pairs} == set(GENERATORS)
    assert {learner for _, learner in pairs} == set(LEARNERS)
    assert {type(one.loop) for one in made} == {type(item.make(parameter, None)) for item in LOOPS.values()}


@needs_tex
@pytest.mark.slow
@pytest.mark.parametrize("name", list(THEOREMS))
def test_every_bound_fits_where_it_is_pasted(name: str, tmp_path: Path) -> None:
    made = bodies(name)
    bodies.cache_clear()
    for preamble, parts in made.items():
        assert len(parts) >= 3
        assert complaints(compiled(preamble, parts, tmp_path)) == {}, preamble


@needs_tex
def test_a_bound_that_is_laid_out_for_a_wider_line_is_found_out(tmp_path: Path) -> None:
    bound = Bound(setting("augment", "generic"), "high-probability")
    for width, fits in ((234.0, True), (390.0, False)):
        parts = [("a", theorem(bound, width=width)), ("b", proof(bound, width=width))]
        assert (complaints(compiled("columns", parts, tmp_path)) == {}) is fits
