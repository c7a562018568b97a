"""What proofs about transformers in context name: norms of matrices, slopes of a layer, displacements (theory §8).

A quantity has a role, ``generator`` or ``learner``: a setting may contain two transformers.
"""

from __future__ import annotations

from stlbounds.proof.quantities import Quantity, Str

__all__ = ["GENERATOR", "LEARNER", "ContextSlope", "FeedForwardLipschitz", "MeanDisplacement", "OutputLipschitz",
           "QueryDisplacement", "QuerySlope", "ScoreNorm", "TokenBall", "TokenRadius", "TokenSpread", "ValueNorm"]

GENERATOR, LEARNER = Str("generator"), Str("learner")


class TokenBall(Quantity):
    """The radius of a ball around 0 that contains all tokens, examples and query, before the first layer."""

    nargs = 1
    template = r"r^{{{0}}}_0"
    granted = (r"Tokens: all tokens that enter the transformer of the {0}, examples and query, lie in the ball of "
               r"radius ${bound}$ around $0$ of a Euclidean space.")


class ScoreNorm(Quantity):
    """The largest operator norm of a score matrix ``Q``."""

    nargs = 1
    template = r"\|Q\|^{{{0}}}"
    granted = (r"Scores: in every attention layer of the {0} the score of a position $z$ with an example $z_k$ is "
               r"$z^\top Q z_k$ with $\|Q\| \le {bound}$; there is no mask, and no normalisation.")


class ValueNorm(Quantity):
    """The largest operator norm of a value matrix ``V``."""

    nargs = 1
    template = r"\|V\|^{{{0}}}"
    granted = r"Values: in every attention layer of the {0} the value matrix has $\|V\| \le {bound}$."


class FeedForwardLipschitz(Quantity):
    """The largest Lipschitz constant of a feed-forward block."""

    nargs = 1
    template = r"\mathrm{{Lip}}(f)^{{{0}}}"
    granted = (r"Blocks: a layer of the {0} is $z \leftarrow \mathrm{{proj}}(z + \mathrm{{attention}}(z))$ and then $z "
               r"\leftarrow \mathrm{{proj}}(z + f(z))$, the projections onto the ball of the tokens, with $f$ "
               r"Lipschitz with the constant ${bound}$.")


class OutputLipschitz(Quantity):
    """The Lipschitz constant of the loss in the model's output, for Euclidean distances that are not normalised."""

    nargs = 1
    template = r"\mathrm{{Lip}}_{{\mathrm{{out}}}}^{{{0}}}"
    granted = r"Loss of the {0}: it is Lipschitz with the constant ${bound}$ in the output at the query."


class TokenRadius(Quantity):
    """The radius of a ball around 0 that contains all positions of all layers."""

    nargs = 1
    template = r"r^{{{0}}}"
    words = (r"$r^{{\mathrm{{{0}}}}}$ is the radius of the smallest ball around $0$ that contains all "
             r"positions of all layers of the transformer of the {0}.")


class TokenSpread(Quantity):
    """``TokenSpread(role, l)``: the largest diameter of the example tokens at the entrance of layer ``l``."""

    nargs = 2
    template = r"d^{{{0}}}_{{{1}}}"
    words = (r"$d^{{\mathrm{{{0}}}}}_j$ is the largest diameter of the example tokens at the entrance of "
             r"layer $j$ of the transformer of the {0}.")


class ContextSlope(Quantity):
    """``A_l``: how far a position's attention moves per mean displacement of the examples, at layer ``l``."""

    nargs = 2
    template = r"A^{{{0}}}_{{{1}}}"
    words = r"$A^{{\mathrm{{{0}}}}}_j$ is how far attention in layer $j$ moves at most per mean move of the examples."


class QuerySlope(Quantity):
    """``C_l``: how far a position's attention moves per displacement of that position itself, at layer ``l``."""

    nargs = 2
    template = r"C^{{{0}}}_{{{1}}}"
    words = r"$C^{{\mathrm{{{0}}}}}_j$ is how far it moves at most per move of the position itself."


class MeanDisplacement(Quantity):
    """``m_l``: the mean displacement of the examples at the entrance of layer ``l``, per unit of it in the input."""

    nargs = 2
    template = r"m^{{{0}}}_{{{1}}}"
    words = (r"$m^{{\mathrm{{{0}}}}}_j$ is the largest mean displacement of the examples at the entrance of "
             r"layer $j$ between two inputs, divided by that of the inputs.")


class QueryDisplacement(Quantity):
    """``q_l``: the displacement there of a query that is the same in both inputs, in the same units."""

    nargs = 2
    template = r"q^{{{0}}}_{{{1}}}"
    words = (r"$q^{{\mathrm{{{0}}}}}_j$ is the largest displacement there of a query that is the same in "
             r"both inputs, in the same units.")
