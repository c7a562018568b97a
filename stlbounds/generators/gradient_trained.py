"""Parametric families trained by gradients, in both metrics: minimisation and stochastic descent (theory §7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators import gradient_rules as rules
from stlbounds.generators.base import Generator, constant_of_size
from stlbounds.generators.location_sampling import number
from stlbounds.generators.measurement import Measurement
from stlbounds.proof.claim import Claim, Printer
from stlbounds.proof.metric import Metric
from stlbounds.proof.protocol import Protocol
from stlbounds.proof.quantities import Quantity
from stlbounds.proof.rules.algebra import Recurrence, Substitute
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import L_TV, G_l, J, L_g, L_z, N, mu, step, steps

if TYPE_CHECKING:
    from stlbounds.generators.sampling import Sampler

__all__ = ["GradientTrained", "SGDTrained"]


def _constant(argument: str, value: Any, *, positive: bool = False) -> sp.Expr:
    found = constant_of_size(argument, value)
    if found.has(N) or (positive and found.is_positive is not True):
        raise InvalidArgumentError(argument, found, f"{'provably positive, and ' if positive else ''}independent of N")
    return found


class GradientTrained(Generator):
    r"""A parametric family whose parameter minimises a strongly convex empirical risk.

    Setting: ``w(S)`` minimises ``(1/N) sum loss(w, z_k)`` over a convex set; new points are sampled from ``w``.
    Guarantee: in the Euclidean metric ``kappa = L_z L_g/mu``. Discrete metric: one record moves the parameter by
    ``s_N = 2 G_l/(mu N)``, so ``kappa = N s_N L_TV = 2 G_l L_TV/mu``, whatever ``N``; a normal sampler has
    ``L_TV = 1/(sigma sqrt(2 pi))``, derived. The diameter of the space cancels.
    Assumed: strong convexity ``mu``, exact minimisation, the Lipschitz constants of gradient and sampler, the learning
    error.

    Self-check: the Euclidean constant is attained by a quadratic loss that is linear in the data (slack 1); in the
    discrete metric a quadratic loss on a small interval comes within a factor ``1/(1 - 2/N)``.

    Parameters
    ----------
    metric : Metric
        `EUCLIDEAN` or `DISCRETE`.
    gradient : sympy.Expr or number, optional
        ``L_z`` (Euclidean) or ``G_l`` (discrete), the symbols by default.
    sampler_constant : sympy.Expr or number, optional
        ``L_g`` (Euclidean) or ``L_TV`` (discrete).
    convexity : sympy.Expr or number
        ``mu > 0``.
    gaussian : sympy.Expr or number, optional
        ``sigma > 0`` of a normal sampler in the discrete metric, instead of `sampler_constant`.
    learning_error : sympy.Expr or number, optional
        ``e >= 0``; may use ``N``.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol,
        or if `gaussian` is given in the Euclidean metric or beside `sampler_constant`.

    References
    ----------
    Theory §7; Bousquet & Elisseeff 2002.

    Examples
    --------
    >>> GradientTrained().sensitivity, GradientTrained(Metric.DISCRETE).sensitivity
    (L_g*L_z/mu, 2*G_l*L_TV/mu)
    """

    references: ClassVar[tuple[str, ...]] = ("bousquet2002",)
    gradient: sp.Expr
    sampler_constant: sp.Expr
    gaussian: sp.Expr | None
    convexity: sp.Expr

    def __init__(self, metric: Metric = Metric.EUCLIDEAN, gradient: Any = None, sampler_constant: Any = None,
                 convexity: Any = mu, gaussian: Any = None, learning_error: Any = None) -> None:
        object.__setattr__(self, "convexity", _constant("convexity", convexity, positive=True))
        self._set("gradient-trained", metric, gradient, sampler_constant, gaussian, learning_error)

    def _set(self, name: str, metric: Metric, gradient: Any, sampler_constant: Any, gaussian: Any, error: Any) -> None:
        euclidean = metric is Metric.EUCLIDEAN
        if gaussian is not None and (euclidean or sampler_constant is not None):
            raise InvalidArgumentError("gaussian", gaussian, "None, unless the metric is discrete and no L_TV is given",
                                       "in the Euclidean metric normal noise is 1-Lipschitz in its mean")
        sigma = None if gaussian is None else _constant("gaussian", gaussian, positive=True)
        object.__setattr__(self, "gaussian", sigma)
        default = (L_z, L_g) if euclidean else (G_l, L_TV)
        object.__setattr__(self, "gradient", _constant("gradient", default[0] if gradient is None else gradient))
        if self.gaussian is not None:
            sampler_constant = 1 / (self.gaussian * sp.sqrt(2 * sp.pi))
        chosen = default[1] if sampler_constant is None else sampler_constant
        object.__setattr__(self, "sampler_constant", _constant("sampler_constant", chosen))
        force = self.gradient if euclidean else 2 * self.gradient
        super().__init__(name, metric, self.sampler_constant * self._reach() * force, error)

    def _reach(self) -> sp.Expr:
        """The shift of the parameter per unit of force: ``1/mu``."""
        return 1 / self.convexity

    def _granted(self, quantity: Quantity, bound: sp.Expr) -> Claim:
        return Assumption.apply(quantity=quantity, bound=bound, metric=self.metric)

    def _gradient_claim(self) -> Claim:
        kind: type[Quantity] = rules.TrainingGradientNorm
        if self.metric is Metric.EUCLIDEAN:
            kind = rules.TrainingGradientLipschitz
        return self._granted(kind(), self.gradient)

    def _shift_claim(self) -> Claim:
        convexity = self._granted(rules.InverseConvexity(), 1 / self.convexity)
        return rules.MinimiserShift.apply(self._gradient_claim(), convexity)

    def describe(self, tex: Printer) -> str:
        """What the model is, in a sentence of LaTeX; ``tex`` prints expressions."""
        return (r"The generator $G$ is a \emph{trained parametric family}: a point with the law $G(S)$ is drawn from "
                rf"the member with the parameter $w(S)$, {self._training(tex)}.")

    def _training(self, tex: Printer) -> str:
        return "which minimises the mean of a training loss over $S$"

    def sensitivity_claim(self) -> Claim:
        if self.metric is Metric.EUCLIDEAN:
            outer = rules.SampledPoints.apply(self._granted(rules.SamplerLipschitz(), self.sampler_constant))
        elif self.gaussian is not None:
            precision = self._granted(rules.NoisePrecision(), 1 / self.gaussian)
            outer = rules.SampledLaw.apply(rules.GaussianLaw.apply(precision))
        else:
            outer = rules.SampledLaw.apply(self._granted(rules.LawLipschitz(), self.sampler_constant))
        return Substitute.apply(outer, self._shift_claim())

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> Sampler:
        """A trained model with the stated constants, by construction.

        Euclidean: least squares on a line; `distribution` is the size of the noise ``+-nu`` in units of the diameter,
        0.2 by default. Discrete: an exponential family around `distribution` (uniform on 4 symbols by default), trained
        by its likelihood.

        Raises
        ------
        AssumptionError
            If the sampler is stated to be normal; such laws are simulated by `L_TV` only.
        InvalidArgumentError
            If the noise is outside ``[0, 1/2]``, or the distribution is none.
        """
        from stlbounds.generators import trained_sampling

        kind = trained_sampling.MinimisedLocation if self.metric is Metric.EUCLIDEAN else (
            trained_sampling.MinimisedAlphabet)
        return self._twin(kind, values, distribution, convexity=number("convexity", self.convexity, values))

    def _twin(self, kind: Callable[..., Sampler], values: Mapping[str, Any], distribution: Any,
              **training: float) -> Sampler:
        gradient = number("gradient", self.gradient, values)
        constant = number("sampler_constant", self.sampler_constant, values)
        if self.metric is Metric.EUCLIDEAN:
            noise = 0.2 if distribution is None else distribution
            if isinstance(noise, bool) or not isinstance(noise, (int, float)) or not 0 <= noise <= 0.5:
                raise InvalidArgumentError("distribution", repr(noise), "the size of the noise, in [0, 1/2]")
            return kind(gradient, constant, noise=float(noise), **training)
        if self.gaussian is not None:
            raise AssumptionError(f"normal laws of a {self.name} generator are not simulated; state their "
                                  f"sampler_constant 1/(sigma sqrt(2 pi)) in place of gaussian")
        return kind([0.25] * 4 if distribution is None else distribution, gradient, constant, **training)

    def self_check(self, *, seed: int = 0, examples: int = 50, **values: Any) -> tuple[Measurement, ...]:
        """Train on pairs of sets of `examples` points, with losses for which all constants are as stated.

        Parameters
        ----------
        seed : int
            Seed of the pairs.
        examples : int
            ``N``, at least 3.
        **values : number
            Values of the symbols of the entry.
        """
        from stlbounds.generators.gradient_search import measured

        found = measured(self.metric, number("gradient", self.gradient, values),
                         number("sampler_constant", self.sampler_constant, values), examples, seed,
                         convexity=number("convexity", self.convexity, values))
        return (Measurement("kappa", found, number("sensitivity", self.sensitivity, values),
                            f"quadratic losses, pairs of training sets of {examples} points"),)


class SGDTrained(GradientTrained):
    r"""A parametric family trained by ``T`` steps of stochastic gradient descent on a convex smooth loss.

    Setting: ``w <- w - eta grad loss(w, z_I)``, ``I`` uniform, from one start, ``eta <= 2/smoothness``; new points are
    sampled from the last ``w``. One run serves a whole generation, so that only theorems in expectation hold, and the
    learning error is that of the run's law, ``E W(Dmix_j, P_w)``; that of the law averaged over runs will not do.
    Guarantee: averaged over the indices, ``kappa = L_z L_g eta T`` (Euclidean), ``kappa = 2 G_l L_TV eta T``
    (discrete).
    Assumed: convexity and smoothness, the step size, the Lipschitz constants of gradient and sampler, the learning
    error.

    Self-check: attained by losses that are linear in the parameter (Euclidean, slack 1; discrete, near 1 for small
    steps).

    Parameters
    ----------
    step_size : sympy.Expr or number
        ``eta``.
    number_of_steps : sympy.Expr or int
        ``T``, a nonnegative integer.
    metric, gradient, sampler_constant, gaussian, learning_error
        As for `GradientTrained`.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol,
        if `number_of_steps` is not a nonnegative integer, or as in `GradientTrained`.

    References
    ----------
    Theory §7; Hardt, Recht & Singer 2016.

    Examples
    --------
    >>> SGDTrained().sensitivity
    L_g*L_z*step*steps
    """

    references: ClassVar[tuple[str, ...]] = ("hardt2016",)
    step_size: sp.Expr
    number_of_steps: sp.Expr
    shared_seed: ClassVar[bool] = True

    def __init__(self, metric: Metric = Metric.EUCLIDEAN, gradient: Any = None, sampler_constant: Any = None,
                 step_size: Any = step, number_of_steps: Any = steps, gaussian: Any = None,
                 learning_error: Any = None) -> None:
        object.__setattr__(self, "step_size", _constant("step_size", step_size))
        count = _constant("number_of_steps", number_of_steps)
        if count.is_integer is not True:
            raise InvalidArgumentError("number_of_steps", count, "a nonnegative integer")
        object.__setattr__(self, "number_of_steps", count)
        self._set("SGD-trained", metric, gradient, sampler_constant, gaussian, learning_error)

    def _training(self, tex: Printer) -> str:
        return (rf"the parameter after ${tex(self.number_of_steps)}$ steps of stochastic gradient descent on a "
                r"training loss over $S$, from a fixed start. One run serves all points of a generation, so that "
                r"$G(S)$ is random; distances of such laws are means over the seed of the run, which is the same "
                r"in both where two training sets are compared")

    def learning_error_claim(self, protocol: Protocol) -> Claim:
        if protocol.weighted:
            raise AssumptionError("descent visits light and heavy points equally often, so its sensitivity is not "
                                  "known per unit of weighted displacement")
        return super().learning_error_claim(protocol)

    def _reach(self) -> sp.Expr:
        return self.step_size * self.number_of_steps

    def _shift_claim(self) -> Claim:
        walk = rules.DescentStep.apply(self._gradient_claim(), self._granted(rules.TrainingStep(), self.step_size))
        closed = (walk.rhs - rules.StepShift(rules.role_of(self.metric), J)) * J
        solved = Recurrence.apply(walk, rules.DescentStart.apply(metric=self.metric), index=J, closed=closed)
        last = rules.DescentEnd.apply(metric=self.metric, steps=self.number_of_steps)
        return Substitute.apply(last, solved, index=((J, self.number_of_steps),))

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> Sampler:
        """As for `GradientTrained`; every generation is one run of descent with ``T`` random indices."""
        from stlbounds.generators import trained_sampling

        kind = trained_sampling.DescendedLocation if self.metric is Metric.EUCLIDEAN else (
            trained_sampling.DescendedAlphabet)
        return self._twin(kind, values, distribution, step=number("step_size", self.step_size, values),
                          steps=int(number("number_of_steps", self.number_of_steps, values)))

    def self_check(self, *, seed: int = 0, examples: int = 50, **values: Any) -> tuple[Measurement, ...]:
        """As for `GradientTrained`, with losses that are linear in the parameter."""
        from stlbounds.generators.gradient_search import measured

        found = measured(self.metric, number("gradient", self.gradient, values),
                         number("sampler_constant", self.sampler_constant, values), examples, seed,
                         walk=(number("step_size", self.step_size, values),
                               int(number("number_of_steps", self.number_of_steps, values))))
        return (Measurement("kappa", found, number("sensitivity", self.sensitivity, values),
                            f"linear losses, pairs of training sets of {examples} points"),)
