"""Generators that draw each point by a differentially private mechanism (theory §7)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators.base import Generator, constant_of_size
from stlbounds.generators.measurement import Measurement
from stlbounds.generators.numbers import number
from stlbounds.proof.claim import Check, Claim, Printer, Rule, Says, Subject
from stlbounds.proof.metric import Metric
from stlbounds.proof.protocol import Protocol
from stlbounds.proof.quantities import Quantity, Sensitivity
from stlbounds.proof.rules.basic import Assumption
from stlbounds.symbols import N, privacy, privacy_mu

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from stlbounds.generators.sampling import Sampler

__all__ = [
    "GaussianPrivacy",
    "GaussianPrivateGenerator",
    "GaussianPrivateSensitivity",
    "PrivacyLoss",
    "PrivateGenerator",
    "PrivateSensitivity",
]

_SUBJECT = Subject("generator", "a private mechanism")


class PrivacyLoss(Quantity):
    """``eps_N``: the privacy loss of drawing one point, on training sets of size ``N``, when one record is replaced."""

    nargs = 1
    template = r"\varepsilon_{{{0}}}(G)"
    granted = (r"Privacy of the generator: $G(S)(E) \le e^{{\varepsilon_N(G)}} G(S')(E)$ with $\varepsilon_N(G) \le "
               r"{bound}$, for all events $E$ and all training sets $S, S'$ of one size $N$ that differ in one point "
               r"({metric} metric).")


class GaussianPrivacy(Quantity):
    """``mu_N``: telling ``G(S)`` from ``G(S')`` is no easier than telling ``N(0, 1)`` from ``N(mu_N, 1)``."""

    nargs = 1
    template = r"\mu_{{{0}}}(G)"
    granted = (r"Gaussian privacy of the generator: for all training sets $S, S'$ of one size $N$ that differ in one "
               r"point, telling $G(S)$ from $G(S')$ is no easier than telling $\mathcal{{N}}(0, 1)$ from "
               r"$\mathcal{{N}}(\mu_N(G), 1)$, with $\mu_N(G) \le {bound}$ ({metric} metric).")


def _premise(premises: tuple[Says, ...], quantity: Quantity) -> sp.Expr:
    (says,) = premises
    if says.lhs != quantity or says.relation != "<=" or says.events:
        raise AssumptionError(f"the premise must bound {quantity}, not say {says}")
    return says.rhs


def _linear(sharp: Says, linear: sp.Expr) -> Says:
    """The claim with a larger right side, which does not depend on ``N`` if the privacy falls like ``1/N``."""
    return Says(sharp.lhs, linear, checks=(Check(sharp.rhs, linear),))


class PrivateSensitivity(Rule):
    """``kappa_N <= N tanh(eps_N/2)``, from a bound on the privacy loss.

    For the laws ``P`` and ``Q`` of a point from sets that differ in one record, and ``E = {P > Q}``: ``P(E) <= e**eps
    Q(E)`` and ``1 - Q(E) <= e**eps (1 - P(E))``. Under these two, ``P(E) - Q(E)`` is largest where both are equalities,
    at ``P(E) = e**eps/(1 + e**eps) = 1 - Q(E)``, so ``TV(P, Q) <= (e**eps - 1)/(e**eps + 1) = tanh(eps/2)``. Sets at
    Hamming distance ``m`` are linked by ``m`` such changes; hence ``W(G(S), G(S')) <= tanh(eps/2) dist(S, S')``. With
    ``uniform``, ``N eps_N/2`` is claimed, which is at least that since ``tanh(x) <= x``.
    """

    title = "sensitivity from privacy"
    subject = _SUBJECT
    metric = Metric.DISCRETE
    equal_weights = True

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, uniform: bool = False) -> Says:
        loss = _premise(premises, PrivacyLoss(N))
        sharp = Says(Sensitivity(N), N * sp.tanh(loss / 2))
        return _linear(sharp, N * loss / 2) if uniform else sharp

    @classmethod
    def explain(cls, tex: Printer, *, uniform: bool = False) -> str:
        more = r"; moreover $\tanh(x) \le x$." if uniform else "."
        return (r"Two laws whose probabilities differ by a factor of at most $e^\varepsilon$ are within "
                r"$(e^\varepsilon - 1)/(e^\varepsilon + 1) = \tanh(\varepsilon/2)$ in total variation; change the "
                rf"points one by one{more}")


class GaussianPrivateSensitivity(Rule):
    """``kappa_N <= N erf(mu_N/(2 sqrt(2)))``, from a bound on the Gaussian privacy.

    The total variation is the largest power minus level of a test between the two laws, so it is at most that of
    ``N(0, 1)`` and ``N(mu, 1)``: the test at ``mu/2`` gives ``erf(mu/(2 sqrt(2)))``. Change the points one by one.
    With ``uniform``, ``N mu_N/sqrt(2 pi)`` is claimed, which is at least that since ``erf(x) <= 2 x/sqrt(pi)``.
    """

    title = "sensitivity from Gaussian privacy"
    subject = _SUBJECT
    metric = Metric.DISCRETE
    equal_weights = True

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, uniform: bool = False) -> Says:
        level = _premise(premises, GaussianPrivacy(N))
        sharp = Says(Sensitivity(N), N * sp.erf(level / (2 * sp.sqrt(2))))
        return _linear(sharp, N * level / sp.sqrt(2 * sp.pi)) if uniform else sharp

    @classmethod
    def explain(cls, tex: Printer, *, uniform: bool = False) -> str:
        more = r"; moreover $\mathrm{erf}(x) \le 2x/\sqrt{\pi}$." if uniform else "."
        return (r"Total variation is the largest power minus level of a test, so it is at most that of "
                r"$\mathcal{N}(0, 1)$ and $\mathcal{N}(\mu, 1)$, which is $\mathrm{erf}(\mu/(2\sqrt{2}))$; change the "
                rf"points one by one{more}")


class _Private(Generator):
    """What both kinds of privacy share."""

    level: sp.Expr
    uniform: bool
    quantity: ClassVar[type[Quantity]]
    rule: ClassVar[type[Rule]]

    def _set(self, name: str, level: sp.Expr, sharp: sp.Expr, linear: sp.Expr, uniform: bool, error: Any) -> None:
        if uniform and linear.has(N):
            raise InvalidArgumentError("uniform", uniform, f"False for the privacy {level}",
                                       "only for a privacy like c/N there is a sensitivity for all sizes")
        object.__setattr__(self, "level", level)
        object.__setattr__(self, "uniform", uniform)
        super().__init__(name, Metric.DISCRETE, linear if uniform else sharp, error)

    def _privacy_claim(self) -> Claim:
        return Assumption.apply(quantity=self.quantity(N), bound=self.level, metric=Metric.DISCRETE)

    def describe(self, tex: Printer) -> str:
        """What the model is, in a sentence of LaTeX; ``tex`` prints expressions."""
        return (r"The generator $G$ is a \emph{private mechanism}: a point with the law $G(S)$ is the output of a "
                r"randomised algorithm on $S$, whose privacy is assumed below.")

    def sensitivity_claim(self) -> Claim:
        claim = self._privacy_claim()
        return self.rule.apply(claim, uniform=True) if self.uniform else self.rule.apply(claim)

    def learning_error_claim(self, protocol: Protocol) -> Claim:
        if protocol.weighted:
            raise AssumptionError("a private generator may change as much for a light point as for a heavy one, so its "
                                  "sensitivity is not known per unit of weighted displacement")
        return super().learning_error_claim(protocol)


class PrivateGenerator(_Private):
    """A generator that draws each point with replace-one ``eps_N``-differential privacy.

    Setting
        Any data, discrete metric; a point of the generator's law is the output of a private mechanism.
    Guarantee
        ``kappa_N = N tanh(eps_N/2)``. It depends on ``N``, so loops whose training sets change in size have no closed
        form; where ``eps_N = c/N``, ``uniform=True`` states ``c/2`` for all sizes, for such loops. For privacy
        under adding and removing a record, pass ``2 eps``.
    Assumed
        The privacy loss ``eps_N`` and, for a bound, the learning error.
    Reference
        Theory §7.
    Self-check
        `self_check` measures two mechanisms on all pairs of training sets: randomised response on a uniformly chosen
        record, and the exponential mechanism on the counts, both calibrated to the stated privacy. For one record
        on two symbols randomised response attains the constant; on four records both stay a factor of 2 or more below,
        randomised response because its privacy loss is large only next to absent symbols.

    Parameters
    ----------
    privacy : sympy.Expr or number
        ``eps_N >= 0``; may use ``N``.
    learning_error : sympy.Expr or number, optional
        ``e >= 0`` with ``E W(Dmix_j, D_{j+1}) <= e`` when trained on ``N`` points; may use ``N``.
    uniform : bool
        Whether to state a sensitivity that holds for all sizes.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol.

    Examples
    --------
    >>> from stlbounds.symbols import c
    >>> PrivateGenerator(c / N).sensitivity, PrivateGenerator(c / N, uniform=True).sensitivity
    (N*tanh(c/(2*N)), c/2)
    >>> for found in PrivateGenerator(1).self_check():
    ...     print(found)
    kappa (randomised response): measured 0.7746, stated 1.84847, slack 2.39 (all pairs of training sets of 4 points \
on 2 symbols)
    kappa (exponential mechanism): measured 0.924234, stated 1.84847, slack 2 (all pairs of training sets of 4 points \
on 2 symbols)
    """

    references: ClassVar[tuple[str, ...]] = ("dwork2006",)
    quantity: ClassVar[type[Quantity]] = PrivacyLoss
    rule: ClassVar[type[Rule]] = PrivateSensitivity

    def __init__(self, privacy: sp.Expr | float = privacy, learning_error: sp.Expr | float | None = None,
                 uniform: bool = False) -> None:
        loss = constant_of_size("privacy", privacy)
        self._set("private", loss, N * sp.tanh(loss / 2), sp.expand(N * loss / 2), uniform, learning_error)

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> Sampler:
        """Randomised response on the symbols of `distribution` (a fair coin by default), as private as stated."""
        from stlbounds.generators.private_sampling import RandomisedResponse

        law = [0.5, 0.5] if distribution is None else distribution
        return RandomisedResponse(law, lambda size: number("privacy", self.level, values, N=size))

    def self_check(self, *, seed: int = 0, size: int = 4, cells: int = 2, **values: Any) -> tuple[Measurement, ...]:
        """``kappa`` of two mechanisms, on all pairs of training sets of `size` points on `cells` symbols.

        Raises
        ------
        InvalidArgumentError
            If there are more than 2000 training sets.
        """
        import numpy as np

        loss = number("privacy", self.level, values, N=size)
        stated = number("kappa", self.sensitivity, values, N=size)
        sets, counts = _training_sets(size, cells)
        from stlbounds.generators.private_sampling import uniform_share

        eta = uniform_share(loss, size, cells)
        response = (1.0 - eta) * counts / size + eta / cells
        scores = loss * counts / 2.0
        exponential = np.exp(scores - scores.max(axis=1, keepdims=True))
        exponential /= exponential.sum(axis=1, keepdims=True)
        found = []
        for name, laws in (("randomised response", response), ("exponential mechanism", exponential)):
            largest = _exact_privacy(sets, laws)
            if largest > loss * (1 + 1e-9) + 1e-12:
                raise AssumptionError(f"{name} has privacy loss {largest}, above {loss}")  # pragma: no cover
            kappa = _sensitivity(sets, laws)
            found.append(Measurement(f"kappa ({name})", kappa, stated,
                                     f"all pairs of training sets of {size} points on {cells} symbols"))
        return tuple(found)


class GaussianPrivateGenerator(_Private):
    """A generator that draws each point with replace-one ``mu_N``-Gaussian differential privacy.

    Setting
        Any data, discrete metric.
    Guarantee
        ``kappa_N = N erf(mu_N/(2 sqrt(2)))``, or, where ``mu_N = c/N``, ``c/sqrt(2 pi)`` for all sizes; otherwise as
        `PrivateGenerator`. For privacy under adding and removing a record, pass ``2 mu``.
    Assumed
        ``mu_N`` and, for a bound, the learning error.
    Reference
        Theory §7.
    Self-check
        `self_check` releases the mean of ``N`` bits with Gaussian noise, exactly ``mu``-private: the constant is
        attained.

    Parameters
    ----------
    privacy : sympy.Expr or number
        ``mu_N >= 0``; may use ``N``.
    learning_error, uniform
        As for `PrivateGenerator`.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a constant may be negative, or contains ``n``, an index, or an undeclared symbol.

    Examples
    --------
    >>> GaussianPrivateGenerator().sensitivity
    N*erf(sqrt(2)*privacy_mu/4)
    >>> for found in GaussianPrivateGenerator(0.5).self_check():
    ...     print(found)
    kappa (noisy mean): measured 0.789649, stated 0.789651, slack 1 (all pairs of training sets of 4 bits, densities \
on a grid)
    """

    references: ClassVar[tuple[str, ...]] = ("dong2022gaussian",)
    quantity: ClassVar[type[Quantity]] = GaussianPrivacy
    rule: ClassVar[type[Rule]] = GaussianPrivateSensitivity

    def __init__(self, privacy: sp.Expr | float = privacy_mu, learning_error: sp.Expr | float | None = None,
                 uniform: bool = False) -> None:
        level = constant_of_size("privacy", privacy)
        self._set("gaussian-private", level, N * sp.erf(level / (2 * sp.sqrt(2))),
                  sp.expand(N * level / sp.sqrt(2 * sp.pi)), uniform, learning_error)

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> Sampler:
        """The largest of noisy counts of the symbols of `distribution` (a fair coin by default), as private as stated.

        A uniform distribution is what it learns from unlimited data.
        """
        from stlbounds.generators.private_sampling import NoisyMaximum

        law = [0.5, 0.5] if distribution is None else distribution
        return NoisyMaximum(law, lambda size: number("privacy", self.level, values, N=size))

    def self_check(self, *, seed: int = 0, size: int = 4, **values: Any) -> tuple[Measurement, ...]:
        """``kappa`` of a noisy mean of bits, on all pairs of training sets, by integrating densities on a fine grid."""
        import numpy as np

        level = number("privacy", self.level, values, N=size)
        if level == 0:
            raise InvalidArgumentError("privacy", level, "positive", "without privacy loss there is nothing to measure")
        sets, counts = _training_sets(size, 2)
        # The mean moves by 1/N per bit; noise of this size makes that mu standard deviations.
        spread = 1.0 / (size * level)
        # Kinks of |p - q| lie half way between two means; a grid through them makes the sum a tiny bit too small.
        step = 1.0 / (2 * size * math.ceil(100.0 / (size * spread)))
        reach = math.ceil(9 * spread / step)
        grid = np.arange(-reach, reach + round(1.0 / step) + 1) * step
        means = np.arange(size + 1) / size
        densities = np.exp(-0.5 * ((grid - means[:, None]) / spread) ** 2) / (spread * math.sqrt(2 * math.pi))
        kappa = _sensitivity(sets, step * densities[counts[:, 1]])
        stated = number("kappa", self.sensitivity, values, N=size)
        return (Measurement("kappa (noisy mean)", kappa, stated,
                            f"all pairs of training sets of {size} bits, densities on a grid"),)


def _training_sets(size: int, cells: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """All training sets, and how often each symbol occurs in them."""
    import numpy as np

    if size < 1 or cells < 2 or cells**size > 2000:
        raise InvalidArgumentError("size", size, "so small that there are at most 2000 training sets")
    sets = np.array(list(itertools.product(range(cells), repeat=size)), dtype=np.int64)
    return sets, (sets[:, :, None] == np.arange(cells)).sum(axis=1)


def _exact_privacy(sets: npt.NDArray[np.int64], laws: npt.NDArray[np.float64]) -> float:
    """The largest log-ratio of probabilities over training sets that differ in one point."""
    import numpy as np

    logarithms = np.log(laws)
    largest = 0.0
    for points, row in zip(sets, logarithms, strict=True):
        near = (sets != points).sum(axis=1) == 1
        largest = max(largest, float(np.abs(logarithms[near] - row).max()))
    return largest


def _sensitivity(sets: npt.NDArray[np.int64], laws: npt.NDArray[np.float64]) -> float:
    """The largest ``N TV(G(S), G(S'))/dist(S, S')``; row ``i`` of `laws` is the law for row ``i`` of `sets`."""
    import numpy as np

    largest = 0.0
    for first, second in itertools.combinations(range(len(sets)), 2):
        distance = 0.5 * float(np.abs(laws[first] - laws[second]).sum())
        largest = max(largest, sets.shape[1] * distance / int((sets[first] != sets[second]).sum()))
    return largest
