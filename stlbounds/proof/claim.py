"""Claims and rules: what a proof is made of.

A `Says` is a statement, a `Rule` turns statements into a statement, a `Claim` is a statement together with the
rule and the claims that it came from. Claims form a directed acyclic graph; `stlbounds.proof.dag` verifies it.

Every index (`INDICES`) in a statement is universally quantified over its declared range, so a statement
about ``Distance(D(0), D(J))`` is a family. Parameters (``n``, ``alpha``, ...) belong to the setting.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import sympy as sp

from stlbounds.proof.metric import Metric
from stlbounds.proof.quantities import RANDOM
from stlbounds.symbols import RANK, SOURCE, STEP, G, J, N, i

__all__ = ["INDICES", "RESERVED", "Check", "Claim", "Printer", "Rule", "Says", "Subject"]

#: How a rule's explanation prints the expressions in it: the renderer, with the author's names, decides.
Printer = Callable[[sp.Expr], str]

#: The symbols over which every statement is quantified.
INDICES: tuple[sp.Symbol, ...] = (J, G, N, i, RANK)

#: These, and the variables of the library's sums and products: a constant with one of them would be captured.
RESERVED: tuple[sp.Symbol, ...] = (*INDICES, STEP, SOURCE)


@dataclass(frozen=True)
class Check:
    """A scalar fact that a step rests on, tested by numbers when the proof is verified.

    Quantities inside stand for arbitrary nonnegative numbers, symbols for any value in their range.
    """

    lhs: sp.Expr
    rhs: sp.Expr
    relation: Literal["<=", "="] = "<="


@dataclass(frozen=True)
class Says:
    """``lhs <= rhs``, or ``lhs = rhs``, with probability at least 1 minus the events' probabilities.

    Parameters
    ----------
    lhs, rhs : sympy.Expr
        The two sides. A random quantity may occur on the left side, or on the right side of a statement that
        holds surely.
    relation : {"<=", "="}
        Equality is for definitions.
    events : frozenset of (str, sympy.Expr)
        Named events of failure with their probabilities; an event that two premises share counts once.
    checks : tuple of Check
        The scalar facts that this step rests on.
    """

    lhs: sp.Expr
    rhs: sp.Expr
    relation: Literal["<=", "="] = "<="
    events: frozenset[tuple[str, sp.Expr]] = frozenset()
    checks: tuple[Check, ...] = ()

    @property
    def failure_probability(self) -> sp.Expr:
        """The sum of the probabilities of the named events (union bound)."""
        return sp.Add(*(probability for _, probability in sorted(self.events, key=str)))

    @property
    def is_random(self) -> bool:
        """Whether a random quantity occurs."""
        return bool(sp.Tuple(self.lhs, self.rhs).atoms(*RANDOM))

    def __str__(self) -> str:
        text = f"{self.lhs} {self.relation} {self.rhs}"
        return f"{text}  with probability >= 1 - ({self.failure_probability})" if self.events else text


@dataclass(frozen=True)
class Subject:
    """The model that a rule is about: all steps of a proof must be about one generator and one learner.

    Parameters
    ----------
    role : str
        ``"generator"`` or ``"learner"``; empty where the rule has a parameter ``role``.
    name : str
        Which model it is, in words.
    parameters : tuple of str
        Those parameters of its rules that are the model's.
    """

    role: str
    name: str
    parameters: tuple[str, ...] = ()


class Rule(ABC):
    """One way to infer a statement. Rules have no state and are never instantiated.

    A subclass states its premises, its conclusion and its side conditions in `conclude`, and a sentence for the
    reader in `explain`.
    """

    #: How the step is announced, e.g. "triangle inequality".
    title: ClassVar[str]
    #: ``"step"``, or for rules without premises ``"assumption"``, ``"definition"``, ``"cited"`` or ``"protocol"``.
    kind: ClassVar[Literal["step", "assumption", "definition", "cited"]] = "step"
    #: The metric in which a constant of a model is derived (theory §2); None for what holds in every metric.
    metric: ClassVar[Metric | None] = None
    #: Whether a constant of a model is known for points of equal weight only, so that no weighted loop may use it.
    equal_weights: ClassVar[bool] = False
    #: The model that it is about; None for what holds of every model.
    subject: ClassVar[Subject | None] = None
    #: Parameters of that model which the rule does not take, with the values that it supposes.
    supposes: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    #: BibTeX key of a classical result, for ``kind = "cited"`` and where a step has a source.
    reference: ClassVar[str | None] = None

    @classmethod
    @abstractmethod
    def conclude(cls, *args: Any, **params: Any) -> Says:
        """The conclusion from ``args[0]``, the tuple of the premises' statements; pure, so that it can be replayed.

        Subclasses name their parameters.

        Raises
        ------
        AssumptionError
            If a side condition fails.
        UndecidedError
            If a side condition can be neither proved nor refuted.
        """

    @classmethod
    @abstractmethod
    def explain(cls, *args: Any, **params: Any) -> str:
        """Why the conclusion follows, as a sentence of LaTeX; ``args[0]`` prints expressions."""

    @classmethod
    def apply(cls, *premises: Claim, **params: Any) -> Claim:
        """Apply the rule to claims."""
        says = cls.conclude(tuple(premise.says for premise in premises), **params)
        return Claim(says, cls, premises, MappingProxyType(params))


@dataclass(frozen=True, eq=False)
class Claim:
    """A statement with the rule and the premises that it came from."""

    says: Says
    rule: type[Rule]
    premises: tuple[Claim, ...] = ()
    params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def lhs(self) -> sp.Expr:
        """The left side of the statement."""
        return self.says.lhs

    @property
    def rhs(self) -> sp.Expr:
        """The right side of the statement."""
        return self.says.rhs

    def __str__(self) -> str:
        return f"{self.says}   [{self.rule.title}]"

    # How notebooks show it; the renderer imports this room, so that it is imported when it is asked for.
    def _repr_latex_(self) -> str:
        from stlbounds.render.notebook import claim_latex

        return claim_latex(self)

    def _repr_html_(self) -> str:
        from stlbounds.render.notebook import claim_html

        return claim_html(self)

    def _repr_markdown_(self) -> str:
        from stlbounds.render.notebook import claim_markdown

        return claim_markdown(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from stlbounds.render.notebook import bundle

        return bundle(self, html=self._repr_html_(), latex=self._repr_latex_(), markdown=self._repr_markdown_())
