"""What notebooks show, and Markdown: complete, balanced, the same each time, and translated to the end."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import stlbounds as stl
from stlbounds.cli.request import Request
from stlbounds.errors import InvalidArgumentError
from stlbounds.proof.dag import Proof
from stlbounds.render.markdown import to_markdown
from stlbounds.symbols import alpha

SETTING = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(20), stl.learners.BrierFit())


class Balanced(HTMLParser):
    """Refuses tags that are not closed in order, and scripts and addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        assert tag not in ("script", "link", "iframe", "img")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def shown(thing: Any, *kinds: str) -> dict[str, str]:
    found: dict[str, str] = thing._repr_mimebundle_()
    assert set(found) == {"text/plain", *(f"text/{kind}" for kind in kinds)}
    assert found == thing._repr_mimebundle_(), "the same each time"
    assert found["text/plain"] == str(thing)
    assert found["text/html"] == thing._repr_html_()
    return found


def test_a_bound_and_its_proof() -> None:
    bound = stl.high_probability(SETTING)
    found = shown(bound, "html", "latex", "markdown")
    assert found["text/latex"].startswith("$") and r"\Phi" in found["text/latex"]
    page = Balanced(found["text/html"])
    steps = len([step for step in page.tags if step == "details"]) - 1
    assert f"Proof in {steps} steps" in found["text/html"] and steps > 10
    proof = shown(bound.proof, "html", "latex", "markdown")
    assert Balanced(proof["text/html"]).tags.count("details") == steps
    assert proof["text/markdown"].count("**Step ") == steps
    assert proof["text/markdown"].count("$$") % 2 == 0


def test_every_claim_of_a_proof() -> None:
    for claim in stl.high_probability(SETTING).proof.steps():
        found = shown(claim, "html", "latex", "markdown")
        assert "math" in Balanced(found["text/html"]).tags
        assert claim.rule.title.split("-")[0] in found["text/html"]
    assert "with probability at least" in claim._repr_latex_(), "the last one has an event of failure"


def test_a_proof_of_a_lemma_stands_alone() -> None:
    proof = stl.high_probability(SETTING).proof
    for claim in proof.root.premises:
        assert "stlbounds" in Proof(claim)._repr_html_()


def test_a_check_and_tables() -> None:
    result = stl.check(stl.high_probability(SETTING), n=200, alpha=0.5, i=4, delta=0.05, replicas=50)
    found = shown(result, "html", "markdown")
    page = Balanced(found["text/html"])
    assert "svg" in page.tags and page.tags.count("tr") == len(result.comparisons) + 1
    assert "consistent" in found["text/markdown"]
    assert found["text/markdown"].count("\n|") == len(result.comparisons) + 2, "with the header and its line"
    table = stl.sweep(stl.in_expectation(SETTING), {"n": [10, 100], "alpha": [0.5]}, i=3)
    found = shown(table, "html", "markdown")
    assert Balanced(found["text/html"]).tags.count("tr") == 3
    assert found["text/markdown"].count("\n|") == 3
    assert set(stl.catalogue(kind="loop")._repr_mimebundle_()) == {"text/plain", "text/html", "text/latex",
                                                                    "text/markdown"}


def test_two_drawings_share_no_name() -> None:
    bound = stl.in_expectation(SETTING)
    first, second = (stl.check(bound, n=200, alpha=0.5, i=i, replicas=20)._repr_html_() for i in (3, 4))
    names = [re.findall(r' id="([^"]*)"', text) for text in (first, second)]
    assert names[0] and names[1] and not set(names[0]) & set(names[1])
    for text, own in zip((first, second), names, strict=True):
        assert len(own) == len(set(own))
        assert set(re.findall(r'(?:href="|url\()#([^")]*)[")]', text)) == set(own), "every name is used, and there"
        # A style sheet inside of the drawing would hold for the whole notebook.
        assert text.count("<style") == 1 and "*{" not in text


def test_a_check_tells_its_theorem() -> None:
    setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.LocationModel(0.1), stl.learners.MeanFit())
    result = stl.check(stl.Bound(setting, "bernstein"), n=100, alpha=0.5, i=2, delta=0.05, replicas=20)
    assert result.theorem == result.to_dict()["theorem"] == "bernstein" and result.delta == 0.05
    for text in (str(result), result._repr_html_(), result._repr_markdown_()):
        assert "heck of the bernstein bound" in text and "high-probability" not in text


def test_a_checked_claim() -> None:
    result = stl.check_claim("1/n", SETTING, {"n": [100, 200]}, quantity="bias", alpha=0.5, i=2, replicas=20)
    found = shown(result, "html", "markdown")
    assert Balanced(found["text/html"]).tags.count("tr") == 3
    assert found["text/markdown"].count("\n|") == 4
    for text in found.values():
        assert result.conclusion in text and result.setting in text


CELLS = """\
import stlbounds as stl
from stlbounds.symbols import alpha, lam
setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(20), stl.learners.BrierFit())
bound = stl.high_probability(setting)
numbers = {"n": 200, "alpha": 0.5, "delta": 0.05}
bound
---
bound.proof
---
bound.proof.steps()[-1]
---
stl.check(bound, i=3, replicas=20, **numbers)
---
stl.check(bound, i=5, replicas=20, **numbers)
---
stl.sweep(stl.in_expectation(setting), {"n": [10, 100], "alpha": [0.5]}, i=3)
---
stl.catalogue(kind="loop")
"""


@pytest.mark.slow
def test_a_notebook_shows_them_all() -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS.split("---\n")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    nbformat.validate(notebook)
    shown_html = []
    for cell in cells:
        (output,) = cell.outputs
        assert output.output_type == "execute_result"
        assert {"text/plain", "text/html", "text/markdown"} <= set(output.data)
        shown_html.append(output.data["text/html"])
        Balanced(shown_html[-1])
    for place in (0, 1, 2, 6):
        assert "text/latex" in cells[place].outputs[0].data
    names = re.findall(r' id="([^"]*)"', "".join(shown_html))
    assert len(names) > 10 and len(names) == len(set(names)), "one page, no name twice"


@pytest.mark.parametrize("flavour", ["github", "myst"])
@pytest.mark.parametrize("model", ["categorical", "generic"])
def test_markdown(model: str, flavour: Any) -> None:
    bound = Request(model).bound()
    for kind in ("equation", "theorem", "proof", "document"):
        text = bound.markdown(kind, flavour)
        assert text == Request(model).bound().markdown(kind, flavour)
        fence = "```math" if flavour == "github" else "```{math}"
        blocks = re.findall(re.escape(fence) + r"\n(.*?)\n```", text, re.DOTALL)
        assert blocks and text.count("```") == 2 * len(blocks)
        rest = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        words = re.sub(r"\$`.*?`\$" if flavour == "github" else r"\$.*?\$", "", rest, flags=re.DOTALL)
        assert "$" not in words
        assert not re.search(r"\\[a-zA-Z]", words), "LaTeX that was not translated"
        for block in blocks:
            assert block.count("{") == block.count("}") and not re.search(r"align\*|gather\*|\\tag", block)
        if flavour == "github":
            assert r"\operatorname" not in text
    document = bound.markdown("document", flavour)
    assert "## Theorem" in document and "## Proof" in document and "## References" in document
    assert "1. Leonid V. Kantorovich" in document and r"\[1\]" in document
    # The formulas are those of the LaTeX.
    formula = bound.latex("equation").splitlines()[1].strip().removesuffix(r"\\").strip()
    assert formula in bound.markdown("equation", "myst")


def test_words_that_mean_something_in_markdown() -> None:
    assert to_markdown(r"a * b_c [d] \# 1 \& \emph{e}", "github") == "a \\* b\\_c \\[d\\] \\# 1 & *e*\n"
    assert to_markdown("1. is a number") == "1\\. is a number\n"


def test_other_words_are_refused() -> None:
    bound = Request("generic").bound()
    with pytest.raises(InvalidArgumentError, match="flavour"):
        bound.markdown("theorem", "asciidoc")  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="kind"):
        bound.markdown("lemma")
