"""The check of a bound: runs the loop that the bound speaks of, and confronts the two."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np
import sympy as sp

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.simulation.claimed import claimed_values
from stlbounds.simulation.confrontation import TERMS, confront
from stlbounds.simulation.engine import Progress, Run, run, whole
from stlbounds.simulation.preparation import Prepared, prepare, setting_names
from stlbounds.simulation.result import CheckResult
from stlbounds.simulation.rounding import plain
from stlbounds.simulation.statistics import DEFAULT_LEVEL, empirical_quantile
from stlbounds.symbols import check_symbols, symbol

__all__ = ["CheckableBound", "Claimed", "check", "describe_setting"]

#: A formula in place of a whole bound, or a mapping of formulas in place of some of its terms.
Claimed: TypeAlias = Any


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
    def evaluate_terms(self, **values: Any) -> dict[str, Any]: ...


def check(
    bound: CheckableBound,
    *,
    replicas: int = 2000,
    seed: int = 0,
    expression: Claimed | None = None,
    distribution: Any = None,
    exact: bool = True,
    confidence: float = DEFAULT_LEVEL,
    chunk: int | None = None,
    workers: int = 1,
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
    expression : sympy.Expr or mapping of str to sympy.Expr, optional
        A claim to be checked in place of what the bound says: one expression stands for the whole bound, which then
        has no terms; a mapping replaces some of the terms ``"drift"``, ``"bias"`` and ``"concentration"``, and keeps
        the others, and is contradicted if one of its terms is, held against what that term bounds. The theorem
        (what is claimed of the gap, and with which probability) stays that of `bound`.
    distribution : array_like or RealData, optional
        The real distribution: a sample of `stlbounds.data`, or what the generator asks for; by default the
        generator's own choice.
    exact : bool
        Whether to draw sufficient statistics in place of points where their law is known, which is faster and the
        same in law; ``result.statistic`` says what was drawn.
    confidence : float
        Of each verdict: a true bound is called contradicted with probability at most ``1 - confidence``, and a claim
        of several terms with at most that for each part of the bound that they occur in.
    chunk : int, optional
        Replicas that are run together and share a stream of random numbers; by default chosen for bounded memory.
    workers : int
        Threads that run chunks side by side, at least 1; the result does not depend on it.
    progress : callable, optional
        Called with ``(done, replicas)``.
    **values
        Numbers for every symbol of the bound, and for ``n`` and ``i``.

    Returns
    -------
    CheckResult
        Printable; ``result.contradicted``, ``result.factor``, ``result["drift"].ratio``, ``result.power``,
        ``result.to_dict()``. After an interruption by the keyboard, about the replicas that were finished.

    Raises
    ------
    InvalidArgumentError
        If a value is missing, unknown or out of range, or the loop's sizes cannot be rounded to whole
        numbers for which the bound could be evaluated; if `expression` has a negative value, or is a mapping with
        another name.
    SymbolError
        If `expression` has a symbol that is not declared.
    AssumptionError
        If the generator or the learner cannot be simulated.

    Notes
    -----
    Sizes such as :math:`\alpha n` are rounded, and the bound is evaluated at the rounded parameters: those of the
    loop that was really run. A difference is reported in the notes of the result.

    References
    ----------
    Theory §5 (what is claimed), §12 (rounding).

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(5), stl.learners.BrierFit())
    >>> bound = stl.high_probability(setting)
    >>> numbers = {"n": 100, "alpha": 0.3, "i": 5, "delta": 0.05}
    >>> result = stl.check(bound, replicas=300, **numbers)
    >>> result.contradicted, result.coverage
    (False, 1.0)
    >>> wrong = {"drift": bound.terms["drift"] / 20}
    >>> stl.check(bound, replicas=300, expression=wrong, **numbers).contradicted_parts
    ('drift',)
    """
    replicas, seed = whole("replicas", replicas, 1), whole("seed", seed, 0)
    if not (isinstance(confidence, (int, float)) and 0 < confidence < 1):
        raise InvalidArgumentError("confidence", confidence, "in (0, 1)")
    setting = bound.setting
    claim = _claimed(expression)
    names = setting_names(setting, *bound.symbols, bound.failure_probability, *claim.values())
    ready = prepare(setting, values, names, distribution=distribution, exact=exact)
    done = run(setting.loop, ready.sampler, ready.judge, ready.sizes, ready.generations, replicas, seed, chunk=chunk,
               workers=workers, progress=progress)
    substitution = {symbol(name): value for name, value in ready.used.items()}
    # The sharper theorems of theory §6 are statements of the same kind.
    is_random = bound.failure_probability != 0
    kind = "high-probability" if is_random else bound.theorem
    if "excess" in bound.theorem:
        raise AssumptionError("the simulation measures the gap, and this bound is about the excess risk; check the "
                              "high-probability bound of the same setting")
    delta = float(bound.failure_probability.subs(substitution)) if is_random else None
    loss_constant = float(setting.learner.loss_constant.subs(substitution))
    terms = _terms(bound, claim, ready)
    last = {name: float(column[-1]) for name, column in terms.items()}
    result = confront(last, kind, delta, done, loss_constant, confidence=confidence)
    order = [name for name in ready.asked if name in ready.used]
    false = set(result.contradicted_parts) & {"bound", *claim, *_JOINT.intersection(_touched(claim))}
    return dataclasses.replace(
        result,
        theorem=bound.theorem,
        verdict="contradicted" if false else "consistent",
        requested={name: plain(ready.asked[name]) for name in order},
        used={name: ready.numbers[name] for name in order},
        trajectory=tuple(_trajectory(terms, done, result.quantile_level)),
        setting=describe_setting(setting),
        statistic=ready.statistic,
        claim="" if expression is None else "; ".join(f"{name} = {part}" for name, part in claim.items()),
        notes=(*ready.notes(), *result.notes),
    )


#: The part of a bound that is a sum of terms, other than the bound itself.
_JOINT = frozenset({"drift + bias"})


def _touched(claim: Mapping[str, sp.Expr]) -> set[str]:
    """The joint parts in which a claimed term counts."""
    return {part for part in _JOINT if set(part.split(" + ")) & set(claim)}


def _claimed(expression: Claimed | None) -> dict[str, sp.Expr]:
    """The claim as expressions by part; the part ``"bound"`` alone stands for the whole bound."""
    if expression is None:
        return {}
    parts = dict(expression) if isinstance(expression, Mapping) else {"bound": expression}
    for name, part in parts.items():
        if isinstance(expression, Mapping) and name not in TERMS:
            raise InvalidArgumentError("expression", f"a term {name!r}", f"a mapping of {', '.join(TERMS)}")
        if not isinstance(part, sp.Expr):
            raise InvalidArgumentError("expression", repr(part), "a SymPy expression")
        check_symbols(part)
    return parts


def _terms(bound: CheckableBound, claim: Mapping[str, sp.Expr], ready: Prepared) -> dict[str, Any]:
    """The values of the terms in the generations 0, ..., i, claimed ones in place of the bound's own."""
    generations = np.arange(ready.generations + 1)
    numbers: dict[str, Any] = {**ready.numbers, "i": generations}
    own: dict[str, Any] = {}
    if "bound" not in claim:
        inputs = {str(part): numbers[str(part)] for part in bound.symbols}
        own = dict(bound.evaluate_terms(**inputs))
    own.update(claimed_values(claim, ready.numbers, generations))
    # A loop without the symbol i in its bound has the same bound in every generation.
    return {name: np.broadcast_to(value, generations.shape) for name, value in own.items()}


def _trajectory(terms: Mapping[str, Any], done: Run, level: float) -> Iterable[dict[str, Any]]:
    """One record for each generation: what was measured, and the bound there."""
    for j in range(done.generations + 1):
        gap = done.gap[:, j]
        here = {name: float(column[j]) for name, column in terms.items()}
        yield {
            "generation": j, "size": done.sizes[j],
            "mean_gap": float(gap.mean()), "mean_absolute_gap": float(np.abs(gap).mean()),
            "quantile_gap": empirical_quantile(np.abs(gap), level),
            "drift": float(done.drift[:, j].mean()), "mixed_drift": float(done.mixed_drift[:, j].mean()),
            "risk": float(done.risk[:, j].mean()),
            "diversity": {name: float(column[:, j].mean()) for name, column in done.diversity.items()},
            "terms": here, "bound": sum(here.values()),
        }


def describe_setting(setting: Any) -> str:
    """The setting in words: loop, generator, learner."""
    loop = setting.loop
    parameters = ", ".join(f"{name} = {value}" for name, value in loop.parameters.items())
    real = f", real data {loop.real}" if hasattr(loop, "real") else ""
    return f"{loop.name} ({parameters}{real}), {setting.generator.name}, {setting.learner.name}"
