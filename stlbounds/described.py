"""Objects that remember how they were made, and their description as plain data that makes an equal one.

A model file, a saved bound and a record of a sweep hold descriptions, never code: to read one, the name of a class is
looked up among the classes that exist, expressions go through the safe parser, and the class checks its own arguments.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from importlib import import_module
from typing import Any, ClassVar, Self

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.parsing import parse_expression
from stlbounds.symbols import declare, entry, known

__all__ = ["Described", "declare_symbols", "describe", "describe_symbols", "restore"]

#: The words of the vocabulary as it is shipped: a description need not tell their ranges.
_VOCABULARY = frozenset(known())
_MAX_DEPTH = 20
#: No part of a symbol: what ends a formula, and what makes LaTeX read, write or define.
_NO_LETTER = re.compile(
    r"[%#$&~\n]|\^\^|\\\\|\\(input|include|InputIfFileExists|open(in|out)|read|write|immediate|catcode|csname|[egx]?def|let"
    r"|(re)?newcommand|special|usepackage|begin|end|verb)(?![A-Za-z])")


class Described:
    """A class whose objects remember their constructor's arguments.

    A subclass is found again by its name, within its family; the families are the direct subclasses.

    Examples
    --------
    >>> class Mixture(Described):
    ...     def __init__(self, weight, *, name="mine"):
    ...         pass
    >>> Mixture(3).arguments
    {'weight': 3}
    """

    #: The package that holds the family's classes, which are imported when a description names one.
    home: ClassVar[str | None] = None
    #: What a description calls the family, by default by the name of its first class.
    family: ClassVar[str | None] = None
    _made_with: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = super().__new__(cls)
        object.__setattr__(made, "_made_with", (args, kwargs))
        return made

    @property
    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments by name, those left out excepted."""
        args, kwargs = self._made_with
        bound = inspect.signature(type(self)).bind(*args, **kwargs)
        signature = inspect.signature(type(self)).parameters
        found: dict[str, Any] = {}
        for name, value in bound.arguments.items():
            if signature[name].kind is inspect.Parameter.VAR_KEYWORD:
                found.update(value)
            else:
                found[name] = value
        return found


def _families() -> dict[str, type[Described]]:
    return {family.family or family.__name__: family for family in Described.__subclasses__()}


def _descendants(family: type[Described]) -> dict[str, type[Described]]:
    found: dict[str, type[Described]] = {}
    waiting = [family]
    while waiting:
        kind = waiting.pop()
        # Of two classes of one name, the one that is public wins; see `_class_of`.
        if not inspect.isabstract(kind):
            found.setdefault(kind.__name__, kind)
        waiting += kind.__subclasses__()
    return found


def _class_of(family: type[Described], name: str, argument: str) -> type[Described]:
    """The class of that name.

    Raises
    ------
    InvalidArgumentError
        If there is none.
    """
    public = list(getattr(import_module(family.home), "__all__", ())) if family.home else []
    if name in public:
        found = getattr(import_module(str(family.home)), name)
        if isinstance(found, type) and issubclass(found, family) and not inspect.isabstract(found):
            return found
    others = _descendants(family)
    if name in others:
        return others[name]
    names = sorted({*public, *others})
    raise InvalidArgumentError(argument, repr(name[:60]), f"one of {', '.join(names)}",
                               "a class of your own must be imported first")


def describe(value: Any, argument: str = "value") -> Any:
    """A value as plain data, ready for JSON, from which `restore` makes an equal one.

    Parameters
    ----------
    value : object
        A `Described`, a SymPy expression, a string, a number, None, or a sequence or a mapping of such.
    argument : str
        What it is, named in errors.

    Returns
    -------
    dict, list, str, int, float, bool or None
        An expression is ``{"expression": text}``.

    Raises
    ------
    InvalidArgumentError
        If it is anything else.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> describe(stl.loops.FixedMix(alpha / 2))
    {'Loop': 'FixedMix', 'alpha': {'expression': 'alpha/2'}}
    """
    if isinstance(value, Described):
        family = next(name for name, kind in _families().items() if isinstance(value, kind))
        arguments = {name: describe(part, name) for name, part in value.arguments.items()}
        return {family: type(value).__name__, **arguments}
    if isinstance(value, Enum):
        return {"choice": value.name}
    if isinstance(value, sp.Expr):
        return {"expression": str(value)}
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Mapping):
        return {"table": [[describe(name, argument), describe(part, argument)] for name, part in value.items()]}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [describe(part, argument) for part in value]
    raise InvalidArgumentError(argument, f"{type(value).__name__} {value!r:.60}",
                               "a number, text, an expression, or an object of the library",
                               "only these can be written to a file")


def restore(data: Any, argument: str = "description", *, choices: type[Enum] | None = None, depth: int = 0) -> Any:
    """The value that `describe` described.

    Parameters
    ----------
    data : object
        Plain data.
    argument : str
        What it is, named in errors.
    choices : type of Enum, optional
        The words that ``{"choice": word}`` may be.
    depth : int
        How deep the data are nested already.

    Raises
    ------
    InvalidArgumentError
        If the data describe nothing.
    StlboundsError
        If an expression cannot be read, or a class refuses an argument.

    Examples
    --------
    >>> restore({"Loop": "FixedMix", "alpha": {"expression": "alpha/2"}})
    FixedMix(alpha=alpha/2, real='replay')
    """
    if depth > _MAX_DEPTH:
        raise InvalidArgumentError(argument, "nested data", f"nested at most {_MAX_DEPTH} deep")
    if data is None or isinstance(data, (bool, int, str)) or (isinstance(data, float) and math.isfinite(data)):
        return data
    if isinstance(data, list):
        return [restore(part, f"{argument}[{place}]", choices=choices, depth=depth + 1)
                for place, part in enumerate(data)]
    if isinstance(data, dict) and data:
        return _restored(data, argument, choices, depth)
    raise InvalidArgumentError(argument, f"{data!r:.60}", "a number, text, a list, or a description")


def _restored(data: dict[str, Any], argument: str, choices: type[Enum] | None, depth: int) -> Any:
    kind, named = next(iter(data.items()))
    if kind == "expression" and isinstance(named, str):
        return parse_expression(named, argument=argument)
    if kind == "choice" and choices is not None and named in choices.__members__:
        return choices[named]
    if kind == "table" and isinstance(named, list) and all(isinstance(row, list) and len(row) == 2 for row in named):
        return dict(restore(row, argument, choices=choices, depth=depth + 1) for row in named)
    families = _families()
    if kind not in families or not isinstance(named, str):
        raise InvalidArgumentError(argument, f"{data!r:.60}", "a description, whose first key is one of expression, "
                                   f"choice, table, {', '.join(sorted(families))}")
    made = _class_of(families[kind], named, argument)
    arguments = {name: restore(part, f"{argument}.{name}", choices=choices, depth=depth + 1)
                 for name, part in list(data.items())[1:]}
    try:
        bound = inspect.signature(made).bind(**arguments)
    except TypeError as error:
        raise InvalidArgumentError(argument, named, f"described with the arguments of {named}", str(error)) from error
    return made(*bound.args, **bound.kwargs)


def describe_symbols(symbols: Sequence[sp.Symbol]) -> dict[str, dict[str, Any]]:
    """Range, meaning and LaTeX of the symbols that are not of the shipped vocabulary, by name."""
    found: dict[str, dict[str, Any]] = {}
    for symbol in symbols:
        item = entry(symbol)
        if symbol.name in _VOCABULARY:
            continue
        found[symbol.name] = {
            "meaning": item.meaning, "low": str(item.range.low), "high": str(item.range.high),
            "low_open": item.range.low_open, "high_open": item.range.high_open, "integer": item.range.integer,
            "latex": item.latex}
    return found


def _end_point(argument: str, text: Any) -> sp.Expr:
    infinite = {"-oo": -sp.oo, "oo": sp.oo}
    if not isinstance(text, (str, int, float)) or isinstance(text, bool):
        raise InvalidArgumentError(argument, repr(text), "a number, -oo or oo")
    return infinite[str(text)] if str(text) in infinite else parse_expression(str(text), names={}, argument=argument)


def _letter(argument: str, latex: str) -> str:
    """LaTeX of a symbol out of a file, which is no LaTeX that reads or defines anything, or leaves its formula."""
    depth = 0
    for brace in re.sub(r"\\[{}]", "", latex):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        if depth < 0:
            break
    if depth or _NO_LETTER.search(latex) or not latex.strip():
        raise InvalidArgumentError(argument, f"{latex!r:.60}", "a mathematical symbol in LaTeX with its braces closed",
                                   r"such as \tau or \hat{\kappa}")
    return latex


def declare_symbols(data: Mapping[str, Mapping[str, Any]], argument: str = "symbols") -> dict[str, sp.Symbol]:
    """Declare the symbols that `describe_symbols` described, and return them by name.

    Raises
    ------
    SymbolError
        If a name is declared with another range, meaning or LaTeX already.
    InvalidArgumentError
        If a key is unknown, a range is none, or the LaTeX is more than a symbol.

    Examples
    --------
    >>> declare_symbols({"rate_of_decay": {"meaning": "a rate", "low": 0, "high": "1/2"}})
    {'rate_of_decay': rate_of_decay}
    """
    allowed = {"meaning": str, "low": object, "high": object, "low_open": bool, "high_open": bool, "integer": bool,
               "latex": str}
    found = {}
    for name, fields in data.items():
        for key, value in fields.items():
            if key not in allowed or not isinstance(value, allowed[key]):
                raise InvalidArgumentError(f"{argument}.{name}.{key}", f"{value!r:.60}",
                                           f"one of the keys {', '.join(allowed)}, with a fitting value")
        ends = {key: _end_point(f"{argument}.{name}.{key}", fields[key]) for key in ("low", "high") if key in fields}
        if "latex" in fields:
            _letter(f"{argument}.{name}.latex", fields["latex"])
        rest = {key: value for key, value in fields.items() if key not in ("low", "high", "meaning")}
        meaning = fields.get("meaning", known()[name].meaning if name in known() else name)
        found[name] = declare(name, str(meaning), **ends, **rest)
    return found
