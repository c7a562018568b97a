r"""From a proof's claims to the steps that a reader follows.

A verified proof has some sixty claims, most of them substitutions. An author would write a dozen steps: a rule, then a
chain of relations in which earlier results are inserted one after the other. `outline` merges what belongs together,
sorts the steps into sections, and numbers them; it adds and drops nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from stlbounds.proof.claim import Claim
from stlbounds.proof.quantities import (
    D,
    Distance,
    DistributionShift,
    DriftBias,
    ExchangeBias,
    ExpectedGap,
    FinalInfluence,
    Gap,
    Influence,
    InfluenceSquares,
    LossConstant,
    MeanGap,
    RecursiveStability,
    Sensitivity,
    Stability,
)

__all__ = ["Link", "Move", "Outline", "Section", "Step", "outline"]

#: Rules that solve a recurrence; the recurrence and its base case are told with them.
_SOLVING = {"Recurrence", "StrongRecurrence"}

_REST = "The fluctuation of the gap"
_SECTIONS: tuple[tuple[str, tuple[type[Any], ...]], ...] = (
    ("The model", (Sensitivity, Stability, LossConstant)),
    ("How one point spreads", (Influence, DistributionShift, FinalInfluence, InfluenceSquares, RecursiveStability)),
    ("How far the data drift", (Distance,)),
    ("The mean of the gap", (DriftBias, ExchangeBias, MeanGap)),
    (_REST, ()),
)
_CONCLUSION = "Conclusion"


@dataclass
class Link:
    """A relation of a displayed chain: what now bounds the left side, and the claims that were inserted."""

    relation: str
    rhs: sp.Expr
    inserted: list[Claim] = field(default_factory=list)
    word: str = ""


@dataclass
class Move:
    """A sentence or two, then a displayed chain.

    ``claims`` are the claims that the chain carries from its first to its last, ``claim`` the last.
    """

    head: Claim
    lhs: sp.Expr
    links: list[Link]
    claims: list[Claim]

    @property
    def claim(self) -> Claim:
        """What the move establishes."""
        return self.claims[-1]


@dataclass
class Step:
    """A numbered step: moves, the last of which is what later steps refer to."""

    moves: list[Move]
    number: int = 0

    @property
    def claim(self) -> Claim:
        """What the step establishes."""
        return self.moves[-1].claim

    @property
    def title(self) -> str:
        """What the step is about."""
        return _title(self.moves[-1])


@dataclass(frozen=True)
class Section:
    """Steps under a heading."""

    heading: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Outline:
    """A proof as a reader sees it.

    Attributes
    ----------
    sections : tuple of Section
    assumptions : tuple of Claim
        The assumptions in the order of their labels (A1), (A2), ...
    homes : dict
        From the id of a claim to the step that establishes it.
    aliases : dict
        From the id of a special case to the claim that it is a case of.
    """

    sections: tuple[Section, ...]
    assumptions: tuple[Claim, ...]
    homes: dict[int, Step]
    aliases: dict[int, Claim]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order."""
        return tuple(step for section in self.sections for step in section.steps)

    def reference(self, claim: Claim, inside: Step | None = None) -> str:
        """How the text refers to a claim: ``(A2)``, ``step 4``, or ``above`` within the same step."""
        while id(claim) in self.aliases:
            claim = self.aliases[id(claim)]
        for number, assumption in enumerate(self.assumptions, start=1):
            if claim is assumption:
                return f"(A{number})"
        home = self.homes[id(claim)]
        return "above" if home is inside else f"step {home.number}"


def _title(move: Move) -> str:
    """What a move is about: its rule, or what it bounds where the rule says little."""
    head, lhs = move.head.rule, move.lhs
    if head.__name__ in {*_SOLVING, "Instantiate"} and isinstance(lhs, (Influence, Distance)):
        if isinstance(lhs, Distance):
            return "drift of the training data" if lhs.args[1].func is not D else "drift of the generated data"
        return "influence"
    # A dash, not a hyphen, between the names of two people.
    return re.sub(r"(?<=[a-z])-(?=[A-Z])", "--", head.title)


def _carries(claim: Claim) -> bool:
    """Whether the claim only carries its first premise on: the same left side, with another right side.

    A reader needs the relation and its reason, and no sentence.
    """
    return bool(claim.premises) and claim.rule.kind == "step" and claim.premises[0].lhs == claim.lhs


def _is_leaf(claim: Claim) -> bool:
    return claim.rule.kind in ("assumption", "definition")


def _repetitions(claims: Sequence[Claim]) -> dict[int, Claim]:
    """From the id of a claim that repeats an earlier one to that one: a lemma that was made twice is one step."""
    first: dict[Any, Claim] = {}
    again: dict[int, Claim] = {}
    for claim in claims:
        premises = tuple(id(again.get(id(premise), premise)) for premise in claim.premises)
        says = claim.says
        same = first.setdefault((claim.rule, says.lhs, says.rhs, says.relation, says.events, premises), claim)
        if same is not claim:
            again[id(claim)] = same
    return again


class _Builder:
    """Cuts a proof into steps."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self.aliases = _repetitions(claims)
        self.claims = [claim for claim in claims if id(claim) not in self.aliases]
        self.root = claims[-1]
        self.uses = Counter(key for claim in self.claims for key in {id(self.real(p)) for p in claim.premises})
        self.aliases.update({id(claim): claim.premises[0] for claim in self.claims if self._is_alias(claim)})
        self.steps: list[Step] = []
        self.homes: dict[int, Step] = {}

    def real(self, claim: Claim) -> Claim:
        """The claim itself, or the equal one that came first."""
        return self.aliases.get(id(claim), claim)

    def _is_alias(self, claim: Claim) -> bool:
        """Whether a special case is only inserted elsewhere, so that it needs no line of its own."""
        if claim.rule.__name__ != "Instantiate" or claim is self.root:
            return False
        return not any(_carries(user) and self.real(user.premises[0]) is claim for user in self.claims)

    def build(self) -> list[Step]:
        """The steps, in the order of the proof."""
        carried = {id(claim) for claim in self.claims if self._carrier(claim) is not None}
        for claim in self.claims:
            if _is_leaf(claim) or id(claim) in self.aliases or id(claim) in carried:
                continue
            move = self._move(claim)
            step = Step([move])
            for absorbed in self._absorbed(claim, move):
                step.moves[:0] = absorbed.moves
                self.steps.remove(absorbed)
            self.steps.append(step)
            for part in step.moves:
                for member in part.claims:
                    self.homes[id(member)] = step
        return self.steps

    def _carrier(self, claim: Claim) -> Claim | None:
        """The claim that carries this one on in the same display, if this one is used there only."""
        if self.uses[id(claim)] != 1 or _is_leaf(claim):
            return None
        for user in self.claims:
            if _carries(user) and self.real(user.premises[0]) is claim:
                return user
        return None

    def _move(self, claim: Claim) -> Move:
        """The display that ends in ``claim``."""
        chain = [claim]
        while _carries(first := chain[0]) and self._carrier(self.real(first.premises[0])) is first:
            chain.insert(0, self.real(first.premises[0]))
        links: list[Link] = []
        for member in chain:
            self._add_link(links, member, member is chain[0])
        return Move(chain[0], claim.lhs, links, chain)

    @staticmethod
    def _add_link(links: list[Link], claim: Claim, first: bool) -> None:
        name = claim.rule.__name__
        if first or name == "Substitute":
            inserted = list(claim.premises if first else claim.premises[1:])
            if not first and links[-1].relation == r"\le" and len(links) > 1:
                # Several insertions in a row are one line.
                links[-1].rhs = claim.rhs
                links[-1].inserted += inserted
            else:
                links.append(Link(r"\le" if claim.says.relation == "<=" else "=", claim.rhs, inserted))
            return
        # A rule that changes the form only has equalities to check.
        same = all(check.relation == "=" for check in claim.says.checks)
        word = "" if name == "Rewrite" else claim.rule.title
        links.append(Link("=" if same else r"\le", claim.rhs, list(claim.premises[1:]), word))

    def used(self, step: Step) -> list[Step]:
        """The steps that a step rests on, as far as they are steps."""
        found = []
        for premise in (premise for move in step.moves for member in move.claims for premise in member.premises):
            while id(premise) in self.aliases:
                premise = self.aliases[id(premise)]
            if id(premise) in self.homes:
                found.append(self.homes[id(premise)])
        return found

    def _absorbed(self, claim: Claim, move: Move) -> list[Step]:
        """Earlier steps that are used here only and read better as the beginning of this one, first come last."""
        found: list[Step] = []
        premises = [self.real(premise) for member in move.claims for premise in member.premises]
        for premise in premises:
            step = self.homes.get(id(premise))
            if step is None or step in found or self.uses[id(premise)] != 1 or premise is not step.claim:
                continue
            if claim.rule.__name__ in _SOLVING or isinstance(premise.lhs, DistributionShift):
                found.append(step)
        return list(reversed(found))


def _order(assumption: Claim) -> int:
    """Assumptions on the generator come first, then those on the learner and on the loss."""
    kinds = (Sensitivity, Distance, Stability, LossConstant)
    return next((place for place, kind in enumerate(kinds) if isinstance(assumption.lhs, kind)), len(kinds))


def _section_of(step: Step, root: Claim) -> str:
    if step.claim is root or isinstance(step.claim.lhs, (Gap, ExpectedGap)):
        return _CONCLUSION
    for heading, kinds in _SECTIONS:
        if isinstance(step.claim.lhs, kinds):
            return heading
    return _SECTIONS[-1][0]


def outline(claims: Sequence[Claim]) -> Outline:
    """The steps of a proof, in sections, numbered so that every step uses earlier ones only.

    Parameters
    ----------
    claims : sequence of Claim
        ``proof.steps()``: premises before conclusions, the proved claim last.

    Returns
    -------
    Outline
    """
    builder = _Builder(claims)
    steps = builder.build()
    headings = [heading for heading, _ in _SECTIONS] + [_CONCLUSION]
    place = {id(step): headings.index(_section_of(step, builder.root)) for step in steps}
    # What only the constants of a model need is about the model.
    for step in reversed(steps):
        if place[id(step)] == 0:
            place.update({id(home): 0 for home in builder.used(step) if place[id(home)] == headings.index(_REST)})
    for step in steps:
        # A step never comes before what it uses.
        place[id(step)] = max([place[id(step)], *(place[id(home)] for home in builder.used(step))])
    ordered = sorted(steps, key=lambda step: place[id(step)])
    for number, step in enumerate(ordered, start=1):
        step.number = number
    sections = tuple(
        Section(heading, tuple(step for step in ordered if place[id(step)] == position))
        for position, heading in enumerate(headings))
    assumptions = tuple(sorted((claim for claim in builder.claims if claim.rule.kind == "assumption"), key=_order))
    return Outline(tuple(section for section in sections if section.steps), assumptions, builder.homes,
                   builder.aliases)
