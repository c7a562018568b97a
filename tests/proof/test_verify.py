"""Verification trusts no object: every way to forge a proof that we could think of is refused.

`test_optimised` runs this module once more under ``python -O``, so refusals are checked without assert statements.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import AssumptionError, ProofError, SymbolError
from stlbounds.proof.claim import Check, Claim, Rule, Says
from stlbounds.proof.dag import Proof
from stlbounds.proof.quantities import D, Distance, Dmix, Gap, Influence, LossConstant, MeanGap, Sensitivity, Str
from stlbounds.proof.rules import algebra, basic, drift, gap, influence
from stlbounds.proof.trusted import CORE_RULES, trusted_rules
from stlbounds.special import geometric_sum as geo
from stlbounds.symbols import J, M, N, Phi, alpha, c, delta, i, j, kappa, n, r, rho, w
from stlbounds.theorems.gap import Derivation, derive_expectation, derive_high_probability

LOOP = stl.loops.FixedMix(alpha)


@cache
def _honest(derive: Callable[[stl.Setting], Derivation]) -> Proof:
    generic = stl.generators.Generator("generic", stl.DISCRETE, kappa, c * N**-r)
    return Proof(derive(stl.Setting(LOOP, generic)).claim)


def fresh_proof(derive: Callable[[stl.Setting], Derivation] = derive_expectation) -> Proof:
    """A proof of its own, claim by claim, which a test may spoil."""
    copies: dict[int, Claim] = {}
    for claim in _honest(derive).steps():
        premises = tuple(copies[id(premise)] for premise in claim.premises)
        copies[id(claim)] = Claim(claim.says, claim.rule, premises, claim.params)
    return Proof(copies[id(_honest(derive).root)])


def step_by(proof: Proof, rule: type[Rule]) -> Claim:
    return next(claim for claim in proof.steps() if claim.rule is rule)


def forge(claim: Claim, **changes: Any) -> None:
    """Change a frozen claim in place."""
    for name, value in changes.items():
        object.__setattr__(claim, name, value)


def is_refused(proof: Proof, *words: str) -> None:
    """Fails unless the proof is refused with a message that has these words."""
    with pytest.raises(ProofError) as caught:
        proof.verify()
    for word in words:
        if word not in str(caught.value):
            raise AssertionError(f"{word!r} is not in {caught.value}")


# --- what is in order ------------------------------------------------------------------------------------------


def test_an_honest_proof_is_accepted():
    found = fresh_proof().verify()
    assert found.steps > 30 and found.leaves == 5 and found.checks > 15
    assert str(found) == f"verified: {found.steps} steps, {found.leaves} leaves, {found.checks} scalar checks"


def test_premises_come_first_and_each_claim_once():
    steps = fresh_proof().steps()
    assert len({id(claim) for claim in steps}) == len(steps)
    position = {id(claim): number for number, claim in enumerate(steps)}
    assert all(position[id(premise)] < position[id(claim)] for claim in steps for premise in claim.premises)


def test_leaves_assumptions_and_definitions():
    proof = fresh_proof()
    granted = {Sensitivity(N): kappa, LossConstant(): M}
    assert granted.items() <= {claim.lhs: claim.rhs for claim in proof.assumptions()}.items()
    assert {claim.rule for claim in proof.leaves()} == {basic.Assumption, gap.KantorovichRubinstein}
    assert all(not claim.premises for claim in proof.leaves())
    assert proof.definitions()[rho] == kappa * (1 - alpha)


def test_a_shared_lemma_counts_once():
    shared = drift.Triangle.apply()
    one = algebra.Rewrite.apply(shared, rhs=shared.rhs)
    both = [algebra.Rewrite.apply(one, rhs=one.rhs) for _ in range(2)]
    tower = algebra.Substitute.apply(gap.MeanSplit.apply(), gap.KantorovichRubinstein.apply())
    assert Proof(both[0]).verify().steps == 3
    assert Proof(tower).verify().steps == 3
    claim = shared
    for _ in range(60):
        # Each claim uses the one before twice; walking every path would take 2**60 steps.
        claim = replace(algebra.Rewrite.apply(claim, rhs=claim.rhs), premises=(claim,))
    assert len(Proof(claim).steps()) == 61


def test_a_shared_event_counts_once():
    root = fresh_proof(derive_high_probability).root
    assert root.says.failure_probability == delta
    assert root.says.events == frozenset({("concentration", delta)})


# --- forged statements -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [
    {"rhs": sp.S.Zero}, {"rhs": MeanGap(i)}, {"lhs": Gap(i)}, {"relation": "="}, {"checks": ()},
    {"checks": (Check(sp.S.Zero, sp.S.One),)}, {"events": frozenset({("gift", delta)})}])
def test_a_changed_statement_at_the_end(change):
    proof = fresh_proof()
    forge(proof.root, says=replace(proof.root.says, **change))
    is_refused(proof, "but the rule gives")


def test_a_changed_constant_in_any_step():
    proof = fresh_proof()
    for claim in proof.steps()[::3]:
        honest = claim.says
        forge(claim, says=replace(honest, rhs=honest.rhs / 2 + sp.Rational(1, 7)))
        is_refused(proof)
        forge(claim, says=honest)
    proof.verify()


def test_events_may_not_be_dropped():
    proof = fresh_proof(derive_high_probability)
    forge(proof.root, says=replace(proof.root.says, events=frozenset()))
    is_refused(proof, "but the rule gives")


def test_dropped_and_swapped_premises():
    for change in (lambda p: p[1:], lambda p: p[:-1], lambda p: (), lambda p: p[::-1], lambda p: (p[0], p[0])):
        proof = fresh_proof()
        claim = step_by(proof, algebra.Substitute)
        forge(claim, premises=change(claim.premises))
        is_refused(proof)


def test_another_rule():
    for rule in (gap.MeanSplit, algebra.Rewrite, basic.Assumption, gap.Jensen):
        proof = fresh_proof()
        forge(step_by(proof, algebra.Recurrence), rule=rule)
        is_refused(proof)


@pytest.mark.parametrize("params", [
    {}, {"index": n, "closed": geo(rho, J + 1)}, {"index": J, "closed": sp.S.Zero}, {"index": J, "closed": None},
    {"index": J, "closed": geo(rho, J + 1), "extra": 1}, {1: 2}, None, [1]])
def test_changed_parameters(params):
    proof = fresh_proof()
    forge(step_by(proof, algebra.Recurrence), params=params)
    is_refused(proof, "cannot be replayed")


def test_another_protocol():
    proof = fresh_proof()
    claim = step_by(proof, drift.Convexity)
    forge(claim, params=MappingProxyType({"protocol": stl.loops.FixedMix(alpha**2)}))
    is_refused(proof, "convexity")
    forge(claim, params=MappingProxyType({"protocol": None}))
    is_refused(proof, "cannot be replayed")


@pytest.mark.parametrize("intruder", [None, "0 <= 1", Says(Gap(i), sp.S.Zero), 3])
def test_what_is_no_claim(intruder):
    proof = fresh_proof()
    forge(proof.root, premises=(*proof.root.premises[:-1], intruder))
    is_refused(proof, "is not a claim")
    is_refused(Proof(intruder), "is not a claim")


def test_a_statement_that_is_none():
    proof = fresh_proof()
    forge(proof.root, says="MeanGap(i) <= 0")
    is_refused(proof, "no statement")


# --- lying objects ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class AgreeableClaim(Claim):
    """A claim of another type."""


@dataclass(frozen=True)
class AgreeableSays(Says):
    """A statement that is equal to all others."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


class AgreeableSymbol(sp.Symbol):
    """A symbol that is equal to everything."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = sp.Symbol.__hash__


def test_subclasses_of_claim_and_says_are_not_trusted():
    proof = fresh_proof()
    root = proof.root
    is_refused(Proof(AgreeableClaim(root.says, root.rule, root.premises, root.params)), "is not a claim")
    forge(root, says=AgreeableSays(root.lhs, sp.S.Zero))
    is_refused(proof, "no statement")


def test_an_expression_that_agrees_with_everything():
    proof = fresh_proof()
    forge(proof.root, says=replace(proof.root.says, rhs=AgreeableSymbol("zero")))
    is_refused(proof)


class Fiat(Rule):
    """A rule of its own: anything follows."""

    title = "fiat"

    @classmethod
    def conclude(cls, premises, **params):
        return Says(MeanGap(i), sp.S.Zero)

    @classmethod
    def explain(cls, tex, **params):
        return "So be it."


def test_a_lying_rule():
    is_refused(Proof(Fiat.apply()), "Fiat", "not on the trusted list", "rules=(*stlbounds.proof.trusted", "Fiat) to")
    # The reader may trust it, but has to say so.
    assert Proof(Fiat.apply()).verify(rules=[*trusted_rules(), Fiat]).steps == 1


@pytest.mark.parametrize("trusted", CORE_RULES, ids=lambda rule: rule.__name__)
def test_a_subclass_of_a_trusted_rule_with_its_name(trusted):
    lie = type(trusted.__name__, (trusted,), {
        "conclude": classmethod(lambda cls, premises, **params: Says(MeanGap(i), sp.S.Zero)),
        "__module__": trusted.__module__, "__qualname__": trusted.__qualname__})
    is_refused(Proof(lie.apply()), "not on the trusted list")
    # Nor is a subclass that changes nothing.
    silent = type(trusted.__name__, (trusted,), {"__module__": trusted.__module__})
    is_refused(Proof(Claim(Says(MeanGap(i), sp.S.Zero), silent)), "not on the trusted list")


def test_a_rule_whose_equality_lies():
    class Meta(type(Rule)):
        def __eq__(cls, other: object) -> bool:
            return True

        def __hash__(cls) -> int:
            return hash(basic.Definition)

    class Chameleon(Fiat, metaclass=Meta):
        pass

    is_refused(Proof(Chameleon.apply()), "not on the trusted list")


def test_fewer_rules_may_be_trusted():
    without = [rule for rule in trusted_rules() if rule is not gap.KantorovichRubinstein]
    with pytest.raises(ProofError, match="KantorovichRubinstein"):
        fresh_proof().verify(rules=without)


# --- wrong mathematics -----------------------------------------------------------------------------------------


def test_a_wrong_closed_form_is_refused_when_made_and_when_forged():
    proof = fresh_proof()
    solved = step_by(proof, algebra.Recurrence)
    for closed in (solved.rhs / 2, solved.rhs.subs(J, J + 1) - 1, sp.S.Zero, (1 - rho**J) / (1 - rho)):
        with pytest.raises(AssumptionError):
            algebra.Recurrence.apply(*solved.premises, index=J, closed=closed)
    wrong = geo(rho, J) + rho**2
    forge(solved, says=replace(solved.says, rhs=wrong), params=MappingProxyType({"index": J, "closed": wrong}))
    is_refused(proof, "solving the recurrence", "cannot be replayed")


def test_a_scalar_check_that_fails_names_the_step_and_the_values():
    class Careless(Rule):
        """Claims a scalar fact that is false, or undefined at an end point."""

        title = "a careless step"

        @classmethod
        def conclude(cls, premises, *, fact):
            return Says(MeanGap(i), kappa, "<=", frozenset(), (fact,))

        @classmethod
        def explain(cls, tex, **params):
            return "Clearly."

    removable = Check((1 - (1 - alpha) ** i) / alpha, geo(1 - alpha, i), "=")
    for fact in (Check(kappa, alpha), removable, Check(rho, 2 * alpha)):
        with pytest.raises(ProofError) as caught:
            Proof(Careless.apply(fact=fact)).verify(rules=[Careless])
        assert "step 1 (a careless step)" in str(caught.value)
        assert "left side" in str(caught.value)


def test_a_failing_side_condition_in_a_forged_claim():
    anything = Claim(Says(Gap(i), sp.S.Zero), basic.Assumption, (), MappingProxyType(
        {"quantity": Gap(i), "bound": sp.S.Zero, "metric": stl.DISCRETE}))
    is_refused(Proof(anything), "assumption", "not for a reader to grant")


# --- the shape of the proof ------------------------------------------------------------------------------------


def test_a_circular_proof():
    proof = fresh_proof()
    claim = step_by(proof, algebra.Substitute)
    forge(claim, premises=(claim.premises[0], proof.root))
    for method in (proof.verify, proof.steps, proof.leaves):
        with pytest.raises(ProofError, match="circular"):
            method()


def test_a_claim_that_is_its_own_premise():
    claim = algebra.Rewrite.apply(drift.Triangle.apply(), rhs=drift.Triangle.apply().rhs)
    forge(claim, premises=(claim,))
    is_refused(Proof(claim), "circular")


def test_a_name_that_is_defined_twice():
    first = basic.Definition.apply(symbol=rho, value=kappa)
    second = basic.Definition.apply(symbol=rho, value=2 * kappa)
    start = influence.InfluenceAtBirth.apply(protocol=LOOP, point="replayed")
    grown = algebra.Rewrite.apply(start, first, rhs=1 + rho - kappa)
    claim = algebra.Rewrite.apply(grown, second, rhs=1 + kappa)
    assert claim.rhs == 1 + kappa  # false, although each step is right by its own definition
    is_refused(Proof(claim), "defines rho")
    again = algebra.Rewrite.apply(grown, basic.Definition.apply(symbol=rho, value=kappa), rhs=sp.S.One)
    assert Proof(again).verify().steps == 5


def test_a_definition_of_a_parameter():
    with pytest.raises(AssumptionError, match="parameter of the setting"):
        basic.Definition.apply(symbol=alpha, value=sp.S.Zero)
    forged = Claim(Says(alpha, sp.S.Zero, "="), basic.Definition, (), {"symbol": alpha, "value": sp.S.Zero})
    is_refused(Proof(forged), "parameter of the setting")


def test_a_circle_of_definitions():
    one = basic.Definition.apply(symbol=rho, value=Phi)
    other = basic.Definition.apply(symbol=Phi, value=2 * rho)
    start = influence.InfluenceAtBirth.apply(protocol=LOOP, point="replayed")
    with pytest.raises(AssumptionError, match="circular"):
        algebra.Rewrite.apply(start, one, other, rhs=1 + rho - Phi)


@pytest.mark.parametrize(("quantity", "metric"), [
    (LossConstant(), stl.DISCRETE), (Distance(Dmix(J), D(J + 1)), stl.EUCLIDEAN)])
def test_a_mixture_of_metrics(quantity, metric):
    """A discrete Lipschitz constant with a Euclidean generator, a Euclidean distance with a discrete one."""
    home = stl.EUCLIDEAN if metric is stl.DISCRETE else stl.DISCRETE
    sensitive = basic.Assumption.apply(quantity=Sensitivity(N), bound=kappa, metric=home)
    other = basic.Assumption.apply(quantity=quantity, bound=kappa, metric=metric)
    both = Claim(Says(MeanGap(i), kappa), Fiat, (sensitive, other))
    forge(both, says=Fiat.conclude(()))
    with pytest.raises(ProofError, match=f"known in the {metric.value} metric only"):
        Proof(both).verify(rules=[*trusted_rules(), Fiat])
    forge(other, params=MappingProxyType({**other.params, "metric": home}))
    assert Proof(both).verify(rules=[*trusted_rules(), Fiat]).steps == 3


def test_claims_are_frozen():
    claim = influence.InfluenceAtBirth.apply(protocol=LOOP, point="replayed")
    for name, value in (("says", None), ("rule", Fiat), ("premises", ()), ("params", {})):
        with pytest.raises(AttributeError):
            setattr(claim, name, value)
    with pytest.raises(TypeError):
        claim.params["point"] = "initial"
    with pytest.raises(AttributeError):
        claim.says.rhs = sp.S.Zero
    assert (claim.lhs, claim.rhs) == (Influence(Str("replayed"), 0, 0), 1)


# --- one loop -------------------------------------------------------------------------------------------------


def test_a_chimera_of_two_loops():
    """The drift of a loop with real data only, and the training sets of another one."""
    real = algebra.Instantiate.apply(drift.Convexity.apply(protocol=stl.loops.FixedMix(1)), index=((J, i),))
    moved = algebra.Substitute.apply(gap.KantorovichRubinstein.apply(), real)
    split = algebra.Substitute.apply(gap.MeanSplit.apply(), moved)
    assert Proof(split).verify().steps == 6
    for loop, fine in ((stl.loops.FixedMix(1), True), (stl.loops.Replace(), False)):
        both = algebra.Substitute.apply(split, gap.ExchangeableCopies.apply(protocol=loop))
        if fine:
            assert Proof(both).verify().steps == 8
        else:
            is_refused(Proof(both), "speaks of another loop than step")


class Farsighted(stl.loops.Schedule):
    """A schedule that knows the last generation, so that "for every generation" is about many loops."""

    @property
    def arguments(self):
        return {}


def test_a_loop_that_depends_on_an_index():
    distant = 1 / (1 + i * (j - 1) ** 2)
    setting = stl.Setting(Farsighted(distant), stl.generators.Categorical(3), stl.learners.BrierFit())
    is_refused(stl.high_probability(setting).proof, "depends on i")
    for shown in (distant, 1 / (1 + n * (j - 1) ** 2)):
        with pytest.raises(SymbolError, match="fills in"):
            stl.Setting(stl.loops.Schedule(shown), stl.generators.Categorical(3))
    with pytest.raises(SymbolError, match="fills in"):
        stl.Setting(stl.loops.SourceWeights(1 + i * (j - 1) ** 2), stl.generators.Categorical(3))


class BoldlyPrivate(stl.generators.PrivateGenerator):
    """One that forgets to refuse weights."""

    def learning_error_claim(self, protocol):
        return stl.generators.Generator.learning_error_claim(self, protocol)


class BoldBrier(stl.learners.BrierFit):
    """One that states its constant for equal weights whatever the loop is."""

    def stability_claim(self, weighted=False):
        return super().stability_claim()


@pytest.mark.parametrize(("generator", "learner", "rule"), [
    (BoldlyPrivate(c / N, c), stl.learners.BrierFit(), "sensitivity from privacy"),
    (stl.generators.Categorical(3), BoldBrier(), "stability of the Brier fit")])
def test_constants_for_equal_weights_in_a_weighted_loop(generator, learner, rule):
    """A light point may change a private generator as much as any, and the Brier fit by more than its share."""
    for loop in (stl.loops.WeightedMix(w), stl.loops.Replace()):
        proof = stl.high_probability(stl.Setting(loop, generator, learner)).proof
        if loop.weighted:
            is_refused(proof, rule, "equal weight only")
        else:
            assert proof.verify().steps > 10
    honest = stl.Setting(stl.loops.WeightedMix(w), stl.generators.Categorical(3), stl.learners.BrierFit())
    assert stl.high_probability(honest).proof.verify().steps > 10
