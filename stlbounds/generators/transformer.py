"""Transformers that learn in context, as generators: plain, uniformly in the depth, and residual (theory §8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators import attention
from stlbounds.generators import attention_quantities as quantities
from stlbounds.generators.attention_depth import LayerInduction, layer_mean, layer_query, layer_spread
from stlbounds.generators.base import Generator, constant_of_size
from stlbounds.generators.measurement import Measurement
from stlbounds.proof.claim import Claim, Printer
from stlbounds.proof.metric import Metric
from stlbounds.proof.protocol import Protocol
from stlbounds.proof.quantities import Quantity, Str
from stlbounds.proof.rules.algebra import Recurrence, Rewrite, Substitute
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import J, L, L_f, N, check_symbols, exact, omega

if TYPE_CHECKING:
    from stlbounds.generators.attention_sampling import AttentionSampler

__all__ = ["Attention", "DepthUniformTransformer", "ResidualTransformer", "Transformer"]


#: A given number of layers, and the digits of the exact numbers that are its powers. Of a polynomial in ``L_f`` alone
#: SymPy asks for the roots.
_MOST_LAYERS = 100
_MOST_LAYERS_OF_BRANCHES = 24
_MOST_DIGITS = 4000


def _granted(quantity: Quantity, bound: sp.Expr) -> Claim:
    return Assumption.apply(quantity=quantity, bound=bound, metric=Metric.EUCLIDEAN)


@dataclass(frozen=True)
class Attention:
    """The constants of an architecture, and the lemma about it that generators and learners share.

    Parameters
    ----------
    layers : sympy.Expr
        The number of layers, a nonnegative integer.
    omega : sympy.Expr
        Attention scores lie in ``[-omega/2, omega/2]``.
    feed_forward : sympy.Expr, optional
        The Lipschitz constant of the feed-forward blocks, with residual branches; by default there are none.
    depth_uniform : bool
        Whether the bound follows the spread of the tokens through the layers.
    """

    layers: sp.Expr
    omega: sp.Expr
    feed_forward: sp.Expr | None = None
    depth_uniform: bool = False

    def __post_init__(self) -> None:
        depth = exact("layers", self.layers)
        check_symbols(depth)
        if depth.is_integer is not True or depth.is_nonnegative is not True:
            raise InvalidArgumentError("layers", self.layers, "a nonnegative integer")
        object.__setattr__(self, "layers", depth)
        for name in ("omega", "feed_forward"):
            if getattr(self, name) is not None:
                constant = constant_of_size(name, getattr(self, name))
                if constant.has(N):
                    raise InvalidArgumentError(name, constant, "independent of the size N of the training set")
                object.__setattr__(self, name, constant)
        if not self.depth_uniform:
            self._check_powers(depth)
        if self.depth_uniform and self.feed_forward is not None:
            raise InvalidArgumentError("feed_forward", self.feed_forward, "None with depth_uniform=True",
                                       "residual branches keep the tokens apart")

    def _check_powers(self, depth: sp.Expr) -> None:
        """Powers of numbers are worked out exactly; the constants of layers one by one are not."""
        if not depth.is_Integer:
            return
        branches = self.feed_forward is not None and self.feed_forward.free_symbols and not self.omega.free_symbols
        most = _MOST_LAYERS_OF_BRANCHES if branches else _MOST_LAYERS
        if depth > most:
            raise InvalidArgumentError("layers", depth if depth < 10**9 else sp.N(depth, 3),
                                       f"at most {most} if it is a number" + " and L_f is none" * bool(branches),
                                       "leave it a symbol and evaluate the bound at larger ones")
        numbers = (abs(part) for number in self.bases[1].atoms(sp.Rational) for part in (number.p, number.q))
        if depth * max(part.bit_length() for part in (1, *numbers)) > _MOST_DIGITS * sp.log(10, 2):
            raise InvalidArgumentError("omega", sp.N(self.omega, 3),
                                       f"such that its powers have at most {_MOST_DIGITS} digits",
                                       "leave it or the number of layers a symbol")

    def describe(self, tex: Printer) -> str:
        """The layers in LaTeX, after ``a transformer``; ``tex`` prints expressions."""
        layers = "layer" if self.layers == 1 else "layers"
        block = r"replaces every position $z$ by $\mathrm{attention}(z)$"
        if self.feed_forward is not None:
            block = (r"turns every position $z$ into $z' = \mathrm{proj}(z + \mathrm{attention}(z))$, and that into "
                     r"$\mathrm{proj}(z' + f(z'))$, with the projection onto the ball and a feed-forward block $f$")
        return (rf"with ${tex(self.layers)}$ {layers}, each of which {block}; all positions attend to the $N$ "
                r"examples, $\mathrm{attention}(z) = \sum_k a_k V z_k$ with weights $a_k$ in proportion to "
                r"$\exp(z^\top Q z_k)$")

    @property
    def slopes(self) -> tuple[sp.Expr, sp.Expr]:
        """``A = (1 + omega) e**omega`` and ``C = omega/2``."""
        return (1 + self.omega) * sp.exp(self.omega), self.omega / 2

    @property
    def bases(self) -> tuple[sp.Expr, sp.Expr]:
        """``x`` and ``y`` with ``q_l = x**l - y**l`` and ``m_l = x**l``."""
        context, query = self.slopes
        if self.feed_forward is None:
            return context + query, query
        return (1 + context + query) * (1 + self.feed_forward), (1 + query) * (1 + self.feed_forward)

    def displacement(self, layers: sp.Expr) -> sp.Expr:
        """``q_l``: the displacement of an unmoved query's output, per unit of mean displacement of the examples."""
        if self.depth_uniform:
            return layer_query(self.omega, layers)
        if layers == 1:
            return self.slopes[0] * (1 + (self.feed_forward or 0))
        x, y = self.bases
        # Without scores every layer after the first does nothing; 0**L would only tell that L may be 0.
        return x**layers if self._plain_mean else x**layers - y**layers

    @property
    def _plain_mean(self) -> bool:
        """Whether attention is the plain mean of the examples, in a number of layers that is not given."""
        return self.bases[1] == 0 and not self.layers.is_Integer

    # --- the lemma -----------------------------------------------------------------------------------
    def displacement_claim(self, role: Str) -> Claim:
        """``QueryDisplacement(role, l) <= q_l`` for every layer ``l``, from the assumptions about the architecture."""
        score = _granted(quantities.ScoreNorm(role), self.omega / 2)
        value = _granted(quantities.ValueNorm(role), sp.S.One)
        ball = _granted(quantities.TokenBall(role), sp.S.One)
        extra: tuple[Claim, ...] = ()
        if self.feed_forward is None:
            radius = attention.AttentionStaysInBall.apply(ball, value, role=role)
        else:
            extra = (_granted(quantities.FeedForwardLipschitz(role), self.feed_forward),)
            radius = attention.ProjectedToBall.apply(ball, *extra, role=role)
        spread = self._spread_claim(role, ball, radius, score, value)
        context = attention.ContextSlopeBound.apply(spread, score, value, radius, role=role)
        query = attention.QuerySlopeBound.apply(spread, score, value, role=role)
        residual = self.feed_forward is not None
        mean_step = attention.MeanDisplacementStep.apply(*extra, role=role, residual=residual)
        mean_step = Substitute.apply(Substitute.apply(mean_step, context), query)
        mean = self._solved(mean_step, attention.MeanDisplacementStart.apply(role=role), self._mean(J))
        query_step = attention.QueryDisplacementStep.apply(*extra, role=role, residual=residual)
        for part in (context, query, mean):
            query_step = Substitute.apply(query_step, part)
        x, y = self.bases
        closed = x**J if self._plain_mean else x**J - y**J
        closed = layer_query(self.omega, J) if self.depth_uniform else closed
        return self._solved(query_step, attention.QueryDisplacementStart.apply(role=role), closed)

    def _mean(self, layer: sp.Expr) -> sp.Expr:
        return layer_mean(self.omega, layer) if self.depth_uniform else self.bases[0] ** layer

    def _spread_claim(self, role: Str, ball: Claim, radius: Claim, score: Claim, value: Claim) -> Claim:
        if not self.depth_uniform:
            return attention.SpreadInBall.apply(radius, role=role)
        step = attention.SpreadStep.apply(score, value, role=role)
        start = attention.SpreadAtStart.apply(ball, role=role)
        return LayerInduction.apply(step, start, closed=layer_spread(self.omega, J))

    def _solved(self, step: Claim, start: Claim, closed: sp.Expr) -> Claim:
        if self.depth_uniform:
            return LayerInduction.apply(step, start, closed=closed)
        return Recurrence.apply(step, start, index=J, closed=closed)

    def read(self, outer: Claim, role: Str) -> Claim:
        """``outer`` with the displacement at the last layer replaced by its bound."""
        claim = Substitute.apply(outer, self.displacement_claim(role), index=((J, self.layers),))
        quantity = quantities.QueryDisplacement(role, self.layers)
        wanted = outer.rhs.xreplace({quantity: self.displacement(self.layers)})
        return claim if claim.rhs == wanted else Rewrite.apply(claim, rhs=wanted)


class _InContext(Generator):
    """What the three transformers share."""

    attention: Attention

    def _set(self, name: str, attention: Attention, learning_error: Any) -> None:
        object.__setattr__(self, "attention", attention)
        Generator.__init__(self, name, Metric.EUCLIDEAN, attention.displacement(attention.layers), learning_error)

    def describe(self, tex: Printer) -> str:
        """What the model is, in a sentence of LaTeX; ``tex`` prints expressions."""
        return (r"The data are tokens in the unit ball of a Euclidean space, and the generator $G$ is a "
                rf"\emph{{transformer}} that learns in context, {self.attention.describe(tex)}. The examples are the "
                r"points of $S$. A point with the law $G(S)$ is made of a query that is drawn afresh: its output is "
                r"read out by a map with the Lipschitz constant $1$, independent noise is added, and the sum is "
                r"projected onto the ball.")

    def learning_error_claim(self, protocol: Protocol) -> Claim:
        if protocol.weighted:
            raise AssumptionError(f"a {self.name} attends to light and heavy points alike, so its sensitivity is not "
                                  f"known per unit of weighted displacement")
        return super().learning_error_claim(protocol)

    def sensitivity_claim(self) -> Claim:
        return self.attention.read(attention.ReadOut.apply(layers=self.attention.layers), quantities.GENERATOR)

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> AttentionSampler:
        """The transformer with the weights ``Q = (omega/2) I``, ``V = I`` and ``F = L_f I``, on tokens in 3 dimensions.

        Tokens consist of one of eight inputs and an output; `distribution` is the amplitude of the real outputs, in
        ``[0, 1]``, 0.8 by default. See `stlbounds.generators.attention_sampling`.
        """
        from stlbounds.generators.attention_sampling import AttentionSampler
        from stlbounds.generators.location_sampling import number

        made = self.attention
        feed_forward = None if made.feed_forward is None else number("feed_forward", made.feed_forward, values)
        return AttentionSampler(int(number("layers", made.layers, values)), number("omega", made.omega, values),
                                feed_forward, amplitude=0.8 if distribution is None else float(distribution))

    def self_check(self, *, seed: int = 0, examples: int = 3, dimension: int = 2,
                   **values: Any) -> tuple[Measurement, ...]:
        """Search for inputs and weights that move the output as far as possible.

        Coordinate ascent over the tokens, the query, and the weights of every layer, of the worst direction of the
        Jacobian (many small moves), and of the replacement of single tokens by others.

        Parameters
        ----------
        seed : int
            Seed of the search.
        examples, dimension : int
            ``N`` and ``p``.
        **values : number
            Values of the symbols in ``layers``, ``omega`` and ``feed_forward``.
        """
        from stlbounds.generators.attention_search import search

        def number(expression: sp.Expr) -> float:
            missing = [symbol.name for symbol in expression.free_symbols if symbol.name not in values]
            if missing:
                raise InvalidArgumentError(", ".join(sorted(missing)), "missing", "given", f"{expression} needs it")
            return float(expression.subs({symbol: values[symbol.name] for symbol in expression.free_symbols}))

        made = self.attention
        found = search(layers=int(number(made.layers)), omega=number(made.omega), examples=examples,
                       dimension=dimension, seed=seed,
                       feed_forward=None if made.feed_forward is None else number(made.feed_forward))
        stated = number(self.sensitivity)
        where = f"N = {examples}, p = {dimension}; ascent over inputs and weights"
        return (Measurement("kappa", found.small, stated, f"many small moves, {where}"),
                Measurement("kappa", found.single, stated, f"replacement of one token, {where}"))


class Transformer(_InContext):
    r"""An in-context transformer of ``L`` attention layers: ``kappa = Lambda**L - C**L``.

    Setting: ``N`` example tokens and a query in the unit ball of ``R^p``, with the Euclidean metric divided by the
    diameter 2; ``L`` layers of softmax attention in which every position attends to the examples. A point of the next
    generation is a fresh query with the output of the model, read out by a 1-Lipschitz map, plus noise of its own,
    projected back onto the ball.
    Guarantee: ``kappa = Lambda**L - C**L`` with ``A = (1 + omega) e**omega``, ``C = omega/2`` and ``Lambda = A + C``,
    whatever the width and the context length. Derived: weights at most ``e**omega/N``, the constants of a layer, the
    recurrences over the layers and their solution.
    Assumed: ``|Q| <= omega/2``, ``|V| <= 1``, tokens in the unit ball; no mask, residual branch or normalisation. The
    learning error is assumed too, if given.

    Self-check: at ``omega = 0``, where attention is the plain mean of the examples, one layer attains ``kappa = 1``. At
    ``omega = 1/2`` the ascent over inputs and weights comes within a factor 1.43 for one layer and ``N = 3`` (1.10 for
    ``N = 12``, ``p = 3``), 5.2 for two layers (3.7); at ``omega = 2`` two layers are 94 times (59 times), and at
    ``omega = 1`` three layers 114 times below the stated constant: the worst cases of the layers do not come together.

    Parameters
    ----------
    layers : sympy.Expr or int
        ``L >= 0``.
    omega : sympy.Expr or number
        Attention scores lie in ``[-omega/2, omega/2]``.
    learning_error : sympy.Expr or number, optional
        ``e >= 0`` with ``E W(Dmix_j, D_{j+1}) <= e``; may use ``N``.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol,
        or if `layers` is not a nonnegative integer.

    References
    ----------
    Theory §8; Li et al. 2023 (stability of in-context learning).

    Examples
    --------
    >>> kappa = Transformer(layers=2, omega=0.5).sensitivity
    >>> kappa, round(float(kappa), 3)
    (-1/16 + (1/4 + 3*exp(1/2)/2)**2, 7.353)
    """

    references: ClassVar[tuple[str, ...]] = ("li2023transformers", "fu2025")
    def __init__(self, layers: Any = L, omega: Any = omega, learning_error: Any = None) -> None:
        self._set("transformer", Attention(layers, omega), learning_error)


class DepthUniformTransformer(_InContext):
    r"""The same transformer with a constant that stays bounded as the depth grows: ``kappa = q_L``.

    Setting: that of `Transformer`.
    Assumed: as for `Transformer`.
    Guarantee: ``kappa = q_L`` by the recursion of `stlbounds.generators.attention_depth`, which follows a bound on the
    diameter of the tokens through the layers. Attention without residual branches forgets: ``q_L`` is at most about
    1.84, 3.51, 15.9 and 1492 for every ``L``, for ``omega`` = 1/4, 1/2, 1 and 2.

    Self-check: at ``omega = 1`` and three layers the ascent stays a factor 8.7 below (114 for `Transformer`), at
    ``omega = 2`` and four layers a factor 557, for ``N = 3``.

    Parameters
    ----------
    layers, omega, learning_error
        As for `Transformer`.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol,
        or if `layers` is not a nonnegative integer.

    References
    ----------
    Theory §8; Dong, Cordonnier & Loukas 2021 (rank collapse).

    Examples
    --------
    >>> [round(float(DepthUniformTransformer(layers=layers, omega=0.5).sensitivity), 3) for layers in (1, 2, 100)]
    [2.473, 3.492, 3.508]
    """

    references: ClassVar[tuple[str, ...]] = ("dong2021attention",)
    def __init__(self, layers: Any = L, omega: Any = omega, learning_error: Any = None) -> None:
        self._set("depth-uniform transformer", Attention(layers, omega, depth_uniform=True), learning_error)


class ResidualTransformer(_InContext):
    r"""A transformer with residual branches and feed-forward blocks, in which depth does matter.

    Setting: as for `Transformer`, with layers ``z <- proj(z + attention(z))``, then ``z <- proj(z + f(z))``, both
    projected onto the unit ball, ``f`` being ``L_f``-Lipschitz.
    Guarantee: ``kappa = Lambda_res**L - ((1 + C)(1 + L_f))**L`` with ``Lambda_res = (1 + Lambda)(1 + L_f)``, derived.
    Assumed: as for `Transformer`, and ``L_f``.

    Self-check: the ascent stays a factor 1.43 below for one layer at ``omega = 1/2``, ``L_f = 0``, and 6.3 below for
    two layers at ``omega = 1``, ``L_f = 1/5`` (``N = 3``).

    Parameters
    ----------
    layers, omega, learning_error
        As for `Transformer`.
    feed_forward : sympy.Expr or number
        ``L_f >= 0``; 0 if there are no feed-forward blocks.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol,
        or if `layers` is not a nonnegative integer.

    References
    ----------
    Theory §8.

    Examples
    --------
    >>> round(float(ResidualTransformer(layers=2, omega=0.5, feed_forward=0.1).sensitivity), 3)
    14.882
    """

    references: ClassVar[tuple[str, ...]] = ("li2023transformers", "fu2025")
    def __init__(self, layers: Any = L, omega: Any = omega, feed_forward: Any = L_f,
                 learning_error: Any = None) -> None:
        self._set("residual transformer", Attention(layers, omega, exact("feed_forward", feed_forward)), learning_error)
