"""The categorical generator: the empirical law of the training set (theory §7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators.base import Generator
from stlbounds.generators.measurement import Measurement
from stlbounds.generators.numbers import number
from stlbounds.proof.claim import Claim, Printer, Rule, Says, Subject
from stlbounds.proof.metric import Metric
from stlbounds.proof.protocol import Protocol
from stlbounds.proof.quantities import D, Distance, Dmix, InfluenceSquares, Sensitivity
from stlbounds.proof.rules.algebra import Substitute
from stlbounds.symbols import J, N, check_symbols, exact

if TYPE_CHECKING:
    from stlbounds.generators.sampling import Sampler

__all__ = ["Categorical", "EmpiricalDrift", "EmpiricalLearningError", "EmpiricalSensitivity"]

_SUBJECT = Subject("generator", "an empirical law", ("cells",))


def _checked_cells(cells: sp.Expr) -> sp.Expr:
    if cells.is_integer is not True or cells.is_positive is not True:
        raise AssumptionError(f"the number of cells {cells} must be a positive integer")
    return cells


class EmpiricalSensitivity(Rule):
    """An empirical law moves by at most ``1/N`` in total variation per changed point: ``kappa = 1``."""

    title = "sensitivity of the empirical law"
    subject = _SUBJECT
    metric = Metric.DISCRETE

    @classmethod
    def conclude(cls, premises: tuple[Says, ...]) -> Says:
        return Says(Sensitivity(N), sp.S.One)

    @classmethod
    def explain(cls, tex: Printer, **_: Any) -> str:
        return r"The generator is the empirical law of its $N$ training points; one changed point moves mass $1/N$."


class EmpiricalLearningError(Rule):
    """``E TV(Dmix_j, D_{j+1}) <= (1/2) sqrt((K-1)/N_j)``, in every protocol with equal weights.

    Each point of ``T_j`` adds ``(1{X=z} - p(z))/N_j`` to the error at ``z``, ``p`` the law of its source: centred
    given the past, hence uncorrelated over points, also when replayed. The variances over ``z`` sum to at most
    ``(1 - 1/K)/N_j``, and ``E TV <= (1/2) sqrt(K * sum of variances)`` by Jensen and Cauchy-Schwarz.
    """

    title = "learning error of the empirical law"
    subject = _SUBJECT
    metric = Metric.DISCRETE

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol, cells: sp.Expr) -> Says:
        error = sp.sqrt((_checked_cells(cells) - 1) * protocol.weight_squares(J)) / protocol.size(J) / 2
        return Says(Distance(Dmix(J), D(J + 1)), error)

    @classmethod
    def explain(cls, tex: Printer, *, cells: sp.Expr, **_: Any) -> str:
        return (r"Each point of $T_j$ adds to the error a term that is centred given the past, so the terms are "
                r"uncorrelated, and their variances, summed over the symbols, are at most "
                rf"$({tex(1 - 1 / cells)})/N_j$ in total; conclude by Jensen and Cauchy--Schwarz.")


class EmpiricalDrift(Rule):
    """``E TV(D_0, D_{j+1}) <= (1/2) sqrt((K-1) sum of x_X**2)/N_j``, in every protocol.

    ``D_j(z)`` is a martingale in the revealed points; revealing ``X`` moves its conditional mean by
    ``(x_X/N_j)(1{X=z} - p(z))``, ``p`` the law of its source, and ``E p(z)(1 - p(z)) <= D_0(z)(1 - D_0(z))`` because
    ``E p = D_0``. Sum the variances over points and symbols; conclude by Jensen and Cauchy-Schwarz.
    """

    title = "drift of the empirical law"
    subject = _SUBJECT
    metric = Metric.DISCRETE

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, protocol: Protocol, cells: sp.Expr) -> Says:
        spread = sp.sqrt((_checked_cells(cells) - 1) * InfluenceSquares(J)) / 2
        return Says(Distance(D(0), D(J + 1)), spread / protocol.size(J))

    @classmethod
    def explain(cls, tex: Printer, *, cells: sp.Expr, **_: Any) -> str:
        return (r"The probability that $D_{j+1}$ gives to a symbol is a martingale in the points revealed one by one; "
                r"revealing $X$ moves it by $x_X/N_j$ times the centred indicator of the symbol. Sum the variances "
                rf"over points and over the ${tex(cells)}$ symbols, and conclude by Jensen and Cauchy--Schwarz.")


class Categorical(Generator):
    r"""A unigram language model, or a histogram: the empirical law of the training set on ``K`` symbols.

    Setting
        Data in a finite alphabet with the discrete metric; ``G(S)`` is the empirical law of ``S``.
    Guarantee
        ``kappa = 1``; learning error ``(1/2) sqrt((K-1)/N_j)`` in expectation; sharper, the drift itself, ``E t_i <=
        (1/2) sqrt((K-1) v_i/n)`` with the variance factor ``v_i`` of the loop. All three are derived.
    Assumed
        Nothing.
    Self-check
        `self_check` enumerates pairs of training sets (``kappa`` is attained) and simulates the learning error, which
        for uniform data is stated 1.1 to 1.3 times too large: Jensen's inequality, ``sqrt(pi/2)`` for a normal law.

    Parameters
    ----------
    cells : sympy.Expr or int
        The number ``K`` of symbols, a positive integer.

    Raises
    ------
    InvalidArgumentError
        If `cells` is not a positive integer.

    References
    ----------
    Theory §7; the variance factor in §11.

    Examples
    --------
    >>> Categorical(cells=20).sensitivity
    1
    >>> for found in Categorical(3).self_check():
    ...     print(found)
    kappa: measured 1, stated 1, slack 1 (all pairs of training sets of 4 points on 3 symbols)
    learning error: measured 0.295913, stated 0.353553, slack 1.19 (mean of 20000 simulations)
    """

    references: ClassVar[tuple[str, ...]] = ("shumailov2024", "alemohammad2024")
    cells: sp.Expr
    has_sharp_drift: ClassVar[bool] = True

    def __init__(self, cells: sp.Expr | int) -> None:
        number = exact("cells", cells)
        check_symbols(number)
        if number.is_integer is not True or number.is_positive is not True:
            raise InvalidArgumentError("cells", cells, "a positive integer")
        object.__setattr__(self, "cells", number)
        super().__init__("categorical", Metric.DISCRETE, sp.S.One, sp.sqrt((number - 1) / N) / 2)

    def describe(self, tex: Printer) -> str:
        """The model in a sentence of LaTeX; ``tex`` prints expressions.

        Examples
        --------
        >>> Categorical(5).describe(str)[:45]
        'The data are symbols of an alphabet of size $'
        """
        return (rf"The data are symbols of an alphabet of size ${tex(self.cells)}$, and the generator $G$ is "
                r"\emph{categorical}: $G(S)$ is the empirical distribution of $S$.")

    def sensitivity_claim(self) -> Claim:
        return EmpiricalSensitivity.apply()

    def learning_error_claim(self, protocol: Protocol) -> Claim:
        return EmpiricalLearningError.apply(protocol=protocol, cells=self.cells)

    def drift_claim(self, protocol: Protocol, influence_squares: Claim) -> Claim:
        return Substitute.apply(EmpiricalDrift.apply(protocol=protocol, cells=self.cells), influence_squares)

    def drift(self, variance: sp.Expr) -> sp.Expr:
        """``(1/2) sqrt((K-1) v)``, a bound on the drift where each probability ``p`` has variance ``v p (1-p)``."""
        return sp.sqrt((self.cells - 1) * variance) / 2

    def sampler(self, values: Mapping[str, Any], distribution: Any = None) -> Sampler:
        """Laws on ``K`` symbols; `distribution` is a vector of ``K`` probabilities, uniform by default."""
        from stlbounds.generators import sampling

        missing = [symbol.name for symbol in self.cells.free_symbols if symbol.name not in values]
        if missing:
            raise InvalidArgumentError(", ".join(missing), "missing", "given", "it is the number of symbols")
        cells = int(self.cells.subs({symbol: values[symbol.name] for symbol in self.cells.free_symbols}))
        law = sampling.uniform(cells) if distribution is None else sampling.distribution(distribution, cells)
        return sampling.FiniteAlphabet(law)

    def self_check(self, *, seed: int = 0, size: int = 4, replicas: int = 20_000,
                   **values: Any) -> tuple[Measurement, ...]:
        """``kappa`` over all pairs of training sets of `size` points, and the learning error on uniform data.

        Parameters
        ----------
        seed : int
            Seed of the simulation.
        size, replicas : int
            Points in a training set, and fits of the simulation.
        **values : number
            ``K``, if it is a symbol.
        """
        import numpy as np

        from stlbounds.generators.finite_search import measured_sensitivity

        cells = int(number("cells", self.cells, values))
        sampler = self.sampler(values)
        kappa = measured_sensitivity(sampler, size, cells)
        real = sampler.real(replicas)
        errors = sampler.distance(real, sampler.fit(sampler.draw(real, size, np.random.default_rng(seed)), size))
        return (Measurement("kappa", kappa, number("kappa", self.sensitivity, values, N=size),
                            f"all pairs of training sets of {size} points on {cells} symbols"),
                Measurement("learning error", float(errors.mean()),
                            number("learning error", sp.sqrt((self.cells - 1) / N) / 2, values, N=size),
                            f"mean of {replicas} simulations"))
