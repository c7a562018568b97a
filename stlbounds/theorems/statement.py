"""What a derived theorem states: its expression, its terms, its named parts, and the proof that carries them."""

from __future__ import annotations

from collections.abc import Set
from functools import cached_property
from inspect import signature
from typing import Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.generation_zero import case_by_case
from stlbounds.proof.claim import Claim
from stlbounds.proof.dag import Proof
from stlbounds.proof.rules.algebra import unfold
from stlbounds.symbols import N, i, known, n, rho
from stlbounds.theorems.gap import Derivation
from stlbounds.theorems.registry import ALL_THEOREMS
from stlbounds.theorems.setting import Setting

__all__ = ["Statement", "ordered"]


def ordered(symbols: Set[sp.Symbol]) -> tuple[sp.Symbol, ...]:
    """The symbols in the order of the vocabulary."""
    return tuple(item.symbol for item in known().values() if item.symbol in symbols)


class Statement:
    """A theorem applied to a setting.

    Parameters
    ----------
    setting : Setting
        What the theorem speaks about.
    theorem : str
        A name in `stlbounds.theorems.registry.ALL_THEOREMS`.
    **options
        What the theorem leaves to choose, for example ``order`` of ``"weak-stability"``.

    Raises
    ------
    InvalidArgumentError
        If `setting` is no setting, or `theorem` is unknown.
    """

    def __init__(self, setting: Setting, theorem: str = "high-probability", **options: Any) -> None:
        if not isinstance(setting, Setting):
            raise InvalidArgumentError("setting", repr(setting), "a stlbounds.Setting")
        if theorem not in ALL_THEOREMS:
            raise InvalidArgumentError("theorem", repr(theorem), f"one of {', '.join(ALL_THEOREMS)}")
        allowed = set(signature(ALL_THEOREMS[theorem]).parameters) - {"setting", "lemmas"}
        for name in sorted(set(options) - allowed):
            choices = ", ".join(sorted(allowed)) or "nothing"
            raise InvalidArgumentError(name, repr(options[name]), f"left out: {theorem} leaves {choices} to choose")
        self.setting = setting
        self.theorem = theorem
        self.options = dict(options)
        self._derivation: Derivation = ALL_THEOREMS[theorem](setting, **options)

    def __eq__(self, other: object) -> bool:
        """Whether both are one theorem on one setting, with the same bound."""
        if not isinstance(other, Statement):
            return NotImplemented
        return (self.theorem, self.setting, self.expr) == (other.theorem, other.setting, other.expr)

    def __hash__(self) -> int:
        return hash((self.theorem, self.setting.loop.name, self.setting.generator.name))

    @cached_property
    def proof(self) -> Proof:
        """The proof, a directed acyclic graph of claims."""
        return Proof(self._derivation.claim)

    @cached_property
    def definitions(self) -> dict[sp.Symbol, sp.Expr]:
        """The named parts (``rho``, ``Phi``, ``h_bar``) and what they stand for, in order."""
        found = self.proof.definitions()
        order = [symbol for symbol in known() if symbol in {part.name for part in found}]
        return {known()[name].symbol: found[known()[name].symbol] for name in order}

    @property
    def named_terms(self) -> dict[str, sp.Expr]:
        """The terms of the bound with the named parts kept."""
        return dict(self._derivation.terms)

    @cached_property
    def terms(self) -> dict[str, sp.Expr]:
        """The terms ``drift``, ``bias`` and, unless in expectation, ``concentration``, in the setting's symbols."""
        return {name: case_by_case(lambda part: part, unfold(term, self.definitions), index=i)
                for name, term in self._derivation.terms.items()}

    @cached_property
    def expr(self) -> sp.Expr:
        """The bound as one expression in the symbols of the setting."""
        return sp.Add(*self.terms.values())

    @cached_property
    def loop_gain(self) -> sp.Expr:
        """``rho``: the factor by which generation ``i`` multiplies a displacement of the one before (theory §2)."""
        return self._derivation.lemmas.gain

    @cached_property
    def amplification(self) -> sp.Expr:
        """``Phi``: the factor by which the loop enlarges the concentration term of independent data (theory §5)."""
        return unfold(self._derivation.lemmas.amplification.rhs, {rho: self.loop_gain})

    @cached_property
    def recursive_stability(self) -> sp.Expr:
        """A bound on ``gamma_i``, ``i >= 1``: how far one changed real point can move ``D_i`` (theory §3)."""
        return self._derivation.lemmas.gamma

    @property
    def failure_probability(self) -> sp.Expr:
        """The probability that the bound fails: the sum over its named events, 0 in expectation."""
        return self.proof.root.says.failure_probability

    @property
    def assumptions(self) -> tuple[Claim, ...]:
        """The leaves of the proof that the reader must grant, classical results aside."""
        return self.proof.assumptions()

    @cached_property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        """The symbols of the bound, in the order of the vocabulary."""
        return ordered(self.expr.free_symbols | self.failure_probability.free_symbols)

    @cached_property
    def constants(self) -> set[sp.Symbol]:
        """The symbols that a value may be given for: all of the setting, whether or not they are left in the bound."""
        learner, generator = self.setting.learner, self.setting.generator
        parts = [*self.setting.loop.parameters.values(), learner.beta_N, learner.loss_constant, generator.sensitivity]
        if generator.learning_error is not None:
            parts.append(generator.learning_error)
        return {n, i, *self.symbols}.union(*(part.free_symbols for part in parts)) - {N}

    def _check_horizon(self, last_generation: Any) -> None:
        """Refuse generations beyond the end of a loop that has one."""
        last = self.setting.loop.horizon
        if last is not None and last_generation > last:
            shown = int(last_generation) if last_generation < sp.oo else last_generation
            raise InvalidArgumentError("i", shown, f"at most {last}", "the loop's schedule ends there")
