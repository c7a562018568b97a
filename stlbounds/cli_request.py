"""What a user asked for on the command line, and the bound and the values that it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stlbounds.catalogue import GENERATORS, LEARNERS, LOOPS, THEOREMS, Parameter, find, settable
from stlbounds.errors import InvalidArgumentError

if TYPE_CHECKING:
    from stlbounds.bound import Bound

__all__ = ["Request"]


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

        return parse_assignments(self.assignments, allowed=settable())

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

        setting = Setting(loop.make(parameter, self.real), generator.make(parameter), learner.make(parameter),
                          drift=self.drift)  # type: ignore[arg-type]  # checked by the setting
        return theorem.make(setting)

    def command(self) -> list[str]:
        """The options as arguments, those that differ from the defaults only."""
        default = Request(self.model)
        options = [(f"--{name}", getattr(self, name)) for name in ("loop", "real", "learner", "theorem", "drift")
                   if getattr(self, name) != getattr(default, name)]
        options += [("--set", text) for text in self.assignments]
        return [self.model, *(part for option in options for part in option)]
