r"""LaTeX of a bound: the inequality, the theorem, the proof, and a document that compiles on its own.

What is said about a bound is collected here and laid out by the templates in ``templates/``. Nothing is typed twice:
every formula is printed from the bound's expressions, every sentence comes from its rules, loop and models.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jinja2
import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.render.cases import has_cases, later
from stlbounds.render.display import LINE_WIDTH, Relation, aligned, chain, rows
from stlbounds.render.notation import Notation, quantities_in_words
from stlbounds.render.outline import outline
from stlbounds.render.printer import inline, latex_sum
from stlbounds.render.prose import (
    describe_generator,
    describe_learner,
    describe_metric,
    enumerate_words,
    symbol_range,
    symbol_sentences,
)
from stlbounds.render.references import reference
from stlbounds.render.renaming import Names
from stlbounds.render.steps import StepWriter, cited_keys
from stlbounds.symbols import entry, i

__all__ = ["KINDS", "document", "equation", "proof", "render", "theorem"]

#: The line of `document`: 6.5 inches at 11 pt, in points at 10 pt type.
DOCUMENT_WIDTH = 425.0

_GAP = r"R_{D_0}(A(T_i)) - \hat{R}_{T_i}(A(T_i))"
# Left side and title of each theorem.
_THEOREMS: dict[str, tuple[str, str]] = {
    "high-probability": (rf"\bigl|{_GAP}\bigr|", "High-probability bound on the generalization gap"),
    "expectation": (rf"\bigl|\mathbb{{E}}\bigl[{_GAP}\bigr]\bigr|", "Bound on the mean generalization gap"),
    "expected-gap": (rf"\mathbb{{E}}\,\bigl|{_GAP}\bigr|", "Bound on the expected absolute generalization gap"),
    "bernstein": (rf"\bigl|{_GAP}\bigr|", "Bernstein bound on the generalization gap"),
    "weak-stability": (rf"\bigl|{_GAP}\bigr|", "Weak-stability bound on the generalization gap"),
    "best": (rf"\bigl|{_GAP}\bigr|", "Smallest bound on the generalization gap"),
    "excess-risk": (r"R_{D_0}(A(T_i)) - \inf_h R_{D_0}(h)", "Bound on the excess risk"),
    "expected-excess": (r"\mathbb{E}\bigl[R_{D_0}(A(T_i)) - \inf_h R_{D_0}(h)\bigr]", "Bound on the mean excess risk"),
}
#: Where the ideas of every setting come from; the document says so.
_ALWAYS_CITED = ("bousquet2002", "fu2025")
_LABELS = {"drift": "drift", "bias": "stability bias", "concentration": "concentration"}


@cache
def _environment() -> jinja2.Environment:
    """Templates with delimiters that LaTeX leaves alone."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("stlbounds.render", "templates"),
        block_start_string=r"\BLOCK{", block_end_string="}",
        variable_start_string=r"\VAR{", variable_end_string="}",
        comment_start_string=r"\#{", comment_end_string="}",
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined, autoescape=False)


def _fill(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


class _Writer:
    """Collects what is said about one bound."""

    def __init__(self, bound: Any, names: Names | None, width: float) -> None:
        if not width > 0:
            raise InvalidArgumentError("width", width, "a positive number of points")
        self.bound = bound
        self.width = width
        self.notation = Notation(bound, names)
        self.claims = bound.proof.steps()
        self.plan = outline(self.claims)
        self.left, self.title = _THEOREMS[bound.theorem]
        #: A loop whose first training set has another size has a bound of its own for generation 0.
        self.cases = has_cases([*bound.named_terms.values(), *bound.definitions.values()])
        self.terms = {name: later(term) for name, term in bound.named_terms.items() if later(term) != 0}

    def say(self, sentence: str) -> str:
        """A sentence written with the vocabulary's symbols, under the author's names."""
        return self.notation.prose(sentence).strip()

    def lhs(self) -> str:
        """What is bounded."""
        return self.notation.formula(self.left)

    def inequality(self) -> Relation:
        """The right side, term by term, with its parts named."""
        written = [self.notation.tex(term) for term in self.terms.values()] or ["0"]
        labels = [_LABELS.get(name, name) for name in self.terms]
        if len(labels) > 1:
            written = [rf"\underbrace{{{term}}}_{{\text{{{label}}}}}"
                       for term, label in zip(written, labels, strict=True)]
        return Relation(r"\le", (written[0], *(f" + {term}" for term in written[1:])))

    def confidence(self) -> str:
        """``with probability at least 1 - delta``, or nothing."""
        failure = self.bound.failure_probability
        return "" if failure == 0 else rf"with probability at least ${self.notation.tex(1 - failure)}$"

    # --- the theorem ---------------------------------------------------------------------------------
    def words(self) -> dict[str, Any]:
        """What the loop, the metric, the generator and the learner say about themselves."""
        setting = self.bound.setting
        return {
            "say": self.say,
            "metric": describe_metric(setting.generator.metric),
            "generator": describe_generator(setting.generator, inline),
            "learner": describe_learner(setting.learner, inline),
        }

    def theorem(self, alone: bool) -> str:
        """The theorem; one that stands alone introduces its symbols and the loop."""
        needed = self.notation.defined(self.terms.values())
        return _fill(
            "theorem.tex.j2",
            **self.words(),
            alone=alone,
            title=self.title,
            protocol=self.bound.setting.loop.describe(inline),
            symbol_sentences=symbol_sentences(self.bound.symbols, self.notation),
            assumptions=[self.say(claim.rule.explain(inline, **dict(claim.params)))
                         for claim in self.plan.assumptions],
            then=self._then(alone),
            inequality=chain(self.lhs(), [self.inequality()], self.width, end="," if needed else "."),
            named=self._named(needed),
            definitions=rows([self.notation.definition(part) for part in needed], self.width) if needed else "",
            at_start=self._at_start(),
            ratio=self.notation.free_letter("qsuv"),
            count=self.notation.free_letter("kmlt"),
            horizon=self.notation.symbol(i),
            has_quotient=self.notation.has_quotient(self.terms.values()))

    def _at_start(self) -> str:
        """The bound in generation 0, where that is another one."""
        if not self.cases:
            return ""
        terms = [term.subs(i, 0) for term in self.bound.terms.values()]
        return latex_sum(terms, self.notation.names)

    def _named(self, parts: list[sp.Symbol]) -> str:
        """``rho is the loop gain, Phi the amplification of the loop``."""
        return enumerate_words([
            f"${self.notation.tex(part)}$ {'is ' if position == 0 else ''}{entry(part).meaning}"
            for position, part in enumerate(parts)]) if parts else ""

    def _then(self, alone: bool) -> str:
        """The words before the inequality: for which values, and how probably."""
        integers = [] if alone else [symbol for symbol in self.bound.symbols if entry(symbol).range.integer]
        conditions = [f"${symbol_range(symbol, self.notation.symbol(symbol))}$" for symbol in integers
                      if not (self.cases and symbol == i)]
        conditions += [rf"${self.notation.symbol(i)} \ge 1$"] if self.cases else []
        words = [f"for all {enumerate_words(conditions)}"] if conditions else []
        words += [self.confidence()] if self.confidence() else []
        if not words:
            return "Then"
        start = "Then" if alone or self.plan.assumptions else "In the setting above,"
        return f"{start}{',' if alone else ''} {', '.join(words)},"

    # --- the proof and the document ------------------------------------------------------------------
    def proof(self) -> str:
        """The numbered proof."""
        writer = StepWriter(self.plan, self.notation, self.width)
        sides = [side for claim in self.claims for side in (claim.lhs, claim.rhs)]
        return _fill(
            "proof.tex.j2",
            say=self.say,
            quantities=[self.say(text) for text in quantities_in_words(sides, self.bound.setting.loop)],
            sections=[{"heading": section.heading, "steps": [writer.write(step) for step in section.steps]}
                      for section in self.plan.sections])

    def document(self) -> str:
        """The setting, the theorem, the proof and the references."""
        protocol = self.bound.setting.loop.describe(inline)
        return _fill(
            "document.tex.j2",
            **self.words(),
            title=self.title,
            protocol=protocol[:1].upper() + protocol[1:],
            gap_formula=self.notation.formula(rf"g_i = {_GAP}."),
            symbols=[{"symbol": self.notation.symbol(symbol),
                      "range": symbol_range(symbol, self.notation.symbol(symbol)),
                      "meaning": entry(symbol).meaning} for symbol in self.bound.symbols],
            theorem=self.theorem(alone=False).rstrip(),
            proof=self.proof().rstrip(),
            references=[{"key": key, "text": reference(key).latex}
                        for key in sorted({*_ALWAYS_CITED, *cited_keys(self.claims)})])


def equation(bound: Any, names: Names | None = None, *, width: float = LINE_WIDTH) -> str:
    r"""The inequality without delimiters; broken in an ``aligned`` block where it is longer than a line.

    Parameters
    ----------
    bound : Bound
    names : mapping, optional
        LaTeX of symbols (or of their names) that are to be renamed.
    width : float
        The line in points at 10 pt type.

    Returns
    -------
    str
    """
    writer = _Writer(bound, names, width)
    confidence = writer.confidence()
    words = [rf"for ${writer.notation.symbol(i)} \ge 1$"] if writer.cases else []
    words += [confidence] if confidence else []
    tail = rf"\quad \text{{{', '.join(words)}}}" if words else ""
    return aligned(writer.lhs(), writer.inequality(), tail, width)


def theorem(bound: Any, names: Names | None = None, *, width: float = LINE_WIDTH) -> str:
    r"""The theorem with its setting, assumptions, symbols and named parts, as a ``theorem`` environment.

    Parameters are those of `equation`. The preamble needs amsmath and ``\newtheorem{theorem}{Theorem}``.
    """
    return _Writer(bound, names, width).theorem(alone=True)


def proof(bound: Any, names: Names | None = None, *, width: float = LINE_WIDTH) -> str:
    """The proof in numbered steps, as a ``proof`` environment of amsthm.

    Parameters are those of `equation`. Assumptions are called (A1), (A2), ... as in `theorem`.
    """
    return _Writer(bound, names, width).proof()


def document(bound: Any, names: Names | None = None, *, width: float = DOCUMENT_WIDTH) -> str:
    """A document with setting, theorem, proof and references that compiles on its own.

    Parameters are those of `equation`.
    """
    return _Writer(bound, names, width).document()


#: What `render` can make.
KINDS: dict[str, Callable[..., str]] = {
    "equation": equation,
    "theorem": theorem,
    "proof": proof,
    "document": document,
}


def render(bound: Any, kind: str, names: Names | None = None) -> str:
    """LaTeX of a bound.

    Parameters
    ----------
    bound : Bound
    kind : {"equation", "theorem", "proof", "document"}
    names : mapping, optional
        LaTeX of symbols (or of their names) that are to be renamed.

    Returns
    -------
    str
        The same bytes for the same bound, whenever it is made.

    Raises
    ------
    InvalidArgumentError
        If `kind` is another word, or two symbols would look alike.
    SymbolError
        If `names` contains an unknown symbol.
    """
    if kind not in KINDS:
        raise InvalidArgumentError("kind", repr(kind), f"one of {', '.join(KINDS)}")
    return KINDS[kind](bound, names)
