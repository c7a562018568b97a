"""Published results, derived again and compared with what was published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from stlbounds.cli.options import Json
from stlbounds.cli.output import CONTRADICTED, columns, print_json, say
from stlbounds.errors import InvalidArgumentError

__all__ = ["EXAMPLES", "derivations", "folder", "run"]

EXAMPLES = ("stlbounds reproduce --list", "stlbounds reproduce hardt2016")

#: What the derivations share; no derivation itself.
_SHARED = "comparison"


def folder() -> Path:
    """Where the derivations are: inside an installed package, or beside it in a checkout.

    Raises
    ------
    InvalidArgumentError
        If they are in neither place.
    """
    package = Path(__file__).resolve().parents[2]
    for place in (package / "_derivations", package.parent / "derivations"):
        if (place / f"{_SHARED}.py").is_file():
            return place
    raise InvalidArgumentError("NAME", "any", "a derivation, but none was installed", "install stlbounds from a wheel")


def derivations() -> dict[str, str]:
    """The first sentence of each derivation, by name; nothing is run."""
    import ast

    found = {}
    for path in sorted(folder().glob("*.py")):
        if path.stem != _SHARED:
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem
            found[path.stem] = " ".join(text.split("\n\n")[0].split())
    return found


def _names() -> list[str]:
    return list(derivations())


def run(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="What to derive; see --list.",
                                                      autocompletion=_names)] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the derivations.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="All of them, one after the other.")] = False,
    as_json: Json = False,
) -> None:
    """Derive published results again, and compare.

    Each value that was published stands beside the one that is derived. The exit code is 1 if they disagree.
    """
    known = derivations()
    chosen = list(dict.fromkeys(names or ()))
    if listed + everything + bool(chosen) != 1:
        raise InvalidArgumentError("NAME", "missing" if not listed + everything + bool(chosen) else "too much",
                                   "either names, or --list, or --all")
    if listed:
        if as_json:
            print_json({"schema": "stlbounds/reproduce/1", "derivations": known})
        else:
            say(columns(list(known.items()), indent=""))
        return
    from stlbounds.entries import find

    for name in chosen:
        find("NAME", name, known)
    results = []
    for place, name in enumerate(known if everything else chosen):
        result, text = _derive(name)
        results.append(result)
        if not as_json:
            say(("\n" if place else "") + text)
    if as_json:
        print_json({"schema": "stlbounds/reproduce/1", "results": results})
    raise typer.Exit(0 if all(result["agrees"] for result in results) else CONTRADICTED)


def _derive(name: str) -> tuple[dict[str, Any], str]:
    """The comparison of one derivation, as data and as text."""
    import sys
    from importlib import import_module

    # Derivations are scripts too, which find one another in their own folder.
    sys.path.insert(0, str(folder()))
    try:
        shared = import_module(_SHARED)
        try:
            found = import_module(name).compare()
        except shared.Disagreement as error:
            verdict = f"disagreement: {error}"
            return {"name": name, "agrees": False, "verdict": verdict}, f"{name}: {verdict}"
    finally:
        sys.path.remove(str(folder()))
    rows = [{"what": row.what, "published": str(row.published), "ours": str(row.ours), "factor": row.factor}
            for row in found.rows]
    return {"name": name, "agrees": True, "paper": found.paper, "published": found.statement, "source": found.source,
            "rows": rows, "simulated": found.simulated, "latex": found.latex, "verdict": found.verdict}, str(found)
