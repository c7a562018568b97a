"""Mutants of the rules: each is one slip in the code of one rule that makes it unsound.

`python tests/proof/mutants.py` lists all of them with what refuses each: a scalar check, an exact world, or the
derivation itself (a closed form, an identity or a side condition that no longer holds). The tests run the same.

A mutant without a challenge is run through the derivations of both theorems; one that drops a side condition is
given a case in which that condition matters.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sympy as sp
from challenges import CHALLENGES
from challenges_of_ranks import standard_cases

from stlbounds.errors import StlboundsError
from stlbounds.proof.checks import failing_point
from stlbounds.proof.claim import Claim, Rule
from stlbounds.proof.worlds import World

A = "stlbounds.proof.rules.algebra"
B = "stlbounds.proof.rules.basic"
R = "stlbounds.proof.rules.drift"
I_ = "stlbounds.proof.rules.influence"
S = "stlbounds.proof.rules.series"
K = "stlbounds.proof.rules.ranks"
P = "stlbounds.proof.rules.gap"
C = "stlbounds.generators.categorical"
L = "stlbounds.learners.brier"


@dataclass(frozen=True)
class Mutant:
    """One textual change in the source of one rule."""

    module: str
    rule: str
    kind: str
    old: str
    new: str
    challenge: str | None = None

    def __str__(self) -> str:
        return f"{self.rule}: {self.kind}: {' '.join(self.old.split())[:60]} -> {' '.join(self.new.split())[:60]}"


def M(module: str, rule: str, kind: str, old: str, new: str, challenge: str | None = None) -> Mutant:
    return Mutant(module, rule, kind, old, new, challenge)


MUTANTS: tuple[Mutant, ...] = (
    # --- leaves
    M(B, "Assumption", "sign", "return Says(quantity, bound)", "return Says(quantity, -bound)"),
    M(B, "Assumption", "factor", "return Says(quantity, bound)", "return Says(quantity, bound / 2)"),
    M(B, "Assumption", "dropped condition", "if not isinstance(quantity, Quantity) or not quantity.granted:", "if False:", "grant_gap"),
    M(B, "Assumption", "dropped condition", "if bound.has(*DEFINABLE):", "if False:", "grant_named_part"),
    M(B, "Assumption", "dropped condition", "if not is_nonnegative(bound):", "if False:", "grant_negative"),
    M(B, "Definition", "dropped condition", "if symbol not in DEFINABLE:", "if False:", "define_parameter"),
    M(B, "Definition", "dropped condition", "if value.free_symbols & set(INDICES) - allowed:", "if False:",
      "define_with_index"),
    M(B, "Definition", "dropped condition", "if not is_nonnegative(value - least if least != 0 else value):", "if False:",
      "define_negative"),
    M(B, "Definition", "factor", "return Says(symbol, value, \"=\")", "return Says(symbol, value / 2, \"=\")"),
    # --- algebra
    M(A, "Instantiate", "index", "return _instantiated(family, index)",
      "return Says(family.lhs.subs(dict(index)), family.rhs.subs({k: v - 1 for k, v in index}))"),
    M(A, "Instantiate", "dropped condition", "return _instantiated(family, index)",
      "return Says(family.lhs.subs(dict(index)), family.rhs.subs(dict(index)))", "instantiate_parameter"),
    M(A, "Instantiate", "dropped condition", "return _instantiated(family, index)",
      "return Says(family.lhs.subs(dict(index)), family.rhs.subs(dict(index)))", "instantiate_before_start"),
    M(A, "Instantiate", "dropped condition", "return _instantiated(family, index)",
      "return Says(family.lhs.subs(dict(index)), family.rhs.subs(dict(index)))", "instantiate_named_part"),
    M(A, "Instantiate", "dropped condition", "return _instantiated(family, index)",
      "return Says(family.lhs.subs(dict(index), simultaneous=True), family.rhs.subs(dict(index), simultaneous=True))",
      "instantiate_captured"),
    M(A, "Instantiate", "dropped condition", "return _instantiated(family, index)",
      "return replace(_instantiated(family, index), events=frozenset())", "instantiate_event"),
    M(A, "Substitute", "dropped condition", "if not all(nondecreasing(case, _LESS) for case in generation_cases(outer.rhs.xreplace({inner.lhs: _LESS}))):", "if False:",
      "substitute_decreasing"),
    M(A, "Substitute", "dropped events", "outer.events | inner.events", "outer.events & inner.events"),
    M(A, "Substitute", "dropped events", "outer.events | inner.events", "inner.events"),
    M(A, "Substitute", "dropped events", "outer.events | inner.events", "outer.events"),
    M(A, "Substitute", "factor", "outer.rhs.xreplace({inner.lhs: inner.rhs})",
      "outer.rhs.xreplace({inner.lhs: inner.rhs / 2})"),
    M(A, "Substitute", "dropped term", "outer.rhs.xreplace({inner.lhs: inner.rhs})",
      "outer.rhs.xreplace({inner.lhs: sp.S.Zero})"),
    M(A, "Rewrite", "dropped condition", "if not equal(old, new):", "if False:", "rewrite_smaller"),
    M(A, "Rewrite", "dropped condition", 'any(definition.relation != "=" for definition in given)', "False",
      "rewrite_with_inequality"),
    M(A, "Rewrite", "dropped events", "says.relation, says.events, (Check(old, new", "says.relation, frozenset(), "
      "(Check(old, new"),
    M(A, "Rewrite", "factor", "return Says(says.lhs, rhs,", "return Says(says.lhs, rhs / 2,"),
    M(A, "GeometricSeries", "index", "geometric_sum(ratio, last - first + 1)", "geometric_sum(ratio, last - first)"),
    M(A, "GeometricSeries", "index", "start = part.function.subs(variable, last)",
      "start = part.function.subs(variable, last + 1)"),
    M(A, "GeometricSeries", "factor", "geometric_sum(ratio, last", "geometric_sum(ratio / 2, last"),
    M(A, "GeometricSeries", "dropped condition", "or not vanishes(term - start * ratio**back)", "or False",
      "series_not_geometric"),
    M(A, "GeometricSeries", "dropped condition", "if not _admissible(variable, last + 1 - first, ()):", "if False:",
      "series_empty"),
    M(A, "Recurrence", "index", "closed_now.subs(index, index + 1)", "closed_now.subs(index, index)"),
    M(A, "Recurrence", "index", "step.lhs.subs(index, index - 1)", "step.lhs.subs(index, index + 1)"),
    M(A, "Recurrence", "sign", "follows = unfold(rest + slope * closed, definitions)",
      "follows = unfold(rest - slope * closed, definitions)"),
    M(A, "Recurrence", "dropped condition", "if not equal(follows, closed_next):", "if False:",
      "recurrence_wrong_closed_form"),
    M(A, "Recurrence", "dropped condition", "if not is_nonnegative(sp.factor_terms(unfold(slope, definitions))):", "if False:",
      "recurrence_negative_slope"),
    M(A, "Recurrence", "dropped condition", "if not is_nonnegative(first - unfold(base.rhs, definitions)):",
      "if False:", "recurrence_low_start"),
    M(A, "Recurrence", "dropped condition", "if slope.has(_VALUE):", "if False:",
      "recurrence_quadratic"),
    M(A, "Recurrence", "dropped condition", "if quantity.subs(index, start) != base.lhs:", "if False:",
      "recurrence_other_base"),
    M(A, "Recurrence", "dropped condition", "if step.events or base.events or step.is_random:", "if False:",
      "recurrence_event"),
    M(A, "MaxAtMost", "dropped condition",
      "if not (equal(part, new) or equal(part + unfold(rest, definitions), new)):", "if False:", "max_too_small"),
    M(A, "MaxAtMost", "dropped condition", "if not is_nonnegative(unfold(rest, definitions)):", "if False:",
      "max_negative_rest"),
    M(A, "MaxAtMost", "factor", "return Says(says.lhs, rhs,", "return Says(says.lhs, rhs / 2,"),
    # --- drift
    M(R, "SelfDistance", "index", "Distance(D(0), D(0))", "Distance(D(0), D(1))"),
    M(R, "SelfDistance", "sign", "sp.S.Zero", "-sp.S.One"),
    M(R, "Triangle", "dropped term", "Distance(D(0), Dmix(J)) + Distance", "Distance"),
    M(R, "Triangle", "dropped term", " + Distance(Dmix(J), D(J + 1))", ""),
    M(R, "Triangle", "sign", " + Distance(Dmix(J), D(J + 1))", " - Distance(Dmix(J), D(J + 1))"),
    M(R, "Triangle", "index", "Says(Distance(D(0), D(J + 1))", "Says(Distance(D(0), D(J + 2))"),
    M(R, "Convexity", "factor", "share.weight * distance", "share.weight**2 * distance"),
    M(R, "Convexity", "sign", "share.weight * distance", "-share.weight * distance"),
    M(R, "Convexity", "dropped term", "if share.source == 0 else", "if share.source != 0 else"),
    M(R, "Convexity", "dropped condition", "checked_mixture(protocol, J)", "protocol.mixture(J)", "lying_weights"),
    M(R, "Convexity", "dropped condition", "checked_mixture(protocol, J)", "protocol.mixture(J)", "negative_weights"),
    M(R, "StartsReal", "index", "Dmix(0)), sp.S.Zero", "Dmix(1)), sp.S.Zero"),
    M(R, "StartsReal", "sign", "sp.S.Zero)\n", "-sp.S.One)\n"),
    M(R, "MixtureStep", "dropped term", "old + after.weight * Distance", "after.weight * Distance"),
    M(R, "MixtureStep", "dropped term", "old + after.weight * Distance(D(0), D(J + 1))", "old"),
    M(R, "MixtureStep", "factor", "old + after.weight * Distance", "old + after.weight**2 * Distance"),
    M(R, "MixtureStep", "index", "D(J + 1)))", "D(J)))"),
    M(R, "MixtureStep", "dropped condition",
      "if after.weight.has(after.index[0]) or not vanishes(before.weight * (1 - after.weight) - after.weight):",
      "if False:", "lying_average"),
    # --- sums over generations
    M(S, "SeriesByInduction", "index", "newest = term.subs(i, i + 1).subs(variable, last + 1)",
      "newest = term.subs(i, i + 1).subs(variable, last)"),
    M(S, "SeriesByInduction", "dropped condition", "if not equal(ratio * closed + newest, grown):", "if False:",
      "series_wrong_growth"),
    M(S, "SeriesByInduction", "dropped condition", "if not equal(start, closed.subs(i, 0)):", "if False:",
      "series_wrong_start"),
    M(S, "SeriesByInduction", "factor", "says.rhs.xreplace({series: closed})", "says.rhs.xreplace({series: closed / 2})"),
    M(S, "StrongRecurrence", "index", "once = closed.subs(J, 0)", "once = closed.subs(J, 1)"),
    M(S, "StrongRecurrence", "dropped condition", "if not equal(follows, later):", "if False:", "strong_wrong_later"),
    M(S, "StrongRecurrence", "dropped condition",
      "if not equal(once, front.subs(J, 0) * weight.subs(variable, 0)):", "if False:", "strong_wrong_start"),
    M(S, "StrongRecurrence", "dropped condition", "if quantity.subs(J, 0) != base.lhs or base.rhs != 1:", "if False:",
      "strong_high_base"),
    M(S, "StrongRecurrence", "factor", "Says(step.lhs, closed,", "Says(step.lhs, closed / 2,"),
    M(S, "InverseSquares", "factor", "sp.pi**2 / 6", "sp.pi**2 / 7"),
    M(S, "InverseSquares", "power", "(i + 1) ** 2 * sp.pi", "(i + 1) * sp.pi"),
    M(S, "InverseSquares", "dropped condition",
      "if not nondecreasing(says.rhs.xreplace({squares: _SQUARES}), _SQUARES):", "if False:",
      "squares_in_a_decreasing_position"),
    # --- ranked points
    M(K, "RankSum", "factor", "+ 2 * below", "+ below"),
    M(K, "RankSum", "factor", "uses = 2 * form.constant", "uses = form.constant"),
    M(K, "RankSum", "dropped term", "form.constant**2 + uses", "uses"),
    M(K, "RankSum", "dropped term", "+ form.over(form.shares * form.weights**2) + 2", "+ 2"),
    M(K, "RankSum", "power", "form.shares * form.weights**2", "form.shares**2 * form.weights**2"),
    M(K, "RankSum", "index", "(G, form.first, SOURCE - 1)", "(G, form.first, SOURCE - 2)"),
    M(K, "RankSum", "factor", "sp.Min(share, form.shares) * form.weights", "share * form.shares * form.weights"),
    M(K, "RankSum", "dropped term", "share * form.constant + form.over", "form.over"),
    M(K, "RankSum", "factor", "return front * n * closed", "return front * closed"),
    M(K, "RankSum", "dropped condition",
      "if not all(map(is_nonnegative, (front, form.constant, form.weights, *shares))):", "if False:",
      "ranks_negative_weights"),
    M(K, "RankSum", "dropped condition", "if not nondecreasing(says.rhs.xreplace({part: _USED}), _USED):", "if False:",
      "ranks_in_a_decreasing_position"),
    M(K, "RankedStability", "dropped term", "sp.sign(_share(use)) for use", "sp.S.Zero for use"),
    M(K, "RankedStability", "factor", "sp.sign(_share(use)) for use", "_share(use) for use"),
    M(K, "RankedStability", "index", "Says(RecursiveStability(J + 1), rhs", "Says(RecursiveStability(J + 2), rhs"),
    M(K, "RankedStability", "dropped condition",
      "if not all(nondecreasing(says.rhs.xreplace({use: _USED}), _USED) and is_nonnegative(_share(use))\n"
      "                   for use in uses):", "if False:", "ranks_decreasing_effect"),
    # --- influence
    M(I_, "CouplingKept", "dropped term", "Influence(Str(point), birth, now) + sp.factor(new) * shift",
      "sp.factor(new) * shift"),
    M(I_, "CouplingKept", "dropped term", "Influence(Str(point), birth, now) + sp.factor(new) * shift",
      "Influence(Str(point), birth, now)"),
    M(I_, "CouplingKept", "factor", "+ sp.factor(new) * shift", "+ shift"),
    M(I_, "CouplingKept", "dropped condition",
      "if not protocol.accumulates or before.index is None or after.index is None:", "if False:", "not_accumulating"),
    M(I_, "InfluenceAtBirth", "factor", "kind.weight", "kind.weight / 2"),
    M(I_, "InfluenceAtBirth", "index", "birth, birth)", "birth, birth + 1)"),
    M(I_, "CouplingStep", "factor", "Sensitivity(size) / size", "Sensitivity(size) / (2 * size)"),
    M(I_, "CouplingStep", "factor", "Sensitivity(size) / size", "1 / size"),
    M(I_, "CouplingStep", "factor", "Sensitivity(size) / size", "Sensitivity(size) / size**2"),
    M(I_, "CouplingStep", "index", "Influence(label(kind), birth, now)", "Influence(label(kind), birth, birth)"),
    M(I_, "CouplingDraw", "dropped term", "kind.weight if kind.kept else sp.S.Zero", "sp.S.Zero"),
    M(I_, "CouplingDraw", "factor", "total += size * share.weight * DistributionShift",
      "total += share.weight * DistributionShift"),
    M(I_, "CouplingDraw", "sign", "total += size * share.weight * DistributionShift",
      "total -= size * share.weight * DistributionShift"),
    M(I_, "CouplingDraw", "dropped condition", "checked_mixture(protocol, later)", "protocol.mixture(later)",
      "lying_weights_draw"),
    M(I_, "RecursiveStabilityMax", "factor", "sp.Max(*shifts)", "sp.Min(*shifts)"),
    M(I_, "RecursiveStabilityMax", "dropped term", "if point.real]", "if point.real and not point.kept]"),
    M(I_, "RecursiveStabilityMax", "index", "RecursiveStability(J + 1)", "RecursiveStability(J + 2)"),
    M(I_, "FinalInfluenceSum", "factor", "(total + new) / size", "(total + new) / size**2"),
    M(I_, "FinalInfluenceSum", "dropped term", "(total + new) / size", "total / size"),
    M(I_, "FinalInfluenceSum", "dropped term", "(total + new) / size", "new / size"),
    M(I_, "InfluenceSquaresSum", "factor", "Influence(Str(point.name), sp.Integer(point.first), i) ** 2",
      "Influence(Str(point.name), sp.Integer(point.first), i)"),
    M(I_, "InfluenceSquaresSum", "index", "limits = (G, sp.Integer(point.first), i)",
      "limits = (G, sp.Integer(point.first) + 1, i)"),
    M(I_, "InfluenceSquaresSum", "dropped term", "if point.recurring:", "if point.kept and point.recurring:"),
    M(I_, "InfluenceSquaresSum", "dropped condition", "if not vanishes(at_start - protocol.size(sp.S.Zero)):",
      "if False:", "lying_classes"),
    # --- gap
    M(P, "KantorovichRubinstein", "factor", "LossConstant() * Distance", "LossConstant() / 2 * Distance"),
    M(P, "KantorovichRubinstein", "factor", "LossConstant() * Distance", "Distance"),
    M(P, "KantorovichRubinstein", "index", "DriftBias(i)", "DriftBias(i + 1)"),
    M(P, "ExchangeableCopies", "factor", "Stability(protocol.size(i)) * ", "Stability(protocol.size(i)) / 2 * "),
    M(P, "ExchangeableCopies", "factor", "Stability(protocol.size(i)) * ", "Stability(protocol.size(i)) ** 2 * "),
    M(P, "ExchangeableCopies", "index", "ExchangeBias(i)", "ExchangeBias(i + 1)"),
    M(P, "MeanSplit", "dropped term", "DriftBias(i) + ExchangeBias(i)", "ExchangeBias(i)"),
    M(P, "MeanSplit", "dropped term", "DriftBias(i) + ExchangeBias(i)", "DriftBias(i)"),
    M(P, "MeanSplit", "sign", "DriftBias(i) + ExchangeBias(i)", "DriftBias(i) - ExchangeBias(i)"),
    M(P, "BoundedDifferences", "factor", "2 * Stability(size)", "Stability(size)"),
    M(P, "BoundedDifferences", "dropped term", "2 * Stability(size) + LossConstant() / size", "2 * Stability(size)"),
    M(P, "BoundedDifferences", "factor", "LossConstant() / size)", "LossConstant() / size**2)"),
    M(P, "BoundedDifferences", "sign", "2 * Stability(size) + Loss", "2 * Stability(size) - Loss"),
    M(P, "BoundedDifferences", "index", "RangeSquares(i)", "RangeSquares(i + 1)"),
    M(P, "AzumaMcDiarmid", "factor", "sp.log(2 / delta) / 2", "sp.log(1 / delta) / 2"),
    M(P, "AzumaMcDiarmid", "factor", "sp.log(2 / delta) / 2", "sp.log(2 / delta) / 8"),
    M(P, "AzumaMcDiarmid", "event", "frozenset({(event, delta)})", "frozenset({(event, delta / 100)})"),
    M(P, "AzumaMcDiarmid", "event", "frozenset({(event, delta)})", "frozenset()"),
    M(P, "GapSplit", "dropped term", "MeanGap(i) + Deviation(i)", "Deviation(i)"),
    M(P, "GapSplit", "dropped term", "MeanGap(i) + Deviation(i)", "MeanGap(i)"),
    M(P, "GapSplit", "sign", "MeanGap(i) + Deviation(i)", "Deviation(i) - MeanGap(i)"),
    M(P, "ExpectedGapSplit", "dropped term", "MeanGap(i) + ExpectedDeviation(i)", "ExpectedDeviation(i)"),
    M(P, "ExpectedGapSplit", "dropped term", "MeanGap(i) + ExpectedDeviation(i)", "MeanGap(i)"),
    M(P, "Jensen", "power", "sp.sqrt(Variance(i))", "Variance(i)"),
    M(P, "Jensen", "factor", "sp.sqrt(Variance(i))", "sp.sqrt(Variance(i)) / 2"),
    M(P, "MartingaleVariance", "factor", "RangeSquares(i) / 4", "RangeSquares(i) / 16"),
    M(P, "MartingaleVariance", "index", "Variance(i)", "Variance(i + 1)"),
    # --- catalogue
    M(C, "EmpiricalSensitivity", "factor", "sp.S.One", "sp.S.Half"),
    M(C, "EmpiricalSensitivity", "factor", "sp.S.One", "1 / N"),
    M(C, "EmpiricalLearningError", "index", "_checked_cells(cells) - 1", "_checked_cells(cells) - 2"),
    M(C, "EmpiricalLearningError", "factor", "protocol.size(J) / 2", "protocol.size(J) / 4"),
    M(C, "EmpiricalLearningError", "factor", "protocol.size(J) / 2", "protocol.size(J) ** 2 / 2"),
    M(C, "EmpiricalDrift", "index", "_checked_cells(cells) - 1", "_checked_cells(cells) - 2"),
    M(C, "EmpiricalDrift", "factor", "spread / protocol.size(J)", "spread / protocol.size(J) ** 2"),
    M(C, "EmpiricalDrift", "factor", "InfluenceSquares(J)) / 2", "InfluenceSquares(J)) / 4"),
    M(C, "EmpiricalDrift", "index", "D(J + 1)), spread", "D(J + 2)), spread"),
    M(L, "BrierStability", "factor", "(2 - 1 / N) / N", "(1 - 1 / N) / N"),
    M(L, "BrierStability", "factor", "(2 - 1 / N) / N", "(2 - 2 / N) / N"),
    M(L, "BrierStability", "factor", "(2 - 1 / N) / N", "(2 - 1 / N) / N**2"),
    M(L, "BrierLossConstant", "factor", "sp.S.One", "sp.S.Half"),
)


#: The mutants that nothing refuses, and why.
SURVIVORS: dict[str, str] = {}


@dataclass
class Outcome:
    """What refused a mutant, and how many of its claims were looked at."""

    by: str = ""
    detail: str = ""
    claims: list[Claim] = field(default_factory=list)


def mutated(mutant: Mutant, record: list[Claim]) -> type[Rule]:
    """The rule with the change, recording every claim that it makes."""
    module = importlib.import_module(mutant.module)
    source = textwrap.dedent(inspect.getsource(getattr(module, mutant.rule)))
    if mutant.old not in source:
        raise LookupError(f"{mutant}: the text to change does not occur")
    namespace = dict(vars(module))
    from dataclasses import replace

    namespace["replace"] = replace
    exec(compile(source.replace(mutant.old, mutant.new), f"<{mutant}>", "exec"), namespace)
    rule: type[Rule] = namespace[mutant.rule]
    honest = rule.apply.__func__  # type: ignore[attr-defined]

    def apply(cls: type[Rule], *premises: Claim, **params: object) -> Claim:
        claim: Claim = honest(cls, *premises, **params)
        record.append(claim)
        return claim

    rule.apply = classmethod(apply)  # type: ignore[assignment]
    return rule


@contextmanager
def installed(mutant: Mutant, record: list[Claim]) -> Iterator[type[Rule]]:
    """The mutated rule in place of the true one, in every module that refers to it."""
    true = getattr(importlib.import_module(mutant.module), mutant.rule)
    rule = mutated(mutant, record)
    homes = [module for name, module in list(sys.modules.items())
             if name.startswith("stlbounds") and getattr(module, mutant.rule, None) is true]
    for home in homes:
        setattr(home, mutant.rule, rule)
    try:
        yield rule
    finally:
        for home in homes:
            setattr(home, mutant.rule, true)


def refused(claim: Claim, worlds: tuple[World, ...], definitions: dict[sp.Symbol, sp.Expr]) -> tuple[str, str] | None:
    """What refuses one claim: a scalar check, or an exact world."""
    for check in claim.says.checks:
        point = failing_point(check)
        if point is not None:
            return "scalar check", f"{check.lhs} {check.relation} {check.rhs} at {point}"
    for world in worlds:
        counterexample = world.refute(claim.says, definitions)
        if counterexample is not None:
            return "exact world", str(counterexample)
    return None


def outcome(mutant: Mutant) -> Outcome:
    """Run a mutant through its cases until something refuses it."""
    result = Outcome()
    fallback = ("", "")
    derivations: tuple[tuple[Callable[[], object], tuple[World, ...], dict[sp.Symbol, sp.Expr]], ...]
    derivations = CHALLENGES[mutant.challenge]() if mutant.challenge else standard_cases(mutant.rule)
    for derive, worlds, definitions in derivations:
        record: list[Claim] = []
        with installed(mutant, record):
            try:
                # A challenge hands back the conclusion that the flawed rule led to, perhaps by a sound one.
                conclusion = derive()
                record += [conclusion] if isinstance(conclusion, Claim) else []
            except StlboundsError as error:
                fallback = ("derivation", f"{type(error).__name__}: {error}")
        result.claims += record
        named = definitions | {c.lhs: c.rhs for c in record if c.says.relation == "="}
        for claim in record:
            found = refused(claim, worlds, named)
            if found is not None:
                result.by, result.detail = found
                return result
    result.by, result.detail = fallback
    return result


def main() -> int:
    """Print every mutant with what refuses it; the exit code is 1 if more than 5 % survive."""
    survivors = 0
    only = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    chosen = [mutant for mutant in MUTANTS if not only or mutant.rule in only]
    for number, mutant in enumerate(chosen, start=1):
        result = outcome(mutant)
        survivors += not result.by
        print(f"{number:3d}  {result.by or 'SURVIVES':13s}  {mutant}", flush=True)
        if "--details" in sys.argv:
            print(f"     {result.detail[:300]}")
    print(f"{len(chosen)} mutants, {len(chosen) - survivors} refused, {survivors} survive")
    return int(survivors > 0.05 * len(chosen))


if __name__ == "__main__":
    raise SystemExit(main())
