"""For which values of a parameter a bound stays finite over the generations, or tends to 0 with the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from stlbounds.analysis.budget import Budget
from stlbounds.analysis.cases import Case, Condition, explore, inside
from stlbounds.analysis.facts import Facts
from stlbounds.analysis.prepared import as_symbol, prepare, sensitivity_of, substitutions_of
from stlbounds.analysis.rate import SECONDS, Leading, assumptions, leading_term
from stlbounds.analysis.roots import Root, root_in
from stlbounds.errors import InvalidArgumentError, UndecidedError
from stlbounds.shown import Shown
from stlbounds.symbols import entry, exact, i, kappa, n, symbol
from stlbounds.theorems.statement import Statement

__all__ = ["Behaviour", "Threshold", "threshold"]

GUARANTEED, CRITICAL, NO_GUARANTEE = "guaranteed", "critical", "no guarantee"


@dataclass(frozen=True)
class Behaviour(Shown):
    """What a bound does in a case: its leading term, and whether that is what was hoped for."""

    leading: Leading
    fine: bool

    def __str__(self) -> str:
        return f"{GUARANTEED if self.fine else 'diverges'}: {self.leading}"

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"fine": self.fine, **self.leading.to_dict()}


@dataclass(frozen=True)
class Threshold(Shown):
    """The regimes of a bound along one parameter.

    A bound that diverges proves no collapse, so that the regimes are *guaranteed* (the bound stays finite, or tends to
    0), *critical* (it does not, on the border of the guaranteed regime), and *no guarantee*. Collapse is said by exact
    laws only, see `stlbounds.analysis.exact_laws`.

    Attributes
    ----------
    variable : sympy.Symbol
        The parameter.
    towards : sympy.Symbol
        What tends to infinity: ``i`` or ``n``.
    inside : tuple of Case
        What the bound does where no parameter is at an end of its range.
    ends : dict of sympy.Expr to tuple of Case
        The same at the end points of the range of the parameter that belong to it.
    assumptions : tuple of sympy relations
        The open ranges of the parameters.
    names : dict of sympy.Symbol to sympy.Expr
        ``kappa``, where the sensitivity is an expression that does not contain the parameter.
    bound : Bound
        The bound.
    """

    variable: sp.Symbol
    towards: sp.Symbol
    inside: tuple[Case[Behaviour], ...]
    ends: dict[sp.Expr, tuple[Case[Behaviour], ...]]
    assumptions: tuple[sp.Basic, ...]
    names: dict[sp.Symbol, sp.Expr]
    bound: Any = None

    @cached_property
    def _root(self) -> Root | None:
        """The border inside the range, or None if there is none."""
        fine = [case for case in self.inside if case.value.fine]
        if not fine or len(fine) == len(self.inside):
            return None
        quantities = {condition.quantity for case in self.inside for condition in case.conditions
                      if condition.quantity.has(self.variable)}
        if len(quantities) != 1:
            raise UndecidedError(f"whether {self.variable} is small or large does not decide by itself: "
                                 + "; ".join(f"{place}{case}" for place, case in self.places()))
        # A sensitivity that is an expression is one number here.
        root = root_in(quantities.pop().xreplace({whole: name for name, whole in self.names.items()}), self.variable)
        return Root(root.value.xreplace(self.names), root.increasing, root.exists.xreplace(self.names), root.bracket)

    @property
    def critical(self) -> sp.Expr | None:
        """The value at which the guaranteed regime ends; None if all values are guaranteed, or none is.

        Raises
        ------
        UndecidedError
            If there is no closed form and not all other parameters have values.
        """
        values = entry(self.variable).range
        if not any(case.value.fine for case in self.inside):
            return None
        root = self._root
        if root is None:
            for end, cases in self.ends.items():
                if not all(case.value.fine for case in cases):
                    return end
            return sp.oo if values.high == sp.oo else None
        fine = {sign for case in self.inside if case.value.fine for condition in case.conditions
                if condition.quantity.has(self.variable) for sign in condition.signs}
        if root.increasing == (1 in fine):
            # Values above the root are guaranteed, so that it may lie below the range.
            return sp.Max(values.low, root.value) if values.low != -sp.oo else root.value
        if root.exists is not sp.true:
            return sp.Piecewise((root.value, root.exists), (values.high, True))
        return sp.Min(values.high, root.value) if values.high != sp.oo else root.value

    @property
    def bracket(self) -> tuple[sp.Expr, sp.Expr] | None:
        """Rational numbers around a critical value that has no closed form; None if it has one."""
        root = self._root
        return None if root is None else root.bracket

    def behaviour(self, **values: Any) -> Behaviour:
        """What the bound does at given values of the parameters that this depends on."""
        return self._case(self._point(values))[0].value

    def verdict(self, **values: Any) -> str:
        """``"guaranteed"``, ``"critical"`` or ``"no guarantee"`` at given values of the parameters.

        Parameters
        ----------
        **values : number
            The parameter and what else the cases depend on; boundary values of other parameters are to be put in when
            the question is asked.
        """
        point = self._point(values)
        inside(point, [relation for relation in self.assumptions if self.variable not in relation.free_symbols])
        case, at_end = self._case(point)
        if case.value.fine:
            return GUARANTEED
        if at_end:
            return CRITICAL if self._next_to(point).value.fine else NO_GUARANTEE
        for condition in case.conditions:
            if condition.signs == (0,) and condition.quantity.has(self.variable) and any(
                    other.value.fine and self._beside(other, condition, point) for other in self.inside):
                return CRITICAL
        return NO_GUARANTEE

    @staticmethod
    def _beside(case: Case[Behaviour], border: Condition, point: Mapping[sp.Symbol, sp.Expr]) -> bool:
        return all(condition.signs != (0,) if condition.quantity == border.quantity else condition.holds(point)
                   for condition in case.conditions)

    @staticmethod
    def _point(values: Mapping[str, Any]) -> dict[sp.Symbol, sp.Expr]:
        point = {}
        for name, value in values.items():
            number = exact(name, value)
            if not number.is_number or not entry(name).range.contains(number):
                raise InvalidArgumentError(name, value, str(entry(name).range), f"it is {entry(name).meaning}")
            point[symbol(name)] = number
        return point

    def _case(self, point: Mapping[sp.Symbol, sp.Expr]) -> tuple[Case[Behaviour], bool]:
        at_end = point.get(self.variable) in self.ends
        for case in self.ends[point[self.variable]] if at_end else self.inside:
            if all(condition.holds(point) for condition in case.conditions):
                return case, at_end
        raise UndecidedError("no case covers this point")

    def _next_to(self, point: Mapping[sp.Symbol, sp.Expr]) -> Case[Behaviour]:
        """The case that holds right beside an end point of the range."""
        end = point[self.variable]
        x = sp.Dummy("x", positive=True)
        path = {**point, self.variable: end + (1 / x if end == entry(self.variable).range.low else -1 / x)}
        budget = Budget(SECONDS, "signs beside an end point")

        def holds(condition: Condition) -> bool:
            lead = leading_term(condition.quantity.subs(path, simultaneous=True), x, Facts(), budget)
            return (0 if lead is None else Facts().sign(lead[1])) in condition.signs

        for case in self.inside:
            if all(map(holds, case.conditions)):
                return case
        raise UndecidedError("no case holds beside the end point")

    def places(self) -> list[tuple[str, Case[Behaviour]]]:
        """Every case, with where it is one: inside of all ranges, or at an end of that of the parameter."""
        return [("", case) for case in self.inside] + [
            (f"at {self.variable} = {end}: ", case) for end, cases in self.ends.items() for case in cases]

    def settled(self) -> tuple[sp.Expr | None, str | None]:
        """The critical value as `critical` tells it, and why it is undecided, if it is."""
        try:
            return self.critical, None
        except UndecidedError as error:
            return None, str(error)

    def answer(self) -> str:
        """The critical value in a line, or why there is none."""
        critical, why = self.settled()
        if why is not None:
            return f"critical value undecided: {why}"
        if critical is not None:
            return f"critical {self.variable}: {critical}"
        fine = any(case.value.fine for case in self.inside)
        return f"{GUARANTEED if fine else NO_GUARANTEE} for every {self.variable}"

    def __str__(self) -> str:
        return "\n".join([self.answer(), *(
            f"  {place}{GUARANTEED if case.value.fine else 'diverges'}: Theta({case.value.leading.order})"
            + (f"   if {' and '.join(map(str, case.conditions))}" if case.conditions else "")
            for place, case in self.places())])

    def _repr_markdown_(self) -> str:
        from stlbounds.render.answers import threshold_markdown

        return threshold_markdown(self)

    def to_dict(self) -> dict[str, Any]:
        """The regimes as plain data."""
        def plain(cases: tuple[Case[Behaviour], ...]) -> list[dict[str, Any]]:
            return [{"conditions": [str(condition) for condition in case.conditions], **case.value.to_dict()}
                    for case in cases]

        critical, why = self.settled()
        return {"variable": str(self.variable), "towards": str(self.towards), "undecided": why,
                "critical": None if critical is None else str(critical),
                "bracket": None if why or self.bracket is None else [str(end) for end in self.bracket],
                "inside": plain(self.inside), "ends": {str(end): plain(cases) for end, cases in self.ends.items()},
                "assumptions": [str(relation) for relation in self.assumptions]}


def _same(first: Behaviour, second: Behaviour, substitution: Mapping[sp.Symbol, sp.Expr]) -> bool:
    return first.fine == second.fine and (first.fine or bool(sp.expand(
        first.leading.order.xreplace(dict(substitution)) - second.leading.order.xreplace(dict(substitution))) == 0))


def threshold(bound: Statement, variable: Any, towards: Any = "i", term: str | None = None, seconds: float = SECONDS,
              **values: Any) -> Threshold:
    """The regimes of ``bound`` along ``variable`` as ``towards`` tends to infinity; see `Questions.threshold`."""
    parameter, x = as_symbol(bound, variable), as_symbol(bound, towards, "towards")
    if x not in (i, n):
        raise InvalidArgumentError("towards", x, "i or n")
    if parameter == x:
        raise InvalidArgumentError("variable", parameter, f"another symbol than {x}")
    if x == i and bound.setting.loop.horizon is not None:
        raise InvalidArgumentError("towards", x, "n", "the schedule of this loop ends")
    budget = Budget(seconds, f"the leading term of the bound as {x} tends to infinity, case by case")
    substitutions = substitutions_of(bound, values, parameter)
    if any(value.has(x, parameter) for value in substitutions.values()):
        raise InvalidArgumentError("values", values, f"free of {x} and {parameter}")

    def cases(more: Mapping[sp.Symbol, sp.Expr]) -> tuple[tuple[Case[Behaviour], ...], tuple[sp.Basic, ...]]:
        ready = prepare(bound, {x}, {**substitutions, **more}, term)

        def question(facts: Facts) -> Behaviour:
            lead = leading_term(ready.expr.xreplace(facts.substitution), x, facts, budget)
            if lead is None:
                return Behaviour(Leading(sp.S.Zero, sp.S.One), True)
            direction = lead[0].direction(facts)
            return Behaviour(Leading(lead[1], lead[0].expression(x)), direction < 0 if x == n else direction <= 0)

        leaves, used = explore(question, budget, ready.atoms, _same, ready.facts)
        shown = tuple(Case(case.conditions, Behaviour(
            Leading(ready.shown(case.value.leading.constant), ready.shown(case.value.leading.order)),
            case.value.fine)) for case in leaves)
        return shown, assumptions(ready, used | ready.expr.free_symbols, x)

    found, assumed = cases({})
    allowed = entry(parameter).range
    closed = [end for end, is_open in ((allowed.low, allowed.low_open), (allowed.high, allowed.high_open))
              if end.is_finite and not is_open]
    ends = {end: cases({parameter: end})[0] for end in closed}
    sensitivity = sensitivity_of(bound, substitutions)
    composite = len(sensitivity.args) > 0 and not sensitivity.has(parameter, kappa)
    return Threshold(parameter, x, found, ends, assumed, {kappa: sensitivity} if composite else {}, bound)
