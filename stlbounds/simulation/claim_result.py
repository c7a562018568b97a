"""The outcome of a checked claim: where it is contradicted, or how loose it is, point by point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from stlbounds.simulation.result import jsonable, number

__all__ = ["SCHEMA", "ClaimPoint", "ClaimResult"]

#: Version of the JSON that `ClaimResult.to_dict` makes.
SCHEMA = "stlbounds/check-claim/1"


@dataclass(frozen=True)
class ClaimPoint:
    """A claim at one point.

    Parameters
    ----------
    values, used : dict
        The values as asked for, and those of the loop that was run and at which everything was evaluated.
    claimed : float
        The value of the formula.
    measured, low, high : float
        The quantity in the simulation, with a rigorous interval.
    verdict : {"contradicted", "consistent"}
    ours : float or None
        Our bound on the same quantity, if there is one.
    seed, replicas : int
        Of the simulation; `stlbounds.check` with them repeats it.
    notes : tuple of str
        What was rounded.
    """

    values: dict[str, float | int]
    used: dict[str, float | int]
    claimed: float
    measured: float
    low: float
    high: float
    verdict: Literal["contradicted", "consistent"]
    ours: float | None
    seed: int
    replicas: int
    notes: tuple[str, ...] = ()

    @property
    def contradicted(self) -> bool:
        """Whether the quantity exceeds the claim here, beyond chance."""
        return self.verdict == "contradicted"

    @property
    def looseness(self) -> float:
        """``claimed/measured``: below 1 where the claim seems wrong; NaN for 0/0."""
        if self.measured == 0:
            return math.inf if self.claimed > 0 else math.nan
        return self.claimed / self.measured

    @property
    def to_ours(self) -> float | None:
        """``claimed/ours``: below 1 where the claim is stronger than our bound."""
        if self.ours is None:
            return None
        return self.claimed / self.ours if self.ours > 0 else math.inf if self.claimed > 0 else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"values": dict(self.values), "used": dict(self.used), "claimed": jsonable(self.claimed),
                "measured": jsonable(self.measured), "low": jsonable(self.low), "high": jsonable(self.high),
                "verdict": self.verdict, "ours": jsonable(self.ours), "looseness": jsonable(self.looseness),
                "to_ours": jsonable(self.to_ours), "seed": self.seed, "replicas": self.replicas,
                "notes": list(self.notes)}


@dataclass(frozen=True)
class ClaimResult:
    """A formula held against simulations and against our bound.

    Parameters
    ----------
    expression : str
        The formula.
    quantity : str
        A name in `stlbounds.simulation.claim_quantities.QUANTITIES`.
    statement : str
        What is claimed, with ``CLAIM`` for the formula.
    setting : str
        In words.
    confidence : float
        Of the verdict over all points together.
    points : tuple of ClaimPoint
    asked : int
        How many points were asked for.
    note : str
        Why there is no bound of ours, if there is none.
    """

    expression: str
    quantity: str
    statement: str
    setting: str
    confidence: float
    points: tuple[ClaimPoint, ...]
    asked: int
    note: str = ""

    @property
    def contradicted(self) -> bool:
        """Whether the claim is contradicted anywhere."""
        return any(point.contradicted for point in self.points)

    @property
    def counterexamples(self) -> tuple[ClaimPoint, ...]:
        """The points where it is contradicted, the worst first."""
        found = [point for point in self.points if point.contradicted]
        return tuple(sorted(found, key=lambda point: point.looseness))

    @property
    def interrupted(self) -> bool:
        """Whether points are missing."""
        return len(self.points) < self.asked

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with None for what is not finite."""
        return {"schema": SCHEMA, "expression": self.expression, "quantity": self.quantity, "statement": self.statement,
                "setting": self.setting, "confidence": self.confidence, "contradicted": self.contradicted,
                "verdict": "contradicted" if self.contradicted else "consistent", "interrupted": self.interrupted,
                "points": [point.to_dict() for point in self.points], "note": self.note}

    @property
    def columns(self) -> list[str]:
        """The heads of the table of points."""
        names = list(self.points[0].values) if self.points else []
        return [*names, "claimed", "measured", "interval", "ratio", "ours", "claim/ours", "verdict"]

    @property
    def rows(self) -> list[list[str]]:
        """The cells of the table of points."""
        return [[*map(number, point.values.values()), number(point.claimed), number(point.measured),
                 f"[{number(point.low)}, {number(point.high)}]", number(point.looseness), number(point.ours),
                 number(point.to_ours), point.verdict] for point in self.points]

    @property
    def notes(self) -> list[str]:
        """What the reader must know: rounding, interruption, a missing bound of ours."""
        found = [*dict.fromkeys(note for point in self.points for note in point.notes), *filter(None, [self.note])]
        if self.interrupted:
            found.append(f"interrupted after {len(self.points)} of {self.asked} points")
        return found

    @property
    def conclusion(self) -> str:
        """The verdict in a sentence."""
        return f"verdict: {self._verdict()}"

    def __str__(self) -> str:
        lines = [f"claim: {self.statement.replace('CLAIM', self.expression)}", f"  {self.setting}", ""]
        rows = [self.columns, *self.rows]
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines += ["  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join([*lines, "", *(f"note: {note}" for note in self.notes), self.conclusion])

    def _repr_html_(self) -> str:
        from stlbounds.render.notebook import claim_check_html

        return claim_check_html(self)

    def _repr_markdown_(self) -> str:
        from stlbounds.render.notebook import claim_check_markdown

        return claim_check_markdown(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from stlbounds.render.notebook import bundle

        return bundle(self, html=self._repr_html_(), markdown=self._repr_markdown_())

    def _verdict(self) -> str:
        worst = self.counterexamples
        if worst:
            at = ", ".join(f"{name} = {number(value)}" for name, value in worst[0].used.items())
            return (f"contradicted at {len(worst)} of {len(self.points)} points; worst at {at}: claimed "
                    f"{number(worst[0].claimed)}, measured {number(worst[0].measured)}, at least "
                    f"{number(worst[0].low)} with confidence {self.confidence:.8g}")
        loose = [point.looseness for point in self.points if math.isfinite(point.looseness)]
        span = f"; {number(min(loose))} to {number(max(loose))} times what was measured" if loose else ""
        sharper = sum(1 for point in self.points if point.to_ours is not None and point.to_ours < 1)
        beside = f"; smaller than our bound at {sharper} of {len(self.points)} points" if sharper else ""
        return f"consistent with the simulations, which prove nothing{span}{beside}"
