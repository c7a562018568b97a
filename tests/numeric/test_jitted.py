"""Generated loops: their source, and that nothing but what is generated is ever run."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from stlbounds.errors import OutputError, UndecidedError
from stlbounds.growth import growth_sum
from stlbounds.numeric.jitted import cache_folder, jitted_fill, source
from stlbounds.special import geometric_sum_from_one
from stlbounds.symbols import J, alpha, i, kappa


def test_the_source_names_nothing_but_its_own():
    text = source(geometric_sum_from_one(alpha, i) * sp.sqrt(kappa), (alpha, i, kappa), (True, True, False), 1)
    assert "_value = sqrt(_a2)*geometric_sum_from_one(_a0, _a1)\n        _out[_i0] = _value\n" in text
    assert "in range(_out.shape[0])" in text
    # A symbol may be called like a function.
    odd = sp.Symbol("exp")
    assert "exp(_a0)" in source(sp.exp(odd), (odd,), (True,), 1)


def test_axes_are_loops():
    text = source(alpha + i, (alpha, i), (True, True), 3)
    assert "_a0_[_i0, _i1, _i2]" in text and text.count(" in range(_out.shape[") == 3


@pytest.mark.parametrize("expression", [growth_sum(kappa, i, 2), sp.Sum(kappa**J, (J, 0, i)), sp.gamma(kappa)])
def test_what_is_not_compiled_is_refused(expression):
    with pytest.raises(UndecidedError, match="not compiled"):
        source(expression, (kappa, i), (True, True), 1)


def test_the_cache_is_where_the_user_says(tmp_path, monkeypatch):
    monkeypatch.setenv("STLBOUNDS_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("STLBOUNDS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder() == tmp_path / "x" / "stlbounds"


@pytest.mark.slow
def test_a_file_that_somebody_changed_is_not_run(tmp_path, monkeypatch):
    monkeypatch.setenv("STLBOUNDS_CACHE", str(tmp_path))
    expression, out = kappa * 3 + alpha, np.empty(2000)
    text = source(expression, (alpha, kappa), (True, False), 1)
    from stlbounds.numeric import jitted

    jitted_fill(out, expression, (alpha, kappa), [np.arange(2000.0), 2.0])
    assert out.tolist() == (np.arange(2000.0) + 6).tolist()
    (path,) = tmp_path.glob("stlbounds_*.py")
    path.write_text("raise SystemExit(1)")
    jitted._loaded.cache_clear()
    jitted_fill(out, expression, (alpha, kappa), [np.arange(2000.0), 1.0])
    assert out[0] == 3.0 and path.read_text() == text


@pytest.mark.slow
@pytest.mark.parametrize("damage", [b"", b"\x03garbage", None], ids=["cut off", "garbage", "the first half"])
def test_damaged_machine_code_is_made_again(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("STLBOUNDS_CACHE", str(tmp_path))
    from stlbounds.numeric import jitted

    columns = [np.arange(2000.0), 2.0]
    for _ in range(2):
        jitted._loaded.cache_clear()
        out = np.empty(2000)
        jitted_fill(out, kappa * 5 + alpha, (alpha, kappa), columns)
        assert out.tolist() == (np.arange(2000.0) + 10).tolist()
        kept = list(tmp_path.rglob("*.nb?"))
        assert len(kept) >= 2
        for path in kept:
            path.write_bytes(path.read_bytes()[:path.stat().st_size // 2] if damage is None else damage)


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    from stlbounds.numeric import jitted

    blocked = tmp_path / "file"
    blocked.write_text("")
    for place in (blocked, blocked / "below"):
        monkeypatch.setenv("STLBOUNDS_CACHE", str(place))
        jitted._loaded.cache_clear()
        with pytest.raises(OutputError, match="STLBOUNDS_CACHE"):
            jitted_fill(np.empty(10), kappa * 7 + alpha, (alpha, kappa), [np.arange(10.0), 2.0])


def test_numba_that_finds_no_place_for_its_code_is_named(tmp_path, monkeypatch):
    from numba.core import caching

    from stlbounds.numeric import jitted

    monkeypatch.setenv("STLBOUNDS_CACHE", str(tmp_path))
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    jitted._loaded.cache_clear()
    with pytest.raises(OutputError, match="STLBOUNDS_CACHE"):
        jitted_fill(np.empty(10), kappa * 11 + alpha, (alpha, kappa), [np.arange(10.0), 2.0])


@pytest.mark.slow
def test_a_source_that_is_no_text_is_written_again(tmp_path, monkeypatch):
    from stlbounds.numeric import jitted

    monkeypatch.setenv("STLBOUNDS_CACHE", str(tmp_path))
    for _ in range(2):
        jitted._loaded.cache_clear()
        jitted_fill(np.empty(10), kappa * 9 + alpha, (alpha, kappa), [np.arange(10.0), 2.0])
        (path,) = tmp_path.glob("stlbounds_*.py")
        path.write_bytes(b"\xff\xfe\x00")
