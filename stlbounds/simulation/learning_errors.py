"""Learning errors that hold in the population that a sampler simulates: numbers, from a recursion over the generations.

A bound takes the learning error of most generators for granted. A check of such a bound says something about the theory
only where the stated error is true of what is simulated; this computes one that is.
"""

from __future__ import annotations

import math
from typing import Any

from stlbounds.generators.sampling import Sampler
from stlbounds.loops.base import Loop
from stlbounds.simulation.preparation import free_names, rounded
from stlbounds.simulation.rounding import exact_value
from stlbounds.simulation.schedule import schedule

__all__ = ["learning_errors"]


def learning_errors(loop: Loop, sampler: Sampler, *, generations: int, **values: Any) -> list[tuple[float, int]]:
    r"""Numbers ``e_0, ..., e_{i-1}`` with :math:`E\,W(\bar D_j, D_{j+1}) \le e_j`, each with the size ``N_j``.

    The sampler bounds the deviation :math:`a_{j+1}` of the model of a generation by those of the sources of its
    training set (`Sampler.deviation`). By convexity and the triangle inequality through ``D_0``,
    :math:`E\,W(\bar D_j, D_{j+1}) \le u (\sum_k w_{jk} a_k + a_{j+1})`, ``u`` the distance that a unit is worth.

    Parameters
    ----------
    loop : Loop
        The protocol.
    sampler : Sampler
        The model, for example ``generator.sampler(values)``.
    generations : int
        ``i``.
    **values : number
        ``n`` and the parameters of the loop.

    Raises
    ------
    AssumptionError
        If the sampler knows no bound on its deviation.
    InvalidArgumentError
        If sizes cannot be rounded.

    References
    ----------
    Theory §4.

    Examples
    --------
    >>> from stlbounds.generators import LocationModel
    >>> from stlbounds.loops import Replace
    >>> sampler = LocationModel(0.2).sampler({})
    >>> [(round(error, 3), size) for error, size in learning_errors(Replace(), sampler, generations=2, n=100)]
    [(0.02, 100), (0.06, 100)]
    """
    names = {"n"} | free_names(*loop.parameters.values())
    sizes = {name: exact_value(name, value) for name, value in values.items() if name in names}
    plan = loop.plan(generations)
    rounding, used = rounded(plan, sizes)
    steps = schedule(plan, rounding, {**sizes, **used})
    deviations = [0.0]
    found = []
    for step in steps.steps[:-1]:
        shares = steps.shares(step)
        mean = sum(share * deviations[source] for source, share in shares.items())
        squares = math.fsum(steps.sizes[k] * steps.weights[k] ** 2 for k in step.present)
        worth = step.size**2 / squares
        deviations.append(sampler.deviation(mean, max(deviations[source] for source in shares), worth))
        error = min(sampler.reach, sampler.unit * (mean + deviations[-1]))
        found.append((error, round(step.size)))
    return found
