r"""Printed factors put side by side: parentheses of the right height, and the space between neighbours."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["Piece", "fence", "juxtapose"]


def fence(body: str) -> str:
    """Parentheses of the right height."""
    if any(tall in body for tall in (r"\frac", r"\sum", r"\prod", r"\left")):
        return rf"\left({body}\right)"
    if "(" in body:
        return rf"\bigl({body}\bigr)"
    return f"({body})"


class Piece(str):
    """A printed factor that keeps a thin space from its neighbours, such as an expectation."""


def _separator(left: str, right: str) -> str:
    """What stands between two factors."""
    if right[0].isdigit() and (left[-1].isdigit() or left.startswith(r"\frac")):
        return r" \cdot "
    if left.isdigit():
        return "" if right[0].isalpha() or right[0] in "\\(" else " "
    if isinstance(left, Piece) or isinstance(right, Piece):
        return r"\,"
    if right.startswith((r"\sqrt", r"\left(")) or (left.endswith(")") and not right.startswith(r"\frac")):
        return ""
    if right.startswith(r"\frac"):
        return r"\,"
    if right.startswith(("(", r"\bigl(")):
        tight = right.startswith("(1 - ") or left.startswith(r"\frac")
        return "" if tight else r"\,"
    return " "


def juxtapose(factors: Sequence[str]) -> str:
    """A product of printed factors."""
    text, last = str(factors[0]), factors[0]
    for factor in factors[1:]:
        text += _separator(last, factor) + factor
        last = factor
    return text
