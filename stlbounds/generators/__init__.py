"""The generators: one file per model of theory §7 and §8, with its metric, sensitivity and learning error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stlbounds._lazy import lazily

if TYPE_CHECKING:
    from stlbounds.generators.base import Generator
    from stlbounds.generators.categorical import Categorical
    from stlbounds.generators.contractive import Contractive
    from stlbounds.generators.gradient_trained import GradientTrained, SGDTrained
    from stlbounds.generators.kernel_density import KernelDensity
    from stlbounds.generators.location import LocationModel, UnboundedLocation
    from stlbounds.generators.prior import CategoricalWithPrior
    from stlbounds.generators.private import GaussianPrivateGenerator, PrivateGenerator
    from stlbounds.generators.transformer import DepthUniformTransformer, ResidualTransformer, Transformer

__all__ = [
    "Categorical",
    "CategoricalWithPrior",
    "Contractive",
    "DepthUniformTransformer",
    "GaussianPrivateGenerator",
    "Generator",
    "GradientTrained",
    "KernelDensity",
    "LocationModel",
    "PrivateGenerator",
    "ResidualTransformer",
    "SGDTrained",
    "Transformer",
    "UnboundedLocation",
]

# Loaded when first used: samplers and searches need NumPy, which a symbolic derivation does not.
__getattr__, __dir__ = lazily(
    __name__,
    {
        "Categorical": "stlbounds.generators.categorical",
        "CategoricalWithPrior": "stlbounds.generators.prior",
        "Contractive": "stlbounds.generators.contractive",
        "DepthUniformTransformer": "stlbounds.generators.transformer",
        "GaussianPrivateGenerator": "stlbounds.generators.private",
        "Generator": "stlbounds.generators.base",
        "GradientTrained": "stlbounds.generators.gradient_trained",
        "KernelDensity": "stlbounds.generators.kernel_density",
        "LocationModel": "stlbounds.generators.location",
        "PrivateGenerator": "stlbounds.generators.private",
        "ResidualTransformer": "stlbounds.generators.transformer",
        "SGDTrained": "stlbounds.generators.gradient_trained",
        "Transformer": "stlbounds.generators.transformer",
        "UnboundedLocation": "stlbounds.generators.location",
    },
)
