r"""The steps of a proof in words: sentences, displays, and references to steps, assumptions and the literature."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from stlbounds.proof.claim import Claim
from stlbounds.proof.quantities import Sensitivity, Str
from stlbounds.render.display import Relation, chain
from stlbounds.render.notation import Notation
from stlbounds.render.outline import Link, Move, Outline, Step
from stlbounds.render.printer import inline
from stlbounds.render.width import formula_width

__all__ = ["StepWriter", "WrittenStep", "cited_keys"]

_INLINE_WIDTH = 120.0
#: Rules whose explanation is the same for every class of points; later steps point to the first.
_REPEATED = {"CouplingStep", "CouplingDraw"}


@dataclass(frozen=True)
class WrittenStep:
    """A step as it is printed: its number, its title, and paragraphs of sentences and displays."""

    number: int
    title: str
    body: str


def cited_keys(claims: tuple[Claim, ...]) -> list[str]:
    """The BibTeX keys that the rules of a proof cite, in order, each once."""
    keys = [key.strip() for claim in claims for key in (claim.rule.reference or "").split(",")]
    return [key for key in dict.fromkeys(keys) if key]


class StepWriter:
    """Writes the steps of one proof, in order.

    Parameters
    ----------
    plan : Outline
        The steps.
    notation : Notation
        How expressions and symbols are written.
    width : float
        The line in points at 10 pt type.
    """

    def __init__(self, plan: Outline, notation: Notation, width: float) -> None:
        self._plan = plan
        self._notation = notation
        self._width = width
        self._said: dict[str, int] = {}

    def write(self, step: Step) -> WrittenStep:
        """The step with its displays; call once per step, in order."""
        parts: list[str] = []
        for move in step.moves:
            reason, display = self._reason(move, step), self._display(move, step)
            if move.claim.says.events:
                chance = self._notation.inline(1 - move.claim.says.failure_probability)
                reason += f" With probability at least ${chance}$, therefore:"
            # A sentence that announces a formula ends in a colon.
            announced = f"{reason[:-1]}:" if reason.endswith(".") else reason
            parts.append(f"{announced} {display}." if display.startswith("$") else f"{announced}\n{display}")
        return WrittenStep(step.number, self._title(step), "\n".join(parts))

    def _title(self, step: Step) -> str:
        title = step.title
        if title == "influence":
            # The class may be inside, where points are told apart by their rank.
            kind = next(part.name for part in sp.preorder_traversal(step.claim.lhs) if isinstance(part, Str))
            for claim in (claim for move in step.moves for claim in move.claims):
                if "protocol" in claim.params:
                    meaning = claim.params["protocol"].point_class(kind).meaning
                    title = "influence of " + meaning.replace(" of generation $g$", "")
        keys = [key for move in step.moves for key in cited_keys(tuple(move.claims))]
        cite = rf"~\cite{{{','.join(dict.fromkeys(keys))}}}" if keys else ""
        return self._notation.prose(title) + cite

    def _sentence(self, claim: Claim) -> str:
        # Explanations are printed with the vocabulary's symbols; names are changed once, in the whole sentence.
        return self._notation.prose(claim.rule.explain(inline, **dict(claim.params)))

    def _reason(self, move: Move, step: Step) -> str:
        """Why the first line of the display holds; what an earlier step has said is not said again."""
        if move.head.rule.__name__ == "Instantiate":
            source = self._plan.reference(move.head.premises[0], step)
            values = ", ".join(f"${self._notation.tex(symbol)} = {self._notation.tex(self._notation.size_name(value))}$"
                               for symbol, value in move.head.params["index"])
            return f"Take {values} in {source}."
        recurrence = move.head.premises[0] if move.head.rule.__name__ == "Recurrence" else None
        if recurrence is not None and not recurrence.rhs.has(type(move.head.lhs)):
            return f"Hence, for every ${self._notation.tex(move.head.params['index'])}$."
        sentence = self._sentence(move.head)
        before = self._said.setdefault(sentence, step.number)
        if before != step.number and move.head.rule.__name__ in _REPEATED:
            return f"As in step {before}."
        return sentence

    def _display(self, move: Move, step: Step) -> str:
        lhs = self._notation.tex(move.lhs)
        relations = [Relation(link.relation, self._notation.terms(link.rhs), self._tag(link, previous, step))
                     for link, previous in self._links(move)]
        # An equality between two forms that are printed alike says nothing.
        relations = [line for place, line in enumerate(relations) if not (
            place and line.relation == "=" and not line.reason and line.terms == relations[place - 1].terms)]
        name = self._notation.sensitivity
        if name is not None and isinstance(move.lhs, Sensitivity) and move.links[-1].rhs == name[1]:
            # The one place where the named sensitivity is spelled out.
            relations[-1] = replace(relations[-1], terms=self._notation.spelled(name[1]))
            written = self._notation.tex(name[0])
            relations.append(Relation("=", (written,), f"definition of ${written}$"))
        if move.head.rule.__name__ == "Instantiate":
            # The sentence before the display has named the family already.
            relations[0] = replace(relations[0], reason="")
        flat = f"{lhs} {relations[0].relation} {''.join(relations[0].terms)}"
        if len(relations) == 1 and not relations[0].reason and formula_width(flat) < _INLINE_WIDTH:
            short = r"\frac" not in flat and r"\sum" not in flat
            if short and move is not step.moves[-1]:
                return f"${flat}$"
        return chain(lhs, relations, self._width)

    def _links(self, move: Move) -> list[tuple[Link, sp.Expr | None]]:
        """The links to be printed, each with the right side before it; those that change nothing are left out."""
        kept: list[tuple[Link, sp.Expr | None]] = []
        # The closed form of a recurrence may use a named part that the recurrence itself does not.
        previous: sp.Expr | None = move.head.premises[0].rhs if "Recurrence" in move.head.rule.__name__ else None
        for link in move.links:
            shown = self._notation.short(link.rhs)
            if shown == previous and link.relation == "=":
                continue
            kept.append((link, previous))
            previous = shown
        return kept

    def _tag(self, link: Link, previous: sp.Expr | None, step: Step) -> str:
        """The reason at the margin: what was inserted, or which definition was used."""
        named = [self._plan.reference(claim, step) for claim in link.inserted if claim.rule.kind != "definition"]
        reasons = _joined([reference for reference in dict.fromkeys(named) if reference != "above"])
        if previous is not None and (link.relation == "=" or link is step.moves[-1].links[0]):
            new = [symbol for symbol in self._notation.parts(link.rhs)
                   if symbol not in self._notation.parts(previous)]
            if new:
                symbols = " and ".join(f"${self._notation.tex(symbol)}$" for symbol in new)
                reasons.append(f"definition of {symbols}")
        return ", ".join([*reasons, *([link.word] if link.word else [])])


def _joined(references: list[str]) -> list[str]:
    """``step 3, step 5`` as ``steps 3 and 5``; everything else as it is."""
    numbers = [reference.removeprefix("step ") for reference in references if reference.startswith("step ")]
    numbers.sort(key=int)
    others = sorted(reference for reference in references if not reference.startswith("step "))
    if len(numbers) > 1:
        listed = f"{', '.join(numbers[:-1])} and {numbers[-1]}"
        return [*others, f"steps {listed}"]
    return [*others, *(f"step {number}" for number in numbers)]
