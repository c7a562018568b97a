"""What a user asked for on the command line, and the bound and the values that it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stlbounds.entries import GENERATORS, LEARNERS, LOOPS, THEOREMS, Parameter, find, settable
from stlbounds.errors import InvalidArgumentError

if TYPE_CHECKING:
    from stlbounds.bound import Bound

__all__ = ["Request"]


#: The one setting that is not a number: the proportions of a schedule.
SCHEDULE = "alphas"


def _is_schedule(assignment: str) -> bool:
    return assignment.partition("=")[0].strip() == SCHEDULE


@dataclass(frozen=True)
class Request:
    """The options that describe a bound, as text.

    Parameters
    ----------
    model, loop, real, learner, theorem, drift : str
        Names of the catalogue; without `real` or `learner` the loop's and the generator's own choice.
    assignments : tuple of str
        ``NAME=VALUE`` each.
    """

    model: str
    loop: str = "fixed-mix"
    real: str | None = None
    learner: str | None = None
    theorem: str = "high-probability"
    drift: str = "sharp"
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
        return parse_assignments(plain, allowed=settable())

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

    def _make(self, parameter: Parameter) -> Bound:
        generator = find("MODEL", self.model, GENERATORS)
        learner = find("--learner", self.learner or generator.learner, LEARNERS)
        loop = find("--loop", self.loop, LOOPS)
        theorem = find("--theorem", self.theorem, THEOREMS)
        from stlbounds.theorems.setting import Setting


        def with_schedule(name: str) -> Any:
            return self._schedule() if name == SCHEDULE else parameter(name)

        if SCHEDULE not in loop.lists and any(map(_is_schedule, self.assignments)):
            raise InvalidArgumentError("alphas", "given", f"left out with --loop {self.loop}", "use --loop schedule")
        setting = Setting(loop.make(with_schedule, self.real), generator.make(parameter), learner.make(parameter),
                          drift=self.drift)  # type: ignore[arg-type]  # checked by the setting
        return theorem.make(setting)

    def command(self) -> list[str]:
        """The options as arguments, those that differ from the defaults only."""
        default = Request(self.model)
        options = [(f"--{name}", getattr(self, name)) for name in ("loop", "real", "learner", "theorem", "drift")
                   if getattr(self, name) != getattr(default, name)]
        options += [("--set", text) for text in self.assignments]
        return [self.model, *(part for option in options for part in option)]
