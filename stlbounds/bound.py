"""The bound: the façade over derivation, evaluation, analysis and output that users hold."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from stlbounds.analysis.methods import Questions
from stlbounds.render.methods import Output
from stlbounds.symbols import comparator, opt
from stlbounds.theorems.best import candidates
from stlbounds.theorems.setting import Setting

__all__ = [
    "BestBound",
    "Bound",
    "bernstein",
    "best",
    "excess_risk",
    "expected_gap",
    "high_probability",
    "in_expectation",
    "weak_stability",
]


class Bound(Questions, Output):
    r"""A generalization bound of a self-consuming training loop, with its proof.

    Made by `high_probability`, `in_expectation` and `expected_gap`.

    Parameters
    ----------
    setting : Setting
        What the bound speaks about.
    theorem : str
        A name in `stlbounds.theorems.registry.ALL_THEOREMS`, for example ``"high-probability"``.
    **options
        What the theorem leaves to choose: ``order`` for ``"weak-stability"``.

    Raises
    ------
    AssumptionError, MetricError
        If the parts of the setting do not fit together.
    InvalidArgumentError
        If there is no such theorem, or it knows no such option.

    References
    ----------
    Theory §5, §6.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> bound = stl.high_probability(
    ...     stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(20), stl.learners.BrierFit()))
    >>> round(bound.evaluate(n=10_000, alpha=0.5, i=10, delta=0.05), 6)
    0.128925
    >>> bound.proof.verify().leaves
    2

    What it states, and on which assumptions:

    >>> sorted(bound.named_terms), bound.failure_probability, bound.loop_gain
    (['bias', 'concentration', 'drift'], delta, 1 - alpha)
    >>> bound.assumptions, [str(symbol) for symbol in bound.definitions]
    ((), ['rho', 'Phi', 'h_bar'])
    >>> bound.expr == sum(bound.terms.values()), sorted(map(str, bound.constants))
    (True, ['alpha', 'delta', 'i', 'n'])
    >>> bound.amplification.subs(alpha, 1).doit(), bound.recursive_stability
    (1, geometric_sum(1 - alpha, i)/n)
    """


def high_probability(setting: Setting) -> Bound:
    """``|g| <= drift + bias + concentration`` with probability at least ``1 - delta`` (theory §5).

    It vanishes with ``n`` for stabilities smaller than ``1/sqrt(N)``; for ``b/sqrt(N)`` there is `weak_stability`.

    Parameters
    ----------
    setting : Setting
        The loop, the generator and the learner.

    Raises
    ------
    AssumptionError
        If the parts of the setting do not fit together, for example in their metrics.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(20), stl.learners.BrierFit())
    >>> bound = stl.high_probability(setting)
    >>> round(bound.evaluate(n=2000, alpha=0.5, i=10, delta=0.05), 6)
    0.289075
    """
    return Bound(setting, "high-probability")


def in_expectation(setting: Setting) -> Bound:
    """``|E g| <= drift + bias`` (theory §5); it has no concentration term and cannot fail.

    Parameters
    ----------
    setting : Setting
        The loop, the generator and the learner.

    Raises
    ------
    AssumptionError
        If the parts of the setting do not fit together, for example in their metrics.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(20), stl.learners.BrierFit())
    >>> bound = stl.in_expectation(setting)
    >>> sorted(bound.terms), bound.failure_probability
    (['bias', 'drift'], 0)
    """
    return Bound(setting, "expectation")


def expected_gap(setting: Setting) -> Bound:
    """``E |g| <= drift + bias + Phi (2 beta N + M)/(2 sqrt(N))`` (theory §5).

    Parameters
    ----------
    setting : Setting
        The loop, the generator and the learner.

    Raises
    ------
    AssumptionError
        If the parts of the setting do not fit together, for example in their metrics.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(20), stl.learners.BrierFit())
    >>> stl.expected_gap(setting).failure_probability
    0
    """
    return Bound(setting, "expected-gap")


def bernstein(setting: Setting) -> Bound:
    r"""A bound on ``|g|`` whose concentration is by the variance of the points, not by the diameter (theory §6).

    With ``l = log(2/delta)`` the concentration term is ``Phi (2 beta N + M) sqrt(2 l min(v, 1/4)/N) + (l/3)(2 beta +
    M/N) max x_X``, ``v`` the variance of a point that the generator derives or states (``point_variance``).

    Parameters
    ----------
    setting : Setting
        Its generator must know the variance of its points, as `stlbounds.generators.LocationModel` does.

    Raises
    ------
    AssumptionError
        If the generator states no variance, or draws all points of a generation with one seed.
    UndecidedError
        If it cannot be told which point of the loop is the most influential.

    References
    ----------
    Theory §6; Freedman 1975.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import b, N
    >>> setting = stl.Setting(stl.loops.FixedMix(0.5, real="fresh"), stl.generators.LocationModel(noise=0.05),
    ...                       stl.learners.UniformlyStable(b / N, loss_constant=1, metric=stl.EUCLIDEAN))
    >>> values = {"n": 10_000, "i": 10, "b": 1, "delta": 0.05}
    >>> [round(find(setting).evaluate_terms(**values)["concentration"], 5) for find in (bernstein, high_probability)]
    [0.00507, 0.04705]
    """
    return Bound(setting, "bernstein")


def weak_stability(setting: Setting, order: Any = None) -> Bound:
    r"""A bound on ``|g|`` that says something for learners with ``beta ~ 1/sqrt(n)``, where §5 never does (theory §6).

    For independent points, ``p >= 2`` and with probability at least ``1 - delta``,
    ``|g| <= delta**(-1/p) (2 beta + sqrt(2p(p-1)) beta ceil(log2 N) + M sqrt(p/(2N)))``. In a loop with fresh real data
    the drift and its fluctuation are added, and each part holds with probability ``1 - delta/2``.

    Parameters
    ----------
    setting : Setting
        Its loop must take new points in every generation: real data only (``FixedMix(1)``), or a fixed mix with
        ``real="fresh"``, replace, subsample, or a schedule.
    order : sympy.Expr or number, optional
        ``p >= 2``, chosen before the data are seen; by default a closed form that is nearly the best one, for the
        symbol `stlbounds.symbols.p` it stays free.

    Raises
    ------
    AssumptionError
        If the loop keeps points, weighs them, or draws all points of a generation with one seed.
    InvalidArgumentError
        If `order` is not provably at least 2.

    References
    ----------
    Theory §6; Bousquet, Klochkov & Zhivotovskiy 2020; Rio 2009.

    Examples
    --------
    >>> import sympy as sp
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import N
    >>> generator = stl.generators.Categorical(20)
    >>> setting = stl.Setting(stl.loops.FixedMix(1), generator, stl.learners.UniformlyStable(1 / sp.sqrt(N), 1))
    >>> [round(find(setting).evaluate(n=10**6, delta=0.05), 3) for find in (weak_stability, high_probability)]
    [0.191, 2.719]
    """
    return Bound(setting, "weak-stability", order=order)


class BestBound(Bound):
    """The smallest of the bounds that hold for a setting; made by `best`."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting, "best")

    @cached_property
    def candidates(self) -> dict[str, Bound]:
        """The bounds that it is the smallest of, by theorem."""
        return {name: Bound(self.setting, name) for name in candidates(self.setting)[0]}

    @cached_property
    def missing(self) -> dict[str, str]:
        """Why the other theorems do not hold for the setting, by theorem."""
        return candidates(self.setting)[1]

    def winner(self, **values: Any) -> str:
        """The theorem whose bound is smallest; arguments as for `evaluate`, scalars only.

        The first one in `candidates` if there are several.
        """
        found = {name: float(bound.evaluate(**_relevant(bound, values))) for name, bound in self.candidates.items()}
        return min(found, key=lambda name: found[name])


def _relevant(bound: Bound, values: dict[str, Any]) -> dict[str, Any]:
    known = {str(symbol) for symbol in bound.constants}
    return {name: value for name, value in values.items() if name in known}


def best(setting: Setting) -> BestBound:
    """The smallest of the high-probability bounds that hold for a setting: theory §5, Bernstein, weak stability.

    It holds with probability at least ``1 - delta``, like each of them: the bounds are numbers, so that the smallest
    one is known before the data are, and no failure probabilities are added. If *all* of them are to hold at once, or
    one is chosen after the data are seen, evaluate each at ``delta`` over their number.

    Parameters
    ----------
    setting : Setting
        The loop, the generator and the learner.

    Returns
    -------
    BestBound
        With ``candidates``, ``missing`` (why a theorem does not hold) and ``winner``.

    Raises
    ------
    AssumptionError
        If not even the theorem of §5 holds for the setting.

    References
    ----------
    Theory §5, §6.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import b, N
    >>> learner = stl.learners.UniformlyStable(b / N, loss_constant=1, metric=stl.EUCLIDEAN)
    >>> setting = stl.Setting(stl.loops.FixedMix(0.5), stl.generators.LocationModel(noise=0.4), learner)
    >>> bound = best(setting)
    >>> [bound.winner(n=n, i=5, b=1, delta=0.05) for n in (10, 10_000)]
    ['high-probability', 'bernstein']
    >>> sorted(bound.missing)
    ['weak-stability']
    """
    return BestBound(setting)


def excess_risk(setting: Setting, optimisation_error: Any = opt, comparator_excess: Any = comparator, *,
                expected: bool = False) -> Bound:
    r"""A bound on ``R_{D_0}(A(T_i)) - inf R_{D_0}``, from the gaps of the learner and of one fixed hypothesis ``h_0``.

    ``2 M E[s_i] + beta (1 + h_bar) + Phi (2 beta N + 2 M) sqrt(log(1/delta)/(2N)) + epsilon_opt + (R(h_0) - inf R)``:
    the two gaps form one martingale, so that the failure probability is not split, and only one side is needed.

    Parameters
    ----------
    setting : Setting
        The loop, the generator and the learner.
    optimisation_error : sympy.Expr or number
        ``epsilon_opt >= 0`` with ``Rhat_S(A(S)) <= Rhat_S(h_0) + epsilon_opt`` for every training set; may use ``N``.
        For the minimiser of a regularised risk with ``(lam_r/2)|w|**2`` it is ``(lam_r/2)|h_0|**2``.
    comparator_excess : sympy.Expr or number
        ``R_{D_0}(h_0) - inf R_{D_0}``; 0 if the smallest risk is attained and `h_0` attains it.
    expected : bool
        Whether to bound the mean of the excess risk, without a concentration term.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains an index or an undeclared symbol.

    References
    ----------
    Theory §5; the split into estimation, optimisation and approximation.

    Examples
    --------
    >>> import stlbounds as stl
    >>> setting = stl.Setting(stl.loops.FixedMix(0.5), stl.generators.Categorical(20), stl.learners.BrierFit())
    >>> bound = excess_risk(setting, optimisation_error=0, comparator_excess=0)
    >>> round(bound.evaluate(n=10_000, i=10, delta=0.05), 4)
    0.1557
    """
    theorem = "expected-excess" if expected else "excess-risk"
    return Bound(setting, theorem, optimisation_error=optimisation_error, comparator_excess=comparator_excess)
