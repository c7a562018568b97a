"""What is installed: the extras, and the outside programs, each with what it is for."""

from __future__ import annotations

from typing import Any

from stlbounds.cli.options import Json
from stlbounds.cli.output import columns, print_json, say

__all__ = ["CORE", "EXAMPLES", "EXTRAS", "PROGRAMS", "run"]

EXAMPLES = ("stlbounds doctor", "stlbounds doctor --json")

#: What the library always needs.
CORE = ("sympy", "numpy", "mpmath", "jinja2")
#: The extras of the package: what each is for, and the distributions it brings; a test compares them with the metadata.
EXTRAS: dict[str, tuple[str, tuple[str, ...]]] = {
    "cli": ("the command line", ("typer", "rich")),
    "plot": ("pictures, and the report", ("matplotlib",)),
    "fast": ("many digits, large grids, exact arithmetic", ("python-flint", "scipy", "numba")),
    "distributed": ("sweeps on several processes or machines", ("joblib", "dask", "distributed")),
    "tables": ("results as data frames", ("pandas", "xarray")),
    "prove": ("inequalities that nothing else settles", ("z3-solver",)),
    "docs": ("building the guide", ("sphinx", "furo", "myst-nb", "sphinx-mathjax-offline")),
    "test": ("running the tests", (
        "pytest", "pytest-xdist", "hypothesis", "jsonschema", "playwright", "nbclient", "nbformat", "ipykernel", "mypy",
        "ruff", "hatchling")),
}
#: Outside programs: names under which one may be found, and what it is for.
PROGRAMS: dict[str, tuple[tuple[str, ...], str]] = {
    "latexmk": (("latexmk",), "PDF of a theorem and of a report"),
    "pdflatex": (("pdflatex",), "PDF, run by latexmk"),
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "tests that look at pages"),
    "node": (("node",), "tests of bounds as JavaScript"),
}
_SECONDS = 10


def _version(distribution: str) -> str | None:
    """The installed version, without importing the package."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _program(names: tuple[str, ...], purpose: str) -> dict[str, Any]:
    """Where a program is, and the first line with a number in it that it says about its version."""
    import shutil
    import subprocess

    path = next((found for found in map(shutil.which, names) if found is not None), None)
    if path is None:
        return {"purpose": purpose, "path": None, "version": None}
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, errors="replace", timeout=_SECONDS,
                              check=False, stdin=subprocess.DEVNULL)
        told = next((line.strip() for line in done.stdout.splitlines() if any(map(str.isdigit, line))), None)
    except (OSError, subprocess.TimeoutExpired):
        told = None
    return {"purpose": purpose, "path": path, "version": told}


def run(as_json: Json = False) -> None:
    """Tell which extras and outside programs are found.

    Nothing here is an error: without an extra, what needs it says so. The exit code is 0.
    """
    import platform

    from stlbounds._version import __version__

    extras = {}
    for name, (purpose, distributions) in EXTRAS.items():
        packages = {package: _version(package) for package in distributions}
        extras[name] = {"purpose": purpose, "complete": None not in packages.values(), "packages": packages}
    programs = {name: _program(*what) for name, what in PROGRAMS.items()}
    core = {name: _version(name) for name in CORE}
    if as_json:
        print_json({"schema": "stlbounds/doctor/1", "version": __version__, "python": platform.python_version(),
                    "platform": platform.platform(), "core": core, "extras": extras, "programs": programs})
        return
    say(f"stlbounds {__version__}, Python {platform.python_version()}, {platform.platform()}")
    say(f"core: {_listed(core)}")
    say("\nextras (pip install 'stlbounds[NAME]')")
    say(columns([(name, "found" if part["complete"] else "missing", str(part["purpose"]), _listed(part["packages"]))
                 for name, part in extras.items()]))
    say("\noutside programs")
    say(columns([(name, "found" if part["path"] else "missing", part["purpose"], part["version"] or part["path"] or "")
                 for name, part in programs.items()]))


def _listed(packages: Any) -> str:
    return ", ".join(f"{name} {version or 'missing'}" for name, version in packages.items())
