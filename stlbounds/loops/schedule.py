"""Schedule: a fixed mix with a proportion of real data of its own for each generation (theory §1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.interval.signs import enclosure
from stlbounds.loops.base import Loop
from stlbounds.proof.claim import Claim, Printer
from stlbounds.proof.protocol import Plan, PointClass, Pool, Share
from stlbounds.proof.rules import algebra, influence
from stlbounds.sequences import listed
from stlbounds.symbols import SOURCE, STEP, G, J, check_symbols, exact, i, j, n

__all__ = ["Schedule"]


@dataclass(frozen=True)
class Schedule(Loop):
    r"""A fixed mix whose proportion of real data changes: ``alpha_j n`` new real points in generation ``j >= 1``.

    The influence of a point of generation ``g`` on ``T_i`` is the product of the gains
    ``rho_m = kappa (1 - alpha_m)`` over ``m = g+1, ..., i``. The amplification is a sum of such products, evaluated
    exactly in ``O(i**2)``.

    Parameters
    ----------
    alphas : sympy.Expr or sequence of numbers
        ``alpha_j`` as an expression in the symbol ``j``, in ``[0, 1]`` for every ``j >= 1``; or a finite sequence
        ``alpha_1, alpha_2, ...``, which then limits the number of generations.
    real : {"fresh"}
        Real points are new in every generation. Replayed ones would make the influence of a point depend on how many of
        the proportions are at least its rank, which has no closed form here; use `FixedMix` for a constant proportion.

    Raises
    ------
    InvalidArgumentError
        If a proportion is not provably within ``[0, 1]``, the sequence is empty, or `real` is another word.

    References
    ----------
    Theory §1 (protocol), §3 (influence), §4 (drift), §5 (from the influences).

    Examples
    --------
    >>> Schedule(1 / (j + 1)).gain(sp.Integer(1))
    1 - 1/(i + 1)
    >>> Schedule([0.5, 0.4, 0.3]).alpha(sp.Integer(2))
    2/5
    """

    alphas: Any
    real: Literal["fresh"] = "fresh"

    name: ClassVar[str] = "schedule"
    constant_gain: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.real != "fresh":
            raise InvalidArgumentError("real", repr(self.real), "'fresh'",
                                       "replayed real data under a schedule has no closed form here; use FixedMix")
        if isinstance(self.alphas, Sequence) and not isinstance(self.alphas, str):
            values = tuple(exact(f"alphas[{k}]", value) for k, value in enumerate(self.alphas))
            if not values:
                raise InvalidArgumentError("alphas", self.alphas, "a nonempty sequence of proportions in [0, 1]")
            object.__setattr__(self, "alphas", values)
        else:
            values = (exact("alphas", self.alphas),)
            object.__setattr__(self, "alphas", values[0])
        for value in values:
            check_symbols(value)
            low, high = enclosure(value, {j: (sp.S.One, sp.oo)})
            if not (low >= 0 and high <= 1):
                raise InvalidArgumentError("alphas", value, "in [0, 1]", "each is a proportion of real data")

    def alpha(self, generation: sp.Expr) -> sp.Expr:
        """The proportion of real data of a generation ``>= 1``."""
        if isinstance(self.alphas, tuple):
            return listed(generation, *self.alphas)
        return self.alphas.subs(j, generation)

    @property
    def horizon(self) -> int | None:
        """The last generation for which a proportion is given, or None if there is one for each."""
        return len(self.alphas) if isinstance(self.alphas, tuple) else None

    @property
    def parameters(self) -> dict[str, sp.Expr]:
        values = self.alphas if isinstance(self.alphas, tuple) else (self.alphas,)
        return {f"alphas[{k}]": value.subs(j, 1) for k, value in enumerate(values)}

    @property
    def classes(self) -> tuple[PointClass, ...]:
        return (PointClass("any", "a point of generation $g$, real or synthetic", 0, True, n, False, True),)

    def size(self, generation: sp.Expr) -> sp.Expr:
        return n

    def mixture(self, generation: sp.Expr) -> tuple[Share, ...]:
        return Share(sp.S.Zero, self.alpha(generation)), Share(generation, 1 - self.alpha(generation))

    def plan(self, generations: int) -> Plan:
        if self.horizon is not None and generations > self.horizon:
            raise InvalidArgumentError("i", generations, f"at most {self.horizon}", "the schedule ends there")
        alphas = [self.alpha(sp.Integer(g)) for g in range(1, generations + 1)]
        later = ((Pool("any", g, 0, a * n), Pool("any", g, g, (1 - a) * n)) for g, a in enumerate(alphas, start=1))
        return Plan(((Pool("any", 0, 0, n),), *later))

    def gain(self, kappa: sp.Expr) -> sp.Expr:
        return kappa * (1 - self.alpha(i))

    def _product(self, factor: sp.Expr, first: sp.Expr, last: sp.Expr) -> sp.Expr:
        """The product of ``factor * (1 - alpha_m)`` over ``m = first, ..., last``, 1 if there is none."""
        if first == last + 1:
            return sp.S.One
        return sp.Product(factor * (1 - self.alpha(STEP)), (STEP, first, last))

    def influence(self, point: PointClass, steps: sp.Expr, rho: sp.Expr) -> sp.Expr:
        return self._product(rho, G + 1, G + steps)

    def mean_influence(self, rho: sp.Expr) -> sp.Expr:
        return sp.S.Zero

    def amplification_squared(self, rho: sp.Expr) -> sp.Expr:
        return sp.Sum(self._product(rho, G + 1, i) ** 2, (G, 0, i))

    def recursive_stability(self, rho: sp.Expr) -> sp.Expr:
        return self._product(rho, sp.S.One, i - 1)

    def drift(self, error: sp.Expr, generation: sp.Expr) -> sp.Expr:
        return sp.Sum(error.subs(J, SOURCE) * self._product(sp.S.One, SOURCE + 1, generation - 1),
                      (SOURCE, 0, generation - 1))

    def describe(self, tex: Printer) -> str:
        if isinstance(self.alphas, tuple):
            values = ", ".join(tex(value) for value in self.alphas)
            return (r"$T_0$ consists of $n$ real points; for $j \ge 1$, $T_j$ consists of $\alpha_j n$ new real "
                    r"points and of "
                    rf"$(1 - \alpha_j) n$ new points from $D_j$, where $\alpha_1, \alpha_2, \dots$ are ${values}$")
        return (rf"$T_0$ consists of $n$ real points; for $j \ge 1$, $T_j$ consists of "
                rf"${tex(self.alpha(J) * n)}$ new real "
                rf"points and of ${tex((1 - self.alpha(J)) * n)}$ new points from $D_j$")

    # --- lemmas --------------------------------------------------------------------------------------
    def squares_claim(self, influences: dict[str, Claim], rho: sp.Expr, given: tuple[Claim, ...]) -> Claim:
        claim = influence.InfluenceSquaresSum.apply(protocol=self)
        claim = self.at_horizon(claim, self.classes[0], influences["any"])
        return algebra.Rewrite.apply(claim, rhs=n * self.amplification_squared(rho))
