"""The check of a bound: runs the loop that the bound speaks of, and confronts the two."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np
import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.simulation.confrontation import confront
from stlbounds.simulation.engine import Progress, Run, run, whole
from stlbounds.simulation.result import CheckResult
from stlbounds.simulation.rounding import Rounding, effective_values, exact_value, plain, round_plan
from stlbounds.simulation.statistics import DEFAULT_LEVEL, empirical_quantile
from stlbounds.symbols import N, symbol

__all__ = ["CheckableBound", "check"]


class CheckableBound(Protocol):
    """What `check` needs of a bound; `stlbounds.bound.Bound` has it."""

    @property
    def setting(self) -> Any: ...
    @property
    def theorem(self) -> str: ...
    @property
    def symbols(self) -> Iterable[sp.Symbol]: ...
    @property
    def failure_probability(self) -> sp.Expr: ...
    def evaluate_terms(self, **values: Any) -> dict[str, float]: ...


def check(
    bound: CheckableBound,
    *,
    replicas: int = 2000,
    seed: int = 0,
    distribution: Any = None,
    confidence: float = DEFAULT_LEVEL,
    chunk: int | None = None,
    progress: Progress | None = None,
    **values: Any,
) -> CheckResult:
    r"""Simulate the loop of a bound, and say whether the bound is contradicted.

    Parameters
    ----------
    bound : Bound
        From `stlbounds.high_probability`, `in_expectation` or `expected_gap`.
    replicas : int
        Independent runs of the loop, at least 1.
    seed : int
        Nonnegative; the same arguments give the same result.
    distribution : array_like, optional
        The real distribution, in the form that the generator asks for; by default the generator's own choice.
    confidence : float
        Of each verdict: a true bound is called contradicted with probability at most ``1 - confidence``.
    chunk : int, optional
        Replicas run together; by default chosen for bounded memory.
    progress : callable, optional
        Called with ``(done, replicas)``.
    **values
        Numbers for every symbol of the bound, and for ``n`` and ``i``.

    Returns
    -------
    CheckResult
        Printable; ``result.contradicted``, ``result.factor``, ``result["drift"].ratio``,
        ``result.to_dict()``.

    Raises
    ------
    InvalidArgumentError
        If a value is missing, unknown or out of range, or the loop's sizes cannot be rounded to whole
        numbers for which the bound could be evaluated.
    AssumptionError
        If the generator or the learner cannot be simulated.

    Notes ----- Sizes such as :math:`\alpha n` are rounded, and the bound is evaluated at the rounded
    parameters: those of the loop that was really run. A difference is reported in the notes of the result.

    References
    ----------
    Theory §5 (what is claimed), §12 (rounding).

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(5), stl.learners.BrierFit())
    >>> result = stl.check(stl.high_probability(setting), n=100, alpha=0.3, i=5, delta=0.05, replicas=500)
    >>> result.contradicted, result.coverage
    (False, 1.0)
    """
    replicas, seed = whole("replicas", replicas, 1), whole("seed", seed, 0)
    if not (isinstance(confidence, (int, float)) and 0 < confidence < 1):
        raise InvalidArgumentError("confidence", confidence, "in (0, 1)")
    setting = bound.setting
    required, allowed = _names(bound)
    asked = _exact_values(values, required, allowed)
    generations = int(asked["i"])
    protocol = setting.loop
    sizes = {name: asked[name] for name in allowed if name in asked and name not in ("i", "delta")}
    # A model that cannot be simulated says so before the work of a long plan.
    exact = {name: plain(value) for name, value in asked.items()}
    setting.generator.sampler(exact, distribution=distribution)
    setting.learner.judge(exact)
    rounding = round_plan(protocol.plan(generations), sizes)
    used = {**asked, **_effective(rounding, sizes)}
    numbers = {name: plain(value) for name, value in used.items()}
    sampler = setting.generator.sampler(numbers, distribution=distribution)
    judge = setting.learner.judge(numbers)
    result_of_run = run(protocol, sampler, judge, {name: used[name] for name in sizes}, generations, replicas,
                        seed, chunk=chunk, progress=progress)
    inputs = {str(part): numbers[str(part)] for part in bound.symbols}
    substitution = {symbol(name): value for name, value in used.items()}
    is_random = bound.theorem == "high-probability"
    delta = float(bound.failure_probability.subs(substitution)) if is_random else None
    loss_constant = float(setting.learner.loss_constant.subs(substitution))
    terms = _terms(bound, inputs)
    result = confront(terms, bound.theorem, delta, result_of_run, loss_constant, confidence=confidence)
    order = [name for name in values if name in used]
    return dataclasses.replace(
        result,
        requested={name: plain(asked[name]) for name in order},
        used={name: numbers[name] for name in order},
        trajectory=tuple(_trajectory(bound, inputs, result_of_run, result.quantile_level)),
        setting=_describe(setting),
        notes=(*_rounding_notes(asked, used), *result.notes),
    )


def _free(*expressions: Any) -> set[str]:
    """Names of the symbols of those arguments that are expressions."""
    found = (part.free_symbols for part in expressions if isinstance(part, sp.Expr))
    return {str(part) for symbols in found for part in symbols} - {str(N)}


def _names(bound: CheckableBound) -> tuple[set[str], set[str]]:
    """The names that `check` requires, and all that it allows."""
    setting = bound.setting
    learner, generator = setting.learner, setting.generator
    required = {"n", "i"} | {str(part) for part in bound.symbols} | _free(*setting.loop.parameters.values())
    required |= _free(bound.failure_probability, learner.loss_constant)
    constants = (generator.sensitivity, generator.learning_error, learner.beta)
    return required, required | _free(*constants, *vars(generator).values(), *vars(learner).values())


def _exact_values(values: Mapping[str, Any], required: set[str], allowed: set[str]) -> dict[str, sp.Rational]:
    unknown = sorted(set(values) - allowed)
    if unknown:
        raise InvalidArgumentError(unknown[0], values[unknown[0]], f"one of {', '.join(sorted(allowed))}",
                                   "the bound has no other symbols")
    missing = sorted(required - set(values))
    if missing:
        raise InvalidArgumentError("values", f"no value for {', '.join(missing)}", "complete",
                                   f"pass {', '.join(f'{name}=...' for name in missing)}")
    return {name: exact_value(name, value) for name, value in values.items()}


def _effective(rounding: Rounding, sizes: Mapping[str, sp.Rational]) -> dict[str, sp.Rational]:
    found = effective_values(rounding, sizes)
    if found is None:
        pool = rounding.changed[0]
        raise InvalidArgumentError(
            "values", f"{pool.requested:g} points in the pool {pool.name!r} of generation {pool.born}",
            "such that every pool of points has a whole size",
            "choose n accordingly, or make the proportion a symbol, which can then be rounded",
        )
    return found


def _terms(bound: CheckableBound, inputs: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in bound.evaluate_terms(**inputs).items()}


def _rounding_notes(asked: Mapping[str, sp.Rational], used: Mapping[str, sp.Rational]) -> list[str]:
    return [
        f"{name} = {plain(asked[name])} was rounded to {used[name]} = {float(used[name]):.6g}, "
        f"for whole numbers of points; the bound is evaluated there"
        for name in asked if asked[name] != used[name]
    ]


def _trajectory(
    bound: CheckableBound, inputs: Mapping[str, Any], done: Run, level: float
) -> Iterable[dict[str, Any]]:
    """One record for each generation: what was measured, and the bound there."""
    for j in range(done.generations + 1):
        gap = done.gap[:, j]
        # A loop without the symbol i in its bound has the same bound in every generation.
        terms = _terms(bound, {**inputs, "i": j} if "i" in inputs else inputs)
        yield {
            "generation": j, "size": done.sizes[j],
            "mean_gap": float(gap.mean()), "mean_absolute_gap": float(np.abs(gap).mean()),
            "quantile_gap": empirical_quantile(np.abs(gap), level),
            "drift": float(done.drift[:, j].mean()), "mixed_drift": float(done.mixed_drift[:, j].mean()),
            "risk": float(done.risk[:, j].mean()),
            "diversity": {name: float(column[:, j].mean()) for name, column in done.diversity.items()},
            "terms": terms, "bound": sum(terms.values()),
        }


def _describe(setting: Any) -> str:
    """The setting in words: loop, generator, learner."""
    loop = setting.loop
    parameters = ", ".join(f"{name} = {value}" for name, value in loop.parameters.items())
    real = f", real data {loop.real}" if hasattr(loop, "real") else ""
    return f"{loop.name} ({parameters}{real}), {setting.generator.name}, {setting.learner.name}"
