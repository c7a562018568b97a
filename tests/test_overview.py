"""The catalogue as a table: computed from the objects, complete, filtered, and printed in every dialect."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.__main__ import main
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS
from stlbounds.errors import InvalidArgumentError
from stlbounds.overview import Catalogue, critical_proportion, long_run
from stlbounds.parsing import parse_expression
from stlbounds.render.compile import compile_pdf
from stlbounds.render.references import REFERENCES
from stlbounds.render.tables import Table
from stlbounds.special import geometric_sum
from stlbounds.symbols import N, alpha, entry, eta, i, kappa, known, n, rho

needs_tex = pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")


@pytest.fixture(scope="module")
def found() -> Catalogue:
    return stl.catalogue()


def test_every_entry_has_one_row(found):
    names = {kind: [row.name for row in rows] for kind, rows in found.by_kind.items()}
    assert names == {"loop": list(LOOPS), "generator": list(GENERATORS), "learner": list(LEARNERS)}
    assert len(found) == len(LOOPS) + len(GENERATORS) + len(LEARNERS) == len(list(found))


def test_constants_are_those_of_the_objects(found):
    for name, item in GENERATORS.items():
        made, row = item.make(lambda one: entry(one).symbol), found[f"generator:{name}"]
        assert (row.kappa, row.learning_error, row.metric) == (made.sensitivity, made.learning_error, made.metric)
        assert row.shared_seed is made.shared_seed
        assert row.references == type(made).references
    for name, item in LEARNERS.items():
        made, row = item.make(lambda one: entry(one).symbol), found[f"learner:{name}"]
        assert (row.beta_N, row.loss_constant, row.metric) == (made.beta_N, made.loss_constant, made.metric)


def test_rows_agree_with_the_theorems(found):
    mix = stl.loops.FixedMix(alpha)
    for name in ("categorical", "generic", "kernel-density", "location"):
        setting = stl.Setting(mix, GENERATORS[name].make(lambda one: entry(one).symbol),
                              stl.learners.UniformlyStable(0, 1, stl.EUCLIDEAN))
        assert found[f"generator:{name}"].drift == stl.in_expectation(setting).terms["drift"]
    for name in ("fixed-mix", "augment", "accumulate", "subsample", "weighted-mix"):
        loop = LOOPS[name].make(lambda one: entry(one).symbol, None)
        generator = stl.generators.Generator("any", stl.DISCRETE, kappa, 0)
        bound = stl.in_expectation(stl.Setting(loop, generator, stl.learners.UniformlyStable(0, 1)))
        row = found[f"loop:{name}"]
        assert row.gain == bound.loop_gain
        assert row.recursive_stability == bound.recursive_stability


def test_long_runs_are_limits(found):
    values = {kappa: sp.Rational(3, 4), alpha: sp.Rational(1, 3), entry("lam").symbol: 2, entry("w").symbol: sp.S.Half,
              n: 10}
    for name in ("fixed-mix", "replace", "augment", "weighted-mix"):
        row = found[f"loop:{name}"]
        late = row.recursive_stability.subs(i, 400).subs(values)
        assert float(late) == pytest.approx(float(row.long_run.subs(values)), rel=1e-12, abs=1e-40)
    for name in ("accumulate", "subsample", "schedule"):
        assert found[f"loop:{name}"].long_run is None
    assert long_run(i * geometric_sum(rho, i)) is None


@pytest.mark.parametrize(("sensitivity", "needed"), [
    (sp.Integer(1), 0), (sp.Integer(5), sp.Rational(4, 5)), (sp.S.Zero, 0), (1 - eta, 0),
    (1 + kappa, 1 - 1 / (1 + kappa)), (kappa, sp.Max(0, 1 - 1 / kappa)),
    (N * sp.tanh(kappa), sp.Max(0, 1 - 1 / (N * sp.tanh(kappa)))),
])
def test_the_critical_proportion(sensitivity, needed):
    assert critical_proportion(sensitivity) == needed


def test_what_is_assumed(found):
    assert found["categorical"].assumptions == found["brier"].assumptions == ()
    assert set(found["generator:transformer"].assumptions) == {"Tokens", "Values", "Scores", "Learning error"}
    assert found["sgd-trained"].shared_seed and not found["gradient-trained"].shared_seed
    assert [row.name for row in found if not row.measured and row.kind != "loop"] == [
        "generic", "uniformly-stable", "uniformly-stable-euclidean"]


def test_every_reference_is_in_the_bibliography(found):
    for row in found:
        assert row.references and set(row.references) <= set(REFERENCES), row.name
        assert set(row.symbols) <= set(known()) | {"alphas"}


def test_filters(found):
    euclidean = stl.catalogue(kind="learner", metric=stl.EUCLIDEAN)
    assert [row.name for row in euclidean] == [
        row.name for row in found if row.kind == "learner" and row.metric is stl.EUCLIDEAN]
    # Loops suit both metrics.
    assert len(stl.catalogue(kind="loop", metric=stl.DISCRETE)) == len(LOOPS)
    with pytest.raises(InvalidArgumentError, match="kind"):
        stl.catalogue(kind="model")
    with pytest.raises(InvalidArgumentError, match="metric"):
        stl.catalogue(metric="discrete")
    with pytest.raises(InvalidArgumentError, match="generator:transformer, learner:transformer"):
        found["transformer"]


# --- dialects ----------------------------------------------------------------------------------------------------


def test_text(found):
    text = str(found)
    assert text == found.text()
    assert all(row.name in text for row in found)
    assert max(map(len, text.splitlines())) <= 160
    assert not re.search(r"\\|\$", text)
    assert repr(found) == f"<Catalogue of {len(LOOPS)} loops, {len(GENERATORS)} generators, {len(LEARNERS)} learners>"


def test_markdown(found):
    text = found.markdown()
    tables = [part for part in text.split("###") if part.strip()]
    assert len(tables) == 3
    for table in tables:
        lines = [line for line in table.splitlines() if line.startswith("|")]
        assert len({line.replace(r"\|", "").count("|") for line in lines}) == 1
    assert "| categorical | discrete | $1$ |" in text
    assert found._repr_markdown_() == text


def test_data_is_json_and_reads_back(found):
    data = json.loads(json.dumps(found.to_dict()))
    assert set(data) == {"loops", "generators", "learners"}
    for kind, rows in data.items():
        for row in rows:
            made = found[f"{kind[:-1]}:{row['name']}"]
            for name in ("kappa", "beta_N", "gain", "recursive_stability", "long_run", "drift", "critical_proportion"):
                assert (name in row) == (getattr(made, name) is not None)
                if name in row:
                    same = parse_expression(row[name])
                    assert same == getattr(made, name) or sp.simplify(same - getattr(made, name)) == 0, (row, name)


def test_html_is_well_formed(found):
    page = found._repr_html_()
    tree = ElementTree.fromstring(f"<body>{page}</body>")
    assert len(tree.findall(".//table")) == 3 and len(tree.findall(".//tbody/tr")) == len(found)
    assert "\\" not in page and "$" not in page


@needs_tex
def test_latex_compiles_in_a_column(found, tmp_path: Path):
    text = (r"\documentclass[10pt]{article}\usepackage[textwidth=5.5in]{geometry}"
            r"\usepackage{amsmath,amssymb,booktabs,tabularx}" "\n" r"\begin{document}" "\n" + found.latex()
            + r"\end{document}")
    summary = compile_pdf(text, tmp_path / "x.pdf")
    assert (summary.overfull, summary.undefined) == ((), ())
    assert r"\toprule" in found.latex() and found.latex().count(r"\begin{table}") == 3


def test_a_table_breaks_long_cells():
    made = Table("T", ("a", "b"), (("one two three", "4"), ("x", "y | z")))
    assert made.text([7, 5]).splitlines() == [
        "T", "", "  a        b", "  -------  -----", "  one two  4", "  three", "  x        y | z"]
    assert made.markdown().splitlines()[-1] == r"| x | y \| z |"


# --- the command line ----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("room", ["models", "loops", "learners", "theorems", "symbols"])
def test_list_can_be_restricted(room, capsys):
    assert main(["list", room, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert set(data) == {"schema", room} and data["schema"] == "stlbounds/list/1"
    assert main(["list", room, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == data
    for shape in ("text", "markdown", "latex"):
        assert main(["list", room, "--format", shape]) == 0
        out = capsys.readouterr().out
        assert all(name.replace("_", r"\_") in out if shape == "latex" else name in out for name in data[room])


def test_list_refuses(capsys):
    assert main(["list", "nothing"]) == 2
    assert "one of models, loops, learners, theorems, symbols" in capsys.readouterr().err
    assert main(["list", "--format", "pdf"]) == 2
    assert "one of text, markdown, latex, json" in capsys.readouterr().err
