"""A researcher's own formula, held against simulations of its loop and against our bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError, StlboundsError, SymbolError
from stlbounds.numeric.methods import Numbers
from stlbounds.parsing import parse_expression
from stlbounds.simulation.check import describe_setting
from stlbounds.simulation.claim_quantities import QUANTITIES, Quantity
from stlbounds.simulation.claim_result import ClaimPoint, ClaimResult
from stlbounds.simulation.claimed import claimed_values
from stlbounds.simulation.engine import Progress, run, whole
from stlbounds.simulation.preparation import free_names, prepare, setting_names
from stlbounds.simulation.rounding import plain
from stlbounds.simulation.statistics import DEFAULT_LEVEL
from stlbounds.simulation.sweep_grid import make_grid
from stlbounds.simulation.sweep_job import child_seed
from stlbounds.symbols import N, Phi, check_symbols, delta, i, rho
from stlbounds.theorems.setting import Setting

__all__ = ["check_claim"]


def check_claim(
    expression: str | sp.Expr,
    setting: Setting,
    points: Mapping[str, Any] | Iterable[Mapping[str, Any]] | None = None,
    *,
    quantity: str = "gap",
    replicas: int = 2000,
    seed: int = 0,
    distribution: Any = None,
    exact: bool = True,
    confidence: float = DEFAULT_LEVEL,
    chunk: int | None = None,
    workers: int = 1,
    progress: Progress | None = None,
    **values: Any,
) -> ClaimResult:
    r"""Test a formula of one's own: where do simulations contradict it, and if nowhere, how loose is it?

    Parameters
    ----------
    expression : str or sympy.Expr
        The claimed upper bound, in the symbols of `stlbounds.symbols`. A text is parsed, never run. ``N`` stands for
        the size of the last training set, ``rho`` for the loop gain and ``Phi`` for the amplification of the setting.
    setting : Setting
        The loop, the generator and the learner; the latter two must be models that can be simulated.
    points : mapping, or iterable of mappings, optional
        Values by name whose product is tested, or a list of points.
    quantity : {"gap", "expected-gap", "bias", "drift", "distance", "fluctuation", "variance"}
        What the formula bounds: :math:`|g|` with probability :math:`1-\delta`, :math:`E|g|`, :math:`|E g|`,
        :math:`M E s_i`, :math:`E W(D_0, D_i)`, :math:`|g - E g|` with probability :math:`1-\delta`, or
        :math:`\mathrm{Var}\, g`, with :math:`g` the signed gap of the last generation.
    replicas : int
        Runs of the loop at each point, at least 2.
    seed : int
        Nonnegative; point ``k`` uses the ``k``-th child of ``SeedSequence(seed)``.
    distribution, exact, chunk, workers
        As for `stlbounds.check`.
    confidence : float
        A true claim is called contradicted, at any of the points, with probability at most ``1 - confidence``.
    progress : callable, optional
        Called with ``(done, points)``.
    **values
        Values that are the same at all points.

    Returns
    -------
    ClaimResult
        Printable; ``result.contradicted``, ``result.counterexamples``, ``result.points[0].looseness``,
        ``result.points[0].to_ours``, ``result.to_dict()``.

    Raises
    ------
    ParseError
        If the text is no expression.
    SymbolError
        If it has a symbol that is not declared, or one that has no value in a simulation.
    InvalidArgumentError
        If a value is missing, unknown or out of range, or the formula has no real value at a point.
    AssumptionError
        If the generator or the learner cannot be simulated.

    References
    ----------
    Theory §5 (what the quantities are), §12 (rounding).

    Examples
    --------
    A formula without drift, held against a loop that drifts:

    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(5), stl.learners.BrierFit())
    >>> found = check_claim("sqrt(log(2/delta)/(2*n))", setting, n=100, alpha=0, i=30, delta=0.05, replicas=500)
    >>> found.contradicted
    True
    """
    if not isinstance(setting, Setting):
        raise InvalidArgumentError("setting", repr(setting), "a stlbounds.Setting")
    if quantity not in QUANTITIES:
        raise InvalidArgumentError("quantity", repr(quantity), f"one of {', '.join(QUANTITIES)}")
    replicas, seed = whole("replicas", replicas, 2), whole("seed", seed, 0)
    if not (isinstance(confidence, (int, float)) and 0 < confidence < 1):
        raise InvalidArgumentError("confidence", confidence, "in (0, 1)")
    what = QUANTITIES[quantity]
    ours, note = _ours(setting, what)
    formula = _formula(expression)
    claim = _in_symbols_of(formula, setting)
    grid = make_grid({} if points is None else points, values)
    names = setting_names(setting, claim, *(() if ours is None else ours.symbols), *([delta] if what.random else []))
    one = _OnePoint(claim, setting, what, ours, names, replicas, 1 - (1 - confidence) / len(grid),
                    {"distribution": distribution, "exact": exact}, {"chunk": chunk, "workers": workers})
    found: list[ClaimPoint] = []
    try:
        for number in range(len(grid)):
            if progress is not None:
                progress(number, len(grid))
            found.append(one.at(grid.point(number), child_seed(seed, number)))
    except KeyboardInterrupt:
        if not found:
            raise
    if progress is not None:
        progress(len(found), len(grid))
    return ClaimResult(str(formula), quantity, what.statement, describe_setting(setting), confidence, tuple(found),
                       len(grid), note)


@dataclass(frozen=True)
class _OnePoint:
    """How a claim is tested at one point."""

    claim: sp.Expr
    setting: Setting
    what: Quantity
    ours: Numbers | None
    names: tuple[set[str], set[str]]
    replicas: int
    confidence: float
    preparing: dict[str, Any]
    running: dict[str, Any]

    def at(self, values: Mapping[str, Any], seed: int) -> ClaimPoint:
        ready = prepare(self.setting, values, self.names, **self.preparing)
        done = run(self.setting.loop, ready.sampler, ready.judge, ready.sizes, ready.generations, self.replicas, seed,
                   **self.running)
        if done.interrupted:
            # Some replicas of a point are not worth a verdict.
            raise KeyboardInterrupt
        used = ready.numbers
        failure = float(used["delta"]) if self.what.random else None
        constant = _value(self.setting.learner.loss_constant, used)
        claimed = _value(self.claim, used)
        row = self.what.compare(max(0.0, claimed), done, constant, failure, self.confidence)
        # None of the quantities can be negative, so a negative claim is refuted without a simulation.
        refuted = row.verdict == "contradicted" or claimed < 0
        return ClaimPoint(
            {name: plain(item) for name, item in ready.asked.items()}, used, claimed, row.measured, row.low, row.high,
            "contradicted" if refuted else "consistent", self._our_value(used), seed, done.replicas,
            tuple(ready.notes()))

    def _our_value(self, numbers: Mapping[str, Any]) -> float | None:
        if self.ours is None:
            return None
        inputs = {part.name: numbers[part.name] for part in self.ours.symbols}
        terms = {name: float(term) for name, term in self.ours.evaluate_terms(**inputs).items()}
        return self.what.ours(terms)


def _ours(setting: Setting, what: Quantity) -> tuple[Numbers | None, str]:
    """Our bound on the quantity, or None and the reason."""
    if not what.theorem:
        return None, ""
    try:
        return Numbers(setting, what.theorem), ""
    except StlboundsError as error:
        return None, f"there is no bound of ours here: {error}"


def _formula(expression: Any) -> sp.Expr:
    """The claim as an expression; SymPy itself would run a text as code."""
    if isinstance(expression, str):
        return parse_expression(expression)
    if isinstance(expression, sp.Expr):
        return expression
    if isinstance(expression, (int, float)) and not isinstance(expression, bool):
        return sp.sympify(expression, strict=True)
    raise InvalidArgumentError("expression", repr(expression)[:60], "a formula as a text, or a SymPy expression")


def _in_symbols_of(formula: sp.Expr, setting: Setting) -> sp.Expr:
    """The formula with the size of the last training set, the gain and the amplification of the setting put in."""
    check_symbols(formula)
    if formula.has(rho, Phi):
        parts = Numbers(setting, "expectation" if setting.generator.shared_seed else "high-probability")
        formula = formula.subs({rho: parts.loop_gain, Phi: parts.amplification})
    formula = formula.subs(N, setting.loop.size(i))
    hidden = [name for name in free_names(formula) if name.startswith("_")]
    if hidden:
        raise SymbolError(f"the claim contains {', '.join(hidden)}, which has no value in a simulation")
    return formula


def _value(claim: sp.Expr, numbers: Mapping[str, Any]) -> float:
    return float(claimed_values({"expression": claim}, numbers, [numbers["i"]])["expression"][-1])
