"""A bound on a terminal: statement, terms, named parts and assumptions, in Unicode, one line each."""

from __future__ import annotations

import textwrap
from typing import Any

from stlbounds.render.meanings import meaning
from stlbounds.render.outline import outline
from stlbounds.render.printer import inline
from stlbounds.render.prose import describe_generator, describe_learner
from stlbounds.render.recursions import recursions
from stlbounds.render.unicode import plain, plain_latex
from stlbounds.symbols import i

__all__ = ["text"]

_GAP = "R_{D_0}(A(T_i)) - R̂_{T_i}(A(T_i))"
_DRAWN = ("Real points are independent draws from $D_0$, and new points from $D_j$, where $D_{j+1} = G(T_j)$, are "
          "independent given all that was drawn before.")
_LEFT = {
    "high-probability": f"|{_GAP}|",
    "expectation": f"|E[{_GAP}]|",
    "expected-gap": f"E |{_GAP}|",
    "bernstein": f"|{_GAP}|",
    "weak-stability": f"|{_GAP}|",
    "best": f"|{_GAP}|",
    "excess-risk": "R_{D_0}(A(T_i)) - inf R_{D_0}",
    "expected-excess": "E[R_{D_0}(A(T_i)) - inf R_{D_0}]",
}


def _wrapped(label: str, sentence: str, width: int) -> str:
    """A sentence behind a label, its lines aligned."""
    return textwrap.fill(sentence, width, initial_indent=f"  {label} ", subsequent_indent=" " * (len(label) + 3),
                         break_long_words=False, break_on_hyphens=False)


def _visible(label: str) -> int:
    """The number of columns of a label; combining accents take none."""
    return sum(1 for character in label if not "\u0300" <= character <= "\u036f")


def _aligned(rows: list[tuple[str, str]], columns: int) -> list[str]:
    """``name = value`` with the equality signs below each other; a value that is too long goes on below itself."""
    width = max(_visible(name) for name, _ in rows)
    lines = []
    for name, value in rows:
        start = f"  {name}{' ' * (width - _visible(name))} = "
        lines.append(textwrap.fill(value, columns, initial_indent=start, subsequent_indent=" " * (width + 7),
                                   break_long_words=False, break_on_hyphens=False))
    return lines


def text(bound: Any, *, width: int = 80) -> str:
    """A bound as plain text.

    Parameters
    ----------
    bound : Bound
    width : int
        The columns of the terminal.

    Returns
    -------
    str
        Without a newline at the end.
    """
    setting = bound.setting
    failure = bound.failure_probability
    terms = {name: term for name, term in bound.named_terms.items() if term != 0}
    start = "With probability at least " + plain(1 - failure) + ":" if failure != 0 else "For every such loop:"
    lines = [
        textwrap.fill(plain_latex(f"Loop: {setting.loop.describe(inline)}. {_DRAWN}"), width),
        textwrap.fill(plain_latex(f"Models: {describe_generator(setting.generator, inline)} "
                                  f"{describe_learner(setting.learner, inline)}"), width),
        "",
        start,
        "",
        f"  {_LEFT[bound.theorem]} ≤ {' + '.join(terms) or '0'}",
        "",
        *(_aligned([(name, plain(term)) for name, term in terms.items()], width) if terms else []),
    ]
    needed = _needed(bound)
    if needed:
        lines += ["", "where", "", *_aligned([(plain(part), plain(bound.definitions[part])) for part in needed], width)]
    pairs = recursions([*terms.values(), *(bound.definitions[part] for part in needed)])
    if pairs:
        lines += ["", "by recursion over the layers", "",
                  *_aligned([(plain(left), plain(right)) for left, right in pairs], width)]
    ends = "" if setting.loop.horizon is None else f" (at most {setting.loop.horizon})"
    symbols = [f"{plain(symbol)} {meaning(symbol, setting).removeprefix('the ')}{ends if symbol == i else ''}"
               for symbol in bound.symbols]
    if symbols:
        lines += ["", textwrap.fill(f"Symbols: {', '.join(symbols)}.", width, subsequent_indent="  ")]
    assumptions = outline(bound.proof.steps()).assumptions
    if assumptions:
        lines += ["", "Assumptions", ""]
        lines += [_wrapped(f"(A{number})", plain_latex(claim.rule.explain(inline, **dict(claim.params))), width)
                  for number, claim in enumerate(assumptions, start=1)]
    return "\n".join(lines)


def _needed(bound: Any) -> list[Any]:
    """The named parts that the terms need, directly or through other parts, in order."""
    waiting = list(bound.named_terms.values())
    needed: set[Any] = set()
    while waiting:
        free = waiting.pop().free_symbols & set(bound.definitions)
        waiting.extend(bound.definitions[symbol] for symbol in free - needed)
        needed |= free
    return [symbol for symbol in bound.definitions if symbol in needed]
