r"""A folder of files for a paper about one bound: snippets to ``\input``, a bibliography, a document around them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sympy as sp

from stlbounds.files import staged_folder, write_json, write_text
from stlbounds.render import paper
from stlbounds.render.latex import chosen, proof, theorem
from stlbounds.render.options import LatexOptions
from stlbounds.render.paper_figure import figure
from stlbounds.symbols import symbol

__all__ = ["FILES", "WITH_VALUES", "write_package"]

_SCHEMA = "stlbounds/latex/1"
_NARROW = 300.0
_MARKER = "package.json"
#: What is written: the document, its preamble, the parts that it reads, and how latexmk makes it.
FILES = ("main.tex", "preamble.tex", "theorem.tex", "proof.tex", "assumptions.tex", "notation.tex", "references.bib",
         "latexmkrc", _MARKER)
#: What is written as well where the symbols have values.
WITH_VALUES = ("corollary.tex", "figure.tex")


def _preamble(options: LatexOptions, draws: bool) -> str:
    packages = [r"\usepackage{amsmath,amssymb,amsthm}", r"\usepackage{booktabs,tabularx}",
                *([r"\usepackage{pgf}"] if draws else []),
                *([r"\usepackage{nicefrac}"] if options.nicefrac else []), r"\usepackage[hidelinks]{hyperref}",
                *([r"\usepackage[capitalize]{cleveref}"] if options.cleveref else [])]
    theorems = [rf"\newtheorem{{{options.environment}}}{{Theorem}}",
                rf"\newtheorem{{{options.corollary}}}[{options.environment}]{{Corollary}}"]
    if options.cleveref:
        theorems.append(rf"\crefname{{{options.environment}}}{{Theorem}}{{Theorems}}")
    return "\n".join(["% What theorem.tex and the other parts need in the preamble of a paper.", *packages, *theorems,
                      # A short line has few places to break at.
                      r"\sloppy" if options.line < _NARROW else "", r"\emergencystretch=3em", ""])


def _main(options: LatexOptions, cites: bool, draws: bool) -> str:
    parts = [r"\documentclass[10pt]{article}", rf"\usepackage[textwidth={options.line:.2f}pt]{{geometry}}",
             r"\input{preamble}", r"\begin{document}", r"\section*{Notation}", r"\noindent\input{notation}",
             r"\section*{Theorem}", r"\input{theorem}",
             *([r"\input{corollary}", r"\input{figure}"] if draws else []), r"\section*{Proof}", r"\input{proof}"]
    if cites:
        parts += [r"\bibliographystyle{plain}", r"\bibliography{references}"]
    return "\n".join([*parts, r"\end{document}", ""])


def write_package(bound: Any, folder: str | Path, names: Mapping[sp.Symbol, str] | None = None,
                  options: LatexOptions | None = None, *, values: Mapping[Any, Any] | None = None,
                  **choices: Any) -> list[Path]:
    """Write the files; see `Bound.latex_package`.

    The folder appears in one step; one that was written before gets its files replaced one by one.
    """
    picked = chosen(options, {"label": "thm:gap", **choices} if options is None or not options.label else choices)
    references = paper.bibliography(bound)
    texts = {
        "main.tex": _main(picked, bool(references), bool(values)),
        "preamble.tex": _preamble(picked, bool(values)),
        "theorem.tex": theorem(bound, names, picked),
        "proof.tex": proof(bound, names, picked),
        "assumptions.tex": paper.assumptions(bound, names, picked),
        "notation.tex": paper.notation(bound, names, picked),
        "references.bib": references,
        "latexmkrc": "$pdf_mode = 1;\n",
    }
    if values:
        numbers = {name: value for name, value in paper.numbers_by_name(values).items()
                   if name != "i" or symbol("i") in bound.symbols}
        texts["corollary.tex"] = paper.corollary(bound, names, picked, values=numbers)
        texts["figure.tex"] = figure(bound, names, picked, values=values)
    destination = Path(folder)
    with staged_folder(destination, marker=_MARKER, schema="stlbounds/latex/", files=(*FILES, *WITH_VALUES)) as waiting:
        for name, text in texts.items():
            write_text(waiting / name, text)
        write_json(waiting / _MARKER, {"schema": _SCHEMA, "theorem": bound.theorem, "files": [*texts, _MARKER]})
    return [destination / name for name in (*FILES, *WITH_VALUES) if name in texts or name == _MARKER]
