"""The command line: arguments in, library calls, printing out. SymPy is imported by the commands, not here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from stlbounds._version import __version__
from stlbounds.catalogue import GENERATORS, LEARNERS, LOOPS, THEOREMS, Entry, settable
from stlbounds.cli_output import columns, print_json, progress, say
from stlbounds.cli_request import Request

__all__ = ["app"]

CONTRADICTED = 1

app = typer.Typer(
    name="stlbounds", rich_markup_mode=None, pretty_exceptions_enable=False,
    help="Generalization bounds of self-consuming training loops: derived, proved, evaluated, simulated.",
    epilog="Start with: stlbounds list",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _names(entries: Any) -> str:
    return "|".join(entries)


Model = Annotated[str, typer.Argument(metavar="MODEL", help=f"The generator: {_names(GENERATORS)}.",
                                      autocompletion=lambda: list(GENERATORS))]
Loop = Annotated[str, typer.Option(metavar=_names(LOOPS), help="How real and synthetic data mix.",
                                   autocompletion=lambda: list(LOOPS))]
Real = Annotated[str | None, typer.Option(metavar="replay|fresh", help="Whether every generation sees the same real "
                                          "points or new ones (default: replay).")]
Learner = Annotated[str | None, typer.Option(metavar=_names(LEARNERS), help="The learner (default: the one that "
                                             "belongs to MODEL).", autocompletion=lambda: list(LEARNERS))]
Theorem = Annotated[str, typer.Option(metavar=_names(THEOREMS), help="What is bounded.",
                                      autocompletion=lambda: list(THEOREMS))]
Drift = Annotated[str, typer.Option(metavar="sharp|lemma", help="The generator's own drift bound, where it has one, or "
                                    "the general lemma.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="An exact value such as n=2000, "
                                               "alpha=1/2, delta=0.05; repeatable.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Replicas = Annotated[int, typer.Option(metavar="COUNT", help="Independent runs of the loop.")]
Seed = Annotated[int, typer.Option(metavar="NUMBER", help="The same seed gives the same result.")]

_EXAMPLE = "--set n=2000 --set alpha=1/2 --set i=10 --set delta=0.05"


def _example(*lines: str) -> str:
    """An epilog whose lines are kept as they are."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def _show_version(wanted: bool) -> None:
    if wanted:
        say(f"stlbounds {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True,
                                          help="Print the version and exit.")] = False,
) -> None:
    """Options of the program itself."""


@app.command("list", epilog=_example("stlbounds list"))
def list_catalogue(as_json: Json = False) -> None:
    """List the models, loops, learners, theorems and symbols."""
    from stlbounds.symbols import entry

    rooms: dict[str, dict[str, Entry[Any]]] = {
        "models": dict(GENERATORS), "loops": dict(LOOPS), "learners": dict(LEARNERS), "theorems": dict(THEOREMS)}
    symbols = {name: entry(name) for name in settable()}
    if as_json:
        data: dict[str, Any] = {"schema": "stlbounds/list/1"}
        for room, entries in rooms.items():
            data[room] = {name: {"summary": e.summary, "symbols": list(e.symbols)} for name, e in entries.items()}
        data["symbols"] = {name: {"meaning": e.meaning, "range": str(e.range)} for name, e in symbols.items()}
        print_json(data)
        return
    for room, entries in rooms.items():
        say(room)
        say(columns([(name, e.summary, f"[{', '.join(e.symbols)}]" if e.symbols else "")
                     for name, e in entries.items()]))
        say()
    say("symbols (for --set)")
    say(columns([(name, str(e.range), e.meaning) for name, e in symbols.items()]))


@app.command(epilog=_example("stlbounds derive categorical --real fresh",
                             "stlbounds derive generic --set kappa=1/2 --latex document > bound.tex"))
def derive(
    model: Model, loop: Loop = "fixed-mix", real: Real = None, learner: Learner = None,
    theorem: Theorem = "high-probability", drift: Drift = "sharp", assignments: Set = None,
    latex: Annotated[str | None, typer.Option(metavar="equation|theorem|proof|document",
                                              help="Print LaTeX instead of text.")] = None,
    as_json: Json = False,
) -> None:
    """Derive a theorem and verify its proof.

    Here --set fixes parameters of the setting, such as alpha or K.
    """
    request = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ()))
    bound = request.specialised()
    if latex is not None and not as_json:
        say(bound.latex(latex).rstrip("\n"))
        return
    verification = bound.proof.verify()
    if as_json:
        from stlbounds.render.record import statement

        print_json({"schema": "stlbounds/derive/1", "model": model, **statement(bound, verification),
                    **({"latex": bound.latex(latex)} if latex is not None else {})})
        return
    say(str(bound))
    say()
    say(f"Proof: {verification}.")


@app.command("eval", epilog=_example(f"stlbounds eval categorical --set K=20 {_EXAMPLE}"))
def evaluate(
    model: Model, loop: Loop = "fixed-mix", real: Real = None, learner: Learner = None,
    theorem: Theorem = "high-probability", drift: Drift = "sharp", assignments: Set = None, as_json: Json = False,
) -> None:
    """Evaluate a bound."""
    request = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ()))
    values = request.values()
    from stlbounds.render.record import inputs, numbers

    bound = request.bound()
    found = numbers(bound, values)
    if as_json:
        print_json({"schema": "stlbounds/eval/1", **found, **inputs(values)})
        return
    rows = {"bound": found["value"], **{f"  {name}": value for name, value in found["terms"].items()},
            "amplification": found["amplification"], "loop gain": found["loop_gain"],
            "failure probability": found["failure_probability"]}
    say(columns([(name, f"{value:.12g}") for name, value in rows.items() if value is not None], indent=""))
    if found["vacuous"]:
        say(f"vacuous: the gap never exceeds M = {found['loss_constant']:.6g} anyway")


@app.command(epilog=_example(f"stlbounds check categorical --set K=20 {_EXAMPLE} --replicas 5000"))
def check(
    model: Model, loop: Loop = "fixed-mix", real: Real = None, learner: Learner = None,
    theorem: Theorem = "high-probability", drift: Drift = "sharp", assignments: Set = None,
    replicas: Replicas = 2000, seed: Seed = 0, as_json: Json = False,
) -> None:
    """Hold the bound against a simulation of its loop.

    The exit code is 1 if the bound is contradicted.
    """
    request = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ()))
    values = request.values()
    import stlbounds as stl

    bound = request.bound()
    with progress("simulating") as callback:
        result = stl.check(bound, replicas=replicas, seed=seed, progress=callback, **values)
    if as_json:
        print_json(result.to_dict())
    else:
        say(str(result))
    raise typer.Exit(CONTRADICTED if result.contradicted else 0)


@app.command(epilog=_example(f"stlbounds report categorical --set K=20 {_EXAMPLE} --out report"))
def report(
    model: Model,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write; new, empty, or an earlier report.")],
    loop: Loop = "fixed-mix", real: Real = None, learner: Learner = None,
    theorem: Theorem = "high-probability", drift: Drift = "sharp", assignments: Set = None,
    replicas: Replicas = 2000, seed: Seed = 0, as_json: Json = False,
) -> None:
    """Write theorem, PDF, numbers, check, figure, page.

    The page index.html shows everything and needs no network. The exit code is 1 if the bound is contradicted.
    """
    request = Request(model, loop, real, learner, theorem, drift, tuple(assignments or ()))
    values = request.values()
    from stlbounds.render.report import write_report

    command = ["stlbounds", "report", *request.command(), "--replicas", str(replicas), "--seed", str(seed)]
    with progress("writing the report") as callback:
        written = write_report(request.bound(), values, out, model=model, replicas=replicas, seed=seed,
                               command=command, progress=callback)
    if as_json:
        print_json({"schema": "stlbounds/report/1", "folder": str(out), "files": list(written.files),
                    "notes": list(written.notes), "value": written.value, "contradicted": written.contradicted})
    else:
        say(columns([(str(out / name), what) for name, what in written.files.items()], indent=""))
        for note in written.notes:
            say(f"note: {note}")
        say(f"bound {written.value:.6g}" + (", contradicted by the simulation" if written.contradicted else ""))
    raise typer.Exit(CONTRADICTED if written.contradicted else 0)
