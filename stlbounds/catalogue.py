"""The catalogue by name: what the command line offers, each entry with a line that describes it.

A new loop, generator, learner or theorem is one entry here. Nothing is imported until an entry is made, so that listing
names costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from stlbounds.errors import InvalidArgumentError

if TYPE_CHECKING:
    from stlbounds.bound import Bound
    from stlbounds.generators import Generator
    from stlbounds.learners import UniformlyStable
    from stlbounds.loops import Loop
    from stlbounds.theorems.setting import Setting

__all__ = ["GENERATORS", "LEARNERS", "LOOPS", "THEOREMS", "Entry", "GeneratorEntry", "Parameter", "find", "settable"]

#: Gives the parameter of a name: its symbol, or the number that the user fixed.
Parameter = Callable[[str], Any]
Made = TypeVar("Made")


@dataclass(frozen=True)
class Entry(Generic[Made]):
    """Something that the command line can name.

    Parameters
    ----------
    summary : str
        What it is, in a line.
    make : callable
        Makes it; the arguments depend on the kind of entry.
    symbols : tuple of str
        The symbols that it brings.
    lists : tuple of str
        Parameters that are no single number, such as the proportions of a schedule.
    """

    summary: str
    make: Callable[..., Made]
    symbols: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()


@dataclass(frozen=True)
class GeneratorEntry(Entry["Generator"]):
    """A generator, with the learner that belongs to it unless the user chooses another."""

    learner: str = "uniformly-stable"


def _fixed_mix(parameter: Parameter, real: str | None) -> Loop:
    from stlbounds.loops import FixedMix

    return FixedMix(parameter("alpha"), real=real or "replay")  # type: ignore[arg-type]  # checked by the loop


def _replace(parameter: Parameter, real: str | None) -> Loop:
    from stlbounds.loops import Replace

    _without_real("replace", real)
    return Replace()


def _augment(parameter: Parameter, real: str | None) -> Loop:
    from stlbounds.loops import Augment

    _without_real("augment", real)
    return Augment(parameter("lam"))


def _accumulate(parameter: Parameter, real: str | None) -> Loop:
    from stlbounds.loops import Accumulate

    _without_real("accumulate", real)
    return Accumulate()


def _subsample(parameter: Parameter, real: str | None) -> Loop:
    from stlbounds.loops import Subsample

    _without_real("subsample", real)
    return Subsample()


def _weighted_mix(parameter: Parameter, real: str | None) -> Loop:
    from stlbounds.loops import WeightedMix

    _without_real("weighted-mix", real)
    return WeightedMix(parameter("w"))


def _schedule(parameter: Parameter, real: str | None) -> Loop:
    from stlbounds.loops import Schedule

    return Schedule(parameter("alphas"), real=real or "fresh")  # type: ignore[arg-type]  # checked by the loop


def _without_real(loop: str, real: str | None) -> None:
    if real is not None:
        raise InvalidArgumentError("--real", real, f"left out with --loop {loop}", "only a fixed mix offers the choice")


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


def _regularised(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import RegularisedLearner

    return RegularisedLearner(parameter("lam_r"), parameter("G_l"), parameter("M"))


def _sgd(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import SGDLearner

    return SGDLearner(parameter("steps"), parameter("step"), parameter("G_l"), loss_constant=parameter("M"))


def _strongly_convex_sgd(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import StronglyConvexSGDLearner

    return StronglyConvexSGDLearner(parameter("mu"), parameter("G_l"), loss_constant=parameter("M"))


def _nearest_neighbours(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import NearestNeighbours

    return NearestNeighbours(parameter("k"), parameter("G_l"), parameter("B_y"), parameter("M"))


def _private_learner(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import PrivateLearner

    return PrivateLearner(parameter("privacy"), parameter("M"))


def _uniformly_stable(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import UniformlyStable
    from stlbounds.symbols import N

    return UniformlyStable(parameter("b") / N, loss_constant=parameter("M"))


def _brier(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import BrierFit

    return BrierFit()


def _power_law(parameter: Parameter) -> Any:
    from stlbounds.symbols import N

    return parameter("c") * N ** -parameter("r")


def _in_context(kind: str, *names: str) -> Callable[[Parameter], Generator]:
    """A transformer of that class of `stlbounds.generators`, from the parameters of those names."""

    def make(parameter: Parameter) -> Generator:
        from stlbounds import generators

        made: Generator = getattr(generators, kind)(*(parameter(name) for name in names), _power_law(parameter))
        return made

    return make


def _trained(kind: str, *names: str) -> Callable[[Parameter], Generator]:
    """A gradient-trained family of that class, in the metric that its constants tell."""

    def make(parameter: Parameter) -> Generator:
        from stlbounds import generators
        from stlbounds.proof.metric import Metric

        metric = Metric.DISCRETE if "G_l" in names else Metric.EUCLIDEAN
        made: Generator = getattr(generators, kind)(
            metric, *(parameter(name) for name in names), learning_error=_power_law(parameter))
        return made

    return make


def _location(parameter: Parameter) -> Generator:
    from stlbounds.generators import LocationModel

    return LocationModel(parameter("noise"))


def _contractive(parameter: Parameter) -> Generator:
    from stlbounds.generators import Contractive

    return Contractive(parameter("pull"), _power_law(parameter))


def _uniformly_stable_euclidean(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import UniformlyStable
    from stlbounds.proof.metric import Metric
    from stlbounds.symbols import N

    return UniformlyStable(parameter("b") / N, parameter("M"), Metric.EUCLIDEAN)


def _mean(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import MeanFit

    return MeanFit()


def _regularised_euclidean(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import EuclideanRegularisedLearner

    return EuclideanRegularisedLearner(*(parameter(name) for name in ("G_l", "L_z", "B", "lam_r", "M")))


def _transformer_learner(parameter: Parameter) -> UniformlyStable:
    from stlbounds.learners import TransformerLearner

    return TransformerLearner(parameter("L"), parameter("omega"), output_lipschitz=parameter("ell_L"),
                              loss_constant=parameter("M"))


def _theorem(name: str) -> Callable[[Setting], Bound]:
    def make(setting: Setting) -> Bound:
        from stlbounds.bound import Bound

        return Bound(setting, name)

    return make


LOOPS: dict[str, Entry[Loop]] = {
    "fixed-mix": Entry("each generation trains on alpha n real points and (1 - alpha) n new synthetic ones",
                       _fixed_mix, ("alpha",)),
    "replace": Entry("each generation trains on the last generation's data only", _replace),
    "augment": Entry("each generation trains on all n real points and lam n new synthetic ones", _augment, ("lam",)),
    "accumulate": Entry("each generation adds n new synthetic points, and all points are kept", _accumulate),
    "subsample": Entry("each generation trains on n/(j+1) new points of every source so far", _subsample),
    "schedule": Entry("a fixed mix with proportions alpha_1, alpha_2, ... of its own for each generation", _schedule,
                      lists=("alphas",)),
    "weighted-mix": Entry("each generation trains on n new real points of weight w/n and n new synthetic ones of "
                          "weight (1-w)/n", _weighted_mix, ("w",)),
}
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
LEARNERS: dict[str, Entry[UniformlyStable]] = {
    "uniformly-stable": Entry("known by its stability beta_N = b/N and its loss constant M", _uniformly_stable,
                              ("b", "M")),
    "uniformly-stable-euclidean": Entry("known by beta_N = b/N and its loss constant M, in the Euclidean metric",
                                        _uniformly_stable_euclidean, ("b", "M")),
    "mean": Entry("the mean, judged by the halved squared loss", _mean),
    "regularised-euclidean": Entry("minimises a convex loss plus (lam_r/2) |w|^2, in the Euclidean metric",
                                   _regularised_euclidean, ("G_l", "L_z", "B", "lam_r", "M")),
    "transformer": Entry("a transformer that learns in context", _transformer_learner, ("L", "omega", "ell_L", "M")),
    "brier": Entry("the empirical law, judged by the halved Brier loss", _brier),
    "regularised": Entry("minimises a convex loss plus (lam_r/2) |w|^2", _regularised, ("lam_r", "G_l", "M")),
    "sgd": Entry("stochastic gradient descent on a convex smooth loss, steps of at most 2/smoothness", _sgd,
                 ("steps", "step", "G_l", "M")),
    "sgd-strongly-convex": Entry("stochastic gradient descent on a strongly convex smooth loss", _strongly_convex_sgd,
                                 ("mu", "G_l", "M")),
    "nearest-neighbours": Entry("regression by the mean label of the k nearest points", _nearest_neighbours,
                                ("k", "G_l", "B_y", "M")),
    "private": Entry("a differentially private learner", _private_learner, ("privacy", "M")),
}
THEOREMS: dict[str, Entry[Bound]] = {
    "high-probability": Entry("bounds the gap with probability at least 1 - delta", _theorem("high-probability"),
                              ("delta",)),
    "expectation": Entry("bounds the mean of the gap", _theorem("expectation")),
    "expected-gap": Entry("bounds the mean of the absolute gap", _theorem("expected-gap")),
}


def settable() -> list[str]:
    """The symbols that bounds of the catalogue may contain, each once."""
    rooms: tuple[Mapping[str, Entry[Any]], ...] = (LOOPS, GENERATORS, LEARNERS, THEOREMS)
    brought = (name for room in rooms for entry in room.values() for name in entry.symbols)
    return list(dict.fromkeys(["n", "i", *brought]))


Found = TypeVar("Found")


def find(kind: str, name: str, entries: Mapping[str, Found]) -> Found:
    """The entry of that name.

    Raises
    ------
    InvalidArgumentError
        With the names that exist, and the nearest one.
    """
    if name in entries:
        return entries[name]
    import difflib

    close = difflib.get_close_matches(name, list(entries), n=1)
    shown = ascii(name if len(name) <= 60 else f"{name[:60]}...")
    hint = f"did you mean {close[0]}?" if close else ""
    raise InvalidArgumentError(kind, shown, f"one of {', '.join(entries)}", hint)
