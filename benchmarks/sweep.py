"""Two workers against one, on a sweep of sample-by-sample loops.

Run it on a machine that does nothing else: ``python benchmarks/sweep.py [--points 16] [--workers 2]``. The time of the
workers includes the start of their processes. The goal for two workers is 1.7 times the speed of one.
"""

from __future__ import annotations

import argparse
import os
import time

import stlbounds as stl
from stlbounds.symbols import alpha

GOAL = 1.7


def measure(points: int, replicas: int, workers: int) -> tuple[float, str]:
    """Seconds for the sweep, and its table."""
    setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(100), stl.learners.BrierFit())
    bound = stl.high_probability(setting)
    grid = [{"n": 2000, "alpha": (k + 1) / (2 * points)} for k in range(points)]
    start = time.perf_counter()
    table = stl.sweep(bound, grid, i=20, delta=0.05, replicas=replicas, exact=False, workers=workers)
    return time.perf_counter() - start, table.csv()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=16)
    parser.add_argument("--replicas", type=int, default=1500)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    measure(1, 10, 1)
    one, table = measure(options.points, options.replicas, 1)
    several, other = measure(options.points, options.replicas, options.workers)
    print(f"load average before: {os.getloadavg()[0]:.2f}, cores: {os.cpu_count()}")
    print(f"{options.points} points of {options.replicas} replicas, 20 generations, n = 2000, drawn point by point")
    print(f"one worker:  {one:8.2f} s")
    print(f"{options.workers} workers:   {several:8.2f} s, starting the processes included")
    print(f"speed-up:    {one / several:8.2f} (goal for two workers: {GOAL}); the tables are "
          f"{'identical' if table == other else 'DIFFERENT'}")


if __name__ == "__main__":
    main()
