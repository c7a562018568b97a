"""How Sphinx builds the guide: executed examples, mathematics without a network, the API from its docstrings."""

from __future__ import annotations

import stlbounds

project = "stlbounds"
author = "The stlbounds developers"
version = release = stlbounds.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    # MathJax comes from the build, not from another host.
    "sphinx-mathjax-offline",
]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]
templates_path: list[str] = []

html_theme = "furo"
html_title = "stlbounds"
html_static_path: list[str] = []

myst_enable_extensions = ["amsmath", "dollarmath", "deflist", "colon_fence", "attrs_inline"]
myst_heading_anchors = 3

# Every example runs when the guide is built; one that fails, fails the build.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": False, "show-inheritance": True}
napoleon_google_docstring = False
napoleon_use_rtype = False
nitpicky = False
suppress_warnings = ["mystnb.unknown_mime_type"]
