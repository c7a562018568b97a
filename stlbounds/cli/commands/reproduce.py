"""Published results, derived again and compared with what was published; models whose stated constants are attacked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from stlbounds.cli.options import Json
from stlbounds.cli.output import CONTRADICTED, columns, print_json, progress, say
from stlbounds.errors import InvalidArgumentError

__all__ = ["EXAMPLES", "derivations", "folder", "run"]

EXAMPLES = ("stlbounds reproduce --list", "stlbounds reproduce hardt2016", "stlbounds reproduce models/temperature")

#: What the derivations share; no derivation itself.
_SHARED = "comparison"
#: The folder of the models, and so what their names begin with.
_MODELS = "models"


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
    """The first sentence of each derivation and of each model, by name; nothing is run."""
    import ast

    found = {}
    for place, entry, prefix in ((folder(), "compare", ""), (folder() / _MODELS, "make", f"{_MODELS}/")):
        for path in sorted(place.glob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            if any(isinstance(part, ast.FunctionDef) and part.name == entry for part in tree.body):
                text = ast.get_docstring(tree) or path.stem
                found[prefix + path.stem] = " ".join(text.split("\n\n")[0].split())
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

    Each value that was published stands beside the one that is derived. Of a model, the stated sensitivity is attacked
    and the bound simulated. The exit code is 1 if values disagree, or a model is refuted.
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
    wanted = list(known if everything else chosen)
    for place, name in enumerate(wanted):
        with progress(f"deriving {name}") as callback:
            if callback is not None:
                callback(place, len(wanted))
            result, text = (_attack if name.startswith(_MODELS) else _derive)(name)
        results.append(result)
        if not as_json:
            say(("\n" if place else "") + text)
    if as_json:
        print_json({"schema": "stlbounds/reproduce/1", "results": results})
    raise typer.Exit(0 if all(result["agrees"] for result in results) else CONTRADICTED)


@contextmanager
def _on_the_path(place: Path) -> Iterator[None]:
    """Derivations are scripts too, which find one another in their own folder."""
    import sys

    sys.path.insert(0, str(place))
    try:
        yield
    finally:
        sys.path.remove(str(place))


def _attack(name: str) -> tuple[dict[str, Any], str]:
    """The attack on one model, and the simulation of its bound, as data and as text."""
    from importlib import import_module

    with _on_the_path(folder() / _MODELS):
        refuted = import_module("shared").Refuted
        model = import_module(name.partition("/")[2]).make()
        try:
            verdict = f"the stated sensitivity was attained up to {model.attack():.3f} of it; {model.simulate()}"
        except refuted as error:
            return {"name": name, "agrees": False, "verdict": f"refuted: {error}"}, f"{name}: refuted: {error}"
    return {"name": name, "agrees": True, "verdict": verdict}, f"{name}: {verdict}"


def _derive(name: str) -> tuple[dict[str, Any], str]:
    """The comparison of one derivation, as data and as text."""
    from importlib import import_module

    with _on_the_path(folder()):
        disagreement = import_module(_SHARED).Disagreement
        try:
            found = import_module(name).compare()
        except disagreement as error:
            verdict = f"disagreement: {error}"
            return {"name": name, "agrees": False, "verdict": verdict}, f"{name}: {verdict}"
    rows = [{"what": row.what, "published": str(row.published), "ours": str(row.ours), "factor": row.factor}
            for row in found.rows]
    return {"name": name, "agrees": True, "paper": found.paper, "published": found.statement, "source": found.source,
            "rows": rows, "simulated": found.simulated, "latex": found.latex, "verdict": found.verdict}, str(found)
