"""Confidence statements that hold for every sample size: binomial, bounded means, quantiles.

A verdict of "contradicted" must not be an accident of a normal approximation, so every interval here is
exact or conservative at any number of replicas.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stlbounds.errors import InvalidArgumentError

__all__ = [
    "DEFAULT_LEVEL",
    "Interval",
    "binomial_cdf",
    "clopper_pearson",
    "critical_threshold",
    "empirical_quantile",
    "mean_interval",
    "quantile_interval",
]

#: Confidence of every verdict, unless told otherwise: one false alarm in a million.
DEFAULT_LEVEL = 1 - 1e-6

#: Relative accuracy of the ends of an interval for a mean, where they are larger than that themselves.
_ACCURACY = 1e-6

FloatArray = npt.NDArray[np.float64]

#: The largest share of its capital that the gambler of `mean_interval` risks in one round.
_LARGEST_BET = 0.9
#: How many values the first guess of mean and variance, that of a fair coin, counts for. Each part of the capital is
#: bet with one of these: the first is careful, the others find the scale of values in a small part of the range.
_WEIGHTS_OF_THE_GUESS = (1.0, 1e-2, 1e-4)


class Interval(NamedTuple):
    """A closed interval; the end points may be infinite."""

    low: float
    high: float


@lru_cache(maxsize=8)
def _log_factorials(largest: int) -> FloatArray:
    """``log 0!, ..., log largest!``."""
    return np.array([math.lgamma(k + 1.0) for k in range(largest + 1)])


def _log_lower_tail(successes: int, trials: int, log_p: float, log_q: float) -> float:
    """``log P(X <= successes)`` for ``0 <= successes < trials``, from the logarithms of the probabilities."""
    factorials = _log_factorials(trials)
    k = np.arange(successes + 1)
    terms = factorials[trials] - factorials[k] - factorials[trials - k] + k * log_p + (trials - k) * log_q
    top = float(terms.max())
    return min(0.0, top + math.log(float(np.exp(terms - top).sum())))


def binomial_cdf(successes: int, trials: int, probability: float) -> float:
    """``P(X <= successes)`` for ``X`` binomial.

    Parameters
    ----------
    successes : int
        Any integer.
    trials : int
        At least 1.
    probability : float
        In ``[0, 1]``.

    Examples
    --------
    >>> round(binomial_cdf(1, 2, 0.5), 12)
    0.75
    """
    if successes < 0:
        return 0.0
    if successes >= trials or probability == 0.0:
        return 1.0
    if probability == 1.0:
        return 0.0
    return math.exp(_log_lower_tail(successes, trials, math.log(probability), math.log1p(-probability)))


def _bisect(is_below: Callable[[float], bool], accuracy: float = 0.0) -> tuple[float, float]:
    """Numbers in [0, 1] between which ``is_below`` changes from true to false: neighbours, or as close as asked for."""
    low, high = 0.0, 1.0
    while True:
        middle = 0.5 * (low + high)
        if not low < middle < high or high - low <= accuracy * max(high, _ACCURACY):
            return low, high
        if is_below(middle):
            low = middle
        else:
            high = middle


def clopper_pearson(successes: int, trials: int, level: float = DEFAULT_LEVEL) -> Interval:
    """The exact two-sided confidence interval for the probability of success.

    Each end is the probability at which the observed tail has probability ``(1 - level)/2``; the interval
    covers the true probability with probability at least `level`, for every number of trials.

    Parameters
    ----------
    successes, trials : int
        ``0 <= successes <= trials``, ``trials >= 1``.
    level : float
        In ``(0, 1)``.

    Raises
    ------
    InvalidArgumentError
        If an argument is out of range.

    References
    ----------
    C. J. Clopper and E. S. Pearson, Biometrika 26 (1934).

    Examples
    --------
    >>> low, high = clopper_pearson(8, 10, level=0.95)
    >>> round(low, 6), round(high, 6)
    (0.443905, 0.974789)
    """
    trials = _positive("trials", trials)
    if not 0 <= successes <= trials:
        raise InvalidArgumentError("successes", successes, f"in [0, {trials}]")
    log_tail = math.log(_failure(level) / 2)

    def below_low(p: float) -> bool:
        # P(X >= k) is the lower tail of the failures, with the two probabilities exchanged.
        return _log_lower_tail(trials - successes, trials, math.log1p(-p), math.log(p)) < log_tail

    def below_high(p: float) -> bool:
        return _log_lower_tail(successes, trials, math.log(p), math.log1p(-p)) > log_tail

    low = 0.0 if successes == 0 else _bisect(below_low)[0]
    high = 1.0 if successes == trials else _bisect(below_high)[1]
    return Interval(low, high)


def mean_interval(
    values: npt.ArrayLike, low: float, high: float, level: float = DEFAULT_LEVEL
) -> Interval:
    r"""A rigorous confidence interval for the mean of i.i.d. variables with values in ``[low, high]``.

    By betting, which adapts to the variance and comes close to the best that is possible. Scaled to
    :math:`[0, 1]`, if the mean is :math:`m` then the capital :math:`K_t = \prod_{s \le t}(1 + \lambda_s(X_s - m))`
    of a gambler whose stakes :math:`0 \le \lambda_s \le 0.9/m` depend on :math:`X_1, \dots, X_{s-1}` only is a
    nonnegative martingale, and so is the mean of the capitals of three gamblers; it ever reaches :math:`2/a` with
    probability at most :math:`a/2` (Ville). The lower end is the largest :math:`m` at which it does; the upper end is
    that of :math:`1 - X`. Capital falls as :math:`m` grows, so bisection finds it.

    Parameters
    ----------
    values : array_like
        At least one number; rounding errors of a billionth of the width beyond the end points are forgiven.
    low, high : float
        End points with ``low <= high``.
    level : float
        :math:`1 - a`, in ``(0, 1)``.

    Returns
    -------
    Interval
        Within ``[low, high]``.

    Raises
    ------
    InvalidArgumentError
        If there is no value, or one is outside ``[low, high]``.

    References
    ----------
    I. Waudby-Smith and A. Ramdas, Estimating means of bounded random variables by betting, JRSS B 86 (2024).

    Examples
    --------
    >>> low, high = mean_interval([0.5] * 10_000, 0, 1)
    >>> low < 0.5 < high, high - low < 0.01
    (True, True)
    """
    data = _nonempty(values)
    width = high - low
    slack = 1e-9 * width + 1e-12 * max(abs(low), abs(high))
    if not (np.all(data >= low - slack) and np.all(data <= high + slack)):
        worst = float(data[np.argmax(np.maximum(low - data, data - high))])
        raise InvalidArgumentError("values", worst, f"in [{low}, {high}]")
    log_goal = math.log(2 / _failure(level))
    if width == 0:
        return Interval(low, high)
    unit = np.clip((data - low) / width, 0.0, 1.0)
    mean = float(unit.mean())
    below = min(mean, _lower_mean(unit, log_goal))
    above = max(mean, 1.0 - _lower_mean(1.0 - unit, log_goal))
    return Interval(low + width * below, low + width * above)


def _stakes(unit: FloatArray, log_goal: float, weight: float) -> FloatArray:
    """Stakes that are best for a guess of the variance from the values before, before they are capped."""
    count = np.arange(1, unit.size + 1)
    guesses = (0.5 * weight + np.cumsum(unit)) / (count + weight)
    variances = (0.25 * weight + np.cumsum((unit - guesses) ** 2)) / (count + weight)
    # Values that are all alike leave no variance; a stake that is too large to count is capped later.
    variances = np.maximum(variances, np.finfo(float).tiny)
    return np.asarray(np.sqrt(2 * log_goal / (unit.size * np.concatenate([[0.25], variances[:-1]]))), dtype=float)


def _lower_mean(unit: FloatArray, log_goal: float) -> float:
    """The largest mean in [0, 1] that the gambler who bets on larger values refutes; 0 if there is none."""
    stakes = np.stack([_stakes(unit, log_goal, weight) for weight in _WEIGHTS_OF_THE_GUESS])
    parts = math.log(len(_WEIGHTS_OF_THE_GUESS))

    def refuted(mean: float) -> bool:
        capitals = np.cumsum(np.log1p(np.minimum(stakes, _LARGEST_BET / mean) * (unit - mean)), axis=1)
        largest = float(capitals.max())
        # The sum of the capitals is between the largest and three times the largest, which mostly decides.
        if largest >= log_goal + parts or largest < log_goal:
            return largest >= log_goal + parts
        return float(np.logaddexp.reduce(capitals, axis=0).max()) >= log_goal + parts

    # The lower end is a refuted mean, so that stopping early errs on the safe side.
    return _bisect(refuted, _ACCURACY)[0]


def empirical_quantile(values: npt.ArrayLike, probability: float) -> float:
    """The smallest value that at least the fraction ``probability`` of the values does not exceed.

    Examples
    --------
    >>> empirical_quantile([3, 1, 2, 4], 0.5)
    2.0
    """
    data = np.sort(_nonempty(values))
    # Products such as 0.95 * 2000 may come out a rounding error above the integer that is meant.
    rank = math.ceil(probability * data.size * (1 - 1e-12))
    return float(data[min(max(rank, 1), data.size) - 1])


def quantile_interval(values: npt.ArrayLike, probability: float, level: float = DEFAULT_LEVEL) -> Interval:
    r"""Order statistics that enclose the true quantile :math:`q = \inf\{x : F(x) \ge p\}`, whatever the law.

    :math:`X_{(r)} > q` happens with probability at most :math:`P(\mathrm{Bin}(m, p) \le r - 1)`, and
    :math:`X_{(s)} < q` with probability at most :math:`P(\mathrm{Bin}(m, p) \ge s)`; each is kept below
    ``(1 - level)/2``.

    Parameters
    ----------
    values : array_like
        I.i.d. draws.
    probability : float
        :math:`p`, in ``(0, 1)``.
    level : float
        In ``(0, 1)``.

    Returns
    -------
    Interval
        With infinite end points where the values are too few to say anything.

    Examples
    --------
    >>> quantile_interval(range(100), 0.5, level=0.95)
    Interval(low=39.0, high=60.0)
    """
    data = np.sort(_nonempty(values))
    tail = _failure(level) / 2
    below = _refuted_successes(data.size, probability, tail)
    above = _refuted_successes(data.size, 1 - probability, tail)
    low = -math.inf if below < 0 else float(data[below])
    high = math.inf if above < 0 else float(data[data.size - 1 - above])
    return Interval(low, high)


def critical_threshold(
    values: npt.ArrayLike, coverage: float, level: float = DEFAULT_LEVEL
) -> float | None:
    r"""The number below which every ``u`` has its claim ``P(X <= u) >= coverage`` refuted by the values.

    The claim is refuted when the Clopper-Pearson interval of level `level` for :math:`P(X \le u)` lies
    below `coverage`.

    Parameters
    ----------
    values : array_like
        I.i.d. draws of ``X``.
    coverage : float
        In ``(0, 1)``.
    level : float
        In ``(0, 1)``.

    Returns
    -------
    float or None
        None if the values are too few to refute any threshold.

    Examples
    --------
    >>> critical_threshold(range(1000), 0.95)
    912.0
    >>> critical_threshold(range(4), 0.95) is None
    True
    """
    low = quantile_interval(values, coverage, level).low
    return None if low == -math.inf else low


def _refuted_successes(trials: int, probability: float, tail: float) -> int:
    """The largest ``k`` with ``P(Bin(trials, probability) <= k) < tail``; -1 if there is none."""
    low, high = -1, trials
    while high - low > 1:
        middle = (low + high) // 2
        if binomial_cdf(middle, trials, probability) < tail:
            low = middle
        else:
            high = middle
    return low


def _nonempty(values: npt.ArrayLike) -> FloatArray:
    data = np.asarray(values, dtype=float).ravel()
    if data.size == 0 or not np.all(np.isfinite(data)):
        raise InvalidArgumentError("values", f"{data.size} values", "one or more numbers, all finite")
    return data


def _positive(name: str, value: int) -> int:
    if value < 1:
        raise InvalidArgumentError(name, value, "at least 1")
    return int(value)


def _failure(level: float) -> float:
    if not 0 < level < 1:
        raise InvalidArgumentError("level", level, "in (0, 1)", "0.999999 is one false alarm in a million")
    return 1 - level
