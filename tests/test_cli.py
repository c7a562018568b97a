"""The command line: its answers, its exit codes, and that bad input is one line and leaves nothing behind."""

from __future__ import annotations

import io
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stlbounds.__main__ import main
from stlbounds.bound import Bound
from stlbounds.cli.output import progress
from stlbounds.cli.request import Request
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS, THEOREMS, Entry, find, settable
from stlbounds.errors import InvalidArgumentError
from stlbounds.parsing import parse_expression
from stlbounds.symbols import known

ROOT = Path(__file__).resolve().parents[1]
CATEGORICAL = {"K": "20", "n": "2000", "alpha": "1/2", "i": "10", "delta": "1/20"}
GENERIC = {"kappa": "1.3", "c": "1", "r": "1/2", "n": "1000", "alpha": "0.3", "i": "7", "b": "2", "M": "1.5",
           "delta": "0.05"}


def sets(values: Mapping[str, str], **changed: str | None) -> list[str]:
    merged = {**values, **changed}
    return [part for name, text in merged.items() if text is not None for part in ("--set", f"{name}={text}")]


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    assert main([*arguments, "--json"]) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


# --- answers --------------------------------------------------------------------------------------------------

KNOWN = [
    ("generic", GENERIC, ["--real", "replay"], (0.101564767397, 0.00493164981590, 0.869984736969), 3.68312713341),
    ("generic", GENERIC, ["--real", "fresh"], (0.101564767397, 0.002, 0.502790888686), 2.12859224520),
    ("categorical", CATEGORICAL, [], (0.0397619762133121, 0.00149913684082031, 0.247813900406205), 1.63239512972751),
    ("categorical", CATEGORICAL, ["--drift", "lemma"], (0.0486863799547831, 0.00149913684082031, 0.247813900406205),
     1.63239512972751),
]


@pytest.mark.parametrize(("model", "values", "options", "terms", "amplification"), KNOWN)
def test_eval_known_values(
    capsys: pytest.CaptureFixture[str], model: str, values: dict[str, str], options: list[str],
    terms: tuple[float, ...], amplification: float,
) -> None:
    found = run_json(capsys, "eval", model, *options, *sets(values))
    assert list(found["terms"]) == ["drift", "bias", "concentration"]
    assert list(found["terms"].values()) == pytest.approx(terms, rel=1e-11)
    assert found["value"] == pytest.approx(sum(terms), rel=1e-11)
    assert found["amplification"] == pytest.approx(amplification, rel=1e-11)
    assert found["failure_probability"] == 0.05
    assert found["vacuous"] is False
    assert found["inputs"]["alpha"] == float(eval_fraction(values["alpha"]))
    assert set(found["inputs"]) == set(values)
    assert found["exact_inputs"]["delta"] == "1/20"


def eval_fraction(text: str) -> float:
    top, _, bottom = text.partition("/")
    return float(top) / float(bottom or 1)


def test_eval_other_theorems(capsys: pytest.CaptureFixture[str]) -> None:
    high = run_json(capsys, "eval", "categorical", *sets(CATEGORICAL))
    mean = run_json(capsys, "eval", "categorical", "--theorem", "expectation", *sets(CATEGORICAL, delta=None))
    gap = run_json(capsys, "eval", "categorical", "--theorem", "expected-gap", *sets(CATEGORICAL, delta=None))
    assert list(mean["terms"]) == ["drift", "bias"]
    assert mean["failure_probability"] == 0
    assert mean["value"] == pytest.approx(high["terms"]["drift"] + high["terms"]["bias"], rel=1e-12)
    ratio = gap["terms"]["concentration"] / high["terms"]["concentration"]
    assert ratio == pytest.approx(0.5 / math.sqrt(math.log(40) / 2), rel=1e-12)


def test_replace_is_fixed_mix_without_real_data(capsys: pytest.CaptureFixture[str]) -> None:
    replace = run_json(capsys, "eval", "generic", "--loop", "replace", *sets(GENERIC, alpha=None))
    mixed = run_json(capsys, "eval", "generic", *sets(GENERIC, alpha="0"))
    assert replace["value"] == pytest.approx(mixed["value"], rel=1e-12)
    assert math.isfinite(replace["value"])


def test_eval_says_when_it_is_vacuous(capsys: pytest.CaptureFixture[str]) -> None:
    few = sets(CATEGORICAL, n="20")
    assert run_json(capsys, "eval", "categorical", *few)["vacuous"] is True
    assert main(["eval", "categorical", *few]) == 0
    assert "vacuous: the gap never exceeds M = 1 anyway" in capsys.readouterr().out
    assert main(["eval", "categorical", *sets(CATEGORICAL)]) == 0
    out = capsys.readouterr().out
    assert "vacuous" not in out
    assert "0.28907501346" in out


def test_an_infinite_bound_is_null_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "eval", "generic", *sets(GENERIC, kappa="1e100"))
    assert found["value"] is None
    assert found["vacuous"] is True


def test_derive(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "generic"]) == 0
    out = capsys.readouterr().out
    assert "(A1) Sensitivity" in out
    assert "Proof: verified:" in out
    found = run_json(capsys, "derive", "generic")
    assert found["verified"]["steps"] > 30
    assert [item["label"] for item in found["assumptions"]] == ["A1", "A2", "A3", "A4"]
    assert found["proof"][-1]["latex"].count(r"\le") >= 2
    assert "latex" not in found


@pytest.mark.slow
@pytest.mark.usefixtures("patient_parser")
def test_the_texts_of_expressions_can_be_read_back(capsys: pytest.CaptureFixture[str]) -> None:
    # The parser knows no `layer_query`, the function of the layers in the depth-uniform constant.
    for model in sorted(set(GENERATORS) - {"transformer-depth-uniform"}):
        # One seed for a whole generation leaves the theorems in expectation.
        theorem = "expectation" if model.startswith("sgd-trained") else "high-probability"
        request = Request(model, theorem=theorem)
        found = run_json(capsys, "derive", model, "--theorem", theorem)
        for name, term in request.bound().terms.items():
            assert parse_expression(found["terms"][name]["text"]) == term


def test_derive_fixes_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "derive", "categorical", "--set", "alpha=1/4", "--set", "K=7")
    assert found["setting"]["loop"]["parameters"] == {"alpha": "1/4"}
    assert set(found["symbols"]) == {"n", "i", "delta"}
    assert main(["derive", "categorical", "--set", "n=7"]) == 2
    assert "a theorem keeps its other symbols" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["equation", "theorem", "proof", "document"])
def test_derive_prints_latex(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    assert main(["derive", "categorical", "--latex", kind]) == 0
    assert capsys.readouterr().out.rstrip("\n") == Request("categorical").bound().latex(kind).rstrip("\n")


def test_check(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", "categorical", *sets(CATEGORICAL, n="200", i="3"), "--replicas", "200", "--seed", "5"]
    found = run_json(capsys, *arguments)
    assert found["contradicted"] is False
    assert found["replicas"] == 200 and found["seed"] == 5
    assert run_json(capsys, *arguments) == found, "the same seed gives the same result"
    assert main(arguments) == 0
    assert "verdict: consistent" in capsys.readouterr().out


class Boast(Bound):
    """A bound that claims ten thousand times less than it proved."""

    def evaluate_terms(self, **values: Any) -> dict[str, Any]:
        return {name: value / 10_000 for name, value in super().evaluate_terms(**values).items()}


def test_a_contradiction_is_exit_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(THEOREMS, "boast", Entry("claims too much", lambda setting: Boast(setting)))
    arguments = ["categorical", "--theorem", "boast", *sets(CATEGORICAL, n="200", i="3"), "--replicas", "300"]
    found = run_json(capsys, "check", *arguments, code=1)
    assert found["contradicted"] is True
    assert main(["report", *arguments, "--out", str(tmp_path / "r")]) == 1
    assert "contradicted by the simulation" in capsys.readouterr().out
    assert "Contradicted by the simulation" in (tmp_path / "r" / "index.html").read_text(encoding="utf-8")


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "list")
    assert set(found["models"]) == set(GENERATORS) and set(found["theorems"]) == set(THEOREMS)
    assert found["symbols"]["delta"]["range"] == "in (0, 1)"
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    for name in (*GENERATORS, *LOOPS, *LEARNERS, *THEOREMS, *settable()):
        assert name in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("stlbounds ")


# --- the catalogue ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_entry_declares_its_symbols() -> None:
    requests = [Request("generic", loop=loop, assignments=("alphas=1/(j+1)",) if entry.lists else ())
                for loop, entry in LOOPS.items()]
    requests += [Request(model, theorem="expectation" if model.startswith("sgd-trained") else "high-probability")
                 for model in GENERATORS]
    requests += [Request("generic", learner=learner) for learner in LEARNERS]
    requests += [Request("location", loop="replace", theorem=theorem) for theorem in THEOREMS]
    for request in requests:
        learner = request.learner or GENERATORS[request.model].learner
        used = (LOOPS[request.loop or "fixed-mix"], GENERATORS[request.model], LEARNERS[learner],
                THEOREMS[request.theorem or "high-probability"])
        declared = {"n", "i", *(name for entry in used for name in entry.symbols)}
        assert {str(symbol) for symbol in request.bound().symbols} <= declared, request
    assert set(settable()) <= set(known())


def test_find_suggests() -> None:
    with pytest.raises(InvalidArgumentError, match="did you mean categorical"):
        find("MODEL", "categoric", GENERATORS)


def test_a_request_can_be_repeated() -> None:
    request = Request("generic", real="fresh", theorem="expectation", assignments=("n=5", "alpha=1/2"))
    assert request.command() == ["generic", "--real", "fresh", "--theorem", "expectation", "--set", "n=5", "--set",
                                 "alpha=1/2"]


# --- bad input ----------------------------------------------------------------------------------------------------

BAD = [
    (sets(CATEGORICAL, alpha="1.2"), r"alpha = 1.2: must be in [0, 1]"),
    (sets(CATEGORICAL, n="-3"), "n = -3: must be an integer in [1, oo)"),
    (sets(CATEGORICAL, i="2.5"), "i = 2.5: must be an integer"),
    (sets(CATEGORICAL, i="-1"), "i = -1"),
    (sets(CATEGORICAL, delta="0"), "delta = 0: must be in (0, 1)"),
    (sets(CATEGORICAL, delta="1"), "delta = 1: must be in (0, 1)"),
    (sets(CATEGORICAL, delta="nan"), "nan is not a finite number"),
    (sets(CATEGORICAL, n="inf"), "inf is not a finite number"),
    (sets(CATEGORICAL, n="9**9**9"), "a power of more than 4096 bits"),
    (sets(CATEGORICAL, n="__import__('os')"), "no strings"),
    (sets(CATEGORICAL, n="1/0"), "division by zero"),
    (sets(CATEGORICAL, Kappa="1"), "unknown symbol 'Kappa'; did you mean kappa?"),
    (sets(CATEGORICAL, kappa="1"), "kappa"),
    ([*sets(CATEGORICAL), "--set", "n=7"], "given once"),
    ([*sets(CATEGORICAL), "--set", "n"], "NAME=VALUE"),
    ([*sets(CATEGORICAL), "--loop", "fixed"], "did you mean fixed-mix?"),
    ([*sets(CATEGORICAL), "--real", "old"], "'replay' or 'fresh'"),
    ([*sets(CATEGORICAL, alpha=None), "--loop", "replace", "--real", "fresh"], "left out with the loop replace"),
    ([*sets(CATEGORICAL), "--learner", "lazy"], "--learner"),
    ([*sets(CATEGORICAL), "--theorem", "fermat"], "--theorem"),
    ([*sets(CATEGORICAL), "--drift", "blunt"], "'sharp' or 'lemma'"),
    ([*sets(CATEGORICAL), "--frob"], "--frob"),
    ([*sets(CATEGORICAL), "extra"], "extra"),
]


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said: one line on standard error, nothing on standard output."""
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("stlbounds: ") and captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    return captured.err


@pytest.mark.parametrize(("options", "message"), BAD, ids=range(len(BAD)))
@pytest.mark.parametrize("command", ["eval", "check", "report"])
def test_bad_input(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str, options: list[str], message: str
) -> None:
    out = ["--out", str(tmp_path / "new" / "report")] if command == "report" else []
    assert main([command, "categorical", *options, *out]) == 2
    assert message in complaint(capsys)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["eval", "check", "report"])
def test_missing_values_are_named(capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str) -> None:
    out = ["--out", str(tmp_path / "report")] if command == "report" else []
    assert main([command, "categorical", "--set", "n=2000", "--set", "i=3", *out]) == 2
    said = complaint(capsys)
    assert all(name in said for name in ("alpha", "K", "delta"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing command"),
        (["evaluate"], "evaluate"),
        (["eval"], "MODEL"),
        (["eval", "categoric"], "did you mean categorical?"),
        (["eval", "categorical", "--set"], "--set"),
        (["check", "categorical", "--replicas", "many"], "--replicas"),
        (["check", "categorical", *sets(CATEGORICAL), "--replicas", "0"], "replicas"),
        (["check", "categorical", *sets(CATEGORICAL), "--seed", "-1"], "seed"),
        (["check", "generic", *sets(GENERIC)], "cannot be simulated"),
        (["derive", "categorical", "--latex", "word"], "equation, theorem, proof, document"),
        (["report", "categorical", *sets(CATEGORICAL)], "--out"),
    ],
)
def test_bad_arguments(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main(arguments) == 2
    assert message in complaint(capsys)


def test_an_output_folder_that_cannot_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("do not touch")
    for folder in (tmp_path / "file", tmp_path / "file" / "deep" / "er", tmp_path / "mine", Path("/proc/no/folder")):
        assert main(["report", "categorical", *sets(CATEGORICAL), "--replicas", "50", "--out", str(folder)]) == 2
        assert "cannot write" in complaint(capsys)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "mine", "thesis.tex"]


def test_an_interruption_leaves_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupt(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("stlbounds.render.report.check", interrupt)
    assert main(["report", "categorical", *sets(CATEGORICAL), "--out", str(tmp_path / "a" / "b")]) == 130
    assert complaint(capsys) == "stlbounds: interrupted\n"
    assert list(tmp_path.iterdir()) == []


# --- as a process -------------------------------------------------------------------------------------------------


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("arguments", [["--help"], ["eval", "--help"], ["report", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    script = ("import sys; from stlbounds.__main__ import main; code = main(sys.argv[1:]); "
              "sys.stderr.write(' '.join(sys.modules)); sys.exit(code)")
    done = python("-c", script, *arguments)
    assert done.returncode == 0
    loaded = set(done.stderr.split())
    assert "stlbounds.cli.app" in loaded
    assert not loaded & {"sympy", "matplotlib", "scipy", "numpy", "mpmath", "jinja2"}


@pytest.mark.parametrize("command", ["list", "derive", "eval", "check", "report"])
def test_every_command_has_an_example(command: str) -> None:
    done = python("-m", "stlbounds", command, "--help")
    assert done.returncode == 0
    assert f"stlbounds {command}" in done.stdout.partition("Example:")[2]
    assert "--json" in done.stdout


def test_the_examples_of_the_help_run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
                                      tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("list", "derive", "eval", "check", "report"):
        assert main([command, "--help"]) == 0
        lines = capsys.readouterr().out.partition("Example:")[2].splitlines()
        examples = [line.split() for line in lines if line.strip().startswith("stlbounds ")]
        assert examples
        for words in examples:
            words = words[: words.index(">")] if ">" in words else words
            # Many replicas would only be slow here.
            words = [*words, "--replicas", "200"] if command in ("check", "report") else words
            assert main(words[1:]) == 0
            capsys.readouterr()
    assert (tmp_path / "report" / "index.html").exists()


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_a_missing_extra_is_one_line(missing: str) -> None:
    script = (f"import sys; sys.modules[{missing!r}] = None; from stlbounds.__main__ import main; "
              f"sys.stderr.isatty = lambda: True; sys.exit(main(sys.argv[1:]))")
    done = python("-c", script, "check", "categorical", *sets(CATEGORICAL), "--replicas", "20")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'stlbounds[cli]'" in done.stderr


def test_a_pipe_sees_no_colour_and_no_progress() -> None:
    done = python("-m", "stlbounds", "check", "categorical", *sets(CATEGORICAL, n="100", i="2"), "--replicas", "50")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "\x1b" not in done.stdout


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    arguments = ["report", "categorical", *sets(CATEGORICAL), "--replicas", "100000000", "--out", str(folder)]
    # A shell starts background processes deaf to Ctrl-C; this one must hear it however the tests were started.
    script = ("import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
              "from stlbounds.__main__ import main; sys.exit(main(sys.argv[1:]))")
    with subprocess.Popen([sys.executable, "-c", script, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
        for _ in range(600):
            if folder.parent.exists() and list(folder.parent.iterdir()):
                break
            time.sleep(0.1)
        assert list(folder.parent.iterdir()), "it has begun to write, aside"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out, err) == (130, "", "stlbounds: interrupted\n")
    assert list(tmp_path.iterdir()) == []


class Terminal(io.StringIO):
    """A terminal as far as `isatty` tells."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    with progress("working") as callback:
        assert callback is None, "pytest is no terminal"
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with progress("working") as callback:
        assert callback is not None
        callback(3, 10)
    assert "working" in screen.getvalue()


def test_an_ascii_terminal_does_not_break_formulas() -> None:
    done = python("-m", "stlbounds", "derive", "categorical", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "\\u2264" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize(("arguments", "redirected", "code"), [
    ("list symbols", ">/dev/full", 2), ("eval categorical --set K=0", "2>/dev/full", 2),
    ("list symbols", ">&-", 0), ("--help", ">&-", 0), ("eval categorical --set K=0", "2>&-", 2)])
def test_streams_that_are_full_or_closed(arguments: str, redirected: str, code: int) -> None:
    """The exit code 1 would say that a bound is contradicted."""
    line = f"{sys.executable} -m stlbounds {arguments} {redirected}"
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, check=False, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    said = "stlbounds: cannot write the output: No space left on device\n" if redirected == ">/dev/full" else ""
    assert (done.returncode, done.stderr) == (code, said)


def test_too_little_memory_and_faults_are_no_answers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise failure

    monkeypatch.setattr("stlbounds.check", fail)
    failure: Exception = MemoryError("7 GiB")
    assert main(["check", "categorical", *sets(CATEGORICAL)]) == 2
    assert "not enough memory" in complaint(capsys)
    failure = RuntimeError("a bug")
    assert main(["check", "categorical", *sets(CATEGORICAL)]) == 70
    said = capsys.readouterr().err
    assert "RuntimeError: a bug" in said and "please report it" in said.splitlines()[-1]


def test_a_name_that_the_locale_cannot_read(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "stlbounds", "init", "\u03b1.toml"], cwd=tmp_path, check=False,
                          capture_output=True, text=True, env={
                              **os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C", "PYTHONUTF8": "0",
                              "PYTHONCOERCECLOCALE": "0"})
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["\u03b1.toml"]
    assert "stlbounds derive \u03b1.toml\n" in (tmp_path / "\u03b1.toml").read_text(encoding="utf-8")


def test_nothing_runs_from_a_text(tmp_path: Path) -> None:
    target = tmp_path / "owned"
    attack = f"n=__import__('pathlib').Path('{target}').touch()"
    done = python("-m", "stlbounds", "eval", "categorical", "--set", attack)
    assert done.returncode == 2
    assert not target.exists()
