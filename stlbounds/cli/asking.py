"""What the commands that question a bound share: their options, values that may scale, and answers as text."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Set, Theorem
from stlbounds.cli.output import CONTRADICTED, columns, print_json, say
from stlbounds.cli.request import Request
from stlbounds.errors import InvalidArgumentError

if TYPE_CHECKING:
    from stlbounds.analysis.cases import Answer
    from stlbounds.analysis.inversion import Inverse
    from stlbounds.bound import Bound

__all__ = ["Seconds", "Term", "Towards", "Variable", "ask", "inversion", "lines", "say_answer"]


def _positive(value: float) -> float:
    if not 0 < value < math.inf:
        raise InvalidArgumentError("--seconds", value, "positive and finite")
    return value


Variable = Annotated[str, typer.Option(metavar="NAME", help="The symbol that is asked about, for example alpha or n.")]
Term = Annotated[str | None, typer.Option(metavar="drift|bias|concentration", help="Only this term of the bound.")]
Seconds = Annotated[float, typer.Option(metavar="SECONDS", callback=_positive, help="How long the question may take.")]
Epsilon = Annotated[str, typer.Option(metavar="NUMBER", help="The target value of the bound, or an expression.")]
Towards = Annotated[str, typer.Option(metavar="i|n", help="What tends to infinity.")]


def ask(model: str, loop: str | None, real: str | None, learner: str | None, theorem: str | None, drift: str | None,
        assignments: list[str] | None) -> tuple[Bound, dict[str, Any]]:
    """The bound that the options describe, and the values of ``--set``: numbers, or expressions in other symbols.

    Raises
    ------
    StlboundsError
        If a value is unknown, given twice, or no expression.
    """
    from stlbounds.parsing import parse_assignments, parse_expression

    request = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ()))
    values: dict[str, Any] = {}
    for text in request.assignments:
        name, given, value = (part.strip() for part in text.partition("="))
        if name == "alphas":
            continue
        if not given or name not in request.settable():
            parse_assignments([text], allowed=request.settable())
        if name in values:
            raise InvalidArgumentError("--set", text, "given once", f"{name} was given before")
        values[name] = parse_expression(value, argument=name)
    return request.bound(), values


def lines(answer: Answer[Any], show: Any = str) -> list[str]:
    """An answer as text: a line for each case, then assumptions and notes."""
    found = []
    for case in answer.cases:
        conditions = " and ".join(str(condition) for condition in case.conditions)
        found.append(f"{show(case.value)}" + (f"   if {conditions}" if conditions else ""))
    if answer.assumptions:
        found.append("for " + ", ".join(map(str, answer.assumptions)))
    return found + [f"note: {note}" for note in answer.notes]


def say_answer(answer: Answer[Any], schema: str, as_json: bool, show: Any = str, **more: Any) -> None:
    """Print an answer."""
    if as_json:
        print_json({"schema": f"stlbounds/{schema}/1", **answer.to_dict(), **more})
        return
    for line in lines(answer, show):
        say(line)


def inversion(question: str, says: str) -> Callable[..., None]:
    """The command that solves a bound for one of its parameters.

    Parameters
    ----------
    question : str
        A method of `stlbounds.Bound` that takes a target value and a time.
    says : str
        The help of the command.
    """

    def run(
        model: Model, epsilon: Epsilon, loop: Loop = None, real: Real = None, learner: Learner = None,
        theorem: Theorem = None, drift: Drift = None, assignments: Set = None,
        seconds: Seconds = 20.0, as_json: Json = False,
    ) -> None:
        bound, values = ask(model, loop, real, learner, theorem, drift, assignments)
        from stlbounds.parsing import parse_expression

        target = parse_expression(epsilon, argument="--epsilon")
        _say_inverse(getattr(bound, question)(target, seconds, **values), question.replace("_", "-"), as_json)

    run.__doc__ = f"{says}\n\nThe exit code is 1 if no value works."
    return run


def _say_inverse(found: Inverse, schema: str, as_json: bool) -> None:
    """Print a solved bound; the exit code is 1 if no value works."""
    if as_json:
        print_json({"schema": f"stlbounds/{schema}/1", **found.to_dict()})
    else:
        say(found.says)
        if found.closed_form is not None and found.value is not None:
            say(f"closed form: {found.closed_form}")
        if found.evidence:
            say(columns([(f"{found.variable} = {_short(at)}", f"{value:.12g}") for at, value in found.evidence]))
    raise typer.Exit(0 if found.exists else CONTRADICTED)


def _short(number: Any) -> str:
    return str(number) if number.is_Integer else f"{float(number):.12g}"
