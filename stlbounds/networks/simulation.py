"""Networks run for real: replicas of all models side by side, with the samplers and judges of their models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError

if TYPE_CHECKING:
    from stlbounds.generators.sampling import FloatArray
    from stlbounds.networks.network import Network

__all__ = ["NetworkRun", "simulate"]


@dataclass(frozen=True)
class NetworkRun:
    """What was measured.

    Parameters
    ----------
    gap, drift, mixed_drift : numpy.ndarray
        Of shape ``(models, replicas, generations + 1)``: ``g``, ``W(D_0, D^a_j)`` and ``W(D_0, Dmix^a_j)``.
    sizes : tuple of tuple of int
        How many points each model draws in a later generation: real ones, then from each model.
    """

    gap: FloatArray
    drift: FloatArray
    mixed_drift: FloatArray
    sizes: tuple[tuple[int, ...], ...]


def _whole(argument: str, expression: sp.Expr, values: dict[str, Any]) -> int:
    missing = sorted(symbol.name for symbol in expression.free_symbols if symbol.name not in values)
    if missing:
        raise InvalidArgumentError(", ".join(missing), "missing", "given", f"{argument} = {expression} needs it")
    exact = {symbol: sp.Rational(str(values[symbol.name])) for symbol in expression.free_symbols}
    number = expression.subs(exact)
    if not (number.is_Integer and number >= 0):
        raise InvalidArgumentError(argument, f"{expression} = {number}", "a whole number of points",
                                   "choose sizes and flows for which every pool is one")
    return int(number)


def simulate(network: Network, generations: int, replicas: int = 1000, seed: int = 0, distribution: Any = None,
             **values: Any) -> NetworkRun:
    """Run a network.

    Parameters
    ----------
    network : Network
        Its generators and learners must be ones that can be simulated, on one kind of data.
    generations : int
        ``i >= 0``.
    replicas, seed : int
        Independent runs, and the seed.
    distribution : array_like, optional
        The real distribution, as the generators ask for it.
    **values : number
        Values of the symbols of sizes, flows and models.

    Raises
    ------
    InvalidArgumentError
        If a pool is no whole number of points, or a count is out of range.
    AssumptionError
        If a model cannot be simulated.
    """
    import numpy as np

    from stlbounds.learners.symbols_as_tokens import judge_for
    from stlbounds.simulation.engine import whole

    generations, replicas = whole("generations", generations, 0), whole("replicas", replicas, 1)
    rng = np.random.default_rng(whole("seed", seed, 0))
    count = range(len(network.models))
    samplers = [model.generator.sampler(values, distribution) for model in network.models]
    judges = [judge_for(learner, values, sampler) for learner, sampler in zip(network.learners, samplers, strict=True)]
    sizes = [_whole(f"the size of model {name}", size, values)
             for name, size in zip(network.names, network.sizes, strict=True)]
    pools = [tuple(_whole(f"the real points of model {name}" if k == 0 else f"the points of model {name}",
                          share * network.sizes[a], values)
                   for k, share in enumerate((network.real[a], *network.flows.row(a))))
             for a, name in enumerate(network.names)]
    real = [sampler.real(replicas) for sampler in samplers]
    kept = [sampler.draw(law, pool[0], rng) if pool[0] else None
            for sampler, law, pool in zip(samplers, real, pools, strict=True)]
    laws: list[Any] = list(real)
    measured: dict[str, list[list[Any]]] = {name: [[] for _ in count] for name in ("gap", "drift", "mixed")}
    for generation in range(generations + 1):
        trained = []
        for a in count:
            sampler, parts = samplers[a], []
            if generation == 0:
                parts += [kept[a]] if kept[a] is not None else []
                parts += [sampler.draw(real[a], sizes[a] - pools[a][0], rng)] if sizes[a] > pools[a][0] else []
                mixed = real[a]
            else:
                if pools[a][0]:
                    parts.append(kept[a] if network.wiring.replay else sampler.draw(real[a], pools[a][0], rng))
                parts += [sampler.draw(laws[c], pools[a][1 + c], rng) for c in count if pools[a][1 + c]]
                shares = [pool / sizes[a] for pool in pools[a]]
                used = [(law, share) for law, share in zip((real[a], *laws), shares, strict=True) if share]
                mixed = sampler.mix([law for law, _ in used], [share for _, share in used])
            sample = sampler.join(parts)
            seen = sampler.shown(sample)
            hypothesis = judges[a].fit(seen, sizes[a])
            risk = judges[a].risk(hypothesis, sampler.shown_law(real[a]))
            gap = risk - judges[a].empirical_risk(hypothesis, seen, sizes[a])
            measured["gap"][a].append(gap)
            measured["drift"][a].append(sampler.distance(real[a], laws[a]))
            measured["mixed"][a].append(sampler.distance(real[a], mixed))
            trained.append(sampler.train(sample, sizes[a], rng))
        laws = trained
    arrays = {name: np.array([np.stack(columns, axis=-1) for columns in rows]) for name, rows in measured.items()}
    return NetworkRun(arrays["gap"], arrays["drift"], arrays["mixed"], tuple(pools))
