"""The commands that question a bound: what they print, as text and as JSON, and their exit codes."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from stlbounds.cli.app import app

RUN = CliRunner()
MIX = ["--set", "M=1", "--set", "b=1", "--set", "c=1", "--set", "r=1/2", "--set", "kappa=1", "--set", "delta=0.05"]


def run(*arguments):
    return RUN.invoke(app, list(arguments))


def read(*arguments):
    result = run(*arguments, "--json")
    assert result.exit_code in (0, 1), result.output
    return json.loads(result.stdout)


def test_rate():
    data = read("rate", "generic", "--variable", "n", "--set", "alpha=n**(-1/4)", "--set", "i=n", "--set", "kappa=1",
                "--set", "r=1/2")
    assert data["schema"] == "stlbounds/rate/1"
    assert [(case["order"], case["constant"]) for case in data["cases"]] == [("n**(-1/4)", "M*c")]
    text = run("rate", "generic", "--variable", "n", "--term", "concentration").stdout
    assert text.startswith("Theta(1/sqrt(n))") and "alpha < 1" in text


def test_limit():
    assert read("limit", "categorical", "--loop", "accumulate", "--variable", "i", "--to", "oo", "--term",
                "concentration")["cases"][0]["value"].count("pi") == 1
    assert "M*c*i/n**r" in run("limit", "generic", "--variable", "alpha", "--to", "0").stdout


def test_threshold():
    data = read("threshold", "generic", "--loop", "fixed-mix", "--variable", "alpha")
    assert data["critical"] == "Max(0, 1 - 1/kappa)" and data["schema"] == "stlbounds/threshold/1"
    text = run("threshold", "categorical", "--loop", "replace", "--variable", "K").stdout
    assert text.startswith("no guarantee for every K") and "collapse" in text


def test_inversions():
    data = read("sample-size", "generic", "--theorem", "expectation", "--epsilon", "epsilon", "--set", "alpha=1")
    assert data["closed_form"] == "b/epsilon" and data["value"] is None
    found = read("sample-size", "generic", "--epsilon", "0.5", *MIX, "--set", "alpha=1/2", "--set", "i=3")
    assert found["evidence"][0]["bound"] > 0.5 >= found["evidence"][1]["bound"]
    assert read("horizon", "generic", "--loop", "replace", "--epsilon", "1", *MIX, "--set", "n=100")["value"] == 3
    assert read("max-generations", "generic", "--loop", "replace", "--epsilon", "1", *MIX, "--set",
                "n=100")["value"] == 2
    assert read("min-real-fraction", "generic", "--epsilon", "0.9", *MIX, "--set", "n=100", "--set",
                "i=5")["bracket"] is not None


def test_the_answer_no_has_an_exit_code():
    result = run("max-generations", "generic", "--loop", "replace", "--epsilon", "0.001", *MIX, "--set", "n=100")
    assert result.exit_code == 1 and "no i works" in result.stdout


def test_a_phase_diagram():
    data = read("phase-diagram", "generic", "--grid", "alpha=0.25:0.75:3", "--grid", "kappa=2")
    assert data["regimes"] == [["no guarantee", "critical", "guaranteed"]]
    assert "-o+" in run("phase-diagram", "generic", "--grid", "alpha=0.25:0.75:3", "--grid", "kappa=2").stdout


@pytest.mark.parametrize("arguments", [
    ("rate", "generic", "--variable", "alpha"), ("rate", "generic", "--set", "nonsense=1"),
    ("rate", "generic", "--set", "r=1", "--set", "r=2"), ("limit", "generic", "--to", "many"),
    ("sample-size", "generic", "--epsilon", "-1"), ("horizon", "generic", "--epsilon", "1"),
])
def test_bad_input_is_refused(arguments):
    from stlbounds.errors import StlboundsError

    result = run(*arguments)
    assert isinstance(result.exception, StlboundsError)
