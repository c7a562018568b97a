r"""The smaller parts of a paper about a bound: a corollary with numbers, the notation, the assumptions, the BibTeX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError
from stlbounds.render.display import NARROW, Relation, chain
from stlbounds.render.latex import Writer, chosen
from stlbounds.render.meanings import meaning
from stlbounds.render.options import LatexOptions
from stlbounds.render.printer import Printer, inline
from stlbounds.render.prose import enumerate_words, escape
from stlbounds.render.references import bibtex
from stlbounds.render.renaming import Names
from stlbounds.render.steps import cited_keys
from stlbounds.symbols import entry, i

__all__ = ["assumptions", "bibliography", "cited", "corollary", "decimal", "given_values", "notation",
           "numbers_by_name", "rounded_up"]

_DIGITS = 3


def rounded_up(value: sp.Expr, digits: int = _DIGITS) -> sp.Rational:
    """The smallest number with so many significant digits that is not below a nonnegative number.

    Examples
    --------
    >>> rounded_up(sp.Rational(12341, 10**5)), rounded_up(sp.sqrt(2)), rounded_up(sp.Integer(0))
    (31/250, 71/50, 0)
    """
    # As many digits as leave no doubt about the last one that is kept.
    number = sp.Rational(sp.N(value, 50))
    if number <= 0:
        return sp.S.Zero
    exponent = 0
    while number >= sp.Integer(10) ** (exponent + 1):
        exponent += 1
    while number < sp.Integer(10) ** exponent:
        exponent -= 1
    unit = sp.Integer(10) ** (exponent - digits + 1)
    exact = value if value.is_Rational else number
    return sp.ceiling(exact / unit) * unit


def decimal(number: sp.Rational) -> str:
    """A rational number that has finitely many decimals, as LaTeX."""
    text = str(sp.Float(number, 15))
    mantissa, _, power = text.partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return rf"{mantissa} \cdot 10^{{{int(power)}}}" if power else mantissa


def numbers_by_name(values: Mapping[Any, Any]) -> dict[str, Any]:
    """The values by name; text such as ``"1/20"`` is read exactly."""
    from stlbounds.parsing import parse_number

    return {entry(key).symbol.name: parse_number(value, argument=str(key)) if isinstance(value, str) else value
            for key, value in values.items()}


def given_values(writer: Writer, numbers: Mapping[sp.Symbol, Any]) -> str:
    """``n = 2000 and delta = 1/20`` as LaTeX."""
    return enumerate_words([f"${writer.notation.symbol(symbol)} = {inline(sp.sympify(value))}$"
                            for symbol, value in numbers.items()])


def corollary(bound: Any, names: Names | None = None, options: LatexOptions | None = None, *,
              values: Mapping[Any, Any] | None = None, **choices: Any) -> str:
    r"""The bound with numbers in place of symbols, as a ``corollary`` environment.

    Terms that become numbers are rounded up to three digits, so that the corollary is implied by the theorem.

    Parameters
    ----------
    bound : Bound
    names, options, **choices
        As for `stlbounds.render.latex.equation`.
    values : mapping
        From symbols or their names to numbers, within their ranges.

    Raises
    ------
    InvalidArgumentError
        If there are no values, one is out of range, or the loop ends before that generation.
    SymbolError
        If a symbol is unknown or not in the bound.
    """
    from stlbounds.numeric.values import checked_names, exact_values

    if not values:
        raise InvalidArgumentError("values", repr(values), "numbers for symbols of the bound",
                                   "for example values={'n': 2000, 'delta': '1/20'}")
    writer = Writer(bound, names, chosen(options, choices))
    by_name = numbers_by_name(values)
    checked_names(by_name, (), bound.symbols)
    numbers = exact_values(by_name)
    bound._check_horizon(numbers.get(i, 0))
    terms = {name: term.xreplace(numbers).doit() for name, term in bound.terms.items()}
    printer = Printer(writer.notation.names)
    kept = {name: rounded_up(term) if term.is_number else term for name, term in terms.items()}
    kept = {name: term for name, term in kept.items() if term != 0}
    relations = [Relation(r"\le", tuple(
        ("" if place == 0 else " + ") + (decimal(term) if term.is_number else printer.doprint(term))
        for place, term in enumerate(kept.values())) or ("0",))]
    if len(kept) > 1 and all(term.is_number for term in kept.values()):
        relations.append(Relation("=", (decimal(sp.Add(*kept.values())),)))
    given = given_values(writer, numbers)
    free = [symbol for symbol in bound.symbols if symbol not in numbers]
    others = enumerate_words([f"${writer.condition(symbol)}$" for symbol in free] or [""])
    failure = bound.failure_probability.xreplace(numbers)
    sure = "" if failure == 0 else f", with probability at least ${printer.inline(1 - failure)}$"
    every = f" and all {others}" if free else ""
    named = f" ({', '.join(writer.label(name) for name in kept)})" if len(kept) > 1 else ""
    # What the theorem assumes is in its statement; a corollary points there.
    source = writer.source()
    shown = chain(writer.lhs(), relations, writer.width)
    environment = writer.options.corollary
    return writer.nice(f"\\begin{{{environment}}}\nIn the setting of {source}, for {given}{every}{sure},\n{shown}\n"
                       f"The terms are those of {source}, in its order{named}.\n\\end{{{environment}}}\n")


def notation(bound: Any, names: Names | None = None, options: LatexOptions | None = None, **choices: Any) -> str:
    """A table of the symbols of the theorem and of its named parts; the preamble needs booktabs and tabularx.

    Parameters are those of `stlbounds.render.latex.equation`.
    """
    writer = Writer(bound, names, chosen(options, choices))
    parts = writer.notation.defined(writer.terms.values())
    lines = [(writer.notation.symbol(symbol), writer.condition(symbol), symbol) for symbol in bound.symbols]
    body = [rf"${written}$ & ${values}$ & {escape(meaning(symbol, bound.setting))} \\"
            for written, values, symbol in lines]
    body += [rf"${writer.notation.tex(part)}$ & & {entry(part).meaning} \\" for part in parts]
    return ("\\begin{tabularx}{\\linewidth}{@{}ll>{\\raggedright\\arraybackslash}X@{}}\n\\toprule\n"
            "Symbol & Range & Meaning \\\\\n\\midrule\n" + "\n".join(body) + "\n\\bottomrule\n\\end{tabularx}\n")


def assumptions(bound: Any, names: Names | None = None, options: LatexOptions | None = None, **choices: Any) -> str:
    """The assumptions (A1), (A2), ... as a list.

    Parameters are those of `stlbounds.render.latex.equation`.
    """
    writer = Writer(bound, names, chosen(options, choices))
    items = [rf"  \item[(A{number})] {writer.say(claim.rule.explain(inline, **dict(claim.params)))}"
             for number, claim in enumerate(writer.plan.assumptions, start=1)]
    if not items:
        return "The theorem makes no assumption beyond its setting.\n"
    # Conditions are formulas in sentences, with few places to break at.
    ragged = r"\raggedright" if writer.width < NARROW else ""
    listed = "\n".join(items)
    return writer.nice(f"\\begin{{enumerate}}{ragged}\n\\emergencystretch=5em\n{listed}\n\\end{{enumerate}}\n")


def cited(bound: Any) -> list[str]:
    """The keys of the works that the proof cites, in alphabetical order."""
    return sorted(cited_keys(bound.proof.steps()))


def bibliography(bound: Any, names: Names | None = None, options: LatexOptions | None = None, **choices: Any) -> str:
    """The BibTeX entries that the proof cites, and no others.

    Parameters are those of `stlbounds.render.latex.equation`; nothing of an entry can be chosen.
    """
    chosen(options, choices)
    return bibtex(cited(bound))

