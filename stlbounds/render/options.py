r"""What an author may choose about the LaTeX of a bound, in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from stlbounds.errors import InvalidArgumentError
from stlbounds.render.display import LINE_WIDTH

__all__ = ["LatexOptions", "points"]

_UNITS = {"pt": 1.0, "in": 72.27, "cm": 72.27 / 2.54, "mm": 72.27 / 25.4}
_LENGTH = re.compile(r"([0-9]*\.?[0-9]+)\s*(pt|in|cm|mm)")
_WORD = re.compile(r"[A-Za-z]+\*?")
_LABEL = re.compile(r"[A-Za-z0-9:_.-]+")
_NARROWEST = 180.0


def points(width: Any, argument: str = "width") -> float:
    """A width in points at 10 pt type.

    Parameters
    ----------
    width : float or str
        Points, or a length with its unit: ``"3.25in"``, ``"8.2cm"``, ``"82mm"``, ``"234pt"``.
    argument : str
        What it is called in an error.

    Raises
    ------
    InvalidArgumentError
        If it is no length, or too narrow for formulas.

    Examples
    --------
    >>> points("3.25in")
    234.8775
    """
    found = _LENGTH.fullmatch(width.strip()) if isinstance(width, str) else None
    value = float(found.group(1)) * _UNITS[found.group(2)] if found else width
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _NARROWEST <= value < 1e5:
        raise InvalidArgumentError(argument, repr(width), f"a length of at least {_NARROWEST:g} points",
                                   "for example 3.25in, 8.2cm or 234.9")
    return float(value)


@dataclass(frozen=True)
class LatexOptions:
    r"""An author's choices.

    Parameters
    ----------
    width : float or str
        The line: points at 10 pt type, or a length such as ``"3.25in"``.
    environment : str
        The environment of a theorem, for example ``"thm"``.
    corollary : str
        The environment of a corollary.
    nicefrac : bool
        Whether quotients inside a line are written ``\nicefrac{a}{b}``; the preamble needs nicefrac.
    numbered : bool
        Whether the steps of a proof are headed ``Step 3 (title)``; otherwise they are paragraphs with a number in
        parentheses.
    cleveref : bool
        Whether a proof refers to its theorem with ``\cref``; otherwise with ``Theorem~\ref``.
    label : str
        The label of the theorem; empty for none, and then nothing refers to it.
    rough : bool
        Whether a theorem also states its bound up to absolute constants, with the constants that are dropped.

    Raises
    ------
    InvalidArgumentError
        If one of them is out of range.

    References
    ----------
    The design note: what LaTeX prints by itself, and why layout is the library's.

    Examples
    --------
    >>> LatexOptions(environment="thm", label="thm:main").environment
    'thm'
    >>> LatexOptions(width="6in").line
    433.62
    """

    width: float | str = LINE_WIDTH
    environment: str = "theorem"
    corollary: str = "corollary"
    nicefrac: bool = False
    numbered: bool = True
    cleveref: bool = False
    label: str = ""
    rough: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", points(self.width))
        for name in ("environment", "corollary"):
            if not isinstance(getattr(self, name), str) or not _WORD.fullmatch(getattr(self, name)):
                raise InvalidArgumentError(name, repr(getattr(self, name)), "the name of a LaTeX environment")
        if not isinstance(self.label, str) or (self.label and not _LABEL.fullmatch(self.label)):
            raise InvalidArgumentError("label", repr(self.label), "a LaTeX label: letters, digits and : _ . -")
        for name in ("nicefrac", "numbered", "cleveref", "rough"):
            if not isinstance(getattr(self, name), bool):
                raise InvalidArgumentError(name, repr(getattr(self, name)), "True or False")
        if self.cleveref and not self.label:
            raise InvalidArgumentError("cleveref", "True without a label", "used with a label",
                                       "set label, for example label='thm:gap'")

    @property
    def line(self) -> float:
        """The width in points."""
        return float(self.width)
