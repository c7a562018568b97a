"""Speed of the simulation against plain NumPy, side by side in one run.

Run with ``python benchmarks/simulation.py [--json] [--quick]``. Slow peers are timed on a part of the replicas and
scaled, which the table says; every figure is the best of several runs, because other work on the machine only adds.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from stlbounds.generators.attention_sampling import AttentionSampler
from stlbounds.generators.sampling import FiniteAlphabet, zipf
from stlbounds.learners.judging import FiniteBrierJudge
from stlbounds.loops import Accumulate, Replace
from stlbounds.simulation.engine import run
from stlbounds.simulation.exact import pointwise
from stlbounds.simulation.exact.gaussian import GaussianSampler, LinearLossJudge
from stlbounds.simulation.exact.regression import RegressionJudge, RegressionSampler


@dataclass(frozen=True)
class Row:
    """One comparison: seconds for the same work, and the least ratio of the peer's to ours that is asked for."""

    name: str
    ours: float
    peer: float
    peer_name: str
    scaled_from: str
    target: float | None

    @property
    def ratio(self) -> float:
        return self.peer / self.ours


def best(work: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest run."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def plain_gaussian(replicas: int, generations: int, points: int, seed: int) -> np.ndarray:
    """What one writes first: one replica after the other, one sample after the other."""
    rng = np.random.default_rng(seed)
    variances = np.empty((replicas, generations + 1))
    for replica in range(replicas):
        mean, variance = 0.0, 1.0
        for generation in range(generations + 1):
            variances[replica, generation] = variance
            sample = rng.normal(mean, variance**0.5, points)
            if generation == generations:
                break  # the last training set is drawn, but nothing is fitted to it
            mean, variance = sample.mean(), sample.var()
    return variances


def gaussian(quick: bool) -> Row:
    """10,000 replicas x 100 generations x n = 1000, mean and variance recorded in every generation."""
    replicas, generations, points = 10_000, 100, 1000
    part = 20 if quick else 100

    def ours() -> np.ndarray:
        return run(Replace(), GaussianSampler(), LinearLossJudge(), {"n": points}, generations, replicas, 1,
                   observe=("diversity",)).diversity["variance"]

    def peer() -> np.ndarray:
        return plain_gaussian(part, generations, points, 1)

    found = ours()
    expected = (1 - 1 / points) ** generations
    if abs(found[:, -1].mean() / expected - 1) > 0.03:
        raise SystemExit("the Gaussian loop gives a wrong variance; its speed is of no interest")
    return Row("Gaussian loop, 10^4 replicas x 100 generations x n = 1000", best(ours, 5),
               best(peer, 3) * replicas / part, "plain NumPy, replica by replica", f"{part} of {replicas} replicas",
               200.0)


def engine_against_points(name: str, loop: object, sampler: object, judge: object, values: dict[str, int],
                          generations: int, replicas: int, part: int) -> Row:
    """The same engine with and without the shortcut, gap and drift measured in every generation."""
    twins = pointwise(sampler, judge)
    observe = ("gap", "risk", "drift")

    def short() -> object:
        return run(loop, sampler, judge, values, generations, replicas, 1, observe=observe)

    def long() -> object:
        return run(loop, *twins, values, generations, part, 1, observe=observe)

    return Row(name, best(short, 3), best(long, 2) * replicas / part, "sample by sample, same engine",
               f"{part} of {replicas} replicas", None)


def plain_attention(replicas: int, generations: int, points: int, seed: int, batch: int) -> np.ndarray:
    """Two layers of softmax attention in context, batched over replicas: the loop written out for this one case.

    Eight inputs on a circle of radius 0.8, outputs +-0.05 about the model's at each; ``omega = 1/2``, no residuals.
    """
    rng = np.random.default_rng(seed)
    angles = 2 * np.pi * np.arange(8) / 8
    wall = 0.8 * np.sin(np.pi / 8)
    inputs = np.stack([0.8 * np.cos(angles), 0.8 * np.sin(angles), np.zeros(8)], axis=1)
    real = np.clip(0.8 * wall * np.cos(angles)[:, None] + np.array([-0.05, 0.05]), -wall, wall)
    drift = np.empty((replicas, generations + 1))
    for start in range(0, replicas, batch):
        count = min(batch, replicas - start)
        rows = np.arange(count)[:, None]
        outputs = np.tile(real, (count, 1, 1))
        for generation in range(generations + 1):
            drift[start : start + count, generation] = np.abs(outputs - real).mean(axis=(1, 2)) / 2
            cell = rng.integers(16, size=(count, points))
            tokens = inputs[cell // 2]
            tokens[:, :, 2] = outputs.reshape(count, 16)[rows, cell]
            if generation == generations:
                break  # the last training set is drawn, but nothing is fitted to it
            states = np.concatenate([tokens, np.broadcast_to(inputs, (count, 8, 3))], axis=1)
            for layer in range(2):
                context = states[:, :points]
                asking = states if layer == 0 else states[:, points:]
                scores = np.exp(0.25 * asking @ context.transpose(0, 2, 1))
                states = (scores @ context) / scores.sum(axis=2, keepdims=True)
            outputs = np.clip(states[:, :, 2, None] + np.array([-0.05, 0.05]), -wall, wall)
    return drift


def attention(quick: bool) -> Row:
    """The engine's batched attention loop against hand-written batched NumPy of the same loop, drift recorded."""
    replicas, generations, points = (200 if quick else 600), 10, 100
    sampler = AttentionSampler(layers=2, omega=0.5)

    def ours() -> np.ndarray:
        return run(Replace(), sampler, FiniteBrierJudge(), {"n": points}, generations, replicas, 1,
                   observe=("drift",)).drift

    width = run(Replace(), sampler, FiniteBrierJudge(), {"n": points}, 0, 1, 1, observe=("drift",)).chunk

    def peer() -> np.ndarray:
        return plain_attention(replicas, generations, points, 1, width)

    first, second = ours()[:, 1:], peer()[:, 1:]
    error = np.hypot(first.std(axis=0), second.std(axis=0)) / replicas**0.5
    if np.any(np.abs(first.mean(axis=0) - second.mean(axis=0)) > 5.5 * error):
        raise SystemExit("the two attention loops differ; their speeds cannot be compared")
    return Row(f"Attention loop, 2 layers, {replicas} replicas x {generations} generations x n = {points}",
               best(ours, 5), best(peer, 5), "hand-written batched NumPy", "all replicas", 1 / 1.5)


def rows(quick: bool) -> list[Row]:
    """All comparisons."""
    part = 20 if quick else 100
    return [
        gaussian(quick),
        attention(quick),
        engine_against_points("Categorical loop, K = 50, n = 10000, 20 generations", Replace(),
                              FiniteAlphabet(zipf(50)), FiniteBrierJudge(), {"n": 10_000}, 20, 2000, part),
        engine_against_points("Regression loop, d = 4, T = 1000, accumulate, 10 fits", Accumulate(),
                              RegressionSampler([1.0] * 4), RegressionJudge(), {"n": 1000}, 9, 5000, part),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="time the slow peers on fewer replicas")
    options = parser.parse_args()
    table = rows(options.quick)
    failed = [row for row in table if row.target is not None and row.ratio < row.target]
    if options.json:
        print(json.dumps({
            "schema": "stlbounds/benchmark-simulation/1", "python": platform.python_version(), "numpy": np.__version__,
            "machine": platform.machine(), "rows": [{**asdict(row), "ratio": row.ratio} for row in table],
            "targets_met": not failed,
        }, indent=2))
    else:
        for row in table:
            wanted = "" if row.target is None else f"  (wanted: {row.target:.3g})"
            print(f"{row.name}\n  ours {row.ours:9.3f} s   {row.peer_name} {row.peer:9.2f} s "
                  f"(measured on {row.scaled_from})   factor {row.ratio:8.2f}{wanted}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
