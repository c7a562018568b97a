"""Bounds as JSON: written with their proof, and derived again, compared and verified when they are read.

A file is never believed. It says how the bound was made; reading it derives the bound anew from that description, holds
every statement of the file against the derivation, and verifies the proof.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stlbounds.bound import Bound
from stlbounds.described import declare_symbols, describe, restore
from stlbounds.errors import InvalidArgumentError, ProofError
from stlbounds.files import write_json
from stlbounds.proof.metric import Metric
from stlbounds.render.record import derivation, statement
from stlbounds.theorems.setting import Setting

__all__ = ["SCHEMA", "load", "save", "to_dict"]

SCHEMA = "stlbounds/bound/2"
_MAX_BYTES = 20_000_000


def to_dict(bound: Bound) -> dict[str, Any]:
    """A bound as plain data: its statement in words, text and LaTeX, how it was made, and its proof.

    Parameters
    ----------
    bound : Bound
        Its proof is verified.

    Returns
    -------
    dict
        Of schema `SCHEMA`; docs/schema.md tells every field.

    Raises
    ------
    InvalidArgumentError
        If the setting holds something that plain data cannot describe.
    ProofError
        If the proof fails its verification.
    """
    # What a theorem leaves to choose, such as the order of a moment; most leave nothing.
    options = {name: describe(value, name) for name, value in bound.options.items() if value is not None}
    chosen = {"options": options} if options else {}
    return {"schema": SCHEMA, **statement(bound, bound.proof.verify()), **chosen, **derivation(bound)}


def save(bound: Bound, path: str | Path) -> Path:
    """Write a bound to a JSON file, from which `load` makes an equal one.

    Parameters
    ----------
    bound : Bound
    path : str or pathlib.Path
        The file; one that exists is replaced.

    Raises
    ------
    OutputError
        If it cannot be written; nothing half written is left.
    ParseError
        If a parameter exceeds what the parser takes, so that the file could not be read.

    References
    ----------
    The page of JSON schemas in the guide says what the file holds; that it is verified is the design note's rule.

    Examples
    --------
    >>> import tempfile
    >>> import stlbounds as stl
    >>> setting = stl.Setting(stl.loops.Replace(), stl.generators.Categorical(5), stl.learners.BrierFit())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save(stl.in_expectation(setting), f"{folder}/bound.json")
    ...     stl.load(path).expr == stl.in_expectation(setting).expr
    True
    """
    data = to_dict(bound)
    restore(data["recipe"], "recipe", choices=Metric)
    write_json(Path(path), data)
    return Path(path)


def _read(source: str | Path) -> Any:
    path = Path(source)
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InvalidArgumentError("source", path, f"a file of at most {_MAX_BYTES} bytes")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidArgumentError("source", path, "a file that can be read", error.strerror or "") from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InvalidArgumentError("source", path, "a JSON file", str(error)) from error


def _differs(found: Any, stated: Any, place: str) -> str | None:
    """Where the file departs from the derivation, or None."""
    if isinstance(found, dict) and isinstance(stated, dict):
        for name in found:
            if name not in stated:
                return f"{place}.{name} is missing"
            inner = _differs(found[name], stated[name], f"{place}.{name}")
            if inner:
                return inner
        return None
    if isinstance(found, list) and isinstance(stated, list):
        for number, (a, b) in enumerate(zip(found, stated, strict=False), start=1):
            inner = _differs(a, b, f"{place}[{number}]")
            if inner:
                return inner
        if len(found) != len(stated):
            return f"{place} has {len(stated)} entries instead of {len(found)}"
        return None
    # True is not 1 in a file, though it is in Python.
    if type(found) is type(stated) and found == stated:
        return None
    return f"{place} is {stated!r:.200}, but the derivation gives {found!r:.200}"


def _check_claims(found: list[dict[str, Any]], stated: Any) -> None:
    if not isinstance(stated, list):
        raise ProofError("the file holds no claims")
    for claim, other in zip(found, stated, strict=False):
        if claim != other:
            said = other.get("says") if isinstance(other, dict) else other
            raise ProofError(f"claim {claim['claim']} ({claim['title']}) of the file says {said!s:.300}, but the "
                             f"derivation gives {claim['says']:.300}")
    if len(found) != len(stated):
        raise ProofError(f"the file holds {len(stated)} claims, but the derivation has {len(found)}")


def load(source: str | Path | Mapping[str, Any]) -> Bound:
    """The bound that a file of `save` or of a report describes, derived again and verified.

    Parameters
    ----------
    source : str, pathlib.Path or mapping
        A JSON file, or its contents.

    Returns
    -------
    Bound
        Equal to the one that was written, its proof verified.

    Raises
    ------
    InvalidArgumentError
        If the file cannot be read, or is of another schema.
    ProofError
        If a claim, or anything else that the file says, is not what the derivation gives; the claim is named.

    References
    ----------
    The page of JSON schemas in the guide says what the file holds; that it is verified is the design note's rule.

    Examples
    --------
    >>> import stlbounds as stl
    >>> bound = stl.high_probability(stl.Setting(stl.loops.Replace(), stl.generators.Categorical(20)))
    >>> load(to_dict(bound)) == bound
    True
    """
    data = dict(source) if isinstance(source, Mapping) else _read(source)
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        schema = data.get("schema") if isinstance(data, dict) else type(data).__name__
        raise InvalidArgumentError("schema", repr(schema), f"{SCHEMA!r}", "write the file again with this version")
    declared, recipe = data.get("declared"), data.get("recipe")
    if not isinstance(declared, dict) or not all(isinstance(fields, dict) for fields in declared.values()):
        raise InvalidArgumentError("declared", f"{declared!r:.60}", "a table of symbols")
    declare_symbols(declared, "declared")
    setting = restore(recipe, "recipe", choices=Metric)
    if not isinstance(setting, Setting):
        raise InvalidArgumentError("recipe", f"{recipe!r:.60}", "the description of a setting")
    options = data.get("options", {})
    if not isinstance(options, dict) or set(options) - {"order", "optimisation_error", "comparator_excess"}:
        raise InvalidArgumentError("options", f"{options!r:.60}", "a table of what the theorem leaves to choose")
    bound = Bound(setting, str(data.get("theorem")), **{name: restore(value, name) for name, value in options.items()})
    found = json.loads(json.dumps(to_dict(bound)))
    _check_claims(found["claims"], data.get("claims"))
    difference = _differs(found, data, "bound")
    if difference:
        raise ProofError(f"the file is not what its recipe gives: {difference}")
    return bound
