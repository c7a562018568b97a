"""Packages whose public names are loaded when they are first used (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazily", "missing"]


def missing(package: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error for a name that a package does not have, with the known one that was perhaps meant."""
    from stlbounds.errors import near_misses

    hint = "" if name.startswith("_") else near_misses(name, known)
    return AttributeError(f"module {package!r} has no attribute {name!r}{'; ' if hint else ''}{hint}")


def lazily(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a package.

    Parameters
    ----------
    package : str
        The package's ``__name__``.
    homes : mapping of str to str
        For each public name its module, with the path to it behind a colon where it is not the name itself:
        ``"stlbounds.proof.metric:Metric.DISCRETE"``; ``"stlbounds.errors:"`` is the module.
    """

    def load(name: str) -> Any:
        if name not in homes:
            raise missing(package, name, homes)
        module, _, path = homes[name].partition(":")
        found: Any = import_module(module)
        for part in path.split(".") if path else () if homes[name].endswith(":") else (name,):
            found = getattr(found, part)
        # The next use finds it without coming here.
        setattr(sys.modules[package], name, found)
        return found

    return load, lambda: sorted({*homes, *vars(sys.modules[package]).get("__all__", ())})
