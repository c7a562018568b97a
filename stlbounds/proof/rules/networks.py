"""Rules for networks of models (theory §10): vectors of influences and of drifts, and the matrix recurrences they obey.

A proof is about the gap of one judged model: the quantities of the main theorem (`Gap`, `Stability`,
`InfluenceSquares`, ...) are those of that model and of its training sets; the points they run over are those of all
models.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.interval.signs import is_nonnegative
from stlbounds.matrices import power_entry, power_sum_entry
from stlbounds.proof.claim import INDICES, Check, Printer, Rule, Says
from stlbounds.proof.identities import vanishes
from stlbounds.proof.protocol import PointClass
from stlbounds.proof.quantities import (
    D,
    Distance,
    Dmix,
    FinalInfluence,
    InfluenceSquares,
    Quantity,
    Sensitivity,
    Str,
)
from stlbounds.proof.wiring import ModelView, Wiring
from stlbounds.symbols import G, J, i

__all__ = [
    "MatrixRecurrence",
    "NetworkConvexity",
    "NetworkCouplingDraw",
    "NetworkCouplingStep",
    "NetworkDistance",
    "NetworkFinalInfluence",
    "NetworkInfluence",
    "NetworkInfluenceAtBirth",
    "NetworkLearningError",
    "NetworkSensitivity",
    "NetworkShift",
    "NetworkSquares",
    "NetworkStart",
    "NetworkTriangle",
    "birth_of",
]


class NetworkSensitivity(Sensitivity):
    """``kappa_N`` of the generator of a model."""

    nargs = 2
    template = r"\kappa_{{{1}}}(G^{{{0}}})"
    granted = (r"Sensitivity of model {0}: $W(G(S), G(S')) \le (\kappa/N)\,\mathrm{{dist}}(S, S')$ with $\kappa \le "
               r"{bound}$, for all training sets $S, S'$ of one size $N$, in the {metric} metric.")


class NetworkLearningError(Quantity):
    """By how much ``E W(D_0, D^a_(j+1))`` exceeds ``E W(D_0, Dmix^a_j)``, 0 if it does not: ``(a, j)``.

    At most ``E W(Dmix^a_j, D^a_(j+1))``. It is all that the drift needs, and all that is known of kernel densities and
    of mixtures with a prior in a network, where a model is trained on what others wrote.
    """

    nargs = 2
    template = r"e^{{{0}}}_{{{1}}}"
    granted = (r"Learning error of model {0}: in every generation the expected distance of its output from $D_0$ is at "
               r"most ${bound}$ larger than that of the mixed distribution that it was trained on, in the {metric} "
               r"metric; an expected distance of at most ${bound}$ between these two is enough.")


class NetworkInfluence(Quantity):
    """The expected displacement of ``T^a_j`` when a point is replaced: ``(class, a, g, j)``, as in `Influence`."""

    nargs = 4
    template = r"x^{{{1}\leftarrow {0}}}_{{{2} \to {3}}}"


class NetworkShift(Quantity):
    """``E W(D^a_k, D'^a_k)`` when a point is replaced: ``(class, a, g, k)``."""

    nargs = 4
    template = r"\tau^{{{1}\leftarrow {0}}}_{{{2} \to {3}}}"


class NetworkDistance(Quantity):
    """``E W(D_0, D^a_j)``, 0 for ``j = 0``, where all data are real: ``(a, j)``."""

    nargs = 2
    template = r"\mathbb{{E}}\,W(D_0, D^{{{0}}}_{{{1}}})"


class NetworkMixedDistance(Quantity):
    """``E W(D_0, Dmix^a_j)``: ``(a, j)``."""

    nargs = 2
    template = r"\mathbb{{E}}\,W(D_0, \bar{{D}}^{{{0}}}_{{{1}}})"


def birth_of(point: PointClass) -> sp.Expr:
    """The generation of the draw of a point."""
    return G + point.first if point.recurring else sp.Integer(point.first)


def _checked(wiring: Wiring) -> None:
    """Refuse flows that are no proportions, or do not leave the stated share of real data."""
    for a in range(len(wiring.names)):
        if not all(is_nonnegative(share) for share in wiring.flows.row(a)):
            raise AssumptionError(f"the flows {list(wiring.flows.row(a))} of model {wiring.names[a]} may be negative")
        if not is_nonnegative(wiring.real[a]):
            raise AssumptionError(f"the share {wiring.real[a]} of real data of model {wiring.names[a]} may be negative")
        if not vanishes(sum(wiring.flows.row(a), wiring.real[a]) - 1):
            raise AssumptionError(f"the shares of model {wiring.names[a]} do not sum to 1")


class NetworkInfluenceAtBirth(Rule):
    """A replaced point displaces its own training set by at most 1, and no other one of its generation."""

    title = "a replaced point"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, wiring: Wiring, owner: int, point: PointClass, model: int) -> Says:
        birth, label = birth_of(point), Str(wiring.names[model])
        return Says(NetworkInfluence(Str(point.name), label, birth, birth), sp.Integer(model == owner))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return ("Replacing one point moves its own training set by the distance of its two values, the unit, and no "
                "other one at first.")


class NetworkCouplingStep(Rule):
    """``tau^a_{j+1} <= (kappa_a/n_a) x^a_j``."""

    title = "sensitivity of the generator"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, wiring: Wiring, point: PointClass, model: int) -> Says:
        birth, size = birth_of(point), wiring.sizes[model]
        name, label = Str(point.name), Str(wiring.names[model])
        return Says(NetworkShift(name, label, birth, birth + J + 1),
                    NetworkSensitivity(label, size) / size * NetworkInfluence(name, label, birth, birth + J))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The expected displacement of the two coupled training sets of the model is its influence; the "
                r"sensitivity of its generator bounds how far apart its two outputs can be.")


class NetworkCouplingDraw(Rule):
    """``x^a_{j+1} <= 1{X in T^a_{j+1}} + sum_b n_a p_ab tau^b_{j+1}``: points are drawn in optimally coupled pairs."""

    title = "coupling"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, wiring: Wiring, owner: int, point: PointClass, model: int) -> Says:
        _checked(wiring)
        birth, name = birth_of(point), Str(point.name)
        later = birth + J + 1
        total = sp.Integer(point.kept and model == owner)
        for b, share in enumerate(wiring.flows.row(model)):
            total += wiring.sizes[model] * share * NetworkShift(name, Str(wiring.names[b]), birth, later)
        return Says(NetworkInfluence(name, Str(wiring.names[model]), birth, later), total)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"Draw the new points that a model takes from each model in pairs, independently, from an optimal "
                r"coupling of the two laws; a replayed point itself adds at most~$1$.")


class MatrixRecurrence(Rule):
    """From ``x(j+1) <= r + B x(j)`` and ``x(0) <= u``, componentwise, with ``B >= 0``: a component of ``x(j)``.

    ``x(j) <= B**j u + (I + B + ... + B**(j-1)) r`` by induction on ``j``. Premises: the recurrence of each component,
    then the base case of each.
    """

    title = "solving the recurrence"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, component: int) -> Says:
        count = len(premises) // 2
        steps, bases = premises[:count], premises[count:]
        if not count or len(premises) != 2 * count or not 0 <= component < count:
            raise AssumptionError("a recurrence and a base case are needed for each component")
        if any(says.relation != "<=" or says.events or says.is_random for says in premises):
            raise AssumptionError("a recurrence is solved for deterministic inequalities only")
        unknown = [says.lhs.subs(J, J - 1) for says in steps]
        values = [sp.Dummy(nonnegative=True) for _ in unknown]
        for quantity, base in zip(unknown, bases, strict=True):
            if not isinstance(quantity, Quantity) or quantity.subs(J, 0) != base.lhs:
                raise AssumptionError(f"the base case must bound {quantity.subs(J, 0)}, not {base.lhs}")
        if len(set(unknown)) < count:
            raise AssumptionError("the components must differ")
        matrix, rest = [], []
        for says in steps:
            bound = says.rhs.xreplace(dict(zip(unknown, values, strict=True)))
            row = [sp.diff(bound, value) for value in values]
            left = bound.xreplace(dict.fromkeys(values, sp.S.Zero))
            if any(part.has(J, *values) or part.atoms(Quantity) for part in (*row, left)):
                raise AssumptionError(f"{says.rhs} is not affine in the components with constant coefficients")
            if not all(is_nonnegative(part) for part in row):
                raise UndecidedError(f"cannot show that the coefficients {row} are nonnegative")
            matrix.append(row)
            rest.append(left)
        entries = [part for row in matrix for part in row]

        def closed(a: int, steps: sp.Expr) -> sp.Expr:
            start = (power_entry(steps, a, c, *entries) * base.rhs for c, base in enumerate(bases))
            added = (power_sum_entry(steps, a, c, *entries) * part for c, part in enumerate(rest))
            return sp.Add(*start, *added)

        follows = rest[component] + sp.Add(*(part * closed(c, J) for c, part in enumerate(matrix[component])))
        checks = (Check(follows, closed(component, J + 1), "="),
                  Check(bases[component].rhs, closed(component, sp.S.Zero)))
        if any(base.rhs.free_symbols & set(INDICES) - unknown[c].free_symbols for c, base in enumerate(bases)):
            raise AssumptionError("a base case contains an index that its component does not have")
        return Says(unknown[component], closed(component, J), "<=", frozenset(), checks)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return f"By induction on ${tex(J)}$, for all models at once: the coefficients are nonnegative."


class NetworkTriangle(Rule):
    """``E W(D_0, D^a_{j+1}) <= E W(D_0, Dmix^a_j) + e^a_j``, which is what the learning error ``e^a_j`` is."""

    title = "learning error"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, wiring: Wiring, model: int) -> Says:
        label = Str(wiring.names[model])
        return Says(NetworkDistance(label, J + 1), NetworkMixedDistance(label, J) + NetworkLearningError(label, J))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "The learning error is what a generation adds to the distance from the real distribution."


def _mixed(wiring: Wiring, model: int, generation: sp.Expr) -> sp.Expr:
    _checked(wiring)
    shares = enumerate(wiring.flows.row(model))
    return sp.Add(*(share * NetworkDistance(Str(wiring.names[b]), generation) for b, share in shares))


class NetworkConvexity(Rule):
    """``E W(D_0, Dmix^a_j) <= sum_b p_ab E W(D_0, D^b_j)``; with ``judged`` for the model that the proof is about."""

    title = "convexity"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, wiring: Wiring, model: int, judged: bool = False) -> Says:
        if judged:
            return Says(Distance(D(0), Dmix(i)), _mixed(wiring, model, i))
        return Says(NetworkMixedDistance(Str(wiring.names[model]), J), _mixed(wiring, model, J))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The mixed distribution is the average of real data and of the outputs of the models that feed this "
                r"one, and the Wasserstein distance is convex.")


class NetworkStart(Rule):
    """``E W(D_0, D^a_0) <= 0``: before the first generation all data are real."""

    title = "real data at the start"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, wiring: Wiring, model: int) -> Says:
        return Says(NetworkDistance(Str(wiring.names[model]), sp.S.Zero), sp.S.Zero)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "The first training sets consist of real data."


class NetworkSquares(Rule):
    """``sum of x_X**2``: the influence on the judged model's training set of every point of every model."""

    title = "sum over all points"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, view: ModelView) -> Says:
        wiring, judged = view.wiring, Str(view.wiring.names[view.model])
        total = sp.S.Zero
        for owner, size in enumerate(wiring.sizes):
            points = wiring.classes(owner)
            if not vanishes(sp.Add(*(point.count for point in points if point.first == 0)) - size):
                raise AssumptionError(f"the classes do not account for the {size} first points of a model")
            for point in points:
                name = Str(point.name)
                if point.recurring:
                    squares = point.count * NetworkInfluence(name, judged, G, i) ** 2
                    total += sp.Sum(squares, (G, sp.Integer(point.first), i))
                else:
                    total += point.count * NetworkInfluence(name, judged, sp.Integer(point.first), i) ** 2
        return Says(InfluenceSquares(i), total)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "Sum over all points that the models have drawn up to generation $i$."


class NetworkFinalInfluence(Rule):
    """``(1/n_a) sum of x_X`` over the points of the judged model's training set; new ones displace only themselves."""

    title = "sum over the training set"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, view: ModelView) -> Says:
        wiring, size = view.wiring, view.wiring.sizes[view.model]
        judged, kept, total = Str(wiring.names[view.model]), sp.S.Zero, sp.S.Zero
        for point in view.classes:
            if point.kept:
                kept += point.count
                total += point.count * NetworkInfluence(Str(point.name), judged, sp.Integer(point.first), i)
        return Says(FinalInfluence(i), (total + sp.factor(size - kept)) / size)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return r"Sum over the points of the training set; a point that is new in it displaces nothing else of it."
