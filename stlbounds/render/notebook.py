"""How notebooks show bounds, claims, proofs, checks and tables: HTML with MathML, LaTeX, Markdown.

The classes call these functions from thin methods; Jupyter, marimo and VS Code choose what they can show best. Nothing
here needs a script or a network.
"""

from __future__ import annotations

import html
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import sympy as sp

from stlbounds.errors import MissingDependencyError
from stlbounds.render.display import LINE_WIDTH
from stlbounds.render.markdown import markdown, to_markdown
from stlbounds.render.markup import inline_drawing, inline_html, to_html
from stlbounds.render.mathml import mathml
from stlbounds.render.notation import Notation
from stlbounds.render.outline import outline
from stlbounds.render.printer import inline, latex
from stlbounds.render.steps import StepWriter, WrittenStep, cited_keys

__all__ = ["bound_html", "bound_markdown", "boxed", "bundle", "check_html", "check_markdown", "claim_check_html",
           "claim_check_markdown", "claim_html", "claim_latex", "claim_markdown", "proof_html", "proof_markdown",
           "sweep_html", "sweep_rows", "table_html", "table_markdown"]

_SHOWN = 50
_STYLE = (
    "<style>.stlbounds{max-width:52rem;line-height:1.5}.stlbounds .display{overflow-x:auto;margin:.4em 0}"
    ".stlbounds ol{list-style:none;padding-left:.5rem}.stlbounds mtd.right{text-align:right}"
    ".stlbounds mtd.left{text-align:left}.stlbounds mtd.tag{padding-left:1.5em;opacity:.7;white-space:nowrap}"
    ".stlbounds munder>mo[stretchy=true]{width:100%}"
    ".stlbounds summary{cursor:pointer}.stlbounds details>div{padding-left:1.1rem}"
    ".stlbounds td,.stlbounds th{text-align:left;padding:.2em .8em .2em 0}.stlbounds .n{text-align:right}"
    ".stlbounds .drawing{background:#fff;max-width:38rem}.stlbounds .drawing svg{width:100%;height:auto}</style>")


def bundle(shown: Any, **others: str) -> dict[str, str]:
    """A MIME bundle: the plain text of an object, and its other forms by ``html``, ``latex`` and ``markdown``."""
    return {"text/plain": str(shown), **{f"text/{kind}": text for kind, text in others.items()}}


def boxed(content: str) -> str:
    """HTML with the style that cells share."""
    return f'<div class="stlbounds">{_STYLE}{content}</div>'


# --- bounds and proofs ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Statement:
    """What `Notation` asks of a bound, for a proof that stands alone."""

    proof: Any
    definitions: Mapping[sp.Symbol, sp.Expr]
    symbols: tuple[sp.Symbol, ...]
    named_terms: Mapping[str, sp.Expr]
    #: A proof does not know its setting: neither its sensitivity nor its sizes get names of their own.
    setting: ClassVar[Any] = SimpleNamespace(generator=SimpleNamespace(sensitivity=sp.S.One),
                                             loop=SimpleNamespace(size=lambda index: None))


def _standing(proof: Any) -> _Statement:
    claims = proof.steps()
    symbols = set().union(*(side.free_symbols for claim in claims for side in (claim.lhs, claim.rhs)))
    definitions = proof.definitions()
    return _Statement(proof, definitions, tuple(sorted(symbols - set(definitions), key=str)),
                      {"bound": proof.root.rhs})


def _written(proof: Any, statement: Any = None) -> list[tuple[str, list[WrittenStep]]]:
    """Headings with the written steps of a proof."""
    plan = outline(proof.steps())
    writer = StepWriter(plan, Notation(statement if statement is not None else _standing(proof)), LINE_WIDTH)
    return [(section.heading, [writer.write(step) for step in section.steps]) for section in plan.sections]


def _assumptions(proof: Any) -> list[str]:
    """The assumptions in words, in the order of their labels."""
    return [claim.rule.explain(inline, **dict(claim.params)) for claim in outline(proof.steps()).assumptions]


def _steps_html(proof: Any, statement: Any = None) -> str:
    cites = {key: place for place, key in enumerate(cited_keys(proof.steps()), start=1)}
    parts = []
    for heading, steps in _written(proof, statement):
        parts.append(f"<p><strong>{heading}</strong></p>")
        parts += [f"<details><summary><strong>Step {step.number}</strong> {inline_html(step.title, cites)}</summary>"
                  f"<div>{to_html(step.body, cites)}</div></details>" for step in steps]
    # Links would lead to references that a cell does not show.
    return "".join(parts).replace('<a href="#ref-', '<a data-reference="')


def proof_html(proof: Any, statement: Any = None) -> str:
    """A proof whose steps fold.

    Parameters
    ----------
    proof : Proof
    statement : Bound, optional
        The bound that is proved, for its notation.
    """
    assumed = "".join(f"<li><strong>(A{place})</strong> {inline_html(text)}</li>"
                      for place, text in enumerate(_assumptions(proof), start=1))
    return boxed((f"<p><strong>Assumptions</strong></p><ol>{assumed}</ol>" if assumed else "")
                + _steps_html(proof, statement))


def proof_markdown(proof: Any) -> str:
    """A proof as Markdown in the dialect that notebooks read (MyST's dollars)."""
    lines = [f"- (A{place}) {to_markdown(text, 'myst').strip()}"
             for place, text in enumerate(_assumptions(proof), start=1)]
    parts = ["**Assumptions**", "\n".join(lines)] if lines else []
    for heading, steps in _written(proof):
        parts.append(f"**{heading}**")
        for step in steps:
            parts.append(f"**Step {step.number}** ({to_markdown(step.title, 'myst').strip()})")
            parts.append(_dollars(to_markdown(step.body, "myst")).strip())
    return "\n\n".join(parts) + "\n"


def _dollars(text: str) -> str:
    """Directives of MyST as the double dollars that notebooks know."""
    return text.replace("```{math}\n", "$$\n").replace("\n```", "\n$$")


def bound_html(bound: Any) -> str:
    """The theorem, with its proof folded below."""
    theorem = to_html(bound.latex("theorem"))
    verified = f"Proof in {sum(len(steps) for _, steps in _written(bound.proof, bound))} steps"
    steps = _steps_html(bound.proof, bound)
    return boxed(f"{theorem}<details><summary>{verified}</summary><div>{steps}</div></details>")


def bound_markdown(bound: Any) -> str:
    """The theorem as Markdown for a notebook."""
    return _dollars(markdown(bound, "theorem", "myst"))


# --- claims ------------------------------------------------------------------------------------------------


def claim_latex(claim: Any) -> str:
    """What a claim says, in LaTeX between dollars."""
    relation = r"\le" if claim.says.relation == "<=" else "="
    failure = claim.says.failure_probability if claim.says.events else 0
    tail = "" if failure == 0 else rf" \quad \text{{with probability at least }} {latex(1 - failure)}"
    return rf"$\displaystyle {latex(claim.lhs)} {relation} {latex(claim.rhs)}{tail}$"


def _reason(claim: Any) -> str:
    return str(claim.rule.explain(inline, **dict(claim.params)))


def claim_html(claim: Any) -> str:
    """What a claim says, and why."""
    formula = mathml(claim_latex(claim)[1:-1], display=True)
    return boxed(f"<p><strong>{inline_html(claim.rule.title)}</strong></p><div class=\"display\">{formula}</div>"
                f"<p>{inline_html(_reason(claim))}</p>")


def claim_markdown(claim: Any) -> str:
    """What a claim says, and why, as Markdown for a notebook."""
    return f"**{to_markdown(claim.rule.title, 'myst').strip()}**\n\n$${claim_latex(claim)[1:-1]}$$\n\n" \
           f"{to_markdown(_reason(claim), 'myst')}"


# --- checks and tables -----------------------------------------------------------------------------------------


def table_html(columns: Sequence[str], rows: Sequence[Sequence[str]], total: int | None = None) -> str:
    """A table; columns whose cells are all numbers stand to the right.

    Parameters
    ----------
    columns : sequence of str
    rows : sequence of sequence of str
        At most `_SHOWN` of them are shown.
    total : int, optional
        How many rows there are, where not all are given.
    """
    right = [all(_is_number(row[place]) for row in rows) for place in range(len(columns))]

    def line(tag: str, cells: Sequence[str]) -> str:
        return "<tr>" + "".join(f'<{tag}{" class=n" if right[place] else ""}>{html.escape(cell)}</{tag}>'
                                for place, cell in enumerate(cells)) + "</tr>"

    count = total if total is not None else len(rows)
    more = f"<p>… {count - _SHOWN} more rows</p>" if count > _SHOWN else ""
    body = "".join(line("td", row) for row in rows[:_SHOWN])
    return f"<table><thead>{line('th', columns)}</thead><tbody>{body}</tbody></table>{more}"


def table_markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as Markdown."""
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    more = f"\n\n… {len(rows) - _SHOWN} more rows" if len(rows) > _SHOWN else ""
    return "\n".join([line(columns), line(["---"] * len(columns)), *map(line, rows[:_SHOWN])]) + more + "\n"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell in ("", "-")
    return True


def _comparisons(result: Any) -> tuple[list[str], list[list[str]]]:
    from stlbounds.simulation.result import number

    return (["part", "bounds", "claimed", "measured", "ratio", "verdict"],
            [[row.part, row.quantity, number(row.claimed), number(row.measured), number(row.ratio), row.verdict]
             for row in result.comparisons])


def _figure(result: Any) -> str:
    """The terms of the bound and the measured gap over the generations, or nothing without Matplotlib."""
    from stlbounds.plots.style import save
    from stlbounds.plots.terms import Series, draw_terms

    records = result.trajectory
    if not records or not records[0].get("terms"):
        return ""
    terms = {name: [record["terms"][name] for record in records] for name in records[0]["terms"]}
    measured = {"mean of |g|, simulated": [record["mean_absolute_gap"] for record in records]}
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = save(draw_terms(Series(range(len(records)), terms, measured)), Path(folder) / "check.svg")
            drawing = path.read_text(encoding="utf-8")
    except MissingDependencyError:
        return ""
    words = 'role="img" aria-label="the bound and the measured gap"'
    return f'<div class="drawing" {words}>{inline_drawing(drawing)}</div>'


def check_html(result: Any) -> str:
    """A check with its verdict, its table and its figure."""
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in result.notes)
    return boxed(f"<p>Check of the {html.escape(result.theorem)} bound, {result.replicas} runs, "
                f"{result.generations} generations, seed {result.seed}: "
                f"<strong>{result.verdict}</strong></p>{table_html(*_comparisons(result))}"
                + (f"<ul>{notes}</ul>" if notes else "") + _figure(result))


def check_markdown(result: Any) -> str:
    """A check as Markdown."""
    notes = "".join(f"\n- {note}" for note in result.notes)
    return f"Check of the {result.theorem} bound: **{result.verdict}**, {result.replicas} runs, seed {result.seed}" \
           f"\n\n{table_markdown(*_comparisons(result))}{notes}"


def claim_check_html(result: Any) -> str:
    """A checked claim with its points."""
    said = result.statement.replace("CLAIM", result.expression)
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in result.notes)
    return boxed(f"<p>Claim: {html.escape(said)}</p><p>{html.escape(result.setting)}</p>"
                f"{table_html(result.columns, result.rows)}" + (f"<ul>{notes}</ul>" if notes else "")
                + f"<p><strong>{html.escape(result.conclusion)}</strong></p>")


def claim_check_markdown(result: Any) -> str:
    """A checked claim with its points, as Markdown."""
    said = result.statement.replace("CLAIM", result.expression)
    notes = "".join(f"\n- {note}" for note in result.notes)
    return f"Claim: `{said}`\\\n{result.setting}\n\n{table_markdown(result.columns, result.rows)}{notes}\n\n" \
           f"**{result.conclusion}**\n"


def sweep_rows(table: Any) -> tuple[list[str], list[list[str]]]:
    """The columns and the cells of a sweep."""
    from stlbounds.simulation.result import number

    columns = list(table.columns)
    cells = [[value if isinstance(value, str) else number(value)
              for value in (record.get(name) for name in columns)] for record in table.records]
    return columns, cells


def sweep_html(table: Any) -> str:
    """A sweep as a table."""
    return boxed(table_html(*sweep_rows(table)))
