"""The proof: a directed acyclic graph of claims, and its verification, which trusts no object.

`Proof.verify` walks the graph from the leaves, accepts only rules from an explicit list, replays every rule from
the statements of its premises and compares, and tests every scalar check by numbers. What is left to grant are the
leaves of kind "assumption" and the cited classical results.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from stlbounds.errors import AssumptionError, ProofError
from stlbounds.proof.agreement import check_events, check_generations, check_models, check_wirings
from stlbounds.proof.checks import failing_point
from stlbounds.proof.claim import RESERVED, Claim, Rule, Says
from stlbounds.proof.metric import Metric
from stlbounds.proof.protocol import Protocol
from stlbounds.proof.quantities import Distance, Sensitivity
from stlbounds.proof.rules.bernstein import PointVariance
from stlbounds.proof.rules.networks import NetworkLearningError
from stlbounds.proof.trusted import trusted_rules
from stlbounds.shown import Shown
from stlbounds.symbols import G

__all__ = ["Proof", "Verification"]

# Any generation, as a symbol that no protocol can know.
_ANY = sp.Dummy("j", integer=True, nonnegative=True)


@dataclass(frozen=True)
class Verification(Shown):
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

    References
    ----------
    The design note, "The trusted core"; the rules are listed in `stlbounds.proof.trusted`.

    Examples
    --------
    >>> import stlbounds as stl
    >>> setting = stl.Setting(stl.loops.Replace(), stl.generators.Categorical(5), stl.learners.BrierFit())
    >>> proof = stl.in_expectation(setting).proof
    >>> proof.steps()[-1] is proof.root
    True
    >>> [str(leaf.rule.kind) for leaf in proof.leaves()], proof.assumptions(), proof.definitions()
    (['cited'], (), {rho: 1})
    >>> proof.verify().leaves
    1
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
            if type(claim) is not Claim:
                raise ProofError(f"{type(claim).__name__} is not a claim")
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

    def __str__(self) -> str:
        return "\n".join(f"{number:3}  {claim}" for number, claim in enumerate(self.steps(), start=1))

    # How notebooks show it; the renderer imports this room, so that it is imported when it is asked for.
    def _repr_html_(self) -> str:
        from stlbounds.render.notebook import proof_html

        return proof_html(self)

    def _repr_latex_(self) -> str:
        from stlbounds.render.notebook import claim_latex

        return claim_latex(self.root)

    def _repr_markdown_(self) -> str:
        from stlbounds.render.notebook import proof_markdown

        return proof_markdown(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from stlbounds.render.notebook import bundle

        return bundle(self, html=self._repr_html_(), latex=self._repr_latex_(), markdown=self._repr_markdown_())

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
            for check in _replay(number, claim, accepted).checks:
                checks += 1
                point = failing_point(check)
                if point is not None:
                    raise ProofError(
                        f"step {number} ({claim.rule.title}): {check.lhs} {check.relation} {check.rhs} "
                        f"fails at {point}")
        _check_definitions(steps)
        _check_metrics(steps)
        _check_protocol(steps)
        check_events(steps)
        check_wirings(steps)
        check_models(steps)
        return Verification(len(steps), len(self.leaves()), checks)


def _foreign(says: Says) -> str | None:
    """The name of a type in the statement that is neither SymPy's nor ours: its equality might lie."""
    for side in (says.lhs, says.rhs, *(probability for _, probability in says.events)):
        for node in sp.preorder_traversal(side):
            kind = type(node)
            home = sys.modules.get(kind.__module__)
            known = kind.__module__.partition(".")[0] in ("sympy", "stlbounds")
            if not known or getattr(home, kind.__qualname__, None) is not kind:
                return f"{kind.__module__}.{kind.__qualname__}"
    return None


def _replay(number: int, claim: Claim, accepted: tuple[type[Rule], ...]) -> Says:
    """Compare a recorded conclusion with what its rule concludes from its premises; the latter is handed back."""
    if type(claim.says) is not Says:
        raise ProofError(f"step {number} says nothing: {type(claim.says).__name__} is no statement")
    # Identity, not equality or a name: a class that only looks like a trusted rule is not one.
    if not any(claim.rule is rule for rule in accepted):
        raise ProofError(f"step {number} uses the rule {claim.rule.__name__}, which is not on the trusted list; "
                         "whoever trusts it passes rules=(*stlbounds.proof.trusted.trusted_rules(), "
                         f"{claim.rule.__name__}) to verify")
    premises = tuple(premise.says for premise in claim.premises)
    try:
        concluded = claim.rule.conclude(premises, **dict(claim.params))
    except Exception as error:  # whatever forged premises or parameters provoke
        raise ProofError(f"step {number} ({claim.rule.title}) cannot be replayed: {error}") from error
    if concluded != claim.says:
        raise ProofError(f"step {number} ({claim.rule.title}) claims {claim.says}, but the rule gives {concluded}")
    foreign = _foreign(claim.says)
    if foreign is not None:
        raise ProofError(f"step {number} ({claim.rule.title}) speaks of {foreign}, which the proof core does not know")
    return concluded


def _check_definitions(steps: tuple[Claim, ...]) -> None:
    """Every named part must be defined once."""
    seen: dict[sp.Symbol, sp.Expr] = {}
    for number, claim in enumerate(steps, start=1):
        if claim.rule.kind != "definition":
            continue
        if claim.lhs in seen and seen[claim.lhs] != claim.rhs:
            raise ProofError(f"step {number} defines {claim.lhs} as {claim.rhs}, but it is {seen[claim.lhs]} already")
        seen[claim.lhs] = claim.rhs


def _fits(quantity: sp.Expr, metric: Metric, working: Metric) -> bool:
    """Whether a bound on a quantity that is known in one metric holds in the working metric (theory §2)."""
    # A sensitivity has distances on both sides, and a difference of distances is no distance.
    if isinstance(quantity, (Sensitivity, NetworkLearningError)):
        return metric is working
    # A distance that is small in the discrete metric is small in the Euclidean one; for Lipschitz constants
    # it is the other way round.
    shrinks = isinstance(quantity, (Distance, PointVariance))
    return working.covers(metric) if shrinks else metric.covers(working)


def _check_metrics(steps: tuple[Claim, ...]) -> None:
    """There must be one metric in which every constant of a model holds: that of the generator."""
    stated = ((number, claim, claim.params.get("metric", claim.rule.metric)) for number, claim in enumerate(steps, 1))
    granted = [(number, claim, metric) for number, claim, metric in stated if metric is not None]
    misfits = {working: [item for item in granted if not _fits(item[1].lhs, item[2], working)] for working in Metric}
    if not all(misfits.values()):
        return
    generators = (metric for _, claim, metric in granted if isinstance(claim.lhs, Sensitivity))
    working = next(generators, Metric.DISCRETE)
    number, claim, metric = misfits[working][0]
    raise ProofError(f"step {number}: {claim.says} is known in the {metric.value} metric only, "
                     f"but the generator lives in the {working.value} metric")


def _read(protocol: Protocol) -> tuple[Any, ...]:
    """All that the rules may read of a loop.

    Raises
    ------
    AssumptionError
        If it depends on an index of the claims, such as the last generation: a claim "for every generation" is about
        one loop.
    """
    try:
        mixture = tuple(protocol.mixture(_ANY))
    except AssumptionError:
        mixture = ()  # a model in a network has other sources, which its own rules know
    classes = tuple(protocol.classes)
    told = [protocol.size(_ANY), protocol.weight_squares(_ANY), *(share.weight for share in mixture),
            *(part for point in classes for part in (point.count.subs(G, _ANY), point.weight))]
    free = set().union(*(part.free_symbols for part in told)) | {
        symbol for point in classes if point.levels is not None for symbol in point.levels.free_symbols}
    hidden = free & {*RESERVED} - {share.index[0] for share in mixture if share.index is not None}
    if hidden:
        raise AssumptionError(f"what its training sets consist of depends on {', '.join(sorted(map(str, hidden)))}")
    return classes, mixture, protocol.size(_ANY), protocol.weight_squares(_ANY), protocol.accumulates


def _check_protocol(steps: tuple[Claim, ...]) -> None:
    """All steps must speak of one loop, and where its points have weights, every rule must know of them."""
    first: tuple[int, tuple[Any, ...]] | None = None
    seen: dict[int, Protocol] = {}
    for number, claim in enumerate(steps, start=1):
        for protocol in claim.params.values():
            if not isinstance(protocol, Protocol) or id(protocol) in seen:
                continue
            seen[id(protocol)] = protocol
            try:
                found = _read(protocol)
                check_generations(protocol)
            except Exception as error:  # whatever a forged protocol provokes
                raise ProofError(f"step {number} speaks of a loop that is none: {error}") from error
            if first is not None and first[1] != found:
                raise ProofError(f"step {number} ({claim.rule.title}) speaks of another loop than step {first[0]}: "
                                 f"{protocol}")
            first = first or (number, found)
    if not any(protocol.weighted for protocol in seen.values()):
        return
    for number, claim in enumerate(steps, start=1):
        if claim.rule.equal_weights and claim.params.get("weighted") is not True:
            raise ProofError(f"step {number} ({claim.rule.title}) holds for points of equal weight only, and those of "
                             f"the loop have weights of their own")
