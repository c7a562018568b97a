"""Answers that distinguish cases: how they are found by splitting on signs, merged where they agree, and read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import sympy as sp

from stlbounds.analysis.budget import Budget
from stlbounds.analysis.facts import Facts, Split
from stlbounds.analysis.merging import Found, Merging
from stlbounds.errors import InvalidArgumentError, UndecidedError
from stlbounds.shown import Shown
from stlbounds.symbols import exact, symbol

__all__ = ["Answer", "Case", "Condition", "explore"]

Value = TypeVar("Value")
_MOST_CASES = 81
_RELATIONS = {(-1,): sp.Lt, (0,): sp.Eq, (1,): sp.Gt, (-1, 0): sp.Le, (0, 1): sp.Ge, (-1, 1): sp.Ne}


@dataclass(frozen=True)
class Condition(Shown):
    """A quantity whose sign is one of ``signs``."""

    quantity: sp.Expr
    signs: tuple[int, ...]

    @property
    def relation(self) -> sp.Basic:
        """The condition with what is positive in the quantity on the left and what is negative on the right."""
        left = sp.Add(*(term for term in sp.Add.make_args(self.quantity) if not term.could_extract_minus_sign()))
        return _RELATIONS[self.signs](left, left - self.quantity, evaluate=False)

    def __str__(self) -> str:
        return _text(self.relation)

    def holds(self, values: Mapping[sp.Symbol, sp.Expr]) -> bool:
        """Whether it holds at a point that gives all its symbols values."""
        at = self.quantity.subs(dict(values), simultaneous=True)
        if at.free_symbols:
            names = ", ".join(sorted(map(str, at.free_symbols)))
            raise InvalidArgumentError(names, "missing", "given", f"the answer depends on {self.relation}")
        return Facts().sign(at) in self.signs


def condition_on(quantity: sp.Expr, signs: tuple[int, ...]) -> Condition:
    """The condition without a denominator that is positive anyway."""
    numerator, denominator = sp.fraction(sp.together(quantity))
    if not denominator.free_symbols or Facts().decide(denominator) != 1:
        return Condition(quantity, signs)
    return Condition(numerator, signs)


@dataclass(frozen=True)
class Case(Shown, Generic[Value]):
    """An answer and the conditions under which it is one."""

    conditions: tuple[Condition, ...]
    value: Value

    @property
    def relations(self) -> sp.Basic:
        """The conditions as one logical expression."""
        return sp.And(*(condition.relation for condition in self.conditions), evaluate=False) if len(
            self.conditions) > 1 else (self.conditions[0].relation if self.conditions else sp.true)

    def __str__(self) -> str:
        conditions = " and ".join(map(str, self.conditions))
        return f"{self.value}" + (f"  if {conditions}" if conditions else "")


def _text(relation: sp.Basic) -> str:
    sign = {sp.Eq: "=", sp.Ne: "!=", sp.Lt: "<", sp.Le: "<=", sp.Gt: ">", sp.Ge: ">="}[type(relation)]
    return f"{relation.args[0]} {sign} {relation.args[1]}"


@dataclass(frozen=True)
class Answer(Shown, Generic[Value]):
    """An answer, case by case.

    Attributes
    ----------
    question : str
        What was asked.
    cases : tuple of Case
        They exclude each other and cover everything within `assumptions`.
    assumptions : tuple of sympy relations
        What holds throughout: parameters are inside their ranges, boundary values excluded.
    notes : tuple of str
        What a reader should know besides.
    """

    question: str
    cases: tuple[Case[Value], ...]
    assumptions: tuple[sp.Basic, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def value(self) -> Value:
        """The answer, where there is one case only.

        Raises
        ------
        UndecidedError
            If the answer depends on parameters; the message says on which.
        """
        if len(self.cases) != 1:
            cases = "; ".join(map(str, self.cases))
            raise UndecidedError(f"the answer depends on the parameters: {cases}; use at(...) or substitute values")
        return self.cases[0].value

    def at(self, **values: Any) -> Value:
        """The answer for given values of the parameters that the cases depend on.

        Parameters
        ----------
        **values : number
            For example ``r=0.5``; a float counts as the decimal it prints as.
        """
        point = {symbol(name): exact(name, value) for name, value in values.items()}
        inside(point, self.assumptions)
        for case in self.cases:
            if all(condition.holds(point) for condition in case.conditions):
                return case.value
        raise UndecidedError(f"no case of the answer covers {values}")

    def __str__(self) -> str:
        return "\n".join(map(str, self.cases))

    def _repr_markdown_(self) -> str:
        from stlbounds.render.answers import answer_markdown

        return answer_markdown(self)

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        return {"question": self.question, "notes": list(self.notes),
                "assumptions": [_text(relation) for relation in self.assumptions],
                "cases": [{"conditions": [str(condition) for condition in case.conditions],
                           **_plain(case.value)} for case in self.cases]}


def _plain(value: Any) -> dict[str, Any]:
    return value.to_dict() if hasattr(value, "to_dict") else {"value": str(value)}


def _leaves(question: Callable[[Facts], Value], facts: Facts, budget: Budget) -> Iterator[tuple[Facts, Value]]:
    budget.check()
    try:
        yield facts, question(facts)
        return
    except Split as split:
        quantity = split.quantity
    for sign in (1, 0, -1):
        further = facts.assume(quantity, sign)
        if further.consistent:
            yield from _leaves(question, further, budget)


def explore(question: Callable[[Facts], Value], budget: Budget, atoms: Mapping[sp.Symbol, sp.Expr] | None = None,
            same: Callable[[Value, Value, Mapping[sp.Symbol, sp.Expr]], bool] | None = None,
            facts: Facts | None = None) -> tuple[list[Case[Value]], set[sp.Symbol]]:
    """The answers of ``question`` in all cases that it distinguishes by raising `Split`.

    Parameters
    ----------
    question : callable
        Answers under given facts; applies their substitution itself.
    budget : Budget
        When to give up.
    atoms : mapping
        What symbols stand for.
    same : callable, optional
        Whether two answers agree once a substitution is made in both.

    Returns
    -------
    list of Case, set of sympy.Symbol
        The cases, and the symbols whose sign was used.
    """
    first = facts if facts is not None else Facts()
    first.atoms = dict(atoms or {})
    found: list[Found[Value]] = []
    used: set[sp.Symbol] = set()
    for leaf, value in _leaves(question, first, budget):
        signs: dict[sp.Expr, tuple[int, ...]] = {quantity: (sign,) for quantity, sign in leaf.given[len(first.given):]}
        found.append((signs, leaf.substitution, value))
        used |= leaf.used
        if len(found) > _MOST_CASES:
            raise UndecidedError(f"more than {_MOST_CASES} cases; substitute values for some parameters")
    agree = same or (lambda a, b, _: bool(a == b))
    merged = Merging(first, agree).merged(found)
    cases = [Case(tuple(condition_on(quantity.xreplace(first.atoms), signs)
                        for quantity, signs in signs_of.items()), value) for signs_of, _, value in merged]
    return cases, used


def inside(point: Mapping[sp.Symbol, sp.Expr], assumptions: Iterable[sp.Basic]) -> None:
    """Refuse a point where an answer was not asked for.

    Raises
    ------
    InvalidArgumentError
        If one of the assumptions does not hold there.
    """
    for relation in assumptions:
        if relation.free_symbols <= set(point) and relation.subs(dict(point)) == sp.false:
            names = ", ".join(sorted(map(str, relation.free_symbols)))
            raise InvalidArgumentError(names, ", ".join(str(point[s]) for s in sorted(relation.free_symbols, key=str)),
                                       f"such that {_text(relation)}", "put boundary values in when you ask")


def assumed(symbols: set[sp.Symbol]) -> tuple[sp.Basic, ...]:
    """The open ranges of symbols, as relations."""
    relations = []
    for name in sorted((s for s in symbols if not s.is_Dummy), key=str):
        low, high = Facts.limits(name)
        if low != -sp.oo:
            above = (sp.Ge, low + 1) if name.is_integer else (sp.Gt, low)
            relations.append(above[0](name, above[1], evaluate=False))
        if high != sp.oo:
            relations.append(sp.Lt(name, high, evaluate=False))
    return tuple(relations)


