"""JSON Schemas of what the library writes: one file for each command's output, and one for saved bounds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from stlbounds.errors import InvalidArgumentError

__all__ = ["names", "page", "schema"]


def names() -> tuple[str, ...]:
    """The names of all schemas, for example ``"stlbounds/eval/1"``, in alphabetical order."""
    found = (entry.name for entry in files(__name__).iterdir() if entry.name.endswith(".json"))
    return tuple(sorted("stlbounds/{}/{}".format(*name.removesuffix(".json").rsplit("-", 1)) for name in found))


def schema(name: str) -> dict[str, Any]:
    """A JSON Schema of draft 2020-12.

    Parameters
    ----------
    name : str
        The value of the key ``schema`` of what is to be checked.

    Raises
    ------
    InvalidArgumentError
        If there is no such schema.

    Examples
    --------
    >>> schema("stlbounds/eval/1")["required"][:2]
    ['schema', 'value']
    """
    if name not in names():
        raise InvalidArgumentError("name", repr(name), f"one of {', '.join(names())}")
    _, what, version = name.split("/")
    found: dict[str, Any] = json.loads((files(__name__) / f"{what}-{version}.json").read_text(encoding="utf-8"))
    return found


def _kind(part: dict[str, Any]) -> str:
    """The type of a value, in words."""
    if "const" in part:
        return f'`"{part["const"]}"`'
    kinds = part.get("type", "any")
    words = [kinds] if isinstance(kinds, str) else list(kinds)
    if "array" in words and part.get("items"):
        words[words.index("array")] = f"array of {_kind(part['items'])}"
    if "object" in words and "additionalProperties" in part and part["additionalProperties"]:
        words[words.index("object")] = f"object of {_kind(part['additionalProperties'])}"
    return " or ".join(words)


def _inner(part: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """What a value holds, and how a path goes on there."""
    if part.get("items"):
        suffix, inner = _inner(part["items"])
        return f"[]{suffix}", inner
    if part.get("additionalProperties"):
        suffix, inner = _inner(part["additionalProperties"])
        return f".*{suffix}", inner
    return "", part


def _fields(part: dict[str, Any], path: str = "") -> Iterator[tuple[str, str, bool, str]]:
    """Path, type, whether it is always there, and description of every field."""
    for name, field in part.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here, _kind(field), name in part.get("required", ()), field["description"]
        suffix, inner = _inner(field)
        yield from _fields(inner, here + suffix)


def page() -> str:
    """The page of the documentation that tells every field, as Markdown."""
    lines = [
        "# JSON schemas", "",
        "Every command prints one JSON object with `--json`, whose key `schema` names its form and version. The JSON "
        "Schemas (draft 2020-12) are shipped in `stlbounds/schemas/`; `stlbounds.schemas.schema(name)` reads one. A "
        "version changes when a field is renamed, removed, or changes its meaning. What is infinite or undefined is "
        "`null`. In a path, `[]` stands for every entry of an array and `*` for every key of an object.", "",
        "A saved bound is never believed: `stlbounds.load` derives it again from `recipe` and compares every field, so "
        "that a file with another constant in one claim is refused, and the claim named.", ""]
    for name in names():
        found = schema(name)
        lines += [f"## {name}", "", found["description"], "", "| field | type | always | |",
                  "| --- | --- | --- | --- |"]
        lines += [f"| `{path}` | {kind} | {'yes' if always else 'no'} | {text} |"
                  for path, kind, always, text in _fields(found)]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"
