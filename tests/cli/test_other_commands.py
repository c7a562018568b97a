"""The commands doctor, reproduce, measure and self-check; the grammar that all commands share; what goes wrong."""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import sympy as sp

from stlbounds.__main__ import main
from stlbounds.cli.commands import COMMANDS, doctor
from stlbounds.cli.commands.measure import QUANTITIES
from stlbounds.simulation import measure as measured

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--set", "K=5", "--set", "n=50", "--set", "alpha=1/2", "--set", "i=3"]
ERROR = "stlbounds: "


def answer(capsys, *arguments, code=0):
    assert main([*arguments, "--json"]) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


def complaint(capsys):
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith(ERROR) and captured.err.count("\n") == 1, captured
    return captured.err


# --- doctor ----------------------------------------------------------------------------------------------------


def test_doctor_knows_the_extras_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    def distributions(requirements):
        names = (requirement.partition(">")[0].partition("[")[0] for requirement in requirements)
        return [name for name in names if name != "stlbounds"]

    extras = {name: set(distributions(found)) for name, found in project["optional-dependencies"].items()}
    assert extras.pop("all") == set()
    extras["distributed"].add("distributed")  # by dask[distributed]
    assert {name: set(packages) for name, (_, packages) in doctor.EXTRAS.items()} == extras
    assert set(distributions(project["dependencies"])) == set(doctor.CORE)


def test_doctor(capsys, monkeypatch, tmp_path):
    (tmp_path / "latexmk").write_text("#!/bin/sh\necho\necho Latexmk 4.79\n")
    (tmp_path / "latexmk").chmod(0o755)
    (tmp_path / "node").write_text("no program at all")
    (tmp_path / "node").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(doctor.EXTRAS, "plot", ("pictures", ("matplotlib", "no-such-distribution")))
    data = answer(capsys, "doctor")
    assert data["schema"] == "stlbounds/doctor/1"
    assert data["core"]["sympy"] == sp.__version__
    assert data["extras"]["cli"]["complete"] and not data["extras"]["plot"]["complete"]
    assert data["programs"]["latexmk"] == {
        "purpose": "PDF of a theorem and of a report", "path": str(tmp_path / "latexmk"), "version": "Latexmk 4.79"}
    assert data["programs"]["node"]["version"] is None and data["programs"]["pdflatex"]["path"] is None
    assert main(["doctor"]) == 0
    assert "no-such-distribution missing" in capsys.readouterr().out


# --- reproduce -------------------------------------------------------------------------------------------------


def test_derivations_are_listed_without_running_them(capsys):
    found = answer(capsys, "reproduce", "--list")["derivations"]
    models = {f"models/{path.stem}" for path in (ROOT / "derivations" / "models").glob("*.py")}
    assert set(found) == {path.stem for path in (ROOT / "derivations").glob("*.py")} - {"comparison"} | (
        models - {"models/shared", "models/line", "models/points"})
    assert all(len(sentence) > 20 for sentence in found.values())


def test_a_derivation_is_reproduced(capsys):
    [result] = answer(capsys, "reproduce", "dong2021")["results"]
    assert result["agrees"] and result["rows"] and "agreement" in result["verdict"]
    assert main(["reproduce", "dong2021"]) == 0
    assert result["verdict"] == capsys.readouterr().out.splitlines()[-1]


def test_a_derivation_that_disagrees_has_exit_code_1(capsys, monkeypatch):
    answer(capsys, "reproduce", "dong2021")
    monkeypatch.setattr(sys.modules["dong2021"], "POWER", 2)
    [result] = answer(capsys, "reproduce", "dong2021", code=1)["results"]
    assert not result["agrees"] and "power of the decay" in result["verdict"]


@pytest.mark.slow
def test_a_model_is_attacked_and_simulated(capsys, monkeypatch):
    [result] = answer(capsys, "reproduce", "models/temperature")["results"]
    assert result["agrees"] and "not contradicted" in result["verdict"]
    monkeypatch.setattr(sys.modules["temperature"], "KAPPA", sp.Rational(1, 2))
    [result] = answer(capsys, "reproduce", "models/temperature", code=1)["results"]
    assert not result["agrees"] and "too small by a factor" in result["verdict"]


@pytest.mark.parametrize(("arguments", "says"), [
    ([], "either names, or --list, or --all"), (["hardt2016", "--list"], "either names"),
    (["hardt2015"], "did you mean hardt2016"), (["comparison"], "one of"),
    (["models/shared"], "did you mean models/"), (["../derivations/hardt2016"], "one of")])
def test_derivations_that_are_none(capsys, arguments, says):
    assert main(["reproduce", *arguments]) == 2
    assert says in complaint(capsys)


# --- measure, self-check ---------------------------------------------------------------------------------------


def test_measure(capsys):
    data = answer(capsys, "measure", "categorical", *SMALL, "--quantity", "mixed-drift", "--quantity", "gap",
                  "--replicas", "50")
    assert data["schema"].startswith("stlbounds/measure/")
    assert list(data["quantities"]) == ["mixed drift", "gap"] or set(data["quantities"]) == {"mixed drift", "gap"}
    assert main(["measure", "categorical", *SMALL, "--quantity", "weight"]) == 2
    assert "weight" in complaint(capsys)


def test_the_quantities_are_those_of_the_library():
    assert {name.replace("-", " ") for name in QUANTITIES} == set(measured.QUANTITIES)


def test_self_check(capsys, monkeypatch):
    data = answer(capsys, "self-check", "categorical", "--set", "K=3")
    assert {row["part"] for row in data["constants"]} == {"generator", "learner"}
    assert all(row["holds"] and row["slack"] >= 1 for row in data["constants"])
    assert main(["self-check", "generic"]) == 2
    assert "nothing to measure" in complaint(capsys)
    assert main(["self-check", "categorical"]) == 2
    assert "K" in complaint(capsys)
    from stlbounds.generators import Categorical
    from stlbounds.generators.measurement import Measurement

    monkeypatch.setattr(Categorical, "self_check", lambda self, **values: (Measurement("kappa", 2.0, 1.0, "a lie"),))
    assert main(["self-check", "categorical", "--part", "generator"]) == 1
    assert "EXCEEDED" in capsys.readouterr().out


# --- one grammar -----------------------------------------------------------------------------------------------

SHARED = {"--loop", "--real", "--learner", "--theorem", "--drift", "--set", "--json"}
#: Commands without a bound, and options that would mean nothing in a command.
NO_BOUND = {"list", "init", "reproduce", "doctor"}
LEFT_OUT = {"check-claim": {"--theorem"}, "self-check": {"--theorem", "--drift"}}


@pytest.fixture(scope="module")
def commands():
    import typer

    from stlbounds.cli.app import app

    return typer.main.get_command(app).commands


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_speaks_the_same_grammar(commands, name):
    options = {flag for parameter in commands[name].params for flag in parameter.opts}
    missing = SHARED - options if name not in NO_BOUND else {"--json"} - options
    assert missing == LEFT_OUT.get(name, set())
    assert name in NO_BOUND or "model" in options
    assert commands[name].help and all(getattr(part, "help", None) for part in commands[name].params), "all have help"
    assert f"stlbounds {name} " in commands[name].epilog + " "


MODEL = """
[model]
name = "mine"
[symbols.quota]
meaning = "a proportion of my own"
low = 0
high = 1
[generator]
use = "categorical"
K = 5
[learner]
use = "brier"
[loop]
use = "fixed-mix"
alpha = "quota"
"""
_POINT = "--set n=50 --set i=3 --set quota=1/2 --set delta=0.1"
_LARGE = "--set n=20000 --set quota=1/2 --set delta=0.1"
#: What follows the model file in each command that takes one.
WITH_A_FILE = {
    "derive": "", "latex": "--out paper", "eval": _POINT,
    "enclose": "--set n=50 --set i=3 --set delta=0.1 --range quota=0.1:0.2",
    "compare": f"--other-drift lemma {_POINT}", "minimize": "--variable quota --set n=50 --set i=3 --set delta=0.1",
    "rate": "--variable n", "limit": "--variable quota --to 0", "threshold": "--variable quota",
    "phase-diagram": "--x quota --y delta --grid quota=1/4,1/2 --grid delta=0.1,0.2",
    "horizon": f"--epsilon 1/2 {_LARGE}", "max-generations": f"--epsilon 2 {_LARGE}",
    "sample-size": "--epsilon 1/2 --set i=3 --set quota=1/2 --set delta=0.1",
    "min-real-fraction": "--loop fixed-mix --epsilon 1/2 --set n=20000 --set i=3 --set delta=0.1",
    "check": f"{_POINT} --replicas 20", "check-claim": f"1/quota {_POINT} --replicas 20",
    "measure": f"{_POINT} --quantity gap --replicas 20", "self-check": "--part generator",
    "sweep": "--set i=3 --set delta=0.1 --set n=40 --grid quota=0.1:0.9:3",
    "plot": "--set i=5 --set quota=1/2 --out picture.svg", "report": f"{_POINT} --replicas 20 --out report",
}
_SLOW = {"latex", "horizon", "max-generations", "sample-size", "min-real-fraction", "minimize", "report", "self-check",
         "plot"}


def test_every_command_with_a_bound_is_tried_with_a_model_file():
    assert set(WITH_A_FILE) == set(COMMANDS) - NO_BOUND


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.slow) if name in _SLOW else name for name in WITH_A_FILE])
def test_every_command_takes_a_model_file(capsys, monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(MODEL)
    kind = ["influence"] if name == "plot" else []
    data = answer(capsys, name, *kind, "mine.toml", *shlex.split(WITH_A_FILE[name]))
    assert data["schema"].startswith(f"stlbounds/{name}/")


# --- what goes wrong -------------------------------------------------------------------------------------------


def _nonsense(rng, parameters):
    """A few options of a command, with values that are mostly wrong."""
    words = ["categorical"] if rng.random() < 0.7 else [rng.choice(["", "no.toml", "\ud800", "..", "9", "/dev/null"])]
    for _ in range(rng.randrange(1, 4)):
        flag = rng.choice([parameter for parameter in parameters if parameter.opts[0].startswith("--")]).opts[0]
        words.append(flag)
        if rng.random() < 0.9:
            words.append(rng.choice(["nan", "-1", "1e999", "x", "", "a=b", "n=", "=", "n=1,,2", "9**9**9", "\n", "é",
                                     "n=__import__('os')", "oo", "0", "fixed-mix", "--", "1:2", "../x", "K=0"]))
    return words


@pytest.mark.parametrize("name", [
    name if name in ("list", "init", "eval", "plot") else pytest.param(name, marks=pytest.mark.slow)
    for name in COMMANDS])
def test_bad_options_are_one_line(capsys, monkeypatch, tmp_path, commands, name):
    monkeypatch.chdir(tmp_path)
    rng = random.Random(name)
    # Answers take time; what is asked for here is what is refused, so that nothing is drawn, searched or derived.
    for _ in range(6):
        words = [*_nonsense(rng, commands[name].params), "--no-such-option"]
        assert main([name, *words]) == 2
        complaint(capsys)
    for _ in range(2):
        words = [*_nonsense(rng, commands[name].params), "--set", f"n={rng.choice(['-1', 'nan', 'x', '', '1/0'])}"]
        assert main([name, *words]) == 2
        complaint(capsys)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("arguments", "says"), [
    ("eval categorical --loop ''", "--loop = ''"), ("eval categorical --theorem ''", "--theorem = ''"),
    ("derive generic --drift ''", "drift = "), ("compare generic --other ''", "MODEL = ''"),
    ("compare generic --seconds nan", "--seconds"), ("rate generic --seconds -1", "--seconds"),
    ("sweep categorical --workers 0", "--workers"), ("check categorical --replicas 1e3", "--replicas"),
    ("check categorical --replicas 99999999999999999999", "--replicas"), ("measure categorical --seed -5", "--seed"),
    ("sweep categorical --grid n=1:9:1000000 --grid i=1,2", "at most 1000000 points"),
    ("sweep categorical --grid n=1:9:1e9", "COUNT in"), ("enclose generic --range alpha=0.1,0.2", "alpha=0.1:0.2"),
    ("phase-diagram generic --grid n=1,2", "for alpha or kappa"), ("rate generic --variable alhpa", "mean alpha?"),
    ("check categorical --set K=3 --set n=9 --set alpha=1/2 --set delta=0.1 --set i=1e9", "i = 1000000000"),
    ("plot gap categorical --replicas 99999999999999999999 --out x.pdf", "--replicas"),
    ("eval my_model", "a model file (*.toml), or one of generic"), ("derive generic --latex word", "--latex = 'word'"),
    # Options that contradict each other.
    ("derive generic --latex theorem --format markdown", "left out with --latex"),
    ("enclose generic --set alpha=1/2 --range alpha=0:1", "left out beside --set alpha"),
    ("compare generic --set alpha=1/2 --range alpha=0:1", "left out beside --set alpha"),
    ("check-claim categorical log(alpha-1) --set K=3 --set n=9 --set alpha=1/2 --set delta=0.1 --set i=2",
     "must be a real number at i = 2\n"),
])
def test_hostile_newcomers_are_told_what_is_allowed(capsys, arguments, says):
    assert main(shlex.split(arguments)) == 2
    assert says in complaint(capsys)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_shown(shell):
    # Typer would look at the parent process for the shell otherwise.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = subprocess.run([sys.executable, "-m", "stlbounds", "--show-completion", shell], cwd=ROOT, check=False,
                          capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and f"complete_{shell}" in done.stdout and done.stderr == ""


@pytest.mark.parametrize(("words", "found"), [
    ("eval categ", ["categorical", "categorical-with-prior"]), ("eval my", ["my_model.toml"]),
    ("eval categorical --real ", ["replay", "fresh"])])
def test_completion_completes(tmp_path, words, found):
    (tmp_path / "my_model.toml").touch()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "_STLBOUNDS_COMPLETE": "complete_bash",
                   "COMP_WORDS": f"stlbounds {words}", "COMP_CWORD": str(words.count(" ") + 1)}
    done = subprocess.run([sys.executable, "-m", "stlbounds"], cwd=tmp_path, capture_output=True, text=True,
                          env=environment, check=False)
    assert done.returncode == 0 and done.stdout.split() == found


_LONG = ["categorical", "--set", "K=5", "--set", "n=5000", "--set", "alpha=1/2", "--set", "i=60", "--set", "delta=0.1",
         "--replicas", "100000000"]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [
    ["sweep", "categorical", "--set", "K=5", "--set", "i=9", "--set", "delta=0.1", "--grid", "n=1000,2000,3000",
     "--grid", "alpha=0.1:0.9:99", "--replicas", "100000", "--out", "table.csv"],
    ["plot", "gap", "categorical", "--set", "K=5", "--set", "n=5000", "--set", "alpha=1/2", "--set", "i=60", "--set",
     "delta=0.1", "--replicas", "100000000", "--out", "picture.pdf"],
    ["check", *_LONG], ["report", *_LONG, "--out", "folder"], ["reproduce", "--all"]],
    ids=["sweep", "plot", "check", "report", "reproduce"])
def test_ctrl_c_leaves_nothing_half_written(tmp_path, arguments):
    # A shell starts background processes deaf to Ctrl-C; this one must hear it however the tests were started.
    script = ("import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
              "from stlbounds.__main__ import main; import stlbounds.simulation.engine; sys.stderr.write('ready\\n'); "
              "sys.stderr.flush(); sys.exit(main(sys.argv[1:]))")
    with subprocess.Popen([sys.executable, "-c", script, *arguments], cwd=tmp_path, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
        assert process.stderr.readline() == "ready\n"
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    # What was finished by then is handed back: the rows of a sweep, the picture of fewer replicas; files are whole.
    assert process.returncode in (0, 130) and "Traceback" not in error
    for path in tmp_path.iterdir():
        assert path.name in ("table.csv", "picture.pdf")
        if path.suffix == ".pdf":
            assert path.read_bytes().rstrip().endswith(b"%%EOF")
        else:
            assert len({line.count(",") for line in path.read_text().splitlines()}) == 1


# --- the examples of the help ----------------------------------------------------------------------------------

#: Many replicas would only be slow here.
_FEW = {"check", "check-claim", "report", "measure", "plot"}


def _examples():
    from importlib import import_module

    tested_elsewhere = {"list", "derive", "eval", "check", "report"}  # tests/test_cli.py
    for name in COMMANDS:
        if name not in tested_elsewhere:
            for line in import_module(f"stlbounds.cli.commands.{name.replace('-', '_')}").EXAMPLES:
                yield pytest.param(name, line, id=f"{name}-{line.count(' ')}-{len(line)}", marks=pytest.mark.slow)


@pytest.mark.parametrize(("name", "line"), list(_examples()))
def test_the_examples_of_every_help_run(capsys, monkeypatch, tmp_path, name, line):
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line)
    assert words[:2] == ["stlbounds", name]
    start = time.monotonic()
    code = main([*words[1:], *(["--replicas", "50"] if name in _FEW and "phase" not in words else [])])
    # A claim may be shown that is false: then the answer is no.
    assert code == 0 or (code == 1 and name == "check-claim")
    assert time.monotonic() - start < 60
    assert capsys.readouterr().err == ""
