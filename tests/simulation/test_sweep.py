"""The sweep: its table, its file, interruptions of every kind, and the same rows whoever computes them."""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stlbounds as stl
from stlbounds.errors import (
    AssumptionError,
    InvalidArgumentError,
    OutputError,
    StoreError,
    SymbolError,
    WorkerError,
)
from stlbounds.generators.categorical import Categorical
from stlbounds.simulation.sweep_job import child_seed
from stlbounds.simulation.sweep_store import from_json, to_json
from stlbounds.symbols import K, alpha, b, c, kappa

GRID = {"n": [20, 40], "alpha": [0.1, 0.25, 0.5]}
SIMULATED = {"i": 3, "delta": 0.1, "replicas": 40, "seed": 7}
ROOT = Path(stl.__file__).parent.parent


def make_bound(theorem="high_probability", generator=None):
    setting = stl.Setting(stl.loops.FixedMix(alpha), generator or Categorical(4), stl.learners.BrierFit())
    return getattr(stl, theorem)(setting)


@pytest.fixture(scope="module")
def bound():
    return make_bound()


@pytest.fixture(scope="module")
def reference(bound):
    """The table of a sweep that nothing ever happened to."""
    return stl.sweep(bound, GRID, **SIMULATED).csv()


# --- what the rows say -----------------------------------------------------------------------------------------


def test_rows_hold_the_bound_at_every_point(bound):
    table = stl.sweep(bound, GRID, i=3, delta=0.1)
    assert len(table) == 6 and not table.interrupted
    for row in table:
        values = {name: row[name] for name in ("n", "alpha", "i", "delta")}
        terms = bound.evaluate_terms(**values)
        assert {name: row[f"term_{name}"] for name in terms} == pytest.approx(terms, rel=1e-14)
        assert row["bound"] == pytest.approx(bound.evaluate(**values), rel=1e-14)
        assert row["loop_gain"] == 1 - row["alpha"]
        assert row["vacuous"] == bound.is_vacuous(**values)
    assert [(row["n"], row["alpha"]) for row in table] == [(n, a) for n in GRID["n"] for a in GRID["alpha"]]


def test_a_row_is_repeated_by_check_with_its_seed(bound):
    for row in stl.sweep(bound, GRID, **SIMULATED):
        values = {name: row[name] for name in ("n", "alpha", "i", "delta")}
        again = stl.check(bound, replicas=40, seed=row["seed"], **values)
        head = again.comparisons[0]
        assert (row["measured"], row["measured_low"], row["measured_high"]) == (head.measured, head.low, head.high)
        assert (row["claimed"], row["verdict"], row["coverage"]) == (head.claimed, head.verdict, again.coverage)
        assert row["mean_gap"] == again.trajectory[-1]["mean_gap"]


def test_seeds_are_children_of_the_seed_and_differ():
    seeds = [child_seed(3, point) for point in range(200)]
    assert len(set(seeds)) == 200 and max(seeds) < 2**53
    spawned = np.random.SeedSequence(3).spawn(200)
    assert seeds == [int(child.generate_state(1, np.uint64)[0]) >> 11 for child in spawned]


def test_sizes_are_rounded_and_the_rounded_values_are_told(bound):
    row = stl.sweep(bound, [{"n": 10, "alpha": 0.33}], i=2, delta=0.1, replicas=5).records[0]
    assert (row["alpha"], row["used_alpha"]) == (0.33, 0.3)
    assert row["claimed"] == pytest.approx(bound.evaluate(n=10, alpha=0.3, i=2, delta=0.1))
    assert row["bound"] == pytest.approx(bound.evaluate(n=10, alpha=0.33, i=2, delta=0.1))


def test_a_point_that_cannot_be_run_says_why_and_the_others_are_run():
    setting = stl.Setting(stl.loops.FixedMix(alpha=0.5), Categorical(4), stl.learners.BrierFit())
    table = stl.sweep(stl.high_probability(setting), {"n": [11, 12]}, i=1, delta=0.1, replicas=5)
    first, second = table.records
    assert "whole size" in first["error"] and first.get("measured") is None
    assert second["error"] is None and second["measured"] >= 0
    assert np.isnan(table["measured"][0])
    # The reason, a sentence, has a line of its own below a table that stays narrow.
    *rows, last = str(table).splitlines()
    assert last == f"row 1 not simulated: {first['error']}" and len({len(row) for row in rows}) == 1 < len(rows)
    assert "whole size" not in "".join(rows)


def test_theorems_in_expectation_have_no_failure_probability():
    row = stl.sweep(make_bound("in_expectation"), {"n": 30}, alpha=0.5, i=2, replicas=20).records[0]
    assert row["coverage"] is None and "term_concentration" not in row and row["verdict"] == "consistent"


def test_exact_and_pointwise_draws_are_different_runs(bound):
    one, other = (stl.sweep(bound, [{"n": 30, "alpha": 0.5}], i=2, delta=0.1, replicas=20, exact=exact).records[0]
                  for exact in (True, False))
    assert one["bound"] == other["bound"] and one["measured"] != other["measured"]


# --- the table -------------------------------------------------------------------------------------------------


def test_csv_pandas_and_xarray_hold_the_same_numbers(bound, tmp_path):
    table = stl.sweep(bound, GRID, **SIMULATED)
    table.to_csv(tmp_path / "table.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "table.csv").read_text())))
    assert [float(row["measured"]) for row in rows] == table["measured"].tolist()
    frame = table.to_pandas()
    assert frame["bound"].tolist() == table["bound"].tolist() and frame["n"].tolist() == [20] * 3 + [40] * 3
    cube = table.to_xarray()
    assert cube["bound"].dims == ("n", "alpha")
    assert float(cube["bound"].sel(n=40, alpha=0.25)) == table.records[4]["bound"]
    assert json.dumps(table.to_dict(), allow_nan=False)
    assert str(table).count("\n") == 6


def test_a_list_of_points_has_one_dimension(bound):
    table = stl.sweep(bound, [{"n": 10, "alpha": 0.5}, {"n": 20, "alpha": 0.1}], i=1, delta=0.5)
    assert table.to_xarray()["bound"].dims == ("point",)


def test_an_unknown_column_is_refused(bound):
    with pytest.raises(InvalidArgumentError, match="column"):
        stl.sweep(bound, {"n": 10}, alpha=0.5, i=1, delta=0.5)["bond"]


def test_a_table_is_not_written_over_a_device(bound):
    with pytest.raises(OutputError, match="regular file"):
        stl.sweep(bound, {"n": 10}, alpha=0.5, i=1, delta=0.5).to_csv("/dev/full")
    assert Path("/dev/full").is_char_device()


# --- arguments -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("grid", "fixed", "error", "says"), [
    ({"n": [10], "alpha": [2]}, {"i": 1, "delta": 0.1}, InvalidArgumentError, "alpha = 2"),
    ({"n": []}, {"alpha": 0.5, "i": 1, "delta": 0.1}, InvalidArgumentError, "no values"),
    ({"n": [10]}, {"alpha": 0.5, "i": 1}, InvalidArgumentError, "no value for delta"),
    ({"n": [10]}, {"n": 20, "alpha": 0.5, "i": 1, "delta": 0.1}, InvalidArgumentError, "not both"),
    ({"n": [10], "lam": [1]}, {"alpha": 0.5, "i": 1, "delta": 0.1}, SymbolError, "lam does not occur"),
    ([{"n": 10, "alpha": 0.5}, {"n": 10}], {"i": 1, "delta": 0.1}, InvalidArgumentError, r"grid\[1\]"),
    ("n", {}, InvalidArgumentError, "grid"),
    ([], {}, InvalidArgumentError, "grid"),
])
def test_bad_grids_are_refused(bound, grid, fixed, error, says):
    with pytest.raises(error, match=says):
        stl.sweep(bound, grid, **fixed)


def test_a_model_without_a_sampler_is_refused_before_the_work(tmp_path):
    model = stl.generators.Generator("mine", stl.DISCRETE, kappa, c)
    setting = stl.Setting(stl.loops.FixedMix(alpha), model, stl.learners.UniformlyStable(b))
    store = tmp_path / "rows.jsonl"
    with pytest.raises(AssumptionError):
        stl.sweep(stl.high_probability(setting), {"n": [10]}, alpha=0.5, i=1, delta=0.1, kappa=0.5, c=0.1, b=0.1, M=1,
                  replicas=5, store=store)
    assert not store.exists()


# --- the file --------------------------------------------------------------------------------------------------


def test_rows_in_the_file_are_not_computed_again(bound, reference, tmp_path, monkeypatch):
    store = tmp_path / "rows.jsonl"
    assert stl.sweep(bound, GRID, store=store, **SIMULATED).csv() == reference
    content = store.read_bytes()
    monkeypatch.setattr("stlbounds.simulation.sweep_job.check", lambda *_, **__: pytest.fail("computed again"))
    assert stl.sweep(bound, GRID, store=store, **SIMULATED).csv() == reference
    assert store.read_bytes() == content


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1))
def test_a_file_cut_anywhere_is_continued(bound, reference, tmp_path, share):
    store = tmp_path / "rows.jsonl"
    if not store.exists():
        stl.sweep(bound, GRID, store=store, **SIMULATED)
    content = store.read_bytes()
    cut = round(share * len(content))
    store.write_bytes(content[:cut])
    assert stl.sweep(bound, GRID, store=store, **SIMULATED).csv() == reference
    assert sorted(store.read_bytes().splitlines()) == sorted(content.splitlines())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_a_changed_byte_is_reported_or_its_row_redone(bound, reference, tmp_path, place, flip):
    store = tmp_path / "rows.jsonl"
    if not store.exists():
        stl.sweep(bound, GRID, store=store, **SIMULATED)
    content = store.read_bytes()
    damaged = bytearray(content)
    damaged[int(place * len(content))] ^= flip
    store.write_bytes(damaged)
    try:
        table = stl.sweep(bound, GRID, store=store, **SIMULATED)
    except StoreError as error:
        assert str(store) in str(error)
        assert "left as it is" in str(error) or "another sweep" in str(error)
        assert store.read_bytes() == bytes(damaged), "a refused file must not be touched"
    else:
        assert table.csv() == reference, "a change that is not noticed must not change the table"
    store.write_bytes(content)


def test_a_damaged_line_is_named_and_may_be_deleted(bound, reference, tmp_path):
    store = tmp_path / "rows.jsonl"
    stl.sweep(bound, GRID, store=store, **SIMULATED)
    lines = store.read_text().splitlines(keepends=True)
    lines[3] = lines[3].replace('"measured": 0.', '"measured": 1.')
    store.write_text("".join(lines))
    with pytest.raises(StoreError, match=r"line 4: its checksum is wrong.*Delete that line"):
        stl.sweep(bound, GRID, store=store, **SIMULATED)
    store.write_text("".join(lines[:3] + lines[4:]))
    assert stl.sweep(bound, GRID, store=store, **SIMULATED).csv() == reference


@pytest.mark.parametrize(("change", "says"), [
    ({"seed": 8}, "seed is 7 there and 8 here"),
    ({"replicas": 41}, "replicas is 40 there and 41 here"),
    ({"i": 4}, "grid is"),
    ({"confidence": 0.9}, "confidence"),
    ({"distribution": [0.4, 0.3, 0.2, 0.1]}, "distribution"),
    ({"exact": False}, "exact"),
])
def test_the_file_of_another_sweep_is_refused(bound, tmp_path, change, says):
    store = tmp_path / "rows.jsonl"
    stl.sweep(bound, GRID, store=store, **SIMULATED)
    content = store.read_bytes()
    with pytest.raises(StoreError, match=says):
        stl.sweep(bound, GRID, store=store, **{**SIMULATED, **change})
    assert store.read_bytes() == content


def test_the_file_of_another_bound_is_refused(bound, tmp_path):
    store = tmp_path / "rows.jsonl"
    stl.sweep(bound, GRID, store=store, **SIMULATED)
    with pytest.raises(StoreError, match="setting is"):
        stl.sweep(make_bound(generator=Categorical(5)), GRID, store=store, **SIMULATED)


@pytest.mark.parametrize("text", ["point,n\n1,2\n", "\n", "{}\n", "hello"])
def test_a_foreign_file_is_left_alone(bound, tmp_path, text):
    store = tmp_path / "mine.txt"
    store.write_text(text)
    with pytest.raises(StoreError, match="no file of a sweep"):
        stl.sweep(bound, GRID, store=store, **SIMULATED)
    assert store.read_text() == text


def test_a_file_in_use_is_refused(bound, tmp_path):
    store = tmp_path / "rows.jsonl"

    def again(done, points):
        if done == 2:
            with pytest.raises(StoreError, match="in use"):
                stl.sweep(bound, GRID, store=store, **SIMULATED)

    assert len(stl.sweep(bound, GRID, store=store, progress=again, **SIMULATED)) == 6


def test_devices_and_missing_folders_are_refused(bound, tmp_path):
    with pytest.raises(OutputError, match="no regular file"):
        stl.sweep(bound, GRID, store="/dev/full", **SIMULATED)
    with pytest.raises(OutputError, match="cannot open"):
        stl.sweep(bound, GRID, store=tmp_path / "none" / "rows.jsonl", **SIMULATED)


def test_lines_hold_what_json_has_no_words_for():
    row = {"a": float("inf"), "b": -float("inf"), "c": None, "d": 0.1, "e": "inf"}
    assert from_json(to_json(row)) == row
    assert np.isnan(from_json(to_json({"a": float("nan")}))["a"])


# --- interruptions ---------------------------------------------------------------------------------------------


def test_a_full_disk_is_told_and_nothing_is_lost(bound, reference, tmp_path):
    store = tmp_path / "rows.jsonl"
    stl.sweep(bound, GRID, store=store, **SIMULATED)
    lines = store.read_bytes().splitlines(keepends=True)
    store.unlink()
    # Room for the header, three rows and a half.
    room = sum(map(len, lines[:4])) + len(lines[4]) // 2
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(OutputError, match=r"cannot write to .*rows.jsonl: .*; its 3 rows so far are kept"):
            stl.sweep(bound, GRID, store=store, **SIMULATED)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert store.read_bytes() == b"".join(lines[:4])
    assert stl.sweep(bound, GRID, store=store, **SIMULATED).csv() == reference
    assert store.read_bytes() == b"".join(lines)


def test_an_interruption_gives_what_is_finished(bound, reference, tmp_path):
    store = tmp_path / "rows.jsonl"

    def stop(done, points):
        if done == 4:
            raise KeyboardInterrupt

    table = stl.sweep(bound, GRID, store=store, progress=stop, **SIMULATED)
    assert table.interrupted and len(table) == 4 and "4 of 6 points" in str(table)
    assert table.csv().splitlines() == reference.splitlines()[:5]
    assert table.to_xarray()["bound"].isnull().sum() == 2
    assert stl.sweep(bound, GRID, store=store, **SIMULATED).csv() == reference


SCRIPT = """
import os, signal, sys
import stlbounds as stl
from stlbounds.symbols import alpha
setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(4), stl.learners.BrierFit())
store, kill, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def progress(done, points):
    if done == kill:
        os.kill(os.getpid(), signal.SIGKILL)
if __name__ == "__main__":
    table = stl.sweep(stl.high_probability(setting), {"n": [20, 40], "alpha": [0.1, 0.25, 0.5]}, i=3, delta=0.1,
                      replicas=40, seed=7, store=store, workers=workers, progress=progress)
    table.to_csv(store + ".csv")
"""


def _run_script(tmp_path, store, kill, workers):
    script = tmp_path / "sweep_script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    errors = tmp_path / "errors.txt"
    with errors.open("w") as file, subprocess.Popen(
            [sys.executable, str(script), str(store), str(kill), str(workers)], env=environment, stderr=file,
            start_new_session=True) as process:
        code = process.wait(timeout=100)
    with suppress(ProcessLookupError):
        # The workers of a process that was killed wait for it for minutes.
        os.killpg(process.pid, signal.SIGKILL)
    return code, errors.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_sweep_continues_to_the_same_bytes(reference, tmp_path, workers):
    store = tmp_path / "rows.jsonl"
    code, errors = _run_script(tmp_path, store, 3, workers)
    assert code == -signal.SIGKILL, errors
    assert len(store.read_bytes().splitlines()) == 4, "the header and three rows are on the disk"
    # What the kernel may have taken of a row that was being written.
    with store.open("ab") as file:
        file.write(b'{"point": 5, "n": 4')
    code, errors = _run_script(tmp_path, store, -1, workers)
    assert code == 0, errors
    assert Path(f"{store}.csv").read_text() == reference


# --- workers ---------------------------------------------------------------------------------------------------


class Fragile(Categorical):
    """A model that takes its process with it, at one point, as long as a file exists."""

    def sampler(self, values, distribution=None):
        if values["n"] == 40 and values["alpha"] == 0.25 and os.path.exists(distribution):
            os._exit(3)
        return super().sampler(values)


class Buggy(Categorical):
    """A model with a bug at one point."""

    def sampler(self, values, distribution=None):
        if values["n"] == 40:
            raise ZeroDivisionError("a bug")
        return super().sampler(values)


@pytest.mark.slow
def test_two_processes_give_the_same_table(bound, reference, tmp_path):
    store = tmp_path / "rows.jsonl"
    assert stl.sweep(bound, GRID, workers=2, store=store, **SIMULATED).csv() == reference
    assert stl.sweep(bound, GRID, store=store, **SIMULATED).csv() == reference


@pytest.mark.slow
def test_symbols_of_a_user_reach_the_workers():
    own = stl.symbols.declare("tested_cells", "cells of a test", low=2, integer=True)
    bound = make_bound(generator=Categorical(own))
    tables = [stl.sweep(bound, {"n": [20, 40]}, alpha=0.5, i=2, delta=0.1, tested_cells=3, replicas=10, workers=workers)
              for workers in (1, 2)]
    assert tables[0].csv() == tables[1].csv()
    assert [row["error"] for row in tables[1]] == [None, None]


@pytest.mark.slow
def test_a_worker_that_dies_is_told_and_the_sweep_continues(tmp_path):
    bound = make_bound(generator=Fragile(4))
    flag, store = tmp_path / "flag", tmp_path / "rows.jsonl"
    clean = stl.sweep(bound, GRID, distribution=str(flag), **SIMULATED).csv()
    flag.touch()
    with pytest.raises(WorkerError, match=r"died.*is kept"):
        stl.sweep(bound, GRID, workers=2, store=store, distribution=str(flag), **SIMULATED)
    kept = store.read_bytes().splitlines()
    flag.unlink()
    assert stl.sweep(bound, GRID, workers=2, store=store, distribution=str(flag), **SIMULATED).csv() == clean
    assert store.read_bytes().splitlines()[: len(kept)] == kept


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_bug_in_a_model_names_the_point(tmp_path, workers):
    bound = make_bound(generator=Buggy(4))
    store = tmp_path / "rows.jsonl"
    with pytest.raises(WorkerError, match=r"point \d \(n=40, .*ZeroDivisionError: a bug"):
        stl.sweep(bound, GRID, workers=workers, store=store, **SIMULATED)


def test_workers_and_scheduler_are_checked(bound):
    with pytest.raises(InvalidArgumentError, match="workers"):
        stl.sweep(bound, GRID, workers=0, **SIMULATED)
    with pytest.raises(InvalidArgumentError, match="beside a scheduler"):
        stl.sweep(bound, GRID, workers=2, scheduler="tcp://127.0.0.1:1", **SIMULATED)
    with pytest.raises(InvalidArgumentError, match="address of a scheduler"):
        stl.sweep(bound, GRID, scheduler=5, **SIMULATED)


def test_cells_may_be_a_symbol_on_the_grid():
    table = stl.sweep(make_bound(generator=Categorical(K)), {"K": [2, 3]}, n=20, alpha=0.5, i=2, delta=0.1, replicas=10)
    assert all(row["verdict"] == "consistent" for row in table)
