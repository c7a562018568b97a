"""What a derivation hands back: published and derived values side by side, and one line that says how they compare."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

__all__ = ["Comparison", "Disagreement", "Row", "main"]


class Disagreement(Exception):
    """A published value and ours do not compare as the derivation says they do."""


@dataclass(frozen=True)
class Row:
    """One value, published and ours.

    Parameters
    ----------
    what : str
    published, ours : sympy.Expr or number
    factor : float
        By how much ours is smaller; 1 for equality.
    """

    what: str
    published: Any
    ours: Any
    factor: float = 1.0

    def check(self) -> None:
        """Raise `Disagreement` unless published/ours is the factor; expressions must be equal for all values."""
        if sp.Tuple(sp.sympify(self.published), sp.sympify(self.ours)).free_symbols:
            if self.factor != 1.0 or sp.simplify(self.published - self.ours) != 0:
                raise Disagreement(f"{self.what}: published {self.published}, ours {self.ours}")
            return
        published, ours = float(self.published), float(self.ours)
        if not math.isclose(published, self.factor * ours, rel_tol=1e-9, abs_tol=1e-300):
            raise Disagreement(f"{self.what}: published {published:.12g}, ours {ours:.12g}, not a factor of "
                               f"{self.factor:.12g} apart")


@dataclass(frozen=True)
class Comparison:
    """A published result derived again.

    Parameters
    ----------
    paper : str
    statement : str
        The published result, in our words.
    rows : tuple of Row
        All of them are checked.
    simulated : str
        What a simulation found.
    verdict : str
        Agreement, or the factor.
    latex : str
        Our statement.
    source : str
        Whether the published statement could be checked word for word.
    """

    paper: str
    statement: str
    rows: tuple[Row, ...]
    simulated: str
    verdict: str
    latex: str
    source: str = "the form that is usually quoted; the paper's own wording could not be checked here"

    def __post_init__(self) -> None:
        for row in self.rows:
            row.check()

    def __str__(self) -> str:
        lines = [self.paper, f"  published: {self.statement}", f"  ({self.source})"]
        for row in self.rows:
            shown = [_shown(value) for value in (row.published, row.ours)]
            how = "equal" if row.factor == 1.0 else f"ours is smaller by a factor of {row.factor:.6g}"
            lines.append(f"  {row.what}: published {shown[0]}, ours {shown[1]}: {how}")
        return "\n".join([*lines, f"  simulation: {self.simulated}", f"  LaTeX: {self.latex}", self.verdict])


def _shown(value: Any) -> str:
    number = sp.sympify(value)
    return f"{float(number):.8g}" if number.is_number else str(number)


def main(compare: Callable[[], Comparison]) -> int:
    """Print a comparison; the exit code is 1 if it does not come out."""
    try:
        sys.stdout.write(f"{compare()}\n")
    except Disagreement as error:
        sys.stdout.write(f"DISAGREEMENT: {error}\n")
        return 1
    return 0
