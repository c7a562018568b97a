"""The proof: a directed acyclic graph of claims, and its verification, which trusts no object.

`Proof.verify` walks the graph from the leaves, accepts only rules from an explicit list, replays every rule from
the statements of its premises and compares, and tests every scalar check by numbers. What is left to grant are the
leaves of kind "assumption" and the cited classical results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from stlbounds.errors import ProofError, StlboundsError
from stlbounds.proof.checks import failing_point
from stlbounds.proof.claim import Claim, Rule, Says
from stlbounds.proof.metric import Metric
from stlbounds.proof.quantities import Distance, Sensitivity
from stlbounds.proof.trusted import trusted_rules

__all__ = ["Proof", "Verification"]


@dataclass(frozen=True)
class Verification:
    """What a successful verification did."""

    steps: int
    leaves: int
    checks: int

    def __str__(self) -> str:
        return f"verified: {self.steps} steps, {self.leaves} leaves, {self.checks} scalar checks"


@dataclass(frozen=True, eq=False)
class Proof:
    """A claim with everything that it rests on.

    Parameters
    ----------
    root : Claim
        What is proved.
    """

    root: Claim

    def steps(self) -> tuple[Claim, ...]:
        """All claims, premises before conclusions, each once.

        Raises
        ------
        ProofError
            If the claims are circular.
        """
        order: list[Claim] = []
        state: dict[int, str] = {}
        stack: list[tuple[Claim, bool]] = [(self.root, False)]
        while stack:
            claim, finished = stack.pop()
            if finished:
                state[id(claim)] = "done"
                order.append(claim)
                continue
            if state.get(id(claim)) == "done":
                continue
            if state.get(id(claim)) == "open":
                raise ProofError(f"the proof is circular: {claim} is among its own premises")
            state[id(claim)] = "open"
            stack.append((claim, True))
            stack.extend((premise, False) for premise in reversed(claim.premises)
                         if state.get(id(premise)) != "done")
        return tuple(order)

    def leaves(self) -> tuple[Claim, ...]:
        """What the reader must grant: assumptions and cited results, in order of use."""
        return tuple(claim for claim in self.steps() if claim.rule.kind in ("assumption", "cited"))

    def assumptions(self) -> tuple[Claim, ...]:
        """The leaves that are assumptions about the generator, the learner and the loss."""
        return tuple(claim for claim in self.steps() if claim.rule.kind == "assumption")

    def definitions(self) -> dict[sp.Symbol, sp.Expr]:
        """The named parts that the proof defines, in order."""
        return {claim.lhs: claim.rhs for claim in self.steps() if claim.rule.kind == "definition"}

    def verify(self, rules: Sequence[type[Rule]] | None = None) -> Verification:
        """Replay every rule and test every scalar check.

        Parameters
        ----------
        rules : sequence of Rule classes, optional
            The rules to accept; by default those of `stlbounds.proof.trusted`.

        Returns
        -------
        Verification
            How much was checked.

        Raises
        ------
        ProofError
            Naming the step, and the values where a scalar check fails.
        """
        accepted = tuple(rules) if rules is not None else trusted_rules()
        steps = self.steps()
        checks = 0
        for number, claim in enumerate(steps, start=1):
            _replay(number, claim, accepted)
            for check in claim.says.checks:
                checks += 1
                point = failing_point(check)
                if point is not None:
                    raise ProofError(
                        f"step {number} ({claim.rule.title}): {check.lhs} {check.relation} {check.rhs} "
                        f"fails at {point}")
        _check_definitions(steps)
        _check_metrics(steps)
        return Verification(len(steps), len(self.leaves()), checks)


def _replay(number: int, claim: Claim, accepted: tuple[type[Rule], ...]) -> None:
    """Compare a recorded conclusion with what its rule concludes from its premises."""
    if type(claim) is not Claim or type(claim.says) is not Says:
        raise ProofError(f"step {number} is not a claim but {type(claim).__name__}")
    # Identity, not equality or a name: a class that only looks like a trusted rule is not one.
    if not any(claim.rule is rule for rule in accepted):
        raise ProofError(f"step {number} uses the rule {claim.rule.__name__}, which is not on the trusted list")
    premises = tuple(premise.says for premise in claim.premises)
    try:
        concluded = claim.rule.conclude(premises, **dict(claim.params))
    except (StlboundsError, ValueError, TypeError, KeyError) as error:
        raise ProofError(f"step {number} ({claim.rule.title}) cannot be replayed: {error}") from error
    if concluded != claim.says:
        raise ProofError(f"step {number} ({claim.rule.title}) claims {claim.says}, but the rule gives {concluded}")


def _check_definitions(steps: tuple[Claim, ...]) -> None:
    """Every named part must be defined once."""
    seen: dict[sp.Symbol, sp.Expr] = {}
    for number, claim in enumerate(steps, start=1):
        if claim.rule.kind != "definition":
            continue
        if claim.lhs in seen and seen[claim.lhs] != claim.rhs:
            raise ProofError(f"step {number} defines {claim.lhs} as {claim.rhs}, but it is {seen[claim.lhs]} already")
        seen[claim.lhs] = claim.rhs


def _check_metrics(steps: tuple[Claim, ...]) -> None:
    """Every assumption must hold in the metric of the generator (theory §2)."""
    granted = [(number, claim, claim.params["metric"]) for number, claim in enumerate(steps, start=1)
               if claim.rule.kind == "assumption"]
    working = {metric for _, claim, metric in granted if isinstance(claim.lhs, Sensitivity)} or {Metric.DISCRETE}
    for number, claim, metric in granted:
        if isinstance(claim.lhs, Sensitivity):
            continue
        # A distance that is small in the discrete metric is small in the Euclidean one; for Lipschitz constants
        # it is the other way round.
        fits = all(needed.covers(metric) if isinstance(claim.lhs, Distance) else metric.covers(needed)
                   for needed in working)
        if not fits:
            names = ", ".join(sorted(needed.value for needed in working))
            raise ProofError(f"step {number}: {claim.says} is granted in the {metric.value} metric only, "
                             f"but the generator lives in the {names} metric")
