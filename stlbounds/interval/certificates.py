"""What the decision engine answers, and certificates that are checked without the search that found them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from fractions import Fraction

import sympy as sp

from stlbounds.errors import UndecidedError
from stlbounds.interval.arithmetic import Name, arithmetic
from stlbounds.interval.domain import Box, Point, shown
from stlbounds.interval.polynomials import nonnegative_by_roots
from stlbounds.interval.reduction import Reduction, reduction_holds
from stlbounds.interval.rewriting import Step, step_holds
from stlbounds.interval.search import Cuts, cover_holds
from stlbounds.interval.squares import Squares, squares_hold
from stlbounds.interval.ties import Tie, tie_holds
from stlbounds.shown import Shown

__all__ = ["ByAlgebra", "ByBoxes", "ByReduction", "ByRoots", "ByRules", "BySolver", "BySquares", "ByTerms", "ByTie",
           "Certificate", "Proved", "Refuted", "Undecided", "Verdict"]


@dataclass(frozen=True)
class Certificate(ABC):
    """Why ``difference >= 0`` (``> 0``, if strict) on a box.

    Parameters
    ----------
    difference : sympy.Expr
        The larger side minus the smaller one.
    box : Box
        Where.
    strict : bool
        Whether 0 is excluded.
    """

    difference: sp.Expr
    box: Box
    strict: bool = False

    @abstractmethod
    def replay(self, arithmetic_name: Name | None = None) -> bool:
        """Whether the certificate holds, checked step by step with the named arithmetic."""

    @abstractmethod
    def __str__(self) -> str: ...


@dataclass(frozen=True)
class ByAlgebra(Certificate):
    """The difference expands to a number of the right sign."""

    def replay(self, arithmetic_name: Name | None = None) -> bool:
        value = sp.expand(self.difference)
        return bool(value > 0 if self.strict else value >= 0) if value.is_Rational else False

    def __str__(self) -> str:
        return f"the difference of the two sides is {sp.expand(self.difference)}"


@dataclass(frozen=True)
class ByBoxes(Certificate):
    """A subdivision of the box; on each part signs of differences and enclosures prove the claim.

    Parameters
    ----------
    cuts : tuple
        The subdivision in preorder: None for a part, ``(variable, value)`` for a cut.
    """

    cuts: Cuts = ()

    @property
    def boxes(self) -> int:
        """The number of parts."""
        return sum(cut is None for cut in self.cuts)

    def replay(self, arithmetic_name: Name | None = None) -> bool:
        return cover_holds(self.difference, self.box, self.cuts, arithmetic(arithmetic_name), strict=self.strict)

    def __str__(self) -> str:
        if self.boxes == 1:
            return "signs of differences in each variable, and an enclosure"
        return f"enclosures on {self.boxes} boxes"


@dataclass(frozen=True)
class ByRules(Certificate):
    """Named inequalities lower the difference step by step, until something simpler is left.

    Parameters
    ----------
    steps : tuple of Step
        Each replaces one term of the difference by a smaller one.
    rest : Certificate
        Why what is left is nonnegative.
    """

    steps: tuple[Step, ...] = ()
    rest: Certificate = field(kw_only=True)

    def replay(self, arithmetic_name: Name | None = None) -> bool:
        current = self.difference
        for step in self.steps:
            if step.before != current or not step_holds(step, self.box, arithmetic(arithmetic_name)):
                return False
            current = step.after
        return (self.rest.difference == current and self.rest.box == self.box
                and self.rest.strict == self.strict and self.rest.replay(arithmetic_name))

    def __str__(self) -> str:
        return "; ".join(map(str, self.steps)) + f"; then {self.rest}"


@dataclass(frozen=True)
class ByRoots(Certificate):
    """A polynomial or rational function of one variable: its real roots, isolated exactly, and signs between them."""

    def replay(self, arithmetic_name: Name | None = None) -> bool:
        return nonnegative_by_roots(self.difference, self.box, strict=self.strict) is True

    def __str__(self) -> str:
        return "exact isolation of the real roots"


@dataclass(frozen=True)
class BySquares(Certificate):
    """A quadratic polynomial written as a sum of squares.

    Parameters
    ----------
    squares : Squares
        The sum.
    """

    squares: Squares = field(kw_only=True)

    def replay(self, arithmetic_name: Name | None = None) -> bool:
        return not self.strict and squares_hold(self.difference, self.squares)

    def __str__(self) -> str:
        return f"a sum of squares: {self.squares}"


@dataclass(frozen=True)
class ByTie(Certificate):
    """One variable, convex near a point where value and derivative vanish exactly; enclosures elsewhere.

    Parameters
    ----------
    tie : Tie
        The point, its neighbourhood and the subdivisions beside it.
    """

    tie: Tie = field(kw_only=True)

    def replay(self, arithmetic_name: Name | None = None) -> bool:
        return not self.strict and tie_holds(self.difference, self.box, self.tie, arithmetic(arithmetic_name))

    def __str__(self) -> str:
        return f"convex near {self.tie.at}, where the difference and its derivative are 0; enclosures elsewhere"


@dataclass(frozen=True)
class ByReduction(Certificate):
    """Nonnegative factors left out, perhaps squares compared; then another certificate.

    Parameters
    ----------
    reduction : Reduction
        What was simplified.
    rest : Certificate
        Why what is left is nonnegative.
    """

    reduction: Reduction = field(kw_only=True)
    rest: Certificate = field(kw_only=True)

    def replay(self, arithmetic_name: Name | None = None) -> bool:
        # Variables that are left out may take any value of their ranges.
        return (self.rest.strict == self.strict and not (self.strict and self.reduction.factors)
                and reduction_holds(self.difference, self.reduction, self.box, arithmetic(arithmetic_name))
                and self.rest.box == self.box.onto(self.rest.box.symbols)
                and self.rest.difference == self.reduction.after and self.rest.replay(arithmetic_name))

    def __str__(self) -> str:
        return f"{self.reduction}; then {self.rest}"


@dataclass(frozen=True)
class ByTerms(Certificate):
    """The difference is a sum of parts, each of them nonnegative.

    Parameters
    ----------
    parts : tuple of Certificate
        One for each part, on its own variables.
    """

    parts: tuple[Certificate, ...] = ()

    def replay(self, arithmetic_name: Name | None = None) -> bool:
        total = sp.Add(*(part.difference for part in self.parts))
        fits = total == self.difference or sp.expand(total - self.difference) == 0
        return (fits and not self.strict and all(part.box == self.box.onto(part.box.symbols) for part in self.parts)
                and all(part.replay(arithmetic_name) for part in self.parts))

    def __str__(self) -> str:
        return "term by term: " + "; ".join(f"({number}) {part}" for number, part in enumerate(self.parts, 1))


@dataclass(frozen=True)
class BySolver(Certificate):
    """z3 finds no violation; replaying asks it again, so this one rests on z3."""

    def replay(self, arithmetic_name: Name | None = None) -> bool:
        from stlbounds.interval.solver import no_violation

        return no_violation(self.difference, self.box, strict=self.strict, milliseconds=10_000) is True

    def __str__(self) -> str:
        return "z3 finds no violation (the proof is z3's)"


@dataclass(frozen=True)
class Verdict(Shown):
    """An answer of the decision engine.

    Parameters
    ----------
    statement : str
        The inequality.
    box : Box
        Where it was asked.
    """

    statement: str
    box: Box

    @property
    def proved(self) -> bool:
        """Whether the inequality is proved."""
        return isinstance(self, Proved)

    @property
    def refuted(self) -> bool:
        """Whether the inequality is refuted."""
        return isinstance(self, Refuted)

    def require(self) -> Verdict:
        """Itself.

        Raises
        ------
        UndecidedError
            If the inequality is not proved; the message says what was tried, or where it fails.
        """
        if not self.proved:
            raise UndecidedError(str(self))
        return self


@dataclass(frozen=True)
class Proved(Verdict):
    """The inequality holds wherever both sides are defined."""

    certificate: Certificate

    def __str__(self) -> str:
        return f"proved: {self.statement} for {self.box}: {self.certificate}"


@dataclass(frozen=True)
class Refuted(Verdict):
    """The inequality fails at a point.

    Parameters
    ----------
    point : dict of sympy.Symbol to sympy.Rational
        Where.
    gap : tuple of Fraction or float
        An interval that contains the (negative) difference of the two sides there.
    exactly : bool
        Whether the difference is known exactly, and not by an enclosure.
    """

    point: Point
    gap: tuple[Fraction | float, Fraction | float]
    exactly: bool

    def __str__(self) -> str:
        at = ", ".join(f"{symbol} = {value}" for symbol, value in self.point.items()) or "everywhere"
        how = "exactly" if self.exactly else "by enclosure"
        return f"refuted: {self.statement} fails at {at}, by {shown(max(self.gap[1], -self.gap[1]))} ({how})"


@dataclass(frozen=True)
class Undecided(Verdict):
    """Neither proved nor refuted.

    Parameters
    ----------
    tried : tuple of str
        What was tried, and where it got stuck.
    """

    tried: tuple[str, ...]

    def __str__(self) -> str:
        return f"undecided: {self.statement} for {self.box}; tried: {'; '.join(self.tried)}"
