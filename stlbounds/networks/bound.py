"""Bounds of a network: one model at a time, and all of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import sympy as sp

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.matrices import squares_summed
from stlbounds.networks.lemmas import NetworkLemmas
from stlbounds.networks.network import Network
from stlbounds.numeric.arrays import evaluate
from stlbounds.numeric.digits import to_digits
from stlbounds.numeric.values import checked_names, exact_values, float_arrays
from stlbounds.proof.claim import Claim
from stlbounds.proof.dag import Proof
from stlbounds.proof.rules.algebra import unfold
from stlbounds.symbols import N, Phi, delta, i, n
from stlbounds.theorems.statement import ordered

__all__ = ["JointBound", "NetworkBound"]


class NetworkBound:
    """A bound on the gap of one model of a network, with its proof (theory §10).

    Made by `Network.high_probability` and `Network.in_expectation`.

    Parameters
    ----------
    network : Network
    model : int
        The position of the judged model.
    theorem : {"high-probability", "expectation"}
    chance : sympy.Expr
        The failure probability of the first.

    Raises
    ------
    AssumptionError
        If a generator states no learning error, or (high probability) draws all points of a generation with one seed.
    """

    def __init__(self, network: Network, model: int, theorem: str, chance: sp.Expr = delta) -> None:
        if theorem not in ("high-probability", "expectation"):
            raise InvalidArgumentError("theorem", repr(theorem), "'high-probability' or 'expectation'")
        shared = [part.generator.name for part in network.models if part.generator.shared_seed]
        if shared and theorem != "expectation":
            raise AssumptionError(f"in the generator {shared[0]} one random seed serves a whole generation, so that "
                                  f"its points are not independent given the past; use a theorem in expectation")
        self.network, self.model, self.theorem = network, model, theorem
        self._lemmas = NetworkLemmas(network, model)
        self._claim, self._terms = self._lemmas.theorem(theorem, chance)

    # --- the statement -------------------------------------------------------------------------------
    @cached_property
    def proof(self) -> Proof:
        """The proof, a directed acyclic graph of claims about the judged model."""
        return Proof(self._claim)

    @property
    def definitions(self) -> dict[sp.Symbol, sp.Expr]:
        """The named parts and what they stand for."""
        return self.proof.definitions()

    @property
    def named_terms(self) -> dict[str, sp.Expr]:
        """The terms of the bound with the named parts kept."""
        return dict(self._terms)

    @cached_property
    def terms(self) -> dict[str, sp.Expr]:
        """The terms ``drift``, ``bias`` and, with high probability, ``concentration``, in the network's symbols."""
        return {name: unfold(term, self.definitions) for name, term in self._terms.items()}

    @cached_property
    def expr(self) -> sp.Expr:
        """The bound as one expression."""
        return sp.Add(*self.terms.values())

    @property
    def amplification(self) -> sp.Expr:
        """``Phi`` of the judged model: its square is the mean square of the influences of all points of all models."""
        return self._lemmas.amplification.rhs

    @property
    def failure_probability(self) -> sp.Expr:
        """The probability that the bound fails."""
        return self._claim.says.failure_probability

    @property
    def assumptions(self) -> tuple[Claim, ...]:
        """What the reader must grant, classical results aside."""
        return self.proof.assumptions()

    @cached_property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        """The symbols of the bound, in the order of the vocabulary."""
        return ordered(self.expr.free_symbols | self.failure_probability.free_symbols)

    # --- numbers -------------------------------------------------------------------------------------
    def _evaluate(self, parts: Mapping[str, sp.Expr], values: Mapping[str, Any]) -> dict[str, Any]:
        parts = {name: squares_summed(part) for name, part in parts.items()}
        symbols = ordered(set().union(*(part.free_symbols for part in parts.values())))
        checked_names(values, symbols, {n, i, delta, *self.symbols} - {N})
        results = evaluate(tuple(parts.values()), symbols, float_arrays(values))
        return dict(zip(parts, results, strict=True))

    def evaluate(self, *, digits: int | None = None, **values: Any) -> Any:
        """The value of the bound; arrays broadcast, `digits` asks for an exact evaluation."""
        value = self._evaluate({"bound": self.expr}, values)["bound"]
        return value if digits is None else to_digits(squares_summed(self.expr), exact_values(values), digits)

    def evaluate_terms(self, **values: Any) -> dict[str, Any]:
        """The values of the terms by name."""
        return self._evaluate(self.terms, values)

    def evaluate_amplification(self, **values: Any) -> Any:
        """The value of ``Phi``."""
        return self._evaluate({"Phi": self.amplification}, values)["Phi"]

    def is_vacuous(self, **values: Any) -> Any:
        """Whether the bound is at least ``M`` and so says nothing (theory §12)."""
        most = self.network.learners[self.model].loss_constant
        parts = self._evaluate({"bound": self.expr, "most": most}, values)
        return parts["bound"] >= parts["most"]

    # --- output --------------------------------------------------------------------------------------
    def latex(self) -> str:
        """The inequality in LaTeX, with ``Phi`` defined below it."""
        from sympy import latex

        name = self.network.names[self.model]
        gap = rf"R_{{D_0}}(A^{{{name}}}) - \hat{{R}}^{{{name}}}_i"
        left = rf"\bigl|{gap}\bigr|" if self.theorem != "expectation" else rf"\bigl|\mathbb{{E}}[{gap}]\bigr|"
        right = " + ".join(rf"\underbrace{{{latex(term)}}}_{{\text{{{label}}}}}" for label, term in self._terms.items())
        text = rf"{left} \le {right}"
        square = self.definitions.get(Phi)
        return text if square is None else rf"{text}, \qquad \Phi^2 = {latex(square**2)}"

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex()}$"

    def __str__(self) -> str:
        lines = [f"gap of model {self.network.names[self.model]} ({self.theorem}), at most the sum of"]
        lines += [f"  {name} = {term}" for name, term in self._terms.items()]
        lines += [f"where {symbol} = {value}" for symbol, value in self.definitions.items()]
        if self.failure_probability != 0:
            lines.append(f"with probability at least 1 - {self.failure_probability}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<NetworkBound ({self.theorem}) of model {self.network.names[self.model]}>"


class JointBound:
    """Bounds on the gaps of all models of a network that hold together with probability at least ``1 - delta``.

    Each holds with probability ``1 - delta/A``, ``A`` the number of models; the probabilities add. Made by
    `Network.all_at_once`.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        count = len(network.models)
        self.bounds = {name: NetworkBound(network, a, "high-probability", delta / count)
                       for a, name in enumerate(network.names)}

    @property
    def failure_probability(self) -> sp.Expr:
        """The sum over the models."""
        return sp.Add(*(bound.failure_probability for bound in self.bounds.values()))

    def evaluate(self, **values: Any) -> dict[str, Any]:
        """The values of all bounds by the name of the model."""
        return {name: bound.evaluate(**_of(bound, values)) for name, bound in self.bounds.items()}

    def __repr__(self) -> str:
        return f"<JointBound of models {', '.join(self.bounds)}>"


def _of(bound: NetworkBound, values: Mapping[str, Any]) -> dict[str, Any]:
    known = {symbol.name for symbol in bound.symbols} | {"n", "i", "delta"}
    return {name: value for name, value in values.items() if name in known}
