"""A printed theorem read again: its terms, the named parts that they use, and what defines those, as numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import mpmath as mp
from render.latex_reader import Reader

from stlbounds.render.latex import Writer
from stlbounds.render.options import LatexOptions
from stlbounds.render.printer import inline
from stlbounds.render.recursions import recursions

__all__ = ["Statement"]

_DEFINED = re.compile(r"(?P<name>.*?)(?:_\{(?P<index>[a-z])\})?(?P<square>\^\{2\})?")
_LAYER = re.compile(r"(?P<letter>\\?[A-Za-z]+)_\{(?:0|l \+ 1|l\+1)\}.*")


class Statement:
    """What a theorem prints, evaluated at a point from the text alone; ``values`` are by the LaTeX of a symbol."""

    def __init__(self, bound: Any, values: Mapping[str, mp.mpf]) -> None:
        writer = Writer(bound, None, LatexOptions())
        self.values = dict(values)
        self.families: dict[str, Callable[[int], mp.mpf]] = {}
        self.terms = {name: writer.notation.tex(term) for name, term in writer.terms.items()}
        self._proportions(bound.setting.loop.describe(inline))
        needed = writer.notation.defined(writer.terms.values())
        expressions = [*writer.terms.values(), *map(writer.notation.value, needed)]
        self._layers([(writer.notation.tex(left), writer.notation.tex(right))
                      for left, right in recursions(expressions)])
        waiting = [writer.notation.definition(part) for part in needed]
        while waiting:
            # A part may be defined by one that is listed later.
            later = [text for text in waiting if not self._define(text)]
            if len(later) == len(waiting):
                raise ValueError(f"not defined: {later}")
            waiting = later

    def read(self, text: str, **more: mp.mpf) -> mp.mpf:
        """The value of a formula."""
        return Reader(text, {**self.values, **more}, self.families).whole()

    def _proportions(self, sentence: str) -> None:
        """``where alpha_1, alpha_2 are 1/2, 2/5``: beyond the last of them nothing is said."""
        found = re.search(r"\\alpha_1[^$]*\$ (?:is|are) (\$[^$]*\$(?:, \$[^$]*\$)*)$", sentence)
        if found:
            listed = [self.read(text.strip(" $")) for text in found.group(1).split(",")]
            self.families[r"\alpha"] = lambda j: dict(enumerate(listed, start=1)).get(j, mp.nan)

    def _layers(self, definitions: list[tuple[str, str]]) -> None:
        """Pairs of lines: the value in layer 0, and the value in layer ``l + 1`` from those in layer ``l``."""
        for (left, start), (_, step) in zip(definitions[::2], definitions[1::2], strict=True):
            letter = _LAYER.fullmatch(left).group("letter")

            @cache
            def value(layer: int, start: str = start, step: str = step) -> mp.mpf:
                return self.read(start) if layer == 0 else self.read(step, l=mp.mpf(layer - 1))

            self.families[letter] = value

    def _define(self, text: str) -> bool:
        """Learn a definition, if all that it uses is known."""
        left, right = text.split(" = ", 1)
        parts = _DEFINED.fullmatch(left)
        if parts["index"]:
            index = parts["index"]

            def member(k: int) -> mp.mpf:
                value = self.read(right, **{index: mp.mpf(k)})
                return mp.sqrt(value) if parts["square"] else value

            self.families[parts["name"]] = member
            return True
        try:
            value = self.read(right)
        except ValueError:
            return False
        self.values[parts["name"]] = mp.sqrt(value) if parts["square"] else value
        return True
