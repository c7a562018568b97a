"""A claim about the variance of a loop, held against a model whose law is exact: a Gaussian mean without walls."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.loops.base import Loop
from stlbounds.simulation.claimed import claimed_values
from stlbounds.simulation.engine import Progress, run, whole
from stlbounds.simulation.exact.gaussian import MOMENTS, GaussianSampler, LinearLossJudge
from stlbounds.simulation.preparation import free_names, rounded
from stlbounds.simulation.result import CheckResult, Comparison, Verdict
from stlbounds.simulation.rounding import exact_value, plain
from stlbounds.simulation.statistics import DEFAULT_LEVEL, Interval
from stlbounds.symbols import check_symbols, exact, i, n

__all__ = ["check_variance", "chi_square_interval", "variance_factor"]


def variance_factor(loop: Loop, sensitivity: sp.Expr = sp.S.One) -> sp.Expr:
    r"""``v_i``, ``i >= 1``: the variance of the mean of ``D_i`` in units of ``sigma**2/n``, for sensitivity ``kappa``.

    The model fits ``theta = theta_0 + kappa (mean - theta_0)``, so ``v_i = kappa**2 n Phi_{i-1}**2/N_{i-1}`` exactly.

    Examples
    --------
    >>> from stlbounds.loops import Replace
    >>> variance_factor(Replace()).subs(i, 7)
    7
    """
    gain = loop.gain(sensitivity) if loop.constant_gain else sensitivity
    return sensitivity**2 * n * loop.variance(gain, i)


def chi_square_interval(mean_square: float, count: int, level: float = DEFAULT_LEVEL) -> Interval:
    r"""A rigorous interval for the variance of normal values of known mean, from the mean of their squares.

    The sum of squares is the variance times a chi-square with ``count`` degrees of freedom, which exceeds
    :math:`m + 2\sqrt{mx} + 2x`, or falls below :math:`m - 2\sqrt{mx}`, with probability at most :math:`e^{-x}` each.

    Parameters
    ----------
    mean_square : float
        Nonnegative.
    count : int
        ``m >= 1``.
    level : float
        In ``(0, 1)``.

    References
    ----------
    B. Laurent and P. Massart, Annals of Statistics 28 (2000), Lemma 1.

    Examples
    --------
    >>> low, high = chi_square_interval(1.0, 40_000, level=0.95)
    >>> round(low, 4), round(high, 4)
    (0.981, 1.0196)
    """
    x = math.log(2 / (1 - level))
    above = 1 + 2 * math.sqrt(x / count) + 2 * x / count
    below = 1 - 2 * math.sqrt(x / count)
    return Interval(mean_square / above, mean_square / below if below > 0 else math.inf)


def check_variance(
    loop: Loop,
    expression: Any = None,
    *,
    sensitivity: Any = 1,
    replicas: int = 20_000,
    seed: int = 0,
    confidence: float = DEFAULT_LEVEL,
    workers: int = 1,
    progress: Progress | None = None,
    **values: Any,
) -> CheckResult:
    r"""Hold a claim about the variance of a loop against the unprojected Gaussian location model.

    Its fitted mean :math:`\mu_i` is normal with variance :math:`v_i \sigma^2/n` exactly, so that constants which the
    slack of Azuma's inequality would hide, such as :math:`\pi^2/6` for accumulation, can be told from wrong ones.

    Parameters
    ----------
    loop : Loop
        The protocol.
    expression : sympy.Expr or number, optional
        The claim ``v_i <= expression``, in the loop's symbols; by default the exact ``v_i``, `variance_factor`.
    sensitivity : sympy.Expr or number
        ``kappa >= 0`` of the model ``theta = theta_0 + kappa (mean - theta_0)``, which may exceed 1.
    replicas, seed, confidence, workers, progress
        As for `stlbounds.check`.
    **values
        Numbers for ``n``, ``i >= 1``, and the other symbols.

    Returns
    -------
    CheckResult
        With the one part ``"bound"``: contradicted if the claim is below a rigorous interval for ``v_i``. A claim above
        that interval is a true bound and not the exact value, which a note says.

    Raises
    ------
    InvalidArgumentError
        If a value is missing, unknown or out of range, or sizes cannot be rounded.

    References
    ----------
    Theory §11.

    Examples
    --------
    >>> from stlbounds.loops import Accumulate
    >>> [check_variance(Accumulate(), claim, n=2, i=30).contradicted for claim in (sp.pi**2 / 6, 1.4)]
    [False, True]
    """
    replicas, seed = whole("replicas", replicas, 1), whole("seed", seed, 0)
    kappa = exact("sensitivity", sensitivity)
    claim = variance_factor(loop, kappa) if expression is None else exact("expression", expression)
    check_symbols(claim)
    required = {"n", "i"} | free_names(claim, kappa, *loop.parameters.values())
    for name in sorted(set(values) - required):
        raise InvalidArgumentError(name, values[name], f"one of {', '.join(sorted(required))}")
    missing = sorted(required - set(values))
    if missing:
        raise InvalidArgumentError("values", f"no value for {', '.join(missing)}", "complete")
    asked = {name: exact_value(name, value) for name, value in values.items()}
    generations = int(asked["i"])
    if generations < 1:
        raise InvalidArgumentError("i", generations, "at least 1", "the mean of the real data has no variance")
    sizes = {name: value for name, value in asked.items() if name != "i"}
    _, used = rounded(loop.plan(generations - 1), sizes)
    numbers: dict[str, Any] = {name: plain(value) for name, value in used.items()}
    pull = float(kappa.subs({part: used[part.name] for part in kappa.free_symbols}))
    done = run(loop, GaussianSampler(fit="mean", pull=pull), LinearLossJudge(), used, generations - 1, replicas, seed,
               progress=progress, workers=workers, observe=("gap",))
    steps = np.arange(1, generations + 1)
    claimed = claimed_values({"expression": claim}, numbers, steps)["expression"]
    # The gap of a linear loss is minus the error of the mean of T_j, of which mu_{j+1} keeps the share kappa.
    measured = (pull * done.gap) ** 2 * int(used["n"])
    trajectory = tuple(_records(steps, measured.mean(axis=0), claimed, done.sizes))
    row = _row(float(claimed[-1]), float(measured[:, -1].mean()), done.replicas, confidence)
    return CheckResult(
        theorem="exact variance", verdict="contradicted" if row.verdict == "contradicted" else "consistent",
        comparisons=(row,), confidence=confidence, delta=None, coverage=None, coverage_low=None, coverage_high=None,
        quantile_level=confidence, loss_constant=math.inf, generations=generations, replicas=done.replicas,
        requested_replicas=replicas, seed=seed, chunk=done.chunk, interrupted=done.interrupted,
        requested={name: plain(value) for name, value in asked.items()}, used={**numbers, "i": generations},
        trajectory=trajectory, setting=f"{loop.name}, Gaussian mean without walls, kappa = {kappa}",
        statistic=MOMENTS.statistic, claim="" if expression is None else f"v_i <= {claim}",
        notes=tuple(_notes(row, done.replicas, replicas)),
    )


def _row(claimed: float, measured: float, count: int, confidence: float) -> Comparison:
    interval = chi_square_interval(measured, count, confidence)
    verdict: Verdict = "contradicted" if not claimed >= interval.low else "consistent"
    return Comparison("bound", "n Var(mu_i)/sigma**2", claimed, measured, interval.low, interval.high, verdict,
                      claimed / interval.low, interval.low)


def _records(steps: Any, measured: Any, claimed: Any, sizes: tuple[int, ...]) -> Iterable[dict[str, Any]]:
    for k, step in enumerate(steps):
        yield {"generation": int(step), "size": sizes[k], "variance": float(measured[k]), "bound": float(claimed[k])}


def _notes(row: Comparison, done: int, wanted: int) -> Iterable[str]:
    if done < wanted:
        yield f"interrupted after {done} of {wanted} replicas; the verdict is about those"
    if row.claimed > row.high:
        yield "the claim is above the interval: true as an upper bound, but not the exact variance"
