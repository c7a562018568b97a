r"""Markdown from the LaTeX that stlbounds writes, with the mathematics of GitHub or of MyST.

GitHub's formulas stand between dollars with backticks, and in fences; a plain pair of dollars loses underscores there.
MyST's stand between dollars and in directives. Both leave the typesetting to MathJax.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, get_args

from stlbounds.errors import InvalidArgumentError
from stlbounds.render.latex import render
from stlbounds.render.markup import DISPLAY, DROPPED, FORMULA, ITEM, accented
from stlbounds.render.references import reference
from stlbounds.render.steps import cited_keys

__all__ = ["Flavour", "markdown", "to_markdown"]

Flavour = Literal["github", "myst"]
_KINDS = ("equation", "theorem", "proof", "document")

_BEGIN = re.compile(r"\\begin\{(?P<kind>theorem|proof)\}(?:\[(?P<title>[^\]]*)\])?")
_END = re.compile(r"\\end\{(?P<kind>theorem|proof)\}")
_SPECIAL = re.compile(r"([*_`<>#|\[\]])")
_TAG = re.compile(r"\\tag\*\{((?:[^{}]|\{[^{}]*\})*)\}")
_CITE = re.compile(r"~?\\cite\{([^{}]*)\}")
#: Wrappers of words, and what stands around them in Markdown.
_MARKS = ((r"\emph", "*"), (r"\textit", "*"), (r"\textbf", "**"), (r"\texttt", "`"))


class _Writer:
    """Translates one text; citations are numbered by ``numbers``."""

    def __init__(self, flavour: Flavour, numbers: Mapping[str, int]) -> None:
        self.github = flavour == "github"
        self.numbers = numbers

    def mathematics(self, latex: str) -> str:
        """A formula in the commands that the renderer allows."""
        latex = " ".join(latex.split())
        # GitHub refuses \operatorname.
        return latex.replace(r"\operatorname{", r"\mathrm{") if self.github else latex

    def inline(self, latex: str) -> str:
        formula = self.mathematics(latex)
        return f"$`{formula}`$" if self.github else f"${formula}$"

    def display(self, latex: str) -> str:
        """A formula on lines of its own; tags, which ``aligned`` does not know, stand behind their line."""
        body = re.sub(r"\\(begin|end)\{(align|gather)\*\}",
                      lambda m: rf"\{m[1]}{{{'aligned' if m[2] == 'align' else 'gathered'}}}", latex.strip())
        body = _TAG.sub(lambda m: rf"\qquad\text{{{m[1]}}}", body)
        body = "\n".join(self.mathematics(line) for line in body.splitlines() if line.strip())
        return f"```math\n{body}\n```" if self.github else f"```{{math}}\n{body}\n```"

    def citation(self, keys: str) -> str:
        found = [str(self.numbers[key.strip()]) for key in keys.split(",") if key.strip() in self.numbers]
        return f" \\[{', '.join(found)}\\]" if found else ""

    def words(self, text: str) -> str:
        """A paragraph, formulas and emphasis included."""
        parts = FORMULA.split(DROPPED.sub("", text))
        marked = "".join(part if place % 2 == 0 else f"\x00{place // 2}\x00" for place, part in enumerate(parts))
        marked = _SPECIAL.sub(r"\\\1", accented(marked))
        marked = _CITE.sub(lambda m: self.citation(m[1].replace("\\", "")), marked)
        for command, mark in _MARKS:
            marked = re.sub(re.escape(command) + r"\{([^{}]*)\}",
                            lambda m, mark=mark: f"{mark}{m[1]}{mark}", marked)  # type: ignore[misc]
        marked = marked.replace("---", "—").replace("--", "–").replace("``", "“").replace("''", "”")
        marked = " ".join(marked.replace("~", " ").split())
        # A number at the start of a paragraph, and a dash, would begin a list.
        marked = re.sub(r"^(\d+)\.|^([-+]) ", lambda m: f"{m[1]}\\." if m[1] else f"\\{m[2]} ", marked)
        return re.sub("\x00([0-9]+)\x00", lambda m: self.inline(parts[2 * int(m[1]) + 1]), marked)

    def items(self, latex: str) -> str:
        """A list, one item a line."""
        parts = ITEM.split(DROPPED.sub("", latex))
        return "\n".join(f"- {f'{label} ' if label else ''}{self.words(body)}"
                         for label, body in zip(parts[1::2], parts[2::2], strict=True))

    def block(self, latex: str) -> list[str]:
        """Text with displays and lists as blocks."""
        found: list[str] = []
        position = 0
        for match in DISPLAY.finditer(latex):
            found += self.paragraphs(latex[position:match.start()])
            found.append(self.items(match["items"]) if match["list"] else
                         self.display(match["plain"] or match["block"]))
            position = match.end()
        return found + self.paragraphs(latex[position:])

    def paragraphs(self, text: str) -> list[str]:
        shown = (self.words(part) for part in re.split(r"\n\s*\n", text))
        return [part for part in shown if part]


def _opened(match: re.Match[str]) -> str:
    title = f" ({match['title']})" if match["title"] else ""
    return f"\n\n\\textbf{{{match['kind'].capitalize()}{title}.}}\n\n" if match["kind"] == "theorem" else \
        "\n\n\\textit{Proof.}\n\n"


def to_markdown(latex: str, flavour: Flavour = "github", numbers: Mapping[str, int] | None = None) -> str:
    r"""LaTeX prose with displays and lists as Markdown.

    Parameters
    ----------
    latex : str
        What `stlbounds.render.latex` writes.
    flavour : {"github", "myst"}
    numbers : mapping, optional
        The number of each citation key.

    Examples
    --------
    >>> print(to_markdown(r"Let $n \ge 1$ be \emph{the size}: \[ n + 1. \]", "myst"))
    Let $n \ge 1$ be *the size*:
    <BLANKLINE>
    ```{math}
    n + 1.
    ```
    <BLANKLINE>
    """
    text = _END.sub("\n\n", _BEGIN.sub(_opened, latex))
    return "\n\n".join(_Writer(flavour, numbers or {}).block(text)) + "\n"


def markdown(bound: Any, kind: str = "theorem", flavour: Flavour = "github") -> str:
    """A bound as Markdown.

    Parameters
    ----------
    bound : Bound
    kind : {"equation", "theorem", "proof", "document"}
        ``"document"`` is theorem, proof and references under headings.
    flavour : {"github", "myst"}
        How formulas are marked.

    Returns
    -------
    str
        With the references that the text cites, where it cites any.

    Raises
    ------
    InvalidArgumentError
        If `kind` or `flavour` is another word.
    """
    if kind not in _KINDS:
        raise InvalidArgumentError("kind", repr(kind), f"one of {', '.join(_KINDS)}")
    if flavour not in get_args(Flavour):
        raise InvalidArgumentError("flavour", repr(flavour), f"one of {', '.join(get_args(Flavour))}")
    keys = cited_keys(bound.proof.steps())
    numbers = {key: place for place, key in enumerate(keys, start=1)}
    writer = _Writer(flavour, numbers)
    if kind == "equation":
        return writer.display(render(bound, kind)) + "\n"
    if kind == "theorem":
        return to_markdown(render(bound, kind), flavour, numbers)
    references = "\n".join(f"{place}. {writer.words(reference(key).latex)}" for key, place in numbers.items())
    proof = to_markdown(render(bound, "proof"), flavour, numbers)
    if kind == "proof":
        return proof + (f"\n**References**\n\n{references}\n" if references else "")
    theorem = to_markdown(render(bound, "theorem"), flavour, numbers)
    ending = f"\n## References\n\n{references}\n" if references else ""
    return f"## Theorem\n\n{theorem}\n## Proof\n\n{proof}{ending}"
