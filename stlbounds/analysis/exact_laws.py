"""Exact laws of known models (theory §11): they, and no diverging upper bound, say that a loop collapses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sympy as sp

from stlbounds.analysis.budget import Budget
from stlbounds.analysis.cases import Answer, Case, explore
from stlbounds.analysis.facts import Facts
from stlbounds.analysis.limit import limit_of, same_value
from stlbounds.generators.categorical import Categorical
from stlbounds.generators.location import LocationModel, UnboundedLocation
from stlbounds.loops.accumulate import Accumulate
from stlbounds.loops.base import Loop
from stlbounds.loops.fixed_mix import FixedMix
from stlbounds.shown import Shown
from stlbounds.symbols import STEP, i, n
from stlbounds.theorems.statement import Statement

__all__ = ["BOUNDED", "COLLAPSE", "ExactLaw", "exact_laws"]

COLLAPSE, BOUNDED = "collapse", "bounded"


@dataclass(frozen=True)
class ExactLaw(Shown):
    """A quantity of a loop that is known exactly.

    Attributes
    ----------
    name : str
        What it is.
    model : str
        The model that it is about.
    expr : sympy.Expr
        Its value in generation ``i``, in `unit`.
    unit : str
        What ``expr = 1`` means.
    lost : bool
        Whether the loop collapses when the quantity tends to 0 (diversity) rather than when it grows without bound.
    reference : str
        Whose result it is.
    """

    name: str
    model: str
    expr: sp.Expr
    unit: str
    lost: bool
    reference: str

    @property
    def limit(self) -> Answer[sp.Expr]:
        """The limit as ``i`` tends to infinity."""
        budget = Budget(10.0, "the limit of an exact law")

        def question(facts: Facts) -> sp.Expr:
            return limit_of(self.expr.xreplace(facts.substitution), i, facts, budget)

        cases, _ = explore(question, budget, same=same_value)
        return Answer(f"limit of the {self.name} as i -> oo", tuple(cases))

    @property
    def verdict(self) -> Answer[str]:
        """``"collapse"`` or ``"bounded"``, case by case."""
        bad = sp.S.Zero if self.lost else sp.oo
        found = self.limit
        return Answer(f"does the {self.name} collapse", tuple(
            Case(case.conditions, COLLAPSE if case.value == bad else BOUNDED) for case in found.cases))

    def __str__(self) -> str:
        return f"{self.name} of the {self.model}: {self.expr} ({self.unit}); {self.verdict} [{self.reference}]"

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"name": self.name, "model": self.model, "expr": str(self.expr), "unit": self.unit,
                "reference": self.reference, "verdict": self.verdict.to_dict()["cases"]}


def _replaces(loop: Loop) -> bool:
    return isinstance(loop, FixedMix) and loop.alpha == 0


def _location(loop: Loop) -> Iterator[ExactLaw]:
    if loop.horizon is None:
        # Phi is attained by the unprojected location model at kappa = 1, so the loop's own closed form is the law.
        later = loop.variance_factor(i).replace(sp.Piecewise, lambda *cases: cases[-1][0])
        yield ExactLaw("variance of the mean", "location model without projection", later, "sigma**2/n", False,
                       "theory §11; Gerstgrasser et al. 2024, Dey & Donoho 2024")


def _categorical(loop: Loop) -> Iterator[ExactLaw]:
    if _replaces(loop):
        yield ExactLaw("diversity", "categorical model", (1 - 1 / n) ** i,
                       "sum of p(1-p) of the real distribution", True, "Wright-Fisher; theory §11")


def _gaussian(loop: Loop) -> Iterator[ExactLaw]:
    if _replaces(loop):
        yield ExactLaw("mean variance", "Gaussian fitted by maximum likelihood", (1 - 1 / n) ** i, "sigma**2", True,
                       "Shumailov et al. 2024; theory §11")


def _regression(loop: Loop) -> Iterator[ExactLaw]:
    reference = "Dohmatob et al. 2024, Gerstgrasser et al. 2024; theory §11"
    unit = "sigma**2 d/(T - d - 1)"
    if _replaces(loop):
        yield ExactLaw("excess risk", "linear regression", i + 1, unit, False, reference)
    if isinstance(loop, Accumulate):
        yield ExactLaw("excess risk", "linear regression on one design", sp.Sum(STEP**-2, (STEP, 1, i + 1)), unit,
                       False, reference)


_OF_MODELS: tuple[tuple[tuple[type, ...], Callable[[Loop], Iterator[ExactLaw]]], ...] = (
    ((LocationModel, UnboundedLocation), _location), ((Categorical,), _categorical), ((), _gaussian), ((), _regression),
)


def exact_laws(bound: Statement, every_model: bool = False) -> tuple[ExactLaw, ...]:
    """The exact laws of the loop of ``bound`` for its generator, or for every model; see `Questions.exact_laws`."""
    loop, generator = bound.setting.loop, bound.setting.generator
    return tuple(law for kinds, laws in _OF_MODELS if every_model or isinstance(generator, kinds) for law in laws(loop))
