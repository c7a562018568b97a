"""A certified enclosure of a bound over numbers and ranges."""

from __future__ import annotations

from typing import Annotated

import typer

from stlbounds.cli.options import Drift, Json, Learner, Loop, Model, Real, Set, Theorem
from stlbounds.cli.output import print_json, say
from stlbounds.cli.ranges import Ranges, ranges_of
from stlbounds.cli.request import Request

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("stlbounds enclose categorical --set K=20 --set n=2000 --set i=10 --set delta=0.05 --range alpha=0.1:0.2",)


def run(
    model: Model, loop: Loop = None, real: Real = None, learner: Learner = None,
    theorem: Theorem = None, drift: Drift = None, assignments: Set = None, ranges: Ranges = None,
    relative_width: Annotated[float | None, typer.Option(
        metavar="PART", help="Cut the ranges until the interval is at most this part wider than the values.")] = None,
    digits: Annotated[int, typer.Option(metavar="COUNT", help="Significant digits.")] = 15, as_json: Json = False,
) -> None:
    """Enclose a bound, over ranges too.

    The interval certainly contains every value.
    """
    request = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ()))
    values = request.values()
    domain = {**values, **ranges_of(ranges, values)}
    found = request.bound().enclose(relative_width=relative_width, digits=digits, **domain)
    if as_json:
        from stlbounds.numeric.enclose import decimal_text

        print_json({"schema": "stlbounds/enclose/1", "lower": float(found.lower), "upper": float(found.upper),
                    "lower_text": decimal_text(found.lower, digits, upwards=False),
                    "upper_text": decimal_text(found.upper, digits, upwards=True), "width": float(found.width),
                    "excess": float(found.excess), "boxes": found.boxes, "arithmetic": found.arithmetic})
        return
    say(found.text(digits))
