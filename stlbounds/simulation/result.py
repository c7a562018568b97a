"""The outcome of a check: every part of a bound beside what was measured, as data, JSON and text."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["SCHEMA", "CheckResult", "Comparison", "TermPower", "Verdict"]

#: Version of the JSON that `CheckResult.to_dict` makes.
SCHEMA = "stlbounds/check/1"

Verdict = Literal["contradicted", "consistent", "not tested"]


@dataclass(frozen=True)
class Comparison:
    """One statement of a bound beside its measured counterpart.

    Parameters
    ----------
    part : str
        Which part of the bound: ``"bound"``, ``"drift"``, ``"drift + bias"``, ``"concentration"``.
    quantity : str
        What it bounds, in words.
    claimed : float
        The value of the part.
    measured : float
        The estimate from the replicas.
    low, high : float
        Rigorous interval for the quantity at the confidence of the check; NaN where there is none.
    verdict : {"contradicted", "consistent", "not tested"}
        Whether `claimed` is below the quantity beyond chance.
    factor : float or None
        The claim would be contradicted if it were smaller by more than this factor; None if no smaller
        positive number would be.
    threshold : float or None
        Below this a claim is contradicted; None if no positive number is.
    """

    part: str
    quantity: str
    claimed: float
    measured: float
    low: float
    high: float
    verdict: Verdict
    factor: float | None
    threshold: float | None = None

    @property
    def ratio(self) -> float:
        """``claimed / measured``: how loose the part is; NaN for 0/0."""
        if self.measured == 0:
            return math.inf if self.claimed > 0 else math.nan
        return self.claimed / self.measured

    def to_dict(self) -> dict[str, Any]:
        """As plain data, with None for what is not finite."""
        return {
            "part": self.part, "quantity": self.quantity, "claimed": jsonable(self.claimed),
            "measured": jsonable(self.measured), "low": jsonable(self.low), "high": jsonable(self.high),
            "ratio": jsonable(self.ratio), "verdict": self.verdict, "factor": jsonable(self.factor),
            "threshold": jsonable(self.threshold),
        }


@dataclass(frozen=True)
class TermPower:
    """What the check could see in one term of a bound, with these replicas.

    Parameters
    ----------
    term : str
        The term.
    claimed : float
        Its value.
    factor : float or None
        The check would notice, in some verdict, if this term alone were too small by more than this factor; at most
        1 if it has noticed; None if it would not notice the term being 0.
    through : str
        The part whose verdict would turn first; empty if none would.
    """

    term: str
    claimed: float
    factor: float | None
    through: str

    def to_dict(self) -> dict[str, Any]:
        """As plain data, with None for what is not finite."""
        return {"term": self.term, "claimed": jsonable(self.claimed), "factor": jsonable(self.factor),
                "through": self.through}

    def __str__(self) -> str:
        if self.factor is None:
            return f"{self.term} even if it were 0 would go unnoticed"
        return f"{self.term} by {number(self.factor)} (seen in: {self.through})"


@dataclass(frozen=True)
class CheckResult:
    """A bound held against a simulation of its own loop.

    Parameters
    ----------
    theorem : str
        The name of the theorem, such as ``"high-probability"`` or ``"bernstein"``.
    verdict : {"contradicted", "consistent"}
        Of the theorem itself; the parts have verdicts of their own in `comparisons`.
    comparisons : tuple of Comparison
        The theorem first, then its parts.
    confidence : float
        Of each verdict and interval.
    delta : float or None
        The failure probability of a high-probability theorem.
    coverage : float or None
        The fraction of replicas whose gap the bound covers (high probability only), with `coverage_low` and
        `coverage_high`, the exact binomial interval.
    quantile_level : float
        The level of the quantiles in `comparisons` and `trajectory`.
    loss_constant : float
        ``M``, the range of the gap.
    generations, replicas, requested_replicas, seed, chunk : int
        Of the run.
    interrupted : bool
        Whether the run was stopped before all replicas were finished.
    requested, used : dict
        Values of the symbols as asked for, and those of the loop that was run and at which the bound was
        evaluated.
    trajectory : tuple of dict
        One record for each generation, for figures.
    setting : str
        The setting in words.
    notes : tuple of str
        What the reader must know: rounding, interruption, too few replicas.
    power : tuple of TermPower
        For each term, by which factor it would have to be too small for the check to notice.
    statistic : str
        What was drawn in place of points, where the law of a sufficient statistic is known; empty if points were.
    claim : str
        The expression that was checked in place of the bound's own, or of some of its terms; empty if none was.
    """

    theorem: str
    verdict: Literal["contradicted", "consistent"]
    comparisons: tuple[Comparison, ...]
    confidence: float
    delta: float | None
    coverage: float | None
    coverage_low: float | None
    coverage_high: float | None
    quantile_level: float
    loss_constant: float
    generations: int
    replicas: int
    requested_replicas: int
    seed: int
    chunk: int
    interrupted: bool = False
    requested: dict[str, float | int] = field(default_factory=dict)
    used: dict[str, float | int] = field(default_factory=dict)
    trajectory: tuple[dict[str, Any], ...] = ()
    setting: str = ""
    notes: tuple[str, ...] = ()
    power: tuple[TermPower, ...] = ()
    statistic: str = ""
    claim: str = ""

    @property
    def contradicted(self) -> bool:
        """Whether the theorem fails beyond chance."""
        return self.verdict == "contradicted"

    @property
    def contradicted_parts(self) -> tuple[str, ...]:
        """The parts of the bound, the whole included, that fail beyond chance."""
        return tuple(row.part for row in self.comparisons if row.verdict == "contradicted")

    @property
    def value(self) -> float:
        """The value of the bound."""
        return self.comparisons[0].claimed

    @property
    def factor(self) -> float | None:
        """By how much smaller the bound would have to be to be contradicted (None: no factor would do)."""
        return self.comparisons[0].factor

    def __getitem__(self, part: str) -> Comparison:
        """The comparison of that part of the bound."""
        for row in self.comparisons:
            if row.part == part:
                return row
        raise KeyError(part)

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data for JSON: Python numbers, None for what is infinite or undefined."""
        return {
            "schema": SCHEMA, "setting": self.setting, "theorem": self.theorem, "verdict": self.verdict,
            "contradicted": self.contradicted, "contradicted_parts": list(self.contradicted_parts),
            "confidence": self.confidence, "value": jsonable(self.value), "factor": jsonable(self.factor),
            "delta": jsonable(self.delta),
            "coverage": None if self.coverage is None else {
                "measured": jsonable(self.coverage), "low": jsonable(self.coverage_low),
                "high": jsonable(self.coverage_high),
                "claimed": None if self.delta is None else jsonable(1 - self.delta),
            },
            "quantile_level": self.quantile_level, "loss_constant": jsonable(self.loss_constant),
            "comparisons": [row.to_dict() for row in self.comparisons],
            "generations": self.generations, "replicas": self.replicas,
            "requested_replicas": self.requested_replicas, "interrupted": self.interrupted,
            "seed": self.seed, "chunk": self.chunk,
            "requested": dict(self.requested), "used": dict(self.used),
            "trajectory": [jsonable(record) for record in self.trajectory], "notes": list(self.notes),
            "power": [row.to_dict() for row in self.power], "statistic": self.statistic, "claim": self.claim,
        }

    def __str__(self) -> str:
        lines = [f"check of the {self.theorem} bound" + (f": {self.setting}" if self.setting else "")]
        values = ", ".join(f"{name} = {number(value)}" for name, value in self.used.items())
        run = f"{self.replicas} replicas of {self.generations} generations, seed {self.seed}"
        drawn = f"; drawn: {self.statistic}" if self.statistic else ""
        lines += [f"  claim: {self.claim}" if self.claim else "", f"  {values}" if values else "",
                  f"  {run}{drawn}", "", *self._table(), ""]
        if self.coverage is not None and self.delta is not None:
            lines.append(
                f"coverage {number(self.coverage)}, "
                f"in [{number(self.coverage_low)}, {number(self.coverage_high)}] "
                f"with confidence {self.confidence:.8g}; claimed: at least {number(1 - self.delta)}"
            )
        if self.power:
            lines.append("the check notices a term that is too small by more than: "
                         + "; ".join(str(row) for row in self.power))
        lines += [f"note: {note}" for note in self.notes]
        lines.append(f"verdict: {self.verdict}" + self._explanation())
        return "\n".join(line for k, line in enumerate(lines) if line or k > 2)

    def _repr_html_(self) -> str:
        from stlbounds.render.notebook import check_html

        return check_html(self)

    def _repr_markdown_(self) -> str:
        from stlbounds.render.notebook import check_markdown

        return check_markdown(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from stlbounds.render.notebook import bundle

        return bundle(self, html=self._repr_html_(), markdown=self._repr_markdown_())

    def _explanation(self) -> str:
        others = [part for part in self.contradicted_parts if part != self.comparisons[0].part]
        text = f", but {' and '.join(others)} contradicted" if others and not self.contradicted else ""
        if self.contradicted:
            return f" in {' and '.join(others)}" if len(others) == len(self.contradicted_parts) else ""
        if self.factor is None:
            return f"{text} (these replicas could not contradict any smaller positive number)"
        if math.isinf(self.factor):
            return f"{text} (the bound is infinite)"
        return f"{text}; contradicted if it were smaller by a factor above {number(self.factor)}"

    def _table(self) -> list[str]:
        header = ("part", "bounds", "claimed", "measured", "interval", "ratio", "verdict", "factor")
        rows = [header]
        for row in self.comparisons:
            interval = "" if math.isnan(row.low) else f"[{number(row.low)}, {number(row.high)}]"
            rows.append((row.part, row.quantity, number(row.claimed), number(row.measured), interval,
                         number(row.ratio), row.verdict, "" if row.factor is None else number(row.factor)))
        widths = [max(len(row[k]) for row in rows) for k in range(len(header))]
        right = {2, 3, 5, 7}
        return [
            "  " + "  ".join(
                cell.rjust(width) if k in right else cell.ljust(width)
                for k, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]


def number(value: float | None) -> str:
    """A number with up to six significant digits, for tables."""
    if value is None or math.isnan(value):
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def jsonable(value: Any) -> Any:
    """Plain data for JSON: NumPy scalars become Python numbers, what is not finite becomes None."""
    if isinstance(value, dict):
        return {str(name): jsonable(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(part) for part in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return float(value) if math.isfinite(value) else None
