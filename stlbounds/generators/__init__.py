"""The generators: one file per model of theory §7, with its metric, sensitivity and learning error."""

from stlbounds.generators.base import Generator
from stlbounds.generators.categorical import Categorical
from stlbounds.generators.kernel_density import KernelDensity
from stlbounds.generators.prior import CategoricalWithPrior
from stlbounds.generators.private import GaussianPrivateGenerator, PrivateGenerator

__all__ = [
    "Categorical",
    "CategoricalWithPrior",
    "GaussianPrivateGenerator",
    "Generator",
    "KernelDensity",
    "PrivateGenerator",
]
