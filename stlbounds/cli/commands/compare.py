"""Two bounds compared on a domain."""

from __future__ import annotations

from typing import Annotated

import typer

from stlbounds.cli.asking import Seconds
from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Set, Theorem
from stlbounds.cli.output import CONTRADICTED, print_json, say
from stlbounds.cli.ranges import Ranges, ranges_of
from stlbounds.cli.request import Request

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "stlbounds compare categorical --real fresh --other-real replay",
    "stlbounds compare categorical --other-drift lemma --set K=20 --set n=2000 --set delta=0.05 --set alpha=1/2 "
    "--range i=0:50",
)

_Other = "for the second bound (default: as for the first)."


def run(
    model: Model, loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None, ranges: Ranges = None,
    other: Annotated[str | None, typer.Option(metavar="MODEL", help=f"The model {_Other}")] = None,
    other_loop: Annotated[str | None, typer.Option(metavar="LOOP", help=f"The loop {_Other}")] = None,
    other_real: Annotated[str | None, typer.Option(metavar="replay|fresh", help=f"The real data {_Other}")] = None,
    other_learner: Annotated[str | None, typer.Option(metavar="LEARNER", help=f"The learner {_Other}")] = None,
    other_theorem: Annotated[str | None, typer.Option(metavar="THEOREM", help=f"The theorem {_Other}")] = None,
    other_drift: Annotated[str | None, typer.Option(metavar="sharp|lemma", help=f"The drift {_Other}")] = None,
    seconds: Seconds = 5.0, as_json: Json = False,
) -> None:
    """Compare two bounds on a domain.

    Is the first at most the second? The exit code is 1 if that is refuted, and 0 if it is proved or undecided.
    """
    chosen = tuple(assignments or ())
    first = Request(model, loop, real, learner, theorem, drift, chosen)
    second = Request(
        _either(other, model) or "", _either(other_loop, loop),
        _either(other_real, real if other_loop is None else None), _either(other_learner, learner),
        _either(other_theorem, theorem), _either(other_drift, drift), chosen)
    values = first.values()
    domain = {**values, **ranges_of(ranges, values)}
    found = first.bound().compare(second.bound(), domain, budget=seconds)
    verdict = "proved" if found.proved else "refuted" if found.refuted else "undecided"
    if as_json:
        from stlbounds.interval.certificates import Proved, Refuted, Undecided

        answer = found.verdict
        print_json({
            "schema": "stlbounds/compare/1", "verdict": verdict,
            "certificate": str(answer.certificate) if isinstance(answer, Proved) else None,
            "replayed": answer.certificate.replay() if isinstance(answer, Proved) else None,
            "point": {str(symbol): str(value) for symbol, value in answer.point.items()}
            if isinstance(answer, Refuted) else None,
            "tried": list(answer.tried) if isinstance(answer, Undecided) else None,
            "variable": None if found.variable is None else str(found.variable),
            "crossovers": None if found.crossovers is None else [
                {"low": float(bracket.low), "high": float(bracket.high), "unique": bracket.unique}
                for bracket in found.crossovers]})
    else:
        say(str(found))
    raise typer.Exit(CONTRADICTED if verdict == "refuted" else 0)


def _either(theirs: str | None, ours: str | None) -> str | None:
    """What is said of the second bound, or else of the first."""
    return ours if theirs is None else theirs
