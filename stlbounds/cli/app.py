"""The program's commands, put together. SymPy is imported by the commands when they run, not here."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

from stlbounds._version import __version__
from stlbounds.cli.commands import COMMANDS
from stlbounds.cli.output import say

__all__ = ["app"]

app = typer.Typer(
    name="stlbounds", rich_markup_mode=None, pretty_exceptions_enable=False,
    help="Generalization bounds of self-consuming training loops: derived, proved, evaluated, simulated.",
    epilog="Start with: stlbounds list",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        say(f"stlbounds {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True,
                                          help="Print the version and exit.")] = False,
) -> None:
    """Options of the program itself."""


def _examples(lines: tuple[str, ...]) -> str:
    """An epilog whose lines are kept as they are."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


for _name in COMMANDS:
    _module = import_module(f"stlbounds.cli.commands.{_name.replace('-', '_')}")
    # Click cuts a line off that it makes from the help itself.
    app.command(_name, epilog=_examples(_module.EXAMPLES),
                short_help=(_module.run.__doc__ or "").partition("\n")[0])(_module.run)
