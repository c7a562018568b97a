"""The two metrics in which constants live (theory §2), and which of them may stand in for which."""

from __future__ import annotations

from enum import Enum

__all__ = ["Metric"]


class Metric(Enum):
    """A metric on the data space, normalised to diameter 1.

    In `DISCRETE`, ``d(z, z') = 1`` for ``z != z'`` and the Wasserstein distance is total variation. In
    `EUCLIDEAN`, ``d`` is a Euclidean distance on a bounded space divided by its diameter. Since a Euclidean distance is
    at most the discrete one, a loss or learner that is Lipschitz in the Euclidean metric is so in the discrete one with
    the same constant; not the other way round, because a loop moves *all* synthetic points a little.

    References
    ----------
    Theory §2.

    Examples
    --------
    >>> Metric.EUCLIDEAN.covers(Metric.DISCRETE), Metric.DISCRETE.covers(Metric.EUCLIDEAN)
    (True, False)
    """

    DISCRETE = "discrete"
    EUCLIDEAN = "Euclidean"

    def covers(self, other: Metric) -> bool:
        """Whether a Lipschitz constant known in this metric is one in ``other`` as well."""
        return self is other or (self is Metric.EUCLIDEAN and other is Metric.DISCRETE)
