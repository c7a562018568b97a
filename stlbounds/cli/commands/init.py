"""A model file to start from: commented, and working as it is."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from stlbounds.cli.options import Json
from stlbounds.cli.output import print_json, say
from stlbounds.errors import InvalidArgumentError

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("stlbounds init my_model.toml", "stlbounds init my_model.toml --force --json")


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The file to write; it must not exist.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    as_json: Json = False,
) -> None:
    """Write a model file to start from.

    Every command takes the file in place of a model of the catalogue.
    """
    from stlbounds.files import write_text

    if file.suffix != ".toml":
        raise InvalidArgumentError("FILE", str(file), "a name that ends in .toml")
    if file.exists() and not force:
        raise InvalidArgumentError("FILE", str(file), "a file that does not exist", "use --force to replace it")
    template = files("stlbounds.cli").joinpath("model_template.toml").read_text(encoding="utf-8")
    # A name that the locale cannot decode is a name nevertheless.
    write_text(file, template.replace("THIS_FILE", os.fsencode(file).decode("utf-8", "replace")))
    if as_json:
        print_json({"schema": "stlbounds/init/1", "file": str(file)})
    else:
        say(f"wrote {file}; next: stlbounds derive {file}")
