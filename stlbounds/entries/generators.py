"""The generators by name. A new generator is one entry here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from stlbounds.entries.entry import GeneratorEntry, Parameter, power_law

if TYPE_CHECKING:
    from stlbounds.generators import Generator

__all__ = ["GENERATORS"]


def _generic(parameter: Parameter) -> Generator:
    from stlbounds.generators import Generator
    from stlbounds.proof.metric import Metric
    from stlbounds.symbols import N

    error = parameter("c") * N ** -parameter("r")
    return Generator("generic", metric=Metric.DISCRETE, sensitivity=parameter("kappa"), learning_error=error)


def _categorical(parameter: Parameter) -> Generator:
    from stlbounds.generators import Categorical

    return Categorical(cells=parameter("K"))


def _categorical_with_prior(parameter: Parameter) -> Generator:
    from stlbounds.generators import CategoricalWithPrior

    return CategoricalWithPrior(parameter("K"), parameter("eta"), parameter("prior_distance"))


def _kernel_density(parameter: Parameter) -> Generator:
    from stlbounds.generators import KernelDensity

    return KernelDensity("epanechnikov", parameter("bandwidth"), parameter("circumference"), parameter("variation"))


def _private(parameter: Parameter) -> Generator:
    from stlbounds.generators import PrivateGenerator
    from stlbounds.symbols import N

    return PrivateGenerator(parameter("privacy"), parameter("c") * N ** -parameter("r"))


def _gaussian_private(parameter: Parameter) -> Generator:
    from stlbounds.generators import GaussianPrivateGenerator
    from stlbounds.symbols import N

    return GaussianPrivateGenerator(parameter("privacy_mu"), parameter("c") * N ** -parameter("r"))


def _in_context(kind: str, *names: str) -> Callable[[Parameter], Generator]:
    """A transformer of that class of `stlbounds.generators`, from the parameters of those names."""

    def make(parameter: Parameter) -> Generator:
        from stlbounds import generators

        made: Generator = getattr(generators, kind)(*(parameter(name) for name in names), power_law(parameter))
        return made

    return make


def _trained(kind: str, *names: str) -> Callable[[Parameter], Generator]:
    """A gradient-trained family of that class, in the metric that its constants tell."""

    def make(parameter: Parameter) -> Generator:
        from stlbounds import generators
        from stlbounds.proof.metric import Metric

        metric = Metric.DISCRETE if "G_l" in names else Metric.EUCLIDEAN
        made: Generator = getattr(generators, kind)(
            metric, *(parameter(name) for name in names), learning_error=power_law(parameter))
        return made

    return make


def _location(parameter: Parameter) -> Generator:
    from stlbounds.generators import LocationModel

    return LocationModel(parameter("noise"))


def _contractive(parameter: Parameter) -> Generator:
    from stlbounds.generators import Contractive

    return Contractive(parameter("pull"), power_law(parameter))


_EUCLIDEAN = "uniformly-stable-euclidean"
GENERATORS: dict[str, GeneratorEntry] = {
    "generic": GeneratorEntry("known by its sensitivity kappa and its learning error c N^(-r)",
                              _generic, ("kappa", "c", "r")),
    "categorical": GeneratorEntry("the empirical law on K symbols: a unigram language model, a histogram",
                                  _categorical, ("K",), learner="brier"),
    "categorical-with-prior": GeneratorEntry("the empirical law on K symbols, mixed with a prior of weight eta",
                                             _categorical_with_prior, ("K", "eta", "prior_distance"), learner="brier"),
    "kernel-density": GeneratorEntry("an Epanechnikov kernel density on a circle", _kernel_density,
                                     ("bandwidth", "circumference", "variation")),
    "private": GeneratorEntry("draws each point with differential privacy; learning error c N^(-r)", _private,
                              ("privacy", "c", "r")),
    "gaussian-private": GeneratorEntry("draws each point with Gaussian differential privacy; learning error c N^(-r)",
                                       _gaussian_private, ("privacy_mu", "c", "r")),
    "transformer": GeneratorEntry("a transformer that learns in context; learning error c N^(-r)",
                                  _in_context("Transformer", "L", "omega"), ("L", "omega", "c", "r"),
                                  learner=_EUCLIDEAN),
    "transformer-depth-uniform": GeneratorEntry(
        "the same, with a constant that is bounded in the depth",
        _in_context("DepthUniformTransformer", "L", "omega"), ("L", "omega", "c", "r"), learner=_EUCLIDEAN),
    "transformer-residual": GeneratorEntry(
        "the same, with residual branches and feed-forward blocks",
        _in_context("ResidualTransformer", "L", "omega", "L_f"), ("L", "omega", "L_f", "c", "r"), learner=_EUCLIDEAN),
    "location": GeneratorEntry("a fitted mean plus noise, projected onto a bounded convex space", _location, ("noise",),
                               learner="mean"),
    "contractive": GeneratorEntry("a step from a prior towards the mean; learning error c N^(-r)", _contractive,
                                  ("pull", "c", "r"), learner=_EUCLIDEAN),
    "gradient-trained": GeneratorEntry(
        "a family whose parameter minimises a strongly convex risk; learning error c N^(-r)",
        _trained("GradientTrained", "L_z", "L_g", "mu"), ("L_z", "L_g", "mu", "c", "r"), learner=_EUCLIDEAN),
    "gradient-trained-discrete": GeneratorEntry(
        "the same, in total variation", _trained("GradientTrained", "G_l", "L_TV", "mu"),
        ("G_l", "L_TV", "mu", "c", "r")),
    "sgd-trained": GeneratorEntry(
        "a family trained by stochastic gradient descent (theorems in expectation only); learning error c N^(-r)",
        _trained("SGDTrained", "L_z", "L_g", "step", "steps"), ("L_z", "L_g", "step", "steps", "c", "r"),
        learner=_EUCLIDEAN),
    "sgd-trained-discrete": GeneratorEntry(
        "the same, in total variation", _trained("SGDTrained", "G_l", "L_TV", "step", "steps"),
        ("G_l", "L_TV", "step", "steps", "c", "r")),
}
