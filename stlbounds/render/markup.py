r"""HTML from the LaTeX prose that stlbounds writes: paragraphs, lists, displays, formulas, citations."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterator, Mapping

from stlbounds.render.mathml import mathml

__all__ = ["DISPLAY", "DROPPED", "FORMULA", "ITEM", "accented", "formulas", "inline_drawing", "inline_html",
           "measured_html", "to_html"]

DISPLAY = re.compile(
    r"\\\[(?P<plain>.*?)\\\]|(?P<block>\\begin\{(?P<name>align\*|gather\*)\}.*?\\end\{(?P=name)\})"
    r"|\\begin\{(?P<list>enumerate|itemize)\}(?P<items>.*?)\\end\{(?P=list)\}", re.DOTALL)
FORMULA = re.compile(r"\$(.*?)\$", re.DOTALL)
ITEM = re.compile(r"\\item\s*(?:\[(?P<label>[^\]]*)\])?")
DROPPED = re.compile(r"\\emergencystretch=5em(?![a-z])|\\allowdisplaybreaks\[1\]"
                     r"|\\(?:noindent|medskip|smallskip|nopagebreak|centering)\b"
                     r"|\\setlength\{[^{}]*\}\{[^{}]*\}"
                     r"|\\(?:begin|end)\{(?:theorem|proof)\}(?:\[[^\]]*\])?")
_ACCENT = re.compile(r"""\\(['`^"~=.])\{?([A-Za-z])\}?""")
_COMBINING = {"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307"}
_ID, _REFERENCE = re.compile(r' id="([^"]*)"'), re.compile(r'(?:href="|url\()#([^")]*)[")]')
_WORDS = ((r"\emph", "em"), (r"\textbf", "strong"), (r"\textit", "em"), (r"\texttt", "code"))


def accented(text: str) -> str:
    r"""LaTeX letters with accents as single characters, and escaped characters as themselves.

    Examples
    --------
    >>> accented(r"Gr\"onwall \& co.")
    'Grönwall & co.'
    """
    text = _ACCENT.sub(lambda m: unicodedata.normalize("NFC", m[2] + _COMBINING[m[1]]), text)
    return re.sub(r"\\([%&#_{}$])", lambda m: m[1], text)


def _words(text: str, numbers: Mapping[str, int]) -> str:
    """LaTeX words without formulas as HTML."""
    text = html.escape(accented(text), quote=False)
    # A citation stands inside emphasised words, whose braces must not be nested.
    text = re.sub(r"~?\\cite\{([^{}]*)\}", lambda m: _citation(m[1], numbers), text)
    for command, tag in _WORDS:
        text = re.sub(re.escape(command) + r"\{([^{}]*)\}", rf"<{tag}>\1</{tag}>", text)
    text = text.replace("---", "—").replace("--", "–").replace("``", "“").replace("''", "”").replace("'", "’")
    return text.replace("~", "\N{NO-BREAK SPACE}")


def _citation(keys: str, numbers: Mapping[str, int]) -> str:
    found = [numbers[key.strip()] for key in keys.split(",") if key.strip() in numbers]
    links = ", ".join(f'<a href="#ref-{number}">{number}</a>' for number in found)
    return f"\N{NO-BREAK SPACE}[{links}]" if links else ""


def inline_html(text: str, numbers: Mapping[str, int] | None = None) -> str:
    r"""A LaTeX sentence as HTML.

    Parameters
    ----------
    text : str
        Words and formulas between dollar signs.
    numbers : mapping, optional
        The number of each citation key.

    Examples
    --------
    >>> inline_html(r"at most $n$~points \emph{each}")
    'at most <math><mi>n</mi></math>\xa0points <em>each</em>'
    """
    parts = FORMULA.split(DROPPED.sub("", text))
    # A word that is emphasised may contain a formula: formulas wait as marks while the words are translated.
    marked = "".join(part if place % 2 == 0 else f"\x00{place // 2}\x00" for place, part in enumerate(parts))
    shown = [mathml(part) for part in parts[1::2]]

    def put_back(mark: re.Match[str]) -> str:
        formula, punctuation = shown[int(mark[1])], mark[2]
        # Punctuation must not begin a line.
        return f'<span class="formula">{formula}{punctuation}</span>' if punctuation else formula

    return re.sub("\x00([0-9]+)\x00([.,;:)]*)", put_back, _words(marked, numbers or {}))


def _list(kind: str, items: str, numbers: Mapping[str, int]) -> str:
    parts = ITEM.split(DROPPED.sub("", items))
    # split gives: text before the first item, then label and text of each.
    entries = []
    for label, body in zip(parts[1::2], parts[2::2], strict=True):
        mark = f'<span class="label">{html.escape(label)}</span> ' if label else ""
        entries.append(f"<li>{mark}{inline_html(body.strip(), numbers)}</li>")
    tag = "ol" if kind == "enumerate" else "ul"
    return f"<{tag}>{''.join(entries)}</{tag}>"


def _paragraphs(text: str, numbers: Mapping[str, int]) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text):
        shown = inline_html(paragraph.strip(), numbers).strip()
        if shown:
            yield f"<p>{shown}</p>"


def to_html(latex: str, numbers: Mapping[str, int] | None = None) -> str:
    """LaTeX prose with displays and lists as HTML.

    Parameters
    ----------
    latex : str
        What `stlbounds.render.latex` writes.
    numbers : mapping, optional
        The number of each citation key.
    """
    cites = numbers or {}
    parts: list[str] = []
    position = 0
    for match in DISPLAY.finditer(latex):
        parts += _paragraphs(latex[position : match.start()], cites)
        if match["list"]:
            parts.append(_list(match["list"], match["items"], cites))
        else:
            formula = mathml((match["plain"] or match["block"]).strip(), display=True)
            # A wide formula scrolls by itself, with the keyboard too; the page does not.
            parts.append(f'<div class="display" tabindex="0" role="group" aria-label="formula">{formula}</div>')
        position = match.end()
    parts += _paragraphs(latex[position:], cites)
    return "\n".join(parts)


def formulas(latex: str) -> list[str]:
    """All formulas of a text, for tests: those for which `unknown_commands` is not empty cannot be shown well."""
    found = FORMULA.findall(DISPLAY.sub("", latex))
    for match in DISPLAY.finditer(latex):
        found += FORMULA.findall(match["items"]) if match["list"] else [match["plain"] or match["block"]]
    return found


def measured_html(quantity: str) -> str:
    """What a check measures, as HTML.

    Parameters
    ----------
    quantity : str
        As in `stlbounds.simulation.result.Comparison`.

    Examples
    --------
    >>> measured_html("M E s_i")
    '<math><mi>M</mi><mspace width="0.167em"/><mi mathvariant="normal">𝔼</mi><msub><mi>s</mi><mi>i</mi></msub></math>'
    """
    words, of, formula = quantity.rpartition(" of ")
    latex = re.sub(r"(?<=\w) E ", r"\\,E ", formula).replace("E |", r"E \,\lvert ", 1).replace("E ", r"\mathbb{E} ")
    return f"{html.escape(words + of)}{mathml(latex)}"


def inline_drawing(svg: str) -> str:
    """A drawing of Matplotlib as part of a page: the page gives its size, and nothing about its making is left.

    Names that the drawing refers to carry a mark of its contents, so that different drawings may share a page.

    Parameters
    ----------
    svg : str
        The contents of the file.
    """
    drawing = svg[svg.index("<svg"):]
    drawing = re.sub(r'^<svg ([^>]*?)width="[^"]*"([^>]*?)height="[^"]*"', r"<svg \1\2", drawing, flags=re.DOTALL)
    drawing = re.sub(r' height="[0-9.]+pt"| width="[0-9.]+pt"', "", drawing, count=2)
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    # A style sheet inside of the drawing would hold for the whole page.
    sheet = re.search(r'<style type="text/css">\*\{([^}]*)\}</style>', drawing)
    if sheet:
        drawing = drawing.replace(sheet[0], "").replace("<svg ", f'<svg style="{sheet[1]}" ', 1)
    mark = hashlib.sha256(drawing.encode()).hexdigest()[:8]
    used = set(_REFERENCE.findall(drawing))
    drawing = _ID.sub(lambda found: f' id="d{mark}-{found[1]}"' if found[1] in used else "", drawing)
    return _REFERENCE.sub(lambda found: found[0].replace("#", f"#d{mark}-"), drawing)
