"""MathML and HTML from the library's LaTeX: structure, and that every formula it prints is understood."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from stlbounds.cli.request import Request
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS
from stlbounds.render.markup import formulas, inline_html, to_html
from stlbounds.render.mathml import mathml, unknown_commands
from stlbounds.render.references import REFERENCES

THIN = '<mspace width="0.167em"/>'
OPEN, CLOSE = '<mo stretchy="false" form="prefix">(</mo>', '<mo stretchy="false" form="postfix">)</mo>'


def inner(latex: str) -> str:
    return mathml(latex).removeprefix("<math>").removesuffix("</math>")


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\frac{b}{2n}", "<mfrac><mi>b</mi><mrow><mn>2</mn><mi>n</mi></mrow></mfrac>"),
        (r"\frac12", "<mfrac><mn>1</mn><mn>2</mn></mfrac>"),
        (r"\frac123", "<mfrac><mn>1</mn><mn>2</mn></mfrac><mn>3</mn>"),
        (r"0.25x", "<mn>0.25</mn><mi>x</mi>"),
        (r"\sqrt{n}", "<msqrt><mi>n</mi></msqrt>"),
        (r"\sqrt[3]{n}", "<mroot><mi>n</mi><mn>3</mn></mroot>"),
        (r"x_{i}^2", "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>"),
        (r"x^2_i", "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>"),
        (r"\alpha", "<mi>α</mi>"),
        (r"\lambda", "<mi>λ</mi>"),
        (r"\Phi", '<mi mathvariant="normal">Φ</mi>'),
        (r"\mathbb{E}", '<mi mathvariant="normal">𝔼</mi>'),
        (r"-a", '<mo form="prefix">−</mo><mi>a</mi>'),
        (r"b-a", '<mi>b</mi><mo form="infix">−</mo><mi>a</mi>'),
        (r"{} + a", '<mrow></mrow><mo form="infix">+</mo><mi>a</mi>'),
        (r"(-a)", '<mo stretchy="false" form="prefix">(</mo><mo form="prefix">−</mo><mi>a</mi>'
                  '<mo stretchy="false" form="postfix">)</mo>'),
        (r"|a|", '<mo stretchy="false" form="prefix">|</mo><mi>a</mi><mo stretchy="false" form="postfix">|</mo>'),
        (r"a<b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
        (r"\text{if $n$ is}", '<mrow><mtext>if\xa0</mtext><mi>n</mi><mtext>\xa0is</mtext></mrow>'),
        (r"\log x", f'<mrow><mi>log</mi>{THIN}</mrow><mi>x</mi>'),
        (r"c\log x", f'<mi>c</mi><mrow>{THIN}<mi>log</mi>{THIN}</mrow><mi>x</mi>'),
        (r"(\log_2 n)", f'{OPEN}<mrow><msub><mi>log</mi><mn>2</mn></msub>{THIN}</mrow><mi>n</mi>{CLOSE}'),
        (r"+\max(x)", f'<mo form="prefix">+</mo><mi>max</mi>{OPEN}<mi>x</mi>{CLOSE}'),
        (r"\left(x\right)", '<mrow><mo form="prefix" stretchy="false">(</mo><mi>x</mi>'
                          '<mo form="postfix" stretchy="false">)</mo></mrow>'),
        (r"\Bigl(\frac12\Bigr)", "<mrow><mo form=\"prefix\" stretchy=\"true\">(</mo><mfrac><mn>1</mn><mn>2</mn></mfrac>"
                                "<mo form=\"postfix\" stretchy=\"true\">)</mo></mrow>"),
        (r"\|V\|", '<mo stretchy="false" form="prefix">‖</mo><mi>V</mi><mo stretchy="false" form="postfix">‖</mo>'),
        (r"\log(x)", '<mi>log</mi><mo stretchy="false" form="prefix">(</mo><mi>x</mi>'
                     '<mo stretchy="false" form="postfix">)</mo>'),
        ("", ""),
    ],
)
def test_translation(latex: str, expected: str) -> None:
    assert inner(latex) == expected


def test_fences_enclose_what_they_stretch_over() -> None:
    tree = ElementTree.fromstring(mathml(r"\left(\frac{a}{b}\right)^{2} + \bigl|\bigl(x\bigr)y\bigr|"))
    square, plus, bars = tree
    assert square.tag == "msup"
    assert [node.tag for node in square[0]] == ["mo", "mfrac", "mo"]
    assert plus.get("form") == "infix"
    assert [node.tag for node in bars] == ["mo", "mrow", "mi", "mo"]


def test_sums_and_braces_have_limits() -> None:
    total = ElementTree.fromstring(mathml(r"\sum_{g=1}^{i} x"))
    assert total[0].tag == "munderover" and total[0][0].text == "∑"
    brace = ElementTree.fromstring(mathml(r"\underbrace{a + b}_{\text{drift}}"))[0]
    assert brace.tag == "munder" and brace[0].tag == "munder"
    assert brace[0][1].text == "⏟" and brace[1].text == "drift"


def test_aligned_rows_with_reasons() -> None:
    tree = ElementTree.fromstring(mathml(
        r"\begin{align*} a &\le b \\ &= \frac{c}{d} \tag*{steps $1$ and 2} \end{align*}", display=True))
    assert tree.get("display") == "block"
    rows = tree.findall(".//mtr")
    assert [[cell.get("class") for cell in row] for row in rows] == [["right", "left"], ["right", "left", "tag"]]
    assert "".join(rows[1][2].itertext()) == "steps\xa01\xa0and 2"


@pytest.mark.parametrize("latex", [r"\frac{", r"\left(", "}", "{", r"x_", r"\sqrt", r"\begin{aligned} a", "&", r"\\",
                                   r"\bigl", "^", r"\text{", r"\tag*", "'", r"\underbrace"])
def test_broken_latex_gives_well_formed_markup(latex: str) -> None:
    ElementTree.fromstring(mathml(latex))


def test_unknown_commands_are_shown_and_listed() -> None:
    assert unknown_commands(r"\frac{\foo}{2} + \bar{\baz<}") == [r"\foo", r"\baz"]
    assert r"<mtext>\foo</mtext>" in mathml(r"\foo")
    assert unknown_commands(r"\frac{1}{2}") == []


@pytest.mark.parametrize("theorem", ["high-probability", "expectation", "expected-gap"])
@pytest.mark.parametrize("real", ["replay", "fresh"])
@pytest.mark.parametrize("model", ["generic", "sharp", "lemma"])
def test_everything_that_is_printed_is_understood(standard_bound, theorem: str, real: str, model: str) -> None:
    bound = standard_bound(theorem, real, model)
    for kind in ("theorem", "proof"):
        latex = bound.latex(kind)
        found = formulas(latex)
        assert len(found) > 5
        assert [command for formula in found for command in unknown_commands(formula)] == []
        page = to_html(latex)
        assert "\\" not in page and "$" not in page
        ElementTree.fromstring(f"<body>{page}</body>")
        # Every display of the LaTeX is a block formula of the page.
        assert page.count('display="block"') == len(re.findall(r"\\\[|\\begin\{(?:align|gather)\*\}", latex))


@pytest.mark.slow
def test_every_model_of_the_catalogue_is_understood() -> None:
    requests = [Request("generic", loop=loop, assignments=("alphas=1/(j+1)",) if entry.lists else ())
                for loop, entry in LOOPS.items()]
    # One seed for a whole generation leaves the theorems in expectation.
    requests += [Request(model, theorem="expectation" if model.startswith("sgd-trained") else "high-probability")
                 for model in GENERATORS]
    requests += [Request("generic", learner=learner) for learner in LEARNERS]
    for request in requests:
        bound = request.bound()
        for kind in ("theorem", "proof"):
            latex = bound.latex(kind)
            assert [command for formula in formulas(latex) for command in unknown_commands(formula)] == [], request
            page = to_html(latex)
            assert "\\" not in page and "$" not in page, request
            ElementTree.fromstring(f"<body>{page}</body>")


def test_references_are_understood() -> None:
    for item in REFERENCES.values():
        assert "\\" not in inline_html(item.latex)
    assert inline_html(r"T\^ohoku, Andr\'e, \'{E}") == "Tôhoku, André, É"


def test_prose() -> None:
    assert inline_html("a < b & c") == "a &lt; b &amp; c"
    assert inline_html(r"\emph{(duality~\cite{x,y})}", {"x": 2, "y": 1}) == (
        '<em>(duality\xa0[<a href="#ref-2">2</a>, <a href="#ref-1">1</a>])</em>')
    assert inline_html(r"unknown~\cite{z} key") == "unknown key"
    assert inline_html("$n$, then") == '<span class="formula"><math><mi>n</mi></math>,</span> then'
    assert to_html("One.\n\nTwo\nlines.") == "<p>One.</p>\n<p>Two\nlines.</p>"
    assert to_html("\\begin{enumerate}\n\\item[(A1)] Yes.\n\\item[(A2)] No.\n\\end{enumerate}") == (
        '<ol><li><span class="label">(A1)</span> Yes.</li><li><span class="label">(A2)</span> No.</li></ol>')


def test_cases() -> None:
    tree = ElementTree.fromstring(mathml(
        r"\begin{aligned} x &= \begin{cases} a + 1, & i = 0, \\ \frac{b}{2}, & i \ge 1 \end{cases} \\ "
        r"&\le 2 \end{aligned}"))
    outer = tree.find("mtable")
    assert outer is not None and len(outer) == 2
    inside = outer.findall(".//mtable")
    assert [[len(row) for row in table] for table in inside] == [[2, 2]]
    brace = outer.find(".//mrow/mo[@stretchy='true']")
    assert brace is not None and brace.text == "{"
