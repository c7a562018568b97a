r"""Sentences: the symbols, the metric, the generator and the learner of a setting, in LaTeX."""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.generators.base import Generator
from stlbounds.learners.base import UniformlyStable
from stlbounds.proof.claim import Printer
from stlbounds.proof.metric import Metric
from stlbounds.render.meanings import meaning
from stlbounds.render.notation import Notation
from stlbounds.render.printer import latex
from stlbounds.symbols import entry, i

__all__ = [
    "describe_displacement",
    "describe_generator",
    "describe_learner",
    "describe_metric",
    "enumerate_words",
    "escape",
    "symbol_range",
    "symbol_sentences",
]

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
}


def escape(text: str) -> str:
    r"""Plain text as LaTeX prints it.

    Examples
    --------
    >>> print(escape("50% of my_model"))
    50\% of my\_model
    """
    return "".join(_SPECIAL.get(character, character) for character in " ".join(text.split()))


def describe_generator(generator: Any, tex: Printer) -> str:
    """A sentence about the generator ``G``, in LaTeX.

    A generator may describe itself (``describe(tex) -> str``); one that is known by its constants only is introduced
    by its name.
    """
    return str(generator.describe(tex)) or _undescribed("generator $G$", generator, Generator) or (
        rf"The generator $G$ (\emph{{{escape(generator.name)}}}) enters through its sensitivity and its learning "
            "error only.")


def describe_learner(learner: Any, tex: Printer) -> str:
    """A sentence about the learner ``A`` and its loss, in LaTeX."""
    return str(learner.describe(tex)) or _undescribed("learner $A$", learner, UniformlyStable) or (
        r"The learner $A$ maps a training set to a hypothesis; it enters through its uniform stability and the "
            r"Lipschitz constant of its loss $\ell$ only.")


def _undescribed(role: str, model: Any, base: type) -> str:
    """For a model without a description whose constants are derived by its own rules: the proof is about it alone."""
    own = any(getattr(type(model), name) is not getattr(base, name) for name in dir(base) if name.endswith("_claim"))
    return (rf"The {role} is the model \emph{{{escape(model.name)}}}, and the proof uses rules that hold for this "
            "model.") if own else ""


def describe_displacement(weighted: bool) -> str:
    """What ``dist(S, S')`` is, for two training sets of one size."""
    if not weighted:
        return r"$\mathrm{dist}(S, S')$ the sum of the distances of corresponding points"
    return (r"$\mathrm{dist}(S, S')$ the sum of the distances of corresponding points, which have one weight, each "
            r"times $n$ times that weight; the size $N$ of a training set is $n$ times the sum of its weights")


def describe_metric(metric: Metric, weighted: bool = False) -> str:
    """A sentence about ``d``, ``W`` and ``dist`` in a metric."""
    if metric is Metric.DISCRETE:
        count = "$n$ times the total weight of the points" if weighted else "the number of points"
        return (r"Here $d$ is the discrete metric $d(z, z') = 1\{z \ne z'\}$, so that $W$ is the total variation "
                rf"distance and $\mathrm{{dist}}$ {count} that differ.")
    return "Here $d$ is a Euclidean distance on a bounded space, divided by its diameter."


def symbol_range(symbol: sp.Symbol, written: str, last: int | None = None) -> str:
    """The range of a symbol as a condition, integers as inequalities; generations end with the last one of the loop."""
    values = entry(symbol).range
    if symbol == i and last is not None:
        return rf"0 \le {written} \le {last}"
    if values.integer and values.high == sp.oo:
        return rf"{written} \ge {latex(values.low)}"
    return values.latex(written)


def symbol_sentences(symbols: tuple[sp.Symbol, ...], notation: Notation, setting: Any,
                     last: int | None = None) -> list[str]:
    """Sentences that introduce the symbols of a theorem: integers first, then the rest; see `symbol_range`."""
    integers = [symbol for symbol in symbols if entry(symbol).range.integer]
    others = [symbol for symbol in symbols if not entry(symbol).range.integer]
    sentences = []
    if integers:
        conditions = [f"${symbol_range(symbol, notation.symbol(symbol), last)}$" for symbol in integers]
        meanings = [escape(meaning(symbol, setting)) for symbol in integers]
        what = "be integers" if len(integers) > 1 else "be an integer"
        sentences.append(f"Let {enumerate_words(conditions)} {what}: {enumerate_words(meanings)}.")
    if others:
        described = [
            f"${symbol_range(symbol, notation.symbol(symbol))}$ {'be ' if position == 0 else ''}"
            f"{escape(meaning(symbol, setting))}"
            for position, symbol in enumerate(others)]
        sentences.append(f"Let {enumerate_words(described)}.")
    return sentences


def enumerate_words(words: list[str]) -> str:
    """``a, b and c``."""
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} and {words[-1]}"
