"""Measuring a loop: the quantities of the theory, generation by generation, as the loop really has them."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from stlbounds.errors import InvalidArgumentError, StlboundsError
from stlbounds.generators.sampling import Sampler
from stlbounds.learners.judging import Judge
from stlbounds.loops.base import Loop
from stlbounds.simulation.claimed import claimed_values
from stlbounds.simulation.confrontation import refuse_large_gaps
from stlbounds.simulation.coupling import CoupledLoop, coupling_of
from stlbounds.simulation.engine import Columns, Progress, default_chunk, in_chunks, run, whole
from stlbounds.simulation.exact import pointwise, shortcut_of
from stlbounds.simulation.measurement import MeasureResult
from stlbounds.simulation.measures import QUANTITIES, Measured
from stlbounds.simulation.measures.record import Ranges
from stlbounds.simulation.preparation import Prepared, free_names, prepare, rounded, setting_names
from stlbounds.simulation.rounding import exact_value, plain, round_plan
from stlbounds.simulation.schedule import Schedule, schedule
from stlbounds.simulation.statistics import DEFAULT_LEVEL
from stlbounds.symbols import symbol

__all__ = ["Simulation", "measure"]

#: Levels of the quantiles that are reported unless told otherwise.
LEVELS: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Simulation:
    """A loop with a sampler and a judge of its own, which no theorem of the library need speak about.

    Parameters
    ----------
    loop : Loop
        The protocol.
    sampler : Sampler
        Real data and generator, for example `stlbounds.simulation.exact.gaussian.GaussianSampler`.
    judge : Judge
        Learner and loss.

    References
    ----------
    Theory §1 (the loop), §11 (exact laws without a theorem).

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.learners.brier import BrierFit
    >>> generator, learner = stl.generators.Categorical(4), BrierFit()
    >>> own = Simulation(stl.loops.Replace(), generator.sampler({}), learner.judge({}))
    >>> own.loop.constant_gain
    True
    """

    loop: Loop
    sampler: Sampler
    judge: Judge


def measure(
    subject: Any,
    quantities: Collection[str] | None = None,
    *,
    replicas: int = 2000,
    seed: int = 0,
    distribution: Any = None,
    exact: bool = True,
    levels: Sequence[float] = LEVELS,
    confidence: float = DEFAULT_LEVEL,
    point: str | None = None,
    born: int = 0,
    chunk: int | None = None,
    workers: int = 1,
    progress: Progress | None = None,
    **values: Any,
) -> MeasureResult:
    r"""Run a loop and measure it in every generation.

    Parameters
    ----------
    subject : Setting, Bound or Simulation
        What to run. A bound brings with it what the theory states about the quantities.
    quantities : collection of str, optional
        Of ``"gap"``, ``"bias"``, ``"fluctuation"``, ``"drift"`` (:math:`t_j`), ``"mixed drift"`` (:math:`s_j`),
        ``"risk"``, ``"diversity"`` (all measures that the model has), ``"influence"`` and ``"stability"``
        (:math:`\gamma_j`); by default all but the last two, which take coupled runs of their own.
    replicas, seed, distribution, exact, chunk, workers, progress
        As for `stlbounds.check`.
    levels : sequence of float
        Levels of the quantiles, in ``[0, 1]``.
    confidence : float
        Of the rigorous intervals.
    point : str, optional
        For coupled runs: the class of the point that is replaced (``"replayed"``, ``"initial"``, ``"any"``, ...); by
        default a real point of generation `born` that is in most training sets, whose influence defines
        :math:`\gamma_j`.
    born : int
        The generation in which that point is drawn.
    **values
        Numbers for ``n``, ``i`` and the symbols of loop, generator and learner.

    Returns
    -------
    MeasureResult
        ``result["drift"].mean``, ``.standard_error``, ``.quantiles``, ``.low``, ``.high``; text; ``result.to_dict()``.

    Raises
    ------
    InvalidArgumentError
        If a value is missing, unknown or out of range, or a quantity or a point is unknown.
    AssumptionError
        If the model cannot be simulated, or, for influence and stability, no coupling of it is known.

    Notes
    -----
    In a coupled run the two loops differ in one point of one pool, and pairs of points are drawn from a coupling that
    is optimal for their laws: the maximal coupling of finite alphabets, the common noise of location models.
    Displacements are in units of that of the replaced point.

    References
    ----------
    Theory §1 (gap), §3 (coupled runs), §4 (drift), §5.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(4), stl.learners.BrierFit())
    >>> result = measure(setting, ["mixed drift", "influence"], n=50, alpha=0.5, i=3, replicas=400)
    >>> result["mixed drift"].mean.shape, result["influence"].mean.round(1).tolist()[0]
    ((4,), 1.0)
    """
    replicas, seed, workers = whole("replicas", replicas, 1), whole("seed", seed, 0), whole("workers", workers, 1)
    names = _names(quantities)
    if not (isinstance(confidence, (int, float)) and 0 < confidence < 1):
        raise InvalidArgumentError("confidence", confidence, "in (0, 1)")
    for level in levels:
        if not 0 <= level <= 1:
            raise InvalidArgumentError("levels", level, "in [0, 1]")
    bound = subject if hasattr(subject, "evaluate_terms") else None
    loop, ready, ranges = _ready(subject, values, distribution, exact)
    wanted = [QUANTITIES[name] for name in names]
    observe = {name for quantity in wanted for name in quantity.observes}
    columns: Columns = {}
    parts: list[tuple[int, int, bool]] = []
    if observe:
        done = run(loop, ready.sampler, ready.judge, ready.sizes, ready.generations, replicas, seed, chunk=chunk,
                   workers=workers, progress=progress, observe=observe)
        columns = {name: getattr(done, name) for name in ("gap", "risk", "drift", "mixed_drift")}
        columns |= {f"diversity {name}": part for name, part in done.diversity.items()}
        parts.append((done.replicas, done.chunk, done.interrupted))
    if any(quantity.coupled for quantity in wanted):
        coupled, width, stopped = _coupled(loop, ready, replicas, seed, point, born, chunk, workers, progress)
        columns |= coupled
        parts.append((len(coupled["influence"]), width, stopped))
    if "gap" in columns and not isinstance(subject, Simulation):
        refuse_large_gaps(columns["gap"], ranges.loss)
    found: dict[str, Measured] = {}
    for quantity in wanted:
        for record in quantity.measure(columns, levels, confidence, ranges):
            found[record.name] = dataclasses.replace(record, stated=_stated(record.name, bound, ready, born, point))
    return MeasureResult(
        quantities=found, generations=ready.generations, replicas=min(part[0] for part in parts),
        requested_replicas=replicas, seed=seed, chunk=parts[0][1], partial=any(part[2] for part in parts),
        confidence=confidence, statistic=ready.statistic,
        requested={name: plain(value) for name, value in ready.asked.items()}, used=dict(ready.numbers),
        notes=tuple(ready.notes()),
    )


def _names(quantities: Collection[str] | None) -> list[str]:
    if isinstance(quantities, str):
        quantities = [quantities]
    names = [name for name, part in QUANTITIES.items() if not part.coupled] if quantities is None else list(quantities)
    unknown = [name for name in names if name not in QUANTITIES]
    if unknown or not names:
        raise InvalidArgumentError("quantities", repr(unknown[0]) if unknown else "nothing",
                                   f"among {', '.join(QUANTITIES)}")
    return names


def _ready(subject: Any, values: Mapping[str, Any], distribution: Any, exact: bool) -> tuple[Loop, Prepared, Ranges]:
    if isinstance(subject, Simulation):
        return subject.loop, _of_simulation(subject, values, distribution, exact), Ranges()
    setting = getattr(subject, "setting", subject)
    if not (hasattr(setting, "loop") and hasattr(setting, "generator")):
        raise InvalidArgumentError("subject", repr(subject), "a Setting, a Bound or a Simulation")
    required, allowed = setting_names(setting)
    if setting is not subject:
        allowed = allowed | {str(part) for part in subject.symbols}
    ready = prepare(setting, values, (required, allowed), distribution=distribution, exact=exact)
    constant = setting.learner.loss_constant.subs({symbol(name): value for name, value in ready.used.items()})
    # Theorems are about spaces of diameter 1 (theory §1).
    return setting.loop, ready, Ranges(float(constant), 1.0, ready.sampler.distance_error)


def _of_simulation(subject: Simulation, values: Mapping[str, Any], distribution: Any, exact: bool) -> Prepared:
    if distribution is not None:
        raise InvalidArgumentError("distribution", distribution, "None", "the sampler of a Simulation has its own")
    required = {"n", "i"} | free_names(*subject.loop.parameters.values())
    missing, unknown = sorted(required - set(values)), sorted(set(values) - required)
    if missing or unknown:
        raise InvalidArgumentError("values", ", ".join(missing + unknown), f"exactly {', '.join(sorted(required))}")
    asked = {name: exact_value(name, value) for name, value in values.items()}
    generations = int(asked["i"])
    _, used = rounded(subject.loop.plan(generations), {name: part for name, part in asked.items() if name != "i"})
    shortcut = shortcut_of(subject.sampler)
    sampler, judge = (subject.sampler, subject.judge) if exact else pointwise(subject.sampler, subject.judge)
    return Prepared(sampler, judge, generations, used, asked, {**asked, **used},
                    shortcut.statistic if shortcut is not None and exact else "")


def _coupled(
    loop: Loop, ready: Prepared, replicas: int, seed: int, point: str | None, born: int, chunk: int | None,
    workers: int, progress: Progress | None,
) -> tuple[Columns, int, bool]:
    coupling = coupling_of(getattr(ready.sampler, "base", ready.sampler))
    plan = loop.plan(ready.generations)
    steps = schedule(plan, round_plan(plan, ready.sizes), ready.sizes)
    work = CoupledLoop(steps, coupling, _pool(steps, point, whole("born", born, 0)))
    width = default_chunk(steps, coupling.sampler) if chunk is None else whole("chunk", chunk, 1)
    finished, stopped = in_chunks(work.run, replicas, width, seed, workers, progress)
    return {name: np.concatenate([part[name] for part in finished]) for name in finished[0]}, width, stopped


def _pool(steps: Schedule, point: str | None, born: int) -> int:
    """The pool of the point that is replaced: of that class, or the one whose points are in most training sets."""
    if born >= len(steps.steps):
        raise InvalidArgumentError("born", born, f"at most {len(steps.steps) - 1}, the last generation")
    drawn = [k for k in steps.steps[born].drawn if point is None or steps.names[k] == point]
    if not drawn:
        names = ", ".join(sorted({steps.names[k] for k in steps.steps[born].drawn}))
        raise InvalidArgumentError("point", repr(point), f"one of {names}", f"these are drawn in generation {born}")
    uses = {k: sum(k in step.present for step in steps.steps) for k in drawn}
    return max(drawn, key=lambda k: (uses[k], steps.sources[k] == 0))


def _stated(name: str, bound: Any, ready: Prepared, born: int, point: str | None) -> Any:
    """What the bound says about a quantity in every generation, or None."""
    if bound is None:
        return None
    generations = np.arange(ready.generations + 1)
    numbers = {**ready.numbers, "i": generations}
    try:
        if name == "stability" and born == 0 and point is None:
            return _stability(bound, numbers)
        terms = bound.evaluate_terms(**{str(part): numbers[str(part)] for part in bound.expr.free_symbols})
        constant = float(bound.setting.learner.loss_constant.subs(
            {symbol(key): value for key, value in ready.used.items()}))
    except (KeyError, StlboundsError):
        # Without a value for every symbol of the bound, there is nothing to state.
        return None
    value = None
    if name == "mixed drift" and constant > 0:
        value = terms["drift"] / constant
    elif name == "bias":
        value = terms["drift"] + terms["bias"]
    elif name == "gap" and bound.theorem == "expected-gap":
        value = sum(terms.values())
    return None if value is None else np.broadcast_to(value, generations.shape).astype(float)


def _stability(bound: Any, numbers: Mapping[str, Any]) -> Any:
    """``gamma_j`` as the bound states it, for ``j >= 1``; ``D_0`` does not move."""
    expression: sp.Expr = bound.recursive_stability
    if any(part.name not in numbers for part in expression.free_symbols):
        return None
    stated = claimed_values({"stability": expression}, numbers, numbers["i"])["stability"]
    stated[0] = 0.0
    return stated
