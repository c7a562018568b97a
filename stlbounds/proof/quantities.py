r"""The quantities that claims speak about: deterministic numbers of a loop, as SymPy functions.

Each is a function of indices only; the loop, generator and learner are those of the setting. A quantity is
real, most are nonnegative, and none is ever folded into a number (``is_number`` is false): what it is worth is for
claims to bound and for exact worlds to compute. The two random ones, `Gap` and `Deviation`, may occur only as the
left side of a claim with named events.

Notation: ``T_j`` is the training set of generation ``j``, ``D(k)`` the ``k``-th distribution (``D(0)`` the real
one), ``Dmix(j)`` the mixed distribution of ``T_j``, ``A`` the learner, ``R`` a risk, ``Rhat`` the empirical risk on
``T_j``, ``g = R_{D_0}(A(T_j)) - Rhat_{T_j}(A(T_j))``. ``cls`` is the name of a class of points
(`sympy.core.symbol.Str`), ``g`` the generation in which the replaced point is drawn.
"""

from __future__ import annotations

from typing import ClassVar

import sympy as sp
from sympy.core.symbol import Str

__all__ = [
    "QUANTITIES",
    "RANDOM",
    "D",
    "Deviation",
    "Distance",
    "DistributionShift",
    "Dmix",
    "DriftBias",
    "ExchangeBias",
    "ExpectedDeviation",
    "ExpectedGap",
    "FinalInfluence",
    "Gap",
    "Influence",
    "InfluenceSquares",
    "LossConstant",
    "MeanGap",
    "Quantity",
    "RandomQuantity",
    "RangeSquares",
    "Ranked",
    "RecursiveStability",
    "Sensitivity",
    "Stability",
    "Str",
    "Variance",
]


class Quantity(sp.Function):  # type: ignore[misc]  # SymPy has no types
    """A nonnegative number that the setting determines."""

    is_real = True
    is_nonnegative = True
    is_number = False
    #: LaTeX with ``{0}``, ``{1}``, ... for the printed arguments.
    template: ClassVar[str] = ""
    #: The assumption "at most ``{bound}``, in the ``{metric}`` metric" as a sentence; empty where no reader may
    #: be asked to grant it.
    granted: ClassVar[str] = ""
    #: A sentence that introduces it in a proof, with ``{0}`` for what the first argument names; empty where the
    #: assumption says what it is, or the formula does.
    words: ClassVar[str] = ""

    def _latex(self, printer: object, exp: str | None = None) -> str:
        body = self.template.format(*(_printed(printer, argument) for argument in self.args))
        return body if exp is None else rf"{{\left({body}\right)}}^{{{exp}}}"


def _printed(printer: object, argument: sp.Basic) -> str:
    if isinstance(argument, Str):
        return rf"\mathrm{{{argument.name}}}"
    return str(printer._print(argument))  # type: ignore[attr-defined]


class RandomQuantity(Quantity):
    """A random variable: it may occur in claims with named events, or in claims that hold surely."""


class D(sp.Function):  # type: ignore[misc]
    """The distribution ``D_k``: real data for ``k = 0``, the ``k``-th generator's output otherwise."""

    nargs = 1

    def _latex(self, printer: object, exp: str | None = None) -> str:
        return f"D_{{{_printed(printer, self.args[0])}}}"


class Dmix(sp.Function):  # type: ignore[misc]
    """The mixed training distribution ``Dmix_j = sum_k w_jk D_k`` of generation ``j``."""

    nargs = 1

    def _latex(self, printer: object, exp: str | None = None) -> str:
        return rf"\bar{{D}}_{{{_printed(printer, self.args[0])}}}"


class Ranked(sp.Function):  # type: ignore[misc]
    """``Ranked(cls, q)``: the ``q``-th point of the class ``cls``, whose points are treated by their rank."""

    nargs = 2

    def _latex(self, printer: object, exp: str | None = None) -> str:
        return f"{_printed(printer, self.args[0])},{_printed(printer, self.args[1])}"


class Distance(Quantity):
    """``E W(P, Q)``: the expected 1-Wasserstein distance of two (perhaps random) distributions."""

    nargs = 2
    template = r"\mathbb{{E}}\,W({0}, {1})"
    granted = (r"Learning error: in every generation $j$ the generator's output $D_{{j+1}}$ is at an expected "
               r"distance of "
               r"at most ${bound}$ from the mixed distribution $\bar{{D}}_j$ that it was trained on, in the {metric} "
               r"metric.")


class Sensitivity(Quantity):
    """``kappa_N``: the least ``kappa`` with ``W(G(S), G(S')) <= (kappa/N) dist(S, S')`` for sets of size N."""

    nargs = 1
    template = r"\kappa_{{{0}}}(G)"
    granted = (r"Sensitivity: $W(G(S), G(S')) \le \kappa_N(G)\,\mathrm{{dist}}(S, S')/N$ with $\kappa_N(G) \le "
               r"{bound}$, for all training sets $S, S'$ of one size $N$, in the {metric} metric.")


class Stability(Quantity):
    """``beta_N``: the least ``beta`` with ``|loss(A(S), z) - loss(A(S'), z)| <= beta dist(S, S')``, size N."""

    nargs = 1
    template = r"\beta_{{{0}}}(A)"
    granted = (r"Uniform stability: $|\ell(A(S), z) - \ell(A(S'), z)| \le \beta_N(A)\,\mathrm{{dist}}(S, S')$ with "
               r"$\beta_N(A) \le {bound}$, for all $z$ and all training sets $S, S'$ of one size $N$, in the {metric} "
               r"metric.")


class LossConstant(Quantity):
    """``M``: the least number with ``|loss(h, z) - loss(h, z')| <= M d(z, z')``."""

    nargs = 0
    template = r"\mathrm{{Lip}}(\ell)"
    granted = (r"Loss: $|\ell(h, z) - \ell(h, z')| \le \mathrm{{Lip}}(\ell)\, d(z, z')$ with $\mathrm{{Lip}}(\ell) \le "
               r"{bound}$, for every hypothesis $h$, in the {metric} metric.")


class Influence(Quantity):
    """``x = 1{X in T_j} + h_j``: expected displacement of ``T_j`` when one point ``X`` is replaced.

    ``Influence(cls, g, j)``: ``X`` is of class ``cls``, drawn in generation ``g <= j``; the largest value over all
    pasts, other points and values of ``X`` and its replacement ``X'``, under the coupling of theory §3, per unit of the
    distance ``d(X, X') <= 1`` (which is 1 in the discrete metric). Points with a weight count in units of ``1/N``.
    """

    nargs = 3
    template = r"x^{{{0}}}_{{{1} \to {2}}}"


class DistributionShift(Quantity):
    """``tau_k = E W(D_k, D'_k)`` between a loop and its copy in which one point is replaced.

    ``DistributionShift(cls, g, k)``, the largest value over the same choices as in `Influence`; ``k > g``.
    """

    nargs = 3
    template = r"\tau^{{{0}}}_{{{1} \to {2}}}"


class FinalInfluence(Quantity):
    """``1 + hbar = (1/N_j) sum of the influences on T_j of the points X of T_j``."""

    nargs = 1
    template = r"\bar{{x}}_{{{0}}}"


class InfluenceSquares(Quantity):
    """``sum of x_X**2`` over every random point ``X`` ever drawn, ``x_X`` its influence on ``T_j``."""

    nargs = 1
    template = r"\textstyle\sum_X x_X^2({0})"


class RecursiveStability(Quantity):
    """``gamma_j``: largest ``E W(D_j, D'_j)`` over two loops whose real data ``T_0`` differ in one point."""

    nargs = 1
    template = r"\gamma_{{{0}}}"


class DriftBias(Quantity):
    """``|E[R_{D_0}(A(T_j)) - R_{Dmix_j}(A(T_j))]|``: the part of the bias that is due to drift."""

    nargs = 1
    template = r"\bigl|\mathbb{{E}}[R_{{D_0}} - R_{{\bar{{D}}_{{{0}}}}}]\bigr|"


class ExchangeBias(Quantity):
    """``|E[R_{Dmix_j}(A(T_j)) - Rhat_{T_j}(A(T_j))]|``: the part that is due to stability."""

    nargs = 1
    template = r"\bigl|\mathbb{{E}}[R_{{\bar{{D}}_{{{0}}}}} - \hat{{R}}_{{T_{{{0}}}}}]\bigr|"


class MeanGap(Quantity):
    """``|E g|``."""

    nargs = 1
    template = r"\bigl|\mathbb{{E}}\,g_{{{0}}}\bigr|"


class ExpectedGap(Quantity):
    """``E |g|``."""

    nargs = 1
    template = r"\mathbb{{E}}\,\bigl|g_{{{0}}}\bigr|"


class Variance(Quantity):
    """The variance of ``g``."""

    nargs = 1
    template = r"\operatorname{{Var}}(g_{{{0}}})"


class ExpectedDeviation(Quantity):
    """``E |g - E g|``."""

    nargs = 1
    template = r"\mathbb{{E}}\,\bigl|g_{{{0}}} - \mathbb{{E}}\,g_{{{0}}}\bigr|"


class RangeSquares(Quantity):
    """``sum of c_X**2`` over every random point ever drawn, revealed one by one in the order of drawing.

    ``c_X`` is the largest conditional range (maximum minus minimum over the value of ``X``) of ``E[g | past, X]``.
    """

    nargs = 1
    template = r"\textstyle\sum_X c_X^2({0})"


class Gap(RandomQuantity):
    """``|g|``, a random variable."""

    nargs = 1
    template = r"\bigl|g_{{{0}}}\bigr|"


class Deviation(RandomQuantity):
    """``|g - E g|``, a random variable."""

    nargs = 1
    template = r"\bigl|g_{{{0}}} - \mathbb{{E}}\,g_{{{0}}}\bigr|"


#: Every quantity a claim may mention, and those among them that are random.
QUANTITIES: tuple[type[Quantity], ...] = (
    Distance, Sensitivity, Stability, LossConstant, Influence, DistributionShift, FinalInfluence,
    InfluenceSquares, RecursiveStability, DriftBias, ExchangeBias, MeanGap, ExpectedGap, Variance,
    ExpectedDeviation, RangeSquares, Gap, Deviation,
)
RANDOM: tuple[type[Quantity], ...] = (RandomQuantity,)
