"""The commands sweep, check-claim and plot: their answers, files and exit codes."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path

import pytest

from stlbounds.__main__ import main
from stlbounds.cli.commands.plot import KINDS
from stlbounds.cli.grid import parse_grid, parse_spans
from stlbounds.errors import InvalidArgumentError

SETTING = ["categorical", "--set", "K=5", "--set", "i=4", "--set", "delta=0.1"]
GRID = ["--grid", "n=40,80", "--grid", "alpha=0.1:0.5:3"]


def answer(capsys, *arguments, code=0):
    assert main([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


# --- grids -----------------------------------------------------------------------------------------------------


def test_grids_are_exact():
    found = parse_grid(["alpha=0.1:0.9:9", "n=1e2, 3/3"])
    assert [str(value) for value in found["alpha"]] == [str(Fraction(k, 10)) for k in range(1, 10)]
    assert found["n"] == [100, 1]
    assert parse_spans(["kappa=0:3"]) == {"kappa": (0.0, 3.0)}


@pytest.mark.parametrize("text", ["n", "n=", "=5", "n=1:2", "n=1:2:1", "n=1:2:2.5", "n=1,,2", "n=1:2:3:4",
                                  "n=1:2:100000000"])
def test_bad_grids_are_one_line(capsys, text):
    assert main(["sweep", *SETTING, "--grid", text]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("stlbounds: ")


def test_a_name_is_given_once():
    with pytest.raises(InvalidArgumentError, match="once"):
        parse_grid(["n=1", "n=2"])


# --- sweep -----------------------------------------------------------------------------------------------------


def test_sweep_writes_a_table_and_continues_from_its_store(capsys, tmp_path):
    out, store = tmp_path / "table.csv", tmp_path / "rows.jsonl"
    options = [*SETTING, *GRID, "--replicas", "30", "--store", str(store), "--out", str(out)]
    data = answer(capsys, "sweep", *options)
    assert data["schema"] == "stlbounds/sweep/1" and len(data["records"]) == 6 and not data["interrupted"]
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [float(row["bound"]) for row in rows] == [record["bound"] for record in data["records"]]
    assert {row["verdict"] for row in rows} == {"consistent"}
    content = store.read_bytes()
    assert main(["sweep", *options]) == 0
    assert "6 of 6 rows written" in capsys.readouterr().out
    assert store.read_bytes() == content
    assert main(["sweep", *options, "--seed", "5"]) == 2
    assert "belongs to another sweep: seed is 0 there and 5 here" in capsys.readouterr().err


def test_sweep_without_simulation_prints_bounds(capsys):
    assert main(["sweep", *SETTING, *GRID]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 7 and "measured" not in lines[0] and "loop_gain" in lines[0]


def test_sweep_without_a_grid_is_one_point(capsys):
    assert len(answer(capsys, "sweep", *SETTING, "--set", "n=10", "--set", "alpha=1/2")["records"]) == 1


def test_sweep_tells_what_is_missing(capsys):
    assert main(["sweep", *SETTING, "--grid", "n=10,20"]) == 2
    assert "no value for alpha" in capsys.readouterr().err


# --- check-claim -----------------------------------------------------------------------------------------------


def test_a_refuted_claim_has_exit_code_1(capsys):
    options = ["check-claim", "categorical", "1/(50*sqrt(n))", "--quantity", "drift", "--set", "K=5", "--set", "i=4",
               "--replicas", "300", *GRID]
    data = answer(capsys, *options, code=1)
    assert data["schema"] == "stlbounds/check-claim/1" and data["contradicted"]
    assert len(data["points"]) == 6
    assert main(options) == 1
    assert "contradicted at" in capsys.readouterr().out


def test_a_claim_that_survives_has_exit_code_0(capsys):
    data = answer(capsys, "check-claim", *SETTING[:1], "1", *SETTING[1:], "--set", "n=50", "--set", "alpha=1/2",
                  "--replicas", "50")
    assert data["verdict"] == "consistent" and data["points"][0]["ours"] > 0


@pytest.mark.parametrize("formula", ["1/0", "sqrt(", "os.system('ls')", "", "sqrt(mu)"])
def test_a_text_that_is_no_formula_is_one_line(capsys, formula):
    assert main(["check-claim", *SETTING[:1], formula, *SETTING[1:], "--set", "n=50", "--set", "alpha=1/2"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


# --- plot ------------------------------------------------------------------------------------------------------


PLOTS = {
    "terms": ["categorical", *SETTING[1:], "--set", "n=50", "--set", "alpha=1/2", "--replicas", "20"],
    "gap": ["categorical", *SETTING[1:], "--set", "n=50", "--set", "alpha=1/2", "--replicas", "20"],
    "phase": ["generic", "--grid", "alpha=0:1", "--grid", "kappa=0:3"],
    "regimes": ["generic", "--grid", "alpha=0:1", "--grid", "kappa=0:3"],
    "influence": ["categorical", "--set", "i=5", "--set", "alpha=1/2"],
    "tightness": ["categorical", *SETTING[1:], "--set", "alpha=1/2", "--grid", "n=50,100", "--replicas", "20"],
    "collapse": ["categorical", "--loop", "replace", *SETTING[1:], "--set", "n=50"],
}


@pytest.mark.parametrize("kind", [
    kind if kind in ("terms", "phase") else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS])
def test_every_kind_of_picture_is_written(capsys, tmp_path, kind):
    out = tmp_path / f"{kind}.svg"
    data = answer(capsys, "plot", kind, *PLOTS[kind], "--out", str(out))
    assert data == {"schema": "stlbounds/plot/1", "kind": kind, "file": str(out)}
    assert out.read_text().count("<svg") == 1


@pytest.mark.parametrize(("arguments", "says"), [
    (["plot", "pie", "categorical", "--out", "x.pdf"], "one of terms"),
    (["plot", "phase", "generic", "--grid", "alpha=0:1", "--out", "x.pdf"], "two axes"),
    (["plot", "gap", "categorical", "--grid", "n=1,2", "--out", "x.pdf"], "use --set"),
    (["plot", "influence", "categorical", "--set", "i=5", "--set", "alpha=1/2", "--out", "x.gif"], "ends in .svg"),
    (["plot", "influence", "categorical", "--set", "alpha=1/2", "--out", "x.pdf"], "i = missing"),
])
def test_pictures_that_cannot_be_drawn_are_one_line(capsys, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1
    assert list(Path().iterdir()) == []
