"""The analysis in the report: rates, regimes, horizons and optima of a bound, and what could not be decided."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from stlbounds.analysis.cases import Case, Condition
from stlbounds.analysis.rate import Leading
from stlbounds.errors import InvalidArgumentError, StlboundsError, UndecidedError
from stlbounds.render.markup import inline_html
from stlbounds.render.notation import Notation
from stlbounds.render.printer import inline
from stlbounds.render.width import formula_width
from stlbounds.symbols import i, kappa, n, symbol

__all__ = ["SECONDS", "Finding", "findings"]

#: How long each question may take.
SECONDS = 5.0
#: A constant that is wider, in points at 10 pt, is left to `Bound.rate`: it would not fit into its column.
_WIDTH = 250.0
_SIGNS = {sp.Eq: "=", sp.Ne: r"\ne", sp.Lt: "<", sp.Le: r"\le", sp.Gt: ">", sp.Ge: r"\ge"}
_WHOLE = 10**7
#: Numbers with more digits are written with a power of ten, and longer messages are folded.
_DIGITS = re.compile(r"\d{16,}")
_LINE = 110


@dataclass(frozen=True)
class Finding:
    """A question about the bound, and its answer as lines of HTML.

    Parameters
    ----------
    question : str
        HTML.
    answers : tuple of str
        HTML, a line for each case.
    undecided : bool
        Whether the answer says that there is none, and why.
    here : bool
        Whether it is about the values of the report, not about all values.
    """

    question: str
    answers: tuple[str, ...]
    undecided: bool = False
    here: bool = False


class _Writer:
    """Writes answers with the notation of one bound."""

    def __init__(self, bound: Any) -> None:
        notation = Notation(bound)
        self.tex: Callable[[sp.Expr], str] = notation.tex
        self._sensitivity = notation.sensitivity

    def short(self, order: sp.Expr) -> str:
        """An order without a stacked fraction."""
        if self._sensitivity is not None:
            order = order.xreplace({self._sensitivity[1]: self._sensitivity[0]})
        return inline(order)

    def formula(self, expression: sp.Expr) -> str:
        return f"${self.tex(expression)}$"

    def condition(self, condition: Condition) -> str:
        if self._sensitivity is not None:
            name, value = self._sensitivity
            renamed = sp.expand(condition.quantity - value + name)
            # A condition on the sensitivity alone is one on its name.
            if renamed.free_symbols == {name}:
                condition = Condition(renamed, condition.signs)
        relation = condition.relation
        left, right = relation.args
        return f"${self.tex(left)} {_SIGNS[type(relation)]} {self.tex(right)}$"

    def cases(self, cases: Iterable[Case[Any]], show: Callable[[Any], str]) -> tuple[str, ...]:
        """A line for each answer; cases that read the same share theirs."""
        found: dict[str, list[str]] = {}
        for case in cases:
            found.setdefault(show(case.value), []).append(" and ".join(map(self.condition, case.conditions)))
        return tuple(text + (f" if {', or if '.join(conditions)}" if all(conditions) else "")
                     for text, conditions in found.items())

    def leading(self, value: Leading) -> str:
        r"""``Theta(order)`` with its constant, where that is short enough to be read."""
        order = rf"$\Theta\bigl({self.short(value.order)}\bigr)$"
        if value.constant == 0:
            return "exactly $0$"
        if value.oscillates or formula_width(self.tex(value.expr)) > _WIDTH:
            return order
        return f"{order}, asymptotically {self.formula(value.expr)}"

    def number(self, value: sp.Expr) -> str:
        if value.is_Integer and abs(value) < _WHOLE:
            return f"${value}$"
        return f"${self.tex(value)}$" if value.is_infinite else f"{float(value):.6g}"


def _numbers(bound: Any, values: Mapping[str, Any], *without: sp.Symbol) -> dict[str, Any]:
    """The values of the bound's parameters, those of some symbols left out."""
    names = {str(part) for part in bound.constants} - {str(part) for part in without}
    return {name: value for name, value in values.items() if name in names}


def _rate(bound: Any, variable: sp.Symbol, writer: _Writer, seconds: float) -> tuple[str, ...]:
    answer = bound.rate(variable, seconds=seconds)
    return writer.cases(answer.cases, writer.leading)


def _threshold(bound: Any, variable: sp.Symbol, writer: _Writer, seconds: float) -> tuple[str, ...]:
    found = bound.threshold(variable, seconds=seconds)
    lines = []
    critical = found.critical
    if critical == sp.oo:
        lines.append(f"bounded for every finite {writer.formula(variable)}")
    elif critical is not None:
        lines.append(f"critical value {writer.formula(variable)[:-1]} = {writer.tex(critical)}$")
    elif all(case.value.fine for case in found.inside):
        lines.append(f"bounded for every {writer.formula(variable)}")
    else:
        lines.append(f"no guarantee for any {writer.formula(variable)}")

    def behaviour(value: Any) -> str:
        order = rf"$\Theta\bigl({writer.short(value.leading.order)}\bigr)$"
        return f"{'guaranteed' if value.fine else 'no guarantee'}: {order}"

    if len(found.inside) > 1:
        lines += writer.cases(found.inside, behaviour)
    for end, cases in found.ends.items():
        lines += [f"at {writer.formula(variable)[:-1]} = {writer.tex(end)}$: {line}"
                  for line in writer.cases(cases, behaviour)]
    return tuple(lines)


def _horizon(bound: Any, values: Mapping[str, Any], most: sp.Expr, writer: _Writer, seconds: float) -> tuple[str, ...]:
    found = bound.horizon(most, seconds, **_numbers(bound, values, i))
    if found.value == sp.oo:
        return ("none",)
    return (f"generation {writer.number(found.value)}",)


def _size(bound: Any, values: Mapping[str, Any], writer: _Writer, seconds: float) -> tuple[str, ...]:
    found = bound.vacuous_below(seconds, **_numbers(bound, values, n))
    if found.value is None:
        return ("none",)
    return (f"{writer.formula(n)[:-1]} = {found.value}$",)


def _real(bound: Any, values: Mapping[str, Any], proportion: sp.Symbol, most: sp.Expr, writer: _Writer,
          seconds: float) -> tuple[str, ...]:
    found = bound.min_real_fraction(most, seconds, **_numbers(bound, values, proportion))
    if found.value is None:
        return ("none",)
    return (f"{writer.formula(proportion)[:-1]} = {float(found.value):.6g}$",)


def _optimum(bound: Any, values: Mapping[str, Any], variable: sp.Symbol, writer: _Writer,
             seconds: float) -> tuple[str, ...]:
    found = bound.minimize(variable, budget=seconds, **_numbers(bound, values, variable))
    value = ""
    if found.value is not None:
        value = f"; the bound is {float(found.value[1]):.6g} there"
    elif found.least is not None and not found.least.free_symbols:
        value = f"; the bound is {float(found.least):.6g} there"
    if found.exact:
        return (f"{writer.formula(variable)[:-1]} = {writer.tex(found.at)}${value}",)
    spots = " or ".join(f"$[{float(low):.6g}, {float(high):.6g}]$" for low, high in found.where)
    return (f"about {writer.formula(variable)[:-1]} = {float(found.at):.6g}$, certainly in {spots}{value}",)


def _laws(bound: Any, writer: _Writer) -> tuple[str, ...]:
    return tuple(f"{law.name}: {writer.formula(law.expr)}, {law.verdict}" for law in bound.exact_laws())


_Question = tuple[str, bool, Callable[[], tuple[str, ...]]]


def _questions(bound: Any, values: Mapping[str, Any], writer: _Writer, seconds: float) -> Iterator[_Question]:
    """The questions that make sense for a bound, each with whether it is about the values, and how it is answered."""
    point = {symbol(name): value for name, value in values.items()}
    most = bound.setting.learner.loss_constant.subs(point, simultaneous=True)
    names = bound.constants
    free = [part for part in bound.setting.loop.parameters.values() if isinstance(part, sp.Symbol)]
    for variable in (n, i):
        if bound.expr.has(variable):
            yield (f"As {writer.formula(variable)[:-1]} \\to \\infty$", False,
                   lambda v=variable: _rate(bound, v, writer, seconds))  # type: ignore[misc]
    for variable in (*free, *([kappa] if kappa in names else [])):
        yield (f"For which {writer.formula(variable)} it stays bounded over the generations", False,
               lambda v=variable: _threshold(bound, v, writer, seconds))  # type: ignore[misc]
    yield "Known exactly", False, lambda: _laws(bound, writer)
    if bound.expr.has(i) and most.is_positive:
        yield (f"First generation in which the bound is above {writer.number(most)}", True,
               lambda: _horizon(bound, values, most, writer, seconds))
    if most.is_positive:
        yield (f"Smallest {writer.formula(n)} from which on it is below {writer.number(most)}", True,
               lambda: _size(bound, values, writer, seconds))
    for variable in free:
        if str(variable) in ("alpha", "w") and most.is_positive:
            yield (f"Smallest {writer.formula(variable)} from which on it is at most {writer.number(most)}", True,
                   lambda v=variable: _real(bound, values, v, most, writer, seconds))  # type: ignore[misc]
        yield (f"The {writer.formula(variable)} for which it is smallest", True,
               lambda v=variable: _optimum(bound, values, v, writer, seconds))  # type: ignore[misc]


def findings(bound: Any, values: Mapping[str, Any], seconds: float = SECONDS) -> tuple[Finding, ...]:
    """What the analysis says about a bound, in general and at given values.

    Parameters
    ----------
    bound : Bound
    values : mapping
        An exact value for every symbol of the bound, by name.
    seconds : float
        How long each question may take.

    Returns
    -------
    tuple of Finding
        A question without an answer says why there is none; a question that makes no sense for the bound is left out.

    Raises
    ------
    InvalidArgumentError
        If `seconds` is not positive.

    Examples
    --------
    >>> import sympy as sp
    >>> import stlbounds as stl
    >>> setting = stl.Setting(stl.loops.Replace(), stl.generators.Categorical(20), stl.learners.BrierFit())
    >>> found = findings(stl.high_probability(setting), {"n": 2000, "i": 10, "delta": sp.Rational(1, 20)})
    >>> [part.answers for part in found if "above" in part.question]
    [('generation <math><mn>25</mn></math>',)]
    """
    if not seconds > 0:
        raise InvalidArgumentError("seconds", seconds, "positive", "it is the time that each question may take")
    writer = _Writer(bound)
    found = []
    for question, here, answer in _questions(bound, values, writer, seconds):
        try:
            lines, undecided = answer(), False
        except UndecidedError as error:
            lines, undecided = (_message("undecided", error),), True
        except (StlboundsError, OverflowError) as error:
            lines, undecided = (_message("not answered", error),), True
        if lines:
            shown = lines if undecided else tuple(map(inline_html, lines))
            found.append(Finding(inline_html(question), tuple(shown), undecided, here))
    return tuple(found)


def _message(word: str, error: Exception, most: int = 600) -> str:
    """Why there is no answer, as HTML; a long reason is folded."""
    text = _DIGITS.sub(lambda digits: f"about {digits[0][0]}.{digits[0][1:3]}e{len(digits[0]) - 1}", str(error))
    text = html.escape(text if len(text) <= most else text[: most - 1] + "…")
    if len(text) <= _LINE:
        return f"{word}: {text}"
    return f"<details class=\"why\"><summary>{word}</summary><code>{text}</code></details>"
