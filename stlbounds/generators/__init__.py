"""The generators: one file per model of theory §7, with its metric, sensitivity and learning error."""

from stlbounds.generators.base import Generator
from stlbounds.generators.categorical import Categorical

__all__ = ["Categorical", "Generator"]
