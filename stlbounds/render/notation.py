r"""The notation of one bound: how its named parts, quantities and symbols are written and what they mean."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterable
from typing import Any

import sympy as sp

from stlbounds.proof.protocol import Protocol
from stlbounds.proof.quantities import (
    Deviation,
    DistributionShift,
    DriftBias,
    ExchangeBias,
    FinalInfluence,
    Gap,
    Influence,
    InfluenceSquares,
    LossConstant,
    MeanGap,
    Quantity,
    RangeSquares,
    Sensitivity,
    Stability,
    Str,
)
from stlbounds.render.arrange import arrange_product, ordered_terms, summed
from stlbounds.render.cases import later
from stlbounds.render.printer import Printer
from stlbounds.render.renaming import Names, normal_names, rename_mathematics, rename_prose, unambiguous
from stlbounds.render.width import formula_width
from stlbounds.special import geometric_sum
from stlbounds.symbols import J, N, Phi, entry, i, kappa, known

__all__ = ["Notation", "quantities_in_words"]

#: A sensitivity that is wider than this, in points, is called kappa.
_LONG = 120.0


class Notation:
    r"""How one bound is written.

    The amplification is the one named part that proofs need at several indices: a generator's sharp drift at ``i``
    contains the amplification of generation ``i - 1``. Where that happens all of them are written ``\Phi_k``. The root
    that defines it is written ``\Phi`` wherever it occurs. A size that differs in generation 0 is written ``N_j`` where
    it is an index.

    Parameters
    ----------
    bound : Bound
        With ``definitions``, ``symbols``, ``named_terms`` and ``proof``.
    names : mapping, optional
        LaTeX of symbols that the author wants to write in another way.
    """

    def __init__(self, bound: Any, names: Names | None = None) -> None:
        self.names = normal_names(names)
        unambiguous(self.names, [*bound.symbols, *bound.definitions, *self._indices(bound)])
        self._sensitivity = self._long_sensitivity(bound)
        # A root of its square is written with bars by SymPy; no sensitivity is negative.
        self._shorter = {**{sp.Abs(value): symbol for value, symbol in self._sensitivity.items()}, **self._sensitivity}
        named = {symbol: later(value).xreplace(self._shorter) for symbol, value in bound.definitions.items()}
        self._definitions = {**dict(zip(self._sensitivity.values(), self._sensitivity, strict=True)), **named}
        self._indexed: dict[sp.Symbol, str] = {}
        self._sizes: dict[sp.Symbol, str] = {}
        self._loop = bound.setting.loop
        self._symbols = (*bound.symbols, *bound.definitions)
        self._terms = tuple(bound.named_terms.values())
        self._written_phi = self.names.get(Phi, entry(Phi).latex)
        self._families = self._find_families(bound.proof.steps()) if Phi in self._definitions else {}
        self._printer = _Shorthand(self.names, self._indexed, self._sizes)
        # Printing is the slow part, and one formula is printed in several places.
        self._shortened: dict[sp.Expr, sp.Expr] = {}
        self._written: dict[sp.Expr, str] = {}
        self._written_terms: dict[sp.Expr, tuple[str, ...]] = {}

    def _indices(self, bound: Any) -> list[sp.Symbol]:
        """The indices of sums and products of the proof; nobody asks where nothing is renamed."""
        if not self.names:
            return []
        sides = (side for claim in bound.proof.steps() for side in (claim.lhs, claim.rhs))
        inside = {symbol for side in sides for part in side.atoms(sp.Sum, sp.Product, sp.Function)
                  for symbol in part.atoms(sp.Symbol) - part.free_symbols}
        parts = (Printer().doprint(part) for part in (*bound.named_terms.values(), *bound.definitions.values()))
        letters = {letter for part in parts for letter in re.findall(r"\\(?:sum|prod)_\{(\w) *=", part)}
        named = {symbol.name for symbol in inside} | {f"_{letter}" for letter in letters}
        return [entry(name).symbol for name in sorted(named) if name in known()]

    @staticmethod
    def _long_sensitivity(bound: Any) -> dict[sp.Expr, sp.Symbol]:
        """The sensitivity of the generator with the symbol that stands for it, where it is a long formula."""
        value = sp.sympify(bound.setting.generator.sensitivity)
        taken = kappa in bound.symbols or value.has(N)
        return {} if taken or formula_width(Printer().doprint(value)) <= _LONG else {value: kappa}

    def _find_families(self, steps: Iterable[Any]) -> dict[sp.Expr, sp.Symbol]:
        """The squares of the amplification at the indices at which the proof needs it, with their symbols."""
        square = self._definitions[Phi] ** 2
        sides = [side for claim in steps if claim.rule.kind != "definition" for side in (claim.lhs, claim.rhs)]
        # Replaced in no expression: a minimum would be evaluated again.
        parts = set().union(*map(sp.preorder_traversal, sides))
        found: dict[sp.Expr, sp.Symbol] = {}
        for index in (i, i - 1, J, J - 1, J + 1):
            shifted = square.subs(i, index)
            if index == i or shifted in parts:
                found[shifted] = sp.Symbol(f"Phi[{index}]", nonnegative=True)
                self._indexed[found[shifted]] = f"{self._written_phi}_{{{self._script(index)}}}"
        if len(found) > 1:
            self._indexed[Phi] = self._indexed[found[square]]
            return found
        self._indexed = {}
        return {square: Phi}

    def _script(self, index: sp.Expr) -> str:
        return Printer(self.names).script(index)

    def tex(self, expression: sp.Expr) -> str:
        """LaTeX of an expression."""
        if expression not in self._written:
            self._written[expression] = str(self._printer.doprint(self.short(expression)))
        return self._written[expression]

    def inline(self, expression: sp.Expr) -> str:
        """LaTeX of an expression inside a sentence."""
        return Printer(self.names).inline(expression)

    def short(self, expression: sp.Expr) -> sp.Expr:
        """The expression with the amplification named wherever it occurs."""
        if expression not in self._shortened:
            self._shortened[expression] = self._made_short(expression)
        return self._shortened[expression]

    def _made_short(self, expression: sp.Expr) -> sp.Expr:
        here = self._families.get(self._definitions.get(Phi, sp.S.Zero) ** 2, Phi)
        expression = expression.xreplace(self._shorter)
        expression = expression.replace(_has_size_in_cases, lambda part: part.func(self.size_name(part.args[0])))
        return expression.xreplace({**{square: symbol**2 for square, symbol in self._families.items()}, Phi: here})

    def size_name(self, size: sp.Expr) -> sp.Expr:
        """``N_j`` for the size of the training set of generation ``j``, where that differs in generation 0."""
        if not isinstance(size, sp.Piecewise) or not isinstance(size.args[0][1], sp.Eq):
            return size
        index = size.args[0][1].lhs
        if self._loop.size(index) != size:
            return size
        symbol = sp.Symbol(f"N[{index}]", positive=True, integer=True)
        self._sizes[symbol] = f"{self.names.get(N, entry(N).latex)}_{{{self._script(index)}}}"
        return symbol

    def terms(self, expression: sp.Expr) -> tuple[str, ...]:
        """LaTeX of the terms of a sum, each with its sign; those of the bound come first and in its order."""
        if expression not in self._written_terms:
            self._written_terms[expression] = self._made_terms(expression)
        return self._written_terms[expression]

    def _made_terms(self, expression: sp.Expr) -> tuple[str, ...]:
        # The factors of a product are no terms.
        first = [term for term in map(self.short, self._terms) if term in sp.Add.make_args(self.short(expression))]
        rest = self.short(expression) - sp.Add(*first)
        listed = [*first, *ordered_terms(rest)] if first else ordered_terms(rest)
        return tuple(self._printer.terms([term for term in listed if term != 0] or [sp.S.Zero]))

    @property
    def sensitivity(self) -> tuple[sp.Symbol, sp.Expr] | None:
        """The symbol and the formula of a sensitivity that is too long to be repeated."""
        return next(((symbol, value) for value, symbol in self._sensitivity.items()), None)

    def spelled(self, expression: sp.Expr) -> tuple[str, ...]:
        """LaTeX of the terms of a sum in which the sensitivity is not named."""
        return tuple(self._printer.terms(ordered_terms(expression)))

    def listed(self, terms: Iterable[sp.Expr]) -> list[str]:
        """LaTeX of terms with their signs, in the given order."""
        return self._printer.terms([self.short(term) for term in terms if term != 0] or [sp.S.Zero])

    def symbol(self, symbol: sp.Symbol) -> str:
        """LaTeX of a symbol."""
        return str(Printer(self.names).doprint(symbol))

    def free_letter(self, candidates: str) -> str:
        """The first of some letters that stands for no symbol of the bound, and for no index inside of it."""
        inside = (symbol for part in (*self._terms, *self._definitions.values()) for symbol in part.atoms(sp.Symbol))
        taken = {self.symbol(symbol) for symbol in (*self._symbols, *inside)}
        return next((letter for letter in candidates if letter not in taken), candidates[0])

    def prose(self, sentence: str) -> str:
        """A sentence that was written with the vocabulary's symbols."""
        return rename_prose(sentence, self.names)

    def formula(self, formula: str) -> str:
        """A formula that was written with the vocabulary's symbols."""
        return rename_mathematics(formula, self.names)

    def value(self, symbol: sp.Symbol) -> sp.Expr:
        """What a named part stands for."""
        return self._definitions[symbol]

    def definition(self, symbol: sp.Symbol) -> str:
        """The defining equation of a named part; a root is defined by its square."""
        value = self._definitions[symbol]
        name = self.symbol(symbol)
        printer = Printer(self.names)
        if symbol == Phi and len(self._families) > 1:
            free = sp.Dummy(self.free_letter("kmlts"), integer=True, nonnegative=True)
            name, value = f"{self._written_phi}_{{{free.name}}}", value.subs(i, free)
        parts = arrange_product(value)
        if (parts.own_roots or parts.root_numerator) and not parts.negative:
            return f"{name}^{{2}} = {printer.doprint(value**2)}"
        return f"{name} = {printer.doprint(value)}"

    def parts(self, expression: sp.Expr) -> list[sp.Symbol]:
        """The named parts that are printed in an expression, the amplification at an index included."""
        free = self.short(expression).free_symbols
        return [symbol for symbol in [*self._definitions, *self._indexed] if symbol in free]

    def defined(self, expressions: Iterable[sp.Expr]) -> list[sp.Symbol]:
        """The named parts that the expressions need, directly or through other named parts, in order."""
        needed: set[sp.Symbol] = set()
        waiting = [self.short(expression) for expression in expressions]
        while waiting:
            expression = waiting.pop()
            parts = {symbol for symbol in self._definitions if expression.has(symbol)}
            if expression.free_symbols & set(self._families.values()):
                parts.add(Phi)
            waiting.extend(self._definitions[symbol] for symbol in parts - needed)
            needed |= parts
        return [symbol for symbol in self._definitions if symbol in needed]

    def has_quotient(self, expressions: Iterable[sp.Expr]) -> bool:
        """Whether a geometric sum is printed as a quotient, in the expressions or in the parts they need."""
        listed = list(expressions)
        parts = [self._definitions[symbol] for symbol in self.defined(listed)]
        return any(summed(expression).has(geometric_sum) for expression in [*listed, *parts])


class _Shorthand(Printer):
    """The printer of a bound: it knows the symbols that stand for the amplification and for sizes at an index."""

    def __init__(self, names: dict[sp.Symbol, str], *written: dict[sp.Symbol, str]) -> None:
        super().__init__(names)
        self._indexed = ChainMap(*written)

    def _print_Symbol(self, expr: sp.Symbol, style: str = "plain") -> str:
        return self._indexed[expr] if expr in self._indexed else super()._print_Symbol(expr, style)


def _has_size_in_cases(part: sp.Basic) -> bool:
    """Whether this is a constant of a model at a size that differs in generation 0."""
    return isinstance(part, (Sensitivity, Stability)) and isinstance(part.args[0], sp.Piecewise)


def quantities_in_words(expressions: Iterable[sp.Expr], protocol: Protocol) -> list[str]:
    """Sentences that introduce the quantities of a proof, those that occur and no others.

    Parameters
    ----------
    expressions : iterable of sympy.Expr
        All sides of all statements of the proof.
    protocol : Protocol
        The loop, whose classes of points get their meaning.

    Returns
    -------
    list of str
        LaTeX; the vocabulary's symbols.
    """
    found = {quantity for expression in expressions for quantity in expression.atoms(Quantity)}
    used = {type(quantity) for quantity in found}
    classes = ", ".join(rf"$\mathrm{{{point.name}}}$ ({point.meaning})" for point in protocol.classes)
    texts: list[tuple[type[Quantity], str]] = [
        (Sensitivity, r"$\kappa_N(G)$ is the least number with $W(G(S), G(S')) \le \kappa_N(G)\,"
                      r"\mathrm{dist}(S, S')/N$ for all training sets $S$, $S'$ of size $N$."),
        (Stability, r"$\beta_N(A)$ is the least number with $|\ell(A(S), z) - \ell(A(S'), z)| \le \beta_N(A)\,"
                    r"\mathrm{dist}(S, S')$ for all $z$ and all training sets $S$, $S'$ of size $N$."),
        (LossConstant, r"$\mathrm{Lip}(\ell)$ is the least number with $|\ell(h, z) - \ell(h, z')| \le "
                       r"\mathrm{Lip}(\ell)\, d(z, z')$ for every hypothesis $h$."),
        (Influence, r"$x^{\ast}_{g \to j}$ is the influence on $T_j$ of a point $X$ of class $\ast$ that is drawn "
                    r"in generation $g$: the largest expected displacement $\mathbb{E}\,\mathrm{dist}(T_j, T'_j)$ "
                    r"between the loop and a copy of it, coupled to it as described below, in which $X$ is replaced by "
                    r"another value $X'$, per unit of the distance $d(X, X') \le 1$. "
                    rf"The classes are: {classes}."),
        (DistributionShift, r"$\tau^{\ast}_{g \to j}$ is the largest $\mathbb{E}\,W(D_j, D'_j)$ for these two "
                            r"loops, per unit of the same distance."),
        (FinalInfluence, r"$\bar{x}_{i}$ is the average, over the points $X$ of $T_i$, of their influence on $T_i$."),
        (InfluenceSquares, r"$\sum_X x_X^2(i)$ runs over all random points $X$ drawn up to generation $i$; $x_X$ is "
                           r"the influence of $X$ on $T_i$."),
        (MeanGap, r"$g_i = R_{D_0}(A(T_i)) - \hat{R}_{T_i}(A(T_i))$ is the gap with its sign."),
        (DriftBias, r"$R_D$, $\hat{R}_S$ inside an expectation are evaluated at the hypothesis $A(T_i)$."),
        (RangeSquares, r"$\sum_X c_X^2(i)$ runs over the same points, revealed one by one in the order of drawing; "
                       r"$c_X$ is the largest conditional range of $\mathbb{E}[g_i \mid \text{past}, X]$ given the "
                       r"past of $X$."),
    ]
    if ExchangeBias in used:
        used.add(DriftBias)
    if any(issubclass(kind, (Gap, Deviation, RangeSquares)) for kind in used):
        used.add(MeanGap)
    if FinalInfluence in used and Influence not in used:
        texts.append((FinalInfluence, r"The influence of a point $X$ on $T_i$ is the largest expected displacement "
                                      r"of $T_i$, per unit of the distance between $X$ and what it is replaced by, "
                                      r"when all that is drawn later follows by an optimal coupling."))
    size = protocol.size(J)
    if isinstance(size, sp.Piecewise) and used & {Sensitivity, Stability}:
        texts.insert(0, (Stability if Stability in used else Sensitivity,
                         rf"$N_j$ is the size of $T_j$: ${Printer().inline(later(size))}$ for $j \ge 1$, and "
                         rf"${Printer().inline(size.args[0][0])}$ for $j = 0$."))
    own = {quantity.words.format(*(part.name for part in quantity.args if isinstance(part, Str)))
           for quantity in found if quantity.words}
    return [*(text for kind, text in texts if kind in used), *sorted(own)]
