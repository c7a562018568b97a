"""How long the symbolic questions take: ``python benchmarks/analysis.py [--json FILE] [--rounds N]``.

Each question is asked of settings of several loops. The first time in the process is told apart from the median of the
later ones, because SymPy fills caches; the target (see `TARGET`) is for the median of processor time, which other
programs on the machine disturb less. ``sympy.limit`` on the whole bound is shown as a peer, stopped after a while.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sympy as sp

import stlbounds as stl
from stlbounds.symbols import N, alpha, c, i, kappa, lam, n, r, w

TARGET = 0.1
PEER_SECONDS = 10.0
VALUES = {"M": 1, "b": 1, "c": 1, "delta": 0.05, "kappa": 1, "r": 0.5}
LOOPS = {
    "fixed mix, replay": (stl.loops.FixedMix(alpha), {"alpha": 0.5, "i": 10}),
    "fixed mix, fresh": (stl.loops.FixedMix(alpha, real="fresh"), {"alpha": 0.5, "i": 10}),
    "augment": (stl.loops.Augment(lam), {"lam": 1, "i": 10}),
    "accumulate": (stl.loops.Accumulate(), {"i": 10}),
    "weighted mix": (stl.loops.WeightedMix(w), {"w": 0.6, "i": 10}),
}


def bounds() -> dict[str, tuple[stl.Bound, dict[str, Any]]]:
    """A bound for each loop, derived already."""
    mine = stl.generators.Generator("generic", stl.DISCRETE, kappa, c * N**-r)
    made = {name: (stl.high_probability(stl.Setting(loop, mine)), {**VALUES, **values})
            for name, (loop, values) in LOOPS.items()}
    for bound, _ in made.values():
        _ = bound.expr, bound.definitions
    return made


def questions(bound: stl.Bound, values: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """The questions of one bound."""
    return {
        "rate in n": lambda: bound.rate(n),
        "limit i -> oo": lambda: bound.limit(i, sp.oo),
        "expansion in n**(-1/2)": lambda: bound.expansion(n, r=sp.Rational(1, 2)),
        "sample size": lambda: bound.sample_size(0.1, **values),
    }


def timed(call: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Processor time of the first call, and the median of later ones."""
    times = []
    for _ in range(rounds + 1):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return times[0], statistics.median(times[1:])


def _sympy_limit() -> None:
    bound, _ = bounds()["fixed mix, replay"]
    plain = bound.expr.rewrite(sp.Pow).subs({kappa: sp.Rational(1, 2), alpha: sp.Rational(1, 2)})
    sp.limit(plain, i, sp.oo)


def peer() -> str:
    """How long ``sympy.limit`` takes on one whole bound, in a process that is stopped when it takes too long."""
    process = multiprocessing.get_context("spawn").Process(target=_sympy_limit)
    start = time.perf_counter()
    process.start()
    process.join(PEER_SECONDS)
    if process.is_alive():
        process.terminate()
        process.join()
        return f"not finished after {PEER_SECONDS:g} s"
    if process.exitcode:
        return "failed"
    return f"{time.perf_counter() - start:.1f} s (with the import)"


def main() -> int:
    """Measure, print, and tell by the exit code whether all targets are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    rows = []
    for name, (bound, values) in bounds().items():
        for question, call in questions(bound, values).items():
            first, later = timed(call, arguments.rounds)
            rows.append({"loop": name, "question": question, "first": first, "median": later, "met": later < TARGET})
            print(f"{name:18} {question:24} first {first * 1e3:7.1f} ms   median {later * 1e3:7.1f} ms"
                  f"   {'' if later < TARGET else 'above the target'}", flush=True)
    limit = peer()
    print(f"sympy.limit(bound, i, oo), rational alpha and kappa: {limit}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": platform.platform(), "target": TARGET, "rows": rows,
                                              "sympy_limit": limit}, indent=2), encoding="utf-8")
    return 0 if all(row["met"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
