"""What commands print and what is saved, held against the JSON Schemas that are shipped."""

from __future__ import annotations

import importlib
import json
import pkgutil
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import stlbounds as stl
from stlbounds import schemas
from stlbounds.__main__ import main
from stlbounds.cli import commands
from stlbounds.cli.request import Request
from stlbounds.entries import GENERATORS, LOOPS
from stlbounds.errors import InvalidArgumentError
from stlbounds.parsing import parse_assignments
from stlbounds.render.record import inputs, numbers
from stlbounds.saved import to_dict
from stlbounds.symbols import declare

DOCS = Path(__file__).resolve().parents[1] / "docs"
VALUES = "--set n=200 --set alpha=1/2 --set i=4 --set delta=0.05 --set K=5"
#: Commands whose examples need files, or write other things than JSON.
OTHERS = {"init", "report", "reproduce"}
QUICK = (f"eval categorical {VALUES}", "derive generic", "rate generic --variable n",
         "limit generic --variable i --to oo --set alpha=1/2 --set kappa=1", "list loops",
         "threshold generic --variable alpha",
         "horizon categorical --loop replace --epsilon 1/2 --set K=20 --set n=2000 --set delta=0.05",
         "reproduce --list",
         "horizon categorical --epsilon 100 --set K=20 --set n=2000 --set delta=0.05 --set alpha=1/2",
         f"check categorical {VALUES} --replicas 40",
         "check categorical --theorem expectation --set n=200 --set alpha=1/2 --set i=4 --set K=5 --replicas 40")


def holds(data: Any) -> None:
    found = schemas.schema(data["schema"])
    jsonschema.Draft202012Validator(found).validate(data)


def printed(command: str, capsys: pytest.CaptureFixture[str]) -> Any:
    arguments = shlex.split(command.partition(" > ")[0])
    main([*arguments, *(() if "--json" in arguments else ("--json",))])
    return json.loads(capsys.readouterr().out)


def examples() -> list[str]:
    found: list[str] = []
    for module in pkgutil.iter_modules(commands.__path__):
        if module.name not in OTHERS:
            examples = importlib.import_module(f"stlbounds.cli.commands.{module.name}").EXAMPLES
            found += [example.removeprefix("stlbounds ") for example in examples]
    return [example for example in found if not {"my_model.toml", "..."} & set(example.split())]


@pytest.mark.parametrize("name", schemas.names())
def test_the_schemas_are_schemas(name: str) -> None:
    found = schemas.schema(name)
    jsonschema.Draft202012Validator.check_schema(found)
    assert found["title"] == name == found["properties"]["schema"]["const"]


def test_every_command_has_a_schema() -> None:
    named = {module.name.replace("_", "-") for module in pkgutil.iter_modules(commands.__path__)}
    assert {f"stlbounds/{name}/1" for name in named} <= set(schemas.names())
    with pytest.raises(InvalidArgumentError, match="must be one of stlbounds/bound/2"):
        schemas.schema("stlbounds/nothing/1")


def test_the_page_tells_every_field() -> None:
    text = (DOCS / "schema.md").read_text(encoding="utf-8")
    assert text == schemas.page(), "write it again: stlbounds.schemas.page()"
    assert all(f"## {name}\n" in text for name in schemas.names())
    assert "| `claims[].from` |" in text


@pytest.mark.parametrize("command", QUICK)
def test_what_commands_print(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    holds(printed(command, capsys))


def test_a_model_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    holds(printed(f"init {tmp_path / 'mine.toml'}", capsys))


@pytest.mark.slow
@pytest.mark.parametrize("command", examples())
def test_what_the_examples_print(command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path,
                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    holds(printed(command, capsys))


@pytest.mark.slow
def test_a_report(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    holds(printed(f"report categorical {VALUES} --replicas 20 --out {tmp_path / 'r'}", capsys))
    holds(json.loads((tmp_path / "r" / "bound.json").read_text(encoding="utf-8")))


def test_saved_bounds() -> None:
    tau = declare("tau_of_schema", "a symbol of a user", high=1)
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(tau), stl.generators.Categorical(5)))
    data = json.loads(json.dumps(to_dict(bound)))
    holds(data)
    values = parse_assignments(["K=20", "n=2000", "alpha=1/2", "i=10", "delta=1/20"])
    bound = Request("categorical").bound()
    holds(json.loads(json.dumps({**to_dict(bound), "model": "categorical", "values": numbers(bound, values),
                                 **inputs(values)})))


def test_what_is_missing_or_new_is_refused() -> None:
    data = json.loads(json.dumps(to_dict(Request("categorical").bound())))
    for changed in ({**data, "more": 1}, {name: part for name, part in data.items() if name != "recipe"},
                    {**data, "claims": [{"claim": "first"}]}, {**data, "schema": "stlbounds/bound/1"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(changed, schemas.schema("stlbounds/bound/2"))


@pytest.mark.slow
@pytest.mark.parametrize("loop", LOOPS)
def test_every_loop(loop: str) -> None:
    schedule = ("alphas=1/(j+1)",) if LOOPS[loop].lists else ()
    holds(json.loads(json.dumps(to_dict(Request("categorical", loop=loop, assignments=schedule).bound()))))


@pytest.mark.slow
@pytest.mark.parametrize("model", GENERATORS)
def test_every_model(model: str) -> None:
    holds(json.loads(json.dumps(to_dict(Request(model, loop="replace", theorem="expectation").bound()))))
