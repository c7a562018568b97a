"""The report: theorem, proof, PDF, numbers, check, figure, and a page that shows it all without a network."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from stlbounds.errors import AssumptionError, InvalidArgumentError, MissingDependencyError, UndecidedError
from stlbounds.files import staged_folder, write_json, write_text
from stlbounds.plots.terms import save_terms_figure, series
from stlbounds.render.compile import LatexError, compile_pdf
from stlbounds.render.explorer import explorer, trivial
from stlbounds.render.markup import inline_drawing, inline_html, measured_html, to_html
from stlbounds.render.mathml import mathml
from stlbounds.render.meanings import meaning
from stlbounds.render.notation import Notation, quantities_in_words
from stlbounds.render.record import inputs, numbers, proof_sections
from stlbounds.render.references import reference
from stlbounds.render.report_analysis import SECONDS, findings
from stlbounds.render.steps import cited_keys
from stlbounds.saved import to_dict
from stlbounds.simulation.check import check
from stlbounds.simulation.result import jsonable, number
from stlbounds.symbols import entry

__all__ = ["Written", "write_report"]

#: Every file of a report, with what it is.
FILES: dict[str, str] = {
    "index.html": "everything below on one page",
    "theorem.tex": "the theorem",
    "proof.tex": "its proof",
    "document.tex": "both, ready to compile",
    "document.pdf": "the same, compiled",
    "bound.json": "statement, values, proof",
    "check.json": "the simulation",
    "terms.svg": "the figure",
    "terms.pdf": "the figure",
    "terms.png": "the figure",
}
#: The line of a page in points at 10 pt type.
_WIDTH = 350.0
_LABELS = {"drift": "drift", "bias": "stability bias", "concentration": "concentration"}
_NOT_CHECKED = "stlbounds/check/1"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Written:
    """What a report consists of.

    Parameters
    ----------
    files : dict
        From the name of a file to what it is.
    notes : tuple of str
        What could not be made, and why.
    value : float
        The bound.
    contradicted : bool
        Whether the simulation contradicts it.
    """

    files: dict[str, str]
    notes: tuple[str, ...]
    value: float
    contradicted: bool


def write_report(
    bound: Any,
    values: Mapping[str, Any],
    folder: Path,
    *,
    model: str = "",
    replicas: int = 2000,
    seed: int = 0,
    command: Sequence[str] = (),
    progress: Progress | None = None,
    seconds: float = SECONDS,
) -> Written:
    """Write the report of a bound at the given values.

    Parameters
    ----------
    bound : Bound
    values : mapping
        An exact value for every symbol of the bound, by name.
    folder : pathlib.Path
        A folder that is new, empty, or holds an earlier report, whose files are replaced.
    model : str
        The name of the generator in the catalogue, for the title.
    replicas, seed : int
        Of the simulation.
    command : sequence of str
        The command that makes this report, shown on the page.
    progress : callable, optional
        Called with ``(done, total)`` of the simulation.
    seconds : float
        How long each question of the analysis may take.

    Returns
    -------
    Written

    Raises
    ------
    OutputError
        If the folder cannot be written; nothing is left behind.
    InvalidArgumentError, SymbolError
        If a value is missing, unknown or out of range.
    ProofError
        If the proof fails its verification.

    Notes
    -----
    The same arguments give the same bytes, the PDF apart if LaTeX stamps it, as long as no question of the analysis
    runs out of time. `stlbounds.load` reads ``bound.json``.
    """
    # What can be refused is refused before anything is written.
    found = numbers(bound, values)
    with staged_folder(folder, marker="bound.json", schema="stlbounds/bound/", files=tuple(FILES)) as place:
        record = {**to_dict(bound), "model": model, "values": jsonable(found), **inputs(values)}
        notes: list[str] = []
        result = _check(bound, values, replicas, seed, progress, notes)
        for kind in ("theorem", "proof", "document"):
            write_text(place / f"{kind}.tex", bound.latex(kind))
        try:
            compile_pdf(bound.latex("document"), place / "document.pdf")
        except (MissingDependencyError, LatexError) as error:
            notes.append(f"document.pdf was not made: {error}")
        write_json(place / "bound.json", record)
        write_json(place / "check.json", result.to_dict() if result is not None else
                   {"schema": _NOT_CHECKED, "verdict": "not tested", "notes": notes[:1]})
        drawn = _figure(bound, values, result, place, notes)
        write_text(place / "index.html", _page(bound, values, record, result, notes, command, drawn, seconds))
        made = {path.name for path in place.iterdir()}
    told = FILES if result is not None else FILES | {"check.json": "why there is no simulation"}
    files = {name: what for name, what in told.items() if name in made}
    return Written(files, tuple(notes), found["value"], result is not None and result.contradicted)


def _check(bound: Any, values: Mapping[str, Any], replicas: int, seed: int, progress: Progress | None,
           notes: list[str]) -> Any:
    """The simulation, or None for models that are known by their constants only."""
    try:
        result = check(bound, replicas=replicas, seed=seed, progress=progress, **values)
    except AssumptionError as error:
        notes.append(f"not simulated: {error}")
        return None
    except InvalidArgumentError as error:
        # The bound has a value where no loop can be run, because pools would have no whole size.
        if error.argument != "values":
            raise
        notes.append(f"not simulated: {error}")
        return None
    if result.interrupted:
        raise KeyboardInterrupt
    return result


def _figure(bound: Any, values: Mapping[str, Any], result: Any, place: Path, notes: list[str]) -> str:
    """The figure as inline SVG, or an empty string without Matplotlib."""
    try:
        save_terms_figure(series(bound, values, result), place)
    except MissingDependencyError as error:
        notes.append(f"no figure was made: {error}")
        return ""
    return inline_drawing((place / "terms.svg").read_text(encoding="utf-8"))


# --- the page ----------------------------------------------------------------------------------------------


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("stlbounds.render", "templates"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined)
    environment.filters["number"] = number
    environment.filters["measured"] = measured_html
    return environment.get_template("report.html.j2")


def _page(bound: Any, values: Mapping[str, Any], record: Mapping[str, Any], result: Any, notes: Sequence[str],
          command: Sequence[str], drawing: str, seconds: float) -> str:
    """The page; everything in it comes from the bound, its numbers and the check."""
    claims = bound.proof.steps()
    keys = cited_keys(claims)
    cites = {key: place for place, key in enumerate(keys, start=1)}
    notation = Notation(bound)
    theorem = bound.latex("theorem")
    title = re.search(r"\\begin\{theorem\}\[([^\]]*)\]", theorem)
    sides = [side for claim in claims for side in (claim.lhs, claim.rhs)]
    sections = [
        {"heading": heading, "steps": [
            {"number": step.number, "title": inline_html(step.title, cites), "body": to_html(step.body, cites)}
            for step in steps]}
        for heading, steps in proof_sections(bound, _WIDTH)]
    try:
        sliders = explorer(bound, values)
    except UndecidedError as error:
        sliders, notes = None, [*notes, f"no explorer: {error}"]
    return _template().render(
        explorer=sliders,
        findings=findings(bound, values, seconds),
        title=title.group(1) if title else "Bound",
        summary=_summary(record),
        setting=record["setting"],
        theorem=to_html(theorem, cites),
        values=record["values"],
        trivial=trivial(bound.theorem, number(record["values"]["loss_constant"])),
        point=", ".join(mathml(notation.symbol(entry(name).symbol) + f" = {text}")
                        for name, text in record["exact_inputs"].items()),
        terms=[{"name": _LABELS.get(name, name), "value": record["values"]["terms"][name],
                "formula": mathml(rf"\displaystyle {notation.tex(term)}")} for name, term in bound.named_terms.items()],
        inputs=[{"formula": mathml(notation.symbol(symbol)), "value": text, "meaning": meaning(symbol, bound.setting)}
                for symbol, text in ((entry(name).symbol, text) for name, text in record["exact_inputs"].items())],
        quantities=[inline_html(text, cites) for text in quantities_in_words(sides, bound.setting.loop)],
        sections=sections,
        verified=record["verified"],
        check=result.to_dict() if result is not None else None,
        notes=[*notes, *(result.notes if result is not None else ())],
        drawing=drawing,
        references=[inline_html(reference(key).latex) for key in keys],
        command=shlex.join(command))


_CLAIMS = {
    "high-probability": "With probability at least {confidence}, the generalization gap is at most",
    "expectation": "The mean of the generalization gap is in absolute value at most",
    "expected-gap": "The mean of the absolute generalization gap is at most",
    "bernstein": "With probability at least {confidence}, the generalization gap is at most",
    "weak-stability": "With probability at least {confidence}, the generalization gap is at most",
    "best": "With probability at least {confidence}, the generalization gap is at most",
    "excess-risk": "With probability at least {confidence}, the excess risk on real data is at most",
    "expected-excess": "The mean of the excess risk on real data is at most",
}


def _summary(record: Mapping[str, Any]) -> str:
    """The bound at its values, in words up to the number."""
    confidence = number(1 - record["values"]["failure_probability"])
    return _CLAIMS[record["theorem"]].format(confidence=confidence)
