"""The setting of a theorem: a loop, a generator, a learner, and whether their constants fit together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import sympy as sp

from stlbounds.described import Described
from stlbounds.errors import InvalidArgumentError, MetricError, SymbolError
from stlbounds.generators.base import Generator
from stlbounds.learners.base import UniformlyStable
from stlbounds.loops.base import Loop
from stlbounds.proof.claim import RESERVED
from stlbounds.proof.rules.basic import DEFINABLE
from stlbounds.symbols import N, b, j, n

__all__ = ["Setting"]


_DEFAULT_LEARNER = UniformlyStable(b / N)


def _check_kind(argument: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise InvalidArgumentError(argument, repr(value), f"one of stlbounds.{argument}s",
                                   "Setting takes a loop, a generator and a learner, in this order")


def _check_free(name: str, value: sp.Basic, filled_in: set[sp.Symbol], instead: str) -> None:
    reserved = value.free_symbols & filled_in
    if reserved:
        raise SymbolError(f"{name} = {value} contains {', '.join(sorted(map(str, reserved)))}, which the library fills "
                          f"in; {instead}")


@dataclass(frozen=True)
class Setting(Described):
    """What a bound speaks about.

    Parameters
    ----------
    loop : Loop
        How real and synthetic data mix.
    generator : Generator
        The model that is trained on its own output.
    learner : UniformlyStable, optional
        The learner whose gap is bounded; by default ``beta_N = b/N`` with loss constant ``M``, in the
        generator's metric.
    drift : {"sharp", "lemma"}
        Whether to use a generator's own drift bound where it has one, or always the general lemma of theory §4.

    Raises
    ------
    MetricError
        If the learner's constants are known for the discrete metric only, and the generator lives in a Euclidean
        one (theory §2).
    SymbolError
        If the loop's parameters use a reserved symbol.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(20)).learner.beta_N
    b/N
    """

    home: ClassVar[str | None] = "stlbounds"

    loop: Loop
    generator: Generator
    learner: UniformlyStable = _DEFAULT_LEARNER
    drift: Literal["sharp", "lemma"] = "sharp"

    def __post_init__(self) -> None:
        _check_kind("loop", self.loop, Loop)
        _check_kind("generator", self.generator, Generator)
        if self.learner is _DEFAULT_LEARNER:
            object.__setattr__(self, "learner", replace(_DEFAULT_LEARNER, metric=self.generator.metric))
        _check_kind("learner", self.learner, UniformlyStable)
        if self.drift not in ("sharp", "lemma"):
            raise InvalidArgumentError("drift", repr(self.drift), "'sharp' or 'lemma'")
        for name, value in self.loop.parameters.items():
            _check_free(name, value, {n, j, *RESERVED, *DEFINABLE}, "use another symbol, or a Schedule")
        # An expression in the generation may hide a symbol from its value in any single one.
        for name, value in self.loop.arguments.items():
            for part in value if isinstance(value, tuple) else (value,):
                if isinstance(part, sp.Basic):
                    _check_free(name, part, {n, *RESERVED, *DEFINABLE}, "use another symbol")
        if not self.learner.metric.covers(self.generator.metric):
            raise MetricError(
                f"the learner {self.learner.name} is known to be stable in the {self.learner.metric.value} "
                f"metric only, but the generator {self.generator.name} moves all points a little in the "
                f"{self.generator.metric.value} metric; state the learner's constants in that metric")
