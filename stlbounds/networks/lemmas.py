"""The derivation of a network's bound for one judged model, from rule applications."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import sympy as sp

from stlbounds.errors import AssumptionError
from stlbounds.loops.base import substitute
from stlbounds.loops.fixed_mix import FixedMix
from stlbounds.networks.network import Network
from stlbounds.proof.claim import Claim
from stlbounds.proof.protocol import PointClass
from stlbounds.proof.quantities import Str
from stlbounds.proof.rules import algebra, basic, gap, networks
from stlbounds.proof.wiring import ModelView
from stlbounds.symbols import G, J, N, Phi, delta, i
from stlbounds.theorems.gap import twice_stability

__all__ = ["NetworkLemmas"]


class NetworkLemmas:
    """The lemmas of theory §10 for one judged model of a network; each claim is made once."""

    def __init__(self, network: Network, model: int) -> None:
        self.network, self.model = network, model
        self.wiring = network.wiring
        self.view = ModelView(network.wiring, model)
        self.size = network.sizes[model]

    @cached_property
    def sensitivities(self) -> tuple[Claim, ...]:
        """The sensitivity of every model, which the reader must grant; where a generator derives it, its page does."""
        granted = (basic.Assumption.apply(quantity=networks.NetworkSensitivity(Str(name), N),
                                          bound=model.generator.sensitivity, metric=model.generator.metric)
                   for name, model in zip(self.wiring.names, self.network.models, strict=True))
        return tuple(algebra.Instantiate.apply(claim, index=((N, size),))
                     for claim, size in zip(granted, self.wiring.sizes, strict=True))

    @cached_property
    def stability(self) -> Claim:
        """``Stability(n_a) <= beta`` of the judged learner."""
        learner = self.network.learners[self.model]
        return algebra.Instantiate.apply(learner.stability_claim(), index=((N, self.size),))

    @cached_property
    def loss(self) -> Claim:
        """``M`` of the judged learner."""
        return self.network.learners[self.model].loss_claim()

    # --- influence -----------------------------------------------------------------------------------
    def influence(self, owner: int, point: PointClass) -> Claim:
        """The influence of a class of points on the judged model, ``J`` generations after the draw."""
        count = range(len(self.wiring.names))
        steps, bases = [], []
        for model in count:
            step = networks.NetworkCouplingDraw.apply(wiring=self.wiring, owner=owner, point=point, model=model)
            for source in count:
                shift = networks.NetworkCouplingStep.apply(wiring=self.wiring, point=point, model=source)
                step = substitute(step, substitute(shift, self.sensitivities[source]))
            steps.append(step)
            bases.append(networks.NetworkInfluenceAtBirth.apply(
                wiring=self.wiring, owner=owner, point=point, model=model))
        return networks.MatrixRecurrence.apply(*steps, *bases, component=self.model)

    @cached_property
    def influences(self) -> tuple[tuple[PointClass, Claim], ...]:
        """`influence` for every class of points of every model."""
        return tuple((point, self.influence(owner, point)) for owner, point in self.wiring.all_classes())

    def _at_horizon(self, claim: Claim, point: PointClass, known: Claim) -> Claim:
        if not point.recurring:
            return substitute(claim, known, ((J, i - point.first),))
        return substitute(claim, known, ((J, i - G),) if point.first == 0 else ((G, G - point.first), (J, i - G)))

    @cached_property
    def squares(self) -> Claim:
        """``sum of x_X**2`` over all points of all models."""
        claim = networks.NetworkSquares.apply(view=self.view)
        for point, known in self.influences:
            claim = self._at_horizon(claim, point, known)
        if len(self.wiring.names) > 1:
            return claim
        single = FixedMix(self.wiring.real[0], "replay" if self.wiring.replay else "fresh")
        closed = self.size * single.amplification_squared(self.network.gain_matrix[0, 0])
        if claim.rhs.has(sp.Sum):
            claim = algebra.GeometricSeries.apply(claim)
        return algebra.Rewrite.apply(claim, rhs=closed)

    @cached_property
    def final(self) -> Claim:
        """``1 + h_bar`` of the judged model."""
        claim = networks.NetworkFinalInfluence.apply(view=self.view)
        for point, known in self.influences:
            if point.kept and point.name.startswith(f"{self.wiring.names[self.model]},"):
                claim = self._at_horizon(claim, point, known)
        return claim

    # --- drift ---------------------------------------------------------------------------------------
    def _generated(self, component: int) -> Claim:
        """``E W(D_0, D^a_j) <= (sum over m < j of P**m e)_a``."""
        steps, bases = [], []
        for model, part in enumerate(self.network.models):
            error = part.generator.learning_error
            if error is None:
                raise AssumptionError(f"the generator {part.generator.name} of model {self.wiring.names[model]} states "
                                      f"no learning error; pass learning_error=...")
            granted = basic.Assumption.apply(
                quantity=networks.NetworkLearningError(Str(self.wiring.names[model]), J),
                bound=error.subs(N, self.wiring.sizes[model]), metric=part.generator.metric)
            step = substitute(networks.NetworkTriangle.apply(wiring=self.wiring, model=model),
                              networks.NetworkConvexity.apply(wiring=self.wiring, model=model))
            steps.append(substitute(step, granted))
            bases.append(networks.NetworkStart.apply(wiring=self.wiring, model=model))
        return networks.MatrixRecurrence.apply(*steps, *bases, component=component)

    @cached_property
    def drift(self) -> Claim:
        """``E s_i`` of the judged model."""
        claim = networks.NetworkConvexity.apply(wiring=self.wiring, model=self.model, judged=True)
        for source in range(len(self.wiring.names)):
            if self.wiring.flows[self.model, source] != 0:
                claim = substitute(claim, self._generated(source), ((J, i),))
        return claim

    # --- the gap -------------------------------------------------------------------------------------
    @cached_property
    def mean(self) -> tuple[Claim, dict[str, sp.Expr]]:
        """``|E g| <= M E[s_i] + beta (1 + h_bar)``."""
        drift = substitute(substitute(gap.KantorovichRubinstein.apply(), self.loss), self.drift)
        bias = substitute(gap.ExchangeableCopies.apply(protocol=self.view), self.stability)
        bias = substitute(bias, self.final)
        return substitute(substitute(gap.MeanSplit.apply(), drift), bias), {"drift": drift.rhs, "bias": bias.rhs}

    @cached_property
    def amplification(self) -> Claim:
        """``Phi = sqrt((1/n_a) sum of x_X**2)``."""
        parts = (part.func(part.function / self.size, *part.limits) if isinstance(part, sp.Sum) else part / self.size
                 for part in sp.Add.make_args(self.squares.rhs))
        square = sp.Add(*parts)
        return basic.Definition.apply(symbol=Phi, value=sp.sqrt(square))

    def high_probability(self, chance: sp.Expr = delta) -> tuple[Claim, dict[str, sp.Expr]]:
        """``|g| <= drift + bias + Phi (2 beta n_a + M) sqrt(log(2/chance)/(2 n_a))``."""
        mean, terms = self.mean
        claim = gap.AzumaMcDiarmid.apply(delta=chance, event=f"concentration of model {self.wiring.names[self.model]}")
        ranges = gap.BoundedDifferences.apply(protocol=self.view)
        for part in (self.stability, self.loss, self.squares):
            ranges = substitute(ranges, part)
        claim = substitute(claim, ranges)
        constant = twice_stability(self.size, self.stability.rhs) + self.loss.rhs
        spread = Phi * constant * sp.sqrt(sp.log(2 / chance) / 2) / sp.sqrt(self.size)
        claim = algebra.Rewrite.apply(claim, self.amplification, rhs=spread)
        whole = substitute(substitute(gap.GapSplit.apply(), mean), claim)
        return whole, {**terms, "concentration": claim.rhs}

    def theorem(self, name: str, chance: sp.Expr) -> tuple[Claim, dict[str, sp.Expr]]:
        """A theorem by name."""
        known: dict[str, Callable[[], tuple[Claim, dict[str, sp.Expr]]]] = {
            "expectation": lambda: self.mean, "high-probability": lambda: self.high_probability(chance)}
        return known[name]()
