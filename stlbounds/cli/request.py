"""What a user asked for on the command line, and the bound and the values that it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stlbounds.entries import GENERATORS, LEARNERS, LOOPS, THEOREMS, Entry, Parameter, find, settable
from stlbounds.errors import InvalidArgumentError

if TYPE_CHECKING:
    from stlbounds.bound import Bound
    from stlbounds.generators import Generator
    from stlbounds.learners import UniformlyStable
    from stlbounds.loops import Loop
    from stlbounds.model_files import Model
    from stlbounds.theorems.setting import Setting

__all__ = ["Request"]


FIXED_MIX, HIGH_PROBABILITY, SHARP = "fixed-mix", "high-probability", "sharp"

#: The one setting that is not a number: the proportions of a schedule.
SCHEDULE = "alphas"


def _first(*chosen: str | None) -> str:
    """The first that was chosen; an empty text is a choice, and a wrong one."""
    return next(name for name in chosen if name is not None)


def _is_schedule(assignment: str) -> bool:
    return assignment.partition("=")[0].strip() == SCHEDULE


@dataclass(frozen=True)
class Request:
    """The options that describe a bound, as text.

    Parameters
    ----------
    model : str
        A generator of the catalogue, or a model file.
    loop, real, learner, theorem, drift : str, optional
        Names of the catalogue. Left out, a model file's own choice, and else a fixed mix, its own choice of real data,
        the learner that belongs to the generator, the high-probability theorem, and the sharpest drift.
    assignments : tuple of str
        ``NAME=VALUE`` each.
    """

    model: str
    loop: str | None = None
    real: str | None = None
    learner: str | None = None
    theorem: str | None = None
    drift: str | None = None
    assignments: tuple[str, ...] = ()

    def values(self) -> dict[str, Any]:
        """The exact values by name.

        Raises
        ------
        StlboundsError
            If one is not a number, unknown, given twice, or out of range.
        """
        from stlbounds.parsing import parse_assignments

        plain = [text for text in self.assignments if not _is_schedule(text)]
        return parse_assignments(plain, allowed=self.settable())

    def settable(self) -> list[str]:
        """The symbols that ``--set`` may name: those of the catalogue, and those that a model file declares."""
        return [*settable(), *(self._file.symbols if self._file else ())]

    @cached_property
    def _file(self) -> Model | None:
        """The model file, where the model is one."""
        if not self.model.endswith(".toml"):
            return None
        from stlbounds.model_files import read_model

        return read_model(self.model)

    def _schedule(self) -> Any:
        """The proportions of a schedule: a list of numbers, or an expression in ``j``.

        Raises
        ------
        InvalidArgumentError
            If they are given twice or not at all.
        """
        from stlbounds.parsing import parse_expression, parse_number

        given = [text.partition("=")[2] for text in self.assignments if _is_schedule(text)]
        if len(given) != 1:
            state = "missing" if not given else f"given {len(given)} times"
            raise InvalidArgumentError("alphas", state, "given once",
                                       "for example --set alphas=0.5,0.4,0.3 or --set 'alphas=1/(j+1)'")
        if "," in given[0]:
            return [parse_number(number, argument="alphas") for number in given[0].split(",")]
        return parse_expression(given[0], argument="alphas")

    def bound(self) -> Bound:
        """The bound with all its symbols; values are put in when it is evaluated."""
        from stlbounds.symbols import symbol

        return self._make(symbol)

    def specialised(self) -> Bound:
        """The bound for a setting whose parameters are fixed at the given values.

        Raises
        ------
        InvalidArgumentError
            If a value is for a symbol that is no parameter of the setting, such as ``n``.
        """
        from stlbounds.symbols import symbol

        values, used = self.values(), set()

        def parameter(name: str) -> Any:
            used.add(name)
            return values.get(name, symbol(name))

        bound = self._make(parameter)
        for name, value in values.items():
            if name not in used:
                raise InvalidArgumentError("--set", f"{name}={value}", f"for a parameter of the setting: "
                                           f"{', '.join(sorted(used)) or 'it has none'}",
                                           "a theorem keeps its other symbols; use eval for numbers")
        return bound

    def setting(self) -> Setting:
        """The setting with all its symbols; no theorem is derived."""
        from stlbounds.symbols import symbol

        return self._parts(symbol)[0]

    def _make(self, parameter: Parameter) -> Bound:
        setting, theorem = self._parts(parameter)
        return theorem.make(setting)

    def _parts(self, parameter: Parameter) -> tuple[Setting, Entry[Bound]]:
        """The setting, and the theorem that is asked for."""
        file = self._file
        if file is None:
            entry = find("MODEL", self.model, GENERATORS, or_else="a model file (*.toml), or ")
            generator: Callable[[Parameter], Generator] = entry.make
            learner: Callable[[Parameter], UniformlyStable] | None = LEARNERS[entry.learner].make
            loop, theorem, drift = None, None, None
        else:
            generator, learner, loop, theorem, drift = file.generator, file.learner, file.loop, file.theorem, file.drift
        if self.learner is not None:
            learner = find("--learner", self.learner, LEARNERS).make
        named = find("--theorem", _first(self.theorem, theorem, HIGH_PROBABILITY), THEOREMS)
        from stlbounds.theorems.setting import Setting

        mixed = self._loop(parameter) if loop is None or self.loop is not None else self._loop_of_file(loop, parameter)
        options: dict[str, Any] = {"drift": _first(self.drift, drift, SHARP)}
        if learner is not None:
            options["learner"] = learner(parameter)
        return Setting(mixed, generator(parameter), **options), named

    def _loop(self, parameter: Parameter) -> Loop:
        """The loop of the catalogue."""
        name = _first(self.loop, FIXED_MIX)
        entry = find("--loop", name, LOOPS)
        if SCHEDULE not in entry.lists and any(map(_is_schedule, self.assignments)):
            raise InvalidArgumentError("alphas", "given", f"left out with --loop {name}", "use --loop schedule")
        return entry.make(lambda word: self._schedule() if word == SCHEDULE else parameter(word), self.real)

    def _loop_of_file(self, make: Callable[[Parameter], Loop], parameter: Parameter) -> Loop:
        """The loop that the model file describes."""
        for option, given in (("--real", self.real), (SCHEDULE, any(map(_is_schedule, self.assignments)) or None)):
            if given is not None:
                raise InvalidArgumentError(option, given, "left out, because the model file says how data mix",
                                           "or name another loop with --loop")
        return make(parameter)

    def command(self) -> list[str]:
        """The options as arguments, those that differ from the defaults only."""
        default = Request(self.model)
        options = [(f"--{name}", getattr(self, name)) for name in ("loop", "real", "learner", "theorem", "drift")
                   if getattr(self, name) != getattr(default, name)]
        options += [("--set", text) for text in self.assignments]
        return [self.model, *(part for option in options for part in option)]
