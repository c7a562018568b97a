"""Certified numbers against their peers: a grid, an enclosure over a range, and a proof of 200 inequalities.

Run ``python benchmarks/certified.py [--json] [--points COUNT] [--only grid|enclosure|proof]``, each in less than two
minutes. Peers run in the same process, in turn; medians with the quartiles, and the least times, which other programs
disturb least. Peers that are not installed are reported as missing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

import stlbounds as stl
from stlbounds.errors import MissingDependencyError
from stlbounds.interval.arithmetic import arithmetic
from stlbounds.interval.domain import box_of
from stlbounds.interval.search import cover_holds, prove_nonnegative
from stlbounds.interval.tape import compiled
from stlbounds.numeric.enclose import enclose
from stlbounds.numeric.enclose_grid import enclose_grid
from stlbounds.numeric.workers import using
from stlbounds.special import geometric_sum_array
from stlbounds.symbols import N, alpha, c, kappa, r

RUNS = 5


def in_turn(calls: list[Callable[[], Any]], runs: int = RUNS) -> tuple[list[dict[str, float]], list[Any]]:
    """Median, quartiles and least of the seconds of some calls in turn, after one to warm up, and their results."""
    results = [call() for call in calls]
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(runs):
        for place, call in enumerate(calls):
            started = time.perf_counter()
            results[place] = call()
            seconds[place].append(time.perf_counter() - started)
    quartiles = [statistics.quantiles(each, n=4) for each in seconds]
    return [{"median": middle, "low": low, "high": high, "least": min(each)}
            for (low, middle, high), each in zip(quartiles, seconds, strict=True)], results


def timed(call: Callable[[], Any], runs: int = RUNS) -> tuple[dict[str, float], Any]:
    """`in_turn` of one call."""
    (found,), (result,) = in_turn([call], runs)
    return found, result


def bound() -> stl.Bound:
    generic = stl.generators.Generator("generic", stl.DISCRETE, kappa, c * N**-r)
    return stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), generic))


def grid(points: int) -> dict[str, Any]:
    """A broadcast grid ``n x alpha x i``: certified, in plain floats, and in a loop over Arb (on a part, scaled up)."""
    side = round(points ** (1 / 3))
    expression = bound().expr
    arrays = {"n": np.floor(np.logspace(2, 6, side))[:, None, None], "alpha": np.linspace(0.01, 1, side)[:, None],
              "i": np.arange(1.0, side + 1), "kappa": np.array(0.9), "delta": np.array(0.05), "M": np.array(1.0),
              "b": np.array(1.0), "c": np.array(0.3), "r": np.array(0.5)}
    symbols = tuple(sorted(expression.free_symbols, key=str))
    plain = sp.lambdify(symbols, expression, modules=[{"geometric_sum": geometric_sum_array}, "numpy"], cse=True)
    columns = [arrays[symbol.name] for symbol in symbols]
    def alone() -> Any:
        with using(1):
            return enclose_grid(expression, arrays)

    (certified, one, floats), ((low, high), _, values) = in_turn(
        [lambda: enclose_grid(expression, arrays), alone, lambda: plain(*columns)], 3 * RUNS)
    row: dict[str, Any] = {
        "task": f"certified grid of {low.size} points", "certified": certified, "certified, one thread": one,
        "plain floats (lambdify, cse, geometric sums of this library)": floats,
        "ratio to plain floats": certified["median"] / floats["median"],
        "ratio of the least times": min(certified["least"], one["least"]) / floats["least"],
        "goal": "at most 8; 25 times faster than Arb",
        "plain floats inside": float(np.mean((low <= values) & (values <= high))),
        "largest relative width": float(np.max((high - low) / high))}
    try:
        numbers = arithmetic("arb")
    except MissingDependencyError:
        return {**row, "loop over Arb": "missing"}
    tape = compiled(expression, symbols)
    places = [tuple(int(part) for part in np.unravel_index(k, low.shape)) for k in range(0, low.size, low.size // 500)]
    wide = [np.broadcast_to(column, low.shape) for column in columns]

    def loop() -> None:
        with numbers.working():
            for place in places:
                tape.run(numbers, [numbers.number(Fraction(float(column[place]))) for column in wide])

    part, _ = timed(loop)
    arb = part["median"] / len(places) * low.size
    return {**row, "loop over Arb (scaled from 500 points)": arb, "times faster than Arb": arb / certified["median"]}


def enclosure() -> dict[str, Any]:
    """The bound over ``alpha`` in ``[0.1, 0.2]``."""
    values = {"n": 1000, "kappa": 0.9, "i": 10, "delta": 0.05, "M": 1, "b": 1, "c": 0.3, "r": 0.5, "alpha": (0.1, 0.2)}
    expression = bound().expr
    seconds, found = timed(lambda: enclose(expression, values))
    reach = found.inner[1] - found.inner[0]
    return {"task": "enclosure over alpha in [0.1, 0.2]", "seconds": seconds, "boxes": found.boxes,
            "width relative to the true range": float(found.width / reach), "goal": "at most 1.01 within 16 boxes"}


def proof() -> dict[str, Any]:
    """``(1 - (1-a)**k)/a <= k`` on ``[1e-6, 1]`` for each ``k`` in 1..200, one box search for each ``k``."""
    a = sp.Symbol("a", real=True)
    k = sp.Symbol("k", integer=True, positive=True)
    difference = k - (1 - (1 - a) ** k) / a
    numbers = arithmetic()
    domains = [box_of([a, k], {a: (sp.Rational(1, 10**6), 1), k: number}) for number in range(1, 201)]

    def search() -> list[Any]:
        return [prove_nonnegative(difference, box, numbers) for box in domains]

    seconds, covers = timed(search)
    replayed = all(cover_holds(difference, box, cover.cuts, arithmetic("mpmath"))
                   for box, cover in zip(domains, covers, strict=True) if cover.cuts is not None)
    return {"task": "proof of (1 - (1-a)**k)/a <= k, k = 1..200", "seconds": seconds,
            "boxes": sum(cover.boxes for cover in covers), "proved": sum(cover.cuts is not None for cover in covers),
            "replayed with mpmath": replayed, "goal": "at most 400 boxes, 0.05 s"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--points", type=float, default=1e7)
    parser.add_argument("--only", choices=["grid", "enclosure", "proof"], action="append",
                        help="one task alone (may be given again)")
    options = parser.parse_args()
    tasks: dict[str, Callable[[], dict[str, Any]]] = {
        "grid": lambda: grid(int(options.points)), "enclosure": enclosure, "proof": proof}
    rows = [task() for name, task in tasks.items() if not options.only or name in options.only]
    if options.json:
        print(json.dumps({"schema": "stlbounds/benchmark-certified/1", "rows": rows}, indent=2))
        return
    for row in rows:
        print(row.pop("task"))
        for name, value in row.items():
            shown = (f"{value['median']:.4g} s [{value['low']:.4g}, {value['high']:.4g}], least {value['least']:.4g}"
                     if isinstance(value, dict) else f"{value:.5g}" if isinstance(value, float) else value)
            print(f"  {name}: {shown}")


if __name__ == "__main__":
    main()
