"""Speed of evaluation against named peers, side by side in one run: ``python benchmarks/evaluation.py [--json FILE]``.

Times are medians with the spread between the quartiles; calls of the two sides alternate, so that a busy machine slows
both. Ratios are of medians by the clock, beside them of the least times, which other programs disturb least, and of the
work of all processors together, which counts an evaluation by two threads twice. Peers that are not installed are
reported as missing. ``--only NAME`` measures one task alone, each in less than two minutes: ``grid``, ``scattered``,
``point``, ``digits``.

The peers: `sympy.lambdify` of the bound with its geometric sums written as quotients, for NumPy (whole arrays, with and
without common subexpressions) and for mpmath (at just the wanted digits, whatever digits it loses on the way); one
evaluation of this library's mpmath code at ten more digits; and that code until two precisions agree, which is what
"all digits are correct" costs without balls.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import sympy as sp

import stlbounds as stl
from stlbounds.compiled import mpmath_function
from stlbounds.numeric.balls import has_flint
from stlbounds.numeric.digits import to_digits
from stlbounds.numeric.values import exact_values
from stlbounds.symbols import N, alpha, c, kappa, r

POINT = {"kappa": 1.3, "c": 1.0, "r": 0.5, "b": 2.0, "M": 1.0, "delta": 0.05, "n": 10_000, "alpha": 0.4, "i": 20}


#: Seconds of the clock, and of all processors together, of one call.
Pair = tuple[float, float]


def alternating(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[Pair]]:
    """The times of each call, round by round."""
    times: dict[str, list[Pair]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            start, work = time.perf_counter(), time.process_time()
            call()
            times[name].append((time.perf_counter() - start, time.process_time() - work))
    return times


def repeated(call: Callable[[], Any], times: int) -> Callable[[], None]:
    """A call that is too short to be timed alone, many times."""
    def run() -> None:
        for _ in range(times):
            call()

    return run


class Table:
    """The figures of one run."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, task: str, times: dict[str, list[Pair]], targets: dict[str, float], divide: dict[str, int],
            per: str = "ms") -> None:
        """One task: ours is the first call, and each target is a ratio of a peer to it."""
        scale = {"ms": 1e3, "us": 1e6}[per]
        middle, work = ({name: statistics.median(pair[which] for pair in values) / divide.get(name, 1)
                         for name, values in times.items()} for which in (0, 1))
        ours = next(iter(times))
        for name, pairs in times.items():
            values = [pair[0] for pair in pairs]
            low, _, high = statistics.quantiles(values, n=4) if len(values) > 1 else (values[0],) * 3
            ratio = middle[name] / middle[ours]
            least = {who: min(pair[0] for pair in times[who]) / divide.get(who, 1) for who in (name, ours)}
            target = targets.get(name)
            self.rows.append({
                "task": task, "who": name, "median": middle[name] * scale, "unit": per,
                "quartiles": [low / divide.get(name, 1) * scale, high / divide.get(name, 1) * scale],
                "ratio": ratio, "ratio of least": least[name] / least[ours],
                "processor ratio": work[name] / work[ours], "target": target,
                # Positive: a peer that must take so many times as long. Negative: a floor to stay near.
                "met": None if target is None else ratio >= target if target > 0 else 1 / ratio <= -target})

    def missing(self, task: str, who: str) -> None:
        """A peer that is not installed."""
        self.rows.append({"task": task, "who": who, "median": None, "unit": "", "quartiles": None, "ratio": None,
                          "ratio of least": None, "processor ratio": None, "target": None, "met": None})

    def __str__(self) -> str:
        lines = [f"{'task':<16} {'who':<38} {'median':>12}  {'quartiles':>21} {'ratio':>9} {'of least':>9} "
                 f"{'processor':>9} {'target':>9}"]
        for row in self.rows:
            if row["median"] is None:
                lines.append(f"{row['task']:<16} {row['who']:<38} {'missing':>12}")
                continue
            low, high = row["quartiles"]
            target = "" if row["target"] is None else (
                f">= {row['target']:g}" if row["target"] > 0 else f">= 1/{-row['target']:g}")
            mark = "" if row["met"] is None else " yes" if row["met"] else " NO"
            lines.append(f"{row['task']:<16} {row['who']:<38} {row['median']:>9.3f} {row['unit']}  "
                         f"{low:>10.3f} {high:>10.3f} {row['ratio']:>9.2f} {row['ratio of least']:>9.2f} "
                         f"{row['processor ratio']:>9.2f} {target:>9}{mark}")
        return "\n".join(lines)


def grids(bound: Any, points: float, rounds: int, table: Table) -> None:
    """The broadcast grid ``n x alpha x i``."""
    side = round((points / 100) ** 0.5)
    axes = {"n": np.floor(np.geomspace(100, 1e6, 100))[:, None, None], "alpha": np.linspace(0.3, 1, side)[:, None],
            "i": np.arange(1.0, side + 1)}
    values = {**POINT, **axes}
    out = np.empty((100, side, side))
    names = [symbol.name for symbol in bound.symbols]
    closed = bound.expr.rewrite(sp.Pow)
    shared = sp.lambdify(bound.symbols, closed, "numpy", cse=True)
    plain = sp.lambdify(bound.symbols, closed, "numpy")
    flat = [np.ascontiguousarray(np.broadcast_to(values[name], out.shape)).ravel() if name in axes else values[name]
            for name in names]
    with np.errstate(all="ignore"):
        times = alternating({
            "stlbounds": lambda: bound.evaluate(**values, out=out),
            "lambdify, broadcast, cse": lambda: shared(*(values[name] for name in names)),
            "writing the output": lambda: out.fill(1.0)}, rounds)
        times |= alternating({"lambdify, flattened": lambda: plain(*flat)}, max(2, rounds // 4))
    table.add(f"grid of {out.size:.0e}", times,
              {"lambdify, broadcast, cse": 3, "lambdify, flattened": 50, "writing the output": -6}, {})


def scattered(bound: Any, points: float, rounds: int, table: Table) -> None:
    """Points without structure."""
    rng, size = np.random.default_rng(1), int(points)
    values = {**POINT, "n": np.floor(10 ** rng.uniform(2, 6, size)), "alpha": rng.uniform(0.3, 1, size),
              "i": np.floor(rng.uniform(1, 300, size)), "delta": rng.uniform(1e-6, 0.5, size)}
    out = np.empty(size)
    names = [symbol.name for symbol in bound.symbols]
    closed = bound.expr.rewrite(sp.Pow)
    plain, shared = (sp.lambdify(bound.symbols, closed, "numpy", cse=cse) for cse in (False, True))
    task, rounds = f"scattered {size:.0e}", max(3, rounds // 2)
    peers = {"lambdify, whole array": lambda: plain(*(values[name] for name in names)),
             "lambdify, whole array, cse": lambda: shared(*(values[name] for name in names))}
    with np.errstate(all="ignore"):
        times = alternating({"stlbounds": lambda: bound.evaluate(**values, out=out),
                             "stlbounds, one thread": lambda: bound.evaluate(**values, out=out, threads=1), **peers},
                            rounds)
    table.add(task, times, {"lambdify, whole array": 4}, {})
    if importlib.util.find_spec("numba") is None:
        table.missing(task, "numba")
        return
    with np.errstate(all="ignore"):
        times = alternating({
            "stlbounds with numba": lambda: bound.evaluate(**values, out=out, compiled=True),
            "stlbounds with numba, one thread": lambda: bound.evaluate(**values, out=out, compiled=True, threads=1),
            **peers}, rounds)
    table.add(task, times, {"lambdify, whole array": 6}, {})


def scalars(bound: Any, rounds: int, table: Table) -> None:
    """One point."""
    times = alternating({
        "stlbounds": repeated(lambda: bound.evaluate(**POINT), 500),
        "expr.subs(...).evalf()": lambda: bound.expr.subs(POINT).evalf(),
        "expr.evalf(subs=...)": lambda: bound.expr.evalf(subs=POINT)}, rounds)
    table.add("one point", times, {"expr.subs(...).evalf()": 150}, {"stlbounds": 500}, "us")


def digits(bound: Any, rounds: int, table: Table) -> None:
    """Many digits."""
    values = exact_values(POINT)
    function = mpmath_function(bound.expr, tuple(values))
    quotients = sp.lambdify(tuple(values), bound.expr.rewrite(sp.Pow), "mpmath")
    for wanted, target in ((50, 8.0), (1000, 25.0)):
        task = f"{wanted} digits"

        def once(call: Callable[..., Any], digits: int) -> Any:
            with mpmath.workdps(digits):
                return call(*(mpmath.mpf(int(value.p)) / int(value.q) for value in values.values()))

        if not has_flint():
            table.missing(task, "python-flint")
            continue
        many, few = 100, 5
        times = alternating({
            "stlbounds with python-flint": repeated(lambda wanted=wanted: to_digits(bound.expr, values, wanted), many),
            "bound.evaluate(digits=...)": repeated(lambda wanted=wanted: bound.evaluate(digits=wanted, **POINT), many),
            "mpmath, confirmed digits": repeated(
                lambda wanted=wanted: to_digits(bound.expr, values, wanted, balls=False), few),
            "mpmath, one evaluation": repeated(lambda wanted=wanted: once(function, wanted + 10), few),
            "mpmath, lambdify, digits unproven": repeated(lambda wanted=wanted: once(quotients, wanted), few)},
            5 * rounds)
        table.add(task, times, {"mpmath, confirmed digits": target, "mpmath, one evaluation": target},
                  {name: many if number < 2 else few for number, name in enumerate(times)}, "us")


def main() -> int:
    """Measure, print a table, and write JSON on request; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=float, default=1e7, help="points of the grids (default 1e7)")
    parser.add_argument("--rounds", type=int, default=9, help="rounds of each comparison (default 9)")
    parser.add_argument("--only", choices=["grid", "scattered", "point", "digits"], action="append",
                        help="one task alone (may be given again)")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args()
    generic = stl.generators.Generator("generic", stl.DISCRETE, kappa, c * N**-r)
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), generic))
    table = Table()
    tasks: dict[str, Callable[[], None]] = {
        "grid": lambda: grids(bound, options.points, options.rounds, table),
        "scattered": lambda: scattered(bound, options.points, options.rounds, table),
        "point": lambda: scalars(bound, options.rounds, table), "digits": lambda: digits(bound, options.rounds, table)}
    for name, task in tasks.items():
        if not options.only or name in options.only:
            task()
    about = {"python": platform.python_version(), "numpy": np.__version__, "sympy": sp.__version__,
             "mpmath backend": mpmath.libmp.BACKEND, "processors": len(os.sched_getaffinity(0)),
             "load": os.getloadavg()[0]}
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    print(table)
    if options.json:
        options.json.write_text(json.dumps({"schema": "stlbounds/benchmark/1", "about": about, "rows": table.rows},
                                           indent=1))
    return 0 if all(row["met"] is not False for row in table.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
