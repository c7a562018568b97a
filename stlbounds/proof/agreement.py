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

#: What the rules of a module describe, and whether the loop's generator or the judged learner is that.
_MODELS: Mapping[str, tuple[str, str]] = {
    "stlbounds.generators.categorical": ("generator", "an empirical law"),
    "stlbounds.generators.prior": ("generator", "an empirical law with a prior"),
    "stlbounds.generators.kernel_density": ("generator", "a kernel density"),
    "stlbounds.generators.private": ("generator", "a private mechanism"),
    "stlbounds.generators.location": ("generator", "a fitted mean"),
    "stlbounds.generators.contractive": ("generator", "a fitted mean"),
    "stlbounds.generators.gradient_rules": ("generator", "a trained family"),
    "stlbounds.learners.regularised": ("learner", "regularised risk minimisation"),
    "stlbounds.learners.regularised_euclidean": ("learner", "regularised risk minimisation, Euclidean"),
    "stlbounds.learners.sgd": ("learner", "gradient descent"),
    "stlbounds.learners.sgd_strongly_convex": ("learner", "gradient descent"),
    "stlbounds.learners.nearest_neighbours": ("learner", "nearest neighbours"),
    "stlbounds.learners.private": ("learner", "a private learner"),
    "stlbounds.learners.mean": ("learner", "the mean"),
    "stlbounds.learners.brier": ("learner", "the Brier fit"),
}

#: Rules of transformers tell by a label which of the two they are about, but for those that end such a derivation.
_TRANSFORMERS = ("stlbounds.generators.attention", "stlbounds.generators.attention_depth")
_ENDS: Mapping[str, str] = {"ReadOut": "generator", "InContextStability": "learner"}

#: The parameters of rules that say which model it is.
_PARAMETERS = frozenset({"cells", "weight", "kernel", "bandwidth", "circumference", "strength", "diameter",
                         "neighbours", "step", "steps", "layers", "residual"})

#: What rules without such a parameter suppose all the same.
_IMPLIED: Mapping[str, Mapping[str, Any]] = {
    "LocationDrift": {"weight": 1},
    "AttentionStaysInBall": {"residual": False},
    "SpreadStep": {"residual": False},
}


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


def _described(claim: Claim) -> tuple[str, str] | None:
    """The role and the name of the model that a rule describes."""
    home = claim.rule.__module__
    if home in _TRANSFORMERS:
        role = _ENDS.get(claim.rule.__name__, claim.params.get("role"))
        return None if role is None else (str(role), "a transformer")
    return _MODELS.get(home)


def check_models(steps: tuple[Claim, ...]) -> None:
    """What derives constants of the generator must describe one generator, and likewise for the learner.

    Raises
    ------
    ProofError
        Naming the step that describes another one.
    """
    seen: dict[tuple[str, str], tuple[int, Any]] = {}
    for number, claim in enumerate(steps, start=1):
        found = _described(claim)
        if found is None:
            continue
        role, name = found
        told = {key: value for key, value in claim.params.items() if key in _PARAMETERS}
        told.update(_IMPLIED.get(claim.rule.__name__, {}), model=name)
        for key, value in told.items():
            first, known = seen.setdefault((role, key), (number, value))
            if known != value:
                raise ProofError(f"step {number} ({claim.rule.title}) describes another {role} than step {first}: "
                                 f"{key} is {value}, not {known}")
