"""Regression by the mean label of the nearest neighbours (theory §7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators.base import constant_of_size
from stlbounds.generators.measurement import Measurement
from stlbounds.generators.numbers import number
from stlbounds.learners.base import UniformlyStable
from stlbounds.proof.claim import Claim, Printer, Rule, Says, Subject
from stlbounds.proof.metric import Metric
from stlbounds.proof.quantities import Quantity, Stability
from stlbounds.proof.rules.algebra import Substitute
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import B_y, G_l, M, N, exact
from stlbounds.symbols import k as neighbours_symbol

if TYPE_CHECKING:
    import numpy.typing as npt

    from stlbounds.learners.judging import Judge

__all__ = [
    "LabelRange", "NearestNeighbours", "NeighbourShare", "NeighbourStability", "PredictionLipschitz", "nearest_mean",
]

_SUBJECT = Subject("learner", "nearest neighbours", ("neighbours",))


class PredictionLipschitz(Quantity):
    """The Lipschitz constant of the loss in the prediction."""

    nargs = 0
    template = r"G_{{\ell}}(\ell)"
    granted = (r"Loss in the prediction: it is Lipschitz with a constant $G_\ell(\ell) \le {bound}$ ({metric} metric "
               r"on the data).")


class LabelRange(Quantity):
    """The length of an interval that contains all labels."""

    nargs = 0
    template = r"\mathrm{{range}}(y)"
    granted = (r"Labels: all of them lie in an interval of length $\mathrm{{range}}(y) \le {bound}$ ({metric} metric "
               r"on the data).")


class NeighbourShare(Quantity):
    """``k/N``: the number of neighbours per training point."""

    nargs = 1
    template = r"k/{0}"
    granted = (r"Neighbours: their number, divided by the size of any training set, is at most ${bound}$; ties are "
               r"broken by a fixed order of the places in the training set ({metric} metric on the data).")


class NeighbourStability(Rule):
    """``beta_N <= G_l B_y/k`` when one training point is replaced, for ``k <= N``.

    Premise: a bound of at most 1 on `NeighbourShare`. Fix a query. Let ``A`` be the ``k`` nearest among the ``N - 1``
    points that the two training sets share (all of them, if ``k = N``). A further point either does not come among the
    nearest, or it does and drives out the farthest of ``A``; ties are decided by a fixed order of places, the same for
    both sets. So the two sets of neighbours are ``A``, or ``A`` without that one farthest point and with the new one:
    they share ``k - 1`` points, and the means of labels differ by at most ``B_y/k``.
    """

    title = "stability of nearest neighbours"
    subject = _SUBJECT
    metric = Metric.DISCRETE
    equal_weights = True

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, neighbours: sp.Expr) -> Says:
        (enough,) = premises
        if enough.lhs != NeighbourShare(N) or enough.rhs != 1:
            raise AssumptionError(f"nearest neighbours need at least k training points, but the premise is {enough}")
        if neighbours.is_integer is not True or neighbours.is_positive is not True:
            raise AssumptionError(f"the number of neighbours {neighbours} must be a positive integer")
        return Says(Stability(N), PredictionLipschitz() * LabelRange() / neighbours)

    @classmethod
    def explain(cls, tex: Printer, *, neighbours: sp.Expr) -> str:
        return (rf"Two training sets that differ in one point have at least ${tex(neighbours - 1)}$ of the "
                rf"${tex(neighbours)}$ neighbours of a query in common, so that the mean labels differ by at most "
                rf"${tex(LabelRange() / neighbours)}$.")


def nearest_mean(inputs: npt.NDArray[Any], labels: npt.NDArray[Any], query: float, count: int) -> float:
    """The mean label of the `count` points nearest to `query`; ties go to the point that comes first.

    Examples
    --------
    >>> import numpy as np
    >>> nearest_mean(np.array([0.0, 1.0, 2.0]), np.array([5.0, 3.0, 9.0]), 1.0, 2)
    4.0
    """
    import numpy as np

    order = np.argsort(np.abs(inputs - query), kind="stable")[:count]
    return float(labels[order].mean())


class NearestNeighbours(UniformlyStable):
    """Regression by the mean label of the ``k`` nearest training points.

    Setting
        Points are pairs of an input and a label in an interval of length ``B_y``; ties are broken by place. Discrete
        metric.
    Guarantee
        ``beta_N = G_l B_y/k``. It does not shrink with ``N`` unless ``k`` grows: pass ``k`` that fits the size.
    Assumed
        ``G_l``, ``B_y``, ``k <= N``, and a loss with values in ``[0, M]``. The rest is derived.
    Reference
        Devroye & Wagner 1979 (rules that use the ``k`` nearest points); theory §7.
    Self-check
        `self_check` searches training sets on a grid with many ties; the constant is attained. With a value of ``M`` it
        also enumerates what `judge` simulates, under ``min(G_l |prediction - y|, M)``.

    Parameters
    ----------
    neighbours : sympy.Expr or int
        ``k``, a positive integer.
    lipschitz : sympy.Expr or number
        ``G_l``, the Lipschitz constant of the loss in the prediction.
    labels : sympy.Expr or number
        ``B_y``.
    loss_constant : sympy.Expr or number
        ``M``.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol,
        or if `neighbours` is not a positive integer.

    Examples
    --------
    >>> NearestNeighbours().beta_N
    B_y*G_l/k
    >>> for found in NearestNeighbours(3, 2, 0.5).self_check():
    ...     print(found)
    beta: measured 0.333333, stated 0.333333, slack 1 (400 random training sets of 6 points, every replacement)
    """

    references: ClassVar[tuple[str, ...]] = ("devroye1979",)
    neighbours: sp.Expr
    lipschitz: sp.Expr
    labels: sp.Expr

    def __init__(self, neighbours: sp.Expr | int = neighbours_symbol, lipschitz: sp.Expr | float = G_l,
                 labels: sp.Expr | float = B_y, loss_constant: sp.Expr | float = M) -> None:
        count = exact("neighbours", neighbours)
        if count.is_integer is not True or count.is_positive is not True or count.has(N):
            raise InvalidArgumentError("neighbours", neighbours, "a positive integer, and without the size N")
        for name, given in (("lipschitz", lipschitz), ("labels", labels)):
            value = constant_of_size(name, given)
            if value.has(N):
                raise InvalidArgumentError(name, value, "without the size N of the training set")
            object.__setattr__(self, name, value)
        object.__setattr__(self, "neighbours", count)
        super().__init__(self.lipschitz * self.labels / count, loss_constant, Metric.DISCRETE, "nearest-neighbours")

    def describe(self, tex: Printer) -> str:
        """What the model is, in a sentence of LaTeX; ``tex`` prints expressions."""
        return (r"A point $z = (x, y)$ is an input with a label; the learner $A$ predicts the label at an input by "
                rf"the mean label of the ${tex(self.neighbours)}$ nearest points of the training set, and $\ell$ "
                r"judges that prediction.")

    def stability_claim(self, weighted: bool = False) -> Claim:
        if weighted:
            raise AssumptionError("nearest neighbours may change as much for a light point as for a heavy one, so its "
                                  "stability is not known per unit of weighted displacement")
        enough, slope, labels = (
            Assumption.apply(quantity=quantity, bound=bound, metric=Metric.DISCRETE)
            for quantity, bound in ((NeighbourShare(N), sp.S.One), (PredictionLipschitz(), self.lipschitz),
                                    (LabelRange(), self.labels)))
        claim = Substitute.apply(NeighbourStability.apply(enough, neighbours=self.neighbours), slope)
        return Substitute.apply(claim, labels) if claim.rhs.has(LabelRange()) else claim

    def self_check(self, *, seed: int = 0, size: int = 6, starts: int = 400, **values: Any) -> tuple[Measurement, ...]:
        """``beta_N`` by random training sets on a grid of inputs, with every replacement of one point."""
        import numpy as np

        from stlbounds.learners.judge_checks import simulated_constants

        count = int(number("neighbours", self.neighbours, values))
        if count > size:
            raise InvalidArgumentError("size", size, f"at least the number of neighbours {count}")
        slope, length = number("lipschitz", self.lipschitz, values), number("labels", self.labels, values)
        rng, largest = np.random.default_rng(seed), 0.0
        for _ in range(starts):
            inputs, labels = rng.integers(0, 4, size) * 1.0, rng.integers(0, 2, size) * length
            query, place = float(rng.integers(0, 4)), int(rng.integers(size))
            before = nearest_mean(inputs, labels, query, count)
            for place_input in range(4):
                for label in (0.0, length):
                    moved, relabelled = inputs.copy(), labels.copy()
                    moved[place], relabelled[place] = place_input, label
                    after = nearest_mean(moved, relabelled, query, count)
                    largest = max(largest, slope * abs(before - after))
        stated = number("beta", self.beta_N, values)
        how = f"{starts} random training sets of {size} points, every replacement"
        return (Measurement("beta", largest, stated, how), *simulated_constants(self, values, size))

    def judge(self, values: Mapping[str, Any]) -> Judge:
        """Symbols stand for pairs of an input and a label, see `stlbounds.learners.finite_judges.NeighbourJudge`."""
        from stlbounds.learners.finite_judges import NeighbourJudge

        return NeighbourJudge(int(number("neighbours", self.neighbours, values)),
                              number("lipschitz", self.lipschitz, values), number("labels", self.labels, values),
                              number("loss_constant", self.loss_constant, values))
