"""Model files: a setting written down as TOML, with symbols of its own, read without running anything.

Every value of a model file is a number or a text; texts are read by `stlbounds.parsing`, decimals count as the decimal
numbers that they are. An error names the file, the line and the key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stlbounds.entries import GENERATORS, LEARNERS, LOOPS, THEOREMS, Entry, Parameter
from stlbounds.errors import ModelFileError, StlboundsError, near_misses

if TYPE_CHECKING:
    from stlbounds.bound import Bound
    from stlbounds.generators import Generator
    from stlbounds.learners import UniformlyStable
    from stlbounds.loops import Loop

__all__ = ["Model", "read_model"]

_MAX_BYTES = 1_000_000
_SECTIONS = ("model", "symbols", "loop", "generator", "learner")
_MODEL_KEYS = ("name", "summary", "references", "theorem", "drift")
_OWN_GENERATOR = ("metric", "sensitivity", "learning_error", "point_variance")
_OWN_LEARNER = ("metric", "beta_N", "loss_constant")
#: Sections that are tables of tables have their keys behind two names: ``symbols.tau.low``.
_HEADER = re.compile(r"^\s*\[\s*([A-Za-z0-9_.\-\"' ]+?)\s*\]\s*(?:#.*)?$")


@dataclass(frozen=True)
class Model:
    """What a model file says.

    Parameters
    ----------
    name, summary : str
        For titles.
    references : tuple of str
        Where the constants come from, as the author wrote it.
    symbols : tuple of str
        The names of the symbols that the file declares.
    theorem : str or None
        The theorem that it asks for, if any.
    drift : str or None
        ``"sharp"`` or ``"lemma"``, if it says so.
    generator : callable
        Makes the generator, from what stands for each symbol by its name: the symbol itself, or a number.
    learner, loop : callable or None
        Make the learner and the loop, where the file has a section for them.
    """

    name: str
    summary: str
    references: tuple[str, ...]
    symbols: tuple[str, ...]
    theorem: str | None
    drift: str | None
    generator: Callable[[Parameter], Generator]
    learner: Callable[[Parameter], UniformlyStable] | None = None
    loop: Callable[[Parameter], Loop] | None = None

    def bound(self, theorem: str | None = None) -> Bound:
        """The bound of the setting that the file describes.

        Parameters
        ----------
        theorem : str, optional
            Instead of the file's own, which is high-probability unless it says otherwise.

        Raises
        ------
        ModelFileError
            If the file describes no loop.
        StlboundsError
            If the parts do not fit together.
        """
        from stlbounds.bound import Bound
        from stlbounds.symbols import symbol
        from stlbounds.theorems.setting import Setting

        if self.loop is None:
            raise ModelFileError(f"the model {self.name} has no section [loop]; add one, or name a loop")
        options: dict[str, Any] = {} if self.drift is None else {"drift": self.drift}
        if self.learner is not None:
            options["learner"] = self.learner(symbol)
        setting = Setting(self.loop(symbol), self.generator(symbol), **options)
        return Bound(setting, theorem or self.theorem or "high-probability")


def _hint(name: str, allowed: Iterable[str]) -> str:
    found = near_misses(name, allowed)
    return f"; {found}" if found else ""


class _Reader:
    """One file, its text kept so that errors can name a line."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        try:
            self.data: dict[str, Any] = tomllib.loads(text, parse_float=Decimal)
        except (tomllib.TOMLDecodeError, ValueError) as error:
            # Its messages end with the line already.
            raise ModelFileError(f"{path}: not TOML: {error}; expressions and texts stand in quotation marks, "
                                 'as in sensitivity = "2 * kappa"') from error
        except RecursionError as error:
            raise ModelFileError(f"{path}: nested too deep") from error

    def line_of(self, key: str) -> int | None:
        """The line of a key such as ``generator.sensitivity``, or of its section; None if it is not written out."""
        section, _, name = key.rpartition(".")
        current, found = "", None
        for number, line in enumerate(self.text.splitlines(), start=1):
            header = _HEADER.match(line)
            if header:
                current = header[1].replace('"', "").replace(" ", "")
                if current == key:
                    return number
                found = number if current == section and found is None else found
            elif current == section and re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=", line):
                return number
        return found

    def error(self, key: str, message: str) -> ModelFileError:
        line = self.line_of(key)
        place = f", line {line}" if line is not None else ""
        return ModelFileError(f"{self.path}{place}: {key}{'' if message.startswith(key) else ': '}"
                              f"{message.removeprefix(key)}")

    def table(self, key: str) -> dict[str, Any] | None:
        """A section as a table."""
        found = self.data.get(key)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise self.error(key, "must be a section, that is a line [" + key + "] with keys below it")
        return found

    def only(self, key: str, table: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
        """Refuse keys that mean nothing."""
        for name in table:
            if name not in allowed:
                raise self.error(f"{key}.{name}" if key else name,
                                 f"unknown; allowed are {', '.join(allowed)}{_hint(name, allowed)}")

    def text_of(self, key: str, value: Any, allowed: Mapping[str, Any] | tuple[str, ...] = ()) -> str:
        if not isinstance(value, str):
            raise self.error(key, f"must be a text in quotation marks, not {value!r:.60}")
        if allowed and value not in allowed:
            raise self.error(key, f"{value[:60]!r} must be one of {', '.join(allowed)}{_hint(value, allowed)}")
        return value

    def value_of(self, key: str, value: Any, parameter: Parameter) -> Any:
        """A number or an expression; both are exact."""
        from stlbounds.parsing import parse_expression
        from stlbounds.symbols import N, j, symbol

        if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
            raise self.error(key, f"must be a number, or an expression in quotation marks, not {value!r:.60}")
        if isinstance(value, int) and abs(value) < 10**300:
            return value
        try:
            found = parse_expression(str(value), argument=key)
            given = {part.name: parameter(part.name) for part in found.free_symbols - {N, j}}
            # Numbers are put in by the parser, which prices what becomes of them: 24**alpha may be a costly root.
            changed = any(value != symbol(name) for name, value in given.items())
            return parse_expression(str(value), names=given, argument=key) if changed else found
        except StlboundsError as error:
            raise self.error(key, str(error)) from error


def _declare(reader: _Reader) -> tuple[str, ...]:
    from stlbounds.described import declare_symbols

    table = reader.table("symbols") or {}
    for name, fields in table.items():
        key = f"symbols.{name}"
        if not isinstance(fields, dict):
            raise reader.error(key, f'must be a section [{key}], or {{meaning = "...", low = 0, high = 1}}')
        exact = {part: str(value) if isinstance(value, Decimal) else value for part, value in fields.items()}
        try:
            declare_symbols({name: exact})
        except StlboundsError as error:
            raise reader.error(key, str(error).removeprefix(key + ".")) from error
    return tuple(table)


def _parameters(reader: _Reader, section: str, entry: Entry[Any], parameter: Parameter) -> Parameter:
    """The parameters of an entry: the values of the file, and those given where it has none."""
    table = reader.table(section) or {}

    def of_file(name: str) -> Any:
        key, value = f"{section}.{name}", table.get(name)
        if value is None and name in entry.lists:
            raise reader.error(section, f"{name} is missing, for example {name} = [0.5, 0.4, 0.3]")
        if isinstance(value, list) and name in entry.lists:
            return [reader.value_of(key, part, parameter) for part in value]
        return parameter(name) if value is None else reader.value_of(key, value, parameter)

    return of_file


def _guarded(reader: _Reader, section: str, make: Callable[[Parameter], Any]) -> Callable[[Parameter], Any]:
    """Errors of the library's own with the file, and the line of the section, in front."""

    def made(parameter: Parameter) -> Any:
        try:
            return make(parameter)
        except ModelFileError:
            raise
        except StlboundsError as error:
            # Some errors have no argument of their own, and begin with its name.
            argument = getattr(error, "argument", "") or str(error).partition(" ")[0]
            known = argument in (reader.table(section) or {})
            raise reader.error(f"{section}.{argument}" if known else section, str(error)) from error

    return made


def _metric(reader: _Reader, section: str, table: Mapping[str, Any]) -> Any:
    from stlbounds.proof.metric import Metric

    words = {metric.name.lower(): metric for metric in Metric}
    if "metric" not in table:
        raise reader.error(section, f"metric is missing; it must be one of {', '.join(words)}")
    return words[reader.text_of(f"{section}.metric", table["metric"], words)]


def _own_generator(reader: _Reader, name: str, parameter: Parameter) -> Generator:
    from stlbounds.generators import Generator

    table = reader.table("generator") or {}
    if "sensitivity" not in table:
        raise reader.error("generator", "sensitivity is missing: kappa, or an expression in the size N of the "
                           'training set; or name a model of the catalogue with use = "..."')
    parts = {key: reader.value_of(f"generator.{key}", table[key], parameter)
             for key in _OWN_GENERATOR[1:] if key in table}
    return Generator(name, metric=_metric(reader, "generator", table), **parts)


def _own_learner(reader: _Reader, parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import UniformlyStable

    table = reader.table("learner") or {}
    if "beta_N" not in table:
        raise reader.error("learner", 'beta_N is missing, for example beta_N = "b/N"; or name a learner of the '
                           'catalogue with use = "..."')
    parts = {key: reader.value_of(f"learner.{key}", table[key], parameter)
             for key in _OWN_LEARNER[1:] if key in table}
    return UniformlyStable(metric=_metric(reader, "learner", table), **parts)


def _section(reader: _Reader, section: str, entries: Mapping[str, Entry[Any]],
             own: Callable[[Parameter], Any] | None = None,
             own_keys: tuple[str, ...] = ()) -> Callable[[Parameter], Any] | None:
    """What makes the object of a section: an entry of the catalogue, or one that the file describes itself."""
    table = reader.table(section)
    if table is None:
        return None
    if "use" not in table:
        if own is None:
            raise reader.error(section, f'use is missing, for example use = "{next(iter(entries))}"; '
                               f"it must be one of {', '.join(entries)}")
        reader.only(section, table, ("use", *own_keys))
        return _guarded(reader, section, own)
    entry = entries[reader.text_of(f"{section}.use", table["use"], dict(entries))]
    choices = ("real",) if section == "loop" else ()
    reader.only(section, table, ("use", *entry.symbols, *entry.lists, *choices))
    real = reader.text_of(f"{section}.real", table["real"], ("replay", "fresh")) if "real" in table else None
    chosen = (real,) if choices else ()
    return _guarded(reader, section,
                    lambda parameter: entry.make(_parameters(reader, section, entry, parameter), *chosen))


def read_model(path: str | Path) -> Model:
    """Read a model file.

    Parameters
    ----------
    path : str or pathlib.Path
        A TOML file with a section ``[generator]``, and if wanted ``[model]``, ``[symbols.NAME]``, ``[loop]`` and
        ``[learner]``; `stlbounds init` writes one that explains itself.

    Returns
    -------
    Model
        Its symbols are declared; its parts are made when they are asked for, after a check of every key.

    Raises
    ------
    ModelFileError
        Naming the file, the line, the key, and what is allowed.
    """
    place = Path(path)
    try:
        if place.stat().st_size > _MAX_BYTES:
            raise ModelFileError(f"{place}: longer than {_MAX_BYTES} bytes")
        reader = _Reader(place, place.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ModelFileError(f"{place}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ModelFileError(f"{place}: not UTF-8 text") from error
    reader.only("", reader.data, _SECTIONS)
    about = reader.table("model") or {}
    reader.only("model", about, _MODEL_KEYS)
    references = about.get("references", [])
    if not isinstance(references, list) or not all(isinstance(text, str) for text in references):
        raise reader.error("model.references", "must be a list of texts")
    for key, allowed in (("theorem", tuple(THEOREMS)), ("drift", ("sharp", "lemma")), ("name", ()), ("summary", ())):
        if key in about:
            reader.text_of(f"model.{key}", about[key], allowed)
    name = about.get("name", place.stem)
    declared = _declare(reader)
    generator = _section(reader, "generator", GENERATORS, lambda given: _own_generator(reader, name, given),
                         _OWN_GENERATOR)
    if generator is None:
        raise ModelFileError(f"{place}: the section [generator] is missing")
    learner = _section(reader, "learner", LEARNERS, lambda given: _own_learner(reader, given), _OWN_LEARNER)
    loop = _section(reader, "loop", LOOPS)
    # What the file says is checked when it is read, not when a command first needs it.
    from stlbounds.symbols import symbol

    for make in (generator, learner, loop):
        if make is not None:
            make(symbol)
    return Model(name, about.get("summary", ""), tuple(references), declared, about.get("theorem"), about.get("drift"),
                 generator, learner, loop)
