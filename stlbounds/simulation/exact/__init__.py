"""Exact shortcuts: sufficient statistics drawn in place of points where their law is known, and the way back to points.

A shortcut is a `Sampler` that draws the statistic (counts, sums, chi-squares, Wishart matrices). Each has a twin that
draws point by point and reduces the points afterwards; the two must have one law, which the tests hold them to.
"""

from __future__ import annotations

from stlbounds.generators.location_sampling import LocationSampler
from stlbounds.generators.sampling import FiniteAlphabet, Sampler
from stlbounds.learners.judging import Judge
from stlbounds.simulation.exact.categorical import COUNTS
from stlbounds.simulation.exact.gaussian import MOMENTS, GaussianSampler
from stlbounds.simulation.exact.location import SUMS, EmpiricalLocation
from stlbounds.simulation.exact.pointwise import PointwiseJudge, PointwiseSampler, Shortcut
from stlbounds.simulation.exact.regression import NORMAL_EQUATIONS, RegressionSampler

__all__ = ["SHORTCUTS", "pointwise", "shortcut_of"]

#: The samplers that draw a statistic in place of points; subclasses count unless they draw otherwise.
SHORTCUTS: dict[type[Sampler], Shortcut] = {
    FiniteAlphabet: COUNTS,
    LocationSampler: SUMS,
    EmpiricalLocation: SUMS,
    GaussianSampler: MOMENTS,
    RegressionSampler: NORMAL_EQUATIONS,
}


def shortcut_of(sampler: Sampler) -> Shortcut | None:
    """The shortcut that a sampler takes, or None if it draws point by point.

    Examples
    --------
    >>> shortcut_of(FiniteAlphabet([0.5, 0.5])).statistic
    'multinomial counts of the symbols'
    """
    kind = type(sampler)
    for base in kind.__mro__:
        if base in SHORTCUTS:
            return SHORTCUTS[base] if kind.draw is base.draw else None
    return None


def pointwise(sampler: Sampler, judge: Judge) -> tuple[Sampler, Judge]:
    """Sampler and judge of the same loop, run point by point; unchanged if the sampler takes no shortcut.

    Examples
    --------
    >>> from stlbounds.learners.judging import FiniteBrierJudge
    >>> sampler, judge = pointwise(FiniteAlphabet([0.5, 0.5]), FiniteBrierJudge())
    >>> type(sampler).__name__, type(judge).__name__
    ('PointwiseSampler', 'PointwiseJudge')
    """
    shortcut = shortcut_of(sampler)
    if shortcut is None:
        return sampler, judge
    twin = PointwiseSampler(sampler, shortcut)
    return twin, PointwiseJudge(judge, twin)
