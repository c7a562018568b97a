"""Python source that makes a bound again, for "copy Python"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from importlib import import_module
from typing import Any

import sympy as sp
from sympy.printing.str import StrPrinter

from stlbounds.described import Described, describe_symbols
from stlbounds.symbols import known

__all__ = ["python_source"]

_SHIPPED = frozenset(known())
_LIBRARY = {"geometric_sum": "special", "growth": "growth", "growth_sum": "growth"}
_WORD = re.compile(r"[A-Za-z_]\w*")


class _NoSource(Exception):
    """Something that no public name of the library makes."""


class _Writer:
    """Collects the names that the source has to import."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def expression(self, value: sp.Expr) -> str:
        # Integers of SymPy's own: 1/2 would be a float in Python.
        text = str(StrPrinter({"sympy_integers": True}).doprint(value))
        self.names |= set(_WORD.findall(text))
        return text

    def value(self, value: Any) -> str:
        """The source of a constructor's argument."""
        if isinstance(value, Described):
            return self.object(value)
        if isinstance(value, Enum):
            return f"stl.{value.name}"
        if isinstance(value, sp.Expr):
            return self.expression(value)
        if isinstance(value, Mapping):
            inner = ", ".join(f"{self.value(name)}: {self.value(part)}" for name, part in value.items())
            return f"{{{inner}}}"
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return f"[{', '.join(map(self.value, value))}]"
        if value is None or isinstance(value, bool | int | float | str):
            return repr(value)
        raise _NoSource(repr(value))

    def object(self, value: Described) -> str:
        """The call that makes an object of the library."""
        kind = type(value)
        home = str(kind.home)
        if kind.home is None or getattr(import_module(home), kind.__name__, None) is not kind:
            raise _NoSource(kind.__name__)
        path = f"stl{home.removeprefix('stlbounds')}.{kind.__name__}"
        arguments = ", ".join(f"{name}={self.value(part)}" for name, part in value.arguments.items())
        return f"{path}({arguments})"

    def imports(self) -> list[str]:
        """The import statements, and declarations of a user's own symbols."""
        vocabulary = sorted(self.names & _SHIPPED)
        own = sorted((self.names & set(known())) - _SHIPPED)
        lines = ["import stlbounds as stl"]
        for module in sorted({_LIBRARY[name] for name in self.names & set(_LIBRARY)}):
            listed = sorted(name for name in self.names & set(_LIBRARY) if _LIBRARY[name] == module)
            lines.append(f"from stlbounds.{module} import {', '.join(listed)}")
        sympy_names = sorted(self.names - set(known()) - set(_LIBRARY))
        if sympy_names:
            lines.append(f"from sympy import {', '.join(sympy_names)}")
        if vocabulary:
            lines.append(f"from stlbounds.symbols import {', '.join(vocabulary)}")
        if own:
            lines.append("from stlbounds.symbols import declare")
            for name, fields in describe_symbols([known()[name].symbol for name in own]).items():
                ends = ", ".join(f"{end}=float({fields[end]!r})" if "oo" not in fields[end] else
                                 f"{end}=float({fields[end].replace('oo', 'inf')!r})" for end in ("low", "high"))
                rest = ", ".join(f"{key}={fields[key]!r}" for key in ("low_open", "high_open", "integer", "latex"))
                lines.append(f"{name} = declare({name!r}, {fields['meaning']!r}, {ends}, {rest})")
        return lines


def python_source(bound: Any) -> str:
    """A program that derives the bound and leaves it in ``bound``.

    Parameters
    ----------
    bound : Bound

    Returns
    -------
    str
        Where the setting holds a class that is not of the library, it reads the file ``bound.json`` of the report.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> print(python_source(stl.in_expectation(
    ...     stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(20)))))
    import stlbounds as stl
    from stlbounds.symbols import alpha
    <BLANKLINE>
    setting = stl.Setting(loop=stl.loops.FixedMix(alpha=alpha), generator=stl.generators.Categorical(cells=20))
    bound = stl.Bound(setting, 'expectation')
    """
    writer = _Writer()
    try:
        setting = writer.value(bound.setting)
    except _NoSource:
        return 'import stlbounds as stl\n\nbound = stl.load("bound.json")'
    return "\n".join([*writer.imports(), "", f"setting = {setting}", f"bound = stl.Bound(setting, {bound.theorem!r})"])
