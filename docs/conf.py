"""How Sphinx builds the guide: executed examples, mathematics without a network, the API from its docstrings."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]
# Examples run in processes of their own, which import this clone as well.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
os.environ.setdefault("NO_COLOR", "1")

import sphinx.ext.autosummary  # noqa: E402
from docutils import nodes  # noqa: E402
from look_at_pages import look_at_build  # noqa: E402
from sphinx.addnodes import desc_annotation, pending_xref  # noqa: E402
from sphinx.errors import ExtensionError  # noqa: E402
from sphinx.util import logging  # noqa: E402

import stlbounds  # noqa: E402

# A first sentence ends with one full stop after a word, not inside of ``1 + r + ... + r**(k-1)``.
sphinx.ext.autosummary.periods_re = re.compile(r"(?<![.\s])\.(?:\s+)")

# Pages of modules that are gone would fail the build.
for page in (ROOT / "docs" / "_api").glob("*.rst"):
    if importlib.util.find_spec(page.stem) is None:
        page.unlink()

project = "stlbounds"
author = "The stlbounds developers"
version = release = stlbounds.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    # MathJax comes from the build, not from another host.
    "sphinx-mathjax-offline",
]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]
templates_path: list[str] = []

html_theme = "furo"
html_title = "stlbounds"
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["guide.css"]

myst_enable_extensions = ["amsmath", "dollarmath", "deflist", "colon_fence", "attrs_inline"]
myst_heading_anchors = 3

# Every example runs when the guide is built; one that fails, fails the build.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
nb_render_markdown_format = "myst"

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": False, "show-inheritance": True,
                           # A name is documented where it is defined, once.
                           "ignore-module-all": True}
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
nitpicky = False
# Types in docstrings are words, such as `Loop`; several classes may share one.
suppress_warnings = ["mystnb.unknown_mime_type", "ref.python"]


def _words_are_no_links(app: Any, doctree: nodes.document) -> None:
    """Leave lower-case words in the types of docstrings ("number", "path") as text: they mean no attribute."""
    for reference in list(doctree.findall(pending_xref)):
        target = reference.get("reftarget", "")
        in_python = reference.get("refdomain") == "py" and reference.get("refspecific")
        if in_python and target.islower() and "." not in target:
            reference.replace_self(reference.children)


def _values_are_code(app: Any, doctree: nodes.document) -> None:
    """Leave out the values of attributes: templates of LaTeX, mostly, which are no documentation."""
    for value in list(doctree.findall(desc_annotation)):
        if value.astext().strip().startswith("="):
            value.parent.remove(value)


def _rules_have_pages(app: Any, env: Any, node: pending_xref, content: nodes.Node) -> None:
    """Warn of a rule or class that a written page names and that has no page: a warning fails the build."""
    if node.get("refdomain") == "py" and not node.get("refdoc", "_api").startswith("_api"):
        logging.getLogger(__name__).warning("%s is on no page of the reference", node.get("reftarget"), location=node)


def _look(app: Any, failure: Exception | None) -> None:
    """Open the pages in a browser, where one is found; what is wrong with them fails the build."""
    if failure is not None or app.builder.name != "html":
        return
    if not (shutil.which("chromium") and importlib.util.find_spec("playwright")):
        logging.getLogger(__name__).info("no browser was found, so nobody looked at the pages")
        return
    if found := look_at_build(Path(app.outdir)):
        raise ExtensionError("\n".join(["the pages, in a browser without a network:", *found]))


def setup(app: Any) -> None:
    app.connect("doctree-read", _words_are_no_links)
    app.connect("doctree-read", _values_are_code)
    app.connect("missing-reference", _rules_have_pages)
    # After the theme, which writes its dark colours at the end of a build.
    app.connect("build-finished", _look, priority=900)
