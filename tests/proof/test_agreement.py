"""Steps that are right one by one and speak of different things: events of one name, two networks, two models."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import AssumptionError, ProofError
from stlbounds.generators import contractive, location, prior
from stlbounds.learners.mean import MeanStability
from stlbounds.loops.base import substitute
from stlbounds.networks import Model, Network
from stlbounds.networks.lemmas import NetworkLemmas
from stlbounds.proof.agreement import check_events, check_generations, check_models
from stlbounds.proof.claim import Claim
from stlbounds.proof.dag import Proof
from stlbounds.proof.protocol import Share
from stlbounds.proof.rules import drift, excess, gap, smallest
from stlbounds.proof.rules import weak_stability as weak
from stlbounds.proof.wiring import Wiring
from stlbounds.symbols import J, alpha, delta, i, j, lam, n, w
from stlbounds.theorems.gap import derive_high_probability
from stlbounds.theorems.steps import Lemmas

HALF = sp.Rational(1, 2)


def is_refused(claim: Claim, words: str) -> None:
    with pytest.raises(ProofError, match=words):
        Proof(claim).verify()


# --- events ---------------------------------------------------------------------------------------------------


def _two_events(drift: str, sample: str) -> Claim:
    """A bound that rests on two events of probability delta each."""
    wide = substitute(weak.RiskOnMixture.apply(), weak.DriftConcentration.apply(delta=delta, event=drift))
    return substitute(wide, weak.MarkovOfNorm.apply(p=sp.Integer(2), delta=delta, event=sample))


def test_two_events_of_one_name_are_not_counted_once():
    """Both fail with probability delta, together with up to 2 delta; under one name the account said delta."""
    honest, forged = _two_events("drift", "sample"), _two_events("x", "x")
    assert honest.says.failure_probability == 2 * delta
    Proof(honest).verify()
    assert forged.says.failure_probability == delta
    is_refused(forged, "calls an event 'x', which step")


def test_one_event_may_be_used_twice():
    """The same inequality, derived twice, fails once."""
    first, second = (gap.AzumaMcDiarmid.apply(delta=delta, event="concentration") for _ in range(2))
    check_events((first, second))
    other = excess.AzumaAbove.apply(delta=delta, event="concentration")
    assert other.says.events == first.says.events
    with pytest.raises(ProofError, match="which step 1 calls another one"):
        check_events((first, other))


class Agreeable(str):
    """A name that is equal to no other."""

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


def test_names_of_events_are_text():
    is_refused(gap.AzumaMcDiarmid.apply(delta=delta, event=Agreeable("x")), "needs a name|but the rule gives")
    is_refused(gap.AzumaMcDiarmid.apply(delta=delta, event=7), "needs a name")


def test_the_smallest_bound_may_not_take_the_name_of_another_event():
    """It fails where the chosen bound does, which need not be where the first one fails."""
    setting = stl.Setting(stl.loops.Replace(), stl.generators.Categorical(3), stl.learners.BrierFit())
    claims = [derive_high_probability(setting).claim] * 2
    with pytest.raises(AssumptionError, match="called 'concentration' already"):
        smallest.Smallest.apply(*claims, event="concentration")
    Proof(smallest.Smallest.apply(*claims, event="smallest")).verify()


# --- networks -------------------------------------------------------------------------------------------------


def _networks() -> tuple[NetworkLemmas, NetworkLemmas]:
    """Two models that feed each other without real data, at gain 3; and two with real data only."""
    generator = stl.generators.Generator("own", stl.DISCRETE, sensitivity=3, learning_error=HALF / 10)
    model = Model(generator, stl.learners.BrierFit())
    return tuple(NetworkLemmas(Network([model] * 2, flows), 0)  # type: ignore[return-value]
                 for flows in ([[0, 1], [1, 0]], [[0, 0], [0, 0]]))


@pytest.mark.parametrize("part", ["influences", "drift"])
def test_a_chimera_of_two_networks(part):
    """The drift, or the influences, of a network that sees real data only: 0 and 1, where the truth grows without
    bound."""
    wild, tame = _networks()
    Proof(wild.high_probability()[0]).verify()
    chimera, _ = _networks()
    chimera.__dict__[part] = getattr(tame, part)
    is_refused(chimera.high_probability()[0], "another network")


@dataclass(frozen=True)
class Boasting(Wiring):
    """A wiring that is equal to every other one."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = Wiring.__hash__


def test_a_wiring_that_agrees_with_everything():
    wild, _ = _networks()
    wild.wiring = Boasting(**{field.name: getattr(wild.wiring, field.name) for field in fields(Wiring)})
    is_refused(wild.drift, "another network")


# --- models ---------------------------------------------------------------------------------------------------


class Chimera(stl.generators.Categorical):
    """The drift of an empirical law, and the sensitivity of a prior that no data move."""

    def __init__(self) -> None:
        super().__init__(5)
        object.__setattr__(self, "sensitivity", sp.S.Zero)

    def sensitivity_claim(self):
        return prior.SmoothedSensitivity.apply(weight=sp.S.One)


def test_a_chimera_of_two_generators():
    """Without a premise to grant, it said that nothing is amplified (Phi = 1), whatever the loop."""
    setting = stl.Setting(stl.loops.FixedMix(alpha), Chimera(), stl.learners.BrierFit(), drift="lemma")
    is_refused(derive_high_probability(setting).claim, "describes another generator")


@pytest.mark.parametrize("weights", [(HALF, HALF), (HALF, sp.S.One)])
def test_a_generator_with_two_weights(weights):
    class Two(stl.generators.CategoricalWithPrior):
        def sensitivity_claim(self):
            return prior.SmoothedSensitivity.apply(weight=weights[1])

    setting = stl.Setting(stl.loops.FixedMix(alpha), Two(5, weights[0], 0), stl.learners.BrierFit(), drift="lemma")
    claim = Lemmas(setting).sensitivity
    error = setting.generator.learning_error_claim(setting.loop)
    if weights[0] == weights[1]:
        check_models((claim, *Proof(error).steps()))
        return
    with pytest.raises(ProofError, match="weight is 1/2, not 1"):
        check_models((claim, *Proof(error).steps()))


def test_a_fitted_mean_that_forgets_has_not_the_drift_of_one_that_does_not():
    loop = stl.loops.Replace()
    model = stl.generators.LocationModel(HALF)
    spread = model.variance_claim().premises[0]
    moved = location.LocationDrift.apply(spread, protocol=loop)
    check_models((location.FittedMeanSensitivity.apply(weight=sp.S.One), moved))
    with pytest.raises(ProofError, match="weight"):
        check_models((location.FittedMeanSensitivity.apply(weight=sp.S.Zero), moved))
    step = contractive.ContractiveStep.apply(protocol=loop, weight=HALF, size=loop.size(sp.S.Zero))
    with pytest.raises(ProofError, match="weight"):
        check_models((step, location.FittedMeanSensitivity.apply(weight=sp.S.Zero)))


def test_a_chimera_of_two_learners():
    class Judged(stl.learners.BrierFit):
        """The stability of the mean, and the loss of the Brier fit."""

        def stability_claim(self, weighted=False):
            return MeanStability.apply()

    setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(5), Judged())
    with pytest.raises((ProofError, AssumptionError)):
        Proof(derive_high_probability(setting).claim).verify()


def test_models_in_both_roles_may_differ():
    transformer = stl.generators.Transformer(layers=2, omega=1, learning_error=HALF)
    setting = stl.Setting(stl.loops.Replace(), transformer, stl.learners.TransformerLearner(layers=3))
    Proof(derive_high_probability(setting).claim).verify()


# --- loops ----------------------------------------------------------------------------------------------------


class TwoFaced(stl.loops.FixedMix):
    """Real data only in the generation that convexity asks for, and the mix in every other one."""

    def mixture(self, generation):
        return (Share(sp.S.Zero, sp.S.One),) if generation in (J, i) else super().mixture(generation)


class TwoSizes(stl.loops.FixedMix):
    """Ten times as many points where the gap is judged."""

    def size(self, generation):
        return 10 * n if generation == i else n


def test_a_loop_that_says_different_things_of_one_generation():
    """Its drift was 0, whatever the proportion of real data."""
    claim = drift.Convexity.apply(protocol=TwoFaced(alpha))
    assert claim.rhs == 0
    is_refused(claim, "is not one formula")
    is_refused(gap.BoundedDifferences.apply(protocol=TwoSizes(0)), "is not one formula")


@pytest.mark.parametrize("loop", [
    stl.loops.FixedMix(alpha), stl.loops.Augment(lam), stl.loops.Accumulate(), stl.loops.Subsample(),
    stl.loops.WeightedMix(w), stl.loops.Schedule((0.5, 0.25, 0.4), real="replay"), stl.loops.Schedule(1 / j),
    stl.loops.SourceWeights(j + 1)], ids=lambda loop: loop.name)
def test_loops_of_the_library_are_one_formula(loop):
    check_generations(loop)


def test_the_best_bound_holds_two_concentrations_apart():
    """That of Azuma's and that of Freedman's inequality fail in events of their own."""
    setting = stl.Setting(stl.loops.Replace(), stl.generators.LocationModel(), stl.learners.MeanFit())
    bound = stl.best(setting)
    names = {name for claim in bound.proof.steps() for name, _ in claim.says.events}
    assert {"concentration", "Bernstein concentration", "drift", "sample", "smallest"} <= names
    bound.proof.verify()
