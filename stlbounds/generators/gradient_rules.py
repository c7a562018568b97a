"""How far training by gradients carries a change of the data: quantities and rules, in both metrics (theory §7)."""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.errors import AssumptionError
from stlbounds.proof.claim import Printer, Rule, Says, Subject
from stlbounds.proof.metric import Metric
from stlbounds.proof.quantities import Quantity, Sensitivity, Str
from stlbounds.symbols import J, N

__all__ = [
    "DescentEnd", "DescentStart", "DescentStep", "GaussianLaw", "InverseConvexity", "LawLipschitz", "MinimiserShift",
    "NoisePrecision", "ParameterShift", "SampledLaw", "SampledPoints", "SamplerLipschitz", "StepShift",
    "TrainingGradientLipschitz", "TrainingGradientNorm", "TrainingStep", "role_of",
]

_SUBJECT = Subject("generator", "a trained family", ("steps",))


# --- quantities ----------------------------------------------------------------------------------------------


class TrainingGradientLipschitz(Quantity):
    """``L_z``: the Lipschitz constant of ``grad_w loss(w, z)`` in ``z``, in distances that are not normalised."""

    nargs = 0
    template = r"\mathrm{{Lip}}_z(\nabla_w)"
    granted = (r"Training loss of the generator: its gradient in the parameter is Lipschitz with the constant "
               r"${bound}$ in the data point, in the {metric} distance (not normalised).")


class TrainingGradientNorm(Quantity):
    """``G_l``: the largest norm of the gradient of the training loss."""

    nargs = 0
    template = r"\|\nabla_w\|"
    granted = (r"Training loss of the generator: its gradient in the parameter has norm at most ${bound}$ on the "
               r"parameters that training may visit, a convex set.")


class InverseConvexity(Quantity):
    """``1/mu``, ``mu`` the modulus of strong convexity of the empirical risk."""

    nargs = 0
    template = r"\mu^{{-1}}"
    granted = (r"Training of the generator: it minimises the empirical risk exactly, on a convex set of parameters; "
               r"the risk is strongly convex, and the inverse of its modulus is at most ${bound}$.")


class TrainingStep(Quantity):
    """The largest step of stochastic gradient descent."""

    nargs = 0
    template = r"\eta_{{\max}}"
    granted = (r"Training of the generator: stochastic gradient descent on a loss that is convex and smooth in the "
               r"parameter, "
               r"each index drawn uniformly; steps are at most ${bound}$, and at most $2$ divided by the smoothness; "
               r"projections onto convex sets are allowed.")


class SamplerLipschitz(Quantity):
    """``L_g``: the Lipschitz constant of ``w -> g(w, xi)``, a point sampled with the noise ``xi``."""

    nargs = 0
    template = r"\mathrm{{Lip}}(g)"
    granted = (r"Sampler: a new point is $g(w, \xi)$ with noise of its own, and $w \mapsto g(w, \xi)$ is "
               r"Lipschitz with the constant ${bound}$ in the {metric} distance (not normalised).")


class LawLipschitz(Quantity):
    """``L_TV``: the Lipschitz constant of ``w -> P_w`` in total variation."""

    nargs = 0
    template = r"\mathrm{{Lip}}(P)"
    granted = r"Sampler: $\mathrm{{TV}}(P_w, P_{{w'}})/\|w - w'\| \le {bound}$ for the law $P_w$ of a new point."


class NoisePrecision(Quantity):
    """``1/sigma`` of a sampler ``w + sigma xi`` with standard normal noise."""

    nargs = 0
    template = r"\sigma^{{-1}}"
    granted = (r"Sampler: a new point is normal with mean $w$ and covariance $\sigma^2$ times the identity, with "
               r"$\sigma^{{-1}} \le {bound}$.")


class StepShift(Quantity):
    """``StepShift(metric, l)``: `ParameterShift` of the parameter after ``l`` steps of descent."""

    nargs = 2
    template = r"s^{{{0}}}_{{{1}}}"
    words = r"$s^{{\mathrm{{{0}}}}}_j$ is the same for the parameter after $j$ steps of the training."


class ParameterShift(Quantity):
    """The largest ``E |w(S) - w(S')| N/dist(S, S')``, the training on both sets having the same seed.

    ``dist`` is the number of points that differ in the discrete metric, and the sum of distances, not normalised, in
    the Euclidean one.
    """

    nargs = 1
    template = r"s^{{{0}}}"
    words = (r"$s^{{\mathrm{{{0}}}}}$ is the largest $N\, \mathbb{{E}}\|w(S) - w(S')\|$, divided by the "
             r"displacement between the training sets $S$, $S'$ of one size $N$: by the number of points "
             r"that differ in the discrete metric, by the sum of distances, not normalised, in the "
             r"Euclidean one. Here $w(S)$ is the trained parameter of the generator; both trainings have "
             r"the same seed.")


# --- rules ---------------------------------------------------------------------------------------------------


def role_of(metric: Metric) -> Str:
    """The label that quantities of training carry, so that those of two metrics are never confused."""
    return Str(metric.value)


def _bound(says: Says, *kinds: type[Quantity]) -> sp.Expr:
    if says.relation != "<=" or says.events or not isinstance(says.lhs, kinds):
        raise AssumptionError(f"a bound on {' or '.join(kind.__name__ for kind in kinds)} is needed, not {says}")
    return says.rhs


def _force(says: Says) -> tuple[Str, sp.Expr]:
    """By how much the mean gradient moves per unit of ``dist/N``: ``L_z``, or ``2 G_l`` where a point is replaced."""
    bound = _bound(says, TrainingGradientLipschitz, TrainingGradientNorm)
    if isinstance(says.lhs, TrainingGradientLipschitz):
        return role_of(Metric.EUCLIDEAN), bound
    return role_of(Metric.DISCRETE), 2 * bound


class MinimiserShift(Rule):
    """``N |w(S) - w(S')|/dist <= L_z/mu`` (Euclidean) or ``2 G_l/mu`` (discrete), for minimisers ``w`` on a convex set.

    The variational inequalities of both minimisers and strong convexity give
    ``mu |w - w'|**2 <= (grad F'(w) - grad F(w)).(w - w')``, ``F`` and ``F'`` the empirical risks. The mean gradients at
    ``w`` differ by at most ``(L_z/N) sum_k |z_k - z'_k|``, or by ``2 G_l/N`` for each point that differs.
    """

    title = "shift of the minimiser"
    subject = _SUBJECT

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        gradient, convexity = premises
        role, force = _force(gradient)
        return Says(ParameterShift(role), _bound(convexity, InverseConvexity) * force)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"By strong convexity the minimisers are at most $1/\mu$ times as far apart as the mean gradients at "
                r"one of them.")


class DescentStart(Rule):
    """``s_0 <= 0``: descent starts from the same parameter."""

    title = "the same start"
    subject = _SUBJECT

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, metric: Metric) -> Says:
        return Says(StepShift(role_of(metric), sp.S.Zero), sp.S.Zero)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "Descent starts from the same parameter."


class DescentStep(Rule):
    """``s_{l+1} <= s_l + eta L_z`` (Euclidean) or ``s_l + 2 eta G_l`` (discrete).

    Both runs use the same index. A step of length at most 2/smoothness on one convex smooth function does not expand,
    and the two gradients at one parameter differ by ``L_z |z_I - z'_I|``, or by at most ``2 G_l`` if ``z_I`` differs:
    on average over ``I`` that is ``L_z`` or ``2 G_l`` times ``dist/N``.
    """

    title = "one step of descent"
    subject = _SUBJECT
    equal_weights = True
    reference = "hardt2016"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        gradient, step = premises
        role, force = _force(gradient)
        return Says(StepShift(role, J + 1), StepShift(role, J) + _bound(step, TrainingStep) * force)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"With the same index in both runs, a gradient step on one convex smooth function does not expand; the "
                r"gradients at the two data points differ, on average over the index, as much as the mean gradient.")


class DescentEnd(Rule):
    """``s <= s_T``: the parameter is that of the last step."""

    title = "the last step"
    subject = _SUBJECT

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, metric: Metric, steps: sp.Expr) -> Says:
        return Says(ParameterShift(role_of(metric)), StepShift(role_of(metric), steps))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "The model is the parameter after the last step."


class GaussianLaw(Rule):
    """``L_TV <= 1/(sigma sqrt(2 pi))``: ``TV(N(w, sigma**2), N(w', sigma**2)) = erf(|w - w'|/(2 sqrt(2) sigma))``.

    The error function is concave on the positive numbers with slope ``2/sqrt(pi)`` at 0.
    """

    title = "normal laws"
    subject = _SUBJECT

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        (precision,) = premises
        return Says(LawLipschitz(), _bound(precision, NoisePrecision) / sp.sqrt(2 * sp.pi))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return (r"The total variation of two such laws is $\mathrm{erf}(\|w - w'\|/(2\sqrt2\,\sigma))$, and "
                r"$\mathrm{erf}(x) \le 2x/\sqrt\pi$.")


class SampledPoints(Rule):
    """``kappa_N <= L_g s`` in the Euclidean metric: couple by the same seed and noise; the diameter cancels."""

    title = "sampling"
    subject = _SUBJECT
    metric = Metric.EUCLIDEAN

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        (sampler,) = premises
        return Says(Sensitivity(N), _bound(sampler, SamplerLipschitz) * ParameterShift(role_of(Metric.EUCLIDEAN)))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return "Couple two new points by the same training seed and noise; both sides are divided by the diameter."


class SampledLaw(Rule):
    """``kappa_N <= L_TV s`` in the discrete metric: true for every training seed, hence on average over it."""

    title = "sampling"
    subject = _SUBJECT
    metric = Metric.DISCRETE

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        (law,) = premises
        return Says(Sensitivity(N), _bound(law, LawLipschitz) * ParameterShift(role_of(Metric.DISCRETE)))

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return ("The law of a new point moves by at most its Lipschitz constant times what the parameter moves by; "
                "where the training has a seed, take means over it.")
