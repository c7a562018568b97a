"""From a setting and numbers to a loop that can be run: values checked, sizes rounded, sampler and judge made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.point_sampling import further_parameters
from stlbounds.generators.sampling import Sampler
from stlbounds.learners.judging import Judge
from stlbounds.learners.symbols_as_tokens import judge_for
from stlbounds.simulation.data import RealData
from stlbounds.simulation.exact import pointwise, shortcut_of
from stlbounds.simulation.rounding import Rounding, effective_values, exact_value, plain, round_plan
from stlbounds.symbols import N

__all__ = ["Prepared", "free_names", "prepare", "setting_names"]

#: Generations; a plan names the pools of each of them.
MANY = 1_000_000


@dataclass(frozen=True)
class Prepared:
    """A loop with everything that it takes to run it.

    Parameters
    ----------
    sampler, judge : Sampler, Judge
        The numeric twins of generator and learner.
    generations : int
        The last generation ``i``.
    sizes : dict
        The parameters of the protocol that was run, exact.
    asked, used : dict
        Exact values of all symbols, as given and after rounding.
    statistic : str
        What is drawn in place of points, if the law of a sufficient statistic is known and was used; else empty.
    """

    sampler: Sampler
    judge: Judge
    generations: int
    sizes: dict[str, sp.Rational]
    asked: dict[str, sp.Rational]
    used: dict[str, sp.Rational]
    statistic: str

    @property
    def numbers(self) -> dict[str, int | float]:
        """The values that were used, as Python numbers."""
        return {name: plain(value) for name, value in self.used.items()}

    def notes(self) -> list[str]:
        """What was rounded, in words, and what else is to be known."""
        return [*([self.sampler.note] if self.sampler.note else []), *(
            f"{name} = {plain(value)} was rounded to {self.used[name]} = {float(self.used[name]):.6g}, "
            f"for whole numbers of points; the bound is evaluated there"
            for name, value in self.asked.items() if value != self.used[name]
        )]


def free_names(*expressions: Any) -> set[str]:
    """Names of the symbols of those arguments that are expressions."""
    found = (part.free_symbols for part in expressions if isinstance(part, sp.Expr))
    return {str(part) for symbols in found for part in symbols} - {str(N)}


def setting_names(setting: Any, *expressions: Any) -> tuple[set[str], set[str]]:
    """The names that a simulation of the setting, and of these expressions, requires, and all that it allows."""
    learner, generator = setting.learner, setting.generator
    required = {"n", "i"} | free_names(*setting.loop.parameters.values(), learner.loss_constant, *expressions)
    constants = (generator.sensitivity, generator.learning_error, learner.beta)
    own = further_parameters(getattr(generator, "simulator", None))
    required |= {name for name, needed in own.items() if needed}
    return required, required | {*own} | free_names(*constants, *vars(generator).values(), *vars(learner).values())


def _exact(values: Mapping[str, Any], required: set[str], allowed: set[str]) -> dict[str, sp.Rational]:
    unknown = sorted(set(values) - allowed)
    if unknown:
        raise InvalidArgumentError(unknown[0], values[unknown[0]], f"one of {', '.join(sorted(allowed))}",
                                   "the bound has no other symbols")
    missing = sorted(required - set(values))
    if missing:
        raise InvalidArgumentError("values", f"no value for {', '.join(missing)}", "complete",
                                   f"pass {', '.join(f'{name}=...' for name in missing)}")
    return {name: exact_value(name, value) for name, value in values.items()}


def rounded(plan: Any, sizes: Mapping[str, sp.Rational]) -> tuple[Rounding, dict[str, sp.Rational]]:
    """The sizes of a plan in whole numbers, and the parameters for which the loop asks for exactly those.

    Raises
    ------
    InvalidArgumentError
        If no parameters do.
    """
    rounding = round_plan(plan, sizes)
    found = effective_values(rounding, sizes)
    if found is None:
        pool = rounding.changed[0]
        raise InvalidArgumentError(
            "values", f"{pool.requested:g} points in the pool {pool.name!r} of generation {pool.born}",
            "such that every pool of points has a whole size",
            "choose n accordingly; a proportion can be rounded where it is a symbol, and other sizes stay whole",
        )
    return rounding, found


def prepare(
    setting: Any, values: Mapping[str, Any], names: tuple[set[str], set[str]], *, distribution: Any = None,
    exact: bool = True, ignored: Iterable[str] = ("delta",),
) -> Prepared:
    """Check the values, round the sizes, and make sampler and judge.

    Parameters
    ----------
    setting : Setting
        Its generator must have a sampler, its learner a judge.
    values : mapping
        Numbers by name.
    names : tuple of set
        The names that are required, and all that are allowed (`setting_names`).
    distribution : array_like or RealData, optional
        The real distribution.
    exact : bool
        Whether to draw sufficient statistics in place of points where their law is known.
    ignored : iterable of str
        Symbols on which no size depends.

    Raises
    ------
    InvalidArgumentError
        If a value is missing, unknown or out of range, or sizes cannot be rounded.
    AssumptionError
        If the generator or the learner cannot be simulated.
    """
    required, allowed = names
    if isinstance(distribution, RealData):
        values = distribution.with_cells(setting.generator, values)
    asked = _exact(values, required, allowed)
    generations = int(asked["i"])
    if generations > MANY:
        raise InvalidArgumentError("i", generations, f"at most {MANY} where a loop is simulated")
    sizes = {name: asked[name] for name in allowed if name in asked and name not in ("i", *ignored)}
    # A model that cannot be simulated says so before the work of a long plan.
    _twins(setting, {name: plain(value) for name, value in asked.items()}, distribution)
    _, found = rounded(setting.loop.plan(generations), sizes)
    used = {**asked, **found}
    sampler, judge = _twins(setting, {name: plain(value) for name, value in used.items()}, distribution)
    shortcut = shortcut_of(sampler)
    if not exact:
        sampler, judge = pointwise(sampler, judge)
    statistic = shortcut.statistic if shortcut is not None and exact else ""
    return Prepared(sampler, judge, generations, {name: used[name] for name in sizes}, asked, used, statistic)


def _twins(setting: Any, numbers: Mapping[str, Any], distribution: Any) -> tuple[Sampler, Judge]:
    if isinstance(distribution, RealData):
        sampler = distribution.sampler(setting.generator, numbers)
    else:
        sampler = setting.generator.sampler(numbers, distribution=distribution)
    return sampler, judge_for(setting.learner, numbers, sampler)
