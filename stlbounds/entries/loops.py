"""The loops by name. A new loop is one entry here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stlbounds.entries.entry import Entry, Parameter
from stlbounds.errors import InvalidArgumentError

if TYPE_CHECKING:
    from stlbounds.loops import Loop

__all__ = ["LOOPS"]


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
        raise InvalidArgumentError("real", real, f"left out with the loop {loop}", "only a fixed mix offers the choice")


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
