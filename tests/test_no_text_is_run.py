"""Texts where numbers are expected: refused, and never run as code."""

from __future__ import annotations

from pathlib import Path

import pytest

import stlbounds as stl
from stlbounds.errors import StlboundsError
from stlbounds.plots.influence import influences
from stlbounds.render.comparison import numeric_table
from stlbounds.symbols import alpha

SETTING = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(3), stl.learners.BrierFit())


@pytest.mark.parametrize("ask", [
    lambda text: influences(SETTING, {"i": 2, "n": 4, "alpha": text}),
    lambda text: numeric_table([stl.in_expectation(SETTING)], [{"n": 4, "i": 1, "alpha": 0.5},
                                                               {"n": 4, "i": 1, "alpha": text}]),
    lambda text: stl.in_expectation(SETTING).enclose(n=4, i=1, alpha=(0, 1)).contains(text),
    lambda text: stl.in_expectation(SETTING).expansion("n", i=1, alpha=0.5).at().coefficient(text),
], ids=["influences", "table", "interval", "expansion"])
def test_a_text_is_refused(ask, tmp_path: Path):
    target = tmp_path / "owned"
    with pytest.raises(StlboundsError):
        ask(f"__import__('pathlib').Path('{target}').touch()")
    assert not target.exists()
