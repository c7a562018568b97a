"""The guide: names of rules resolve, sections that docstrings cite exist, and a broken page is complained about.

What is executed on the pages is checked by the build (`docs/conf.py`), which also opens each page in a browser.
"""

from __future__ import annotations

import importlib
import re
import runpy
from pathlib import Path

import pytest

from stlbounds.proof.trusted import trusted_rules

ROOT = Path(__file__).parent.parent
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
LOOK = runpy.run_path(str(ROOT / "docs" / "look_at_pages.py"))
WHOLE = "<!DOCTYPE html><meta charset='utf-8'><body style='margin:0'><div role='main'>{}</div></body>"


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_exists(page: str) -> None:
    for role, target in re.findall(r"\{py:(\w+)\}`~?([\w.]+)`", PAGES[page]):
        home, _, name = target.rpartition(".")
        if role == "mod":
            importlib.import_module(target)
        elif role == "meth":
            owner, _, kind = home.rpartition(".")
            assert hasattr(getattr(importlib.import_module(owner), kind), name), target
        else:
            assert hasattr(importlib.import_module(home), name), target
    for target in re.findall(r"\]\(([\w-]+)\.md(?:#[\w-]+)?\)", PAGES[page]):
        assert target in PAGES, f"{page} links to {target}"


def test_sections_of_the_theory_are_those_that_docstrings_cite() -> None:
    sections = {int(number) for number in re.findall(r"^## (\d+)\. ", PAGES["theory"], re.MULTILINE)}
    cited: set[int] = set()
    for folder in ("stlbounds", "derivations"):
        for path in (ROOT / folder).rglob("*.py"):
            cited |= {int(number) for number in re.findall(r"[Tt]heory,? §(\d+)", path.read_text(encoding="utf-8"))}
    assert len(cited) >= 10 and cited <= sections


def test_the_lemmas_of_the_theory_name_their_rules() -> None:
    """The list at the end of the page is printed from the rules; the text names those that a lemma is about."""
    named = set(re.findall(r"\{py:class\}`~?([\w.]+)`", PAGES["theory"]))
    rules = {f"{rule.__module__}.{rule.__qualname__}" for rule in trusted_rules()}
    assert len(named & rules) >= 50
    assert "trusted_rules()" in PAGES["theory"]


#: A page, and what is wrong with it.
BROKEN = {
    r"<p>Let \alpha be given.</p>": "raw markup",
    "<p>Let $x$ be given.</p>": "raw markup",
    "<p>A {py:class}`stlbounds.Bound`.</p>": "raw markup",
    "<span class='math'>x</span>": "not set",
    "<mjx-container><mjx-merror data-mjx-error='Undefined control sequence'>x</mjx-merror></mjx-container>":
        "MathJax refuses",
    "<img src='missing.png'>": "no image",
    "<pre style='width:500px'>a long line</pre>": "wider than the window",
    "<div style='overflow:hidden'><table><td style='min-width:900px'>lost</table></div>": "cut off",
    "<script src='https://cdn.example.org/mathjax.js'></script>": "asks for https",
    "<script>undefinedName()</script>": "undefinedName",
}
FINE = "<p>A <code>$x$</code>.</p><div style='overflow-x:auto'><table><td style='min-width:900px'>wide</table></div>"


def test_a_broken_page_is_complained_about(tmp_path: Path) -> None:
    pages = []
    for number, body in enumerate((FINE, *BROKEN)):
        pages.append(tmp_path / f"page{number}.html")
        pages[-1].write_text(WHOLE.format(body), encoding="utf-8")
    found = list(LOOK["complaints"](tmp_path, {"desktop": [], "phone": pages}))
    assert not [said for said in found if said.startswith("page0 ")]
    for number, complaint in enumerate(BROKEN.values(), start=1):
        assert any(said.startswith(f"page{number} (phone)") and complaint in said for said in found), complaint
