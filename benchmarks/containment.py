"""Containment on a large scale: random ranges and points inside of them, every enclosure held against 60 digits.

Run ``python benchmarks/containment.py [--count 100000] [--seed 0] [--json]`` (about ten minutes). Functions and whole
bounds, both arithmetics, the natural enclosure and the one with slopes, as in ``tests/interval/test_containment.py``,
which runs a part of this. The first enclosure that misses a value ends the run with an error. Widths are reported
relative to the value, for single points and for ranges.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "interval"))

from test_containment import SPECIAL, bounds, contained

#: So many ranges share a random stream.
PIECE = 500
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def quantiles(widths: list[float]) -> dict[str, float]:
    """Quantiles of widths, by their level."""
    ordered = sorted(widths)
    return {str(level): ordered[int(level * (len(ordered) - 1))] for level in QUANTILES} if ordered else {}


def run(cases: tuple[Any, ...], count: int, seed: int) -> dict[str, Any]:
    """Ranges until ``count`` pairs of a range and a point in it have been compared."""
    started, compared, ranges, widths = time.perf_counter(), 0, 0, []
    while compared < count:
        found, some = contained(seed + ranges // PIECE, PIECE, 1, cases)
        compared, ranges, widths = compared + found, ranges + PIECE, widths + some
        print(f"{compared} of {count} after {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    return {"ranges": ranges, "values compared": compared, "outside": 0,
            "widths relative to the value": quantiles(widths), "seconds": time.perf_counter() - started}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    # A value of a whole bound to 60 digits takes ten times as long.
    whole = options.count // 5
    rows = {"functions": run(SPECIAL, options.count - whole, options.seed),
            "whole bounds": run(tuple((bound, None) for bound in bounds()), whole, options.seed + 10**6)}
    if options.json:
        print(json.dumps({"schema": "stlbounds/benchmark-containment/1", **rows}, indent=2))
        return
    for name, row in rows.items():
        print(name)
        for key, value in row.items():
            shown = ", ".join(f"{level}: {width:.3g}" for level, width in value.items()) if isinstance(
                value, dict) else value
            print(f"  {key}: {shown}")


if __name__ == "__main__":
    main()
