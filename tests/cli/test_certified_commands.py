"""The commands ``enclose``, ``compare`` and ``minimize``: answers, JSON, exit codes, and bad input in one line."""

from __future__ import annotations

import json

import pytest

from stlbounds.__main__ import main

VALUES = ["--set", "K=20", "--set", "n=2000", "--set", "i=10", "--set", "delta=0.05"]


def _json(capsys, *arguments, code=0):
    assert main([*arguments, "--json"]) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


def test_enclose(capsys):
    found = _json(capsys, "enclose", "categorical", *VALUES, "--range", "alpha=0.1:0.2")
    ends = [_json(capsys, "eval", "categorical", *VALUES, "--set", f"alpha={end}")["value"] for end in ("0.2", "0.1")]
    assert found["schema"] == "stlbounds/enclose/1" and found["boxes"] <= 16
    assert [found["lower"], found["upper"]] == pytest.approx(ends, rel=1e-12)
    assert float(found["lower_text"]) <= ends[0] and ends[1] <= float(found["upper_text"])
    assert main(["enclose", "categorical", *VALUES, "--range", "alpha=0.1:0.2", "--digits", "4"]) == 0
    assert capsys.readouterr().out == f"[{found['lower_text'][:6]}, 0.5837]\n"


def test_minimize(capsys):
    found = _json(capsys, "minimize", "categorical", "--loop", "weighted-mix", "--variable", "w", "--term",
                  "concentration", "--forever")
    assert found["closed_form"] and found["replayed"]
    assert found["at_number"] == pytest.approx((5**0.5 - 1) / 2)
    found = _json(capsys, "minimize", "categorical", "--loop", "augment", "--variable", "lam", "--over", "0:20",
                  *VALUES)
    assert not found["closed_form"] and found["replayed"] and found["at"] == "0" and found["value"][0] > 0.1


def test_compare(capsys):
    fixed = ["--set", "K=20", "--set", "n=2000", "--set", "delta=0.05", "--set", "alpha=1/2", "--range", "i=0:20"]
    found = _json(capsys, "compare", "categorical", "--other-drift", "lemma", *fixed)
    assert found["verdict"] == "proved" and found["replayed"] and found["variable"] == "i"
    found = _json(capsys, "compare", "categorical", "--drift", "lemma", "--other-drift", "sharp", *fixed, code=1)
    assert found["verdict"] == "refuted" and found["point"]["alpha"] == "1/2"


@pytest.mark.parametrize(("arguments", "message"), [
    (["enclose", "categorical", *VALUES, "--range", "alpha=0.1"], "NAME=LOW:HIGH"),
    (["enclose", "categorical", *VALUES, "--range", "alpha=0.2:0.1"], "alpha"),
    (["enclose", "categorical", *VALUES, "--range", "nobody=0:1"], "nobody"),
    (["enclose", "categorical", *VALUES, "--range", "alpha=0:1", "--range", "alpha=0:1"], "given once"),
    (["minimize", "categorical", "--variable", "lam"], "lam does not occur"),
    (["compare", "categorical", "--other-loop", "nowhere"], "nowhere"),
])
def test_bad_input(capsys, arguments, message):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and message in captured.err and captured.err.count("\n") == 1
