"""Whether all steps of a proof are about the same things: one event a name, one network, one generator, one learner.

Each rule is replayed by itself, so nothing else notices that two steps, both right, speak of different things.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sympy as sp

from stlbounds.errors import AssumptionError, ProofError
from stlbounds.proof.identities import equal
from stlbounds.proof.wiring import ModelView, Wiring
from stlbounds.symbols import G, J, i

if TYPE_CHECKING:
    from stlbounds.proof.claim import Claim
    from stlbounds.proof.protocol import Protocol

__all__ = ["check_events", "check_generations", "check_models", "check_wirings"]

#: How the rules write a generation, and numbers to put in.
_GENERATIONS: tuple[sp.Expr, ...] = (J, J + 1, i, i + 1, G + J, G + J + 1, G + J + 2)
_VALUES: tuple[dict[sp.Symbol, sp.Integer], ...] = tuple(
    dict(zip((J, G, i), map(sp.Integer, numbers), strict=True)) for numbers in ((0, 0, 0), (2, 1, 3)))


def check_events(steps: tuple[Claim, ...]) -> None:
    """Every name must stand for one event, that one inequality fails: those of two would be counted once.

    Raises
    ------
    ProofError
        Naming the step that uses a name for a second event.
    """
    seen: dict[str, tuple[int, Any]] = {}
    for number, claim in enumerate(steps, start=1):
        handed = frozenset().union(*(premise.says.events for premise in claim.premises))
        for name, probability in claim.says.events - handed:
            if type(name) is not str:
                raise ProofError(f"step {number}: an event needs a name, which {name!r} is not")
            event = (claim.lhs, claim.rhs, probability)
            first, known = seen.setdefault(name, (number, event))
            if known != event:
                raise ProofError(f"step {number} ({claim.rule.title}) calls an event {name!r}, which step {first} "
                                 f"calls another one")


def _told(protocol: Protocol, generation: sp.Expr, values: Mapping[sp.Symbol, sp.Expr]) -> list[sp.Expr]:
    """The size, weights and sources of a generation, with numbers in the place of the indices in it."""
    try:
        mixture = tuple(protocol.mixture(generation))
    except AssumptionError:
        mixture = ()  # a model in a network
    told = [protocol.size(generation), protocol.weight_squares(generation)]
    for share in mixture:
        told += [share.source, share.weight, *(share.index or ())]
    return [sp.sympify(part).subs(values) for part in told]


def check_generations(protocol: Protocol) -> None:
    """What a loop says of "generation j" must be what it says of the generations 0, 1, 2, ... one by one.

    Raises
    ------
    AssumptionError
        If it is not: rules that write a generation differently would be told of different loops.
    """
    for values in _VALUES:
        for generation in _GENERATIONS:
            general = _told(protocol, generation, values)
            single = _told(protocol, generation.subs(values), {})
            if len(general) == len(single) and all(
                    one == other or equal(one, other) for one, other in zip(general, single, strict=True)):
                continue
            raise AssumptionError(f"generation {generation} is not one formula: at {generation.subs(values)} it gives "
                                  f"{general}, but that generation is {single}")


def check_wirings(steps: tuple[Claim, ...]) -> None:
    """All steps must speak of one network.

    Raises
    ------
    ProofError
        Naming the step that speaks of another one.
    """
    networks = [(number, value.wiring if isinstance(value, ModelView) else value)
                for number, claim in enumerate(steps, start=1) for value in claim.params.values()
                if isinstance(value, (ModelView, Wiring))]
    for number, wiring in networks:
        if type(wiring) is not Wiring or wiring != networks[0][1]:
            raise ProofError(f"step {number} speaks of another network than step {networks[0][0]}: {wiring}")


def check_models(steps: tuple[Claim, ...]) -> None:
    """What derives constants of the generator must describe one generator, and likewise for the learner.

    Raises
    ------
    ProofError
        Naming the step that describes another one.
    """
    seen: dict[tuple[str, str], tuple[int, Any]] = {}
    for number, claim in enumerate(steps, start=1):
        subject = claim.rule.subject
        role = str(claim.params.get("role", "")) if subject is None or not subject.role else subject.role
        if subject is None or not role:
            continue
        told = {key: value for key, value in claim.params.items() if key in subject.parameters}
        told.update(claim.rule.supposes, model=subject.name)
        for key, value in told.items():
            first, known = seen.setdefault((role, key), (number, value))
            if known != value:
                raise ProofError(f"step {number} ({claim.rule.title}) describes another {role} than step {first}: "
                                 f"{key} is {value}, not {known}")
