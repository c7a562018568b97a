r"""LaTeX of a bound: the inequality, the theorem, the proof, and a document that compiles on its own.

What is said about a bound is collected here and laid out by the templates in ``templates/``. Nothing is typed twice:
every formula is printed from the bound's expressions, every sentence comes from its rules, loop and models.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

import jinja2
import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.generation_zero import at_start
from stlbounds.proof.quantities import Quantity
from stlbounds.render.cases import has_cases, later
from stlbounds.render.display import NARROW, Relation, aligned, chain, rows, rows_of_sum
from stlbounds.render.meanings import meaning
from stlbounds.render.notation import Notation, quantities_in_words
from stlbounds.render.options import LatexOptions
from stlbounds.render.outline import Outline, outline
from stlbounds.render.printer import Printer, inline
from stlbounds.render.prose import (
    describe_displacement,
    describe_generator,
    describe_learner,
    describe_metric,
    enumerate_words,
    escape,
    symbol_range,
    symbol_sentences,
)
from stlbounds.render.recursions import recursions
from stlbounds.render.references import reference
from stlbounds.render.renaming import Names, normal_names
from stlbounds.render.steps import StepWriter, cited_keys
from stlbounds.symbols import J, entry, i

__all__ = ["Writer", "chosen", "document", "equation", "proof", "render", "theorem"]

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


@lru_cache(maxsize=1)
def _prepared(bound: Any, names: tuple[tuple[sp.Symbol, str], ...]) -> tuple[Notation, Outline]:
    """What does not depend on the layout: kept, since several parts of one bound are printed one after the other."""
    return Notation(bound, dict(names)), outline(bound.proof.steps())


_QUOTIENT = re.compile(r"(?<![\\\w}^_])(\d+|[A-Za-z]|\\[A-Za-z]+)/(\d+|[A-Za-z]|\\[A-Za-z]+)(?![\w{(_^\\])")
_SENTENCE_FORMULA = re.compile(r"(?<![\\$])\$([^$]+)\$")
_REFERENCE = re.compile(r"\bsteps? ((?:\d+(?:, | and )?)+)")


def _nicefrac(quotient: re.Match[str]) -> str:
    return rf"\nicefrac{{{quotient.group(1)}}}{{{quotient.group(2)}}}"


class Writer:
    """Collects what is said about one bound.

    Parameters
    ----------
    bound : Bound
    names : mapping, optional
        LaTeX of symbols (or of their names) that are to be renamed.
    options : LatexOptions
    """

    def __init__(self, bound: Any, names: Names | None, options: LatexOptions) -> None:
        self.bound = bound
        self.options = options
        self.width = options.line
        self.notation, self.plan = _prepared(bound, tuple(normal_names(names).items()))
        self.claims = bound.proof.steps()
        self.left, self.title = _THEOREMS[bound.theorem]
        #: The last generation of a loop that ends.
        self.last: int | None = bound.setting.loop.horizon
        #: A loop whose first training set has another size has a bound of its own for generation 0.
        self.cases = has_cases([*bound.named_terms.values(), *bound.definitions.values()])
        self.terms = {name: later(term) for name, term in bound.named_terms.items() if later(term) != 0}

    def condition(self, symbol: sp.Symbol) -> str:
        """The range of a symbol."""
        return symbol_range(symbol, self.notation.symbol(symbol), self.last)

    def later(self) -> str:
        """The generations but the first."""
        written = self.notation.symbol(i)
        return rf"{written} \ge 1" if self.last is None else rf"1 \le {written} \le {self.last}"

    def say(self, sentence: str) -> str:
        """A sentence written with the vocabulary's symbols, under the author's names."""
        return self.notation.prose(sentence).strip()

    def lhs(self) -> str:
        """What is bounded."""
        return self.notation.formula(self.left)

    def inequality(self) -> Relation:
        """The right side, term by term, with its parts named."""
        written = [self.notation.tex(term) for term in self.terms.values()] or ["0"]
        labels = [self.label(name) for name in self.terms]
        if len(labels) > 1:
            written = [rf"\underbrace{{{term}}}_{{\text{{{label}}}}}"
                       for term, label in zip(written, labels, strict=True)]
        return Relation(r"\le", (written[0], *(f" + {term}" for term in written[1:])))

    @staticmethod
    def label(name: str) -> str:
        """What a term is called in print."""
        return _LABELS.get(name, name)

    def confidence(self) -> str:
        """``with probability at least 1 - delta``, or nothing."""
        failure = self.bound.failure_probability
        return "" if failure == 0 else rf"with probability at least ${self.notation.inline(1 - failure)}$"

    # --- the theorem ---------------------------------------------------------------------------------
    def words(self) -> dict[str, Any]:
        """What the loop, the metric, the generator and the learner say about themselves."""
        setting = self.bound.setting
        return {
            "say": self.say,
            "displacement": describe_displacement(setting.loop.weighted),
            "metric": describe_metric(setting.generator.metric, setting.loop.weighted),
            "generator": describe_generator(setting.generator, inline),
            "learner": describe_learner(setting.learner, inline),
        }

    def nice(self, text: str) -> str:
        """Quotients inside sentences as the author wants them."""
        if not self.options.nicefrac:
            return text
        return _SENTENCE_FORMULA.sub(lambda found: f"${_QUOTIENT.sub(_nicefrac, found.group(1))}$", text)

    def rough(self) -> str:
        """The bound up to absolute constants, and the constants that are dropped; nothing where none is."""
        if not self.options.rough:
            return ""
        from stlbounds.analysis.rate import without_numbers

        parts = [without_numbers(term) for term in self.terms.values()]
        dropped = list(dict.fromkeys(number for _, found in parts for number in found if number != 1))
        if not dropped:
            return ""
        written = self.notation.listed([part for part, _ in parts])
        numbers = enumerate_words([f"${inline(number)}$" for number in dropped])
        shown = chain(self.lhs(), [Relation(r"\lesssim", tuple(written))], self.width, end=",")
        return f"Up to absolute constants,\n{shown}\nwhere the factors {numbers} are dropped."

    def theorem(self, alone: bool) -> str:
        """The theorem; one that stands alone introduces its symbols and the loop."""
        needed = self.notation.defined(self.terms.values())
        return self.nice(_fill(
            "theorem.tex.j2",
            **self.words(),
            environment=self.options.environment,
            label=self.options.label,
            rough=self.rough(),
            alone=alone,
            title=self.title,
            protocol=self.bound.setting.loop.describe(inline),
            narrow=self.width < NARROW,
            symbol_sentences=symbol_sentences(self.bound.symbols, self.notation, self.bound.setting, self.last),
            assumptions=[self.say(claim.rule.explain(inline, **dict(claim.params)))
                         for claim in self.plan.assumptions],
            then=self._then(alone),
            inequality=chain(self.lhs(), [self.inequality()], self.width, end="," if needed else "."),
            named=self._named(needed),
            definitions=rows([self.notation.definition(part) for part in needed], self.width) if needed else "",
            recursions=self._recursions(needed),
            at_start=self._at_start(),
            ratio=self.notation.free_letter("qsuv"),
            count=self.notation.free_letter("kmlt"),
            horizon=self.notation.symbol(i),
            has_quotient=self.notation.has_quotient(self.terms.values())))

    def _at_start(self) -> str:
        """The bound in generation 0, where that is another one."""
        if not self.cases:
            return ""
        terms = [at_start(term, i) for term in self.bound.terms.values()]
        return rows_of_sum(Printer(self.notation.names).terms([term for term in terms if term != 0]), self.width)

    def _recursions(self, parts: list[sp.Symbol]) -> str:
        """The definitions of what a recursion over layers defines."""
        pairs = recursions([*self.terms.values(), *(self.notation.value(part) for part in parts)])
        return rows([f"{self.notation.tex(left)} = {self.notation.tex(right)}" for left, right in pairs],
                    self.width) if pairs else ""

    def _named(self, parts: list[sp.Symbol]) -> str:
        """``rho is the loop gain, Phi the amplification of the loop``."""
        return enumerate_words([
            f"${self.notation.tex(part)}$ {'is ' if position == 0 else ''}{entry(part).meaning}"
            for position, part in enumerate(parts)]) if parts else ""

    def _then(self, alone: bool) -> str:
        """The words before the inequality: for which values, and how probably."""
        integers = [] if alone else [symbol for symbol in self.bound.symbols if entry(symbol).range.integer]
        conditions = [f"${self.condition(symbol)}$" for symbol in integers if not (self.cases and symbol == i)]
        conditions += [f"${self.later()}$"] if self.cases else []
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
        text = _fill(
            "proof.tex.j2",
            say=self.say,
            narrow=self.width < NARROW,
            ends=self.last is not None,
            counts=any(type(part).words for side in sides for part in side.atoms(Quantity) if J in part.free_symbols),
            of=self._of(),
            numbered=self.options.numbered,
            quantities=[self.say(text) for text in quantities_in_words(sides, self.bound.setting.loop)],
            sections=[{"heading": section.heading, "steps": [writer.write(step) for step in section.steps]}
                      for section in self.plan.sections])
        if not self.options.numbered:
            text = _REFERENCE.sub(lambda found: re.sub(r"\d+", r"(\g<0>)", found.group(1)), text)
        return self.nice(text)

    def source(self) -> str:
        """How other parts of a paper call the theorem."""
        name = self.options.label
        if not name:
            return "the theorem"
        return rf"\cref{{{name}}}" if self.options.cleveref else rf"Theorem~\ref{{{name}}}"

    def _of(self) -> str:
        """What the proof is a proof of, where the theorem has a label."""
        return f"[Proof of {self.source()}]" if self.options.label else ""

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
                      "range": self.condition(symbol),
                      "meaning": escape(meaning(symbol, self.bound.setting))} for symbol in self.bound.symbols],
            theorem=self.theorem(alone=False).rstrip(),
            proof=self.proof().rstrip(),
            references=[{"key": key, "text": reference(key).latex}
                        for key in sorted({*_ALWAYS_CITED, *cited_keys(self.claims)})])


def chosen(options: LatexOptions | None, choices: dict[str, Any], **defaults: Any) -> LatexOptions:
    """The author's choices, given as one object or one by one."""
    if options is not None and not isinstance(options, LatexOptions):
        raise InvalidArgumentError("options", repr(options), "stlbounds.LatexOptions")
    unknown = set(choices) - set(LatexOptions.__dataclass_fields__)
    if unknown:
        raise InvalidArgumentError("options", ", ".join(sorted(unknown)),
                                   f"some of {', '.join(LatexOptions.__dataclass_fields__)}")
    return replace(options, **choices) if options is not None else LatexOptions(**{**defaults, **choices})


def equation(bound: Any, names: Names | None = None, options: LatexOptions | None = None, **choices: Any) -> str:
    r"""The inequality without delimiters; broken in an ``aligned`` block where it is longer than a line.

    Parameters
    ----------
    bound : Bound
    names : mapping, optional
        LaTeX of symbols (or of their names) that are to be renamed.
    options : LatexOptions, optional
    **choices
        Fields of `LatexOptions`, in place of those of `options`.

    Returns
    -------
    str
    """
    writer = Writer(bound, names, chosen(options, choices))
    confidence = writer.confidence()
    words = [f"for ${writer.later()}$"] if writer.cases else []
    words += [confidence] if confidence else []
    tail = rf"\quad \text{{{', '.join(words)}}}" if words else ""
    return aligned(writer.lhs(), writer.inequality(), tail, writer.width)


def theorem(bound: Any, names: Names | None = None, options: LatexOptions | None = None, **choices: Any) -> str:
    r"""The theorem with its setting, assumptions, symbols and named parts, as a ``theorem`` environment.

    Parameters are those of `equation`. The preamble needs amsmath and ``\newtheorem{theorem}{Theorem}``.
    """
    return Writer(bound, names, chosen(options, choices)).theorem(alone=True)


def proof(bound: Any, names: Names | None = None, options: LatexOptions | None = None, **choices: Any) -> str:
    """The proof in numbered steps, as a ``proof`` environment of amsthm.

    Parameters are those of `equation`. Assumptions are called (A1), (A2), ... as in `theorem`.
    """
    return Writer(bound, names, chosen(options, choices)).proof()


def document(bound: Any, names: Names | None = None, options: LatexOptions | None = None, **choices: Any) -> str:
    """A document with setting, theorem, proof and references that compiles on its own.

    Parameters are those of `equation`; environments and references are its own.
    """
    picked = chosen(options, choices, width=DOCUMENT_WIDTH)
    return Writer(bound, names, replace(picked, environment="theorem", label="", cleveref=False)).document()


def render(bound: Any, kind: str, names: Names | None = None, options: LatexOptions | None = None,
           **choices: Any) -> str:
    """LaTeX of a bound.

    Parameters
    ----------
    bound : Bound
    kind : {"equation", "theorem", "proof", "document", "corollary", "notation", "assumptions", "bibtex",
            "figure"}
    names : mapping, optional
        LaTeX of symbols (or of their names) that are to be renamed.
    options : LatexOptions, optional
    **choices
        Fields of `LatexOptions`; ``values`` of a corollary or a figure.

    Returns
    -------
    str
        The same bytes for the same bound, whenever it is made.

    Raises
    ------
    InvalidArgumentError
        If `kind` is another word, a choice is out of range, or two symbols would look alike.
    SymbolError
        If `names` contains an unknown symbol.
    """
    from stlbounds.render import paper, paper_figure

    kinds: dict[str, Callable[..., str]] = {
        "equation": equation, "theorem": theorem, "proof": proof, "document": document, "corollary": paper.corollary,
        "notation": paper.notation, "assumptions": paper.assumptions, "bibtex": paper.bibliography,
        "figure": paper_figure.figure}
    if kind not in kinds:
        raise InvalidArgumentError("kind", repr(kind), f"one of {', '.join(kinds)}")
    return kinds[kind](bound, names, options, **choices)
