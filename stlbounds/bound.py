"""The bound: the façade over derivation, evaluation and output that users hold."""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import cached_property
from typing import Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.numeric.arrays import evaluate
from stlbounds.numeric.digits import to_digits
from stlbounds.numeric.values import checked_names, exact_values, float_arrays
from stlbounds.proof.claim import Claim
from stlbounds.proof.dag import Proof
from stlbounds.proof.rules.algebra import unfold
from stlbounds.special import case_by_case
from stlbounds.symbols import J, N, i, known, n, rho
from stlbounds.theorems.gap import THEOREMS, Derivation
from stlbounds.theorems.setting import Setting

__all__ = ["Bound", "expected_gap", "high_probability", "in_expectation"]


def _ordered(symbols: Set[sp.Symbol]) -> tuple[sp.Symbol, ...]:
    """The symbols in the order of the vocabulary."""
    return tuple(item.symbol for item in known().values() if item.symbol in symbols)


class Bound:
    r"""A generalization bound of a self-consuming training loop, with its proof.

    Made by `high_probability`, `in_expectation` and `expected_gap`.

    Parameters
    ----------
    setting : Setting
        What the bound speaks about.
    theorem : {"high-probability", "expectation", "expected-gap"}
        Which theorem of theory §5.

    References
    ----------
    Theory §5.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> bound = stl.high_probability(
    ...     stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(20), stl.learners.BrierFit()))
    >>> round(bound.evaluate(n=10_000, alpha=0.5, i=10, delta=0.05), 6)
    0.128925
    >>> bound.proof.verify().leaves
    2
    """

    def __init__(self, setting: Setting, theorem: str = "high-probability") -> None:
        if not isinstance(setting, Setting):
            raise InvalidArgumentError("setting", repr(setting), "a stlbounds.Setting")
        if theorem not in THEOREMS:
            raise InvalidArgumentError("theorem", repr(theorem), f"one of {', '.join(THEOREMS)}")
        self.setting = setting
        self.theorem = theorem
        self._derivation: Derivation = THEOREMS[theorem](setting)

    # --- the statement -------------------------------------------------------------------------------
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
        return unfold(self._derivation.lemmas.recursive_stability.rhs, {rho: self.loop_gain}).subs(J, i - 1)

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
        return _ordered(self.expr.free_symbols | self.failure_probability.free_symbols)

    # --- numbers -------------------------------------------------------------------------------------
    @cached_property
    def _constants(self) -> set[sp.Symbol]:
        """The symbols that a value may be given for: all of the setting, whether or not they are left in the bound."""
        learner, generator = self.setting.learner, self.setting.generator
        parts = [*self.setting.loop.parameters.values(), learner.beta_N, learner.loss_constant, generator.sensitivity]
        if generator.learning_error is not None:
            parts.append(generator.learning_error)
        return {n, i, *self.symbols}.union(*(part.free_symbols for part in parts)) - {N}

    def _evaluate(self, parts: Mapping[str, sp.Expr], values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of expressions by name."""
        symbols = _ordered(set().union(*(part.free_symbols for part in parts.values())))
        checked_names(values, symbols, self._constants)
        arrays = float_arrays(values)
        last = self.setting.loop.horizon
        if last is not None and "i" in arrays and arrays["i"].max(initial=0) > last:
            raise InvalidArgumentError("i", int(arrays["i"].max()), f"at most {last}", "the loop's schedule ends there")
        results = evaluate(tuple(parts.values()), symbols, arrays)
        return dict(zip(parts, results, strict=True))

    def evaluate(self, *, digits: int | None = None, **values: Any) -> Any:
        """The value of the bound.

        Parameters
        ----------
        digits : int, optional
            Significant digits of an exact evaluation (scalars only); by default doubles, and arrays broadcast.
        **values : number or array_like
            A value for every symbol, for example ``n=1000, alpha=0.5``; each must be in the symbol's range.

        Returns
        -------
        float, numpy.ndarray, or sympy.Float with `digits`

        Raises
        ------
        InvalidArgumentError
            If a value is missing, NaN, outside its range, or shapes do not broadcast.
        SymbolError
            If a name does not occur in the bound.
        """
        value = self._evaluate({"bound": self.expr}, values)["bound"]
        return value if digits is None else to_digits(self.expr, exact_values(values), digits)

    def evaluate_terms(self, **values: Any) -> dict[str, Any]:
        """The values of the terms by name; arguments as for `evaluate`."""
        return self._evaluate(self.terms, values)

    def evaluate_parts(self, **values: Any) -> dict[str, Any]:
        """The values of ``loop_gain`` and ``amplification``; arguments as for `evaluate`."""
        return self._evaluate({"loop_gain": self.loop_gain, "amplification": self.amplification}, values)

    def is_vacuous(self, **values: Any) -> Any:
        """Whether the bound is at least ``M`` and so says nothing (theory §12); arguments as for `evaluate`."""
        parts = self._evaluate({"bound": self.expr, "most": self.setting.learner.loss_constant}, values)
        return parts["bound"] >= parts["most"]

    # --- output --------------------------------------------------------------------------------------
    def latex(self, kind: str = "theorem", names: Mapping[sp.Symbol, str] | None = None) -> str:
        """LaTeX of the bound.

        Parameters
        ----------
        kind : {"equation", "theorem", "proof", "document"}
            The inequality, the theorem with its assumptions and symbols, its numbered proof, or a document that
            compiles on its own.
        names : mapping of sympy.Symbol to str, optional
            LaTeX for symbols that are to be renamed.

        Raises
        ------
        InvalidArgumentError
            If `kind` is another word.
        """
        from stlbounds.render.latex import render

        return render(self, kind, names=names)

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex('equation')}$"

    def __str__(self) -> str:
        from stlbounds.render.text import text

        return text(self)

    def __repr__(self) -> str:
        return f"<Bound ({self.theorem}): {sp.Add(*self.named_terms.values())}>"


def high_probability(setting: Setting) -> Bound:
    """``|g| <= drift + bias + concentration`` with probability at least ``1 - delta`` (theory §5).

    Parameters
    ----------
    setting : Setting
        The loop, the generator and the learner.
    """
    return Bound(setting, "high-probability")


def in_expectation(setting: Setting) -> Bound:
    """``|E g| <= drift + bias`` (theory §5); it has no concentration term and cannot fail."""
    return Bound(setting, "expectation")


def expected_gap(setting: Setting) -> Bound:
    """``E |g| <= drift + bias + Phi (2 beta N + M)/(2 sqrt(N))`` (theory §5)."""
    return Bound(setting, "expected-gap")
