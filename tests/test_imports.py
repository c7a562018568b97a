"""What imports cost, what may import what, and the rules of the house that a program can check."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import stlbounds

ROOT = Path(stlbounds.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
HEAVY = ("sympy", "numpy", "mpmath", "matplotlib", "scipy", "jinja2", "typer", "rich", "pandas")

#: The rooms in import order (design note): a room may import itself and the rooms above it.
ROOMS = (
    "_version", "_lazy", "shown", "errors", "files", "precision", "schemas", "letters", "symbols", "generation_zero",
    "special", "matrices", "growth_tail", "growth", "power_sums", "sequences", "compiled", "capped_arithmetic",
    "capped_functions", "capped_forms", "parsing", "described", "interval", "proof", "loops", "generators", "learners",
    "theorems", "numeric", "analysis", "networks", "render", "simulation", "data", "plots", "bound", "saved", "entries",
    "model_files", "report", "overview", "cli", "__main__",
)


def _loaded_by(statement: str, *names: str) -> set[str]:
    """Which of the packages are in ``sys.modules`` after a statement, in a process of its own."""
    code = f"{statement}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}} & set({names!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env={"PYTHONPATH": ":".join(path for path in sys.path if path)})
    return set(done.stdout.split())


def test_a_bare_import_loads_nothing():
    assert _loaded_by("import stlbounds", *HEAVY) == set()
    assert _loaded_by("import stlbounds; dir(stlbounds); stlbounds.__version__", *HEAVY) == set()


def test_the_setting_loads_sympy_only():
    assert _loaded_by("from stlbounds import Setting", *HEAVY) == {"sympy", "mpmath"}


def test_deriving_a_bound_needs_no_extras():
    code = ("import stlbounds as stl\n"
            "s = stl.Setting(stl.loops.Replace(), stl.generators.Categorical(20), stl.learners.BrierFit())\n"
            "stl.high_probability(s).evaluate(n=10, i=1, delta=0.5)")
    # SymPy itself takes python-flint for its integers where it finds it, so flint is not asked for here.
    assert _loaded_by(code, "matplotlib", "scipy", "typer", "rich", "jinja2", "numba") == set()


@pytest.mark.parametrize("name", stlbounds.__all__)
def test_every_public_name_resolves(name):
    found = getattr(stlbounds, name)
    assert found is not None
    assert getattr(stlbounds, name) is found
    assert name in dir(stlbounds)


@pytest.mark.parametrize(("home", "slip", "meant"), [
    ("stlbounds", "high_propability", "high_probability"), ("stlbounds.loops", "FixedMx", "FixedMix"),
    ("stlbounds.loops", "Netwrk", "Network"), ("stlbounds.generators", "Categoricl", "Categorical"),
    ("stlbounds.learners", "Brier", "BrierFit")])
def test_an_unknown_name_is_an_attribute_error_with_a_hint(home, slip, meant):
    with pytest.raises(AttributeError, match=rf"no attribute '{slip}'; did you mean {meant}\?$"):
        getattr(importlib.import_module(home), slip)
    assert not hasattr(importlib.import_module(home), "__no_such_protocol__")
    assert meant in dir(importlib.import_module(home)) and "Any" not in dir(importlib.import_module(home))


# --- who imports whom ------------------------------------------------------------------------------------------


def _room(parts: tuple[str, ...]) -> str:
    """The room of a module, from its path or its dotted name below the package."""
    first = parts[0].removesuffix(".py")
    if first == "render" and parts[-1].removesuffix(".py") == "report":
        return "report"  # gathers what all rooms have to say, the check of the bound included
    return first


def _eager_imports(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports that run when the module is imported: not those in functions or under ``if TYPE_CHECKING``."""
    stack: list[ast.stmt] = list(tree.body)
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, ast.If):
            stack += node.orelse if "TYPE_CHECKING" in ast.dump(node.test) else node.body + node.orelse
        elif isinstance(node, ast.Try):
            stack += node.body + node.orelse + node.finalbody + [s for h in node.handlers for s in h.body]
        elif isinstance(node, (ast.With, ast.ClassDef)):
            stack += node.body


def _imported(module: Path) -> Iterator[tuple[str, ...]]:
    """What a module imports from this package, as parts of dotted names below it."""
    for node in _eager_imports(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            assert node.level == 0, f"{module} imports relatively"
            names = [str(node.module)]
            if node.module == "stlbounds":
                names = [f"stlbounds.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("stlbounds.") and not name.endswith("__"):
                yield tuple(name.split(".")[1:])


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_a_room_imports_only_rooms_above_it(module):
    parts = module.relative_to(ROOT).parts
    if parts == ("__init__.py",):
        assert sorted(_imported(module)) == [("_lazy",), ("_version",)], "the package imports its rooms lazily"
        return
    room = _room(parts)
    assert room in ROOMS, f"{room} is no room of the design; say where it stands"
    for imported in _imported(module):
        assert ROOMS.index(_room(imported)) <= ROOMS.index(room), f"{room} imports {'.'.join(imported)}"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_rules_of_the_house(module):
    text = module.read_text(encoding="utf-8")
    tree = ast.parse(text)
    where = module.relative_to(ROOT)
    assert text.count("\n") <= 400, f"{where} is longer than 400 lines"
    first_line = (ast.get_docstring(tree) or "").split("\n")[0]
    assert len(first_line) > 20, f"{where} does not say what lives there"
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Assert), f"{where}:{node.lineno}: assert is gone under python -O"
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            called = node.func.attr if isinstance(node.func, ast.Attribute) else name
            assert name not in ("eval", "exec", "compile", "__import__"), f"{where}:{node.lineno}: {name}"
            assert called not in ("parse_expr", "nsimplify"), f"{where}:{node.lineno}: {called} runs code or guesses"
            assert name != "print" or _room(where.parts) == "cli", f"{where}:{node.lineno}: print"


def test_every_package_folder_has_its_sentence():
    for folder in {module.parent for module in MODULES}:
        assert (folder / "__init__.py").exists(), folder
