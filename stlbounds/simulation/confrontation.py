"""The confrontation of numbers with a run: what a bound claims against what the replicas did.

This is the pure core of the check. It takes the values of the terms, not the bound that they came from, so
that a test can plant wrong ones and see them contradicted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators.sampling import FloatArray
from stlbounds.simulation.engine import Run
from stlbounds.simulation.power import power
from stlbounds.simulation.result import CheckResult, Comparison, Verdict
from stlbounds.simulation.statistics import (
    DEFAULT_LEVEL,
    Interval,
    clopper_pearson,
    critical_threshold,
    empirical_quantile,
    mean_interval,
    quantile_interval,
)

__all__ = ["DEFAULT_QUANTILE", "TERMS", "THEOREMS", "confront", "refuse_large_gaps"]

THEOREMS: tuple[str, ...] = ("high-probability", "expectation", "expected-gap")

#: The terms of a bound that are held against what they bound in the proof.
TERMS: tuple[str, ...] = ("drift", "bias", "concentration")

#: The level of the quantiles that are reported where the theorem has no failure probability.
DEFAULT_QUANTILE = 0.95


def confront(
    values_by_term: Mapping[str, float],
    theorem: str,
    delta: float | None,
    run: Run,
    loss_constant: float,
    *,
    confidence: float = DEFAULT_LEVEL,
) -> CheckResult:
    r"""Hold claimed numbers against the last generation of a run.

    The theorem is contradicted when

    - ``"high-probability"``: the exact binomial interval for the probability that :math:`|g|` is at most the
      bound lies below :math:`1 - \delta`;
    - ``"expectation"``: the rigorous interval for :math:`|E g|` lies above the bound;
    - ``"expected-gap"``: that for :math:`E|g|` does.

    Its parts are held against what they bound in the proof (theory §5): the drift term against :math:`M E s_i`,
    drift and bias against :math:`|E g|`, and the concentration term of a high-probability theorem against the
    quantile of :math:`|g - E g|`; that of ``"expected-gap"`` is set beside :math:`E|g - E g|` without a verdict.

    Parameters
    ----------
    values_by_term : mapping
        Values of ``"drift"``, ``"bias"`` and, unless the theorem is ``"expectation"``, ``"concentration"``;
        their sum is the bound. Other names are allowed and count in the sum only; a part whose terms are missing is
        not held against anything.
    theorem : str
        One of `THEOREMS`.
    delta : float or None
        The failure probability, in ``(0, 1)``, of a high-probability theorem; None otherwise.
    run : Run
        The simulation.
    loss_constant : float
        ``M``; the gap lies in ``[-M, M]``.
    confidence : float
        Of each verdict, in ``(0, 1)``.

    Returns
    -------
    CheckResult
        Without the parameters and the trajectory, which `stlbounds.check` adds.

    Raises
    ------
    InvalidArgumentError
        If a term is negative or NaN, or `delta` or `theorem` is not allowed.
    AssumptionError
        If a measured gap exceeds ``M``: then the loss constant does not belong to the loss that was
        simulated.
    """
    _check_arguments(values_by_term, theorem, delta)
    gap = run.gap[:, run.generations]
    refuse_large_gaps(gap, loss_constant)
    level = DEFAULT_QUANTILE if delta is None else 1 - delta
    total = math.fsum(values_by_term.values())
    bias = values_by_term.get("drift", 0.0) + values_by_term.get("bias", 0.0)
    mean = mean_interval(gap, -loss_constant, loss_constant, confidence)
    signed = _row("drift + bias", "|E g|", bias, abs(float(gap.mean())), _absolute(mean))
    coverage: tuple[float | None, float | None, float | None] = (None, None, None)
    if theorem == "high-probability":
        covered = int(np.count_nonzero(np.abs(gap) <= total))
        exact = clopper_pearson(covered, gap.size, confidence)
        coverage = (covered / gap.size, exact.low, exact.high)
        head = _coverage_row(total, gap, level, exact.high < level, confidence)
    elif theorem == "expected-gap":
        size = mean_interval(np.abs(gap), 0.0, loss_constant, confidence)
        head = _row("bound", "E |g|", total, float(np.abs(gap).mean()), size)
    else:
        head = _row("bound", "|E g|", total, signed.measured, Interval(signed.low, signed.high))
    rows = [head]
    if "drift" in values_by_term:
        rows.append(_drift_row(values_by_term["drift"], run, loss_constant, confidence))
        if theorem != "high-probability" or "bias" in values_by_term:
            rows.append(signed)
    if "concentration" in values_by_term:
        claimed = values_by_term["concentration"]
        rows.append(_mean_fluctuation_row(claimed, gap) if theorem != "high-probability"
                    else _fluctuation_row(claimed, gap, level, loss_constant, confidence))
    return CheckResult(
        theorem=theorem, verdict="contradicted" if head.verdict == "contradicted" else "consistent",
        comparisons=tuple(rows), confidence=confidence, delta=delta, coverage=coverage[0],
        coverage_low=coverage[1], coverage_high=coverage[2], quantile_level=level,
        loss_constant=loss_constant, generations=run.generations, replicas=run.replicas,
        requested_replicas=run.requested, seed=run.seed, chunk=run.chunk,
        interrupted=run.interrupted, notes=tuple(_notes(head, run, theorem)), power=power(values_by_term, rows),
    )


def refuse_large_gaps(gap: FloatArray, loss_constant: float) -> None:
    """Raise `AssumptionError` if a gap exceeds ``M``: then that is no constant of the loss that was simulated."""
    largest = float(np.abs(gap).max(initial=0.0))
    if largest > loss_constant * (1 + 1e-9) + 1e-12:
        raise AssumptionError(
            f"a gap of {largest:.6g} was measured, above the loss constant {loss_constant:.6g}; "
            f"the learner's loss constant does not hold for the loss that was simulated"
        )


def _check_arguments(values: Mapping[str, float], theorem: str, delta: float | None) -> None:
    if theorem not in THEOREMS:
        raise InvalidArgumentError("theorem", repr(theorem), f"one of {', '.join(THEOREMS)}")
    if theorem == "high-probability" and (delta is None or not 0 < delta < 1):
        raise InvalidArgumentError("delta", delta, "in (0, 1)", "it is the probability that the bound fails")
    if theorem != "high-probability" and delta is not None:
        raise InvalidArgumentError("delta", delta, f"None for the theorem {theorem!r}")
    for name, value in values.items():
        if math.isnan(value) or value < 0:
            raise InvalidArgumentError(name, value, "a nonnegative number")


def _slack(claimed: float, threshold: float | None) -> tuple[float | None, float | None]:
    """By how much a claim exceeds the threshold below which it would be refuted, and that threshold if positive."""
    return (claimed / threshold, threshold) if threshold is not None and threshold > 0 else (None, None)


def _row(part: str, quantity: str, claimed: float, measured: float, interval: Interval) -> Comparison:
    """A claim about a number for which there is a rigorous interval."""
    verdict: Verdict = "contradicted" if interval.low > claimed else "consistent"
    return Comparison(part, quantity, claimed, measured, interval.low, interval.high, verdict,
                      *_slack(claimed, interval.low))


def _coverage_row(
    claimed: float, gap: FloatArray, level: float, refuted: bool, confidence: float
) -> Comparison:
    size = np.abs(gap)
    interval = quantile_interval(size, level, confidence)
    verdict: Verdict = "contradicted" if refuted else "consistent"
    return Comparison("bound", f"{level:.6g} quantile of |g|", claimed, empirical_quantile(size, level),
                      max(0.0, interval.low), interval.high, verdict,
                      *_slack(claimed, critical_threshold(size, level, confidence)))


def _drift_row(claimed: float, run: Run, loss_constant: float, confidence: float) -> Comparison:
    drift = run.mixed_drift[:, run.generations]
    interval = mean_interval(drift, 0.0, 1.0, confidence)
    # Distances that are estimated are too large on average.
    low = max(0.0, interval.low - run.distance_error)
    scaled = Interval(loss_constant * low, loss_constant * interval.high)
    return _row("drift", "M E s_i", claimed, loss_constant * float(drift.mean()), scaled)


def _mean_fluctuation_row(claimed: float, gap: FloatArray) -> Comparison:
    deviation = float(np.abs(gap - gap.mean()).mean())
    return Comparison("concentration", "E |g - E g|", claimed, deviation, math.nan, math.nan, "not tested", None)


def _fluctuation_row(
    claimed: float, gap: FloatArray, level: float, loss_constant: float, confidence: float
) -> Comparison:
    """The quantile of ``|g - E g|``, where a third of the failure probability goes into an interval for ``E g``.

    With ``E g`` in ``[low, high]`` every deviation is at least the distance of the gap from that interval, and at
    most its distance from the farther end; quantiles of the two enclose that of the deviations. Where the replicas
    are too few to locate a small ``E g``, pairs of replicas still tell the scale.
    """
    share = 1 - (1 - confidence) / 3
    low, high = mean_interval(gap, -loss_constant, loss_constant, share)
    least = np.maximum(0.0, np.maximum(low - gap, gap - high))
    most = np.maximum(np.abs(gap - low), np.abs(gap - high))
    least_quantile = max(0.0, quantile_interval(least, level, share).low, _of_pairs(gap, level, share))
    interval = Interval(least_quantile, quantile_interval(most, level, share).high)
    return _row("concentration", f"{level:.6g} quantile of |g - E g|", claimed,
                empirical_quantile(np.abs(gap - gap.mean()), level), interval)


def _of_pairs(gap: FloatArray, level: float, confidence: float) -> float:
    """A lower bound on the quantile ``q`` of ``|g - E g|`` that needs no knowledge of ``E g``, ``-inf`` if none.

    Two independent gaps differ by at most ``2 q`` with probability at least ``1 - 2 (1 - level)``.
    """
    both = 1 - 2 * (1 - level)
    half = gap.size // 2
    if both <= 0 or half == 0:
        return -math.inf
    return quantile_interval(np.abs(gap[:half] - gap[half : 2 * half]), both, confidence).low / 2


def _absolute(interval: Interval) -> Interval:
    """The values of ``|x|`` for ``x`` in an interval."""
    low, high = interval
    return Interval(max(0.0, low, -high), max(abs(low), abs(high)))


def _notes(head: Comparison, run: Run, theorem: str) -> list[str]:
    notes = []
    if run.interrupted:
        done = f"{run.replicas} of {run.requested} replicas"
        notes.append(f"interrupted after {done}; the verdict is about those")
    if head.factor is None:
        if theorem != "high-probability":
            why = f"the interval for {head.quantity} reaches 0"
        elif head.measured == 0:
            why = "the measured gap is 0"
        else:
            why = "the replicas are too few for this confidence"
        notes.append(f"no positive number would be contradicted in place of the bound: {why}")
    return notes
