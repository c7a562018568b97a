"""The bound: the façade over derivation, evaluation, analysis and output that users hold."""

from __future__ import annotations

from stlbounds.analysis.methods import Questions
from stlbounds.render.methods import Output
from stlbounds.theorems.setting import Setting

__all__ = ["Bound", "expected_gap", "high_probability", "in_expectation"]


class Bound(Questions, Output):
    r"""A generalization bound of a self-consuming training loop, with its proof.

    Made by `high_probability`, `in_expectation` and `expected_gap`.

    Parameters
    ----------
    setting : Setting
        What the bound speaks about.
    theorem : {"high-probability", "expectation", "expected-gap"}
        Which theorem of theory §5.

    References
    ----------
    Theory §5.

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
    """


def high_probability(setting: Setting) -> Bound:
    """``|g| <= drift + bias + concentration`` with probability at least ``1 - delta`` (theory §5).

    Parameters
    ----------
    setting : Setting
        The loop, the generator and the learner.
    """
    return Bound(setting, "high-probability")


def in_expectation(setting: Setting) -> Bound:
    """``|E g| <= drift + bias`` (theory §5); it has no concentration term and cannot fail."""
    return Bound(setting, "expectation")


def expected_gap(setting: Setting) -> Bound:
    """``E |g| <= drift + bias + Phi (2 beta N + M)/(2 sqrt(N))`` (theory §5)."""
    return Bound(setting, "expected-gap")
